"""Layers of windows in arrays: reads, converters and rounded errors, against plain loops."""

import numpy as np
import pytest
from oracle import naive
from small import one_step

from neurorebit.schemes.table import SCHEMES

END = [{"kind": "relu"}, {"kind": "linear", "features": 3}]
# shape of the images, layer, and its geometry: kernel, stride, padding, groups, dilation
LAYERS = {
    "four paddings": (
        (5, 6, 3),
        {"kind": "conv", "channels": 4, "kernel": [3, 2], "stride": [1, 2],
         "padding": [2, 0, 1, 3], "bias": True},
        ((3, 2), (1, 2), (2, 0, 1, 3), 1, 1),
    ),
    "taps apart, in groups": (
        (7, 6, 4),
        {"kind": "conv", "channels": 6, "kernel": [2, 3], "stride": 2, "padding": 1,
         "dilation": [3, 2], "groups": 2, "bias": True},
        ((2, 3), 2, 1, 2, (3, 2)),
    ),
    "depthwise, two outputs a channel": (
        (5, 4, 3),
        {"kind": "conv", "channels": 6, "kernel": 3, "padding": 1, "groups": "depthwise"},
        (3, 1, 1, 3, 1),
    ),
    "a signal": (
        (1, 12, 3),
        {"kind": "conv1d", "channels": 4, "kernel": 5, "padding": [4, 0], "bias": True},
        ((1, 5), 1, (0, 0, 4, 0), 1, 1),
    ),
    "each position": (
        (3, 4, 9),
        {"kind": "linear", "features": 4, "per": "position", "bias": True},
        (1, 1, 0, 1, 1),
    ),
    "transposed": (
        (3, 4, 9),
        {"kind": "conv_transpose", "channels": 2, "kernel": [3, 2], "stride": 2,
         "padding": [1, 0, 0, 1], "bias": True},
        (1, 1, 0, 1, 1),
    ),
}  # fmt: skip
BIAS = [0.3, -0.2, 0.1, 0.5, -0.4, 0.7]


def land(results, name):
    """What a layer makes of its results: a transposed convolution adds them up where they meet."""
    if name != "transposed":
        return results
    one = np.eye(results.shape[3])[None]  # each result is a tap of a channel of its own
    return naive.transposed(results, one, (3, 2), 2, (1, 0, 0, 1), 1)


def compared(held, back=False):
    """A layer's weights [groups, rows, cols] less what their reference cells hold."""
    weight = held.cells.weight if hasattr(held, "cells") else held.analog
    references = held.reading.back_references if back else held.reading.references
    groups, rows, cols = weight.shape
    lines = np.asarray(references.line_of)[:, None]
    against = references.cells[lines, np.arange(cols) // references.share]
    return weight - against.reshape(groups, rows, cols)


@pytest.mark.parametrize("scheme", ["hybrid", "reram"])
@pytest.mark.parametrize("name", LAYERS)
def test_each_array_converts_its_own_partial_sums(bench, images, name, scheme):
    """Arrays of 8 rows: mid-tread codes of 4 bits over 4 deviations of all partial sums."""
    shape, layer, (kernel, stride, padding, groups, apart) = LAYERS[name]
    network = bench.network(shape, [layer, *END], 3)
    model = bench.model(network, scheme, rows=8, kernel_split=False)
    one, x = model.matrices[0], images(3, shape)
    channels = 0 if one.bias is None else one.bias.size
    bias = np.array(BIAS[:channels])
    if channels:
        one.bias[:] = bias
    matrix, full = compared(one.weights), one.weights.full
    out = one.forward((x,), learning=True)
    rows, depth = matrix.shape[1], shape[2] // groups
    cuts = [(low, min(low + 8, rows)) for low in range(0, rows, 8)]
    assert one.weights.site.cuts == tuple(cuts)
    vectors = [
        naive.windows(x, kernel, stride, padding, group * depth, depth, apart)
        for group in range(groups)
    ]
    squares = [
        (vectors[group][:, a:b] @ matrix[group, a:b]) ** 2
        for group in range(groups)
        for a, b in cuts
    ]
    step = 4.0 * np.sqrt(np.mean(squares)) / 15
    codes = [naive.array_product(vectors[g], matrix[g], cuts, step, 15) for g in range(groups)]
    down, across = naive.grid(x, kernel, stride, padding, apart)
    results = np.concatenate(codes, axis=1).reshape(len(x), len(down), len(across), -1)
    want = land(results * step * full / 255, name)
    np.testing.assert_allclose(out, want + (bias if channels else 0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", LAYERS)
def test_errors_are_rounded_once_and_go_through_real_weights(bench, images, name):
    """Of the hybrid chip: the bias learns from the errors that the digital arrays get."""
    shape, layer, (kernel, stride, padding, groups, apart) = LAYERS[name]
    plain = {"momentum": 0.0, "weight_decay": 0.0, "digital": "float32"}
    network = bench.network(shape, [layer, *END], 3, **plain)
    model = bench.model(network, "hybrid", error_bits=5)
    one, x = model.matrices[0], images(2, shape)
    one.sends_back = True
    out = one.forward((x,), learning=True)
    dy = model.workspace.take(out.shape, np.float64)
    dy[...] = np.random.default_rng(1).normal(size=out.shape)
    rounded, _ = naive.rounded_errors(list(dy.ravel()), 5, 1, 0, 1)
    rounded = np.reshape(rounded, out.shape)
    real = one.weights.real.copy()
    (dx,) = one.backward(dy, 0.0)
    if one.bias is not None:
        np.testing.assert_allclose(one.bias_velocity, rounded.sum(axis=(0, 1, 2)), atol=1e-12)
    if name == "transposed":
        taps, size = np.eye(real.shape[2])[None], (*shape[:2], real.shape[2])
        errors = np.empty((2, *size))
        for at in np.ndindex(*size):  # the output that a result lands on has its error
            unit = np.zeros((1, *size))
            unit[(0, *at)] = 1.0
            landed = naive.transposed(unit, taps, (3, 2), 2, (1, 0, 0, 1), 1)
            errors[(slice(None), *at)] = np.sum(landed * rounded, axis=(1, 2, 3))
        rounded = errors
    geometry = kernel, stride, padding, groups, apart
    want = naive.convolution_back(rounded, x, real, *geometry)
    np.testing.assert_allclose(dx, want[0], atol=1e-6 * np.abs(want[0]).max())


@pytest.mark.parametrize("name", LAYERS)
def test_rows_read_errors_through_their_own_converters(bench, images, name):
    """In place: each vector of errors, scaled below 1 by a power of two, through arrays of 3."""
    shape, layer, (kernel, stride, padding, groups, apart) = LAYERS[name]
    network = bench.network(shape, [layer, *END], 3)
    cells = {"cols": 3, "cols_per_adc": 3, "error_bits": "fp32"}
    model = bench.model(network, "reram", **cells)
    one, x = model.matrices[0], images(2, shape)
    one.sends_back = True
    matrix, full = compared(one.weights, back=True), one.weights.full
    out = one.forward((x,), learning=True)
    dy = model.workspace.take(out.shape, np.float64)
    dy[...] = np.random.default_rng(2).normal(size=out.shape)
    dy *= 10.0 ** np.random.default_rng(3).uniform(-2, 2, (*out.shape[:3], 1))
    errors = dy.copy()
    if name == "transposed":
        size = one.node.shape_out
        taps = np.eye(size.channels)[None]
        fetched = np.zeros((2, size.height, size.width, size.channels))
        for at in np.ndindex(*fetched.shape[1:]):
            unit = np.zeros((1, *fetched.shape[1:]))
            unit[(0, *at)] = 1.0
            landed = naive.transposed(unit, taps, (3, 2), 2, (1, 0, 0, 1), 1)
            fetched[(slice(None), *at)] = np.sum(landed * errors, axis=(1, 2, 3))
        errors = fetched
    (dx,) = one.backward(dy, 0.0)
    cols, depth = matrix.shape[2], shape[2] // groups
    down, across = naive.grid(x, kernel, stride, padding, apart)
    digits = int(model.spec.cells_per_weight)
    width = 3 // digits
    cuts = [(low, min(low + width, cols)) for low in range(0, cols, width)]
    sums = []  # of each read: where it goes, its scale and its partial sums
    for image, y, z, group in np.ndindex(2, len(down), len(across), groups):
        vector = errors[image, y, z, group * cols : (group + 1) * cols]
        most = np.abs(vector).max()
        size = 2.0 ** (np.floor(np.log2(most)) + 1) if most else 1.0
        row = 0
        for line in down[y]:
            for column in across[z]:
                for c in range(depth):
                    if 0 <= line < shape[0] and 0 <= column < shape[1]:
                        parts = [vector[a:b] / size @ matrix[group, row, a:b] for a, b in cuts]
                        sums.append(((image, line, column, group * depth + c), size, parts))
                    row += 1
    power = np.mean([part**2 for *_, parts in sums for part in parts])
    arrays = model.spec.apim
    top = 2 ** (int(model.spec.back_adc_bits) - 1) - 1
    step = arrays.adc_range * power**0.5 / top
    want = np.zeros(dx.shape)
    for at, size, parts in sums:
        want[at] += size * step * full * sum(naive.adc(part, step, top) for part in parts)
    np.testing.assert_allclose(dx, want, rtol=1e-9, atol=1e-9 * np.abs(want).max())


# slices have a chip of their own, with tests of their own
@pytest.mark.parametrize(
    "scheme", [word for word in SCHEMES if word not in ("deployed", "panther")]
)
def test_every_scheme_trains_them(bench, images, scheme):
    """A net of all kinds: weights move in every layer, and biases of channels that are alive."""
    shape = (8, 8, 2)
    conv = {"kind": "conv", "kernel": [3, 2], "bias": True}
    layers = [
        {**conv, "channels": 6, "padding": [1, 2, 0, 1], "dilation": [2, 1]},
        {"kind": "relu"},
        {"kind": "max_pool", "kernel": 3, "stride": 2, "padding": 1, "ceil": True},
        {**conv, "channels": 12, "groups": "depthwise", "padding": 1},
        {"kind": "relu"},
        {"kind": "conv_transpose", "channels": 6, "kernel": 3, "stride": 2, "groups": 2,
         "bias": True},
        {"kind": "relu"},
        {"kind": "upsample", "scale": [1, 2], "mode": "bilinear"},
        {"kind": "linear", "features": 8, "per": "position", "bias": True},
        {"kind": "relu"},
        {"kind": "avg_pool"},
        {"kind": "linear", "features": 3, "bias": True},
    ]  # fmt: skip
    network = bench.network(shape, layers, 3, adc="ideal", calibration_steps=1)
    model = bench.model(network, scheme, dtype=np.float32)
    x, labels = images(9, shape), np.arange(9) % 3
    before = [next(iter(m.weights.views.values())).copy() for m in model.matrices]
    losses = [one_step(model, x, labels, 0.5) for _ in range(40)]
    assert np.isfinite(losses).all()
    assert model.finite
    for layer, old in zip(model.matrices, before, strict=True):
        moved = [np.any(view != old) for view in layer.weights.views.values()]
        fast = layer.weights.written_fast  # Tiki-Taka moves its slow cells late
        assert any(moved) or (fast is not None and fast.set_steps > 0), layer.node.name
        assert np.mean(layer.bias != 0.0) > 0.5, layer.node.name
