"""An ONNX file as plain operators: read without trust, functions and branches still in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from neurorebit.schema import InputError
from neurorebit.schema.errors import File, shortened

LARGEST = 2 << 30  # bytes of a file: what a protocol buffer can hold
MOST = 40_000  # operators, those of functions and branches included
DEEPEST = 24  # functions and branches in one another
OLDEST = 7  # version of the operators: earlier ones broadcast by other rules
STANDARD = ("", "ai.onnx")
ANEW = "export the network anew, or write its file by hand"  # where no cure is nearer
CURE = "give an ONNX file, as torch.onnx.export writes it"
BROKEN = (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, AttributeError)


def library() -> ModuleType:
    """The package ``onnx``; InputError where it is not installed."""
    try:
        onnx: ModuleType = import_module("onnx")
    except ImportError:
        message = "reading an ONNX file takes the package 'onnx'"
        raise InputError(message, cure="install it: pip install 'neurorebit[onnx]'") from None
    return onnx


@dataclass(frozen=True, eq=False)
class Op:
    """One node of a graph. An empty name among ``inputs`` or ``outputs`` is an omitted one.

    ``proto``: the node as the file has it. ``opsets``: version of each domain's operators.
    """

    kind: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    _: KW_ONLY
    attributes: dict[str, Any]
    proto: Any
    opsets: dict[str, int]
    domain: str = ""

    @property
    def version(self) -> int:
        """The version of its domain's operators."""
        return self.opsets.get(self.domain, self.opsets.get("", OLDEST))

    @property
    def label(self) -> str:
        """The operator as errors and tables call it."""
        return f"{self.domain}.{self.kind}" if self.domain else self.kind

    def get(self, key: str, otherwise: Any = None) -> Any:
        """An attribute, or what holds where it is not given."""
        return self.attributes.get(key, otherwise)


@dataclass(frozen=True, eq=False)
class Given:
    """An input of a graph: its name, data type and axes; an axis of unknown size has its name."""

    name: str
    elem: int
    axes: tuple[int | str, ...]

    @property
    def is_static(self) -> bool:
        """Whether all sizes are known."""
        return all(isinstance(axis, int) for axis in self.axes)


@dataclass(eq=False)
class Graph:
    """A file's graph: inputs, initialisers and outputs by name, operators in order.

    ``functions``: those that the file defines, by domain and name.
    """

    shown: str
    path: Path | None
    inputs: list[Given]
    initialisers: dict[str, Any]
    _: KW_ONLY
    ops: list[Op]
    outputs: list[str]
    opsets: dict[str, int]
    functions: dict[tuple[str, str], Any] = field(default_factory=dict)

    def error(self, op: Op | str | None, message: str, cure: str = "") -> InputError:
        """An InputError that names the file and the node."""
        where = op if isinstance(op, str) else f"node '{op.name}' ({op.label})" if op else ""
        return InputError(
            message, origin=File(self.shown), key=shortened(where, 200), cure=cure or ANEW
        )


def read_graph(path: Path, shown: str) -> Graph:
    """The graph of an ONNX file; InputError where it is none, or too large.

    Numbers that stand in files of their own are left there.
    """
    onnx = library()
    where = File(shown)
    try:
        size = path.stat().st_size
        if size > LARGEST:
            message = f"has more than the {LARGEST >> 30} GiB that an ONNX file can have"
            raise InputError(message, origin=where, cure=CURE)
        model = onnx.load_model(str(path), load_external_data=False)
    except OSError as problem:
        message = f"cannot be read: {problem.strerror or problem}"
        raise InputError(message, origin=where, cure=CURE) from None
    except InputError:
        raise
    except Exception as problem:  # of the protocol buffer's own kinds
        message = f"not an ONNX file ({type(problem).__name__})"
        raise InputError(message, origin=where, cure=CURE) from None
    return graph_of(model, shown, path)


def graph_of(model: Any, shown: str, path: Path | None = None) -> Graph:
    """The graph of a model in memory; InputError where it is not one."""
    where = File(shown)
    opsets = {opset.domain: int(opset.version) for opset in model.opset_import}
    opsets[""] = opsets.get("", opsets.get("ai.onnx", 0))
    if not model.graph.node:
        raise InputError("holds no graph", origin=where, cure=CURE)
    if opsets[""] < OLDEST and any(node.domain in STANDARD for node in model.graph.node):
        message = f"has operators of version {opsets['']}; {OLDEST} and later are read"
        cure = "convert it with onnx.version_converter"
        raise InputError(message, origin=where, cure=cure)
    newest = library().defs.onnx_opset_version()
    if opsets[""] > newest:
        message = f"has operators of version {opsets['']}; the package 'onnx' knows {newest}"
        raise InputError(message, origin=where, cure="install a newer 'onnx'")
    graph = Graph(shown, path, [], {}, ops=[], outputs=[], opsets=opsets)
    graph.functions = {(f.domain, f.name): f for f in model.functions}
    initialisers = {t.name: t for t in model.graph.initializer}
    initialisers |= {t.values.name: t for t in model.graph.sparse_initializer}
    graph.initialisers = initialisers
    for value in model.graph.input:
        if value.name not in initialisers:
            graph.inputs.append(_given(graph, value))
    graph.ops = ops_of(graph, model.graph.node, opsets)
    graph.outputs = [value.name for value in model.graph.output]
    if not graph.outputs:
        raise InputError("the graph has no output", origin=where, cure=CURE)
    return graph


def _given(graph: Graph, value: Any) -> Given:
    """An input of the graph."""
    kind = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
        message = f"input '{value.name}' is no tensor of known rank"
        raise graph.error(None, message, "export it with the shape of its inputs")
    axes: list[int | str] = []
    for i, dim in enumerate(kind.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value > 0:
            axes.append(int(dim.dim_value))
        else:
            axes.append(dim.dim_param or f"{value.name}.{i}")
    return Given(value.name, int(kind.elem_type), tuple(axes))


def ops_of(graph: Graph, nodes: Iterable[Any], opsets: dict[str, int]) -> list[Op]:
    """The operators of nodes, each behind those that it reads; InputError where there is a circle.

    Names are the nodes' own; one without is named by its first output.
    """
    onnx = library()
    made: list[Op] = []
    for node in nodes:
        domain = "" if node.domain in STANDARD else node.domain
        outputs = tuple(node.output)
        name = node.name or next((o for o in outputs if o), "") or node.op_type
        try:
            attributes = {
                a.name: onnx.helper.get_attribute_value(a)
                for a in node.attribute
                if not a.ref_attr_name
            }
        except BROKEN as problem:
            where = f"node '{name}' ({node.op_type})"
            raise graph.error(where, f"an attribute is malformed: {problem}", CURE) from None
        op = Op(
            node.op_type,
            name,
            tuple(node.input),
            outputs,
            attributes=attributes,
            proto=node,
            opsets=opsets,
            domain=domain,
        )
        made.append(op)
        if len(made) > MOST:
            raise graph.error(op, f"more than {MOST:,} operators", "export a smaller network")
    return _sorted(graph, made)


def _sorted(graph: Graph, ops: Sequence[Op]) -> list[Op]:
    """Operators behind what they read, else in their order."""
    maker: dict[str, int] = {}
    for i, op in enumerate(ops):
        for output in op.outputs:
            if output and output in maker:
                raise graph.error(op, f"gives '{output}', which another node gives", CURE)
            maker[output] = i
    maker.pop("", None)
    if all(maker.get(name, -1) < i for i, op in enumerate(ops) for name in inner_names(op)):
        return list(ops)
    readers: dict[int, list[int]] = {}
    waits = []
    for i, op in enumerate(ops):
        sources = {maker[name] for name in inner_names(op) if name in maker}
        waits.append(len(sources))
        for source in sources:
            readers.setdefault(source, []).append(i)
    import heapq

    ready = [i for i, count in enumerate(waits) if not count]
    order: list[int] = []
    while ready:
        i = heapq.heappop(ready)
        order.append(i)
        for reader in readers.get(i, ()):
            waits[reader] -= 1
            if not waits[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(ops):
        stuck = next(i for i, count in enumerate(waits) if count)
        raise graph.error(ops[stuck], "reads, in a circle, what follows from itself", CURE)
    return [ops[i] for i in order]


def inner_names(op: Op) -> list[str]:
    """What an operator reads, by itself and in its branches."""
    names = [name for name in op.inputs if name]
    stack = [(value, 0) for value in op.attributes.values() if hasattr(value, "node")]
    while stack:
        branch, depth = stack.pop()
        for node in branch.node:
            names += [name for name in node.input if name]
            if depth < DEEPEST:
                stack += [(a.g, depth + 1) for a in node.attribute if a.HasField("g")]
        names += [value.name for value in branch.output]
    return names
