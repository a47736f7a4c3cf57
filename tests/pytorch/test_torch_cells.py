"""Cells of tensors against the kernels: writes, pulses, reads, rest."""

import math

import numpy as np
import pytest

from neurorebit.kernels import cell, levels, pulse, reading
from neurorebit.kernels.cell import Mapping, PulseNoise, Response, Traits, UpDown
from neurorebit.kernels.levels import Count, Device, Grid
from neurorebit.kernels.noise import Draw
from neurorebit.kernels.reading import Noise, Rest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from neurorebit.torch.operations import cell as cells  # noqa: E402
from neurorebit.torch.operations import reading as reads  # noqa: E402
from neurorebit.torch.operations import writing  # noqa: E402

SIZE = 700
DRAW = Draw(first=12, step=5, layer=3, array=1, seed=2024)
RANDOM = np.random.default_rng(8)
LAST = 4e-7  # of a weight: the last bit of float32, at conductances of a few half ranges


def tensor(array):
    """A copy, as whole numbers where PyTorch lacks the type."""
    return torch.from_numpy(array.astype(np.int64) if array.dtype == np.uint32 else array.copy())


def real(scale=0.4):
    """Real weights, some of them beyond the outermost level."""
    return RANDOM.normal(0.0, scale, SIZE).astype(np.float32)


def close(found, wanted):
    """Equal but for the last bit, which a normal number may move."""
    assert np.allclose(found.numpy(), wanted, rtol=0.0, atol=LAST)
    assert np.mean(found.numpy() != wanted) < 0.01


DEVICES = {
    "reference": Device(1e-6, 3e-5, 0.1, 0.05, int(Mapping.REFERENCE), 0.0, 0.0),
    "reference, stuck": Device(1e-6, 3e-5, 0.1, 0.05, int(Mapping.REFERENCE), 0.02, 0.03),
    "pair": Device(1e-6, 3e-5, 0.1, 0.05, int(Mapping.PAIR), 0.02, 0.01),
    "weight": Device(1e-6, 3e-5, 0.2, 0.0, int(Mapping.WEIGHT), 0.0, 0.0),
    "noiseless": Device(1e-6, 3e-5, 0.0, 0.0, int(Mapping.REFERENCE), 0.0, 0.0),
}


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("name", DEVICES)
def test_direct_writes(name, every):
    device = DEVICES[name]
    grid = Grid(3.0 / 0.8, 3, odd=name == "weight", every=every)
    now, known = real(), np.full(SIZE, -128, np.int8)
    analog, writes = np.zeros(SIZE, np.float32), np.zeros(SIZE, np.uint32)
    mine = [tensor(a) for a in (known, analog, writes)]
    for step in range(3):
        draw, counts = DRAW._replace(step=step), np.zeros(len(Count))
        levels.program(now, known, analog, writes, grid, device, draw, counts)
        given = tensor(now), mine[0], tuple(mine[1:])
        found = writing.program(*given, grid=grid, device=device, draw=draw)
        assert np.array_equal(mine[0].numpy(), known)
        assert np.array_equal(mine[2].numpy(), writes)
        close(mine[1], analog)
        assert np.allclose(found.numpy(), counts, rtol=1e-9, atol=1e-3)
        now = now + RANDOM.normal(0.0, 0.02, SIZE).astype(np.float32)
    assert (writes > 1).any()
    assert every or (writes < 3).any()


def test_levels_of_what_is_no_number():
    given = np.array([np.nan, np.inf, -np.inf, 0.1], np.float32)
    grid, wanted = Grid(3.0, 3, odd=False, every=True), np.empty(4, np.float32)
    levels.quantise(given, wanted, grid, 0.5)
    assert np.array_equal(writing.quantise(tensor(given), grid, 0.5).numpy(), wanted)


RESPONSES = {
    "range": Response(63.0, 31.0, int(PulseNoise.RANGE), 0.02, 1.1),
    "step": Response(20.0, 40.0, int(PulseNoise.STEP), 0.3, 1.1),
    "state": Response(63.0, 63.0, int(PulseNoise.STATE), 0.03, 1.2),
    "noiseless": Response(63.0, 63.0, int(PulseNoise.RANGE), 0.0, 1.2),
}
LABELS = [(0.0, 0.0), (2.4, -4.9), (-1.5, 1.0), (9.9, -9.9)]


def manufactured(spread, labels):
    """Traits of the kernels, and the same as tensors."""
    bends = [cell.bend(label) for label in labels]
    counts = (SIZE, SIZE, SIZE, *((SIZE, SIZE) if spread.label else (1, 1)), SIZE)
    values = (-1.0, 1.0, 1.0, *bends, 1.0)
    traits = Traits(*(np.full(n, v, np.float32) for n, v in zip(counts, values, strict=True)))
    pulse.manufacture(traits, spread, UpDown(*labels), 1.1, DRAW._replace(step=0))
    return traits, Traits(*(torch.from_numpy(t) for t in traits)), bends


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", RESPONSES)
def test_pulses(name, labels):
    response = RESPONSES[name]
    spread = pulse.Spread(
        step=0.2, bounds=0.1, asymmetry=0.3, label=0.5 if labels[0] else 0.0, stuck_low=0.05
    )
    traits, mine, _ = manufactured(spread, labels)
    weight, writes = np.clip(real(), -0.9, 0.9), np.zeros(SIZE, np.uint32)
    pulse.clip(weight, traits)
    own = writing.Cells(tensor(weight), mine, response, tensor(writes))
    for step in range(3):
        n = RANDOM.integers(-6, 7, SIZE).astype(np.int32)
        counts, draw = np.zeros(len(Count)), DRAW._replace(step=step)
        given = pulse.Cells(weight, traits, response, writes, counts)
        pulse.pulse(given, n, draw)
        found = writing.pulse(own, torch.from_numpy(n).long(), draw)
        assert np.array_equal(own.writes.numpy(), writes)
        assert np.allclose(own.weight.numpy(), weight, rtol=0.0, atol=2e-6)
        curved = labels != (0.0, 0.0)  # the exponential functions of both differ in the last bit
        assert np.mean(own.weight.numpy() != weight) < (0.25 if curved else 0.02)
        assert np.allclose(found.numpy(), counts, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("write", list(pulse.Write))
@pytest.mark.parametrize("name", ["noiseless", "range", "step"])
def test_writes_by_pulses(name, write):
    response = RESPONSES[name]
    traits, mine, bends = manufactured(pulse.Spread(step=0.1, bounds=0.1), (2.0, -3.0))
    plan, grid = pulse.Plan(*bends, int(write), 0.08, 32), Grid(3.0 / 0.8, 3, False, False)
    now, known = real(), np.full(SIZE, -128, np.int8)
    weight, writes = traits.low.copy(), np.zeros(SIZE, np.uint32)
    own = writing.Cells(tensor(weight), mine, response, tensor(writes))
    other = tensor(known)
    for step in range(2):
        counts, draw = np.zeros(len(Count)), DRAW._replace(step=step)
        given = pulse.Cells(weight, traits, response, writes, counts)
        pulse.to_levels(now, known, given, grid, plan, draw)
        found = writing.to_levels(tensor(now), other, own, grid=grid, plan=plan, draw=draw)
        assert np.array_equal(other.numpy(), known)
        # a pulse is a whole number: where the last bit decides on one more, cells go apart
        apart = np.abs(own.weight.numpy() - weight) > 2e-6
        assert np.mean(apart) < 0.01
        assert np.array_equal(own.writes.numpy()[~apart], writes[~apart])
        assert np.allclose(found.numpy(), counts, rtol=0.01, atol=1.0)
        now = now + RANDOM.normal(0.0, 0.1, SIZE).astype(np.float32)


def test_pulses_that_are_rounded_at_random():
    change = np.append(real(0.05), [np.nan, np.inf]).astype(np.float32)
    wanted, steps = np.empty(change.size, np.int32), UpDown(0.03, 0.05)
    pulse.round_stochastically(change, wanted, -0.7, steps, 20.0, DRAW)
    found = writing.rounded(torch.from_numpy(change), -0.7, steps, 20.0, draw=DRAW)
    assert np.array_equal(found.numpy(), wanted)


@pytest.mark.parametrize("mapping", list(Mapping))
def test_noise_of_reads(mapping):
    weight, error = np.clip(real(), -1, 1), Noise(0.07, int(mapping), 1.3)
    wanted = np.empty_like(weight)
    reading.read(weight, wanted, error, DRAW)
    close(reads.read(tensor(weight), error, DRAW), wanted)
    assert np.std(wanted - weight) > 0.01


@pytest.mark.parametrize("toward", [math.nan, 0.3])
@pytest.mark.parametrize("mapping", [Mapping.REFERENCE, Mapping.PAIR])
def test_drift_at_rest(mapping, toward):
    weight = np.clip(real(), -1, 1)
    law, wanted = Rest(1e6, 0.03, toward, 1.3, 0.1, 0.1), np.empty(SIZE, np.float32)
    reading.rest(weight, wanted, law, int(mapping), DRAW)
    close(reads.rest(tensor(weight), law, int(mapping), DRAW), wanted)
    assert (wanted != weight).any()


def test_reference_cells():
    weight, held = RANDOM.normal(size=(6, 11)), RANDOM.normal(size=(3, 3))
    line_of, wanted = np.array([0, 0, 1, 2, 1, 2]), np.empty((6, 11))
    reading.compare(weight, wanted, held, line_of, 4)
    tensors = (torch.from_numpy(a) for a in (weight, held, line_of))
    assert np.array_equal(reads.compare(*tensors, 4).numpy(), wanted)


def test_a_cell_holds_what_the_formulas_say():
    """Twenty pulses of sixty on straight curves: a third of the range of 2, without noise."""
    traits = Traits(
        *(torch.tensor([v], dtype=torch.float64) for v in (-1.0, 1.0, 1.0, 0.0, 0.0, 1.0))
    )
    response = Response(60.0, 60.0, int(PulseNoise.RANGE), 0.0, 1.1)
    z, n = torch.zeros(1, dtype=torch.float64), torch.tensor([20])
    start = torch.tensor([-1.0], dtype=torch.float64)
    found = cells.programmed(start, n, traits, response, z=z)
    assert float(found) == pytest.approx(-1.0 + 2.0 / 3.0)
