"""What a report says of a chip of given size: its tiles, and the layers that are swapped.

See docs/models/capacity.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.chips.parts.capacity import laid_out
from neurorebit.estimation.design import Design
from neurorebit.estimation.loads import Array, spread
from neurorebit.estimation.swaps import RELOAD
from neurorebit.schema import InfeasibleError
from neurorebit.schema.device import Device

SMALL = "capacity: too small for the largest layer"


@dataclass(frozen=True, kw_only=True)
class CapacityEstimate:
    """The chip has ``tiles`` of layers, ``needed`` would hold all. ``swapped``: layers that have no
    room, with ``share`` of the weights. ``images`` of inference share a swap.

    ``times`` [s] and ``energies`` [J] that an image bears of swaps, by phase. ``writes`` of a cell
    of a swapped layer an image of inference; ``lifetime``: images until its device has had as many
    writes as it endures, None where none is known or nothing wears.
    """

    tiles: int
    needed: int
    swapped: tuple[str, ...]
    share: float
    images: int
    times: dict[str, float]
    energies: dict[str, float]
    writes: float
    lifetime: float | None


def _needed(made: Design) -> tuple[Array, Array]:
    """Tiles of each kind (rows) and layer, and the layers that are swapped."""
    chip, swapped = made.chip, made.chip.plan.swapped
    layers = len(chip.workload.rows)
    counts = np.stack([spread(shares, layers) for shares, _ in chip.tiles_of_layers])
    return counts, np.zeros(layers) if swapped is None else np.asarray(swapped)


def too_small(made: Design) -> Array | None:
    """The designs without room for the largest layer; None where the size is not given."""
    swapped = made.chip.plan.swapped
    return None if swapped is None else np.any(np.isnan(swapped), axis=-1)


def refuse_small(made: Design) -> None:
    """InfeasibleError where a chip of the given size has no room for the largest layer."""
    small = too_small(made)
    if small is None or not np.any(small):
        return
    counts, _ = _needed(made)
    least = float(np.sum(laid_out(counts, np.ones(counts.shape[-1]))))
    message = f"{SMALL}, which takes {least:.0f} tiles"
    cure = "give more of architecture.capacity, or take a smaller network"
    raise InfeasibleError(message, part="capacity", quantity="room", cure=cure)


def capacity_of(made: Design, names: tuple[str, ...], device: Device) -> CapacityEstimate | None:
    """The size of one chip; None where it is as large as its network asks for."""
    chip = made.chip
    capacity = chip.spec.capacity
    if capacity is None:
        return None
    counts, swapped = _needed(made)
    places = chip.workload.places
    own = np.array(names) if places is None else np.array(names)[places]
    weights = np.broadcast_to(chip.workload.weights, swapped.shape)
    reloads = {
        name: phase.streams[RELOAD]
        for name, phase in made.phases.items()
        if RELOAD in phase.streams
    }
    stages = made.stages
    writes = 1.0 / float(np.max(capacity.images)) if np.any(swapped) else 0.0
    wears = chip.spec.holds_devices and device.endurance is not None and writes > 0.0
    endurance = device.endurance
    return CapacityEstimate(
        tiles=int(np.sum(laid_out(counts, swapped))),
        needed=int(np.sum(laid_out(counts, np.zeros_like(swapped)))),
        swapped=tuple(own[swapped > 0.0].tolist()),
        share=float(weights @ swapped / np.sum(weights)),
        images=int(np.max(capacity.images)),
        times={
            name: float(np.sum(spread(one.latency.total, stages))) for name, one in reloads.items()
        },
        energies={
            name: float(sum(np.sum(spread(n, stages)) for n in one.energy.items.values()))
            for name, one in reloads.items()
        },
        writes=writes,
        lifetime=float(np.max(endurance.writes)) / writes if wears and endurance else None,
    )
