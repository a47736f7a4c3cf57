"""The sums of a weight-gradient unit: bits of activations and of errors, counted and converted.

A column of the unit holds one bit of one channel's activations, its rows are positions. One plane
of an error vector opens rows; the column's current counts the rows where both bits are one, and a
converter makes a code of the count. 32 rows are the bits of a word here.

See docs/models/kernels.md#counts-of-bits.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numba.extending import intrinsic

from neurorebit.kernels import convert

WORD = 32  # rows of a word
FOUR = 4  # words that are counted together


class Place(NamedTuple):
    """A place in the windows of a map: where a pixel lies that has no shift, and the steps."""

    down: int  # zeros above the map less the lines from the top of the window to the place
    across: int
    stride_y: int
    stride_x: int
    wide: int  # pixels of a line of the map
    width: int  # positions of a line of the outputs


@intrinsic
def ones(typing, word):
    """The number of ones in an integer."""

    def generate(context, builder, signature, arguments):
        """The instruction of the processor, or what stands for it."""
        return builder.ctpop(arguments[0])

    return word(word), generate


@njit(cache=True, nogil=True)
def pack_inputs(codes, columns, groups, bits):
    """Set the bits of ``columns`` [groups, words, bits * channels], the activations in the arrays.

    ``codes`` [images, pixels, channels] are whole numbers; ``groups`` as for ``pack_errors``.
    Column a * channels + c has bit a of channel c. The bits are zero before.
    """
    channels = codes.shape[2]
    for g in range(len(groups)):
        begin, end, first, last = groups[g]
        row = 0
        for image in range(begin, end):
            for pixel in range(first, last):
                given, here = codes[image, pixel], columns[g, row // WORD]
                place = np.uint32(row % WORD)
                row += 1
                for a in range(bits):
                    part = here[a * channels : (a + 1) * channels]
                    for c in range(channels):
                        code = np.uint32(np.int64(given[c]))
                        part[c] |= ((code >> np.uint32(a)) & np.uint32(1)) << place


@njit(cache=True, nogil=True)
def pack_lines(errors, lines, stride, inverse):
    """Set the bits of ``lines`` [height, words, bits, cols] by one image's errors.

    ``errors`` [height, width, cols] are whole numbers over ``inverse``, in two's complement; the
    error at x has bit ``stride`` * x of its line. The bits are zero before.
    """
    height, _, bits, cols = lines.shape
    factor = errors.dtype.type(inverse)
    for y in range(height):
        for x in range(errors.shape[1]):
            given, here = errors[y, x], lines[y, stride * x // WORD]
            place = np.uint32(stride * x % WORD)
            for e in range(bits):
                part = here[e]
                for n in range(cols):
                    code = np.uint32(np.int64(np.rint(given[n] * factor)))
                    part[n] |= ((code >> np.uint32(e)) & np.uint32(1)) << place


@njit(cache=True, nogil=True)
def copy_bits(source, target, start, to, count):
    """Copy ``count`` bits of a line [words, bits, cols] from ``start`` on, to a target's ``to`` on.

    The target is [bits, words, cols]; its bits are zero before.
    """
    bits, _, cols = target.shape
    while count > 0:
        low, place = np.uint32(start % WORD), np.uint32(to % WORD)
        size = min(count, WORD - to % WORD)
        mask = np.uint32(0xFFFFFFFF) >> np.uint32(WORD - size)
        further = start % WORD + size > WORD
        high = np.uint32((WORD - start % WORD) % WORD)
        for e in range(bits):
            part, own = target[e, to // WORD], source[start // WORD, e]
            if further:
                after = source[start // WORD + 1, e]
                for n in range(cols):
                    part[n] |= (((own[n] >> low) | (after[n] << high)) & mask) << place
            else:
                for n in range(cols):
                    part[n] |= ((own[n] >> low) & mask) << place
        start += size
        to += size
        count -= size


@njit(cache=True, nogil=True)
def pack_errors(lines, planes, groups, place):
    """Set the bits of ``planes`` [groups, bits, words, cols], the errors that rows of arrays meet.

    ``groups`` [groups, 4]: the rows of an array are the pixels third..fourth of the maps of the
    images first..second. A pixel meets the error of the output whose window has the pixel at
    ``place``, if there is one. ``lines`` [images, height, words, bits, cols] are those of
    ``pack_lines``. The bits are zero before.
    """
    wide, stride = place.wide, place.stride_y
    length = (place.width - 1) * place.stride_x + 1
    for g in range(len(groups)):
        begin, end, first, last = groups[g]
        row = 0
        for image in range(begin, end):
            pixel = first
            while pixel < last:  # the pixels of one line
                size = min(wide - pixel % wide, last - pixel)
                down = pixel // wide + place.down
                low = pixel % wide + place.across
                skipped = max(-low, 0)
                count = min(low + size, length) - low - skipped
                if down >= 0 and down % stride == 0 and down // stride < lines.shape[1]:
                    source = lines[image, down // stride]
                    copy_bits(source, planes[g], low + skipped, row + skipped, count)
                row += size
                pixel += size


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
def join(sums, out, bits, scale, signed):
    """``out`` [channels, cols] = ``scale`` times the sum of all bits' ``sums``; uses them up.

    Where activations are ``signed``, the highest bit counts below zero.
    """
    channels, cols = out.shape
    for n in range(cols):
        values = sums[n]
        for a in range(1, bits):
            part = values[a * channels : (a + 1) * channels]
            worth = -(2.0**a) if signed and a == bits - 1 else 2.0**a
            for c in range(channels):
                values[c] += worth * part[c]
        for c in range(channels):
            out[c, n] = values[c] * scale
