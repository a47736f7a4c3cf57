"""What layers share that bring values of a map into another order, or repeat them."""

from __future__ import annotations

import math
from abc import ABC
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from neurorebit.layers.base import Layer, Misshaped, Operation, Shape, Size, Value, VectorWork

# A value is read from the buffer and written to a register, and from there to its new place.
MOVE = Operation(cycles=1.0, words=1.0)
Side = Literal["channels", "height", "width"]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


@dataclass(frozen=True)
class Movement(Layer, ABC):
    """A layer that computes nothing: each value of its output is one of its input.

    It reads a map that is stored, from places that do not follow each other, so that the map before
    it is written to the buffer and read again; each value goes through a lane.
    """

    rearranges: ClassVar[bool] = True

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def forward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each value of the output is moved."""
        return (VectorWork(MOVE, output.size),)

    def backward(self, given: Shape, output: Shape) -> tuple[VectorWork, ...]:
        """Each error is moved back."""
        return (VectorWork(MOVE, output.size, ((1, Value.ERROR),)),)


@dataclass(frozen=True)
class View(Layer, ABC):
    """A layer that moves nothing: what reads it reads the map before it, by other addresses."""

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)


@dataclass(frozen=True)
class Shaped(Layer, ABC):
    """A layer that says what map it gives."""

    channels: Size
    height: Size
    width: Size

    @property
    def shape(self) -> Shape:
        """The map that it gives."""
        return Shape(self.channels, self.height, self.width)

    def of_size(self, given: Shape) -> Shape:
        """The map that it gives; ``Misshaped`` unless it has as many values as the one it gets."""
        if self.shape.size != given.size:
            raise Misshaped(
                f"gets a {given} map of {given.size} values, and gives {self.shape}",
                "give as many values",
            )
        return self.shape


def along(map: Shape, side: str, size: int) -> Shape:
    """A map with another number of channels, rows or columns."""
    sides = {"channels": map.channels, "height": map.height, "width": map.width, side: size}
    return Shape(**sides)


def product(sizes: tuple[int, ...]) -> int:
    """Values of these sides."""
    return math.prod(sizes)
