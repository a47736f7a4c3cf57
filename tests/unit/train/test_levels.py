"""How real weights become levels and levels cells (docs/models/training.md#levels-of-weights)."""

from dataclasses import replace

import numpy as np
import pytest
from oracle import naive
from small import CONV, LAYERS, SHAPE, model_on, one_step, vectors

from neurorebit.kernels import cell, noise
from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.training.parts.product import Windows


def test_errors_through_exact_levels_without_noise_are_straight_through_training(bench, images):
    """Errors through exact levels are the usual quantisation-aware training."""
    choices = {"adc": "ideal", "error_path": "levels"}
    network = bench.network(SHAPE, LAYERS, 3, **choices)
    hybrid = bench.model(network, "hybrid", d2d=0.0, c2c=0.0)
    software = bench.model(network, "quantized")
    for layer in hybrid.matrices:
        layer.weights.in_arrays = False  # inputs and errors as software has them
    x, labels = images(8, SHAPE, seed=1), np.arange(8) % 3  # no sum of codes is exactly 0 there
    for step in range(6):
        if step % 3 == 0:
            hybrid.begin_epoch(step // 3)
            software.begin_epoch(step // 3)
        losses = [one_step(model, x, labels, rate=0.2) for model in (hybrid, software)]
        assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    for a, b in zip(hybrid.matrices, software.matrices, strict=True):
        np.testing.assert_allclose(a.weights.real, b.weights.real, atol=1e-13)
        levels = [naive.level(w, b.weights.full, 3) for w in b.weights.real.ravel()]
        want = np.array(levels) * b.weights.full / 3
        np.testing.assert_allclose(b.weights.held.ravel(), want, atol=1e-14)


def test_straight_through_training_is_that_of_plain_loops(bench, images):
    """Both passes see the levels, the gradient goes to the real weights as it is."""
    network = bench.network(SHAPE, [CONV, *LAYERS[1:]], 3, momentum=0.0)
    model = bench.model(network, "quantized")
    held, windows, dy = vectors(model, images(2, SHAPE))
    levels = np.array([naive.level(w, held.full, 3) for w in held.real.ravel()])
    matrix = levels.reshape(held.real.shape) * held.full / 3
    out, dx = np.empty(dy.shape), np.empty(windows.map.shape)
    held.mvm(windows, out, learning=True)
    held.mtvm(dy, windows, dx)
    x = windows.map / 255
    np.testing.assert_allclose(out, naive.convolution(x, matrix, 3, 1, 1, 1), atol=1e-12)
    back, gradient = naive.convolution_back(dy, x, matrix, 3, 1, 1, 1)
    np.testing.assert_allclose(dx, back, atol=1e-12)
    real = held.real.copy()
    held.update(windows, dy, 0.001)
    want = real - 0.001 * (gradient + network.training.weight_decay * real)
    np.testing.assert_allclose(held.real, np.clip(want, -held.bound, held.bound), atol=1e-12)


@pytest.mark.parametrize("quantiser", ["symmetric", "no_zero", "wage", "learned"])
def test_each_quantiser_has_its_levels_and_learns(bench, images, quantiser):
    network = bench.network(SHAPE, LAYERS, 3, quantiser=quantiser)
    model = bench.model(network, "hybrid", d2d=0.0, c2c=0.0)
    x, labels = images(12, SHAPE), np.arange(12) % 3
    losses = [one_step(model, x, labels, rate=0.05) for _ in range(12)]
    assert losses[-1] < losses[0]
    for layer in model.matrices:
        held = layer.weights
        top = 7 if quantiser == "no_zero" else 3
        grid = range(-7, 8, 2) if quantiser == "no_zero" else range(-3, 4)
        assert set(np.unique(held.levels)) <= set(grid)
        np.testing.assert_allclose(held.analog, held.levels / top, atol=1e-12)
        if quantiser == "wage":
            power = np.log2(held.full / 0.75)
            assert power == round(power)
            assert 0.7 < held.full / (3**0.5 * held.site.deviation) < 1.42


def test_the_learned_level_follows_its_gradient(bench, images):
    """d(loss)/d(step) by differences, with real weights and inputs held; Esser et al. 2020."""
    network = bench.network((1, 1, 30), [LAYERS[3]], 3, quantiser="learned", momentum=0.0)
    model = bench.model(network, "quantized")
    held = model.matrices[0].weights
    x, dy = images(4, (1, 1, 30)), np.random.default_rng(2).normal(size=(4, 1, 1, 3))
    windows, before = Windows(x, 1 / 255, model.matrices[0].node), held.full
    step, real = before / 3, held.real.copy()
    rate = 1e-3
    held.update(windows, dy, rate)
    gradient = np.einsum("vi,vj->ij", x.reshape(4, 30) / 255, dy.reshape(4, 3))
    share = np.clip(real[0] / step, -3, 3)
    nearest = np.floor(share + 0.5)
    inside = np.abs(real[0] / step) < 3
    by_step = np.sum(gradient * np.where(inside, nearest - share, nearest))
    want = step - rate * by_step / (real.size * 3) ** 0.5
    assert held.full / 3 == pytest.approx(want, rel=1e-12)


@pytest.mark.parametrize("bits", [2, 3, 5, 8])
def test_wage_levels_are_whole_steps_of_a_power_of_two(bench, bits):
    """docs/models/schemes.md#wage: steps of S = 2^(1 - bits), the outermost 1 - S."""
    model = bench.model(
        bench.network(SHAPE, LAYERS, 3, quantiser="wage"), "quantized", weight_bits=bits
    )
    for layer in model.matrices:
        power = np.log2(layer.weights.full / (1 - 2.0 ** (1 - bits)))
        assert power == round(power)


def test_weights_are_clipped_by_the_level_size_that_is_learned(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, quantiser="learned")
    model = bench.model(network, "quantized")
    held, x, labels = model.matrices[0].weights, images(12, SHAPE), np.arange(12) % 3
    first = held.full
    for _ in range(5):
        one_step(model, x, labels, rate=0.05)
    assert held.full != first
    assert held.bound == pytest.approx(1.5 * held.full)


@pytest.mark.parametrize("write", ["direct", "pulses", "verify", "reset"])
@pytest.mark.parametrize("weights", ["hybrid", "reram_mapped"])
def test_stuck_cells_stay_at_their_end_however_they_are_written(bench, images, write, weights):
    network = bench.network(SHAPE, LAYERS, 3, write=write, adc="ideal")
    _, device = bench.chip(weights, d2d=0.0, c2c=0.0)
    variation = replace(device.variation, stuck_low=0.2, stuck_high=0.3)
    model = model_on(bench, network, weights, replace(device, variation=variation))
    held = model.matrices[0].weights
    stuck = np.array(
        [
            cell.stuck(noise.uniform(at, 0, 0, noise.STUCK, 1), 0.2, 0.3)
            for at in range(held.analog.size)
        ]
    )
    assert {-1, 0, 1} == set(stuck)
    x, labels = images(8, SHAPE), np.arange(8) % 3
    changes = np.zeros(held.levels.size, int)
    for _ in range(3):
        before = held.levels.copy()
        one_step(model, x, labels, rate=0.5)
        changes += (held.levels != before).ravel()
        for end in (-1, 1):
            np.testing.assert_allclose(held.analog.ravel()[stuck == end], end)
        assert len(np.unique(held.analog.ravel()[stuck == 0])) > 3
    assert held.total == pytest.approx(held.analog.sum())
    assert changes[stuck != 0].sum() > 0
    if write in ("direct", "reset"):  # nothing is read back: who writes knows of no stuck cells
        np.testing.assert_array_equal(held.writes, changes)


@pytest.mark.parametrize("weights", ["reram", "mixed_precision", "manhattan"])
def test_how_levels_become_cells_is_no_choice_where_weights_learn_in_place(bench, images, weights):
    """Also the noise of a read is that of one cell for each weight."""
    x, outs = images(4, SHAPE), []
    for mapping in ("reference", "pair"):
        network = bench.network(SHAPE, LAYERS, 3, mapping=mapping)
        _, device = bench.chip(weights)
        noisy = replace(device, variation=replace(device.variation, read=0.05))
        model = model_on(bench, network, weights, noisy)
        outs.append(model.forward(x, learning=True))
    np.testing.assert_array_equal(*outs)


def test_first_and_last_layer_can_have_finer_weights(bench):
    layers = [*LAYERS[:3], {"kind": "linear", "features": 7}, LAYERS[1], LAYERS[3]]
    model = bench.model(bench.network(SHAPE, layers, 3, edge_bits=8), "hybrid", d2d=0.0, c2c=0.0)
    assert [m.weights.top for m in model.matrices] == [127, 3, 127]


@pytest.mark.parametrize("every", [1, 3])
def test_all_cells_can_be_rewritten_every_so_many_steps(bench, images, every):
    network = bench.network(SHAPE, LAYERS, 3, reprogram=every)
    model = bench.model(network, "hybrid")
    x, labels = images(8, SHAPE), np.arange(8) % 3
    held = model.matrices[1].weights
    for _ in range(6):
        one_step(model, x, labels)
    assert np.all(held.writes == 6 // every)
    np.testing.assert_array_equal(
        held.levels.ravel(), [naive.level(w, held.full, 3) for w in held.real.ravel()]
    )


def test_software_levels_follow_the_weights_whatever_is_said_of_cells(bench, images):
    """An epoch on, the outermost level is that of the weights as they are."""
    model = bench.model(bench.network(SHAPE, LAYERS, 3, reprogram=1000), "quantized")
    held, x, labels = model.matrices[0].weights, images(4, SHAPE), np.array([0, 1, 2, 0])
    one_step(model, x, labels)
    held.real *= 1.5
    spread = np.std(held.real)
    held.begin_epoch()
    one_step(model, x, labels, rate=1e-9)
    assert held.full == pytest.approx(held.site.training.level_range * spread, rel=1e-6)


def test_levels_of_rare_writes_keep_their_units_until_then(bench, images):
    """The outermost level follows the weights with the write that follows the epoch's begin."""
    network = bench.network(SHAPE, LAYERS, 3, reprogram=3)
    model = bench.model(network, "hybrid")
    x, labels = images(8, SHAPE), np.arange(8) % 3
    held, fulls = model.matrices[1].weights, []
    one_step(model, x, labels)
    model.begin_epoch(1)
    for _ in range(3):
        fulls.append(held.full)
        one_step(model, x, labels)
    assert fulls[0] == fulls[1] != fulls[2]
    assert held.full == fulls[2]


@pytest.mark.parametrize("write", ["pulses", "verify", "reset"])
def test_hybrid_learns_with_every_way_to_write(bench, images, write):
    """Blind ones with 10 % noise of a pulse's step, which leaves even 128 pulses near their level.

    Verified ones with the device's own, 3.7 % of the range a pulse.
    """
    network = bench.network(SHAPE, LAYERS, 3, write=write)
    device = bench.chip("hybrid")[1]
    if write != "verify":
        device = replace(device, variation=replace(device.variation, pulse_c2c="step"))
    model = model_on(bench, network, "hybrid", device)
    x, labels = images(12, SHAPE), np.arange(12) % 3
    losses = [one_step(model, x, labels, rate=0.05) for _ in range(12)]
    assert losses[-1] < losses[0]
    for layer in model.matrices:
        held = layer.weights
        assert held.written.sets + held.written.resets > 0
        off = np.abs(held.analog - held.levels / 3).max()
        assert 0 < off < (1.0 if write == "pulses" else 0.75)
        if write == "verify":
            meant, (low, high) = held.levels.ravel() / 3, held.physics.traits[:2]
            off = np.abs(held.analog.ravel() - np.clip(meant, low, high))
            assert off.max() <= 0.25 / 3 + 1e-12
        assert held.total == pytest.approx(held.analog.sum(), abs=1e-9)


def test_reads_draw_anew_where_the_device_says_so(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    device = bench.chip("hybrid", d2d=0.0, c2c=0.1)[1]
    noisy = replace(device, variation=replace(device.variation, form="read"))
    model = model_on(bench, network, "hybrid", noisy)
    held = model.matrices[0].weights
    np.testing.assert_allclose(held.analog, held.levels / 3, atol=1e-12)
    x = images(2, SHAPE)
    first, second = (model.forward(x, learning=False) for _ in range(2))
    assert not np.allclose(first, second)


def test_a_rested_chip_is_tested_as_it_drifted(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", rest=1e4)
    device = bench.chip("hybrid", d2d=0.0, c2c=0.0)[1]
    tree = Document(paths.shipped("device", "taox_hfox"))
    for key, value in (("source", "a test"), ("exponent", "0.05"), ("toward", "0")):
        tree.set(f"retention.{key}", value)
    device = replace(device, retention=read_device(tree).retention)
    model = model_on(bench, network, "hybrid", device)
    layer = model.matrices[0]
    held, windows, dy = vectors(model, images(2, SHAPE))
    out, offset = np.empty(dy.shape), 11 / 9
    for learning in (True, False):
        held.mvm(windows, out, learning)
        matrix = held.analog
        if not learning:
            matrix = np.maximum((matrix + offset) / 1e4**0.05 - offset, -1.0)
            matrix = matrix - (offset / 1e4**0.05 - offset)  # the reference has drifted, too
        want = naive.convolution(windows.map / 255, matrix * held.full, 3, 1, 1, 1)
        np.testing.assert_allclose(out, want, atol=1e-10)
    assert layer.weights.levels.min() == -3


@pytest.mark.parametrize("scheme", ["quantized", "hybrid", "reram_mapped"])
def test_weights_without_a_spread_have_the_grid_of_first_weights(bench, images, scheme):
    """A single weight, and eight of zero, have no deviation: that of He et al. is of one row
    sqrt(2), of eight rows 1/2.
    """
    layers = [{"kind": "linear", "features": 1}, *LAYERS[1:]]
    for inputs, deviation in ((1, 2**0.5), (8, 0.5)):
        network = bench.network((1, 1, inputs), layers, 3)
        model = bench.model(network, scheme)
        held = model.matrices[0].weights
        held.real[...] = 0.0
        held.stale = True
        for epoch in range(2):
            model.begin_epoch(epoch)
            assert np.isfinite(one_step(model, images(4, (1, 1, inputs)), np.arange(4) % 3))
        first = held.site.training.level_range * deviation
        assert held.full == pytest.approx(first)
        assert held.full > 0.0
        assert np.all(np.isfinite(held.real))
        assert np.all(np.abs(held.real) <= held.bound)
