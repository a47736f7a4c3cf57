"""The converters of an array: partial sums become codes, which are added up digitally.

See docs/models/training.md#conversions-in-training.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def code(value, per_step, top):
    """The code of a value: rounded (ties to even), clipped to -top..top; nan stays nan."""
    x = value * per_step
    x = top if x > top else x
    x = -top if x < -top else x
    return np.rint(x)


@njit(cache=True, nogil=True)
def convert(partial, total, lines, per_step, worth, top):
    """Convert partial sums and add their codes to ``total``.

    Mid-tread: the code is ``partial * per_step`` rounded (ties to even), clipped to -top..top; nan
    stays nan. ``partial`` [planes * vectors, cols] holds the vectors of each bit plane of the
    inputs in turn; ``per_step`` [planes] and what a code of each plane is ``worth`` [planes] are
    its own. ``total`` and ``lines`` as in ``windows.add``.
    """
    high = partial.dtype.type(top)
    height, width = lines.height, lines.width
    begin, end, left = lines.top, lines.bottom, lines.left
    cols = partial.shape[1]
    sources, targets = partial.reshape(partial.size), total.reshape(total.size)
    size = (lines.right - left) * cols
    at = 0
    for b in range(per_step.size):
        scale, step = partial.dtype.type(per_step[b]), partial.dtype.type(worth[b])
        for here in range(lines.first, lines.last):
            if begin <= here % height < end:
                to = ((here - lines.first) * width + left) * cols
                source, target = sources[at : at + size], targets[to : to + size]
                for j in range(size):
                    target[j] += step * code(source[j], scale, high)
                at += size


@njit(cache=True, nogil=True)
def disturb(partial, noise, shifts, share, first, per_step, top):
    """Add to partial sums [vectors, cols] what their converters deviate by.

    ``noise`` [vectors, cols] and ``shifts`` [converters, 2 top + 1], of each code from -top on, are
    in steps. Column j is ``first + j`` of those of which each ``share`` have a converter. With
    ``per_step`` 0, before any range is known, and where a sum is undefined, nothing is added.
    """
    scale = partial.dtype.type(per_step)
    high = partial.dtype.type(top)
    if per_step == 0.0:
        return
    step = partial.dtype.type(1.0 / per_step)
    rows, cols = partial.shape
    for v in range(rows):
        for j in range(cols):
            found = code(partial[v, j], scale, high)
            if found == found:  # not nan
                shift = shifts[(first + j) // share, int(found) + top]
                partial[v, j] += step * (shift + noise[v, j])


@njit(cache=True, nogil=True)
def tally(partial, per_step, top, counts):
    """Count the codes of partial sums [vectors, cols]: ``counts`` [2 top + 1], from -top on.

    What is not a number has no code.
    """
    scale = partial.dtype.type(per_step)
    high = partial.dtype.type(top)
    flat = partial.reshape(partial.size)
    for j in range(flat.size):
        found = code(flat[j], scale, high)
        if found == found:  # not nan
            counts[int(found) + top] += 1


@njit(cache=True, nogil=True)
def scale(vectors, scaled, sizes):
    """Divide each vector by its size, the smallest power of two above its largest magnitude.

    ``vectors`` and ``scaled`` are [vectors, cols], ``sizes`` [vectors]. The size of a vector of
    zeros, or with an infinite or undefined entry, is 1.
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
    """Sum of the squares of a flat array."""
    total = 0.0
    for i in range(partial.size):
        total += partial[i] * partial[i]
    return total
