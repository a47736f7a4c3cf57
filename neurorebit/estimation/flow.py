"""How often a pipeline takes an image, of one design or of arrays of them.

A stage takes each part of the chip for a time that its streams say; the interval between images is
the longest time that any part is taken for one image. A part that all stages share is taken by all
of them (docs/models/pipeline.md#interval).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.phases import ARRAYS, DRAM, PER, TRAINING, Phase
from neurorebit.chips.parts.pipelining import LINES, Pipeline, Place, wanted
from neurorebit.circuits.cost import Real

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
INFERENCE = "inference"
IMAGES = tuple(name for name in TRAINING if PER[name] == "image")  # phases of an image
OWN, NEXT, LAST = "own", "next", "last"
GRADIENTS = {  # when they are formed in a batch
    OWN: "the errors of their own layer",
    NEXT: "the errors of the layers before",
    LAST: "each other, those of all layers when all errors are back",
}
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


@dataclass(frozen=True, eq=False)
class Training:
    """The steps of an iteration: forward level by level, back again, and what follows the batch.

    ``gradients``: a word of ``GRADIENTS``. ``images``: a batch. ``after`` [s]: update and sync.
    """

    steps: tuple[Step, ...]
    gradients: str
    images: Real
    after: Array

    @cached_property
    def time(self) -> Array:
        """Time [s] of an iteration."""
        total: Array = sum((step.time(self.images) for step in self.steps), start=self.after)
        return total


@dataclass(frozen=True, eq=False)
class Flow:
    """A pipeline's steps: those of inference, and of a training in each order of its gradients, of
    which a design takes the fastest.
    """

    pipeline: Pipeline
    inference: Step | None
    orders: tuple[Training, ...]
    _: KW_ONLY
    sequential: Mapping[str, Array]  # time of an image, layer after layer, of each phase
    images: Array  # of a batch

    @cached_property
    def iteration(self) -> Array | None:
        """Time [s] of an iteration; None where the chip has no training."""
        if not self.orders:
            return None
        return np.min(np.stack(np.broadcast_arrays(*(one.time for one in self.orders))), axis=0)

    @property
    def training(self) -> Training | None:
        """The fastest order of one design."""
        return min(self.orders, key=lambda one: float(np.max(one.time)), default=None)

    def share(self, phase: str) -> Array | None:
        """What times of a phase, layer after layer, are to be multiplied by: a stage and phase
        bears the time of the pipeline in proportion to its own. None: they stay as they are.
        """
        if phase == INFERENCE and self.inference is not None:
            return self.inference.interval / self.sequential[INFERENCE]
        if phase in IMAGES and self.iteration is not None:
            after, images = self.orders[0].after, self.orders[0].images
            one = images * sum(self.sequential[name] for name in IMAGES)
            shared: Array = (self.iteration - after) / one
            return shared
        return None


def flow_of(chip: Chip[Any], phases: Mapping[str, Phase], batch: Real) -> Flow:
    """The pipeline of a chip whose phases these are."""
    pipeline, stages = chip.pipeline, len(chip.workload.all.rows)
    assert pipeline is not None
    images = np.asarray(batch, np.float64)
    images = images[..., 0] if images.ndim else images
    works = {
        name: _work(chip, name, phase, stages, 1.0 if name == INFERENCE else batch)
        for name, phase in phases.items()
        if name == INFERENCE or name in IMAGES
    }
    sequential = {name: np.sum(_spread(phases[name].time, stages), axis=-1) for name in works}
    inference = None
    if INFERENCE in works:
        everywhere = ((INFERENCE, np.ones(stages, bool)),)
        fill = latency(pipeline, works[INFERENCE].alone)
        inference = _step(works, everywhere, fill)
    orders: tuple[Training, ...] = ()
    if all(name in phases for name in TRAINING):
        after = sum(
            np.sum(_spread(phases[name].time, stages), axis=-1) + _one(phases[name].common_time)
            for name in TRAINING
            if PER[name] == "iteration"
        )
        orders = tuple(
            Training(tuple(_steps(pipeline, works, order)), order, images, np.asarray(after))
            for order in GRADIENTS
            if order != OWN or not chip.changes_at_once
        )
    return Flow(pipeline, inference, orders, sequential=sequential, images=images)


def _one(amount: Real) -> Array:
    """An amount of a design, which may have an axis for the layers."""
    given = np.asarray(amount, np.float64)
    return np.asarray(given[..., 0] if given.ndim else given)


def _spread(amount: Real, stages: int) -> Array:
    """An amount of each stage."""
    given = np.asarray(amount, np.float64)
    return np.broadcast_to(given, (*given.shape[:-1], stages))


# --- what each stage takes


def _work(chip: Chip[Any], name: str, phase: Phase, stages: int, images: Real) -> Work:
    """What a phase takes of the parts of a chip; a phase's fill is borne by ``images``."""
    w = chip.workload.all
    loads: dict[Part, Any] = {}
    place = chip.works_in(name)
    together = _masked(chip, chip.together(place.tiles), stages)
    products = np.broadcast_to(w.stationary == 0.0, (stages,)) & (chip.product_unit is not None)
    longest = _spread(chip.dram.transfer(phase.dram_bits).latency.total, stages)
    loads[Part(DRAM, DRAM, True)] = longest
    time = _spread(phase.time, stages)
    for stream, cost in phase.streams.items():
        load = _spread(cost.latency.total, stages)
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


def _step(
    works: Mapping[str, Work], parts: tuple[tuple[str, Mask], ...], fill: Array
) -> Step:
    """The step of these phases and stages."""
    loads: dict[tuple[str, Part], Any] = {}
    for name, mask in parts:
        for part, load in works[name].loads.items():
            loads[name, part] = loads.get((name, part), 0.0) + np.where(mask, load, 0.0)
    return Step(parts, fill, loads)


# --- inference


def latency(pipeline: Pipeline, alone: Array) -> Array:
    """The time [s] of an image that comes alone, from its first line to its last result.

    ``alone``: time of each stage. A line of results waits for the line before it, and for the lines
    of maps under its window.
    """
    maps, last = pipeline.workload.maps, np.zeros(alone.shape[:-1])
    left = [len(one.read) for one in maps]
    made_by: dict[int, list[int]] = {}
    for number, one in enumerate(maps):
        if one.made is not None:
            made_by.setdefault(one.made, []).append(number)
    there: dict[int, Array] = {}
    for stage, edges in enumerate(pipeline.edges):
        results = pipeline.lines(stage) if pipeline.way == LINES else 1
        own = alone[..., stage, None] / results
        y = np.arange(results)
        ready = np.zeros((*alone.shape[:-1], results))
        for edge in edges:
            if edge.map.made is not None:
                lines = edge.map.lines if pipeline.way == LINES else 1
                ready = np.maximum(ready, there[edge.number][..., wanted(edge.read, lines, results)])
            left[edge.number] -= 1
            if left[edge.number] <= 0:
                there.pop(edge.number, None)
        done = own * (y + 1.0) + np.maximum.accumulate(ready - own * y, axis=-1)
        last = np.maximum(last, done[..., -1])
        for number in made_by.get(stage, ()):
            there[number] = _lines_of(maps[number], done, whole=pipeline.way != LINES)
    return last


def _lines_of(one: Any, done: Array, *, whole: bool) -> Array:
    """When each line of a map is there, by when the lines of its stage's results are."""
    results = done.shape[-1]
    if whole:
        return done[..., -1:]
    if one.gathers:
        return np.broadcast_to(done[..., -1:], (*done.shape[:-1], one.lines))
    taken = np.ceil((np.arange(one.lines) + 1) * (results / one.lines) - 1e-9).astype(np.intp) - 1
    return np.asarray(done[..., taken])


# --- training


def _steps(pipeline: Pipeline, works: Mapping[str, Work], order: str) -> list[Step]:
    """The steps of a batch, in their order; that of gradients is a word of ``GRADIENTS``."""
    levels, last = pipeline.levels, int(pipeline.levels.max())
    forward, backward, gradient = IMAGES
    steps: list[list[tuple[str, Mask]]] = [[(forward, levels == i)] for i in range(last + 1)]
    if not pipeline.turns:
        steps.append([])
    for level in range(last, -1, -1):
        if level < last:
            steps.append([])
        steps[-1].append((backward, levels == level))
        if order == OWN:
            steps[-1].append((gradient, levels == level))
        elif order == NEXT and level < last:
            steps[-1].append((gradient, levels == level + 1))
    if order != OWN:
        steps.append([(gradient, levels == 0 if order == NEXT else levels >= 0)])
    return [_step(works, tuple(parts), _fill(pipeline, works, parts)) for parts in steps]


def _fill(
    pipeline: Pipeline, works: Mapping[str, Work], parts: list[tuple[str, Mask]]
) -> Array:
    """The time of the first image: along the longest way of stages that wait for each other."""
    forward, backward, gradient = IMAGES
    masks = dict(parts)
    shape = next(iter(works.values())).alone.shape[:-1]
    there = np.zeros(shape)
    done: dict[int, Array] = {}
    for stage in np.flatnonzero(masks.get(forward, False)):
        before = [done[m] for m in pipeline.before(stage)]
        begin = np.maximum.reduce([np.zeros(shape), *before])
        done[int(stage)] = begin + works[forward].alone[..., stage]
        there = np.maximum(there, done[int(stage)])
    turned, back = there, {}
    for stage in np.flatnonzero(masks.get(backward, False))[::-1]:
        behind = [back[s] for s in pipeline.behind[stage]]
        begin = np.maximum.reduce([turned, *behind])
        back[int(stage)] = begin + works[backward].alone[..., stage]
        there = np.maximum(there, back[int(stage)])
    for stage in np.flatnonzero(masks.get(gradient, False)):
        begin = back.get(int(stage), np.zeros(shape))
        there = np.maximum(there, begin + works[gradient].alone[..., stage])
    return there
