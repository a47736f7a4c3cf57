"""What an image takes of the parts of a chip, stage by stage and phase by phase.

See docs/models/pipeline.md#interval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.phases import ARRAYS, DRAM, Phase
from neurorebit.chips.parts.pipelining import Place
from neurorebit.circuits.cost import Real

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
PRODUCTS = "products"  # the unit that multiplies two activations


class Part(NamedTuple):
    """What a stream takes: the hardware ``place``, and which ``stream`` of it.

    ``shared``: all stages take the same one; otherwise each has its own.
    """

    place: str
    stream: str
    shared: bool


Loads = Mapping[Part, Array]


@dataclass(frozen=True, eq=False)
class Work:
    """What one phase takes of an image: ``loads`` [s] of each part, with the stages on the last
    axis; ``alone``: how long a stage takes by itself, until its last value has come through.
    """

    loads: Loads
    alone: Array


@dataclass(frozen=True, eq=False)
class Step:
    """Images that follow each other through some stages and phases, ``works`` by phase and mask.

    ``fill`` [s]: the time of the first image.
    """

    works: tuple[tuple[str, Mask], ...]
    fill: Array
    loads: Mapping[tuple[str, Part], Array]

    @cached_property
    def totals(self) -> dict[Part, Array]:
        """Of each part the time that an image takes it, by stage."""
        found: dict[Part, Array] = {}
        for (_, part), load in self.loads.items():
            found[part] = found[part] + load if part in found else load
        return found

    @cached_property
    def interval(self) -> Array:
        """Time [s] between images."""
        times = [
            np.sum(load, axis=-1) if part.shared else np.max(load, axis=-1)
            for part, load in self.totals.items()
        ]
        longest: Array = np.max(np.stack(np.broadcast_arrays(*times)), axis=0)
        return longest

    def time(self, images: Real) -> Array:
        """Time [s] that ``images`` images take."""
        taken: Array = self.fill + (images - 1.0) * self.interval
        return taken


def one_of(amount: Real) -> Array:
    """An amount of a design, which may have an axis for the layers."""
    given = np.asarray(amount, np.float64)
    return np.asarray(given[..., 0] if given.ndim else given)


def spread(amount: Real, stages: int) -> Array:
    """An amount of each stage."""
    given = np.asarray(amount, np.float64)
    return np.broadcast_to(given, (*given.shape[:-1], stages))


def work_of(chip: Chip[Any], name: str, phase: Phase, images: Real) -> Work:
    """What a phase takes of the parts of a chip; a phase's fill is borne by ``images``."""
    w = chip.workload.all
    stages = len(w.rows)
    loads: dict[Part, Any] = {}
    place = chip.works_in(name)
    together = _masked(chip, chip.together(place.tiles), stages)
    products = np.broadcast_to(w.stationary == 0.0, (stages,)) & (chip.product_unit is not None)
    longest = spread(chip.dram.transfer(phase.dram_bits).latency.total, stages)
    loads[Part(DRAM, DRAM, True)] = longest
    time = spread(phase.time, stages)
    for stream, cost in phase.streams.items():
        load = spread(cost.latency.total, stages)
        longest = np.maximum(longest, load)
        if stream == ARRAYS:  # steps that wait for each other keep their arrays
            load = np.where(np.broadcast_to(w.serial > 0.0, (stages,)), time, load)
        for part, where in _parts(chip, stream, place, products):
            loads[part] = loads.get(part, 0.0) + np.where(where, load, 0.0)
    for part in [one for one in loads if not one.shared and np.any(together)]:
        one = Part(f"shared {place.tiles} tiles", part.stream, True)
        loads[one] = np.where(together, loads[part], 0.0)
        loads[part] = np.where(together, 0.0, loads[part])
    fill = np.maximum(time - longest, 0.0) * images
    return Work(loads, longest + fill)


def _parts(
    chip: Chip[Any], stream: str, place: Place, products: Mask
) -> Iterator[tuple[Part, Mask]]:
    """What a stream takes, and in which stages: those of ``products`` have a unit of their own."""
    shared = {"buffer": chip.buffer.name, "vector": chip.vector_unit.name}
    shared |= {"store": "gradient_store", "scaling": "update_unit"}
    own = {
        ARRAYS: Part(place.arrays, stream, place.shared),
        "tree": Part(f"{place.tiles}_tree", stream, True),
    }
    if stream in own:
        yield own[stream], ~products
        yield Part(PRODUCTS, stream, True), products
    elif stream in shared:
        yield Part(shared[stream], stream, True), np.ones_like(products)
    else:
        yield Part(place.tiles, stream, False), np.ones_like(products)


def _masked(chip: Chip[Any], layers: Any, stages: int) -> Mask:
    """Of layers with weights those that this is true of, among all stages."""
    places = chip.workload.places
    there = np.broadcast_to(layers, (*np.shape(layers)[:-1], len(chip.workload.rows)))
    if places is None:
        return np.asarray(there)
    found = np.zeros((*there.shape[:-1], stages), bool)
    found[..., places] = there
    return found


def step_of(works: Mapping[str, Work], parts: tuple[tuple[str, Mask], ...], fill: Array) -> Step:
    """The step of these phases and stages."""
    loads: dict[tuple[str, Part], Any] = {}
    for name, mask in parts:
        for part, load in works[name].loads.items():
            loads[name, part] = loads.get((name, part), 0.0) + np.where(mask, load, 0.0)
    return Step(parts, fill, loads)
