"""Each layer against plain loops, and every gradient against numerical differentiation.

Models run in float64 here: the same code as in training, which follows the type of its weights, so
that central differences agree to six digits where the code is right.
"""

import numpy as np
import pytest
from common import refusal
from oracle import naive

from neurorebit.training.layers import matrix
from neurorebit.training.layers.batch_norm import EPSILON, BatchNorm
from neurorebit.training.layers.encoder import Encoder
from neurorebit.training.layers.table import TRAINED
from neurorebit.training.trainer import softmax_loss

PLAIN = {"momentum": 0.0, "weight_decay": 0.0}
CONVOLUTIONS = [  # input, channels, kernel, stride, padding, groups, dilation
    ((5, 6, 3), 4, 3, 1, 1, 1, 1),
    ((7, 7, 4), 6, 3, 2, 1, 2, 1),
    ((6, 5, 4), 4, 2, 2, 0, 4, 1),
    ((4, 4, 5), 3, 1, 1, 0, 1, 1),
    ((5, 5, 2), 3, 5, 1, 2, 1, 1),
    ((6, 6, 3), 5, 1, 2, 0, 1, 1),
    ((5, 8, 3), 4, [3, 2], [1, 2], [2, 0, 1, 3], 1, 1),
    ((9, 7, 2), 3, 3, 2, 1, 1, 2),
    ((7, 8, 4), 6, [2, 3], [2, 1], [0, 1, 2, 0], 2, [3, 2]),
    ((6, 5, 3), 6, 3, 1, [1, 2], 3, 1),
    ((1, 11, 4), 3, [1, 4], [1, 3], [0, 0, 3, 1], 1, [1, 2]),
    ((6, 7, 1), 4, [3, 2], 1, [1, 1, 0, 2], 1, [2, 1]),
]


def norms(model):
    return [step.layer for step in model.steps if isinstance(step.layer, BatchNorm)]


def flat_end(features=4):
    return [{"kind": "flatten"}, {"kind": "linear", "features": features}]


@pytest.mark.parametrize(
    ("shape", "channels", "kernel", "stride", "padding", "groups", "dilation"), CONVOLUTIONS
)
def test_a_convolution_is_that_of_plain_loops(
    bench, images, shape, channels, kernel, stride, padding, groups, dilation
):
    conv = {
        "kind": "conv",
        "channels": channels,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "groups": groups,
        "dilation": dilation,
    }
    network = bench.network(shape, [conv, {"kind": "relu"}, *flat_end()], 4, **PLAIN)
    model = bench.model(network)
    layer = model.matrices[0]
    layer.sends_back = True  # it reads the images, but its way back is the subject
    x = np.random.default_rng(0).normal(size=(3, *shape))
    out = layer.forward((x,), learning=True)
    real = layer.weights.real.copy()
    geometry = (kernel, stride, padding, groups, dilation)
    np.testing.assert_allclose(out, naive.convolution(x, real, *geometry), atol=1e-12)
    dy = model.workspace.take(out.shape, np.float64)
    dy[...] = np.random.default_rng(1).normal(size=out.shape)
    want = naive.convolution_back(dy, x, real, *geometry)
    (dx,) = layer.backward(dy, rate=0.0)
    np.testing.assert_allclose(dx, want[0], atol=1e-12)
    np.testing.assert_allclose(layer.weights.velocity, want[1], atol=1e-12)


def test_batch_norm_is_that_of_plain_loops(bench):
    network = bench.network(
        (4, 3, 2), [{"kind": "batch_norm"}, {"kind": "relu"}, *flat_end()], 4, **PLAIN
    )
    model = bench.model(network)
    (layer,) = norms(model)
    layer.gain[:], layer.shift[:] = [1.5, -0.5], [0.2, -0.1]
    x = np.random.default_rng(2).normal(1.0, 2.0, (5, 4, 3, 2))
    want = naive.batch_norm(x, layer.gain, layer.shift, EPSILON)
    assert want.min() < 0 < want.max()
    out = layer.forward((x,), learning=True)
    np.testing.assert_allclose(out, np.maximum(want, 0), atol=1e-12)
    mean = 0.1 * x.mean(axis=(0, 1, 2))
    variance = 0.9 + 0.1 * x.var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.running_mean, mean, atol=1e-12)
    np.testing.assert_allclose(layer.running_variance, variance, atol=1e-12)
    out = layer.forward((x,), learning=False)
    scale = layer.gain / np.sqrt(variance + EPSILON)
    np.testing.assert_allclose(out, np.maximum((x - mean) * scale + layer.shift, 0), atol=1e-12)


def test_batch_norm_keeps_whole_numbers_until_the_batch_is_complete(bench):
    """5 bits: -15 to 15 steps of 2^n, the least with which 15 of them reach the largest input."""
    network = bench.network(
        (4, 3, 2), [{"kind": "batch_norm"}, {"kind": "relu"}, *flat_end()], 4, **PLAIN
    )
    (layer,), (exact,) = (norms(bench.model(network)) for _ in range(2))
    layer.stored_bits = 5
    x, dy = np.random.default_rng(2).normal(1.0, 2.0, (2, 5, 4, 3, 2))
    step = 1.0
    while 15 * step < np.abs(x).max():
        step *= 2
    while 15 * step / 2 >= np.abs(x).max():
        step /= 2
    kept = np.array([step * round(float(value) / step) for value in x.flat]).reshape(x.shape)
    assert np.abs(kept - x).max() > 0.4 * step
    given = x.copy()
    out, want = layer.forward((x,), learning=True), exact.forward((kept,), learning=True)
    np.testing.assert_allclose(out, want, atol=1e-12)
    np.testing.assert_array_equal(x, given)  # others may read it
    back, also = (one.backward(dy.copy(), 0.1)[0] for one in (layer, exact))
    np.testing.assert_allclose(back, also, atol=1e-12)
    np.testing.assert_allclose(layer.gain, exact.gain, atol=1e-12)
    layer.running_mean[:], layer.running_variance[:] = exact.running_mean, exact.running_variance
    tested = (one.forward((x,), learning=False) for one in (layer, exact))
    np.testing.assert_array_equal(*tested)  # nothing waits for a batch


NETWORKS = {
    "plain": [
        {"kind": "conv", "channels": 4, "kernel": 3, "padding": 1},
        {"kind": "batch_norm"},
        {"kind": "relu"},
        {"kind": "max_pool", "kernel": 2},
        {"kind": "conv", "channels": 6, "kernel": 3, "groups": 2, "padding": 1},
        {"kind": "relu"},
        {"kind": "avg_pool", "kernel": 2, "stride": 1},
        *flat_end(),
    ],
    "residual": [
        {"kind": "conv", "channels": 4, "kernel": 3, "stride": 2, "padding": 1},
        {"kind": "batch_norm"},
        {"kind": "relu", "name": "stem"},
        {"kind": "conv", "channels": 4, "kernel": 3, "padding": 1},
        {"kind": "batch_norm", "name": "main"},
        {"kind": "conv", "channels": 4, "kernel": 1, "input": "stem"},
        {"kind": "batch_norm"},
        {"kind": "add", "other": "main"},
        {"kind": "relu", "name": "block"},
        {"kind": "conv", "channels": 4, "kernel": 3, "padding": 1},
        {"kind": "add", "other": "block"},
        {"kind": "relu"},
        {"kind": "max_pool", "kernel": 3, "stride": 1},
        *flat_end(),
    ],
    "pixels first": [
        {"kind": "avg_pool", "kernel": 2},
        {"kind": "batch_norm"},
        {"kind": "relu"},
        *flat_end(),
    ],
    "perceptron": [
        {"kind": "flatten"},
        {"kind": "linear", "features": 6},
        {"kind": "relu"},
        {"kind": "linear", "features": 4},
    ],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_a_whole_network_are_the_numerical_ones(bench, images, name):
    shape, rng = (6, 6, 2), np.random.default_rng(3)
    model = bench.model(bench.network(shape, NETWORKS[name], 4, **PLAIN))
    x, labels = images(5, shape), rng.integers(0, 4, 5)

    def loss():
        return softmax_loss(model.forward(x, learning=True), labels)[0]

    model.backward(softmax_loss(model.forward(x, learning=True), labels)[1], rate=0.0)
    checked = 0
    parameters = [(m.weights.real, m.weights.velocity.copy()) for m in model.matrices]
    for norm in norms(model):
        parameters += [(norm.gain, norm.gain_velocity), (norm.shift, norm.shift_velocity)]
    for values, gradient in parameters:
        flat, size = values.reshape(-1), 1e-5
        for i in rng.choice(flat.size, min(flat.size, 12), replace=False):
            old = flat[i]
            flat[i] = old + size
            above = loss()
            flat[i] = old - size
            below = loss()
            flat[i] = old
            numerical = (above - below) / (2 * size)
            assert gradient.reshape(-1)[i] == pytest.approx(numerical, rel=1e-6, abs=1e-9)
            checked += 1
    assert checked >= 16


def test_float32_follows_float64(bench, images):
    """What training runs differs from what the checks run by rounding alone."""
    shape = (6, 6, 2)
    network = bench.network(shape, NETWORKS["residual"], 4, **PLAIN)
    x, labels = images(5, shape), np.array([0, 1, 2, 3, 0])
    gradients = []
    for dtype in (np.float32, np.float64):
        model = bench.model(network, dtype=dtype)
        model.backward(softmax_loss(model.forward(x, learning=True), labels)[1], rate=0.0)
        gradients.append([m.weights.velocity for m in model.matrices])
    for single, double in zip(*gradients, strict=True):
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, double, atol=2e-5 * np.abs(double).max())


def test_softmax_loss_and_its_gradient():
    scores, labels = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, 0.0]]), np.array([0, 0])
    loss, gradient = softmax_loss(scores, labels)
    first = np.log(np.exp([1.0, 2.0, 3.0]).sum()) - 1.0
    assert loss == pytest.approx(first / 2)
    share = np.exp([1.0, 2.0, 3.0]) / np.exp([1.0, 2.0, 3.0]).sum()
    np.testing.assert_allclose(gradient[0], (share - [1, 0, 0]) / 2, atol=1e-15)
    np.testing.assert_allclose(gradient[1], 0, atol=1e-15)


def test_bytes_become_codes_of_the_given_bits(bench):
    model = bench.model(bench.network((2, 2, 1), flat_end(), 4))
    x = np.arange(256, dtype=np.uint8).reshape(64, 2, 2, 1)
    codes, unit = Encoder(8, 99.9).encode(x, model.tools, learning=True)
    np.testing.assert_array_equal(codes, x)
    assert unit == pytest.approx(1 / 255)
    codes, unit = Encoder(3, 99.9).encode(x, model.tools, learning=True)
    np.testing.assert_array_equal(codes.ravel(), [round(v * 7 / 255) for v in range(256)])
    assert unit == pytest.approx(1 / 7)
    numbers, _ = Encoder(3, 99.9).encode(x, model.tools, learning=True, kind=np.float32)
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers, codes)


def test_the_clip_is_the_mean_percentile_of_the_first_epoch(bench):
    model = bench.model(bench.network((2, 2, 1), flat_end(), 4))
    encoder = Encoder(8, 90.0)
    rng = np.random.default_rng(4)
    batches = [rng.exponential(scale, (50, 4, 4, 6)) for scale in (1.0, 3.0, 2.0)]
    for i, x in enumerate(batches):
        codes, unit = encoder.encode(x, model.tools, learning=True)
        mean = np.mean([np.percentile(b, 90.0) for b in batches[: i + 1]])
        assert encoder.clip == pytest.approx(mean)
        want = [min(round(v / unit), 255) for v in x.ravel()]
        np.testing.assert_array_equal(codes.ravel(), want)
    encoder.observing = False
    encoder.encode(9 * batches[0], model.tools, learning=True)
    assert encoder.clip == pytest.approx(mean)


def test_a_percentile_of_a_large_map_samples_every_channel(bench):
    model = bench.model(bench.network((2, 2, 1), flat_end(), 4))
    x = np.zeros((64, 32, 32, 4))
    x[..., 2] = np.random.default_rng(5).exponential(1.0, (64, 32, 32))
    encoder = Encoder(8, 99.0)
    encoder.encode(x, model.tools, learning=True)
    assert encoder.clip == pytest.approx(np.percentile(x, 99.0), rel=0.05)


@pytest.mark.parametrize(
    "geometry", [(3, 2, 1, 1), ([2, 3], [1, 2], [2, 0, 1, 3], 1), (2, [2, 1], [0, 1], [3, 2])]
)
def test_windows_that_cover_a_pixel_are_those_that_gather_it(bench, geometry):
    keys = zip(("kernel", "stride", "padding", "dilation"), geometry, strict=True)
    conv = {"kind": "conv", "channels": 1, **dict(keys)}
    network = bench.network((7, 5, 1), [conv, {"kind": "relu"}, *flat_end()], 4)
    node = network.nodes[0]
    rows, cols = matrix.covering(node)
    for y, z in np.ndindex(7, 5):
        unit = np.zeros((1, 7, 5, 1))
        unit[0, y, z, 0] = 1.0
        covering = naive.windows(unit, *geometry[:3], dilation=geometry[3])
        assert rows[y] * cols[z] == covering.sum()


def test_a_step_takes_no_new_large_memory(bench, images):
    shape = (6, 6, 2)
    model = bench.model(bench.network(shape, NETWORKS["residual"], 4), "hybrid", dtype=np.float32)
    x, labels = images(5, shape), np.array([0, 1, 2, 3, 0])

    def step():
        model.backward(softmax_loss(model.forward(x, learning=True), labels)[1], rate=0.01)
        return {id(buffer) for buffer in model.workspace._free}, len(model.workspace._holders)

    first, held = step()
    assert held == 0, "everything taken was given back"
    assert step() == (first, 0)
    model.forward(x, learning=False)
    assert step() == (first, 0)


def test_a_kind_that_cannot_be_trained_is_refused_in_one_line(bench, monkeypatch):
    network = bench.network((4, 4, 2), [{"kind": "avg_pool", "kernel": 2}, *flat_end()], 4)
    monkeypatch.delitem(TRAINED, "avg_pool")
    said = refusal(lambda: bench.model(network))
    assert said.startswith("layer 'avg_pool1': a layer of kind avg_pool can be estimated but not ")
    assert said.endswith(f"or build the network of {', '.join(TRAINED)}")
    assert "avg_pool" not in TRAINED
