"""Runs for a reader: a table of many, one in full, and several beside each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from neurorebit.schema import units
from neurorebit.schema.columns import columns
from neurorebit.schema.errors import printable, shortened
from neurorebit.store import process
from neurorebit.store.changes import SHORT, changes
from neurorebit.store.record import RUNNING, Figure, Run

SHOWN = {  # figures in the table of runs, and their headings
    "energy": "energy\nper image",
    "latency": "latency\nper image",
    "inference_energy": "inference\nenergy",
    "area": "area",
    "accuracy": "accuracy",
}
SHARES = ("accuracy", "accuracy_std")  # shown in per cent
MM2 = 1e6  # in a square metre
WIDE = 28  # characters of a cell
NOTE = (
    "Energy and latency of training, without DRAM, at the activity that was assumed or measured.\n"
    "Of sweeps and searches the best over the designs, of schemes the highest accuracy."
)


def table(runs: Sequence[Run]) -> str:
    """A row for each run: number, begin, command, inputs, state and headline figures."""
    names = [name for name in SHOWN if any(run.figure(name) for run in runs)]
    head = ["run", "begin", "command", "network", "chip", "scheme", "state"]
    head += [*(SHOWN[name] for name in names), "folder"]
    body = [
        [
            str(run.number),
            when(run.started)[:-3],  # without seconds
            _cell(run.command),
            _cell(_several(run.named("network"))),
            _cell(_several(run.named("architecture"))),
            _cell(run.scheme),
            run.shown_state,
            *("" if one is None else bare(one) for one in map(run.figure, names)),
            _cell(_near(run.folder)),
        ]
        for run in runs
    ]
    align = "r" + "l" * 6 + "r" * len(names) + "l"
    kept = [i for i in range(len(head)) if any(row[i] for row in body)]
    cells = [[row[i] for i in kept] for row in body]
    return columns(cells, [head[i] for i in kept], "".join(align[i] for i in kept))


def detail(run: Run) -> str:
    """All that is recorded of a run, and what has become of its inputs since."""
    lines = [f"run {run.number}"]
    lines.append(columns([(word, printable(text)) for word, text in described(run) if text]))
    if run.inputs:
        rows = [(i.kind, i.name, i.sha256[:SHORT], i.place or "") for i in run.inputs]
        lines.append(columns(_printable(rows), ("input", "name", "sha256", "place")))
    if run.figures:
        figures = [(name(one), shown(one), one.origin) for one in run.figures]
        lines.append(columns(_printable(figures), ("figure", "value", "origin"), "lrl"))
    lines.append("\n".join(f"! {printable(one.text)}" for one in changes(run)))
    return "\n\n".join(text for text in lines if text)


def described(run: Run) -> list[tuple[str, str]]:
    """What is recorded of a run but for inputs and figures: words, and a text or nothing."""
    return [
        ("command", run.line),
        ("given in", run.place),
        ("begin", when(run.started)),
        ("end", _end(run)),
        ("state", _state(run)),
        ("said", run.message),
        ("scheme", run.scheme),
        ("settings", ", ".join(f"{key}={text}" for key, text in run.settings.items())),
        ("versions", ", ".join(f"{name} {text}" for name, text in run.versions.items())),
        ("folder", run.folder or ""),
        ("files", ", ".join(run.files)),
    ]


def beside(runs: Sequence[Run]) -> str:
    """Runs beside each other: what they were given and what came of it, where they differ."""
    heads = [f"run {run.number}" for run in runs]
    given = [row for row in _given(runs) if len(set(row[1:])) > 1]
    parts = [columns(_printable(given), ("given", *heads))] if given else []
    named = dict.fromkeys((one.name, one.of) for run in runs for one in run.figures)
    rows = [_beside(word, of, runs) for word, of in named]
    if rows:
        more = [f"{head}\nto {heads[0]}" for head in heads[1:]]
        align = "l" + "r" * (len(heads) + len(more))
        parts.append(columns(_printable(rows), ("figure", *heads, *more), align))
    return "\n\n".join(parts) or "they differ in nothing that is recorded"


def _given(runs: Sequence[Run]) -> Iterator[tuple[str, ...]]:
    yield ("begin", *(when(run.started) for run in runs))
    yield ("command", *(run.command for run in runs))
    yield ("state", *(run.shown_state for run in runs))
    yield ("scheme", *(run.scheme for run in runs))
    for kind in dict.fromkeys(one.kind for run in runs for one in run.inputs):
        yield (kind, *(_inputs(run, kind) for run in runs))
    for key in dict.fromkeys(key for run in runs for key in run.settings):
        yield (key, *(run.settings.get(key, "-") for run in runs))
    for name in dict.fromkeys(name for run in runs for name in run.versions):
        yield (name, *(run.versions.get(name, "-") for run in runs))


def _inputs(run: Run, kind: str) -> str:
    found = [f"{one.name} {one.sha256[:SHORT]}" for one in run.inputs if one.kind == kind]
    return _several(found) or "-"


def _beside(word: str, of: str, runs: Sequence[Run]) -> tuple[str, ...]:
    figures = [run.figure(word, of) for run in runs]
    first = figures[0]
    known = next(one for one in figures if one is not None)
    grown = [_growth(first, one) for one in figures[1:]]
    return (name(known), *(_shown_or_none(one) for one in figures), *grown)


def _growth(first: Figure | None, second: Figure | None) -> str:
    if first is None or second is None:
        return ""
    if first.value == second.value:
        return "="
    if first.value == 0.0 or first.unit != second.unit:
        return "other"
    share = (second.value - first.value) / abs(first.value)
    return f"{100.0 * share:+.3g} %" if abs(share) < 10.0 else f"x {second.value / first.value:.3g}"


# --- values for a reader


def shown(figure: Figure) -> str:
    """A figure with its unit."""
    if figure.name in SHARES:
        return f"{100.0 * figure.value:.2f} %"
    if figure.unit == "m2":
        return f"{figure.value * MM2:.4g} mm2"
    unit, per, of = figure.unit.partition("/")
    try:
        return f"{units.show(figure.value, unit)}{per}{of}"
    except ValueError:
        return f"{figure.value:.4g} {figure.unit}"


def bare(figure: Figure) -> str:
    """A figure with its unit, under a heading that says per what it is."""
    return shown(replace(figure, unit=figure.unit.partition("/")[0]))


def when(moment: float) -> str:
    """A time, where the reader is."""
    try:
        return datetime.fromtimestamp(moment).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "?"


def _shown_or_none(figure: Figure | None) -> str:
    return "" if figure is None else shown(figure)


def name(figure: Figure) -> str:
    """What a figure is called, and whose it is."""
    return f"{figure.name} ({figure.of})" if figure.of else figure.name


def _end(run: Run) -> str:
    return "" if run.ended is None else f"{when(run.ended)}, after {run.seconds or 0.0:.3g} s"


def _state(run: Run) -> str:
    state = run.shown_state
    if state == RUNNING:
        return f"{state}, on {process.host(run.process)}"
    return state if run.code is None else f"{state}, exit code {run.code}"


def _several(names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _near(folder: str | None) -> str:
    """A folder as it is named from here, where that is below."""
    if folder is None:
        return ""
    try:
        here = Path.cwd()
    except OSError:
        return folder
    path = Path(folder)
    return os.fspath(path.relative_to(here)) if path.is_relative_to(here) else folder


def _cell(text: str) -> str:
    return printable(shortened(text, WIDE) if os.sep not in text else text)


def _printable(rows: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    return [tuple(map(printable, row)) for row in rows]
