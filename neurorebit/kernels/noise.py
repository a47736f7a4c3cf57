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
ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
ROOT = np.uint64(0x3FE6A09E667F3BCD)  # of the root of a half
GROUPS = 16  # of four cells whose numbers are drawn together
BLOCK = 4 * GROUPS
FRACTION = np.uint64(0x000FFFFFFFFFFFFF)
QUARTER = np.uint64(30)  # of a turn, as a power of two

# purposes: what a stream of normals is drawn for
INITIAL = 0  # the first weights
DEVICE = 1  # device to device: static, step 0
CYCLE = 2  # cycle to cycle: one for each write
LOW = 3  # bounds, curves and defects of a cell: static, step 0
HIGH = 4
UP = 5
DOWN = 6
STUCK = 7
OTHER_DEVICE = 8  # the second cell of a pair
OTHER_CYCLE = 9
OTHER_STUCK = 10
READ = 11  # one for each read
OTHER_READ = 12
DRIFT = 13  # static: which way a cell drifts
ROUND = 14  # of pulses to whole ones
BITS = 15  # of the pulse trains on rows and columns
OTHER_BITS = 16
OTHER_DRIFT = 17
ERRORS = 20  # of errors to their bits
ARRAYS = 32  # purposes of one array; those of a layer's next array follow


@njit(cache=True, nogil=True)
def philox(c0, c1, c2, c3, k0, k1):
    """Four random words of 32 bits (in uint64) from a counter of four words and a key of two."""
    for _ in range(10):
        c0, c1, c2, c3 = philox_round(c0, c1, c2, c3, k0, k1)
        k0 = (k0 + WEYL_0) & MASK
        k1 = (k1 + WEYL_1) & MASK
    return c0, c1, c2, c3


@njit(cache=True, nogil=True)
def philox_round(c0, c1, c2, c3, k0, k1):
    """One of the ten rounds of Philox."""
    product_0 = MULTIPLIER_0 * c0
    product_1 = MULTIPLIER_1 * c2
    return (
        (product_1 >> HALF) ^ c1 ^ k0,
        product_1 & MASK,
        (product_0 >> HALF) ^ c3 ^ k1,
        product_0 & MASK,
    )


@njit(cache=True, nogil=True, error_model="numpy")
def radius(word):
    """sqrt(-2 ln u) for u = (word + 1) / 2^32, by arithmetic that vector units take.

    u = 2^k m with m between the roots of 1/2 and 2, and ln m = 2 artanh((m - 1) / (m + 1)).
    """
    u = (np.float64(np.int64(word)) + 1.0) / 4294967296.0
    bits = np.float64(u).view(np.uint64) + (ONE - ROOT)
    k = np.float64(np.int64(bits >> np.uint64(52)) - 1023)
    m = np.uint64((bits & FRACTION) + ROOT).view(np.float64)
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    series = 1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21))))
    series = 1 / 5 + z * (1 / 7 + z * (1 / 9 + z * (1 / 11 + z * series)))
    series = 1.0 + z * (1 / 3 + z * series)
    return math.sqrt(-2.0 * (k * math.log(2.0) + 2.0 * s * series))


@njit(cache=True, nogil=True)
def direction(word):
    """Cosine and sine of ``word`` / 2^32 turns: the Taylor series within an eighth of a turn."""
    quarters = (word + (np.uint64(1) << (QUARTER - np.uint64(1)))) >> QUARTER
    rest = np.int64(word) - np.int64(quarters << QUARTER)
    x = np.float64(rest) * (2.0 * math.pi / 4294967296.0)
    z = -x * x
    sine = 1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800 + z * (1 / 1307674368000)))
    sine = x + x * z * (1 / 6 + z * (1 / 120 + z * (1 / 5040 + z * sine)))
    cosine = 1 / 3628800 + z * (1 / 479001600 + z * (1 / 87178291200 + z * (1 / 20922789888000)))
    cosine = 1.0 + z * (1 / 2 + z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * cosine))))
    crossed = quarters & np.uint64(1) != 0
    along = sine if crossed else cosine
    across = cosine if crossed else sine
    return (
        -along if (quarters + np.uint64(1)) & np.uint64(2) != 0 else along,
        -across if quarters & np.uint64(2) != 0 else across,
    )


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
    cosine, sine = direction(turn)
    return radius(length) * (sine if cell & 1 else cosine)


@njit(cache=True, nogil=True)
def draw(words, first, step, layer, purpose, seed):
    """The random words of the 64 cells from ``first``, a multiple of 4, on.

    ``words`` [4, 16] has that of cell ``first + 4 j + i`` at [i, j]. Loops over groups fill vector
    units.
    """
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    group = np.uint64(first >> 2)
    c1, c2, c3 = np.uint64(step) & MASK, np.uint64(layer) & MASK, np.uint64(purpose) & MASK
    key_0, key_1 = np.uint64(seed) & MASK, np.uint64(seed) >> HALF
    for j in range(GROUPS):
        a, b, c, d = (group + np.uint64(j)) & MASK, c1, c2, c3
        k0, k1 = key_0, key_1
        for _ in range(10):  # not ``philox``: in its own body the loop over groups fills them
            a, b, c, d = philox_round(a, b, c, d, k0, k1)
            k0 = (k0 + WEYL_0) & MASK
            k1 = (k1 + WEYL_1) & MASK
        w0[j], w1[j], w2[j], w3[j] = a, b, c, d


@njit(cache=True, nogil=True)
def uniform(cell, step, layer, purpose, seed):
    """The number from 0 to 1 (not 1 itself) that belongs to this cell."""
    key = np.uint64(seed)
    w0, w1, w2, w3 = philox(
        np.uint64(cell >> 2) & MASK,
        np.uint64(step) & MASK,
        np.uint64(layer) & MASK,
        np.uint64(purpose) & MASK,
        key & MASK,
        key >> HALF,
    )
    word = (w3 if cell & 1 else w2) if cell & 2 else (w1 if cell & 1 else w0)
    return float(word) / 4294967296.0


@njit(cache=True, nogil=True)
def normals(out, first, step, layer, purpose, seed):
    """``normal`` of the 64 cells from ``first``, a multiple of 4, on, at a fourth of its cost.

    ``out`` [4, 16] has cell ``first + 4 j + i`` at [i, j].
    """
    words = np.empty((4, GROUPS), np.uint64)
    draw(words, first, step, layer, purpose, seed)
    for i in range(0, 4, 2):
        for j in range(GROUPS):
            length = radius(words[i, j])
            cosine, sine = direction(words[i + 1, j])
            out[i, j] = length * cosine
            out[i + 1, j] = length * sine


@njit(cache=True, nogil=True)
def fill(out, scale, first, step, layer, purpose, seed):
    """Fill a flat array with scale * normal; its first element is cell ``first``."""
    z = np.empty((4, GROUPS))
    for base in range(first - first % BLOCK, first + out.size, BLOCK):
        normals(z, base, step, layer, purpose, seed)
        for cell in range(max(base, first), min(base + BLOCK, first + out.size)):
            out[cell - first] = scale * z[cell & 3, (cell - base) >> 2]
