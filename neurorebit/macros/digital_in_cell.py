"""Digital SRAM macros with a full adder in each cell.

See docs/models/adder_trees.md#adders-in-the-cells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.register import Register
from neurorebit.circuits.settling.blocks import (
    ClockNet,
    InputLines,
    Logic,
    Values,
    capacitances,
    charge_of,
    flop_delay,
    gates_area,
    ratios_of,
    time_constant,
)
from neurorebit.circuits.settling.cell_adders import Column, drawn_column, settled_column
from neurorebit.circuits.settling.full_adder import FULL_ADDERS
from neurorebit.circuits.settling.serial_tree import Activity
from neurorebit.circuits.settling.settle import Settled
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.wire import routing_res
from neurorebit.macros.activity import activity, count, refuse_unrestored
from neurorebit.macros.cells import StorageCells
from neurorebit.macros.digital_tree import Bits, Whole
from neurorebit.macros.point import Point
from neurorebit.macros.structure import Macro, Structure
from neurorebit.macros.supplies import Supplies
from neurorebit.macros.write_port import WritePort
from neurorebit.schema import ImpossibleError, one_of, quantity
from neurorebit.schema.technology import Technology

SELECT = 3.0  # gate pitches of the multiplexer in a cell


@dataclass(frozen=True, eq=False)
class _InCells(Logic):
    """Logic in cells that abut."""

    abuts = True


@dataclass(frozen=True, eq=False)
class InCellMacro(Macro):
    """An array of ``columns`` columns, which weights of ``column`` share out among them.

    A plane of the inputs enters with each cycle, and a stage of rows works on each. The macro has
    an accumulator for each weight where an input has several planes. ``working`` columns hold
    weights, all where it is None.
    """

    tech: Technology
    column: Column
    columns: Positive
    activity: Activity
    _: KW_ONLY
    working: Positive | None = None
    cell_area: Real | None = None
    cell_transistors: Positive = 6.0
    drive: Positive = 1.0
    name: str = "macro"

    abuts = True  # cells drawn for the array

    @property
    def weights(self) -> Real:
        """Weights of a row."""
        return np.floor(self.columns / self.column.width)

    @property
    def ops(self) -> Real:  # type: ignore[override]
        return 2.0 * (self.column.active or self.column.rows) * self.weights * self.share

    @property
    def share(self) -> Real:
        """Share of the weights of a row that are in use; the multiplexers shut off the others."""
        working = self.columns if self.working is None else self.working
        return np.floor(working / self.column.width) / self.weights

    @property
    def bits(self) -> tuple[Real, Real]:  # type: ignore[override]
        return float(self.column.planes), float(self.column.bits)

    @property
    def cycles(self) -> Real:
        return float(self.column.planes)

    # -- geometry ----------------------------------------------------------------------------------

    @cached_property
    def cells(self) -> StorageCells:
        """The stored bits."""
        bits = self.column.rows * self.columns
        cells = StorageCells(self.tech, bits, cell_area=self.cell_area)
        return replace(cells, transistors=self.cell_transistors)

    @cached_property
    def gates(self) -> Real:
        """Area [m^2] of the gates of a cell and its share of the registers."""
        parts = drawn_column(self.column).parts
        cells = self.column.rows * self.column.width
        pitches = parts["array"].width / cells + SELECT
        pitches = pitches + parts["products"].width / self.column.rows / self.column.bits
        return gates_area(self.tech, pitches, self.drive)

    @cached_property
    def cell_side(self) -> Real:
        """Side [m] of a cell."""
        stored = self.cells.footprint.area.total / self.cells.bits
        return np.sqrt(stored + self.gates)

    # -- parts -------------------------------------------------------------------------------------

    @cached_property
    def _caps(self) -> Values:
        return capacitances(self.tech, self.cell_side, self.drive)

    @cached_property
    def operation(self) -> Settled:
        """The netlist of a weight at work."""
        return settled_column(self.column, self.activity, ratios_of(self._caps))

    def _logic(self, part: str, name: str) -> Logic:
        found = self.operation.parts[part]
        return _InCells(
            self.tech, found, self.weights, side=self.cell_side, drive=self.drive, name=name
        )

    @cached_property
    def array(self) -> Logic:
        """The full adders."""
        return self._logic("array", "adders")

    @cached_property
    def products(self) -> Logic:
        """The pass gates between lines and adders, and all that they drive."""
        return self._logic("products", "products")

    @cached_property
    def registers(self) -> Logic:
        """The register rows."""
        return self._logic("registers", "registers")

    @cached_property
    def lines(self) -> InputLines:
        line = self.operation.lines["lines"]
        load = self.weights * charge_of(line.load, self._caps)
        res = routing_res(self.tech, self.tech.wire.medium_width)
        return InputLines(
            self.tech, line.number, self.columns * self.cell_side, load, res=res, name="drivers"
        )

    @cached_property
    def input_registers(self) -> Register:
        return Register(self.tech, float(self.column.rows), name="input_registers")

    @cached_property
    def clock(self) -> ClockNet:
        flops = self.operation.parts["registers"].flip_flops * self.weights
        side = self.cell_side
        area = self.column.rows * self.columns * side**2
        return ClockNet(self.tech, flops + self.input_registers.bits, area)

    @cached_property
    def write_port(self) -> WritePort:
        """Writes a row of weights."""
        return WritePort(self.tech, float(self.column.rows), self.columns)

    @cached_property
    def accumulators(self) -> ShiftAdd:
        """Join the planes of an input, beside the array."""
        return ShiftAdd(
            self.tech,
            float(self.column.width),
            self.cycles,
            self.weights,
            name="accumulators",
        )

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        mine = self.cells, self.array, self.products, self.registers, self.lines
        others = self.input_registers, self.clock, self.write_port
        joined = (self.accumulators,) if self.column.planes > 1 else ()
        return tuple((1.0, part) for part in (*mine, *others, *joined))

    @property
    def body(self) -> Footprint:
        """The multiplexers of the cells, and all of those whose column no weight has."""
        drawn = self.array.footprint.area.total + self.products.footprint.area.total
        return Footprint.of(self.column.rows * self.columns * self.gates - drawn)

    # -- actions -----------------------------------------------------------------------------------

    @cached_property
    def cycle_time(self) -> Real:
        """Time [s] of a cycle: a flip-flop, a line, and a stage of rows."""
        path = self.operation.path * time_constant(self.tech)
        return flop_delay(self.tech) + self.lines.delay + path

    @property
    def period(self) -> Real:
        return self.cycles * self.cycle_time

    @action
    def product(self) -> Cost:
        """The planes of an input through all rows."""
        active = (self.column.active or self.column.rows) / self.column.rows
        plane = self.lines.drive(self.activity.toggle, active)
        for part, share in (
            (self.array, self.share),
            (self.products, 1.0),  # lines drive all of them
            (self.registers, self.share),
        ):
            plane = plane + part.settle(share)
        plane = plane + self.input_registers.store(active * self.activity.toggle, 0.0)
        energy = (self.cycles * plane + self.clock.tick(self.cycles)).energy
        if self.column.planes > 1:
            energy = energy + self.share * self.accumulators.accumulate(self.cycles).energy
        stages = self.column.rows / self.column.stage
        return Cost(energy) + Cost.of(0.0, (self.cycles + stages - 1.0) * self.cycle_time)


@dataclass(frozen=True, eq=False, kw_only=True)
class DigitalInCell(Structure):
    """A digital SRAM macro with a full adder in each of its cells.

    ``kind`` is its word. ``rows`` are inputs, of which a bit each enters in a cycle. ``columns``
    are those of the array. ``weight_bits`` are bits of a weight where a point does not say
    otherwise. ``input_bits`` are bits of an input where a point does not say otherwise.
    ``extra_columns`` are columns of a weight beyond its bits, by default for the bits that the
    number of rows adds to a sum. ``rows_per_register`` rows ripple between two rows of registers.

    ``product`` is "xnor" of a weight's bit and an input of two lines, or "and". ``full_adders`` are
    words of docs/models/adder_trees.md#full-adders, which take turns along a carry chain.
    ``cell_area`` is a published area of the memory of a cell, without what it adds with.
    ``cell_transistors`` are those of the memory, which grows with them where no area is given.
    ``drive`` is the width of transistors over the minimum.
    """

    kind: Literal["digital_in_cell"]
    rows: Whole
    columns: Whole
    weight_bits: Bits = 8
    input_bits: Bits = 1
    extra_columns: Annotated[int, Field(ge=0, le=64)] | None = None
    rows_per_register: Whole
    product: Literal["xnor", "and"] = "xnor"
    full_adders: Annotated[tuple[Annotated[str, one_of(FULL_ADDERS)], ...], Field(min_length=1)] = (
        "mirror",
    )
    cell_area: Annotated[Real, quantity("m2", above=0)] | None = None
    cell_transistors: Annotated[int, Field(ge=1, le=64)] = 6
    drive: Annotated[Real, quantity("", at_least=1, at_most=16)] = 1.0

    @property
    def limits(self) -> Mapping[str, Real]:
        return {"rows": self.rows, "columns": self.columns, "registers": self.rows}

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        refuse_unrestored(self.full_adders)
        bits = count(point, "weight_bits") or self.weight_bits
        registers = count(point, "registers") or self.rows / self.rows_per_register
        if self.rows % registers:
            at = "registers" if point.registers is not None else "rows_per_register"
            message = f"rows of registers do not part {self.rows} rows alike"
            raise ImpossibleError(message, key=at, cure=f"take one that divides {self.rows}")
        columns = count(point, "columns") or self.columns
        grown = int(np.ceil(np.log2(self.rows)))
        column = Column(
            self.rows,
            bits,
            grown if self.extra_columns is None else self.extra_columns,
            int(self.rows / registers),
            self.product,
            self.full_adders,
            count(point, "input_bits") or self.input_bits,
            count(point, "rows") or self.rows,
        )
        if column.width > columns:
            message = f"a weight of {bits} bits takes {column.width} columns, of {columns}"
            raise ImpossibleError(message, key="weight_bits", cure="take fewer bits")
        return InCellMacro(
            supplies.of(),
            column,
            float(self.columns),
            activity(point),
            working=float(columns),
            cell_area=self.cell_area,
            cell_transistors=float(self.cell_transistors),
            drive=self.drive,
        )
