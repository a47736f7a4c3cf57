"""Network and its layers, as a file describes them, and each layer as the hardware sees it."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from neurorebit.schema import Document, InputError, Misfit, Section, quantity
from neurorebit.schema.activity import Activity, FastActivity, LayerActivity
from neurorebit.schema.training import Training

EVEN = 0.02  # pulses of a fast cell over those of the busiest, in VGG11 of a quarter of the width
Size = Annotated[int, Field(ge=1, le=1_000_000)]
Share = Annotated[float, quantity("", at_least=0, at_most=1)]
Shares = Annotated[Any, quantity("", at_least=0, at_most=1, many=True)]


@dataclass(frozen=True)
class Layer(Section):
    """What every layer may say: its name, and the layer it takes its input from."""

    name: str = field(default="", kw_only=True)
    input: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Conv(Layer):
    """Convolution without bias."""

    kind: Literal["conv"]
    channels: Size
    kernel: Size
    stride: Size = 1
    padding: Annotated[int, Field(ge=0, le=1000)] = 0
    groups: Size = 1


@dataclass(frozen=True)
class Linear(Layer):
    """Fully connected layer without bias."""

    kind: Literal["linear"]
    features: Size


@dataclass(frozen=True)
class MaxPool(Layer):
    """Largest of a window; the stride is the window unless given."""

    kind: Literal["max_pool"]
    kernel: Size
    stride: Size | None = None


@dataclass(frozen=True)
class AvgPool(Layer):
    """Mean of a window; the stride is the window unless given."""

    kind: Literal["avg_pool"]
    kernel: Size
    stride: Size | None = None


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation of each channel."""

    kind: Literal["batch_norm"]


@dataclass(frozen=True)
class Relu(Layer):
    """Rectifier."""

    kind: Literal["relu"]


@dataclass(frozen=True)
class Flatten(Layer):
    """A map as one vector."""

    kind: Literal["flatten"]


@dataclass(frozen=True)
class Add(Layer):
    """Residual connection: the input plus the output of the layer named ``other``."""

    kind: Literal["add"]
    other: str


AnyLayer = Annotated[
    Conv | Linear | MaxPool | AvgPool | BatchNorm | Relu | Flatten | Add, Discriminator("kind")
]


@dataclass(frozen=True)
class Shape(Section):
    """A map: channels, height, width. A vector has height and width 1."""

    channels: Size
    height: Size
    width: Size

    @property
    def size(self) -> int:
        """Values in the map."""
        return self.channels * self.height * self.width

    def __str__(self) -> str:
        return f"{self.channels} x {self.height} x {self.width}"


@dataclass(frozen=True)
class AssumedActivity(Section):
    """What the estimate assumes of the data where no training measured it.

    ``input_density`` has one number, or one for each conv and linear layer.
    """

    source: str
    input_density: Shares
    error_density: Share = 0.5
    error_nonzero: Share = 1.0
    conductance: Share = 0.5
    set_fraction: Share = 0.005
    reset_fraction: Share = 0.005
    set_levels: Annotated[float, quantity("", at_least=0)] = 1.0
    reset_levels: Annotated[float, quantity("", at_least=0)] = 1.0
    words_written: Share = 1.0


@dataclass(frozen=True)
class NetworkFile(Section):
    """A network file as written.

    ``width`` scales the channels and features of all conv and linear layers but the last, rounded
    to the nearest whole number, halves up, to one at least.
    """

    source: str
    name: str
    input: Shape
    classes: Annotated[int, Field(ge=2, le=1_000_000)]
    layers: Annotated[tuple[AnyLayer, ...], Field(min_length=1)]
    activity: AssumedActivity
    width: Annotated[float, quantity("", above=0, at_most=100)] = 1.0
    training: Training = field(default_factory=Training)
    recipe: str = ""
    recipes: dict[str, dict[str, Any] | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Matrix:
    """A layer as the hardware sees it: a weight matrix, and how many vectors pass through it.

    ``rows`` are the inputs of one group, position-major: row (ky kw + kx) C + c. ``positions`` is
    the number of kernel positions, so ``rows / positions`` the channels of one group.
    """

    rows: int
    cols: int
    vectors: int
    positions: int
    groups: int

    @property
    def weights(self) -> int:
        """Weights of the layer."""
        return self.rows * self.cols * self.groups

    @property
    def macs(self) -> int:
        """Multiplications and additions for one image."""
        return self.weights * self.vectors


@dataclass(frozen=True, eq=False)
class Node:
    """One layer in the graph. ``inputs`` are the indices of the nodes it reads, -1 the image."""

    index: int
    name: str
    kind: str
    inputs: tuple[int, ...]
    shape_in: Shape
    shape_out: Shape
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    matrix: Matrix | None = None

    @property
    def groups(self) -> int:
        """Groups of a convolution."""
        return self.matrix.groups if self.matrix else 1


@dataclass(frozen=True)
class Network:
    """A network with every shape known. ``nodes`` are in the order of computation."""

    name: str
    source: str
    input: Shape
    classes: int
    nodes: tuple[Node, ...]
    activity: AssumedActivity
    training: Training
    width: float = 1.0

    @property
    def matrices(self) -> tuple[Node, ...]:
        """The layers that hold weights in arrays."""
        return tuple(node for node in self.nodes if node.matrix is not None)

    @property
    def macs(self) -> int:
        """Multiplications and additions for one image."""
        return sum(node.matrix.macs for node in self.nodes if node.matrix is not None)

    def owner(self, node: Node) -> Node | None:
        """The matrix layer in whose row a node stands: itself, or the nearest one it reads from."""
        while node.matrix is None:
            sources = [i for i in node.inputs if i >= 0]
            if not sources:
                return None
            node = self.nodes[max(sources)]
        return node

    def assumed(self, input_bits: int, scheme: str = "") -> Activity:
        """The activity that the network file assumes, of arrays with weights of this scheme.

        What it does not say, of the fast array of Tiki-Taka, follows from its training.
        """
        a = self.activity
        count = len(self.matrices)
        densities = [float(d) for d in a.input_density]
        densities = densities if len(densities) == count else densities * count
        two = scheme == "tiki_taka"
        own = f"; of the fast array ours: {EVEN:g} of the pulses of its busiest cell" if two else ""
        return Activity(
            f"assumed: {a.source}{own}",
            tuple(
                LayerActivity(
                    input_density=(density,) * input_bits,
                    error_density=a.error_density,
                    error_nonzero=a.error_nonzero,
                    conductance=a.conductance,
                    set_fraction=a.set_fraction,
                    reset_fraction=a.reset_fraction,
                    set_levels=a.set_levels,
                    reset_levels=a.reset_levels,
                    words_written=a.words_written,
                    fast=self._fast(node) if two else None,
                )
                for density, node in zip(densities, self.matrices, strict=True)
            ),
        )

    def _fast(self, node: Node) -> FastActivity:
        """What a batch does to a layer's fast array, half of it up, half of it down."""
        matrix, own = node.matrix, self.training.tiki_taka
        assert matrix is not None
        vectors, rows = matrix.vectors * self.training.batch, matrix.rows * matrix.groups
        times, read = own.turns(vectors, rows)
        pulses = EVEN * min(own.pulses * times, vectors)
        return FastActivity(pulses / 2.0, pulses / 2.0, times * read / rows, 0.5)


def read_network(
    document: Document, recipe: str = "", sets: dict[str, str] | None = None
) -> Network:
    """The network of a file, trained by ``recipe`` (the file's own default if empty).

    ``sets`` are key paths and values set over the file and the recipe. InputError where a key is
    wrong, a recipe does not exist, or a layer does not fit what comes before it.
    """
    for path, text in (sets or {}).items():
        if not path.startswith("training"):
            document.set(path, text)
    recipes = document.tree.get("recipes") or {}
    if isinstance(recipes, dict):
        for name in recipes:
            _apply(copy.deepcopy(document), name).read(NetworkFile)
    chosen = recipe or str(document.tree.get("recipe") or "")
    if chosen:
        if not isinstance(recipes, dict) or chosen not in recipes:
            known = ", ".join(recipes) or "none"
            where = () if recipe else ("recipe",)
            raise document.error(where, f"unknown recipe '{chosen}'; the file has: {known}")
        _apply(document, chosen)
    for path, text in (sets or {}).items():
        if path.startswith("training"):
            document.set(path, text)
    parsed = document.read(NetworkFile)
    network = Network(
        name=parsed.name,
        source=parsed.source,
        input=parsed.input,
        classes=parsed.classes,
        nodes=_resolve(parsed, document),
        activity=parsed.activity,
        training=parsed.training,
        width=parsed.width,
    )
    document.refuse(_misfits(network))
    return network


def _misfits(network: Network) -> Iterator[Misfit]:
    """What may not fit together."""
    training, several = network.training, network.training.mapping != "reference"
    message = "pulses program one cell a weight; take mapping=reference, or write=direct"
    yield Misfit(("training", "mapping"), several and training.write != "direct", message)
    message = "resistive wires join one cell a weight; take mapping=reference, or wires=ideal"
    yield Misfit(("training", "mapping"), several and training.wires == "resistive", message)
    message = (
        "drift is that of cells, this mapping has none; take mapping=reference or pair, or rest=0s"
    )
    alone = training.mapping == "weight"
    yield Misfit(("training", "mapping"), alone and training.rest > 1.0, message)
    message = "bit by bit errors go through real weights; take digital=float32, or error_path=real"
    levels = training.error_path == "levels"
    yield Misfit(("training", "error_path"), levels and training.digital == "bit_serial", message)
    matrices, densities = len(network.matrices), len(network.activity.input_density)
    yield Misfit(("layers",), matrices == 0, "no conv or linear layer; a network needs one")
    message = "expected 1 number or {} (one for each conv and linear), got {}"
    wrong, values = densities not in (1, matrices), (matrices, densities)
    yield Misfit(("activity", "input_density"), wrong, message, values)
    message, late = "must be below the {} epochs of the training", training.epochs
    yield Misfit(("training", "warmup_epochs"), training.warmup_epochs >= late, message, (late,))
    last, classes = network.nodes[-1].shape_out, network.classes
    message = "the last layer gives {}, the network has {} classes"
    where = ("layers", len(network.nodes) - 1)
    yield Misfit(where, last.size != classes, message, (last, classes))


def _apply(document: Document, recipe: str) -> Document:
    """Lay a recipe over the training section."""
    values = document.tree["recipes"][recipe] or {}
    if not isinstance(values, dict):
        raise document.error(("recipes", recipe), "expected keys of 'training'")
    if document.tree.get("training") is None:
        document.tree["training"] = {}
    for key, value in values.items():
        document.lay(("training", key), value, ("recipes", recipe, key))
    return document


def _scaled(file: NetworkFile) -> tuple[AnyLayer, ...]:
    """The layers with the file's width."""
    matrices = [i for i, layer in enumerate(file.layers) if isinstance(layer, Conv | Linear)]
    layers = list(file.layers)
    for i in matrices[:-1]:
        layer = layers[i]
        if isinstance(layer, Conv):
            layers[i] = replace(layer, channels=_times(layer.channels, file.width))
        elif isinstance(layer, Linear):
            layers[i] = replace(layer, features=_times(layer.features, file.width))
    return tuple(layers)


def _times(count: int, width: float) -> int:
    return max(1, math.floor(count * width + 0.5))


def _resolve(file: NetworkFile, document: Document) -> tuple[Node, ...]:
    nodes: list[Node] = []
    names: dict[str, int] = {"input": -1}
    counts: dict[str, int] = {}

    def shape(index: int) -> Shape:
        return file.input if index < 0 else nodes[index].shape_out

    for i, layer in enumerate(_scaled(file)):
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        name = layer.name or f"{layer.kind}{counts[layer.kind]}"
        loc: tuple[str | int, ...] = ("layers", i)
        if name in names:
            raise document.error((*loc, "name"), f"a layer named '{name}' came before; rename one")

        def find(key: str, wanted: str, loc: tuple[str | int, ...] = loc) -> int:
            if wanted not in names:
                message = f"no layer named '{wanted}' comes before; name one that does"
                raise document.error((*loc, key), message)
            return names[wanted]

        source = find("input", layer.input) if layer.input else len(nodes) - 1
        inputs: tuple[int, ...] = (source,)
        given = shape(source)
        extra: dict[str, Any] = {}

        def refuse(message: str, loc: tuple[str | int, ...] = loc, name: str = name) -> InputError:
            return document.error(loc, f"layer '{name}': {message}")

        match layer:
            case Conv():
                side = [_windows(n, layer) for n in (given.height, given.width)]
                if min(side) < 1:
                    raise refuse(
                        f"a {layer.kernel} x {layer.kernel} kernel does not fit the {given} map it "
                        f"gets (padding {layer.padding})"
                    )
                if given.channels % layer.groups or layer.channels % layer.groups:
                    raise refuse(
                        f"{layer.groups} groups do not divide {given.channels} inputs and "
                        f"{layer.channels} outputs"
                        + (f" (at width {file.width:g})" if file.width != 1 else "")
                    )
                out = Shape(layer.channels, side[0], side[1])
                extra = {
                    "kernel": layer.kernel,
                    "stride": layer.stride,
                    "padding": layer.padding,
                    "matrix": Matrix(
                        rows=layer.kernel**2 * given.channels // layer.groups,
                        cols=layer.channels // layer.groups,
                        vectors=side[0] * side[1],
                        positions=layer.kernel**2,
                        groups=layer.groups,
                    ),
                }
            case Linear():
                if given.height * given.width > 1:
                    raise refuse(f"gets a {given} map; put 'kind: flatten' before it")
                out = Shape(layer.features, 1, 1)
                extra = {"matrix": Matrix(given.channels, layer.features, 1, 1, 1)}
            case MaxPool() | AvgPool():
                stride = layer.stride or layer.kernel
                if layer.kernel > min(given.height, given.width):
                    raise refuse(
                        f"a {layer.kernel} x {layer.kernel} window does not fit the {given} map "
                        "it gets"
                    )
                out = Shape(
                    given.channels,
                    (given.height - layer.kernel) // stride + 1,
                    (given.width - layer.kernel) // stride + 1,
                )
                extra = {"kernel": layer.kernel, "stride": stride}
            case Flatten():
                out = Shape(given.size, 1, 1)
            case Add():
                other = find("other", layer.other)
                if shape(other) != given:
                    raise refuse(f"cannot add {shape(other)} ('{layer.other}') to {given}")
                inputs, out = (source, other), given
            case _:
                out = given
        names[name] = len(nodes)
        nodes.append(Node(len(nodes), name, layer.kind, inputs, given, out, **extra))
        if nodes[-1].matrix is not None and not _unsigned(nodes, source):
            raise refuse(
                "its inputs can be negative, and the arrays take unsigned inputs; put a 'relu' "
                "before it"
            )
    used = {i for node in nodes for i in node.inputs}
    for node in nodes[:-1]:
        if node.index not in used:
            message = f"layer '{node.name}': nothing reads its output; remove it or use it"
            raise document.error(("layers", node.index), message)
    return tuple(nodes)


def _windows(side: int, layer: Conv) -> int:
    return (side + 2 * layer.padding - layer.kernel) // layer.stride + 1


def _unsigned(nodes: list[Node], index: int) -> bool:
    """Whether a node's output is never negative, so that it can enter an array bit by bit."""
    if index < 0 or nodes[index].kind == "relu":
        return True
    if nodes[index].kind in ("max_pool", "avg_pool", "flatten", "add"):
        return all(_unsigned(nodes, i) for i in nodes[index].inputs)
    return False
