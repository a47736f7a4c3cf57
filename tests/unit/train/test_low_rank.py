"""Changes that gather in two thin matrices, against plain NumPy and by hand."""

import math

import numpy as np
import pytest
from common import near
from small import LAYERS, SHAPE, linear_device, model_on, one_step

from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import read_inputs
from neurorebit.kernels import low_rank
from neurorebit.kernels.cell import UpDown
from neurorebit.schema import Setting
from neurorebit.schemes.assumed import assumed
from neurorebit.schemes.low_rank.factors import absorb
from neurorebit.training.demands import demands

RATE = 0.05


def orthonormal(columns):
    """Gram-Schmidt, column by column."""
    found = []
    for column in columns.T:
        rest = column - sum((np.dot(one, column) * one for one in found), np.zeros(len(column)))
        found.append(rest / math.sqrt(np.dot(rest, rest)))
    return np.array(found).T


def test_the_factors_take_the_power_iterations_of_plain_loops():
    random = np.random.default_rng(1)
    left, right = np.zeros((9, 2)), random.normal(size=(7, 2))
    product, ahead = np.zeros((9, 7)), right.copy()
    for _ in range(4):
        change = random.normal(size=(9, 7))
        absorb(left, right, change)
        total = product + change
        back = orthonormal(total @ orthonormal(ahead))
        ahead = total.T @ back
        product = back @ ahead.T
        np.testing.assert_allclose(left @ right.T, product, atol=1e-9)


def test_changes_of_few_dimensions_are_kept_exactly():
    random = np.random.default_rng(2)
    left, right = np.zeros((20, 3)), random.normal(size=(12, 3))
    tall = random.normal(size=(20, 3))
    total = np.zeros((20, 12))
    for _ in range(5):
        change = tall @ random.normal(size=(3, 12))
        absorb(left, right, change)
        total += change
    np.testing.assert_allclose(left @ right.T, total, atol=1e-9)
    before = right.copy()
    left[...] = 0.0
    absorb(left, right, np.zeros((20, 12)))
    np.testing.assert_array_equal(right, before)


def test_what_is_kept_is_nearly_the_best_of_its_rank():
    """Two strong directions in noise; the best are those of the singular values."""
    random = np.random.default_rng(3)
    left, right = np.zeros((40, 2)), random.normal(size=(30, 2))
    strong = random.normal(size=(40, 2)) @ random.normal(size=(2, 30))
    total = np.zeros((40, 30))
    for _ in range(20):
        change = strong + 0.5 * random.normal(size=(40, 30))
        absorb(left, right, change)
        total += change
    u, s, v = np.linalg.svd(total)
    best = np.linalg.norm(total - (u[:, :2] * s[:2]) @ v[:2])
    assert np.linalg.norm(total - left @ right.T) < 1.1 * best


def test_a_change_is_rounded_to_the_nearest_pulses():
    change, pulses = np.array([0.26, -0.26, 0.04, -9.0, 0.05]), np.zeros(5, np.int32)
    low_rank.take_nearest(change, pulses, UpDown(0.1, 0.2), 20.0)
    assert pulses.tolist() == [3, -1, 0, -20, 1]
    np.testing.assert_allclose(change, [-0.04, -0.06, 0.04, -5.0, -0.05], atol=1e-12)


def made(bench, levels=4000, **keys):
    device = linear_device(bench, levels=levels)
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", **keys)
    return model_on(bench, network, "low_rank", device), device


def test_what_cells_got_and_what_is_left_are_what_was_wanted(bench, images):
    """The classifier has 3 columns: two matrices of rank 3 forget nothing."""
    model, _ = made(bench, rank=3, flush=2, density=0.0)
    held, seen = model.matrices[-1].weights, []
    learn = held.learn

    def watched(gradient, rate):
        seen.append(gradient.copy())
        learn(gradient, rate)

    held.learn = watched
    before = held.cells.weight.copy()
    for step in range(5):
        then = held.cells.weight.copy()
        one_step(model, images(8, SHAPE, seed=step), np.arange(8) % 3, rate=RATE)
        assert np.any(held.cells.weight != then) == (step % 2 == 1)
    wanted = -RATE * np.sum(seen, axis=0) / held.full
    left = held.left[0] @ held.right[0].T
    np.testing.assert_allclose((held.cells.weight - before)[0] + left, wanted[0], atol=1e-9)


def test_a_change_of_too_few_cells_gathers_on(bench, images):
    model, _ = made(bench, levels=100, rank=3, flush=1, density=1.0)
    held = model.matrices[-1].weights
    for _ in range(2):
        one_step(model, images(8, SHAPE), np.arange(8) % 3, rate=RATE)
    assert held.written.sets + held.written.resets == 0
    assert np.abs(held.left).max() > 0.0


def test_memory_holds_the_factors_alone(bench, images):
    """54 x 5 and 80 x 3 weights: 2 (54 + 5 + 80 + 3) words of 32 bits."""
    model, _ = made(bench, rank=2)
    one_step(model, images(8, SHAPE), np.arange(8) % 3, rate=RATE)
    found = demands(model, 1.0)
    assert found.memory_bits_per_weight == near(32 * 2 * (54 + 5 + 80 + 3) / (270 + 240))


def dram_of_update(rank):
    read = read_inputs(
        "mlp", "reram", "32nm", "taox_hfox",
        settings=[
            Setting("architecture.scheme", "low_rank"), Setting("training.rank", str(rank)),
            Setting("architecture.dram.energy", "3 pJ/bit"),
        ],
    )  # fmt: skip
    activity = assumed(read.network, read.architecture, read.device)
    found = estimate(
        read.network, read.architecture, read.technology, read.device, activity=activity, batch=32,
        images=64,
    )  # fmt: skip
    update = found.phases["update"]
    return float(np.sum(update.dram_energy[:-1])), float(np.sum(update.energy.total[:-1]))


def test_the_factors_are_read_and_written_once_an_iteration():
    """The MLP is 784 - 256 - 128 - 10; of two columns more each word is read and written."""
    few, many = dram_of_update(2), dram_of_update(4)
    words = 2 * (784 + 256 + 256 + 128 + 128 + 10)
    assert many[0] - few[0] == near(2 * words * 32 * 3e-12)
    assert many[1] > 1.5 * few[1]  # nearly twice as many products


@pytest.mark.parametrize("key", ["rank=0", "flush=0", "density=2"])
def test_keys_have_bounds(key):
    name, _, text = key.partition("=")
    with pytest.raises(ValueError, match=name):
        read_inputs(
            "mlp", "reram", "32nm", "taox_hfox",
            settings=[
                Setting("architecture.scheme", "low_rank"), Setting(f"training.{name}", text)
            ],
        )  # fmt: skip
