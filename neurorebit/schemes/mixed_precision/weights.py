"""Weights of the scheme ``mixed_precision``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import blocks, pulse
from neurorebit.schemes.parts.in_place import MomentumWeights
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class MixedPrecisionWeights(MomentumWeights):
    """Changes gather in digital memory until they are worth a pulse.

    Nandakumar et al., Front. Neurosci. 14:406, 2020, doi:10.3389/fnins.2020.00406;
    docs/models/schemes.md#residues-in-digital-memory. Pulses are not verified: the residue loses
    the step at mid range times the pulses sent.
    """

    residue: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.residue = np.zeros(self.cells.weight.size, self.site.dtype)

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """With chi <- chi - rate v: n = trunc(chi / eps), chi <- chi - n eps; eps of its way."""
        residue = self.residue[start : start + gradient.size]
        wanted, steps = self.wanted(gradient, start), self.cells.physics.steps
        pulse.take_whole(residue, wanted, pulses, -rate / self.full, steps, self.most)

    def unsent(self, pulses: Array, start: int) -> None:
        """They stay in the residue; what a cell was sent beyond its wish is taken out of it."""
        residue = self.residue[start : start + pulses.size]
        blocks.put_back(residue, pulses, self.cells.physics.steps)
