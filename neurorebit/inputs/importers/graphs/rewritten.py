"""Operators that are written with others: quantised ones, and those that optimisers fuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from neurorebit.inputs.importers.graphs.graph import Op, library
from neurorebit.inputs.importers.graphs.resolved import Resolved

Rewrite = Callable[[Op, Resolved], list[Any]]


class _Writer:
    """Writes nodes in the place of an operator."""

    def __init__(self, op: Op) -> None:
        self.op, self.nodes = op, list[Any]()

    def input(self, i: int) -> str:
        """An input's name, empty where it is omitted."""
        return self.op.inputs[i] if i < len(self.op.inputs) else ""

    def node(self, kind: str, *inputs: str, out: str = "", count: int = 1, **keys: Any) -> Any:
        """Another node; returns the name of its output, or of its ``count`` outputs."""
        made = f"{self.op.name}/{kind}_{len(self.nodes)}"
        outputs = [out] if out else [f"{made}:{i}" for i in range(count)]
        last = [name for name in inputs]
        while last and not last[-1]:
            last.pop()
        keys = {key: value for key, value in keys.items() if value is not None}
        name = self.op.name if out else made
        self.nodes.append(library().helper.make_node(kind, last, outputs, name=name, **keys))
        return outputs[0] if count == 1 else tuple(outputs)

    def named(self, kind: str, *inputs: str, out: str, **keys: Any) -> str:
        """The node that bears the operator's own name; what follows it gives its output."""
        found: str = self.node(kind, *inputs, **keys)
        self.nodes[-1].name = self.op.name
        assert out
        return found

    def numbers(self, values: Any, integer: bool = True) -> str:
        """A constant."""
        key = "value_ints" if integer else "value_float"
        made: str = self.node("Constant", **{key: values})
        return made

    def kept(self, *keys: str) -> dict[str, Any]:
        """Attributes that are handed on."""
        return {key: self.op.attributes[key] for key in keys if key in self.op.attributes}


WINDOW = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")


def _qlinear_conv(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    x = w.node("DequantizeLinear", w.input(0), w.input(1), w.input(2))
    weight = w.node("DequantizeLinear", w.input(3), w.input(4), w.input(5), axis=0)
    bias = w.node("Cast", w.input(8), to=1) if w.input(8) else ""
    made = w.named("Conv", x, weight, bias, out=op.outputs[0], **w.kept(*WINDOW))
    w.node("QuantizeLinear", made, w.input(6), w.input(7), out=op.outputs[0])
    return w.nodes


def _qlinear_matmul(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    a = w.node("DequantizeLinear", w.input(0), w.input(1), w.input(2))
    b = w.node("DequantizeLinear", w.input(3), w.input(4), w.input(5))
    made = w.named("MatMul", a, b, out=op.outputs[0])
    w.node("QuantizeLinear", made, w.input(6), w.input(7), out=op.outputs[0])
    return w.nodes


def _integer(kind: str) -> Rewrite:
    """A product of integers: zero points are constants that are taken off beforehand."""

    def rewrite(op: Op, _: Resolved) -> list[Any]:
        w = _Writer(op)
        a, b = (w.node("Cast", w.input(i), to=1) for i in (0, 1))
        made = w.named(kind, a, b, out=op.outputs[0], **w.kept(*WINDOW))
        w.node("Cast", made, to=6, out=op.outputs[0])
        return w.nodes

    return rewrite


def _dynamic_quantize(op: Op, _: Resolved) -> list[Any]:
    """The scale is the range of the values over the levels; the chip rounds the values itself."""
    w = _Writer(op)
    high = w.node("ReduceMax", w.input(0), keepdims=0)
    low = w.node("ReduceMin", w.input(0), keepdims=0)
    span = w.node("Sub", high, low)
    levels = w.numbers(255.0, integer=False)
    scale = w.node("Div", span, levels, out=op.outputs[1])
    zero = w.node("Div", low, scale)
    point = op.outputs[2] if len(op.outputs) > 2 and op.outputs[2] else f"{op.name}/zero"
    w.node("Cast", zero, to=2, out=point)
    w.node("Cast", w.input(0), to=2, out=op.outputs[0])
    return w.nodes


def _between(kind: str, **fixed: Any) -> Rewrite:
    """A quantised operator of one tensor (x, its scale and zero point, those of the result)."""

    def rewrite(op: Op, _: Resolved) -> list[Any]:
        w = _Writer(op)
        x = w.node("DequantizeLinear", w.input(0), w.input(1), w.input(2))
        keys = ("alpha", *WINDOW, "ceil_mode", "count_include_pad", "axis")
        made = w.named(kind, x, out=op.outputs[0], **(w.kept(*keys) | fixed))
        w.node("QuantizeLinear", made, w.input(3), w.input(4), out=op.outputs[0])
        return w.nodes

    return rewrite


def _of_two(kind: str) -> Rewrite:
    """A quantised operator of two tensors."""

    def rewrite(op: Op, _: Resolved) -> list[Any]:
        w = _Writer(op)
        a = w.node("DequantizeLinear", w.input(0), w.input(1), w.input(2))
        b = w.node("DequantizeLinear", w.input(3), w.input(4), w.input(5))
        made = w.named(kind, a, b, out=op.outputs[0])
        w.node("QuantizeLinear", made, w.input(6), w.input(7), out=op.outputs[0])
        return w.nodes

    return rewrite


def _qlinear_concat(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    parts = [w.node("DequantizeLinear", *op.inputs[i : i + 3]) for i in range(2, len(op.inputs), 3)]
    made = w.named("Concat", *parts, out=op.outputs[0], axis=op.get("axis", 1))
    w.node("QuantizeLinear", made, w.input(0), w.input(1), out=op.outputs[0])
    return w.nodes


ACTIVATIONS = {
    "Relu": "Relu",
    "Tanh": "Tanh",
    "Sigmoid": "Sigmoid",
    "LeakyRelu": "LeakyRelu",
    "Clip": "Clip",
    "HardSigmoid": "HardSigmoid",
    "HardSwish": "HardSwish",
}


def _fused_conv(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    made = w.named("Conv", w.input(0), w.input(1), w.input(2), out=op.outputs[0], **w.kept(*WINDOW))
    if w.input(3):
        made = w.node("Add", made, w.input(3))
    word = op.get("activation", b"").decode()
    if word and word not in ACTIVATIONS:
        raise ValueError(f"activation {word}")
    w.node(ACTIVATIONS.get(word, "Identity"), made, out=op.outputs[0])
    return w.nodes


def _fused_gemm(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    keys = w.kept("alpha", "beta", "transA", "transB")
    made = w.named("Gemm", w.input(0), w.input(1), w.input(2), out=op.outputs[0], **keys)
    word = op.get("activation", b"").decode()
    if word and word not in ACTIVATIONS:
        raise ValueError(f"activation {word}")
    w.node(ACTIVATIONS.get(word, "Identity"), made, out=op.outputs[0])
    return w.nodes


def _fused_matmul(op: Op, known: Resolved) -> list[Any]:
    w = _Writer(op)
    names = []
    for i, key in ((0, "transA"), (1, "transB")):
        name, rank = w.input(i), len(known.shape(w.input(i)))
        if op.get(f"transBatch{key[-1]}", 0):
            raise ValueError("batches are transposed")
        if op.get(key, 0):
            name = w.node("Transpose", name, perm=[*range(rank - 2), rank - 1, rank - 2])
        names.append(name)
    alpha = op.get("alpha", 1.0)
    if alpha == 1.0:
        w.node("MatMul", *names, out=op.outputs[0])
    else:
        made = w.named("MatMul", *names, out=op.outputs[0])
        w.node("Mul", made, w.numbers(float(alpha), integer=False), out=op.outputs[0])
    return w.nodes


def _gelu(form: str, biased: bool = False) -> Rewrite:
    def rewrite(op: Op, _: Resolved) -> list[Any]:
        w = _Writer(op)
        x = w.node("Add", w.input(0), w.input(1)) if biased and w.input(1) else w.input(0)
        w.node("Gelu", x, out=op.outputs[0], approximate=form)
        return w.nodes

    return rewrite


def _quick_gelu(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    scaled = w.node("Mul", w.input(0), w.numbers(float(op.get("alpha", 1.702)), integer=False))
    w.node("Mul", w.input(0), w.node("Sigmoid", scaled), out=op.outputs[0])
    return w.nodes


def _skip_norm(kind: str, shifts: bool) -> Rewrite:
    """A sum, and a norm of it: input, skip, gain, (shift,) bias; the sum is the fourth output."""

    def rewrite(op: Op, _: Resolved) -> list[Any]:
        w = _Writer(op)
        bias = w.input(4 if shifts else 3)
        summed = len(op.outputs) > 3 and op.outputs[3]
        given = w.node("Add", w.input(0), bias) if bias else w.input(0)
        total = w.node("Add", given, w.input(1), out=summed or "")
        keys = {"epsilon": op.get("epsilon"), "axis": -1}
        shift = w.input(3) if shifts else ""
        w.node(kind, total, w.input(2), shift, out=op.outputs[0], **keys)
        return w.nodes

    return rewrite


def _simplified_norm(op: Op, _: Resolved) -> list[Any]:
    w = _Writer(op)
    keys = w.kept("axis", "epsilon")
    w.node("RMSNormalization", w.input(0), w.input(1), out=op.outputs[0], **keys)
    return w.nodes


def _attention(op: Op, _: Resolved) -> list[Any]:
    """Product with the weights of query, key and value, and the attention of these."""
    w = _Writer(op)
    if any(w.input(i) for i in (4, 5)) or op.get("qkv_hidden_sizes"):
        raise ValueError("has a past or a bias of its scores")
    heads = op.get("num_heads")
    made = w.node("MatMul", w.input(0), w.input(1))
    if w.input(2):
        made = w.node("Add", made, w.input(2))
    parts = w.node("Split", made, count=3, axis=-1, num_outputs=3)
    causal = int(op.get("unidirectional", 0))
    keys = {"q_num_heads": heads, "kv_num_heads": heads, "is_causal": causal}
    w.node("Attention", *parts, out=op.outputs[0], **keys)
    return w.nodes


def _multi_head(op: Op, known: Resolved) -> list[Any]:
    w = _Writer(op)
    if not (w.input(1) and w.input(2)) or any(w.input(i) for i in (6, 7)):
        raise ValueError("has packed operands or a past")
    parts = list(op.inputs[:3])
    if w.input(3):
        sizes = [known.shape(name)[-1] for name in parts]
        biases = w.node("Split", w.input(3), w.numbers(sizes), count=3, axis=0)
        parts = [w.node("Add", *pair) for pair in zip(parts, biases, strict=True)]
    heads, causal = op.get("num_heads"), int(op.get("unidirectional", 0))
    keys = {"q_num_heads": heads, "kv_num_heads": heads, "is_causal": causal}
    w.node("Attention", *parts, w.input(5), out=op.outputs[0], **keys)
    return w.nodes


MS = "com.microsoft"
REWRITTEN: dict[str, Rewrite] = {
    "QLinearConv": _qlinear_conv,
    "QLinearMatMul": _qlinear_matmul,
    "ConvInteger": _integer("Conv"),
    "MatMulInteger": _integer("MatMul"),
    "DynamicQuantizeLinear": _dynamic_quantize,
    f"{MS}.QLinearConv": _qlinear_conv,
    f"{MS}.QLinearAdd": _of_two("Add"),
    f"{MS}.QLinearMul": _of_two("Mul"),
    f"{MS}.QLinearConcat": _qlinear_concat,
    f"{MS}.QLinearAveragePool": _between("AveragePool"),
    f"{MS}.QLinearGlobalAveragePool": _between("GlobalAveragePool"),
    f"{MS}.QLinearSigmoid": _between("Sigmoid"),
    f"{MS}.QLinearLeakyRelu": _between("LeakyRelu"),
    f"{MS}.QLinearSoftmax": _between("Softmax"),
    f"{MS}.FusedConv": _fused_conv,
    f"{MS}.FusedGemm": _fused_gemm,
    f"{MS}.FusedMatMul": _fused_matmul,
    f"{MS}.Gelu": _gelu("none"),
    f"{MS}.BiasGelu": _gelu("none", biased=True),
    f"{MS}.FastGelu": _gelu("tanh", biased=True),
    f"{MS}.QuickGelu": _quick_gelu,
    f"{MS}.SkipLayerNormalization": _skip_norm("LayerNormalization", shifts=True),
    f"{MS}.SkipSimplifiedLayerNormalization": _skip_norm("RMSNormalization", shifts=False),
    f"{MS}.SimplifiedLayerNormalization": _simplified_norm,
    "SimplifiedLayerNormalization": _simplified_norm,
    f"{MS}.Attention": _attention,
    f"{MS}.MultiHeadAttention": _multi_head,
}
