"""Crosspoint cells: a device and a nonlinear selector between two lines, no transistor."""

from __future__ import annotations

from neurorebit.cost import Real


def selected_res(
    res: Real, voltage: Real, read_voltage: Real, write_voltage: Real, nonlinearity: Real
) -> Real:
    """Resistance [ohm] at a voltage of a cell that has ``res`` at the read voltage.

    ``nonlinearity`` is the current at the write voltage over that at half of it; in between the
    current grows exponentially (subarray.md 2).
    """
    steps = (read_voltage - voltage) / (write_voltage / 2.0)
    return res * voltage / read_voltage * nonlinearity**steps
