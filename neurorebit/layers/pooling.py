"""The base class of all kinds of pooling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from neurorebit.layers.base import (
    Layer,
    Misshaped,
    Operation,
    Shape,
    Value,
    VectorWork,
)
from neurorebit.layers.window import Pair, Window

COMBINE = Operation(cycles=1.0 / 3.0, additions=((1, Value.INPUT),))
MEET = Operation(cycles=1.0, additions=((1, Value.ERROR),))


@dataclass(frozen=True)
class Pool(Layer, ABC):
    """A window of a map becomes one value; the stride is the window unless given."""

    kernel: Pair
    stride: Pair | None = None

    def window(self, given: Shape) -> Window:
        return Window.of(self.kernel, self.kernel if self.stride is None else self.stride)

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        window = self.window(one)
        height, width = window.positions(one.height, one.width)
        if min(height, width) < 1:
            high, wide = window.kernel
            raise Misshaped(f"a {high} x {wide} window does not fit the {one} map it gets")
        return Shape(one.channels, height, width)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Values are combined two by two until one is left of each window.

        A lane combines three pairs a cycle. Each window is combined for itself, whether or not
        windows overlap.
        """
        return (VectorWork(COMBINE, output.size * (self.window(given).taps - 1)),)

    @abstractmethod
    def errors(self, given: Shape, output: Shape) -> int:
        """Errors of overlapping windows that are added to what another window has sent."""

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Where windows overlap, errors of several meet in one value and are added."""
        overlap = any(axis.stride < axis.extent for axis in self.window(given).axes)
        meeting = self.errors(given, output) if overlap else 0
        return (VectorWork(MEET, meeting),) if meeting > 0 else ()
