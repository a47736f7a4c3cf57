"""The chip: analog and digital tiles, a tree to each side, and what all tiles share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.architecture import ArchitectureSpec
from neurorebit.chip.apim import AnalogMacro
from neurorebit.chip.dpim import BUILDS, DigitalMacro
from neurorebit.chip.tile import Pe, Tile
from neurorebit.chip.vector import Sequencer, VectorUnit
from neurorebit.circuits.block import Block
from neurorebit.circuits.buffer import BUFFERS, FlipFlopBuffer, SramBuffer
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.htree import HTree
from neurorebit.cost import Real
from neurorebit.device import Device
from neurorebit.mapping import Floorplan, Layers, ceil
from neurorebit.technology import Technology

GROWTH = 2.0  # bits by which a partial sum grows on its way, on average


@dataclass(frozen=True, eq=False)
class Chip(Block):
    """A hybrid chip for one network (system.md 13): every layer has its own tiles on both sides."""

    tech: Technology
    device: Device
    spec: ArchitectureSpec
    plan: Floorplan
    name: str = "chip"

    @property
    def layers(self) -> Layers:
        """The layers the chip is for."""
        return self.plan.layers

    @cached_property
    def analog_macro(self) -> AnalogMacro:
        apim = self.spec.apim
        return AnalogMacro(
            self.tech,
            self.device,
            apim.rows,
            apim.cols,
            apim.cols_per_adc,
            apim.adc_bits,
            self.spec.input_bits,
            apim.adc,
        )

    @cached_property
    def digital_macro(self) -> DigitalMacro:
        dpim = self.spec.dpim
        return BUILDS[dpim.build](
            self.tech,
            dpim.rows,
            dpim.cols,
            self.spec.error_width,
            self.spec.input_bits,
            dpim.accumulator_bits,
            dpim.vectors,
            isinstance(self.spec.error_bits, str),
        )

    @property
    def analog_sum_bits(self) -> Real:
        """Bits of a partial sum on its way."""
        return self.analog_macro.sum_bits + GROWTH

    # -- tiles -----------------------------------------------------------------------------------

    def _analog_tile(self, side: Real, pes: Real, added: Real) -> Tile:
        """A tile; its output buffer holds two sets of what all macros of a PE give at once."""
        macro, transport = self.analog_macro, self.spec.transport
        rows, cols = side / macro.rows, side / macro.cols
        input_bits = macro.rows * rows * self.spec.input_bits
        results = cols * macro.adcs
        pe = Pe(self.tech, macro, rows, cols, results, macro.sum_bits, input_bits, macro.rows)
        grid = np.ceil(np.sqrt(pes) - 1e-9)
        return Tile(
            self.tech,
            pe,
            pes,
            added,
            input_bits=added * self.spec.input_bits * macro.rows,
            output_bits=2.0 * rows * results * self.analog_sum_bits,
            buffer=transport.tile_buffer,
            core_lines=transport.tile_buffer_lines,
            core_bits=transport.tile_buffer_bits,
            tree_width=grid * macro.rows,
            tolerance=transport.delay_tolerance,
            name="analog",
        )

    @cached_property
    def split_tile(self) -> Tile:
        """A tile with a PE for each kernel position, whose results are added."""
        positions = self.plan.split_positions
        return self._analog_tile(self.plan.split_side, positions, positions)

    @cached_property
    def whole_tile(self) -> Tile:
        """A tile for unrolled matrices."""
        q = self.plan.pes_per_side
        return self._analog_tile(self.plan.pe_side, q**2, q)

    @property
    def split_tiles(self) -> Real:
        """Kernel-split tiles of the chip."""
        return _total(np.where(self.layers.split, self.plan.tiles, 0.0))

    @property
    def whole_tiles(self) -> Real:
        """Tiles of the chip that are not kernel-split."""
        return _total(np.where(self.layers.split, 0.0, self.plan.tiles))

    @property
    def digital_positions(self) -> float:
        """PEs of a digital tile: one for each of the most common number of kernel positions."""
        return self.plan.common_positions

    @cached_property
    def digital_tile(self) -> Tile:
        macro, transport = self.digital_macro, self.spec.transport
        rows = self.row_blocks
        cols = np.floor(self.spec.dpim.macros_per_pe / rows)
        input_bits = rows * macro.rows * macro.error_bits
        results = cols * macro.words
        pe = Pe(
            self.tech,
            macro,
            rows,
            cols,
            results,
            macro.sum_bits,
            input_bits,
            macro.rows,
            self.spec.dpim.wiring,
        )
        return Tile(
            self.tech,
            pe,
            self.digital_positions,
            self.digital_positions,
            input_bits=input_bits,
            output_bits=results * 32.0,
            buffer=transport.tile_buffer,
            core_lines=transport.tile_buffer_lines,
            core_bits=transport.tile_buffer_bits,
            tree_width=np.ceil(np.sqrt(self.digital_positions)) * macro.cols,
            tolerance=transport.delay_tolerance,
            name="digital",
        )

    @property
    def row_blocks(self) -> Real:
        """Row blocks of macros that a full PE stacks."""
        blocks: Real = np.floor(np.sqrt(self.spec.dpim.macros_per_pe))
        return blocks

    # -- how layers lie on the digital side ------------------------------------------------------

    @cached_property
    def digital_macros(self) -> Real:
        """DPIM macros of each layer."""
        m, macro = self.layers, self.digital_macro
        blocks = ceil(m.outputs / macro.rows) * ceil(m.channels / macro.words)
        return self.spec.dpim.copies * m.groups * m.positions * blocks

    @cached_property
    def digital_across(self) -> Real:
        """Tiles across a layer's input channels: each takes all errors."""
        m, macro = self.layers, self.digital_macro
        stacked = np.minimum(self.row_blocks, ceil(m.outputs / macro.rows))
        words = macro.words * np.floor(self.spec.dpim.macros_per_pe / stacked)
        return ceil(m.channels / words)

    @cached_property
    def digital_down(self) -> Real:
        """Tiles down a layer's output channels."""
        return ceil(self.layers.outputs / (self.digital_macro.rows * self.row_blocks))

    @cached_property
    def digital_tiles(self) -> Real:
        """Tiles of each layer on the digital side."""
        m, positions = self.layers, self.digital_positions
        aligned = self.spec.dpim.copies * self.digital_across * self.digital_down
        packed = ceil(self.digital_macros / (self.spec.dpim.macros_per_pe * positions))
        fits = (m.positions == positions) & (m.groups == 1)
        return np.where(fits, aligned, packed)

    # -- what all tiles share --------------------------------------------------------------------

    def _tree(self, tiles: Real, side: Real, name: str) -> HTree:
        rows = np.ceil(np.sqrt(tiles) - 1e-9)
        width, tolerance = self.spec.transport.bus_bits, self.spec.transport.delay_tolerance
        return HTree(self.tech, rows, ceil(tiles / rows), side, side, width, tolerance, name)

    @cached_property
    def analog_tree(self) -> HTree:
        """From the global buffer to the analog tiles; leaves are the larger tiles there are."""
        split = np.where(self.split_tiles > 0, self.split_tile.side, 0.0)
        whole = np.where(self.whole_tiles > 0, self.whole_tile.side, 0.0)
        return self._tree(
            self.split_tiles + self.whole_tiles, np.maximum(split, whole), "analog_tree"
        )

    @cached_property
    def digital_tree(self) -> HTree:
        """From the global buffer to the digital tiles."""
        return self._tree(_total(self.digital_tiles), self.digital_tile.side, "digital_tree")

    @cached_property
    def buffer(self) -> SramBuffer | FlipFlopBuffer:
        """Global buffer: inputs and results of the largest layer, what batch norm keeps of it, and
        room for what is on its way.
        """
        m, transport = self.layers, self.spec.transport
        maps = 2.0 * self.spec.input_bits * np.max(m.inputs, axis=-1, keepdims=True)
        kept = np.max(m.outputs * m.groups * m.vectors, axis=-1, keepdims=True)
        bits = maps + kept * self.spec.vector_unit.stored_bits + transport.staging_bits
        line = transport.global_buffer_bits
        core = transport.global_buffer_lines * line
        cores = ceil(bits / core)
        return BUFFERS[transport.global_buffer](self.tech, core, line, cores, "global_buffer")

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

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        digital = _total(self.digital_tiles)
        tiles = self.split_tiles + self.whole_tiles + digital
        return (
            (self.split_tiles, self.split_tile),
            (self.whole_tiles, self.whole_tile),
            (digital, self.digital_tile),
            (1.0, self.analog_tree),
            (1.0, self.digital_tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (tiles + 1.0, self.control),
        )


def _total(amounts: Real) -> Real:
    """The sum over the layers, which stay an axis."""
    total: Real = np.sum(amounts, axis=-1, keepdims=True)
    return total
