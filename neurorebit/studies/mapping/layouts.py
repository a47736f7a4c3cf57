"""The chips that options may be chosen for, sorted by their trees, with what each option costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.studies.mapping.costs import Costs, laid
from neurorebit.studies.mapping.layout import EXACT, Array, Layout, Menu
from neurorebit.studies.mapping.options import Option, chosen

Line = tuple[float, float, float]  # an amount without tiles, and that of a tile of each kind
AT_ONCE = 200_000  # options of layers whose costs are estimated at once


class Kind(NamedTuple):
    """Chips of so many tiles, whose trees are alike; whether they have tiles of each kind."""

    tiles: tuple[float, float]
    split: bool
    whole: bool

    @property
    def corners(self) -> list[tuple[float, float]]:
        """Numbers of kernel-split tiles and of others at the ends."""
        if self.split and self.whole:
            return [ends for n in self.tiles for ends in ((1.0, n - 1.0), (n - 1.0, 1.0))]
        return [(n * self.split, n * self.whole) for n in self.tiles]


def layouts(
    costs: Costs, options: Sequence[Sequence[Option]], tiles: tuple[float, float]
) -> list[Layout]:
    """The chips of so many tiles, sorted by their trees and the kinds of tiles that they have."""
    plan = costs.plan(chosen(options))
    kinds = list(_kinds(tiles, bool(np.any(plan.split)), not np.all(plan.split)))
    count, layers = max(map(len, options)), len(options)
    step = max(1, AT_ONCE // (count * layers))
    found = []
    for start in range(0, len(kinds), step):
        part = kinds[start : start + step]
        split, whole = (np.array([one.corners[0][i] for one in part]) for i in (0, 1))
        there = laid(plan, split[:, None, None], whole[:, None, None])
        energy, time, _ = costs.of_layers(there, len(part), count)
        own, common = costs.loads(there, len(part), count)
        sent, longest = costs.at_once(there, len(part), count)
        time[..., costs.places] += sent
        lines = list(_lines(costs, part))
        for i, kind in enumerate(part):
            amounts = _Costs(energy[i], time[i], longest[i], own[i], common[i])
            menu = _menu(costs, options, plan, amounts)
            area, leakage = lines[i]
            found.append(
                Layout(
                    thinned(menu),
                    kind.tiles,
                    kind.split,
                    kind.whole,
                    area=area,
                    leakage=leakage,
                    held=held_by(plan),
                )
            )
    return found


def _kinds(tiles: tuple[float, float], split: bool, whole: bool) -> Iterator[Kind]:
    """Kinds of chips of so many tiles; whether layers may stand in tiles of each kind."""
    for low, high in alike_trees(*tiles):
        for has_split, has_whole in ((False, True), (True, True), (True, False)):
            least = max(low, float(has_split) + float(has_whole))
            if least <= high and has_split <= split and has_whole <= whole:
                yield Kind((least, high), has_split, has_whole)


def _lines(costs: Costs, kinds: Sequence[Kind]) -> Iterator[tuple[Line, Line]]:
    """Area and leakage of each kind of chips: without tiles, and of a tile of each kind."""
    corners = [one.corners for one in kinds]
    split, others = np.array([corner for each in corners for corner in each]).T
    amounts = np.stack(costs.whole(split, others))
    known = np.stack([np.ones_like(split), split, others], axis=1)
    start = 0
    for each in corners:
        part = slice(start, start + len(each))
        solved = np.linalg.lstsq(known[part], amounts[:, part].T, rcond=None)[0]
        (a, b, c), (d, e, f) = solved.T.tolist()
        yield (a, b, c), (d, e, f)
        start += len(each)


def alike_trees(low: float, high: float) -> Iterator[tuple[float, float]]:
    """Ranges of tiles whose trees have leaves in the same numbers of rows and columns."""
    numbers = np.arange(max(low, 1.0), high + 1.0)
    rows = np.ceil(np.sqrt(numbers) - 1e-9)
    grid = rows * 1e6 + np.ceil(numbers / rows - 1e-9)
    for alike in np.unique(grid):
        inside = numbers[grid == alike]
        yield float(inside[0]), float(inside[-1])


def held_by(plan: Floorplan) -> float:
    """Arrays of a tile that is not kernel-split."""
    return float(np.max((plan.tile_side / plan.rows) * (plan.tile_side / plan.cols)))


class _Costs(NamedTuple):
    """What the options of all stages cost on one kind of chips, see ``Menu``."""

    energy: Array
    time: Array
    longest: Array
    own: Array
    common: Array


def _menu(
    costs: Costs,
    options: Sequence[Sequence[Option]],
    plan: Floorplan,
    taken: _Costs,
) -> Menu:
    """The options one after the other; stages without weights have one."""
    count, layers, places = max(map(len, options)), len(options), costs.places
    energy, time, longest, loads, common = taken
    columns = {"energy": energy[:, places], "time": time[:, places], "own": loads[:, places]}
    split, shared = plan.split, plan.stands_with_others
    tiles, arrays = plan.workload.in_cells * plan.tiles, plan.workload.in_cells * plan.array_shares
    columns["split"] = np.where(split, tiles, 0.0)
    columns["whole"] = np.where(split | shared, 0.0, tiles)
    columns["arrays"] = np.where(shared, arrays, 0.0)
    there = np.arange(count)[:, None] < np.array([len(column) for column in options])
    rows = np.nonzero(there.T)  # layer by layer
    table = [np.broadcast_to(of, (count, layers)).T[rows] for of in columns.values()]
    others = np.setdiff1d(np.arange(costs.stages), places)
    nothing = np.zeros(len(others))
    more = (energy[0, others], time[0, others], loads[0, others], *(nothing,) * 3)
    joined = [np.concatenate(pair) for pair in zip(table, more, strict=True)]
    own = np.swapaxes(longest, 0, 1)[rows]
    return Menu(
        stage=np.concatenate((places[rows[0]], others)),
        energy=joined[0],
        time=joined[1],
        own=joined[2],
        split=joined[3],
        whole=joined[4],
        arrays=joined[5],
        longest=np.concatenate((own, np.zeros((len(others), own.shape[-1])))),
        option=np.concatenate((rows[1], np.zeros(len(others), np.intp))),
        common=np.concatenate((np.swapaxes(common[:, places], 0, 1)[rows], common[0, others])),
    )


def thinned(menu: Menu) -> Menu:
    """The options that none of the same layer beats in tiles, energy and time.

    A chip of fewer tiles is smaller and leaks less, and its tree is no longer.
    """
    kept: list[int] = []
    amounts = np.stack([menu.energy, menu.time, menu.split, menu.whole, menu.arrays])
    amounts = np.concatenate((amounts, menu.longest.T, menu.own[None], menu.common.T))
    for stage in np.unique(menu.stage):
        own = np.flatnonzero(menu.stage == stage)
        mine = amounts[:, own]
        order = np.lexsort((np.arange(len(own)), *mine))
        best: list[int] = []
        for i in order:
            beaten = any(np.all(mine[:, j] <= mine[:, i] * (1.0 + EXACT)) for j in best)
            if not beaten:
                best.append(int(i))
        kept += [int(own[i]) for i in sorted(best)]
    return menu.at(np.array(kept))
