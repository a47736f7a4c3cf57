"""The sums of a weight-gradient unit: bits of activations and of errors, counted and converted.

A column of the unit holds one bit of one channel's activations, its rows are positions. One plane
of an error vector opens rows; the column's current counts the rows where both bits are one, and a
converter makes a code of the count. 32 rows are the bits of a word here.
"""

import math

import numpy as np
from numba import njit
from numba.extending import intrinsic

from neurorebit.kernels import convert

WORD = 32  # rows of a word
FOUR = 4  # words that are counted together


@intrinsic
def ones(typing, word):
    """The number of ones in an integer."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return word(word), generate


@njit(cache=True, nogil=True)
def pack_inputs(codes, columns, first, bits):
    """Set the bits of ``columns`` [words, bits * channels] by the ``codes`` of some rows.

    ``codes`` [rows, channels] are whole numbers; their rows are those of the array from ``first``
    on. Column a * channels + c has bit a of channel c. The bits are zero before.
    """
    channels = codes.shape[1]
    for row in range(len(codes)):
        here = columns[(first + row) // WORD]
        place = np.uint32((first + row) % WORD)
        for a in range(bits):
            part = here[a * channels : (a + 1) * channels]
            for c in range(channels):
                code = np.uint32(np.int64(codes[row, c]))
                part[c] |= ((code >> np.uint32(a)) & np.uint32(1)) << place


@njit(cache=True, nogil=True)
def pack_errors(errors, planes, at, window, inverse):
    """Set the bits of ``planes`` [bits, words, cols] by the errors of some rows.

    The rows of the array from ``at[0]`` on are the pixels ``at[1]``..``at[2]`` of one image's map,
    ``at[3]`` wide. A pixel meets the error of the output whose ``window`` (y and x in it, stride,
    padding) has the pixel there, if there is one. ``errors`` [height, width, cols] are whole
    numbers over ``inverse``, in two's complement. The bits are zero before.
    """
    bits, _, cols = planes.shape
    row, first, last, wide = at
    y, x, stride, padding = window
    height, width, _ = errors.shape
    factor = errors.dtype.type(inverse)
    for pixel in range(first, last):
        down, right = pixel // wide + padding - y, pixel % wide + padding - x
        word, place = row // WORD, np.uint32(row % WORD)
        row += 1
        if down < 0 or right < 0 or down % stride or right % stride:
            continue
        if down // stride >= height or right // stride >= width:
            continue
        given = errors[down // stride, right // stride]
        for e in range(bits):
            part = planes[e, word]
            for n in range(cols):
                code = np.uint32(np.int64(np.rint(given[n] * factor)))
                part[n] |= ((code >> np.uint32(e)) & np.uint32(1)) << place


@njit(cache=True, nogil=True)
def same_from(planes, n):
    """The lowest plane of an error vector from which on all are its sign; bits - 1 at most."""
    bits, words, _ = planes.shape
    e = bits - 1
    while e > 0:
        for w in range(words):
            if planes[e - 1, w, n] != planes[bits - 1, w, n]:
                return e
        e -= 1
    return e


@njit(cache=True, nogil=True)
def count(columns, planes, e, n, counts):
    """``counts`` [columns]: rows where a column and plane e of error vector n have a one.

    Returns whether the plane has any. The number of words is a multiple of FOUR.
    """
    some = False
    for w in range(0, len(columns), FOUR):
        a, b, c, d = planes[e, w, n], planes[e, w + 1, n], planes[e, w + 2, n], planes[e, w + 3, n]
        some = some or (a | b | c | d) != 0
    if not some:
        return False
    for w in range(0, len(columns), FOUR):
        a, b, c, d = planes[e, w, n], planes[e, w + 1, n], planes[e, w + 2, n], planes[e, w + 3, n]
        one, two, three, four = columns[w], columns[w + 1], columns[w + 2], columns[w + 3]
        if w == 0:
            for j in range(counts.size):
                total = ones(one[j] & a) + ones(two[j] & b) + ones(three[j] & c) + ones(four[j] & d)
                counts[j] = total
        else:
            for j in range(counts.size):
                total = ones(one[j] & a) + ones(two[j] & b) + ones(three[j] & c) + ones(four[j] & d)
                counts[j] += total
    return True


@njit(cache=True, nogil=True)
def multiply(columns, planes, sums, scratch, per_step, top):
    """Add to ``sums`` [cols, columns] the codes of all counts, each times its plane's weight.

    ``columns`` [groups, words, columns] and ``planes`` [groups, bits, words, cols] are the bits of
    the groups of rows that share an array. ``scratch``: ``counts`` and ``total`` [columns] of the
    types of counts and of a sum. Planes without a one are left out, since the code of nothing is
    zero; planes that equal the sign are converted once, since equal counts have equal codes.
    """
    counts, total = scratch
    kind = total.dtype.type
    scale, high = np.float32(per_step), np.float32(top)
    for n in range(len(sums)):
        total[:] = 0
        for g in range(len(columns)):
            last = same_from(planes[g], n)
            for e in range(last + 1):
                if not count(columns[g], planes[g], e, n, counts):
                    continue
                worth = np.float32(-(2.0**e) if e == last else 2.0**e)
                for j in range(counts.size):
                    code = convert.code(np.float32(np.int32(counts[j])), scale, high)
                    total[j] += kind(worth * code)
        for j in range(counts.size):
            sums[n, j] += total[j]


@njit(cache=True, nogil=True)
def measure(columns, planes, counts):
    """The sum and the sum of the squares of all counts; arguments as for ``multiply``."""
    bits = planes.shape[1]
    total = 0.0
    squares = 0.0
    for n in range(planes.shape[3]):
        for g in range(len(columns)):
            last = same_from(planes[g], n)
            for e in range(last + 1):
                if not count(columns[g], planes[g], e, n, counts):
                    continue
                some = 0
                square = 0
                for j in range(counts.size):
                    found = np.int64(counts[j])
                    some += found
                    square += found * found
                times = bits - last if e == last else 1
                total += times * some
                squares += times * square
    return total, squares


@njit(cache=True, nogil=True)
def join(sums, out, bits, scale):
    """``out`` [channels, cols] = ``scale`` times the ``sums`` [cols, bits * channels] of all bits."""
    channels, cols = out.shape
    for n in range(cols):
        for c in range(channels):
            value = 0.0
            for a in range(bits):
                value += math.ldexp(float(sums[n, a * channels + c]), a)
            out[c, n] = value * scale
