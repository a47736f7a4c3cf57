"""Layers that are swapped for each other: what writing their weights takes in each phase.

See docs/models/capacity.md#what-a-swap-costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neurorebit.chips.parts.capacity import fitted
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.phases import Phase, Phases, merged
from neurorebit.circuits.cost import Bill, Cost, Real
from neurorebit.estimation.loads import Array, spread

RELOAD = "reload"  # the stream of weights that are written
SWAPS = (
    "capacity: layers that have no room are swapped, whole, in the order of the network; a layer "
    "is written as all weights are programmed, once for the images that share it, and nothing else "
    "works meanwhile; in a training before the forward pass of a batch and again before its errors"
)
WORDS = (
    "capacity: words of digital macros come from DRAM with a layer and go back after its update; "
    "reading them out is billed as writing them"
)
CUTS = (
    "capacity: maps of inference that live while a layer is swapped go to DRAM and come back, "
    "where several images share a swap"
)


@dataclass(frozen=True, eq=False)
class Loaded:
    """What writing a layer takes: energy, time [s], DRAM traffic [bit], by layer."""

    energy: Bill
    time: Real
    bits: Real

    def times(self, share: Real) -> Loaded:
        """So often, by layer."""
        items = {name: share * amount for name, amount in self.energy.items.items()}
        return Loaded(Bill(items), share * self.time, share * self.bits)


def mask_of(chip: Chip[Any], area: Callable[[Array], Real]) -> Array:
    """The layers that are swapped on a chip of the capacity that its architecture has.

    ``area``: of a chip with these layers swapped.
    """
    capacity, w = chip.spec.capacity, chip.workload
    assert capacity is not None
    layers = len(w.rows)
    kinds = [spread(shares, layers) for shares, _ in chip.tiles_of_layers]
    whole = np.shape(chip.footprint.area.total)
    sizes = [
        whole,
        *(np.shape(size) for size in (capacity.tiles, capacity.area) if size is not None),
    ]
    designs = (*(kind.shape[:-1] for kind in kinds), *(size[:-1] for size in sizes))
    shape = (*np.broadcast_shapes(*designs), layers)
    counts = np.stack([np.broadcast_to(kind, shape) for kind in kinds])
    return fitted(counts, w.weights, capacity, area)


def with_reloads(work: Phases, phases: dict[str, Phase], batch: Real) -> dict[str, Phase]:
    """The phases of a chip with what writing swapped layers takes, an image's share of it."""
    mask, capacity = work.chip.plan.swapped, work.spec.capacity
    if mask is None or capacity is None or not np.any(mask > 0.0):
        return phases
    forward = _written(Phases.programming(work))
    w = work.workload
    shares: dict[str, Loaded] = {
        "inference": forward.times(mask / np.asarray(capacity.images, np.float64)),
        "forward": forward.times(mask / batch),
    }
    if work.spec.trains:
        if work.spec.reads_back:
            shares["backward"] = forward.times(mask * w.reached / batch)
        else:
            words = _less(_written(work.programming()), forward)
            shares["backward"] = words.times(mask * (w.reached + w.learns) / batch)
    return {
        name: _slower(phase, shares[name]) if name in shares else phase
        for name, phase in phases.items()
    }


def said_of(work: Phases) -> tuple[str, ...]:
    """The assumptions on layers that are swapped."""
    mask, capacity = work.chip.plan.swapped, work.spec.capacity
    if mask is None or capacity is None or not np.any(mask > 0.0):
        return ()
    words = work.spec.trains and not work.spec.reads_back
    cuts = np.any(np.asarray(capacity.images) > 1)
    return (SWAPS, *([WORDS] if words else []), *([CUTS] if cuts else []))


def _written(phase: Phase | None) -> Loaded:
    """A layer alone takes as long as the slowest to be written, and its way through the chip."""
    assert phase is not None  # refused where files are read
    return Loaded(phase.energy, phase.time + phase.common_time, phase.dram_bits)


def _less(whole: Loaded, part: Loaded) -> Loaded:
    """What is left of a bill without one that is in it; its traffic and time are its own."""
    own = part.energy.items
    items = {name: n - own.get(name, 0.0) for name, n in whole.energy.items.items()}
    return Loaded(Bill(items), whole.time, whole.bits)


def _slower(phase: Phase, loaded: Loaded) -> Phase:
    """A phase that waits for weights to be written."""
    stream = Cost(loaded.energy, Bill({"": loaded.time}))
    return replace(
        phase,
        energy=merged(phase.energy, loaded.energy.under(RELOAD)),
        time=phase.time + loaded.time,
        dram_bits=phase.dram_bits + loaded.bits,
        streams={**phase.streams, RELOAD: stream},
    )
