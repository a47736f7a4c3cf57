"""Weights of channels-first tools: turned, matched by name or in order, or refused."""

import numpy as np
import pytest
from oracle import channels_first as plain

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.weights.archive import NetworkWeights, given, read
from neurorebit.weights.fitting import fit


def model(network, start):
    """In software, in float64."""
    spec = read_architecture(Document(paths.shipped("architecture", "rebit")))
    device = read_device(Document(paths.shipped("device", spec.device)))
    return Model(
        network,
        spec,
        device,
        scheme=SCHEMES["real"],
        seed=1,
        workers=Workers(1),
        dtype=np.float64,
        start=start,
    )


@pytest.fixture
def images():
    return np.random.default_rng(8).integers(0, 256, (3, 5, 6, 2), np.uint8)


def renamed(state, names):
    return {
        f"{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": array
        for name, array in state.items()
    }


NAMES = {
    "features.0": "first", "features.1": "batch_norm1", "classifier.0": "hidden",
    "classifier.1": "batch_norm2", "classifier.3": "last",
}  # fmt: skip


def test_a_state_dict_gives_the_scores_of_its_own_tool(network, state, images, scores):
    made = model(network, fit(given(state), network))
    found = made.forward(images, learning=False)
    np.testing.assert_allclose(found, scores(state, images), rtol=1e-10, atol=1e-12)


def test_modules_with_the_names_of_layers_may_stand_in_any_order(network, state, images, scores):
    mixed = dict(reversed(renamed(state, NAMES).items()))
    found = model(network, fit(given(mixed), network)).forward(images, learning=False)
    np.testing.assert_allclose(found, scores(state, images), rtol=1e-10, atol=1e-12)


def test_a_batch_norm_takes_up_the_bias_of_what_it_alone_reads(network, state, images, scores):
    rng = np.random.default_rng(4)
    bias = {"features.0": rng.normal(size=4), "classifier.0": rng.normal(size=7)}
    full = {}
    for name, array in state.items():  # in the order of a tool, bias behind weight
        full[name] = array
        module = name.removesuffix(".weight")
        if module in bias:
            full[f"{module}.bias"] = bias[module]
    found = model(network, fit(given(full), network)).forward(images, learning=False)
    np.testing.assert_allclose(found, scores(state, images, bias), rtol=1e-10, atol=1e-12)


def test_norms_that_the_tool_folded_pass_on_what_they_get(network, state, images, scores):
    """The same network with its batch norms folded into weights and biases by hand."""
    folded = {}
    for module, norm in (("features.0", "features.1"), ("classifier.0", "classifier.1")):
        scale = state[f"{norm}.weight"] / np.sqrt(state[f"{norm}.running_var"] + 1e-5)
        weight = state[f"{module}.weight"]
        folded[f"{module}.weight"] = weight * scale.reshape(-1, *[1] * (weight.ndim - 1))
        mean = state[f"{norm}.running_mean"]
        folded[f"{module}.bias"] = state[f"{norm}.bias"] - mean * scale
    folded["classifier.3.weight"] = state["classifier.3.weight"]
    start = fit(given(folded), network)
    assert start.notes == (
        "2 batch norms were folded into the weights before them; those of the network pass on "
        "what they get",
    )
    found = model(network, start).forward(images, learning=False)
    np.testing.assert_allclose(found, scores(state, images), rtol=1e-6, atol=1e-7)


def without(state, *names):
    return {name: array for name, array in state.items() if name not in names}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda s: {**s, "features.0.weight": np.zeros((4, 1, 5, 5))},
            "features.0.weight: expected 4 x 1 x 3 x 3, found 4 x 1 x 5 x 5 (layer 'first')",
        ),
        (
            lambda s: {**s, "classifier.0.weight": np.zeros((24, 7))},
            "classifier.0.weight: expected 7 x 24, found 24 x 7 (layer 'hidden')",
        ),
        (
            lambda s: without(s, "classifier.3.weight"),
            "nothing is left for 'last' (linear)",
        ),
        (
            lambda s: {**s, "more.weight": np.zeros((3, 3))},
            "more: the network has no layer for it",
        ),
        (
            lambda s: {**s, "classifier.3.bias": np.ones(3)},
            "last.bias: expected nothing, found 3; the layer has no bias, and no batch norm",
        ),
        (
            lambda s: {**s, "features.0.weight": s["features.0.weight"] * np.nan},
            "first.weight holds numbers that are not finite",
        ),
        (
            lambda s: {**s, "features.1.running_var": -s["features.1.running_var"]},
            "batch_norm1.variance holds numbers below zero",
        ),
        (
            lambda s: dict(reversed(s.items())),
            "classifier.3 (weight 3 x 7) stands where layer 'first' (conv, weight 4 x 1 x 3 x 3)",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_both_shapes(network, state, change, told):
    with pytest.raises(InputError) as problem:
        fit(given(change(state)), network)
    said = str(problem.value)
    assert told in said
    assert said.startswith("weights_from: does not fit network 'small': ")
    assert len(said.splitlines()) == 1


def test_a_bias_of_zeros_is_no_bias(network, state):
    full = {**state, "classifier.3.bias": np.zeros(3)}
    assert fit(given(full), network).matrices["last"].weight.shape == (1, 7, 3)


def test_several_mismatches_are_told_at_once(network, state):
    shapes = {"features.0.weight": (4, 1, 5, 5), "classifier.3.weight": (2, 7)}
    wrong = state | {name: np.zeros(shape) for name, shape in shapes.items()}
    with pytest.raises(InputError) as problem:
        fit(given(wrong), network)
    assert "features.0.weight: expected" in str(problem.value)
    assert "classifier.3.weight: expected 3 x 7, found 2 x 7" in str(problem.value)


def test_words_in_a_state_dict_are_refused(network):
    with pytest.raises(InputError, match=r"a\.weight: holds <U1, not numbers"):
        given({"a.weight": np.array(["x"])})


BIASED = """\
source: a test
name: biased
input: {channels: 2, height: 5, width: 6}
classes: 3
layers:
  - {kind: conv, channels: 4, kernel: [2, 3], bias: true}
  - {kind: relu}
  - {kind: linear, features: 3, bias: true}
activity: {source: a test, input_density: 0.2}
"""


def test_biases_and_a_linear_layer_of_a_map_are_taken_over(tmp_path, images):
    (tmp_path / "biased.yaml").write_text(BIASED)
    network = read_network(Document(tmp_path / "biased.yaml"))
    rng = np.random.default_rng(5)
    state = {
        "conv.weight": rng.normal(size=(4, 2, 2, 3)),
        "conv.bias": rng.normal(size=4),
        "fc.weight": rng.normal(size=(3, 4 * 4 * 4)),
        "fc.bias": rng.normal(size=3),
    }
    made = model(network, fit(given(state), network))
    wanted = []
    for image in images:
        x = plain.convolution(
            image.transpose(2, 0, 1) / 255.0, state["conv.weight"], state["conv.bias"]
        )
        wanted.append(
            plain.linear(np.maximum(x, 0.0).ravel(), state["fc.weight"], state["fc.bias"])
        )
    np.testing.assert_allclose(made.forward(images, learning=False), wanted, rtol=1e-10, atol=1e-12)
    assert set(made.kept()) == {"conv1.weight", "conv1.bias", "linear1.weight", "linear1.bias"}


NORMED = """\
source: a test
name: normed
input: {channels: 2, height: 5, width: 6}
classes: 3
layers:
  - {kind: conv, channels: 4, kernel: [3, 2], bias: true}
  - {kind: layer_norm, over: map}
  - {kind: relu}
  - {kind: linear, features: 3}
activity: {source: a test, input_density: 0.2}
"""


def test_norms_of_a_map_are_turned_and_kept(tmp_path, images):
    (tmp_path / "normed.yaml").write_text(NORMED)
    network = read_network(Document(tmp_path / "normed.yaml"))
    rng = np.random.default_rng(6)
    shape = 4, 3, 5
    state = {
        "conv.weight": rng.normal(size=(4, 2, 3, 2)), "conv.bias": rng.normal(size=4),
        "norm.weight": rng.uniform(0.5, 1.5, shape), "norm.bias": rng.normal(size=shape),
        "fc.weight": rng.normal(size=(3, 60)),
    }  # fmt: skip
    made = model(network, fit(given(state), network))
    wanted = []
    for image in images:
        x = image.transpose(2, 0, 1) / 255.0
        x = plain.convolution(x, state["conv.weight"], state["conv.bias"])
        x = (x - x.mean()) / np.sqrt(x.var() + 1e-5) * state["norm.weight"] + state["norm.bias"]
        wanted.append(plain.linear(np.maximum(x, 0.0).ravel(), state["fc.weight"]))
    found = made.forward(images, learning=False)
    np.testing.assert_allclose(found, wanted, rtol=1e-8, atol=1e-9)
    path = NetworkWeights(made.kept(), {"schema": 1}).save(tmp_path / "w.npz")
    again = model(network, fit(read(path), network))
    np.testing.assert_array_equal(again.forward(images, learning=False), found)


PARALLEL = """\
source: a test
name: parallel
input: {channels: 2, height: 5, width: 6}
classes: 3
layers:
  - {kind: conv, channels: 3, kernel: 3, bias: true, name: NAME_OF_LEFT}
  - {kind: relu, name: one}
  - {kind: conv, channels: 3, kernel: 3, bias: true, name: NAME_OF_RIGHT, input: input}
  - {kind: tanh}
  - {kind: add, other: one}
  - {kind: linear, features: 3, name: LAST}
activity: {source: a test, input_density: 0.2}
"""


def parallel(tmp_path, left, right, last):
    """A network of two branches of equal layers, and a state dict that has the right one first."""
    text = PARALLEL.replace("NAME_OF_LEFT", left).replace("NAME_OF_RIGHT", right)
    (tmp_path / "parallel.yaml").write_text(text.replace("LAST", last))
    rng = np.random.default_rng(6)
    modules = {"right": (3, 2, 3, 3), "left": (3, 2, 3, 3), "last": (3, 36)}
    state = {f"{name}.weight": rng.normal(size=shape) for name, shape in modules.items()}
    return read_network(Document(tmp_path / "parallel.yaml")), state


@pytest.mark.parametrize(
    ("names", "modules"),
    [
        (("left", "right", "last"), ("left", "right", "last")),
        (("/left/Conv", "/right/Conv", "/last/Gemm"), ("left", "right", "last")),
        (
            ("/stem/stem.0/conv/Conv", "/stem/stem.1/conv/Conv", "/last/Gemm"),
            ("stem.0.conv", "stem.1.conv", "last"),
        ),
    ],
)
def test_equal_layers_get_the_modules_that_their_names_say(tmp_path, names, modules):
    network, state = parallel(tmp_path, *names)
    theirs = dict(zip(("left", "right", "last"), modules, strict=True))
    renamed = {f"{theirs[name[:-7]]}.weight": array for name, array in state.items()}
    start = fit(given(renamed), network)
    for branch, layer in zip(("left", "right"), names, strict=False):
        wanted = state[f"{branch}.weight"].transpose(2, 3, 1, 0).reshape(1, 18, 3)
        np.testing.assert_array_equal(start.matrices[layer].weight, wanted)
    assert start.notes == ()


def test_a_note_says_where_the_order_alone_tells_equal_layers_apart(tmp_path):
    network, state = parallel(tmp_path, "a", "b", "c")
    assert fit(given(state), network).notes == (
        "weights were given to layers in the order of the file, as names differ; layers of equal "
        "size, which nothing else tells apart: 'a' has right, 'b' has left",
    )
