"""What both kinds of pooling share: the window as kernels take it."""

from __future__ import annotations

from functools import cache

from neurorebit.kernels.pool import Pane
from neurorebit.layers.network import Node


@cache
def pane(node: Node) -> Pane:
    """The window of a pooling layer."""
    window, shared = node.window, getattr(node.layer, "count_padding", False)
    return Pane(*window.kernel, *window.stride, *window.padding, shared)
