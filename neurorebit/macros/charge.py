"""SRAM macros that multiply by charge: a capacitor a cell, or a ladder of capacitors a word.

See docs/models/charge.md#charge-domain-macros.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.charge.columns import ChargeColumns
from neurorebit.circuits.charge.inputs import Follower, ResistorDac, code_moments
from neurorebit.circuits.charge.ladder import SWITCHES, WIDEST, CapacitorLadders
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.table import CONVERTERS, DEFAULT
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.near_memory import Datapath
from neurorebit.circuits.register import Register
from neurorebit.macros.point import Point
from neurorebit.macros.structure import Macro, Structure
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import one_of, quantity
from neurorebit.schema.errors import ImpossibleError
from neurorebit.schema.technology import Technology

Count = Annotated[Real, quantity("", at_least=1)]
SWITCH_RES = 1e3  # ohm, that multiplexers of columns are drawn for: what drives them is charge


@dataclass(frozen=True, eq=False, kw_only=True)
class Charge(Structure):
    """A macro whose columns add by sharing charge.

    ``rows`` and ``columns`` are those of the memory's cells. ``weights``: bit_columns, a bit a
    column, each cell with its ``capacitor``; or ladder, the bits of a weight in a C-2C ladder of
    that unit, which ``words_per_ladder`` words share, one row of a group at a time. ``multiply``:
    xnor has two input lines a row, and (one of the two).
    ``sharing``: bottom plates are driven while the column floats, or capacitors are charged alone
    and shorted. ``inputs``: serial, a bit after the other; or dac, an R-2R converter of
    ``dac_bits`` a row. ``column_banks`` stand side by side, each with drivers of its
    own. ``columns_per_adc`` columns (or ladders' columns) share a converter of ``adc_bits``;
    ``adc``: their kind. ``adc_capacitors``: its own, or those of the column. ``buffer``: what leads
    a column to its converter. ``datapath_bits``: words of the arithmetic behind the converters, 0
    for none, ``scale_bits`` of its multiplier, 0 for none; ``columns_per_datapath`` converters
    share a lane of it in turn. ``active_rows`` take part at once, all
    unless given (of a ladder's words one does). ``cell_transistors`` beside six of memory,
    ``cell_area`` of a published cell; ``logic_rules``: whether cells are drawn by those.
    ``cycles``: clock cycles of a product where they are published. ``input_bits`` and
    ``weight_bits`` hold where a point does not say otherwise.
    """

    kind: Literal["charge"]
    rows: Count
    columns: Count
    capacitor: Annotated[Real, quantity("F", above=0)]
    adc_bits: Annotated[Real, quantity("", at_least=2, at_most=12)]
    weights: Literal["bit_columns", "ladder"] = "bit_columns"
    multiply: Literal["xnor", "and"] = "xnor"
    sharing: Literal["driven", "shorted"] = "driven"
    inputs: Literal["serial", "dac"] = "serial"
    adc: Annotated[str, one_of(CONVERTERS)] = DEFAULT
    adc_capacitors: Literal["own", "column"] = "own"
    buffer: Literal["none", "follower"] = "none"
    columns_per_adc: Count = 1.0
    column_banks: Count = 1.0
    words_per_ladder: Count = 1.0
    dac_bits: Annotated[Real, quantity("", at_least=1, at_most=WIDEST)] = 8.0
    columns_per_datapath: Count = 1.0
    datapath_bits: Annotated[Real, quantity("", at_least=0, at_most=64)] = 24.0
    scale_bits: Annotated[Real, quantity("", at_least=0, at_most=32)] = 0.0
    active_rows: Count | None = None
    cell_transistors: Annotated[Real, quantity("", at_least=0)] | None = None
    cell_area: Annotated[Real, quantity("m2", above=0)] | None = None
    logic_rules: bool = True
    cycles: Count | None = None
    input_bits: Count = 1.0
    weight_bits: Count = 1.0

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        """The macro at a point."""
        asked = {key: point.given(key) for key in ("input_bits", "weight_bits", "rows", "clock")}
        of_inputs = self.input_bits if asked["input_bits"] is None else asked["input_bits"]
        of_weights = self.weight_bits if asked["weight_bits"] is None else asked["weight_bits"]
        self._check(of_inputs, of_weights)
        rows = self.active_rows if asked["rows"] is None else asked["rows"]
        lines = self.rows / (self.words_per_ladder if self.weights == "ladder" else 1.0)
        rows = lines if rows is None else rows
        if rows > lines:
            message = f"of {lines:g} rows no {rows:g} can take part at once"
            raise ImpossibleError(message, key="macro.active_rows", cure="take fewer")
        half = "half of the bits are ones"
        return ChargeMacro(
            supplies.of(),
            self,
            of_inputs,
            of_weights,
            active_rows=rows,
            input_ones=point.assumed("input_ones", 0.5, half),
            weight_ones=point.assumed("weight_ones", 0.5, half),
            clock=asked["clock"],
        )

    def _check(self, input_bits: Real, weight_bits: Real) -> None:
        """ImpossibleError where keys do not fit together."""

        def refuse(key: str, message: str, cure: str) -> None:
            raise ImpossibleError(message, key=f"macro.{key}", cure=cure)

        if weight_bits > self.columns:
            refuse("weight_bits", f"{weight_bits:g} bits need as many columns", "take fewer")
        if self.weights == "ladder" and self.columns % weight_bits:
            refuse(
                "columns",
                f"must be a multiple of {weight_bits:g}, the bits of a ladder",
                "take one",
            )
        if self.adc_capacitors == "column" and not CONVERTERS[self.adc].takes_column:
            refuse("adc_capacitors", f"{self.adc} converters have no capacitors", "take own")
        plain = self.weights == "ladder" or self.inputs == "dac"
        for wrong, key, message, cure in (
            (plain and self.multiply == "xnor", "multiply", "bits alone have an xnor", "and"),
            (
                self.weights == "ladder" and self.sharing == "shorted",
                "sharing",
                "ladders are driven",
                "driven",
            ),
            (
                self.adc_capacitors == "column" and self.buffer == "follower",
                "buffer",
                "a column that converts itself leads to nothing",
                "none",
            ),
        ):
            if wrong:
                refuse(key, message, f"take {cure}")
        if self.weights == "ladder" and self.cell_area is not None:
            refuse("cell_area", "ladders hold words, not cells", "leave it out")
        if self.weights != "ladder" and self.words_per_ladder > 1.0:
            refuse("words_per_ladder", "there are no ladders", "leave it out")
        if self.datapath_bits == 0.0 and self.scale_bits > 0.0:
            refuse("scale_bits", "there is no datapath", "give datapath_bits")
        if self.weights == "ladder" and weight_bits > WIDEST:
            refuse("weight_bits", f"a ladder has at most {WIDEST} bits", "take fewer")
        if self.inputs == "dac" and input_bits > self.dac_bits:
            message = f"inputs of {input_bits:g} bits do not fit a converter of {self.dac_bits:g}"
            refuse("dac_bits", message, "take as many, or inputs: serial")
        if self.weights == "ladder" and self.rows % self.words_per_ladder:
            refuse("words_per_ladder", "must divide the rows", "take a divisor")
        if self.columns % self.column_banks:
            refuse("column_banks", "must divide the columns", "take a divisor")


@dataclass(frozen=True, eq=False)
class ChargeMacro(Macro):
    """A charge-domain macro at a point; ``of`` has the keys of its record.

    A product drives all of its rows once for each bit of its inputs, or once through converters of
    codes; columns that share a converter follow each other; then results are finished. Codes are
    shifted and added while the next conversion runs.
    """

    tech: Technology
    of: Charge
    input_bits: Positive = 1.0
    weight_bits: Positive = 1.0
    _: KW_ONLY
    active_rows: Positive = 64.0
    input_ones: Real = 0.5
    weight_ones: Real = 0.5
    clock: Real | None = None
    name: str = "macro"

    # -- counts ------------------------------------------------------------------------------------

    @property
    def ladder(self) -> bool:
        """Whether weights are words of ladders."""
        return self.of.weights == "ladder"

    @property
    def planes(self) -> Real:
        """Turns of the array for one vector."""
        return 1.0 if self.of.inputs == "dac" else self.input_bits

    @property
    def columns(self) -> Real:
        """Columns that a converter may take: of cells, or of ladders."""
        return self.of.columns / (self.weight_bits if self.ladder else 1.0)

    @property
    def outputs(self) -> Real:
        """Weights of a row."""
        return np.floor(self.of.columns / self.weight_bits)

    @property
    def ops(self) -> Real:  # type: ignore[override]
        return 2.0 * self.active_rows * self.outputs

    @property
    def bits(self) -> tuple[Real, Real]:  # type: ignore[override]
        return self.input_bits, self.weight_bits

    @property
    def cycles(self) -> Real | None:
        """As they are published."""
        return self.of.cycles

    @property
    def converters(self) -> Real:
        """Number of converters."""
        return np.ceil(self.columns / self.of.columns_per_adc)

    @property
    def half(self) -> Real:
        """Time [s] in which columns are reset, and in which they settle: half a period each."""
        return 0.5 / (self.tech.clock if self.clock is None else self.clock)

    # -- parts -------------------------------------------------------------------------------------

    @cached_property
    def follower(self) -> Follower | None:
        """Between a column and its converter; None where there is none."""
        if self.of.buffer == "none":
            return None
        load, bits = self._kind(self.tech, self.of.adc_bits).load, self.of.adc_bits
        return Follower(self.tech, bits, self.converters, load, time=self.half)

    @cached_property
    def array(self) -> ChargeColumns | CapacitorLadders:
        """One bank of the array."""
        load: Real = 0.0
        if self.follower is not None:
            load = self.follower.input_cap
        elif self.of.adc_capacitors == "own":
            load = self._kind(self.tech, self.of.adc_bits).load
        cols = self.columns / self.of.column_banks
        more = self.of.cell_transistors
        if self.ladder:
            return CapacitorLadders(
                self.tech,
                self.of.rows / self.of.words_per_ladder,
                cols,
                self.weight_bits,
                load=load,
                words=self.of.words_per_ladder,
                cap=self.of.capacitor,
                transistors=SWITCHES if more is None else more,
                logic_rules=self.of.logic_rules,
            )
        lines = 2.0 if self.of.multiply == "xnor" else 1.0
        return ChargeColumns(
            self.tech,
            self.of.rows,
            cols,
            load,
            cap=self.of.capacitor,
            input_lines=lines,
            transistors=lines if more is None else more,
            shorted=self.of.sharing == "shorted",
            logic_rules=self.of.logic_rules,
            drawn_area=self.of.cell_area,
            settling=self.half,
        )

    @property
    def _lines(self) -> Real:
        """Rows with an input of their own."""
        return self.of.rows / (self.of.words_per_ladder if self.ladder else 1.0)

    @cached_property
    def dac(self) -> ResistorDac | None:
        """A converter a row; None where inputs are bits."""
        if self.of.inputs != "dac":
            return None
        array = self.array
        if isinstance(array, CapacitorLadders):
            load = array.input_load
        else:
            load = array.line_cap + 0.5 * array.cols * (array.cap + array.node_cap)
        load = self.of.column_banks * load
        return ResistorDac(self.tech, self.of.dac_bits, self._lines, load, time=self.half)

    @cached_property
    def input_register(self) -> Register:
        """Inputs, which move a bit on in each turn."""
        return Register(self.tech, self._lines * self.input_bits, name="input_register")

    @cached_property
    def adc(self) -> Converter:
        """The converters."""
        kind, bits, count = self._kind, self.of.adc_bits, self.converters
        if self.of.adc_capacitors == "own":
            return kind(self.tech, bits, count)
        given: dict[str, Any] = {"column_cap": self.array.column_cap}
        return kind(self.tech, bits, count, **given)

    @property
    def _kind(self) -> type[Converter]:
        return CONVERTERS[self.of.adc]

    @cached_property
    def mux(self) -> AnalogMux:
        """Leads columns to converters that they share."""
        ways = self.of.columns_per_adc
        return AnalogMux(self.tech, self.converters, ways, driven_res=SWITCH_RES)

    @cached_property
    def datapath(self) -> Datapath:
        """Lanes, which converters share."""
        lanes = np.ceil(self.converters / self.of.columns_per_datapath)
        return Datapath(
            self.tech,
            np.maximum(self.of.datapath_bits, 2.0),
            lanes,
            scale_bits=self.of.scale_bits,
        )

    @property
    def _computes(self) -> Real:
        return 1.0 if self.of.datapath_bits > 0.0 else 0.0

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        found: list[tuple[Real, Block]] = [(self.of.column_banks, self.array)]
        found += [(1.0, block) for block in (self.dac, self.follower) if block is not None]
        found += [(1.0, self.input_register), (1.0, self.adc), (1.0, self.mux)]
        return *found, (self._computes, self.datapath)

    # -- a product ---------------------------------------------------------------------------------

    def _multiply(self) -> Cost:
        """The array, once in each bank."""
        array, active = self.array, self.active_rows / self._lines
        mean, square = 1.0 + 0.0 * self.input_ones, 1.0 + 0.0 * self.input_ones
        if self.of.inputs == "dac":
            mean, square = code_moments(self.input_bits, self.input_ones)
        if isinstance(array, CapacitorLadders):
            if self.of.inputs != "dac":
                mean = square = self.input_ones
            multiplied = array.multiply(self.weight_ones, mean, square, active=active)
            turned = array.read_words(self.weight_ones, active) + multiplied
        else:
            ones, raised = self._products()
            turned = array.multiply(ones, raised, active, mean=mean, square=square)
        return turned.across(self.of.column_banks)

    def _products(self) -> tuple[Real, Real]:
        """Share of ones among products of bits, and lines of a row that rise.

        With codes for inputs, the bit of the weight alone says which cells follow a line.
        """
        x, w = self.input_ones, self.weight_ones
        if self.of.inputs == "dac":
            return w, 1.0
        if self.of.multiply == "xnor":
            return x * w + (1.0 - x) * (1.0 - w), 1.0
        return x * w, x

    @action
    def product(self) -> Cost:
        """One vector with all weights of the rows that take part."""
        active = self.active_rows / self._lines
        moved = self.input_register.store(active / 2.0, active)
        driven = Cost(moved.energy)
        if self.dac is not None:
            driven = driven + self.dac.convert(self.input_ones, active)
        turn = driven + self._multiply()
        followed = Cost() if self.follower is None else self.follower.drive()
        ways, computes = self.of.columns_per_adc, self._computes
        added = self.converters / self.datapath.count * computes * self.datapath.take()
        each = self.mux.select() + followed + (self.adc.convert() | added)
        results = self.outputs / self.datapath.count  # of each lane, one after the other
        finished = results * computes * self.datapath.finish()
        return self.planes * (turn + ways * each) + finished
