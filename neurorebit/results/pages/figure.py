"""A figure of a page: what Plotly draws, choices between several views, and a table of the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from itertools import product
from typing import Any

from neurorebit.results.pages.table import Table
from neurorebit.results.pages.text import escaped

Plot = dict[str, Any]  # a figure of Plotly: data and layout


@dataclass(frozen=True)
class Figure:
    """A figure under a title.

    ``views`` are plots, by the options that a reader takes of each of the ``choices`` (the name of
    a choice and its options), joined by ``|``; a view that is missing cannot be taken. A figure
    without choices has one view, of no name. ``says`` is a sentence below the title, ``limited``
    one on what is left out. ``tables`` have the same numbers.
    """

    name: str
    title: str
    views: Mapping[str, Plot]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _: KW_ONLY
    says: str = ""
    limited: str = ""
    tables: tuple[Table, ...] = ()

    def __post_init__(self) -> None:
        known = {"|".join(options) for options in product(*self.choices.values())}
        if not set(self.views) <= known or not self.views:
            raise ValueError(f"{self.name}: views {[*self.views]} are not of {[*known]}")

    def html(self) -> str:
        """The element that the script of the page draws the figure in."""
        name = escaped(self.name)
        first = next(iter(self.views)).split("|")
        chosen = "".join(
            _choice(f"{name}-choice-{i}", label, options, first[i])
            for i, (label, options) in enumerate(self.choices.items())
        )
        says = f'<p class="says">{escaped(self.says)}</p>' if self.says else ""
        limited = f'<p class="limited">{escaped(self.limited)}</p>' if self.limited else ""
        tables = "".join(table.html() for table in self.tables)
        below = f"<details><summary>As a table</summary>{tables}</details>" if tables else ""
        return (
            f'<figure id="{name}" aria-labelledby="{name}-title">'
            f'<figcaption><h3 id="{name}-title">{escaped(self.title)}</h3>{says}</figcaption>'
            f'<div class="choices">{chosen}</div>{limited}'
            f'<div class="plot" data-figure="{name}" role="img" '
            f'aria-label="{escaped(self.title)}. {escaped(self.says)}"></div>{below}</figure>\n'
        )


def _choice(name: str, label: str, options: tuple[str, ...], first: str) -> str:
    """Radio buttons, of which the arrow keys take one."""
    buttons = "".join(
        f'<label><input type="radio" name="{name}" value="{escaped(option)}"'
        f"{' checked' if option == first else ''}><span>{escaped(option)}</span></label>"
        for option in options
    )
    legend = f"<legend>{escaped(label)}</legend>"
    return f'<fieldset>{legend}<div class="pills">{buttons}</div></fieldset>'
