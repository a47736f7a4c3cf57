"""Currents of a transistor over gate and supply, from weak inversion to saturated velocity.

One law for on and off currents, docs/models/technology.md#supply-and-temperature: the charge at the
source after C. Enz, F. Krummenacher and E. Vittoz (Analog Integr. Circ. Sig. Process. 8:83, 1995),
with velocity saturation set so that the slope at the nominal supply is that of the alpha-power law
(T. Sakurai and A. R. Newton, IEEE J. Solid-State Circuits 25(2):584, 1990).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from neurorebit.schema.numbers import Real

THERMAL = 1.380649e-23 / 1.602176634e-19  # Boltzmann's constant over the electron's charge [V/K]
STEPS = 40  # of a search at most; about six suffice for shipped technologies
CLOSE = 1e-11  # what a search may leave of the logarithm of a current


def overdrive(above: Real, slope: Real) -> Real:
    """Overdrive [V] at a gate voltage ``above`` [V] the threshold: exponential far below it."""
    return 2.0 * slope * _soft(above / (2.0 * slope))


def _soft(x: Real) -> Real:
    """ln(1 + exp(x)), without overflow."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


@dataclass(frozen=True)
class Conduction:
    """Currents of a transistor over that with gate and drain at the nominal supply.

    ``slope`` [V] is the gate voltage of a factor e in weak inversion, ``threshold`` [V] that at the
    nominal supply ``nominal`` [V], ``lowering`` what a volt at the drain takes from it, and
    ``exponent`` the local exponent of the overdrive at the nominal supply, from 1 (velocity
    saturated) to 2 (not at all).
    """

    slope: Real
    threshold: Real
    nominal: Real
    lowering: Real
    _: KW_ONLY
    exponent: Real

    @property
    def full(self) -> Real:
        """Overdrive [V] at the nominal supply."""
        return overdrive(self.nominal - self.threshold, self.slope)

    def _above(self, gate: Real, drain: Real) -> Real:
        return gate - self.threshold - self.lowering * (self.nominal - drain)

    def current(self, gate: Real, drain: Real) -> Real:
        """Current at these voltages of gate and drain [V], over that at the nominal supply."""
        over = overdrive(self._above(gate, drain), self.slope)
        saturated = (2.0 - self.exponent) * over + (self.exponent - 1.0) * self.full
        return over * over / (saturated * self.full)

    def transconductance(self, gate: Real, drain: Real) -> Real:
        """Slope [1/V] of ``current`` over the gate voltage: 1/``slope`` of it in weak inversion."""
        above = self._above(gate, drain)
        over = overdrive(above, self.slope)
        rate = np.exp(-_soft(-above / (2.0 * self.slope)))  # of the overdrive
        unsaturated = (2.0 - self.exponent) * over
        saturated = unsaturated + (self.exponent - 1.0) * self.full
        return rate * (2.0 - unsaturated / saturated) / over * self.current(gate, drain)


def with_slope(law: Conduction, ratio: Real) -> Conduction:
    """The law with the slope with which on over off current at the nominal supply is ``ratio``.

    nan where no slope gives the ratio.
    """

    def left(steepness: Real) -> Real:
        return _short_of(ratio, dataclasses.replace(law, slope=1.0 / steepness))

    start = np.log(np.maximum(ratio, 1.0001)) / np.maximum(law.threshold, 0.01)
    return dataclasses.replace(law, slope=_scalar(1.0 / _root(left, start, (0.5, 1e4))))


def with_threshold(law: Conduction, ratio: Real) -> Conduction:
    """The law with the threshold with which on over off current is ``ratio``, or nan."""

    def left(threshold: Real) -> Real:
        return _short_of(ratio, dataclasses.replace(law, threshold=threshold))

    start = np.asarray(law.threshold) + 0.0 * law.slope
    return dataclasses.replace(law, threshold=_scalar(_root(left, start, (-5.0, 5.0))))


def _short_of(ratio: Real, law: Conduction) -> Real:
    """Logarithm of the law's on over off current at the nominal supply, less that of ``ratio``."""
    return -np.log(law.current(0.0, law.nominal)) - np.log(ratio)


def _root(
    function: Callable[[Real], Real], start: Real, bounds: tuple[float, float]
) -> NDArray[np.float64]:
    """Where a rising function that is nearly linear is zero (Newton); nan where it is not."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.clip(start, *bounds) + 0.0 * function(start)
        for _ in range(STEPS):
            value, step = function(found), 1e-6 * np.maximum(np.abs(found), 1.0)
            far = np.abs(value) > CLOSE  # others stay, so that a stack equals its points
            if not np.any(far):
                break
            rate = (function(found + step) - value) / step
            nearer = np.clip(found - value / np.where(rate > 0.0, rate, np.nan), *bounds)
            found = np.where(far, nearer, found)
        return np.where(np.abs(function(found)) <= CLOSE, found, np.nan)


def _scalar(value: NDArray[np.float64]) -> Real:
    return float(value) if value.ndim == 0 else value
