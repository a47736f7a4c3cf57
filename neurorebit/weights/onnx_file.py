"""Weights of an ONNX graph, in the names and the layout of a state dict.

A node with constant operands becomes a group of arrays ``NODE.weight``, ``NODE.bias`` and, of a
norm, ``NODE.running_mean`` and ``NODE.running_var``, in the order of the graph. ``NODE`` is the
name that the exporter gave the parameters (``features.0`` of ``features.0.weight``), or else that
of the node.

| operator | weight | bias |
|---|---|---|
| Conv, ConvTranspose | W as it is | B |
| Gemm | B, turned round where transB is 0, times alpha | C times beta |
| MatMul | its constant operand, turned round | of the Add that alone reads it |
| BatchNormalization | scale | B; the variance takes up what epsilon differs from 1e-5 |
| LayerNormalization, GroupNormalization, InstanceNormalization | scale | B |
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema import File, InputError
from neurorebit.schema.errors import printable

Array = NDArray[Any]

LARGEST = 2 << 30  # bytes of a file: what a protocol buffer can hold
EPSILON = 1e-5  # of batch norm, in training
NORMS = ("LayerNormalization", "GroupNormalization", "InstanceNormalization")


class Graph(NamedTuple):
    """The nodes of a graph in order, its constants by name, and who reads what."""

    nodes: list[Any]
    constants: dict[str, Array]
    readers: dict[str, list[Any]]

    def constant(self, node: Any, at: int) -> Array | None:
        """The constant operand of a node at a place; None where it is computed, or not there."""
        return self.constants.get(node.input[at]) if at < len(node.input) else None


def read(path: Path) -> dict[str, Array]:
    """The weights of a graph by name; InputError where it cannot be read, or onnx is missing."""
    where = File(str(path))
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        cure = "install it with: pip install 'neurorebit[onnx]'"
        raise InputError("onnx is not installed", origin=where, cure=cure) from None
    if path.stat().st_size > LARGEST:
        message = f"has more than the {LARGEST >> 30} GiB that an ONNX file can have"
        raise InputError(message, origin=where, cure="export it again")
    try:
        model = onnx.load(path)
        graph = model.graph
        constants = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        for node in graph.node:
            if (
                node.op_type == "Constant"
                and (values := _attributes(node)).get("value") is not None
            ):
                constants[node.output[0]] = numpy_helper.to_array(values["value"])
            elif node.op_type == "Identity" and node.input[0] in constants:
                constants[node.output[0]] = constants[node.input[0]]
        readers: dict[str, list[Any]] = {}
        for node in graph.node:
            for name in node.input:
                readers.setdefault(name, []).append(node)
        return _weights(Graph(list(graph.node), constants, readers))
    except Exception as problem:  # of protobuf, or of a node without what it has to have
        said = printable(" ".join(str(problem).split()))[:80]
        message = f"not an ONNX graph that can be read ({said})"
        raise InputError(message, origin=where, cure="export it again") from None


def _weights(graph: Graph) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for node in graph.nodes:
        arrays = _of_node(node, graph)
        if not arrays:
            continue
        name = _name(node, graph, found)
        found |= {f"{name}.{key}": value for key, value in arrays.items() if value is not None}
    return found


def _of_node(node: Any, graph: Graph) -> dict[str, Array | None]:
    """The arrays of a node in the layout of a state dict; nothing where it has none."""
    kind, given = node.op_type, _attributes(node)
    if kind in ("Conv", "ConvTranspose"):
        weight = graph.constant(node, 1)
        return {} if weight is None else {"weight": weight, "bias": graph.constant(node, 2)}
    if kind == "Gemm":
        weight, bias = graph.constant(node, 1), graph.constant(node, 2)
        if weight is None:
            return {}
        weight = np.float32(given.get("alpha", 1.0)) * weight
        bias = None if bias is None else np.float32(given.get("beta", 1.0)) * bias
        return {"weight": weight if given.get("transB") else weight.T, "bias": bias}
    if kind == "MatMul":
        weight = graph.constant(node, 1)
        if weight is None or weight.ndim != 2:
            return {}
        return {"weight": weight.T, "bias": _added(node, graph)}
    if kind == "BatchNormalization":
        scale, bias, mean, variance = (graph.constant(node, at) for at in range(1, 5))
        if scale is None or variance is None:
            return {}
        variance = variance + np.float32(given.get("epsilon", EPSILON) - EPSILON)
        return {"weight": scale, "bias": bias, "running_mean": mean, "running_var": variance}
    if kind in NORMS:
        weight = graph.constant(node, 1)
        return {} if weight is None else {"weight": weight, "bias": graph.constant(node, 2)}
    return {}


def _added(node: Any, graph: Graph) -> Array | None:
    """The constant that is added to the result of a node, where nothing else reads it."""
    readers = graph.readers.get(node.output[0], [])
    if len(readers) != 1 or readers[0].op_type != "Add":
        return None
    operands = [graph.constants.get(name) for name in readers[0].input]
    return next((one for one in operands if one is not None and one.ndim == 1), None)


def _name(node: Any, graph: Graph, taken: Mapping[str, Array]) -> str:
    """What a node's arrays are called."""
    constants = [name for name in node.input[1:] if name in graph.constants]
    stems = [name.rpartition(".")[0] for name in constants if name.endswith(".weight")]
    name: str = next(iter(stems), "") or node.name or node.output[0]
    number, base = 2, name
    while any(key.startswith(f"{name}.") for key in taken):
        name, number = f"{base}#{number}", number + 1
    return name


def _attributes(node: Any) -> dict[str, Any]:
    """The attributes of a node that are numbers or tensors, by name."""
    fields = {1: "f", 2: "i", 4: "t"}  # AttributeProto.FLOAT, INT, TENSOR
    return {a.name: getattr(a, fields[a.type]) for a in node.attribute if a.type in fields}
