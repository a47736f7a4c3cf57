"""Numbers of a format in memory: rounded to the nearest, or by chance.

Loops are short and without branches, so that they vectorise: a word is rounded for each image. See
docs/models/logic.md#formats-of-numbers.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import noise

SIZE = 16 * noise.BLOCK  # numbers worked on at a time
FRACTION = 23  # bits of a fraction in single precision, behind which
ROUNDER = 1.5 * 2.0**FRACTION  # a number plus this is whole
POWER = np.uint32(0x7F800000)  # the exponent alone, which is the power of two below a number
ONE, EIGHT = np.uint32(1), np.uint64(8)


class Grid(NamedTuple):
    """The numbers of a format of at most 16 bits, times a power of two."""

    scale: float  # the power of two
    low: float  # least and largest number, before it is scaled
    high: float
    least: int  # the least exponent of a normal number
    fraction: int  # bits behind the first one; below zero: numbers are whole


@njit(cache=True, nogil=True)
def scaled(values, y, grid):
    """``y`` = numbers over the scale, the ends of the format where they lie beyond; nan stays."""
    inverse, low, high = np.float32(1.0 / grid.scale), np.float32(grid.low), np.float32(grid.high)
    for i in range(values.size):
        x = np.float32(values[i]) * inverse
        x = high if x > high else x
        y[i] = low if x < low else x


@njit(cache=True, nogil=True)
def to_nearest(y, rounded, grid):
    """``y`` to the nearest numbers, the even one of two; ``rounded`` is memory of as many.

    To a pattern of bits half of the last place is added, less where it is even, and what is behind
    it is cut: a carry leads to the next exponent. Numbers below the least normal one are evenly
    spaced, and rounded by an addition.
    """
    if grid.fraction < 0:
        for i in range(y.size):
            y[i] = np.rint(y[i])
        return
    behind = np.uint32(FRACTION - grid.fraction)
    half = (ONE << (behind - ONE)) - ONE
    kept = ~np.uint32((ONE << behind) - ONE)
    given, bits = y.view(np.uint32), rounded.view(np.uint32)
    for i in range(y.size):
        bits[i] = np.uint32(given[i] + half + ((given[i] >> behind) & ONE)) & kept
    normal = np.float32(2.0**grid.least)
    even = np.float32(ROUNDER * 2.0 ** (grid.least - grid.fraction))
    for i in range(y.size):
        small = (y[i] + even) - even
        y[i] = rounded[i] if abs(y[i]) >= normal else small


@njit(cache=True, nogil=True)
def to_either(y, rounded, chance, grid):
    """``y`` to one of both numbers around it, the upper one where ``chance`` is below its share."""
    if grid.fraction < 0:
        for i in range(y.size):
            below = np.floor(y[i])
            y[i] = below + (np.float32(1.0) if y[i] - below > chance[i] else np.float32(0.0))
        return
    given, bits = y.view(np.uint32), rounded.view(np.uint32)
    for i in range(y.size):
        bits[i] = given[i] & POWER
    normal, last = np.float32(2.0**grid.least), np.float32(2.0**-grid.fraction)
    for i in range(y.size):
        unit = (rounded[i] if rounded[i] > normal else normal) * last
        x = y[i] / unit
        below = np.floor(x)
        y[i] = (below + (np.float32(1.0) if x - below > chance[i] else np.float32(0.0))) * unit


@njit(cache=True, nogil=True)
def hold(values, grid):
    """Round a flat array in place to the nearest numbers of a format."""
    y, rounded = np.empty(SIZE, np.float32), np.empty(SIZE, np.float32)
    back = np.float32(grid.scale)
    for base in range(0, values.size, SIZE):
        part = values[base : base + SIZE]
        here = y[: part.size]
        scaled(part, here, grid)
        to_nearest(here, rounded[: part.size], grid)
        for i in range(part.size):
            part[i] = here[i] * back


@njit(cache=True, nogil=True)
def hold_by_chance(values, grid, purpose, draw):
    """Round a flat array in place by chance.

    ``draw`` is a ``noise.Draw``, whose first is a multiple of 64.
    """
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, purpose)
    drawn = np.empty((4, noise.GROUPS), np.uint64)
    y, rounded, chance = np.empty((3, SIZE), np.float32)
    back, least = np.float32(grid.scale), np.float32(2.0**-24)
    for base in range(0, values.size, SIZE):
        part = values[base : base + SIZE]
        here = y[: part.size]
        for block in range(0, part.size, noise.BLOCK):
            noise.words(drawn, first + base + block, step, layer, purpose, seed)
            for i in range(4):
                for j in range(noise.GROUPS):
                    share = np.float32(np.int64(drawn[i, j] >> EIGHT)) + np.float32(0.5)
                    chance[block + 4 * j + i] = share * least
        scaled(part, here, grid)
        to_either(here, rounded[: part.size], chance[: part.size], grid)
        for i in range(part.size):
            part[i] = here[i] * back
