"""H-trees: wires from one root to a grid of leaves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.wire import Wires, wires
from neurorebit.schema.technology import Technology

LEVELS = np.arange(1.0, 17.0)  # more than any grid of leaves has; beyond is nan


@dataclass(frozen=True, eq=False)
class HTree(Block):
    """A tree of ``width`` wires over a grid of leaves (system.md 5.3).

    From the middle to a leaf, level i of D goes a quarter of what is left: (h + w) 2^D / 2^(i+1);
    a trunk of half the grid's width leads from the edge to the middle. The same path takes time and
    energy. All branches have repeaters, of the kind of wire that their length asks for. One leaf
    needs no tree.
    """

    tech: Technology
    rows: Real = 4.0
    cols: Real = 4.0
    leaf_height: Real = 1e-3
    leaf_width: Real = 1e-3
    width: Real = 256.0  # wires
    tolerance: Real = 0.1
    name: str = "htree"

    @cached_property
    def _wires(self) -> Wires:
        return wires(self.tech, self.tolerance)

    @property
    def depth(self) -> Real:
        """Levels of branches."""
        side = np.maximum(self.rows, self.cols)
        levels = log2_up(side)
        return np.where(levels <= LEVELS.size, levels, np.nan)

    @cached_property
    def _runs(self) -> tuple[tuple[Real, Real], ...]:
        """Wires from the edge to a leaf: length [m] of each run, and how many like it there are.

        Levels stand along a first axis of their own. Level i has 4^(i-1) branchings of two
        horizontal and four vertical arms, of which a grid that is not full keeps its part.
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
        """Length [m] of all branches of one wire."""
        return self._sum([count * length for length, count in self._runs])

    @property
    def body(self) -> Footprint:
        """The repeaters; wires lie above what they cross."""
        area = [n * length * self._wires.area(length) for length, n in self._runs]
        leakage = [n * length * self._wires.leakage(length) for length, n in self._runs]
        return Footprint.of(self.width * self._sum(area), self.width * self._sum(leakage))

    @property
    def beat(self) -> Real:
        """Time [s] from one flit to the next: a clock cycle, or a repeater's delay if longer."""
        trunk, _ = self._runs[-1]
        repeater = self._sum([self._wires.spacing(trunk) * self._wires.delay(trunk)])
        return np.maximum(1.0 / self.tech.clock, repeater)

    @action
    def transfer(self, bits: Real = 1.0, flits: Real = 1.0, further: Real = 0.0) -> Cost:
        """Bring so many bits to or from a leaf as a stream of flits, one every beat.

        ``further`` is a length [m] that they travel beyond one leaf, to others.
        """
        beyond = further * self._wires.energy(further)
        exists = np.minimum(self.depth, 1.0)
        latency = exists * (self.delay + np.maximum(flits - 1.0, 0.0) * self.beat)
        return Cost.of(bits * (self.energy + beyond), latency)
