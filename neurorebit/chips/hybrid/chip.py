"""The hybrid chip: analog tiles for the forward pass, digital tiles for the other phases.

See docs/models/chip.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.hybrid.adapters import Adapters
from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.hybrid.builds import BUILDS
from neurorebit.chips.hybrid.digital import DigitalMacro
from neurorebit.chips.hybrid.formats import Formats
from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Pieces, ceil, max_over_layers, shared, sum_over_layers
from neurorebit.chips.parts.mapping import Chosen
from neurorebit.chips.parts.pipelining import Place
from neurorebit.chips.parts.tile import Pe, Tile
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Real
from neurorebit.circuits.htree import HTree

WORD = 32.0  # bits of an error while it is summed over tiles


@dataclass(frozen=True, eq=False)
class HybridChip(Chip[AnalogMacro]):
    """Every layer has its own tiles on both sides, and each side has its tree.

    ``moments``: words of each weight that a learning rule keeps apart from weight and gradient.
    ``velocity``: a velocity is kept in the words that gradients are collected in.
    """

    spec: HybridSpec
    moments: Real = field(default=0.0, kw_only=True)
    velocity: bool = field(default=True, kw_only=True)

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
            adc_range=apim.adc_range,
            opened_rows=apim.blocks.rows,
            adc_kind=apim.adc,
            input_bits=self.spec.input_bits,
            cells_per_weight=self.spec.cells_per_weight,
            paired=self.spec.paired,
            signed_inputs=self.signed_inputs,
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
            accumulator_bits=self.spec.accumulator_bits,
            vectors=dpim.vectors,
            words_per_tree=dpim.words_per_tree,
            adder=dpim.adder,
            float_errors=self.spec.error_bits if isinstance(self.spec.error_bits, str) else "",
            moments=self.moments,
            formats=self.spec.formats,
            sharing=self.macros_per_lanes,
            collects=self.velocity or not dpim.streamed,
        )

    @property
    def swapped_bits(self) -> Real:
        """Bits of each layer that are kept from one batch to the next."""
        formats = self.spec.formats
        masters = 0.0 if formats.masters is None else formats.masters.bits
        bits = formats.weights.bits + masters + self.moments * formats.moments.bits
        return (bits + (formats.gradients.bits if self.velocity else 0.0)) * self.workload.weights

    @property
    def macros_per_lanes(self) -> Real:
        """Macros that take turns at one set of lanes."""
        dpim = self.spec.dpim
        given = dpim.macros_per_lanes
        if not isinstance(given, str):
            return given
        return dpim.macros_per_pe * (self.digital_positions if given == "tile" else 1.0)

    @property
    def turns(self) -> Real:
        """Macros of a layer that wait for each other at their lanes."""
        return np.minimum(self.macros_per_lanes, self._macros_of_a_copy)

    def product_macro(self, bits: Real) -> DigitalMacro:
        """As those of the backward pass, with words and lanes of their own."""
        own = replace(self.digital_macro, formats=Formats(), sharing=1.0, collects=True)
        return replace(own, error_bits=bits, moments=0.0)

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
            output_bits=results * WORD,
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
        return self.digital_copies * self._macros_of_a_copy

    @cached_property
    def digital_copies(self) -> Real:
        """Copies of each layer's DPIM macros."""
        asked = Chosen.of(self.spec.mapping, self.workload.names).digital_copies
        return np.where(np.isnan(asked), self.spec.dpim.copies, asked)

    @cached_property
    def digital_groups(self) -> Real:
        """Groups of a layer whose rows follow each other in a macro, as those of a dense layer do.

        The words of such a row are the input channels of its group at all positions of the window.
        1: a group has macros of its own, for each position.
        """
        w = self.workload
        together = np.minimum(np.floor(self.digital_macro.rows / w.cols), w.groups)
        packed = (together >= 2.0) & self.spec.apim.pack_groups
        return np.where(packed, together, 1.0)

    @property
    def _words(self) -> Real:
        """Words of a group's row, in all macros that it crosses."""
        w = self.workload
        return np.where(self.digital_groups > 1.0, w.rows, w.channels)

    @property
    def digital_blocks(self) -> Real:
        """Macros that hold a group, or the groups packed with it, were they large enough."""
        return np.where(self.digital_groups > 1.0, 1.0, self.workload.positions)

    @property
    def _macros_of_a_copy(self) -> Real:
        groups = ceil(self.workload.groups / self.digital_groups)
        return groups * self.digital_blocks * self._block

    @property
    def _block(self) -> Real:
        """Macros of one window position of one group, or of all of packed groups."""
        macro = self.digital_macro
        blocks: Real = ceil(self.workload.cols / macro.rows) * ceil(self._words / macro.words)
        return blocks

    @property
    def _stacked(self) -> Real:
        """Row blocks that a PE of a layer stacks."""
        w, macro = self.workload, self.digital_macro
        stacked: Real = np.minimum(self.row_blocks, ceil(w.cols / macro.rows))
        return stacked

    @cached_property
    def digital_pieces(self) -> Pieces:
        """The macros of one copy of each layer, sorted by how far they are filled.

        Output channels of a group lie along the rows, its input channels are words, and each
        position of the window has macros of its own. Of packed groups each counts as one.
        """
        w, macro = self.workload, self.digital_macro
        blocks = w.groups * self.digital_blocks
        return Pieces.cut((w.cols, macro.rows), (self._words, macro.words), blocks)

    @property
    def digital_rows(self) -> Real:
        """Rows in use in the fullest macro of each layer."""
        rows: Real = np.minimum(self.digital_groups * self.workload.cols, self.digital_macro.rows)
        return rows

    @property
    def aligned(self) -> Real:
        """Whether a layer has a tile's PE for each window position; the others are packed, macro
        after macro: those across input channels first, then those down, then positions.
        """
        w = self.workload
        aligned: Real = (w.positions == self.digital_positions) & (w.groups == 1)
        return aligned

    @property
    def _macros_of_a_tile(self) -> Real:
        macros: Real = self.spec.dpim.macros_per_pe * self.digital_positions
        return macros

    @cached_property
    def digital_pes_across(self) -> Real:
        """PEs across a layer's input channels, for one position: each takes all errors."""
        macro = self.digital_macro
        words = macro.words * np.floor(self.spec.dpim.macros_per_pe / self._stacked)
        return ceil(self._words / words)

    @cached_property
    def digital_pes_down(self) -> Real:
        """PEs down a layer's output channels, for one position: each takes all inputs."""
        return ceil(self.workload.cols / (self.digital_macro.rows * self.row_blocks))

    @cached_property
    def digital_across(self) -> Real:
        """Tiles that take an error of one window position: they hold other input channels."""
        across = ceil(self._words / self.digital_macro.words)
        packed = ceil(self._stacked * across / self._macros_of_a_tile)
        return np.where(self.aligned, self.digital_pes_across, packed)

    @cached_property
    def digital_down(self) -> Real:
        """Tiles that take an input of one window position: they hold other output channels."""
        most = ceil(self._block / self._macros_of_a_tile)
        packed = np.minimum(self.digital_pes_down, most)
        return np.where(self.aligned, self.digital_pes_down, packed)

    def of_all_positions(self, tiles: Real) -> Real:
        """Tiles that hold any window position, given those that hold one, for values of a group."""
        positions = self.digital_blocks
        packed = ceil(positions * self._block / self._macros_of_a_tile)
        return np.where(self.aligned, tiles, np.minimum(packed, positions * tiles))

    def pes_in_tile(self, pes: Real) -> Real:
        """Of so many PEs of one position, those that stand in one tile."""
        return np.where(self.aligned, 1.0, np.minimum(pes, self.digital_positions))

    @cached_property
    def digital_fetches(self) -> Real:
        """Times that a value is sent to the digital tiles of a layer to meet all window positions.

        The PEs of an aligned layer hand a value on along the rows of the window.
        """
        w = self.workload
        return np.where(self.aligned, w.window_height, w.positions)

    @cached_property
    def error_fetches(self) -> Real:
        """As ``digital_fetches``, of errors: all positions of packed groups share a row."""
        return np.where(self.digital_groups > 1.0, 1.0, self.digital_fetches)

    @cached_property
    def digital_tiles(self) -> Real:
        """Tiles of each layer on the digital side."""
        aligned = self.digital_copies * self.digital_across * self.digital_down
        packed = ceil(self.digital_macros / self._macros_of_a_tile)
        return np.where(self.aligned, aligned, packed)

    @cached_property
    def adapters(self) -> Adapters:
        """Low-rank updates of layers."""
        return Adapters(self.digital_macro, self.workload)

    @cached_property
    def digital_ahead(self) -> Pieces:
        """The macros that multiply inputs by weights which no array holds, by how they are filled:
        inputs lie along the rows, where all layers' errors come in along outputs.
        """
        w, macro = self.workload, self.digital_macro
        blocks = (1.0 - w.in_cells) * w.groups
        return Pieces.cut((w.rows, macro.rows), (w.cols, macro.words), blocks)

    @cached_property
    def all_digital_tiles(self) -> Real:
        """Tiles of each layer on the digital side, with those of its adapter, and of weights that
        no array holds.
        """
        ahead, layers = self.digital_ahead, len(self.workload.rows)
        macros = np.sum(ahead.by_kind(ahead.counts, layers), axis=-2)
        own = self.digital_tiles + self.adapters.tiles(self._macros_of_a_tile)
        return own + ceil(macros / self._macros_of_a_tile)

    @cached_property
    def digital_shares(self) -> Real:
        """As ``all_digital_tiles``; of layers that share a tile with others, their parts of it."""
        parts = self.digital_macros / self._macros_of_a_tile
        alone = (self.all_digital_tiles == 1.0) & (self.digital_tiles == 1.0) & (parts < 1.0)
        return shared(self.all_digital_tiles, parts, alone & self.spec.apim.share_tiles)

    @cached_property
    def digital_count(self) -> Real:
        """Tiles of the digital side."""
        if not self.spec.dpim.one_layer:
            return self.plan.laid_out(self.digital_shares)
        beside = sum_over_layers(self.all_digital_tiles - self.digital_tiles)
        return ceil(max_over_layers(self.digital_tiles) + beside)

    @cached_property
    def digital_tree(self) -> HTree:
        """From the global buffer to the digital tiles."""
        return self._tree(self.digital_count, self.digital_tile.side, "digital_tree")

    def works_in(self, phase: str) -> Place:
        """Errors and gradients in the digital tiles."""
        name = self.digital_tile.name
        return Place(name, name) if phase in ("backward", "gradient") else super().works_in(phase)

    @property
    def gradients_wait(self) -> bool:
        """Sums that run over a batch begin when its errors are there."""
        return self.spec.dpim.streamed

    def together(self, tiles: str) -> Any:
        if tiles != self.digital_tile.name:
            return super().together(tiles)
        return np.asarray(self.digital_shares < self.all_digital_tiles)

    @property
    def tiles_of_layers(self) -> tuple[tuple[Real, Tile[Any]], ...]:
        return *super().tiles_of_layers, (self.digital_shares, self.digital_tile)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        digital = self.digital_count
        tiles = self.split_tiles + self.whole_tiles + digital
        return (
            *self.forward_tiles,
            (digital, self.digital_tile),
            (1.0, self.tree),
            (1.0, self.digital_tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (tiles + 1.0, self.control),
            *self.product_parts,
        )
