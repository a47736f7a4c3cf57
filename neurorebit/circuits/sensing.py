"""Fits of circuit simulations for sense amplifiers and converters (circuits.md 5.2, 6).

The fits hold at one read voltage. A column read at another voltage enters them with the resistance
that draws the same current at the voltage of the fits.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from neurorebit.circuits.cost import Footprint, Real
from neurorebit.circuits.gates import cells
from neurorebit.schema.technology import SenseFit, Technology


def at_fit_voltage(tech: Technology, res: Real, read_voltage: Real) -> Real:
    """Resistance [ohm] with which a column of ``res`` [ohm] enters the fits.

    nan where it is not above zero.
    """
    scaled = res * tech.sensing.read_voltage / read_voltage
    return np.where(np.asarray(scaled) > 0.0, scaled, np.nan)


def column_power(tech: Technology, fit: SenseFit, further: Real, res: Real) -> Real:
    """Power [W] of an amplifier or converter at a column of ``res`` [ohm] at the fit's voltage.

    ``further`` [W] is added to the fixed part of the fit, before the scaling with supply and
    temperature.
    """
    column = fit.column * np.exp(-fit.exponent * np.log10(res))
    warmer = 1.0 + tech.sensing.temperature_slope * (tech.temperature - tech.nominal_temperature)
    return tech.supply_ratio**2 * warmer * (fit.fixed + further + column)


def transistors(tech: Technology, nmos: Real, pmos: Real) -> Footprint:
    """Footprint of ``nmos`` NFETs and ``pmos`` PFETs of minimum width."""
    n, p = cells(tech).nfet, cells(tech).pfet
    leakage = nmos * n.leakage_power + pmos * p.leakage_power
    return Footprint.of(nmos * n.area + pmos * p.area, leakage)


def current_sense_times(tech: Technology, res: Real, references: Real) -> Real:
    """Times [s] to compare the current of a column with those of references.

    ``res`` [ohm] is the column's resistance at the fit's voltage; ``references`` [ohm] have one
    more axis, the last, and so has the result. The closer the two resistances, the longer the time,
    up to a maximum that grows with the resistance. Technologies without a fit have one time.
    """
    latency, ratio = tech.sensing.current_latency, references / widened(res)
    constant = widened(latency.time) + 0.0 * ratio
    if latency.fit is None:
        return constant
    fit = latency.fit
    longest = widened(fit.max_log * np.log(res / fit.unit_res) + fit.max_const)
    far_below, far_above = (widened(end) for end in ends(fit.far))
    near_below, near_above = (widened(end) for end in ends(fit.near))
    below = _polynomial(fit.below, np.clip(ratio, far_below, near_below))
    above = _polynomial(fit.above, np.clip(ratio, near_above, far_above))
    shape = np.where(ratio <= near_below, below, np.where(ratio < near_above, 1.0, above))
    close = np.greater(ratio, far_below) & np.less(ratio, far_above)
    return np.where(latency.fitted[..., None] & close, longest * shape, constant)


def within(tech: Technology, time: Real, of: Literal["single", "slowest"]) -> Real:
    """Clip a time [s] to the bounds of the fit for one comparison or for the slowest of several."""
    latency = tech.sensing.current_latency
    if latency.fit is None:
        return time
    return np.where(latency.fitted, np.clip(time, *ends(getattr(latency.fit, of))), time)


def ends(bounds: Real) -> tuple[Real, Real]:
    """Lower and upper bound, which lie along the last axis."""
    both = np.asarray(bounds)
    return both[..., 0], both[..., 1]


def widened(values: Real) -> Real:
    """The same values with one more axis at the end, for the references."""
    return np.asarray(values, dtype=np.float64)[..., None]


def _polynomial(coefficients: Real, x: Real) -> Real:
    """A polynomial in ``x``; coefficients along the last axis, highest power first."""
    total: Real = np.zeros(())
    for power in range(np.shape(coefficients)[-1]):
        total = total * x + widened(np.asarray(coefficients)[..., power])
    return total
