"""The converter behind an array: partial sums to codes, codes added up digitally."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def convert(partial, total, per_step, top, fresh):
    """Add each partial sum's code to ``total`` (flat); ``fresh`` starts ``total`` anew.

    Mid-tread: the code is ``partial * per_step`` rounded (ties to even), clipped to -top..top.
    ``partial`` holds one or more bit planes, each as long as ``total``; plane b counts 2^b.
    """
    scale = partial.dtype.type(per_step)
    high = partial.dtype.type(top)
    for b in range(partial.size // total.size):
        plane = partial[b * total.size : (b + 1) * total.size]
        worth = partial.dtype.type(2.0**b)
        anew = fresh and b == 0
        for i in range(total.size):
            x = plane[i] * scale
            x = high if x > high else x  # nan stays nan
            x = -high if x < -high else x
            code = worth * np.rint(x)
            total[i] = code if anew else total[i] + code


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def power(partial):
    """The sum of the squares of a flat array."""
    total = 0.0
    for i in range(partial.size):
        total += partial[i] * partial[i]
    return total
