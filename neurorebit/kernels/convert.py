"""The converter behind an array: partial sums to codes, codes added up digitally."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def convert(partial, total, per_step, top, fresh):
    """Add each partial sum's code to ``total`` (flat); ``fresh`` starts ``total`` anew.

    Mid-tread: the code is ``partial * per_step`` rounded (ties to even), clipped to -top..top.
    """
    scale = partial.dtype.type(per_step)
    high = partial.dtype.type(top)
    for i in range(partial.size):
        x = partial[i] * scale
        x = high if x > high else x  # nan stays nan
        x = -high if x < -high else x
        total[i] = np.rint(x) if fresh else total[i] + np.rint(x)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def power(partial):
    """The sum of the squares of a flat array."""
    total = 0.0
    for i in range(partial.size):
        total += partial[i] * partial[i]
    return total
