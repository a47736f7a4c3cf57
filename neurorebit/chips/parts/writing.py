"""How many pulses and reads bring cells to their levels, where no training has counted them.

A verified write reads a cell, sends half of the pulses that lead from what was read to the level on
the nominal curve, at least one, and repeats both until the read lies within the tolerance (Alibart
et al., Nanotechnology 23:075201, 2012, doi:10.1088/0957-4484/23/7/075201, secondary). Pulses are
noisy and cost more time and energy than a read, so it is worth looking before the second half is
sent. As in that paper an attempt after an overshoot is weaker, and the following ones grow again:
it has at most half of the pulses of the one before, one in the same direction at most twice as
many. (``docs/validation/writing.md`` compares such rules.) The expected numbers of pulses and reads
have no closed form: how far a cell is off after an attempt decides how many pulses the next one
has, and these decide its noise. ``verified`` takes ``CELLS`` cells through the loop, each with a
step of its own and new noise in each attempt. Their normal numbers are the middles of as many equal
shares of the normal distribution, in a fixed random order for each attempt (Latin hypercube; M.
McKay, R. Beckman, W. Conover, Technometrics 21(2):239, 1979, secondary), so that the result is a
function of its arguments, and the error of a mean is far below that of as many random cells.

Curves are taken as straight, and cells whose range ends before their level are left out.

See docs/models/programming.md#verified-writes.
"""

from __future__ import annotations

from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.learning import Learning
from neurorebit.circuits.cost import Real
from neurorebit.schema.device import Device

Array = NDArray[np.float64]
CELLS = 512  # taken through the loop, for each case
WAYS = 16  # of weights to their levels, where all of them are written
CASES = 1024  # taken at once
ATTEMPTS = 32  # of a verified write, at most
VERIFIED = ("direct", "verify")  # words of training.write whose writes are read back


class Effort(NamedTuple):
    """Pulses and reads of one cell on its way to its level."""

    pulses: Real
    reads: Real


class Noise(NamedTuple):
    """Noise of pulses: standard deviations, and which of them depend on the number of pulses.

    ``step``: of the step of one pulse, relative; the mean of n has the n-th part of its variance.
    ``pulse``: of the state after one pulse, as a share of the range; n have n times its variance.
    ``write``: of the state after any number of pulses, as a share of the range.
    ``cell``: of a cell's own step, relative.
    """

    step: Real
    pulse: Real
    write: Real
    cell: Real


def noise(device: Device) -> Noise:
    """The noise that training gives to the pulses of a device."""
    variation, none = device.variation, 0.0
    cell = variation.d2d * own_step(device, variation.pulse_d2d)
    if variation.form == "read":  # drawn by each read
        return Noise(none, none, none, cell)
    if variation.pulse_c2c == "range":
        return Noise(none, device.response.c2c, none, cell)
    if variation.pulse_c2c == "state":  # of the conductance, taken at mid range
        middle = 0.5 + 1.0 / (device.on_off_ratio - 1.0)
        return Noise(none, none, variation.c2c * middle, cell)
    return Noise(variation.c2c, none, none, cell)


def own_step(device: Device, varies: str) -> Real:
    """Standard deviation of a cell's step over that of what ``varies`` (variation.pulse_d2d).

    A pulse takes a cell through a share of its own range, from g_min to g_max: ends that vary
    independently make the range vary by hypot(g_min, g_max) / (g_max - g_min) as much.
    """
    ratio = device.on_off_ratio
    ends = np.sqrt(ratio**2 + 1.0) / (ratio - 1.0)
    of: dict[str, Real] = {"step": 1.0, "bounds": ends, "state": 1.0, "label": 0.0}
    return np.hypot(1.0, ends) if varies == "step_and_bounds" else of[varies]


def verified(
    device: Device, distance: Real, count: Real, tolerance: Real, *, blind: Real = 0.0
) -> Effort:
    """A verified write over a ``distance``, a share of the range of ``count`` pulses.

    ``tolerance`` is a share of the range, too. ``blind``: pulses that the cell got before, which
    nobody read: they are not counted, but what their noise did to the cell is to be put right.
    """
    given = np.broadcast_arrays(distance, count, tolerance, *noise(device), blind)
    rows = np.stack([np.asarray(a, float).reshape(-1) for a in given], axis=-1)
    cases, of = np.unique(rows, axis=0, return_inverse=True)
    parts = [_written(cases[i : i + CASES]) for i in range(0, len(cases), CASES)]
    pulses, reads = np.concatenate(parts, axis=-1)[:, of.reshape(-1)]
    return Effort(pulses.reshape(given[0].shape), reads.reshape(given[0].shape))


def from_low_end(
    device: Device, state: Real, steps: Real, tolerance: Real, *, pulses: Real
) -> Effort:
    """A verified write from the low end of the range of ``pulses`` pulses to the level of a weight.

    Weights are normal, the outermost of ``steps`` + 1 levels is two deviations from the mean of
    their levels, ``state``, a share of the range. A share of the range is ``tolerance``, too.
    """
    normal = NormalDist()
    places = [normal.inv_cdf((i + 0.5) / WAYS) / 4.0 for i in range(WAYS)]
    axes = max(map(np.ndim, (state, steps, tolerance, pulses, *noise(device))))
    apart = np.reshape(places, (WAYS, *(1,) * axes))
    ways = np.clip(np.round((state + apart) * steps) / steps, 1.0 / pulses, 1.0)
    found = verified(device, ways, pulses, tolerance)
    return Effort(np.mean(found.pulses, axis=0), np.mean(found.reads, axis=0))


@lru_cache(maxsize=1)
def _normals() -> Array:
    """Normal numbers of each cell [2 + ATTEMPTS, CELLS]: of its step, of each attempt, and of blind
    pulses.
    """
    random = np.random.Generator(np.random.PCG64(0))
    normal = NormalDist()
    middles = [normal.inv_cdf((i + 0.5) / CELLS) for i in range(CELLS)]
    return np.array([random.permutation(middles) for _ in range(2 + ATTEMPTS)])


def _written(cases: Array) -> Array:
    """Mean pulses and reads [2, cases] of cells that a verified write brings to their level.

    A case is a distance, a count of pulses, a tolerance, the fields of a ``Noise``, and blind
    pulses.
    """
    distance, count, tolerance, *rest = (part[:, None] for part in cases.T)
    step, pulse, write, cell, blind = rest
    z = _normals()
    own = np.exp(_log(cell, z[0]))
    moved = own * np.exp(_log(step / np.sqrt(np.maximum(blind, 1.0)), z[-1])) * blind / count
    spread = np.hypot(pulse * np.sqrt(blind), np.where(blind > 0.0, write, 0.0))
    away = distance + blind / count - moved - spread * z[-1]
    writing = np.isfinite(cases.sum(axis=-1))[:, None] & np.isfinite(own)
    last = np.zeros_like(away)
    pulses, reads = np.zeros_like(away), np.zeros_like(away)
    for attempt in range(ATTEMPTS):
        reads += writing
        writing &= np.abs(away) > tolerance
        if not writing.any():
            break
        sent = np.where(writing, _attempted(np.floor(away * count + 0.5), away, last), 0.0)
        last, size = sent, np.abs(sent)
        pulses += size
        drawn = z[1 + attempt]
        moved = own * np.exp(_log(step / np.sqrt(np.maximum(size, 1.0)), drawn)) * sent / count
        spread = np.hypot(pulse * np.sqrt(size), np.where(size > 0.0, write, 0.0))
        away = away - moved - spread * drawn
    found = np.array([pulses.mean(axis=-1), reads.mean(axis=-1)])
    return np.where(np.isfinite(cases.sum(axis=-1)), found, np.nan)


def _attempted(wanted: Array, away: Array, last: Array) -> Array:
    """Pulses of an attempt where ``wanted`` lead to the level, which is ``away`` from the cell.

    ``last``: those of the attempt before, 0 before the first.
    """
    half = np.maximum(np.floor(np.abs(wanted) / 2.0 + 0.5), 1.0)
    before = np.abs(last)
    less = np.maximum(np.floor(before / 2.0), 1.0)
    limit = np.where(away * last < 0.0, less, np.where(before > 0.0, 2.0 * before, np.inf))
    return np.copysign(np.minimum(half, limit), away)


def _log(deviation: Any, z: Any) -> Any:
    """The logarithm of a log-normal factor of mean 1 and this standard deviation."""
    variance = np.log1p(np.square(deviation))
    return np.sqrt(variance) * z - 0.5 * variance


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
    states the result of a verified write and not its pulses, which have the noise that training
    gives to pulses wherever it sends them.
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
            verified(device, distance, count, tolerance)
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
