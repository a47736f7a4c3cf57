"""What a sweep that stands in files gives a program: its parts in a stream, its best, its front."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from neurorebit.results import sweep_text
from neurorebit.results.frames import frame
from neurorebit.results.summary import ROW, Summary
from neurorebit.results.sweep import CRITERIA, FEASIBLE, Table, front
from neurorebit.results.typed.grid import Axes, refuse_unknown
from neurorebit.results.writers.partitions import Place

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Partitions:
    """The designs of a sweep in the files of a folder, in order, the last axis fastest.

    A file holds a part; ``frame`` holds all at once, if there is memory for it. ``interrupted``:
    whether parts are missing since the sweep was interrupted; it can go on.
    """

    place: Place
    axes: Axes
    summary: Summary
    interrupted: bool = False

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.place.path

    def __len__(self) -> int:
        return self.place.count

    @property
    def feasible(self) -> int:
        """How many of the designs that were reached can exist."""
        return self.summary.feasible

    def tables(self, columns: Sequence[str] | None = None) -> Iterator[Table]:
        """The parts that are there, one after the other: all columns of each unless given."""
        for _, table in self._tables(columns):
            yield table

    def pareto(self, *criteria: str) -> pd.DataFrame:
        """The rows of the feasible designs that none beats in all of these criteria.

        One part is in memory at a time, and the front so far. InputError for a criterion that does
        not exist, or where none is given.
        """
        refuse_unknown(criteria)
        found: Table = {}
        for first, table in self._tables():
            kept = front(table, criteria)
            rows = first + np.flatnonzero(kept)
            own = {ROW: rows, **{name: values[kept] for name, values in table.items()}}
            both = {n: np.concatenate((found[n], own[n])) for n in own} if found else own
            still = front(both, criteria)
            found = {name: values[still] for name, values in both.items()}
        made = frame(found, index=ROW if found else None)
        return made.sort_values(CRITERIA[criteria[0]], kind="stable") if found else made

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each design that is there, all in memory."""
        parts = list(self.tables())
        names = parts[0] if parts else {FEASIBLE: None}
        none = [np.zeros(0)]
        return frame({name: np.concatenate([p[name] for p in parts] or none) for name in names})

    def _tables(self, columns: Sequence[str] | None = None) -> Iterator[tuple[int, Table]]:
        yield from self.place.tables(columns)

    def __repr__(self) -> str:
        return sweep_text.of_summary(self.summary) if self.summary.designs else "0 designs"
