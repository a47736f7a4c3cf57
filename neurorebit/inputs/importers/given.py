"""The inputs of a graph: which one the network is given, its open axes, how it lies in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field

from neurorebit.inputs.importers.graphs.graph import Given, Graph, Op
from neurorebit.inputs.importers.graphs.layout import Factors, fresh, product
from neurorebit.inputs.importers.graphs.resolved import Typed
from neurorebit.layers.base import Shape
from neurorebit.schema import InputError

FLOATS = (1, 10, 11, 16)  # data types of ONNX
COLOURS = 4  # channels of an image whose channels come last, at most
WEIGHTS = {  # inputs that hold weights, by operator: all but the first, or these
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "Gemm": (1, 2),
    "BatchNormalization": (1, 2, 3, 4),
    "LayerNormalization": (1, 2),
    "InstanceNormalization": (1, 2),
    "GroupNormalization": (1, 2),
    "RMSNormalization": (1,),
    "LSTM": (1, 2, 3, 5, 6, 7),
    "GRU": (1, 2, 3, 5),
    "RNN": (1, 2, 3, 5),
    "PRelu": (1,),
    "Gather": (0,),
    "GatherElements": (0,),
    "QLinearConv": (1, 2, 3, 4, 5, 6, 7, 8),
    "QLinearMatMul": (1, 2, 3, 4, 5, 6, 7),
    "DequantizeLinear": (1, 2),
    "QuantizeLinear": (1, 2),
}
DATA = {  # inputs that hold what the network works on
    "Conv": (0,),
    "ConvTranspose": (0,),
    "Gemm": (0,),
    "MaxPool": (0,),
    "AveragePool": (0,),
    "GlobalAveragePool": (0,),
    "BatchNormalization": (0,),
    "LSTM": (0,),
    "GRU": (0,),
    "RNN": (0,),
    "Gather": (1,),
    "Resize": (0,),
    "Upsample": (0,),
    "QLinearConv": (0,),
}
THROUGH = (  # what hands its first input on
    "Identity", "Cast", "Reshape", "Transpose", "Flatten", "Squeeze", "Unsqueeze", "Slice",
    "Split", "Concat", "Expand", "DequantizeLinear", "QuantizeLinear", "Tile", "CastLike",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Further:
    """Another input, which lies in memory in the order of its axes."""

    name: str
    map: Shape
    axes: tuple[Factors, ...]
    memory: Factors


@dataclass(frozen=True, eq=False)
class Layout:
    """How the first input lies in a map, and the types of all that the network is given."""

    name: str
    map: Shape
    axes: tuple[Factors, ...]
    memory: Factors
    _: KW_ONLY
    types: dict[str, Typed] = field(default_factory=dict)
    further: tuple[Further, ...] = ()


def layouts(graph: Graph, sizes: dict[str, int]) -> list[Layout]:
    """The ways in which the first input may lie, the likeliest first.

    ``sizes``: channels, height and width where they are given. InputError where an axis is open.
    """
    data = _data(graph)
    first, *others = data
    if not 1 <= len(first.axes) <= 4:
        message = f"input '{first.name}' has {len(first.axes)} axes"
        raise graph.error(None, message, "layers take images, signals, sequences and vectors")
    made: list[Layout] = []
    for words in _orders(first, graph):
        try:
            shape = _shape(graph, first, dict(zip(words, first.axes, strict=True)), sizes)
        except InputError:
            if not made:
                raise
            continue
        known = {
            axis: n for axis, n in zip(first.axes, shape, strict=True) if isinstance(axis, str)
        }
        types = {first.name: Typed(first.elem, shape)}
        further = []
        for one in others:
            beside = shape if len(one.axes) == len(first.axes) else ()
            sized = _further_axes(graph, one, beside, known)
            types[one.name] = Typed(one.elem, sized)
            further.append(_further(one.name, sized))
        factors = tuple(fresh(n) for n in shape)
        by_word = {word: (n, f) for word, n, f in zip(words, shape, factors, strict=True)}
        side = {w: by_word.get(w, (1, ()))[0] for w in ("channels", "height", "width")}
        memory = tuple(
            f for w in ("height", "width", "channels") for f in by_word.get(w, (1, ()))[1]
        )
        map_ = Shape(side["channels"], side["height"], side["width"])
        made.append(Layout(first.name, map_, factors, memory, types=types, further=tuple(further)))
    return made


def _further(name: str, shape: tuple[int, ...]) -> Further:
    axes = tuple(fresh(n) for n in shape)
    memory = tuple(f for axis in axes for f in axis)
    channels = memory[-1:]
    rest = memory[:-1]
    height, width = (rest[:1], rest[1:]) if len(rest) > 1 else ((), rest)
    if len(shape) == 4 and all(n > 1 for n in shape[2:]):  # an image
        memory = (*axes[2], *axes[3], *axes[0], *axes[1])
        channels, height, width = (*axes[0], *axes[1]), axes[2], axes[3]
    return Further(name, Shape(product(channels), product(height), product(width)), axes, memory)


def _orders(first: Given, graph: Graph) -> list[tuple[str, ...]]:
    """What each axis may mean, the likeliest first."""
    rank = len(first.axes)
    if rank == 4:
        usual, other = (
            ("batch", "channels", "height", "width"),
            ("batch", "height", "width", "channels"),
        )
        _, second, third, last = first.axes
        small = isinstance(last, int) and last <= COLOURS
        large = all(not isinstance(n, int) or n > 2 * COLOURS for n in (second, third))
        return [other, usual] if small and large else [usual, other]
    if rank == 3:
        line, steps = ("batch", "channels", "width"), ("batch", "width", "channels")
        if (first.axes[1] == 1 and first.axes[0] != 1) or _is_batch(first.axes[1]):
            return [("width", "batch", "channels")]
        reads = {op.kind for op in graph.ops if first.name in op.inputs}
        return [line, steps] if "Conv" in reads else [steps, line]
    if rank == 2:
        return [("batch", "channels" if first.elem in FLOATS else "width")]
    return [("channels" if first.elem in FLOATS else "width",)]


def _is_batch(axis: int | str) -> bool:
    return isinstance(axis, str) and ("batch" in axis.lower() or axis in ("N", "n", "B", "b", "bs"))


def _shape(
    graph: Graph, first: Given, axes: Mapping[str, int | str], sizes: Mapping[str, int]
) -> tuple[int, ...]:
    """The shape of the first input, whose ``axes`` have words for what they mean."""
    shape, missing, words = [], [], list(axes)
    for word, axis in axes.items():
        size = axis if isinstance(axis, int) else 0
        if word == "batch":
            size = 1
        elif word in sizes:
            size = sizes[word]
        if not size:
            missing.append(word)
        shape.append(size)
    extra = [w for w, n in sizes.items() if w not in words and n != 1]
    if extra:
        message = f"input '{first.name}' has axes for {', '.join(words)}, not for {extra[0]}"
        raise graph.error(None, message, f"leave out network.input.{extra[0]}")
    if missing:
        keys = " and ".join(f"network.input.{word}" for word in missing)
        shown = ", ".join(str(axis) for axis in first.axes)
        message = f"input '{first.name}' [{shown}] has open axes"
        raise graph.error(None, message, f"set {keys}")
    return tuple(shape)


def _further_axes(
    graph: Graph, one: Given, beside: tuple[int, ...], known: Mapping[str, int]
) -> tuple[int, ...]:
    """The shape of another input: axes as those of the same name, or at this place ``beside``."""
    found = []
    for i, axis in enumerate(one.axes):
        if isinstance(axis, int):
            found.append(axis)
        elif known.get(axis):
            found.append(known[axis])
        elif i == 0 or _is_batch(axis):
            found.append(1)
        elif beside:
            found.append(beside[i])
        else:
            message = f"input '{one.name}' has an open axis '{axis}'"
            raise graph.error(None, message, "export it with the size of that axis")
    return tuple(found)


def _data(graph: Graph) -> list[Given]:
    """The inputs that the network works on; the others are weights that are given in a run."""
    if not graph.inputs:
        message = "has no input: all that it reads is in the file"
        raise graph.error(None, message, "export it with its input")
    votes = _votes(graph)
    data = []
    for i, one in enumerate(graph.inputs):
        as_weight, as_data = votes[one.name]
        if as_weight and not as_data and one.is_static:
            continue
        if as_data or not one.is_static or not i or not _looks_like_weights(graph, one, votes):
            data.append(one)
    if not data:
        data = graph.inputs[:1]
    return data


def _looks_like_weights(graph: Graph, one: Given, votes: Mapping[str, tuple[bool, bool]]) -> bool:
    """Whether an input that is read as either is one of many that hold weights."""
    others = [votes[other.name] for other in graph.inputs if other is not one]
    return any(weight and not data for weight, data in others) or len(one.axes) < 2


def _votes(graph: Graph) -> dict[str, tuple[bool, bool]]:
    """Whether each input is read where weights stand, and where data stand."""
    readers: dict[str, list[tuple[Op, int]]] = {}
    for op in graph.ops:
        for i, name in enumerate(op.inputs):
            readers.setdefault(name, []).append((op, i))
    found = {}
    names = {one.name for one in graph.inputs}
    for one in graph.inputs:
        weight = data = False
        stack, seen = [one.name], {one.name}
        while stack:
            name = stack.pop()
            for op, i in readers.get(name, ()):
                weight |= i in WEIGHTS.get(op.kind, ())
                data |= i in DATA.get(op.kind, ())
                if op.kind in ("MatMul", "MatMulInteger") and i == 1 and name in names:
                    weight |= len(one.axes) == 2
                if op.kind in THROUGH and (i == 0 or op.kind == "Concat"):
                    more = [o for o in op.outputs if o and o not in seen]
                    seen.update(more)
                    stack += more
        found[one.name] = (weight, data)
    return found
