"""Norms with the statistics of single images.

Maps are seen as [images, positions, groups, channels]. A set is a group of an image: its positions
and channels. Gain and shift are [1 or positions, groups, channels]: one for each channel, or for
each value of a map. Sums are in double precision.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit


class Statistics(NamedTuple):
    """Mean and reciprocal standard deviation of each set [images, groups]."""

    mean: Any
    inverse: Any


@njit(cache=True, nogil=True)
def normalise(x, out, gain, shift, statistics, epsilon):
    """``out`` = gain (x - mean) / sqrt(variance + epsilon) + shift; fills ``statistics``."""
    images, positions, groups, channels = x.shape
    real = x.dtype.type
    each = gain.shape[0] > 1
    for n in range(images):
        for g in range(groups):
            total = 0.0
            for p in range(positions):
                for c in range(channels):
                    total += np.float64(x[n, p, g, c])
            mean = total / (positions * channels)
            spread = 0.0
            for p in range(positions):
                for c in range(channels):
                    away = np.float64(x[n, p, g, c]) - mean
                    spread += away * away
            inverse = 1.0 / math.sqrt(spread / (positions * channels) + epsilon)
            statistics.mean[n, g], statistics.inverse[n, g] = mean, inverse
            for p in range(positions):
                own = p if each else 0
                for c in range(channels):
                    normal = (np.float64(x[n, p, g, c]) - mean) * inverse
                    out[n, p, g, c] = real(gain[own, g, c] * normal + shift[own, g, c])


@njit(cache=True, nogil=True)
def gradient(dy, x, gain, statistics, d_gain, d_shift):
    """Gradient of the input in place of ``dy``; adds to those of gain and shift."""
    images, positions, groups, channels = x.shape
    real = x.dtype.type
    each = gain.shape[0] > 1
    for n in range(images):
        for g in range(groups):
            mean, inverse = statistics.mean[n, g], statistics.inverse[n, g]
            total, bent = 0.0, 0.0
            for p in range(positions):
                own = p if each else 0
                for c in range(channels):
                    error = np.float64(dy[n, p, g, c])
                    normal = (np.float64(x[n, p, g, c]) - mean) * inverse
                    d_shift[own, g, c] += error
                    d_gain[own, g, c] += error * normal
                    total += gain[own, g, c] * error
                    bent += gain[own, g, c] * error * normal
            total /= positions * channels
            bent /= positions * channels
            for p in range(positions):
                own = p if each else 0
                for c in range(channels):
                    normal = (np.float64(x[n, p, g, c]) - mean) * inverse
                    error = gain[own, g, c] * np.float64(dy[n, p, g, c])
                    dy[n, p, g, c] = real(inverse * (error - total - normal * bent))
