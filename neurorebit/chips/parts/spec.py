"""Sections and keys that the architecture files of all chips have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from neurorebit.chips.parts.blocks import Blocks
from neurorebit.chips.parts.capacity import Capacity
from neurorebit.chips.parts.mapping import Mapping
from neurorebit.chips.parts.pipelining import HAND_OVER, NONE
from neurorebit.chips.parts.signs import DEFAULT, PAIR, REFERENCE, SIGNED_INPUTS, SIGNED_WEIGHTS
from neurorebit.circuits.buffer import BUFFERS
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.schema import Loc, Misfit, Section, one_of, published, quantity
from neurorebit.schema.formats import FLOATS, OTHER_FORMATS
from neurorebit.schema.numbers import Real

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Bits = Annotated[int, Field(ge=1, le=64)]


DIVIDE = "take a divisor of it"  # the cure where one does not
WIDEST = 65536  # cells along the side of a PE


def whole_side(rows: Real, cols: Real) -> Real:
    """Cells along the side of the least square of whole arrays."""
    side: Real = np.lcm(np.asarray(rows, np.int64), np.asarray(cols, np.int64)).astype(np.float64)
    return side


def least_side(rows: Real, cols: Real) -> Real:
    """Cells along the side of the least square of whole arrays, at least two along each side."""
    whole = whole_side(rows, cols)
    side: Real = whole * np.ceil(2.0 * np.maximum(rows, cols) / whole)
    return side


@dataclass(frozen=True, eq=False, kw_only=True)
class ForwardArrays(Section):
    """The arrays of the forward pass: rows, columns, converters, floorplan.

    ``adc_range``: the converter spans this many standard deviations of a layer's partial sums to
    either side of zero. ``pack_groups``: groups of a layer share an array where two or more fit
    along its diagonal. ``share_tiles``: layers that leave room in a tile share it with others, and
    an array where they fill less than one (but no array of crosspoints); else copies fill the tile.
    """

    source: str
    rows: Annotated[int, Field(ge=8, le=4096)]
    cols: Annotated[int, Field(ge=8, le=4096)]
    cols_per_adc: Count
    adc: Annotated[str, one_of(CONVERTERS)]
    adc_bits: Annotated[int, Field(ge=2, le=12)]
    adc_range: Annotated[float, quantity("", above=0, at_most=100)]
    pe_side: Annotated[int, Field(ge=16, le=WIDEST)] | Literal["auto"]
    kernel_split: bool
    pack_groups: bool = True
    share_tiles: bool = False
    parallel_programming: Count | Literal["all"]  # arrays programmed at once

    def misfits(self, name: str) -> Iterator[Misfit]:
        """Combinations of values that do not fit; ``name`` is that of the section."""
        message = f"must divide {name}.cols, {{:g}}, got {{:g}}"
        values = self.cols, self.cols_per_adc
        yield Misfit(
            (name, "cols_per_adc"),
            self.cols % self.cols_per_adc != 0,
            message,
            values,
            cure=DIVIDE,
        )
        if isinstance(self.pe_side, str):
            side = least_side(self.rows, self.cols)
            message = (
                f"arrays of {{:g}} x {{:g}} cells make no square PE of up to {WIDEST} cells a side"
            )
            cure = f"take {name}.rows and {name}.cols of which one divides the other"
            values = self.rows, self.cols
            yield Misfit((name, "cols"), side > WIDEST, message, values, cure=cure)
            return
        whole = whole_side(self.rows, self.cols)
        message = (
            f"must be a multiple of {name}.rows, {{:g}}, and of {name}.cols, {{:g}}, such as {{:g}}"
        )
        where, sides = self.pe_side % whole != 0, (self.rows, self.cols, whole)
        yield Misfit((name, "pe_side"), where, message, sides, cure="or take 'auto'")


@dataclass(frozen=True, eq=False, kw_only=True)
class GradientConverters(Section):
    """The keys of weight-gradient units that change a gradient, see ``GradientArrays``.

    A column counts the rows in which its activation and the error have a one. ``adc_range``: the
    converter spans the counts from zero to this many standard deviations above their mean, all rows
    at most; full: all rows. ``images`` of a batch share the rows of an array where their maps are
    small enough; auto is as many as there is room.
    """

    rows: Annotated[int, Field(ge=8, le=4096)]
    adc: Annotated[str, one_of(CONVERTERS)]
    adc_bits: Annotated[int, Field(ge=2, le=12)]
    adc_range: Annotated[float, quantity("", above=0, at_most=100)] | Literal["full"]
    images: Count | Literal["auto"]

    @property
    def span(self) -> Real:
        """Counts that the converters are built for: their range where half of all bits are ones.

        A quarter of the rows count then, with the binomial's variance of 3/16 of them. In a layer
        with fewer ones a step is the same share of a smaller range.
        """
        if isinstance(self.adc_range, str):
            return np.asarray(self.rows) * 1.0
        reach: Real = self.rows / 4.0 + self.adc_range * np.sqrt(self.rows * 3.0 / 16.0)
        return np.minimum(reach, self.rows)

    def images_together(self, pixels: Real, batch: Real) -> Real:
        """Images of a batch whose maps of ``pixels`` share the rows of an array."""
        most = batch if isinstance(self.images, str) else np.minimum(batch, self.images)
        together: Real = np.maximum(np.minimum(np.floor(self.rows / pixels), most), 1.0)
        return together


@dataclass(frozen=True, eq=False, kw_only=True)
class VectorUnit(Section):
    """Lanes of fixed-point arithmetic for elementwise work (docs/models/chip.md#vector-unit)."""

    source: str
    lanes: Count
    stored_bits: Bits  # of values kept for the backward pass
    skip_zero_errors: bool = True  # in digital macros


@dataclass(frozen=True, eq=False, kw_only=True)
class Transport(Section):
    """Wires and buffers between the macros (docs/models/wires.md, docs/models/memory.md#buffers).

    ``activation_bits``: room of the global buffer for maps, beside ``staging_bits`` in transit;
    auto is as much as the largest layer asks for. What has no room goes to DRAM.
    """

    source: str
    bus_bits: Count
    delay_tolerance: Annotated[Real, quantity("", at_least=0, at_most=10)]
    tile_buffer: Annotated[str, one_of(BUFFERS)]
    tile_buffer_lines: Count
    tile_buffer_bits: Count
    global_buffer: Annotated[str, one_of(BUFFERS)]
    global_buffer_lines: Count
    global_buffer_bits: Count
    staging_bits: Annotated[int, Field(ge=0, le=1_000_000_000)]
    activation_bits: Annotated[int, Field(ge=0)] | Literal["auto"] = "auto"


ENERGIES = published(
    3e-13,
    3e-10,
    "J/bit",
    source="0.88 pJ/bit: stacked on logic, D. Niu et al., ISSCC 2022, secondary; 260 pJ/bit: DDR3 "
    "that is hardly used, K. T. Malladi et al., ISCA 2012",
)
BANDWIDTHS = published(
    1e9,
    2e14,
    "bit/s",
    source="1.06 Gbit/s: 8 pins of PC133, JEDEC JESD21-C, secondary; 168 Tbit/s: X. Jiang et al., "
    "J. Semicond. 2024",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Dram(Section):
    """Memory off the chip: energy of one bit, and how many bits ``stacks`` of it give at a time.

    ``bandwidth`` is that of one stack.
    """

    source: str
    energy: Annotated[Real, quantity("J/bit", above=0), ENERGIES]
    bandwidth: Annotated[Real, quantity("bit/s", above=0), BANDWIDTHS]
    stacks: Count = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class ArchitectureSpec(Section):
    """The architecture of any chip, as read from its file; estimate and training share it.

    A file's sections say which organisation of the table it describes. ``scheme`` says how weights
    are held and how they learn; the reader of files looks it up in the table of schemes. A class
    names its ``organisation``, what sentences call such a chip, the section in which the arrays of
    the forward pass stand, and whether the chip ``trains``. ``signed_inputs``: how inputs that may
    be below zero enter the arrays; it has no effect on layers whose inputs cannot be.
    ``signed_weights``: how weights below zero stand in cells of a memory device, each against
    reference cells at mid range, or as the difference of a pair of cells.
    ``activation_products``: what forms products of two activations, digital macros to which one of
    them is written or the lanes of the vector unit; auto: macros where the chip has digital ones.
    ``mapping``: how single layers stand on the chip. ``pipelining``: what layers hand over to each
    other when each works on another image, whole maps or single lines; see
    [throughput](../guide/throughput.md). ``capacity``: the size of the chip; see
    [capacity](../guide/throughput.md#a-chip-of-given-size).
    """

    organisation: ClassVar[str]
    called: ClassVar[str]
    forward_section: ClassVar[str]
    trains: ClassVar[bool] = False
    holds_adapters: ClassVar[bool] = False  # digital macros, in which low-rank updates learn

    source: str
    name: str
    technology: str
    device: str
    scheme: str
    weight_bits: Annotated[int, Field(ge=2, le=32)]
    input_bits: Annotated[int, Field(ge=2, le=16)]
    signed_inputs: Annotated[str, one_of(SIGNED_INPUTS)] = DEFAULT
    signed_weights: Annotated[str, one_of(SIGNED_WEIGHTS)] = REFERENCE
    vector_unit: VectorUnit
    transport: Transport
    dram: Dram
    activation_products: Literal["auto", "digital", "vector"] = "auto"
    mapping: Mapping | None = None
    pipelining: Annotated[str, one_of(HAND_OVER)] = NONE
    capacity: Capacity | None = None

    @property
    def level_bits(self) -> int:
        """Bits of the levels in which changes of cells are counted: those of a weight."""
        return self.weight_bits

    @property
    def levels(self) -> int:
        """Levels of a cell: symmetric around zero, so one less than the bits allow."""
        levels: int = 2**self.level_bits - 1
        return levels

    @property
    def errors(self) -> int | str | None:
        """Bits of an error, or a floating-point format; None where the chip sends none back."""
        return None

    @property
    def error_width(self) -> int:
        """Bits of an error on the wires, 0 where there is none."""
        if isinstance(self.errors, str):
            return int(FLOATS[self.errors].bits)
        return 0 if self.errors is None else self.errors

    @property
    def forward(self) -> ForwardArrays:
        """The arrays that do the forward pass."""
        arrays: ForwardArrays = getattr(self, self.forward_section)
        return arrays

    @property
    def gradient(self) -> GradientConverters | None:
        """The converters that weight gradients pass; None where they are digital arithmetic."""
        return None

    @property
    def back_adc_bits(self) -> int:
        """Bits of the converters that those arrays, read backwards, would have."""
        return self.forward.adc_bits

    @property
    def rows_per_adc(self) -> int:
        """Rows that would share a converter of a transposed read."""
        return self.forward.cols_per_adc

    @property
    def holds_devices(self) -> bool:
        """Whether cells are of a memory device, not of SRAM."""
        return True

    @property
    def cell_bits(self) -> Real:
        """Bits that a cell can hold."""
        return self.weight_bits

    @property
    def paired(self) -> bool:
        """Whether a weight is the difference of cells of two columns."""
        return bool(self.signed_weights == PAIR)

    @property
    def magnitude_bits(self) -> Real:
        """Bits of a weight that its cells hold: a pair of columns has its sign for nothing."""
        bits: Real = np.maximum(self.weight_bits - (1.0 if self.paired else 0.0), 1.0)
        return bits

    @property
    def digits_per_weight(self) -> Real:
        """Digits of a weight in cells of their own: as many as its bits ask for."""
        digits: Real = np.ceil(self.magnitude_bits / self.cell_bits)
        return digits

    @property
    def cells_per_weight(self) -> Real:
        """Cells of a row that hold one weight there: one for each digit, or two of a pair."""
        return self.digits_per_weight * (2.0 if self.paired else 1.0)

    @property
    def slices_per_weight(self) -> int:
        """Arrays that hold a weight together, each some of its bits."""
        return 1

    @property
    def digit_bits(self) -> Real:
        """Bits of a weight that each of its cells holds: an even share, so that none is worth more
        than it need be. The most significant one has what is left.
        """
        bits: Real = np.ceil(self.magnitude_bits / self.digits_per_weight)
        return bits

    @property
    def top_digit_bits(self) -> Real:
        """Bits that the most significant cells of a weight hold."""
        return self.magnitude_bits - (self.digits_per_weight - 1.0) * self.digit_bits

    @property
    def cell_steps(self) -> Real:
        """Steps from a cell's lowest level to its highest; of the most significant one there may be
        fewer.
        """
        alone = np.equal(self.cells_per_weight, 1.0)
        return np.where(alone, self.levels - 1.0, 2.0**self.digit_bits - 1.0)

    @property
    def converters(self) -> Iterator[tuple[Loc, str]]:
        """The kinds of converters of the chip, and the key of each."""
        for section in fields(self):
            if kind := getattr(getattr(self, section.name), "adc", None):
                yield (section.name, "adc"), kind

    @property
    def row_by_row(self) -> bool:
        """Whether the arrays are read one row after the other, not all rows at once."""
        return False

    @property
    def latches(self) -> bool:
        """Whether all columns of a row are latched at once, with no multiplexers."""
        return self.row_by_row and not self.holds_devices

    @property
    def reads_back(self) -> bool:
        """Whether the arrays of the forward pass are read transposed as well."""
        return False

    @property
    def crosspoint(self) -> bool:
        """Whether the cells are crosspoints with a selector instead of a transistor."""
        return False

    @property
    def blocks(self) -> Blocks | None:
        """The cells that are programmed together; None where arrays are programmed row by row."""
        found: Blocks | None = getattr(self.forward, "blocks", None)
        return found if found is not None and found.asked else None

    @property
    def digital_macros(self) -> bool:
        """Whether the chip has macros whose results are exact."""
        return False

    @property
    def copies_asked(self) -> Iterator[tuple[Loc, Real]]:
        """The keys that ask for copies of a layer's macros, and how many."""
        return iter(())

    @property
    def conventions(self) -> dict[str, str]:
        """Operations and energy behind the efficiency of phases with a published figure."""
        return {}

    def misfits(self) -> Iterator[Misfit]:
        """Combinations of values that do not fit, in one architecture or in arrays of designs."""
        yield from self.forward.misfits(self.forward_section)
        if self.blocks is not None:
            yield from self.blocks.misfits(self.forward_section, self.row_by_row)
        if self.capacity is not None:
            yield from self.capacity.misfits(self.pipelining != NONE)
        message = "no macro of {} is digital; take vector or auto".replace("{}", self.called)
        lacking = self.activation_products == "digital" and not self.digital_macros
        yield Misfit(("activation_products",), lacking, message)
        alone = not self.holds_devices or self.row_by_row or self.reads_back or self.crosspoint
        message = "pairs are of 1T1R cells that are read all rows at once and forward alone"
        cure = "take signed_weights=reference"
        yield Misfit(("signed_weights",), self.paired and alone, message, cure=cure)


@dataclass(frozen=True, eq=False, kw_only=True)
class LearningSpec(ArchitectureSpec):
    """The architecture of a chip that trains: it sends errors back.

    ``error_bits``: bits of an error, or a floating-point format.
    """

    trains = True

    error_bits: Annotated[int, Field(ge=2, le=32)] | Annotated[str, one_of(FLOATS, OTHER_FORMATS)]

    def misfits(self) -> Iterator[Misfit]:
        """Combinations of values that do not fit, in one architecture or in arrays of designs."""
        yield from super().misfits()
        exact = isinstance(self.error_bits, str) and self.error_bits != "fp32"
        message = f"errors of {self.error_bits} are of digital macros, and no macro of "
        message += f"{self.called} is digital"
        lacking = exact and not self.digital_macros
        yield Misfit(("error_bits",), lacking, message, cure="take whole bits, or fp32")

    @property
    def errors(self) -> int | str:
        return self.error_bits
