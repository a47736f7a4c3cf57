"""The chip whose arrays are read both ways and updated in place (docs/models/chip.md).

Forward and backward pass share its arrays; weight gradients are formed in SRAM arrays beside the
global buffer and summed over a batch in a store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.in_place.gradient import GradientStore, GradientUnit
from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.in_place.spec import InPlaceSpec, ResistiveArrays, SramArrays
from neurorebit.chips.in_place.sram import SramParallelMacro, SramRowMacro
from neurorebit.chips.parts.floorplan import ceil, max_over_layers
from neurorebit.chips.parts.parallel import CrosspointMacro, ParallelMacro
from neurorebit.chips.parts.pipelining import Place
from neurorebit.chips.parts.two_way import TwoWayChip
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import log2_up
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

InPlaceMacro = ParallelMacro | RowByRowMacro | SramParallelMacro | SramRowMacro


def parallel_macro(
    tech: Technology, device: Device, arrays: ResistiveArrays, sizes: Mapping[str, Any]
) -> ParallelMacro:
    """Cells of a device, all rows of which are read at once."""
    if arrays.cells == "1t1r":
        return ParallelMacro(tech, device, **sizes)
    return CrosspointMacro(tech, device, nonlinearity=arrays.selector_nonlinearity, **sizes)


@dataclass(frozen=True, eq=False)
class InPlaceChip(TwoWayChip[InPlaceMacro]):
    """Tiles of arrays for both passes, a gradient unit, and a store for its sums."""

    spec: InPlaceSpec
    _: KW_ONLY
    batch: Real = 1.0  # images whose gradients are summed

    @cached_property
    def macro(self) -> InPlaceMacro:
        spec, arrays = self.spec, self.spec.arrays
        sizes: dict[str, Any] = {
            "rows": arrays.rows,
            "cols": arrays.cols,
            "cols_per_adc": arrays.cols_per_adc,
            "rows_per_adc": arrays.rows_per_adc,
            "adc_bits": arrays.adc_bits,
            "back_adc_bits": arrays.back_adc_bits,
            "input_bits": spec.input_bits,
            "error_bits": spec.error_width,
            "cells_per_weight": spec.cells_per_weight,
            "adc_kind": arrays.adc,
            "signed_inputs": self.signed_inputs,
        }
        parallel = arrays.read == "parallel"
        if isinstance(arrays, SramArrays):
            return (SramParallelMacro if parallel else SramRowMacro)(self.tech, **sizes)
        sizes["opened_rows"] = arrays.blocks.rows
        if parallel:
            sizes["adc_range"] = arrays.adc_range
            return parallel_macro(self.tech, self.device, arrays, {**sizes, "signed": True})
        return RowByRowMacro(self.tech, self.device, cell_bits=arrays.cell_bits, **sizes)

    @property
    def cell_assumptions(self) -> tuple[str, ...]:
        """Assumptions about the representation of weights in cells and its updates."""
        if not self.spec.holds_devices:
            return (
                "no memory device is on this chip; a weight is its bits, of which the highest "
                "counts below zero; rows that change are read and written",
            )
        return (
            "a reference line for each converter gives weights their signs"
            if self.spec.arrays.read == "parallel"
            else "weights get their signs when rows are added",
        )

    def product_macro(self, bits: Real) -> SramRowMacro | None:
        """As those of the weights where these are latched row by row, with values of ``bits``."""
        if not isinstance(self.macro, SramRowMacro):
            return None
        return replace(self.macro, cells_per_weight=bits, input_bits=bits, transposed=False)

    @cached_property
    def gradient_unit(self) -> GradientUnit:
        """Sized for the layer with the largest input map."""
        w, unit = self.workload, self.spec.gradient_unit
        largest = np.argmax(w.inputs)
        return GradientUnit(
            self.tech,
            self.positions[largest],
            w.channels[largest] * self.spec.input_bits,
            rows=unit.rows,
            cols=unit.cols,
            cols_per_adc=unit.cols_per_adc,
            adc_bits=unit.adc_bits,
            error_bits=self.spec.error_width,
            input_bits=self.spec.input_bits,
            adc_kind=unit.adc,
            span=unit.span,
        )

    @cached_property
    def gradient_images(self) -> Real:
        """Images of a batch whose maps share the rows of an array of the gradient unit."""
        return self.spec.gradient_unit.images_together(self.positions, self.batch)

    @cached_property
    def gradient_arrays(self) -> Real:
        """Arrays of gradient units that hold the activations of each layer once."""
        unit, w = self.gradient_unit, self.workload
        columns = w.channels * self.spec.input_bits
        down, across = unit.taken(self.gradient_images * self.positions, columns)
        return down * across

    @property
    def gradient_reads(self) -> Real:
        """Error vectors of an image that each of these arrays reads: one for each output at each
        window position, which serves all images that stand there.
        """
        w = self.workload
        reads: Real = w.outputs * w.positions / self.gradient_images
        return reads

    @cached_property
    def gradient_units(self) -> Real:
        """Units of the chip; by default as many as the layer with the most reads asks, so that
        its arrays read as many error vectors an image in turn as the file says.
        """
        given = self.spec.gradient_unit
        if not isinstance(given.units, str):
            return given.units
        most = max_over_layers(self.gradient_arrays * self.gradient_reads)
        return np.maximum(ceil(most / (given.reads * self.gradient_unit.arrays)), 1.0)

    @property
    def positions(self) -> Any:
        """Pixels of each layer's input map."""
        w = self.workload
        return w.inputs / (w.channels * w.groups)

    @cached_property
    def gradient_store(self) -> GradientStore:
        """Room for the layer with the most weights, unless given."""
        unit, units = self.gradient_unit, self.gradient_units
        word = unit.sum_bits + log2_up(self.batch)
        most = np.max(self.workload.weights, axis=-1, keepdims=True)
        given = self.spec.gradient_unit.store_bits
        bits = most * word if isinstance(given, str) else given
        buffer = self._global_buffer(np.maximum(bits, 1.0), "buffer")
        return GradientStore(
            self.tech,
            buffer,
            bits,
            word,
            lanes=units * unit.tree.count,
            update_lanes=self.spec.gradient_unit.lanes,
        )

    def works_in(self, phase: str) -> Place:
        """Gradients in units that all layers share."""
        if phase == "gradient":
            return Place(self.gradient_unit.name, self.tile_name, shared=True)
        return super().works_in(phase)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        tiles = self.split_tiles + self.whole_tiles
        return (
            *self.forward_tiles,
            (1.0, self.tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (self.gradient_units, self.gradient_unit),
            (1.0, self.gradient_store),
            (tiles + 1.0, self.control),
            *self.product_parts,
        )
