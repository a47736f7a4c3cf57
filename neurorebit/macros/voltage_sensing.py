"""Arrays of resistive cells whose column lines float to a mean of their inputs' voltages.

See docs/models/sensing.md#voltage-sensing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.comparator import LN2
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.front_end import FrontEndSection
from neurorebit.circuits.converters.neuron import NeuronConverter
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.cost import Bill, Cost, Real, action
from neurorebit.circuits.line_driver import LevelDriver
from neurorebit.circuits.pulse_driver import PulseDriver
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.macros import resistive
from neurorebit.macros.point import Assumption, Point
from neurorebit.macros.resistive import Count, Pair, Time, WordLines
from neurorebit.macros.structure import Macro
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import one_of
from neurorebit.schema.technology import Technology
from neurorebit.schema.units import show


@dataclass(frozen=True, eq=False, kw_only=True)
class VoltageSensing(WordLines):
    """Arrays of resistive cells whose column lines float to a mean of their inputs' voltages.

    ``rows`` and ``columns`` are lines of cells; a signed weight is a ``pair`` of cells in two rows,
    in two columns or in one cell, or a single one (none). ``signed`` inputs come as pulses up, down
    or none, a bit plane after the other, whose sign takes no plane. ``converter`` is a word of the
    converters; each has ``lines_per_converter`` columns. Those that integrate take the plane of
    weight 2^k 2^k times and convert once for each phase of an input; others convert every plane.
    All phases are converted in one step of the result, so that a phase takes a bit less for each
    plane above it. A point that says of no phases has as few as its planes allow. Converters are
    built for ``output_bits`` and for ``planes_per_phase``, by default for those of the point.
    ``integrate_time`` of a sample with its pulse and ``step_time`` of a step, by default
    what the circuits take; ``phase_time`` passes once for each phase. ``pulse_width``, by default
    the time in which a column settles to half a step. Word lines are opened in every plane, or once
    for each phase.
    """

    kind: Literal["voltage_sensing"]
    rows: Count
    columns: Count
    pair: Pair = "rows"
    signed: bool = True
    converter: Annotated[str, one_of(CONVERTERS)]
    lines_per_converter: Count = 1.0
    output_bits: Count | None = None
    planes_per_phase: Count | None = None
    integrate_time: Time | None = None
    step_time: Time | None = None
    phase_time: Time | None = None
    pulse_width: Time | None = None
    word_lines_open: Literal["plane", "phase"] = "plane"

    roles: ClassVar[Mapping[str, str]] = {
        "core": "converters, drivers of the inputs and control",
        resistive.WORD_LINE: "the drivers of the word lines",
    }

    @property
    def limits(self) -> Mapping[str, Real]:
        built = {} if self.output_bits is None else {"output_bits": self.output_bits}
        return {"rows": self.rows, "columns": self.columns} | built

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        bits, output = point.needed("input_bits"), point.needed("output_bits")
        weight = point.counted("weight_bits", 4.0)  # of a pair of cells
        rows, columns = point.given("rows"), point.given("columns")
        phases = point.given("phases")
        if phases is None:
            planes = resistive.planes_of(bits, self.signed)
            phases = np.ceil(planes / (self.planes_per_phase or planes))
        pulsed = 1.0 - point.assumed("input_sparsity", 0.5, "half of the digits are zero")
        resistive.even(self.pair, self.rows, self.columns)
        found = VoltageSensingMacro(
            self,
            supplies,
            self.rows if rows is None else rows,
            self.columns if columns is None else columns,
            bits=(bits, weight),
            output_bits=output,
            phases=phases,
            share=resistive.mean_share(self.pair, point),
            pulsed=pulsed,
        )
        _ = found.word_lines  # which may not fit the array, nor the array its cells
        if self.pulse_width is None:
            width, why = show(float(found.pulse_width), "s", 3), "a column settles in it"
            point.assumptions["macro.pulse_width"] = Assumption("macro.pulse_width", width, why)
        return found


@dataclass(frozen=True, eq=False)
class VoltageSensingMacro(Macro):
    """Rows are driven by pulses, columns float, converters sample them without a current.

    ``rows`` and ``cols`` of the array are in use. ``bits`` of an input and of a weight,
    ``output_bits`` of a conversion, ``phases`` of an input. ``share``: mean conductance over the
    range. ``pulsed``: share of the digits that are not zero.
    """

    keys: VoltageSensing
    given: Supplies
    rows: Real
    cols: Real
    _: KW_ONLY
    bits: tuple[Real, Real]
    output_bits: Real
    phases: Real = 1.0
    share: Real = 0.25
    pulsed: Real = 0.5
    name: str = "macro"

    @property
    def tech(self) -> Technology:
        """The technology of the core."""
        return self.given.of()

    @property
    def ops(self) -> Real:  # type: ignore[override]
        rows, cols = resistive.physical(self.keys.pair, self.rows, self.cols)
        return 2.0 * rows * cols

    # -- blocks ------------------------------------------------------------------------------------

    @cached_property
    def array(self) -> ReramArray:
        """The cells."""
        keys = self.keys
        return resistive.cells(self.given, keys.pair, keys.rows, keys.columns)

    @cached_property
    def word_lines(self) -> LevelDriver:
        """The drivers of the word lines."""
        return self.keys.word_lines(self.array, *resistive.role(self.given, resistive.WORD_LINE))

    @property
    def cell_conductance(self) -> Real:
        """Mean conductance [S] of a cell with its access transistor."""
        return 1.0 / (1.0 / self.array.conductance(self.share) + self.array.series_res)

    @cached_property
    def drivers(self) -> PulseDriver:
        """The drivers of the input lines."""
        array = self.array
        return PulseDriver(
            self.tech,
            array.rows,
            array.row_cap,
            array.row_res,
            driven_res=1.0 / (array.cols * self.cell_conductance),
            levels=3.0 if self.keys.signed else 2.0,
            voltage=array.device.cell.read_voltage,
            name="pulses",
        )

    def _converter(self, phase: int) -> Converter:
        """The converters, at work on a phase."""
        keys, count = self.keys, np.floor(self.array.cols / self.keys.lines_per_converter)
        cls = CONVERTERS[keys.converter]
        built = self.output_bits if keys.output_bits is None else keys.output_bits
        more: dict[str, Any] = {}
        if issubclass(cls, NeuronConverter):
            most = keys.planes_per_phase or max(self.planes)
            more = {
                "samples": 2.0**most - 1.0,
                "used_samples": 2.0 ** self.planes[phase] - 1.0,
                "used_bits": np.maximum(self.output_bits - sum(self.planes[:phase]), 1.0),
                "integrate_time": keys.integrate_time,
                "step_time": keys.step_time,
            }
        return cls(
            self.tech, built, count, self.drivers.voltage, full_scale=1.0, name="converters", **more
        )

    @cached_property
    def converters(self) -> Converter:
        """The converters, at work on the planes of the first phase."""
        return self._converter(0)

    @property
    def integrates(self) -> bool:
        """Whether the converters take all planes of a phase together."""
        return isinstance(self.converters, NeuronConverter)

    @cached_property
    def shift_add(self) -> ShiftAdd:
        """Joins the planes where each is converted."""
        count = self.converters.count
        return ShiftAdd(self.tech, self.output_bits, sum(self.planes), count)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        found = self.array, self.word_lines, self.drivers, self.converters
        joined = () if self.integrates or sum(self.planes) < 2.0 else ((1.0, self.shift_add),)
        return *((1.0, block) for block in found), *joined

    # -- a product ---------------------------------------------------------------------------------

    @cached_property
    def planes(self) -> list[float]:
        """Planes of each phase."""
        planes = resistive.planes_of(self.bits[0], self.keys.signed)
        return resistive.spread(planes, self.phases)

    @property
    def settling(self) -> Real:
        """Time [s] of a column to settle to half a step behind the drivers of its rows."""
        array = self.array
        cap = array.col_cap + self.converters.load
        tau = cap / (array.rows * self.cell_conductance) + array.col_res * array.col_cap / 2.0
        return self.drivers.delay + (self.output_bits + 1.0) * LN2 * tau

    @property
    def pulse_width(self) -> Real:
        """Time [s] for which rows are driven in a plane."""
        return self.settling if self.keys.pulse_width is None else self.keys.pulse_width

    @property
    def driven_current(self) -> Real:
        """Mean current [A] from the rows that are up to those that are down, or to the others.

        Every cell has the read voltage over it where its row has a pulse, but for what its column
        moves; half of the pulses go up.
        """
        up = 0.5 if self.keys.signed else 1.0
        cells = self.rows * self.cols * (2.0 if self.keys.pair == "cell" else 1.0)
        voltage = self.drivers.voltage
        return up * self.pulsed * cells * self.cell_conductance * voltage

    @property
    def column_energy(self) -> Real:
        """Energy [J] of the columns, which move by their mean difference from the middle."""
        moved = self.tech.section(FrontEndSection).difference * 2.0 * self.drivers.voltage
        cols = self.cols * (2.0 if self.keys.pair == "cell" else 1.0)
        return cols * self.array.col_cap * moved * self.tech.vdd

    @property
    def _used(self) -> Real:
        """Share of the rows that is used."""
        return self.rows / self.array.rows

    def _plane(self, open_lines: Real) -> Cost:
        """A plane: word lines open, pulses are sent, columns settle; its time is the pulse's."""
        opened = self.word_lines.open(open_lines * self.rows)
        pulses = self.drivers.pulse(self.pulsed, self._used)
        current = self.driven_current * self.tech.vdd * self.pulse_width
        cells = Bill({"array/current": current, "array/columns": self.column_energy})
        time = opened.latency + Bill({self.drivers.name: self.pulse_width})
        return Cost(opened.energy + pulses.energy + cells, time)

    def _converted(self, converter: Converter) -> Cost:
        """A conversion of the columns in use."""
        lines = self.cols * (2.0 if self.keys.pair == "cell" else 1.0)
        return converter.convert().across(lines / self.array.cols)

    def _phase(self, phase: int) -> Cost:
        """All planes of a phase, and what converts them."""
        planes = self.planes[phase]
        every = self.keys.word_lines_open == "plane"
        plane, converter = self._plane(1.0 if every else 1.0 / planes), self._converter(phase)
        turns = self.keys.lines_per_converter
        waited = Cost(latency=Bill({"control": self.keys.phase_time or 0.0}))
        if isinstance(converter, NeuronConverter):
            # a given time of a sample holds the plane's pulse
            sent = plane if self.keys.integrate_time is None else Cost(plane.energy)
            return planes * sent + turns * self._converted(converter) + waited
        converted = plane + turns * self._converted(converter)
        return planes * converted + waited

    @action
    def product(self) -> Cost:
        """All phases of a vector of inputs."""
        cost: Cost = sum((self._phase(phase) for phase in range(len(self.planes))), Cost())
        if not self.integrates and sum(self.planes) > 1.0:
            results = sum(self.planes) * self.keys.lines_per_converter
            cost = cost + self.shift_add.accumulate(results)
        return cost
