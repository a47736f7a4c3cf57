"""Batch normalisation of maps seen as [positions, channels].

Several positions may stand side by side in a row, so that few channels fill a vector register; the
factors of each channel are then repeated as often.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit


class GradientFactors(NamedTuple):
    """The input's gradient is by_dy * dy + by_z * z + constant, with one entry for each channel."""

    by_dy: Any
    by_z: Any
    constant: Any


@njit(cache=True, nogil=True)
def moments(z, sums):
    """Add each channel's sum to row 0 of ``sums`` and its sum of squares to row 1."""
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            x = np.float64(z[i, c])
            sums[0, c] += x
            sums[1, c] += x * x


@njit(cache=True, nogil=True)
def largest(z):
    """The largest magnitude of a map; nan where there is one."""
    found = z.dtype.type(0)
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            size = abs(z[i, c])
            found = size if size > found or size != size else found
    return np.float64(found)


@njit(cache=True, nogil=True)
def store(z, kept, inverse, step, top):
    """``kept`` = z as signed whole numbers of a step: z * ``inverse`` rounded to even, within top.

    ``inverse`` is 1 / ``step``.
    """
    per_step, unit, high = z.dtype.type(inverse), z.dtype.type(step), z.dtype.type(top)
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            code = np.rint(z[i, c] * per_step)
            code = high if code > high else code  # nan stays nan
            kept[i, c] = (-high if code < -high else code) * unit


@njit(cache=True, nogil=True)
def statistics(sums, count, weight, mean, variance, running_mean, running_variance):
    """Mean and variance of ``count`` positions from their sums; update of the running ones.

    The new batch enters the running values with ``weight``; the running variance is the unbiased
    one, ``count / (count - 1)`` times the batch's.
    """
    for c in range(mean.size):
        mean[c] = sums[0, c] / count
        spread = sums[1, c] / count - mean[c] ** 2
        variance[c] = 0.0 if spread < 0.0 else spread  # nan stays nan
        unbiased = variance[c] * (count / max(count - 1, 1))
        running_mean[c] += weight * (mean[c] - running_mean[c])
        running_variance[c] += weight * (unbiased - running_variance[c])


@njit(cache=True, nogil=True)
def factors(mean, variance, gain, shift, epsilon, inverse, scale, offset):
    """Reciprocal standard deviations of the channels, and the scale and offset of ``normalise``."""
    for c in range(mean.size):
        inverse[c] = 1.0 / math.sqrt(variance[c] + epsilon)
        by_z = gain[c] * inverse[c]
        scale[c :: mean.size] = by_z
        offset[c :: mean.size] = shift[c] - mean[c] * by_z


@njit(cache=True, nogil=True)
def normalise(z, out, gain, shift, rectified):
    """``out`` = gain * z + shift for each channel, then its positive part where ``rectified``."""
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            y = gain[c] * z[i, c] + shift[c]
            out[i, c] = zero if rectified and y < zero else y


@njit(cache=True, nogil=True)
def gradient_moments(dy, z, gain, shift, rectified, sums):
    """Add each channel's sum of dy to row 0 of ``sums`` and of dy * z to row 1.

    ``rectified``: a rectifier follows; ``dy`` is first set to zero where its output is zero.
    """
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        if rectified:
            for c in range(z.shape[1]):
                dy[i, c] = dy[i, c] if gain[c] * z[i, c] + shift[c] > zero else zero
        for c in range(z.shape[1]):
            d = np.float64(dy[i, c])
            sums[0, c] += d
            sums[1, c] += d * np.float64(z[i, c])


@njit(cache=True, nogil=True)
def gradient_factors(d_shift, d_gain, mean, inverse, gain, count, factors):
    """Write ``factors``, a ``GradientFactors``, from the gradients of shift and gain.

    These are sums over ``count`` positions.
    """
    by_dy, by_z, constant = factors
    for c in range(mean.size):
        slope = gain[c] * inverse[c]
        bend = -slope * inverse[c] * d_gain[c] / count
        by_dy[c :: mean.size] = slope
        by_z[c :: mean.size] = bend
        constant[c :: mean.size] = -slope * d_shift[c] / count - bend * mean[c]


@njit(cache=True, nogil=True)
def gradient(dy, z, factors):
    """Gradient of the input in place of ``dy``; ``factors`` is a ``GradientFactors``."""
    by_dy, by_z, constant = factors
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            dy[i, c] = by_dy[c] * dy[i, c] + by_z[c] * z[i, c] + constant[c]
