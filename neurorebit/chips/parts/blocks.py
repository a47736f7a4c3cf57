"""The section of an architecture file that says which cells of an array are programmed together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurorebit.schema import Misfit, Section
from neurorebit.schema.numbers import Real

MOST = 32  # cells of a block; a driver of as many has a hundred times the current of a read
Side = Annotated[int, Field(ge=1, le=MOST)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Blocks(Section):
    """Cells that are programmed together (docs/models/programming.md#blocks).

    ``rows``: opened at once. ``cols``: columns beside each other on one driver; cells of a block,
    of so many rows and columns, get one train of pulses. ``drivers``: trains that are sent at once
    in the same rows; all: as many as there are. ``until``: a train ends when the first cell of the
    block has got the pulses that lead to its level, the mean cell, or the last one. ``others``:
    whether the cells of a block that ask for no pulse of its direction are disturbed by its train,
    or inhibited: their access lines stay closed, and columns that ask in other rows get their
    trains in turn. ``fine``: what cells are left to get follows row by row; else it is not sent.

    With one cell a block and all drivers, arrays are programmed row by row.
    """

    rows: Side = 1
    cols: Side = 1
    drivers: Annotated[int, Field(ge=1, le=4096)] | Literal["all"] = "all"
    until: Literal["first", "mean", "last"] = "first"
    others: Literal["disturbed", "inhibited"] = "disturbed"
    fine: bool = True

    @property
    def asked(self) -> bool:
        """Whether it is anything else than row by row, each cell with a train of its own."""
        several = np.any(np.not_equal(self.rows, 1)) or np.any(np.not_equal(self.cols, 1))
        return bool(several) or not isinstance(self.drivers, str)

    def misfits(self, name: str, row_by_row: bool) -> Iterator[Misfit]:
        """Combinations of values that do not fit; ``name`` is that of the section of the arrays."""
        cells = np.multiply(self.rows, self.cols)
        message = f"a block of {{:g}} cells, there may be {MOST} at most"
        cure = f"take fewer rows or columns, as {name}.blocks.rows=4"
        yield Misfit((name, "blocks", "rows"), cells > MOST, message, (cells,), cure=cure)
        message = "cells are inhibited by the access lines of rows, not of {:g} columns on a driver"
        apart = self.others == "inhibited"
        where = np.logical_and(apart, np.greater(self.cols, 1))
        cure = f"take {name}.blocks.cols=1, or others=disturbed"
        yield Misfit((name, "blocks", "cols"), where, message, (self.cols,), cure=cure)
        message = "a decoder opens one row at a time, and {:g} are to be opened together"
        where = np.logical_and(row_by_row, np.greater(self.rows, 1))
        cure = f"take {name}.read=parallel, or {name}.blocks.rows=1"
        yield Misfit((name, "blocks", "rows"), where, message, (self.rows,), cure=cure)


def columns_at_once(blocks: Blocks, cols: Real) -> Real:
    """Columns of an array of ``cols`` whose drivers work at once."""
    if isinstance(blocks.drivers, str):
        return cols
    found: Real = np.minimum(np.multiply(blocks.drivers, blocks.cols), cols)
    return found
