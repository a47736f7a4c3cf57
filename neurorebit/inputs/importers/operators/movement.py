"""Axes in another order or of other sizes, and parts of maps; what moves no value is no layer."""

from __future__ import annotations

import math
from typing import Any

from neurorebit.inputs.importers.graphs.builder import SIDE, Builder, Parameters
from neurorebit.inputs.importers.graphs.constants import Constant
from neurorebit.inputs.importers.graphs.graph import ANEW
from neurorebit.inputs.importers.graphs.layout import (
    Factor,
    Factors,
    Tensor,
    fresh,
    product,
    refined,
)
from neurorebit.inputs.importers.operators.elementwise import grown, padded
from neurorebit.layers.base import Shape


def transpose(b: Builder) -> None:
    """Axes in another order."""
    assert b.op is not None
    x = b.tensor(0)
    order = list(b.op.get("perm") or range(len(x.axes))[::-1])
    if sorted(order) != list(range(len(x.axes))):
        raise b.error(f"the order {order} does not fit {len(x.axes)} axes", ANEW)
    b.give(x.transposed(order))


def reshape(b: Builder) -> None:
    """Axes of other sizes, the values in the order of the axes."""
    b.give(b.reshaped(b.tensor(0), b.shape()))


def expand(b: Builder) -> None:
    """Values repeated along axes of size 1."""
    b.give(grown(b, b.tensor(0), b.shape()))


def tile(b: Builder) -> None:
    """A map repeated as a whole."""
    x, shape = b.tensor(0), b.shape()
    parts = [(n // m, m) for n, m in zip(shape, x.shape, strict=True)]
    split = b.reshaped(x, [size for _, m in parts for size in (1, m)])
    wide = grown(b, split, [size for r, m in parts for size in (r, m)])
    b.give(b.reshaped(wide, shape))


# --- parts


def lone(b: Builder, x: Tensor, axis: int) -> tuple[Tensor, Factor]:
    """The tensor with an axis as one factor; values move where its factors lie apart."""
    if len(x.axes[axis]) > 1:
        x = x.merged()
    if len(x.axes[axis]) > 1:
        rest = tuple(f for f in x.memory if f not in x.axes[axis])
        x = b.arranged(x, x.axes[axis], (), rest).merged()
    return x, x.axes[axis][0]


def _placed(b: Builder, x: Tensor, factor: Factor) -> tuple[Tensor, str, int]:
    """A map of which rows, columns or channels begin with a factor: the tensor, the word for them,
    and how many of them a value of the factor has.
    """
    for word, side in zip(("height", "width", "channels"), b.sides(x), strict=True):
        size = {"height": x.map.height, "width": x.map.width, "channels": x.map.channels}[word]
        if side and side[0] is factor and product(side) == size:
            return x, word, product(side[1:])
    at = x.memory.index(factor)
    outer, inner = x.memory[:at], x.memory[at + 1 :]
    if not inner:
        return b.arranged(x, (factor,), (), outer), "channels", 1
    if not outer or product(inner) > SIDE:
        return b.arranged(x, inner, (), (*outer, factor)), "width", 1
    if product(outer) > SIDE:
        raise b.error(f"needs a map of {product(outer):,} rows", f"{SIDE:,} is most")
    return b.arranged(x, inner, outer, (factor,)), "width", 1


def _straight(b: Builder, x: Tensor, axis: int) -> Tensor:
    """The tensor with the factors of an axis in their order in memory, together."""
    factors = x.axes[axis]
    if [f for f in x.memory if f in factors] == list(factors):
        return x
    height, width, channels = b.sides(x)
    if set(factors) <= set(channels):
        others = tuple(f for f in channels if f not in factors)
        return b.arranged(x, (*others, *factors), height, width)
    return b.arranged(x, factors, (), tuple(f for f in x.memory if f not in factors))


def sliced(
    b: Builder, x: Tensor, axis: int, *, start: int, size: int, step: int = 1, name: str = ""
) -> Tensor:
    """``size`` values along an axis, from ``start`` on, every ``step`` th."""
    if x.shape[axis] == size and step == 1:
        return x
    x = _straight(b, x, axis)
    factors = x.axes[axis]
    inner = product(factors[1:])
    if len(factors) > 1 and step == 1 and start % inner == 0 and size % inner == 0:
        factor, start, kept = factors[0], start // inner, size // inner
    else:
        x, factor = lone(b, x, axis)
        kept = size
    made, word, each = _placed(b, x, factor)
    keys: dict[str, Any]
    if step == 1 or each == 1:
        stop = start + (kept - 1) * step + 1
        keys = {"axis": word, "start": start * each, "stop": stop * each}
        if step != 1:
            keys["step"] = step
    else:
        at, word = x.memory.index(factor), "width"
        made = b.arranged(x, x.memory[at + 1 :], x.memory[:at], (factor,))
        stop = start + (kept - 1) * step + 1
        keys = {"axis": word, "start": start, "stop": stop, "step": step}
    new = fresh(kept)
    sides = {"height": made.map.height, "width": made.map.width, "channels": made.map.channels}
    sides[word] = sides[word] // factor.size * kept
    map_ = Shape(sides["channels"], sides["height"], sides["width"])
    layer = b.layer("slice", made.layer, name=name, map=map_, **keys)
    return _replaced(Tensor(layer, map_, made.axes, made.memory), factor, new)


def _replaced(x: Tensor, factor: Factor, new: Factors) -> Tensor:
    """The tensor with other factors in the place of one."""

    def put(factors: Factors) -> Factors:
        return tuple(f for one in factors for f in (new if one is factor else (one,)))

    return Tensor(x.layer, x.map, tuple(map(put, x.axes)), put(x.memory))


def taken(b: Builder, x: Tensor, axis: int, count: int) -> Tensor:
    """``count`` values along an axis, in any order."""
    x, factor = lone(b, x, axis)
    made, word, each = _placed(b, x, factor)
    sides = {"height": made.map.height, "width": made.map.width, "channels": made.map.channels}
    sides[word] = each * count
    map_ = Shape(sides["channels"], sides["height"], sides["width"])
    layer = b.layer("take", made.layer, map=map_, axis=word, count=each * count)
    return _replaced(Tensor(layer, map_, made.axes, made.memory), factor, fresh(count))


def slice_(b: Builder) -> None:
    """A range along some axes."""
    assert b.op is not None
    x = b.tensor(0)
    starts, axes = b.op.get("starts"), b.op.get("axes")
    steps = None
    if starts is None:
        starts, axes, steps = b.numbers(1), b.numbers(3), b.numbers(4)
    if starts is None:
        raise b.error("its starts are missing", ANEW)
    axes = list(axes) if axes is not None else list(range(len(starts)))
    steps = list(steps) if steps is not None else [1] * len(starts)
    shape = b.shape()
    for start, axis, step in zip(starts, axes, steps, strict=True):
        axis %= len(x.axes)
        size = x.shape[axis]
        if shape[axis] < 1:
            raise b.error("leaves nothing of a map", ANEW)
        if step < 0:
            x = taken(b, x, axis, shape[axis]) if size > 1 else x
            continue
        first = min(max(start + size if start < 0 else start, 0), size)
        x = sliced(b, x, axis, start=int(first), size=shape[axis], step=int(step))
    b.give(x)


def split(b: Builder) -> None:
    """Parts along an axis."""
    assert b.op is not None
    x = b.tensor(0)
    axis = int(b.op.get("axis", 0)) % len(x.axes)
    start = 0
    for i, name in enumerate(b.op.outputs):
        if not name:
            continue
        size = b.shape(i)[axis]
        if b.is_wanted(i):
            b.give(sliced(b, x, axis, start=start, size=size, name=f"part{i + 1}"), i)
        start += size


def gather(b: Builder) -> None:
    """Values of a map at constant places, or rows of a table that the input names."""
    assert b.op is not None
    data, indices = b.read(0), b.read(1)
    if isinstance(data, Constant) and isinstance(indices, Tensor):
        _embedding(b, data, indices)
        return
    x, places = b.tensor(0), b.constant(1)
    if places is None:
        raise b.error("its places are missing", ANEW)
    axis = int(b.op.get("axis", 0)) % len(x.axes)
    numbers = places.small
    size = x.shape[axis]
    found = [int(n) % size for n in numbers.reshape(-1)] if numbers is not None else None
    step = found[1] - found[0] if found and len(found) > 1 else 1
    if found and step > 0 and found == [found[0] + i * step for i in range(len(found))]:
        made = sliced(b, x, axis, start=found[0], size=len(found), step=step)
    elif size == 1:
        made = grown(b, x, [*x.shape[:axis], places.size, *x.shape[axis + 1 :]])
    else:
        made = taken(b, x, axis, places.size)
    b.give(b.reshaped(made, b.shape()))


def gather_values(b: Builder) -> None:
    """Values of a map at constant places of all its axes."""
    x, shape = b.tensor(0), b.shape()
    if b.constant(1) is None:
        raise b.error("its places are missing", ANEW)
    row = b.arranged(x, x.memory)
    count = math.prod(shape)
    layer = b.layer("take", row.layer, map=Shape(count, 1, 1), axis="channels", count=count)
    axes = tuple(fresh(n) for n in shape)
    b.give(b.new(layer, axes, tuple(f for axis in axes for f in axis)))


def _embedding(b: Builder, table: Constant, indices: Tensor) -> None:
    """A row of a table for each number of the input."""
    assert b.op is not None
    if int(b.op.get("axis", 0)) != 0 or len(table.shape) < 1:
        raise b.error("takes columns of a table", "export it as an embedding of rows")
    features = math.prod(table.shape[1:])
    made = b.arranged(indices, (), (), indices.memory)
    out = [fresh(n) for n in table.shape[1:]]
    layer = b.layer(
        "embedding",
        made.layer,
        entries=table.shape[0],
        features=features,
        map=Shape(features, 1, made.map.width),
        parameters=Parameters({"weight": b.op.inputs[0]}, "entries features"),
    )
    inner = tuple(f for axis in out for f in axis)
    b.give(b.new(layer, (*indices.axes, *out), (*made.memory, *inner)))


# --- several maps as one


def concat(b: Builder) -> None:
    """Maps one behind the other along an axis."""
    assert b.op is not None
    shape = b.shape()
    axis = int(b.op.get("axis", 1)) % len(shape)
    tensors: list[Tensor] = []
    for i in range(len(b.op.inputs)):
        one = b.read(i)
        if isinstance(one, Constant):
            if one.size:
                tensors.append(b.held(one, one.shape, f"constant{i + 1}"))
        elif one is not None:
            tensors.append(one)
    b.give(concat_of(b, tensors, axis) if len(tensors) > 1 else tensors[0])


def concat_of(b: Builder, tensors: list[Tensor], axis: int, name: str = "") -> Tensor:
    """These tensors one behind the other along an axis."""
    size = sum(t.shape[axis] for t in tensors)
    whole = [lone(b, t, axis)[0] if t.axes[axis] else t for t in tensors]
    first = max(whole, key=lambda t: product(t.memory))
    for t in whole:  # factors of the other axes alike in all
        found = _matched(first, t, axis)
        if found is None:
            whole = [b.ordered(t) for t in whole]
            first = max(whole, key=lambda t: product(t.memory))
            break
        first = found[0]
    moved = []
    along = first.axes[axis]
    at = first.memory.index(along[0]) if along else _slot(first, axis)
    rest = tuple(f for f in first.memory if f not in along)
    outer, inner = rest[:at], rest[at:]
    for t in whole:
        found = _matched(first, t, axis)
        assert found is not None
        t = found[1]
        others = [f for i, a in enumerate(first.axes) if i != axis for f in a]
        theirs = [f for i, a in enumerate(t.axes) if i != axis for f in a]
        partner = dict(zip(others, theirs, strict=True))
        head, tail = tuple(partner[f] for f in outer), tuple(partner[f] for f in inner)
        middle = t.axes[axis]
        if tail and not head:
            moved.append(b.arranged(t, tail, (), middle))
        else:
            sides = b.sides(t)
            if (*sides[0], *sides[1]) == head:
                moved.append(b.arranged(t, (*middle, *tail), sides[0], sides[1]))
            else:
                moved.append(b.arranged(t, (*middle, *tail), (), head))
    maps = [t.map for t in moved]
    if len({(m.height, m.width) for m in maps}) > 1 and not (inner and not outer):
        flat = [Shape(m.channels, 1, m.height * m.width) for m in maps]
        moved = [b.viewed(t, m) for t, m in zip(moved, flat, strict=True)]
        maps = flat
    others_read = [t.layer for t in moved[1:]]
    keys: dict[str, Any] = {}
    if inner and not outer:
        map_ = Shape(maps[0].channels, 1, sum(m.width for m in maps))
        keys = {"axis": "width"}
    else:
        map_ = Shape(sum(m.channels for m in maps), maps[0].height, maps[0].width)
    names = {"other": others_read[0]} if len(others_read) == 1 else {"others": others_read}
    layer = b.layer("concat", moved[0].layer, *others_read, name=name, map=map_, **names, **keys)
    new = fresh(size)
    axes = list(first.axes)
    axes[axis] = new
    return Tensor(layer, map_, tuple(axes), (*outer, *new, *inner))


def _slot(t: Tensor, axis: int) -> int:
    """Where in memory an axis of size 1 may become larger: before what follows it.

    The channels of a map are its last.
    """
    if len(t.axes) == 4 and axis == 1:
        return len(t.memory)
    later = {f for a in t.axes[axis + 1 :] for f in a}
    for at in range(len(t.memory) + 1):
        if all(f in later for f in t.memory[at:]):
            return at
    return len(t.memory)


def _matched(one: Tensor, other: Tensor, axis: int) -> tuple[Tensor, Tensor] | None:
    """Two tensors whose axes, but for one, have factors of the same sizes."""
    mine, yours = one.axes[axis], other.axes[axis]

    def without(t: Tensor) -> Tensor:
        axes = (*t.axes[:axis], (), *t.axes[axis + 1 :])
        return Tensor(t.layer, t.map, axes, t.memory)

    pair = refined(without(one), without(other))
    if pair is None:
        return None
    back = []
    for t, own in zip(pair, (mine, yours), strict=True):
        axes = (*t.axes[:axis], own, *t.axes[axis + 1 :])
        back.append(Tensor(t.layer, t.map, axes, t.memory))
    return back[0], back[1]


def pad(b: Builder) -> None:
    """Values around a map; below zero, rows and columns that are left out."""
    assert b.op is not None
    x = b.tensor(0)
    pads = b.op.get("pads") or b.op.get("paddings")
    if pads is None:
        pads = b.numbers(1)
    if pads is None:
        raise b.error("its pads are missing", ANEW)
    axes = b.numbers(3) if len(b.op.inputs) > 3 else None
    rank = len(x.axes)
    axes = [axis % rank for axis in axes] if axes is not None else list(range(rank))
    n = len(axes)
    if len(pads) != 2 * n:
        raise b.error("its pads do not fit the axes of its input", ANEW)
    sides = {axis: (int(pads[i]), int(pads[n + i])) for i, axis in enumerate(axes)}
    for axis, (before, behind) in list(sides.items()):
        if min(before, behind) < 0:
            size = x.shape[axis] + min(before, 0) + min(behind, 0)
            if size < 1:
                raise b.error("leaves nothing of a map", ANEW)
            x = sliced(b, x, axis, start=-min(before, 0), size=size)
            sides[axis] = (max(before, 0), max(behind, 0))
    sides = {axis: both for axis, both in sides.items() if both != (0, 0)}
    if rank == 4 and not x.axes[0] and set(sides) <= {2, 3} and sides:
        (top, bottom), (left, right) = sides.get(2, (0, 0)), sides.get(3, (0, 0))
        made = b.arranged(x, x.axes[1], x.axes[2], x.axes[3])
        map_ = Shape(
            made.map.channels, made.map.height + top + bottom, made.map.width + left + right
        )
        layer = b.layer("pad", made.layer, map=map_, padding=[top, bottom, left, right])
        new = (x.axes[0], x.axes[1], *(fresh(n) for n in b.shape()[2:]))
        b.give(b.new(layer, new, (*new[2], *new[3], *new[1])))
        return
    for axis, both in sides.items():
        x = _padded(b, x, axis, both)
    b.give(x)


def _padded(b: Builder, x: Tensor, axis: int, pads: tuple[int, int]) -> Tensor:
    """Values before and behind along one axis, whichever it is."""
    size, (before, behind) = x.shape[axis], pads
    new = fresh(size + before + behind)
    if size == 1:
        at = _slot(x, axis)
        made = b.arranged(x, x.memory[at:], x.memory[:at], ())
        memory = (*x.memory[:at], *new, *x.memory[at:])
        axes = (*x.axes[:axis], new, *x.axes[axis + 1 :])
        word = "width"
    else:
        x, factor = lone(b, x, axis)
        made, word, each = _placed(b, x, factor)
        before, behind = before * each, behind * each
        replaced = _replaced(x, factor, new)
        axes, memory = replaced.axes, replaced.memory
    sides = {"height": made.map.height, "width": made.map.width, "channels": made.map.channels}
    sides[word] += before + behind
    map_ = Shape(sides["channels"], sides["height"], sides["width"])
    keys: dict[str, Any] = {
        "height": {"padding": [before, behind, 0, 0]},
        "width": {"padding": [0, 0, before, behind]},
        "channels": {"channels": [before, behind]},
    }[word]
    return Tensor(b.layer("pad", made.layer, map=map_, **keys), map_, axes, memory)


def depth_to_space(b: Builder) -> None:
    """Channels as rows and columns."""
    assert b.op is not None
    x, size = b.tensor(0), int(b.op.get("blocksize", 1))
    n, c, h, w = x.shape
    inner = c // (size * size)
    if b.op.get("mode", b"DCR") == b"CRD":
        cut, order = [n, inner, size, size, h, w], [0, 1, 4, 2, 5, 3]
    else:
        cut, order = [n, size, size, inner, h, w], [0, 3, 4, 1, 5, 2]
    b.give(b.reshaped(b.reshaped(x, cut).transposed(order), b.shape()))


def space_to_depth(b: Builder) -> None:
    """Rows and columns as channels."""
    assert b.op is not None
    x, size = b.tensor(0), int(b.op.get("blocksize", 1))
    n, c, h, w = x.shape
    cut = [n, c, h // size, size, w // size, size]
    b.give(b.reshaped(b.reshaped(x, cut).transposed([0, 3, 5, 1, 2, 4]), b.shape()))


MOVED = "none, or permute"
TABLE = {
    "Transpose": (transpose, MOVED),
    "Reshape": (reshape, f"{MOVED}, flatten, reshape"),
    "Flatten": (reshape, f"{MOVED}, flatten"),
    "Squeeze": (reshape, "none"),
    "Unsqueeze": (reshape, "none"),
    "Expand": (expand, "expand"),
    "Tile": (tile, "expand"),
    "Slice": (slice_, "slice, take"),
    "Split": (split, "slice"),
    "Gather": (gather, "slice, take, embedding"),
    "GatherND": (gather_values, "take"),
    "GatherElements": (gather_values, "take"),
    "Concat": (concat, "concat"),
    "Pad": (pad, "pad, slice"),
    "DepthToSpace": (depth_to_space, MOVED),
    "SpaceToDepth": (space_to_depth, MOVED),
}
__all__ = ["TABLE", "padded", "sliced"]
