"""Sections and keys of the architecture file of a chip that only infers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.chips.parts.blocks import Blocks
from neurorebit.chips.parts.spec import DIVIDE, ArchitectureSpec, ForwardArrays
from neurorebit.schema import Misfit, quantity
from neurorebit.schema.numbers import Real


@dataclass(frozen=True, eq=False, kw_only=True)
class InferenceArrays(ForwardArrays):
    """Arrays that are read forward alone and written once.

    A weight is as many cells of a row as its bits ask for. ``read``: all rows at once through
    converters of ``adc_bits``, or row by row.
    """

    read: Literal["parallel", "row_by_row"]


@dataclass(frozen=True, eq=False, kw_only=True)
class ResistiveInference(InferenceArrays):
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
class SramInference(InferenceArrays):
    """Of SRAM cells, a bit each; row by row they are latched and added."""

    cells: Literal["sram"]

    @property
    def bits(self) -> Real:
        return 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class InferenceSpec(ArchitectureSpec):
    """A chip that recognises images with weights that are given."""

    organisation = "inference"
    called = "the chip that only infers"
    forward_section = "inference_arrays"

    inference_arrays: Annotated[ResistiveInference | SramInference, Field(discriminator="cells")]

    @property
    def arrays(self) -> ResistiveInference | SramInference:
        """The arrays that hold the weights."""
        return self.inference_arrays

    @property
    def holds_devices(self) -> bool:
        """Whether cells are of a memory device, not of SRAM."""
        return isinstance(self.arrays, ResistiveInference)

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
        arrays, cells = self.arrays, self.cells_per_weight
        yield from super().misfits()
        among = "cols_per_adc" if arrays.read == "parallel" else "cols"
        message = f"the {{:g}} cells of a weight must divide inference_arrays.{among}, {{:g}}"
        cols = getattr(arrays, among)
        yield Misfit(("weight_bits",), cols % cells != 0, message, (cells, cols), cure=DIVIDE)
