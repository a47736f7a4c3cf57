"""What an integer programme chooses from: options of layers, and what their tiles add to a chip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.intp]

EXACT = 1e-9  # of an objective: what rounding leaves


class Menu(NamedTuple):
    """The options of all stages, one after the other.

    ``stage`` that each is of. Its ``energy`` and ``time``. It takes ``split`` kernel-split tiles,
    ``whole`` others, and ``arrays`` in tiles that stages share. ``longest``: times of which the
    longest of all stages counts, a column for each kind. ``option``: its number among those of its
    stage. In a pipeline: ``own``, the longest time that an image takes a part of the stage's own,
    and ``common``, of each part that stages share, a column each.
    """

    stage: Whole
    energy: Array
    time: Array
    split: Array
    whole: Array
    arrays: Array
    longest: Array
    option: Whole
    own: Array
    common: Array

    def at(self, picked: Whole) -> Menu:
        """Some of the options."""
        return Menu(
            stage=self.stage[picked],
            energy=self.energy[picked],
            time=self.time[picked],
            split=self.split[picked],
            whole=self.whole[picked],
            arrays=self.arrays[picked],
            longest=self.longest[picked],
            option=self.option[picked],
            own=self.own[picked],
            common=self.common[picked],
        )


@dataclass(frozen=True, eq=False)
class Layout:
    """Chips whose trees are alike: what each option costs there, and what their tiles add.

    Tiles are ``tiles`` in all, from the first to the second of them; ``split`` and ``whole`` say
    whether there are kernel-split tiles, and others. ``area`` and ``leakage``: without tiles, and
    of a tile of each kind. ``held``: arrays of a tile.
    """

    menu: Menu
    tiles: tuple[float, float]
    split: bool
    whole: bool
    _: KW_ONLY
    area: tuple[float, float, float]
    leakage: tuple[float, float, float]
    held: float

    def counts(self, picked: Whole) -> tuple[float, float]:
        """Kernel-split tiles and others of a choice."""
        one = self.menu.at(picked)
        shared = np.ceil(np.sum(one.arrays) / self.held - EXACT)
        return float(np.sum(one.split)), float(np.sum(one.whole) + shared)

    def watts(self, picked: Whole) -> float:
        """Leakage of a choice."""
        base, split, whole = self.leakage
        tiles = self.counts(picked)
        return base + split * tiles[0] + whole * tiles[1]

    def times(self, picked: Whole) -> float:
        """Time of a choice."""
        one = self.menu.at(picked)
        return float(np.sum(one.time) + np.sum(np.max(one.longest, axis=0)))

    def interval(self, picked: Whole) -> float:
        """Time between images in a pipeline."""
        one = self.menu.at(picked)
        return float(max(np.max(one.own), np.max(np.sum(one.common, axis=0), initial=0.0)))

    def joules(self, picked: Whole) -> float:
        """Energy of a choice, leakage included."""
        return float(np.sum(self.menu.energy[picked])) + self.watts(picked) * self.times(picked)


THROUGHPUT = "throughput"  # of a pipeline: the least time between images
Value = Callable[[Layout, Whole], float]
OBJECTIVES: dict[str, Value] = {
    "latency": lambda layout, picked: layout.times(picked),
    "energy": lambda layout, picked: layout.joules(picked),
    "edp": lambda layout, picked: layout.joules(picked) * layout.times(picked),
    THROUGHPUT: lambda layout, picked: layout.interval(picked),
}
AREA = "area"  # the least, to say what a bound would have to be


class Box(NamedTuple):
    """Ranges of the time and of the leakage of a chip."""

    time: tuple[float, float]
    leakage: tuple[float, float]


def whole_box(layout: Layout) -> Box:
    """The box that has all choices of a layout."""
    menu, (low, high) = layout.menu, layout.tiles
    stages = np.unique(menu.stage)
    of = [menu.stage == stage for stage in stages]
    least = sum(float(np.min(menu.time[one])) for one in of)
    least += float(np.sum(np.max([np.min(menu.longest[one], axis=0) for one in of], axis=0)))
    most = sum(float(np.max(menu.time[one])) for one in of)
    most += float(np.sum(np.max(menu.longest, axis=0)))
    base, *each = layout.leakage
    kinds = [
        watts for watts, there in zip(each, (layout.split, layout.whole), strict=True) if there
    ]
    return Box((least, most), (base + low * min(kinds), base + high * max(kinds)))
