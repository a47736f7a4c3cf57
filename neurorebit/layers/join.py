"""The base class of layers that join maps: sums, products, and channels side by side."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from neurorebit.layers.base import Layer, Misshaped, Operation, Shape, Value, VectorWork, computed

# Of a map of fewer values that meets a larger one: its errors are added up.
GATHER = Operation(cycles=1.0, additions=((1, 32.0),))


@dataclass(frozen=True)
class Join(Layer, ABC):
    """Its input with the output of the layer ``other``, or of several layers ``others``.

    Maps of other stages are read from memory, which is counted where the maps are.
    """

    other: str = ""
    others: tuple[str, ...] = ()

    also_reads: ClassVar[tuple[str, ...]] = ("other", "others")

    def several(self, given: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The shapes, of two maps at least."""
        if len(given) < 2:
            raise Misshaped("joins its input with nothing", "name a layer: 'other', or 'others'")
        return given

    def named(self, place: int) -> str:
        """How a message names the map at this place among those that it reads."""
        names = ("", *((self.other,) if self.other else ()), *self.others)
        return f" ('{names[place]}')" if place else ""

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)

    def inference_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        return computed(self.forward_work(given, output))


@dataclass(frozen=True)
class Elementwise(Join, ABC):
    """A sum or a product of maps, value by value.

    A map may have one channel, or one row, or one column, where others have more: it is the same
    for all of them (a map of C x 1 x 1 weighs or shifts channels).
    """

    cannot: ClassVar[str]
    combine: ClassVar[Operation]

    def output(self, *given: Shape) -> Shape:
        largest = self.several(given)[0]
        for i, other in enumerate(given):
            sides = []
            for one, two in zip(_sides(largest), _sides(other), strict=True):
                if one != two and min(one, two) > 1:
                    message = f"{self.cannot.format(f'{other}{self.named(i)}')} {largest}"
                    raise Misshaped(message, "make them alike, or 1 along a side")
                sides.append(max(one, two))
            largest = Shape(*sides)
        return largest

    def forward_work(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """Maps are combined one after the other."""
        return (VectorWork(self.combine, (len(given) - 1.0) * output.size),)

    def gathered(self, given: tuple[Shape, ...], output: Shape) -> tuple[VectorWork, ...]:
        """Errors of maps that have fewer values than the output."""
        fewer = sum(1 for shape in given if shape.size < output.size)
        return (VectorWork(GATHER, float(fewer * output.size)),) if fewer else ()


def _sides(shape: Shape) -> tuple[int, int, int]:
    return shape.channels, shape.height, shape.width


ADD = Operation(cycles=1.0, additions=((1, Value.STORED),))
