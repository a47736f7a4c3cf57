"""Norms, softmax and what else is worked out over many values at once."""

from __future__ import annotations

from collections.abc import Callable

from neurorebit.inputs.importers.graphs.builder import Builder, Parameters
from neurorebit.inputs.importers.graphs.graph import ANEW
from neurorebit.inputs.importers.graphs.layout import Factors, Tensor, product
from neurorebit.inputs.importers.operators.elementwise import through
from neurorebit.inputs.importers.operators.windows import pooled
from neurorebit.layers.base import Shape


def along(b: Builder, x: Tensor, factors: Factors) -> Tensor:
    """The tensor as a map whose channels are these factors, in any order."""
    inner = tuple(f for f in x.memory if f in factors)
    rest = tuple(f for f in x.memory if f not in factors)
    height, width, channels = b.sides(x)
    if channels == inner and (*height, *width) == rest:
        return x
    return b.arranged(x, inner, (), rest)


def _parameters(b: Builder, *words: str) -> Parameters:
    assert b.op is not None
    names = b.op.inputs[1:]
    return Parameters(
        {word: name for word, name in zip(words, names, strict=False) if name}, "channels"
    )


def batch_norm(b: Builder) -> None:
    """A norm of each channel."""
    assert b.op is not None
    if b.op.get("training_mode", 0) or any(b.is_wanted(i) for i in (1, 2)):
        raise b.error("normalises by the batch", "export the network for inference")
    x = b.tensor(0)
    made = along(b, x, x.axes[1] if len(x.axes) > 1 else ())
    parameters = _parameters(b, "gain", "shift", "mean", "variance")
    layer = b.layer("batch_norm", made.layer, map=made.map, parameters=parameters)
    b.give(Tensor(layer, made.map, made.axes, made.memory))


def layer_norm(b: Builder) -> None:
    """A norm over the last axes, for each place of the others."""
    assert b.op is not None
    if any(b.is_wanted(i) for i in (1, 2)):
        raise b.error("its statistics are read", "export the network for inference")
    x = b.tensor(0)
    axis = int(b.op.get("axis", -1)) % len(x.axes)
    factors = tuple(f for a in x.axes[axis:] for f in a)
    b.give(normalised(b, x, factors, _parameters(b, "gain", "shift")))


def normalised(b: Builder, x: Tensor, factors: Factors, parameters: Parameters) -> Tensor:
    """A layer norm over these factors."""
    if set(factors) == set(x.memory):
        made = x
        over = "map" if x.map.height * x.map.width > 1 else None
    else:
        made, over = along(b, x, factors), None
    layer = b.layer("layer_norm", made.layer, map=made.map, over=over, parameters=parameters)
    return Tensor(layer, made.map, made.axes, made.memory)


def normed_axes(b: Builder) -> None:
    """A norm that the graph writes with means, found as one."""
    assert b.op is not None
    x = b.tensor(0)
    factors = tuple(f for axis in b.op.get("axes") for f in x.axes[axis])
    tensors = {key: b.op.get(key) for key in ("gain", "shift") if b.op.get(key)}
    b.give(normalised(b, x, factors, Parameters(tensors, "channels")))


def instance_norm(b: Builder) -> None:
    """A norm of each channel over its map."""
    x = b.tensor(0)
    _grouped(b, x, x.axes[1])


def group_norm(b: Builder) -> None:
    """A norm over some channels and their maps."""
    assert b.op is not None
    x = b.tensor(0)
    groups = int(b.op.get("num_groups", 1))
    shape = x.shape
    if groups < 1 or shape[1] % groups:
        raise b.error(f"{groups} groups do not divide {shape[1]} channels", ANEW)
    split = b.reshaped(x, [shape[0], groups, shape[1] // groups, *shape[2:]])
    _grouped(b, split, split.axes[1], shape)


def _grouped(b: Builder, x: Tensor, groups: Factors, shape: tuple[int, ...] = ()) -> None:
    """A norm for each of these factors over all others."""
    first = [i for i, f in enumerate(x.memory) if f in groups]
    start = min(first, default=len(x.memory))
    inner = x.memory[start:]
    own = tuple(f for f in x.memory if f in groups)
    if inner[: len(own)] == own:
        rest, channels = x.memory[:start], inner
    else:
        rest = tuple(f for f in x.memory if f not in groups)
        channels = own
    sides = b.sides(x)[2]
    made = x if sides == channels else b.arranged(x, channels, (), rest)
    layer = b.layer(
        "group_norm",
        made.layer,
        groups=product(groups),
        map=made.map,
        parameters=_parameters(b, "gain", "shift"),
    )
    done = Tensor(layer, made.map, made.axes, made.memory)
    b.give(b.reshaped(done, shape) if shape else done)


def softmax(b: Builder) -> None:
    """Shares of one along an axis; of all axes from it on in versions before 13."""
    assert b.op is not None
    x = b.tensor(0)
    old = b.op.version < 13 and not b.op.domain
    axis = int(b.op.get("axis", 1 if old else -1)) % len(x.axes)
    last = len(x.axes) if old else axis + 1
    factors = tuple(f for a in x.axes[axis:last] for f in a)
    made, groups = softmaxed(b, x, factors)
    done = through(b, "softmax", made, groups=groups if groups > 1 else None)
    if b.op.kind == "LogSoftmax":
        done = through(b, "function", done, name="log", of="log")
    b.give(done)


def softmaxed(b: Builder, x: Tensor, factors: Factors) -> tuple[Tensor, int]:
    """The tensor as a map whose channels end with these factors, and the groups before them."""
    channels = b.sides(x)[2]
    count = len(factors)
    whole = product(channels) == x.map.channels
    if whole and count and len(channels) > count and set(channels[-count:]) == set(factors):
        return x, product(channels[:-count])
    return along(b, x, factors), 1


def local_norm(b: Builder) -> None:
    """A norm over neighbouring channels."""
    assert b.op is not None
    x = b.tensor(0)
    made = along(b, x, x.axes[1])
    b.give(through(b, "local_norm", made, size=int(b.op.get("size", 1))))


# --- one value of many


def reduced(word: str) -> Callable[[Builder], None]:
    """One value of those along some axes."""

    def handler(b: Builder) -> None:
        assert b.op is not None
        x = b.tensor(0)
        rank = len(x.axes)
        axes = b.op.get("axes")
        if axes is None and len(b.op.inputs) > 1 and b.op.inputs[1]:
            axes = b.numbers(1)
        if axes is None and b.op.kind in ("ArgMax", "ArgMin"):
            axes = [b.op.get("axis", 0)]
        if axes is None or (not axes and not b.op.get("noop_with_empty_axes", 0)):
            axes = list(range(rank))
        if not axes:
            b.give(x)
            return
        factors = tuple(f for i in axes for f in x.axes[i % rank])
        made = reduction(b, x, factors, word)
        b.give(b.reshaped(made, b.shape()))

    return handler


def reduction(b: Builder, x: Tensor, factors: Factors, word: str) -> Tensor:
    """The mean, the sum, the largest ... over these factors."""
    axes = tuple(tuple(f for f in axis if f not in factors) for axis in x.axes)
    kept = tuple(f for f in x.memory if f not in factors)
    if not factors:
        return Tensor(x.layer, x.map, axes, x.memory)
    if x.memory[len(kept) :] != factors and set(x.memory[len(kept) :]) != set(factors):
        pools = {"mean": "avg_pool", "max": "max_pool"}
        if word in pools:
            return pooled(b, x, factors, pools[word])
        places = tuple(f for f in x.memory if f in factors)
        made = x if b.sides(x)[2] == kept else b.arranged(x, kept, (), places)
        layer = b.layer("reduce", made.layer, over="positions", of=word)
        return Tensor(layer, b.maps[layer], axes, kept)
    if not kept:
        over = "map"
        made = x
    else:
        made, over = along(b, x, factors), "channels"
    map_ = Shape(1, 1, 1) if not kept else Shape(1, made.map.height, made.map.width)
    layer = b.layer("reduce", made.layer, over=over, of=word, map=map_)
    return Tensor(layer, map_, axes, kept)


TABLE = {
    "BatchNormalization": (batch_norm, "batch_norm"),
    "LayerNormalization": (layer_norm, "layer_norm"),
    "InstanceNormalization": (instance_norm, "group_norm"),
    "GroupNormalization": (group_norm, "group_norm"),
    "Softmax": (softmax, "softmax"),
    "LogSoftmax": (softmax, "softmax, function"),
    "LRN": (local_norm, "local_norm"),
    "ReduceMean": (reduced("mean"), "reduce, avg_pool"),
    "ReduceSum": (reduced("sum"), "reduce"),
    "ReduceMax": (reduced("max"), "reduce, max_pool"),
    "ReduceMin": (reduced("min"), "reduce"),
    "ReduceProd": (reduced("product"), "reduce"),
    "ReduceL1": (reduced("l1"), "reduce"),
    "ReduceL2": (reduced("l2"), "reduce"),
    "ReduceSumSquare": (reduced("squares"), "reduce"),
    "ArgMax": (reduced("max"), "reduce, max_pool"),
    "ArgMin": (reduced("min"), "reduce"),
}
