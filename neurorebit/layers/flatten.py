"""A map as one vector."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Layer, Shape


@dataclass(frozen=True)
class Flatten(Layer):
    """A map as one vector; nothing moves."""

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        return Shape(one.size, 1, 1)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)
