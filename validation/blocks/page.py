"""The page of programming in blocks, and its picture, from the tables of what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from validation.blocks.deployed import Row
from validation.blocks.points import Point

NAME, PICTURE = "block_programming.md", "block_programming.png"


def write(folder: Path, points: Sequence[Point], rows: Sequence[Row]) -> None:
    """Write page and picture."""
    (folder / NAME).write_text("\n".join(lines(points, rows)) + "\n")
    if points and rows:
        picture(folder / PICTURE, points, rows)


def lines(points: Sequence[Point], rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the page."""
    yield "not yet"


def picture(path: Path, points: Sequence[Point], rows: Sequence[Row]) -> None:
    """Draw."""
