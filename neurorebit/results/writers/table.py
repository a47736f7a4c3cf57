"""The formats that a report, and the table of a sweep, are written as."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from neurorebit.results.document import Json
from neurorebit.results.sweep import Table
from neurorebit.results.writers import columns_csv, columns_parquet, json, layers, picture, text
from neurorebit.results.writers import training as epochs

Files = Mapping[str, str | bytes]  # contents by the name of the file

WRITERS: dict[str, Callable[[Json], Files]] = {  # in the order in which the files are written
    "text": text.write,
    "layers": layers.write,
    "training": epochs.write,
    "picture": picture.write,
    "json": json.write,  # last: a folder with report.json has the others
}
SWEEP_WRITERS: dict[str, Callable[[Table, Path], None]] = {  # by the suffix of the file
    ".csv": columns_csv.write,
    ".parquet": columns_parquet.write,
}


def files(report: Json) -> dict[str, str | bytes]:
    """The files of a report, by name, as all writers give them."""
    return {
        name: content for writer in WRITERS.values() for name, content in writer(report).items()
    }
