"""Tables of plain text: columns that are as wide as their widest cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GAP = "  "  # between columns


def columns(
    rows: Iterable[Sequence[str]], head: Sequence[str] = (), align: str | None = None
) -> str:
    """A table: a heading over a rule, where there is one, and the rows, each of one or more lines.

    ``align`` has a letter for each column, ``l`` for left and ``r`` for right; all are left
    otherwise.
    """
    body = [line for row in rows for line in _lines(row)]
    if not body and not head:
        return ""
    over = _lines(head)
    height = len(over)
    cells = [*over, *body]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    letters = align or "l" * len(widths)
    lines = [
        GAP.join(
            cell.ljust(width) if letter == "l" else cell.rjust(width)
            for cell, width, letter in zip(row, widths, letters, strict=True)
        ).rstrip()
        for row in cells
    ]
    rule = [GAP.join("-" * width for width in widths)] if head else []
    return "\n".join([*lines[:height], *rule, *lines[height:]])


def _lines(row: Sequence[str]) -> list[list[str]]:
    """The lines of a row, whose cells have one or more."""
    cells = [cell.split("\n") for cell in row]
    height = max(map(len, cells), default=0)
    return [[cell[i] if i < len(cell) else "" for cell in cells] for i in range(height)]
