"""What a report says of a pipeline: its interval, what limits it, and how busy each layer is.

See docs/models/pipeline.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.phases import ARRAYS
from neurorebit.estimation.design import Design
from neurorebit.estimation.flow import GRADIENTS, IMAGES, INFERENCE, Flow
from neurorebit.estimation.loads import Array, Part, Step
from neurorebit.estimation.plans import Plan

FEW = 3  # limits that are named


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A part of the chip that an image takes for ``load`` seconds, ``share`` of the interval.

    ``layer``: whose part it is, None where layers share it. ``phases`` that take it.
    """

    part: str
    stream: str
    layer: str | None
    phases: tuple[str, ...]
    load: float
    share: float


@dataclass(frozen=True, kw_only=True)
class StepEstimate:
    """One step of a pipeline: these ``phases`` of these layers, an image every ``interval`` [s].

    ``fill`` [s]: time of the first image, ``time`` [s] of all of them.
    """

    phases: tuple[str, ...]
    layers: tuple[str, ...]
    interval: float
    fill: float
    time: float
    limits: tuple[Limit, ...]


@dataclass(frozen=True, kw_only=True)
class FlowEstimate:
    """Images through a pipeline: ``images`` of them in ``time`` [s], one every ``interval`` [s].

    ``latency`` [s]: of one that comes alone; of a training None. ``before`` [s]: time of an image
    where layers follow each other. ``utilization``: by layer, the share of the time in which the
    part of its own that it takes longest is at work; ``macros``: the same of macros, by their kind.
    """

    images: int
    interval: float
    latency: float | None
    time: float
    before: float
    steps: tuple[StepEstimate, ...]
    utilization: tuple[float, ...]
    macros: dict[str, float]

    @property
    def rate(self) -> float:
        """Images a second."""
        return 1.0 / self.interval


@dataclass(frozen=True, kw_only=True)
class PipelineEstimate:
    """Inference and training in a pipeline; None what the chip does not do.

    ``between`` [bit]: room in the global buffer for what layers hand to each other. ``waits``: the
    layers behind which a training waits for the whole batch; ``kept`` [bit]: activations in DRAM
    until their gradient. ``gradients``: beside what they are formed.
    """

    way: str
    between: float
    inference: FlowEstimate | None
    training: FlowEstimate | None
    waits: tuple[str, ...]
    kept: float | None
    gradients: str | None


def pipelined(
    made: Design, names: tuple[str, ...], plans: tuple[Plan, ...]
) -> PipelineEstimate | None:
    """The pipeline of one design whose layers have these names; None where it has none."""
    flow, chip = made.flow, made.chip
    if flow is None:
        return None
    inference = None if flow.inference is None else _inference(flow, chip, names, plans)
    waits = np.broadcast_to(chip.workload.all.waits, (len(names),)) > 0.0
    training = flow.training
    return PipelineEstimate(
        way=flow.pipeline.way,
        between=float(np.max(chip.held_bits)),
        inference=inference,
        training=None if training is None else _training(flow, names, plans),
        waits=() if training is None else tuple(np.array(names)[waits].tolist()),
        kept=None if training is None else _kept(chip, int(np.max(training.images))),
        gradients=None if training is None else GRADIENTS[training.gradients],
    )


def _inference(
    flow: Flow, chip: Chip[Any], names: tuple[str, ...], plans: tuple[Plan, ...]
) -> FlowEstimate:
    step = flow.inference
    assert step is not None
    images = max(1, int(np.max(flow.images)))
    interval = _number(step.interval)
    return FlowEstimate(
        images=images,
        interval=interval,
        latency=_number(step.fill),
        time=_number(step.time(images)),
        before=_number(flow.sequential[INFERENCE]),
        steps=(_step(step, images, names),),
        utilization=_busy([(step, 1.0)], interval, len(names)),
        macros=_of_macros([(step, 1.0)], interval, plans),
    )


def _training(flow: Flow, names: tuple[str, ...], plans: tuple[Plan, ...]) -> FlowEstimate:
    training = flow.training
    assert training is not None
    images = int(np.max(training.images))
    time, after = _number(training.time), _number(training.after)
    weighed = [(step, float(images)) for step in training.steps]
    before = sum(_number(flow.sequential[name]) for name in IMAGES) + after / images
    return FlowEstimate(
        images=images,
        interval=time / images,
        latency=None,
        time=time,
        before=before,
        steps=tuple(_step(step, images, names) for step in training.steps),
        utilization=_busy(weighed, time, len(names)),
        macros=_of_macros(weighed, time, plans),
    )


def _number(amount: Any) -> float:
    return float(np.max(np.asarray(amount)))


def _step(step: Step, images: int, names: tuple[str, ...]) -> StepEstimate:
    there = np.any([mask for _, mask in step.works], axis=0)
    return StepEstimate(
        phases=tuple(dict.fromkeys(name for name, _ in step.works)),
        layers=tuple(name for name, one in zip(names, there, strict=True) if one),
        interval=_number(step.interval),
        fill=_number(step.fill),
        time=_number(step.time(images)),
        limits=limits(step, names),
    )


def limits(step: Step, names: tuple[str, ...], most: int = FEW) -> tuple[Limit, ...]:
    """The parts that an image takes longest, the longest first."""
    found: list[tuple[float, Part, int | None]] = []
    for part, load in step.totals.items():
        own = np.broadcast_to(load, (len(names),))
        if part.shared:
            found.append((float(np.sum(own)), part, None))
        else:
            found += [(float(time), part, i) for i, time in enumerate(own)]
    interval = _number(step.interval) or 1.0
    best = sorted((one for one in found if one[0] > 0.0), key=lambda one: -one[0])[:most]
    return tuple(
        Limit(
            part=part.place,
            stream=part.stream,
            layer=None if i is None else names[i],
            phases=_phases_of(step, part, i),
            load=load,
            share=load / interval,
        )
        for load, part, i in best
    )


def _phases_of(step: Step, part: Part, stage: int | None) -> tuple[str, ...]:
    """The phases that take a part."""
    return tuple(
        name
        for (name, other), load in step.loads.items()
        if other == part and np.any(load if stage is None else load[..., stage] > 0.0)
    )


def _busy(steps: Iterable[tuple[Step, float]], time: float, layers: int) -> tuple[float, ...]:
    """Of each layer the share of a time in which the part that it takes longest is at work.

    Of a layer without parts of its own the part that it shares.
    """
    own: dict[Part, Array] = {}
    for step, images in steps:
        for part, load in step.totals.items():
            own[part] = own.get(part, np.zeros(layers)) + images * np.broadcast_to(load, (layers,))
    alone = np.max([load for part, load in own.items() if not part.shared], axis=0)
    common = np.max([load for part, load in own.items() if part.shared], axis=0)
    busy: list[float] = (np.where(alone > 0.0, alone, common) / time).tolist()
    return tuple(busy)


def _of_macros(
    steps: Iterable[tuple[Step, float]], time: float, plans: tuple[Plan, ...]
) -> dict[str, float]:
    """Of the macros of each kind the share of a time in which they work, those of idle copies too.

    A kind is named as its tiles; macros that all layers share as their unit.
    """
    taken: dict[Part, Array] = {}
    for step, images in steps:
        for part, load in step.totals.items():
            if part.stream == ARRAYS:
                here = images * np.broadcast_to(load, (len(plans),))
                taken[part] = taken.get(part, np.zeros(len(plans))) + here
    busy = {part.place: _mean(part, load, plans) / time for part, load in taken.items()}
    return {place: share for place, share in busy.items() if share > 0.0}


def _mean(part: Part, load: Array, plans: tuple[Plan, ...]) -> float:
    """The mean over macros of the times that layers take them; of a shared unit their sum.

    Arrays that no tiles are named after stand in those of the forward pass.
    """
    if part.shared:
        return float(np.sum(load))
    known = {place for plan in plans for place in plan.parts}
    place = part.place if part.place in known else next(iter(sorted(known)))
    macros = [plan.parts[place].macros if place in plan.parts else 0.0 for plan in plans]
    return float(np.dot(macros, load) / np.sum(macros))


def _kept(chip: Chip[Any], images: int) -> float:
    """Activations [bit] that wait in DRAM for their gradient: where a batch is waited for those of
    all its images, else as many maps as a pipeline has images between both passes.
    """
    pipeline, w = chip.pipeline, chip.workload.all
    assert pipeline is not None
    last = int(pipeline.levels.max())
    steps = np.zeros(pipeline.stages)
    for stage in range(pipeline.stages):
        steps[stage] = max((steps[m] + 1.0 for m in pipeline.before(stage)), default=0.0)
    whole = (pipeline.levels < last) | (not pipeline.turns)
    there = 2.0 * (steps[~whole].max(initial=0.0) - steps) + 2.0
    held = np.where(whole, images, np.minimum(there, images))
    values = float(np.sum(held * w.learns * w.inputs))
    return values * _number(chip.spec.input_bits)
