"""The chip with bit-sliced weights: tiles of slices, and a digital unit for rates and carries."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.in_place.gradient import RATE
from neurorebit.chips.parts.parallel import CrosspointMacro, ParallelMacro
from neurorebit.chips.parts.two_way import TwoWayChip
from neurorebit.chips.sliced.macros import SlicedMacro
from neurorebit.chips.sliced.spec import SlicedSpec
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.prefix import FASTEST, PrefixAdder
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class UpdateUnit(Block):
    """Lanes that multiply errors by the rate, and that add up the slices of weights.

    An error has ``error_bits``, a weight ``weight_bits`` in ``slices`` slices.
    """

    tech: Technology
    error_bits: Positive
    weight_bits: Positive
    slices: Positive
    _: KW_ONLY
    lanes: Positive
    name: str = "update_unit"

    @property
    def gradients_wait(self) -> bool:
        return True

    @cached_property
    def multiplier(self) -> Multiplier:
        wide, narrow = np.maximum(self.error_bits, RATE), np.minimum(self.error_bits, RATE)
        return Multiplier(self.tech, wide, narrow, self.lanes)

    @cached_property
    def adder(self) -> PrefixAdder:
        """A bit wider than a weight: the slices together may hold more."""
        return PrefixAdder(self.tech, self.weight_bits + 1.0, self.lanes, network=FASTEST)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (1.0, self.multiplier), (1.0, self.adder)

    @action
    def scale(self, values: Real) -> Cost:
        """Multiply ``values`` errors by the rate, and round them to the bits of an operand."""
        work = self.multiplier.multiply() + self.adder.add()
        return values / self.lanes * work

    @action
    def resolve(self, weights: Real) -> Cost:
        """Add up the slices of ``weights`` weights, and take the digits from the sums in turn."""
        return 2.0 * self.slices * weights / self.lanes * self.adder.add()


@dataclass(frozen=True, eq=False)
class SlicedChip(TwoWayChip[SlicedMacro]):
    """Tiles whose macros have an array for each slice of their weights."""

    spec: SlicedSpec

    @cached_property
    def macro(self) -> SlicedMacro:
        spec, arrays = self.spec, self.spec.arrays
        sizes: dict[str, Any] = {
            "rows": arrays.rows,
            "cols": arrays.cols,
            "cols_per_adc": arrays.cols_per_adc,
            "rows_per_adc": arrays.rows_per_adc,
            "adc_bits": arrays.adc_bits,
            "back_adc_bits": arrays.back_adc_bits,
            "adc_range": arrays.adc_range,
            "input_bits": spec.input_bits,
            "error_bits": spec.error_width,
            "adc_kind": arrays.adc,
            "signed_inputs": self.signed_inputs,
            "signed": True,
            "name": "slice",
        }
        if arrays.cells == "1t1r":
            array = ParallelMacro(self.tech, self.device, **sizes)
        else:
            selector = arrays.selector_nonlinearity
            array = CrosspointMacro(self.tech, self.device, nonlinearity=selector, **sizes)
        return SlicedMacro(
            tech=self.tech,
            array=array,
            bits=arrays.bits,
            stride=spec.stride,
            read_slices=spec.read_slices,
            update_bits=arrays.update_bits,
        )

    @cached_property
    def update_unit(self) -> UpdateUnit:
        """As many lanes as the file says."""
        spec, slices = self.spec, float(self.spec.slices_per_weight)
        lanes = spec.arrays.lanes
        return UpdateUnit(self.tech, spec.error_width, spec.weight_bits, slices, lanes=lanes)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        tiles = self.split_tiles + self.whole_tiles
        return (
            *self.forward_tiles,
            (1.0, self.tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (1.0, self.update_unit),
            (tiles + 1.0, self.control),
            *self.product_parts,
        )
