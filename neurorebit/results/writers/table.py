"""The formats that a report, and the table of a sweep, are written as."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from neurorebit.results import cost_pictures, evaluation_picture, pictures
from neurorebit.results.document import NAME, Json
from neurorebit.results.sweep import Table
from neurorebit.results.writers import (
    columns_csv,
    columns_parquet,
    costs,
    evaluation,
    json,
    layers,
    page,
    text,
)
from neurorebit.results.writers import training as epochs

WRITERS: dict[str, Callable[[Json], str | bytes]] = {  # by the name of the file
    "report.txt": text.write,
    "report.html": page.write,
    "layers.csv": layers.write,
    "costs.csv": costs.write,
    "training.csv": epochs.write,
    NAME: json.write,
}
PICTURES: dict[str, Callable[[Json], bytes | None]] = {  # None: there is nothing to draw
    "training.png": pictures.training,
    "energy.png": cost_pictures.energy,
    "area.png": cost_pictures.area,
}
EVALUATION: dict[str, Callable[[Json], str | bytes]] = {  # further files of an evaluation
    "evaluation.csv": evaluation.write,
    "evaluation.png": evaluation_picture.draw,
}
SWEEP_WRITERS: dict[str, Callable[[Table, Path], None]] = {  # by the suffix of the file
    ".csv": columns_csv.write,
    ".parquet": columns_parquet.write,
}


def files(report: Json, drawn: Collection[str] | None = None) -> dict[str, str | bytes]:
    """The files of a report, by name; the document is the last: where it is, the others are.

    ``drawn`` names the pictures that are wanted. Not given, all are where something was trained,
    else none: to import what draws takes as long as an estimate.
    """
    if drawn is None:
        drawn = PICTURES if report["training"] is not None else ()
    made = {name: draw(report) for name, draw in PICTURES.items() if name in drawn}
    texts = {name: writer(report) for name, writer in WRITERS.items()}
    if "evaluation" in report:
        texts |= {name: writer(report) for name, writer in EVALUATION.items()}
    document = texts.pop(NAME)
    shown = {name: png for name, png in made.items() if png is not None}
    return {**texts, **shown, NAME: document}
