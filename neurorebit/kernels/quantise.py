"""Numbers to codes, and the ones in them."""

import numpy as np
from numba import njit

from neurorebit.kernels import noise

LOW = np.uint64(0xFFFF)  # half of a random word
HIGH = np.uint64(16)
MOST = 255  # that a byte counts
BYTE = np.uint32(0xFF)


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
def look_up(x, codes, table):
    """The entry of ``table`` for each byte of a flat array."""
    for i in range(x.size):
        codes[i] = table[x[i]]


@njit(cache=True, nogil=True)
def split(codes, planes, bits):
    """The bit planes of a flat array, one after the other: zeros and ones, lowest bit first."""
    for b in range(bits):
        plane = planes[b * codes.size : (b + 1) * codes.size]
        for i in range(codes.size):
            plane[i] = (np.int32(codes[i]) >> b) & 1


@njit(cache=True, nogil=True)
def four(codes, low):
    """How many of at most 255 codes have bit ``low``, and the next three: a byte for each."""
    counts = np.uint32(0)
    for i in range(codes.size):
        bits = np.uint32(np.int32(codes[i]) >> low) & np.uint32(0xF)
        counts += (bits * np.uint32(0x00204081)) & np.uint32(0x01010101)  # bit b moves to byte b
    return counts


@njit(cache=True, nogil=True)
def count_ones(codes, rows_seeing, cols_seeing, ones):
    """Add to ``ones[b]`` how many ones bit plane b of the maps brings to the array's rows.

    A pixel (y, x) of ``codes`` (image, y, x, channel) counts once for each of the
    ``rows_seeing[y] * cols_seeing[x]`` windows that cover it.
    """
    images, height, width, depth = codes.shape
    lines = codes.reshape(images * height, width * depth)
    for line in range(images * height):
        x = 0
        while x < width:  # pixels side by side that as many windows cover
            first = x
            while x < width and cols_seeing[x] == cols_seeing[first]:
                x += 1
            windows = rows_seeing[line % height] * cols_seeing[first]
            part = lines[line, first * depth : x * depth]
            for low in range(0, ones.size, 4):
                for begin in range(0, part.size, MOST):
                    counts = four(part[begin : begin + MOST], low)
                    for b in range(low, min(low + 4, ones.size)):
                        ones[b] += windows * np.int32((counts >> np.uint32(8 * (b - low))) & BYTE)


@njit(cache=True, nogil=True)
def largest(patterns, magnitude):
    """The largest of the bit patterns ``patterns & magnitude`` (flat array of integers).

    Without their sign bit, floating-point numbers are in the order of their patterns, nan on top.
    """
    top = patterns.dtype.type(0)
    kind = patterns.dtype.type
    for i in range(patterns.size):
        size = kind(patterns[i] & magnitude)
        top = kind(size if size > top else top)
    return top


@njit(cache=True, nogil=True)
def chances(out, words, number, batch, layer, seed):
    """Random numbers within 0..1 of 16 bits for the 128 errors from ``number`` on, two a word."""
    noise.draw(words, number >> 1, batch, layer, noise.ERRORS, seed)
    real = out.dtype.type
    flat = words.reshape(noise.BLOCK)
    low, high = out[: noise.BLOCK], out[noise.BLOCK :]
    for i in range(noise.BLOCK):
        low[i] = (real(np.int64(flat[i] & LOW)) + real(0.5)) * real(2.0**-16)
        high[i] = (real(np.int64(flat[i] >> HIGH)) + real(0.5)) * real(2.0**-16)


@njit(cache=True, nogil=True)
def round_errors(x, step, bits, first, batch, layer, seed, counts):
    """Round a flat array in place to multiples of ``step`` in ``bits``-wide two's complement.

    Up or down by chance, so that the mean is kept; ``first``, a multiple of 128, is the number of
    x[0] among the errors of the batch. ``counts`` receives the ones among all bits and the errors
    that are not zero.
    """
    real = x.dtype.type
    inverse = real(1.0 / step)
    back = real(step)
    top = real(2.0 ** (bits - 1) - 1.0)
    one = real(1.0)
    zero = real(0.0)
    mask = np.uint32(0xFFFFFFFF) >> np.uint32(32 - bits)
    words = np.empty((4, noise.GROUPS), np.uint64)
    chance = np.empty(2 * noise.BLOCK, x.dtype)
    total = 0
    some = 0
    for base in range(0, x.size, chance.size):
        chances(chance, words, first + base, batch, layer, seed)
        part = x[base : base + chance.size]
        ones = np.uint32(0)
        other = np.uint32(0)
        for i in range(part.size):
            y = part[i] * inverse
            y = top if y > top else y
            y = -top if y < -top else y
            below = np.floor(y)
            y = below + (one if y - below > chance[i] else zero)
            part[i] = y * back
            word = np.uint32(np.int64(y)) & mask
            word = word - ((word >> np.uint32(1)) & np.uint32(0x55555555))
            word = (word & np.uint32(0x33333333)) + ((word >> np.uint32(2)) & np.uint32(0x33333333))
            word = (word + (word >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
            ones += np.uint32(word * np.uint32(0x01010101)) >> np.uint32(24)
            other += np.uint32(y != zero)
        total += ones
        some += other
    counts[0] = total
    counts[1] = some
