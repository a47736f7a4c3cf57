"""The best designs of a sweep, for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tabulate import tabulate

from neurorebit.results.summary import ROW, Summary
from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, REASON, Table, usual
from neurorebit.schema import units

SHOWN = (  # after the axes, in the table for a reader
    "area [m2]", "training energy [J/image]", "training latency [s/image]", "forward TOPS/W chip",
    "backward TOPS/W chip",
)  # fmt: skip
LEARNED = ("accuracy", "accuracy spread")  # where designs are trained
SHOWN_INFERENCE = (  # where no design trains
    CRITERIA["area"], CRITERIA["inference_energy"], CRITERIA["inference_latency"],
    "inference TOPS/W chip",
)  # fmt: skip


def best(table: Table, criteria: Sequence[str] = (), most: int = 10) -> str:
    """The best designs as a table, of the front if there is one, and how many there are."""
    rows, order, names = best_of(table, criteria, most)
    by = criteria[0] if criteria else usual(table)
    reasons = Counter(table[REASON][~table[FEASIBLE]].tolist())
    counts = len(table[FEASIBLE]), int(np.count_nonzero(table[FEASIBLE])), rows.size
    shown = {name: table[name][order] for name in names}
    return _text(counts, criteria, _reasons(reasons), (by, shown))


def of_summary(found: Summary) -> str:
    """The same of designs that stand in files."""
    by, rows = found.usual, found.shown
    many = len(found.front[FEASIBLE]) if found.criteria else found.feasible
    names = _names([name for name in rows if name != ROW], by, found.criteria)
    shown = {name: rows[name] for name in names}
    reasons = _reasons(found.reasons, found.others)
    return _text((found.designs, found.feasible, many), found.criteria, reasons, (by, shown))


def _text(
    counts: tuple[int, int, int],
    criteria: Sequence[str],
    reasons: Sequence[str],
    best: tuple[str, Table],
) -> str:
    """Counts of designs (in all, feasible, of those that are ordered), reasons, and the best."""
    of_all, feasible, many = counts
    first = f"{of_all:,} designs, {feasible:,} feasible"
    first += f", {many:,} on the front of {', '.join(criteria)}" if criteria else ""
    lines = ["\n".join([first, *reasons])]
    by, columns = best
    if shown := len(next(iter(columns.values()))):
        head, texts = zip(*(head_and_values(*column) for column in columns.items()), strict=True)
        align = ["left" if values.dtype == object else "right" for values in columns.values()]
        body = list(zip(*texts, strict=True))
        lines.append(f"Best by {by}: {shown} of {many:,}")
        lines.append(tabulate(body, head, "simple", disable_numparse=True, colalign=align))
    return "\n\n".join(lines)


def best_of(
    table: Table, criteria: Sequence[str] = (), most: int = 10
) -> tuple[NDArray[np.intp], NDArray[np.intp], list[str]]:
    """The rows of the front, or that are feasible; the best of them; the columns for a reader."""
    by = usual(table)
    rows = np.flatnonzero(table.get(PARETO, table[FEASIBLE]))
    costs = table[CRITERIA[criteria[0] if criteria else by]][rows]
    order = rows[np.argsort(costs, kind="stable")][:most]
    return rows, order, _names(list(table), by, criteria)


def _names(names: Sequence[str], by: str, criteria: Sequence[str]) -> list[str]:
    """The columns for a reader: of the axes, of what designs are ordered by, what was asked for."""
    columns = SHOWN_INFERENCE if by.startswith("inference") else SHOWN
    axes = names[: names.index(columns[0])]
    asked = [CRITERIA[name] for name in criteria if CRITERIA[name] not in columns]
    learned = [name for name in LEARNED if name in names]
    return [*axes, *columns, *asked, *learned]


def _reasons(reasons: Mapping[str, int], others: int = 0, most: int = 3) -> list[str]:
    """Why designs are infeasible, the commonest reasons first."""
    by_reason = Counter(reasons).most_common()
    rest = others + sum(count for _, count in by_reason[most:])
    lines = [f"! {count:,}: {reason}" for reason, count in by_reason[:most]]
    return lines + ([f"! {rest:,}: for other reasons"] if rest else [])


def head_and_values(name: str, values: NDArray[Any]) -> tuple[str, list[str]]:
    """A heading over lines, and the values in the unit in which the column reads best."""
    words, _, unit = name.partition(" [")
    unit, per, of = unit.rstrip("]").partition("/")
    head = "\n".join(words.split(".")[-2:]) if "." in words else words.replace(" ", "\n", 1)
    if values.dtype == object or not values.size:
        return head, [str(value) for value in values]
    largest = float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0))
    number, prefixed = (
        units.scale(largest, unit) if per != "/" or of == "image" else (largest, unit)
    )
    factor = number / largest if largest else 1.0
    head += f"\n[{prefixed}{per}{of}]" if unit else ""
    shown = values.tolist()
    return head, [f"{value * factor:.4g}" if np.isfinite(value) else "-" for value in shown]
