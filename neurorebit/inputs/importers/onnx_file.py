"""An ONNX graph as the values of a network file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurorebit.inputs.importers.given import Layout, layouts
from neurorebit.inputs.importers.graphs.builder import IMAGE, Builder, Parameters, written_sides
from neurorebit.inputs.importers.graphs.graph import ANEW, BROKEN, Graph, Op, read_graph
from neurorebit.inputs.importers.graphs.layout import Tensor
from neurorebit.inputs.importers.graphs.resolve import resolve
from neurorebit.inputs.importers.graphs.resolved import Resolved
from neurorebit.inputs.importers.operators.patterns import FOUND, simplified
from neurorebit.inputs.importers.operators.table import OPERATORS
from neurorebit.schema import InputError

SOURCE = "ONNX file {}"


@dataclass(frozen=True, eq=False)
class Imported:
    """A network as its file would hold it, and where the numbers of its layers stand.

    ``tree``: the values of the file. ``parameters``: by the name of a layer. ``made``: the graph.
    ``results``: how each output of the graph lies in the map of a layer.
    """

    tree: dict[str, Any]
    parameters: dict[str, Parameters]
    made: Resolved
    results: dict[str, Tensor]

    def arrays(self, layer: str) -> dict[str, Any]:
        """The numbers of a layer's weights, bias, gain ... as the graph has them.

        None for those that are not in the file. ``parameters`` says what their axes mean, and in
        which order a matrix takes its inputs from our map.
        """
        held = self.parameters[layer].tensors if layer in self.parameters else {}
        constants = {name: self.made.constant(tensor) for name, tensor in held.items()}
        return {name: one.numbers for name, one in constants.items() if one is not None}


def import_file(path: Path, shown: str, sizes: Mapping[str, int] | None = None) -> Imported:
    """The network of an ONNX file, for an input of these ``channels``, ``height`` and ``width``.

    Those that are not given are the file's. InputError names the node that is neither mapped nor
    folded, or the axis that is open.
    """
    return import_graph(read_graph(path, shown), sizes)


def import_graph(graph: Graph, sizes: Mapping[str, int] | None = None) -> Imported:
    """The same of a graph that was read."""
    best, layout = _written_best(graph, layouts(graph, dict(sizes or {})), bool(sizes))
    results = [best.values[name] for name in best.made.outputs]
    layers, outputs = _used(best, [one for one in results if isinstance(one, Tensor)])
    if not layers:
        raise graph.error(None, "no operator is left of it", "export a network with layers")
    name = (graph.path.stem if graph.path else graph.shown) or "network"
    tree: dict[str, Any] = {
        "source": SOURCE.format(Path(graph.shown).name),
        "name": name,
        "input": {
            "channels": layout.map.channels,
            "height": layout.map.height,
            "width": layout.map.width,
        },
        "layers": layers,
    }
    if outputs:
        tree["outputs"] = outputs
    kept = {layer["name"] for layer in layers}
    parameters = {name: one for name, one in best.parameters.items() if name in kept}
    found = {name: t for name, t in best.values.items() if isinstance(t, Tensor)}
    ends = {name: found[name] for name in best.made.outputs if name in found}
    return Imported(tree, parameters, best.made, ends)


def _written_best(graph: Graph, ways: Sequence[Layout], is_sized: bool) -> tuple[Builder, Layout]:
    """The layers of a graph, by the way to read its input that leaves most values where they are.

    ``is_sized``: sides of the input were set. InputError where no way leads through.
    """
    natively = frozenset((*OPERATORS, *FOUND))
    best: tuple[Builder, Layout] | None = None
    problem: InputError | None = None
    shape = tuple[int, ...]()
    made: Resolved | None = None
    for one in ways:
        given = one.types[one.name].shape
        try:
            if made is None or given != shape:
                made, shape = simplified(resolve(graph, one.types, natively)), given
            builder = _written(made, one)
        except InputError as found:
            problem = problem or found
            continue
        if best is None or builder.moved < best[0].moved:
            best = builder, one
        if not best[0].moved:
            break
    if best is not None:
        return best
    assert problem is not None
    if is_sized and graph.inputs[0].is_static:
        raise InputError(
            problem.message,
            origin=problem.origin,
            key=problem.key,
            cure="leave out network.input: the graph may be written for the size in the file alone",
        )
    raise problem


def _written(made: Resolved, layout: Layout) -> Builder:
    """The layers of a graph whose first input lies in memory as this layout says."""
    b = Builder(made)
    b.maps[IMAGE] = layout.map
    b.values[layout.name] = Tensor(IMAGE, layout.map, layout.axes, layout.memory)
    for further in layout.further:
        if further.name not in b.wanted:
            continue
        own = (further.name,)
        b.op = Op("input", further.name, (), own, attributes={}, proto=None, opsets={})
        map_ = further.map
        layer = b.layer("constant", map=map_, **written_sides(map_))
        b.values[further.name] = Tensor(layer, map_, further.axes, further.memory)
    for op in made.ops:
        b.op = op
        try:
            OPERATORS[op.label][0](b) if op.label in OPERATORS else FOUND[op.label](b)
        except InputError:
            raise
        except (*BROKEN, AssertionError) as problem:
            message = f"its inputs do not fit its layer ({type(problem).__name__}: {problem})"
            raise b.error(message, "export the network anew") from problem
        missing = [n for i, n in enumerate(op.outputs) if b.is_wanted(i) and n not in b.values]
        if missing:
            raise b.error(f"its output '{missing[0]}' has no layer", "export it without")
    b.op = None
    return b


def _used(b: Builder, results: Sequence[Tensor]) -> tuple[list[dict[str, Any]], list[str]]:
    """The layers that results follow from, the last of them last, and further results.

    Names of inputs that a file leaves out are left out.
    """
    ends = []
    for one in results:
        if one.layer not in ends and one.layer != IMAGE:
            ends.append(one.layer)
    by_name = {layer["name"]: layer for layer in b.layers}
    wanted: set[str] = set()
    stack = list(ends)
    while stack:
        name = stack.pop()
        if name in wanted or name == IMAGE:
            continue
        wanted.add(name)
        stack += list(_sources(by_name[name]))
    kept = [layer for layer in b.layers if layer["name"] in wanted]
    read = {source for layer in kept for source in _sources(layer)}
    open_ends = [name for name in ends if name not in read]
    if kept and kept[-1]["name"] not in ends:  # cannot be: what nothing reads is an end
        raise b.error("the last layer is no output", ANEW)
    last = kept[-1]["name"] if kept else ""
    outputs = [name for name in ends if name != last]
    before, layers = IMAGE, []
    for layer in kept:
        plain = dict(layer)
        if plain.get("input") == before:
            del plain["input"]
        layers.append(plain)
        before = layer["name"]
    assert set(open_ends) <= {*outputs, last}
    return layers, outputs


def _sources(layer: Mapping[str, Any]) -> Iterator[str]:
    for key in ("input", "other", "others"):
        named = layer.get(key)
        if isinstance(named, str):
            yield named
        elif named:
            yield from named
