"""Weights of the scheme ``low_rank``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import low_rank, noise
from neurorebit.schemes.low_rank.factors import absorb
from neurorebit.schemes.low_rank.keys import LowRankKeys
from neurorebit.schemes.parts.in_place import InPlaceWeights
from neurorebit.training.parts.workers import Array

ARRAY = 1  # of the random numbers of the first factors; 0 is that of the cells


@dataclass(eq=False)
class LowRankWeights(InPlaceWeights):
    """Changes gather in two thin matrices (docs/models/schemes.md#low-rank-writes).

    After A. Gural et al., arXiv:2009.03887, with the block power iteration of B. Hoskins et al.,
    Front. Neurosci. 13:793, 2019. In a flush each cell gets the nearest number of pulses to its
    change; what is left gathers on.
    """

    left: Array = field(init=False)
    right: Array = field(init=False)
    due: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        groups, rows, cols = self.site.shape
        rank = min(self.site.training.own(LowRankKeys).rank, rows, cols)
        self.left = np.zeros((groups, rows, rank), self.site.dtype)
        self.right = np.empty((groups, cols, rank), self.site.dtype)
        draw = self.site.draw(0, step=0, array=ARRAY)
        noise.fill(self.right.reshape(-1), 1.0, noise.INITIAL, draw)

    def learn(self, gradient: Array, rate: float) -> None:
        """Add a gradient to the factors; in a flush send the cells what has gathered."""
        keys, site = self.site.training.own(LowRankKeys), self.site
        self._absorb(gradient, -rate / self.full)
        self.due = False
        if (self.cells.written.updates + 1) % keys.flush == 0:
            site.workers.run(lambda g: self._multiply(g, gradient), len(gradient))
            half = 0.5 * self.cells.physics.granule
            self.due = bool(np.mean(np.abs(gradient) >= half) >= keys.density)
        super().learn(gradient, rate)
        if self.due:
            self.left[...] = 0.0
            self._absorb(gradient, 1.0)

    def _multiply(self, group: int, out: Array) -> None:
        np.matmul(self.left[group], self.right[group].T, out=out[group])

    def _absorb(self, change: Array, factor: float) -> None:
        """Add ``factor`` times a change to the factors of all groups."""

        def job(group: int) -> None:
            scaled = change[group] * self.site.dtype(factor)
            absorb(self.left[group], self.right[group], scaled)

        self.site.workers.run(job, len(change))

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """The nearest pulses to what has gathered: ``gradient`` has it, and keeps the rest."""
        if self.due:
            low_rank.take_nearest(gradient, pulses, self.cells.physics.steps, self.most)
        else:
            pulses[...] = 0
