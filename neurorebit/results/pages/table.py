"""Tables of a page: they sort by each column, and copy as text that spreadsheets read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

from neurorebit.results.pages.text import escaped, percent, quantity

MOST = 300  # rows of a table


class Cell(NamedTuple):
    """What a cell shows, what it is sorted and copied by, and the path of its value in the
    document, if it is one of a report.
    """

    text: str
    value: float | str | None = None
    path: str = ""


class Column(NamedTuple):
    """The heading of a column, the SI unit of its values, and whether these are numbers."""

    heading: str
    unit: str = ""
    numbers: bool = True


@dataclass(frozen=True)
class Table:
    """Rows of cells below columns; the first column names the rows.

    ``caption`` says what it is a table of. Of more than ``MOST`` rows the first ones are shown, and
    ``rest`` says where the others are; ``there`` is the number of all, where not all are given.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    rest: str = ""
    _: KW_ONLY
    there: int = 0

    def html(self) -> str:
        """The table with its button."""
        head = "".join(map(_heading, self.columns))
        shown = self.rows[:MOST]
        body = "".join(f"<tr>{self._row(row)}</tr>\n" for row in shown)
        more, there = "", max(len(self.rows), self.there)
        if len(shown) < there:
            more = f"{len(shown):,} of {there:,} rows; {self.rest}".removesuffix("; ")
            more = f'<p class="limited">{escaped(more)}</p>'
        return (
            f'<div class="table"><table><caption>{escaped(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>{more}"
            '<p class="tools"><button type="button" class="copy">Copy the table</button>'
            '<span role="status" aria-live="polite"></span></p>'
        )

    def _row(self, row: Sequence[Cell]) -> str:
        cells = zip(row, self.columns, strict=True)
        return "".join(_cell(cell, column, i == 0) for i, (cell, column) in enumerate(cells))


def word(text: object, path: str = "") -> Cell:
    """A cell of text."""
    return Cell(str(text), str(text), path)


def number(value: float | None, unit: str = "", path: str = "") -> Cell:
    """A cell of a number in an SI unit."""
    return Cell(quantity(value, unit), value, path)


def share(value: float | None, path: str = "", digits: int = 1) -> Cell:
    """A cell of a share, in percent."""
    return Cell(percent(value, digits), value, path)


def _heading(column: Column) -> str:
    unit = f' data-unit="{escaped(column.unit)}"' if column.unit else ""
    kind = ' class="n"' if column.numbers else ""
    return (
        f'<th scope="col" aria-sort="none"{unit}{kind}>'
        f'<button type="button" class="sort">{escaped(column.heading)}</button></th>'
    )


def _cell(cell: Cell, column: Column, first: bool) -> str:
    given = "" if cell.value is None else f' data-v="{escaped(_written(cell.value))}"'
    path = f' data-path="{escaped(cell.path)}"' if cell.path else ""
    kind = ' class="n"' if column.numbers else ""
    name, scope = ("th", ' scope="row"') if first else ("td", "")
    return f"<{name}{scope}{kind}{given}{path}>{escaped(cell.text)}</{name}>"


def _written(value: float | str) -> str:
    """A value as it is copied: numbers with all their digits, none where it is not finite."""
    if isinstance(value, str):
        return value
    return repr(value) if math.isfinite(value) else ""
