"""The page of a sweep: its designs by parallel coordinates, the front, the best as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from neurorebit.results.pages.designs import DATA, SCRIPT, Designs, Values
from neurorebit.results.pages.frame import Page, Section, cards
from neurorebit.results.pages.table import Column, Table, number, word
from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, REASON, front, usual
from neurorebit.results.sweep import Table as Designed
from neurorebit.results.sweep_text import LEARNED, best_of

MOST, BEST = 2000, 100  # designs of a figure, and of the table
Spell = Callable[[Mapping[str, str]], str]  # settings of a design to the command that estimates it


def write(
    table: Designed, criteria: Sequence[str], spell: Spell, *, title: str, command: str = ""
) -> bytes:
    """The page of the designs of a sweep; ``criteria`` are those of its front, if it has one."""
    ordered, _, names = best_of(table, criteria, len(table[FEASIBLE]))
    by = criteria[0] if criteria else usual(table)
    shown = [name for name in names if _varies(table, name) or name in CRITERIA.values()]
    axes = _axes(table)
    asked = [CRITERIA[name] for name in criteria]
    figures = [name for name in shown if name in CRITERIA.values() and name not in asked]
    chosen, fronts = _chosen(table, [*asked, *figures])
    place = {int(row): i for i, row in enumerate(chosen)}
    made = Designs(
        [_values(table, name, chosen, name in axes) for name in shown],
        [spell(_settings(table, axes, row)) for row in chosen.tolist()],
        front=[place[row] for row in np.flatnonzero(table.get(PARETO, np.zeros(0))).tolist()
               if row in place],
        of=criteria,
        fronts={pair: [place[row] for row in rows if row in place]
                for pair, rows in fronts.items()},
        limited=_limited(len(chosen), int(np.count_nonzero(table[FEASIBLE]))),
    )  # fmt: skip
    costs = table[CRITERIA[by]][chosen]
    order = np.argsort(costs, kind="stable")[:BEST].tolist()
    found = made.table(order)
    said = f"The {len(order):,} designs of least {by.replace('_', ' ')}, the best first"
    best = Table(said, found.columns, found.rows)
    sections = [
        Section("summary", "In short", [_counts(table, criteria, ordered)]),
        Section("designs", "Designs", made.figures() if len(chosen) else ()),
        Section("best", "The best", [best] if len(chosen) else ()),
        Section("reasons", "Designs that cannot exist", _reasons(table)),
    ]
    return Page(
        title,
        sections,
        "Estimates of whole chips, with the activity that the network file gives.",
        command,
        data={DATA: made.data()},
        scripts=(SCRIPT,),
    ).write()


def settings(table: Designed, row: int) -> dict[str, str]:
    """What is set in a design, by key, as text that is read as these very values."""
    return _settings(table, _axes(table), row)


def _axes(table: Designed) -> list[str]:
    """The columns of keys: those before the first figure."""
    names = list(table)
    return names[: min(names.index(name) for name in CRITERIA.values() if name in table)]


def _settings(table: Designed, axes: Sequence[str], row: int) -> dict[str, str]:
    found = {}
    for name in axes:
        key, _, unit = name.partition(" [")
        value = table[name][row]
        text = str(value) if table[name].dtype.kind in "OUi" else repr(float(value))
        given = "" if table[name].dtype.kind in "OU" else unit.rstrip("]")
        found[key] = f"{text} {given}".rstrip()
    return found


def _varies(table: Designed, name: str) -> bool:
    values = table[name][table[FEASIBLE]]
    if values.dtype == object:
        return len(set(values.tolist())) > 1
    values = values[np.isfinite(values)]
    return bool(values.size and np.any(values != values[0]))


def _chosen(
    table: Designed, figures: Sequence[str]
) -> tuple[NDArray[np.intp], dict[str, list[int]]]:
    """The designs that are drawn, in order: all feasible ones, or those of fronts and every so
    manyth of the others; and the rows of the front of each two figures.
    """
    keys = {heading: name for name, heading in CRITERIA.items()}
    fronts = {
        f"{_name(a)}|{_name(b)}": np.flatnonzero(front(table, (keys[a], keys[b]))).tolist()
        for a, b in combinations(figures, 2)
    }
    rows = np.flatnonzero(table[FEASIBLE])
    if rows.size <= MOST:
        return rows, fronts
    of_fronts = [row for rows_of in fronts.values() for row in rows_of]
    marked = np.flatnonzero(table.get(PARETO, np.zeros(0, bool)))
    kept = np.unique(np.concatenate([marked, np.array(of_fronts, np.intp)])).astype(np.intp)
    kept = kept[:: -(-kept.size // MOST) or 1]
    step = -(-rows.size // max(1, MOST - kept.size))
    return np.unique(np.concatenate([kept, rows[::step]])), fronts


def _limited(drawn: int, there: int) -> str:
    if drawn == there:
        return ""
    return (
        f"{drawn:,} of {there:,} designs: those of the fronts, and every so manyth of the others; "
        "a file of the sweep has all."
    )


def _name(heading: str) -> str:
    return heading.partition(" [")[0]


def _values(table: Designed, name: str, rows: NDArray[np.intp], given: bool) -> Values:
    """A column of the page; accuracies are shares."""
    heading, _, unit = name.partition(" [")
    unit = "%" if name in LEARNED else unit.rstrip("]")
    return Values(heading, table[name][rows].tolist(), unit, given=given)


def _counts(table: Designed, criteria: Sequence[str], ordered: NDArray[np.intp]) -> str:
    there, feasible = len(table[FEASIBLE]), int(np.count_nonzero(table[FEASIBLE]))
    found = [("Designs", f"{there:,}", "in the sweep", ""),
             ("Feasible", f"{feasible:,}", "can exist", "")]  # fmt: skip
    if criteria:
        found.append(("On the front", f"{ordered.size:,}", f"of {', '.join(criteria)}", ""))
    return cards(found)


def _reasons(table: Designed) -> list[Table]:
    """Why designs cannot exist, the commonest reasons first."""
    counted = Counter(table[REASON][~table[FEASIBLE]].tolist()).most_common()
    if not counted:
        return []
    rows = [[word(reason), number(count)] for reason, count in counted]
    columns = Column("reason", numbers=False), Column("designs")
    return [Table("Reasons", columns, rows, rest="a file of the sweep has all")]
