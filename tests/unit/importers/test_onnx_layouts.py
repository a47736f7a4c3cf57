"""Where values lie: layers that move values are carried out, and give what the graph gives."""

import numpy as np
import pytest
from graphs import Made
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from neurorebit.inputs.importers.graphs.graph import graph_of
from neurorebit.inputs.importers.onnx_file import import_graph


def carried_out(layers, sides, memory):
    """The values of each layer's map in the order of memory (rows, columns, channels).

    By the text of ``docs/guide/import.md`` on what each kind does, with NumPy.
    """
    maps = {"input": memory.reshape(sides)}
    last = "input"
    for layer in layers:
        x = maps[layer.get("input", last)]
        h, w, c = x.shape
        match layer["kind"]:
            case "flatten":
                y = x.reshape(1, 1, -1)
            case "reshape":
                y = x.reshape(layer["height"], layer["width"], layer["channels"])
            case "permute":
                y = x.reshape(layer["view"]).transpose(layer["order"])
                y = y.reshape(layer["height"], layer["width"], layer["channels"])
            case "shuffle":
                g = layer["groups"]
                y = x.reshape(h, w, g, c // g).swapaxes(2, 3).reshape(h, w, c)
            case "slice":
                axis = ("height", "width", "channels").index(layer["axis"])
                which = range(layer.get("start", 0), layer["stop"], layer.get("step", 1))
                y = np.take(x, list(which), axis)
            case "pad":
                top, bottom, left, right = layer.get("padding", [0, 0, 0, 0])
                front = layer.get("channels", [0, 0])
                y = np.pad(x, ((top, bottom), (left, right), front))
            case "expand":
                y = np.tile(x.reshape(-1), layer.get("outer", 1)).repeat(layer.get("inner", 1))
                y = y.reshape(layer["height"], layer["width"], layer["channels"])
            case "concat":
                axis = ("height", "width", "channels").index(layer.get("axis", "channels"))
                others = layer.get("others") or [layer["other"]]
                y = np.concatenate([x, *(maps[o] for o in others)], axis)
            case "add" | "multiply":
                other = maps[layer["other"]]
                y = x + other if layer["kind"] == "add" else x * other
            case "relu":
                y = np.maximum(x, 0)
            case "function":
                assert layer["of"] in ("square", "negate")
                y = x * x if layer["of"] == "square" else -x
            case "scale":
                y = x * layer.get("factor", [1.0])[0] + layer.get("shift", [0.0])[0]
            case "combine":
                assert layer["of"] == "subtract"
                y = x - maps[layer["other"]]
            case "reduce":
                axes = {"channels": (2,), "positions": (0, 1), "map": (0, 1, 2)}[layer["over"]]
                y = {"mean": np.mean, "sum": np.sum, "max": np.max}[layer["of"]](
                    x, axis=axes, keepdims=True
                )
            case "avg_pool":
                assert "kernel" not in layer
                y = x.mean(axis=(0, 1), keepdims=True)
            case "max_pool":
                assert "kernel" not in layer
                y = x.max(axis=(0, 1), keepdims=True)
            case "layer_norm":
                axes = (0, 1, 2) if layer.get("over") == "map" else (2,)
                y = x - x.mean(axis=axes, keepdims=True)
                y = y / np.sqrt((y * y).mean(axis=axes, keepdims=True) + 1e-5)
            case "softmax":
                g = layer.get("groups", 1)
                y = np.exp(x.reshape(h, w, g, c // g))
                y = (y / y.sum(axis=-1, keepdims=True)).reshape(h, w, c)
            case "matmul":
                g, other = layer.get("groups", 1), maps[layer["other"]]
                a = x.reshape(h * w, g, c // g)
                b = other.reshape(-1, g, other.shape[2] // g)
                form = "mgk,ngk->mgn" if layer.get("transpose") else "mgk,kgn->mgn"
                y = np.einsum(form, a, b).reshape(h, w, -1)
            case kind:
                raise AssertionError(kind)
        maps[layer["name"]], last = y, layer["name"]
    return maps


def check(made):
    """Hold what layers give against what the graph gives, by ONNX's own evaluator."""
    model = made.model()
    imported = import_graph(graph_of(model, "made"))
    shape = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    (expected,) = ReferenceEvaluator(model).run(None, {"x": x})
    size = imported.tree["input"]
    sides = size["height"], size["width"], size["channels"]
    if len(shape) == 4:  # channels first, unless the input was found to have them last
        last = sides == tuple(shape[1:]) and shape[1:] != [sides[2], *sides[:2]]
        memory = x[0] if last else x[0].transpose(1, 2, 0)
    elif len(shape) == 3:
        memory = x[0] if shape[2] == size["channels"] else x[0].T
    else:
        memory = x
    maps = carried_out(imported.tree["layers"], sides, np.ascontiguousarray(memory, np.float64))
    (result,) = imported.results.values()
    flat = maps[result.layer].reshape([f.size for f in result.memory])
    places = {factor: i for i, factor in enumerate(result.memory)}
    order = [places[factor] for axis in result.axes for factor in axis]
    np.testing.assert_allclose(
        flat.transpose(order).reshape(expected.shape), expected, rtol=1e-3, atol=1e-4
    )


KINDS = (
    "transpose", "reshape", "slice", "concat", "pad", "add", "multiply", "reduce", "expand",
    "space", "softmax", "gather", "split", "relu", "norm", "matmul", "subtract", "stack",
)  # fmt: skip


def factors(size):
    return [n for n in range(1, size + 1) if size % n == 0]


def grow(made, shape, kind, draw):
    """Add a node of a kind to a graph whose last tensor has this shape; its shape then."""
    rank, last = len(shape), made.last
    axis = draw(st.integers(0, rank - 1))
    size = shape[axis]
    match kind:
        case "transpose":
            order = [0, *draw(st.permutations(range(1, rank)))]
            made.add("Transpose", perm=order)
            return [shape[i] for i in order]
        case "reshape":
            total = int(np.prod(shape))
            new = [1]
            for _ in range(draw(st.integers(0, 2))):
                new.append(draw(st.sampled_from(factors(total // int(np.prod(new))))))
            new.append(total // int(np.prod(new)))
            made.add("Reshape", last, made.ints(*new))
            return new
        case "slice" if size > 1:
            start = draw(st.integers(0, size - 1))
            stop = draw(st.integers(start + 1, size))
            step = draw(st.integers(1, 2))
            numbers = [made.ints(n) for n in (start, stop, axis, step)]
            made.add("Slice", last, *numbers)
            return [*shape[:axis], -((start - stop) // step), *shape[axis + 1 :]]
        case "concat" if axis and np.prod(shape) < 300:
            other = made.add("Relu", last)
            made.add("Concat", other, last, axis=axis)
            return [*shape[:axis], 2 * size, *shape[axis + 1 :]]
        case "pad" if axis:
            pads = [0] * (2 * rank)
            pads[axis], pads[rank + axis] = draw(st.integers(0, 2)), draw(st.integers(0, 2))
            made.add("Pad", last, made.ints(*pads))
            grown = size + pads[axis] + pads[rank + axis]
            return [*shape[:axis], grown, *shape[axis + 1 :]]
        case "add" | "multiply" | "subtract":
            word = {"add": "Add", "multiply": "Mul", "subtract": "Sub"}[kind]
            other = last
            if axis and draw(st.booleans()):
                other = made.add("ReduceMean", last, axes=[axis], keepdims=1)
            other = made.add("Relu", other)
            made.add(word, *draw(st.permutations([last, other])))
            return shape
        case "reduce" if axis:
            keep = draw(st.integers(0, 1))
            word = draw(st.sampled_from(["ReduceMean", "ReduceMax"]))
            made.add(word, last, axes=[axis], keepdims=keep)
            return [*shape[:axis], *[1] * keep, *shape[axis + 1 :]]
        case "expand" if axis and size == 1:
            new = [*shape[:axis], 3, *shape[axis + 1 :]]
            made.add("Expand", last, made.ints(*new))
            return new
        case "space" if rank == 4 and shape[1] % 4 == 0:
            mode = draw(st.sampled_from(["DCR", "CRD"]))
            made.add("DepthToSpace", last, blocksize=2, mode=mode)
            return [1, shape[1] // 4, 2 * shape[2], 2 * shape[3]]
        case "softmax" if axis:
            made.add("Softmax", last, axis=axis)
            return shape
        case "gather" if axis:
            place = draw(st.integers(0, size - 1))
            made.held.append(made_number(made, place))
            made.add("Gather", last, made.held[-1].name, axis=axis)
            return [*shape[:axis], *shape[axis + 1 :]]
        case "split" if axis and size > 1:
            parts = made.ints(1, size - 1)
            one, two = made.add("Split", last, parts, outputs=2, axis=axis)
            made.last = draw(st.sampled_from([one, two]))
            kept = 1 if made.last == one else size - 1
            return [*shape[:axis], kept, *shape[axis + 1 :]]
        case "stack" if axis and np.prod(shape) < 300:
            wide = made.add("Unsqueeze", last, made.ints(axis))
            made.add("Concat", wide, made.add("Relu", wide), axis=axis)
            return [*shape[:axis], 2, *shape[axis:]]
        case "relu":
            made.add("Relu")
        case "norm" if shape[-1] > 1:
            made.add("LayerNormalization", last, made.weight(shape[-1], fill=1.0), axis=-1)
        case "matmul" if rank > 2 and np.prod(shape) < 300:
            order = [*range(rank - 2), rank - 1, rank - 2]
            turned = made.add("Transpose", last, perm=order)
            made.add("MatMul", last, turned)
            return [*shape[:-1], shape[-2]]
    return shape


def made_number(made, value):
    from onnx import numpy_helper

    return numpy_helper.from_array(np.array(value, np.int64), f"n{len(made.held)}")


@settings(max_examples=120, deadline=None, derandomize=True)
@given(st.data())
def test_values_are_where_the_layers_say(data):
    shape = data.draw(st.sampled_from([(1, 4, 2, 3), (1, 6, 4), (1, 12), (1, 5, 2, 3)]))
    made = Made(*shape)
    now = list(shape)
    for _ in range(data.draw(st.integers(2, 6))):
        now = grow(made, now, data.draw(st.sampled_from(KINDS)), data.draw)
    made.add("Relu")
    check(made)


@pytest.mark.parametrize("heads", [1, 2, 3])
def test_attention_moves_nothing(heads):
    """Heads split and join channels, so that nothing is brought into another order."""
    made = Made(1, 5, 6)
    made.add("Mul", "x", made.number(0.5))
    tokens = made.last
    each = 6 // heads
    split = [made.ints(1, 5, heads, each) for _ in range(3)]
    q, k, v = (made.add("Reshape", tokens, s) for s in split)
    q = made.add("Transpose", q, perm=[0, 2, 1, 3])
    k = made.add("Transpose", k, perm=[0, 2, 3, 1])
    v = made.add("Transpose", v, perm=[0, 2, 1, 3])
    made.add("Softmax", made.add("MatMul", q, k), axis=-1)
    made.add("MatMul", made.last, v)
    made.add("Transpose", perm=[0, 2, 1, 3])
    made.add("Reshape", made.last, made.ints(1, 5, 6))
    made.add("Relu")
    check(made)
    imported = import_graph(graph_of(made.model(), "made"))
    kinds = [layer["kind"] for layer in imported.tree["layers"]]
    assert kinds == ["scale", "matmul", "softmax", "matmul", "relu"]
