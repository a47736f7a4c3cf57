"""Sections, lists and tables of a report for a reader, none wider than the page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from neurorebit.schema import units
from neurorebit.schema.columns import GAP, columns

WIDTH, NARROWEST = 100, 80  # columns of a page: of files, and of the narrowest terminal
_page = ContextVar("page", default=WIDTH)
LEAST = 25  # characters that the names in a table's first column keep


def width() -> int:
    """Columns of the page that is written."""
    return _page.get()


@contextmanager
def page(columns: int) -> Iterator[None]:
    """What is written meanwhile has a page of as many columns, within what tables can take."""
    before = _page.set(min(max(columns, NARROWEST), WIDTH))
    try:
        yield
    finally:
        _page.reset(before)


def fitting(room: int, *texts: str) -> str:
    """The first of these texts that has room, or the last."""
    return next((text for text in texts if len(text) <= room), texts[-1])


def section(title: str, *bodies: str) -> str:
    """A title over a rule and paragraphs; nothing where there are none."""
    shown = [body for body in bodies if body]
    return f"{title}\n{'-' * len(title)}\n" + "\n\n".join(shown) if shown else ""


def wrapped(text: str, first: str = "", later: str | None = None) -> str:
    """Text in lines as wide as the page, behind ``first`` in the first line and ``later`` below.

    Words longer than a line, such as paths, stay whole.
    """
    margin = " " * len(first) if later is None else later
    lines = textwrap.wrap(
        text,
        width(),
        initial_indent=first,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines) if lines else first.rstrip()


def listed(lines: Iterable[str], mark: str = "- ") -> str:
    """A list, one sentence a line, however long: commands in it can be copied."""
    return "\n".join(f"{mark}{line}" for line in lines)


def defined(pairs: Iterable[tuple[str, str]]) -> str:
    """Words and what they mean, in two columns."""
    known = list(pairs)
    widest = max(len(word) for word, _ in known)
    return "\n".join(wrapped(text, f"{word:{widest}}  ") for word, text in known)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """A table of ``words`` columns of text with columns of numbers to their right.

    Where it is too wide, names in the first column lose the middle of their paths; where that is
    not enough, the numbers continue in a second table below.
    """
    widths = [
        max(len(line) for cell in column for line in cell.split("\n"))
        for column in zip(head, *rows, strict=True)
    ]
    room = width() - sum(one + len(GAP) for one in widths[1:])
    if room < widths[0]:
        widths[0] = min(widths[0], max(room, LEAST))
        rows = [(shortened(row[0], widths[0]), *row[1:]) for row in rows]
    tables, taken = [], widths[0]
    first = start = 1
    for i in range(first, len(head)):
        taken += len(GAP) + widths[i]
        if taken > width() and i > start:
            tables.append((start, i))
            start, taken = i, widths[0] + len(GAP) + widths[i]
    tables.append((start, len(head)))
    return "\n\n".join(
        columns(
            [(row[0], *row[low:high]) for row in rows],
            (head[0], *head[low:high]),
            "l" + "".join("l" if i < words else "r" for i in range(low, high)),
        )
        for low, high in tables
    )


def shortened(path: str, most: int) -> str:
    """A path of at most ``most`` characters, with two dots for what is left out in its middle."""
    if len(path) <= most:
        return path
    first, *rest = path.split("/")
    while len(rest) > 1:
        rest = rest[1:]
        if len(short := "/".join([first, "..", *rest])) <= most:
            return short
    tail = rest[-1] if rest else first
    return tail if len(tail) <= most else f"{tail[: most - 2]}.."


# --- numbers


def number(value: float | None, digits: int = 4) -> str:
    """A number for a reader, with a comma between thousands; nothing for None."""
    if value is None:
        return ""
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if 1000 <= abs(value) < 1e6 else text


def column(values: Sequence[float], unit: str) -> tuple[str, list[str]]:
    """The unit in which a column reads best, and its numbers in it."""
    largest = max((abs(value) for value in values), default=0.0)
    scaled, prefixed = units.scale(largest, unit)
    factor = scaled / largest if largest else 1.0
    return prefixed, [number(value * factor) if value else "0" for value in values]


def percent(share: float, digits: int = 1) -> str:
    """A share in percent."""
    return f"{100 * share:.{digits}f} %"


def share(amount: float, whole: float) -> str:
    """What part of a whole an amount is, in percent; nothing where there is no whole."""
    return percent(amount / whole) if whole else ""
