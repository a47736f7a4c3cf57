"""Cells under trains of equal pulses as an experiment measures them: conductance by pulse."""

import math
from typing import NamedTuple

from numba import njit

from neurorebit.kernels import cell

FAR = 8.0  # standard deviations from a bound beyond which the bound has no effect


class Ramp(NamedTuple):
    """A cell's response to one direction of pulses. Conductances are in any one unit."""

    low: float  # bounds of the conductance
    high: float
    share: float  # one pulse over the pulses from end to end; negative: pulses down
    bend: float  # bend of the curve, see ``cell``


class Noise(NamedTuple):
    """Standard deviations of conductances, in the unit of the ``Ramp``."""

    pulse: float  # of the conductance after a pulse, before the bounds limit it
    read: float  # of a reading
    relative: float  # of a reading, over the conductance; adds to ``read`` as variances do
    odd: float  # probability density of readings that neither explains [1 / unit]


@njit(cache=True, nogil=True)
def walk(start, ramp, out):
    """``out[n]``: conductance after n noiseless pulses from the conductance ``start``."""
    low, high, share, bend = ramp
    state = (start - low) / (high - low)
    for n in range(out.size):
        out[n] = low + (high - low) * cell.pulsed(state, n * share, bend)


@njit(cache=True, nogil=True)
def _normal(x, mean, deviation):
    """Density of a normal distribution."""
    z = (x - mean) / deviation
    return math.exp(-0.5 * z * z) / (deviation * math.sqrt(2.0 * math.pi))


@njit(cache=True, nogil=True)
def _below(z):
    """Share of a standard normal distribution below ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


@njit(cache=True, nogil=True)
def noisy(start, ramp, pulse, out):
    """``out[n]``: mean conductance after n pulses with noise that the bounds limit.

    ``pulse`` is the standard deviation of the conductance after one pulse. The conductance before
    each pulse is taken as normally distributed.
    """
    low, high, share, bend = ramp
    kept = math.exp(-bend * share)
    mean, variance = min(max(start, low), high), 0.0
    out[0] = start
    for n in range(1, out.size):
        state = cell.pulsed((mean - low) / (high - low), share, bend)
        mean = low + (high - low) * state
        deviation = math.sqrt(kept * kept * variance + pulse * pulse)
        if deviation > 0.0:
            a, b = (low - mean) / deviation, (high - mean) / deviation
            at_low, at_high = _below(a), _below(-b)
            da, db = _normal(a, 0.0, 1.0), _normal(b, 0.0, 1.0)
            inside = 1.0 - at_low - at_high
            first = at_low * a + at_high * b + da - db
            second = at_low * a * a + at_high * b * b + inside + a * da - b * db
            mean += deviation * first
            variance = max(second - first * first, 0.0) * deviation * deviation
        out[n] = mean


@njit(cache=True, nogil=True)
def likelihood(trains, ramp, noise, out):
    """``out[train, n]``: log density of the reading after pulse n + 1, given the earlier readings.

    ``trains`` [trains, pulses + 1] are readings, ``ramp`` a ``Ramp``, ``noise`` a ``Noise``. The
    knowledge of the cell's conductance is carried from pulse to pulse as a mean and a variance.
    """
    low, high, share, bend = ramp
    pulse, read, relative, odd = noise
    kept = math.exp(-bend * share)
    read_low, read_high = math.hypot(read, relative * low), math.hypot(read, relative * high)
    for train in range(trains.shape[0]):
        mean = min(max(trains[train, 0], low), high)
        variance = read * read + (relative * mean) ** 2
        for n in range(out.shape[1]):
            seen = trains[train, n + 1]
            state = cell.pulsed((mean - low) / (high - low), share, bend)
            mean = low + (high - low) * state
            wide = kept * kept * variance + pulse * pulse
            deviation = math.sqrt(wide)
            near = min(max(seen, low), high)
            meter = read * read + (relative * near) ** 2
            both = wide + meter
            middle = (mean * meter + seen * wide) / both
            width = math.sqrt(wide * meter / both)
            inside = _normal(seen, mean, math.sqrt(both))
            if min(mean - low, high - mean) > FAR * deviation and (
                min(middle - low, high - middle) > FAR * width
            ):
                total = inside + odd
                out[train, n] = math.log(total)
                mean = (inside * middle + odd * near) / total
                variance = (
                    inside * (width * width + (middle - mean) ** 2)
                    + odd * (meter + (near - mean) ** 2)
                ) / total
                continue
            # the conductance is at a bound, or between the bounds, or the reading is odd
            at_low = _below((low - mean) / deviation) * _normal(seen, low, read_low)
            at_high = _below((mean - high) / deviation) * _normal(seen, high, read_high)
            a, b = (low - middle) / width, (high - middle) / width
            share_in = _below(b) - _below(a) if a < 0.0 else _below(-a) - _below(-b)
            inside *= share_in
            total = at_low + at_high + inside + odd
            out[train, n] = math.log(total)
            first, second = near, width * width
            if share_in > 1e-12:
                da, db = _normal(a, 0.0, 1.0), _normal(b, 0.0, 1.0)
                tilt = (da - db) / share_in
                edge = (a * da if da > 0.0 else 0.0) - (b * db if db > 0.0 else 0.0)
                first = middle + width * tilt
                second = width * width * max(1.0 + edge / share_in - tilt * tilt, 1e-6)
            mean = (at_low * low + at_high * high + inside * first + odd * near) / total
            variance = (
                at_low * (low - mean) ** 2
                + at_high * (high - mean) ** 2
                + inside * (second + (first - mean) ** 2)
                + odd * (meter + (near - mean) ** 2)
            ) / total
