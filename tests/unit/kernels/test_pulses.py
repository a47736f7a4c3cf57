"""The response of a cell to pulses: curves from their labels, and steps along them."""

import math

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import cell, noise, pulse, reading
from neurorebit.kernels.cell import Mapping, PulseNoise, Response, Traits, UpDown
from neurorebit.kernels.levels import Count, Grid
from neurorebit.kernels.pulse import Cells, Plan, Spread, Write

SAMPLES = {  # label: A / P, tabulated values of docs/models/devices.md#nonlinearity-labels
    0.01: 126.268958, 0.02: 63.134314, 0.04: 31.566827, 0.1: 12.625807, 0.2: 6.311253,
    0.5: 2.519877, 0.63: 1.997332, 1: 1.251653, 1.46: 0.848677, 1.5: 0.825164, 1.75: 0.702081,
    2: 0.609035, 2.4: 0.499181, 2.5: 0.476965, 3: 0.386830, 3.68: 0.300644, 4: 0.269089,
    4.88: 0.200303, 5: 0.192406, 6: 0.135619, 6.76: 0.100251, 7: 0.090139, 8: 0.052781,
    9: 0.022810,
}  # fmt: skip


@pytest.mark.parametrize(("label", "constant"), SAMPLES.items())
def test_the_constant_of_a_label_is_the_tabulated_one(label, constant):
    assert 1 / cell.bend(label) == pytest.approx(constant, abs=1e-6)
    assert cell.bend(-label) == -cell.bend(label)


@pytest.mark.parametrize("label", [1e-6, 0.003, 0.04, 0.63, 2.4, 6.76, 9.9])
def test_a_curve_bows_from_its_diagonal_by_its_label(label):
    """The largest perpendicular distance is 0.07 of the label."""
    bend = cell.bend(label)
    peak = math.log(bend / -math.expm1(-bend)) / bend if bend > 1e-3 else 0.5
    rise = cell.curve(peak, bend) - peak
    assert rise / math.sqrt(2) == pytest.approx(0.07 * label, rel=1e-5)
    around = [cell.curve(x, bend) - x for x in np.linspace(0, 1, 2001)]
    assert max(around) <= rise * (1 + 1e-6)
    assert cell.bow(bend) == pytest.approx(0.07 * math.sqrt(2) * label, rel=1e-6)


def test_a_label_of_zero_is_a_straight_line():
    assert cell.bend(0.0) == 0.0
    assert cell.curve(0.3, 0.0) == 0.3
    assert cell.pulsed(0.3, 0.25, 0.0) == pytest.approx(0.55)


@pytest.mark.parametrize("label", [-10.09, -10.0, -6.76, -0.63, 0.0, 0.04, 2.4, 9.0, 10.0, 10.09])
def test_all_pulses_lead_from_one_end_to_the_other(label):
    bend = cell.bend(label)
    assert cell.pulsed(0.0, 1.0, bend) == pytest.approx(1.0, abs=1e-12)
    assert cell.pulsed(1.0, -1.0, bend) == pytest.approx(0.0, abs=1e-12)
    assert cell.position(0.0, bend) == 0.0
    assert all(cell.curve(x, bend) <= cell.curve(x + 0.01, bend) for x in np.arange(0, 1, 0.01))
    if abs(label) > 9.0:
        return  # a step: states in between are told apart by no number
    for state in (0.0, 0.2, 0.9, 0.999):
        assert cell.curve(cell.position(state, bend), bend) == pytest.approx(state, abs=1e-12)


@pytest.mark.parametrize("label", [-4.88, -0.63, 0.0, 0.04, 2.4])
def test_pulses_in_closed_form_equal_invert_add_and_evaluate(label):
    bend, pulses = cell.bend(label), 97
    constant = pulses / bend if bend else math.inf
    for state in (0.0, 0.1, 0.5, 0.95):
        for n in (-97, -40, -3, -1, 0, 1, 2, 17, 60, 97):
            want = naive.pulsed(state, n, constant, pulses)
            assert cell.pulsed(state, n / pulses, bend) == pytest.approx(want, abs=1e-11)


def test_pulses_up_and_down_return_only_on_one_curve():
    up, down = cell.bend(2.4), cell.bend(-4.88)
    there = cell.pulsed(0.3, 0.1, up)
    assert cell.pulsed(there, -0.1, up) == pytest.approx(0.3, abs=1e-12)
    assert abs(cell.pulsed(there, -0.1, down) - 0.3) > 0.02


def test_a_positive_spread_has_its_mean_and_deviation():
    z = np.random.default_rng(0).normal(size=200_000)
    for deviation in (0.1, 0.5):
        factors = np.array([cell.lognormal(deviation, v) for v in z])
        assert factors.min() > 0
        assert factors.mean() == pytest.approx(1.0, abs=5 * deviation / z.size**0.5)
        assert factors.std() == pytest.approx(deviation, rel=0.02)
    assert cell.lognormal(0.0, 3.0) == 1.0


# --- cells of one array

CELLS = 100_000
OFFSET = 11 / 9  # on/off ratio 10
PLAIN = Traits(*(np.array([v]) for v in (-1.0, 1.0, 1.0, 0.0, 0.0, 1.0)))  # linear cells, all alike


def cells_of(weight, traits=PLAIN, *, up=100.0, down=100.0, form=PulseNoise.STEP, c2c=0.0):
    """Cells as kernels take them, written for the first time."""
    response = Response(up, down, int(form), c2c, OFFSET)
    return Cells(weight, traits, response, np.zeros(weight.size, np.uint32), np.zeros(len(Count)))


def draw_of(*, step=0, layer=0, seed=0):
    return noise.Draw(0, step, layer, 0, seed)


def pulsed(weight, n, *, traits=PLAIN, step=1, **response):
    cells = cells_of(np.array(weight, np.float64), traits, **response)
    n = np.broadcast_to(np.asarray(n, np.int32), cells.weight.shape).copy()
    pulse.pulse(cells, n, draw_of(step=step, layer=2, seed=5))
    return cells.weight, cells.writes, cells.counts


def manufactured(*, seed=1, **spread):
    traits = Traits(*(np.full(CELLS, v) for v in (-1.0, 1.0, 1.0, 0.0, 0.0, 1.0)))
    pulse.manufacture(traits, Spread(**spread), UpDown(2.0, -1.0), OFFSET, draw_of(seed=seed))
    return traits


def close(found, mean, deviation):
    """Whether samples have that mean and standard deviation, within five standard errors."""
    error = 5 * deviation / found.size**0.5
    assert found.mean() == pytest.approx(mean, abs=error + 1e-12)
    assert found.std() == pytest.approx(deviation, rel=0.02, abs=1e-12)


@pytest.mark.parametrize("n", [1, 4, 25, -9])
def test_pulses_vary_by_step_by_range_and_by_state(n):
    """By word: n step (1 + s N / sqrt n); s range sqrt n N; G (1 + s N)."""
    start = np.full(CELLS, 0.1)
    moved = 2 * n / 100
    for form, deviation in (
        (PulseNoise.STEP, abs(moved) * 0.05 / abs(n) ** 0.5),
        (PulseNoise.RANGE, 2 * 0.01 * abs(n) ** 0.5),
        (PulseNoise.STATE, 0.05 * (0.1 + moved + OFFSET)),
    ):
        c2c = 0.01 if form == PulseNoise.RANGE else 0.05
        found, writes, counts = pulsed(start, n, form=form, c2c=c2c)
        close(found, 0.1 + moved, deviation)
        assert np.all(writes == 1)
        assert tuple(counts[:4]) == (
            (CELLS, 0, n * CELLS, 0) if n > 0 else (0, CELLS, 0, -n * CELLS)
        )
        assert counts[Count.CHANGE] == pytest.approx(np.sum(found - start))


def test_cells_differ_in_their_steps_bounds_labels_or_conductances():
    """Independent log-normal factors; the range is 2 and the ratio 10."""
    low, high, step, up, down, _ = manufactured(step=0.2)
    close(step, 1.0, 0.2)
    assert np.all(low == -1.0)
    assert np.all(high == 1.0)
    low, high, step, up, down, _ = manufactured(bounds=0.1)
    close(low + OFFSET, OFFSET - 1, 0.1 * (OFFSET - 1))
    close(high + OFFSET, OFFSET + 1, 0.1 * (OFFSET + 1))
    assert abs(np.corrcoef(low, high)[0, 1]) < 0.02
    low, high, step, up, down, _ = manufactured(state=0.1)
    assert np.corrcoef(low, high)[0, 1] == pytest.approx(1.0)
    close(high + OFFSET, OFFSET + 1, 0.1 * (OFFSET + 1))
    low, high, step, up, down, _ = (a[:5000] for a in manufactured(label=0.3))
    labels = [np.array([cell.bow(v) / (0.07 * math.sqrt(2)) for v in a]) for a in (up, down)]
    assert np.mean(labels[0]) == pytest.approx(2.0, abs=0.02)
    assert np.mean(labels[1]) == pytest.approx(-1.0, abs=0.02)
    assert np.std(labels) == pytest.approx(((0.3**2 * 2 + 1.5**2 * 2) / 2) ** 0.5, rel=0.02)
    assert np.all(down <= 0), "the sign stays"
    assert abs(np.corrcoef(up, down)[0, 1]) < 0.07


def test_stuck_cells_have_no_range_and_do_not_move():
    low, high, step = manufactured(stuck_low=0.1, stuck_high=0.05)[:3]
    traits = Traits(low, high, step, *PLAIN[3:])
    assert np.mean((low == high) & (low == -1)) == pytest.approx(0.1, rel=0.05)
    assert np.mean((low == high) & (low == 1)) == pytest.approx(0.05, rel=0.1)
    weight = np.zeros(CELLS)
    pulse.clip(weight, traits)
    found = pulsed(weight, 10, traits=traits)[0]
    stuck = low == high
    np.testing.assert_array_equal(found[stuck], weight[stuck])
    np.testing.assert_allclose(found[~stuck], 0.2)


def test_pulses_of_many_cells_equal_the_plain_loop():
    """Own bounds, own steps, own curves, pulses of either sign and none; counted on the way."""
    rng = np.random.default_rng(3)
    size = 300
    traits = Traits(
        rng.uniform(-1.1, -0.9, size), rng.uniform(0.8, 1.2, size), np.ones(size),
        rng.uniform(0.5, 3, size), rng.uniform(-4, -0.5, size), rng.uniform(0.8, 1.3, size),
    )  # fmt: skip
    weight, n = rng.uniform(-0.8, 0.7, size), rng.integers(-30, 31, size)
    n[::7] = 0
    found, writes, _ = pulsed(weight, n, traits=traits, up=97.0, down=60.0)
    for i, (low, high, _, up, down, uneven) in enumerate(zip(*traits, strict=True)):
        pulses, bend = (97 / uneven, up) if n[i] > 0 else (60 * uneven, down)
        state = (weight[i] - low) / (high - low)
        want = naive.pulsed(state, int(n[i]), pulses / bend, pulses) if n[i] else state
        assert found[i] == pytest.approx(low + want * (high - low), abs=1e-10)
    np.testing.assert_array_equal(writes, n != 0)


@pytest.mark.parametrize(
    ("write", "within"),
    [(Write.PULSES, 1.6 / 64), (Write.VERIFY, 0.02), (Write.RESET, 1.1 / 64)],
)
def test_levels_are_reached_by_pulses_counted_verified_or_from_the_low_end(write, within):
    """Without noise an uncorrected write is off by what whole pulses leave, a half or two."""
    rng = np.random.default_rng(4)
    bends = (cell.bend(1.75), cell.bend(-1.46))
    traits = Traits(*(np.array([v]) for v in (-1.0, 1.0, 1.0, *bends, 1.0)))
    plan = Plan(*bends, int(write), 0.02, 32)
    levels, weight = np.full(400, -128, np.int8), np.full(400, -1.0)
    cells, moved = cells_of(weight, traits, up=64.0, down=64.0), 0
    writes, counts = cells.writes, cells.counts
    for step in range(3):
        real, before = rng.uniform(-1, 1, 400), levels.copy()
        counts[:] = 0
        draw = draw_of(step=step, layer=1, seed=9)
        pulse.to_levels(real, levels, cells, Grid(3.0, 3, False, False), plan, draw)
        np.testing.assert_array_equal(levels, [naive.level(w, 1.0, 3) for w in real])
        steepest = 2 * bends[0] / -math.expm1(-bends[0])  # slope of the curve at its end
        slope = steepest if write != Write.VERIFY else 1.0
        assert np.abs(weight - levels / 3).max() <= within * slope
        moved += np.count_nonzero(levels != before)
        before = np.maximum(before, -3)  # cells start at the low end
        if write == Write.PULSES:
            assert counts[Count.SETS] == np.count_nonzero(levels > before)
            assert counts[Count.RESETS] == np.count_nonzero(levels < before)
        if write == Write.RESET and step > 0:
            assert counts[Count.SETS] == np.count_nonzero((levels != before) & (levels > -3))
            assert counts[Count.RESETS] == np.count_nonzero(levels != before)
            assert counts[Count.STEPS_DOWN] == 64 * counts[Count.RESETS]
    if write == Write.RESET:
        assert writes.sum() == moved
    else:
        assert writes.sum() <= moved if write == Write.PULSES else writes.sum() >= moved * 0.8
    held, written = weight.copy(), writes.sum()
    counts[:] = 0
    grid = Grid(3.0, 3, False, True)  # all of them, of which none is elsewhere
    pulse.to_levels(real, levels, cells, grid, plan, draw_of(step=3, layer=1, seed=9))
    if write == Write.RESET:
        assert (counts[Count.RESETS], writes.sum() - written) == (400, 400)
    else:
        np.testing.assert_array_equal(weight, held)
        assert writes.sum() == written
        reads = 400 if write == Write.VERIFY else 0  # one of each cell shows that it is there
        assert tuple(counts) == tuple(reads if count == Count.READS else 0 for count in Count)


def test_a_cell_whose_range_ends_before_its_level_is_not_verified_for_ever():
    traits = Traits(*(np.array([v]) for v in (-1.0, 0.5, 1.0, 0.0, 0.0, 1.0)))
    cells = cells_of(np.array([-1.0]), traits, up=64.0, down=64.0)
    grid, plan = Grid(3.0, 3, False, False), Plan(0.0, 0.0, int(Write.VERIFY), 0.05, 32)
    levels = np.full(1, -128, np.int8)
    pulse.to_levels(np.array([0.9]), levels, cells, grid, plan, draw_of())
    assert cells.weight[0] == 0.5
    assert cells.writes[0] == 3  # 32, 20 and 13 pulses of 64, half of what is missing each


def test_verified_writes_beat_open_loop_ones_on_cells_that_differ():
    traits = Traits(*(a[:3000] for a in manufactured(step=0.2, bounds=0.05)))
    grid, off = Grid(3.0, 3, False, False), []
    for write in (Write.PULSES, Write.VERIFY):
        plan = Plan(0.0, 0.0, int(write), 0.05, 32)
        levels, weight = np.full(3000, -128, np.int8), np.full(3000, -1.0)
        for step in range(4):
            real = np.random.default_rng(step).uniform(-0.9, 0.9, 3000)
            cells = cells_of(weight, traits, c2c=0.1)
            pulse.to_levels(real, levels, cells, grid, plan, draw_of(step=step))
        off.append(np.abs(weight - levels / 3)[np.abs(levels) < 3])
    assert off[1].max() <= 0.05
    assert off[0].mean() > 3 * off[1].mean()


def test_a_read_is_off_by_its_noise_and_fresh_each_time():
    weight = np.full(CELLS, 0.4)
    found = [np.empty(CELLS) for _ in range(2)]
    for number, out in enumerate(found):
        error = reading.Noise(0.05, int(Mapping.REFERENCE), OFFSET)
        reading.read(weight, out, error, draw_of(step=number, layer=1, seed=7))
        close(out, 0.4, 0.05 * (0.4 + OFFSET))
    assert abs(np.corrcoef(*found)[0, 1]) < 0.02


def rest(weight, out, law, mapping=Mapping.REFERENCE, seed=0):
    reading.rest(weight, out, reading.Rest(*law), int(mapping), draw_of(seed=seed))


def test_cells_drift_by_a_power_of_time_and_stop_where_they_drift_to():
    """docs/models/devices.md#drift: G = G0 (t / t0)^v, towards a target that is not passed."""
    weight = np.array([-0.9, -0.2, 0.3, 0.9])
    out = np.empty(4)
    rest(weight, out, (100.0, 0.05, 0.2, OFFSET, 0.0, 0.0))
    factor = 100.0**0.05
    g = weight + OFFSET
    want = [g[0] * factor, min(g[1] * factor, 0.2 + OFFSET), max(g[2] / factor, 0.2 + OFFSET),
            g[3] / factor]  # fmt: skip
    np.testing.assert_allclose(out, np.array(want) - OFFSET)
    weight, out = np.zeros(CELLS), np.empty(CELLS)
    rest(weight, out, (10.0, 0.02, math.nan, OFFSET, 0.0, 0.0), seed=3)
    for way, g in ((1, OFFSET * 10**0.02), (-1, OFFSET / 10**0.02), (0, OFFSET)):
        share = np.mean(np.isclose(out, g - OFFSET))
        assert share == pytest.approx(1 / 3, abs=0.01), way


def test_cells_that_are_stuck_do_not_drift():
    weight, out = np.full(CELLS, -0.5), np.empty(CELLS)
    rest(weight, out, (100.0, 0.05, 0.2, OFFSET, 0.1, 0.2))
    assert np.mean(out == -0.5) == pytest.approx(0.3, abs=0.01)


def test_a_cell_beyond_the_end_of_the_range_stays_where_it_drifts_outwards():
    """Cells differ, and some are above the nominal range: a rest does not bring them back to it."""
    weight, out = np.full(CELLS, 1.15), np.empty(CELLS)
    rest(weight, out, (100.0, 0.05, math.nan, OFFSET, 0.0, 0.0))
    assert np.mean(out == 1.15) == pytest.approx(2 / 3, abs=0.01), "up and not at all"
    down = (1.15 + OFFSET) / 100.0**0.05 - OFFSET
    np.testing.assert_allclose(out[out != 1.15], down)


def test_of_a_pair_both_cells_drift():
    """A pair of cells: w = (G+ - G-) / 2 in halves of the range, one of them at the least."""
    weight, out, least = np.array([0.0, 1.0, -0.5]), np.empty(3), OFFSET - 1.0
    for toward in (-1.0, 1.0):
        rest(weight, out, (1e6, 0.1, toward, OFFSET, 0.0, 0.0), Mapping.PAIR)
        end, factor = OFFSET + toward, 1e6**0.1

        def later(g, end=end, factor=factor):
            return max(g / factor, end) if g > end else min(g * factor, end)

        want = [(later(least + 2 * max(w, 0)) - later(least + 2 * max(-w, 0))) / 2 for w in weight]
        np.testing.assert_allclose(out, want, atol=1e-12)
    weight, out = np.zeros(CELLS), np.empty(CELLS)
    rest(weight, out, (10.0, 0.1, math.nan, OFFSET, 0.0, 0.0), Mapping.PAIR, seed=3)
    assert np.mean(out) == pytest.approx(0.0, abs=0.01)
    assert np.mean(out == 0.0) == pytest.approx(5 / 9, abs=0.01), "a third each: up, down, not"


def test_wanted_changes_become_pulses_of_their_mean():
    change = np.array([0.3, -1.7, 0.0, 1e9] * 25_000)
    n = np.empty(CELLS, np.int32)
    draw = draw_of(step=4, layer=1, seed=2)
    steps = UpDown(2.0 / 100.0, 2.0 / 60.0)
    pulse.round_stochastically(change, n, -0.01, steps, 100.0, draw)
    by = n.reshape(-1, 4)
    assert by[:, 0].mean() == pytest.approx(-0.01 * 0.3 * 60 / 2, abs=0.01)
    assert by[:, 1].mean() == pytest.approx(0.01 * 1.7 * 100 / 2, abs=0.01)
    assert set(np.unique(by[:, 1])) == {0, 1}, "whole pulses next to what is wanted"
    assert np.all(by[:, 2] == 0)
    assert np.all(by[:, 3] == -100), "no more than the range has"


def test_a_residue_and_its_pulses_add_up_to_what_was_wanted():
    """Nothing is lost: chi + eps * (pulses sent) = the sum of -lr g, with an eps of each way."""
    rng, up, down = np.random.default_rng(6), 0.02, 0.03
    residue, sent, wanted = np.zeros(500), np.zeros(500), np.zeros(500)
    for _ in range(40):
        change, n = rng.normal(0, 1, 500), np.empty(500, np.int32)
        pulse.take_whole(residue, change, n, -0.01, UpDown(up, down), 100.0)
        sent, wanted = sent + n * np.where(n > 0, up, down), wanted - 0.01 * change
        assert -down < residue.min()
        assert residue.max() < up
    np.testing.assert_allclose(residue + sent, wanted, atol=1e-12)
    assert np.abs(sent).max() > 0.05


@pytest.mark.parametrize("label", [-6.0, -0.5, 0.0, 2.0, 6.0])
def test_a_step_at_mid_range_is_the_curve_at_its_middle(label):
    """s(x) = (1 - e^-kx) / (1 - e^-k): one pulse on from where s is 1/2, and back; in halves."""
    k, pulses = float(cell.bend(label)), 50.0
    steps = cell.steps_at(0.5, pulses, pulses, k, k)

    def state(x):
        return (1 - math.exp(-k * x)) / (1 - math.exp(-k)) if k else x

    middle = -math.log((1 + math.exp(-k)) / 2) / k if k else 0.5
    assert state(middle) == pytest.approx(0.5)
    assert steps.up == pytest.approx(2 * state(middle + 1 / pulses) - 1)
    assert steps.down == pytest.approx(1 - 2 * state(middle - 1 / pulses))
    if abs(label) == 6.0:
        assert (steps.up + steps.down) * pulses / 4 == pytest.approx(k / 2 / math.tanh(k / 2), 0.01)
        assert k / 2 / math.tanh(k / 2) == pytest.approx(3.69, abs=0.005)


def test_signs_send_one_pulse_against_each_gradient_that_counts():
    n = np.empty(4, np.int32)
    pulse.against_sign(np.array([2.0, -0.3, -0.1, 0.0]), n, 0.2)
    np.testing.assert_array_equal(n, [-1, 1, 0, 0])
    pulse.against_sign(np.array([2.0, -0.3, -0.1, 0.0]), n, 0.0)
    np.testing.assert_array_equal(n, [-1, 1, 1, 0])
