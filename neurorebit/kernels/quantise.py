"""Activations and errors as integer codes, and the number of ones in their bits."""

from typing import NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import noise

LOW = np.uint64(0xFFFF)  # half of a random word
HIGH = np.uint64(16)
MOST = 255  # largest count that a byte holds
BYTE = np.uint32(0xFF)


class Rounded(NamedTuple):
    """What ``round_errors`` counts."""

    ones: int  # ones among the bits of all errors
    nonzero: int  # errors that are not zero


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
def encode_signed(x, codes, per_step, top):
    """Signed codes of a flat array: ``x * per_step`` rounded to even, clipped to -top..top."""
    scale = x.dtype.type(per_step)
    high = x.dtype.type(top)
    for i in range(x.size):
        y = x[i] * scale
        y = high if y > high else y
        y = y if y > -high else -high
        codes[i] = codes.dtype.type(np.rint(y))


@njit(cache=True, nogil=True)
def look_up(x, codes, table):
    """Entry of ``table`` for each byte of a flat array."""
    for i in range(x.size):
        codes[i] = table[x[i]]


@njit(cache=True, nogil=True)
def split(codes, planes, bits):
    """Bit planes of a flat array, one after the other, lowest bit first, as zeros and ones."""
    for b in range(bits):
        plane = planes[b * codes.size : (b + 1) * codes.size]
        for i in range(codes.size):
            plane[i] = (np.int32(codes[i]) >> b) & 1


@njit(cache=True, nogil=True)
def split_signed(codes, planes, table):
    """Planes of a flat array of signed codes, one after the other, as zeros and ones.

    A plane is a row of ``table``: its one is bit ``shift`` of ``factor`` * code + ``add``, or none
    where that is below zero.
    """
    for p in range(len(table)):
        shift, factor, add = table[p]
        plane = planes[p * codes.size : (p + 1) * codes.size]
        for i in range(codes.size):
            plane[i] = (max(factor * np.int64(codes[i]) + add, 0) >> shift) & 1


@njit(cache=True, nogil=True)
def words(codes, out, table):
    """The planes of each signed code as the bits of a word; ``table`` as for ``split_signed``."""
    for i in range(codes.size):
        code, word = np.int64(codes[i]), np.int64(0)
        for p in range(len(table)):
            shift, factor, add = table[p]
            word |= ((max(factor * code + add, 0) >> shift) & 1) << p
        out[i] = np.uint32(word)


@njit(cache=True, nogil=True)
def four(codes, low):
    """How many of at most 255 codes have bit ``low`` set: byte 0; bytes 1 to 3: the next bits."""
    counts = np.uint32(0)
    for i in range(codes.size):
        bits = np.uint32(np.int32(codes[i]) >> low) & np.uint32(0xF)
        counts += (bits * np.uint32(0x00204081)) & np.uint32(0x01010101)  # bit b moves to byte b
    return counts


@njit(cache=True, nogil=True)
def count_ones(codes, rows_seeing, cols_seeing, ones):
    """Add to ``ones[b]`` the ones that bit plane b of the maps applies to the rows of arrays.

    A pixel (y, x) of ``codes`` [images, height, width, channels] counts once for each of the
    ``rows_seeing[y] * cols_seeing[x]`` windows that cover it.
    """
    images, height, width, depth = codes.shape
    lines = codes.reshape(images * height, width * depth)
    for line in range(images * height):
        x = 0
        while x < width:  # a run of pixels that equally many windows cover
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
    """Largest of the bit patterns ``patterns & magnitude`` (flat array of integers).

    The patterns of floating-point numbers without sign bit are in the order of their magnitudes,
    with nan above all.
    """
    top = patterns.dtype.type(0)
    kind = patterns.dtype.type
    for i in range(patterns.size):
        size = kind(patterns[i] & magnitude)
        top = kind(size if size > top else top)
    return top


@njit(cache=True, nogil=True)
def chances(out, words, number, batch, layer, seed):
    """Uniform numbers of 16 bits for the 128 errors from ``number`` on; a word serves two."""
    noise.words(words, number >> 1, batch, layer, noise.ERRORS, seed)
    real = out.dtype.type
    flat = words.reshape(noise.BLOCK)
    low, high = out[: noise.BLOCK], out[noise.BLOCK :]
    for i in range(noise.BLOCK):
        low[i] = (real(np.int64(flat[i] & LOW)) + real(0.5)) * real(2.0**-16)
        high[i] = (real(np.int64(flat[i] >> HIGH)) + real(0.5)) * real(2.0**-16)


@njit(cache=True, nogil=True)
def round_errors(x, step, bits, draw):
    """Round a flat array in place to multiples of ``step`` in two's complement of ``bits``.

    Rounding is stochastic and keeps the mean. ``draw`` is a ``noise.Draw``: its first, a multiple
    of 128, is the number of x[0] among the errors of the batch, its step the number of the batch;
    its array is not used. Returns a ``Rounded``.
    """
    first, batch, layer, _, seed = draw
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
    return Rounded(total, some)
