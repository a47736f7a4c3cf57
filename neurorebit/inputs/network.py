"""The reader of network files: recipes and settings, and the graph of layers with its shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, make_dataclass, replace
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from neurorebit.inputs import activity
from neurorebit.inputs.blocks import IMAGE, write_out
from neurorebit.inputs.training import training_section
from neurorebit.layers.base import Layer, Misshaped, Shape
from neurorebit.layers.network import Network, Node
from neurorebit.layers.table import KINDS
from neurorebit.schema import Document, InputError, Misfit, Section, Setting, kind_of, quantity
from neurorebit.schema.activity import AssumedActivity, RecordedActivity
from neurorebit.schema.training import Training


@dataclass(frozen=True, kw_only=True)
class NetworkFile(Section):
    """A network file as written, its blocks and repetitions written out.

    ``classes`` is left out where the network is no classifier; of a regression it is the number of
    outputs. ``outputs`` names layers whose maps it gives beside that of the last. ``width`` scales
    the channels and features of all layers with weights but the last, rounded to the nearest whole
    number, halves up, to one at least.
    """

    source: str = ""
    name: str
    input: Shape
    classes: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    layers: Annotated[tuple[Annotated[Layer, kind_of(KINDS, "kind")], ...], Field(min_length=1)]
    outputs: tuple[str, ...] = ()
    activity: AssumedActivity = field(default_factory=AssumedActivity)
    width: Annotated[float, quantity("", above=0, at_most=100)] = 1.0
    training: Training = field(default_factory=Training)
    recipe: str = ""
    recipes: dict[str, dict[str, Any] | None] = field(default_factory=dict)


def read_network(document: Document, recipe: str = "", settings: Sequence[Setting] = ()) -> Network:
    """The network of a file, trained by ``recipe`` (the file's own default if empty).

    ``settings`` below ``network`` and ``training`` are set over the file and the recipe; others are
    of other files. InputError where a key is wrong, a recipe does not exist, or a layer does not
    fit what comes before it.
    """
    file = network_type()
    for setting in settings:
        if setting.key.startswith("network."):
            document.set(setting.key.removeprefix("network."), setting.text, setting.label)
    write_out(document)
    recipes = document.tree.get("recipes") or {}
    if isinstance(recipes, dict):
        for name in recipes:
            _apply(document.copy(), name).read(file)
    chosen = recipe or str(document.tree.get("recipe") or "")
    if chosen:
        if not isinstance(recipes, dict) or chosen not in recipes:
            known = ", ".join(recipes) or "none"
            where = () if recipe else ("recipe",)
            raise document.error(where, f"unknown recipe '{chosen}'; the file has: {known}")
        _apply(document, chosen)
    for setting in settings:
        if setting.key.startswith("training."):
            document.set(setting.key, setting.text, setting.label)
    parsed = document.read(file)
    nodes = _Graph(parsed, document).nodes()
    network = Network(
        name=parsed.name,
        source=parsed.source,
        input=parsed.input,
        classes=parsed.classes or nodes[-1].shape_out.size,
        classified=parsed.classes is not None,
        nodes=_left_alone(nodes, parsed.training, document),
        activity=parsed.activity,
        training=parsed.training,
        width=parsed.width,
        outputs=parsed.outputs,
    )
    document.refuse(_misfits(network, len(parsed.layers)))
    recorded: tuple[RecordedActivity, ...] = ()
    if parsed.activity.recorded:
        names = [node.name for node in network.matrices]
        recorded = activity.of_network(document, parsed.activity.recorded, names)
    return replace(network, recorded=recorded, others=activity.of_others())


def network_type() -> type[NetworkFile]:
    """The dataclass that a network file is read into, with the section ``training`` of today."""
    return _file(training_section())  # type: ignore[arg-type]  # a class is hashable


@cache
def _file(training: type[Training]) -> type[NetworkFile]:
    """A network file whose section ``training`` is of this class."""
    section = ("training", training, field(default_factory=training))
    return make_dataclass("NetworkFile", [section], bases=(NetworkFile,), frozen=True, kw_only=True)


def _left_alone(
    nodes: tuple[Node, ...], training: Training, document: Document
) -> tuple[Node, ...]:
    """The nodes, those frozen that the training names, and those whose matrices have adapters."""
    where, adapters = ("training", "frozen"), training.adapters
    named: dict[str, tuple[str, ...]] = dict.fromkeys(training.frozen, where)
    if adapters is not None:
        named |= {name: ("training", "adapters", "layers") for name in adapters.layers}
    for name, key in named.items():
        if not any(_is(node, name) for node in nodes):
            raise document.impossible(key, f"no layer is named '{name}'", "name one that there is")
    made = []
    for node in nodes:
        frozen = node.layer.frozen or any(_is(node, name) for name in training.frozen)
        rank = _rank(node, training)
        if frozen or rank:
            node = replace(node, layer=replace(node.layer, frozen=True), rank=rank)
        made.append(node)
    if any(node.layer.learns for node in made) and not any(node.learns for node in made):
        raise document.impossible(
            where, "every layer is frozen", "leave one out, so that it learns"
        )
    return tuple(made)


def _is(node: Node, name: str) -> bool:
    """Whether a node is a layer of that name, or a part of it."""
    return node.name == name or node.name.startswith(f"{name}.")


def _rank(node: Node, training: Training) -> int:
    """The rank of a node's adapter, 0 where it has none."""
    adapters, matmul = training.adapters, node.matmul
    if adapters is None or matmul is None or matmul.groups > 1 or not matmul.stationary:
        return 0
    if adapters.layers and not any(_is(node, name) for name in adapters.layers):
        return 0
    return adapters.rank


def _misfits(network: Network, layers: int) -> Iterator[Misfit]:
    """Combinations of values that do not fit, in a network of so many ``layers`` in its file."""
    training, several = network.training, network.training.mapping != "reference"
    loc = "training", "mapping"
    message = "pulses program one cell a weight"
    cure = "take mapping=reference, or write=direct"
    yield Misfit(loc, several and training.write != "direct", message, cure=cure)
    message = "resistive wires join one cell a weight"
    cure = "take mapping=reference, or wires=ideal"
    yield Misfit(loc, several and training.wires == "resistive", message, cure=cure)
    message = "drift is that of cells, this mapping has none"
    cure = "take mapping=reference or pair, or rest=0s"
    yield Misfit(loc, training.mapping == "weight" and training.rest > 1.0, message, cure=cure)
    message = "bit by bit errors go through real weights"
    cure = "take digital=float32, or error_path=real"
    levels = training.error_path == "levels" and training.digital == "bit_serial"
    yield Misfit(("training", "error_path"), levels, message, cure=cure)
    matrices, density = len(network.matrices), network.activity.input_density
    densities = 1 if density is None else len(density)
    weighted = [kind for kind, layer in KINDS.items() if layer.has_weights]
    message = f"no {' or '.join(weighted)} layer"
    stationary = any(node.matmul and node.matmul.stationary for node in network.matrices)
    yield Misfit(("layers",), not stationary, message, cure="a network needs one")
    message = "expected 1 number or {} (one for each matrix product of "
    message += f"{' and '.join(weighted)}), got {{}}"
    wrong, values = densities not in (1, matrices), (matrices, densities)
    cure = "give as many"
    yield Misfit(("activity", "input_density"), wrong, message, values, cure=cure)
    message, late = "must be below the {} epochs of the training", training.epochs
    too_late = training.warmup_epochs >= late
    loc = "training", "warmup_epochs"
    yield Misfit(loc, too_late, message, (late,), cure="take fewer, or more epochs")
    last, gives = network.nodes[-1].shape_out, network.gives
    message = "the last layer gives {}, the network has {}"
    where = ("layers", layers - 1)
    cure = f"give it {network.classes} outputs, or change 'classes'"
    yield Misfit(where, last.size != network.classes, message, (last, gives), cure=cure)
    yield from _unfit_data(network)


def _unfit_data(network: Network) -> Iterator[Misfit]:
    """Losses and normalisations that do not fit the network."""
    training = network.training
    alone = network.classes == 1 and not network.regression
    message, cure = "classes are told apart from two on", "take loss=squared for a regression"
    yield Misfit(("training", "loss"), alone, message, cure=cure)
    smooth = network.regression and training.label_smoothing > 0
    message, cure = "a regression has no labels to smooth", "take 0, or another loss"
    yield Misfit(("training", "label_smoothing"), smooth, message, cure=cure)
    if isinstance(training.normalise, str):
        return
    channels = network.input.channels
    for key, given in (("mean", training.normalise.mean), ("std", training.normalise.std)):
        message = "expected 1 number or {} (one for each channel of the input), got {}"
        wrong, values = len(given) not in (1, channels), (channels, len(given))
        where = "training", "normalise", key
        yield Misfit(where, wrong, message, values, cure="give as many")


def _apply(document: Document, recipe: str) -> Document:
    """Lay a recipe over the training section."""
    values = document.tree["recipes"][recipe] or {}
    if not isinstance(values, dict):
        message, cure = "expected keys of 'training'", "write them below it, indented"
        raise document.error(("recipes", recipe), message, cure)
    if document.tree.get("training") is None:
        document.tree["training"] = {}
    for key, value in values.items():
        document.lay(("training", key), value, ("recipes", recipe, key))
    return document


class _Graph:
    """The layers of a file, resolved one by one: each knows the shapes and signs before it."""

    def __init__(self, file: NetworkFile, document: Document) -> None:
        self.file, self.document = file, document
        self.made: list[Node] = []
        self.places: list[int] = []  # of each node, the layer of the file that it belongs to
        self.indices = {IMAGE: -1}
        self.shapes = {-1: file.input}
        self.nonnegative = {-1: file.training.normalise == "none"}

    def nodes(self) -> tuple[Node, ...]:
        """The nodes in the file's order; InputError where a layer does not fit."""
        counts: dict[str, int] = {}
        for place, layer in enumerate(self._scaled()):
            counts[layer.kind] = counts.get(layer.kind, 0) + 1
            name = layer.name or f"{layer.kind}{counts[layer.kind]}"
            if name in self.indices:
                message = f"a layer named '{name}' came before"
                raise self.document.error(("layers", place, "name"), message, "rename one")
            self.indices[name] = self._layer(place, name, layer)
        used = {source for node in self.made for source in node.inputs}
        results = {len(self.made) - 1}
        for i, wanted in enumerate(self.file.outputs):
            if self.indices.get(wanted, -1) < 0:
                message = f"no layer is named '{wanted}'"
                raise self.document.error(("outputs", i), message, "name one, or leave it out")
            results.add(self.indices[wanted])
        for node in self.made:
            if node.index not in used | results:
                place, cure = self.places[node.index], "remove it or use it"
                raise self._refused(place, node.name, "nothing reads its output", cure)
        return tuple(replace(node, result=node.index in results) for node in self.made)

    def _scaled(self) -> tuple[Layer, ...]:
        """The layers at the file's width."""
        layers = list(self.file.layers)
        last = max((i for i, layer in enumerate(layers) if layer.has_weights), default=-1)
        for i, layer in enumerate(layers):
            if i != last and (layer.has_weights or layer.widens):
                layers[i] = layer.scaled(self.file.width)
        return tuple(layers)

    def _layer(self, place: int, name: str, layer: Layer) -> int:
        """The node of a layer, or the last one of the parts that it is made of."""
        first = self._source(place, "input", layer.input) if layer.input else len(self.made) - 1
        further = list(_reads(layer))
        others = [self._source(place, key, wanted) for key, wanted in further]
        try:
            parts = layer.parts(*(self.shapes[source] for source in (first, *others)))
        except Misshaped as problem:
            raise self._misshaped(place, name, problem) from None
        if not parts:
            return self._node(place, name, layer, () if layer.reads_nothing else (first, *others))
        keys = (key for key, _ in further)
        names, last = {IMAGE: first, **dict(zip(keys, others, strict=True))}, first
        for part in parts:
            part = replace(part, frozen=part.frozen or layer.frozen)
            read = [names[part.input] if part.input else last]
            read += [names[wanted] for _, wanted in _reads(part)]
            last = self._node(place, f"{name}.{part.name}", part, tuple(read))
            self.made[last] = replace(self.made[last], part_of=layer.kind)
            names[part.name] = last
        return last

    def _node(self, place: int, name: str, layer: Layer, inputs: tuple[int, ...]) -> int:
        """Add a node to the graph; its index."""
        index, given = len(self.made), [self.shapes[source] for source in inputs]
        try:
            out = layer.output(*given)
        except Misshaped as problem:
            raise self._misshaped(place, name, problem) from None
        matmul = layer.matmul(given[0], out) if given else None
        if matmul is not None:
            matmul = replace(matmul, signed=not self.nonnegative[inputs[0]])
        self.shapes[index] = out
        self.nonnegative[index] = layer.nonnegative(*(self.nonnegative[i] for i in inputs))
        shapes: Any = {"shape_in": given[0] if given else out, "shape_out": out}
        further = tuple(given[1:])
        node = Node(index, name, layer, inputs, matmul=matmul, further_in=further, **shapes)
        self.made.append(node)
        self.places.append(place)
        return index

    def _source(self, index: int, key: str, wanted: str) -> int:
        """The node that a key of a layer names."""
        if wanted not in self.indices:
            message = f"no layer named '{wanted}' comes before"
            raise self.document.error(("layers", index, key), message, "name one that does")
        return self.indices[wanted]

    def _misshaped(self, place: int, name: str, problem: Misshaped) -> InputError:
        width = self.file.width
        scaled = f" (at width {width:g})" if width != 1 else ""
        return self._refused(place, name, f"{problem}{scaled}", problem.cure)

    def _refused(self, index: int, name: str, message: str, cure: str = "") -> InputError:
        return self.document.impossible(("layers", index), f"layer '{name}': {message}", cure)


def _reads(layer: Layer) -> Iterator[tuple[str, str]]:
    """The further layers that a layer names, each with its key."""
    for key in layer.also_reads:
        named = getattr(layer, key)
        for wanted in (named,) if isinstance(named, str) else named:
            if wanted:
                yield key, wanted
