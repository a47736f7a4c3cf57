"""Cells: levels, conductances and the noise of a write."""

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import cell, elementwise, levels, noise, reading
from neurorebit.kernels.cell import Mapping
from neurorebit.kernels.levels import Count

G_MIN, G_MAX = 1e-6, 1e-5  # on/off ratio 10


@pytest.mark.parametrize("top", [1, 3, 127])
def test_a_level_is_the_nearest_one(top):
    full = 0.7
    for w in np.random.default_rng(0).uniform(-1.2, 1.2, 200):
        assert cell.level(w, top / full, top) == naive.level(w, full, top)


def test_a_level_of_no_number_is_still_a_level():
    assert cell.level(float("nan"), 3.0, 3) == -3


def test_levels_span_the_range_evenly_and_read_back_as_weights():
    g = [cell.target(j, 3, G_MIN, G_MAX) for j in range(-3, 4)]
    np.testing.assert_allclose(g, np.linspace(G_MIN, G_MAX, 7), rtol=1e-14)
    weights = [cell.signed(value, G_MIN, G_MAX) for value in g]
    np.testing.assert_allclose(weights, np.arange(-3, 4) / 3, atol=1e-14)


@pytest.mark.parametrize(("w", "deviation"), [(-1, 0.022), (0, 0.122), (1, 0.222)])
def test_noise_of_a_weight_read_against_mid_range(w, deviation):
    """A cell against mid range: s_w = s [(w + 1) + 2 / (r - 1)]; r = 10, s = 0.1 as derived."""
    cells = 200_000
    real = np.full(cells, float(w))
    for d2d, c2c in ((0.1, 0.0), (0.0, 0.1)):
        analog = programmed(real, d2d=d2d, c2c=c2c)[1]
        assert analog.mean() == pytest.approx(w, abs=5 * deviation / cells**0.5)
        assert analog.std() == pytest.approx(deviation, rel=0.02)  # tabulated to three digits
        exact = 0.1 * ((w + 1) + 2 / (10 - 1))
        assert analog.std() == pytest.approx(exact, rel=5 / (2 * cells) ** 0.5)


@pytest.mark.parametrize("ratio", [10, 2.5])
@pytest.mark.parametrize("w", [-1, 0, 1])
def test_noise_of_a_weight_read_as_a_pair_and_as_itself(w, ratio):
    """A pair: s_w = s sqrt((|w| + 1/(r-1))^2 + (1/(r-1))^2); weight: s |w|."""
    rng, s, offset = np.random.default_rng(8), 0.1, (ratio + 1) / (ratio - 1)
    draws = rng.normal(size=(100_000, 2))
    least = 1 / (ratio - 1)
    wanted = {
        Mapping.REFERENCE: s * ((w + 1) + 2 * least),
        Mapping.PAIR: s * ((abs(w) + least) ** 2 + least**2) ** 0.5,
        Mapping.WEIGHT: s * abs(w),
    }
    for mapping, deviation in wanted.items():
        pairs = [(cell.lognormal(s, a), cell.lognormal(s, b)) for a, b in draws]
        found = np.array([cell.noisy(w, int(mapping), a, b, offset) for a, b in pairs])
        assert found.mean() == pytest.approx(w, abs=5 * deviation / len(draws) ** 0.5)
        assert found.std() == pytest.approx(deviation, rel=5 / (2 * len(draws)) ** 0.5)


@pytest.mark.parametrize("w", [-1, 0, 1])
def test_pairs_and_weights_that_are_written_have_that_noise(w):
    """At r = 10, s = 0.1: a pair 0.016 at 0 and 0.112 at the ends, as tabulated in 3.6."""
    real = np.full(100_000, float(w))
    for mapping, tabulated in (
        (Mapping.PAIR, 0.112 if w else 0.016),
        (Mapping.WEIGHT, 0.1 * abs(w)),
    ):
        for d2d, c2c in ((0.1, 0.0), (0.0, 0.1)):
            analog = programmed(real, d2d=d2d, c2c=c2c, mapping=mapping)[1]
            assert analog.mean() == pytest.approx(w, abs=0.002)
            assert analog.std() == pytest.approx(tabulated, rel=0.03)


@pytest.mark.parametrize("spread", [0.3, 0.5, 1.0])
@pytest.mark.parametrize("way", ["device", "cycle", "read"])
def test_no_spread_makes_a_conductance_negative_and_its_mean_and_size_are_true(way, spread):
    """A log-normal factor: mean 1, deviation ``spread``, median 1 / sqrt(1 + spread^2)."""
    cells, offset = 400_000, 11 / 9
    if way == "read":
        seen = np.empty(cells)
        error = reading.Noise(spread, int(Mapping.REFERENCE), offset)
        reading.read(np.full(cells, 0.3), seen, error, noise.Draw(0, 5, 0, 0, 3))
    else:
        given = {"d2d": spread} if way == "device" else {"c2c": spread}
        seen = programmed(np.full(cells, 1 / 3), **given)[1]
    share = (seen + offset) / ((0.3 if way == "read" else 1 / 3) + offset)
    assert share.min() > 0.0
    assert share.mean() == pytest.approx(1.0, abs=5 * spread / cells**0.5)
    assert share.std() == pytest.approx(spread, rel=0.02)
    assert np.median(share) == pytest.approx((1 + spread**2) ** -0.5, rel=0.01)


def test_an_exponential_of_our_own_is_that_of_the_library():
    x = np.concatenate([np.linspace(-40, 40, 4001), np.linspace(-700, 700, 999), [0.0, -1e-300]])
    own = np.array([noise.exponential(v) for v in x])
    np.testing.assert_allclose(own, np.exp(x), rtol=4e-16)
    assert noise.exponential(0.0) == 1.0, "no spread changes nothing"


def test_stuck_cells_are_stuck_whatever_is_written():
    real = np.full(100_000, 0.4)
    first = programmed(real, d2d=0.1, stuck=(0.05, 0.02))[1]
    again = programmed(-real, d2d=0.1, stuck=(0.05, 0.02), step=5)[1]
    for side, share in ((-1, 0.05), (1, 0.02)):
        assert np.mean(first == side) == pytest.approx(share, rel=0.1)
        np.testing.assert_array_equal(first == side, again == side)
    pairs = programmed(real, mapping=Mapping.PAIR, stuck=(0.0, 0.02))[1]
    assert np.mean(pairs < 0) == pytest.approx(0.02 * 0.98, rel=0.1), "the other cell is stuck high"


def test_a_grid_without_zero_has_the_odd_levels():
    real = np.linspace(-1.3, 1.3, 301)
    held, analog, _ = programmed(real, top=7, odd=True)
    grid = np.arange(-7, 8, 2)
    assert set(held) == set(grid)
    nearest = [grid[np.argmin(np.abs(w - grid / 7))] for w in real]
    ties = np.isclose((real * 7) % 2, 0) & (np.abs(real) < 1)
    np.testing.assert_array_equal(held[~ties], np.array(nearest)[~ties])
    np.testing.assert_allclose(analog, held / 7, atol=1e-12)


def test_all_cells_can_be_rewritten_and_every_write_of_a_cell_is_counted():
    real, writes = np.linspace(-1, 1, 500), np.zeros(500, np.uint32)
    held, analog, _ = programmed(real, c2c=0.1, writes=writes)
    before = analog.copy()
    counts = programmed(real, held, analog, c2c=0.1, step=1, every=True, writes=writes)[2]
    assert np.all(analog != before)
    assert tuple(counts[:4]) == (500, 0, 0, 0)
    programmed(-real, held, analog, c2c=0.1, step=2, writes=writes)
    np.testing.assert_array_equal(writes, 2 + (held != -held))


def programmed(
    real,
    known=None,
    analog=None,
    *,
    full=1.0,
    top=3,
    d2d=0.0,
    c2c=0.0,
    step=0,
    seed=3,
    layer=0,
    first=0,
    mapping=Mapping.REFERENCE,
    stuck=(0.0, 0.0),
    odd=False,
    every=False,
    writes=None,
):
    known = np.full(real.size, -128, np.int8) if known is None else known
    analog = np.zeros(real.size, real.dtype) if analog is None else analog
    writes = np.zeros(real.size, np.uint32) if writes is None else writes
    counts = np.zeros(len(Count))
    grid = levels.Grid(top / full, top, odd, every)
    device = levels.Device(G_MIN, G_MAX, d2d, c2c, int(mapping), *stuck)
    draw = noise.Draw(first, step, layer, 0, seed)
    levels.program(real, known, analog, writes, grid, device, draw, counts)
    return known, analog, counts


def test_programming_equals_the_plain_loop():
    rng = np.random.default_rng(1)
    real = rng.normal(0, 0.5, 300)
    held, analog, _ = programmed(real, full=0.8, d2d=0.1, c2c=0.2, layer=4)
    before = held.copy(), analog.copy()
    real += rng.normal(0, 0.2, 300)
    held, analog, counts = programmed(
        real, held, analog, full=0.8, d2d=0.1, c2c=0.2, step=9, layer=4
    )
    want = naive.program(real, *before, 0.8, 3, (G_MIN, G_MAX, 0.1, 0.2), 4, 9, 3)
    np.testing.assert_array_equal(held, want[0])
    np.testing.assert_allclose(analog, want[1], atol=1e-13)
    assert tuple(counts[:4]) == want[2]
    assert min(want[2]) > 0, "the case covers both directions"
    assert counts[Count.CHANGE] == pytest.approx(analog.sum() - before[1].sum(), rel=1e-9)


def test_a_part_of_the_cells_is_programmed_as_it_is_within_the_whole():
    """Blocks are cut at multiples of 64 of the cell's number, whatever part a call is given."""
    real = np.random.default_rng(3).normal(0, 0.5, 400)
    whole = programmed(real, d2d=0.1, c2c=0.2, step=2)[1]
    parts = [
        programmed(real[a:b].copy(), d2d=0.1, c2c=0.2, step=2, first=a)[1]
        for a, b in ((0, 3), (3, 130), (130, 139), (139, 400))
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_without_noise_cells_hold_exactly_their_levels_and_only_changes_are_written():
    rng = np.random.default_rng(2)
    real = rng.normal(0, 0.5, 1000).astype(np.float32)
    held, analog, _ = programmed(real)
    np.testing.assert_allclose(analog, held / 3, atol=1e-7)
    old = held.copy()
    real += rng.normal(0, 0.1, 1000).astype(np.float32)
    held, analog, counts = programmed(real, held, analog, step=1)
    np.testing.assert_array_equal(held, [naive.level(float(w), 1.0, 3) for w in real])
    np.testing.assert_allclose(analog, held / 3, atol=1e-7)
    assert counts[Count.SETS] == np.count_nonzero(held > old)
    assert counts[Count.RESETS] == np.count_nonzero(held < old)


def test_a_cell_that_keeps_its_level_keeps_its_noise():
    real = np.linspace(-1, 1, 500)
    held, analog, _ = programmed(real, d2d=0.1, c2c=0.1)
    kept = analog.copy()
    programmed(real + 1e-9, held, analog, d2d=0.1, c2c=0.1, step=1)
    np.testing.assert_array_equal(analog, kept)


def test_device_variation_stays_and_cycle_variation_does_not():
    real = np.full(1000, 0.7)
    static = [programmed(real, d2d=0.1, step=step)[1] for step in (0, 1)]
    fresh = [programmed(real, c2c=0.1, step=step)[1] for step in (0, 1)]
    np.testing.assert_array_equal(*static)
    assert abs(np.corrcoef(*fresh)[0, 1]) < 0.2


def test_momentum_step_clips_and_decays():
    w, v = np.array([1.0, -1.0, 0.5, np.nan]), np.array([0.0, 1.0, -2.0, 0.0])
    g = np.array([0.5, 30.0, -0.25, 0.0])
    elementwise.sgd(w, v, g, elementwise.Rates(0.1, 0.9, 0.01), 1.2)
    np.testing.assert_allclose(v[:3], [0.51, 30.89, -2.045])
    np.testing.assert_allclose(w[:3], [0.949, -1.2, 0.7045])
    assert np.isnan(w[3])
