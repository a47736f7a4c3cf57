"""Weights of the scheme ``quantized``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import levels
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class QuantizedWeights(LevelWeights):
    """Software with the levels of the arrays, without their noise and their converters.

    Both passes use the levels; the gradient updates the real weights (straight-through estimator).
    """

    held: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.held = np.empty_like(self.real)
        for start, stop in spans(self.real.size, PART):
            self.sync(start, stop)

    @property
    def views(self) -> dict[str, Array]:
        """The real weights and their levels."""
        return {"real": self.real, "quantised": self.held}

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The exact product with the levels."""
        product.multiply(x, self.held, out, self.site.workers, scale=x.scale)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product with the levels."""
        product.transposed(dy, self.held, x, dx, workers=self.site.workers)

    def sync(self, start: int, stop: int) -> Array | None:
        """Round the real weights."""
        real, held = (a.reshape(-1)[start:stop] for a in (self.real, self.held))
        levels.quantise(real, held, self.grid, self.full / self.top)
        return None
