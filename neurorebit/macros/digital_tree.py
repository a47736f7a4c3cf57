"""Digital SRAM macros whose products meet in an adder tree for each output.

See docs/models/adder_trees.md#digital-trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
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
from neurorebit.circuits.settling.full_adder import FULL_ADDERS
from neurorebit.circuits.settling.netlist import Part
from neurorebit.circuits.settling.serial_tree import (
    MULTIPLIERS,
    Activity,
    Shape,
    drawn,
    recoder,
    settled,
)
from neurorebit.circuits.settling.settle import Settled
from neurorebit.circuits.settling.summation import TREES
from neurorebit.circuits.wire import routing_res
from neurorebit.macros.activity import activity, count, refuse_unrestored
from neurorebit.macros.assembly import Assembly
from neurorebit.macros.cells import StorageCells
from neurorebit.macros.point import Point
from neurorebit.macros.structure import Macro, Structure
from neurorebit.macros.supplies import Supplies
from neurorebit.macros.write_port import WritePort
from neurorebit.schema import ImpossibleError, one_of, quantity
from neurorebit.schema.technology import Technology

Whole = Annotated[int, Field(ge=1, le=65536)]
Bits = Annotated[int, Field(ge=1, le=64)]
FILLED = float(np.asarray(Assembly().utilisation))  # of the area of logic, as nets are drawn


@dataclass(frozen=True, eq=False)
class DigitalTreeMacro(Macro):
    """``outputs`` trees, each over one word of every input, and what they have in common.

    ``working`` outputs hold weights, all where it is None. ``words`` stored words share the logic
    of an operand. ``slices`` neighbouring outputs hold the
    bits of a wider weight. A product takes the planes of its input bits and ``idle`` cycles more.
    The macro is ``aspect`` times as high as wide, and its transistors are ``drive`` minimum ones
    wide. A line is driven along the width, the operands of a tree lie along the height.
    """

    tech: Technology
    shape: Shape
    outputs: Positive
    activity: Activity
    _: KW_ONLY
    working: Positive | None = None
    words: Positive = 1.0
    slices: Positive = 1.0
    idle: Real = 0.0
    line_registers: Real = 1.0
    cell_area: Real | None = None
    cell_transistors: Positive = 6.0
    aspect: Positive = 1.0
    drive: Positive = 1.0
    name: str = "macro"

    # -- numbers -----------------------------------------------------------------------------------

    @property
    def ops(self) -> Real:  # type: ignore[override]
        active = self.shape.active or self.shape.operands
        return 2.0 * active * np.floor(self.share * self.outputs / self.slices)

    @property
    def share(self) -> Real:
        """Share of the outputs that work; the weights of the others are zeros."""
        return 1.0 if self.working is None else self.working / self.outputs

    @property
    def bits(self) -> tuple[Real, Real]:  # type: ignore[override]
        inputs = float(self.shape.planes * self.shape.per_cycle)
        stored = self.shape.stored or self.shape.weight_bits
        return inputs, self.slices * stored

    @property
    def cycles(self) -> Real:
        """Planes, and cycles in which nothing is added."""
        return self.shape.planes + self.idle

    # -- geometry ----------------------------------------------------------------------------------

    @cached_property
    def cells(self) -> StorageCells:
        """The stored words, and the switches that choose one for the logic."""
        bits = self.shape.operands * self.shape.weight_bits * self.outputs
        cells = StorageCells(self.tech, bits, self.words, cell_area=self.cell_area)
        return replace(cells, transistors=self.cell_transistors)

    @cached_property
    def write_port(self) -> WritePort:
        """Rows are inputs; the words of a group lie side by side."""
        columns = self.outputs * self.shape.weight_bits * self.words
        return WritePort(self.tech, float(self.shape.operands), columns)

    @cached_property
    def side(self) -> tuple[Real, Real]:
        """Width and height [m] of the macro, but for what drives the lines."""
        parts = drawn(self.shape).parts
        pitches = sum(part.width for part in parts.values())
        flops = sum(part.flip_flops for part in parts.values())
        logic = gates_area(self.tech, pitches, self.drive) + flops * Register(self.tech, 1.0).area
        area = self.cells.footprint.area.total + self.outputs * logic / FILLED
        return np.sqrt(area / self.aspect), np.sqrt(area * self.aspect)

    @property
    def operand_side(self) -> Real:
        """Side [m] of a square with the area of an operand: its cells and its share of the tree."""
        return np.sqrt(self.side[0] * self.side[1] / self.outputs / self.shape.operands)

    @cached_property
    def placed(self) -> Shape:
        """The shape, with the width of a column in operands."""
        across = (self.side[0] / self.outputs / self.operand_side) ** 2
        nearest = 2.0 ** np.rint(np.log2(np.maximum(across, 1.0)))
        return self.shape._replace(across=float(nearest))

    # -- parts -------------------------------------------------------------------------------------

    @cached_property
    def operation(self) -> Settled:
        """The netlist of an output at work."""
        return settled(self.placed, self.activity, ratios_of(self._caps))

    @cached_property
    def _caps(self) -> Values:
        return capacitances(self.tech, self.operand_side, self.drive)

    def _logic(self, name: str) -> Logic:
        part = self.operation.parts.get(name, Part())
        return Logic(
            self.tech, part, self.outputs, side=self.operand_side, drive=self.drive, name=name
        )

    @cached_property
    def logic(self) -> tuple[Logic, ...]:
        """Products, tree and accumulator of all outputs."""
        return tuple(self._logic(name) for name in ("products", "tree", "accumulator"))

    @cached_property
    def lines(self) -> InputLines:
        line = self.operation.lines["lines"]
        load = self.outputs * charge_of(line.load, self._caps)
        res = routing_res(self.tech, self.tech.wire.medium_width)
        length = self.side[0] * (1.0 - 0.5 / self.outputs)  # to the middle of the last column
        return InputLines(self.tech, line.number, length, load, res=res)

    @cached_property
    def recoders(self) -> Logic:
        """What makes digits of the inputs."""
        part = recoder(self.activity) if self.shape.multiplier == "booth" else Part()
        return Logic(self.tech, part, self.shape.operands, name="recoders")

    @cached_property
    def registers(self) -> Register:
        """Flip-flops before the input lines, and of the counter of planes."""
        bits = self.shape.operands * self.shape.per_cycle * self.line_registers
        return Register(self.tech, bits, name="input_registers")

    @cached_property
    def outs(self) -> Register:
        """Results, kept until they are fetched; clocked once a product."""
        bits = self.outputs * (self.shape.sum_bits or self.shape.tree_bits)
        return Register(self.tech, bits, name="output_registers")

    @cached_property
    def control(self) -> InputLines:
        """The line that clears the accumulators in the first plane."""
        line = self.operation.lines.get("keep")
        load = 0.0 if line is None else charge_of(line.load, self._caps)
        return InputLines(self.tech, 1.0, self.side[0], self.outputs * load, name="control")

    @cached_property
    def clock(self) -> ClockNet:
        flops = sum(part.part.flip_flops for part in self.logic) * self.outputs
        area = self.side[0] * self.side[1]
        return ClockNet(self.tech, flops + self.registers.bits, area)

    @cached_property
    def joiner(self) -> Adder:
        """Adds the sums of neighbouring outputs that hold one weight."""
        bits = self.outs.bits / self.outputs
        count = self.outputs * (1.0 - 1.0 / self.slices)
        return Adder(self.tech, bits, count, name="joining")

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        joined = ((1.0, self.joiner),) if np.all(np.asarray(self.slices) > 1.0) else ()
        recoded = ((1.0, self.recoders),) if self.shape.multiplier == "booth" else ()
        others = self.lines, self.registers, self.control, self.clock, self.outs
        mine = *((1.0, part) for part in self.logic), *((1.0, part) for part in others)
        stored = (1.0, self.cells), (1.0, self.write_port)
        return *stored, *mine, *recoded, *joined

    # -- actions -----------------------------------------------------------------------------------

    @cached_property
    def cycle_time(self) -> Real:
        """Time [s] of a cycle: a flip-flop, a line, and the slowest path of the logic."""
        path = self.operation.path * time_constant(self.tech)
        return flop_delay(self.tech) + self.lines.delay + path

    @action
    def product(self) -> Cost:
        """Each plane of the inputs through products, tree and accumulator."""
        shape, cycles = self.shape, self.cycles
        toggles = self.operation.lines["lines"].toggles  # of a line in the mean, idle ones too
        keep = self.operation.lines.get("keep")
        plane = self.lines.drive(toggles)
        for part in self.logic:
            plane = plane + part.settle(self.share)
        plane = plane + self.registers.store(toggles, 0.0)
        if keep is not None:
            plane = plane + self.control.drive(keep.toggles)
        if shape.multiplier == "booth":
            plane = plane + self.recoders.settle()
        energy = (
            shape.planes * plane + self.clock.tick(cycles) + self.outs.store(0.5 * self.share, 1.0)
        ).energy
        if np.all(np.asarray(self.slices) > 1.0):
            energy = energy + self.share * self.joiner.add().energy
        return Cost(energy) + Cost.of(0.0, cycles * self.cycle_time)


@dataclass(frozen=True, eq=False, kw_only=True)
class DigitalTree(Structure):
    """A digital SRAM macro with an adder tree for each output.

    ``kind`` is its word. ``inputs`` are those of one product. ``outputs`` are trees, each over a
    word of every input. ``weight_bits`` are bits of a word; a weight of more bits takes outputs
    beside each other. ``input_bits`` are bits of an input where a point does not say otherwise.
    ``bits_per_cycle`` are bits of each input that enter in a cycle.

    ``multiplier`` is a word of docs/models/adder_trees.md#products-of-bits. ``tree`` is a word of
    docs/models/adder_trees.md#trees-of-adders. ``full_adders`` are words of
    docs/models/adder_trees.md#full-adders, which take turns along a carry chain. ``pipeline`` names
    levels of the tree behind which registers stand, 0 for the products and -1 for the sum.
    ``accumulator_bits`` are bits of an accumulator, more where tree and inputs ask for it.
    ``first`` says which bits of an input come first, the most significant ones or the least.
    ``signed`` says that weights have a sign. ``words_per_group`` stored words share the logic of
    one. ``idle_cycles`` follow the planes of an input; nothing is added in them.
    ``registers_per_line`` are flip-flops before an input line, as many as bits where the macro
    holds inputs whole.

    ``cell_area`` is a published area of a cell, without the gate that multiplies.
    ``cell_transistors`` are those of a cell, which grows with them where no area is given.
    ``aspect`` is height over width. ``drive`` is the width of transistors over the minimum.
    """

    kind: Literal["digital_tree"]
    inputs: Whole
    outputs: Whole
    weight_bits: Bits
    input_bits: Bits = 8
    bits_per_cycle: Annotated[int, Field(ge=1, le=16)] = 1
    multiplier: Annotated[str, one_of(MULTIPLIERS)] = "nor"
    tree: Annotated[str, one_of(TREES)] = "ripple"
    full_adders: Annotated[tuple[Annotated[str, one_of(FULL_ADDERS)], ...], Field(min_length=1)] = (
        "mirror",
    )
    pipeline: tuple[Annotated[int, Field(ge=-1, le=32)], ...] = ()
    accumulator_bits: Annotated[int, Field(ge=0, le=128)] = 0
    first: Literal["most", "least"] = "most"
    signed: bool = False
    words_per_group: Whole = 1
    idle_cycles: Annotated[int, Field(ge=0, le=64)] = 0
    registers_per_line: Annotated[Real, quantity("", at_least=0)] = 1.0
    cell_area: Annotated[Real, quantity("m2", above=0)] | None = None
    aspect: Annotated[Real, quantity("", above=0)] = 1.0
    cell_transistors: Annotated[int, Field(ge=1, le=64)] = 6
    drive: Annotated[Real, quantity("", at_least=1, at_most=16)] = 1.0

    @property
    def limits(self) -> Mapping[str, Real]:
        return {"rows": self.inputs, "columns": self.outputs}

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        self._refuse()
        active, columns = count(point, "rows"), count(point, "columns")
        bits = count(point, "weight_bits") or self.weight_bits
        slices = -(-bits // self.weight_bits)
        working = columns or self.outputs
        if slices > working:
            message = f"a weight of {bits} bits takes {slices} outputs, of {working}"
            raise ImpossibleError(message, key="weight_bits", cure="take fewer bits")
        shape = self._shape(count(point, "input_bits") or self.input_bits)
        shape = shape._replace(
            active=active or self.inputs,
            stored=min(-(-bits // slices), self.weight_bits),
        )
        return DigitalTreeMacro(
            supplies.of(),
            shape,
            float(self.outputs),
            activity(point),
            working=float(working),
            words=float(self.words_per_group),
            slices=float(slices),
            idle=float(self.idle_cycles),
            line_registers=self.registers_per_line,
            cell_area=self.cell_area,
            cell_transistors=float(self.cell_transistors),
            aspect=self.aspect,
            drive=self.drive,
        )

    def _shape(self, input_bits: int) -> Shape:
        shape = Shape(
            self.inputs,
            self.weight_bits,
            -(-input_bits // self.bits_per_cycle),
            self.bits_per_cycle,
            self.multiplier,
            self.tree,
            self.full_adders,
            tuple(sorted(set(self.pipeline))),
            self.accumulator_bits,
            self.first,
            self.signed,
        )
        if shape.planes == 1 and not self.accumulator_bits:
            return shape
        needed = shape.tree_bits + (shape.planes - 1) * self.bits_per_cycle
        return shape._replace(sum_bits=max(needed, self.accumulator_bits))

    def _refuse(self) -> None:
        """ImpossibleError where keys do not fit together."""
        bits = MULTIPLIERS[self.multiplier].bits
        if bits not in (0, self.bits_per_cycle):
            message = f"a multiplier '{self.multiplier}' takes {bits} bits a cycle"
            raise ImpossibleError(message, key="multiplier", cure=f"set bits_per_cycle: {bits}")
        if self.signed and self.multiplier == "table":
            message = f"a multiplier '{self.multiplier}' takes weights without a sign"
            raise ImpossibleError(message, key="signed", cure="take booth, nor or and")
        refuse_unrestored(self.full_adders)
