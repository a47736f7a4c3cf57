"""ArchitectureSpec: the numbers that estimate and training share, and what the chip is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.cost import Real
from neurorebit.schema import Document, Misfit, Section, quantity

Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Bits = Annotated[int, Field(ge=1, le=64)]


@dataclass(frozen=True, eq=False)
class Apim(Section):
    """The analog macro: a ReRAM array and its converters (system.md 13.3).

    ``adc_range``: the converter spans this many standard deviations of a layer's partial sums to
    either side of zero.
    """

    source: str
    rows: Annotated[int, Field(ge=8, le=4096)]
    cols: Annotated[int, Field(ge=8, le=4096)]
    cols_per_adc: Count
    adc: Literal["sar"]
    adc_bits: Annotated[int, Field(ge=2, le=12)]
    adc_range: Annotated[float, quantity("", above=0, at_most=100)]
    pe_side: Annotated[int, Field(ge=16, le=65536)] | Literal["auto"]
    kernel_split: bool
    parallel_programming: Count | Literal["all"]  # arrays programmed at once


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
    skip_zero_errors: bool


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
    """One chip, as its file gives it. Both sides read the bits, arrays and converters here."""

    source: str
    name: str
    technology: str
    device: str
    weights: Literal["hybrid", "real"]
    weight_bits: Annotated[int, Field(ge=2, le=8)]
    input_bits: Annotated[int, Field(ge=2, le=16)]
    error_bits: Annotated[int, Field(ge=2, le=32)] | Literal["fp32"]
    apim: Apim
    dpim: Dpim
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


def misfits(spec: ArchitectureSpec) -> Iterator[Misfit]:
    """What may not fit together in an architecture, or in arrays of designs."""
    apim, dpim = spec.apim, spec.dpim
    message = "must divide apim.cols, {:g}, got {:g}"
    values = apim.cols, apim.cols_per_adc
    yield Misfit(("apim", "cols_per_adc"), apim.cols % apim.cols_per_adc != 0, message, values)
    message = "must be a multiple of the 32 bits of a word"
    yield Misfit(("dpim", "cols"), dpim.cols % 32 != 0, message)
    if not isinstance(apim.pe_side, str):
        message = "must be a multiple of apim.rows, {:g}, or 'auto'"
        where = apim.pe_side % apim.rows != 0
        yield Misfit(("apim", "pe_side"), where, message, (apim.rows,))
    message = (
        "floating-point errors cannot be streamed bit by bit; take dpim.build=word_parallel, or "
        "whole bits such as 32"
    )
    streamed = isinstance(spec.error_bits, str) and dpim.build == "bit_serial"
    yield Misfit(("error_bits",), streamed, message)


def read_architecture(document: Document, fitting: bool = True) -> ArchitectureSpec:
    """The architecture of a file; InputError where it is wrong.

    Whether values fit together is left open where ``fitting`` is not asked for.
    """
    spec = document.read(ArchitectureSpec)
    if fitting:
        document.refuse(misfits(spec))
    return spec
