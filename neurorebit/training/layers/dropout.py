"""Dropout."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from neurorebit.kernels import dropout, noise
from neurorebit.layers.dropout import Dropout as DropoutKeys
from neurorebit.layers.network import Node
from neurorebit.training.layers.base import CHUNK, Build, Layer, Tools
from neurorebit.training.parts.workers import Array, spans


def build(node: Node, given: Build) -> Layer:
    """The layer of a node."""
    assert isinstance(node.layer, DropoutKeys)
    return Dropout(node, given.tools, node.layer.rate, seed=given.seed)


@dataclass(eq=False)
class Dropout:
    """Values set to zero by chance while the network learns.

    The chance of a value follows from the seed, the layer, the number of the ``steps`` so far and
    the value's place in the batch, so that backward draws it again.
    """

    node: Node
    tools: Tools
    rate: float
    _: KW_ONLY
    seed: int
    steps: int = 0

    def forward(self, inputs: tuple[Array, ...], learning: bool) -> Array:
        """What is left of the input; all of it where nothing is learned."""
        (x,) = inputs
        if not learning:
            self.tools.workspace.hold(x)
            return x
        self.steps += 1
        return self._dropped(self.tools.copy(x))

    def backward(self, dy: Array, rate: float) -> tuple[Array | None, ...]:
        """The gradient of what was left, in place of ``dy``."""
        return (self._dropped(dy),)

    def _dropped(self, x: Array) -> Array:
        flat = x.reshape(-1)
        parts = spans(flat.size, CHUNK)

        def job(i: int) -> None:
            start, stop = parts[i]
            draw = noise.Draw(start, self.steps, self.node.index, 0, self.seed)
            dropout.drop(flat[start:stop], self.rate, draw)

        self.tools.workers.run(job, len(parts))
        return x
