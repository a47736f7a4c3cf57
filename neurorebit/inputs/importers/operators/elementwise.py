"""Work on each value: activations, sums and products, with constants or with another map."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from neurorebit.inputs.importers.graphs.builder import Builder, written_sides
from neurorebit.inputs.importers.graphs.constants import Constant
from neurorebit.inputs.importers.graphs.graph import ANEW
from neurorebit.inputs.importers.graphs.layout import (
    Factor,
    Factors,
    Tensor,
    fresh,
    product,
    refined,
)
from neurorebit.layers.base import Shape

UNREACHED = 3e38  # a bound that no number of 32 bits reaches
Handler = Callable[[Builder], None]


def through(b: Builder, kind: str, x: Tensor, name: str = "", **keys: Any) -> Tensor:
    """A layer that works on each value where it lies."""
    layer = b.layer(kind, x.layer, name=name, map=x.map, **keys)
    return Tensor(layer, x.map, x.axes, x.memory)


def unary(kind: str, **keys: Any) -> Handler:
    """An operator of one map."""

    def handler(b: Builder) -> None:
        b.give(through(b, kind, b.tensor(0), **keys))

    return handler


def same(b: Builder) -> None:
    """Nothing to do: a name for another, a cast, quantisation that the chip does anyway."""
    b.give(b.tensor(0))


def dropout(b: Builder) -> None:
    """Nothing where a network is used; its mask is all ones."""
    if b.is_wanted(1):
        raise b.error("its mask is read", "export the network for inference")
    b.give(b.tensor(0))


def leaky_relu(b: Builder) -> None:
    """A rectifier with a slope below zero."""
    assert b.op is not None
    b.give(through(b, "leaky_relu", b.tensor(0), slope=_slope(b.op.get("alpha", 0.01))))


def _slope(value: float) -> float:
    """A slope as a file has it: below six digits nothing is written."""
    return float(f"{value:.6g}")


def prelu(b: Builder) -> None:
    """A rectifier whose slopes below zero are learned: a comparison and a product, as leaky."""
    slope = b.constant(1)
    value = slope.scalar if slope is not None else None
    if value is not None and 0 <= value < 1:
        b.give(through(b, "leaky_relu", b.tensor(0), slope=_slope(value)))
        return
    b.give(through(b, "leaky_relu", b.tensor(0)))


def gelu(b: Builder) -> None:
    """The Gaussian error unit, exact or by a hyperbolic tangent."""
    assert b.op is not None
    form = "tanh" if b.op.get("approximate", b"none") == b"tanh" else "erf"
    b.give(through(b, "gelu", b.tensor(0), form=form))


def clip(b: Builder) -> None:
    """Bounds on each value: a rectifier where they are 0, or 0 and 6."""
    assert b.op is not None
    low, high = _bound(b, "min", 1), _bound(b, "max", 2)
    x = b.tensor(0)
    if low == 0.0 and high is None:
        b.give(through(b, "relu", x))
    elif low == 0.0 and high == 6.0:
        b.give(through(b, "relu6", x))
    elif low is None and high is None:
        b.give(x)
    else:
        b.give(through(b, "function", x, of="clip"))


def _bound(b: Builder, key: str, i: int) -> float | None:
    """A bound; None where there is none, or none that a number reaches."""
    assert b.op is not None
    value = b.op.get(key)
    if value is None:
        given = b.constant(i)
        if given is None:
            return None
        value = given.scalar
        if value is None:
            return float("nan")
    return None if abs(value) >= UNREACHED else float(value)


def power(b: Builder) -> None:
    """A power: a square is a product, a root a look-up."""
    exponent = b.read(1)
    value = exponent.scalar if isinstance(exponent, Constant) else None
    if isinstance(b.read(0), Tensor) and value is not None:
        x = b.tensor(0)
        known = {2.0: "square", 0.5: "sqrt", -1.0: "reciprocal", -0.5: "rsqrt", 1.0: ""}
        if value == 1.0:
            b.give(x)
        elif value == 3.0:
            b.give(through(b, "function", x, of="cube"))
        else:
            b.give(through(b, "function", x, of=known.get(value, "power")))
        return
    combined(b, "power")


# --- two operands


def binary(word: str) -> Handler:
    """An operator of two operands, of which at least one is a map."""

    def handler(b: Builder) -> None:
        combined(b, word)

    return handler


NEUTRAL = {"add": 0.0, "subtract": 0.0, "multiply": 1.0, "divide": 1.0}


def combined(b: Builder, word: str) -> None:
    """Two operands, value by value, one of them repeated where its axes have size 1."""
    assert b.op is not None
    shape = b.shape()
    one, other = b.read(0), b.read(1)
    if one is None or other is None:
        raise b.error("an operand is missing", ANEW)
    swapped = isinstance(one, Constant)
    if swapped:
        one, other = other, one
    assert isinstance(one, Tensor)
    if isinstance(other, Constant):
        b.give(with_constant(b, one, other, word, shape=shape, swapped=swapped))
        return
    b.give(with_map(b, one, other, word, shape=shape))


def padded(tensor: Tensor, rank: int) -> Tensor:
    """The tensor with leading axes of size 1."""
    more = rank - len(tensor.axes)
    return Tensor(tensor.layer, tensor.map, (*((),) * more, *tensor.axes), tensor.memory)


def with_constant(
    b: Builder, x: Tensor, constant: Constant, word: str, *, shape: Sequence[int], swapped: bool
) -> Tensor:
    """A map and a constant: a number for all values, or a map that is read from memory."""
    x = padded(x, len(shape))
    number = constant.scalar
    if not swapped and number is not None and number == NEUTRAL.get(word):
        return grown(b, x, shape)
    x = grown(b, x, shape)
    if number is not None and (scaled := _scaled(word, number, swapped)) is not None:
        return through(b, "scale", x, **scaled)
    if number is not None and word == "divide":
        inverse = through(b, "function", x, name="reciprocal", of="reciprocal")
        return inverse if number == 1.0 else through(b, "scale", inverse, factor=[number])
    if constant.size == 1 and word in FUNCTIONS:
        return through(b, "function", x, of=FUNCTIONS[word])
    sizes = (1,) * (len(shape) - len(constant.shape)) + constant.shape
    held = _beside(b, x, sizes)
    first, second = (held, x) if swapped else (x, held)
    return with_map(b, first, second, word, shape=shape)


def _beside(b: Builder, x: Tensor, sizes: Sequence[int]) -> Tensor:
    """A constant of these sizes, which lies in memory as the map that it is combined with."""
    new = {f: Factor(f.size) for i, n in enumerate(sizes) if n > 1 for f in x.axes[i]}
    axes = tuple(tuple(new[f] for f in axis if f in new) for axis in x.axes)
    height, width, channels = (tuple(new[f] for f in side if f in new) for side in b.sides(x))
    map_ = Shape(product(channels), product(height), product(width))
    layer = b.layer("constant", name="constant", map=map_, **written_sides(map_))
    return Tensor(layer, map_, axes, (*height, *width, *channels))


FUNCTIONS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "power": "power",
    "select": "select",
    "compare": "compare",
}


def _scaled(word: str, number: float, swapped: bool) -> dict[str, Any] | None:
    """The factor and the shift that a constant is; None where it is none."""
    if not math.isfinite(number):
        return None
    if word == "multiply":
        return {"factor": [number]}
    if word == "divide" and not swapped and number:
        return {"factor": [1.0 / number]}
    if word == "add":
        return {"shift": [number]}
    if word == "subtract":
        return {"factor": [-1.0], "shift": [number]} if swapped else {"shift": [-number]}
    return None


def grown(b: Builder, x: Tensor, shape: Sequence[int]) -> Tensor:
    """A map repeated along the axes in which a shape is larger."""
    x = padded(x, len(shape))
    missing = [i for i, n in enumerate(shape) if n > 1 and not x.axes[i]]
    if not missing:
        return x
    new = {i: fresh(shape[i]) for i in missing}
    axes = tuple(new.get(i, axis) for i, axis in enumerate(x.axes))
    # in memory repeated values lie outermost, but for channels: of images the axis behind the batch
    last = 1 if len(shape) == 4 and shape[1] > 1 and not x.axes[1] else len(shape) - 1
    last = -1 if len(shape) == 4 and x.axes[1] else last
    outer = tuple(f for i in missing if i != last for f in new[i])
    inner = new.get(last, ())
    memory = (*outer, *x.memory, *inner)
    keep = inner or (x.memory[-1:] if x.memory else outer[-1:])
    rest = memory[: len(memory) - len(keep)]
    map_ = Shape(product(keep), 1, product(rest))
    layer = b.layer(
        "expand",
        x.layer,
        name="expand",
        map=map_,
        outer=product(outer) if outer else None,
        inner=product(inner) if inner else None,
        channels=map_.channels,
        height=1,
        width=map_.width,
    )
    return Tensor(layer, map_, axes, memory)


def with_map(b: Builder, one: Tensor, other: Tensor, word: str, *, shape: Sequence[int]) -> Tensor:
    """Two maps, value by value."""
    one, other = padded(one, len(shape)), padded(other, len(shape))
    turned = False
    if product(other.memory) > product(one.memory):
        one, other, turned = other, one, True
    one = grown(b, one, shape)
    kind = {"add": "add", "multiply": "multiply"}.get(word, "combine")
    keys: dict[str, Any] = {} if kind != "combine" else {"of": word}
    if product(other.memory) == product(one.memory):
        if one.layer == other.layer and word == "multiply":
            return through(b, "function", one, of="square")
        other, one = b.like(other, one)
        if turned and kind == "combine":
            layer = b.layer(kind, other.layer, one.layer, map=one.map, other=one.layer, **keys)
        else:
            layer = b.layer(kind, one.layer, other.layer, map=one.map, other=other.layer, **keys)
        return Tensor(layer, one.map, one.axes, one.memory)
    return _broadcast(b, one, other, kind, keys=keys, turned=turned)


def _runs(memory: Factors, along: set[Factor]) -> list[Factors]:
    """Factors in memory, those together that are, or are not, among others."""
    runs: list[list[Factor]] = []
    for factor in memory:
        if runs and (runs[-1][-1] in along) == (factor in along):
            runs[-1].append(factor)
        else:
            runs.append([factor])
    return [tuple(run) for run in runs]


def _broadcast(
    b: Builder, one: Tensor, other: Tensor, kind: str, *, keys: dict[str, Any], turned: bool
) -> Tensor:
    """A map and a smaller one that is repeated over it; ``turned``, the smaller is the first."""
    wide = [i for i, axis in enumerate(other.axes) if axis]
    part = Tensor(one.layer, one.map, tuple(one.axes[i] for i in wide), one.memory)
    small = Tensor(other.layer, other.map, tuple(other.axes[i] for i in wide), other.memory)
    pair = refined(part, small)
    if pair is None:
        one, other = b.ordered(one), b.ordered(other)
        part = Tensor(one.layer, one.map, tuple(one.axes[i] for i in wide), one.memory)
        small = Tensor(other.layer, other.map, tuple(other.axes[i] for i in wide), other.memory)
        pair = refined(part, small)
        assert pair is not None
    part, small = pair
    axes = list(one.axes)
    for i, axis in zip(wide, part.axes, strict=True):
        axes[i] = axis
    one = Tensor(one.layer, one.map, tuple(axes), part.memory)
    along = tuple(f for axis in part.axes for f in axis)
    partner = dict(zip(along, (f for axis in small.axes for f in axis), strict=True))
    count = len(along)
    if set(one.memory[len(one.memory) - count :]) == set(along):  # channels, for every place
        inner, rest = one.memory[len(one.memory) - count :], one.memory[: len(one.memory) - count]
        height, width, channels = b.sides(one)
        if channels != inner:
            one = b.arranged(one, inner, (), rest)
        other = b.arranged(small, [partner[f] for f in inner])
    elif set(one.memory[:count]) == set(along):  # places, for every channel
        height, width, channels = b.sides(one)
        if (*height, *width) != one.memory[:count]:
            height, width = (), one.memory[:count]
            one = b.arranged(one, one.memory[count:], height, width)
        other = b.arranged(small, (), [partner[f] for f in height], [partner[f] for f in width])
    elif len(runs := _runs(one.memory, set(along))) == 3:  # rows and channels, for every column
        one = b.arranged(one, runs[2], runs[0], runs[1])
        sides = [[partner[f] for f in run if f in partner] for run in runs]
        other = b.arranged(small, sides[2], sides[0], sides[1])
    else:
        rest = tuple(f for f in one.memory if f not in along)
        inner = tuple(f for f in one.memory if f in along)
        one = b.arranged(one, inner, (), rest)
        other = b.arranged(small, [partner[f] for f in inner])
    first, second = (other, one) if turned and kind == "combine" else (one, other)
    layer = b.layer(kind, first.layer, second.layer, map=one.map, other=second.layer, **keys)
    return Tensor(layer, one.map, one.axes, one.memory)


def folded(word: str) -> Handler:
    """An operator of any number of operands, two at a time."""

    def handler(b: Builder) -> None:
        assert b.op is not None
        shape = b.shape()
        operands = [b.read(i) for i in range(len(b.op.inputs))]
        maps = [one for one in operands if isinstance(one, Tensor)]
        constants = [one for one in operands if isinstance(one, Constant)]
        made = maps[0]
        for one in maps[1:]:
            made = with_map(b, made, one, word, shape=shape)
        for constant in constants:
            made = with_constant(b, made, constant, word, shape=shape, swapped=False)
        if b.op.kind == "Mean" and len(operands) > 1:
            made = through(b, "scale", made, name="mean", factor=[1.0 / len(operands)])
        b.give(grown(b, made, shape))

    return handler


def where(b: Builder) -> None:
    """A choice between two operands, by a mask: a comparison of each value."""
    shape = b.shape()
    operands = [b.read(i) for i in range(3)]
    maps = [one for one in operands if isinstance(one, Tensor)]
    constants = [one for one in operands[:1] if isinstance(one, Constant)]
    made = maps[0]
    if len(maps) == 1:
        if constants and constants[0].size > 1:
            b.give(with_constant(b, made, constants[0], "select", shape=shape, swapped=False))
        else:
            b.give(through(b, "function", grown(b, made, shape), of="select"))
        return
    for one in maps[1:]:
        made = with_map(b, made, one, "select", shape=shape)
    b.give(grown(b, made, shape))


def function(word: str) -> Handler:
    """A function of one map that has no kind of its own."""
    return unary("function", of=word)


TABLE: dict[str, tuple[Handler, str]] = {
    "Relu": (unary("relu"), "relu"),
    "LeakyRelu": (leaky_relu, "leaky_relu"),
    "PRelu": (prelu, "leaky_relu"),
    "Sigmoid": (unary("sigmoid"), "sigmoid"),
    "Tanh": (unary("tanh"), "tanh"),
    "Elu": (unary("elu"), "elu"),
    "Selu": (unary("elu"), "elu"),
    "Celu": (unary("elu"), "elu"),
    "Gelu": (gelu, "gelu"),
    "Swish": (unary("silu"), "silu"),
    "HardSwish": (unary("hard_swish"), "hard_swish"),
    "HardSigmoid": (unary("hard_sigmoid"), "hard_sigmoid"),
    "Softplus": (function("softplus"), "function"),
    "Mish": (function("mish"), "function"),
    "Softsign": (function("softsign"), "function"),
    "Erf": (function("erf"), "function"),
    "Exp": (function("exp"), "function"),
    "Log": (function("log"), "function"),
    "Sqrt": (function("sqrt"), "function"),
    "Reciprocal": (function("reciprocal"), "function"),
    "Sin": (function("sin"), "function"),
    "Cos": (function("cos"), "function"),
    "Abs": (function("abs"), "function"),
    "Neg": (function("negate"), "function"),
    "Sign": (function("compare"), "function"),
    "Not": (function("compare"), "function"),
    "IsNaN": (function("compare"), "function"),
    "IsInf": (function("compare"), "function"),
    "Floor": (function("round"), "function"),
    "Ceil": (function("round"), "function"),
    "Round": (function("round"), "function"),
    "Clip": (clip, "relu, relu6, function"),
    "Pow": (power, "function, combine"),
    "Add": (binary("add"), "add, scale, bias"),
    "Sub": (binary("subtract"), "combine, scale"),
    "Mul": (binary("multiply"), "multiply, scale"),
    "Div": (binary("divide"), "combine, scale"),
    "Mod": (binary("divide"), "combine"),
    "Sum": (folded("add"), "add"),
    "Mean": (folded("add"), "add, scale"),
    "Min": (folded("minimum"), "combine, function"),
    "Max": (folded("maximum"), "combine, function"),
    **{
        kind: (binary("compare"), "combine, function")
        for kind in (
            "Equal",
            "Less",
            "LessOrEqual",
            "Greater",
            "GreaterOrEqual",
            "And",
            "Or",
            "Xor",
        )
    },
    "Where": (where, "combine, function"),
    "Identity": (same, "folded"),
    "Cast": (same, "folded"),
    "CastLike": (same, "folded"),
    "Dropout": (dropout, "folded"),
    "QuantizeLinear": (same, "folded: the chip rounds its inputs"),
    "DequantizeLinear": (same, "folded: the chip rounds its inputs"),
}
