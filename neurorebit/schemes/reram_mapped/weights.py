"""Weights of the scheme ``reram_mapped``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class MappedWeights(HybridWeights):
    """Real weights collect the gradient; both passes read noisy arrays."""

    digital: ClassVar[tuple[str, ...]] = ("gradient",)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Errors go through the arrays, in a transposed read with converters of its own."""
        self.reading.mtvm(self.analog, dy, x, dx, full=self.full)
