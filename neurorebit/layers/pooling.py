"""The base class of all kinds of pooling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from neurorebit.layers.base import (
    Layer,
    Misshaped,
    Operation,
    Shape,
    Size,
    Value,
    VectorWork,
    Window,
)

COMBINE = Operation(cycles=1.0 / 3.0, additions=((1, Value.INPUT),))
MEET = Operation(cycles=1.0, additions=((1, Value.ERROR),))


@dataclass(frozen=True)
class Pool(Layer, ABC):
    """A window of a map becomes one value; the stride is the window unless given."""

    kernel: Size
    stride: Size | None = None

    @property
    def window(self) -> Window:
        return Window(self.kernel, self.stride or self.kernel)

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        shape = self.window.output(one.channels, one)
        if shape is None:
            raise Misshaped(
                f"a {self.kernel} x {self.kernel} window does not fit the {one} map it gets"
            )
        return shape

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Values are combined two by two until one is left of each window.

        A lane combines three pairs a cycle. Each window is combined for itself, whether or not
        windows overlap.
        """
        return (VectorWork(COMBINE, output.size * (self.kernel**2 - 1)),)

    @abstractmethod
    def errors(self, given: Shape, output: Shape) -> int:
        """Errors of overlapping windows that are added to what another window has sent."""

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Where windows overlap, errors of several meet in one value and are added."""
        side, step, _ = self.window
        meeting = self.errors(given, output) if step < side else 0
        return (VectorWork(MEET, meeting),) if meeting > 0 else ()
