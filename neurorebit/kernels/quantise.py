"""Numbers to codes, and the ones in them."""

import numpy as np
from numba import njit

from neurorebit.kernels import noise


@njit(cache=True, nogil=True)
def encode(x, codes, per_step, top):
    """Unsigned codes of a flat array: ``x * per_step`` rounded to even, clipped to 0..top."""
    scale = x.dtype.type(per_step)
    high = x.dtype.type(top)
    zero = x.dtype.type(0)
    for i in range(x.size):
        y = x[i] * scale
        y = high if y > high else y
        y = y if y > zero else zero
        codes[i] = codes.dtype.type(np.rint(y))


@njit(cache=True, nogil=True)
def split(codes, planes, bits):
    """The bit planes of a flat array, one after the other: zeros and ones, lowest bit first."""
    for b in range(bits):
        plane = planes[b * codes.size : (b + 1) * codes.size]
        for i in range(codes.size):
            plane[i] = (codes[i] >> b) & 1


@njit(cache=True, nogil=True)
def count_ones(codes, rows_seeing, cols_seeing, ones):
    """Add to ``ones[b]`` how many ones bit plane b of the maps brings to the array's rows.

    A pixel (y, x) of ``codes`` (image, y, x, channel) counts once for each of the
    ``rows_seeing[y] * cols_seeing[x]`` windows that cover it.
    """
    images, height, width, depth = codes.shape
    for image in range(images):
        for y in range(height):
            for x in range(width):
                pixel = codes[image, y, x]
                windows = rows_seeing[y] * cols_seeing[x]
                for b in range(ones.size):
                    one = codes.dtype.type(1 << b)
                    count = np.int32(0)
                    for c in range(depth):
                        count += (pixel[c] & one) != 0
                    ones[b] += windows * count


@njit(cache=True, nogil=True)
def largest(patterns, magnitude):
    """The largest of the bit patterns ``patterns & magnitude`` (flat array of integers).

    Without their sign bit, floating-point numbers are in the order of their patterns, nan on top.
    """
    top = patterns.dtype.type(0)
    for pattern in patterns:
        size = pattern & magnitude
        top = size if size > top else top
    return top


@njit(cache=True, nogil=True)
def round_errors(x, step, bits, first, batch, layer, seed, counts):
    """Round a flat array in place to multiples of ``step`` in ``bits``-wide two's complement.

    Up or down by chance, so that the mean is kept; ``first``, a multiple of 64, is the number of
    x[0] among the errors of the batch. ``counts`` receives the ones among all bits and the errors
    that are not zero.
    """
    inverse = 1.0 / step
    high = 2.0 ** (bits - 1) - 1.0
    mask = np.uint32(0xFFFFFFFF) >> np.uint32(32 - bits)
    words = np.empty((4, noise.GROUPS), np.uint64)
    ones = 0
    some = 0
    for base in range(0, x.size, noise.BLOCK):
        noise.draw(words, first + base, batch, layer, noise.ERRORS, seed)
        part = x[base : base + noise.BLOCK]
        for i in range(part.size):
            chance = np.float64(np.int64(words[i & 3, i >> 2])) * (1.0 / 4294967296.0)
            y = np.float64(part[i]) * inverse
            y = high if y > high else y
            y = -high if y < -high else y
            y = np.floor(y + chance)
            part[i] = y * step
            word = np.uint32(np.int64(y)) & mask
            word = word - ((word >> np.uint32(1)) & np.uint32(0x55555555))
            word = (word & np.uint32(0x33333333)) + ((word >> np.uint32(2)) & np.uint32(0x33333333))
            word = (word + (word >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
            ones += np.uint32(word * np.uint32(0x01010101)) >> np.uint32(24)
            some += y != 0.0
    counts[0] = ones
    counts[1] = some
