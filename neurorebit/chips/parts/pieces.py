"""The arrays of a network sorted by how far they are filled, and sums over layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.cost import Bill, Cost, Real

Array = NDArray[np.float64]


def ceil(x: Real) -> Real:
    """Round up, forgiving the rounding of a quotient that is whole."""
    return np.ceil(np.asarray(x) * (1 - 1e-12))


def sum_over_layers(amounts: Real) -> Array:
    """The sum over the layers; their axis stays, with length one."""
    total: Array = np.sum(np.atleast_1d(amounts), axis=-1, keepdims=True)
    return total


def max_over_layers(amounts: Real) -> Array:
    """The maximum over the layers; their axis stays, with length one."""
    largest: Array = np.max(np.atleast_1d(amounts), axis=-1, keepdims=True)
    return largest


@dataclass(frozen=True, eq=False)
class Pieces:
    """The arrays of all layers, sorted into four kinds by the rows and columns in use.

    The last axis has four times as many entries as there are layers: first the full arrays of all
    layers, then the arrays of the last columns, of the last rows, and of both (the corner of the
    matrix). ``rows`` and ``cols`` are in use in each of ``counts`` arrays of a kind.
    """

    rows: Array
    cols: Array
    counts: Array

    @classmethod
    def cut(cls, down: tuple[Real, Real], across: tuple[Real, Real], blocks: Real) -> Pieces:
        """``blocks`` equal matrices cut into arrays: each pair is a length of the matrix and the
        length of an array.
        """
        (high, full), (low, last) = _full_and_rest(*down)
        (wide, whole), (thin, end) = _full_and_rest(*across)
        counts = (blocks * n for n in (full * whole, full * end, last * whole, last * end))
        rows, cols = concatenated(high, high, low, low), concatenated(wide, thin, wide, thin)
        return cls(rows, cols, concatenated(*counts))

    @staticmethod
    def spread(amounts: Array) -> Array:
        """Repeat the amounts of layers for their four kinds of arrays; one amount stays single."""
        return amounts if amounts.shape[-1] == 1 else np.concatenate((amounts,) * 4, axis=-1)

    def cost(self, one: Cost, layers: int) -> Cost:
        """The cost of ``layers`` layers, of whose arrays all work at once, given that of one array
        of each kind.
        """
        all_of_kind = one.across(self.counts)
        energy = {
            part: np.sum(self.by_kind(joules, layers), axis=-2)
            for part, joules in all_of_kind.energy.items.items()
        }
        slowest = np.max(self.by_kind(one.latency.total, layers), axis=-2)
        return Cost(Bill(energy), Bill({"": slowest}))

    def by_kind(self, amounts: Real, layers: int) -> Array:
        """Amounts of these arrays with an axis for the four kinds in front of the layers' axis."""
        shape = np.broadcast_shapes(np.shape(amounts), (4 * layers,))
        return np.broadcast_to(amounts, shape).reshape(*shape[:-1], 4, -1)


def _full_and_rest(total: Real, size: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
    """A length cut into full pieces and a rest: the length of each, and how many there are.

    Where there is no rest, zero pieces of full length stand for it.
    """
    full = np.floor(total / size)
    rest, longest = total - full * size, np.minimum(total, size)
    return (longest, full), (np.where(rest > 0, rest, longest), np.where(rest > 0, 1.0, 0.0))


def concatenated(*amounts: Real) -> Array:
    """Amounts one after the other along the axis of the layers."""
    return np.concatenate(np.broadcast_arrays(*amounts), axis=-1)
