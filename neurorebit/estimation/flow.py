"""How often a pipeline takes an image, of one design or of arrays of them.

A stage takes each part of the chip for a time that its streams say; the interval between images is
the longest time that any part is taken for one image. A part that all stages share is taken by all
of them (docs/models/pipeline.md#interval).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.phases import PER, TRAINING, Phase
from neurorebit.chips.parts.pipelining import LINES, Pipeline, wanted
from neurorebit.circuits.cost import Real
from neurorebit.estimation.loads import Array, Mask, Step, Work, one_of, spread, step_of, work_of

INFERENCE = "inference"
IMAGES = tuple(name for name in TRAINING if PER[name] == "image")  # phases of an image
OWN, NEXT, LAST = "own", "next", "last"
GRADIENTS = {  # when they are formed in a batch
    OWN: "the errors of their own layer",
    NEXT: "the errors of the layers before",
    LAST: "each other, those of all layers when all errors are back",
}


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
        times = np.stack(np.broadcast_arrays(*(one.time for one in self.orders)))
        return np.asarray(np.min(times, axis=0))

    @property
    def training(self) -> Training | None:
        """The fastest order of one design."""
        return min(self.orders, key=lambda one: float(np.max(one.time)), default=None)

    def share(self, phase: str) -> Array | None:
        """What times of a phase, layer after layer, are to be multiplied by: a stage and phase
        bears the time of the pipeline in proportion to its own. None: they stay as they are.
        """
        if phase == INFERENCE and self.inference is not None:
            return np.asarray(self.inference.interval / self.sequential[INFERENCE])
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
        name: work_of(chip, name, phase, 1.0 if name == INFERENCE else batch)
        for name, phase in phases.items()
        if name == INFERENCE or name in IMAGES
    }
    sequential = {name: np.sum(spread(phases[name].time, stages), axis=-1) for name in works}
    inference = None
    if INFERENCE in works:
        everywhere = ((INFERENCE, np.ones(stages, bool)),)
        fill = latency(pipeline, works[INFERENCE].alone)
        inference = step_of(works, everywhere, fill)
    orders: tuple[Training, ...] = ()
    if all(name in phases for name in TRAINING):
        after = sum(
            np.sum(spread(phases[name].time, stages), axis=-1) + one_of(phases[name].common_time)
            for name in TRAINING
            if PER[name] == "iteration"
        )
        orders = tuple(
            Training(tuple(_steps(pipeline, works, order)), order, images, np.asarray(after))
            for order in GRADIENTS
            if order != OWN or not chip.gradients_wait
        )
    return Flow(pipeline, inference, orders, sequential=sequential, images=images)


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
                ready = np.maximum(
                    ready, there[edge.number][..., wanted(edge.read, lines, results)]
                )
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
    return [step_of(works, tuple(parts), _fill(pipeline, works, parts)) for parts in steps]


def _fill(pipeline: Pipeline, works: Mapping[str, Work], parts: list[tuple[str, Mask]]) -> Array:
    """The time of the first image: along the longest way of stages that wait for each other."""
    forward, backward, gradient = IMAGES
    masks = dict(parts)
    shape = next(iter(works.values())).alone.shape[:-1]
    there = np.zeros(shape)
    done: dict[int, Array] = {}
    for stage in np.flatnonzero(masks.get(forward, False)):
        before = [done[m] for m in pipeline.before(int(stage))]
        begin = np.maximum.reduce([np.zeros(shape), *before])
        done[int(stage)] = begin + works[forward].alone[..., stage]
        there = np.maximum(there, done[int(stage)])
    turned = there
    back: dict[int, Array] = {}
    for stage in np.flatnonzero(masks.get(backward, False))[::-1]:
        behind = [back[s] for s in pipeline.behind[stage]]
        begin = np.maximum.reduce([turned, *behind])
        back[int(stage)] = begin + works[backward].alone[..., stage]
        there = np.maximum(there, back[int(stage)])
    for stage in np.flatnonzero(masks.get(gradient, False)):
        begin = back.get(int(stage), np.zeros(shape))
        there = np.maximum(there, begin + works[gradient].alone[..., stage])
    return there
