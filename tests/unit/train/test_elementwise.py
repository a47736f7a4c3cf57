"""Activations, norms, joins and dropout against plain loops, and gradients against differences."""

import math

import numpy as np
import pytest
from oracle import naive

from neurorebit.kernels import activation, noise
from neurorebit.training.layers.group_norm import ImageNorm
from neurorebit.training.layers.table import TRAINED
from neurorebit.training.parts.workers import Workers
from neurorebit.training.state import capture, restore
from neurorebit.training.trainer import softmax_loss

PLAIN = {"momentum": 0.0, "weight_decay": 0.0}
END = [
    {"kind": "relu", "name": "end"},
    {"kind": "flatten"},
    {"kind": "linear", "features": 4},
]
CONV = {"kind": "conv", "channels": 4, "kernel": 3, "padding": 1}


def density(z):
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def logistic(z):
    return 1 / (1 + math.exp(-z))


# As the papers and PyTorch's documentation have them, of one number.
ACTIVATIONS = {
    "relu6": ({}, lambda z: min(max(z, 0.0), 6.0)),
    "leaky_relu": ({"slope": 0.3}, lambda z: max(0.0, z) + 0.3 * min(0.0, z)),
    "sigmoid": ({}, logistic),
    "tanh": ({}, math.tanh),
    "gelu": ({}, lambda z: z * 0.5 * (1 + math.erf(z / math.sqrt(2)))),
    "gelu by tangent": (
        {"form": "tanh"},
        lambda z: 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    ),
    "silu": ({}, lambda z: z * logistic(z)),
    "hard_swish": ({}, lambda z: z * min(max(z + 3, 0), 6) / 6),
    "hard_sigmoid": ({}, lambda z: 0.0 if z <= -3 else 1.0 if z >= 3 else z / 6 + 0.5),
    "elu": ({"alpha": 1.7}, lambda z: max(0.0, z) + min(0.0, 1.7 * (math.exp(min(z, 0.0)) - 1))),
}


def built(bench, name, **more):
    """The layer of an activation, with errors sent back."""
    keys, function = ACTIVATIONS[name]
    kind = {"kind": name.partition(" ")[0], **keys, **more}
    model = bench.model(bench.network((3, 4, 2), [CONV, kind, *END], 4, **PLAIN))
    return model, model.steps[1].layer, np.vectorize(function)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_is_its_formula(bench, name):
    _, layer, function = built(bench, name)
    x = np.concatenate([np.linspace(-9.0, 9.0, 177), [-40.0, 40.0, 1e-9, -1e-9, 0.0, 3.0, -3.0]])
    x = x.reshape(-1, 2, 2, 2)
    want = function(x)
    out = layer.forward((x,), learning=False)
    np.testing.assert_allclose(out, want, rtol=1e-12, atol=1e-15)
    nan = np.full((1, 2, 2, 2), np.nan)
    assert np.isnan(layer.forward((nan,), learning=False)).all()
    huge = np.array([-1e30, 1e30] * 4).reshape(1, 2, 2, 2)
    assert np.isfinite(layer.forward((huge,), learning=False)).all()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gradient_of_an_activation_is_the_numerical_one(bench, name):
    """And passes nothing on from where the function is level."""
    model, layer, function = built(bench, name)
    rng = np.random.default_rng(1)
    x = rng.uniform(-8.0, 8.0, (60, 2, 2, 2)) + 1e-4  # no bend is within a difference's reach
    dy = model.workspace.take(x.shape, np.float64)
    dy[...] = rng.normal(size=x.shape)
    given = dy.copy()
    layer.forward((x,), learning=True)
    (dx,) = layer.backward(dy, 0.0)
    slope = (function(x + 1e-6) - function(x - 1e-6)) / 2e-6
    np.testing.assert_allclose(dx, given * slope, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_single_precision_follows(bench, name):
    keys, function = ACTIVATIONS[name]
    kind = {"kind": name.partition(" ")[0], **keys}
    network = bench.network((3, 4, 2), [CONV, kind, *END], 4)
    layer = bench.model(network, dtype=np.float32).steps[1].layer
    x = np.random.default_rng(2).uniform(-8.0, 8.0, (5, 2, 2, 2)).astype(np.float32)
    out = layer.forward((x,), learning=False)
    assert out.dtype == np.float32
    want = np.vectorize(function)(x.astype(np.float64))
    np.testing.assert_allclose(out, want, rtol=2e-7, atol=1e-7)


def norm_by_loops(x, gain, shift, epsilon, sets):
    """Each set of places of an image by its own mean and variance."""
    out = np.zeros(x.shape)
    for n in range(len(x)):
        for places in sets:
            values = [float(x[(n, *place)]) for place in places]
            mean = sum(values) / len(values)
            variance = sum((v - mean) ** 2 for v in values) / len(values)
            for place, v in zip(places, values, strict=True):
                normal = (v - mean) / math.sqrt(variance + epsilon)
                own = place if np.ndim(gain) == 3 else place[2]
                out[(n, *place)] = gain[own] * normal + shift[own]
    return out


def places(shape, key):
    """The places of a map in sets of one key each."""
    found = {}
    for place in np.ndindex(*shape):
        found.setdefault(key(*place), []).append(place)
    return list(found.values())


NORMS = {
    "over channels": ({"kind": "layer_norm"}, lambda y, x, c: (y, x), 6),
    "over the map": ({"kind": "layer_norm", "over": "map"}, lambda y, x, c: 0, (3, 2, 6)),
    "groups": ({"kind": "group_norm", "groups": 3}, lambda y, x, c: c // 2, 6),
    "instance": ({"kind": "group_norm", "groups": 6, "epsilon": 0.2}, lambda y, x, c: c, 6),
}


@pytest.mark.parametrize("name", NORMS)
def test_a_norm_of_images_is_that_of_plain_loops(bench, name):
    keys, key, parameters = NORMS[name]
    wide = {**CONV, "channels": 6}
    model = bench.model(bench.network((3, 2, 2), [wide, keys, *END], 4, **PLAIN))
    layer = model.steps[1].layer
    rng = np.random.default_rng(3)
    assert layer.gain.shape == np.zeros(parameters).shape
    layer.gain[...] = rng.normal(1.0, 0.5, layer.gain.shape)
    layer.shift[...] = rng.normal(0.0, 0.5, layer.gain.shape)
    x = rng.normal(1.0, 2.0, (4, 3, 2, 6))
    epsilon = keys.get("epsilon", 1e-5)
    want = norm_by_loops(x, layer.gain, layer.shift, epsilon, places((3, 2, 6), key))
    for learning in (False, True):  # no running statistics
        out = layer.forward((x,), learning=learning)
        np.testing.assert_allclose(out, want, atol=1e-12)


SQUEEZE = [
    {**CONV, "stride": 2, "name": "seen"},
    {"kind": "relu6", "name": "map"},
    {"kind": "avg_pool", "kernel": 3},
    {"kind": "conv", "channels": 2, "kernel": 1},
    {"kind": "relu"},
    {"kind": "conv", "channels": 4, "kernel": 1},
]
NETWORKS = {
    **{
        name: [CONV, {"kind": name.partition(" ")[0], **keys}, *END]
        for name, (keys, _) in ACTIVATIONS.items()
    },
    **{
        name: [{**CONV, "channels": 6}, keys, {"kind": "relu"}, CONV, *END]
        for name, (keys, _, _) in NORMS.items()
    },
    "norm first": [{"kind": "layer_norm"}, {"kind": "relu"}, CONV, *END],
    "gate first": [*SQUEEZE, {"kind": "sigmoid"}, {"kind": "multiply", "other": "map"}, *END],
    "map first": [
        *SQUEEZE,
        {"kind": "hard_sigmoid", "name": "gate"},
        {"kind": "multiply", "input": "map", "other": "gate"},
        *END,
    ],
    "three factors and a square": [
        {**CONV, "name": "a"},
        {"kind": "sigmoid", "name": "b"},
        {"kind": "avg_pool", "kernel": 6, "name": "c"},
        {"kind": "multiply", "input": "a", "others": ["b", "c", "a"]},
        *END,
    ],
    "sums": [
        {**CONV, "name": "a"},
        {"kind": "max_pool", "kernel": 6, "name": "top"},
        {"kind": "conv", "channels": 1, "kernel": 1, "input": "rectified", "name": "one"},
        {"kind": "add", "input": "top", "others": ["one", "a"]},
        *END,
    ],
    "concat": [
        CONV,
        {"kind": "relu", "name": "a"},
        {**CONV, "channels": 3},
        {"kind": "relu", "name": "b"},
        {"kind": "concat", "others": ["a", "b"]},
        CONV,
        *END,
    ],
    "rows": [CONV, {"kind": "relu", "name": "a"}, CONV,
             {"kind": "concat", "other": "a", "axis": "height"}, *END],
    "columns": [CONV, {"kind": "relu", "name": "a"}, CONV,
                {"kind": "concat", "other": "a", "axis": "width"}, *END],
    "scale": [{"kind": "scale", "factor": [2, 0.5], "shift": 0.1}, CONV,
              {"kind": "scale", "factor": -0.7, "shift": [0.1, 0.2, -0.1, 0]}, *END],
    "dropout": [CONV, {"kind": "relu"}, {"kind": "dropout", "rate": 0.4}, CONV, *END,],
}  # fmt: skip
NETWORKS["sums"].insert(1, {"kind": "relu", "name": "rectified"})
NETWORKS["sums"][2]["input"] = "a"


def parameters(model):
    found = [(m.weights.real, m.weights.velocity.copy()) for m in model.matrices]
    for step in model.steps:
        if isinstance(step.layer, ImageNorm):
            found.append((step.layer.gain, step.layer.gain_velocity.copy()))
            found.append((step.layer.shift, step.layer.shift_velocity.copy()))
    return found


def rewound(model):
    """The same step again: dropout draws what it drew before."""
    for step in model.steps:
        if hasattr(step.layer, "steps"):
            step.layer.steps = 0


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_of_a_whole_network_are_the_numerical_ones(bench, images, name):
    shape, rng = (6, 6, 2), np.random.default_rng(4)
    model = bench.model(bench.network(shape, NETWORKS[name], 4, **PLAIN))
    x, labels = images(5, shape), rng.integers(0, 4, 5)

    def loss():
        rewound(model)
        return softmax_loss(model.forward(x, learning=True), labels)[0]

    scores = model.forward(x, learning=True)
    model.backward(softmax_loss(scores, labels)[1], rate=0.0)
    assert not model.workspace._holders, "everything taken was given back"
    checked = 0
    for values, gradient in parameters(model):
        flat, size = values.reshape(-1), 1e-6
        for i in rng.choice(flat.size, min(flat.size, 10), replace=False):
            old = flat[i]
            flat[i] = old + size
            above = loss()
            flat[i] = old - size
            below = loss()
            flat[i] = old
            numerical = (above - below) / (2 * size)
            assert gradient.reshape(-1)[i] == pytest.approx(numerical, rel=2e-5, abs=2e-8)
            checked += 1
    assert checked >= 20
    assert max(np.abs(gradient).max() for _, gradient in parameters(model)) > 1e-3


def test_joined_maps_are_those_of_plain_loops(bench, images):
    model = bench.model(bench.network((6, 6, 2), NETWORKS["sums"], 4))
    rng = np.random.default_rng(5)
    top, one, a = rng.normal(size=(3, 1, 1, 4)), rng.normal(size=(3, 6, 6, 1)), None
    a = rng.normal(size=(3, 6, 6, 4))
    (layer,) = [s.layer for s in model.steps if type(s.layer).__name__ == "Add"]
    out = layer.forward((top, one, a), learning=True)
    for n, y, x, c in np.ndindex(out.shape):
        assert out[n, y, x, c] == pytest.approx(top[n, 0, 0, c] + one[n, y, x, 0] + a[n, y, x, c])
    model = bench.model(bench.network((6, 6, 2), NETWORKS["concat"], 4))
    (layer,) = [s.layer for s in model.steps if type(s.layer).__name__ == "Concat"]
    parts = [rng.normal(size=(2, 6, 6, n)) for n in (3, 4, 3)]
    whole = layer.forward(tuple(parts), learning=True)
    for n, y, x, c in np.ndindex(whole.shape):
        part, own = (0, c) if c < 3 else (1, c - 3) if c < 7 else (2, c - 7)
        assert whole[n, y, x, c] == parts[part][n, y, x, own]


def test_dropout_is_a_function_of_place_and_step(bench):
    layers = [CONV, {"kind": "relu"}, {"kind": "dropout", "rate": 0.3}, *END]
    seed = 2**33 + 7
    model = bench.model(bench.network((6, 6, 2), layers, 4), seed=seed)
    layer = model.steps[2].layer
    x = np.random.default_rng(6).uniform(1.0, 2.0, (9, 6, 6, 4))
    outs = [layer.forward((x,), learning=True).copy() for _ in range(2)]
    for step, out in enumerate(outs, start=1):
        flat, given = out.ravel(), x.ravel()
        for i in range(0, flat.size, 7):
            drops = naive.uniform(i, step, 2, noise.DROP, seed) < 0.3
            assert flat[i] == (0.0 if drops else pytest.approx(given[i] / 0.7))
        assert np.mean(flat == 0.0) == pytest.approx(0.3, abs=0.05)
    assert (outs[0] != outs[1]).any()
    dy = model.workspace.take(x.shape, np.float64)
    dy[...] = 1.0
    (dx,) = layer.backward(dy, 0.0)
    np.testing.assert_allclose(dx, outs[1] / x, rtol=1e-12)
    np.testing.assert_array_equal(layer.forward((x,), learning=False), x)


MANY = [
    {**CONV, "channels": 8},
    {"kind": "group_norm", "groups": 2},
    {"kind": "silu"},
    {"kind": "relu", "name": "map"},
    {"kind": "avg_pool", "kernel": 16},
    {"kind": "conv", "channels": 8, "kernel": 1},
    {"kind": "sigmoid"},
    {"kind": "multiply", "other": "map", "name": "weighed"},
    {"kind": "dropout", "rate": 0.2},
    {**CONV, "channels": 8},
    {"kind": "layer_norm"},
    {"kind": "gelu"},
    {"kind": "elu"},
    {"kind": "relu"},
    {"kind": "concat", "other": "weighed"},
    {"kind": "avg_pool", "kernel": 4},
    {"kind": "flatten"},
    {"kind": "linear", "features": 4},
]


def trained(model, data, steps):
    for i in steps:
        x, labels = data[i]
        model.backward(softmax_loss(model.forward(x, learning=True), labels)[1], rate=0.05)
    return model.digest()


@pytest.mark.parametrize("scheme", ["real", "hybrid"])
def test_bits_are_the_same_on_any_number_of_threads_and_resumed(bench, images, scheme):
    """Several chunks of 2^17 numbers; a state is taken after two steps and given to a new model."""
    shape, rng = (16, 16, 2), np.random.default_rng(7)
    network = bench.network(shape, MANY, 4)
    data = [(images(160, shape), rng.integers(0, 4, 160)) for _ in range(3)]

    def made(threads):
        return bench.model(network, scheme, dtype=np.float32, workers=Workers(threads))

    alone = made(1)
    digest = trained(alone, data, range(3))
    assert trained(made(3), data, range(3)) == digest
    first = made(2)
    assert trained(first, data, range(2)) != digest
    again = made(1)
    restore(again.parts, capture(first.parts))
    assert trained(again, data, [2]) == digest


def test_only_rectifiers_are_absorbed(bench):
    layers = [CONV, {"kind": "batch_norm"}, {"kind": "relu6"}, CONV, {"kind": "batch_norm"}, *END]
    model = bench.model(bench.network((4, 4, 2), layers, 4))
    names = [type(step.layer).__name__ for step in model.steps]
    assert names == ["MatrixLayer", "BatchNorm", "Activation", "MatrixLayer", "BatchNorm",
                     "Flatten", "MatrixLayer"]  # fmt: skip
    assert [step.layer.rectified for step in model.steps if hasattr(step.layer, "rectified")] == [
        False,
        True,
    ]


def test_kernels_take_the_type_of_their_numbers():
    x = np.linspace(-2, 2, 9, dtype=np.float32)
    out = np.empty_like(x)
    activation.sigmoid(x, out)
    np.testing.assert_allclose(out, [logistic(v) for v in x], rtol=1e-6)
    assert set(TRAINED) >= {"relu6", "layer_norm", "dropout", "concat"}
