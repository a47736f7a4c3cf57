"""Random numbers that depend only on (seed, cell, step, layer, purpose), not on any state.

Philox 4x32-10 (Salmon et al., SC 2011, doi:10.1145/2063384.2063405): the counter is
(group of four cells, step, layer, purpose), the key is the seed.
"""

import math

import numpy as np
from numba import njit

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)

# purposes: what a stream of normals is drawn for
INITIAL = 0  # the first weights
DEVICE = 1  # device to device: static, step 0
CYCLE = 2  # cycle to cycle: one for each write


@njit(cache=True, nogil=True)
def philox(c0, c1, c2, c3, k0, k1):
    """Four random words of 32 bits (in uint64) from a counter of four words and a key of two."""
    for _ in range(10):
        product_0 = MULTIPLIER_0 * c0
        product_1 = MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> HALF) ^ c1 ^ k0,
            product_1 & MASK,
            (product_0 >> HALF) ^ c3 ^ k1,
            product_0 & MASK,
        )
        k0 = (k0 + WEYL_0) & MASK
        k1 = (k1 + WEYL_1) & MASK
    return c0, c1, c2, c3


@njit(cache=True, nogil=True)
def normal(cell, step, layer, purpose, seed):
    """The standard normal number that belongs to this cell.

    One call of Philox is good for four cells: its words make two pairs (Box and Muller).
    """
    key = np.uint64(seed)
    w0, w1, w2, w3 = philox(
        np.uint64(cell >> 2) & MASK,
        np.uint64(step) & MASK,
        np.uint64(layer) & MASK,
        np.uint64(purpose) & MASK,
        key & MASK,
        key >> HALF,
    )
    length, turn = (w2, w3) if cell & 2 else (w0, w1)
    radius = math.sqrt(-2.0 * math.log((float(length) + 1.0) / 4294967296.0))
    angle = 2.0 * math.pi * (float(turn) / 4294967296.0)
    return radius * (math.sin(angle) if cell & 1 else math.cos(angle))


@njit(cache=True, nogil=True)
def fill(out, scale, first, step, layer, purpose, seed):
    """Fill a flat array with scale * normal; its first element is cell ``first``."""
    for i in range(out.size):
        out[i] = scale * normal(first + i, step, layer, purpose, seed)
