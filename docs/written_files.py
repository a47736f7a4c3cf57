"""The tables of docs/reference/ on files that the package writes: report.json and the store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from meanings import MEANINGS
from meanings_of_reports import MEANINGS as OF_REPORTS

from neurorebit.chips.parts.phases import PHASES
from neurorebit.store import tables

REPORTS = Path(__file__).resolve().parents[1] / "reports" / "reference"
WALKED = ("vgg11", "vgg11_half/tiki_taka_seed1")  # reports whose keys are all that there are
UNITS = {"J": "J", "s": "s", "m2": "m2", "W": "W", "Js": "J s", "mm2": "1/mm2"}
MAPS = {  # keys of a report below which names are the network's or the chip's
    "settings": "<key>", "phases": "<phase>", "counts": "<part>", "parts": "<part>",
    "totals": "<of>", "inputs": "<file>", "paper": "<phase>",
}  # fmt: skip
LEFT_OUT = ("values", "layers")  # of ``inputs``: what the files hold


def table(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def report_keys() -> Iterator[str]:
    """The keys of report.json: what stands there, and its unit."""
    found: dict[str, list[str]] = {}
    for name in WALKED:
        text = (REPORTS / name / "report.json").read_text(encoding="utf-8")
        _walk(json.loads(text), "", found)
    keys = {path: _meaning(path) for path in sorted(found)}
    if idle := set(OF_REPORTS) - set(keys.values()):
        raise LookupError(f"meanings_of_reports.py: no report has {', '.join(sorted(idle))}")
    rows = [
        [f"`{path}`", " or ".join(found[path]), _unit(path), OF_REPORTS[key]]
        for path, key in keys.items()
    ]
    yield from table(["key", "value", "unit", "meaning"], rows)


def _meaning(path: str) -> str:
    """The entry of meanings_of_reports.py that explains a path: the longest end of it."""
    for at, _ in [(0, ""), *((i + 1, c) for i, c in enumerate(path) if c == ".")]:
        if path[at:] in OF_REPORTS:
            return path[at:]
    raise LookupError(f"meanings_of_reports.py: {path} of report.json is not explained")


def _walk(value: Any, path: str, found: dict[str, list[str]]) -> None:
    """Note the kinds of values below a path."""
    last = path.rpartition(".")[2].removesuffix("[]")
    if isinstance(value, dict):
        if path.startswith("inputs.") and last in LEFT_OUT:
            found[path] = ["values of the file"]
            return
        name = MAPS.get(last) or ("<part>" if "_by_part" in last else "")
        for key, inner in value.items():
            step = name or key
            _walk(inner, f"{path}.{step}".lstrip("."), found)
    elif path.startswith("inputs.") and last in LEFT_OUT:
        found[path] = ["values of the file"]
    elif isinstance(value, list) and value and isinstance(value[0], dict | list):
        for inner in value:
            _walk(inner, f"{path}[]", found)
    else:
        _note(path, _kind(value), found)


def _note(path: str, kind: str, found: dict[str, list[str]]) -> None:
    words = list(dict.fromkeys((*found.get(path, ()), kind)))
    for less, more in (("whole number", "number"), ("list", "list of texts")):
        if less in words and more in words:
            words.remove(less)
    found[path] = words


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"list of {_kind(value[0])}s" if value else "list"
    kinds = ((bool, "true or false"), (int, "whole number"), (float, "number"), (str, "text"))
    return next(word for kind, word in kinds if isinstance(value, kind))


def _unit(path: str) -> str:
    last = path.replace(".<part>", "").rpartition(".")[2].removesuffix("[]")
    if last.endswith("_per_s") or last == "images_per_second":
        return "1/s"
    if last == "seconds":
        return "s"
    if "tops_per_W" in last:
        return "1e12 operations/J"
    if last in ("tops", "tops_per_mm2"):
        return "1e12 operations/s" + ("/mm2" if last != "tops" else "")
    return UNITS.get(last.rpartition("_")[2], "") if "_" in last else ""


def report_phases() -> Iterator[str]:
    """The phases."""
    yield " ".join(f"`{phase}`" for phase in PHASES)


def store_tables() -> Iterator[str]:
    """The tables of the store and their columns."""
    for statement in tables.FIRST:
        found = re.match(r"\s*CREATE TABLE (\w+) \((.*)\)\s*$", statement, re.DOTALL)
        if not found:
            continue
        yield f"## `{found[1]}`"
        yield ""
        rows = []
        for column in found[2].split(",\n"):
            name, kind, *more = " ".join(column.split()).split(maxsplit=2)
            what = MEANINGS[f"store.{found[1]}.{name}"]
            rows.append([f"`{name}`", kind.lower(), (more[0] if more else "").lower(), what])
        yield from table(["column", "value", "rule", "meaning"], rows)
        yield ""


WRITTEN = (report_keys, report_phases, store_tables)
