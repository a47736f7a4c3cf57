"""The formats that a report, and the table of a sweep, are written as."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from neurorebit.results import pictures
from neurorebit.results.document import NAME, Json
from neurorebit.results.sweep import Table
from neurorebit.results.writers import columns_csv, columns_parquet, costs, json, layers, text
from neurorebit.results.writers import training as epochs

WRITERS: dict[str, Callable[[Json], str | bytes]] = {  # by the name of the file
    "report.txt": text.write,
    "layers.csv": layers.write,
    "costs.csv": costs.write,
    "training.csv": epochs.write,
    NAME: json.write,
}
PICTURES: dict[str, Callable[[Json], bytes | None]] = {  # None: there is nothing to draw
    "training.png": pictures.training,
}
SWEEP_WRITERS: dict[str, Callable[[Table, Path], None]] = {  # by the suffix of the file
    ".csv": columns_csv.write,
    ".parquet": columns_parquet.write,
}


def files(report: Json) -> dict[str, str | bytes]:
    """The files of a report, by name; the document is the last: where it is, the others are."""
    texts = {name: writer(report) for name, writer in WRITERS.items()}
    drawn = {name: draw(report) for name, draw in PICTURES.items()}
    document = texts.pop(NAME)
    return {
        **texts,
        **{name: png for name, png in drawn.items() if png is not None},
        NAME: document,
    }
