"""What a search gives a program: its trials and their front as frames, importances, files."""

from __future__ import annotations

import html
import json
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit.results import folder, search_text
from neurorebit.results.frames import frame, of_rows
from neurorebit.results.pages import search as page
from neurorebit.results.search_text import FRONT
from neurorebit.results.sweep import Table
from neurorebit.results.writers.table import SWEEP_WRITERS
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    import pandas as pd

TRIALS, PAGE, NAME = "trials", "search.html", "search.json"
FILES = (f"{TRIALS}.csv", f"{FRONT}.csv", "search.txt", PAGE, NAME)


@dataclass(frozen=True, eq=False, repr=False)
class Search:
    """The trials of a search, in the order in which they were chosen.

    ``table`` has a column for each key and for each figure, and ``state`` (complete, pruned or
    infeasible), ``reason``, ``training`` (what stands behind an accuracy), ``front`` and
    ``command``, which asks for the design again. ``about`` says what was searched and how.
    """

    table: Table
    about: dict[str, Any]

    def __len__(self) -> int:
        return len(self.table[FRONT])

    @property
    def interrupted(self) -> bool:
        """Whether it ended before its budget was spent."""
        return bool(self.about["interrupted"])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each trial, by its number. Names of columns end in their SI unit."""
        return frame(self.table, index=search_text.TRIAL)

    @cached_property
    def front(self) -> pd.DataFrame:
        """The complete trials that none beats in all objectives, best in the first one first."""
        first = self.about["objectives"][0]
        rows = self.frame[self.frame[FRONT]]
        return rows.sort_values(first["column"], ascending=not first["more"], kind="stable")

    @cached_property
    def importances(self) -> pd.DataFrame:
        """For each key (row) the share of each objective's variance that it alone explains."""
        found = self.about["importances"]
        keys = dict.fromkeys(key for shares in found.values() for key in shares)
        rows = [{"key": key, **{n: shares.get(key) for n, shares in found.items()}} for key in keys]
        return of_rows(rows, ("key", *found), index="key")

    @property
    def text(self) -> str:
        """The search for a reader."""
        return search_text.text(self.table, self.about)

    def save(self, place: str | Path, *, format: str = ".csv") -> Path:
        """Write trials, front, text, a page and the document ``search.json`` to a folder.

        ``format``: of the trials, ``.csv`` or ``.parquet``. Returns the path; InputError where it
        cannot be written.
        """
        path = Path(place)
        if format not in SWEEP_WRITERS:
            message = f"expected one of {', '.join(SWEEP_WRITERS)}"
            origin = Argument("format", format)
            raise InputError(message, origin=origin, value=format, cure="take one of them")
        stale = [f"{TRIALS}{other}" for other in SWEEP_WRITERS if other != format]
        folder.write(path, self.files(format), stale=stale)
        return path

    def files(self, format: str = ".csv") -> dict[str, str | bytes]:
        """The files that ``save`` writes, by name; the document is the last."""
        front = {name: values[self.table[FRONT]] for name, values in self.table.items()}
        document = json.dumps(self.about, indent=1, ensure_ascii=False, allow_nan=False)
        return {
            f"{TRIALS}{format}": _written(self.table, format),
            f"{FRONT}.csv": _written(front, ".csv"),
            "search.txt": f"{self.text}\n",
            PAGE: page.write(self.table, self.about),
            NAME: f"{document}\n",
        }

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        rows, names = search_text.shown(self.table, self.about)
        objectives = ", ".join(one["name"] for one in self.about["objectives"])
        title = f"{len(self):,} designs for {objectives}; the front"
        made = frame({name: self.table[name][rows] for name in names})
        shown: str = made.to_html(index=False)
        return f"<div><b>{html.escape(title)}</b>{shown}</div>"


def _written(table: Table, suffix: str) -> bytes:
    """A table as the bytes of a file."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, f"table{suffix}")
        SWEEP_WRITERS[suffix](table, path)
        return path.read_bytes()
