"""Pictures of what a chip costs: energy and area of each layer, stacked by part.

Matplotlib takes as long to import as an estimate takes, so it is imported where a picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorebit.results.document import CHIP, Json
from neurorebit.results.parts import phases_of, share_of_image
from neurorebit.results.pictures import new_figure, png
from neurorebit.results.stacks import Stack, energies, ordered, stack
from neurorebit.schema import units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

COLOURS = ("C0", "C1", "C2", "C3", "C4", "C5", "C6", "C8", "C9", "black")  # all others are grey
SHARED = "shared"  # the bar of what belongs to no layer


def energy(report: Json) -> bytes:
    """Energy of one image, recognised and trained on, of each layer and part, DRAM among them.

    A chip that only infers has the first panel alone.
    """
    panels = {"inference, one image": {"inference": 1.0}}
    if report["totals"]["image"] is not None:
        names = phases_of(report)
        panels["training, one image with its share of an iteration"] = {
            name: borne for name in names if (borne := share_of_image(report, name))
        }
    figure, axes = new_figure(12.0, 5.0, len(panels))
    stacks = [energies(report["layers"], times) for times in panels.values()]
    colours = _colours(*stacks)
    for ax, title, one in zip(axes, panels, stacks, strict=True):
        _bars(ax, one, colours, ("energy", "J"))
        ax.set_title(title, loc="left")
    _finish(figure, report, "energy with leakage and DRAM", colours)
    return png(figure)


def area(report: Json) -> bytes:
    """Area of the tiles of each layer, by part, and of what all layers share."""
    figure, (ax,) = new_figure(9.0, 5.0, 1)
    areas = stack([layer["area_by_part_m2"] for layer in report["layers"]])
    colours = _colours(areas)
    _bars(ax, areas, colours, ("area", "m2"))
    _finish(figure, report, "area", colours)
    return png(figure)


def _colours(*stacks: Stack) -> dict[str, str]:
    """A colour for each of the parts with the largest share of a stack, the largest first."""
    return dict(zip(ordered(*stacks), COLOURS, strict=False))


def _bars(ax: Axes, amounts: Stack, colours: Mapping[str, str], quantity: tuple[str, str]) -> None:
    """A bar for each layer, its parts on each other; all parts without a colour on top.

    ``quantity``: its name and unit.
    """
    what, unit = quantity
    total: NDArray[np.float64] = np.sum(list(amounts.values()), axis=0)
    largest = float(total.max())
    number, prefixed = units.scale(largest, unit)
    factor = number / largest if largest else 1.0
    places, floor = np.arange(total.size), np.zeros(total.size)
    for part, colour in colours.items():
        if part in amounts:
            ax.bar(places, factor * amounts[part], bottom=floor, color=colour, width=0.8)
            floor = floor + factor * amounts[part]
    ax.bar(places, factor * total - floor, bottom=floor, color="0.75", width=0.8)
    ax.set_ylabel(f"{what} [{prefixed}]")
    ax.margins(x=0.01)


def _finish(figure: Any, report: Json, what: str, colours: Mapping[str, str]) -> None:
    """Names of layers below each panel, a title, and one legend on the right."""
    from matplotlib.patches import Patch

    names = [SHARED if layer["name"] == CHIP else layer["name"] for layer in report["layers"]]
    small = 9 if len(names) <= 25 else 5
    for ax in figure.axes:
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=small)
    given = (report[key] for key in ("network", "architecture", "technology", "device"))
    figure.suptitle(f"{' on '.join([next(given), next(given)])}, {', '.join(given)}: {what}")
    handles = [Patch(color=colour, label=part) for part, colour in colours.items()]
    handles.append(Patch(color="0.75", label="all other parts"))
    figure.legend(handles=handles[::-1], loc="outside right center", fontsize=8, frameon=False)
