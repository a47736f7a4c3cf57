"""PANTHER against plain loops: slices, outer products that change them, and carries."""

import math
from dataclasses import replace

import numpy as np
import pytest
from oracle import slices as plain
from small import (
    CLASSES,
    HIDDEN,
    INPUTS,
    LAYERS,
    SHAPE,
    dense,
    learn,
    linear_device,
    one_step,
    unlike_device,
)

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.files import read_inputs
from neurorebit.kernels import slices as kernel
from neurorebit.schema import Document, InputError, paths
from neurorebit.schemes.ablations import ablations
from neurorebit.schemes.panther.keys import Panther
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Workers
from neurorebit.training.state import State, capture, restore

SHAPES = {0: (INPUTS, HIDDEN), 1: (HIDDEN, CLASSES)}


def chip(**arrays):
    """The shipped chip with other arrays or, of its own keys, another width."""
    spec = read_architecture(Document(paths.shipped("architecture", "panther")))
    own = {k: arrays.pop(k) for k in ("weight_bits", "input_bits") if k in arrays}
    return replace(spec, sliced_arrays=replace(spec.sliced_arrays, **arrays), **own)


def model_of(bench, device=None, training=None, **arrays):
    """Unless a device is given, pulses are whole parts of the steps of all slices, and exact."""
    steps = {2 ** int(bits) - 1 for bits in arrays.get("slices", "44466555")}
    device = device or linear_device(bench, math.lcm(*steps))
    keys = {"write_tolerance": 1e-3, **(training or {})}
    return dense(bench, "panther", device, training=keys, spec=chip(**arrays))


def held_by(weights):
    """The number in each cell [slices, rows, cols], as far as it is whole."""
    return np.array([(one.cells.weight[0] * one.steps - 1.0) / 2.0 for one in weights.each])


def whole_numbers(weights):
    held = held_by(weights)
    np.testing.assert_allclose(held, np.rint(held), atol=1e-6)
    return np.rint(held).astype(int)


def batch(weights, step, rate=0.5, most=200):
    """Codes, and errors that are whole operands times what one of them is worth."""
    rng = np.random.default_rng(step)
    rows, cols = weights.site.shape[1:]
    codes = rng.integers(0, 256, (6, 1, 1, rows)).astype(np.float64)
    operands = rng.integers(-most, most + 1, (6, 1, 1, cols))
    x = Windows(codes, 1 / 255, weights.site.node)
    errors = -operands * (weights.unit / (rate * x.scale)) * (1.0 + 1e-12 * np.sign(operands))
    return x, errors, codes.reshape(6, rows), operands.reshape(6, cols), rate


@pytest.mark.parametrize(
    ("slices", "bits"), [("44466555", 32), ("665", 9), ("5", 4), ("74", 8), ("888", 24)]
)
def test_outer_products_and_carries_by_plain_loops(bench, slices, bits):
    """Exact cells hold the very numbers; sums that fit are those of fixed-point SGD."""
    model = model_of(bench, slices=slices, weight_bits=bits, carry_every=3)
    weights = model.matrices[0].weights
    wide, stride = [int(b) for b in reversed(slices)], bits // len(slices)
    held = whole_numbers(weights)
    for step in range(1, 7):
        x, errors, codes, operands, rate = batch(weights, step, most=2 ** min(bits - 4, 7))
        weights.update(x, errors, rate)
        wanted, free = np.zeros_like(held), 0
        for i, j in np.ndindex(*held.shape[1:]):
            moved = plain.sent(codes[:, i], operands[:, j], len(wide), stride, 8)
            new = plain.added(held[:, i, j], wide, *moved)
            ups, downs = moved
            if [
                q + up - down for q, up, down in zip(held[:, i, j], ups, downs, strict=True)
            ] == new:
                due = plain.whole(held[:, i, j], stride) + int(codes[:, i] @ operands[:, j])
                assert plain.whole(new, stride) == due
                free += 1
            wanted[:, i, j] = plain.resolved(new, wide, stride) if step % 3 == 0 else new
        found = whole_numbers(weights)
        np.testing.assert_array_equal(found, wanted)
        held = found
        assert free or slices != "888"  # with three or four bits to spare nothing is lost at first
    assert weights.written.words == 2 * held.size  # carries were resolved twice


def test_operands_beyond_their_bits_are_shifted(bench):
    """Of 3 bits: a step of the batch is 2^5, and of operands the multiples of it remain exact."""
    model = model_of(bench, update_bits=3, slices="888", weight_bits=24)
    weights = model.matrices[0].weights
    held = whole_numbers(weights)
    x, errors, codes, _, rate = batch(weights, 1)
    operands = np.random.default_rng(5).integers(-7, 8, (6, HIDDEN)) * 32
    operands[0, 0] = 7 * 32
    errors = -operands.reshape(errors.shape) * (weights.unit / (rate * x.scale)) * (1 + 1e-12)
    weights.update(x, errors / (1 + 2e-12), rate)
    for i, j in np.ndindex(*held.shape[1:]):
        wide, moved = [8] * 3, plain.sent(codes[:, i], operands[:, j], 3, 8, 8)
        due = plain.added(held[:, i, j], wide, *moved)
        np.testing.assert_array_equal(whole_numbers(weights)[:, i, j], due)


def test_operands_are_rounded_at_random_without_a_bias(bench):
    """A quarter of a unit: one in four operands is one, and weights move by what is asked."""
    model = model_of(bench, slices="888", weight_bits=24)
    weights = model.matrices[0].weights
    before, rate = held_by(weights)[0], 0.5
    x = Windows(np.ones((200, 1, 1, INPUTS)), 1 / 255, weights.site.node)
    errors = np.full((200, 1, 1, HIDDEN), -0.25 * weights.unit / (rate * x.scale))
    weights.update(x, errors, rate)
    moved = np.where(before < 40, held_by(weights)[0] - before, np.nan)  # far from the end
    sums = np.nanmax(moved, axis=0)
    assert np.mean(sums) == pytest.approx(50.0, abs=4 * np.sqrt(200 * 0.25 * 0.75 / HIDDEN))
    assert np.all(np.isnan(moved) | (np.abs(moved - sums) < 1e-6))
    assert len(set(sums.round())) > 3  # each operand has a random number of its own


def test_both_passes_see_the_sum_of_all_slices(bench):
    """Converters are ideal and cells exact: products of the weights that the slices make up."""
    model = model_of(bench, slices="44466555")
    weights = model.matrices[1].weights
    codes = np.random.default_rng(2).integers(0, 256, (6, 1, 1, HIDDEN)).astype(np.float64)
    matrix = weights.weight[0]
    x, out = Windows(codes, 1 / 255, weights.site.node), np.empty((6, 1, 1, CLASSES))
    weights.mvm(x, out, learning=True)
    np.testing.assert_allclose(out.reshape(6, -1), codes.reshape(6, -1) @ matrix / 255, rtol=1e-6)
    dy, dx = np.random.default_rng(3).normal(size=out.shape), np.empty(codes.shape)
    weights.mtvm(dy, x, dx)
    np.testing.assert_allclose(
        dx.reshape(6, -1), dy.reshape(6, -1) @ matrix.T, rtol=1e-6, atol=1e-12
    )


def test_products_may_read_the_most_significant_slices_alone(bench):
    model = model_of(bench, slices="44466555", read_slices=3)
    weights = model.matrices[1].weights
    held = whole_numbers(weights)
    worth = np.array([16.0**s for s in range(8)])[:, None, None] * weights.unit
    codes = np.ones((1, 1, 1, HIDDEN))
    x, out = Windows(codes, 1.0, weights.site.node), np.empty((1, 1, 1, CLASSES))
    weights.mvm(x, out, learning=True)
    few = np.sum((held * worth)[5:], axis=0)
    np.testing.assert_allclose(out.reshape(-1), few.sum(axis=0), rtol=1e-6)
    assert not np.allclose(out.reshape(-1), np.sum(held * worth, axis=0).sum(axis=0), rtol=1e-6)


def test_first_weights_are_the_nearest_whole_numbers(bench):
    """Two layers of a model in software draw the same ones; the range is 64 deviations."""
    real = dense(bench, "real", linear_device(bench)).matrices[0].weights.real[0]
    weights = model_of(bench, slices="74", weight_bits=8).matrices[0].weights
    assert weights.full == pytest.approx(64.0 * (2.0 / INPUTS) ** 0.5)
    np.testing.assert_allclose(weights.weight[0], real, atol=0.5001 * weights.full / 128)
    other = model_of(bench, training={"panther": Panther(range=2.0)}).matrices[0].weights
    assert other.full == pytest.approx(weights.full / 32.0)
    assert model_of(bench, training={"weight_range": 3.0}).matrices[0].weights.full == 3.0


def test_resolution_keeps_the_sum_unless_the_top_slice_is_full():
    rng = np.random.default_rng(4)
    for bits, stride in (([5, 5, 5, 6, 6, 4, 4, 4], 4), ([8, 8, 8], 2), ([3], 2), ([2, 7], 2)):
        units = np.array([rng.integers(*plain.ends(b), 300) for b in bits], np.int16)
        wanted = [plain.resolved(column, bits, stride) for column in units.T.tolist()]
        lost = sum(
            plain.whole(new, stride) != plain.whole(old, stride)
            for new, old in zip(wanted, units.T.tolist(), strict=True)
        )
        assert kernel.resolve(units, np.array(bits), stride) == lost
        np.testing.assert_array_equal(units.T, wanted)


def test_pulses_of_a_unit_follow_from_the_device_and_the_slice(bench):
    """97 pulses up and 41 down; 2^5 - 1 steps of a slice of 5 bits take them all."""
    weights = model_of(bench, unlike_device(bench), slices="665", weight_bits=9).matrices[0].weights
    assert tuple(weights.each[0].each) == (97 / 31, 41 / 31)
    assert tuple(weights.each[2].each) == (97 / 63, 41 / 63)


def test_a_carry_is_written_within_the_tolerance_and_reads_are_counted(bench):
    """Noisy pulses: cells that get another digit lie within a quarter of a step of it."""
    device = unlike_device(bench, d2d=0.0, c2c=0.05)
    quarter = {"write_tolerance": 0.25}
    model = model_of(bench, device, quarter, slices="665", weight_bits=9, carry_every=2)
    weights = model.matrices[0].weights
    for step in (1, 2):
        x, errors, *_, rate = batch(weights, step, most=60)
        before = held_by(weights)
        weights.update(x, errors, rate)
    apart = held_by(weights)
    off = np.abs(apart - np.rint(apart))
    assert weights.written.reads > weights.written.sets > 0
    assert np.quantile(off, 0.5) < 0.3
    assert not np.array_equal(before, apart)
    assert weights.outer.set_steps > weights.written.set_steps > 0


def test_slices_and_their_widths_change_a_training(bench):
    outs = []
    for arrays in ({}, {"slices": "55555555"}, {"slices": "8888", "weight_bits": 32},
                   {"carry_every": 1}, {"update_bits": 3}):  # fmt: skip
        model = model_of(bench, **{"carry_every": 2, **arrays})
        for step in range(3):
            rng = np.random.default_rng(step)
            x = rng.integers(0, 256, (6, 1, 1, INPUTS), np.uint8)
            out, _ = learn(model, 0, x, rng.normal(0, 0.3, (6, 1, 1, HIDDEN)), 0.3)
        outs.append(out)
    for number, one in enumerate(outs):
        assert not any(np.array_equal(one, other) for other in outs[:number])


def test_threads_and_a_restart_give_the_same_bits(bench, monkeypatch):
    """Four steps on one thread; two, and two more from their state, on two; carries in between."""
    for name in ("PART", "BLOCK"):
        monkeypatch.setattr(f"neurorebit.schemes.panther.weights.{name}", 64)
    monkeypatch.setattr("neurorebit.training.parts.product.PIECE", 5)
    monkeypatch.setattr("neurorebit.training.parts.product.WEIGHTS", 1)
    layers = [*LAYERS[:2], {"kind": "conv", "channels": 4, "kernel": 2, "groups": 1}, *LAYERS[2:]]
    network = bench.network(SHAPE, layers, 3, calibration_steps=3)
    device = unlike_device(bench, read=0.03, stuck_high=0.05)
    x = np.random.default_rng(0).integers(0, 256, (12, *SHAPE), np.uint8)
    labels, spec = np.arange(12) % 3, chip(carry_every=2, slices="665", weight_bits=12)
    scheme = SCHEMES["panther"]
    with Workers(2) as two:
        whole, first, second = (
            Model(network, spec, device, scheme=scheme, seed=1, workers=workers)
            for workers in (bench.workers, two, two)
        )
        for _ in range(4):
            one_step(whole, x, labels)
        for _ in range(2):
            one_step(first, x, labels)
        kept = capture(first.parts)
        copies = {name: array.copy() for name, array in kept.arrays.items()}
        restore(second.parts, State(copies, dict(kept.plain)))
        for _ in range(2):
            one_step(second, x, labels)
        assert second.digest() == whole.digest()
        np.testing.assert_array_equal(second.forward(x, False), whole.forward(x, False))


def test_a_convolution_adds_the_products_of_its_windows(bench):
    """The sum over all windows, padding of zeros among them, of code times operand."""
    layers = [{"kind": "conv", "channels": 3, "kernel": 3, "padding": 1}, *LAYERS[1:]]
    network = bench.network((4, 4, 2), layers, 3, write_tolerance=1e-3)
    spec = chip(slices="888", weight_bits=24, carry_every=100)
    device = linear_device(bench, 255)
    model = Model(
        network, spec, device, scheme=SCHEMES["panther"], seed=1, workers=bench.workers,
        dtype=np.float64,
    )  # fmt: skip
    weights, rng, rate = model.matrices[0].weights, np.random.default_rng(1), 0.5
    before = whole_numbers(weights)
    codes = rng.integers(0, 8, (2, 4, 4, 2)).astype(np.float64)
    operands = rng.integers(-2, 3, (2, 4, 4, 3))
    x = Windows(codes, 1 / 255, weights.site.node)
    weights.update(x, -operands * (weights.unit / (rate * x.scale)) * (1 + 1e-12), rate)
    padded = np.pad(codes, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moved = [
        [int(np.sum(padded[:, y : y + 4, z : z + 4, c] * operands[..., n])) for n in range(3)]
        for y in range(3) for z in range(3) for c in range(2)
    ]  # fmt: skip
    worth = 256 ** np.arange(3)[:, None, None]
    found = np.sum((whole_numbers(weights) - before) * worth, axis=0)
    free = np.all((whole_numbers(weights) > -128) & (whole_numbers(weights) < 127), axis=0)
    assert np.sum(free) > 30
    np.testing.assert_array_equal(found[free], np.array(moved)[free])


def test_weights_that_are_kept_are_those_of_all_slices(bench):
    weights = model_of(bench).matrices[1].weights
    kept = weights.kept
    assert set(kept) == {"weight", "full", "conductance"}
    assert kept["conductance"].shape == (8, 1, HIDDEN, CLASSES)
    low, high = float(weights.site.device.g_min), float(weights.site.device.g_max)
    share = (kept["conductance"][-1] - low) / (high - low)  # of the most significant slice
    top = (whole_numbers(weights)[-1] + 8) / 15
    np.testing.assert_allclose(share[0], top, atol=1e-6)


def test_other_chips_are_refused_and_other_schemes_told():
    spec = read_architecture(Document(paths.shipped("architecture", "reram")))
    network = read_inputs("mlp", "panther").network
    (refused,) = SCHEMES["panther"].refusals(network, replace(spec, scheme="panther"))
    assert "the chip that learns in place has none" in refused.message
    assert "architecture=panther" in refused.cure
    assert list(SCHEMES["panther"].refusals(network, chip())) == []
    (told,) = ablations(replace(chip(), scheme="reram"))
    assert "a scheme of another chip" in told


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"slices": "4x"}, "expected a digit of 1 to 8 for each of up to 16 slices, got '4x'"),
        ({"slices": "9"}, "expected a digit of 1 to 8"),
        ({"slices": "444"}, "weight_bits: 32 bits are no equal parts of 3 slices"),
        ({"slices": "44466553"}, "the narrowest slice has 3 bits, and stores 4 of each weight"),
        ({"read_slices": "9"}, "9 slices are read of 8"),
    ],
)
def test_slices_that_do_not_fit_are_refused_with_a_cure(keys, told):
    file = Document(paths.shipped("architecture", "panther"), "architecture")
    for key, value in keys.items():
        file.set(f"sliced_arrays.{key}", value)
    with pytest.raises(InputError) as refused:
        read_architecture(file)
    assert told in str(refused.value)
    assert refused.value.cure
