"""Weights of ONNX graphs, made in the test: their nodes become groups of a state dict."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is an extra")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402  # where it is installed

from neurorebit.schema import InputError  # noqa: E402
from neurorebit.weights.archive import given, read  # noqa: E402
from neurorebit.weights.fitting import fit  # noqa: E402


def saved(path, nodes, constants):
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2, 5, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in constants.items()],
    )
    onnx.save(helper.make_model(graph), path)
    return path


def graph(state, turned, epsilon=1e-5):
    """The nodes of the network of ``conftest.py``; ``turned``: linear weights as [in, out]."""
    node = helper.make_node
    norm = ("weight", "bias", "running_mean", "running_var")
    last = node("MatMul", ["f", "last"], ["y"], name="last")
    nodes = [
        node("Conv", ["x", "features.0.weight"], ["a"], pads=[1, 1, 1, 1], group=2),
        node("BatchNormalization", ["a", *(f"features.1.{n}" for n in norm)], ["b"],
             epsilon=epsilon),
        node("Relu", ["b"], ["c"]),
        node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
        node("Flatten", ["d"], ["e"]),
        node("Gemm", ["e", "classifier.0.weight"], ["g"], transB=0 if turned else 1),
        node("BatchNormalization", ["g", *(f"classifier.1.{n}" for n in norm)], ["h"]),
        node("Relu", ["h"], ["f"]),
        last,
    ]  # fmt: skip
    constants = {k: v for k, v in state.items() if not k.endswith("tracked")}
    constants["last"] = constants.pop("classifier.3.weight").T
    if turned:
        constants["classifier.0.weight"] = constants["classifier.0.weight"].T
    return nodes, constants


@pytest.mark.parametrize("turned", [False, True])
def test_a_graph_gives_what_its_state_dict_gives(network, state, tmp_path, turned):
    start = fit(read(saved(tmp_path / "m.onnx", *graph(state, turned))), network)
    wanted = fit(given(state), network)
    for name in ("first", "hidden", "last"):
        np.testing.assert_array_equal(start.matrices[name].weight, wanted.matrices[name].weight)
    for layer, arrays in wanted.others.items():
        for name, array in arrays.items():
            np.testing.assert_allclose(start.others[layer][name], array, rtol=1e-7)


def test_another_epsilon_is_taken_up_by_the_variance(network, state, tmp_path):
    start = fit(read(saved(tmp_path / "m.onnx", *graph(state, False, epsilon=1e-3))), network)
    wanted = state["features.1.running_var"] + (1e-3 - 1e-5)
    np.testing.assert_allclose(start.others["batch_norm1"]["variance"], wanted, rtol=1e-6)


def test_a_sum_behind_a_product_is_its_bias(network, state, tmp_path):
    nodes, constants = graph(state, False)
    nodes[-1] = helper.make_node("MatMul", ["f", "last"], ["z"])
    nodes.append(helper.make_node("Add", ["z", "shift"], ["y"]))
    path = saved(tmp_path / "m.onnx", nodes, {**constants, "shift": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match=r"last.bias: expected nothing, found 3; the layer has no"):
        fit(read(path), network)


def test_a_file_that_is_no_graph_is_refused(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x99 nothing of the kind")
    with pytest.raises(InputError, match=r"m.onnx: not an ONNX graph that can be read"):
        read(path)


def test_a_node_without_its_result_is_refused(network, state, tmp_path):
    nodes, constants = graph(state, False)
    nodes[-1] = helper.make_node("MatMul", ["f", "last"], [])
    path = saved(tmp_path / "m.onnx", nodes, constants)
    with pytest.raises(InputError, match=r"m.onnx: not an ONNX graph that can be read"):
        read(path)
