"""What a training had spent after each epoch, and until it reached an accuracy.

Energy until an epoch is its number times that of an epoch, which is billed with the activity of the
whole training; cells programmed are counted epoch by epoch. Software programs no cells and has no
bill. All is read from reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from neurorebit.results.document import Json, csv_text, is_regression
from neurorebit.schema import units
from neurorebit.schema.activity import Origin

SHARES = (0.90, 0.95, 0.98)  # of the best accuracy of a comparison
NAME = "schemes_energy.csv"
KEYS = (
    "scheme", "target", "target_accuracy", "epoch", "test_accuracy", "energy_J",
    "energy_with_dram_J", "cells_programmed",
)  # fmt: skip
UNTIL = {  # columns of a training's epochs
    "energy_until_J": "energy",
    "energy_with_dram_until_J": "energy_with_dram",
    "cells_programmed_until": "cells_programmed",
}


class Spent(NamedTuple):
    """What a training had reached and spent after an ``epoch``, from 1.

    ``accuracy``: on test images, 0 to 1 (of a regression R2), None where there was no test.
    ``energy`` of the chip and ``energy_with_dram`` [J], and ``cells_programmed``, from the first
    step on; None where there are no arrays.
    """

    epoch: int
    accuracy: float | None
    energy: float | None
    energy_with_dram: float | None
    cells_programmed: float | None


def after_epochs(report: Json) -> tuple[Spent, ...]:
    """What the training of a report had spent after each epoch."""
    training, bill = report["training"], _bill(report)
    key = "test_r2" if is_regression(training) else "test_accuracy"
    epochs = (training or {}).get("epochs", [])
    written = accumulate(float(epoch["cells_programmed"] or 0) for epoch in epochs)
    return tuple(
        Spent(
            epoch["epoch"],
            epoch[key],
            None if bill is None else epoch["epoch"] * bill["energy_J"],
            None if bill is None else epoch["epoch"] * bill["energy_with_dram_J"],
            None if bill is None else cells,
        )
        for epoch, cells in zip(epochs, written, strict=True)
    )


def _bill(report: Json) -> Json | None:
    """The totals of an epoch; None where training measured no activity, since it had no arrays."""
    measured = report["activity"].get("origin") == Origin.MEASURED.value
    bill: Json | None = report["totals"]["epoch"] if measured else None
    return bill


def of_runs(reports: Sequence[Json]) -> tuple[Spent, ...]:
    """The mean accuracy of several seeds after each epoch of all, with the first seed's bill."""
    runs = [after_epochs(report) for report in reports]
    found = []
    for known in zip(*runs, strict=False):
        accuracies = [one.accuracy for one in known if one.accuracy is not None]
        mean = float(np.mean(accuracies)) if len(accuracies) == len(known) else None
        found.append(known[0]._replace(accuracy=mean))
    return tuple(found)


def first_at(spent: Sequence[Spent], accuracy: float) -> Spent | None:
    """The first epoch after which a test gave this accuracy or more; None where none did."""
    return next((s for s in spent if s.accuracy is not None and s.accuracy >= accuracy), None)


def targets(curves: Mapping[str, Sequence[Spent]], reach: Sequence[float]) -> dict[str, float]:
    """The accuracies that are asked for, by what they are called; shares of the best if none is."""
    if reach:
        return {f"{100.0 * accuracy:g} %": accuracy for accuracy in reach}
    known = [s.accuracy for curve in curves.values() for s in curve if s.accuracy is not None]
    best = max(known, default=0.0)
    return {f"{100.0 * share:g} % of the best": share * best for share in SHARES if best > 0.0}


def reached(runs: Mapping[str, Sequence[Json]], reach: Sequence[float]) -> tuple[Json, ...]:
    """A row for each target and scheme, by the reports of its seeds; what is not reached is None.

    ``reach``: accuracies from 0 to 1; shares of the best of all schemes where there is none.
    """
    curves = {name: of_runs(reports) for name, reports in runs.items()}
    rows = []
    for called, accuracy in targets(curves, reach).items():
        for name, curve in curves.items():
            at = first_at(curve, accuracy) or Spent(0, None, None, None, None)
            values = (at.epoch or None, at.accuracy, at.energy, at.energy_with_dram)
            row = (name, called, accuracy, *values, at.cells_programmed)
            rows.append(dict(zip(KEYS, row, strict=True)))
    return tuple(rows)


def table(rows: Sequence[Json]) -> list[str]:
    """The rows for a reader, those of a scheme side by side."""
    called = list(dict.fromkeys(row["target"] for row in rows))
    names = list(dict.fromkeys(row["scheme"] for row in rows))
    known: dict[tuple[str, str], Json] = {(row["scheme"], row["target"]): row for row in rows}
    heads = ["to reach"]
    for target in called:
        level = 100.0 * known[names[0], target]["target_accuracy"]
        first = target if "best" not in target else f"{target}, {level:.2f} %"
        heads += [f"{first.replace(' of', chr(10) + 'of')}\nepoch", "energy\nwith DRAM", "writes"]
    body = [[name, *(cell for t in called for cell in _cells(known[name, t]))] for name in names]
    from tabulate import tabulate  # an estimate needs no table of this kind

    made = tabulate(
        body, heads, disable_numparse=True, colalign=("left", *("right",) * (len(heads) - 1))
    )
    return made.splitlines() if rows else []


def _cells(row: Json) -> list[str]:
    if row["epoch"] is None:
        return ["not reached", "", ""]
    energy, cells = row["energy_with_dram_J"], row["cells_programmed"]
    shown: list[Any] = [
        "" if energy is None else units.show(energy, "J"),
        "" if cells is None else f"{cells:,.0f}",
    ]
    return [f"{row['epoch']}", *shown]


def csv(rows: Sequence[Json]) -> str:
    """The rows as a file."""
    return csv_text([list(KEYS), *([row[key] for key in KEYS] for row in rows)])


LEGEND = (
    "Energy and cells programmed until the first epoch whose test reached so much: the number of "
    "the epoch times the energy of one, billed with the activity of the whole training; writes as "
    "they were counted."
)
