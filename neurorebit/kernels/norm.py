"""Batch norm and ReLU on maps seen as (position, channel)."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def moments(z, sums):
    """Add to ``sums`` the sum (row 0) and the sum of squares (row 1) of each channel."""
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            x = np.float64(z[i, c])
            sums[0, c] += x
            sums[1, c] += x * x


@njit(cache=True, nogil=True)
def follow(sums, count, weight, mean, variance, running_mean, running_variance):
    """Mean and variance of ``count`` positions from their sums; the running ones follow.

    The running variance is that of the population, ``count / (count - 1)`` times the sample's.
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
    """``inverse`` = 1 / deviation; what ``normalise`` takes, for positions side by side."""
    for c in range(mean.size):
        inverse[c] = 1.0 / math.sqrt(variance[c] + epsilon)
        by_z = gain[c] * inverse[c]
        scale[c :: mean.size] = by_z
        offset[c :: mean.size] = shift[c] - mean[c] * by_z


@njit(cache=True, nogil=True)
def normalise(z, out, gain, shift, rectified):
    """``out`` = gain * z + shift for each channel, then max(0, .) where ``rectified``."""
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            y = gain[c] * z[i, c] + shift[c]
            out[i, c] = zero if rectified and y < zero else y


@njit(cache=True, nogil=True)
def gradient_moments(dy, z, gain, shift, rectified, sums):
    """Add to ``sums`` each channel's sum of dy and of dy * z; a ReLU behind it blocks dy first."""
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
def gradient_factors(d_shift, d_gain, mean, inverse, gain, count, by_dy, by_z, constant):
    """What ``gradient`` takes, for positions side by side, from the sums over ``count`` of them."""
    for c in range(mean.size):
        slope = gain[c] * inverse[c]
        bend = -slope * inverse[c] * d_gain[c] / count
        by_dy[c :: mean.size] = slope
        by_z[c :: mean.size] = bend
        constant[c :: mean.size] = -slope * d_shift[c] / count - bend * mean[c]


@njit(cache=True, nogil=True)
def gradient(dy, z, by_dy, by_z, constant):
    """``dy`` becomes by_dy * dy + by_z * z + constant for each channel."""
    for i in range(z.shape[0]):
        for c in range(z.shape[1]):
            dy[i, c] = by_dy[c] * dy[i, c] + by_z[c] * z[i, c] + constant[c]


@njit(cache=True, nogil=True)
def rectify(x, out):
    """``out`` = max(0, x) on flat arrays."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if x[i] < zero else x[i]


@njit(cache=True, nogil=True)
def rectify_gradient(dy, y):
    """``dy`` becomes zero where the ReLU's output ``y`` is not positive (flat arrays)."""
    zero = y.dtype.type(0)
    for i in range(y.size):
        dy[i] = dy[i] if y[i] > zero else zero
