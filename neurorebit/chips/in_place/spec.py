"""Sections and keys of the architecture file of a chip that learns in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.chips.parts.blocks import Blocks
from neurorebit.chips.parts.spec import DIVIDE, Count, GradientConverters
from neurorebit.chips.parts.two_way import TwoWayArrays, TwoWaySpec
from neurorebit.schema import Misfit, quantity
from neurorebit.schema.numbers import Real


@dataclass(frozen=True, eq=False, kw_only=True)
class InPlaceArrays(TwoWayArrays):
    """Arrays that are read both ways and learn in place (docs/models/macros.md#transposed-reads).

    A weight is as many cells of a row as its bits ask for. ``read``: all rows at once, by
    ``adc_bits`` forward and ``back_adc_bits`` back, or row by row.
    """

    read: Literal["parallel", "row_by_row"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ResistiveArrays(InPlaceArrays):
    """Of a memory device behind a transistor, or of crosspoints with a selector in each.

    Row by row, cells are converted with their own bits. ``selector_nonlinearity``: a selector's
    current at the write voltage over that at half of it.
    """

    cells: Literal["1t1r", "crosspoint"]
    cell_bits: Annotated[int, Field(ge=1, le=8)]
    selector_nonlinearity: Annotated[Real, quantity("", above=1)]
    blocks: Blocks = field(default_factory=Blocks)  # programmed together

    @property
    def bits(self) -> Real:
        return self.cell_bits

    def misfits(self, name: str) -> Iterator[Misfit]:
        """Combinations of values that do not fit; ``name`` is that of the section."""
        yield from super().misfits(name)
        message, cure = "crosspoints are read all rows at once", "take read=parallel, or cells=1t1r"
        alone = self.cells == "crosspoint" and self.read == "row_by_row"
        yield Misfit((name, "read"), alone, message, cure=cure)


@dataclass(frozen=True, eq=False, kw_only=True)
class SramArrays(InPlaceArrays):
    """Of SRAM cells, a bit each; row by row they are latched and added."""

    cells: Literal["sram"]

    @property
    def bits(self) -> Real:
        return 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientArrays(GradientConverters):
    """Weight-gradient units: SRAM arrays that hold activations and read errors.

    See docs/models/macros.md#weight-gradient-unit.

    A unit is as large as the layer with the largest input map asks. ``units``: auto is as many as
    the network asks: in the layer with the most work an array reads ``reads`` error vectors an
    image in turn, or fewer; ``reads`` has no effect where the number is given. Only the keys of
    ``GradientConverters`` change a gradient.

    ``store_bits``: room on the chip for the gradients of one layer, summed over a batch; auto is
    as much as the largest layer needs. What does not fit goes to DRAM and back with every image.
    ``lanes``: multipliers and adders of an update, for one weight at a time each.
    A chip whose weights have a fast array has no such units; its hidden store has that room for
    words of 32 bits.
    """

    source: str
    cols: Annotated[int, Field(ge=8, le=4096)]
    cols_per_adc: Count
    units: Count | Literal["auto"]
    store_bits: Annotated[int, Field(ge=0)] | Literal["auto"]
    lanes: Count = 256
    reads: Count = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class InPlaceSpec(TwoWaySpec):
    """A chip whose arrays are read both ways and updated in place."""

    organisation = "in_place"
    called = "the chip that learns in place"
    forward_section = "arrays"

    arrays: Annotated[ResistiveArrays | SramArrays, Field(discriminator="cells")]
    gradient_unit: GradientArrays

    @property
    def gradient(self) -> GradientConverters | None:
        """The converters that weight gradients pass."""
        return self.gradient_unit

    @property
    def holds_devices(self) -> bool:
        """Whether cells are of a memory device, not of SRAM."""
        return isinstance(self.arrays, ResistiveArrays)

    @property
    def row_by_row(self) -> bool:
        return self.arrays.read == "row_by_row"

    @property
    def digital_macros(self) -> bool:
        """SRAM that is latched row by row; converters round what all rows give at once."""
        return not self.holds_devices and self.row_by_row

    @property
    def crosspoint(self) -> bool:
        return self.arrays.cells == "crosspoint"

    @property
    def cell_bits(self) -> Real:
        return self.arrays.bits

    def misfits(self) -> Iterator[Misfit]:
        """Combinations of values that do not fit, in one architecture or in arrays of designs."""
        arrays, unit, cells = self.arrays, self.gradient_unit, self.cells_per_weight
        yield from super().misfits()
        among = "cols_per_adc" if arrays.read == "parallel" else "cols"
        message = f"the {{:g}} cells of a weight must divide arrays.{among}, {{:g}}"
        cols = getattr(arrays, among)
        yield Misfit(("weight_bits",), cols % cells != 0, message, (cells, cols), cure=DIVIDE)
        message = "must divide gradient_unit.cols, {:g}, got {:g}"
        values = unit.cols, unit.cols_per_adc
        where = unit.cols % unit.cols_per_adc != 0
        yield Misfit(("gradient_unit", "cols_per_adc"), where, message, values, cure=DIVIDE)
