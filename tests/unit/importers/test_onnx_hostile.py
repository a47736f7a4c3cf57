"""Graphs that are malformed, endless or huge: one line, and soon."""

import random

import numpy as np
import onnx
import pytest
from common import refusal
from graphs import FLOAT, Made
from onnx import TensorProto, helper, numpy_helper

import neurorebit as nr


def small():
    made = Made(1, 3, 8, 8)
    made.add("Conv", "x", made.weight(8, 3, 3, 3), made.weight(8), name="conv")
    made.add("Relu", name="act")
    made.add("GlobalAveragePool", name="pool")
    made.add("Flatten", name="flat")
    made.add("Gemm", made.last, made.weight(8, 10), name="head")
    return made


def outcome(source):
    """What is told of a network; nothing where it is read."""
    try:
        nr.network(source)
    except nr.InputError as problem:
        return str(problem)
    return ""


def test_no_onnx_file(tmp_path):
    for content in (b"", b"not an onnx file", bytes(range(256)) * 40):
        path = tmp_path / "net.onnx"
        path.write_bytes(content)
        assert "net.onnx" in refusal(lambda path=path: nr.network(path))
    assert "no such network" in refusal(lambda: nr.network(tmp_path / "gone.onnx"))


def test_bytes_that_are_changed(tmp_path):
    whole = small().model().SerializeToString()
    draw, path = random.Random(5), tmp_path / "net.onnx"
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        path.write_bytes(bytes(broken[: draw.randint(10, len(broken))]))
        assert "\n" not in outcome(path)


def test_nodes_that_are_changed():
    kinds = sorted({s.name for s in onnx.defs.get_all_schemas() if not s.domain})
    draw = random.Random(3)
    refused = 0
    for _ in range(150):
        model = small().model()
        graph = model.graph
        names = [name for node in graph.node for name in (*node.input, *node.output)]
        for _ in range(draw.randint(1, 3)):
            node = draw.choice(graph.node)
            match draw.randrange(6):
                case 0:
                    node.op_type = draw.choice(kinds)
                case 1:
                    node.input[draw.randrange(len(node.input))] = draw.choice([*names, ""])
                case 2:
                    node.attribute.append(
                        helper.make_attribute("axis", draw.choice([-9, 0, 10**9]))
                    )
                case 3:
                    held = draw.choice(graph.initializer)
                    held.dims[0] = draw.choice([0, 1, -1, 2**62])
                case 4:
                    side = draw.choice(graph.input[0].type.tensor_type.shape.dim)
                    side.dim_value = draw.choice([0, -4, 1, 10**9])
                case 5:
                    model.opset_import[0].version = draw.choice([0, 7, 13, 99])
        told = outcome(model)
        refused += bool(told)
        assert "\n" not in told
    assert 0 < refused < 150


def test_tensors_that_nobody_has():
    made = Made(1, 4)
    huge = made.add("ConstantOfShape", made.ints(1 << 20, 1 << 19, 1 << 19))
    made.add("Add", "x", huge)
    assert "ConstantOfShape" in refusal(lambda: nr.network(made.model()))


def test_numbers_that_are_large_are_not_worked_out():
    """A mask of a thousand million values costs no more than its shape."""
    made = Made(1, 1 << 15, 8)
    made.add("MatMul", "x", made.weight(8, 8))
    values = made.last
    scores = made.add("MatMul", values, made.add("Transpose", values, perm=[0, 2, 1]))
    mask = made.add("Expand", made.number([[0.0]]), made.ints(1 << 15, 1 << 15))
    made.add("Add", scores, mask)
    frame = nr.network(made.model()).layers
    assert frame["macs"].tolist()[1] == (1 << 30) * 8


def test_a_range_without_end():
    made = Made(1, 4)
    numbers = [made.ints(0), made.ints(1 << 62), made.ints(1)]
    made.held = [numpy_helper.from_array(numpy_helper.to_array(t)[0], t.name) for t in made.held]
    made.add("Range", *numbers)
    made.add("Add", "x", made.last)
    assert "(Range)" in refusal(lambda: nr.network(made.model()))


def test_a_circle():
    made = Made(1, 4)
    made.add("Add", "x", "again:0", name="first")
    made.add("Relu", name="again")
    told = refusal(lambda: nr.network(made.model()))
    assert "node 'first' (Add)" in told
    assert "circle" in told


def test_a_function_that_calls_itself():
    made = Made(1, 4)
    body = [helper.make_node("Again", ["a"], ["b"], domain="own")]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    made.functions = [helper.make_function("own", "Again", ["a"], ["b"], body, opsets)]
    made.domains = {"own": 1}
    made.add("Again", domain="own")
    assert "nested more than" in refusal(lambda: nr.network(made.model()))


def test_functions_that_double_themselves(monkeypatch):
    monkeypatch.setattr("neurorebit.inputs.importers.graphs.resolve.MOST", 2000)
    made = Made(1, 4)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    for level in range(20):
        inner = "Relu" if level == 0 else f"Level{level - 1}"
        domain = "" if level == 0 else "own"
        body = [
            helper.make_node(inner, ["a"], ["m"], domain=domain),
            helper.make_node(inner, ["m"], ["b"], domain=domain),
        ]
        made.functions.append(
            helper.make_function("own", f"Level{level}", ["a"], ["b"], body, opsets)
        )
    made.domains = {"own": 1}
    made.add("Level19", domain="own")
    assert "operators" in refusal(lambda: nr.network(made.model()))


def test_two_nodes_that_give_the_same():
    made = Made(1, 4)
    made.add("Relu", name="one")
    made.nodes.append(helper.make_node("Tanh", ["x"], [made.last], "two"))
    assert "node 'two' (Tanh)" in refusal(lambda: nr.network(made.model()))


def test_operators_that_are_too_old_or_too_new():
    made = Made(1, 4, opset=6)
    made.add("Relu")
    assert "version 6" in refusal(lambda: nr.network(made.model()))
    made.opset = 9999
    assert "newer 'onnx'" in refusal(lambda: nr.network(made.model()))


@pytest.mark.parametrize(
    ("shape", "word"), [((2, 3, 4, 5, 6, 7), "6 axes"), ((1, 3, 4, 5, 6), "5 axes")]
)
def test_inputs_of_too_many_axes(shape, word):
    made = Made(*shape)
    made.add("Relu")
    assert word in refusal(lambda: nr.network(made.model()))


def test_a_graph_of_constants():
    made = Made(1, 4)
    made.add("Relu", made.weight(3))
    assert "no output depends" in refusal(lambda: nr.network(made.model()))


def test_an_input_that_is_no_tensor():
    made = Made(1, 4)
    made.add("Relu")
    model = made.model()
    model.graph.input[0].type.CopyFrom(
        helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, [1]))
    )
    assert "no tensor" in refusal(lambda: nr.network(model))


def test_weights_that_follow_from_the_input():
    made = Made(1, 3, 8, 8)
    weight = made.add("Reshape", "x", made.ints(1, 3, 8, 8))
    made.add("Conv", "x", weight, name="odd")
    told = refusal(lambda: nr.network(made.model()))
    assert "node 'odd' (Conv)" in told
    assert "weights are constants" in told


def test_numbers_that_do_not_fill_their_shape():
    made = small()
    model = made.model()
    model.graph.initializer[0].raw_data = b"\0" * 12
    assert "holds 12 bytes" in refusal(lambda: nr.network(model))


def test_a_condition_that_is_known_in_a_run_alone():
    made = Made(1, 4)
    out = helper.make_tensor_value_info("y", FLOAT, [1, 4])
    branch = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "b", [], [out])
    total = made.add("ReduceSum", "x", keepdims=0)
    is_large = made.add("Greater", total, made.number(1.0))
    made.add("If", is_large, then_branch=branch, else_branch=branch, name="choose")
    told = refusal(lambda: nr.network(made.model()))
    assert "node 'choose' (If)" in told


def test_the_package_is_named_where_it_is_missing(monkeypatch, tmp_path):
    import importlib

    def missing(name, *rest):
        if name == "onnx":
            raise ImportError(name)
        return real(name, *rest)

    real = importlib.import_module
    monkeypatch.setattr("neurorebit.inputs.importers.graphs.graph.import_module", missing)
    path = tmp_path / "net.onnx"
    path.write_bytes(small().model().SerializeToString())
    assert "pip install 'neurorebit[onnx]'" in refusal(lambda: nr.network(path))


def test_data_beside_the_file_is_not_read_from_elsewhere(tmp_path):
    """A path out of the folder is not followed; the numbers count as unknown."""
    made = Made(1, 4)
    made.add("Reshape", "x", made.ints(2, 2))
    made.add("Relu")
    model = made.model()
    held = model.graph.initializer[0]
    held.ClearField("raw_data")
    held.data_location = TensorProto.EXTERNAL
    entry = held.external_data.add()
    entry.key, entry.value = "location", "../secret"
    (tmp_path / "secret").write_bytes(np.array([2, 2], np.int64).tobytes())
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "net.onnx"
    path.write_bytes(model.SerializeToString())
    assert "(Reshape)" in refusal(lambda: nr.network(path))


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Constant", [], [], value=numpy_helper.from_array(np.zeros(2))),
        helper.make_node("Shape", ["x"], []),
        helper.make_node("Size", ["x"], []),
    ],
    ids=lambda node: node.op_type,
)
def test_a_node_that_lacks_what_it_has_to_have(node):
    model = small().model()
    model.graph.node.insert(0, node)
    assert "is malformed" in outcome(model)
