"""The weight-gradient unit: SRAM arrays that hold activations and read errors.

See docs/models/macros.md#weight-gradient-unit. Positions of a layer's input lie along the rows,
bits of its channels along the columns. An error map is read plane by plane against them: the
columns sum over the positions of an array, an adder tree over the arrays, and a shift-add joins the
columns of a channel's bits, which a multiplexer leads to their converter one after the other. Only
whole arrays exist, at least one each way.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property

import numpy as np

from neurorebit.chips.in_place.sram import SramParallelMacro
from neurorebit.chips.parts.readout import ConvertingReadout, Counted
from neurorebit.circuits.adder import AdderTree
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.converters.table import DEFAULT
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.gates import log2_up, whole_up
from neurorebit.circuits.prefix import FASTEST, PrefixAdder
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from neurorebit.schema.technology import Technology

RATE = 16.0  # bits of a learning rate, a momentum or a decay
WORD = 32.0  # bits of a weight and of what is kept of it


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientArray(SramParallelMacro):
    """An array of the unit: an SRAM macro whose drivers and multiplexers serve single cells.

    ``span``: rows that its converters count at most.
    """

    span: Real = 128.0
    name: str = "array"

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        """They drive single cells."""
        return self._row_switches(self.access_res)

    @cached_property
    def readout(self) -> ConvertingReadout:
        """Its shift-adds join the planes of an error vector: operands of a conversion's bits."""
        made = self._readout(self.access_res, self.adc_bits)
        return replace(made, full_scale=self.span / self.array.read_res)

    @property
    def sum_bits(self) -> Real:
        """Bits of a sum over an array's positions: of a conversion, its planes, and a carry."""
        return self.readout.sum_bits

    @action
    def read_vector(
        self,
        density: Real = 0.5,
        ones: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        res: Real | None = None,
    ) -> Cost:
        """All planes of an error vector, through shares of the rows and columns."""
        planes = self.input_bits * self._plane(density, ones, driven, sensed, res=res)
        operands = self.input_bits * self.cols_per_adc
        return planes + self.readout.join(operands, operands, sensed)


@dataclass(frozen=True, eq=False)
class GradientUnit(Block):
    """SRAM arrays for ``positions`` by ``bit_columns`` bits, and the tree that adds their sums.

    ``span``: rows that a converter counts at most.
    """

    tech: Technology
    positions: Real = 900.0
    bit_columns: Real = 1024.0
    rows: Positive = field(default=128.0, kw_only=True)
    cols: Positive = field(default=128.0, kw_only=True)
    cols_per_adc: Positive = field(default=8.0, kw_only=True)
    adc_bits: Real = field(default=4.0, kw_only=True)
    error_bits: Positive = field(default=8.0, kw_only=True)
    input_bits: Positive = field(default=8.0, kw_only=True)
    adc_kind: str = field(default=DEFAULT, kw_only=True)
    span: Real = field(default=128.0, kw_only=True)
    name: str = field(default="gradient_unit", kw_only=True)

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
        """Bits of the sum of a column's positions in all arrays: a code times 2^planes - 1."""
        return self.adc_bits + self.error_bits + log2_up(self.arrays_down)

    @property
    def sum_bits(self) -> Real:
        """Bits of a gradient of one read: a column's sum times 2^bits - 1."""
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
            span=self.span,
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
        """Joins the columns of an activation's bits; a step overlaps with the tree's next sum."""
        return ShiftAdd(
            self.tech,
            self.column_bits,
            self.input_bits,
            self.tree.count,
            beat=self.tree.add().latency.total,
            fit_width=np.sqrt(self.array.footprint.area.total),
            name="input_shift_add",
        )

    def _summed(self, down: Real | None = None, active: Real = 1.0) -> Cost:
        """Sums of a vector's columns over the arrays, and of the bits of activations."""
        added = self.cols_per_adc * self.tree.add(down, active)
        return added + self.input_shift_add.accumulate(self.cols_per_adc, active)

    @property
    def parts(self) -> Counted:
        return (self.arrays, self.array), (1.0, self.tree), (1.0, self.input_shift_add)

    def taken(self, positions: Real, bit_columns: Real) -> tuple[Real, Real]:
        """Arrays down and across that hold a number of positions and of bit columns."""
        down = np.maximum(whole_up(positions / self.rows), 1.0)
        return down, np.maximum(whole_up(bit_columns / self.cols), 1.0)

    @action
    def read(self, density: Real = 0.5, ones: Real = 0.5, res: Real | None = None) -> Cost:
        """One error vector against all activations in the arrays.

        ``density`` is the share of ones of a plane, ``ones`` that of the cells; a column's
        resistance [ohm] follows from them unless ``res`` gives it.
        """
        read = self.array.read_vector(density, ones, res=res).across(self.arrays)
        return read + self._summed()

    @action
    def read_part(self, density: Real, ones: Real, positions: Real, bit_columns: Real) -> Cost:
        """One error vector against a part of the positions and bit columns.

        They are spread evenly over the arrays that they need; if the unit has fewer, its arrays
        work in turns.
        """
        down, across = self.taken(positions, bit_columns)
        driven, sensed = positions / (down * self.rows), bit_columns / (across * self.cols)
        read = self.array.read_vector(density, ones, driven, sensed).across(down * across)
        active = across * sensed / self.arrays_across
        return read + self._summed(down, active)

    @action
    def write(
        self, rows: Real | None = None, written: Real = 0.5, arrays: Real | None = None
    ) -> Cost:
        """Write ``rows`` of each of ``arrays``; all rows and all arrays unless given.

        ``written`` is the share of a row's cells that change.
        """
        count = self.rows if rows is None else rows
        return self.array.write(count, written).across(self.arrays if arrays is None else arrays)


@dataclass(frozen=True, eq=False)
class GradientStore(Block):
    """Sums of gradients over a batch: ``bits`` of them on the chip, in words of ``word`` bits.

    ``lanes`` add a gradient to its sum; ``update_lanes`` do the arithmetic of an update on words of
    32 bits.
    """

    tech: Technology
    buffer: SramBuffer | FlipFlopBuffer
    bits: Real
    word: Real
    _: KW_ONLY
    lanes: Real
    update_lanes: Real
    name: str = "gradient_store"

    @cached_property
    def adder(self) -> PrefixAdder:
        return PrefixAdder(self.tech, self.word, self.lanes, network=FASTEST)

    @property
    def _operand(self) -> Real:
        """Bits of what an update multiplies and adds: a word, or a longer sum of gradients."""
        return np.maximum(self.word, WORD)

    @cached_property
    def multiplier(self) -> Multiplier:
        return Multiplier(self.tech, self._operand, RATE, self.update_lanes)

    @cached_property
    def update_adder(self) -> PrefixAdder:
        lanes, name = self.update_lanes, "update_adder"
        return PrefixAdder(self.tech, self._operand, lanes, network=FASTEST, name=name)

    @property
    def parts(self) -> Counted:
        lanes = self.adder, self.multiplier, self.update_adder
        return (1.0, self.buffer), *((1.0, block) for block in lanes)

    def spilled(self, values: Real) -> Real:
        """1 where the sums of ``values`` weights do not fit the store and live in DRAM."""
        return np.where(values * self.word > self.bits * (1.0 + 1e-12), 1.0, 0.0)

    @action
    def collect(self, values: Real) -> Cost:
        """Add the gradients of ``values`` weights to their sums, which are read and written."""
        rounds, bits = values / self.lanes, values * self.word
        return self.buffer.read(bits) + self.buffer.write(bits) + rounds * self.adder.add()

    @action
    def update(self, values: Real, products: Real, additions: Real, *, serial: Real = 0.0) -> Cost:
        """Read the sums of ``values`` weights; ``products`` and ``additions`` for each of them.

        ``serial``: square roots and divisions, which add once for each bit of their result.
        """
        added = additions + serial * self._operand
        steps = products * self.multiplier.multiply() + added * self.update_adder.add()
        return self.buffer.read(values * self.word) + values / self.update_lanes * steps
