"""Tables of plain text: columns that are as wide as their widest cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GAP = "  "  # between columns


def columns(
    rows: Iterable[Sequence[str]], head: Sequence[str] = (), align: str | None = None
) -> str:
    """A table: a heading of one or more lines over a rule, where there is one, and the rows.

    ``align`` has a letter for each column, ``l`` for left and ``r`` for right; all are left
    otherwise.
    """
    body = [list(row) for row in rows]
    if not body and not head:
        return ""
    headings = [title.split("\n") for title in head]
    height = max(map(len, headings), default=0)
    over = [[h[i] if i < len(h) else "" for h in headings] for i in range(height)]
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
