"""Arrays of resistive cells whose column lines are held while their currents are converted.

See docs/models/sensing.md#current-sensing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np

from neurorebit.circuits.analog.input_dac import DACS, InputDac
from neurorebit.circuits.analog.line_buffer import LineBuffer
from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.comparator import LN2
from neurorebit.circuits.converters.table import CONVERTERS, DEFAULT
from neurorebit.circuits.cost import Bill, Cost, Real, action
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.line_driver import LevelDriver
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.pulse_driver import PulseDriver
from neurorebit.circuits.register import Register
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.macros import resistive
from neurorebit.macros.point import Point
from neurorebit.macros.resistive import Above, Count, Pair, Time, WordLines
from neurorebit.macros.structure import Macro
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import ImpossibleError, one_of
from neurorebit.schema.technology import Technology

PERIPHERY = "periphery"  # the role of converters, and of what makes analog inputs


@dataclass(frozen=True, eq=False, kw_only=True)
class CurrentSensing(WordLines):
    """Arrays of resistive cells whose column lines are held while their currents are converted.

    ``rows`` and ``columns`` are lines of cells; a signed weight is a ``pair`` of cells in two rows,
    in two columns or in one cell (on two column lines), or a single one (none), and ``slices`` such
    weights of fewer bits side by side. Rows get ``inputs`` as

    - word_line: planes of bits at the word lines, whose other cells are cut off;
    - pulses: planes of pulses at the input lines, up, down or none where they are ``signed``;
    - width: pulses at the input lines as long as their value, of ``unit_width`` each;
    - amplitude: voltages of ``dac``, a word of the input converters, that buffers hold, of
      ``swing`` from end to end (twice the read voltage unless given).

    A point with phases reads all planes once in each. A plane has ``bits_per_plane``, and as many
    units of time. ``adc`` is a word of the converters, of ``adc_bits``, by default the output bits
    of the point; ``columns_per_adc`` columns (or pairs of them) take turns, and a product is one
    turn. A point's columns are those that are converted at once. Word lines are opened in every
    plane, once for a product, or stay open. ``cycles`` of a product are those of the clock, where
    there is one.
    """

    kind: Literal["current_sensing"]
    rows: Count
    columns: Count
    pair: Pair = "none"
    slices: Count = 1.0
    inputs: Literal["word_line", "pulses", "width", "amplitude"] = "word_line"
    signed: bool = False
    bits_per_plane: Count = 1.0
    unit_width: Time | None = None
    dac: Annotated[str, one_of(DACS)] = "r2r"
    swing: Above | None = None
    adc: Annotated[str, one_of(CONVERTERS)] = DEFAULT
    adc_bits: Count | None = None
    columns_per_adc: Count = 1.0
    word_lines_open: Literal["plane", "product", "always"] = "product"
    cycles: Count | None = None

    roles: ClassVar[Mapping[str, str]] = {
        "core": "digital parts, drivers of the inputs and multiplexers",
        PERIPHERY: "converters, and converters and buffers of analog inputs",
        resistive.WORD_LINE: "the drivers of the word lines",
    }

    @property
    def lines_per_weight(self) -> Real:
        """Columns of cells of a weight."""
        return self.slices * (2.0 if self.pair == "columns" else 1.0)

    @property
    def converters(self) -> Real:
        """Number of converters: one for each difference of a pair."""
        paired = 2.0 if self.pair == "columns" else 1.0
        return np.floor(self.columns / paired / self.columns_per_adc)

    @property
    def limits(self) -> Mapping[str, Real]:
        built = {} if self.adc_bits is None else {"output_bits": self.adc_bits}
        return {"rows": self.rows, "columns": self.converters} | built

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        bits = point.needed("input_bits")
        weight = point.counted("weight_bits", 1.0)
        built = self.adc_bits
        if built is None:
            built = point.given("output_bits")
        else:
            point.fixed["output_bits"] = "macro.adc_bits"
        if built is None:
            message = "neither the macro nor the point says of how many bits the converters are"
            raise ImpossibleError(message, key="macro.adc_bits", cure="give it")
        rows, columns, phases = (point.given(key) for key in ("rows", "columns", "phases"))
        resistive.even(self.pair, self.rows, self.columns)
        if self.converters < 1.0:
            message = f"{self.columns:g} columns leave no converter its {self.columns_per_adc:g}"
            raise ImpossibleError(message, key="macro.columns_per_adc", cure="lower it")
        at_once = self.converters if columns is None else columns
        idle = 0.0 if self.inputs == "amplitude" else 0.5
        why = "none is zero" if self.inputs == "amplitude" else "half of the digits are zero"
        found = CurrentSensingMacro(
            self,
            supplies,
            self.rows if rows is None else rows,
            at_once,
            bits=(bits, weight),
            adc_bits=built,
            clock=point.given("clock") if self.cycles is not None else None,
            phases=1.0 if phases is None else phases,
            share=resistive.mean_share(self.pair, point),
            active=1.0 - point.assumed("input_sparsity", idle, why),
        )
        _ = found.word_lines  # which may not fit the array, nor the array its cells
        return found


@dataclass(frozen=True, eq=False)
class CurrentSensingMacro(Macro):
    """Rows get inputs, converters hold columns and turn their currents into codes.

    ``rows`` are driven at once, ``cols`` columns (or pairs) converted at once. ``bits`` of an input
    and of a weight, ``adc_bits`` of a converter. ``share``: mean conductance over the range.
    ``active``: share of the rows that have a pulse in a plane. ``clock`` [Hz], if there is one.
    ``phases``: times that all planes are read, as for signs of inputs and of weights.
    """

    keys: CurrentSensing
    given: Supplies
    rows: Real
    cols: Real
    _: KW_ONLY
    bits: tuple[Real, Real]
    adc_bits: Real
    clock: Real | None = None
    phases: Real = 1.0
    share: Real = 0.5
    active: Real = 0.5
    name: str = "macro"

    @property
    def tech(self) -> Technology:
        """The technology of the core."""
        return self.given.of()

    @property
    def periphery(self) -> Technology:
        """The technology of the converters."""
        return self.given.of(PERIPHERY)

    @property
    def ops(self) -> Real:  # type: ignore[override]
        inputs = self.rows / 2.0 if self.keys.pair == "rows" else self.rows
        return 2.0 * inputs * self.cols / self.keys.slices

    @property
    def cycles(self) -> Real | None:
        return self.keys.cycles

    # -- the array and its inputs ------------------------------------------------------------------

    @cached_property
    def array(self) -> ReramArray:
        """The cells."""
        keys = self.keys
        return resistive.cells(self.given, keys.pair, keys.rows, keys.columns)

    @property
    def lines_at_once(self) -> Real:
        """Column lines that are held at once."""
        return self.cols * (2.0 if self.keys.pair in ("cell", "columns") else 1.0)

    @property
    def voltage(self) -> Real:
        """Largest voltage [V] over a cell."""
        swing = self.keys.swing
        read = self.array.device.cell.read_voltage
        return read if swing is None else swing / 2.0

    def _through(self, conductance: Real) -> Real:
        """Conductance [S] of a cell in series with its access transistor."""
        return 1.0 / (1.0 / conductance + self.array.series_res)

    @property
    def cell_conductance(self) -> Real:
        """Mean conductance [S] of a cell with its access transistor."""
        return self._through(self.array.conductance(self.share))

    @property
    def full_scale(self) -> Real:
        """Conductance [S] of a column at the end of a converter's range: half of all cells high."""
        return 0.5 * self.rows * self._through(self.array.device.g_max)

    @cached_property
    def word_lines(self) -> LevelDriver:
        """The drivers of the word lines."""
        return self.keys.word_lines(self.array, *resistive.role(self.given, resistive.WORD_LINE))

    @property
    def analog(self) -> bool:
        """Whether inputs are voltages."""
        return self.keys.inputs == "amplitude"

    @cached_property
    def pulses(self) -> PulseDriver:
        """The drivers of the input lines, where inputs are pulses."""
        return PulseDriver(
            self.tech,
            self.array.rows,
            self.array.row_cap,
            self.array.row_res,
            driven_res=1.0 / (self.lines_at_once * self.cell_conductance),
            levels=3.0 if self.keys.signed else 2.0,
            voltage=self.voltage,
            name="pulses",
        )

    @property
    def _driven(self) -> Real:
        """Input lines that have a converter and a buffer each."""
        return self.array.rows

    @cached_property
    def dacs(self) -> InputDac:
        """The converters of the inputs."""
        return DACS[self.keys.dac](
            self.periphery,
            self._driven,
            self.bits[0],
            swing=2.0 * self.voltage,
            settling=self.settled,
            held=self.held,
            name="dacs",
        )

    @cached_property
    def buffers(self) -> LineBuffer:
        """The buffers of the inputs."""
        lines = self.lines_at_once
        return LineBuffer(
            self.periphery,
            self._driven,
            self.bits[0],
            load=self.array.row_cap,
            driven=lines * self._through(self.array.device.g_max),
            mean_driven=lines * self.cell_conductance,
            swing=2.0 * self.voltage,
            mean=self.active * self.voltage / 2.0,
            settling=self.settled,
            held=self.held,
            name="buffers",
        )

    # -- the readout -------------------------------------------------------------------------------

    @cached_property
    def mux(self) -> AnalogMux:
        """Leads columns to the converters: of a pair both."""
        lines = 2.0 if self.keys.pair in ("cell", "columns") else 1.0
        return AnalogMux(
            self.tech,
            lines * self.keys.converters,
            self.keys.columns_per_adc,
            driven_res=1.0 / self.full_scale,
            read_voltage=self.voltage,
        )

    @cached_property
    def mux_decoder(self) -> MuxDecoder:
        """Selects one of the columns that share a converter."""
        load_n, load_p = self.mux.control_load
        bits = log2_up(self.keys.columns_per_adc)
        return MuxDecoder(self.tech, bits, load_n=load_n, load_p=load_p, name="mux_decoder")

    @cached_property
    def converters(self) -> Converters:
        """The converters with their front ends."""
        return Converters(
            self.periphery,
            self.adc_bits,
            self.keys.converters,
            self.keys.adc,
            full_scale=self.full_scale,
            read_voltage=self.voltage,
        )

    @cached_property
    def shift_add(self) -> ShiftAdd:
        """Joins planes and slices."""
        terms = self.planes * self.keys.slices * self.phases
        return ShiftAdd(
            self.tech, self.adc_bits, terms, self.keys.converters, beat=self.converters.beat
        )

    @cached_property
    def inputs(self) -> Register:
        """The inputs of a product."""
        return Register(self.tech, self.array.rows * self.bits[0], name="inputs")

    @cached_property
    def outputs(self) -> Register:
        """The codes of a product."""
        return Register(self.tech, self.keys.converters * self.adc_bits, name="outputs")

    @property
    def _joins(self) -> bool:
        return bool(self.planes * self.keys.slices * self.phases > 1.0)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        found: list[Block] = [self.array, self.word_lines, self.converters]
        found += [self.inputs, self.shift_add if self._joins else self.outputs]
        if self.keys.columns_per_adc > 1.0:
            found += [self.mux, self.mux_decoder]
        if self.analog:
            found += [self.dacs, self.buffers]
        elif self.keys.inputs != "word_line":
            found.append(self.pulses)
        return tuple((1.0, block) for block in found)

    # -- a product ---------------------------------------------------------------------------------

    @property
    def planes(self) -> Real:
        """Planes of an input."""
        if self.keys.inputs in ("amplitude", "width"):
            return 1.0
        bits = resistive.planes_of(self.bits[0], self.keys.signed)
        return np.ceil(bits / self.keys.bits_per_plane)

    @property
    def units(self) -> Real:
        """Units of time for which the longest input of a plane is on, and those of the mean."""
        if self.keys.inputs == "width":
            return 2.0 ** resistive.planes_of(self.bits[0], self.keys.signed) - 1.0
        return 2.0**self.keys.bits_per_plane - 1.0 if not self.analog else 1.0

    @property
    def settling(self) -> Real:
        """Time [s] of a column to settle to half a step, behind what drives its rows."""
        array = self.array
        cap = array.col_cap + self.mux.gate.drain_cap * (self.keys.columns_per_adc + 1.0)
        tau = cap * self.converters.input_res + array.col_res * array.col_cap / 2.0
        return (self.adc_bits + 1.0) * LN2 * tau

    @property
    def on(self) -> Real:
        """Time [s] for which columns carry their current in a plane."""
        unit = self.settling + self.converters.acquisition
        given = self.keys.unit_width
        return self.units * (unit if given is None else given)

    @property
    def held(self) -> Real:
        """Time [s] for which analog inputs are held: a product, at the rate of a clock if any."""
        if self.clock is None or self.keys.cycles is None:
            return 2.0 * self.on
        return self.keys.cycles / self.clock

    @property
    def settled(self) -> Real:
        """Time [s] in which analog inputs settle: what currents and conversion leave them."""
        left = self.held - self.on - self.converters.adc.beat
        return np.maximum(left, self.on)

    @property
    def current_energy(self) -> Real:
        """Energy [J] of the cells in a plane: the read voltage is regulated from the periphery.

        On average an input that is on is so for half of the longest time.
        """
        cells = self.rows * self.active * self.lines_at_once
        mean = 0.5 if self.units > 1.0 else 1.0
        current = cells * self.cell_conductance * self.voltage
        return current * self.periphery.vdd * mean * self.on

    def _sent(self) -> tuple[Cost, Cost]:
        """What puts a plane of inputs on, and what a product does before its first plane."""
        every, share = self.keys.word_lines_open, self.rows / self.array.rows
        opened = self.word_lines.open(self.rows)
        stored = self.inputs.store(0.5 * share, share)
        if self.keys.inputs == "word_line":
            return self.word_lines.open(self.active * self.rows), stored
        before = stored + opened if every == "product" else stored
        if self.analog:
            return self.dacs.convert().across(share) | self.buffers.hold().across(share), before
        sent = self.pulses.pulse(self.active, share)
        return (opened | sent) if every == "plane" else sent, before

    @action
    def product(self) -> Cost:
        """One turn: a vector of inputs with the columns that are converted at once."""
        sent, before = self._sent()
        used = self.cols / self.keys.converters
        flow = Cost.of(0.0, self.on - self.converters.acquisition)
        wait = Cost(latency=flow.latency.under("array"))
        plane = sent + wait + self.converters.convert().across(used)
        if not self.analog:  # else buffers give the current of the cells
            plane = plane + Cost(Bill({"array/current": self.current_energy}))
        cost = before + self.phases * self.planes * plane
        if self.keys.columns_per_adc > 1.0:
            cost = cost + Cost((self.mux_decoder.select() + self.mux.select(used)).energy)
        if self._joins:
            terms = self.phases * self.planes * self.keys.slices
            return cost + self.shift_add.accumulate(terms, used)
        return cost + self.outputs.store(0.5 * used, used)
