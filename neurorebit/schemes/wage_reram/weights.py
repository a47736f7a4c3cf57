"""Weights of the scheme ``wage_reram``: cells that rounded gradients pulse in place."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.kernels import pulse, wage
from neurorebit.schemes.parts import wage as shared
from neurorebit.schemes.parts.in_place import InPlaceWeights
from neurorebit.schemes.wage.keys import WageKeys
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class WageCells(InPlaceWeights):
    """Inputs, errors and gradients are whole numbers, weights what the cells conduct.

    The ends of a cell's range are the largest weights of the architecture's bits, so that cells of
    as many states hold these. A gradient is rounded at random to whole steps of ``gradient_bits``,
    and these, again at random, to pulses of the step at mid range.
    """

    rate: float = 0.0
    factor: float = 0.0

    @property
    def integers(self) -> Integers:
        """Bits of inputs and errors."""
        return shared.of_site(self.site)

    def begin(self) -> tuple[Array, float]:
        """The first weights, and the largest one, over the layer's scaling."""
        site = self.site
        one = 1.0 / shared.scaling(site)
        return shared.first(site) * site.dtype(one), (1.0 - shared.unit(site.weight_bits)) * one

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """Forward through the arrays and their converters."""
        super().mvm(x, out, learning)
        shared.scores(self.site, out)

    def learn(self, gradient: Array, rate: float) -> None:
        """Send the cells the pulses that a gradient asks for, part by part."""
        self.rate = rate
        super().learn(gradient, rate)

    def consider(self, gradient: Array) -> None:
        """Set the unit of the gradient by its largest entry."""
        self.factor = shared.factor(gradient, self.rate)

    def plan(self, gradient: Array, pulses: Array, start: int, rate: float) -> None:
        """Pulses n = rounded(-2^(1 - bits) rounded(rate g / largest) / step)."""
        site = self.site
        bits = site.training.own(WageKeys).gradient_bits
        full = self.full * shared.scaling(site)
        draw = site.draw(start, self.cells.written.updates)
        wage.round_gradient(gradient, self.factor, draw)
        steps = self.cells.physics.steps
        pulse.round_stochastically(
            gradient, pulses, -shared.unit(bits) / full, steps, self.most, draw
        )
