"""Low-rank updates beside a matrix that is frozen."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import noise
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.rules import learn, rule_of
from neurorebit.training.parts.weights import PART, Site
from neurorebit.training.parts.workers import Array, spans

ARRAY = 10  # number of its first matrix in the layer, for its random numbers


@dataclass(eq=False)
class Adapter:
    """A product of two matrices of a low rank that is added to a layer's (LoRA).

    E. J. Hu et al., ICLR 2022, arXiv:2106.09685, with a factor of 1. ``down`` [1, rows, rank] is
    drawn with the deviation of He et al., ``up`` [rank, cols] is zero at first, so that nothing
    changes before the first step. Both are exact numbers in digital memory, which read the codes
    that the arrays read, and learn by the rule of ``training.optimiser`` with weight decay.
    """

    site: Site
    rank: int
    down: Array = field(init=False)
    up: Array = field(init=False)
    _inner: Array | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        site = self.site
        _, rows, cols = site.shape
        self.down = np.empty((1, rows, self.rank), site.dtype)
        self.up = np.zeros((self.rank, cols), site.dtype)
        self.down_velocity = np.zeros_like(self.down)
        self.up_velocity = np.zeros_like(self.up)
        self.down_rule = rule_of(site.training, self.down)
        self.up_rule = rule_of(site.training, self.up)
        flat = self.down.reshape(-1)
        for start, stop in spans(flat.size, PART):
            draw = site.draw(start, step=0, array=ARRAY)
            noise.fill(flat[start:stop], site.deviation, noise.INITIAL, draw)

    def forward(self, x: Windows, out: Array, learning: bool) -> None:
        """Add the product to ``out`` [B, H, W, N]."""
        workspace = self.site.workspace
        inner = workspace.take((*out.shape[:3], self.rank), out.dtype)
        product.multiply(x, self.down, inner, self.site.workers, scale=x.scale)
        added = workspace.take(out.shape, out.dtype)
        np.matmul(inner.reshape(-1, self.rank), self.up, out=added.reshape(-1, out.shape[3]))
        np.add(out, added, out=out)
        workspace.drop(added)
        if learning:
            self._inner = inner
        else:
            workspace.drop(inner)

    def forget(self) -> None:
        """Keep nothing of the last forward pass."""
        if self._inner is not None:
            self.site.workspace.drop(self._inner)
            self._inner = None

    def backward(self, x: Windows, dy: Array, dx: Array | None, rate: float) -> None:
        """Learn from the errors ``dy`` [B, H, W, N], and add those of the input to ``dx``."""
        assert self._inner is not None, "backward comes after a forward pass that learns"
        site, workspace = self.site, self.site.workspace
        errors, inner = dy.reshape(-1, dy.shape[3]), self._inner.reshape(-1, self.rank)
        d_up = inner.T @ errors
        d_inner = workspace.take(self._inner.shape, dy.dtype)
        np.matmul(errors, self.up.T, out=d_inner.reshape(-1, self.rank))
        d_down = np.empty_like(self.down)
        product.outer(x, d_inner, d_down, site.workers)
        if dx is not None:
            sent = workspace.take(dx.shape, dx.dtype)
            product.transposed(d_inner, self.down, x, sent, workers=site.workers)
            np.add(dx, sent, out=dx)
            workspace.drop(sent)
        workspace.drop(d_inner)
        self.forget()
        training = site.training
        for rule, *held in (
            (self.down_rule, self.down, self.down_velocity, d_down),
            (self.up_rule, self.up, self.up_velocity, d_up),
        ):
            learn(rule, training, rate, *held, decay=training.weight_decay)
