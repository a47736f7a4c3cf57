"""What a sweep gives a program: its designs as a frame, their front, a grid for xarray."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from neurorebit.results import sweep_text
from neurorebit.results.frames import frame, unit_of
from neurorebit.results.pages import file
from neurorebit.results.pages import sweep as pages
from neurorebit.results.sweep import CRITERIA, FEASIBLE, PARETO, Table, front, usual
from neurorebit.results.writers import sweep_file
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

DESIGN = "design"  # the dimension of keys that change together


@dataclass(frozen=True, eq=False, repr=False)
class Axes:
    """The axes of a grid of designs: the columns of the keys on each axis, and its length."""

    columns: tuple[tuple[str, ...], ...]
    shape: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The key of each axis, ``design`` for keys that change together."""
        return tuple(_key(columns[0]) if len(columns) == 1 else DESIGN for columns in self.columns)


@dataclass(frozen=True, eq=False, repr=False)
class Sweep:
    """The designs of a sweep, in order, the last axis fastest.

    ``table`` has a column for each key that was swept and for each figure, ``feasible`` and
    ``reason``: a design that cannot exist has nan, and says why. ``interrupted``: whether designs
    are missing since the sweep was interrupted; they have nan, too.
    """

    table: Table
    axes: Axes
    interrupted: bool = False

    def __len__(self) -> int:
        return len(self.table[FEASIBLE])

    def __iter__(self) -> Iterator[str]:
        """The names of the columns, as for a DataFrame."""
        return iter(self.table)

    def __getitem__(self, column: str) -> NDArray[Any]:
        """The values of a column, one for each design."""
        return self.table[column]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each design. Names of columns end in their SI unit: ``area [m2]``."""
        return frame(self.table)

    def pareto(self, *criteria: str) -> pd.DataFrame:
        """The rows of the feasible designs that none beats in all of these criteria.

        A design is beaten by one that is better in one criterion and no worse in the others; less
        is better. InputError for a criterion that does not exist, or where none is given.
        """
        refuse_unknown(criteria)
        rows = self.frame[front(self.table, criteria)]
        return rows.sort_values(CRITERIA[criteria[0]], kind="stable")

    def to_xarray(self) -> xr.Dataset:
        """The same as a Dataset: a dimension for each axis, a variable for each figure.

        Variables are named as the columns, in words that Python can take
        (``training_energy``); their attribute ``units`` is the SI unit. InputError where xarray is
        not installed.
        """
        try:
            import xarray as xr
        except ImportError:
            cure = "install it with: pip install 'neurorebit[xarray]'"
            raise InputError("xarray is not installed", cure=cure) from None
        shape, names = self.axes.shape, self.axes.names
        swept = {name for columns in self.axes.columns for name in columns}
        coordinates: dict[str, Any] = {}
        for i, columns in enumerate(self.axes.columns):
            first = tuple(slice(None) if k == i else 0 for k in range(len(shape)))
            for name in columns:
                values = self.table[name].reshape(shape)[first]
                coordinates[_key(name)] = (names[i], values, {"units": unit_of(name)})
        figures = {
            _word(name): (names, values.reshape(shape), {"units": unit_of(name)})
            for name, values in self.table.items()
            if name not in swept
        }
        return xr.Dataset(figures, coordinates)

    def save(self, place: str | Path) -> Path:
        """Write all designs to a .csv or .parquet file, as ``neurorebit sweep`` does.

        Returns the path; InputError where it cannot be written.
        """
        path = Path(place)
        sweep_file.claim(path)
        sweep_file.write(self.table, path)
        return path

    def page(self, place: str | Path, *criteria: str) -> Path:
        """Write a page of the designs for a browser, with what is set in each and the front of
        these criteria, as ``neurorebit sweep`` does.

        Returns the path; InputError for a criterion that does not exist, or where it cannot be
        written.
        """
        path, table = Path(place), dict(self.table)
        if criteria:
            self.pareto(*criteria)  # or refuses
            table[PARETO] = front(table, criteria)
        file.claim(path, "place")
        title = f"{len(self):,} designs"
        file.write(path, pages.write(table, criteria, _as_changes, title=title), "place")
        return path

    def __repr__(self) -> str:
        return sweep_text.best(self.table, ())

    def _repr_html_(self) -> str:
        rows, order, names = sweep_text.best_of(self.table)
        title = f"{len(self):,} designs, {rows.size:,} feasible; best by {usual(self.table)}"
        shown: str = self.frame.loc[order, names].to_html(index=False)
        return f"<div><b>{title.replace('_', ' ')}</b>{shown}</div>"


def _as_changes(settings: Mapping[str, str]) -> str:
    """A design as the chip that has it: files that it names, then what is set."""
    files = {key: text for key, text in settings.items() if "." not in key}
    chip = files.pop("architecture", "rebit")
    named = "".join(f", {key}={text!r}" for key, text in files.items())
    keys = {key: text for key, text in settings.items() if "." in key}
    return f"nr.chip({chip!r}{named})" + (f".set({keys!r})" if keys else "")


def refuse_unknown(criteria: Sequence[str]) -> None:
    """InputError for a criterion that does not exist, or where there is none."""
    for criterion in criteria or ("",):
        if criterion not in CRITERIA:
            origin = Argument("pareto", criterion or None)
            message = f"expected one or more of {', '.join(CRITERIA)}"
            raise InputError(message, origin=origin, value=criterion, cure="name some of them")


def _key(heading: str) -> str:
    """The key of a column, without its unit."""
    return heading.partition(" [")[0]


def _word(heading: str) -> str:
    """The name of a column as a word of Python."""
    return re.sub(r"\W+", "_", _key(heading).replace("/", "_per_"))
