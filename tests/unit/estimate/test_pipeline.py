"""Intervals, fill and steps of pipelines against a simulation of jobs on servers."""

import itertools

import numpy as np
import pytest
from common import near
from oracle.pipeline import Job, simulated

import neurorebit as nr
from neurorebit.chips.parts.pipelining import LINES, MAPS, Pipeline
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.flow import GRADIENTS, LAST, OWN, Training, _steps, latency
from neurorebit.estimation.loads import Part, Work, step_of
from neurorebit.inputs.files import read_inputs

TIMES = np.array([7.1, 3.3, 11.9, 5.7, 2.3])  # of the arrays of each stage
IMAGES = 9
STAGES = len(TIMES)


def chain(waits=(), kind="batch_norm"):
    """A network of four convolutions and a classifier; a norm behind those of ``waits``."""
    layers = []
    for i, (stride, pooled) in enumerate(((1, False), (1, True), (2, False), (1, False))):
        conv = {"kind": "conv", "channels": 4 + i, "kernel": 3, "padding": 1, "stride": stride}
        more = {"groups": 1} if kind == "group_norm" else {}
        layers += [conv, *([{"kind": kind, **more}] if i in waits else []), {"kind": "relu"}]
        if pooled:
            layers.append({"kind": "max_pool", "kernel": 2})
    layers += [{"kind": "flatten"}, {"kind": "linear", "features": 3}]
    network = nr.network(
        {
            "source": "made up",
            "name": "chain",
            "input": {"channels": 3, "height": 16, "width": 16},
            "classes": 3,
            "layers": layers,
        }
    )
    return Workload.of(read_inputs(network.document).network.stages)


# --- inference


def works(shared=0.0):
    """Arrays of each stage, and a part that all stages share."""
    loads = {Part("tile", "arrays", False): TIMES, Part("vector", "vector", True): shared * TIMES}
    return {"inference": Work(loads, np.maximum(TIMES, shared * TIMES))}


def step(pipeline, made):
    everywhere = (("inference", np.ones(STAGES, bool)),)
    return step_of(made, everywhere, latency(pipeline, made["inference"].alone))


def images(count, shared=0.0, pieces=1):
    """The jobs of so many images, each stage behind the one before it."""
    return simulated(
        [
            Job(
                (k, i),
                {("tile", i): TIMES[i], "vector": shared * TIMES[i]},
                [(k, i - 1)] if i else [],
                rank=(k, -i),
                pieces=pieces,
            )
            for k in range(count)
            for i in range(STAGES)
        ]
    )


def test_whole_maps_follow_each_other_at_the_pace_of_the_slowest_stage():
    found = step(Pipeline(chain(), MAPS), works())
    for count in (1, 2, IMAGES):
        assert found.time(count) == near(max(images(count).values()))


@pytest.mark.parametrize("shared", [0.2, 0.6])
def test_a_part_that_stages_share_sets_the_pace(shared):
    found = step(Pipeline(chain(), MAPS), works(shared))
    count, pieces = 40, 8
    done = images(count, shared, pieces)
    ends = [done[k, STAGES - 1] for k in range(count)]
    pace = (ends[-1] - ends[count // 2]) / (count - 1 - count // 2)
    assert found.interval == near(max(max(TIMES), shared * sum(TIMES)))
    assert pace == near(found.interval, rel=0.02)


def seen_lines(y, lines, kernel, stride, before):
    """The lines of a map under the window of a line of results."""
    return [n for n in range(y * stride - before, y * stride - before + kernel) if 0 <= n < lines]


# of each stage: lines of its results and of the map that it hands on, lines of the map that it
# reads, kernel, stride, zeros before; the last reads all values at once
SHAPES = ((16, 16, 16, 3, 1, 1), (16, 8, 16, 3, 1, 1), (4, 4, 8, 3, 2, 1), (4, 4, 4, 3, 1, 1))


def by_lines(count, gathered=()):
    """The jobs of so many images whose stages wait for lines; of ``gathered`` ones for all."""
    jobs = []
    for k, i in itertools.product(range(count), range(STAGES)):
        if i == STAGES - 1:
            jobs.append(Job((k, i), {("tile", i): TIMES[i]}, [(k, i - 1)], rank=(k, -i)))
            continue
        results, _, lines, *window = SHAPES[i]
        waits = {}
        for y in range(results) if i else ():
            made, handed = SHAPES[i - 1][0], SHAPES[i - 1][1]
            last = seen_lines(y, lines, *window)[-1]
            piece = (last + 1) * (made // handed) - 1  # the last of those that are pooled
            waits[y] = [((k, i - 1), made - 1 if i - 1 in gathered else piece)]
        jobs.append(Job((k, i), {("tile", i): TIMES[i]}, rank=(k, -i), pieces=results, waits=waits))
    return simulated(jobs)


@pytest.mark.parametrize("gathered", [(), (1,), (0, 2)])
def test_lines_follow_each_other_as_the_windows_see_them(gathered):
    pipeline = Pipeline(chain(gathered, "group_norm"), LINES)
    found = step(pipeline, works())
    assert found.fill == near(max(by_lines(1, gathered).values()))
    assert found.time(IMAGES) == near(max(by_lines(IMAGES, gathered).values()))
    assert found.fill < step(Pipeline(chain(), MAPS), works()).fill


def test_the_buffer_holds_what_windows_are_to_see():
    """In step with each other: a stage gives its lines evenly, and keeps what is still needed."""
    values = (3 * 16, 4 * 16, 5 * 8, 6 * 4, 7 * 4)  # of a line: image and the maps of convolutions
    lines = (16, 16, 8, 4, 4)
    kept = 0
    begins = made_from = 0.0
    for i, (_, _, height, kernel, stride, before) in enumerate(SHAPES):
        first = kernel - before
        begins = made_from + max(
            (min(first + y * stride, height) / height - y / SHAPES[i][0])
            for y in range(SHAPES[i][0])
        )
        held = np.ceil(round((begins - made_from) * height, 9)) + before + stride
        kept += held * values[i]
        made_from = begins
    kept += 2 * lines[4] * values[4]  # one that is read, one that is made
    assert Pipeline(chain(), LINES).values == near(kept)
    whole = sum(n * v for n, v in zip(lines, values, strict=True))
    assert Pipeline(chain(), MAPS).values == near(2 * whole)


def test_a_map_that_is_added_later_waits_for_the_branch_beside_it():
    stages = read_inputs("tests/data/branches.yaml").network.stages
    pipeline = Pipeline(Workload.of(stages), MAPS)
    # 'side' reads the stem alone, but 'deep' is added to its results
    assert pipeline.lags.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    # the image, stem (until 'side' has done), wide, deep, the sum, grouped, hidden; the result goes
    assert pipeline.places_of_maps() == [2.0, 4.0, 2.0, 2.0, 2.0, 2.0, 2.0, 0.0]


# --- training

F, B, G = "forward", "backward", "gradient"
PASSES = {F: TIMES, B: TIMES[::-1] * 1.3, G: TIMES * 0.9 + 1.0}
SIDES = {F: "analog", B: "digital", G: "digital"}


def of_training():
    return {
        name: Work({Part(SIDES[name], "arrays", False): times}, times)
        for name, times in PASSES.items()
    }


def levels_of(waits):
    """How many batches each stage of the chain has waited for."""
    return [sum(j in waits for j in range(i)) for i in range(STAGES)]


def steps_of(waits, order):
    """What is done at a time, as pairs of phase and stages, by the rules of the page."""
    levels = levels_of(waits)
    last = max(levels)
    at = [[i for i in range(STAGES) if levels[i] == n] for n in range(last + 1)]
    plan = [[(F, at[n])] for n in range(last)]
    plan.append([(F, at[last]), (B, at[last])])
    plan += [[(B, at[n])] for n in range(last - 1, -1, -1)]
    if order == LAST:
        return [*plan, [(G, list(range(STAGES)))]]
    shift = 0 if order == OWN else 1
    back = plan[last:] + ([[]] if shift else [])
    for n in range(last + 1):
        back[n + shift].append((G, at[last - n]))
    return [*plan[:last], *back]


def batch_time(waits, order):
    """The time of a batch: steps one after the other, jobs of a step as they depend."""
    total = 0.0
    for parts in steps_of(waits, order):
        there = {(phase, i) for phase, stages in parts for i in stages}
        jobs = []
        for k, (phase, i) in itertools.product(range(IMAGES), sorted(there)):
            near_by = {F: [(F, i - 1)], B: [(B, i + 1)], G: [(B, i)]}[phase]
            if phase == B and (B, i + 1) not in there:
                near_by = [(F, STAGES - 1)]  # the loss
            after = [(k, *one) for one in near_by if one in there]
            server = {(SIDES[phase], i): PASSES[phase][i]}
            jobs.append(Job((k, phase, i), server, after, rank=(k, phase == G)))
        total += max(simulated(jobs).values())
    return total


@pytest.mark.parametrize("order", GRADIENTS)
@pytest.mark.parametrize("waits", [(), (1,), (0, 2), (0, 1, 2, 3)])
def test_a_batch_passes_from_norm_to_norm_and_back(waits, order):
    pipeline = Pipeline(chain(waits), LINES)
    assert pipeline.levels.tolist() == levels_of(waits)
    steps = _steps(pipeline, of_training(), order)
    found = Training(tuple(steps), order, float(IMAGES), np.asarray(0.0))
    assert found.time == near(batch_time(waits, order), rel=1e-6)


def test_norms_of_an_image_or_that_are_frozen_wait_for_no_batch():
    assert Pipeline(chain((0, 1, 2), "group_norm"), MAPS).levels.max() == 0
    assert Pipeline(chain((0, 1, 2)), MAPS).levels.max() == 3
