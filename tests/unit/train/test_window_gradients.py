"""Layers of windows as they train: against plain loops, and against numerical differentiation."""

import gradients
import numpy as np
import pytest
from common import refusal
from oracle import naive

from neurorebit.training.trainer import softmax_loss
from neurorebit.weights.layouts import LAYOUTS

PLAIN = {"momentum": 0.0, "weight_decay": 0.0}
END = [{"kind": "relu"}, {"kind": "linear", "features": 4, "bias": True}]


def conv(channels, kernel, **keys):
    return {"kind": "conv", "channels": channels, "kernel": kernel, **keys}


NETWORKS = {  # shape of the images, layers
    "not square, four paddings": (
        (5, 8, 2),
        [conv(4, [3, 2], stride=[1, 2], padding=[2, 0, 1, 3], bias=True)],
    ),
    "dilation 2 with stride 2": ((9, 8, 2), [conv(4, 3, stride=2, dilation=2, padding=1)]),
    "one dimension": (
        (1, 15, 2),
        [{"kind": "conv1d", "channels": 4, "kernel": 4, "stride": 2, "padding": [3, 1],
          "dilation": 2, "bias": True}],
    ),
    "groups 2": ((6, 5, 4), [conv(6, [2, 3], groups=2, padding=[0, 1, 1, 0], bias=True)]),
    "depthwise with two outputs a channel": (
        (6, 6, 3),
        [conv(6, 3, groups="depthwise", padding=1, bias=True)],
    ),
    "largest in padding": (
        (7, 6, 2),
        [conv(4, 3), {"kind": "max_pool", "kernel": [3, 2], "stride": [2, 1], "padding": [1, 0]}],
    ),
    "ceil with a window that starts in the padding": (
        (6, 7, 2),
        [conv(4, 1), {"kind": "avg_pool", "kernel": 3, "stride": 2, "padding": [1, 0, 0, 1],
                      "ceil": True}],
    ),
    "mean without its padding": (
        (6, 6, 2),
        [conv(4, 1), {"kind": "avg_pool", "kernel": 3, "padding": 1, "count_padding": False}],
    ),
    "the whole map": ((5, 6, 2), [conv(5, 2), {"kind": "avg_pool"}]),
    "largest of the whole map": ((5, 6, 2), [conv(5, 2), {"kind": "max_pool"}]),
    "transposed": (
        (3, 4, 2),
        [{"kind": "conv_transpose", "channels": 3, "kernel": 3, "stride": 2, "padding": 1,
          "output_padding": 1, "bias": True}],
    ),
    "transposed, not square": (
        (3, 4, 4),
        [{"kind": "conv_transpose", "channels": 6, "kernel": [2, 3], "stride": [3, 1],
          "padding": [1, 0, 2, 1], "output_padding": [2, 0], "dilation": [1, 2], "groups": 2}],
    ),
    "nearest pixels": ((3, 4, 2), [{"kind": "upsample", "scale": [2, 3]}]),
    "between pixels": ((3, 4, 2), [{"kind": "upsample", "scale": [3, 2], "mode": "bilinear"}]),
    "linear of each position": (
        (3, 4, 2),
        [{"kind": "linear", "features": 5, "per": "position", "bias": True}],
    ),
}  # fmt: skip


def layers_of(name):
    """A layer on the images, one that sends errors through it, and an end."""
    shape, layers = NETWORKS[name]
    first = conv(shape[2], [1, 3], padding=[0, 1], bias=True)
    return shape, [first, {"kind": "relu"}, *layers, *END]


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_the_numerical_ones(bench, images, name):
    shape, layers = layers_of(name)
    model = bench.model(bench.network(shape, layers, 4, **PLAIN))
    rng = np.random.default_rng(2)
    for layer in model.matrices:
        if layer.bias is not None:
            layer.bias[:] = rng.normal(0, 0.1, layer.bias.size)
    assert gradients.check(model, images(5, shape), rng.integers(0, 4, 5)) >= 20


def learned(bench, shape, layer, x, dy):
    """What a layer gives, what it sends back and the gradient of its weights, and the layer."""
    network = bench.network(shape, [layer, *END], 4, **PLAIN)
    model = bench.model(network)
    one = model.matrices[0]
    one.sends_back = True
    one.bias[:] = np.linspace(-1, 1, one.bias.size)
    out = one.forward((x,), learning=True).copy()
    errors = model.workspace.take(out.shape, np.float64)
    errors[...] = dy(out.shape)
    (dx,) = one.backward(errors, rate=0.0)
    return out, dx, one


BIASED = {
    "map": ((5, 4, 3), {"kind": "linear", "features": 6, "bias": True}),
    "position": ((5, 4, 3), {"kind": "linear", "features": 6, "per": "position", "bias": True}),
    "conv": ((5, 4, 3), conv(6, [2, 3], padding=[1, 0, 0, 2], bias=True)),
    "depthwise": ((5, 4, 3), conv(6, 3, padding=1, groups="depthwise", bias=True)),
}


@pytest.mark.parametrize("name", BIASED)
def test_a_bias_is_added_to_its_channel_and_learns_the_sum_of_errors(bench, name):
    shape, layer = BIASED[name]
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, *shape))
    dy = []

    def errors(size):
        dy.append(rng.normal(size=size))
        return dy[0]

    out, dx, one = learned(bench, shape, layer, x, errors)
    real, bias = one.weights.real, np.linspace(-1, 1, 6)
    if name == "map":
        geometry = (shape[:2], 1, 0, 1)  # one window is the whole map
    elif name == "position":
        geometry = (1, 1, 0, 1)
    else:
        padding = layer["padding"]
        geometry = (layer["kernel"], 1, padding, shape[2] if name == "depthwise" else 1)
    np.testing.assert_allclose(out, naive.convolution(x, real, *geometry) + bias, atol=1e-12)
    want_x, want_w = naive.convolution_back(dy[0], x, real, *geometry)
    np.testing.assert_allclose(dx, want_x, atol=1e-12)
    np.testing.assert_allclose(one.weights.velocity, want_w, atol=1e-12)
    sums = [sum(float(dy[0][(*at, n)]) for at in np.ndindex(*dy[0].shape[:3])) for n in range(6)]
    np.testing.assert_allclose(one.bias_velocity, sums, atol=1e-12)


TRANSPOSED = [  # shape, channels, kernel, stride, padding, groups, dilation, output_padding
    ((3, 4, 2), 3, 2, 2, 0, 1, 1, 0),
    ((3, 4, 2), 3, 3, 2, 1, 1, 1, 1),
    ((4, 3, 4), 6, [2, 3], [3, 1], [1, 0, 2, 1], 2, [1, 2], [2, 0]),
    ((5, 2, 3), 6, 3, 1, 1, 3, 1, 0),
    ((1, 6, 2), 2, [1, 4], [1, 2], [0, 1], 1, 1, 0),
]


@pytest.mark.parametrize("case", TRANSPOSED)
def test_a_transposed_convolution_is_that_of_plain_loops(bench, case):
    """Backward, a pixel's error is what the output changes by with the pixel, times the errors."""
    shape, channels, kernel, stride, padding, groups, apart, more = case
    layer = {
        "kind": "conv_transpose", "channels": channels, "kernel": kernel, "stride": stride,
        "padding": padding, "groups": groups, "dilation": apart, "output_padding": more,
        "bias": True,
    }  # fmt: skip
    rng, dy = np.random.default_rng(4), []
    x = rng.normal(size=(2, *shape))

    def errors(size):
        dy.append(rng.normal(size=size))
        return dy[0]

    out, dx, one = learned(bench, shape, layer, x, errors)

    def plain(x, weights):
        geometry = kernel, stride, padding, groups
        return naive.transposed(x, weights, *geometry, dilation=apart, more=more)

    real = one.weights.real
    np.testing.assert_allclose(out, plain(x, real) + one.bias, atol=1e-12)
    for found, values, of in (
        (dx, x, lambda unit: plain(unit, real)),
        (one.weights.velocity, real, lambda unit: plain(x, unit)),
    ):
        for at in rng.choice(values.size, 12, replace=False):
            unit = np.zeros(values.size)
            unit[at] = 1.0
            want = float(np.sum(of(unit.reshape(values.shape)) * dy[0]))
            assert found.ravel()[at] == pytest.approx(want, rel=1e-9, abs=1e-12)


def test_weights_of_a_transposed_convolution_are_turned_from_a_state_dict(bench):
    """(in, out / groups, height, width): w[c, n, a, b] is of channel c and its group's output n."""
    layer = {"kind": "conv_transpose", "channels": 6, "kernel": [2, 3], "groups": 2}
    node = bench.network((3, 4, 4), [layer, *END], 4, **PLAIN).nodes[0]
    layout, w = LAYOUTS["conv_transpose"], np.random.default_rng(7).normal(size=(4, 3, 2, 3))
    assert layout.their_shape(node, "weight") == w.shape
    found = layout.turned(node, "weight", w, None)
    assert found.shape == layout.shape(node, "weight") == (2, 2, 18)
    for c, n, a, b in np.ndindex(*w.shape):
        assert found[c // 2, c % 2, (a * 3 + b) * 3 + n] == w[c, n, a, b]
    assert layout.shape(node, "bias") == layout.their_shape(node, "bias") == (6,)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("scale", [2, [3, 1], [1, 4]])
def test_upsampling_is_that_of_plain_loops(bench, scale, mode):
    shape = (3, 4, 2)
    layers = [{"kind": "upsample", "scale": scale, "mode": mode}, *END]
    network = bench.network(shape, layers, 4, **PLAIN)
    model = bench.model(network)
    layer = model.steps[0].layer
    x = np.random.default_rng(5).normal(size=(2, *shape))
    out = layer.forward((x,), learning=True)
    np.testing.assert_allclose(out, naive.upsampled(x, scale, mode), atol=1e-14)
    dy = model.workspace.take(out.shape, np.float64)
    dy[...] = np.random.default_rng(6).normal(size=out.shape)
    errors = dy.copy()
    (dx,) = layer.backward(dy, 0.0)
    for at in np.ndindex(*shape):
        unit = np.zeros((1, *shape))
        unit[(0, *at)] = 1.0
        want = np.sum(naive.upsampled(unit, scale, mode) * errors, axis=(1, 2, 3))
        np.testing.assert_allclose(dx[(slice(None), *at)], want, atol=1e-13)


def test_a_linear_layer_takes_a_map_as_a_flattened_one(bench, images):
    """To the bit, in arrays as well."""
    linear, shape = {"kind": "linear", "features": 4}, (4, 3, 2)
    front = [conv(5, 3), {"kind": "relu"}]
    x, labels = images(6, shape), np.array([0, 1, 2, 3, 0, 1])
    found = []
    for layers in ([*front, linear], [*front, {"kind": "flatten"}, linear]):
        model = bench.model(bench.network(shape, layers, 4), "hybrid", dtype=np.float32)
        for _ in range(3):
            scores = model.forward(x, learning=True)
            model.backward(softmax_loss(scores, labels)[1], rate=0.05)
        found.append((scores, model.digest()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


def test_a_bias_is_part_of_what_was_learned_and_has_no_decay(bench, images):
    shape, layers = (3, 3, 1), [{"kind": "linear", "features": 4, "bias": True}]
    network = bench.network(shape, layers, 4, momentum=0.5, weight_decay=0.1)
    model = bench.model(network)
    (one,) = model.matrices
    before = model.digest()
    one.bias[:] = [1.0, 2.0, 3.0, 4.0]
    assert model.digest() != before
    one.bias_velocity[:] = [0.2, 0.0, -0.2, 0.4]
    dy = np.array([[0.5, -1.0, 0.0, 0.25], [0.25, 1.0, 0.5, 0.0]])
    model.forward(images(2, shape), learning=True)
    model.backward(dy, rate=0.1)
    velocity = 0.5 * np.array([0.2, 0.0, -0.2, 0.4]) + dy.sum(axis=0)
    np.testing.assert_allclose(one.bias_velocity, velocity, rtol=1e-12)
    np.testing.assert_allclose(one.bias, [1.0, 2.0, 3.0, 4.0] - 0.1 * velocity, rtol=1e-12)


def test_signals_have_a_height_of_one(bench):
    layer = {"kind": "conv1d", "channels": 2, "kernel": 3}
    said = refusal(lambda: bench.network((2, 9, 1), [layer, *END], 4))
    assert "takes signals of height 1; take 'kind: conv'" in said
