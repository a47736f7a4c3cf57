"""Dropout: values set to zero by chance, as a function of their place and of the step."""

import numpy as np
from numba import njit

from neurorebit.kernels import noise


@njit(cache=True, nogil=True)
def drop(x, rate, draw):
    """Set a share ``rate`` of a flat array to zero in place; the others grow by 1 / (1 - rate).

    ``draw`` is a ``noise.Draw``: its first, a multiple of 64, is the number of x[0] among the
    values of the batch, its layer the number of the node.
    """
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.DROP)
    real = x.dtype.type
    zero, grown = real(0.0), real(1.0 / (1.0 - rate))
    least = np.uint64(rate * 4294967296.0)  # words below it drop their value
    words = np.empty((4, noise.GROUPS), np.uint64)
    for base in range(0, x.size, noise.BLOCK):
        noise.words(words, first + base, step, layer, purpose, seed)
        part = x[base : base + noise.BLOCK]
        for i in range(part.size):
            part[i] = zero if words[i & 3, i >> 2] < least else grown * part[i]
