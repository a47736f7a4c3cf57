"""Weights of the scheme ``reram_mapped``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.schemes.parts.sliced import SlicedWeights
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class MappedWeights(HybridWeights):
    """Real weights collect the gradient; both passes read noisy arrays."""

    digital: ClassVar[tuple[str, ...]] = ("gradient",)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Errors go through the arrays, in a transposed read with converters of its own."""
        self.reading.mtvm(self.analog, dy, x, dx, full=self.full)


@dataclass(eq=False)
class SlicedMapped(SlicedWeights):
    """Several cells of a row for each weight, which both passes read."""

    digital: ClassVar[tuple[str, ...]] = ("gradient",)
    back: ClassVar[bool] = True

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """Errors go through each column of cells, in transposed reads of their own."""
        self.through_cells(dy, x, dx)
