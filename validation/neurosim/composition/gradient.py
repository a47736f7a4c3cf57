"""The weight-gradient unit: SRAM arrays that hold activations and read errors.

See docs/models/macros.md#weight-gradient-unit.

Positions of a layer's input lie along the rows, bits of its channels along the columns. An error
map is read plane by plane against them: the columns sum over the positions of an array, an adder
tree over the arrays, and a shift-add joins the columns of a channel's bits, one after the other.
Only whole arrays exist, at least one each way.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adder import AdderTree
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.gates import log2_up, whole_up
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.schema.technology import Technology
from validation.neurosim.composition.macro import Counted, Side
from validation.neurosim.composition.sram import SramParallelMacro


@dataclass(frozen=True, eq=False)
class GradientArray(SramParallelMacro):
    """An array of the unit: an SRAM macro whose drivers and multiplexers serve single cells."""

    name: str = "array"

    @property
    def _row_drive(self) -> Real:
        return self.access_res

    def mux_res(self, side: Side) -> Real:
        return self.access_res

    @property
    def sum_bits(self) -> Real:
        """Bits of a sum over an array's positions."""
        return self.adc_bits + self.input_bits + 1.0

    @action
    def read_vector(self, density: Real = 0.5, ones: Real = 0.5, res: Real | None = None) -> Cost:
        """All planes of an error vector; columns of this resistance [ohm], if it is given."""
        front, terms = self.front, self.input_bits * self.cols_per_adc
        line = self.array.read_res / np.maximum(density * self.rows * ones, 1e-12)
        planes = self.input_bits * self.plane(front, density, line if res is None else res)
        return planes + front.input_shift_add.accumulate(terms)


@dataclass(frozen=True, eq=False)
class GradientUnit(Block):
    """Arrays that hold ``positions`` times ``bit_columns`` bits, and the tree that joins them."""

    tech: Technology
    positions: Real = 900.0
    bit_columns: Real = 1024.0
    _: KW_ONLY
    rows: Positive = 128.0
    cols: Positive = 128.0
    cols_per_adc: Positive = 8.0
    adc_bits: Real = 4.0
    error_bits: Positive = 8.0
    input_bits: Positive = 8.0
    adc_kind: str = "sar"
    name: str = "gradient_unit"

    @property
    def arrays_down(self) -> Real:
        """Arrays that share a column, each with some of the positions."""
        return np.maximum(whole_up(self.positions / self.rows), 1.0)

    @property
    def arrays_across(self) -> Real:
        """Arrays that share a row."""
        return np.maximum(whole_up(self.bit_columns / self.cols), 1.0)

    @property
    def arrays(self) -> Real:
        return self.arrays_down * self.arrays_across

    @property
    def column_bits(self) -> Real:
        """Bits of a column's sum over the planes and all arrays."""
        return self.adc_bits + self.error_bits + log2_up(self.arrays_down)

    @property
    def sum_bits(self) -> Real:
        """Bits of a gradient of one image."""
        return self.column_bits + self.input_bits

    @cached_property
    def array(self) -> GradientArray:
        return GradientArray(
            self.tech,
            rows=self.rows,
            cols=self.cols,
            cols_per_adc=self.cols_per_adc,
            adc_bits=self.adc_bits,
            input_bits=self.error_bits,
            adc_kind=self.adc_kind,
            transposed=False,
        )

    @cached_property
    def tree(self) -> AdderTree:
        """As many trees as converters abreast."""
        return AdderTree(
            self.tech,
            self.arrays_down,
            self.array.sum_bits,
            whole_up(self.arrays_across * self.cols / self.cols_per_adc),
            fit_width=np.sqrt(self.array.footprint.area.total),
            name="tree",
        )

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """One to a tree, for the bits of activations; it steps while the tree forms a sum."""
        return ShiftAdd(
            self.tech,
            self.column_bits,
            self.input_bits,
            self.tree.count,
            beat=self.tree.add().latency.total,
            fit_width=np.sqrt(self.array.footprint.area.total),
            name="input_shift_add",
        )

    @property
    def parts(self) -> Counted:
        return (self.arrays, self.array), (1.0, self.tree), (1.0, self.input_shift_add)

    @action
    def read(self, density: Real = 0.5, ones: Real = 0.5, res: Real | None = None) -> Cost:
        """One error vector against all that the arrays hold."""
        read = self.array.read_vector(density, ones, res).across(self.arrays)
        joined = self.input_shift_add.accumulate(self.cols_per_adc)
        return read + self.cols_per_adc * self.tree.add() + joined

    @action
    def write(self, rows: Real, written: Real = 0.5) -> Cost:
        """Write ``rows`` rows of every array; a share of their cells changes."""
        return self.array.write(rows, written).across(self.arrays)
