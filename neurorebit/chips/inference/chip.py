"""The chip that only infers: tiles of arrays, and what all tiles share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.in_place.sram import SramParallelMacro, SramRowMacro
from neurorebit.chips.inference.spec import InferenceSpec, SramInference
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.parallel import CrosspointMacro, ParallelMacro
from neurorebit.chips.parts.residence import live
from neurorebit.chips.parts.tile import Pe
from neurorebit.circuits.array import device_array
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Real
from neurorebit.schema.device import Device
from neurorebit.schema.reads import changed

ROUNDING = 1e-12  # of a width in feature sizes, which is multiplied out again

InferenceMacro = ParallelMacro | RowByRowMacro | SramParallelMacro | SramRowMacro


@dataclass(frozen=True, eq=False)
class InferenceChip(Chip[InferenceMacro]):
    """Each layer has tiles of its own; nothing reads an array backwards, and nothing learns."""

    spec: InferenceSpec

    @cached_property
    def written(self) -> Device:
        """The device in cells that are as wide as their access transistors, where these are wider
        than the device file's cell: a device of low resistance asks for a wide transistor.
        """
        if not self.spec.holds_devices or self.spec.crosspoint:
            return self.device
        cell = self.device.cell
        drawn = device_array(self.tech, self.device, 1.0, 1.0).drawn_width / self.tech.feature
        width = np.where(drawn > cell.width, drawn * (1.0 + ROUNDING), cell.width)
        return changed(self.device, cell=changed(cell, width=width))

    @cached_property
    def macro(self) -> InferenceMacro:
        spec, arrays = self.spec, self.spec.arrays
        sizes: dict[str, Any] = {
            "rows": arrays.rows,
            "cols": arrays.cols,
            "cols_per_adc": arrays.cols_per_adc,
            "adc_bits": arrays.adc_bits,
            "input_bits": spec.input_bits,
            "cells_per_weight": spec.cells_per_weight,
            "adc_kind": arrays.adc,
            "signed_inputs": self.signed_inputs,
            "transposed": False,
        }
        parallel = arrays.read == "parallel"
        if isinstance(arrays, SramInference):
            return (SramParallelMacro if parallel else SramRowMacro)(self.tech, **sizes)
        sizes["opened_rows"] = arrays.blocks.rows
        if not parallel:
            return RowByRowMacro(self.tech, self.written, cell_bits=arrays.cell_bits, **sizes)
        sizes |= {"signed": True, "adc_range": arrays.adc_range}
        if arrays.cells == "1t1r":
            return ParallelMacro(self.tech, self.written, paired=spec.paired, **sizes)
        nonlinearity = arrays.selector_nonlinearity
        return CrosspointMacro(self.tech, self.written, nonlinearity=nonlinearity, **sizes)

    def product_macro(self, bits: Real) -> SramRowMacro | None:
        """As those of the weights where these are latched row by row, with values of ``bits``."""
        if not isinstance(self.macro, SramRowMacro):
            return None
        return replace(self.macro, cells_per_weight=bits, input_bits=bits, transposed=False)

    def pe(self, rows: Real, cols: Real) -> Pe[InferenceMacro]:
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

    @property
    def map_bits(self) -> Real:
        """Room for the maps that are live at once, at the layer where they are most."""
        w = self.workload
        bits: Real = np.max(live(w.maps, len(w.all.rows))) * self.spec.input_bits
        return bits

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        tiles = self.split_tiles + self.whole_tiles
        return (
            *self.forward_tiles,
            (1.0, self.tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (tiles + 1.0, self.control),
            *self.product_parts,
        )
