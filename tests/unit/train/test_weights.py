"""Where weights live: real, and hybrid on noisy arrays, against plain loops."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from oracle import naive
from small import CONV, LAYERS, SHAPE, less_references, one_step

from neurorebit.inputs.architecture import read_architecture
from neurorebit.schema import Document, paths
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.wires import Network, Wires, transfer


def test_first_weights_follow_he_and_scores_start_small(bench):
    layers = [
        {"kind": "linear", "features": 99},
        {"kind": "relu"},
        {"kind": "linear", "features": 99},
    ]
    network = bench.network((8, 8, 8), [{"kind": "flatten"}, *layers], 99)
    hidden, scores = (layer.weights.real for layer in bench.model(network).matrices)
    assert hidden.shape == (1, 512, 99)
    for real, deviation in ((hidden, (2 / 512) ** 0.5), (scores, (1 / 3 / 99) ** 0.5)):
        assert real.std() == pytest.approx(deviation, rel=5 / (2 * real.size) ** 0.5)
        assert abs(real.mean()) < 5 * deviation / real.size**0.5


def test_without_noise_the_arrays_hold_the_quantised_real_weights(bench, images):
    """W_a = quant(W_r) after a sync, and cells written = levels changed."""
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    model = bench.model(network, "hybrid", d2d=0.0, c2c=0.0)
    x, labels = images(8, SHAPE), np.arange(8) % 3
    for _ in range(3):
        before = [m.weights.levels.copy() for m in model.matrices]
        counted = [m.weights.written.sets + m.weights.written.resets for m in model.matrices]
        one_step(model, x, labels, rate=0.5)
        for layer, old, count in zip(model.matrices, before, counted, strict=True):
            held = layer.weights
            want = [naive.level(w, held.full, 3) for w in held.real.ravel()]
            np.testing.assert_array_equal(held.levels.ravel(), want)
            np.testing.assert_allclose(held.analog, held.levels / 3, atol=1e-12)
            changed = np.count_nonzero(held.levels != old)
            assert held.written.sets + held.written.resets - count == changed > 0


def test_seven_levels_reach_two_deviations_and_weights_one_and_a_half_times_that(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    model = bench.model(network, "hybrid")
    for layer in model.matrices:
        held = layer.weights
        assert held.full == pytest.approx(2.0 * held.real.std())
        assert set(np.unique(held.levels)) == set(range(-3, 4))
    x, labels = images(8, SHAPE), np.arange(8) % 3
    one_step(model, x, labels, rate=100.0)
    for layer in model.matrices:
        held = layer.weights
        assert np.abs(held.real).max() == pytest.approx(1.5 * held.full)


def test_the_levels_follow_the_weights_once_an_epoch(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    model = bench.model(network, "hybrid", d2d=0.0, c2c=0.0)
    x, labels = images(8, SHAPE), np.arange(8) % 3
    held = model.matrices[0].weights
    model.begin_epoch(0)
    full = held.full
    one_step(model, x, labels)
    one_step(model, x, labels)
    assert held.full == full
    deviation = held.real.std()
    model.begin_epoch(1)
    assert held.full == full, "the arrays still hold what was written in the old units"
    one_step(model, x, labels)
    assert held.full == pytest.approx(2.0 * deviation) != full
    want = [naive.level(w, held.full, 3) for w in held.real.ravel()]
    np.testing.assert_array_equal(held.levels.ravel(), want)


@pytest.mark.parametrize("kernel_split", [True, False])
def test_the_forward_pass_goes_through_one_converter_for_each_array(bench, images, kernel_split):
    """Partial sums of the arrays that the mapping cuts, mid-tread codes, +-4 deviations."""
    network = bench.network(SHAPE, LAYERS, 3)
    model = bench.model(network, "hybrid", rows=8, kernel_split=kernel_split)
    layer = model.matrices[0]
    held, cuts = layer.weights, layer.weights.site.cuts
    assert cuts == (
        tuple((6 * k, 6 * k + 6) for k in range(9))
        if kernel_split and (9 * 6 >= 8)
        else tuple((start, min(start + 8, 54)) for start in range(0, 54, 8))
    )
    x = images(3, SHAPE)
    out = layer.forward((x,), learning=True)
    columns = naive.windows(x, 3, 1, 1)
    matrix = less_references(held)
    partial = [columns[:, a:b] @ matrix[a:b] for a, b in cuts]
    deviation = np.sqrt(np.mean(np.square(partial)))
    step = 4.0 * deviation / 15
    want = naive.array_product(columns, matrix, cuts, step, 15)
    np.testing.assert_allclose(
        out.reshape(want.shape), want * step * held.full / 255, rtol=1e-9, atol=1e-12
    )


def test_bit_serial_conversion_reads_every_plane_of_every_array(bench, images):
    """The exact mode: one conversion per plane and array, then shift-add."""
    network = bench.network(SHAPE, LAYERS, 3, conversion="bit_serial")
    layer = bench.model(network, "hybrid", rows=8, input_bits=6).matrices[0]
    held, cuts = layer.weights, layer.weights.site.cuts
    x = images(3, SHAPE)
    out = layer.forward((x,), learning=True)
    codes = np.rint(naive.windows(x, 3, 1, 1) * 63 / 255)
    matrix = less_references(held)
    planes = [codes.astype(int) >> b & 1 for b in range(6)]
    squares = [
        np.mean([np.square(plane[:, a:b] @ matrix[a:b]) for a, b in cuts]) for plane in planes
    ]
    steps = [4.0 * square**0.5 / 15 for square in squares]
    assert max(steps) > 1.05 * min(steps)
    want = naive.bit_serial_product(codes, matrix, cuts, steps, 15)
    np.testing.assert_allclose(
        out.reshape(want.shape), want * held.full / 63, rtol=1e-9, atol=1e-12
    )
    assert held.reading.forward.squares.mean == pytest.approx(squares)


def test_arrays_that_see_padding_alone_read_nothing(bench, images):
    """Bit planes of a map of one pixel: of nine kernel positions the middle one counts."""
    network = bench.network((1, 1, 8), LAYERS, 3, conversion="bit_serial")
    layer = bench.model(network, "hybrid", rows=8).matrices[0]
    x = images(4, (1, 1, 8))
    out = layer.forward((x,), learning=True).reshape(4, 5)
    want = x.reshape(4, 8) / 255 @ less_references(layer.weights)[32:40] * layer.weights.full
    assert np.corrcoef(out.ravel(), want.ravel())[0, 1] > 0.9


@pytest.mark.parametrize(("zeros", "shared"), [(0.0, 0.088), (0.5, 0.113)])
def test_a_range_for_each_plane_errs_less_than_one_for_all(bench, zeros, shared):
    """5 bits over +-4 deviations: a rounding error of (4 / 15) / sqrt(12) = 0.077 of what is read.

    High planes have few ones and the largest weights. ``shared``: the error with one range for all
    planes, recorded before planes had their own; it is up to twice as large.
    """
    rows, cols = 512, 128
    layers = [{"kind": "flatten"}, {"kind": "linear", "features": cols}]
    rng = np.random.default_rng(0)
    x = np.maximum(rng.normal(size=(200, 1, 1, rows)), 0)  # after a ReLU
    if zeros:
        x = rng.exponential(size=x.shape) * (rng.random(x.shape) < zeros)
    read = {}
    for keys in ({"adc": "ideal"}, {"conversion": "fast"}, {"conversion": "bit_serial"}):
        layer = bench.model(bench.network((1, 1, rows), layers, cols, **keys), "hybrid").matrices[0]
        read[next(iter(keys.values()))] = layer.forward((x,), learning=True)
    signal = np.std(read["ideal"])
    fast, planes = (np.std(read[mode] - read["ideal"]) / signal for mode in ("fast", "bit_serial"))
    assert fast == pytest.approx(4 / 15 / 12**0.5, rel=0.1)
    held, unit = layer.weights, layer.encoder.clip / 255
    codes = np.minimum(np.rint(x.reshape(-1, rows) / unit), 255).astype(int)
    matrix = less_references(held)
    power = sum(
        4**b * np.mean(np.square((codes >> b & 1)[:, start:stop] @ matrix[start:stop]))
        for b in range(8)
        for start, stop in held.site.cuts
    )
    want = 4 / 15 / 12**0.5 * power**0.5 * unit * held.full / signal
    assert planes == pytest.approx(want, rel=0.05)
    assert planes < 0.7 * shared
    apart = np.std(read["fast"] - read["bit_serial"]) / signal
    assert apart == pytest.approx(np.hypot(fast, planes), rel=0.1), "independent roundings"


def through_wires(held, analog, columns, cells_per_weight=1):
    """Currents of all arrays, less those of mid-range cells in the same place, as weights.

    Each of 8 planes of each vector by itself: rows that carry a zero are cut off, columns that wait
    for a converter carry nothing, so that a row's wire has the current of one in ``cols_per_adc``.
    Cells of one digit stand as far apart in a row as a weight has cells.
    """
    arrays, device, (row, col) = held.site.spec.forward, held.site.device, held.site.wires
    middle, half = 0.5 * (device.g_max + device.g_min), 0.5 * (device.g_max - device.g_min)
    row, size = cells_per_weight * row / arrays.cols_per_adc, arrays.cols // cells_per_weight
    out = np.zeros((len(columns), analog.shape[1]))
    for vector, plane in np.ndindex(len(columns), 8):
        ones = (columns[vector].astype(int) >> plane & 1).astype(float)
        for start, stop in held.site.cuts:
            on = ones[start:stop, None]
            for first in range(0, out.shape[1], size):
                g = middle + half * analog[start:stop, first : first + size]
                for cells, sign in ((g, 1.0), (np.full_like(g, middle), -1.0)):
                    found = naive.nodal(cells * on, 1 / row, 1 / col, on)[:, 0]
                    out[vector, first : first + size] += sign * 2.0**plane * found / half
    return out / 255


def read_by_digit(held, cells):
    """What half of the range of each digit's cells is worth, these, and less their references."""
    if cells == 1:
        return [(held.full, held.analog[0], less_references(held))]
    states = {3: (2, 2, 2), 2: (4, 2)}[cells]  # of 3 bits in cells of 1 bit, or of 2
    bits, found = 1 if cells == 3 else 2, []
    references = held.plus[0].reading.references
    shared = np.arange(held.analog.shape[3]) // references.share
    lines = references.cells[np.asarray(references.line_of)[:, None], shared]
    for k, count in enumerate(states):
        analog = held.analog[k, 0]
        half = 1 / (count - 1) if k == 0 else 0.0
        found.append(
            (held.full / 3 * 2 ** (bits * k) * (count - 1) / 2, analog, analog - lines - half)
        )
    return found


@pytest.mark.parametrize(("cell_bits", "cols", "cells"), [(None, 8, 1), (1, 6, 3), (2, 4, 2)])
def test_resistive_wires_give_what_the_network_of_each_array_carries(
    bench, images, cell_bits, cols, cells
):
    """One input at a time, at full scale, against the network of each plane: 8 planes alike.

    Other rows conduct as often as they carry a one: once in 80, which takes a few hundredths of
    what wires take.
    """
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", wires="resistive")
    shared = 3 if cells == 3 else 2
    arrays = {"rows": 16, "cols": cols, "cols_per_adc": shared, "cell_bits": cell_bits}
    model = bench.model(network, "hybrid", **arrays, wires=(300.0, 200.0))
    layer = model.matrices[1]
    held = layer.weights
    columns = np.zeros((4, 80), np.uint8)
    columns[range(4), [3, 20, 41, 78]] = 255
    out = layer.forward((columns.reshape(4, 1, 1, 80),), learning=True)
    want, ideal = np.zeros((4, 3)), np.zeros((4, 3))
    for worth, analog, read in read_by_digit(held, cells):
        passed = through_wires(held, analog, columns, cells)
        want += (passed + columns / 255 @ (read - analog)) * worth
        ideal += columns / 255 @ read * worth
    taken = np.abs(want - ideal)
    assert np.max(taken) > 0.005 * np.std(want), "a case in which wires matter"
    np.testing.assert_allclose(out.reshape(4, 3), want, atol=0.06 * np.max(taken))


def test_other_rows_load_a_column_as_often_as_they_carry_a_one():
    """On the mean over inputs, within 5 % of what wires take; all or no others, off by most of it.

    Of a single input it says less: the loss grows with the square of the ones.
    """
    random = np.random.default_rng(0)
    g, row, col = random.uniform(1e-6, 1e-5, (48, 2)), 1 / 15, 1 / 21
    ones = (random.random((48, 300)) < 0.4).astype(float)
    passed = np.mean([naive.nodal(g * x[:, None], row, col, x[:, None]) for x in ones.T], axis=0)
    ideal = np.mean(ones, axis=1) @ g
    off = {}
    for others in (0.0, 0.4, 1.0):
        found = np.mean(ones, axis=1) @ transfer(g, Network(row, col, others))
        off[others] = np.max(np.abs(found - passed[:, 0])) / np.max(ideal - passed[:, 0])
    assert off[0.4] < 0.05
    assert off[0.0] > 0.5
    assert off[1.0] > 0.5


@pytest.mark.parametrize(
    ("chip", "transposed", "network"),
    [
        ({}, False, (8.0 / 3.0, 1.0 / 5.0, 0.3)),
        ({"read": "row_by_row"}, False, (8.0 / 3.0, 1.0 / 5.0, 0.0)),
        ({}, True, (1.0 / 3.0, 1.0 / 5.0, 1.0 / 4.0)),
        ({"cells": "crosspoint"}, False, (1.0 / 3.0, 1.0 / 5.0, 1.0)),
        ({"cells": "crosspoint"}, True, (1.0 / 3.0, 1.0 / 5.0, 1.0)),
    ],
)
def test_what_conducts_beside_a_row(chip, transposed, network):
    """Behind transistors ones alone, one in 8 columns, and back one in 4 rows; crosspoints all."""
    spec = read_architecture(Document(paths.shipped("architecture", "reram")))
    spec = replace(spec, arrays=replace(spec.arrays, rows_per_adc=4, **chip))
    wires = Wires(SimpleNamespace(spec=spec, wires=(3.0, 5.0)), transposed=transposed)
    assert tuple(wires._network(lambda: 0.3)) == pytest.approx(network, rel=1e-12)


def test_wires_are_measured_once_an_epoch_for_its_evaluation(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", wires="resistive")
    model = bench.model(network, "hybrid", rows=16, cols=8, wires=(300.0, 200.0))
    held = model.matrices[1].weights
    x, labels = images(8, SHAPE), np.arange(8) % 3
    one_step(model, x, labels, rate=0.5)
    first = held.reading.wires.share
    one_step(model, x, labels, rate=0.5)
    assert held.reading.wires.share is first, "cells are written under the old shares"
    model.forward(x, learning=False)
    second = held.reading.wires.share
    assert not np.array_equal(first, second)
    model.forward(x, learning=False)
    one_step(model, x, labels, rate=0.5)
    assert held.reading.wires.share is second


@pytest.mark.parametrize("bits", [4, 8, 32])
def test_whole_numbers_bit_by_bit_take_errors_back_exactly(bench, bits):
    """Against Python's integers, for windows that overlap, have strides and see padding."""
    conv = {**CONV, "stride": 2, "channels": 5}
    layers = [conv, {"kind": "relu"}, {"kind": "flatten"}, {"kind": "linear", "features": 3}]
    network = bench.network((5, 6, 4), layers, 3, digital="bit_serial")
    layer = bench.model(network, "hybrid", error_bits=bits).matrices[0]
    codes = np.random.default_rng(0).integers(-(2 ** (bits - 1)) + 1, 2 ** (bits - 1), (2, 3, 3, 5))
    codes.flat[0] = 2 ** (bits - 1) - 1
    dx = np.empty((2, 5, 6, 4))
    windows = Windows(np.zeros((2, 5, 6, 4), np.uint8), 1.0, layer.node)
    layer.weights.mtvm(codes * 2.0**-20, windows, dx)
    real = layer.weights.real
    word = 2.0 ** np.ceil(np.log2(np.abs(real).max() / (2**31 - 1)))
    words = np.rint(real / word).astype(object)
    want, _ = naive.convolution_back(codes.astype(object), np.zeros(dx.shape), words, 3, 2, 1, 1)
    np.testing.assert_allclose(dx, want * word * 2.0**-20, rtol=1e-12, atol=1e-18)


def test_training_with_whole_numbers_differs_by_rounding_at_most(bench, images):
    x, labels = images(8, SHAPE), np.arange(8) % 3
    learned = []
    for way in ("float32", "bit_serial"):
        network = bench.network(SHAPE, LAYERS, 3, adc="ideal", digital=way)
        model = bench.model(network, "hybrid", dtype=np.float32)
        one_step(model, x, labels, rate=0.5)
        learned.append(model.matrices[0].weights.real)
    np.testing.assert_allclose(*learned, rtol=1e-4, atol=1e-6)


def test_the_converters_range_is_the_mean_over_the_first_steps_then_fixed(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, calibration_steps=3)
    model = bench.model(network, "hybrid", rows=8)
    layer = model.matrices[0]
    squares, ranges = [], []
    for i in range(5):
        x = images(4, SHAPE, seed=i) // (i + 1)
        columns = naive.windows(x, 3, 1, 1)
        matrix = less_references(layer.weights)
        parts = [columns[:, a:b] @ matrix[a:b] for a, b in layer.weights.site.cuts]
        squares.append(np.mean(np.square(parts)))
        layer.forward((x,), learning=True)
        layer.forward((x,), learning=False)
        ranges.append(float(layer.weights.reading.forward.squares.mean[0]))
    assert ranges == pytest.approx([np.mean(squares[: min(i, 2) + 1]) for i in range(5)])


def test_the_converters_of_tiki_taka_follow_partial_sums_that_grow(bench, images):
    """Forward and back, within some of the steps that they remember."""
    network = bench.network(SHAPE, LAYERS, 3, calibration_steps=4)
    held = bench.model(network, "tiki_taka").matrices[0].weights
    node, x = held.site.node, images(4, SHAPE)
    out = np.empty((4, node.shape_out.height, node.shape_out.width, node.shape_out.channels))
    dy = np.random.default_rng(3).normal(size=out.shape)
    windows = Windows(x, 1 / 255, node)
    held.cells.weight *= 0.1

    def ranges(steps):
        for _ in range(steps):
            held.mvm(windows, out, learning=True)
            held.mtvm(dy, windows, np.empty(x.shape))
        ways = held.reading.forward, held.reading.backward
        return [float(way.squares.mean[0]) for way in ways]

    before = ranges(9)
    held.cells.weight *= 3.0
    assert ranges(1) == pytest.approx([3.0 * power for power in before], rel=0.01)
    assert ranges(40) == pytest.approx([9.0 * power for power in before], rel=0.01)


def test_inputs_errors_and_writes_are_counted(bench, images):
    network = bench.network(SHAPE, LAYERS, 3)
    model = bench.model(network, "hybrid")
    x, labels = images(6, SHAPE), np.arange(6) % 3
    gains = []
    for _ in range(2):
        one_step(model, x, labels, rate=0.2)
        gains.append([0.5 + 0.5 * m.weights.analog.mean() for m in model.matrices])
    first, last = model.activity()
    columns = naive.windows(x, 3, 1, 1)
    assert first.input_density == pytest.approx(naive.plane_density(columns, 8))
    assert first.conductance == pytest.approx(np.mean([g[0] for g in gains]))
    assert last.conductance == pytest.approx(np.mean([g[1] for g in gains]))
    assert 0 < last.error_density < 1
    assert 0 < last.error_nonzero <= 1
    assert first.words_written == 1.0
    for layer, activity in zip(model.matrices, (first, last), strict=True):
        written, cells = layer.weights.written, layer.weights.real.size
        assert activity.set_fraction == written.sets / (2 * cells) > 0
        assert activity.reset_fraction == written.resets / (2 * cells) > 0
        assert activity.set_levels >= 1.0


def test_errors_are_rounded_before_they_go_back_and_before_they_teach(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", momentum=0.0, weight_decay=0.0)
    model = bench.model(network, "hybrid", error_bits=4)
    layer = model.matrices[1]
    x = images(5, (1, 1, 80))
    layer.forward((x,), learning=True)
    errors = np.random.default_rng(0).normal(0, 1e-3, (5, 1, 1, 3))
    dy = model.workspace.take(errors.shape, np.float64)
    dy[...] = errors
    real = layer.weights.real[0].copy()
    (dx,) = layer.backward(dy, rate=0.0)
    rounded = np.reshape(naive.rounded_errors(list(errors.ravel()), 4, 1, 1, 1)[0], (5, 3))
    assert not np.allclose(rounded, errors.reshape(5, 3))
    np.testing.assert_allclose(dx.reshape(5, 80), rounded @ real.T, atol=1e-15)
    gradient = x.reshape(5, 80).T / 255 @ rounded
    np.testing.assert_allclose(layer.weights.velocity[0], gradient, atol=1e-15)


def test_fine_levels_without_noise_train_like_software(bench, images):
    """With zero noise, fine levels and exact converters hybrid is float SGD."""
    network = bench.network(
        SHAPE, LAYERS, 3, adc="ideal", level_range=5.0, weight_clip=100.0, clip_percentile=100.0
    )
    fine = {"d2d": 0.0, "c2c": 0.0, "weight_bits": 8, "input_bits": 16, "error_bits": "fp32"}
    software, hybrid = bench.model(network), bench.model(network, "hybrid", **fine)
    start = [m.weights.real.copy() for m in software.matrices]
    x, labels = images(24, SHAPE), np.arange(24) % 3
    losses = np.array(
        [[one_step(m, x, labels, rate=0.05) for m in (software, hybrid)] for _ in range(20)]
    )
    assert losses[-1, 0] < 0.7 * losses[0, 0]
    np.testing.assert_allclose(losses[:, 1], losses[:, 0], atol=0.03 * losses[0, 0])
    for a, b, zero in zip(software.matrices, hybrid.matrices, start, strict=True):
        learned, other = a.weights.real - zero, b.weights.real - zero
        assert np.linalg.norm(other - learned) < 0.1 * np.linalg.norm(learned)


def test_the_way_back_is_through_the_real_weights(bench, images):
    """ReBIT's point: the forward pass is noisy, the errors see exact weights."""
    network = bench.network(SHAPE, LAYERS, 3)
    model = bench.model(network, "hybrid", error_bits="fp32", d2d=0.3, c2c=0.3)
    held = model.matrices[1].weights
    dy = np.random.default_rng(1).normal(size=(2, 1, 1, 3))
    windows = Windows(images(2, (1, 1, 80)), 1.0, model.matrices[1].node)
    dx = np.empty((2, 1, 1, 80))
    held.mtvm(dy, windows, dx)
    np.testing.assert_allclose(dx.reshape(2, 80), dy.reshape(2, 3) @ held.real[0].T, atol=1e-14)
    assert not np.allclose(held.analog * held.full, held.real, atol=0.02 * held.full)
