"""The table of a sweep as CSV."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from neurorebit.results.sweep import FEASIBLE, Table
from neurorebit.schema.sheet import cells

AT_ONCE = 4096  # rows that are held as Python objects


def write(table: Table, path: Path) -> None:
    """A column for each column, named in the first line, and a row for each design."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(cells(list(table)))
        for low in range(0, len(table[FEASIBLE]), AT_ONCE):
            rows = [_plain(values[low : low + AT_ONCE]) for values in table.values()]
            writer.writerows(zip(*rows, strict=True))


def _plain(values: NDArray[Any]) -> list[Any]:
    """The values of a part of a column; texts are no formulas of a spreadsheet."""
    plain = values.tolist()
    return cells(plain) if values.dtype == object else plain
