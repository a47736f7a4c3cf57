"""The table of a sweep as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from neurorebit.results.sweep import FEASIBLE, Table

AT_ONCE = 4096  # rows that are held as Python objects


def write(table: Table, path: Path) -> None:
    """A column for each column, named in the first line, and a row for each design."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        for low in range(0, len(table[FEASIBLE]), AT_ONCE):
            rows = [values[low : low + AT_ONCE].tolist() for values in table.values()]
            writer.writerows(zip(*rows, strict=True))
