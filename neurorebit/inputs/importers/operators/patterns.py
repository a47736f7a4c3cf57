"""What a graph writes with several operators, found as one: activations, norms, biases, padding.

A group of operators is recognised by what it computes, not by how it is written: it is evaluated on
a few numbers and held against the functions of a table. So any way to write GELU, SiLU, hard-swish
or a layer norm is found, in any version of the operators.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from neurorebit.inputs.importers.graphs.builder import Builder
from neurorebit.inputs.importers.graphs.graph import BROKEN, Op
from neurorebit.inputs.importers.graphs.resolved import Resolved, Typed
from neurorebit.inputs.importers.operators.elementwise import unary
from neurorebit.inputs.importers.operators.norms import normed_axes

LONGEST = 24  # operators of a group
CLOSE = 1e-4  # of the larger number: constants are written with a few digits
SAMPLES = 37  # tensors that a group is evaluated on
SIDES = (5, 7, 6, 4, 3, 2)  # of the numbers that a group is evaluated on, by axis
Array = Any


def _erf(x: Array) -> Array:
    from scipy.special import erf

    return erf(x)


def _logistic(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-x))


POINTWISE: dict[str, Callable[..., Array]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Min": np.minimum,
    "Max": np.maximum,
    "Sqrt": np.sqrt,
    "Exp": np.exp,
    "Log": np.log,
    "Erf": _erf,
    "Tanh": np.tanh,
    "Sigmoid": _logistic,
    "Relu": lambda x: np.maximum(x, 0.0),
    "Neg": np.negative,
    "Abs": np.abs,
    "Reciprocal": lambda x: 1.0 / x,
    "Softplus": lambda x: np.log1p(np.exp(x)),
    "Identity": lambda x: x,
    "Cast": lambda x: x,
}
MEANS: dict[str, Callable[..., Array]] = {
    "ReduceMean": np.mean,
    "ReduceSum": np.sum,
    "ReduceMax": np.max,
}
FUNCTIONS: dict[str, Callable[[Array], Array]] = {  # labels of FOUND
    "found.gelu_erf": lambda x: 0.5 * x * (1.0 + _erf(x / np.sqrt(2.0))),
    "found.gelu_tanh": lambda x: (
        0.5 * x * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (x + 0.044715 * x**3)))
    ),
    "found.silu": lambda x: x * _logistic(x),
    "found.hard_swish": lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "found.hard_sigmoid": lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "found.mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "found.softplus": lambda x: np.log1p(np.exp(x)),
    "found.sigmoid": _logistic,
    "found.square": lambda x: x * x,
    "found.relu6": lambda x: np.clip(x, 0.0, 6.0),
    "found.relu": lambda x: np.maximum(x, 0.0),
}
FOUND: dict[str, Callable[[Builder], None]] = {
    "found.gelu_erf": unary("gelu", form="erf"),
    "found.gelu_tanh": unary("gelu", form="tanh"),
    "found.silu": unary("silu"),
    "found.hard_swish": unary("hard_swish"),
    "found.hard_sigmoid": unary("hard_sigmoid"),
    "found.mish": unary("function", of="mish"),
    "found.softplus": unary("function", of="softplus"),
    "found.sigmoid": unary("sigmoid"),
    "found.square": unary("function", of="square"),
    "found.relu6": unary("relu6"),
    "found.relu": unary("relu"),
    "found.layer_norm": normed_axes,
}


def simplified(made: Resolved) -> Resolved:
    """The graph with what is found as one in the place of its operators."""
    made.ops = _Finder(made).ops()
    made.ops = _biased(made)
    made.ops = _with_padding(made)
    return made


class _Finder:
    """Finds groups of operators with one input and one output."""

    def __init__(self, made: Resolved) -> None:
        self.made = made
        self.maker = {name: op for op in made.ops for name in op.outputs if name}
        self.place = {id(op): i for i, op in enumerate(made.ops)}
        self.readers: dict[str, list[Op]] = {}
        for op in made.ops:
            for name in dict.fromkeys(op.inputs):
                self.readers.setdefault(name, []).append(op)
        self.results = set(made.outputs)
        # of a tensor: by the tensor that it follows from, numbers, and operators between them
        self.traces: dict[str, dict[str, tuple[Array, frozenset[int]]]] = {}
        self.axes: dict[str, tuple[int, ...]] = {}  # of a mean, what it is over

    def ops(self) -> list[Op]:
        """The operators with each group as one."""
        for op in self.made.ops:
            self._trace(op)
        gone: set[int] = set()
        put: dict[int, Op] = {}
        for op in reversed(self.made.ops):
            if id(op) in gone or len(op.outputs) != 1 or op.outputs[0] not in self.traces:
                continue
            found = self._match(op, gone)
            if found is not None:
                inside, new = found
                gone |= inside
                put[id(op)] = new
        return [put.get(id(op), op) for op in self.made.ops if id(op) in put or id(op) not in gone]

    def _sample(self, name: str) -> Array:
        """Many tensors of its rank: numbers from -9 to 9, which differ by more than any epsilon.

        They lie along an axis of their own before those of the tensor, which count from the last.
        """
        shape = self.made.shape(name)
        sides = [1 if n == 1 else SIDES[i % len(SIDES)] for i, n in enumerate(shape)]
        middle = np.linspace(-9.0, 9.0, SAMPLES).reshape(-1, *[1] * len(sides))
        generator = np.random.default_rng(len(shape))
        return middle + generator.normal(0.0, 3.0 if max(sides, default=1) > 1 else 0.0,
                                         [SAMPLES, *sides])  # fmt: skip

    def _trace(self, op: Op) -> None:
        """Numbers of an operator's output, for each tensor that it may follow from alone."""
        reduces = op.kind in MEANS
        if op.domain or not (op.kind in POINTWISE or reduces or op.kind in ("Clip", "HardSigmoid")):
            return
        maps = [n for n in op.inputs if isinstance(self.made.known.get(n), Typed)]
        if not maps or len(op.outputs) != 1:
            return
        axes = self._axes_of(op, maps[0]) if reduces else ()
        if reduces and not axes:
            return
        roots = set.intersection(*({n, *self.traces.get(n, {})} for n in maps))
        traced: dict[str, tuple[Array, frozenset[int]]] = {}
        for root in roots:
            values, inside = [], frozenset([id(op)])
            for name in op.inputs:
                if name == root:
                    values.append(self._sample(root))
                elif name in self.traces and root in self.traces[name]:
                    array, between = self.traces[name][root]
                    values.append(array)
                    inside |= between
                else:
                    constant = self.made.constant(name) if name else None
                    values.append(None if constant is None else constant.scalar)
            if len(inside) > LONGEST:
                continue
            try:
                with np.errstate(all="ignore"):
                    result = self._value(op, values, axes)
            except BROKEN:
                result = None
            if result is not None:
                traced[root] = (result, inside)
        if traced:
            self.traces[op.outputs[0]] = traced
            if axes:
                self.axes[op.outputs[0]] = axes

    def _axes_of(self, op: Op, name: str) -> tuple[int, ...]:
        """What a mean is over; empty where it drops its axes or is over none."""
        axes = op.get("axes")
        if axes is None and len(op.inputs) > 1:
            constant = self.made.constant(op.inputs[1])
            axes = None if constant is None or constant.small is None else constant.small.tolist()
        rank = len(self.made.shape(name))
        if not axes or not op.get("keepdims", 1):
            return ()
        return tuple(sorted(int(axis) % rank - rank for axis in axes))

    @staticmethod
    def _value(op: Op, values: list[Any], axes: tuple[int, ...]) -> Array | None:
        """What an operator gives, None where a constant is no single number."""
        if op.kind in MEANS:
            return MEANS[op.kind](values[0], axis=axes, keepdims=True)
        if op.kind == "HardSigmoid":
            alpha, beta = op.get("alpha", 0.2), op.get("beta", 0.5)
            return np.clip(alpha * values[0] + beta, 0.0, 1.0)
        if op.kind == "Clip":
            bounds = [op.get("min"), op.get("max")]
            for i in (1, 2):
                if len(op.inputs) > i and op.inputs[i]:
                    if values[i] is None:
                        return None
                    bounds[i - 1] = values[i]
            return np.clip(values[0], *bounds) if bounds != [None, None] else values[0]
        if any(value is None for value in values):
            return None
        result = POINTWISE[op.kind](*values[:2])
        for value in values[2:]:
            result = POINTWISE[op.kind](result, value)
        return result

    def _match(self, op: Op, gone: set[int]) -> tuple[frozenset[int], Op] | None:
        """The largest group that ends here and is a known function: its operators, and the one."""
        output = op.outputs[0]
        groups = sorted(self.traces[output].items(), key=lambda item: -len(item[1][1]))
        for root, (numbers, inside) in groups:
            if len(inside) < 2 or inside & gone or not self._is_closed(inside, output):
                continue
            x = self._sample(root)
            label, keys = self._known(x, numbers, inside)
            if label:
                return inside, _found(label, op, root, {"axes": list(keys)} if keys else {})
        return None

    def _is_closed(self, inside: frozenset[int], output: str) -> bool:
        """Whether nothing outside reads what is between a group's input and its output."""
        for op in self.made.ops:
            if id(op) not in inside:
                continue
            for name in op.outputs:
                if name == output:
                    continue
                if name in self.results or any(
                    id(reader) not in inside for reader in self.readers.get(name, ())
                ):
                    return False
        return True

    def _known(
        self, x: Array, numbers: Array, inside: frozenset[int]
    ) -> tuple[str, tuple[int, ...]]:
        """The label of the function that gives these numbers, and the axes that it is over."""
        over = {self.axes[op.outputs[0]] for op in self.made.ops
                if id(op) in inside and op.outputs[0] in self.axes}  # fmt: skip
        if numbers.shape != x.shape or not np.all(np.isfinite(numbers)):
            return "", ()
        if not over:
            with np.errstate(all="ignore"):
                for label, function in FUNCTIONS.items():
                    if np.allclose(numbers, function(x), rtol=CLOSE, atol=CLOSE):
                        return label, ()
            return "", ()
        if len(over) == 1:
            (axes,) = over
            normed = x - x.mean(axis=axes, keepdims=True)
            with np.errstate(all="ignore"):
                normed = normed / np.sqrt((normed**2).mean(axis=axes, keepdims=True))
            if np.allclose(numbers, normed, rtol=CLOSE, atol=CLOSE):
                return "found.layer_norm", axes
        return "", ()


def _found(label: str, op: Op, root: str, attributes: dict[str, Any]) -> Op:
    """One operator in the place of a group that ends with ``op``."""
    domain, _, kind = label.partition(".")
    return Op(
        kind,
        op.name,
        (root,),
        op.outputs,
        attributes=attributes,
        proto=None,
        opsets=op.opsets,
        domain=domain,
    )


def _counts(made: Resolved) -> Mapping[str, int]:
    """How often each tensor is read, by operators or as a result."""
    counts = Counter(name for op in made.ops for name in op.inputs if name)
    counts.update(made.outputs)
    return counts


def _biased(made: Resolved) -> list[Op]:
    """Sums with a constant behind a product with weights, or behind a norm, as a part of it."""
    counts = _counts(made)
    kept: list[Op | None] = []
    place: dict[str, int] = {}  # of a tensor, that of the operator that gives it
    for op in made.ops:
        at = _before(made, op, counts, place)
        before = None if at is None else kept[at]
        new = None if before is None else _joined(made, op, before)
        if at is not None and new is not None:
            kept[at] = None
        kept.append(new or op)
        place |= dict.fromkeys(op.outputs, len(kept) - 1)
    return [op for op in kept if op is not None]


def _before(
    made: Resolved, op: Op, counts: Mapping[str, int], place: Mapping[str, int]
) -> int | None:
    """The place of what gives the only map that a sum or a product with a constant reads."""
    if op.kind not in ("Add", "Mul") or op.domain:
        return None
    maps = [name for name in op.inputs if isinstance(made.known.get(name), Typed)]
    alone = len(maps) == 1 and len(op.inputs) == 2 and counts[maps[0]] == 1
    return place.get(maps[0]) if alone else None


def _joined(made: Resolved, op: Op, before: Op) -> Op | None:
    """The operator before a sum or a product with this as a part of it, None where it is none."""
    (constant,) = (name for name in op.inputs if made.constant(name) is not None)
    if not _absorbs(made, before, op, constant):
        return None
    key = "bias"
    if before.label == "found.layer_norm":
        key = "gain" if op.kind == "Mul" else "shift"
    return replace(before, outputs=op.outputs, attributes=before.attributes | {key: constant})


def _absorbs(made: Resolved, before: Op, op: Op, constant: str) -> bool:
    """Whether a product or a norm takes a constant in as its bias, its gain or its shift."""
    shape, size = made.shape(op.outputs[0]), made.shape(constant)
    wide = [i - len(size) for i, n in enumerate(size) if n > 1]
    if made.shape(before.outputs[0]) != shape:
        return False
    if before.label == "found.layer_norm":
        key = "gain" if op.kind == "Mul" else "shift"
        axes = set(before.get("axes"))
        late = key == "gain" and "shift" in before.attributes
        return set(wide) == axes and key not in before.attributes and not late
    if op.kind != "Add" or before.get("bias") or before.domain:
        return False
    weight = [i for i in (0, 1) if made.constant(before.inputs[i]) is not None] if (
        before.kind == "MatMul"
    ) else []  # fmt: skip
    if weight == [1] and len(made.shape(before.inputs[1])) <= 2:
        return wide == [-1] and size[-1] == shape[-1]
    if before.kind in ("Conv", "ConvTranspose") and len(before.inputs) < 3:
        return wide == [1 - len(shape)] and size[wide[0]] == shape[1]
    return False


def _with_padding(made: Resolved) -> list[Op]:
    """Zeros around a map that only a convolution reads, as its own padding."""
    counts = _counts(made)
    maker = {name: op for op in made.ops for name in op.outputs if name}
    gone: set[int] = set()
    put: dict[int, Op] = {}
    for op in made.ops:
        before = maker.get(op.inputs[0]) if op.inputs else None
        if op.kind != "Conv" or op.domain or before is None or before.kind != "Pad":
            continue
        if counts[op.inputs[0]] != 1 or id(before) in gone:
            continue
        pads = _zeros(made, before)
        rank = len(made.shape(before.inputs[0]))
        auto = op.get("auto_pad", b"NOTSET") in (b"NOTSET", b"VALID")
        if pads is None or not auto or any(pads[i] for i in (0, 1, rank, rank + 1)):
            continue
        own = op.get("pads") or [0] * (2 * (rank - 2))
        more = [*pads[2:rank], *pads[rank + 2 :]]
        keys = {k: v for k, v in op.attributes.items() if k != "auto_pad"}
        keys["pads"] = [a + b for a, b in zip(own, more, strict=True)]
        gone.add(id(before))
        put[id(op)] = replace(op, inputs=(before.inputs[0], *op.inputs[1:]), attributes=keys)
    return [put.get(id(op), op) for op in made.ops if id(op) not in gone]


def _zeros(made: Resolved, op: Op) -> list[int] | None:
    """The pads of zeros on all axes, None where they are of another kind."""
    if op.get("mode", b"constant") != b"constant" or (len(op.inputs) > 3 and op.inputs[3]):
        return None
    value = op.get("value", 0.0)
    if len(op.inputs) > 2 and op.inputs[2]:
        constant = made.constant(op.inputs[2])
        value = None if constant is None else constant.scalar
    pads = op.get("pads")
    if pads is None and len(op.inputs) > 1:
        constant = made.constant(op.inputs[1])
        pads = None if constant is None or constant.small is None else constant.small.tolist()
    if value != 0.0 or pads is None or min(pads) < 0:
        return None
    return [int(n) for n in pads]
