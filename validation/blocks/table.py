"""Rows of a dataclass of texts and numbers in a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
KINDS = {"int": int, "float": float, "str": str}


def read(path: Path, kind: type[T]) -> list[T]:
    """The rows of a table; none where there is no file."""
    if not path.is_file():
        return []
    types = {field.name: KINDS[str(field.type)] for field in fields(kind)}  # type: ignore[arg-type]
    with path.open(newline="") as file:
        found = csv.DictReader(file)
        return [kind(**{key: types[key](text) for key, text in row.items()}) for row in found]


def write(path: Path, rows: Sequence[Any]) -> None:
    """Write a table, all of it at once."""
    given = path.with_suffix(".part")
    with given.open("w", newline="") as file:
        names = [field.name for field in fields(rows[0])]
        out = csv.DictWriter(file, names, lineterminator="\n")
        out.writeheader()
        out.writerows(asdict(one) for one in rows)
    given.replace(path)
