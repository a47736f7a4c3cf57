"""Weights of the scheme ``manhattan``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import pulse
from neurorebit.schemes.manhattan.keys import ManhattanKeys
from neurorebit.schemes.parts.in_place import InPlaceWeights
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class ManhattanWeights(InPlaceWeights):
    """One pulse against the sign of the gradient, whatever its size.

    Zamanidoost et al., IEEE WISP 2015; docs/models/schemes.md#manhattan-rule. Gradients below
    ``training.threshold`` send no pulse; the learning rate has no effect.
    """

    least: float = field(init=False, default=0.0)

    def consider(self, gradient: Array) -> None:
        """Set the least gradient that counts, from the root mean square of the layer's."""
        threshold = self.site.training.own(ManhattanKeys).threshold
        power = float(np.mean(np.square(gradient, dtype=np.float64))) if threshold else 0.0
        self.least = threshold * power**0.5

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Pulses n = -sign(g)."""
        pulse.against_sign(gradient, pulses, self.least)
