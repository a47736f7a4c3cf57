"""Matrix products: with weights, and of two operands that both follow from the input."""

from __future__ import annotations

import math
from collections.abc import Sequence

from neurorebit.inputs.importers.graphs.builder import Builder, Parameters
from neurorebit.inputs.importers.graphs.constants import Constant
from neurorebit.inputs.importers.graphs.graph import ANEW
from neurorebit.inputs.importers.graphs.layout import Factors, Tensor, fresh, product, refined
from neurorebit.layers.base import Shape


def joined(axes: Sequence[Factors]) -> Factors:
    """The factors of several axes."""
    return tuple(factor for axis in axes for factor in axis)


def weighted(
    b: Builder,
    x: Tensor,
    contracted: Factors,
    features: int,
    *,
    parameters: Parameters,
    name: str = "",
) -> tuple[Tensor, Factors]:
    """A product with weights that takes in these factors at every place of the others.

    Returns the tensor, without axes yet, and the factors of its features. Rows of weights may stand
    in any order, so that the factors taken in need only lie together.
    """
    assert b.op is not None
    rest = tuple(f for f in x.memory if f not in contracted)
    inner = x.memory[len(rest) :]
    if x.memory[: len(rest)] == rest:
        contracted = inner
    height, width, channels = b.sides(x)
    if not rest or (channels == contracted and (*height, *width) == rest):
        made = x
    else:
        made = b.arranged(x, contracted, (), rest)
    layer = b.layer(
        "linear",
        made.layer,
        name=name,
        features=features,
        per="position" if rest else None,
        bias=True if b.op.get("bias") or "bias" in parameters.tensors else None,
        parameters=parameters,
    )
    out = fresh(features)
    return b.new(layer, (), (*rest, *out)), out


def _order(x: Tensor, contracted: Factors, memory: Factors) -> tuple[tuple[int, ...], ...] | None:
    """How the inputs of a matrix are put into the order of memory: sizes, and their order."""
    inner = [f for f in memory if f in contracted]
    if list(contracted) == inner:
        return None
    return tuple(f.size for f in contracted), tuple(contracted.index(f) for f in inner)


def matmul(b: Builder) -> None:
    """A product with weights on either side, or of two maps."""
    assert b.op is not None
    left, right = b.read(0), b.read(1)
    if left is None or right is None:
        raise b.error("an operand is missing", ANEW)
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        _both(b, left, right)
    elif isinstance(left, Tensor) and isinstance(right, Constant):
        _right(b, left, right)
    elif isinstance(right, Tensor) and isinstance(left, Constant):
        _left(b, left, right)


def _right(b: Builder, x: Tensor, weight: Constant) -> None:
    """X W"""
    assert b.op is not None
    several = math.prod(weight.shape[:-2]) > 1
    features = weight.shape[-1] if len(weight.shape) > 1 else 1
    if several:
        _grouped(b, x, weight, taken=-1, features=features)
        return
    parameters = _parameters(b, 1, "in out", x=x, contracted=x.axes[-1])
    made, out = weighted(b, x, x.axes[-1], features, parameters=parameters)
    last = (out,) if len(weight.shape) > 1 else ()
    _give(b, made, (*x.axes[:-1], *last))


def _left(b: Builder, weight: Constant, x: Tensor) -> None:
    """W x"""
    several = math.prod(weight.shape[:-2]) > 1
    taken = -2 if len(x.axes) > 1 else -1
    features = weight.shape[-2] if len(weight.shape) > 1 else 1
    if several:
        _grouped(b, x, weight, taken=-2, features=features)
        return
    parameters = _parameters(b, 0, "out in", x=x, contracted=x.axes[taken])
    made, out = weighted(b, x, x.axes[taken], features, parameters=parameters)
    rows = (out,) if len(weight.shape) > 1 else ()
    last = (x.axes[-1],) if len(x.axes) > 1 else ()
    _give(b, made, (*x.axes[:-2], *rows, *last))


def _give(b: Builder, made: Tensor, axes: Sequence[Factors]) -> None:
    """A result, with leading axes of size 1 where the graph has more."""
    more = len(b.shape()) - len(axes)
    b.give(Tensor(made.layer, made.map, (*((),) * more, *axes), made.memory))


def _parameters(b: Builder, i: int, axes: str, *, x: Tensor, contracted: Factors) -> Parameters:
    assert b.op is not None
    tensors = {"weight": b.op.inputs[i]}
    if b.op.get("bias"):
        tensors["bias"] = b.op.get("bias")
    order = _order(x, contracted, x.memory)
    return Parameters(tensors, axes, None if order is None else (order[0], order[1]))


def _grouped(b: Builder, x: Tensor, weight: Constant, *, taken: int, features: int) -> None:
    """Weights of their own for each of several parts of the input: a grouped convolution."""
    assert b.op is not None
    batch = len(weight.shape) - 2
    lead = len(x.axes) - 2 - batch
    groups: list[Factors] = []
    for i in range(batch):
        axis = x.axes[lead + i] if lead + i >= 0 else ()
        if weight.shape[i] > 1 and product(axis) != weight.shape[i]:
            raise b.error("one input is multiplied by several matrices", "export it as one matrix")
        groups.append(axis if weight.shape[i] > 1 else ())
    inner, contracted = joined(groups), x.axes[taken]
    rest = tuple(f for f in x.memory if f not in inner and f not in contracted)
    made = b.arranged(x, (*inner, *contracted), (), rest)
    out = fresh(features)
    tensor = b.op.inputs[1 if taken == -1 else 0]
    axes = "groups in out" if taken == -1 else "groups out in"
    layer = b.layer(
        "conv",
        made.layer,
        channels=product(inner) * features,
        kernel=1,
        groups=product(inner),
        map=Shape(product(inner) * features, 1, product(rest)),
        parameters=Parameters({"weight": tensor}, axes),
    )
    result = list(x.axes)
    result[taken] = out
    if taken == -2:
        result = [*x.axes[:-2], out, x.axes[-1]]
    _give(b, b.new(layer, (), (*rest, *inner, *out)), result)


def _both(b: Builder, left: Tensor, right: Tensor) -> None:
    """A product of maps, for each of the leading axes that both have."""
    one_row, one_col = len(left.axes) == 1, len(right.axes) == 1
    pair, right = None, right.renewed()
    for attempt in range(2):
        if attempt:  # factors that do not fit each other: each axis as one
            left, right = b.ordered(left), b.ordered(right)
        a = [(), *left.axes] if one_row else list(left.axes)
        c = [*right.axes, ()] if one_col else list(right.axes)
        depth = max(len(a), len(c)) - 2
        a = [()] * (depth + 2 - len(a)) + a
        c = [()] * (depth + 2 - len(c)) + c
        # rows and columns of the result are no axes here: they stay as they are
        pair = refined(
            Tensor(left.layer, left.map, (*a[:-2], a[-1]), left.memory),
            Tensor(right.layer, right.map, (*c[:-2], c[-2]), right.memory),
        )
        if pair is not None:
            break
    assert pair is not None
    one, other = pair
    shared = list(zip(one.axes[:-1], other.axes[:-1], strict=True))
    made = products(
        b,
        one,
        other,
        batch=[(p, q) for p, q in shared if p and q],
        contracted=(one.axes[-1], other.axes[-1]),
        left=joined([p for p, q in shared if p and not q] + [a[-2]]),
        right=joined([q for p, q in shared if q and not p] + [c[-1]]),
    )
    lead = [p or q for p, q in shared]
    result = [*lead, *([] if one_row else [a[-2]]), *([] if one_col else [c[-1]])]
    b.give(Tensor(made.layer, made.map, tuple(result), made.memory))


def products(
    b: Builder,
    one: Tensor,
    other: Tensor,
    *,
    batch: Sequence[tuple[Factors, Factors]],
    contracted: tuple[Factors, Factors],
    left: Factors,
    right: Factors,
    name: str = "",
) -> Tensor:
    """The product of two maps, which takes in one set of factors of each.

    For each factor of ``batch``, which both have, on its own. The result has the factors ``left``,
    those of ``batch`` as the first has them, and ``right``, in this order in memory.
    """
    ours, theirs = joined([p for p, _ in batch]), joined([q for _, q in batch])
    first = tuple(f for f in one.memory if f in left)
    # batches and what is taken in, in the order in which the first has them, if they lie together
    inner = tuple(f for f in one.memory if f in ours)
    partner = dict(zip(ours, theirs, strict=True)) | dict(zip(*contracted, strict=True))
    taken = tuple(f for f in one.memory if f in contracted[0])
    made = b.arranged(one, (*inner, *taken), (), first)
    outer, inside = tuple(partner[f] for f in inner), tuple(partner[f] for f in taken)
    second = tuple(f for f in other.memory if f in right)
    transposes = other.memory != (*inside, *outer, *second)
    if transposes:
        read = b.arranged(other, (*outer, *inside), (), second)
    else:
        read = b.arranged(other, (*outer, *second), (), inside)
    groups = product(inner)
    layer = b.layer(
        "matmul",
        made.layer,
        read.layer,
        name=name,
        other=read.layer,
        groups=groups if groups > 1 else None,
        transpose=True if transposes else None,
        map=Shape(groups * product(second), 1, product(first)),
    )
    return b.new(layer, (), (*first, *inner, *second))


def gemm(b: Builder) -> None:
    """A product with weights, or of two maps, and a bias."""
    assert b.op is not None
    a, c = b.read(0), b.read(1)
    if a is None or c is None:
        raise b.error("an operand is missing", ANEW)
    bias = b.constant(2)
    if isinstance(a, Tensor) and isinstance(c, Constant):
        taken = 0 if b.op.get("transA", 0) else 1
        axes = "out in" if b.op.get("transB", 0) else "in out"
        parameters = _parameters(b, 1, axes, x=a, contracted=a.axes[taken])
        if bias is not None:
            parameters.tensors["bias"] = b.op.inputs[2]
        made, out = weighted(b, a, a.axes[taken], b.shape()[-1], parameters=parameters)
        _give(b, made, (a.axes[1 - taken], out))
        return
    if isinstance(a, Constant) and isinstance(c, Tensor):
        taken = 1 if b.op.get("transB", 0) else 0
        axes = "in out" if b.op.get("transA", 0) else "out in"
        parameters = _parameters(b, 0, axes, x=c, contracted=c.axes[taken])
        made, out = weighted(b, c, c.axes[taken], b.shape()[0], parameters=parameters)
        _give(b, made, (out, c.axes[1 - taken]))
        return
    if bias is not None:
        raise b.error("multiplies two maps and adds a bias", "export it as MatMul and Add")
    assert isinstance(a, Tensor)
    assert isinstance(c, Tensor)
    _both(
        b,
        a.transposed((1, 0)) if b.op.get("transA", 0) else a,
        c.transposed((1, 0)) if b.op.get("transB", 0) else c,
    )


def einsum(b: Builder) -> None:
    """A product of two operands, written with letters for axes."""
    assert b.op is not None
    text = b.op.get("equation", b"").decode().replace(" ", "")
    sides, arrow, result = text.partition("->")
    terms = sides.split(",")
    if "." in text or len(terms) != len(b.op.inputs) or len(terms) > 2:
        raise b.error(f"the equation '{text}' is of another form", "write it as MatMul")
    if not arrow:
        result = "".join(sorted(c for c in set(sides) - {","} if sides.count(c) == 1))
    if any(len(set(term)) < len(term) for term in (*terms, result)):
        raise b.error(f"the equation '{text}' takes a diagonal", "write it as MatMul")
    operands = [b.read(i) for i in range(len(terms))]
    if len(terms) == 1:
        if set(terms[0]) != set(result):
            raise b.error(f"the equation '{text}' sums over one operand", "write it as ReduceSum")
        b.give(b.tensor(0).transposed([terms[0].index(c) for c in result]))
        return
    if isinstance(operands[0], Constant):
        operands.reverse()
        terms.reverse()
    x, w = operands
    assert isinstance(x, Tensor)
    axis = dict(zip(terms[0], x.axes, strict=True))
    if isinstance(w, Constant):
        _einsum_weighted(
            b, x, terms, result=result, sizes=dict(zip(terms[1], w.shape, strict=True))
        )
        return
    assert isinstance(w, Tensor)
    w = w.renewed()
    both = [c for c in terms[0] if c in terms[1]]
    lone = [c for t, u in (terms, terms[::-1]) for c in t if c not in u and c not in result]
    if lone:
        raise b.error(f"the equation '{text}' sums over one operand", "write it as ReduceSum")
    order = [*both, *(c for c in terms[0] if c not in both)]
    theirs = [*both, *(c for c in terms[1] if c not in both)]
    n = len(both)
    one, other = (
        x.transposed([terms[0].index(c) for c in order]),
        w.transposed([terms[1].index(c) for c in theirs]),
    )
    pair = refined(
        Tensor(one.layer, one.map, one.axes[:n], one.memory),
        Tensor(other.layer, other.map, other.axes[:n], other.memory),
    )
    if pair is None:
        raise b.error("its operands lie in orders that do not fit each other", ANEW)
    ours = dict(zip(both, pair[0].axes, strict=True))
    their = dict(zip(both, pair[1].axes, strict=True))
    free = dict(zip(order[n:], one.axes[n:], strict=True))
    others = dict(zip(theirs[n:], other.axes[n:], strict=True))
    made = products(
        b,
        pair[0],
        pair[1],
        batch=[(ours[c], their[c]) for c in both if c in result],
        contracted=(
            joined([ours[c] for c in both if c not in result]),
            joined([their[c] for c in both if c not in result]),
        ),
        left=joined(list(free.values())),
        right=joined(list(others.values())),
    )
    axis = ours | free | others
    b.give(Tensor(made.layer, made.map, tuple(axis[c] for c in result), made.memory))


def _einsum_weighted(
    b: Builder, x: Tensor, terms: Sequence[str], *, result: str, sizes: dict[str, int]
) -> None:
    """A product with a constant, which takes in the letters that the result lacks."""
    assert b.op is not None
    axis = dict(zip(terms[0], x.axes, strict=True))
    taken = [c for c in terms[1] if c in terms[0] and c not in result]
    shared = [c for c in terms[1] if c in terms[0] and c in result and sizes[c] > 1]
    new = [c for c in terms[1] if c not in terms[0]]
    lone = [c for c in terms[0] if c not in terms[1] and c not in result]
    if lone or any(c not in result for c in new):
        raise b.error("its equation sums over one operand", "write it as ReduceSum")
    outs = {c: fresh(sizes[c]) for c in new}
    features = math.prod(sizes[c] for c in new)
    inner = joined([axis[c] for c in shared])
    contracted = joined([axis[c] for c in taken])
    which = 1 if isinstance(b.read(1), Constant) else 0
    parameters = Parameters({"weight": b.op.inputs[which]}, "einsum " + terms[1])
    if not inner:
        made, _ = weighted(b, x, contracted, features, parameters=parameters)
        memory = (*made.memory[: -1 if features > 1 else None], *joined(list(outs.values())))
        made = Tensor(made.layer, made.map, (), memory)
    else:
        rest = tuple(f for f in x.memory if f not in inner and f not in contracted)
        source = b.arranged(x, (*inner, *contracted), (), rest)
        layer = b.layer(
            "conv",
            source.layer,
            channels=product(inner) * features,
            kernel=1,
            groups=product(inner),
            map=Shape(product(inner) * features, 1, product(rest)),
            parameters=parameters,
        )
        made = b.new(layer, (), (*rest, *inner, *joined(list(outs.values()))))
    axes = tuple(outs.get(c) if c in outs else axis[c] for c in result)
    b.give(Tensor(made.layer, made.map, tuple(a or () for a in axes), made.memory))


TABLE = {
    "MatMul": (matmul, "linear, matmul"),
    "Gemm": (gemm, "linear, matmul"),
    "Einsum": (einsum, "linear, conv, matmul"),
}
