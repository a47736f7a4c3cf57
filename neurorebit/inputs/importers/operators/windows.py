"""Convolutions, pooling, and what makes maps larger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from neurorebit.inputs.importers.graphs.builder import Builder, Parameters
from neurorebit.inputs.importers.graphs.graph import ANEW
from neurorebit.inputs.importers.graphs.layout import Factors, Tensor, fresh, product
from neurorebit.layers.base import Shape

PLANES = 2  # axes that a window slides along at most


def _spatial(b: Builder, x: Tensor) -> tuple[int, ...]:
    """The sizes of the axes that a window slides along."""
    sizes = x.shape[2:]
    if not sizes or len(sizes) > PLANES:
        message = f"its window slides along {len(sizes)} axes, and maps have rows and columns"
        raise b.error(message, "export a network of one or two such axes")
    return sizes


def _arranged(b: Builder, x: Tensor) -> Tensor:
    """The input as a map, one image."""
    _spatial(b, x)
    if x.axes[0]:
        message = f"gets {x.shape[0]} maps of an image, and layers take one"
        raise b.error(message, "export the network with a batch of one")
    height = x.axes[2] if len(x.axes) == 4 else ()
    return b.arranged(x, x.axes[1], height, x.axes[-1])


def _window(
    b: Builder, sizes: Sequence[int], kernel: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    """Strides, dilations and pads (all begins, then all ends) of the operator at hand."""
    assert b.op is not None
    n = len(sizes)
    strides = list(b.op.get("strides") or [1] * n)
    dilations = list(b.op.get("dilations") or [1] * n)
    pads = list(b.op.get("pads") or [0] * (2 * n))
    if len(strides) != n or len(dilations) != n or len(pads) != 2 * n or len(kernel) != n:
        raise b.error("strides, dilations, pads and kernel do not fit the axes of its input", ANEW)
    auto = b.op.get("auto_pad", b"NOTSET").decode()
    if auto in ("SAME_UPPER", "SAME_LOWER"):
        for i, size in enumerate(sizes):
            span = (kernel[i] - 1) * dilations[i] + 1
            total = max((math.ceil(size / strides[i]) - 1) * strides[i] + span - size, 0)
            less, more = total // 2, total - total // 2
            pads[i], pads[n + i] = (less, more) if auto == "SAME_UPPER" else (more, less)
    elif auto == "VALID":
        pads = [0] * (2 * n)
    return strides, dilations, pads


def pair(values: Sequence[int], otherwise: int = 1) -> Any:
    """Numbers of rows and columns as a file writes them: one where they are equal."""
    two = [otherwise] * (2 - len(values)) + [int(n) for n in values]
    return two[0] if two[0] == two[1] else two


def sides(pads: Sequence[int]) -> Any:
    """Zeros around a map as a file writes them."""
    n = len(pads) // 2
    top, bottom = (pads[0], pads[n]) if n == 2 else (0, 0)
    left, right = pads[n - 1], pads[-1]
    if top == bottom == left == right:
        return top
    if top == bottom and left == right:
        return [top, left]
    return [top, bottom, left, right]


def _keys(b: Builder, kernel: Sequence[int], sizes: Sequence[int]) -> dict[str, Any]:
    """The keys of a window, those left out that a file leaves out; scalars along one axis."""
    strides, dilations, pads = _window(b, sizes, kernel)
    if min([*pads, 0]) < 0:
        raise b.error("its pads are below zero", "cut the map before it")
    line = len(sizes) == 1 and pads[0] == pads[1]
    keys: dict[str, Any] = {"kernel": int(kernel[0]) if line else pair(kernel)}
    for key, values in (("stride", strides), ("dilation", dilations)):
        written = int(values[0]) if line else pair(values)
        if written != 1:
            keys[key] = written
    padding = int(pads[0]) if line else sides(pads)
    if padding != 0:
        keys["padding"] = padding
    return keys


def _groups(b: Builder, channels: int, outputs: int) -> int | str | None:
    assert b.op is not None
    groups = int(b.op.get("group", 1))
    if groups < 1 or channels % groups or outputs % groups:
        raise b.error(
            f"{groups} groups do not divide {channels} inputs and {outputs} outputs", ANEW
        )
    if groups == 1:
        return None
    return "depthwise" if groups == channels else groups


def _given(b: Builder, layer: str) -> None:
    """The output of the operator at hand: a new map, channels innermost."""
    shape = b.shape()
    axes = [fresh(n) for n in shape]
    order: Factors = tuple(f for axis in (*axes[2:], axes[1]) for f in axis)
    b.give(b.new(layer, axes, order))


def _map(b: Builder) -> Shape:
    shape = b.shape()
    return Shape(shape[1], shape[2] if len(shape) == 4 else 1, shape[-1])


def conv(b: Builder) -> None:
    """A convolution; one along a line where its map has one axis."""
    assert b.op is not None
    x, weight, bias = b.tensor(0), b.constant(1), b.constant(2)
    sizes = _spatial(b, x)
    if weight is None or len(weight.shape) != len(x.axes):
        raise b.error("its weights do not fit the axes of its input", ANEW)
    kernel = list(weight.shape[2:])
    keys = _keys(b, kernel, sizes)
    if x.axes[0] and math.prod(kernel) == 1 and set(keys) == {"kernel"}:
        map_ = _pointwise(b, x)
    else:
        map_ = _arranged(b, x)
    line = isinstance(keys["kernel"], int) and len(sizes) == 1 and keys["kernel"] == kernel[0]
    outputs = int(weight.shape[0])
    tensors = {"weight": b.op.inputs[1]}
    if bias is not None:
        tensors["bias"] = b.op.inputs[2]
    layer = b.layer(
        "conv1d" if line and not x.axes[0] and map_.map.height == 1 else "conv",
        map_.layer,
        channels=outputs,
        **keys,
        groups=_groups(b, x.shape[1], outputs),
        bias=True if bias is not None or b.op.get("bias") else None,
        parameters=Parameters(tensors | _added(b), "out in height width"),
    )
    if x.axes[0]:
        positions = map_.memory[: len(map_.memory) - len(x.axes[1])]
        channels = fresh(outputs)
        b.give(b.new(layer, (x.axes[0], channels, *x.axes[2:]), (*positions, *channels)))
    else:
        _given(b, layer)


def _pointwise(b: Builder, x: Tensor) -> Tensor:
    """Several maps beside each other, where no window reaches from one into the next."""
    rest = tuple(f for f in x.memory if f not in x.axes[1])
    return b.arranged(x, x.axes[1], (), rest)


def _added(b: Builder) -> dict[str, str]:
    assert b.op is not None
    return {"bias": b.op.get("bias")} if b.op.get("bias") else {}


def conv_transposed(b: Builder) -> None:
    """A transposed convolution."""
    assert b.op is not None
    x, weight, bias = b.tensor(0), b.constant(1), b.constant(2)
    sizes = _spatial(b, x)
    if weight is None or len(weight.shape) != len(x.axes):
        raise b.error("its weights do not fit the axes of its input", ANEW)
    kernel, n = list(weight.shape[2:]), len(sizes)
    strides, dilations, pads = _window(b, sizes, kernel)
    more = list(b.op.get("output_padding") or [0] * n)
    wanted = list(b.shape()[2:])
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True)]
    full = [(size - 1) * s + span for size, s, span in zip(sizes, strides, spans, strict=True)]
    auto = b.op.get("auto_pad", b"NOTSET").decode()
    if auto.startswith("SAME") or b.op.get("output_shape"):
        for i in range(n):  # what is too much is cropped, at the far side first or last
            total = full[i] + more[i] - wanted[i]
            if total < 0:
                more[i], total = more[i] - total, 0
            less = total // 2
            begin = total - less if auto == "SAME_UPPER" else less
            pads[i], pads[n + i] = begin, total - begin
    outputs = int(weight.shape[1]) * int(b.op.get("group", 1))
    keys: dict[str, Any] = {"kernel": pair(kernel)}
    for key, values, usual in (
        ("stride", strides, 1),
        ("dilation", dilations, 1),
        ("output_padding", more, 0),
    ):
        written = pair(values, usual)
        if written != usual:
            keys[key] = written
    if sides(pads) != 0:
        keys["padding"] = sides(pads)
    tensors = {"weight": b.op.inputs[1]}
    if bias is not None:
        tensors["bias"] = b.op.inputs[2]
    layer = b.layer(
        "conv_transpose",
        _arranged(b, x).layer,
        channels=outputs,
        **keys,
        groups=_groups(b, x.shape[1], outputs),
        bias=True if bias is not None or b.op.get("bias") else None,
        map=_map(b),
        parameters=Parameters(tensors | _added(b), "in out height width"),
    )
    _given(b, layer)


def _pool(b: Builder, kind: str) -> None:
    assert b.op is not None
    if b.is_wanted(1):
        raise b.error("gives the places of the largest values", "export it without them")
    x = b.tensor(0)
    sizes, kernel = _spatial(b, x), list(b.op.get("kernel_shape") or [])
    if len(kernel) != len(sizes):
        raise b.error("its kernel does not fit the axes of its input", ANEW)
    keys = _keys(b, kernel, sizes)
    keys["kernel"] = pair(kernel)
    strides = b.op.get("strides") or [1] * len(kernel)
    keys["stride"] = pair(list(strides))
    if keys["stride"] == keys["kernel"]:
        del keys["stride"]
    padding = sides(_window(b, sizes, kernel)[2])
    if padding != 0:
        keys["padding"] = padding
    if keys.get("dilation") is not None and pair(b.op.get("dilations")) != 1:
        raise b.error("its window is dilated", "export it without dilation")
    keys.pop("dilation", None)
    if b.op.get("ceil_mode", 0):
        keys["ceil"] = True
    if kind == "avg_pool" and padding != 0 and not b.op.get("count_include_pad", 0):
        keys["count_padding"] = False
    made = _arranged(b, x)
    if keys.get("ceil") and _map(b) == _floor(b, sizes, kernel):
        del keys["ceil"]
    _given(b, b.layer(kind, made.layer, map=_map(b), **keys))


def _floor(b: Builder, sizes: Sequence[int], kernel: Sequence[int]) -> Shape:
    """The map where windows that reach over the end are left out."""
    strides, _, pads = _window(b, sizes, kernel)
    n = len(sizes)
    out = [(s + pads[i] + pads[n + i] - kernel[i]) // strides[i] + 1 for i, s in enumerate(sizes)]
    out = [max(1, size) for size in out]
    return Shape(b.shape()[1], out[0] if n == 2 else 1, out[-1])


def max_pool(b: Builder) -> None:
    """The largest value of each window."""
    _pool(b, "max_pool")


def avg_pool(b: Builder) -> None:
    """The mean of each window."""
    _pool(b, "avg_pool")


def _global(b: Builder, kind: str) -> None:
    x = b.tensor(0)
    places = tuple(f for axis in x.axes[2:] for f in axis)
    b.give(pooled(b, x, places, kind))


def pooled(b: Builder, x: Tensor, places: Factors, kind: str) -> Tensor:
    """The mean or the largest value over these factors, the others in the order of memory."""
    kept = tuple(f for f in x.memory if f not in places)
    places = tuple(f for f in x.memory if f in places)
    axes = tuple(tuple(f for f in axis if f not in places) for axis in x.axes)
    height, width, channels = b.sides(x)
    if channels == kept and (*height, *width) == places:
        made = x
    else:
        made = b.arranged(x, kept, (), places)
    layer = made.layer
    if places:
        layer = b.layer(kind, made.layer, map=Shape(product(kept), 1, 1))
    return Tensor(layer, b.maps[layer], axes, kept)


def global_max(b: Builder) -> None:
    """The largest value of each channel."""
    _global(b, "max_pool")


def global_avg(b: Builder) -> None:
    """The mean of each channel."""
    _global(b, "avg_pool")


def resize(b: Builder) -> None:
    """Other numbers of rows and columns."""
    assert b.op is not None
    x, out = b.tensor(0), b.shape()
    mode = b.op.get("mode", b"nearest").decode()
    word = {"nearest": "nearest", "linear": "bilinear", "bilinear": "bilinear"}.get(mode)
    if word is None:
        raise b.error(f"resizes in the mode '{mode}'", "export it with nearest or linear")
    if len(x.axes) not in (3, 4) or out[:2] != x.shape[:2]:
        raise b.error("resizes other axes than rows and columns", ANEW)
    sizes = x.shape[2:]
    if tuple(out) == x.shape:
        b.give(x)
        return
    made = _arranged(b, x)
    wanted = [1] * (2 - len(sizes)) + list(out[2:])
    have = [made.map.height, made.map.width]
    if all(w % h == 0 for w, h in zip(wanted, have, strict=True)):
        scale = pair([w // h for w, h in zip(wanted, have, strict=True)])
        layer = b.layer("upsample", made.layer, map=_map(b), scale=scale, mode=word)
    else:
        height, width = wanted
        layer = b.layer("resize", made.layer, map=_map(b), height=height, width=width, mode=word)
    _given(b, layer)


TABLE = {
    "Conv": (conv, "conv, conv1d"),
    "ConvTranspose": (conv_transposed, "conv_transpose"),
    "MaxPool": (max_pool, "max_pool"),
    "AveragePool": (avg_pool, "avg_pool"),
    "GlobalMaxPool": (global_max, "max_pool"),
    "GlobalAveragePool": (global_avg, "avg_pool"),
    "Resize": (resize, "upsample, resize"),
    "Upsample": (resize, "upsample, resize"),
}
