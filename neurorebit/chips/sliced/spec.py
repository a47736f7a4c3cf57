"""Sections and keys of the architecture file of a chip with bit-sliced weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field
from pydantic_core import PydanticCustomError, core_schema

from neurorebit.chips.parts.spec import Count
from neurorebit.chips.parts.two_way import TwoWayArrays, TwoWaySpec
from neurorebit.schema import Misfit, quantity
from neurorebit.schema.numbers import Real

MOST = 16  # slices of a weight
WIDEST = 8  # bits of a cell


class slices:
    """Field metadata: the bits of each slice as digits, the most significant slice first.

    The value is the text. A file may have it without quotation marks, where it is a number.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Tell pydantic to check a field with ``read``."""
        return core_schema.no_info_plain_validator_function(self.read)

    def read(self, value: object) -> str:
        """The digits; PydanticCustomError says what was expected and given."""
        text = "" if isinstance(value, bool) else str(value)
        fits = 0 < len(text) <= MOST and all(c in "12345678" for c in text)
        if not isinstance(value, str | int) or not fits:
            shown = text if len(text) <= 2 * MOST else f"{text[: 2 * MOST]}..."
            about = {
                "shown": shown,
                "cure": "write it as in 44466555, the most significant slice first",
            }
            expected = f"expected a digit of 1 to {WIDEST} for each of up to {MOST} slices, got "
            raise PydanticCustomError("quantity", expected + "'{shown}'", about)
        return text


@dataclass(frozen=True, eq=False, kw_only=True)
class SlicedArrays(TwoWayArrays):
    """Arrays of cells that hold a slice of each weight; all rows are read at once.

    ``slices``: bits that a cell of each slice holds, the most significant slice first. A slice
    stores an equal part of ``weight_bits``; what a cell can hold beyond is room for carries.
    ``carry_every``: batches from one carry resolution to the next. ``read_slices``: of the most
    significant slices so many are read in products. ``update_bits``: of an error times the rate,
    which drives the columns of an outer product. ``lanes``: of the digital unit that scales errors
    and resolves carries. ``selector_nonlinearity``: a selector's current at the write voltage over
    that at half of it.
    """

    cells: Literal["1t1r", "crosspoint"]
    slices: Annotated[str, slices()]
    read_slices: Count | Literal["all"] = "all"
    carry_every: Count
    update_bits: Annotated[int, Field(ge=2, le=16)]
    lanes: Count = 256
    selector_nonlinearity: Annotated[Real, quantity("", above=1)]

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of a cell of each slice, the most significant slice first."""
        return tuple(map(int, self.slices))


@dataclass(frozen=True, eq=False, kw_only=True)
class SlicedSpec(TwoWaySpec):
    """A chip whose weights are sliced among arrays, which outer products change in place."""

    organisation = "sliced"
    called = "the chip with bit-sliced weights"
    forward_section = "sliced_arrays"

    sliced_arrays: SlicedArrays

    @property
    def arrays(self) -> SlicedArrays:
        """The arrays of the slices."""
        return self.sliced_arrays

    @property
    def slices_per_weight(self) -> int:
        return len(self.arrays.bits)

    @property
    def stride(self) -> Real:
        """Bits of a weight that each slice stores, without carries."""
        return self.weight_bits / self.slices_per_weight

    @property
    def read_slices(self) -> Real:
        """Slices that are read in products."""
        given = self.arrays.read_slices
        return float(self.slices_per_weight) if isinstance(given, str) else given

    @property
    def crosspoint(self) -> bool:
        return self.arrays.cells == "crosspoint"

    @property
    def level_bits(self) -> int:
        """Those of a cell of the finest slice."""
        return max(self.arrays.bits)

    @property
    def cell_bits(self) -> Real:
        return self.level_bits

    @property
    def digits_per_weight(self) -> Real:
        return 1.0

    @property
    def cells_per_weight(self) -> Real:
        """In the row of one array; each slice has arrays of its own."""
        return 1.0

    def misfits(self) -> Iterator[Misfit]:
        """Combinations of values that do not fit, in one architecture or in arrays of designs."""
        yield from super().misfits()
        count, least = self.slices_per_weight, min(self.arrays.bits)
        wide = np.asarray(self.weight_bits)
        message = "{:g} bits are no equal parts of {:g} slices"
        yield Misfit(
            ("weight_bits",), wide % count != 0, message, (wide, count),
            cure=f"take a multiple of {count}, or another number of sliced_arrays.slices",
        )  # fmt: skip
        part = wide / count
        message = "the narrowest slice has {:g} bits, and stores {:g} of each weight"
        yield Misfit(
            ("sliced_arrays", "slices"), (wide % count == 0) & (least < part), message,
            (least, part), cure="widen it, add slices, or take fewer weight_bits",
        )  # fmt: skip
        message = "{:g} slices are read of {:g}"
        where = self.read_slices > count
        yield Misfit(
            ("sliced_arrays", "read_slices"), where, message, (self.read_slices, count),
            cure="take 'all'",
        )  # fmt: skip
