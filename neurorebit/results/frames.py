"""Results as pandas DataFrames: SI units in ``.attrs["units"]``; pandas loads with the first."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # at run time where a frame is asked for: pandas takes a while to import
    import pandas as pd

SUFFIXES = {  # of names, the longer ones first
    "_per_W": "1e12/J",
    "_per_s": "1/s",
    "_Js": "J s",
    "_J": "J",
    "_s": "s",
    "_W": "W",
    "_m2": "m2",
}
UNITS = {
    "seconds": "s",
    "images_per_second": "1/s",
    "tops": "1e12/s",
    "tops_per_mm2": "1e18/s/m2",
    "tops_per_W_macro": "1e12/J",
    "tops_per_W_with_dram": "1e12/J",
}


def unit_of(column: str) -> str:
    """The unit that the name of a column ends in (``energy_J``, ``area [m2]``), or nothing."""
    _, bracket, unit = column.partition(" [")
    if bracket:
        return unit.removesuffix("]")
    known = (unit for suffix, unit in SUFFIXES.items() if column.endswith(suffix))
    return UNITS.get(column) or next(known, "")


def frame(
    columns: Mapping[str, Sequence[Any] | Any],
    *,
    index: str | None = None,
    units: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Columns of equal length as a DataFrame whose index is the column ``index``, if one is named.

    ``attrs["units"]`` has the SI unit of each column that has one: as ``units`` says, or else as
    the name of the column does.
    """
    import pandas as pd

    made = pd.DataFrame(dict(columns))
    made.attrs["units"] = {
        name: unit for name in columns if (unit := (units or {}).get(name) or unit_of(name))
    }
    return made if index is None else made.set_index(index)


def of_rows(
    rows: Iterable[Mapping[str, Any]], names: Sequence[str], *, index: str | None = None
) -> pd.DataFrame:
    """The values that rows have under these names as a DataFrame; None where a row has none."""
    listed = list(rows)
    return frame({name: [row.get(name) for row in listed] for name in names}, index=index)


def as_html(title: str, rows: Iterable[tuple[str, str]], lines: Iterable[str] = ()) -> str:
    """A small table of words and values, with lines below it, for a notebook."""
    cells = "".join(
        f"<tr><td style='text-align:left'>{html.escape(word)}</td>"
        f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
        for word, value in rows
    )
    listed = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    below = f"<ul>{listed}</ul>" if listed else ""
    return f"<div><b>{html.escape(title)}</b><table>{cells}</table>{below}</div>"
