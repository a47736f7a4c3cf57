"""Weights of the scheme ``reram``."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.kernels import pulse
from neurorebit.schemes.parts.in_place import MomentumWeights
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class ReramWeights(MomentumWeights):
    """Changes become pulses, rounded at random (docs/models/schemes.md#pulses-in-place)."""

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Pulses n = rounded(-rate v / step), of the step at mid range."""
        wanted, steps = self.wanted(gradient, start), self.cells.physics.steps
        draw = self.site.draw(start, self.cells.written.updates)
        pulse.round_stochastically(wanted, pulses, -rate / self.full, steps, self.most, draw)
