"""The reader of files of designs, for sweeps."""

from __future__ import annotations

import csv
from pathlib import Path

from neurorebit.schema import Argument, InputError


def read_designs(path: Path) -> dict[str, list[str]]:
    """Designs from a CSV file: a key at the head of each column, with its unit (``vdd [V]``) or
    with units in the rows; InputError where it cannot be read or rows differ in length.
    """
    origin = Argument("designs", path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = [row for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not a CSV file with a line of keys"
        cure = "give a CSV file with a key in each column of its first line"
        raise InputError(f"cannot be read: {reason}", origin=origin, cure=cure) from None
    columns: dict[str, list[str]] = {}
    for i, heading in enumerate(head):
        key, _, unit = heading.strip().partition(" [")
        if key in columns:
            raise InputError("given twice", origin=origin, key=key, cure="keep one")
        short = next((n for n, row in enumerate(rows, 2) if len(row) != len(head)), 0)
        if short:
            line = Argument("designs", f"{path}:{short}")
            message = f"expected {len(head)} values, one for each key"
            raise InputError(message, origin=line, cure="complete the line, or drop it")
        columns[key] = [f"{row[i].strip()} {unit.rstrip(']')}".strip() for row in rows]
    return columns
