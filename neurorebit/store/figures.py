"""The headline figures of what a command did: of a report, of a table of designs, of schemes.

Their names are those of the criteria of a sweep, and ``accuracy``; see ``docs/guide/runs.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from neurorebit.results.summary import Summary
from neurorebit.results.sweep import CRITERIA, FEASIBLE, Table
from neurorebit.results.typed.mapping import Figures
from neurorebit.store.record import Figure

Json = Mapping[str, Any]
UNITS = {name: column.partition(" [")[2].removesuffix("]") for name, column in CRITERIA.items()}
COUNTED = "counted"
ACCURACY = "accuracy"  # also the column of designs that were trained
TRAINED = {  # of a training: key in the report, and unit
    "accuracy": ("test_accuracy", ""),
    "test_r2": ("test_r2", ""),
    "test_rmse": ("test_rmse", ""),
    "images": ("images", ""),
}
SCHEMES = {  # of a scheme's row
    "accuracy": ("test_accuracy", ""),
    "accuracy_std": ("test_accuracy_std", ""),
    "test_r2": ("test_r2", ""),
    "test_rmse": ("test_rmse", ""),
    "energy_of_epoch": ("energy_J_per_epoch", "J"),
    "energy_with_dram_of_epoch": ("energy_with_dram_J_per_epoch", "J"),
    "latency_of_epoch": ("latency_s_per_epoch", "s"),
    "area": ("area_m2", "m2"),
    "lifetime": ("lifetime_epochs", "epochs"),
}


def of_report(report: Json) -> tuple[Figure, ...]:
    """Those of the report of a run or an evaluation."""
    return tuple(_finite(_of_report(report)))


def _of_report(report: Json) -> Iterator[Figure | None]:
    chip, totals = report["chip"], report["totals"]
    origin = f"{report['activity']['origin']} activity"
    yield _figure("area", chip["area_m2"], "estimated")
    yield _figure("leakage", chip["leakage_W"], "estimated")
    for prefix, total in (("", totals["image"]), ("inference_", totals["inference"])):
        for name, key in (("energy", "energy_J"), ("latency", "latency_s")):
            yield _figure(f"{prefix}{name}", (total or {}).get(key), origin)
        if not prefix:
            yield _figure("energy_with_dram", (total or {}).get("energy_with_dram_J"), origin)
    programming = report["phases"].get("programming") or {}
    yield _figure("programming_energy", programming.get("energy_J"), origin)
    yield _figure("programming_latency", programming.get("latency_s"), origin)
    if (training := report["training"]) is not None:
        tested = f"measured on {training.get('test_images')} test images"
        for name, (key, unit) in TRAINED.items():
            where = tested if key.startswith("test_") else COUNTED
            yield _figure(name, training.get(key), where, unit=unit)
        yield _figure("epochs", len(training.get("epochs") or ()), COUNTED)
    if (evaluation := report.get("evaluation")) is not None:
        tested = f"measured on {evaluation['test_images']} test images"
        rows = evaluation["rows"]
        yield _figure("accuracy", rows[-1]["accuracy"], f"{tested}, all steps")
        for row in rows:
            rest = f" {row['rest_s']:g} s" if row.get("rest_s") else ""
            yield _figure("accuracy", row["accuracy"], tested, of=f"{row['key']}{rest}")


def of_summary(found: Summary) -> tuple[Figure, ...]:
    """Those of a sweep that stands in files: counts, and the least of what it is ordered by."""
    listed = [
        _figure("designs", found.designs, COUNTED),
        _figure("feasible", found.feasible, COUNTED),
    ]
    if found.designs:
        by = found.usual
        least = found.shown[CRITERIA[by]][:1].tolist()
        listed += [_figure(by, value, "the least of all designs") for value in least]
    return tuple(_finite(listed))


def of_designs(table: Table) -> tuple[Figure, ...]:
    """Those of designs: counts, and the best of each criterion over the designs that can exist."""
    feasible = np.asarray(table[FEASIBLE], dtype=bool)
    count = int(np.count_nonzero(feasible))
    found: list[Figure | None] = [
        _figure("designs", feasible.size, COUNTED),
        _figure("feasible", count, COUNTED),
    ]
    for name, column in {**CRITERIA, ACCURACY: ACCURACY}.items():
        if column not in table:
            continue
        values = np.asarray(table[column], dtype=float)[feasible]
        known = values[np.isfinite(values)]
        if known.size:
            which, best = ("highest", known.max()) if name == ACCURACY else ("least", known.min())
            found.append(_figure(name, float(best), f"the {which} of {known.size:,} designs"))
    return tuple(_finite(found))


def of_schemes(rows: Sequence[Json]) -> tuple[Figure, ...]:
    """Those of each scheme that was trained, and the highest accuracy."""
    found = [
        _figure(name, row.get(key), _of_seeds(row, key), unit=unit, of=str(row["scheme"]))
        for row in rows
        for name, (key, unit) in SCHEMES.items()
    ]
    reached = [row["test_accuracy"] for row in rows if row.get("test_accuracy") is not None]
    if reached:
        found.insert(0, _figure("accuracy", max(reached), f"the highest of {len(reached)} schemes"))
    return tuple(_finite(found))


def of_mapping(work: str, best: Figures) -> tuple[Figure, ...]:
    """Those of a mapping: area, and energy and latency of what it was made for."""
    of = "inference_" if work == "inference" else ""
    origin = "estimated with assumed activity"
    found = [
        _figure("area", best.area, "estimated"),
        _figure(f"{of}energy", best.energy, origin),
        _figure(f"{of}latency", best.latency, origin),
    ]
    return tuple(_finite(found))


def _of_seeds(row: Json, key: str) -> str:
    if not key.startswith("test_"):
        return "of the first seed"
    seeds = row.get("seeds", 1)
    return "measured" if seeds == 1 else f"measured, of {seeds} seeds"


def _figure(
    name: str, value: Any, origin: str, *, unit: str | None = None, of: str = ""
) -> Figure | None:
    if value is None:
        return None
    return Figure(name, float(value), UNITS.get(name, "") if unit is None else unit, origin, of=of)


def _finite(figures: Iterable[Figure | None]) -> Iterator[Figure]:
    return (one for one in figures if one is not None and math.isfinite(one.value))
