"""The chip: tiles of arrays, a tree to them, and what all tiles share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.architecture import ArchitectureSpec
from neurorebit.chips.parts.floorplan import Floorplan, Layers, ceil
from neurorebit.chips.parts.macro import Macro
from neurorebit.chips.parts.tile import Pe, Tile
from neurorebit.chips.parts.vector import Sequencer, VectorUnit
from neurorebit.circuits.block import Block
from neurorebit.circuits.buffer import BUFFERS, FlipFlopBuffer, SramBuffer
from neurorebit.circuits.cost import Real
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.htree import HTree
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

GROWTH = 2.0  # bits by which a partial sum grows on its way, on average


@dataclass(frozen=True, eq=False)
class Chip(Block):
    """What all chips have: every layer has its own tiles of the arrays of the forward pass."""

    tech: Technology
    device: Device
    spec: ArchitectureSpec
    plan: Floorplan
    name: str = "chip"

    @property
    def layers(self) -> Layers:
        """The layers the chip is for."""
        return self.plan.layers

    @property
    def macro(self) -> Macro:
        """An array of the forward pass with its periphery."""
        raise NotImplementedError

    @property
    def sum_bits(self) -> Real:
        """Bits of a partial sum of the forward pass on its way."""
        return self.macro.output_bits + GROWTH

    # -- tiles -----------------------------------------------------------------------------------

    def _pe(self, rows: Real, cols: Real) -> Pe:
        """A PE of so many macros."""
        macro = self.macro
        bits = macro.rows * rows * self.value_bits
        return Pe(
            self.tech, macro, rows, cols, cols * macro.adcs, macro.output_bits, bits, macro.rows
        )

    @property
    def value_bits(self) -> Real:
        """Bits of a value that enters the arrays."""
        return self.spec.input_bits

    def _tile(self, side: Real, pes: Real, added: Real, name: str) -> Tile:
        """A tile; its output buffer holds two sets of what all macros of a PE give at once."""
        transport = self.spec.transport
        rows, cols = side / self.macro.rows, side / self.macro.cols
        pe = self._pe(rows, cols)
        return Tile(
            self.tech,
            pe,
            pes,
            added,
            input_bits=added * self.value_bits * pe.lines,
            output_bits=2.0 * rows * pe.results * self.sum_bits,
            buffer=transport.tile_buffer,
            core_lines=transport.tile_buffer_lines,
            core_bits=transport.tile_buffer_bits,
            tree_width=np.ceil(np.sqrt(pes) - 1e-9) * pe.lines,
            tolerance=transport.delay_tolerance,
            name=name,
        )

    @property
    def tile_name(self) -> str:
        """What the tiles of the forward pass are called."""
        return "tile"

    @cached_property
    def split_tile(self) -> Tile:
        """A tile with a PE for each kernel position, whose results are added."""
        positions = self.plan.split_positions
        return self._tile(self.plan.split_side, positions, positions, self.tile_name)

    @cached_property
    def whole_tile(self) -> Tile:
        """A tile for unrolled matrices."""
        q = self.plan.pes_per_side
        return self._tile(self.plan.pe_side, q**2, q, self.tile_name)

    @property
    def split_tiles(self) -> Real:
        """Kernel-split tiles of the chip."""
        return total(np.where(self.layers.split, self.plan.tiles, 0.0))

    @property
    def whole_tiles(self) -> Real:
        """Tiles of the chip that are not kernel-split."""
        return total(np.where(self.layers.split, 0.0, self.plan.tiles))

    @property
    def forward_tiles(self) -> tuple[tuple[Real, Block], ...]:
        """How many of which tiles do the forward pass."""
        return (self.split_tiles, self.split_tile), (self.whole_tiles, self.whole_tile)

    # -- what all tiles share --------------------------------------------------------------------

    def _tree(self, tiles: Real, side: Real, name: str) -> HTree:
        rows = np.ceil(np.sqrt(tiles) - 1e-9)
        width, tolerance = self.spec.transport.bus_bits, self.spec.transport.delay_tolerance
        return HTree(self.tech, rows, ceil(tiles / rows), side, side, width, tolerance, name)

    @cached_property
    def tree(self) -> HTree:
        """From the global buffer to the tiles; leaves are the larger tiles there are."""
        split = np.where(self.split_tiles > 0, self.split_tile.side, 0.0)
        whole = np.where(self.whole_tiles > 0, self.whole_tile.side, 0.0)
        name = f"{self.tile_name}_tree"
        return self._tree(self.split_tiles + self.whole_tiles, np.maximum(split, whole), name)

    def _global_buffer(self, bits: Real, name: str) -> SramBuffer | FlipFlopBuffer:
        """So many bits in cores."""
        transport = self.spec.transport
        line = transport.global_buffer_bits
        core = transport.global_buffer_lines * line
        return BUFFERS[transport.global_buffer](self.tech, core, line, ceil(bits / core), name)

    @cached_property
    def buffer(self) -> SramBuffer | FlipFlopBuffer:
        """Global buffer: inputs and results of the largest layer, what batch norm keeps of it, and
        room for what is on its way.
        """
        m = self.layers
        maps = 2.0 * self.spec.input_bits * np.max(m.inputs, axis=-1, keepdims=True)
        kept = np.max(m.outputs * m.groups * m.vectors, axis=-1, keepdims=True)
        bits = maps + kept * self.spec.vector_unit.stored_bits + self.spec.transport.staging_bits
        return self._global_buffer(bits, "global_buffer")

    @cached_property
    def vector_unit(self) -> VectorUnit:
        unit = self.spec.vector_unit
        return VectorUnit(
            self.tech,
            unit.lanes,
            unit.stored_bits,
            self.spec.error_width,
            self.spec.input_bits,
        )

    @cached_property
    def control(self) -> Sequencer:
        """One for each tile, one for the chip."""
        return Sequencer(self.tech)

    @cached_property
    def dram(self) -> Dram:
        """Off the chip."""
        return Dram(self.tech, self.spec.dram.bandwidth, self.spec.dram.energy)


def total(amounts: Real) -> Real:
    """The sum over the layers, which stay an axis."""
    found: Real = np.sum(amounts, axis=-1, keepdims=True)
    return found
