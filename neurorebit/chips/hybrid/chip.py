"""The hybrid chip: analog tiles for the forward pass, digital tiles for the other phases.

System.md 13.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.hybrid.digital import BUILDS, DigitalMacro
from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Pieces, ceil, sum_over_layers
from neurorebit.chips.parts.tile import Pe, Tile
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Real
from neurorebit.circuits.htree import HTree


@dataclass(frozen=True, eq=False)
class HybridChip(Chip[AnalogMacro]):
    """Every layer has its own tiles on both sides, and each side has its tree."""

    spec: HybridSpec

    @property
    def tile_name(self) -> str:
        return "analog"

    @cached_property
    def macro(self) -> AnalogMacro:
        apim = self.spec.apim
        return AnalogMacro(
            self.tech,
            self.device,
            rows=apim.rows,
            cols=apim.cols,
            cols_per_adc=apim.cols_per_adc,
            adc_bits=apim.adc_bits,
            adc_kind=apim.adc,
            input_bits=self.spec.input_bits,
            cells_per_weight=self.spec.cells_per_weight,
        )

    def pe(self, rows: Real, cols: Real) -> Pe[AnalogMacro]:
        macro = self.macro
        return Pe(
            self.tech,
            macro,
            rows,
            cols,
            results=cols * macro.adcs,
            result_bits=macro.output_bits,
            sum_bits=macro.output_bits,
            input_bits=macro.rows * rows * self.value_bits,
            lines=macro.rows,
        )

    @cached_property
    def digital_macro(self) -> DigitalMacro:
        dpim = self.spec.dpim
        return BUILDS[dpim.build](
            self.tech,
            rows=dpim.rows,
            cols=dpim.cols,
            error_bits=self.spec.error_width,
            input_bits=self.spec.input_bits,
            accumulator_bits=dpim.accumulator_bits,
            vectors=dpim.vectors,
            float_errors=isinstance(self.spec.error_bits, str),
        )

    @property
    def digital_positions(self) -> float:
        """PEs of a digital tile: as many as most layers have window positions."""
        return self.plan.common_positions

    @cached_property
    def digital_tile(self) -> Tile[DigitalMacro]:
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
            results=results,
            result_bits=macro.sum_bits,
            sum_bits=macro.sum_bits,
            input_bits=input_bits,
            lines=macro.rows,
            wiring=self.spec.dpim.wiring,
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

    # -- layers on the digital side --------------------------------------------------------------

    @cached_property
    def digital_macros(self) -> Real:
        """DPIM macros of each layer."""
        w, macro = self.workload, self.digital_macro
        blocks = ceil(w.cols / macro.rows) * ceil(w.channels / macro.words)
        return self.spec.dpim.copies * w.groups * w.positions * blocks

    @cached_property
    def digital_pieces(self) -> Pieces:
        """The macros of one copy of each layer, sorted by how far they are filled.

        Output channels of a group lie along the rows, its input channels are words, and each
        position of the window has macros of its own.
        """
        w, macro = self.workload, self.digital_macro
        blocks = w.groups * w.positions
        return Pieces.cut((w.cols, macro.rows), (w.channels, macro.words), blocks)

    @property
    def digital_rows(self) -> Real:
        """Rows in use in the fullest macro of each layer."""
        rows: Real = np.minimum(self.workload.cols, self.digital_macro.rows)
        return rows

    @cached_property
    def digital_across(self) -> Real:
        """Tiles across a layer's input channels: each takes all errors."""
        w, macro = self.workload, self.digital_macro
        stacked = np.minimum(self.row_blocks, ceil(w.cols / macro.rows))
        words = macro.words * np.floor(self.spec.dpim.macros_per_pe / stacked)
        return ceil(w.channels / words)

    @cached_property
    def digital_down(self) -> Real:
        """Tiles down a layer's output channels."""
        return ceil(self.workload.cols / (self.digital_macro.rows * self.row_blocks))

    @cached_property
    def digital_tiles(self) -> Real:
        """Tiles of each layer on the digital side."""
        w, positions = self.workload, self.digital_positions
        aligned = self.spec.dpim.copies * self.digital_across * self.digital_down
        packed = ceil(self.digital_macros / (self.spec.dpim.macros_per_pe * positions))
        fits = (w.positions == positions) & (w.groups == 1)
        return np.where(fits, aligned, packed)

    @cached_property
    def digital_tree(self) -> HTree:
        """From the global buffer to the digital tiles."""
        return self._tree(
            sum_over_layers(self.digital_tiles), self.digital_tile.side, "digital_tree"
        )

    @property
    def tiles_of_layers(self) -> tuple[tuple[Real, Tile[Any]], ...]:
        return *super().tiles_of_layers, (self.digital_tiles, self.digital_tile)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        digital = sum_over_layers(self.digital_tiles)
        tiles = self.split_tiles + self.whole_tiles + digital
        return (
            *self.forward_tiles,
            (digital, self.digital_tile),
            (1.0, self.tree),
            (1.0, self.digital_tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (tiles + 1.0, self.control),
        )
