"""The stochastic outer product: a batch's vectors pulse the cells of an array.

A cell receives a pulse where the pulse trains on its row and on its column coincide (Gokmen and
Vlasov, Front. Neurosci. 10:333, 2016, doi:10.3389/fnins.2016.00333).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise
from neurorebit.kernels.levels import Count
from neurorebit.kernels.pulse import MANY, traits_of

FEW = 16.0  # expected pulses above which their number is drawn from a normal distribution
MOST = 64  # most pulses drawn from a uniform number: the chance of more is below its resolution
INVERSE = 1.0 / np.arange(1.0, MOST + 1.0)


class Sums(NamedTuple):
    """What the pulses of many vectors are drawn from. Arrays are flat, one entry for each cell."""

    gradient: Any  # sum of x d over the vectors, with inputs x and errors d
    size: Any  # sum of |x d|
    rate: float  # expected pulses of a cell per unit of ``size``


@njit(cache=True, nogil=True)
def poisson(mean, u, cell, step, layer, purpose, seed):
    """Poisson-distributed number of pulses.

    Up to a ``mean`` of 16 it follows from the uniform number ``u``, above from the normal number of
    the cell for the given step, layer, purpose and seed.
    """
    if u < 1.0 - mean:  # 1 - mean < exp(-mean)
        return 0
    if mean > FEW:
        z = noise.normal(cell, step, layer, purpose, seed)
        return max(math.floor(mean + math.sqrt(mean) * z + 0.5), 0)
    share = math.exp(-mean)
    below = share
    n = 0
    while u >= below and n < MOST:
        share *= mean * INVERSE[n]
        n += 1
        below += share
    return n


@njit(cache=True, nogil=True)
def pulse_sums(sums, cells, draw):
    """Send the pulses of many vectors at once, drawn from sums over the vectors.

    Coincidences are rare, so the numbers of a cell's pulses up and down are Poisson-distributed
    with the means ``rate`` (size -+ gradient) / 2; they arrive in random order. ``sums`` is a
    ``Sums``, ``cells`` a ``pulse.Cells``, of which weights, writes (each pulse is one) and counts
    are updated; a cell counts as set where most of its pulses are up. ``draw`` is a ``noise.Draw``.
    """
    gradient, size, rate = sums
    weight, traits, response, writes, counts = cells
    first, step, layer, array, seed = draw
    rising = noise.purpose_in(array, noise.BITS)
    falling = noise.purpose_in(array, noise.OTHER_BITS)
    cycle = noise.purpose_in(array, noise.CYCLE)
    words = np.empty((4, noise.GROUPS), np.uint64)
    others = np.empty((4, noise.GROUPS), np.uint64)
    pulses = np.empty((2, noise.BLOCK), np.int64)  # up, down
    normals = np.empty((4, noise.GROUPS))
    up, down = traits.bend_up, traits.bend_down
    last = cell.UpDown(cell.last_slope(up[0]), cell.last_slope(down[0]))
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, weight.size)
        noise.words(words, base, step, layer, rising, seed)
        noise.words(others, base, step, layer, falling, seed)
        moved = 0
        for i in range(start, stop):
            at = first + i
            k = at - base
            u = float(words[at & 3, k >> 2]) / 4294967296.0
            mean = 0.5 * rate * max(size[i] - gradient[i], 0.0)
            pulses[0, k] = poisson(mean, u, at, step, layer, rising, seed)
            u = float(others[at & 3, k >> 2]) / 4294967296.0
            mean = 0.5 * rate * max(size[i] + gradient[i], 0.0)
            pulses[1, k] = poisson(mean, u, at, step, layer, falling, seed)
            moved += pulses[0, k] + pulses[1, k] > 0
        if moved >= MANY:
            noise.normals(normals, base, step, layer, cycle, seed)
        for i in range(start, stop):
            at = first + i
            k = at - base
            ups, downs = pulses[0, k], pulses[1, k]
            if ups + downs == 0:
                continue
            if moved >= MANY:
                z = normals[at & 3, k >> 2]
            else:
                z = noise.normal(at, step, layer, cycle, seed)
            old = weight[i]
            if up.size > 1:
                last = cell.UpDown(cell.last_slope(up[i]), cell.last_slope(down[i]))
            own = traits_of(traits, i)
            weight[i] = cell.shuffled(old, ups, downs, own, last, response, z)
            writes[i] += ups + downs
            counts[Count.SETS if ups >= downs else Count.RESETS] += 1
            counts[Count.STEPS_UP] += ups
            counts[Count.STEPS_DOWN] += downs
            counts[Count.CHANGE] += weight[i] - old


@njit(cache=True, nogil=True)
def trains(values, scale, slots, purpose, draw, out):
    """Stochastic pulse trains: a slot holds a pulse with the probability ``scale * |value|``.

    ``values`` and ``out`` (uint32) are flat; bit s of an entry of ``out`` is slot s of up to 32.
    ``draw`` is a ``noise.Draw``, whose first is the number of the first value.
    """
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, purpose)
    words = np.empty((4, noise.GROUPS), np.uint64)
    for i in range(0, values.size, 2):
        noise.words(words, 32 * (first + i), step, layer, purpose, seed)
        for j in range(i, min(i + 2, values.size)):
            least = scale * abs(values[j]) * 4294967296.0
            train = np.uint32(0)
            for slot in range(slots):
                word = 32 * (j - i) + slot
                if float(words[word & 3, word >> 2]) < least:
                    train |= np.uint32(1) << np.uint32(slot)
            out[j] = train


@njit(cache=True, nogil=True)
def ones(word):
    """Number of ones in a word of 32 bits."""
    word = word - ((word >> np.uint32(1)) & np.uint32(0x55555555))
    word = (word & np.uint32(0x33333333)) + ((word >> np.uint32(2)) & np.uint32(0x33333333))
    word = (word + (word >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    return np.int64(np.uint32(word * np.uint32(0x01010101)) >> np.uint32(24))


@njit(cache=True, nogil=True)
def pulse_vectors(cells, rows, cols, inputs, errors, draw):
    """Send the pulses of a batch vector by vector, where a row's and a column's train coincide.

    ``cells`` is a ``pulse.Cells`` of rows x cols cells, row by row, of which weights, writes (each
    pulse is one) and counts are updated; a cell counts as set where most of its pulses are up.
    ``rows`` [vectors, rows] and ``cols`` [vectors, cols] are the trains (uint32), ``inputs``
    [vectors, rows] and ``errors`` [vectors, cols] the values, against the sign of whose product a
    pulse goes. ``draw`` is a ``noise.Draw`` of the
    first vector; each further vector takes the next step.
    """
    weight, traits, response, writes, counts = cells
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.CYCLE)
    vectors, height = rows.shape
    width = cols.shape[1]
    for i in range(height):
        for j in range(width):
            k = i * width + j
            at = first + k
            own = traits_of(traits, k)
            old = weight[k]
            ups, downs = 0, 0
            for v in range(vectors):
                n = ones(rows[v, i] & cols[v, j])
                if n == 0:
                    continue
                z = noise.normal(at, step + v, layer, purpose, seed)
                if (errors[v, j] > 0.0) != (inputs[v, i] < 0.0):
                    downs += n
                    weight[k] = cell.programmed(weight[k], -n, own, response, z)
                else:
                    ups += n
                    weight[k] = cell.programmed(weight[k], n, own, response, z)
            if ups + downs == 0:
                continue
            writes[k] += ups + downs
            counts[Count.SETS if ups >= downs else Count.RESETS] += 1
            counts[Count.STEPS_UP] += ups
            counts[Count.STEPS_DOWN] += downs
            counts[Count.CHANGE] += weight[k] - old
