"""The base class of all kinds of pooling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass

from neurorebit.layers.base import Layer, Misshaped, Operation, Shape, Value, VectorWork
from neurorebit.layers.window import Axis, Pair, Sides, Window

COMBINE = Operation(cycles=1.0 / 3.0, additions=((1, Value.INPUT),))
MEET = Operation(cycles=1.0, additions=((1, Value.ERROR),))


@dataclass(frozen=True)
class Pool(Layer, ABC):
    """A window of a map becomes one value.

    Without a ``kernel`` the window is the whole map; the stride is the kernel unless given. With
    ``ceil`` a last window may go beyond the padding; it has to start on the map or in the padding
    before it.
    """

    kernel: Pair | None = None
    stride: Pair | None = None
    _: KW_ONLY
    padding: Sides = 0
    ceil: bool = False

    def window(self, given: Shape) -> Window:
        kernel = (given.height, given.width) if self.kernel is None else self.kernel
        return Window.of(kernel, kernel if self.stride is None else self.stride, self.padding)

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        window = self.window(one)
        if self.kernel is None and (self.stride is not None or any(window.padding)):
            raise Misshaped("stride and padding are those of a kernel", "add 'kernel'")
        height, width = window.positions(one.height, one.width, ceil=self.ceil)
        if min(height, width) < 1:
            high, wide = window.kernel
            message = f"a {high} x {wide} window does not fit the {one} map it gets"
            raise Misshaped(message, "take a smaller window, or padding")
        shape = Shape(one.channels, height, width)
        if min(count for counts in self.seen(one, shape) for count in counts) < 1:
            message, cure = "a window lies in the padding alone", "take a padding below the kernel"
            raise Misshaped(message, cure)
        return shape

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def along(self, given: Shape, output: Shape) -> tuple[tuple[Axis, int, int], ...]:
        """For height and width: the axis of the window, pixels of the map, and windows."""
        vertical, horizontal = self.window(given).axes
        high, wide = (
            (vertical, given.height, output.height),
            (horizontal, given.width, output.width),
        )
        return high, wide

    def seen(self, given: Shape, output: Shape) -> tuple[list[int], ...]:
        """Lines of the map that windows below each other see, and columns that neighbours see."""
        return tuple(axis.seen(size, windows) for axis, size, windows in self.along(given, output))

    def taken(self, given: Shape, output: Shape) -> int:
        """Values that all windows take; those that several windows share count for each."""
        lines, columns = self.seen(given, output)
        return given.channels * sum(lines) * sum(columns)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Values are combined two by two until one is left of each window; padding is left out.

        A lane combines three pairs a cycle. Each window is combined for itself, whether or not
        windows overlap.
        """
        return (VectorWork(COMBINE, self.taken(given, output) - output.size),)

    @abstractmethod
    def errors(self, given: Shape, output: Shape) -> int:
        """Errors of overlapping windows that are added to what another window has sent."""

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Where windows overlap, errors of several meet in one value and are added."""
        shared = (axis.stride < axis.taps for axis, _, n in self.along(given, output) if n > 1)
        meeting = self.errors(given, output) if any(shared) else 0
        return (VectorWork(MEET, meeting),) if meeting > 0 else ()
