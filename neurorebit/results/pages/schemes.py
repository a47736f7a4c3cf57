"""The page of schemes side by side: what each learns over epochs, energy and writes, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from neurorebit.results.document import Json, is_regression
from neurorebit.results.pages.figure import Figure, Plot
from neurorebit.results.pages.frame import Page, Section, listed
from neurorebit.results.pages.plots import GREY, HOVER, PALETTE, scaled
from neurorebit.results.pages.table import Cell, Column, Table, number, share, word
from neurorebit.results.pages.text import in_figure, percent, quantity
from neurorebit.results.spending import LEGEND, after_epochs

SIDES = ("top center", "bottom center")  # of a point, where its name stands
DASHES = ("solid", "dash", "dot")
NAME = "schemes.html"
FEW = 12  # epochs, of which each has a mark on the axis


def write(
    rows: Sequence[Json],
    runs: Mapping[str, Sequence[Json]],
    headings: Mapping[str, tuple[str, str]],
    lines: tuple[Sequence[str], Sequence[str]],
    *,
    reached: Sequence[Json] = (),
    command: str,
) -> bytes:
    """The page: ``rows`` of the table, the reports of each scheme's seeds by its name, and in
    ``lines`` what the numbers mean, and what a reader must know. ``headings`` are of the table's
    keys, with their units; ``reached`` the rows of what it took to reach an accuracy.
    """
    first = next(iter(runs.values()))[0]
    subtitle = f"NeuroReBIT {first['version']}; the first seed's costs, the mean accuracy."
    sections = [
        Section(
            "summary",
            "In short",
            [_table(rows, headings), listed(lines[1], "mind"), listed(lines[0])],
        ),
        Section("curves", "What was learned", [_curves(runs)]),
        Section("reached", "Energy to reach an accuracy", _reached(reached)),
        Section("trade", "Accuracy and cost", _trade(rows)),
        Section("runs", "The runs", [_runs(runs)]),
    ]
    title = f"Schemes on {first['network']}"
    return Page(title, sections, subtitle, command).write()


def _table(rows: Sequence[Json], headings: Mapping[str, tuple[str, str]]) -> Table:
    keys = [key for key in headings if any(row.get(key) is not None for row in rows)]
    columns = [
        Column(headings[key][0].replace("\n", " ").removesuffix(" [%]"), headings[key][1],
               numbers=key != "scheme")
        for key in keys
    ]  # fmt: skip
    body = [[_cell(key, row.get(key), headings[key][1]) for key in keys] for row in rows]
    return Table("Schemes side by side", columns, body)


def _cell(key: str, value: Any, unit: str) -> Cell:
    if isinstance(value, str):
        return word(value)
    return share(value, digits=2) if key.startswith("test_accuracy") else number(value, unit)


def _key(training: Json) -> str:
    return "test_r2" if is_regression(training) else "test_accuracy"


def _curves(runs: Mapping[str, Sequence[Json]]) -> Figure:
    """Each run's curve over epochs, energy and writes."""
    titles = {
        "epochs": "epoch",
        "energy": "energy with DRAM until then [J]",
        "writes": "cells programmed until then",
    }
    traces: dict[str, list[Json]] = {over: [] for over in titles}
    for k, (name, reports) in enumerate(runs.items()):
        for n, report in enumerate(reports):
            for over, places in _places(report).items():
                traces[over].append(_curve(name, report, places, k, first=n == 0))
    longest = max(len(one["training"]["epochs"]) for runs_of in runs.values() for one in runs_of)
    views: dict[str, Plot] = {
        over: {
            "data": traces[over],
            "layout": {
                "height": 460,
                "hovermode": "closest",
                "xaxis": {
                    "title": {"text": titles[over]},
                    **({"dtick": 1} if over == "epochs" and longest <= FEW else {}),
                },
                "yaxis": {"title": {"text": "on test images [%]"}},
            },
        }
        for over in titles
        if traces[over]
    }
    columns = [Column("scheme", numbers=False), Column("seed"), Column("epoch")]
    columns += [Column("on test images"), Column("loss"), Column("cells programmed")]
    rows = [
        [word(name), number(report["seed"]), number(epoch["epoch"]),
         share(epoch[_key(report["training"])], digits=2), number(epoch["loss"]),
         number(epoch["cells_programmed"])]
        for name, reports in runs.items() for report in reports
        for epoch in report["training"]["epochs"]
    ]  # fmt: skip
    says = (
        "A line is a run. Energy until an epoch is its number times that of an epoch on average; "
        "what software would take is not estimated."
    )
    table = Table("Epochs of all runs", columns, rows, rest="training.csv of each run has all")
    return Figure("learning", "Accuracy over epochs, energy and writes", views,
                  {"Over": tuple(views)}, says=says, tables=(table,))  # fmt: skip


def _places(report: Json) -> dict[str, list[float]]:
    """Where the epochs of a run stand: by number, by energy and by writes spent until then."""
    spent = after_epochs(report)
    found = {"epochs": [float(one.epoch) for one in spent]}
    energy = [one.energy_with_dram for one in spent if one.energy_with_dram is not None]
    written = [one.cells_programmed for one in spent if one.cells_programmed is not None]
    if energy and written:  # a chip, and not software
        found |= {"energy": energy, "writes": written}
    return found


def _curve(name: str, report: Json, places: list[float], k: int, *, first: bool) -> Json:
    training = report["training"]
    key = _key(training)
    values = [epoch[key] for epoch in training["epochs"]]
    texts = [
        f"<b>{in_figure(name)}</b>, seed {report['seed']}, epoch {epoch['epoch']}<br>"
        f"{percent(value, 2)}<br>{in_figure(report['command'])}"
        for epoch, value in zip(training["epochs"], values, strict=True)
    ]
    return {
        "type": "scatter", "mode": "lines+markers", "name": in_figure(name), "legendgroup": name,
        "showlegend": first, "x": places,
        "y": [None if value is None else 100.0 * value for value in values],
        "customdata": [[text] for text in texts], "hovertemplate": HOVER,
        "line": {"color": PALETTE[k % len(PALETTE)], "width": 2 if first else 1,
                 "dash": DASHES[k // len(PALETTE) % len(DASHES)]},
    }  # fmt: skip


COSTS = {
    "energy": ("energy_with_dram_J_per_epoch", "energy of an epoch with DRAM", "J"),
    "time": ("latency_s_per_epoch", "time of an epoch", "s"),
    "area": ("area_m2", "area", "m2"),
}


def _trade(rows: Sequence[Json]) -> list[Figure]:
    """Accuracy against what an epoch and the chip cost."""
    key = "test_r2" if any("test_r2" in row for row in rows) else "test_accuracy"
    views: dict[str, Plot] = {}
    for what, (of, title, unit) in COSTS.items():
        there = [row for row in rows if row.get(of) is not None and row.get(key) is not None]
        if not there:
            continue
        best = _front([(row[of], -row[key]) for row in there])
        order = sorted(range(len(there)), key=lambda i: i in best)  # the front on top
        shown = [there[i] for i in order]
        factor, prefixed = scaled((row[of] for row in shown), unit)
        texts = [
            f"<b>{in_figure(row['scheme'])}</b><br>{percent(row[key], 2)}<br>"
            f"{quantity(row[of], unit)}<br>{in_figure(row['chip'])}"
            for row in shown
        ]
        views[what] = {
            "data": [{
                "type": "scatter", "mode": "markers+text", "showlegend": False,
                "x": [factor * row[of] for row in shown], "y": [100.0 * row[key] for row in shown],
                "text": [in_figure(row["scheme"]) for row in shown],
                "textposition": [SIDES[i % len(SIDES)] for i in range(len(shown))],
                "customdata": [[text] for text in texts], "hovertemplate": HOVER,
                "marker": {"size": 11, "color": [PALETTE[3] if i in best else GREY for i in order]},
            }],
            "layout": {
                "height": 440, "hovermode": "closest",
                "xaxis": {"title": {"text": f"{title} [{prefixed}]"}, "rangemode": "tozero"},
                "yaxis": {"title": {"text": "on test images [%]"}},
            },
        }  # fmt: skip
    if not views:
        return []
    says = "Red: no other scheme is better in both. Software has no chip, and no point here."
    return [Figure("front", "Accuracy against cost", views, {"Against": tuple(views)}, says=says)]


def _reached(rows: Sequence[Json]) -> list[Table | str]:
    """What each scheme took to reach accuracies."""
    columns = [Column("scheme", numbers=False), Column("to reach", numbers=False)]
    columns += [Column("test accuracy"), Column("epoch"), Column("energy", "J")]
    columns += [Column("with DRAM", "J"), Column("cells programmed")]
    body = [
        [word(row["scheme"]), word(row["target"]), share(row["target_accuracy"], digits=2),
         number(row["epoch"]), number(row["energy_J"], "J"),
         number(row["energy_with_dram_J"], "J"), number(row["cells_programmed"])]
        for row in rows
    ]  # fmt: skip
    return [Table("Empty where a test never reached it", columns, body), listed([LEGEND])]


def _front(points: Sequence[tuple[float, float]]) -> set[int]:
    """The points that no other is below in one number and not above in the other."""
    return {
        i
        for i, (x, y) in enumerate(points)
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points)
    }


def _runs(runs: Mapping[str, Sequence[Json]]) -> Table:
    columns = [Column(name, numbers=False) for name in ("scheme", "seed", "folder", "command")]
    rows = [
        [word(name), word(report["seed"]), word(f"{name}_seed{report['seed']}"),
         word(report["command"])]
        for name, reports in runs.items() for report in reports
    ]  # fmt: skip
    return Table("Each run has a report.html in its folder", columns, rows)
