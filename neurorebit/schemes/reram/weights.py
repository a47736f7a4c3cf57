"""Weights of the scheme ``reram``."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.kernels import noise, pulse
from neurorebit.schemes.parts.in_place import MomentumWeights
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class ReramWeights(MomentumWeights):
    """The all-ReRAM chip (training.md 5.3): changes become pulses, rounded at random."""

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Pulses n = rounded(-rate v P / 2)."""
        site, (up, down, *_) = self.site, self.cells.physics.device
        wanted = self.wanted(gradient, start)
        where = start, site.index, noise.ROUND, self.cells.written.updates, site.seed
        pulse.roll(wanted, pulses, -rate / self.full, up, down, self.most, *where)
