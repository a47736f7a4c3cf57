"""The page of a comparison of two runs: their headline numbers, layers, and every change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from neurorebit.results.comparison import Change, Comparison
from neurorebit.results.document import CHIP, Json
from neurorebit.results.frames import unit_of
from neurorebit.results.pages.figure import Figure, Plot
from neurorebit.results.pages.frame import Page, Section, listed
from neurorebit.results.pages.plots import PALETTE, Series, bars
from neurorebit.results.pages.table import Cell, Column, Table, number, word
from neurorebit.results.pages.text import NONE, percent
from neurorebit.results.parts import phases_of

MOST = 60  # layers of a figure
COLOURS = PALETTE[0], PALETTE[1]
KEYS = {
    "energy": ("energy_J", "J"),
    "time": ("latency_s", "s"),
    "DRAM energy": ("dram_energy_J", "J"),
}


def write(
    runs: tuple[tuple[str, Json], tuple[str, Json]], comparison: Comparison, command: str = ""
) -> bytes:
    """The page; ``runs`` are names of two reports and the documents."""
    (first, one), (second, two) = runs
    names = (first, second) if first != second else (f"{first} (first)", f"{second} (second)")
    documents = one, two
    head, rest = comparison.headlines, comparison.others
    figures = [_phases(names, documents), *_layers(names, documents)]
    beyond = len(comparison.beyond)
    said = [
        f"{beyond:,} of {len(comparison.results):,} changed results are beyond the tolerance of "
        f"{comparison.tolerance:g}; timings are not compared."
        if comparison.results
        else "No result differs; timings are not compared.",
        *(f"{name}: {document['command']}" for name, document in
          zip(names, documents, strict=True)),
    ]  # fmt: skip
    sections = [
        Section("summary", "In short", [listed(said), *_tables("Headline numbers", head, names)]),
        Section("given", "What was given", _tables("Given", comparison.inputs, names)),
        Section("costs", "Side by side", figures),
        Section("changes", "All other results, largest change first",
                _tables("Results", rest, names)),
    ]  # fmt: skip
    return Page(
        f"{names[0]} and {names[1]}", sections, "Two runs, value by value.", command
    ).write()


def _tables(caption: str, changes: Sequence[Change], names: Sequence[str]) -> list[Table]:
    if not changes:
        return []
    columns = (Column("value", numbers=False), Column(names[0]), Column(names[1]),
               Column("change"))  # fmt: skip
    rows = []
    for change in changes:
        share = Cell(change.growth, _relative(change))
        rows.append([word(change.path), _value(change.path, change.first),
                     _value(change.path, change.second), share])  # fmt: skip
    return [Table(caption, columns, rows, rest="the command lists all")]


def _relative(change: Change) -> float | None:
    """The change in parts of the first value; None where there is no such number."""
    numbers = [v for v in (change.first, change.second) if _is_number(v)]
    if len(numbers) < 2 or not change.first:
        return None
    return float((change.second - change.first) / abs(change.first))


def _value(path: str, value: Any) -> Cell:
    """A value in the unit that its path ends in."""
    if value is None:
        return Cell(NONE)
    if not _is_number(value):
        return word(value)
    last = path.split(".")[-1].split("/")[0]
    unit = unit_of(last) or (unit_of(path.split("/")[0]) if "/" in path else "")
    if last.endswith("accuracy"):
        return Cell(percent(value, 2), value)
    return number(value, unit if unit in ("J", "s", "W", "m2", "J s") else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _phases(names: Sequence[str], documents: Sequence[Json]) -> Figure:
    """Both runs' phases beside each other."""
    phases = list(dict.fromkeys(name for one in documents for name in phases_of(one)))
    views: dict[str, Plot] = {}
    for what, (key, unit) in KEYS.items():
        series = [
            Series(name, [_of(document["phases"].get(phase), key) for phase in phases], colour)
            for name, document, colour in zip(names, documents, COLOURS, strict=True)
        ]
        views[what] = bars(phases, series, what, unit)
    columns = [Column("phase", numbers=False)]
    columns += [Column(f"{what}, {name}", unit) for what, (_, unit) in KEYS.items()
                for name in names]  # fmt: skip
    rows = [
        [word(phase)] + [
            number(_of(document["phases"].get(phase), key), unit)
            for key, unit in KEYS.values() for document in documents
        ]
        for phase in phases
    ]  # fmt: skip
    return Figure("phases", "Phases", views, {"Show": tuple(KEYS)},
                  tables=(Table("Phases of both runs", columns, rows),))  # fmt: skip


def _of(phase: Json | None, key: str) -> float | None:
    return None if phase is None else phase[key]


def _layers(names: Sequence[str], documents: Sequence[Json]) -> Iterator[Figure]:
    """Both runs' layers beside each other, by name, for each phase that both have."""
    phases = [name for name in phases_of(documents[0]) if name in phases_of(documents[1])]
    layers = [{layer["name"]: layer for layer in document["layers"]} for document in documents]
    there = [name for name in layers[0] if name in layers[1] and name != CHIP]
    if not there or not phases:
        return
    most = {
        name: max(of[name]["phases"][phase]["energy_J"] for of in layers for phase in phases)
        for name in there
    }
    largest = set(sorted(there, key=lambda name: -most[name])[:MOST])
    shown = [name for name in there if name in largest]
    limited = ""
    if len(shown) < len(there):
        limited = f"The {len(shown):,} layers of most energy of {len(there):,}."
    views: dict[str, Plot] = {}
    for what in ("energy", "time"):
        key, unit = KEYS[what]
        for phase in phases:
            series = [
                Series(name, [of[layer]["phases"][phase][key] for layer in shown], colour)
                for name, of, colour in zip(names, layers, COLOURS, strict=True)
            ]
            views[f"{what}|{phase}"] = bars(shown, series, what, unit)
    columns = [Column("layer", numbers=False)]
    columns += [Column(f"{phase} energy, {name}", "J") for phase in phases for name in names]
    rows = [
        [word(layer)] + [
            number(of[layer]["phases"][phase]["energy_J"], "J") for phase in phases for of in layers
        ]
        for layer in shown
    ]  # fmt: skip
    says = "Layers of the same name; energy with leakage, without DRAM."
    table = Table("Energy of the layers of both runs", columns, rows)
    choices = {"Show": ("energy", "time"), "of": tuple(phases)}
    yield Figure("layers", "Layers", views, choices, says=says, limited=limited, tables=(table,))
