"""PEs and tiles: macros that share registers and an adder tree, PEs that share buffers and a tree.

See docs/models/chip.md#pes-and-tiles. The same two composites serve the analog and the digital
side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.buffer import BUFFERS, FlipFlopBuffer, SramBuffer
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.register import Register
from neurorebit.circuits.wire import Bus
from neurorebit.schema.technology import Technology

M = TypeVar("M", bound=Block)


@dataclass(frozen=True, eq=False)
class Pe(Block, Generic[M]):
    """Macros in rows and columns; the partial sums of a column of macros are added.

    ``results`` numbers leave the macros of one row together: of ``result_bits`` bits in the forward
    pass, of at most ``sum_bits`` bits. ``input_bits`` are held for all rows. ``lines`` wires run
    along each row of macros. ``wiring`` is the area of the PE over that of its macros.
    """

    tech: Technology
    macro: M
    macro_rows: Real
    macro_cols: Real
    results: Real = field(kw_only=True)
    result_bits: Real = field(kw_only=True)
    sum_bits: Real = field(kw_only=True)
    input_bits: Positive = field(kw_only=True)
    lines: Positive = field(kw_only=True)
    wiring: Real = field(default=1.0, kw_only=True)
    name: str = field(default="pe", kw_only=True)

    @property
    def macros(self) -> Real:
        """Macros of the PE."""
        return self.macro_rows * self.macro_cols

    @cached_property
    def adder_tree(self) -> AdderTree:
        return AdderTree(self.tech, self.macro_rows, self.sum_bits, self.results)

    @cached_property
    def inputs(self) -> Register:
        return Register(self.tech, self.input_bits, name="inputs")

    @cached_property
    def outputs(self) -> Register:
        bits = self.results * self.adder_tree.sum_bits
        return Register(self.tech, bits, name="outputs")

    @cached_property
    def side(self) -> Real:
        """Side of the PE as a square [m]."""
        parts = self.adder_tree, self.inputs, self.outputs
        logic = sum(part.footprint.area.total for part in parts)
        logic = logic + sum(n * block.footprint.area.total for n, block in self.extensions)
        return np.sqrt(self.wiring * self.macros * self.macro.footprint.area.total + logic)

    @cached_property
    def bus(self) -> Bus:
        """Along a row or a column of macros."""
        longest = np.maximum(self.macro_rows, self.macro_cols)
        return Bus(
            self.tech,
            length=(longest - 1.0) * self.side / longest,
            width=self.lines,
            count=self.macro_rows,
        )

    @property
    def extensions(self) -> tuple[tuple[Real, Block], ...]:
        """Blocks that an organisation adds to each PE, and how many of each."""
        return ()

    @property
    def body(self) -> Footprint:
        """Wiring between the macros."""
        return Footprint.of((self.wiring - 1.0) * self.macros * self.macro.footprint.area.total)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (self.macros, self.macro),
            *self.extensions,
            (1.0, self.adder_tree),
            (1.0, self.inputs),
            (1.0, self.outputs),
            (1.0, self.bus),
        )

    @action
    def in_macros(self, work: Callable[[M], Cost]) -> Cost:
        """The cost of ``work`` in the macros."""
        return work(self.macro)

    @action
    def hold_inputs(self, bits: Real) -> Cost:
        """Latch ``bits`` input bits, half of which change. This adds no time to the macros'."""
        return Cost((bits / self.inputs.bits * self.inputs.store(0.5)).energy)

    @action
    def hold_results(self, bits: Real) -> Cost:
        """Latch ``bits`` result bits, half of which change. This adds no time to the macros'."""
        return Cost((bits / self.outputs.bits * self.outputs.store(0.5)).energy)

    @action
    def carry(self, bits: Real) -> Cost:
        """Move ``bits`` bits along the bus. Macros stream, so this adds no time to theirs."""
        return Cost(self.bus.transfer(bits, 0.0).energy)

    @action
    def feed(self, bits: Real) -> Cost:
        """Move ``bits`` bits across one macro. This adds no time to the macros'."""
        across = Bus(self.tech, np.sqrt(self.macro.footprint.area.total))
        return Cost(across.transfer(bits, 0.0).energy)


@dataclass(frozen=True, eq=False)
class Tile(Block, Generic[M]):
    """PEs whose results are added, between an input and an output buffer.

    ``added`` PEs give partial results of the same outputs. Buffers are made of cores of
    ``core_lines`` lines of ``core_bits`` bits. The tree to the PEs has ``tree_width`` wires.
    """

    tech: Technology
    pe: Pe[M]
    pes: Real
    added: Real
    input_bits: Positive = field(kw_only=True)
    output_bits: Real = field(kw_only=True)
    buffer: str = field(default="flip_flop", kw_only=True)
    core_lines: Real = field(default=32.0, kw_only=True)
    core_bits: Real = field(default=32.0, kw_only=True)
    tree_width: Real = field(default=1024.0, kw_only=True)
    tolerance: Real = field(default=0.1, kw_only=True)
    name: str = field(default="tile", kw_only=True)

    @cached_property
    def adder_tree(self) -> AdderTree:
        bits = self.pe.adder_tree.sum_bits
        return AdderTree(self.tech, self.added, bits, self.pe.results)

    def _cores(self, bits: Real, name: str) -> SramBuffer | FlipFlopBuffer:
        core = self.core_lines * self.core_bits
        cores = np.maximum(np.ceil(bits / core), 1.0)
        return BUFFERS[self.buffer](self.tech, core, self.core_bits, cores, name=name)

    @cached_property
    def input_buffer(self) -> SramBuffer | FlipFlopBuffer:
        return self._cores(self.input_bits, "input_buffer")

    @cached_property
    def output_buffer(self) -> SramBuffer | FlipFlopBuffer:
        return self._cores(self.output_bits, "output_buffer")

    @cached_property
    def side(self) -> Real:
        """Side of the tile as a square [m]."""
        parts = self.adder_tree, self.input_buffer, self.output_buffer
        logic = sum(part.footprint.area.total for part in parts)
        return np.sqrt(self.pes * self.pe.side**2 + logic)

    @cached_property
    def htree(self) -> HTree:
        grid = np.ceil(np.sqrt(self.pes) - 1e-9)
        side = self.pe.side
        return HTree(
            self.tech,
            grid,
            grid,
            leaf_height=side,
            leaf_width=side,
            width=self.tree_width,
            tolerance=self.tolerance,
        )

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (self.pes, self.pe),
            (1.0, self.adder_tree),
            (1.0, self.input_buffer),
            (1.0, self.output_buffer),
            (1.0, self.htree),
        )

    @action
    def in_pes(self, work: Callable[[Pe[M]], Cost]) -> Cost:
        """The cost of ``work`` in the PEs."""
        return work(self.pe)

    def in_macros(self, work: Callable[[M], Cost]) -> Cost:
        """The cost of ``work`` in the macros of the PEs."""
        return self.in_pes(lambda pe: pe.in_macros(work))

    @action
    def stream(self, inputs: Real, outputs: Real) -> Cost:
        """Write ``inputs`` and ``outputs`` bits to the two buffers and read them; both stream."""
        into = self.input_buffer.write(inputs) + self.input_buffer.read(inputs)
        out = self.output_buffer.write(outputs) + self.output_buffer.read(outputs)
        return into | out

    @action
    def carry(self, bits: Real, pes: Real = 1.0) -> Cost:
        """Move ``bits`` bits between the edge of the tile and as many neighbouring PEs."""
        return self.htree.transfer(bits, bits / self.tree_width, pes)

    @action
    def add(self, additions: Real, bits: Real) -> Cost:
        """``additions`` additions of ``bits``-bit numbers in the adder trees of PEs and tile.

        They overlap with macros and wires, so they add no time.
        """
        one = Adder(self.tech, bits, name=self.adder_tree.name).add()
        return Cost((additions * one).energy)
