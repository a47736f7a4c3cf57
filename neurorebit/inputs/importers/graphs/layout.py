"""How the axes of a tensor lie in a map: what a reshape or a transposition leaves where it is.

A map of C x H x W values lies in memory position by position, the channels of a position together.
An axis of a tensor is a product of factors, and every factor stands somewhere in that order. To
reshape splits factors, to transpose names them in another order: neither moves a value. Only a
layer that needs another order in memory does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from neurorebit.layers.base import Shape


@dataclass(frozen=True, eq=False)
class Factor:
    """A part of an axis, of ``size`` > 1; each is itself and no other of its size."""

    size: int

    def __repr__(self) -> str:
        return f"{self.size}@{id(self) % 997}"


Factors = tuple[Factor, ...]


def product(factors: Sequence[Factor]) -> int:
    """Values along an axis of these factors."""
    return math.prod(factor.size for factor in factors)


def fresh(size: int) -> Factors:
    """An axis of its own; one of size 1 has no factors."""
    return (Factor(size),) if size > 1 else ()


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor that a layer gives.

    ``layer``: its name. ``map``: the shape of what it gives. ``axes``: the factors of each axis,
    the major first. ``memory``: all factors as they lie in memory, the major first.
    """

    layer: str
    map: Shape
    axes: tuple[Factors, ...]
    memory: Factors

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis."""
        return tuple(product(axis) for axis in self.axes)

    @property
    def logical(self) -> Factors:
        """All factors in the order of the axes."""
        return tuple(factor for axis in self.axes for factor in axis)

    def split(self, factor: Factor, first: int) -> tuple[Tensor, Factors]:
        """The same with a factor as two, the major of size ``first``; and these two."""
        parts = Factor(first), Factor(factor.size // first)

        def parted(factors: Factors) -> Factors:
            return tuple(one for f in factors for one in (parts if f is factor else (f,)))

        axes = tuple(parted(axis) for axis in self.axes)
        return replace(self, axes=axes, memory=parted(self.memory)), parts

    def renewed(self) -> Tensor:
        """The same with factors that no other tensor has, for a product of a map with itself."""
        new = {factor: Factor(factor.size) for factor in self.memory}
        axes = tuple(tuple(new[f] for f in axis) for axis in self.axes)
        return replace(self, axes=axes, memory=tuple(new[f] for f in self.memory))

    def merged(self) -> Tensor:
        """The same with factors as one where they follow each other in axis and memory alike."""
        axes = [list(axis) for axis in self.axes]
        memory = list(self.memory)
        for axis in axes:
            i = 0
            while i + 1 < len(axis):
                at = memory.index(axis[i])
                if at + 1 < len(memory) and memory[at + 1] is axis[i + 1]:
                    one = Factor(axis[i].size * axis[i + 1].size)
                    memory[at : at + 2] = [one]
                    axis[i : i + 2] = [one]
                else:
                    i += 1
        return replace(self, axes=tuple(map(tuple, axes)), memory=tuple(memory))

    def transposed(self, order: Sequence[int]) -> Tensor:
        """The same with its axes in another order."""
        return replace(self, axes=tuple(self.axes[i] for i in order))

    def reshaped(self, shape: Sequence[int]) -> Tensor | None:
        """The same with axes of these sizes; None where values would have to move."""
        one = replace(self, axes=(self.logical,))
        for made in (one, one.merged()):
            found = made._cut(shape)
            if found is not None:
                return found
        return None

    def _cut(self, shape: Sequence[int]) -> Tensor | None:
        """Its single axis cut into axes of these sizes."""
        made, left = self, list(self.logical)
        counts: list[int] = []
        done: list[Factor] = []
        for size in shape:
            need, start = size, len(done)
            while need > 1:
                if not left:
                    return None
                factor = left[0]
                if need % factor.size == 0:
                    need //= factor.size
                    done.append(left.pop(0))
                elif factor.size % need == 0:
                    made, parts = made.split(factor, need)
                    left[:1] = parts
                else:
                    return None
            counts.append(len(done) - start)
        if left:
            return None
        axes, at = [], 0
        for count in counts:
            axes.append(tuple(done[at : at + count]))
            at += count
        return replace(made, axes=tuple(axes))


def refined(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor] | None:
    """Two tensors whose axes have factors of the same sizes where both have any; None if they
    cannot have.

    An axis of size 1 of either is left alone.
    """
    for i in range(len(one.axes)):
        at = 0
        while True:
            ours, theirs = one.axes[i], other.axes[i]
            if not ours or not theirs or at >= len(ours) or at >= len(theirs):
                break
            a, b = ours[at].size, theirs[at].size
            if a == b:
                at += 1
            elif a > b and a % b == 0:
                one, _ = one.split(ours[at], b)
            elif b > a and b % a == 0:
                other, _ = other.split(theirs[at], a)
            else:
                return None
    return one, other
