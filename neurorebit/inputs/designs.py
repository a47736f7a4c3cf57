"""The reader of files of designs, for sweeps."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from neurorebit.schema import Line
from neurorebit.schema.provenance import note
from neurorebit.schema.sheet import read_sheet


@dataclass(frozen=True)
class Designs:
    """Designs of a file: the values of each key, a line of the file for each design."""

    file: str
    columns: dict[str, list[str]]
    lines: tuple[int, ...]
    head: int  # the line of the keys

    def label(self, key: str, text: str, row: int | None) -> object:
        """What messages call the value of a key in a row, or the key where no row is meant."""
        line = self.head if row is None or row >= len(self.lines) else self.lines[row]
        return Line(self.file, line), f": {key}={text}" if text else f": {key}"


def read_designs(path: Path) -> Designs:
    """Designs from a CSV file: a key at the head of each column, with its unit (``vdd [V]``) or
    with units in the rows; InputError with line and column where it is wrong.
    """
    sheet = read_sheet(path)
    note("designs", path.name, path, hashlib.sha256(sheet.raw).hexdigest())
    columns: dict[str, list[str]] = {}
    for i, heading in enumerate(sheet.heads):
        key, _, unit = heading.partition(" [")
        if key in columns:
            raise sheet.error("given twice", "keep one", line=sheet.line, column=key)
        values = columns[key] = []
        for row in sheet.rows:
            if not row.values[i]:
                cure = "complete the line, or drop it"
                raise sheet.error("a value is missing", cure, line=row.line, column=key)
            values.append(f"{row.values[i]} {unit.rstrip(']')}".strip())
    if not sheet.rows:
        raise sheet.error("holds no design", "write a design in each line below the keys")
    return Designs(sheet.file, columns, tuple(row.line for row in sheet.rows), sheet.line)
