"""Weights as slices of whole numbers: outer products that are added to them, and their carries.

A. Ankit et al., IEEE Trans. Comput. 69(8):1128, 2020, arXiv:1912.11516. A weight is the sum of its
slices, the number q of slice s worth 2^(stride s); a cell of b bits holds one from -2^(b-1) to
2^(b-1) - 1, evenly over its range. In place of digits from 0 on, which have no sign, digits lie
evenly about zero, so that a cell has as much room for what is added as for what is taken away.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise
from neurorebit.kernels.levels import Count
from neurorebit.kernels.pulse import MANY, traits_of


class Layout(NamedTuple):
    """How an operand of the columns lies over the slices."""

    planes: int  # bits of the inputs
    shift: int  # places that the operand is shifted up from the least significant bit of a weight
    stride: int  # bits of a slice without carries
    first: int  # of the slices that operands reach
    top: int  # the most significant slice, which takes all digits that lie above


class Sums(NamedTuple):
    """What vectors add to the cells of each slice, in units of it [slices, rows, cols] (int32)."""

    net: Any
    size: Any  # the same of magnitudes


@njit(cache=True, nogil=True)
def accumulate(codes, operands, sums, layout, digits):
    """Add the outer products of vectors, plane by plane and slice by slice.

    ``codes`` [vectors, rows] are whole numbers of the inputs, ``operands`` [vectors, cols] those of
    the columns; both may be below zero, and of any type. ``sums`` is a ``Sums`` of the slices from
    ``layout.first`` on, ``layout`` a ``Layout``; ``digits`` is scratch (int32) [planes, slices,
    cols].
    """
    net, size = sums
    planes, shift, stride, first, top = layout
    slices, cols = net.shape[0], operands.shape[1]
    mask = (1 << stride) - 1
    up = shift - stride * first
    for v in range(codes.shape[0]):
        some = False
        for j in range(cols):
            number = np.int64(operands[v, j])
            some = some or number != 0
            size_of = abs(number) << up
            for i in range(planes):
                for s in range(slices):
                    digit = (size_of << i) >> (stride * s)
                    if first + s < top:
                        digit &= mask
                    digits[i, s, j] = digit if number > 0 else -digit
        if not some:
            continue
        for r in range(codes.shape[1]):
            code = np.int64(codes[v, r])
            bits = abs(code)
            for i in range(planes):
                if not (bits >> i) & 1:
                    continue
                for s in range(slices):
                    if code > 0:
                        for j in range(cols):
                            net[s, r, j] += digits[i, s, j]
                            size[s, r, j] += abs(digits[i, s, j])
                    else:
                        for j in range(cols):
                            net[s, r, j] -= digits[i, s, j]
                            size[s, r, j] += abs(digits[i, s, j])


@njit(cache=True, nogil=True)
def pulse_units(cells, net, size, each, draw):
    """Send cells the pulses of what is added to them: units up and down, in random order.

    ``cells`` is a ``pulse.Cells``, of which weights, writes (each pulse is one) and counts are
    updated; a cell with both counts as set and as reset. ``net`` and ``size`` (flat) are the sums
    of the units that a cell gets and of their magnitudes, ``each`` is a ``cell.UpDown``, the pulses
    of a unit, ``draw`` a ``noise.Draw``. All pulses of a cell share one random number.
    """
    weight, traits, response, writes, counts = cells
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.CYCLE)
    normals = np.empty((4, noise.GROUPS))
    up, down = traits.bend_up, traits.bend_down
    last = cell.UpDown(cell.last_slope(up[0]), cell.last_slope(down[0]))
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, weight.size)
        moved = 0
        for i in range(start, stop):
            moved += size[i] > 0
        if moved >= MANY:
            noise.normals(normals, base, step, layer, purpose, seed)
        for i in range(start, stop):
            if size[i] == 0:
                continue
            at = first + i
            if moved >= MANY:
                z = normals[at & 3, (at - base) >> 2]
            else:
                z = noise.normal(at, step, layer, purpose, seed)
            ups = 0.5 * (size[i] + net[i]) * each.up
            downs = 0.5 * (size[i] - net[i]) * each.down
            own = traits_of(traits, i)
            old = weight[i]
            if ups == 0.0 or downs == 0.0:
                weight[i] = cell.programmed(old, ups - downs, own, response, z)
            else:
                if up.size > 1:
                    last = cell.UpDown(cell.last_slope(up[i]), cell.last_slope(down[i]))
                weight[i] = cell.shuffled(old, ups, downs, own, last, response, z)
            writes[i] += np.int64(ups + downs + 0.5)
            counts[Count.SETS] += ups > 0.0
            counts[Count.RESETS] += downs > 0.0
            counts[Count.STEPS_UP] += ups
            counts[Count.STEPS_DOWN] += downs
            counts[Count.CHANGE] += weight[i] - old


@njit(cache=True, nogil=True)
def read_units(weight, bits, out):
    """The number that each cell of ``bits`` bits is nearest to (int16); both arrays are flat."""
    steps = (1 << bits) - 1
    half = 1 << (bits - 1)
    for i in range(weight.size):
        held = np.floor(0.5 * (weight[i] + 1.0) * steps + 0.5)
        out[i] = min(max(held, 0.0), float(steps)) - half


@njit(cache=True, nogil=True)
def resolve(units, bits, stride):
    """Resolve the carries of weights: the same sums, in digits that fit their slices.

    ``units`` (int16) [slices, weights], the least significant slice first, are read and written;
    ``bits`` (int64) are those of a cell of each slice. The top slice takes what the others leave;
    what it has no room for is lost. Returns how many weights lost something.
    """
    slices, weights = units.shape
    mask, half = (1 << stride) - 1, 1 << (stride - 1)
    cut = 0
    for i in range(weights):
        total = np.int64(0)
        for s in range(slices - 1, -1, -1):
            total = (total << stride) + units[s, i]
        for s in range(slices - 1):
            digit = ((total + half) & mask) - half
            units[s, i] = digit
            total = (total - digit) >> stride
        most = np.int64(1) << (bits[slices - 1] - 1)
        kept = min(max(total, -most), most - 1)
        units[slices - 1, i] = kept
        cut += kept != total
    return cut
