"""The public functions that read reports and compare: two runs, our figures and others'."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from neurorebit.checking import compare as checking
from neurorebit.checking import records as files
from neurorebit.checking import report as texts
from neurorebit.results import document
from neurorebit.results.comparison import Comparison
from neurorebit.results.frames import of_rows
from neurorebit.results.pages import compare as pages
from neurorebit.results.pages import file
from neurorebit.results.typed.run import Report, Run
from neurorebit.schema import Argument, InputError
from neurorebit.studies import compare as studies

if TYPE_CHECKING:
    import pandas as pd


def compare(
    first: Report | str | Path,
    second: Report | str | Path,
    *,
    tolerance: float = 0.0,
    page: str | Path | None = None,
) -> Comparison:
    """What two runs differ in: what they were given, and what came of it.

    Each is an estimate, a run, or the folder of a report. ``tolerance``: relative; ``beyond`` has
    the results that differ by more. Timings are not compared. ``page`` is a file that gets both
    runs side by side, for a browser. InputError where a folder has no report, the tolerance is
    below zero, or the page cannot be written.

    >>> import neurorebit as nr
    >>> chip = nr.chip("rebit")
    >>> six = chip.set("architecture.apim.adc_bits", 6)
    >>> found = nr.compare(nr.estimate("mlp", chip), nr.estimate("mlp", six))
    >>> found.frame.loc["chip.area_m2", "change"].startswith("+")  # more bits, a larger chip
    True
    """
    if not tolerance >= 0.0:
        message = f"expected a number from 0 up, got {tolerance}"
        origin, cure = Argument("tolerance", tolerance), "take a share such as 0.05"
        raise InputError(message, origin=origin, value=tolerance, cure=cure)
    one, two = (
        each.document if isinstance(each, Report) else document.read(each)
        for each in (first, second)
    )
    found = studies.compare(one, two, tolerance)
    if page is not None:
        runs = (_name(first), one), (_name(second), two)
        file.write(Path(page), pages.write(runs, found))
    return found


def _name(given: Report | str | Path) -> str:
    """What a page calls a run: its folder, or what it is of."""
    return given.title if isinstance(given, Report) else str(given)


def read(place: str | Path) -> Run:
    """The run whose report a folder holds, written by ``save`` or by the command line.

    ``place``: the folder, or its report.json. InputError where there is none, or it is of another
    version's schema.

    >>> import tempfile
    >>> import neurorebit as nr
    >>> est = nr.estimate("mlp")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = nr.read(est.save(folder)).estimate
    >>> again.area == est.area
    True
    """
    return Run(document.read(place))


@dataclass(frozen=True, eq=False, repr=False)
class Validation:
    """Our figures beside the records of others, source by source."""

    comparisons: tuple[checking.Comparison, ...]

    @property
    def holds(self) -> bool:
        """Whether each figure is within its record's tolerance, and few are left out."""
        return not self.broken

    @property
    def broken(self) -> tuple[str, ...]:
        """The bounds that do not hold, one line each."""
        return tuple(line for each in self.comparisons for line in each.broken)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each figure of each block: number of values, and the median, 95th percentile
        and largest relative deviation of ours from the record's.
        """
        rows = [
            {"source": each.source, "block": block, "figure": figure, **values.summary}
            for each in self.comparisons
            for block, group in each.groups.items()
            for figure, values in group.figures.items()
        ]
        names = ("source", "block", "figure", "n", "median_rel", "p95_rel", "max_rel")
        return of_rows(rows, names)

    def __repr__(self) -> str:
        return "\n\n".join(texts.text(each) for each in self.comparisons)

    def _repr_html_(self) -> str:
        table: str = self.frame._repr_html_()  # type: ignore[operator]
        return table


def validate(records: str | Path | None = None) -> Validation:
    """Hold the circuits against records of a simulator, a measurement or another tool.

    ``records``: a file of records or a folder of files; the shipped ones unless given. InputError
    names file, record and key where one is wrong.

    >>> import json, pathlib, tempfile
    >>> import neurorebit as nr
    >>> record = {"block": "Adder", "technology": "32nm", "fields": {"bits": 8}, "area_m2": 1e-9}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.json")
    ...     _ = path.write_text(json.dumps({"source": "a guess", "records": [record]}))
    ...     nr.validate(path).holds
    False
    """
    read = files.read(files.SHIPPED if records is None else Path(records))
    return Validation(tuple(checking.compare(each) for each in read))
