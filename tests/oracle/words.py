"""Rounding to formats a second time: by their definitions, in fractions and plain loops."""

import math
from fractions import Fraction

from oracle.naive import philox


def numbers_around(x, bits, exponent, top):
    """The number of a format at or below x, the one above, of positive x up to ``top``."""
    if exponent == 0:
        below = Fraction(math.floor(x))
        return below, below + 1
    fraction, bias = bits - 1 - exponent, 2 ** (exponent - 1) - 1
    least = 1 - bias
    power = max(math.frexp(x)[1] - 1, least) if x else least
    unit = Fraction(2) ** (power - fraction)
    below = math.floor(Fraction(x) / unit) * unit
    return below, below + unit


def nearest(x, scale, bits, exponent, top):
    """A float to the nearest number, the even one of two; beyond the top, the top."""
    sign, size = math.copysign(1.0, x), min(abs(x) / scale, top)
    below, above = numbers_around(size, bits, exponent, top)
    unit, exact = above - below, Fraction(size)
    if exact - below == above - exact:
        found = below if (below / unit) % 2 == 0 else above
    else:
        found = below if exact - below < above - exact else above
    return sign * float(found) * scale


def by_chance(x, scale, bits, exponent, top, *, chance):
    """A float to the number below, or to the one above it with the probability of its share."""
    size = min(abs(x) / scale, top)
    below, above = numbers_around(size, bits, exponent, top)
    share = float((Fraction(size) - below) / (above - below))
    if x < 0.0:  # numbers go up towards zero
        below, above, share = -above, -below, 1.0 - share
        below, above, share = (above, above, 0.0) if share == 1.0 else (below, above, share)
    return float(above if share > chance else below) * scale


def chance(cell, step, layer, purpose, seed):
    """24 bits of a cell's word."""
    words = philox((cell // 4, step, layer, purpose), (seed & 0xFFFFFFFF, seed >> 32))
    return ((words[cell % 4] >> 8) + 0.5) / 2**24
