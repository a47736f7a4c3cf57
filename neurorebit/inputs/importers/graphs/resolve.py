"""A graph with every shape known: constants folded, functions and branches in their place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from neurorebit.inputs.importers.graphs.constants import HUGE, SMALL, Constant, evaluated, of_tensor
from neurorebit.inputs.importers.graphs.graph import (
    ANEW,
    BROKEN,
    DEEPEST,
    MOST,
    Graph,
    Op,
    library,
    ops_of,
)
from neurorebit.inputs.importers.graphs.resolved import Resolved, Typed
from neurorebit.inputs.importers.graphs.rewritten import REWRITTEN
from neurorebit.schema import InputError

RANDOM = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial")
AT_RUN = "what it gives depends on numbers that are known in a run alone"


def resolve(graph: Graph, given: Mapping[str, Typed], natively: frozenset[str]) -> Resolved:
    """The graph for inputs of these types; other inputs are constants that nobody knows.

    ``natively``: labels of operators that stay as they are; others are taken apart where they are
    functions. InputError where a shape depends on more than the shapes of the inputs.
    """
    made = Resolved(graph)
    for one in graph.inputs:
        if one.name in given:
            made.known[one.name] = given[one.name]
        else:
            shape = [axis if isinstance(axis, int) else 1 for axis in one.axes]
            made.known[one.name] = Constant(shape, one.elem, lambda: None)
    for name, tensor in graph.initialisers.items():
        made.known[name] = of_tensor(graph, tensor)
    resolver = _Resolver(made, natively)
    resolver.take(graph.ops, 0)
    missing = [name for name in graph.outputs if name not in made.known]
    if missing and missing[0] in resolver.open:
        message = f"the shape of its output is open: {AT_RUN}"
        raise graph.error(resolver.open[missing[0]], message, ANEW)
    if missing:
        raise graph.error(None, f"no node gives the output '{missing[0]}'", "export it anew")
    made.outputs = [name for name in graph.outputs if made.constant(name) is None]
    if not made.outputs:
        message = "no output depends on what the network is given"
        raise graph.error(None, message, "export it with its input")
    made.ops = _live(made.ops, made.outputs)
    return made


def _live(ops: Sequence[Op], outputs: Sequence[str]) -> list[Op]:
    """The operators that an output follows from."""
    wanted, kept = set(outputs), []
    for op in reversed(ops):
        if wanted.intersection(name for name in op.outputs if name):
            wanted.update(op.inputs)
            kept.append(op)
    return kept[::-1]


class _Scope(NamedTuple):
    """The body of a function in one place: what its tensors and attributes are there."""

    prefix: str
    names: dict[str, str]
    attributes: Mapping[str, Any]


class _Resolver:
    """Takes operators one by one, in order."""

    def __init__(self, made: Resolved, natively: frozenset[str]) -> None:
        self.made, self.graph, self.natively = made, made.graph, natively
        self.count = 0
        self.open: dict[str, Op] = {}  # tensors of a shape that is not known, and what gives them

    def take(self, ops: Sequence[Op], depth: int) -> None:
        """Fold, take apart or keep each of these operators."""
        for op in ops:
            self.count += 1
            if self.count > MOST:
                message = f"more than {MOST:,} operators, those of functions included"
                raise self.graph.error(op, message, "export a smaller network")
            if depth > DEEPEST:
                message = f"functions or branches are nested more than {DEEPEST} times"
                raise self.graph.error(op, message, "export it without them")
            missing = [name for name in op.inputs if name and name not in self.made.known]
            if missing and missing[0] in self.open:
                message = f"the shape of its output is open: {AT_RUN}"
                raise self.graph.error(self.open[missing[0]], message, ANEW)
            if missing:
                message = f"reads '{missing[0]}', which nothing gives"
                raise self.graph.error(op, message, "export the network anew")
            try:
                self._one(op, depth)
            except InputError:
                raise
            except BROKEN as problem:
                message = f"is malformed ({type(problem).__name__}: {problem})"
                raise self.graph.error(op, message, ANEW) from None

    def _one(self, op: Op, depth: int) -> None:
        inputs = [self.made.known[name] if name else None for name in op.inputs]
        key = (op.proto.domain, op.kind)
        if key in self.graph.functions:
            self._function(op, self.graph.functions[key], depth)
        elif op.label in REWRITTEN:
            nodes = REWRITTEN[op.label](op, self.made)
            self.take(ops_of(self.graph, nodes, op.opsets | {"": self._newest()}), depth + 1)
        elif op.kind == "If" and not op.domain:
            self._branch(op, depth)
        elif op.kind == "Constant" and not op.domain:
            self._constant(op)
        elif op.kind == "Shape" and not op.domain and inputs and inputs[0] is not None:
            shape = inputs[0].shape[op.get("start", 0) : op.get("end")]
            self.made.known[op.outputs[0]] = Constant.of(np.array(shape, np.int64))
        elif op.kind == "Size" and not op.domain and inputs and inputs[0] is not None:
            size = math.prod(inputs[0].shape)
            self.made.known[op.outputs[0]] = Constant.of(np.array(size, np.int64))
        else:
            self._plain(op, inputs, depth)

    @staticmethod
    def _newest() -> int:
        return int(library().defs.onnx_opset_version())

    def _plain(self, op: Op, inputs: Sequence[Constant | Typed | None], depth: int) -> None:
        folds = all(not isinstance(one, Typed) for one in inputs) and op.kind not in RANDOM
        if not folds and op.label not in self.natively and self._taken_apart(op, inputs, depth):
            return
        if not folds and op.label not in self.natively:
            message = "this operator is neither mapped to a layer nor folded"
            cure = "export the network without it, or write its file by hand"
            raise self.graph.error(op, message, cure)
        types = self._types(op, inputs)
        for i, name in enumerate(op.outputs):
            if not name:
                continue
            if name in self.open:
                continue
            if name not in types:
                raise self.graph.error(op, f"its output '{name}' has no known type", AT_RUN)
            elem, shape = types[name]
            if folds:
                constants = [one if isinstance(one, Constant) else None for one in inputs]
                made = Constant(shape, elem, evaluated(op, constants, i))
                self.made.known[name] = made
                if made.size <= SMALL:  # at once: a chain of thousands is not left to recursion
                    assert made.numbers is None or made.size <= SMALL
            else:
                self.made.known[name] = Typed(elem, shape)
        if not folds:
            self.made.ops.append(op)

    def _types(
        self, op: Op, inputs: Sequence[Constant | Typed | None]
    ) -> dict[str, tuple[int, tuple[int, ...]]]:
        """Data type and shape of each output, by ONNX's own inference."""
        onnx = library()
        try:
            schema = onnx.defs.get_schema(op.kind, op.version, op.domain)
        except Exception:
            message = f"no operator of this name in version {op.version} of '{op.domain or 'onnx'}'"
            raise self.graph.error(op, message, "export it with standard operators") from None
        types, data = {}, {}
        for name, one in zip(op.inputs, inputs, strict=True):
            if one is None:
                continue
            types[name] = onnx.helper.make_tensor_type_proto(one.elem, one.shape)
            if isinstance(one, Constant) and one.size <= SMALL and one.numbers is not None:
                data[name] = onnx.numpy_helper.from_array(one.numbers)
        opsets = [onnx.helper.make_opsetid(d, v) for d, v in op.opsets.items()]
        try:
            inferred = onnx.shape_inference.infer_node_outputs(
                schema, op.proto, types, data, opset_imports=opsets
            )
        except Exception as problem:
            reason = " ".join(str(problem).split())
            raise self.graph.error(op, f"its inputs do not fit: {reason}", ANEW) from None
        found = {}
        for i, name in enumerate(op.outputs):
            if not name:
                continue
            given = inferred.get(name)
            kind: Any = given.tensor_type if given is not None else None
            known = kind is not None and given.HasField("tensor_type") and kind.HasField("shape")
            shape = (
                [d.dim_value if d.HasField("dim_value") else -1 for d in kind.shape.dim]
                if known
                else [-1]
            )
            source = inputs[0] if inputs else None
            function = schema.has_function or schema.has_context_dependent_function
            if min(shape, default=0) < 0 and i == 0 and function and source is not None:
                found[name] = (source.elem, source.shape)  # of those, all that are mapped keep it
                continue
            if min(shape, default=0) < 0:
                if any(isinstance(one, Typed) for one in inputs):
                    self.open[name] = op
                    continue
                constants = [one if isinstance(one, Constant) else None for one in inputs]
                found[name] = self._by_running(op, evaluated(op, constants, i))
                continue
            if math.prod(shape) > HUGE:
                raise self.graph.error(op, f"gives a tensor of shape {shape}", "check its sizes")
            found[name] = (int(kind.elem_type), tuple(int(n) for n in shape))
        return found

    def _by_running(self, op: Op, numbers: Any) -> tuple[int, tuple[int, ...]]:
        """Data type and shape of a constant that inference leaves open, from its numbers."""
        try:
            array = numbers()
        except Exception:
            array = None
        if array is None:
            raise self.graph.error(op, f"the shape of its output is open: {AT_RUN}", ANEW)
        elem = library().helper.np_dtype_to_tensor_dtype(array.dtype)
        return int(elem), tuple(array.shape)

    def _constant(self, op: Op) -> None:
        """A node that holds a constant, in one of several forms."""
        for key, value in op.attributes.items():
            if key in ("value", "sparse_value"):
                self.made.known[op.outputs[0]] = of_tensor(self.graph, value)
                return
            if key.startswith("value_"):
                kind = {"i": np.int64, "f": np.float32}.get(key.removeprefix("value_")[0])
                array = np.array(value, kind) if kind else np.array(value, dtype=object)
                if kind is None:
                    break
                self.made.known[op.outputs[0]] = Constant.of(array)
                return
        raise self.graph.error(op, "holds no tensor of numbers", "export the network anew")

    def _branch(self, op: Op, depth: int) -> None:
        """The branch that a constant condition takes."""
        condition = self.made.constant(op.inputs[0]) if op.inputs else None
        taken = None if condition is None else condition.scalar
        if taken is None:
            message = "its condition is known in a run alone"
            raise self.graph.error(op, message, "export the network with one of its branches")
        branch = op.get("then_branch" if taken else "else_branch")
        if branch is None:
            raise self.graph.error(op, "a branch is missing", "export the network anew")
        for tensor in branch.initializer:
            self.made.known[tensor.name] = of_tensor(self.graph, tensor)
        self.take(ops_of(self.graph, branch.node, op.opsets), depth + 1)
        results = [value.name for value in branch.output]
        self._bind(op, dict(zip(op.outputs, results, strict=False)))

    def _bind(self, op: Op, results: Mapping[str, str]) -> None:
        """An operator's outputs are those of its body, without work of their own."""
        onnx = library()
        for name in op.outputs:
            inner = results.get(name, "")
            if not name:
                continue
            if inner not in self.made.known:
                raise self.graph.error(op, f"its body does not give '{name}'", "export it anew")
            self.made.known[name] = self.made.known[inner]
            if isinstance(self.made.known[name], Typed):
                node = onnx.helper.make_node("Identity", [inner], [name])
                self.made.ops += ops_of(self.graph, [node], self.graph.opsets)

    def _function(self, op: Op, body: Any, depth: int) -> None:
        """The operators of a function's body, in the operator's place."""
        opsets = op.opsets | {o.domain: int(o.version) for o in body.opset_import}
        prefix = f"{op.name}/{op.kind}"
        names = dict(zip(body.input, op.inputs, strict=False))
        names |= dict.fromkeys(list(body.input)[len(op.inputs) :], "")
        names |= {inner: o for inner, o in zip(body.output, op.outputs, strict=False) if o}
        defaults = {a.name: a for a in body.attribute_proto} if body.attribute_proto else {}
        given = {a.name: a for a in op.proto.attribute}
        attributes = defaults | given
        scope = _Scope(prefix, names, attributes)
        inner = [self._renamed(node, scope, 0) for node in body.node]
        self.take(ops_of(self.graph, inner, opsets), depth + 1)
        for outer in op.outputs:
            if outer and outer not in self.made.known:
                raise self.graph.error(op, f"its body does not give '{outer}'", "export it anew")

    def _renamed(self, node: Any, scope: _Scope, depth: int) -> Any:
        """A node of a body under names of its own, with the attributes that it is given."""
        onnx = library()
        prefix, names, given = scope
        if depth > DEEPEST:
            raise self.graph.error(prefix, "branches are nested too deeply", "export it anew")
        made = onnx.NodeProto()
        made.CopyFrom(node)
        made.name = f"{prefix}/{node.name or node.op_type}"
        for side in (made.input, made.output):
            for i, name in enumerate(side):
                if name:
                    side[i] = names.setdefault(name, f"{prefix}/{name}")
        del made.attribute[:]
        for attribute in node.attribute:
            if attribute.ref_attr_name:
                if attribute.ref_attr_name in given:
                    made.attribute.append(given[attribute.ref_attr_name])
                    made.attribute[-1].name = attribute.name
                continue
            made.attribute.append(attribute)
            for branch in [made.attribute[-1].g] if attribute.HasField("g") else []:
                inner = [self._renamed(n, scope, depth + 1) for n in branch.node]
                del branch.node[:]
                branch.node.extend(inner)
                for value in branch.output:
                    value.name = names.get(value.name, value.name)
                for tensor in branch.initializer:
                    tensor.name = names.setdefault(tensor.name, f"{prefix}/{tensor.name}")
        return made

    def _taken_apart(self, op: Op, inputs: Sequence[Constant | Typed | None], depth: int) -> bool:
        """Whether an operator's own definition is a function of others, which then stand for it."""
        onnx = library()
        try:
            schema = onnx.defs.get_schema(op.kind, op.version, op.domain)
        except Exception:
            return False
        if schema.has_function:
            body = schema.function_body
        elif schema.has_context_dependent_function:
            types = [
                onnx.helper.make_tensor_type_proto(one.elem, one.shape).SerializeToString()
                if one is not None
                else b""
                for one in inputs
            ]
            try:
                raw = schema.get_context_dependent_function(op.proto.SerializeToString(), types)
                body = onnx.FunctionProto.FromString(raw)
            except Exception:
                return False
        else:
            return False
        if not body.node or any(node.op_type == op.kind for node in body.node):
            return False
        stated = onnx.NodeProto()
        stated.CopyFrom(op.proto)
        present = {a.name for a in stated.attribute}
        for key, attribute in schema.attributes.items():
            if key not in present and attribute.default_value.name:
                stated.attribute.append(attribute.default_value)
        self._function(replace(op, proto=stated), body, depth)
        return True
