"""Plots as Plotly has them: plain dictionaries, with the numbers of a result as hover texts.

Colours that depend on light and dark come from the page's style, by its script.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import Any

from neurorebit.results.pages.figure import Plot
from neurorebit.results.pages.text import in_figure, percent, quantity, symbol
from neurorebit.schema import units

PALETTE = (
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#76b7b2", "#b07aa1", "#edc948", "#9c755f",
    "#d37295", "#499894",
)  # fmt: skip
GREY = "#a0a7ad"
SCALE = [[0.0, "#c9d7e3"], [0.5, "#5f95b8"], [1.0, "#0b4f73"]]  # of shares from 0 to 1
ROW = 24  # pixels of a horizontal bar
HOVER = "%{customdata[0]}<extra></extra>"


@dataclass(frozen=True)
class Series:
    """Amounts of one name, one for each place on the axis: in an SI unit, None where there is none.

    ``notes`` are lines below each amount where a pointer rests; ``hatched``: drawn with stripes.
    """

    name: str
    values: Sequence[float | None]
    colour: str = GREY
    _: KW_ONLY
    hatched: bool = False
    notes: Sequence[str] = ()


def scaled(values: Iterable[float | None], unit: str) -> tuple[float, str]:
    """What amounts are multiplied by, and the unit that they read best in; of ``%``: shares."""
    if unit == "%":
        return 100.0, unit
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    number, prefixed = units.scale(largest, unit.partition("/")[0])
    return (number / largest if largest else 1.0), symbol(prefixed)


def stacked(names: Sequence[str], series: Sequence[Series], what: str, unit: str) -> Plot:
    """Bars of the same places on each other. Hover: amount, unit, and share of all bars."""
    sums = [sum(one.values[i] or 0.0 for one in series) for i in range(len(names))]
    whole = sum(sums)
    factor, prefixed = scaled(sums, unit)
    data = []
    for one in series:
        texts = [
            _text(
                (f"<b>{in_figure(name)}</b>", in_figure(one.name)),
                quantity(value, unit),
                f"{percent(value / whole)} of all" if whole and value is not None else "",
                *one.notes[i : i + 1],
            )
            for i, (name, value) in enumerate(zip(names, one.values, strict=True))
        ]
        marker: dict[str, Any] = {"color": one.colour}
        if one.hatched:
            marker["pattern"] = {"shape": "/", "solidity": 0.35, "size": 6}
        data.append({
            "type": "bar", "name": in_figure(one.name), "x": list(range(len(names))),
            "y": [None if value is None else factor * value for value in one.values],
            "customdata": [[text] for text in texts], "hovertemplate": HOVER, "marker": marker,
        })  # fmt: skip
    return {
        "data": data,
        "layout": {
            "barmode": "stack",
            "bargap": 0.25,
            "height": 420,
            "xaxis": _named(names),
            "yaxis": {"title": {"text": f"{what} [{prefixed}]" if prefixed else what}},
        },
    }


def bars(names: Sequence[str], series: Sequence[Series], what: str, unit: str) -> Plot:
    """Horizontal bars, the first at the top; those of several series beside each other."""
    factor, prefixed = scaled((value for one in series for value in one.values), unit)
    data = []
    for one in series:
        texts = [
            _text((f"<b>{in_figure(name)}</b>", in_figure(one.name)), _said(value, unit),
                  *one.notes[i : i + 1])
            for i, (name, value) in enumerate(zip(names, one.values, strict=True))
        ]  # fmt: skip
        data.append({
            "type": "bar", "orientation": "h", "name": in_figure(one.name),
            "y": list(range(len(names))),
            "x": [None if value is None else factor * value for value in one.values],
            "customdata": [[text] for text in texts], "hovertemplate": HOVER,
            "marker": {"color": one.colour},
        })  # fmt: skip
    return {
        "data": data,
        "layout": {
            "barmode": "group",
            "bargap": 0.25,
            "showlegend": len(series) > 1,
            "height": max(220, ROW * len(names) * max(1, len(series)) + 110),
            "xaxis": {"title": {"text": f"{what} [{prefixed}]" if prefixed else what}},
            "yaxis": {**_named(names), "range": [len(names) - 0.4, -0.6]},
        },
    }


def lines(
    places: Sequence[float], series: Sequence[Series], titles: tuple[str, str], unit: str = ""
) -> Plot:
    """Curves over ``places``; ``titles`` are those of the axes. Of unit ``%``: shares."""
    factor, prefixed = scaled((value for one in series for value in one.values), unit)
    data = []
    for one in series:
        texts = [
            _text(
                (in_figure(one.name), f"{in_figure(titles[0])} {place:g}"),
                _said(value, unit),
                *one.notes[i : i + 1],
            )
            for i, (place, value) in enumerate(zip(places, one.values, strict=False))
        ]
        data.append({
            "type": "scatter", "mode": "lines+markers" if len(texts) < 60 else "lines",
            "name": in_figure(one.name), "x": list(places[: len(texts)]),
            "y": [None if value is None else factor * value for value in one.values],
            "customdata": [[text] for text in texts], "hovertemplate": HOVER,
            "line": {"color": one.colour, "dash": "dash" if one.hatched else "solid"},
        })  # fmt: skip
    few = len(places) <= 12 and all(place == int(place) < 1000 for place in places)
    return {
        "data": data,
        "layout": {
            "height": 360,
            "showlegend": len(series) > 1,
            "xaxis": {"title": {"text": titles[0]}, **({"dtick": 1} if few else {})},
            "yaxis": {
                "title": {"text": f"{titles[1]} [{prefixed}]" if prefixed else titles[1]},
                "rangemode": "normal" if unit == "%" else "tozero",
            },
        },
    }


@dataclass(frozen=True)
class Box:
    """A rectangle of a treemap: its path, amount, and what is said of it where a pointer rests.

    ``share`` is what it is coloured by, from 0 to 1; None for none.
    """

    path: tuple[str, ...]
    value: float
    notes: Sequence[str] = ()
    share: float | None = None


def treemap(root: str, boxes: Sequence[Box], unit: str, coloured: str = "") -> Plot:
    """Rectangles by their paths: owners hold what is theirs. A click goes into one.

    ``coloured`` says what colours mean where boxes have shares; else each owner has one.
    """
    whole = sum(box.value for box in boxes)
    owners: dict[tuple[str, ...], float] = {(): whole}
    for box in boxes:
        for i in range(1, len(box.path)):
            owners[box.path[:i]] = owners.get(box.path[:i], 0.0) + box.value
    own = {box.path: box for box in boxes}
    for path in own.keys() & owners.keys():  # an owner that has an amount beside its parts
        owners[path] += own[path].value
    paths = [*owners, *(path for path in own if path not in owners)]
    values = [owners.get(path, own[path].value if path in own else 0.0) for path in paths]
    notes = [own[path].notes if path in own else () for path in paths]
    texts = [
        _text((f"<b>{in_figure('/'.join(path) or root)}</b>",), quantity(value, unit),
              f"{percent(value / whole)} of all" if whole else "", *more)
        for path, value, more in zip(paths, values, notes, strict=True)
    ]  # fmt: skip
    marker: dict[str, Any] = {"depthfade": False}
    if coloured:
        marker |= {
            "colors": [100.0 * s if path in own and (s := own[path].share) is not None else None
                       for path in paths],
            "colorscale": SCALE, "cmin": 0.0, "cmax": 100.0, "showscale": True,
            "colorbar": {
                "title": {"text": coloured, "side": "right"}, "thickness": 12, "ticksuffix": " %",
            },
        }  # fmt: skip
    return {
        "data": [{
            "type": "treemap", "branchvalues": "total",
            "ids": [in_figure("/".join((root, *path))) for path in paths],
            "labels": [in_figure(path[-1] if path else root) for path in paths],
            "parents": [in_figure("/".join((root, *path[:-1]))) if path else "" for path in paths],
            "values": values, "customdata": [[text, quantity(value, unit)]
                                             for text, value in zip(texts, values, strict=True)],
            "hovertemplate": HOVER, "texttemplate": "%{label}<br>%{customdata[1]}",
            "marker": marker, "pathbar": {"thickness": 24}, "tiling": {"pad": 2},
        }],
        "layout": {"height": 460, "margin": {"l": 4, "r": 4, "t": 30, "b": 4},
                   "treemapcolorway": list(PALETTE)},
    }  # fmt: skip


def steps(edges: Sequence[float], series: Sequence[Series], titles: tuple[str, str]) -> Plot:
    """Histograms: shares of equal bins between ``edges``."""
    data = []
    for one in series:
        texts = [
            _text((in_figure(one.name), f"{low:.4g} to {high:.4g}"), percent(value, 2),
                  *one.notes[i : i + 1])
            for i, (low, high, value) in enumerate(
                zip(edges, edges[1:], one.values, strict=False))
        ]  # fmt: skip
        middles = [(low + high) / 2 for low, high in pairwise(edges)]
        data.append({
            "type": "bar", "name": in_figure(one.name), "x": middles,
            "width": [high - low for low, high in pairwise(edges)],
            "y": [None if value is None else 100.0 * value for value in one.values],
            "customdata": [[text] for text in texts], "hovertemplate": HOVER,
            "marker": {"color": one.colour, "opacity": 0.6, "line": {"width": 0}},
        })  # fmt: skip
    return {
        "data": data,
        "layout": {
            "barmode": "overlay",
            "bargap": 0,
            "height": 360,
            "xaxis": {"title": {"text": titles[0]}},
            "yaxis": {"title": {"text": f"{titles[1]} [%]"}},
        },
    }


def _said(value: float | None, unit: str) -> str:
    """An amount as hover texts have it."""
    return percent(value, 2) if unit == "%" else quantity(value, unit)


def _named(names: Sequence[str]) -> dict[str, Any]:
    """An axis with a name at each place; of many, not every one is written."""
    step = max(1, len(names) // 60)
    places = list(range(0, len(names), step))
    return {
        "tickvals": places,
        "ticktext": [in_figure(_short(names[i])) for i in places],
        "range": [-0.6, len(names) - 0.4],
    }


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else f"{name[: most - 12]}\N{HORIZONTAL ELLIPSIS}{name[-11:]}"


def _text(heads: Sequence[str], *rest: str) -> str:
    """Lines of a hover text; the first ones are escaped already."""
    return "<br>".join([*(one for one in heads if one), *(in_figure(one) for one in rest if one)])
