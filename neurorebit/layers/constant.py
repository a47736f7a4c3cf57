"""A map that the network does not compute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Shape, Value, VectorWork
from neurorebit.layers.movement import Shaped


@dataclass(frozen=True)
class Constant(Shaped):
    """A map that is the same for all images, or that comes beside the image.

    Learned tokens and positions, masks, per-channel factors, a second input. It is read from the
    memory off the chip where it is first used.
    """

    reads_nothing: ClassVar[bool] = True

    def output(self, *given: Shape) -> Shape:
        return self.shape

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Its errors go to the memory, where it learns."""
        return (VectorWork(None, output.size, ((1, Value.ERROR),)),)
