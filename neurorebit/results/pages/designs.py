"""Many designs on a page: parallel coordinates, the trade of two figures, and a table.

Where a pointer rests on a design, and in the table, stands the command that estimates it again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from neurorebit.results.pages.figure import Figure, Plot
from neurorebit.results.pages.plots import scaled
from neurorebit.results.pages.table import Cell, Column, Table, number, word
from neurorebit.results.pages.text import in_figure

SCRIPT = "designs.js"  # that a page with designs needs, and the name of its data
DATA = "designs"
FRONT, OTHERS = "#d1495b", "#8fa3b0"  # colours


@dataclass(frozen=True)
class Values:
    """A column of designs: a key that was given, or a figure that came of it.

    ``values`` are numbers in the SI unit, or texts; ``nan`` or None where there is none. ``unit``
    ``%``: shares from 0 to 1.
    """

    name: str
    values: Sequence[Any]
    unit: str = ""
    given: bool = False

    @property
    def numbers(self) -> bool:
        """Whether the values are numbers."""
        return not any(isinstance(value, str) for value in self.values)

    @property
    def label(self) -> str:
        """The last two steps of the name."""
        return ".".join(self.name.split(".")[-2:])


@dataclass(frozen=True)
class Designs:
    """Designs by column, of equal length.

    ``commands`` estimate each again. ``front`` are the rows that none beats, ``of`` in these
    figures. ``fronts`` are the same of two figures, by their names joined by ``|``; what is not
    there has no line. ``limited`` is a sentence on designs that are left out.
    """

    columns: Sequence[Values]
    commands: Sequence[str]
    front: Sequence[int] = ()
    of: Sequence[str] = ()
    _: KW_ONLY
    fronts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    limited: str = ""

    def figures(self) -> list[Figure]:
        """Parallel coordinates and the trade of two figures, with their table."""
        front = f" Red: the front of {', '.join(self.of)}." if self.of else ""
        trade = Figure(
            "trade",
            "Two figures against each other",
            {"": {"data": [], "layout": {"height": 480}}},
            says="The line is the front of the two. Rest on a design, or take it by a click, for "
            f"the command that estimates it again.{front}",
            limited=self.limited,
        )
        parallel = Figure(
            "parallel",
            "All keys and figures of each design",
            {"": self._parallel()},
            says="A line is a design. Drag along an axis to keep a range; the figure below shows "
            f"the designs within.{front}",
            limited=self.limited,
        )
        return [parallel, trade]

    def table(self, order: Sequence[int] | None = None) -> Table:
        """The designs, in this order of rows, with the command of each."""
        columns = [Column("design", numbers=True)]
        columns += [Column(one.label, one.unit, one.numbers) for one in self.columns]
        columns += [Column("on the front", numbers=False)] if self.of else []
        columns += [Column("command", numbers=False)]
        marked, rows = set(self.front), []
        for i in order if order is not None else range(len(self.commands)):
            row = [number(i + 1)]
            row += [_cell(one, one.values[i]) for one in self.columns]
            row += [word("yes" if i in marked else "")] if self.of else []
            rows.append([*row, word(self.commands[i])])
        return Table("Designs", columns, rows)

    def data(self) -> dict[str, Any]:
        """What the script draws from."""
        return {
            "columns": [
                {
                    "name": one.name,
                    "label": in_figure(one.label),
                    "unit": one.unit,
                    "given": one.given,
                    "numbers": one.numbers,
                    "values": [_plain(value) for value in one.values],
                }
                for one in self.columns
            ],
            "commands": list(self.commands),
            "front": list(self.front),
            "fronts": {pair: list(rows) for pair, rows in self.fronts.items()},
        }

    def _parallel(self) -> Plot:
        """Lines through an axis for each column that has more than one value."""
        marked = set(self.front)
        order = sorted(range(len(self.commands)), key=lambda i: i in marked)  # the front on top
        dimensions = []
        for one in self.columns:
            values = [one.values[i] for i in order]
            if len(set(values)) < 2:
                continue
            dimensions.append(_dimension(one, values))
        return {
            "data": [{
                "type": "parcoords", "dimensions": dimensions, "labelangle": -20,
                "line": {
                    "color": [float(i in marked) for i in order], "cmin": 0, "cmax": 1,
                    "colorscale": [[0, OTHERS], [1, FRONT]],
                },
            }],
            "layout": {
                "height": 440,
                "uirevision": "kept",
                "margin": {"l": 70, "r": 70, "t": 110, "b": 30},
            },
            "order": order,  # the designs of the lines
        }  # fmt: skip


def _dimension(one: Values, values: Sequence[Any]) -> dict[str, Any]:
    if not one.numbers:
        texts = list(dict.fromkeys(map(str, values)))
        place = {text: i for i, text in enumerate(texts)}
        return {
            "label": in_figure(one.label),
            "values": [place[str(value)] for value in values],
            "tickvals": list(range(len(texts))),
            "ticktext": list(map(in_figure, texts)),
            "range": [-0.2, len(texts) - 0.8],
        }
    factor, unit = scaled((_plain(value) for value in values), one.unit)
    made: dict[str, Any] = {
        "label": in_figure(one.label) + (f" [{unit}]" if unit else ""),
        "values": [None if (v := _plain(value)) is None else factor * v for value in values],
    }
    distinct = sorted({value for value in made["values"] if value is not None})
    if one.given and len(distinct) <= 12:
        made |= {"tickvals": distinct, "ticktext": [f"{value:.4g}" for value in distinct]}
    return made


def _plain(value: Any) -> Any:
    """A value as JSON has it: None for a number that is none."""
    if value is None or isinstance(value, str):
        return value
    made = value.item() if hasattr(value, "item") else value
    return None if isinstance(made, float) and not math.isfinite(made) else made


def _cell(one: Values, value: Any) -> Cell:
    plain = _plain(value)
    if isinstance(plain, str):
        return word(plain)
    if one.unit == "%":
        return Cell("" if plain is None else f"{100 * plain:.2f} %", plain)
    return number(plain, one.unit)
