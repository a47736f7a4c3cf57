"""Pictures of what a chip costs: energy and area of each layer, stacked by part.

Matplotlib takes as long to import as an estimate takes, so it is imported where a picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurorebit.results.document import CHIP, LEAKAGE, Json
from neurorebit.results.parts import phases_of, share_of_image
from neurorebit.results.pictures import new_figure, png
from neurorebit.schema import units

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

DRAM = "DRAM"
COLOURS = ("C0", "C1", "C2", "C3", "C4", "C5", "C6", "C8", "C9", "black")  # all others are grey
SHARED = "shared"  # the bar of what belongs to no layer
STEPS = 4  # of a part's path that are told apart

Stack = dict[str, "NDArray[np.float64]"]  # an amount for each layer, by part


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
    stacks = [_energies(report, times) for times in panels.values()]
    colours = _colours(*stacks)
    for ax, title, stack in zip(axes, panels, stacks, strict=True):
        _bars(ax, stack, colours, ("energy", "J"))
        ax.set_title(title, loc="left")
    _finish(figure, report, "energy with leakage and DRAM", colours)
    return png(figure)


def area(report: Json) -> bytes:
    """Area of the tiles of each layer, by part, and of what all layers share."""
    figure, (ax,) = new_figure(9.0, 5.0, 1)
    stack = _stack(report, [layer["area_by_part_m2"] for layer in report["layers"]])
    colours = _colours(stack)
    _bars(ax, stack, colours, ("area", "m2"))
    _finish(figure, report, "area", colours)
    return png(figure)


def _energies(report: Json, times: Mapping[str, float]) -> Stack:
    """Energy of each layer and part [J], phases weighted by ``times``."""
    rows = []
    for layer in report["layers"]:
        amounts = {DRAM: 0.0}
        for name, weight in times.items():
            phase = layer["phases"][name]
            amounts[DRAM] += weight * phase["dram_energy_J"]
            for part, joules in phase["energy_by_part_J"].items():
                amounts[part] = amounts.get(part, 0.0) + weight * joules
        rows.append(amounts)
    return _stack(report, rows)


def _stack(report: Json, rows: Sequence[Mapping[str, float]]) -> Stack:
    """Amounts of each layer by part: parts are told apart to ``STEPS`` steps of their paths."""
    parts = {part for amounts in rows for part in amounts}
    owners = {part.rpartition("/")[0] for part in parts}
    names = {part: _name(part, part in owners) for part in parts}
    stack: Stack = {}
    for i, amounts in enumerate(rows):
        for part, amount in amounts.items():
            stack.setdefault(names[part], np.zeros(len(report["layers"])))[i] += amount
    return stack


def _name(part: str, owner: bool) -> str:
    """What a part is called: leakage of all parts is one, and an owner is shown without others."""
    steps = part.removeprefix(f"{CHIP}/").split("/")
    if steps[0] == LEAKAGE:
        return LEAKAGE
    name = "/".join(steps[:STEPS])
    return f"{name} without its parts" if owner and len(steps) < STEPS else name


def _colours(*stacks: Stack) -> dict[str, str]:
    """A colour for each of the parts with the largest share of a stack, the largest first."""
    shares: dict[str, float] = {}
    for stack in stacks:
        whole = sum(float(amounts.sum()) for amounts in stack.values()) or 1.0
        for part, amounts in stack.items():
            shares[part] = max(shares.get(part, 0.0), float(amounts.sum()) / whole)
    ordered = sorted((part for part in shares if shares[part]), key=lambda part: -shares[part])
    return dict(zip(ordered, COLOURS, strict=False))


def _bars(ax: Axes, stack: Stack, colours: Mapping[str, str], quantity: tuple[str, str]) -> None:
    """A bar for each layer, its parts on each other; all parts without a colour on top.

    ``quantity``: its name and unit.
    """
    what, unit = quantity
    total: NDArray[np.float64] = np.sum(list(stack.values()), axis=0)
    largest = float(total.max())
    number, prefixed = units.scale(largest, unit)
    factor = number / largest if largest else 1.0
    places, floor = np.arange(total.size), np.zeros(total.size)
    for part, colour in colours.items():
        if part in stack:
            ax.bar(places, factor * stack[part], bottom=floor, color=colour, width=0.8)
            floor = floor + factor * stack[part]
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
