"""How many pulses and reads bring cells to their levels, where no training has counted them.

A verified write reads a cell, sends as many pulses as lead from what was read to the level on the
nominal curve, and repeats both until the read lies within the tolerance (Alibart et al.,
Nanotechnology 23:075201, 2012, doi:10.1088/0957-4484/23/7/075201, secondary). After an attempt of n
pulses over a distance d the cell is off by a normal error of variance

    s^2 = noise(n)^2 + (d2d d)^2 + 1 / (12 P^2),

all as shares of the range: the noise of its pulses, the spread of the cell's own step, and what
rounding to whole pulses leaves, of P pulses over the range. The share 1 - erf(t / (s sqrt 2)) of
the cells is still outside the tolerance t. It lies off by the mean square of a normal number beyond
t, s^2 (1 + a phi(a) / Q(a)) with a = t / s, and is sent as many pulses as that distance asks for.
After an overshoot an attempt has at most half of the last one's pulses; half of the misses
overshoot, so that attempts shrink to 3/4 on average, and what they leave of the way adds to s^2.
Cells whose range ends before their level are left out. Pulses and reads lie within a factor of 2
of those that training counts, for noise of all three forms and 8 to 128 pulses over the range.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.learning import Learning
from neurorebit.circuits.cost import Real
from neurorebit.schema.device import Device

KEPT = 0.75  # of an attempt's pulses, in the next one: half of the misses overshoot
ATTEMPTS = 32  # of a verified write, at most
VERIFIED = ("direct", "verify")  # words of training.write whose writes are read back
STEPPED = ("step", "step_and_bounds")  # of variation.pulse_d2d: a cell's step varies


class Effort(NamedTuple):
    """Pulses and reads of one cell on its way to its level."""

    pulses: Real
    reads: Real


def erfc(x: Real) -> Real:
    """1 - erf of x >= 0 within 1.5e-7 (Abramowitz and Stegun 7.1.26)."""
    t = 1.0 / (1.0 + 0.3275911 * x)
    terms = 0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429
    sum_of: Real = 0.0
    for term in reversed(terms):
        sum_of = (sum_of + term) * t
    return sum_of * np.exp(-(x**2))


def noise(device: Device, pulses: Real, count: Real, *, own: bool) -> Real:
    """Standard deviation of the state after ``pulses`` pulses of ``count`` over the range.

    ``own``: that of the pulse data; else the one that training gives to pulses.
    """
    variation = device.variation
    if own or (variation.pulse_c2c == "range" and variation.form == "state"):
        return device.response.c2c * np.sqrt(pulses)
    if variation.form == "read":
        return 0.0 * pulses
    if variation.pulse_c2c == "state":  # of the conductance, taken at mid range
        return variation.c2c * (0.5 + 1.0 / (device.on_off_ratio - 1.0)) + 0.0 * pulses
    return variation.c2c * np.sqrt(pulses) / count


def verified(
    device: Device, distance: Real, count: Real, tolerance: Real, *, own: bool = False
) -> Effort:
    """A verified write over a ``distance``, a share of the range of ``count`` pulses.

    ``tolerance`` is a share of the range, too; ``own`` as for ``noise``.
    """
    spread = device.variation.d2d if device.variation.pulse_d2d in STEPPED else 0.0
    outside: Real = np.ones_like(np.asarray(distance * count * tolerance, float))
    reads, pulses, away = outside, 0.0 * outside, distance + 0.0 * outside
    most: Real = np.inf
    for _ in range(ATTEMPTS):
        sent = np.maximum(np.minimum(away * count, most), 1.0)
        most = KEPT * sent
        pulses, reads = pulses + outside * sent, reads + outside
        variance = noise(device, sent, count, own=own) ** 2 + (spread * sent / count) ** 2
        variance = variance + 1.0 / (12.0 * count**2) + (away - np.minimum(sent / count, away)) ** 2
        a = tolerance / np.sqrt(variance)
        beyond = np.maximum(erfc(a / math.sqrt(2.0)), 1e-30)
        density = np.exp(-(a**2) / 2.0) / math.sqrt(2.0 * math.pi)
        away = np.sqrt(variance * (1.0 + 2.0 * a * density / beyond))
        outside = outside * beyond
    return Effort(pulses, reads)


SENTENCES = {  # of training.write
    None: "cells are pulsed as the device file says, without verification",
    "direct": "cells are written by write-verify to their levels, with reads through their own "
    "columns and converters, which span one cell's range for it; where training states the result "
    "alone (write=direct), pulses and reads follow from the device's pulse noise",
    "verify": "cells are written by write-verify, with reads through their own columns and "
    "converters, which span one cell's range for it",
    "pulses": "cells are written by the pulses of the nominal curve, never read back",
    "reset": "cells are written by a whole range of pulses down, then pulses up, never read back",
}


class Moves(NamedTuple):
    """What one step does to the cells of a layer.

    Shares of the cells that are raised and lowered, each with the pulses of such a cell, and the
    reads that verify them, over all cells.
    """

    rising: tuple[Real, Real]
    falling: tuple[Real, Real]
    reads: Real


def moves(activity: Measured, device: Device, learning: Learning, steps: Real) -> Moves:
    """The pulses and reads of an activity on a device with ``steps`` steps over a cell's range.

    Where training has counted them, they are those. Else the activity counts levels, and the way of
    writing says what they take: nothing but the pulses of the nominal curve, or reads and further
    attempts; a reset takes pulses over the whole range down, then those to the level. ``direct``
    states the result of a verified write and not its pulses, which have the noise that the device
    was measured with.
    """
    a, pulses = activity, device.response
    shares = a.set_fraction, a.reset_fraction
    distances = a.set_levels / steps, a.reset_levels / steps
    counts = pulses.levels_ltp, pulses.levels_ltd
    blind: list[Real] = [
        distance * count for distance, count in zip(distances, counts, strict=True)
    ]
    found: tuple[tuple[Real, Real], list[Real]] = shares, blind
    reads: Real = np.zeros_like(a.set_fraction)
    if learning.write in VERIFIED:
        tolerance = learning.tolerance / steps
        efforts = [
            verified(device, distance, count, tolerance, own=learning.write == "direct")
            for distance, count in zip(distances, counts, strict=True)
        ]
        found = shares, [effort.pulses for effort in efforts]
        reads = sum(
            (share * effort.reads for share, effort in zip(shares, efforts, strict=True)), reads
        )
    elif learning.write == "reset":
        both = a.set_fraction + a.reset_fraction
        found = (both, both), [a.conductance * counts[0], 0.0 * both + counts[1]]
    counted = np.isfinite(a.verify_reads)
    rising, falling = (
        (np.where(counted, share, other), np.where(counted, given, more))
        for share, given, other, more in zip(shares, blind, *found, strict=True)
    )
    return Moves(rising, falling, np.where(counted, a.verify_reads, reads))
