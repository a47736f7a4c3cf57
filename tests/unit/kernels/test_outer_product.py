"""The pulsed outer product of Tiki-Taka: pulses in random order, trains, what is collected."""

import math

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import cell, noise, outer_product, transfer
from neurorebit.kernels.cell import PulseNoise, Response, Traits, UpDown
from neurorebit.kernels.levels import Count
from neurorebit.kernels.outer_product import Sums
from neurorebit.kernels.pulse import Cells
from neurorebit.kernels.transfer import Rule
from neurorebit.schema.training import SLOTS

CELLS = 100_000
OFFSET = 11 / 9  # on/off ratio 10
PLAIN = Traits(*(np.array([v]) for v in (-1.0, 1.0, 1.0, 0.0, 0.0, 1.0)))  # linear cells, all alike
STEP = int(PulseNoise.STEP)


@pytest.mark.parametrize("labels", [(0.04, -0.63), (2.4, -4.88), (1.0, 1.0), (0.0, 0.0)])
@pytest.mark.parametrize(
    ("form", "c2c"),
    [
        (PulseNoise.STEP, 0.5),
        (PulseNoise.STEP, 0.0),
        (PulseNoise.RANGE, 0.01),
        (PulseNoise.STATE, 0.01),
    ],
)
def test_pulses_in_random_order_move_a_cell_as_one_after_the_other(labels, form, c2c):
    """Mean and spread of random orders, each pulse with noise of its own."""
    rng, ups, downs = np.random.default_rng(5), 40, 50
    orders = 3000 if c2c > 0.1 else 800  # large steps with noise are far from normal
    traits = Traits(-0.9, 1.1, 1.2, *(cell.bend(v) for v in labels), 1.3)
    device = Response(250.0, 220.0, int(form), c2c, OFFSET)
    last = UpDown(*(cell.last_slope(bend) for bend in traits[3:5]))
    found = np.full(orders, 0.3)
    for i in range(orders):
        for way in rng.permutation([1] * ups + [-1] * downs):
            found[i] = cell.programmed(found[i], way, traits, device, rng.normal())
    middle, above = (cell.shuffled(0.3, ups, downs, traits, last, device, z) for z in (0.0, 1.0))
    assert middle == pytest.approx(found.mean(), abs=5 * found.std() / orders**0.5 + 2e-4)
    assert above - middle == pytest.approx(found.std(), rel=0.1, abs=1e-4)


@pytest.mark.parametrize(
    ("labels", "pulses"),
    [
        ((1.75, 1.46), (32, 32)),
        ((1.75, -1.46), (32, 32)),
        ((1.94, -0.61), (40, 40)),
        ((0.105, 2.4), (100, 120)),
        ((0.04, -0.63), (128, 128)),
        ((3.68, -6.76), (50, 50)),
        ((2.4, -4.88), (97, 100)),
        ((0.0, 0.0), (100, 120)),
    ],
)
@pytest.mark.parametrize(("ups", "downs"), [(1, 1), (3, 2), (8, 9), (20, 15)])
def test_the_mean_over_all_orders_is_that_of_every_pulse(labels, pulses, ups, downs):
    """Devices with their own pulses, against the exact mean: pulses map a state along a line."""
    traits = Traits(-1.0, 1.0, 1.0, *(cell.bend(v) for v in labels), 1.0)
    device = Response(*(float(p) for p in pulses), STEP, 0.0, OFFSET)
    last = UpDown(*(cell.last_slope(bend) for bend in traits[3:5]))
    mean, deviation = naive.shuffled(0.5, ups, downs, pulses, traits[3:5])
    middle, above = (cell.shuffled(0.0, ups, downs, traits, last, device, z) for z in (0.0, 1.0))
    way = abs(cell.shuffled(0.0, ups, 0, traits, last, device, 0.0)) + 1e-9
    assert middle == pytest.approx(2.0 * mean - 1.0, abs=0.005 * way)
    assert above - middle == pytest.approx(2.0 * deviation, rel=0.3, abs=0.005 * way)


@pytest.mark.parametrize("labels", [(1.2, 4.8), (-4.8, 4.8)])
@pytest.mark.parametrize("pulses", [20, 150, 5000])
def test_pulses_along_a_curve_that_steepens_stop_at_the_end_of_the_range(labels, pulses):
    """Whatever they draw: the way is not undone by what the sum would have passed the end by."""
    traits = Traits(-1.0, 1.0, 1.0, *(cell.bend(v) for v in labels), 1.0)
    device = Response(32.0, 32.0, STEP, 0.1, OFFSET)
    last = UpDown(*(cell.last_slope(bend) for bend in traits[3:5]))
    for z in (-3.0, 0.0, 3.0):
        assert -1.0 <= cell.shuffled(0.2, 0, pulses, traits, last, device, z) < 0.0


@pytest.mark.parametrize("label", [0.04, -0.63, 4.88, 0.0])
def test_pulses_of_one_way_in_random_order_are_pulses(label):
    traits = Traits(-0.9, 1.1, 1.2, cell.bend(label), cell.bend(-label), 1.0)
    device = Response(400.0, 350.0, STEP, 0.0, OFFSET)
    last = UpDown(*(cell.last_slope(bend) for bend in traits[3:5]))
    for n in (1, 40, 500):
        up = cell.shuffled(0.3, n, 0, traits, last, device, 0.0)
        down = cell.shuffled(0.3, 0, n, traits, last, device, 0.0)
        assert up == pytest.approx(cell.programmed(0.3, n, traits, device, 0.0), abs=1e-9)
        assert down == pytest.approx(cell.programmed(0.3, -n, traits, device, 0.0), abs=1e-9)
    stuck = (0.3, 0.3, *traits[2:])
    assert cell.shuffled(0.3, 5, 2, stuck, last, device, 1.0) == 0.3


def test_a_pulse_up_and_a_pulse_down_undo_each_other_at_the_symmetry_point():
    for labels, steps in (((1.75, -1.46), (32.0, 32.0)), ((2.4, -4.88), (97.0, 100.0))):
        traits = Traits(-1.0, 1.0, 1.2, *(cell.bend(v) for v in labels), 1.0)
        device = Response(*steps, STEP, 0.0, OFFSET)
        rest = cell.symmetry_point(traits, device)
        rise, fall = (cell.programmed(rest, n, traits, device, 0.0) - rest for n in (1, -1))
        assert rise == pytest.approx(-fall, rel=1e-6)
        assert -0.9 < rest < 0.9


@pytest.mark.parametrize(
    ("pulses", "state"), [((40, 40), 0.5), ((40, 25), 1 / 40), ((25, 40), 1 - 1 / 40)]
)
def test_straight_curves_with_unlike_pulses_are_symmetric_only_next_to_an_end(pulses, state):
    """The larger step is cut short at the end of the range, to the size of the smaller one."""
    traits = Traits(-0.8, 1.2, 1.0, 0.0, 0.0, 1.0)
    device = Response(*(float(n) for n in pulses), STEP, 0.0, OFFSET)
    rest = cell.symmetry_point(traits, device)
    assert rest == pytest.approx(-0.8 + 2.0 * state, abs=1e-8)
    rise, fall = (cell.programmed(rest, n, traits, device, 0.0) - rest for n in (1, -1))
    assert rise == pytest.approx(-fall, abs=1e-8)


def outer(seed=0, vectors=24, rows=6, cols=5):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 1, (vectors, rows)), rng.normal(0, 0.3, (vectors, cols))


def plain_cells(size):
    """Linear cells of a thousand pulses, all at mid range."""
    response = Response(1000.0, 1000.0, STEP, 0.0, OFFSET)
    return Cells(np.zeros(size), PLAIN, response, np.zeros(size, np.uint32), np.zeros(len(Count)))


def coincided(x, d, chance, step):
    trains = [np.empty(a.shape, np.uint32) for a in (x, d)]
    draw = noise.Draw(0, step, 3, 0, 8)
    for a, out, purpose in zip((x, d), trains, (noise.BITS, noise.OTHER_BITS), strict=True):
        outer_product.trains(a.ravel(), chance, SLOTS, purpose, draw, out.reshape(-1))
    cells = plain_cells(x.shape[1] * d.shape[1])
    outer_product.pulse_vectors(cells, *trains, x, d, draw)
    return cells.weight.reshape(x.shape[1], d.shape[1]), cells.writes, cells.counts


def test_pulses_meet_where_a_row_and_a_column_take_the_same_slot():
    """Against sets of slots: every vector on its own, one pulse for each slot in both trains."""
    x, d = outer()
    weight, writes, counts = coincided(x, d, 0.4, 7)
    rows = naive.trains(x.ravel(), 0.4, 0, 7, 3, noise.BITS, 8)
    cols = naive.trains(d.ravel(), 0.4, 0, 7, 3, noise.OTHER_BITS, 8)
    ups, downs = np.zeros(weight.shape), np.zeros(weight.shape)
    for v, i, j in np.ndindex(len(x), *weight.shape):
        n = len(rows[v * x.shape[1] + i] & cols[v * d.shape[1] + j])
        (downs if d[v, j] > 0 else ups)[i, j] += n
    np.testing.assert_allclose(weight, (ups - downs) * 2 / 1000, atol=1e-12)
    np.testing.assert_array_equal(writes, (ups + downs).ravel())
    assert counts[Count.STEPS_UP] == ups.sum()
    assert counts[Count.STEPS_DOWN] == downs.sum()


def test_pulses_go_against_the_sign_of_the_product():
    """Rows and columns of either sign: up where input and error have unlike signs."""
    rng = np.random.default_rng(3)
    x, d = rng.normal(0, 0.5, (24, 6)), rng.normal(0, 0.3, (24, 5))
    weight, _, _ = coincided(x, d, 0.4, 7)
    rows = naive.trains(np.abs(x).ravel(), 0.4, 0, 7, 3, noise.BITS, 8)
    cols = naive.trains(d.ravel(), 0.4, 0, 7, 3, noise.OTHER_BITS, 8)
    moved = np.zeros(weight.shape)
    for v, i, j in np.ndindex(24, 6, 5):
        moved[i, j] -= np.sign(x[v, i] * d[v, j]) * len(rows[v * 6 + i] & cols[v * 5 + j])
    np.testing.assert_allclose(weight, moved * 2 / 1000, atol=1e-12)
    assert np.any(moved > 0)
    assert np.any(moved < 0)


def test_pulses_drawn_from_the_sums_are_distributed_as_those_of_the_vectors():
    """Rare coincidences: the same mean and spread of a cell's change, the same pulses in all."""
    x, d = outer(1)
    chance, turns, steps = 0.2, 2000, 1000.0
    exact = np.array([coincided(x, d, chance, k)[0] for k in range(turns)])
    gradient, size = x.T @ d, np.abs(x).T @ np.abs(d)
    rate = chance**2 * 31
    drawn = []
    for k in range(turns):
        cells = plain_cells(gradient.size)
        sums = Sums(gradient.ravel(), size.ravel(), rate)
        outer_product.pulse_sums(sums, cells, noise.Draw(0, k, 3, 0, 8))
        drawn.append(cells.weight.reshape(gradient.shape))
    drawn = np.array(drawn)
    deviation = 2 / steps * np.sqrt(rate * size)
    for found in (exact, drawn):
        off = (found.mean(axis=0) + rate * gradient * 2 / steps) / (deviation / turns**0.5)
        assert np.abs(off).max() < 4.5
        np.testing.assert_allclose(found.std(axis=0), deviation, rtol=0.1)


@pytest.mark.parametrize("mean", [0.05, 2.0, 15.0, 40.0])
def test_numbers_of_pulses_are_poisson(mean):
    u = np.random.default_rng(9).uniform(size=CELLS)
    n = np.array([outer_product.poisson(mean, v, i, 1, 2, 3, 4) for i, v in enumerate(u)])
    assert n.min() >= 0
    assert n.mean() == pytest.approx(mean, abs=5 * (mean / CELLS) ** 0.5)
    assert n.var() == pytest.approx(mean, rel=0.03)
    assert np.mean(n == round(mean)) == pytest.approx(
        math.exp(round(mean) * math.log(mean) - mean - math.lgamma(round(mean) + 1)), rel=0.05
    )


def test_what_is_collected_and_what_was_sent_add_up():
    """TTv2 without forgetting: H + th n is conserved."""
    rng = np.random.default_rng(7)
    hidden, sent, came = 0.0, 0, 0.0
    for found in rng.normal(0, 1, 5000):
        hidden, n = transfer.pulse_of(hidden + 0.01 * found, Rule(0.01, 0.015, math.nan))
        assert abs(n) <= 1
        sent, came = sent + n, came + 0.01 * found
    assert hidden + 0.015 * sent == pytest.approx(came, abs=1e-12)
    assert abs(sent) > 2
    assert transfer.pulse_of(1.1, Rule(1.0, 1.0, 0.1)) == (pytest.approx(0.11), 1)
    assert transfer.pulse_of(0.4, Rule(1.0, 1.0, 0.1)) == (0.4, 0)
