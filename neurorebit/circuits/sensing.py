"""Fits of circuit simulations that sense amplifiers and converters share (circuits.md 5.2, 6).

The resistance *seen* is that of the column as if it were read at the fits' own voltage.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from neurorebit.circuits.cost import Footprint, Real
from neurorebit.circuits.gates import cells
from neurorebit.schema.technology import SenseFit, Technology


def seen(tech: Technology, res: Real, read_voltage: Real) -> Real:
    """The column's resistance [ohm] as seen by the fits; nan where there is none."""
    found = res * tech.sensing.read_voltage / read_voltage
    return np.where(np.asarray(found) > 0.0, found, np.nan)


def column_power(tech: Technology, fit: SenseFit, further: Real, res: Real) -> Real:
    """Power [W] at a column of the resistance seen [ohm], with so much more for further steps."""
    column = fit.column * np.exp(-fit.exponent * np.log10(res))
    warmer = 1.0 + tech.sensing.temperature_slope * (tech.temperature - tech.nominal_temperature)
    return tech.supply_ratio**2 * warmer * (fit.fixed + further + column)


def transistors(tech: Technology, nmos: Real, pmos: Real) -> Footprint:
    """What so many lone minimum transistors occupy and leak."""
    n, p = cells(tech).nfet, cells(tech).pfet
    leakage = nmos * n.leakage_power + pmos * p.leakage_power
    return Footprint.of(nmos * n.area + pmos * p.area, leakage)


def current_sense_times(tech: Technology, res: Real, references: Real) -> Real:
    """Times [s] to compare a current, from the resistance seen and the references' [ohm].

    The closer the two, the longer, up to a time that grows with the resistance; nodes without a fit
    have one time. References lie along one more axis, the last, and so do the times.
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


def within(tech: Technology, time: Real, of: Literal["single", "flash"]) -> Real:
    """A time [s] within the bounds of the fit for one amplifier or for a flash converter."""
    latency = tech.sensing.current_latency
    if latency.fit is None:
        return time
    return np.where(latency.fitted, np.clip(time, *ends(getattr(latency.fit, of))), time)


def ends(bounds: Real) -> tuple[Real, Real]:
    """Lower and upper bound, from the last axis."""
    both = np.asarray(bounds)
    return both[..., 0], both[..., 1]


def widened(values: Real) -> Real:
    """The same with one more axis, for references."""
    return np.asarray(values, dtype=np.float64)[..., None]


def _polynomial(coefficients: Real, x: Real) -> Real:
    """Coefficients along the last axis, highest power first."""
    total: Real = np.zeros(())
    for power in range(np.shape(coefficients)[-1]):
        total = total * x + widened(np.asarray(coefficients)[..., power])
    return total
