"""Cells under trains of equal pulses, as an experiment sees them: conductance after each pulse."""

import math

from numba import njit

from neurorebit.kernels import cell

FAR = 8.0  # standard deviations: further off, a bound cuts nothing off


@njit(cache=True, nogil=True)
def walk(start, low, high, share, bend, out):
    """``out[n]``: the conductance after n pulses from ``start``, within ``low`` .. ``high`` [S].

    ``share`` is the part of the pulses from end to end that one pulse is worth; below 0 downwards.
    """
    state = (start - low) / (high - low)
    for n in range(out.size):
        out[n] = low + (high - low) * cell.pulsed(state, n * share, bend)


@njit(cache=True, nogil=True)
def _normal(x, mean, deviation):
    z = (x - mean) / deviation
    return math.exp(-0.5 * z * z) / (deviation * math.sqrt(2.0 * math.pi))


@njit(cache=True, nogil=True)
def _below(z):
    """The share of a standard normal distribution below ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


@njit(cache=True, nogil=True)
def noisy(start, low, high, share, bend, pulse, out):
    """``out[n]``: the mean conductance after n pulses whose noise is cut off at the bounds.

    As ``walk``; ``pulse`` is the noise's standard deviation, its distribution taken as normal.
    """
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
def likelihood(trains, low, high, share, bend, pulse, read, relative, odd, out):
    """``out[train, n]``: log of how likely each reading after a pulse is, given those before.

    Conductances are in any unit. ``pulse`` and ``read`` are the standard deviations of what a pulse
    leaves, before the bounds cut it off, and of a reading, to which comes ``relative`` times the
    conductance; ``odd`` is how likely a reading is that neither explains, in the unit. What is
    known of the cell is carried on as mean and variance.
    """
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
            # cut off at a bound, odd, or between the bounds
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
