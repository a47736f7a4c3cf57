"""The chip: tiles of arrays, their interconnect, and the blocks that all tiles share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property, reduce
from typing import Any, Generic

import numpy as np

from neurorebit.chips.parts.floorplan import Floorplan, ceil, max_over_layers
from neurorebit.chips.parts.pipelining import NONE, Pipeline, Place
from neurorebit.chips.parts.product_unit import Job, ProductMacro, ProductUnit, jobs_of
from neurorebit.chips.parts.signs import SIGNED_INPUTS, SignedInputs
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.tile import M, Pe, Tile
from neurorebit.chips.parts.vector import Sequencer, VectorUnit
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.block import Block
from neurorebit.circuits.buffer import BUFFERS, FlipFlopBuffer, SramBuffer
from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.htree import HTree
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

GROWTH = 2.0  # bits by which a partial sum grows in transit, on average


@dataclass(frozen=True, eq=False)
class Chip(Block, ABC, Generic[M]):
    """The base class of all chips; each layer has tiles of its own for the forward pass.

    ``M`` is the macro of these tiles. An organisation derives from it and defines their PE.
    """

    tech: Technology
    device: Device
    spec: ArchitectureSpec
    plan: Floorplan
    _: KW_ONLY
    name: str = "chip"

    @property
    def workload(self) -> Workload:
        """The network that the chip is for."""
        return self.plan.workload

    @property
    def signed_inputs(self) -> SignedInputs | None:
        """How inputs below zero enter its arrays; None where no layer has any."""
        return SIGNED_INPUTS[self.spec.signed_inputs] if np.any(self.workload.signed) else None

    @cached_property
    def input_planes(self) -> Real:
        """Reads of an array for one vector of each layer."""
        bits: Real = self.spec.input_bits
        if self.signed_inputs is None:
            return bits
        return np.where(self.workload.signed > 0.0, self.signed_inputs.reads(bits), bits)

    @abstractmethod
    def pe(self, rows: Real, cols: Real) -> Pe[M]:
        """A PE of ``rows`` x ``cols`` macros of the forward pass."""

    # -- tiles -----------------------------------------------------------------------------------

    @property
    def sum_bits(self) -> Real:
        """Bits of a partial sum of the forward pass in transit."""
        return self.whole_tile.pe.result_bits + GROWTH

    @property
    def value_bits(self) -> Real:
        """Bits of a value that enters the arrays."""
        return self.spec.input_bits

    def _tile(self, side: Real, pes: Real, added: Real) -> Tile[M]:
        """A tile of ``pes`` PEs, of which ``added`` give partial sums of the same results.

        Its output buffer holds two sets of the sums that the PEs beside each other give at once.
        """
        transport = self.spec.transport
        rows, cols = side / self.plan.rows, side / self.plan.cols
        pe = self.pe(rows, cols)
        return Tile(
            self.tech,
            pe,
            pes,
            added,
            input_bits=added * self.value_bits * pe.lines,
            output_bits=2.0 * pes / added * pe.results * (pe.sum_bits + GROWTH),
            buffer=transport.tile_buffer,
            core_lines=transport.tile_buffer_lines,
            core_bits=transport.tile_buffer_bits,
            tree_width=np.ceil(np.sqrt(pes) - 1e-9) * pe.lines,
            tolerance=transport.delay_tolerance,
            name=self.tile_name,
        )

    @property
    def tile_name(self) -> str:
        """Name of the tiles of the forward pass in the bill."""
        return "tile"

    @cached_property
    def split_tile(self) -> Tile[M]:
        """A tile with a PE for each window position, whose results are added."""
        positions = self.plan.split_positions
        return self._tile(self.plan.split_side, positions, positions)

    @cached_property
    def whole_tile(self) -> Tile[M]:
        """A tile for unrolled matrices."""
        q = self.plan.pes_per_side
        return self._tile(self.plan.pe_side, q**2, q)

    @property
    def split_tiles(self) -> Real:
        """Kernel-split tiles of the chip."""
        if self.plan.laid is not None:
            return self.plan.laid[0]
        return self.plan.laid_out(np.where(self.plan.split, self.plan.there, 0.0))

    @property
    def whole_tiles(self) -> Real:
        """Tiles of the chip that are not kernel-split."""
        if self.plan.laid is not None:
            return self.plan.laid[1]
        return self.plan.laid_out(np.where(self.plan.split, 0.0, self.plan.there))

    @property
    def forward_tiles(self) -> tuple[tuple[Real, Block], ...]:
        """The tiles of the forward pass: pairs of count and block."""
        return (self.split_tiles, self.split_tile), (self.whole_tiles, self.whole_tile)

    @property
    def tiles_of_layers(self) -> tuple[tuple[Real, Tile[Any]], ...]:
        """How many tiles of which kind each layer has."""
        split, tiles = self.plan.split, self.plan.there
        return (
            (np.where(split, tiles, 0.0), self.split_tile),
            (np.where(split, 0.0, tiles), self.whole_tile),
        )

    def in_tiles(self, work: Callable[[Tile[M]], Cost]) -> Cost:
        """The cost of ``work`` in the tiles of each layer, kernel-split or whole."""
        split = self.plan.split
        if not np.any(split):
            return work(self.whole_tile)
        kind = np.where(split, 1.0, 0.0)
        total: Cost = kind * work(self.split_tile)
        if not np.all(split):
            total = total + (1.0 - kind) * work(self.whole_tile)
        return total

    def in_macros(self, work: Callable[[M], Cost]) -> Cost:
        """The cost of ``work`` in the macros of the forward pass, which all tiles share."""
        return self.whole_tile.in_macros(work)

    # -- layers that work side by side -----------------------------------------------------------

    @cached_property
    def pipeline(self) -> Pipeline | None:
        """What layers wait for in a pipeline; None where they follow each other."""
        way = self.spec.pipelining
        return None if way == NONE else Pipeline(self.workload, way)

    def works_in(self, phase: str) -> Place:
        """What a layer takes in a phase."""
        return Place(self.tile_name, self.tile_name)

    @property
    def gradients_wait(self) -> bool:
        """Whether a gradient waits for all errors of its layer: it changes cells that both passes
        read, or runs over a batch.
        """
        return False

    def together(self, tiles: str) -> Any:
        """Of each layer with weights whether others stand in its tiles, and it waits for them."""
        return self.plan.stands_with_others

    # -- products of two activations -------------------------------------------------------------

    def product_macro(self, bits: Real) -> ProductMacro | None:
        """A digital macro for products of activations of ``bits`` bits; None: the chip has none."""
        return None

    @cached_property
    def product_unit(self) -> ProductUnit | None:
        """Digital macros for products of two activations; None where lanes form them, or no layer
        asks for any.
        """
        products, way = self.workload.all.products, self.spec.activation_products
        if products is None or way == "vector":
            return None
        widest = np.maximum(self.spec.input_bits, self.spec.error_width)
        macro = self.product_macro(widest)
        if macro is None:
            return None
        jobs = jobs_of(products, self.spec.trains)
        macros, down = (
            max_over_layers(reduce(np.maximum, (amount(job, macro) for job in jobs)))
            for amount in (Job.macros, Job.down)
        )
        tree = self._tree(macros, np.sqrt(macro.footprint.area.total), "tree")
        return ProductUnit(self.tech, macro, macros, down, tree=tree)

    @property
    def product_parts(self) -> tuple[tuple[Real, Block], ...]:
        """What the chip has for products of activations alone."""
        return () if self.product_unit is None else ((1.0, self.product_unit),)

    # -- what all tiles share --------------------------------------------------------------------

    def _tree(self, tiles: Real, side: Real, name: str) -> HTree:
        rows = np.ceil(np.sqrt(tiles) - 1e-9)
        width, tolerance = self.spec.transport.bus_bits, self.spec.transport.delay_tolerance
        return HTree(
            self.tech,
            rows,
            ceil(tiles / rows),
            leaf_height=side,
            leaf_width=side,
            width=width,
            tolerance=tolerance,
            name=name,
        )

    @cached_property
    def tree(self) -> HTree:
        """From the global buffer to the tiles; a leaf is as large as the larger kind of tile."""
        split = np.where(self.split_tiles > 0, self.split_tile.side, 0.0)
        whole = np.where(self.whole_tiles > 0, self.whole_tile.side, 0.0)
        name = f"{self.tile_name}_tree"
        return self._tree(self.split_tiles + self.whole_tiles, np.maximum(split, whole), name)

    def _global_buffer(self, bits: Real, name: str) -> SramBuffer | FlipFlopBuffer:
        """A buffer on the chip of at least ``bits`` bits, in whole cores."""
        transport = self.spec.transport
        line = transport.global_buffer_bits
        core = transport.global_buffer_lines * line
        return BUFFERS[transport.global_buffer](self.tech, core, line, ceil(bits / core), name=name)

    @cached_property
    def buffer(self) -> SramBuffer | FlipFlopBuffer:
        """Global buffer: room for the maps of an image, and for values in transit."""
        transport = self.spec.transport
        given = transport.activation_bits
        maps = self.held_bits if isinstance(given, str) else given
        return self._global_buffer(np.maximum(maps + transport.staging_bits, 1.0), "global_buffer")

    @property
    def held_bits(self) -> Real:
        """Room for maps: those of one layer after the other, or what a pipeline holds at once."""
        if self.pipeline is None:
            return self.map_bits
        spec = self.spec
        between = self.pipeline.values * np.asarray(spec.input_bits)
        if not spec.trains:
            return between
        handed = self.pipeline.training_bits(spec.input_bits, spec.error_width)
        return np.maximum(np.maximum(self.map_bits, between), handed)

    @property
    def map_bits(self) -> Real:
        """Room that the largest layer asks for: inputs, outputs, and results at the width at which
        the vector unit stores them.
        """
        w = self.workload.all
        maps = 2.0 * self.spec.input_bits * np.max(w.read, axis=-1, keepdims=True)
        kept = np.max(w.kept, axis=-1, keepdims=True)
        bits: Real = maps + kept * self.spec.vector_unit.stored_bits
        return bits

    @cached_property
    def vector_unit(self) -> VectorUnit:
        unit = self.spec.vector_unit
        return VectorUnit(
            self.tech,
            unit.lanes,
            stored_bits=unit.stored_bits,
            error_bits=self.spec.error_width,
            input_bits=self.spec.input_bits,
            tables=self.workload.tables(self.spec.trains),
        )

    @cached_property
    def control(self) -> Sequencer:
        """The sequencer of a tile or of the chip."""
        return Sequencer(self.tech)

    @cached_property
    def dram(self) -> Dram:
        """Off the chip."""
        dram = self.spec.dram
        return Dram(self.tech, bandwidth=dram.bandwidth, energy=dram.energy, stacks=dram.stacks)
