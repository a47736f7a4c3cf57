"""The page of a search: its front, its designs by parallel coordinates, importances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from neurorebit.results.frames import unit_of
from neurorebit.results.pages.designs import DATA, SCRIPT, Designs, Values
from neurorebit.results.pages.figure import Figure
from neurorebit.results.pages.frame import Page, Section, cards, definitions
from neurorebit.results.pages.plots import PALETTE, Series, bars
from neurorebit.results.pages.table import MOST, Column, Table, share, word
from neurorebit.results.search_text import FRONT, STATE, TRIAL, fixed, shown
from neurorebit.results.sweep import FEASIBLE, REASON, unbeaten
from neurorebit.results.sweep import Table as Designed

DRAWN = 3000  # designs of a figure, the last ones
ACCURACIES = ("accuracy", "accuracy spread")


def write(table: Designed, about: Mapping[str, Any]) -> bytes:
    """The page of a search."""
    rows = np.flatnonzero(table[FEASIBLE])[-DRAWN:]
    left = int(np.count_nonzero(table[FEASIBLE])) - len(rows)
    made = Designs(
        _columns(table, about, rows),
        [str(one) for one in table["command"][rows]],
        front=np.flatnonzero(table[FRONT][rows]).tolist(),
        of=[one["name"].replace("_", " ") for one in about["objectives"]],
        fronts=_fronts(table, about, rows),
        limited=f"The last {DRAWN:,} feasible designs; {left:,} are left out." if left else "",
    )
    place = {int(row): i for i, row in enumerate(rows)}
    best = [place[int(row)] for row in shown(table, about, MOST)[0] if int(row) in place]
    names = ", ".join(one["name"].replace("_", " ") for one in about["objectives"])
    network = about["names"]["network"]
    sections = [
        Section("summary", "In short", [_cards(table, about), definitions(_said(table, about))]),
        Section("front", "The front", [_named(made.table(best))] if best else ()),
        Section("designs", "Designs", made.figures() if len(rows) else ()),
        Section("importances", "What moves the objectives", _importances(about)),
        Section("reasons", "Designs that are not taken", _reasons(table)),
    ]
    return Page(
        f"{network}: a search for {names}",
        sections,
        "Costs are estimates of whole chips, with the activity that the network file gives.",
        about["command"],
        data={DATA: made.data()},
        scripts=(SCRIPT,),
    ).write()


def _cards(table: Designed, about: Mapping[str, Any]) -> str:
    size = about["designs"]
    of = f"of {size:,} in the space" if size is not None else "of a space without end"
    states = Counter(table[STATE].tolist())
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    front = f"{int(np.count_nonzero(table[FRONT])):,}"
    return cards([
        ("designs tried", f"{len(table[STATE]):,}", of, ""),
        ("on the front", front, "that none beats", ""),
        ("became of them", counts, "see the reasons below", ""),
    ])  # fmt: skip


def _said(table: Designed, about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How was searched, and what all designs of the front have in common."""
    made = [("sampler", f"{about['sampler']}, seed {about['seed']}, {about['batch']} at once")]
    made += [("condition", one["text"]) for one in about["where"]]
    last = len(about["training"]) - 1
    for i, rung in enumerate(about["training"]):
        made.append(("accuracy after" if i == last else f"rung {i + 1}", rung["text"]))
    return made + [
        (f"{key}, on the whole front", text) for key, text in fixed(table, about).items()
    ]


def _columns(table: Designed, about: Mapping[str, Any], rows: Any) -> list[Values]:
    """The number of each design, its keys, and what it was compared by."""
    columns = list(dict.fromkeys(one["column"] for one in (*about["objectives"], *about["where"])))
    learned = [name for name in ACCURACIES if name in table and np.any(np.isfinite(table[name]))]
    columns += [name for name in learned if name not in columns]
    found = [Values(TRIAL, [float(one) for one in table[TRIAL][rows]])]
    for name in (*about["keys"], *columns):
        values = table[name][rows].tolist()
        given = name in about["keys"]
        unit = "%" if name in ACCURACIES else unit_of(name)
        found.append(Values(name.partition(" [")[0], values, unit, given=given))
    return found


def _fronts(table: Designed, about: Mapping[str, Any], rows: Any) -> dict[str, list[int]]:
    """The front of each two objectives."""
    found = {}
    able = table[STATE][rows] == "complete"
    for one, other in combinations(about["objectives"], 2):
        losses = np.stack(
            [table[o["column"]][rows] * (-1.0 if o["more"] else 1.0) for o in (one, other)], axis=-1
        )
        pair = "|".join(o["column"].partition(" [")[0] for o in (one, other))
        found[pair] = np.flatnonzero(unbeaten(losses, able)).tolist()
    return found


def _named(table: Table) -> Table:
    return Table("The designs that none beats, best in the first objective first", table.columns,
                 table.rows)  # fmt: skip


def _importances(about: Mapping[str, Any]) -> Sequence[Figure | Table | str]:
    """Bars of the shares of each key, with their table."""
    given = {name: shares for name, shares in about["importances"].items() if shares}
    keys = list(dict.fromkeys(key for shares in given.values() for key in shares))
    if not keys:
        return ()
    series = [
        Series(name.replace("_", " "), [shares.get(key, 0.0) for key in keys], PALETTE[i])
        for i, (name, shares) in enumerate(given.items())
    ]
    columns = [Column("key", numbers=False), *(Column(one.name, "%") for one in series)]
    rows = [[word(key), *(share(one.values[i]) for one in series)] for i, key in enumerate(keys)]
    return [
        Figure(
            "importances",
            "Share of the variance that a key alone explains",
            {"": bars(keys, series, "importance", "%")},
            says="Functional ANOVA of a random forest over the complete designs.",
            tables=(Table("Importances", columns, rows),),
        )
    ]


def _reasons(table: Designed) -> Sequence[Figure | Table | str]:
    """Why designs were pruned or are infeasible, the commonest reasons first."""
    counts = Counter(reason for reason in table[REASON].tolist() if reason).most_common(MOST)
    if not counts:
        return ()
    return [definitions((f"{count:,}", reason) for reason, count in counts)]
