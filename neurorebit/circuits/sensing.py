"""Fits of circuit simulations that sense amplifiers and converters share (circuits.md 5.2, 6).

The resistance *seen* is that of the column as if it were read at the fits' own voltage.
"""

from __future__ import annotations

import numpy as np

from neurorebit.circuits.gates import cells
from neurorebit.cost import Footprint, Real
from neurorebit.technology import ConverterFit, Technology


def seen(tech: Technology, res: Real, read_voltage: Real) -> Real:
    """The column's resistance [ohm] as seen by the fits; nan where there is none."""
    found = res * tech.sensing.read_voltage / read_voltage
    return np.where(np.asarray(found) > 0.0, found, np.nan)


def column_power(tech: Technology, fit: ConverterFit, steps: Real, res: Real) -> Real:
    """Power [W] of a converter of so many steps at a column of the resistance seen [ohm]."""
    column = fit.column * np.exp(-fit.exponent * np.log10(res))
    warmer = 1.0 + tech.sensing.temperature_slope * (tech.temperature - 300.0)
    return tech.supply_ratio**2 * warmer * (fit.fixed + steps * fit.per_step + column)


def transistors(tech: Technology, fit: ConverterFit, steps: Real) -> Footprint:
    """What the lone minimum transistors of one converter occupy and leak."""
    nmos = fit.nmos + steps * fit.nmos_per_step
    pmos = fit.pmos + steps * fit.pmos_per_step
    n, p = cells(tech).nfet, cells(tech).pfet
    leakage = nmos * n.leakage_power + pmos * p.leakage_power
    return Footprint.of(nmos * n.area + pmos * p.area, leakage)


def current_sense_times(tech: Technology, res: Real, references: Real, fastest: Real) -> Real:
    """Times [s] to compare a current, from the resistance seen and the references' [ohm].

    The closer the two, the longer, up to a time that grows with the resistance; far apart it is
    ``fastest``. References lie along one more axis, the last, and so do the times.
    """
    fit = tech.sensing.current_latency
    ratio = references / widened(res)
    longest = widened(fit.max_log * np.log(res / 1e3) + fit.max_const)
    below = _polynomial(fit.below, np.clip(ratio, 0.05, 0.9))
    above = _polynomial(fit.above, np.clip(ratio, 1.1, 20.0))
    shape = np.where(ratio <= 0.9, below, np.where(ratio < 1.1, 1.0, above))
    return np.where((ratio >= 20.0) | (ratio <= 0.05), widened(fastest), longest * shape)


def widened(values: Real) -> Real:
    """The same with one more axis, for references."""
    return np.asarray(values, dtype=np.float64)[..., None]


def _polynomial(coefficients: Real, x: Real) -> Real:
    """Coefficients along the last axis, highest power first."""
    total: Real = np.zeros(())
    for power in range(np.shape(coefficients)[-1]):
        total = total * x + widened(np.asarray(coefficients)[..., power])
    return total
