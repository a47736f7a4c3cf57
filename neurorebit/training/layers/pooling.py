"""What both kinds of pooling share: the window as kernels take it."""

from __future__ import annotations

from functools import cache

from neurorebit.kernels.pool import Pane
from neurorebit.layers.network import Node


@cache
def pane(node: Node, shared: bool = True) -> Pane:
    """The window of a pooling layer; ``shared``: padding counts among the values of a mean."""
    window = node.window
    return Pane(*window.kernel, *window.stride, *window.padding, shared)
