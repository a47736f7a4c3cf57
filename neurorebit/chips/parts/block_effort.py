"""Pulse trains that blocks of cells take, where no training has counted them.

In a step each cell asks for pulses by chance, independent of the others: a share of them for as
many up, a share for as many down. All outcomes of a block are gone through, so that rare changes
are as exact as frequent ones. A first writing asks for pulses up in every cell, those of a level of
normal weights; it is counted on ``GROUPS`` groups of rows of such cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import comb
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.block_programming import Trains
from neurorebit.chips.parts.blocks import Blocks, columns_at_once
from neurorebit.circuits.cost import Real

Array = NDArray[np.float64]
LEAST = 1e-300  # for shares of nothing
GROUPS = 64  # of rows that a first writing is counted on
AGREED: dict[
    str, Callable[[Array], Any]
] = {  # of blocks [groups, rows, blocks, cols], by ``until``
    "first": lambda asked: asked.min(axis=(1, 3)),
    "mean": lambda asked: asked.mean(axis=(1, 3)),
    "last": lambda asked: asked.max(axis=(1, 3)),
}


class Asked(NamedTuple):
    """Share of the cells that ask for pulses of a direction, and how many each of them asks for."""

    share: Real
    pulses: Real


class Plan(NamedTuple):
    """Trains of blocks, and of single cells after them; share of the cells that any of them is for.

    That is, of cells that get pulses of a block or ask for some that they do not get.
    """

    up: Trains
    down: Trains
    fine_up: Trains
    fine_down: Trains
    touched: Real


class Geometry(NamedTuple):
    """Rows and columns of a block, blocks whose trains are sent at once, turns of such; the same of
    single cells.
    """

    rows: int
    cols: int
    at_once: Real
    turns: Real
    single: Real
    single_turns: Real

    @classmethod
    def of(cls, blocks: Blocks, cols: Real) -> Geometry:
        """Those of an array of ``cols`` columns."""
        rows, wide = _whole(blocks.rows), _whole(blocks.cols)
        cols = np.maximum(np.asarray(cols, float), 1.0)
        width = columns_at_once(blocks, cols)
        alone = cols if isinstance(blocks.drivers, str) else np.minimum(blocks.drivers, cols)
        at_once, turns = np.ceil(width / wide), np.ceil(cols / width)
        return cls(rows, wide, at_once, turns, alone, np.ceil(cols / alone))


def _whole(number: Real) -> int:
    """A number of things: the same for all designs that are computed at once."""
    return int(np.max(np.asarray(number)))


def expected(blocks: Blocks, up: Asked, down: Asked, cols: Real) -> Plan:
    """The trains of a step in an array with ``cols`` columns in use."""
    geometry = Geometry.of(blocks, cols)
    if blocks.others == "inhibited":
        return _apart(geometry, up, down)
    return _together(geometry, up, down, blocks.until)


# -- blocks of which all cells are pulsed --------------------------------------------------------


class Drawn(NamedTuple):
    """Values and their probabilities, on the first axis."""

    values: Array
    shares: Array


def _train(until: str, ups: int, downs: int, cells: int) -> Callable[[Any, Any], Any]:
    """What a block of so many cells gets of which some ask for pulses up and some down."""
    if until == "first":
        return lambda up, down: (ups == cells) * up - (downs == cells) * down
    if until == "mean":
        return lambda up, down: _rounded((ups * up - downs * down) / cells)

    def last(up: Any, down: Any) -> Any:
        highest, lowest = (ups > 0) * up, (downs > 0) * down
        return np.where(highest >= lowest, highest, -lowest)

    return last


def _rounded(x: Any) -> Any:
    return np.copysign(np.floor(np.abs(x) + 0.5), x)


def _outcomes(
    cells: int, up: Asked, down: Asked, until: str
) -> Iterator[tuple[int, int, Array, Array]]:
    """Cells of a block that ask up and down, the probability of that, and the block's train."""
    rest = np.maximum(1.0 - up.share - down.share, 0.0)
    for ups in range(cells + 1):
        for downs in range(cells + 1 - ups):
            ways = float(comb(cells, ups) * comb(cells - ups, downs))
            chance = ways * np.power(up.share, ups) * np.power(down.share, downs)
            chance = chance * np.power(rest, cells - ups - downs)
            yield ups, downs, chance, _train(until, ups, downs, cells)(up.pulses, down.pulses)


def _together(geometry: Geometry, up: Asked, down: Asked, until: str) -> Plan:
    cells = geometry.rows * geometry.cols
    up, down = (Asked(*np.broadcast_arrays(*one)) for one in (up, down))
    trains: list[tuple[Array, Array]] = []
    left: list[tuple[Array, Array]] = []
    touched: Real = 0.0
    for ups, downs, chance, train in _outcomes(cells, up, down, until):
        trains.append((train, chance))
        asks = ((ups, up.pulses), (downs, -down.pulses), (cells - ups - downs, 0.0 * up.pulses))
        left += [(asked - train, chance * n / cells) for n, asked in asks]
        touched = touched + chance * np.where(train == 0.0, (ups + downs) / cells, 1.0)
    designs = np.shape(geometry.at_once + geometry.turns + geometry.single + geometry.single_turns)
    of_blocks, of_cells = _drawn(trains, designs), _drawn(left, designs)
    coarse = (geometry.rows, geometry.at_once, geometry.turns)
    single = (1, geometry.single, geometry.single_turns)
    return Plan(
        _trains(of_blocks, 1.0, coarse), _trains(of_blocks, -1.0, coarse),
        _trains(of_cells, 1.0, single), _trains(of_cells, -1.0, single), touched,
    )  # fmt: skip


def _drawn(pairs: list[tuple[Array, Array]], designs: tuple[int, ...]) -> Drawn:
    """Outcomes on a new first axis, before all axes that numbers of designs have."""
    shape = np.broadcast_shapes(designs, *(np.shape(part) for pair in pairs for part in pair))
    values, shares = (
        np.stack([np.broadcast_to(np.asarray(pair[i], float), shape) for pair in pairs])
        for i in range(2)
    )
    return Drawn(values, shares)


def _trains(drawn: Drawn, sign: float, geometry: tuple[int, Real, Real]) -> Trains:
    """The trains of one direction of independent blocks.

    ``geometry``: rows of a block, blocks whose trains are sent at once, and turns of such.
    """
    rows, at_once, turns = geometry
    values = np.maximum(sign * drawn.values, 0.0)
    share = np.sum(np.where(values > 0.0, drawn.shares, 0.0), axis=0)
    sent = np.sum(values * drawn.shares, axis=0)
    openings = turns * (1.0 - np.power(np.clip(1.0 - share, 0.0, 1.0), at_once))
    slots = turns * _longest(Drawn(values, drawn.shares), at_once)
    return Trains(rows, openings, slots, rows * slots, share, sent / np.maximum(share, LEAST))


def _longest(drawn: Drawn, count: Real) -> Array:
    """The mean of the largest of ``count`` values, none of which is below zero."""
    order = np.argsort(-drawn.values, axis=0)
    values = np.take_along_axis(drawn.values, order, axis=0)
    above = np.minimum(np.cumsum(np.take_along_axis(drawn.shares, order, axis=0), axis=0), 1.0)
    some = 1.0 - np.power(1.0 - above, count)  # that one is at least as large
    return np.asarray(np.sum(values * np.diff(some, axis=0, prepend=0.0), axis=0))


# -- blocks of which those cells are pulsed that ask ---------------------------------------------


def _apart(geometry: Geometry, up: Asked, down: Asked) -> Plan:
    """Cells that ask for pulses get theirs at once: they all ask for as many."""
    none = Trains(1, *(0.0 * np.asarray(up.share + down.share),) * 5)
    rising, falling = _of_patterns(geometry, up), _of_patterns(geometry, down)
    return Plan(rising, falling, none, none, up.share + down.share)


def _of_patterns(geometry: Geometry, asked: Asked) -> Trains:
    """Columns that ask in the same rows are pulsed at once: an opening for each such pattern."""
    openings, rows = 0.0 * np.asarray(asked.share), 0.0 * np.asarray(asked.share)
    for count in range(1, geometry.rows + 1):
        chance = asked.share**count * (1.0 - asked.share) ** (geometry.rows - count)
        some = 1.0 - np.power(1.0 - chance, geometry.at_once)
        openings = openings + comb(geometry.rows, count) * some * geometry.turns
        rows = rows + count * comb(geometry.rows, count) * some * geometry.turns
    pulses = asked.pulses
    return Trains(geometry.rows, openings, openings * pulses, rows * pulses, asked.share, pulses)


# -- a first writing -----------------------------------------------------------------------------


def initial(blocks: Blocks, state: Real, steps: Real, *, pulses: Real, cols: Real) -> Plan:
    """The trains that lead cells from the low end to the levels of normal weights.

    The outermost of ``steps`` + 1 levels is two deviations from the mean of their levels,
    ``state``, a share of the range of ``pulses`` pulses. ``cols`` are the columns of an array.
    """
    rows, wide = _whole(blocks.rows), _whole(blocks.cols)
    given = np.broadcast_arrays(state, steps, pulses, cols)
    cases, of = np.unique(
        np.stack([np.asarray(one, float).reshape(-1) for one in given]), axis=1, return_inverse=True
    )
    drivers = 0 if isinstance(blocks.drivers, str) else _whole(blocks.drivers)
    kind = rows, wide, drivers, blocks.until
    found = np.array([_counted(*kind, *map(float, case)) for case in cases.T])
    numbers = [one.reshape(given[0].shape) for one in found[of.reshape(-1)].T]
    up, down, fine_up, fine_down = (
        Trains(n, *numbers[5 * i : 5 * i + 5]) for i, n in enumerate((rows, rows, 1, 1))
    )
    return Plan(up, down, fine_up, fine_down, 1.0 + 0.0 * numbers[0])


@lru_cache(maxsize=4096)
def _counted(
    rows: int, wide: int, drivers: int, until: str, *case: float
) -> tuple[float, ...]:  # fmt: skip
    """Numbers of four ``Trains`` in a row, of blocks and of single cells, up and down."""
    state, steps, pulses, cols = case
    if not np.isfinite(case).all():
        return (float("nan"),) * 20
    across = max(int(cols) // wide, 1) * wide
    normals = _normals(GROUPS * rows * across).reshape(GROUPS, rows, across)
    ways = np.clip(np.round((state + normals / 4.0) * steps) / steps, 1.0 / pulses, 1.0)
    asked = np.round(ways * pulses)
    grouped = asked.reshape(GROUPS, rows, across // wide, wide)
    train = _rounded(AGREED[until](grouped))
    left = (grouped - train[:, None, :, None]).reshape(GROUPS * rows, across)
    coarse = [_in_turns(sign * train, drivers or across, rows) for sign in (1.0, -1.0)]
    single = [_in_turns(sign * left, drivers or across, 1) for sign in (1.0, -1.0)]
    return tuple(number for part in (*coarse, *single) for number in part)


def _in_turns(sent: Array, at_once: int, rows: int) -> tuple[float, ...]:
    """Openings, slots, open rows, share and pulses of trains [groups, blocks], those above zero."""
    sent = np.maximum(sent, 0.0)
    longest = np.maximum.reduceat(sent, np.arange(0, sent.shape[1], at_once), axis=1)
    openings, slots = np.sum(longest > 0.0, axis=1).mean(), np.sum(longest, axis=1).mean()
    share = float(np.mean(sent > 0.0))
    pulses = float(np.sum(sent)) / max(float(np.sum(sent > 0.0)), 1.0)
    return float(openings), float(slots), float(rows * slots), share, pulses


@lru_cache(maxsize=8)
def _normals(count: int) -> Array:
    """So many normal numbers: middles of equal shares of the distribution, in a fixed order."""
    normal = NormalDist()
    middles = np.array([normal.inv_cdf((i + 0.5) / 1024) for i in range(1024)])
    repeated = np.tile(middles, (-(-count // 1024), 1))
    random = np.random.Generator(np.random.PCG64(0))
    return random.permuted(repeated, axis=1).reshape(-1)[:count]
