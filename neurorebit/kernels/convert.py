"""The converter behind an array: partial sums to codes, codes added up digitally."""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def convert(partial, total, planes, first, last, height, width, reach, per_step, top):
    """Add the codes of the vectors ``partial`` to ``total``, laid out as in ``windows.add``.

    Mid-tread: the code is ``partial * per_step`` rounded (ties to even), clipped to -top..top.
    ``partial`` holds the vectors once for each of the ``planes``; plane b counts 2^b.
    """
    scale = partial.dtype.type(per_step)
    high = partial.dtype.type(top)
    begin, end, left, right = reach
    cols = partial.shape[1]
    sources, targets = partial.reshape(partial.size), total.reshape(total.size)
    size = (right - left) * cols
    at = 0
    for b in range(planes):
        worth = partial.dtype.type(2.0**b)
        for here in range(first, last):
            if begin <= here % height < end:
                to = ((here - first) * width + left) * cols
                source, target = sources[at : at + size], targets[to : to + size]
                for j in range(size):
                    x = source[j] * scale
                    x = high if x > high else x  # nan stays nan
                    x = -high if x < -high else x
                    target[j] += worth * np.rint(x)
                at += size


@njit(cache=True, nogil=True)
def scale(vectors, scaled, sizes):
    """Each vector over its size, the least power of two above its largest magnitude.

    A vector of zeros, or of infinite size, is left as it is.
    """
    for i in range(len(vectors)):
        largest = vectors.dtype.type(0.0)
        for v in vectors[i]:
            largest = max(largest, abs(v))
        size = 1.0
        if 0.0 < largest < math.inf:
            size = 2.0 ** math.frexp(largest)[1]
        sizes[i] = size
        factor = vectors.dtype.type(1.0 / size)
        for j in range(vectors.shape[1]):
            scaled[i, j] = vectors[i, j] * factor


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def power(partial):
    """The sum of the squares of a flat array."""
    total = 0.0
    for i in range(partial.size):
        total += partial[i] * partial[i]
    return total
