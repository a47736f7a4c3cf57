"""Where the maps of an image stay while it is recognised: in the global buffer, or in DRAM.

Layers follow each other, so at each stage the maps are live that were made before and are read from
there on: the input, the output, and what residual branches hold. The rule of residence: maps are
taken in the order in which they are made, the image first. A map stays in the buffer if, at every
stage of its life, it has room beside the maps taken before it; else it is written to DRAM once and
read from there by each stage that reads it.

See docs/models/chip.md#global-buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Real
from neurorebit.layers.maps import Map

Array = NDArray[np.float64]
ROUNDING = 1e-12  # of the room, which a sum of sizes may miss


@dataclass(frozen=True, eq=False)
class Traffic:
    """Bits of an image at each stage, with the stages on the last axis.

    ``fetched`` come from DRAM and ``leaving`` go there; ``joined`` are read from the buffer by
    vector work; ``made`` are written to it.
    """

    fetched: Array
    leaving: Array
    joined: Array
    made: Array

    def at(self, workload: Workload) -> Traffic:
        """Of all stages those of a workload."""
        each = (self.fetched, self.leaving, self.joined, self.made)
        return Traffic(*(workload.taken(bits) for bits in each))


def live(maps: Sequence[Map], stages: int) -> Array:
    """Values of an image that are live at each stage."""
    values = np.zeros(stages)
    for one in maps:
        values[one.life.start : one.life.stop] += one.values
    return values


def traffic(
    maps: Sequence[Map], stages: int, bits: Real, room: Real, *, cut: Array | None = None
) -> Traffic:
    """What moves at each stage: values have ``bits`` bits, the buffer has room for ``room`` bits.

    Both may be arrays of designs, with a last axis of length one for the stages. ``cut``: 1 for
    stages before which all maps go to DRAM.
    """
    shape = np.broadcast_shapes(np.shape(bits), np.shape(room), (1,))
    if cut is not None:
        shape = np.broadcast_shapes(shape, (*np.shape(cut)[:-1], 1))
    taken = np.zeros((*shape[:-1], stages))
    moved = Traffic(*(np.zeros_like(taken) for _ in range(4)))
    for one in maps:
        size = np.broadcast_to(one.values * np.asarray(bits), shape)[..., 0]
        span = slice(one.life.start, one.life.stop)
        most = np.broadcast_to(room, shape)[..., 0] * (1.0 + ROUNDING)
        stays = np.max(taken[..., span], axis=-1) + size <= most
        if cut is not None:
            stays = stays & ~np.any(cut[..., one.life.start + 1 : one.life.stop] > 0.0, axis=-1)
        taken[..., span] += np.where(stays, size, 0.0)[..., None]
        given = one.made is None
        for stage in one.read:
            first = given and stage == one.life.start
            moved.fetched[..., stage] += size if first else np.where(stays, 0.0, size)
        for stage in one.joined:
            moved.joined[..., stage] += size
        if one.made is not None:
            moved.made[..., one.made] += size
            moved.leaving[..., one.made] += size if one.result else np.where(stays, 0.0, size)
    return moved
