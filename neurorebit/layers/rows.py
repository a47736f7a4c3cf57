"""Rows of a map of one channel as steps of a sequence."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.layers.base import Layer, Shape


@dataclass(frozen=True)
class Rows(Layer):
    """A map of one channel, whose rows are steps of as many features as it is wide.

    Maps lie in memory with their channels last, so that nothing moves.
    """

    def output(self, *given: Shape) -> Shape:
        (one,) = given
        return Shape(one.width, 1, one.height)

    def nonnegative(self, *inputs: bool) -> bool:
        return all(inputs)


def as_rows(given: Shape) -> tuple[Layer, ...]:
    """What a layer for sequences puts before itself: rows of an image of one channel are steps."""
    if given.channels == 1 and given.height > 1:
        return (Rows(kind="rows", name="rows"),)
    return ()


def steps(given: Shape) -> Shape:
    """The sequence that such a layer reads."""
    for rows in as_rows(given):
        return rows.output(given)
    return given
