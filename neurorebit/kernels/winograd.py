"""Winograd's minimal filtering F(4x4, 3x3) on channels-last maps: the transforms.

With ' for the transpose, an output tile is A' [(G w G') * (B' d B)] A, where d are 6 x 6 inputs
and w is the 3 x 3 kernel; the gradient of w is G' [(B' d B) * (A dy A')] G (Lavin and Gray, CVPR
2016, doi:10.1109/CVPR.2016.435). The points are 0, infinity, +-c and +-1/c with c^2 = 2: such
reciprocal points keep the rounding errors small.

Planes are [36, tiles, channels]: one matrix product each is left to do. A tile is transformed in a
buffer of 6 * 6 * LANES numbers, LANES channels at a time: each ``*_line`` transforms rows of LANES
numbers, ``step`` apart, in place.

See docs/models/kernels.md#exact-products.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

LANES = 64
LINE = 6 * LANES
TILE = 6 * LINE
P = math.sqrt(2.0)
Q = math.sqrt(0.5)


class Tiles(NamedTuple):
    """Tiles of a batch, counted (image, y, x)."""

    first: int
    last: int  # not included
    high: int  # tiles of a map in y
    wide: int  # tiles of a map in x


@njit(cache=True, nogil=True)
def inputs_line(t, step):
    """B': six numbers to six."""
    real = t.dtype.type
    p, q, half, two, both = real(P), real(Q), real(0.5), real(2.0), real(2.5)
    for c in range(LANES):
        d0, d1, d2 = t[c], t[c + step], t[c + 2 * step]
        d3, d4, d5 = t[c + 3 * step], t[c + 4 * step], t[c + 5 * step]
        even, odd = d4 - half * d2, p * (d3 - half * d1)
        t[c] = d0 - both * d2 + d4
        t[c + step] = even + odd
        t[c + 2 * step] = even - odd
        even, odd = d4 - two * d2, q * (d3 - two * d1)
        t[c + 3 * step] = even + odd
        t[c + 4 * step] = even - odd
        t[c + 5 * step] = d1 - both * d3 + d5


@njit(cache=True, nogil=True)
def outputs_line(t, step):
    """A': six numbers to four."""
    real = t.dtype.type
    p, q, p3, q3, half, two = real(P), real(Q), real(P**3), real(Q**3), real(0.5), real(2.0)
    for c in range(LANES):
        m0, m5 = t[c], t[c + 5 * step]
        m1, m2, m3, m4 = t[c + step], t[c + 2 * step], t[c + 3 * step], t[c + 4 * step]
        even, odd, even_q, odd_q = m1 + m2, m1 - m2, m3 + m4, m3 - m4
        t[c] = m0 + even + even_q
        t[c + step] = p * odd + q * odd_q
        t[c + 2 * step] = two * even + half * even_q
        t[c + 3 * step] = p3 * odd + q3 * odd_q + m5


@njit(cache=True, nogil=True)
def errors_line(t, step):
    """A: four numbers to six."""
    real = t.dtype.type
    p, q, p3, q3, half, two = real(P), real(Q), real(P**3), real(Q**3), real(0.5), real(2.0)
    for c in range(LANES):
        y0, y1, y2, y3 = t[c], t[c + step], t[c + 2 * step], t[c + 3 * step]
        even, odd = y0 + two * y2, p * y1 + p3 * y3
        t[c + step] = even + odd
        t[c + 2 * step] = even - odd
        even, odd = y0 + half * y2, q * y1 + q3 * y3
        t[c + 3 * step] = even + odd
        t[c + 4 * step] = even - odd
        t[c + 5 * step] = y3


@njit(cache=True, nogil=True)
def weights_line(t, step):
    """G: three numbers to six."""
    real = t.dtype.type
    for c in range(LANES):
        w0, w1, w2 = t[c], t[c + step], t[c + 2 * step]
        even, odd = real(1.0 / 6.0) * w0 + real(1.0 / 3.0) * w2, real(P / 6.0) * w1
        t[c + step] = even + odd
        t[c + 2 * step] = even - odd
        even, odd = real(-2.0 / 3.0) * w0 + real(-1.0 / 3.0) * w2, real(-Q / 1.5) * w1
        t[c + 3 * step] = even + odd
        t[c + 4 * step] = even - odd
        t[c + 5 * step] = w2


@njit(cache=True, nogil=True)
def gradient_line(t, step):
    """G': six numbers to three."""
    real = t.dtype.type
    for c in range(LANES):
        q1, q2, q3, q4 = t[c + step], t[c + 2 * step], t[c + 3 * step], t[c + 4 * step]
        even, odd = q1 + q2, q1 - q2
        even_q, odd_q = q3 + q4, q3 - q4
        t[c] += real(1.0 / 6.0) * even + real(-2.0 / 3.0) * even_q
        t[c + step] = real(P / 6.0) * odd + real(-Q / 1.5) * odd_q
        t[c + 2 * step] = real(1.0 / 3.0) * even + real(-1.0 / 3.0) * even_q + t[c + 5 * step]


@njit(cache=True, nogil=True)
def load(x, t, image, y, z, side, first, count):
    """Copy ``side`` x ``side`` pixels of a map, from (y, z) on, to the buffer; zero outside it.

    Of the channels, ``count`` from ``first`` on.
    """
    height, width = x.shape[1:3]
    zero = t.dtype.type(0)
    for i in range(side):
        for j in range(side):
            target = t[i * LINE + j * LANES : i * LINE + j * LANES + LANES]
            if 0 <= y + i < height and 0 <= z + j < width:
                source = x[image, y + i, z + j, first : first + count]
                for c in range(count):
                    target[c] = source[c]
            else:
                for c in range(LANES):
                    target[c] = zero


@njit(cache=True, nogil=True)
def inputs(x, planes, tiles, padding):
    """B' d B of the tiles of a map [B, H, W, C]; neighbouring tiles share two pixels."""
    first, last, tiles_high, tiles_wide = tiles
    depth = x.shape[3]
    t = np.zeros(TILE, planes.dtype)
    for tile in range(first, last):
        image = tile // (tiles_high * tiles_wide)
        y = tile // tiles_wide % tiles_high * 4 - padding
        z = tile % tiles_wide * 4 - padding
        for low in range(0, depth, LANES):
            count = min(LANES, depth - low)
            load(x, t, image, y, z, 6, low, count)
            for i in range(6):
                inputs_line(t[i * LINE : (i + 1) * LINE], LANES)
            for j in range(6):
                inputs_line(t[j * LANES :], LINE)
            store(t, planes, tile, low, count)


@njit(cache=True, nogil=True)
def errors(dy, planes, tiles):
    """A dy A' of the tiles of a map [B, H, W, N], which do not overlap."""
    first, last, tiles_high, tiles_wide = tiles
    depth = dy.shape[3]
    t = np.zeros(TILE, planes.dtype)
    for tile in range(first, last):
        image = tile // (tiles_high * tiles_wide)
        y = tile // tiles_wide % tiles_high * 4
        z = tile % tiles_wide * 4
        for low in range(0, depth, LANES):
            count = min(LANES, depth - low)
            load(dy, t, image, y, z, 4, low, count)
            for i in range(4):
                errors_line(t[i * LINE : (i + 1) * LINE], LANES)
            for j in range(6):
                errors_line(t[j * LANES :], LINE)
            store(t, planes, tile, low, count)


@njit(cache=True, nogil=True)
def store(t, planes, tile, first, count):
    """Copy the buffer to one tile of the planes."""
    for k in range(36):
        source = t[k * LANES : k * LANES + LANES]
        target = planes[k, tile, first : first + count]
        for c in range(count):
            target[c] = source[c]


@njit(cache=True, nogil=True)
def fetch(planes, t, tile, first, count):
    """Copy one tile of the planes to the buffer."""
    for k in range(36):
        source = planes[k, tile, first : first + count]
        target = t[k * LANES : k * LANES + LANES]
        for c in range(count):
            target[c] = source[c]


@njit(cache=True, nogil=True)
def outputs(planes, y, tiles, scale):
    """``scale`` * A' m A of the tiles, at their places of the map ``y`` [B, H, W, N]."""
    first, last, tiles_high, tiles_wide = tiles
    height, width, depth = y.shape[1:]
    t = np.zeros(TILE, planes.dtype)
    factor = y.dtype.type(scale)
    for tile in range(first, last):
        image = tile // (tiles_high * tiles_wide)
        top = tile // tiles_wide % tiles_high * 4
        left = tile % tiles_wide * 4
        for low in range(0, depth, LANES):
            count = min(LANES, depth - low)
            fetch(planes, t, tile, low, count)
            for i in range(6):
                outputs_line(t[i * LINE : (i + 1) * LINE], LANES)
            for j in range(4):
                outputs_line(t[j * LANES :], LINE)
            for i in range(min(4, height - top)):
                for j in range(min(4, width - left)):
                    source = t[i * LINE + j * LANES : i * LINE + j * LANES + LANES]
                    target = y[image, top + i, left + j, low : low + count]
                    for c in range(count):
                        target[c] = factor * source[c]


@njit(cache=True, nogil=True)
def weights(w, planes, span, turned):
    """G w G' of some input channels of ``w`` [9, channels, outputs].

    ``span``: first channel and last, not included. ``turned``: with each kernel rotated by 180
    degrees, for the backward pass.
    """
    first, last = span
    depth = w.shape[2]
    t = np.zeros(TILE, planes.dtype)
    for row in range(first, last):
        for low in range(0, depth, LANES):
            count = min(LANES, depth - low)
            for k in range(9):
                at = k // 3 * LINE + k % 3 * LANES
                target = t[at : at + LANES]
                source = w[8 - k if turned else k, row, low : low + count]
                for c in range(count):
                    target[c] = source[c]
            for i in range(3):
                weights_line(t[i * LINE : (i + 1) * LINE], LANES)
            for j in range(6):
                weights_line(t[j * LANES :], LINE)
            store(t, planes, row, low, count)


@njit(cache=True, nogil=True)
def gradient(planes, w, span, scale):
    """``w`` [9, channels, outputs] = scale * G' q G, for the input channels of ``span``."""
    first, last = span
    depth = w.shape[2]
    t = np.zeros(TILE, planes.dtype)
    factor = w.dtype.type(scale)
    for row in range(first, last):
        for low in range(0, depth, LANES):
            count = min(LANES, depth - low)
            fetch(planes, t, row, low, count)
            for i in range(6):
                gradient_line(t[i * LINE : (i + 1) * LINE], LANES)
            for j in range(3):
                gradient_line(t[j * LANES :], LINE)
            for k in range(9):
                at = k // 3 * LINE + k % 3 * LANES
                source = t[at : at + LANES]
                target = w[k, row, low : low + count]
                for c in range(count):
                    target[c] = factor * source[c]
