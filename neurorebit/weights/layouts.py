"""Which arrays the layers of each kind have, in our layout and in that of a state dict.

Our maps are channels-last and a matrix is [groups, rows, cols], rows by window position, then
channel; state dicts are channels-first. Two things follow from it. The weights of a convolution
(out, in / groups, height, width) are turned to (groups, height, width, in / groups, out / groups).
A vector that was a map has its numbers in another order, channel by channel there, position by
position here: the columns of a linear weight (out, in) behind a flatten are put into our order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.base import Shape
from neurorebit.layers.network import Network, Node

Array = NDArray[Any]
Sizes = tuple[int, ...]

THEIRS = {  # names of arrays in a state dict
    "weight": "weight",
    "bias": "bias",
    "gain": "weight",
    "shift": "bias",
    "mean": "running_mean",
    "variance": "running_var",
}
NORM = ("gain", "shift")
RUNNING = (*NORM, "mean", "variance")


class Layout(NamedTuple):
    """The arrays of a kind of layer.

    ``arrays``: their names here. ``shape``: the shape of an array here, of a layer; ``their_shape``
    the one in a state dict; ``turned`` makes the one of the other, given the order of the numbers
    that the layer reads (None: ours).
    """

    arrays: Callable[[Node], tuple[str, ...]]
    shape: Callable[[Node, str], Sizes]
    their_shape: Callable[[Node, str], Sizes]
    turned: Callable[[Node, str, Array, Array | None], Array]


def order(network: Network, node: Node) -> Array | None:
    """For each number of the vector that a layer reads, its place in a state dict's order.

    None where both orders are the same: no map was made into a vector before it, or one of a single
    position or channel.
    """
    source = node.inputs[0]
    if node.shape_in.height * node.shape_in.width > 1:  # a linear layer that flattens by itself
        flattens = node.kind == "linear" and getattr(node.layer, "per", "map") == "map"
        return places(node.shape_in) if flattens else None
    while source >= 0:
        before = network.nodes[source]
        if before.kind == "flatten":
            return places(before.shape_in)
        if before.matmul is not None or len(before.inputs) != 1:
            return None
        if before.shape_in.size != before.shape_out.size:
            return None
        source = before.inputs[0]
    return None


def places(shape: Shape) -> Array | None:
    """The places in channels-first order of the numbers of a channels-last map."""
    if min(shape.channels, shape.height * shape.width) == 1:
        return None
    first = np.arange(shape.size).reshape(shape.channels, shape.height, shape.width)
    return first.transpose(1, 2, 0).ravel()


# --- layers with a matrix


def _of_matrix(node: Node) -> tuple[str, ...]:
    return ("weight", "bias") if getattr(node.layer, "bias", False) else ("weight",)


def _matrix(node: Node, name: str) -> Sizes:
    matmul = node.matmul
    assert matmul is not None
    if name == "bias":
        return (node.shape_out.channels,)
    return matmul.groups, matmul.rows, matmul.cols


def _conv(node: Node, name: str) -> Sizes:
    matmul = node.matmul
    assert matmul is not None
    outputs = matmul.groups * matmul.cols
    return (outputs,) if name == "bias" else (outputs, matmul.channels, *matmul.taps)


def _line(node: Node, name: str) -> Sizes:
    """Of a convolution in one dimension, which here is that of a map of one line."""
    shape = _conv(node, name)
    return shape if name == "bias" else (*shape[:2], shape[3])


def _transposed(node: Node, name: str) -> Sizes:
    """Of a transposed convolution: (in, out / groups, height, width)."""
    matmul, spread = node.matmul, node.layer.spread(node.shape_in)
    assert matmul is not None
    assert spread is not None
    if name == "bias":
        return (node.shape_out.channels,)
    return matmul.groups * matmul.rows, matmul.cols // spread.taps, *spread.kernel


def _turned_transposed(node: Node, name: str, array: Array, places: Array | None) -> Array:
    matmul = node.matmul
    assert matmul is not None
    if name == "bias":
        return array
    grouped = array.reshape(matmul.groups, matmul.rows, *array.shape[1:])
    return grouped.transpose(0, 1, 3, 4, 2).reshape(matmul.groups, matmul.rows, matmul.cols)


def _linear(node: Node, name: str) -> Sizes:
    matmul = node.matmul
    assert matmul is not None
    return (matmul.cols,) if name == "bias" else (matmul.cols, matmul.rows)


def _turned_conv(node: Node, name: str, array: Array, places: Array | None) -> Array:
    matmul = node.matmul
    assert matmul is not None
    if name == "bias":
        return array
    grouped = array.reshape(matmul.groups, matmul.cols, matmul.channels, *matmul.taps)
    turned = grouped.transpose(0, 3, 4, 2, 1)
    return turned.reshape(matmul.groups, matmul.rows, matmul.cols)


def _turned_linear(node: Node, name: str, array: Array, places: Array | None) -> Array:
    if name == "bias":
        return array
    columns = array if places is None else array[:, places]
    return columns.T[None]


# --- norms


def _channels(node: Node, name: str) -> Sizes:
    return (node.shape_in.channels,)


def _turned_channels(node: Node, name: str, array: Array, places: Array | None) -> Array:
    return array if places is None or places.size != array.size else array[places]


def _normed(node: Node, name: str) -> Sizes:
    """Of a layer norm, which a state dict gives the shape of what is normed over."""
    shape = node.shape_in
    if getattr(node.layer, "over", "channels") == "map":
        return shape.height, shape.width, shape.channels
    return (shape.channels,)


def _their_normed(node: Node, name: str) -> Sizes:
    shape = node.shape_in
    if getattr(node.layer, "over", "channels") == "map":
        return shape.channels, shape.height, shape.width
    return (shape.channels,)


def _turned_normed(node: Node, name: str, array: Array, places: Array | None) -> Array:
    return array.transpose(1, 2, 0) if array.ndim == 3 else array


def _norm(names: tuple[str, ...]) -> Layout:
    return Layout(lambda node: names, _channels, _channels, _turned_channels)


LAYOUTS: Mapping[str, Layout] = {
    "conv": Layout(_of_matrix, _matrix, _conv, _turned_conv),
    "conv1d": Layout(_of_matrix, _matrix, _line, _turned_conv),
    "conv_transpose": Layout(_of_matrix, _matrix, _transposed, _turned_transposed),
    "linear": Layout(_of_matrix, _matrix, _linear, _turned_linear),
    "batch_norm": _norm(RUNNING),
    "group_norm": _norm(NORM),
    "layer_norm": Layout(lambda node: NORM, _normed, _their_normed, _turned_normed),
}


def with_arrays(network: Network) -> list[Node]:
    """The layers of a network that have arrays, in its order."""
    return [
        node
        for node in network.nodes
        if node.kind in LAYOUTS or (node.matmul is not None and node.matmul.stationary)
    ]
