"""Whole numbers in SRAM cells, and cells that are read one row after the other, by plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from oracle import naive
from small import linear_device, vectors

from neurorebit.inputs.architecture import read_architecture
from neurorebit.kernels import levels
from neurorebit.schema import Document, paths
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model, activity_of
from neurorebit.training.parts.gradient import GradientUnit

CONV = {"kind": "conv", "channels": 5, "kernel": 3, "padding": 1}
LAYERS = [CONV, {"kind": "relu"}, {"kind": "flatten"}, {"kind": "linear", "features": 3}]
SHAPE = (4, 4, 6)


def model_of(bench, chip, training=None, *, bits=None, **arrays):
    spec = read_architecture(Document(paths.shipped("architecture", chip)))
    spec = replace(spec, arrays=replace(spec.arrays, **arrays))
    spec = spec if bits is None else replace(spec, weight_bits=bits)
    network = bench.network(SHAPE, LAYERS, 3, **(training or {}))
    return Model(
        network,
        spec,
        linear_device(bench),
        scheme=SCHEMES[spec.scheme],
        seed=1,
        workers=bench.workers,
        dtype=np.float64,
    )


def bits(value, width=8):
    return [value >> b & 1 for b in range(width)]


def test_cells_of_sram_hold_the_nearest_levels_and_both_passes_read_them(bench, images):
    model = model_of(bench, "sram")
    held, windows, dy = vectors(model, images(2, SHAPE))
    codes = np.reshape([naive.level(w, held.full, 127) for w in held.real.ravel()], held.real.shape)
    np.testing.assert_array_equal(held.cells, codes)
    out, dx, exact = np.empty(dy.shape), np.empty(windows.map.shape), codes * held.full / 127
    held.mvm(windows, out, learning=True)
    want = naive.convolution(windows.map / 255, exact, 3, 1, 1, 1)
    np.testing.assert_allclose(out, want, atol=1e-12)
    held.mtvm(dy, windows, dx)
    want = naive.convolution_back(dy, windows.map / 255, exact, 3, 1, 1, 1)[0]
    np.testing.assert_allclose(dx, want, atol=1e-12)


def test_a_step_writes_the_bits_that_change_and_counts_them(bench, images):
    model = model_of(bench, "sram", {"momentum": 0.0, "weight_decay": 0.0})
    layer = model.matrices[0]
    before, real = layer.weights.cells.copy(), layer.weights.real.copy()
    scores = model.forward(images(4, SHAPE), learning=True)
    dy = np.zeros(scores.shape)
    dy[:, 0] = [0.5, -1.0, 2.0, 0.25]
    model.backward(dy, 0.5)
    after = layer.weights.cells
    moved = [
        (new - old)
        for a, b in zip(before.ravel().tolist(), after.ravel().tolist(), strict=True)
        for old, new in zip(bits(a), bits(b), strict=True)
    ]
    assert moved.count(1) > 0
    activity = activity_of(layer)
    assert activity.set_fraction == pytest.approx(moved.count(1) / len(moved))
    assert activity.reset_fraction == pytest.approx(moved.count(-1) / len(moved))
    ones = [b for code in after.ravel().tolist() for b in bits(code)]
    assert activity.conductance == pytest.approx(sum(ones) / len(ones))
    assert activity.words_written == 1.0
    assert np.any(layer.weights.real != real)


def test_sram_learns_by_the_gradient_of_its_unit(bench, images):
    rates = {"momentum": 0.0, "weight_decay": 0.0, "weight_clip": 100.0}
    model = model_of(bench, "sram", rates)
    held, windows, dy = vectors(model, images(4, SHAPE))
    dy = np.rint(40 * dy) / 64  # whole numbers of eight bits
    before, want = held.real.copy(), np.empty(held.real.shape)
    GradientUnit(held.site).outer(windows, dy, want)
    exact = naive.convolution_back(dy, windows.map / 255, before, 3, 1, 1, 1)[1]
    assert np.abs(want - exact).max() > 0.01 * np.abs(exact).max()
    held.update(windows, dy, 0.25)
    np.testing.assert_allclose(held.real - before, -0.25 * want, atol=1e-12)


def test_levels_without_a_zero_are_stored_as_halves_rounded_down():
    real, cells, counts = np.array([-3.0, -1.0, 1.0, 3.0]), np.zeros(4, np.int32), np.zeros(5)
    levels.store(real, cells, levels.Grid(1.0, 3, odd=True, every=False), 2, counts)
    assert cells.tolist() == [-2, -1, 0, 1]  # 10, 11, 00, 01: each code of two bits once
    assert counts.tolist() == [4, 0, 0, 0, 4]


def test_cells_that_are_read_row_by_row_are_converted_alone(bench, images):
    """Each with cell_bits: three, so levels of a third; the sums over rows are exact."""
    model = model_of(bench, "reram", {"level_range": 3.0}, read="row_by_row", cell_bits=3, bits=3)
    held, windows, dy = vectors(model, images(2, SHAPE))
    codes = [naive.level(w, 1.0, 3) for w in held.cells.weight.ravel()]
    matrix = np.reshape(codes, held.cells.weight.shape) / 3 * held.full
    out, dx = np.empty(dy.shape), np.empty(windows.map.shape)
    held.mvm(windows, out, learning=True)
    want = naive.convolution(windows.map / 255, matrix, 3, 1, 1, 1)
    np.testing.assert_allclose(out, want, atol=1e-12)
    held.mtvm(dy, windows, dx)
    want = naive.convolution_back(dy, windows.map / 255, matrix, 3, 1, 1, 1)[0]
    np.testing.assert_allclose(dx, want, atol=1e-12)


@pytest.mark.parametrize("quantiser", ["symmetric", "no_zero"])
def test_bits_that_are_read_at_once_pass_a_conversion_each(bench, images, quantiser):
    """Of each plane of the inputs and each bit, in arrays of 20 rows; the sign counts below zero.

    Ranges go from no row to all 20, in codes of 0 to 31.
    """
    words = {"quantiser": quantiser, "calibration_steps": 1}
    arrays = {"read": "parallel", "rows": 20, "cols": 16, "cols_per_adc": 8, "adc_bits": 5}
    model = model_of(bench, "sram", words, **arrays, kernel_split=False)
    held, windows, dy = vectors(model, images(2, SHAPE))
    out, dx = np.empty(dy.shape), np.empty(windows.map.shape)
    held.mvm(windows, out, learning=True)
    seen = naive.windows(windows.map, 3, 1, 1).astype(int)
    cells, step, unit = held.cells[0], 20 / 31, held.full / 127
    if quantiser == "no_zero":
        unit = held.full / 255 * 2
    cuts = [tuple(cut) for cut in held.site.cuts]
    assert len(cuts) == 3
    due = np.zeros((len(seen), 5))
    for plane in range(8):
        for bit in range(8):
            for start, stop in cuts:
                ones = (seen[:, start:stop] >> plane & 1) @ (cells[start:stop] >> bit & 1)
                codes = np.minimum(np.rint(ones / step), 31)
                worth = -(2.0**7) if bit == 7 else 2.0**bit
                due += 2**plane / 255 * unit * worth * step * codes
    if quantiser == "no_zero":
        due += 0.5 * unit * seen.sum(axis=1, keepdims=True) / 255
    np.testing.assert_allclose(out.reshape(-1, 5), due, atol=1e-9)
    held.mtvm(dy, windows, dx)
    exact = naive.convolution_back(dy, windows.map / 255, held.held, 3, 1, 1, 1)[0]
    assert 0 < np.abs(dx - exact).max() < 0.3 * np.abs(exact).max()
    uses = held.converted
    assert uses["forward"].codes == 32
    assert uses["backward"].codes == 31
