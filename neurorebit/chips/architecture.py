"""ArchitectureSpec: the numbers that estimate and training share, and what the chip is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.schema import Loc, Misfit, Section, one_of, quantity
from neurorebit.schema.numbers import Real

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Bits = Annotated[int, Field(ge=1, le=64)]


@dataclass(frozen=True, eq=False)
class ForwardArrays(Section):
    """What all arrays that do the forward pass have: rows, columns, converters, floorplan.

    ``adc_range``: the converter spans this many standard deviations of a layer's partial sums to
    either side of zero.
    """

    source: str
    rows: Annotated[int, Field(ge=8, le=4096)]
    cols: Annotated[int, Field(ge=8, le=4096)]
    cols_per_adc: Count
    adc: Annotated[str, one_of(CONVERTERS)]
    adc_bits: Annotated[int, Field(ge=2, le=12)]
    adc_range: Annotated[float, quantity("", above=0, at_most=100)]
    pe_side: Annotated[int, Field(ge=16, le=65536)] | Literal["auto"]
    kernel_split: bool
    parallel_programming: Count | Literal["all"]  # arrays programmed at once

    def misfits(self, name: str) -> Iterator[Misfit]:
        """What may not fit together; ``name`` is the section's."""
        message = f"must divide {name}.cols, {{:g}}, got {{:g}}"
        values = self.cols, self.cols_per_adc
        yield Misfit((name, "cols_per_adc"), self.cols % self.cols_per_adc != 0, message, values)
        if not isinstance(self.pe_side, str):
            message = f"must be a multiple of {name}.rows, {{:g}}, or 'auto'"
            where = self.pe_side % self.rows != 0
            yield Misfit((name, "pe_side"), where, message, (self.rows,))


@dataclass(frozen=True, eq=False)
class Apim(ForwardArrays):
    """The analog macro: a ReRAM array and its converters (system.md 13.3)."""


@dataclass(frozen=True, eq=False)
class InPlaceArrays(ForwardArrays):
    """Arrays that are read both ways and learn in place (subarray.md, system.md 3 to 10).

    A weight is as many cells of a row as its bits ask for. ``read``: all rows at once, by
    ``adc_bits`` forward and ``back_adc_bits`` back, or row by row.
    """

    read: Literal["parallel", "row_by_row"]
    back_adc_bits: Annotated[int, Field(ge=2, le=12)]
    rows_per_adc: Count

    @property
    def bits(self) -> Real:
        """Bits of a cell."""
        raise NotImplementedError

    def misfits(self, name: str) -> Iterator[Misfit]:
        """What may not fit together; ``name`` is the section's."""
        yield from super().misfits(name)
        message = f"must divide {name}.rows, {{:g}}, got {{:g}}"
        values = self.rows, self.rows_per_adc
        yield Misfit((name, "rows_per_adc"), self.rows % self.rows_per_adc != 0, message, values)


@dataclass(frozen=True, eq=False)
class ResistiveArrays(InPlaceArrays):
    """Of a memory device behind a transistor, or of crosspoints with a selector in each.

    Row by row, cells are converted with their own bits. ``selector_nonlinearity``: a selector's
    current at the write voltage over that at half of it.
    """

    cells: Literal["1t1r", "crosspoint"]
    cell_bits: Annotated[int, Field(ge=1, le=8)]
    selector_nonlinearity: Annotated[Real, quantity("", above=1)]

    @property
    def bits(self) -> Real:
        return self.cell_bits

    def misfits(self, name: str) -> Iterator[Misfit]:
        """What may not fit together; ``name`` is the section's."""
        yield from super().misfits(name)
        message = "crosspoints are read all rows at once; take read=parallel, or cells=1t1r"
        alone = self.cells == "crosspoint" and self.read == "row_by_row"
        yield Misfit((name, "read"), alone, message)


@dataclass(frozen=True, eq=False)
class SramArrays(InPlaceArrays):
    """Of SRAM cells, a bit each; row by row they are latched and added."""

    cells: Literal["sram"]

    @property
    def bits(self) -> Real:
        return 1.0


@dataclass(frozen=True, eq=False)
class GradientArrays(Section):
    """Weight-gradient units: SRAM arrays that hold activations and read errors (9).

    A unit is as large as the layer with the largest input map asks. ``images``: so many of a batch
    share the rows of an array where their maps are small enough; auto is as many as there is room.

    ``store_bits``: room on the chip for the gradients of one layer, summed over a batch; auto is
    as much as the largest layer needs. What does not fit goes to DRAM and back with every image.
    Tiki-Taka has no such units; its hidden store has that room for words of 32 bits.
    """

    source: str
    rows: Annotated[int, Field(ge=8, le=4096)]
    cols: Annotated[int, Field(ge=8, le=4096)]
    cols_per_adc: Count
    adc: Annotated[str, one_of(CONVERTERS)]
    adc_bits: Annotated[int, Field(ge=2, le=12)]
    units: Count
    images: Count | Literal["auto"]
    store_bits: Annotated[int, Field(ge=0)] | Literal["auto"]


@dataclass(frozen=True, eq=False)
class Dpim(Section):
    """The digital macro: two SRAM arrays, weights and gradients, and their arithmetic (13.3).

    ``vectors``: errors that share one row read in the word-parallel build.
    """

    source: str
    build: Literal["word_parallel", "bit_serial"]
    rows: Annotated[int, Field(ge=8, le=4096)]
    cols: Annotated[int, Field(ge=32, le=4096)]
    vectors: Count
    macros_per_pe: Count
    copies: Count
    accumulator_bits: Annotated[int, Field(ge=32, le=128)]
    wiring: Annotated[Real, quantity("", at_least=1, at_most=10)]  # of the macros' area


@dataclass(frozen=True, eq=False)
class VectorUnit(Section):
    """Batch norm, ReLU, pooling, quantiser: lanes of fixed-point arithmetic (13.5)."""

    source: str
    lanes: Count
    stored_bits: Bits  # of the values kept for batch norm
    skip_zero_errors: bool = True  # in the macros of a hybrid chip


@dataclass(frozen=True, eq=False)
class Transport(Section):
    """Wires and buffers between the macros (5.1 to 5.4, 13.4)."""

    source: str
    bus_bits: Count
    delay_tolerance: Annotated[Real, quantity("", at_least=0, at_most=10)]
    tile_buffer: Literal["flip_flop", "sram"]
    tile_buffer_lines: Count
    tile_buffer_bits: Count
    global_buffer: Literal["flip_flop", "sram"]
    global_buffer_lines: Count
    global_buffer_bits: Count
    staging_bits: Count


@dataclass(frozen=True, eq=False)
class Dram(Section):
    """Memory off the chip: energy and time of one bit."""

    source: str
    energy: Annotated[Real, quantity("J/bit", above=0)]
    bandwidth: Annotated[Real, quantity("bit/s", above=0)]


@dataclass(frozen=True, eq=False)
class ArchitectureSpec(Section):
    """What all chips have, as their files give it. Both sides read bits and arrays here.

    Which chip a file describes follows from its sections. ``scheme`` says how weights are held and
    how they learn; the reader of files looks it up in the table of schemes.
    """

    source: str
    name: str
    technology: str
    device: str
    scheme: str
    weight_bits: Annotated[int, Field(ge=2, le=32)]
    input_bits: Annotated[int, Field(ge=2, le=16)]
    error_bits: Annotated[int, Field(ge=2, le=32)] | Literal["fp32"]
    vector_unit: VectorUnit
    transport: Transport
    dram: Dram

    @property
    def levels(self) -> int:
        """Levels of a cell: symmetric around zero, so one less than the bits allow."""
        levels: int = 2**self.weight_bits - 1
        return levels

    @property
    def error_width(self) -> int:
        """Bits of an error on the wires: 32 for floating point."""
        return 32 if isinstance(self.error_bits, str) else self.error_bits

    @property
    def forward(self) -> ForwardArrays:
        """The arrays that do the forward pass."""
        raise NotImplementedError

    @property
    def back_adc_bits(self) -> int:
        """Bits of the converters that those arrays, read backwards, would have."""
        return self.forward.adc_bits

    @property
    def holds_devices(self) -> bool:
        """Whether cells are of a memory device, not of SRAM."""
        return True

    @property
    def cells_per_weight(self) -> Real:
        """Cells of a row that hold one weight there."""
        return 1.0

    @property
    def converters(self) -> Iterator[tuple[Loc, str]]:
        """The kinds of converters of the chip, and the key of each."""
        for section in fields(self):
            if kind := getattr(getattr(self, section.name), "adc", None):
                yield (section.name, "adc"), kind

    def misfits(self) -> Iterator[Misfit]:
        """What may not fit together, in one architecture or in arrays of designs."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class HybridSpec(ArchitectureSpec):
    """A chip with analog macros for the forward pass and digital ones for all else (13)."""

    weight_bits: Annotated[int, Field(ge=2, le=8)]  # of a cell
    apim: Apim
    dpim: Dpim

    @property
    def forward(self) -> ForwardArrays:
        return self.apim

    def misfits(self) -> Iterator[Misfit]:
        """What may not fit together, in one architecture or in arrays of designs."""
        dpim = self.dpim
        yield from self.apim.misfits("apim")
        message = "must be a multiple of the 32 bits of a word"
        yield Misfit(("dpim", "cols"), dpim.cols % 32 != 0, message)
        stacked = np.floor(np.sqrt(dpim.macros_per_pe))
        message = "must be a multiple of {:g}, the rows that so many macros stand in, got {:g}"
        left, values = dpim.macros_per_pe % stacked != 0, (stacked, dpim.macros_per_pe)
        yield Misfit(("dpim", "macros_per_pe"), left, message, values)
        message = (
            "floating-point errors cannot be streamed bit by bit; take dpim.build=word_parallel, "
            "or whole bits such as 32"
        )
        streamed = isinstance(self.error_bits, str) and dpim.build == "bit_serial"
        yield Misfit(("error_bits",), streamed, message)


@dataclass(frozen=True, eq=False)
class InPlaceSpec(ArchitectureSpec):
    """A chip whose arrays are read both ways and updated in place (3 to 10)."""

    arrays: Annotated[ResistiveArrays | SramArrays, Field(discriminator="cells")]
    gradient_unit: GradientArrays

    @property
    def forward(self) -> ForwardArrays:
        return self.arrays

    @property
    def back_adc_bits(self) -> int:
        """Bits of the converters of the transposed read."""
        return self.arrays.back_adc_bits

    @property
    def holds_devices(self) -> bool:
        """Whether cells are of a memory device, not of SRAM."""
        return isinstance(self.arrays, ResistiveArrays)

    @property
    def cells_per_weight(self) -> Real:
        """As many as the bits of a weight ask for."""
        cells: Real = np.ceil(self.weight_bits / self.arrays.bits)
        return cells

    @property
    def cell_steps(self) -> Real:
        """Steps from a cell's lowest level to its highest."""
        alone = np.equal(self.cells_per_weight, 1.0)
        return np.where(alone, self.levels - 1.0, 2.0**self.arrays.bits - 1.0)

    def misfits(self) -> Iterator[Misfit]:
        """What may not fit together, in one architecture or in arrays of designs."""
        arrays, unit, cells = self.arrays, self.gradient_unit, self.cells_per_weight
        yield from arrays.misfits("arrays")
        among = "cols_per_adc" if arrays.read == "parallel" else "cols"
        message = f"the {{:g}} cells of a weight must divide arrays.{among}, {{:g}}"
        cols = getattr(arrays, among)
        yield Misfit(("weight_bits",), cols % cells != 0, message, (cells, cols))
        message = "must divide gradient_unit.cols, {:g}, got {:g}"
        values = unit.cols, unit.cols_per_adc
        where = unit.cols % unit.cols_per_adc != 0
        yield Misfit(("gradient_unit", "cols_per_adc"), where, message, values)
        message = "floating-point errors cannot be streamed bit by bit; take whole bits such as 8"
        yield Misfit(("error_bits",), isinstance(self.error_bits, str), message)


AnySpec = HybridSpec | InPlaceSpec
