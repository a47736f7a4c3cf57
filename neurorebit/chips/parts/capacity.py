"""A chip of given size: which layers stand on it, and which are swapped for each other.

A layer that is swapped has its weights in DRAM. They are written to a region of the chip, as large
as the largest of such layers asks for, before a batch goes through the layer.

See docs/models/capacity.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from neurorebit.schema import Misfit, Section, quantity
from neurorebit.schema.numbers import Real

Array = NDArray[np.float64]
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True)
class Capacity(Section):
    """The size of the chip: so many ``tiles`` of layers, or an ``area`` at most.

    ``images`` of inference go through a layer one after the other before the next one is written in
    its place; in a training those of a batch do.
    """

    source: str | None = None
    tiles: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    area: Annotated[float, quantity("m2", above=0)] | None = None
    images: Annotated[int, Field(ge=1, le=1_000_000_000)] = 64

    def misfits(self, pipelined: bool) -> Iterator[Misfit]:
        """What does not fit together."""
        message = "the chip has a number of tiles or an area, and one of them says it"
        both = (self.tiles is None) == (self.area is None)
        yield Misfit(("capacity",), both, message, cure="give tiles or area")
        message = "layers that are swapped for each other cannot work on different images"
        cure = "drop capacity, or take pipelining=none"
        yield Misfit(("pipelining",), pipelined, message, cure=cure)


def laid_out(shares: Real, swapped: Real) -> Array:
    """Tiles of a kind: those of the layers that stay, and as many as the largest other one takes.

    ``shares`` of each layer; ``swapped``: 1 where a layer is.
    """
    stay = np.sum(np.where(np.asarray(swapped) > 0.0, 0.0, shares), axis=-1, keepdims=True)
    most = np.max(np.where(np.asarray(swapped) > 0.0, shares, 0.0), axis=-1, keepdims=True)
    unknown = 0.0 * np.sum(np.asarray(swapped), axis=-1, keepdims=True)  # nan: there is no chip
    return np.asarray(np.ceil(stay - ROUNDING) + np.ceil(most - ROUNDING) + unknown)


def swapped(counts: Array, weights: Array, most: float) -> Array | None:
    """The layers that are swapped on a chip of ``most`` tiles, 1 for each; None where it has no
    room for the largest layer.

    ``counts`` of each kind of tiles (rows) and layer. Few weights are to be moved: of the layers up
    to each size, the largest first are swapped until the chip has room, then the smallest of them
    stay that still have room; the size with the fewest weights is taken.
    """
    sizes = counts.sum(axis=0)

    def fits(mask: Array) -> bool:
        return float(np.sum(laid_out(counts, mask))) <= most + ROUNDING

    none = np.zeros(len(sizes))
    if fits(none):
        return none
    best: Array | None = None
    order = np.argsort(-sizes, kind="stable")
    for size in np.unique(sizes[sizes > 0.0]):
        mask = none.copy()
        for layer in order[(sizes[order] <= size) & (sizes[order] > 0.0)]:
            mask[layer] = 1.0
            if fits(mask):
                break
        if not fits(mask):
            continue
        for layer in order[::-1][mask[order[::-1]] > 0.0]:
            mask[layer] = 0.0
            mask[layer] = 0.0 if fits(mask) else 1.0
        if best is None or weights @ mask < weights @ best:
            best = mask
    return best


def fitted(
    counts: Array, weights: Array, capacity: Capacity, area: Callable[[Array], Real]
) -> Array:
    """The layers that are swapped in each design, by layer; nan where a chip has no room.

    ``counts``: by kind of tiles, design and layer. ``area`` of the chips with these layers swapped.
    """
    shape = counts.shape[1:]
    rows = counts.reshape(len(counts), -1, shape[-1])
    needed = np.sum(laid_out(counts, 0.0), axis=0).reshape(-1)
    of = np.broadcast_to(weights, shape).reshape(-1, shape[-1])

    def masks(most: Array) -> Array:
        found = np.full(rows.shape[1:], np.nan)
        for i, tiles in enumerate(most):
            mask = swapped(rows[:, i], of[i], float(tiles))
            found[i] = np.nan if mask is None else mask
        return found.reshape(shape)

    if capacity.tiles is not None:
        given = np.broadcast_to(np.asarray(capacity.tiles, np.float64), (*shape[:-1], 1))
        return masks(given.reshape(-1))
    assert capacity.area is not None
    room = np.broadcast_to(np.asarray(capacity.area), (*shape[:-1], 1)).reshape(-1)

    def areas(most: Array) -> Array:
        """Infinite where there is no chip with so few tiles."""
        made = np.asarray(area(masks(most)), np.float64)
        one = np.broadcast_to(made, (*shape[:-1], 1)).reshape(-1)
        return np.asarray(one)

    low, high = np.zeros_like(needed), needed.copy()  # the most that have room lie from low to high
    high = np.where(areas(high) <= room, high + 1.0, high)
    while np.any(high - low > 1.0):
        middle = np.floor((low + high) / 2.0)
        there = areas(middle)
        small = np.isnan(there) | (there <= room)  # too few for the largest layer, or room is left
        low, high = np.where(small, middle, low), np.where(small, high, middle)
    found = masks(low)
    return np.where((areas(low) <= room).reshape((*shape[:-1], 1)), found, np.nan)
