"""Sums of maps: residual connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Operation, Shape, VectorWork
from neurorebit.layers.join import ADD, Elementwise


@dataclass(frozen=True)
class Add(Elementwise):
    """Residual connection: the input plus the output of the layer ``other``, or of ``others``."""

    cannot: ClassVar[str] = "cannot add {} to"
    combine: ClassVar[Operation] = ADD

    def backward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """An error goes to each map as it is."""
        return self.gathered(given, output)
