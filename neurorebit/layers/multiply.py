"""Products of maps, value by value: gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.activation import ERROR_PRODUCT, KEPT
from neurorebit.layers.base import Operation, Shape, VectorWork
from neurorebit.layers.functions import PRODUCT
from neurorebit.layers.join import Elementwise


@dataclass(frozen=True)
class Multiply(Elementwise):
    """The input times the output of the layer ``other``, or of ``others``, value by value.

    With a map of C x 1 x 1 it weighs channels (squeeze and excitation: J. Hu, L. Shen, G. Sun,
    CVPR 2018).
    """

    cannot: ClassVar[str] = "cannot multiply {} with"
    combine: ClassVar[Operation] = PRODUCT

    def forward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """All maps are kept for the gradient."""
        kept = tuple(VectorWork(None, shape.size, KEPT) for shape in given)
        return (*super().forward_work(given, output), *kept)

    def backward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """The error of a map is that of the output times all other maps."""
        products = len(given) * (len(given) - 1.0) * output.size
        kept = tuple(VectorWork(None, shape.size, KEPT) for shape in given)
        return (VectorWork(ERROR_PRODUCT, products), *kept, *self.gathered(given, output))
