"""H-trees: buses from one root to a grid of leaves."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.wire import Wires, wires
from neurorebit.schema.technology import Technology

LEVELS = np.arange(1.0, 17.0)  # levels of branches; with more, which no chip has, all is nan


@dataclass(frozen=True, eq=False)
class HTree(Block):
    """A tree of ``width`` wires over ``rows`` by ``cols`` leaves (docs/models/wires.md#h-trees).

    On the way from the middle to a leaf of height h and width w, level i of D levels has a length
    of (h + w) 2^D / 2^(i+1); a trunk of half the grid's width connects the middle to the edge.
    Delay and energy are those of this path. All branches have repeaters; the kind of wire follows
    from their length. ``tolerance`` is as for ``RepeatedWire``. One leaf needs no tree.
    """

    tech: Technology
    rows: Positive = 4.0
    cols: Positive = 4.0
    _: KW_ONLY
    leaf_height: Real = 1e-3
    leaf_width: Real = 1e-3
    width: Real = 256.0
    tolerance: Real = 0.1
    name: str = "htree"

    @cached_property
    def _wires(self) -> Wires:
        return wires(self.tech, self.tolerance)

    @property
    def depth(self) -> Real:
        """Number of levels of branches."""
        side = np.maximum(self.rows, self.cols)
        levels = log2_up(side)
        return np.where(levels <= LEVELS.size, levels, np.nan)

    @cached_property
    def _runs(self) -> tuple[tuple[Real, Real], ...]:
        """Segments on the way from the edge to a leaf: length [m], and their number in the tree.

        Levels lie along the first axis. Level i has 4^(i-1) branchings of two horizontal and four
        vertical arms; a grid whose sides are no powers of two has its share of them.
        """
        cells, wires = self.rows * self.cols, self._wires
        per_length = (wires.delay(0.0), wires.energy(0.0), wires.area(0.0), wires.leakage(0.0))
        amounts = (cells, self.leaf_height, self.leaf_width, self.width, *per_length)
        axes = max(map(np.ndim, amounts))
        level = LEVELS.reshape((-1,) + (1,) * axes)
        exists = np.where(level <= self.depth, 1.0, 0.0)
        span = exists * 2.0 ** (np.maximum(self.depth - level, 0.0) - 1.0)
        filled = cells / 4.0**self.depth
        branchings = exists * 4.0 ** (np.minimum(level, self.depth) - 1.0) * filled
        trunk = np.minimum(self.depth, 1.0) * self.cols * self.leaf_width / 2.0
        return (
            (span * self.leaf_width, 2.0 * branchings),
            (span * self.leaf_height, 4.0 * branchings),
            (trunk + np.zeros_like(level[:1]), 1.0),
        )

    def _sum(self, values: list[Real]) -> Real:
        """The sum over segments and levels."""
        total: Real = 0.0
        for value in values:
            total = total + np.sum(value, axis=0)
        return total

    @cached_property
    def path(self) -> Real:
        """Length [m] from the edge to a leaf."""
        return self._sum([length for length, _ in self._runs])

    @cached_property
    def delay(self) -> Real:
        """Time [s] from the edge to a leaf."""
        return self._sum([length * self._wires.delay(length) for length, _ in self._runs])

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one bit between the edge and a leaf."""
        return self._sum([length * self._wires.energy(length) for length, _ in self._runs])

    @cached_property
    def length(self) -> Real:
        """Length [m] of one wire with all its branches."""
        return self._sum([count * length for length, count in self._runs])

    @property
    def body(self) -> Footprint:
        """The repeaters; the wires run above other blocks."""
        area = [n * length * self._wires.area(length) for length, n in self._runs]
        leakage = [n * length * self._wires.leakage(length) for length, n in self._runs]
        return Footprint.of(self.width * self._sum(area), self.width * self._sum(leakage))

    @property
    def beat(self) -> Real:
        """Time [s] between flits: the longer of a clock cycle and the delay of a repeater."""
        trunk, _ = self._runs[-1]
        repeater = self._sum([self._wires.spacing(trunk) * self._wires.delay(trunk)])
        return np.maximum(1.0 / self.tech.clock, repeater)

    def reach(self, leaves: Real) -> Real:
        """Energy [J] of one bit between the edge and ``leaves`` neighbouring leaves.

        A bit runs once along each branch that leads to one of them. A vertical arm of level i of D
        leads to 4^(D-i) leaves, a horizontal one to twice as many, so n leaves take at least
        max(1, n / 4^(D-i)) and max(1, n / 4^(D-i) / 2) of them, and the trunk once. One leaf takes
        the path, all leaves of a full tree take all of its branches.
        """
        reached = np.minimum(leaves, self.rows * self.cols)
        per_bit = [length * self._wires.energy(length) for length, _ in self._runs]
        axes = max(np.ndim(reached), *(np.ndim(joules) - 1 for joules in per_bit))
        across, along, trunk = (_with_axes(joules, axes) for joules in per_bit)
        levels = np.maximum(self.depth - _with_axes(LEVELS, axes), 0.0)
        below = reached / 4.0**levels
        arms = across * np.maximum(below / 2.0, 1.0), along * np.maximum(below, 1.0), trunk
        return self._sum([*arms])

    @action
    def transfer(self, bits: Real = 1.0, flits: Real = 1.0, leaves: Real = 1.0) -> Cost:
        """Transfer ``bits`` bits to or from a leaf as ``flits`` flits, one every beat.

        To several ``leaves`` they branch on the way; partial sums from several leaves are added
        where their ways meet, so that each branch carries one sum.
        """
        exists = np.minimum(self.depth, 1.0)
        latency = exists * (self.delay + np.maximum(flits - 1.0, 0.0) * self.beat)
        return Cost.of(bits * self.reach(leaves), latency)


def _with_axes(amounts: Real, axes: int) -> NDArray[np.float64]:
    """Amounts with levels on the first axis and ``axes`` further ones, new ones in front."""
    levels, *others = np.shape(amounts)
    return np.reshape(amounts, (levels, *(1,) * (axes - len(others)), *others))
