"""Random numbers as a function of (cell, step, layer, purpose, seed), without any state.

Philox 4x32-10 (Salmon et al., SC 2011, doi:10.1145/2063384.2063405): the counter is
(group of four cells, step, layer, purpose), the key is the seed. Every use of random numbers has a
purpose of its own, so no two uses share a number.

See docs/models/kernels.md#random-numbers.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)
ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
ROOT = np.uint64(0x3FE6A09E667F3BCD)  # the bits of the square root of 1/2
LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts, of which k times the first is exact
LN2_LOW = 1.90821492927058770002e-10
SHIFT = 1.5 * 2.0**52  # a number plus this is rounded, and its last bits are the whole number
GROUPS = 16  # groups of four cells whose numbers are computed together
BLOCK = 4 * GROUPS  # cells whose numbers are computed together
FRACTION = np.uint64(0x000FFFFFFFFFFFFF)  # the bits of a number's fraction
QUARTER = np.uint64(30)  # a quarter of a turn is 2^30

# Purposes. Static ones (step 0) say what a cell is like; the others are drawn anew each step.
INITIAL = 0  # first weights
DEVICE = 1  # static: device-to-device variation
CYCLE = 2  # cycle-to-cycle variation of a write
LOW = 3  # static: lower bound of a cell
HIGH = 4  # static: upper bound
UP = 5  # static: curve of pulses up
DOWN = 6  # static: curve of pulses down
STUCK = 7  # static: whether the cell is stuck
OTHER_DEVICE = 8  # OTHER_: the second cell of a pair
OTHER_CYCLE = 9
OTHER_STUCK = 10
READ = 11  # noise of a read
OTHER_READ = 12
DRIFT = 13  # static: direction of drift
ROUND = 14  # stochastic rounding to whole pulses
BITS = 15  # pulse trains on rows; pulses up drawn from sums
OTHER_BITS = 16  # pulse trains on columns; pulses down
OTHER_DRIFT = 17
GRADIENTS = 18  # stochastic rounding of gradients
ERRORS = 20  # stochastic rounding of errors
DROP = 21  # dropout
CONVERSION = 22  # thermal noise of a conversion
CONVERTER = 23  # static: offset, gain and codes of a converter
ASYMMETRY = 25  # static: ratio of a cell's steps up to its steps down
CHOP = 26  # whether a row's chopper flips after a read
WEIGHT_WORDS = 27  # stochastic rounding of words: of weights as they are written
GRADIENT_WORDS = 28  # of gradients as they are collected
MOMENT_WORDS = 29  # of velocities
SQUARE_WORDS = 30  # of means of squares
COPY_WORDS = 31  # of weights that are copies of wider ones
ARRAYS = 32  # purposes of one array of a layer; the next array's purposes are 32 higher


class Draw(NamedTuple):
    """Which random numbers the cells of an array receive in one step.

    Element i of the arrays that a kernel takes with it is cell ``first + i`` of the layer's array,
    so a part of the cells receives the same numbers as within the whole.
    """

    first: int  # number of the first cell
    step: int  # number of the step: of the update, of the read, of the batch
    layer: int  # index of the layer
    array: int  # number of the array in its layer
    seed: int  # up to 2^64 - 1


@njit(cache=True, nogil=True)
def purpose_in(array, purpose):
    """Purpose of the random numbers of a layer's array, counted from 0."""
    return ARRAYS * array + purpose


@njit(cache=True, nogil=True)
def philox(c0, c1, c2, c3, k0, k1):
    """Four random words of 32 bits (as uint64) from a counter of four words and a key of two."""
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
    """sqrt(-2 ln u) for u = (word + 1) / 2^32, by arithmetic that vectorises.

    u = 2^k m with m between the square roots of 1/2 and 2; ln m = 2 artanh((m - 1) / (m + 1)).
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
    """Cosine and sine of ``word`` / 2^32 turns, by Taylor series within an eighth of a turn."""
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


@njit(cache=True, nogil=True, error_model="numpy")
def exponential(x):
    """e^x for |x| < 700, by arithmetic that vectorises: 2^k times a series of half an octave."""
    shifted = x * (1.0 / math.log(2.0)) + SHIFT
    k = shifted - SHIFT
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    series = 1 / 39916800 + r * (1 / 479001600 + r * (1 / 6227020800))
    series = 1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * series))
    series = 1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * series)))
    series = 1.0 + r * (1.0 + r * (0.5 + r * (1 / 6 + r * series)))
    power = (np.float64(shifted).view(np.uint64) + np.uint64(1023)) << np.uint64(52)
    return series * np.uint64(power).view(np.float64)


@njit(cache=True, nogil=True)
def normal(cell, step, layer, purpose, seed):
    """Standard normal number of a cell.

    One call of Philox serves four cells: its words make two pairs by Box and Muller's formula.
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
def words(out, first, step, layer, purpose, seed):
    """Random words of the 64 cells that begin at ``first``, a multiple of 4.

    ``out`` [4, 16], uint64, receives the word of cell ``first + 4 j + i`` at [i, j]. The loop over
    groups vectorises.
    """
    w0, w1, w2, w3 = out[0], out[1], out[2], out[3]
    group = np.uint64(first >> 2)
    c1, c2, c3 = np.uint64(step) & MASK, np.uint64(layer) & MASK, np.uint64(purpose) & MASK
    key_0, key_1 = np.uint64(seed) & MASK, np.uint64(seed) >> HALF
    for j in range(GROUPS):
        a, b, c, d = (group + np.uint64(j)) & MASK, c1, c2, c3
        k0, k1 = key_0, key_1
        for _ in range(10):  # the body of ``philox``, so that the loop over groups vectorises
            a, b, c, d = philox_round(a, b, c, d, k0, k1)
            k0 = (k0 + WEYL_0) & MASK
            k1 = (k1 + WEYL_1) & MASK
        w0[j], w1[j], w2[j], w3[j] = a, b, c, d


@njit(cache=True, nogil=True)
def uniform(cell, step, layer, purpose, seed):
    """Uniform number of a cell, from 0 to below 1."""
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
    """``normal`` of the 64 cells that begin at ``first``, a multiple of 4, at a fourth of its cost.

    ``out`` [4, 16] receives the number of cell ``first + 4 j + i`` at [i, j].
    """
    drawn = np.empty((4, GROUPS), np.uint64)
    words(drawn, first, step, layer, purpose, seed)
    for i in range(0, 4, 2):
        for j in range(GROUPS):
            length = radius(drawn[i, j])
            cosine, sine = direction(drawn[i + 1, j])
            out[i, j] = length * cosine
            out[i + 1, j] = length * sine


@njit(cache=True, nogil=True)
def exponentials(z, width):
    """Log-normal factors of mean 1 in place of the standard normal numbers of ``normals``."""
    flat = z.reshape(BLOCK)
    shift = 0.5 * width * width
    for i in range(BLOCK):
        flat[i] = exponential(width * flat[i] - shift)


@njit(cache=True, nogil=True)
def fill(out, scale, purpose, draw):
    """Fill a flat array with ``scale`` times the standard normal numbers of a ``Draw``."""
    first, step, layer, array, seed = draw
    purpose = purpose_in(array, purpose)
    z = np.empty((4, GROUPS))
    for base in range(first - first % BLOCK, first + out.size, BLOCK):
        normals(z, base, step, layer, purpose, seed)
        for cell in range(max(base, first), min(base + BLOCK, first + out.size)):
            out[cell - first] = scale * z[cell & 3, (cell - base) >> 2]


@njit(cache=True, nogil=True)
def fill_evenly(out, bound, purpose, draw):
    """Fill a flat array with numbers of a ``Draw``, evenly from -``bound`` to below ``bound``."""
    first, step, layer, array, seed = draw
    purpose = purpose_in(array, purpose)
    drawn = np.empty((4, GROUPS), np.uint64)
    for base in range(first - first % BLOCK, first + out.size, BLOCK):
        words(drawn, base, step, layer, purpose, seed)
        for cell in range(max(base, first), min(base + BLOCK, first + out.size)):
            u = float(drawn[cell & 3, (cell - base) >> 2]) / 4294967296.0
            out[cell - first] = bound * (2.0 * u - 1.0)
