"""Sums and products of maps [images, height, width, channels] of which sides may be 1.

A side of 1 is the same for all positions or channels of the larger map.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def add(into, other):
    """Add ``other`` to ``into`` in place."""
    images, height, width, channels = into.shape
    rows, cols, depth = other.shape[1], other.shape[2], other.shape[3]
    for n in range(images):
        for y in range(height):
            for x in range(width):
                given = other[n, y if rows > 1 else 0, x if cols > 1 else 0]
                here = into[n, y, x]
                if depth > 1:
                    for c in range(channels):
                        here[c] += given[c]
                else:
                    for c in range(channels):
                        here[c] += given[0]


@njit(cache=True, nogil=True)
def multiply(into, other):
    """Multiply ``into`` by ``other`` in place."""
    images, height, width, channels = into.shape
    rows, cols, depth = other.shape[1], other.shape[2], other.shape[3]
    for n in range(images):
        for y in range(height):
            for x in range(width):
                given = other[n, y if rows > 1 else 0, x if cols > 1 else 0]
                here = into[n, y, x]
                if depth > 1:
                    for c in range(channels):
                        here[c] *= given[c]
                else:
                    for c in range(channels):
                        here[c] *= given[0]


@njit(cache=True, nogil=True)
def spread(small, out):
    """``out`` = ``small`` at all positions and channels."""
    images, height, width, channels = out.shape
    rows, cols, depth = small.shape[1], small.shape[2], small.shape[3]
    for n in range(images):
        for y in range(height):
            for x in range(width):
                given = small[n, y if rows > 1 else 0, x if cols > 1 else 0]
                for c in range(channels):
                    out[n, y, x, c] = given[c if depth > 1 else 0]


@njit(cache=True, nogil=True)
def gather(large, out):
    """``out`` = the sums of ``large`` over the sides that are 1 in it, in double precision."""
    images, height, width, channels = large.shape
    rows, cols, depth = out.shape[1], out.shape[2], out.shape[3]
    real = out.dtype.type
    sums = np.empty((rows, cols, depth))
    for n in range(images):
        sums[...] = 0.0
        for y in range(height):
            for x in range(width):
                here = sums[y if rows > 1 else 0, x if cols > 1 else 0]
                for c in range(channels):
                    here[c if depth > 1 else 0] += np.float64(large[n, y, x, c])
        for y in range(rows):
            for x in range(cols):
                for c in range(depth):
                    out[n, y, x, c] = real(sums[y, x, c])


@njit(cache=True, nogil=True)
def scale(x, out, factor, shift):
    """``out`` = factor x + shift, with one number of each for each channel."""
    images, height, width, channels = x.shape
    for n in range(images):
        for y in range(height):
            for z in range(width):
                for c in range(channels):
                    out[n, y, z, c] = factor[c] * x[n, y, z, c] + shift[c]
