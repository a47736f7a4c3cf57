"""Windows of maps [B, H, W, C] as vectors, and vectors added back to the pixels they came from."""

from __future__ import annotations

import torch

from neurorebit.layers.network import Node
from neurorebit.layers.window import Axis
from neurorebit.torch.operations.noise import Tensor
from neurorebit.training.parts.product import Piece


def padded(x: Tensor, node: Node) -> Tensor:
    """A map with the zeros around it that its windows reach."""
    (vertical, horizontal), given, out = node.window.axes, node.shape_in, node.shape_out
    below = _beyond(vertical, given.height, out.height)
    right = _beyond(horizontal, given.width, out.width)
    around = (0, 0, horizontal.before, right, vertical.before, below)
    if not any(around):
        return x.contiguous()
    return torch.nn.functional.pad(x, around).contiguous()


def _beyond(axis: Axis, size: int, count: int) -> int:
    """Lines behind the map that the last window reaches."""
    reach = (count - 1) * axis.stride + (axis.taps - 1) * axis.dilation + 1
    return max(reach - axis.before - size, 0)


def view(x: Tensor, node: Node) -> Tensor:
    """The windows of a padded map as a view [B, out height, out width, taps down, across, C]."""
    vertical, horizontal = node.window.axes
    b, _, _, c = x.shape
    image, line, pixel, one = x.stride()
    sizes = (b, node.shape_out.height, node.shape_out.width, vertical.taps, horizontal.taps, c)
    steps = (
        image,
        line * vertical.stride,
        pixel * horizontal.stride,
        line * vertical.dilation,
        pixel * horizontal.dilation,
        one,
    )
    return x.as_strided(sizes, steps)


def columns(seen: Tensor, node: Node, part: Piece, group: int) -> Tensor:
    """The rows of a piece of the matrix, [B, lines, width, rows], where they see pixels."""
    channels = node.shape_in.channels // node.groups
    top, bottom, left, right = part.reach
    own = seen[:, top:bottom, left:right, :, :, group * channels : (group + 1) * channels]
    across = own.shape[4]
    first, last = part.start // channels, (part.stop - 1) // channels
    if first == last:
        low = part.start - first * channels
        return own[:, :, :, first // across, first % across, low : low + part.stop - part.start]
    lines = own[:, :, :, first // across : last // across + 1]
    flat = lines.reshape(*lines.shape[:3], -1)
    low = part.start - first // across * across * channels
    return flat[..., low : low + part.stop - part.start]


def scatter(target: Tensor, vectors: Tensor, node: Node, part: Piece, *, group: int) -> None:
    """Add vectors [B, lines, width, rows] of a piece to the pixels of a padded map."""
    channels = node.shape_in.channels // node.groups
    vertical, horizontal = node.window.axes
    top, bottom, left, right = part.reach
    row = part.start
    while row < part.stop:
        position, low = divmod(row, channels)
        high = min(low + part.stop - row, channels)
        y, x = divmod(position, horizontal.taps)
        down, across = y * vertical.dilation, x * horizontal.dilation
        lines = slice(
            down + top * vertical.stride,
            down + (bottom - 1) * vertical.stride + 1,
            vertical.stride,
        )
        pixels = slice(
            across + left * horizontal.stride,
            across + (right - 1) * horizontal.stride + 1,
            horizontal.stride,
        )
        if bottom > top and right > left:
            at = row - part.start
            own = slice(group * channels + low, group * channels + high)
            target[:, lines, pixels, own] += vectors[..., at : at + high - low]
        row += high - low


def inner(x: Tensor, node: Node) -> Tensor:
    """The map within a padded one."""
    (vertical, horizontal), given = node.window.axes, node.shape_in
    top, left = vertical.before, horizontal.before
    return x[:, top : top + given.height, left : left + given.width]
