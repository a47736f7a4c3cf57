"""Recurrent layers and attention."""

from __future__ import annotations

import math
from collections.abc import Callable

from neurorebit.inputs.importers.graphs.builder import Builder, Parameters
from neurorebit.inputs.importers.graphs.graph import ANEW
from neurorebit.inputs.importers.graphs.layout import Factors, Tensor, fresh, product
from neurorebit.inputs.importers.operators.elementwise import (
    through,
    with_constant,
    with_map,
)
from neurorebit.inputs.importers.operators.matrices import products
from neurorebit.inputs.importers.operators.movement import concat_of, sliced
from neurorebit.inputs.importers.operators.norms import softmaxed
from neurorebit.layers.base import Shape

STANDARD = {  # activations that the layers have, forward; repeated for the other direction
    "LSTM": (b"Sigmoid", b"Tanh", b"Tanh"),
    "GRU": (b"Sigmoid", b"Tanh"),
    "RNN": (b"Tanh",),
}
STATES = {"LSTM": (5, 6), "GRU": (5,), "RNN": (5,)}


def recurrent(kind: str) -> Callable[[Builder], None]:
    """A recurrent layer: the whole sequence, or the last state alone."""

    def handler(b: Builder) -> None:
        assert b.op is not None
        op = b.op
        x = b.tensor(0)
        if op.get("layout", 0):
            x = x.transposed((1, 0, 2))
        weight = b.constant(1)
        if weight is None or len(weight.shape) != 3 or len(x.axes) != 3:
            raise b.error("its weights do not fit the axes of its input", ANEW)
        if x.axes[1]:
            message = f"gets {x.shape[1]} sequences of an image, and layers take one"
            raise b.error(message, "export the network with a batch of one")
        usual = STANDARD[op.kind]
        given = tuple(op.get("activations") or usual)
        if any(given[i] != usual[i % len(usual)] for i in range(len(given))):
            names = ", ".join(word.decode() for word in given)
            raise b.error(f"has the activations {names}", "export it with the usual ones")
        if len(op.inputs) > 7 and op.inputs[7]:
            raise b.error("has peepholes", "export it without them")
        for i in STATES[op.kind]:
            if isinstance(b.read(i), Tensor):
                raise b.error("its first state follows from the input", "begin with a constant")
        directions = weight.shape[0]
        hidden = int(op.get("hidden_size") or b.constant(2).shape[-1])  # type: ignore[union-attr]
        made = b.arranged(x, x.axes[2], (), x.axes[0])
        tensors = {"weight": op.inputs[1], "recurrent": op.inputs[2]}
        if len(op.inputs) > 3 and op.inputs[3]:
            tensors["bias"] = op.inputs[3]
        whole = b.is_wanted(0)
        layer = b.layer(
            kind,
            made.layer,
            features=hidden,
            output="sequence" if whole else "last",
            bidirectional=True if directions == 2 else None,
            bias=True if "bias" in tensors else None,
            map=Shape(hidden * directions, 1, made.map.width if whole else 1),
            parameters=Parameters(tensors, "directions gates in"),
        )
        outs = fresh(directions), fresh(hidden)
        steps = x.axes[0] if whole else ()
        done = b.new(layer, (steps, outs[0], (), outs[1]), (*steps, *outs[0], *outs[1]))
        if whole:
            b.give(done.transposed((2, 0, 1, 3)) if op.get("layout", 0) else done, 0)
        for i in (1, 2):
            if b.is_wanted(i):
                b.give(_last(b, done, i), i)

    return handler


def _last(b: Builder, done: Tensor, output: int) -> Tensor:
    """The state behind the last step of each direction: the second begins at the end."""
    assert b.op is not None
    steps, directions = done.shape[0], done.shape[1]
    name = "state" if output == 1 else "cell"
    if steps == 1:
        made = done
    elif directions == 1:
        made = sliced(b, done, 0, start=steps - 1, size=1, name=name)
    else:
        parts = []
        for i, place in enumerate((steps - 1, 0)):
            one = sliced(b, done, 1, start=i, size=1, name=f"{name}{i + 1}.direction")
            parts.append(sliced(b, one, 0, start=place, size=1, name=f"{name}{i + 1}"))
        made = concat_of(b, parts, 1, name)
    axes = made.axes[1:]
    made = Tensor(made.layer, made.map, axes, made.memory)
    return made.transposed((1, 0, 2)) if b.op.get("layout", 0) else made


def attention(b: Builder) -> None:
    """Scores of queries and keys, their softmax, and the sum of values by it."""
    assert b.op is not None
    op = b.op
    if any(i < len(op.inputs) and op.inputs[i] for i in (4, 5)):
        raise b.error("has keys and values of earlier steps", "export it without a cache")
    if any(b.is_wanted(i) for i in (1, 2, 3)):
        raise b.error("its scores or its cache are read", "export it with one output")
    q, k, v = b.tensor(0), b.tensor(1).renewed(), b.tensor(2).renewed()
    flat = len(q.axes) == 3
    if flat:
        heads, shared = int(op.get("q_num_heads", 1)), int(op.get("kv_num_heads", 1))
        q, k, v = (_headed(b, t, n) for t, n in ((q, heads), (k, shared), (v, shared)))
    else:
        heads, shared = q.shape[1], k.shape[1]
    if heads % shared or any(t.axes[0] for t in (q, k, v)):
        raise b.error(f"{heads} heads of queries do not fit {shared} of keys", ANEW)
    depth = q.shape[3]
    q = b.reshaped(q, [1, shared, heads // shared, q.shape[2], depth])
    batch, left = q.axes[1], (*q.axes[3], *q.axes[2])
    scores = products(
        b,
        q,
        k,
        batch=[(batch, k.axes[1])],
        contracted=(q.axes[4], k.axes[3]),
        left=left,
        right=k.axes[2],
        name="scores",
    )
    axes = ((), batch + q.axes[2], q.axes[3], k.axes[2])
    scores = Tensor(scores.layer, scores.map, axes, scores.memory)
    factor = float(op.get("scale") or 1.0 / math.sqrt(depth))
    scores = through(b, "scale", scores, name="scale", factor=[factor])
    mask = b.read(3)
    if isinstance(mask, Tensor):
        scores = with_map(b, scores, mask, "add", shape=scores.shape)
    elif mask is not None:
        scores = with_constant(b, scores, mask, "add", shape=scores.shape, swapped=False)
    shares, groups = softmaxed(b, scores, scores.axes[3])
    shares = through(b, "softmax", shares, name="softmax", groups=groups if groups > 1 else None)
    own = shares.axes[1]
    heads_kept, repeats = _cut(own, shared)
    made = products(
        b,
        shares,
        v,
        batch=[(heads_kept, v.axes[1])],
        contracted=(shares.axes[3], v.axes[2]),
        left=(*shares.axes[2], *repeats),
        right=v.axes[3],
    )
    result = Tensor(made.layer, made.map, ((), own, shares.axes[2], v.axes[3]), made.memory)
    if flat:
        result = b.reshaped(result.transposed((0, 2, 1, 3)), b.shape())
    b.give(result)


def _headed(b: Builder, x: Tensor, heads: int) -> Tensor:
    """Batch, heads, steps, values of a head."""
    n, steps, size = x.shape
    if heads < 1 or size % heads:
        raise b.error(f"{heads} heads do not divide {size} values", ANEW)
    return b.reshaped(x, [n, steps, heads, size // heads]).transposed((0, 2, 1, 3))


def _cut(axis: Factors, size: int) -> tuple[Factors, Factors]:
    """The leading factors of an axis that make up a size, and the others."""
    count = 0
    while product(axis[:count]) < size:
        count += 1
    return axis[:count], axis[count:]


TABLE = {
    "LSTM": (recurrent("lstm"), "lstm"),
    "GRU": (recurrent("gru"), "gru"),
    "RNN": (recurrent("rnn"), "rnn"),
    "Attention": (attention, "matmul, scale, softmax"),
}
