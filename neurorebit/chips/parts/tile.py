"""PEs and tiles: macros that share registers and an adder tree, PEs that share buffers and a tree.

System.md 6, 7 and 13.4. The same two composites serve the analog and the digital side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.block import Block
from neurorebit.circuits.buffer import BUFFERS, FlipFlopBuffer, SramBuffer
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.register import Register
from neurorebit.circuits.wire import Bus
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Pe(Block):
    """Macros in rows and columns; the partial sums of a column of macros are added.

    ``results`` numbers of ``sum_bits`` bits leave the macros of one row together; ``input_bits``
    are held for all rows. ``lines`` wires run along each row of macros. ``wiring`` is the area of
    the PE over that of its macros. ``beside`` are more blocks, and how many of each.
    """

    tech: Technology
    macro: Block
    macro_rows: Real
    macro_cols: Real
    results: Real
    sum_bits: Real
    input_bits: Real
    lines: Real
    wiring: Real = 1.0
    beside: tuple[tuple[Real, Block], ...] = ()
    name: str = "pe"

    @property
    def macros(self) -> Real:
        """Macros of the PE."""
        return self.macro_rows * self.macro_cols

    @cached_property
    def adder_tree(self) -> AdderTree:
        activity = self.tech.arithmetic.add_activity
        return AdderTree(self.tech, self.macro_rows, self.sum_bits, self.results, activity=activity)

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
        logic = logic + sum(n * block.footprint.area.total for n, block in self.beside)
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
    def body(self) -> Footprint:
        """Wiring between the macros."""
        return Footprint.of((self.wiring - 1.0) * self.macros * self.macro.footprint.area.total)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (self.macros, self.macro),
            *self.beside,
            (1.0, self.adder_tree),
            (1.0, self.inputs),
            (1.0, self.outputs),
            (1.0, self.bus),
        )

    @action
    def take(self, bits: Real) -> Cost:
        """Hold so many new input bits, half of which change."""
        return Cost((bits / self.inputs.bits * self.inputs.store(0.5)).energy)

    @action
    def give(self, bits: Real) -> Cost:
        """Hold so many bits of results, half of which change."""
        return Cost((bits / self.outputs.bits * self.outputs.store(0.5)).energy)

    @action
    def carry(self, bits: Real) -> Cost:
        """Move so many bits along the bus; macros stream, so time is the macros'."""
        return Cost(self.bus.transfer(bits, 0.0).energy)


@dataclass(frozen=True, eq=False)
class Tile(Block):
    """PEs whose results are added, between an input and an output buffer.

    ``added`` PEs give partial results of the same outputs. Buffers are cores of ``core_bits``.
    """

    tech: Technology
    pe: Pe
    pes: Real
    added: Real
    input_bits: Real
    output_bits: Real
    buffer: str = "flip_flop"
    core_lines: Real = 32.0
    core_bits: Real = 32.0
    tree_width: Real = 1024.0
    tolerance: Real = 0.1
    name: str = "tile"

    @cached_property
    def adder_tree(self) -> AdderTree:
        activity = self.tech.arithmetic.add_activity
        bits = self.pe.adder_tree.sum_bits
        return AdderTree(self.tech, self.added, bits, self.pe.results, activity=activity)

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
        return HTree(self.tech, grid, grid, side, side, self.tree_width, self.tolerance)

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
    def buffered(self, inputs: Real, outputs: Real) -> Cost:
        """Write so many bits to either buffer and read them again; both stream."""
        into = self.input_buffer.write(inputs) + self.input_buffer.read(inputs)
        out = self.output_buffer.write(outputs) + self.output_buffer.read(outputs)
        return into | out

    @action
    def carry(self, bits: Real) -> Cost:
        """Move so many bits between the tile's edge and a PE."""
        return self.htree.transfer(bits, bits / self.tree_width)

    def add(self, additions: Real, bits: Real) -> Cost:
        """So many additions of numbers of so many bits in the trees of PEs and tile."""
        activity = self.tech.arithmetic.add_activity
        one = Adder(self.tech, bits, activity=activity).energy
        return Cost.of(additions * one, 0.0).under("adder_tree").under(self.name)
