"""The tables of docs/validation/silicon.md, from the shipped records of silicon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from written_files import table

from neurorebit.checking.silicon import against, reader
from neurorebit.checking.silicon.outcome import Compared


@cache
def compared() -> tuple[Compared, ...]:
    """The shipped records, held against silicon once."""
    return against.compare(reader.read_all()).macros


def _span(values: Iterable[float | None]) -> str:
    known = sorted({float(f"{value:.2g}") for value in values if value is not None})
    return (
        " to ".join(f"{value:g}" for value in dict.fromkeys((known[0], known[-1])))
        if known
        else "-"
    )


def silicon_macros() -> Iterator[str]:
    """A row for each macro."""
    rows = []
    for each in compared():
        record = each.silicon.record
        whole = [row for row in each.rows if not row.of]
        share = max((abs(one.difference) for one in each.shares), default=None)
        rows.append(
            [
                f"{each.name}, {record.silicon}",
                f"`{record.macro.kind}`",  # type: ignore[attr-defined]
                " ".join(f"`{supply.file}`" for supply in record.supplies.values()),
                record.grade,
                *(
                    _span(row.ratio() for row in whole if row.figure == figure and not row.given)
                    for figure in ("energy", "area", "speed")
                ),
                each.fitted.shown if each.fitted else "none",
                f"{len(each.others)}"
                + (f", {each.mean:.1%}" if each.mean is not None else "")
                + ("" if each.mean_judged else ", too few to judge"),
                "-" if share is None else f"{100 * share:.0f}",
            ]
        )
    head = [
        "macro", "structure", "technology", "grade", "energy", "area", "throughput", "constant",
        "others", "share",
    ]  # fmt: skip
    yield from table(head, rows)


def silicon_constants() -> Iterator[str]:
    """The constants with their values."""
    rows = [
        [
            each.name,
            each.fitted.constant.name,
            each.fitted.shown,
            f"`{each.fitted.constant.key}`"
            if each.fitted.constant.key
            else "factor on " + ", ".join(f"`{part}`" for part in each.fitted.constant.parts),
            each.fitted.point,
            each.fitted.constant.why,
        ]
        for each in compared()
        if each.fitted
    ]
    yield from table(["macro", "constant", "value", "is", "fitted at", "why"], rows)


def silicon_given() -> Iterator[str]:
    """What is taken over from silicon."""
    rows = [
        [each.name, given.what, f"`{given.key}`" if given.key else "", given.why]
        for each in compared()
        for given in each.silicon.record.given
    ]
    yield from table(["macro", "what", "key", "why"], rows or [["-", "nothing", "", ""]])


def silicon_unmet() -> Iterator[str]:
    """Criteria that do not hold, with the reason that the record gives."""
    rows = [
        [each.name, one.text.removeprefix(f"{each.name}: "), one.why]
        for each in compared()
        for one in each.broken()
    ]
    yield from table(["macro", "what", "why"], rows or [["-", "all criteria hold", ""]])


TABLES = silicon_macros, silicon_constants, silicon_given, silicon_unmet
