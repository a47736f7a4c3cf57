"""The pulsed outer product of Tiki-Taka's fast array (Gokmen and Vlasov, Front. Neurosci. 2016)."""

import math

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise, pulse
from neurorebit.kernels.pulse import MANY, of

FEW = 16.0  # expected pulses above which their number is drawn as a normal one
MOST = 64  # pulses where few are expected: beyond is less than a uniform number can tell
INVERSE = 1.0 / np.arange(1.0, MOST + 1.0)


@njit(cache=True, nogil=True)
def poisson(mean, u, cell, step, layer, purpose, seed):
    """A number of pulses of which ``mean`` are expected, each rare.

    Few are found from the uniform number ``u``, many from the normal one of the cell's stream.
    """
    if u < 1.0 - mean:  # which is below exp(-mean)
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
def shower(gradient, size, rate, cells, where, counts):
    """The pulses of many vectors at once: up and down ones drawn from the sums over its vectors.

    Each coincidence is rare, so the pulses of a cell are Poisson with means ``rate`` (size -+
    gradient) / 2, where ``gradient`` is the sum of x d and ``size`` that of |x d|; they come in
    random order. ``cells`` are (weights, low, high, step, up, down, device, writes), ``where`` and
    ``counts`` as in ``pulse.pulse``; a cell counts by the way it went on the whole.
    """
    weight, low, high, step, up, down, device, writes = cells
    first, layer, purpose, draw, seed = where
    rising, falling, cycle = purpose + noise.BITS, purpose + noise.OTHER_BITS, purpose + noise.CYCLE
    words = np.empty((4, noise.GROUPS), np.uint64)
    others = np.empty((4, noise.GROUPS), np.uint64)
    pulses = np.empty((2, noise.BLOCK), np.int64)  # of each cell: up, down
    normals = np.empty((4, noise.GROUPS))
    last = cell.last_slope(up[0]), cell.last_slope(down[0])
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, weight.size)
        noise.draw(words, base, draw, layer, rising, seed)
        noise.draw(others, base, draw, layer, falling, seed)
        moved = 0
        for i in range(start, stop):
            at = first + i
            k = at - base
            u = float(words[at & 3, k >> 2]) / 4294967296.0
            mean = 0.5 * rate * max(size[i] - gradient[i], 0.0)
            pulses[0, k] = poisson(mean, u, at, draw, layer, rising, seed)
            u = float(others[at & 3, k >> 2]) / 4294967296.0
            mean = 0.5 * rate * max(size[i] + gradient[i], 0.0)
            pulses[1, k] = poisson(mean, u, at, draw, layer, falling, seed)
            moved += pulses[0, k] + pulses[1, k] > 0
        if moved >= MANY:
            noise.normals(normals, base, draw, layer, cycle, seed)
        for i in range(start, stop):
            at = first + i
            k = at - base
            ups, downs = pulses[0, k], pulses[1, k]
            if ups + downs == 0:
                continue
            if moved >= MANY:
                z = normals[at & 3, k >> 2]
            else:
                z = noise.normal(at, draw, layer, cycle, seed)
            traits = (of(low, i), of(high, i), of(step, i), of(up, i), of(down, i))
            old = weight[i]
            if up.size > 1:
                last = cell.last_slope(up[i]), cell.last_slope(down[i])
            weight[i] = cell.showered(old, ups, downs, traits, last, device, z)
            writes[i] += ups + downs
            counts[0 if ups >= downs else 1] += 1
            counts[2] += ups
            counts[3] += downs
            counts[4] += weight[i] - old


@njit(cache=True, nogil=True)
def trains(values, scale, slots, out, first, draw, layer, purpose, seed):
    """Pulse trains of flat values: each of up to 32 slots is taken with probability scale |value|,
    and is a bit of ``out``.
    """
    words = np.empty((4, noise.GROUPS), np.uint64)
    for i in range(0, values.size, 2):
        noise.draw(words, 32 * (first + i), draw, layer, purpose, seed)
        for j in range(i, min(i + 2, values.size)):
            least = scale * abs(values[j]) * 4294967296.0
            train = np.uint32(0)
            for slot in range(slots):
                cell = 32 * (j - i) + slot
                if float(words[cell & 3, cell >> 2]) < least:
                    train |= np.uint32(1) << np.uint32(slot)
            out[j] = train


@njit(cache=True, nogil=True)
def ones(word):
    """The ones of a word of 32 bits."""
    word = word - ((word >> np.uint32(1)) & np.uint32(0x55555555))
    word = (word & np.uint32(0x33333333)) + ((word >> np.uint32(2)) & np.uint32(0x33333333))
    word = (word + (word >> np.uint32(4))) & np.uint32(0x0F0F0F0F)
    return np.int64(np.uint32(word * np.uint32(0x01010101)) >> np.uint32(24))


@njit(cache=True, nogil=True)
def coincide(weight, rows, cols, errors, low, high, step, up, down, device, writes, where, counts):
    """A batch's pulses vector by vector: one where a row's and a column's train coincide.

    ``weight`` [rows, cols] is what the trains ``rows`` [vector, row] and ``cols`` [vector, col]
    meet in; a pulse goes against the sign of its error. The other arrays are flat. ``where`` is
    (first cell, layer, purpose, draw of the first vector, seed): each vector takes the next one.
    """
    first, layer, purpose, draw, seed = where
    height, width = weight.shape
    vectors = len(rows)
    for i in range(height):
        for j in range(width):
            k = i * width + j
            at = first + k
            traits = (of(low, k), of(high, k), of(step, k), of(up, k), of(down, k))
            old = weight[i, j]
            ups, downs = 0, 0
            for v in range(vectors):
                n = ones(rows[v, i] & cols[v, j])
                if n == 0:
                    continue
                z = noise.normal(at, draw + v, layer, purpose + noise.CYCLE, seed)
                if errors[v, j] > 0.0:
                    downs += n
                    weight[i, j] = cell.programmed(weight[i, j], -n, traits, device, z)
                else:
                    ups += n
                    weight[i, j] = cell.programmed(weight[i, j], n, traits, device, z)
            if ups + downs == 0:
                continue
            writes[k] += ups + downs
            counts[0 if ups >= downs else 1] += 1
            counts[2] += ups
            counts[3] += downs
            counts[4] += weight[i, j] - old


@njit(cache=True, nogil=True)
def symmetry(out, low, high, step, up, down, device):
    """The weights at which each cell's pulses up and down change it alike."""
    for i in range(out.size):
        traits = (of(low, i), of(high, i), of(step, i), of(up, i), of(down, i))
        out[i] = cell.symmetry(traits, device)


@njit(cache=True, nogil=True)
def collected(total, threshold, forget):
    """The pulse that what was collected is worth, and what remains of it.

    What a pulse takes out: the threshold, or all but the share ``forget`` (below 0: not used).
    """
    n = 1 if total >= threshold else (-1 if total <= -threshold else 0)
    if n == 0:
        return total, n
    return (total - n * threshold if forget < 0.0 else forget * total), n


@njit(cache=True, nogil=True)
def transfer(fast, reference, hidden, slow, turn, reading, passing, where, found, pulses, counts):
    """Read cells of the fast array, collect what they hold, and pulse the slow one.

    ``fast`` are its weights, ``slow`` is (weights, low, high, step, up, down, device, writes).
    ``turn`` is (first cell, cells, all cells): those read, in a circle. ``reading`` is (relative
    noise, offset, step of the converter or 0, its largest code), ``passing`` (gain, threshold,
    forget) with which ``gain`` times what a cell holds is added to ``hidden``. ``found`` and
    ``pulses`` are scratch. ``counts`` as in ``pulse.pulse``; returns the sum of the squares read.
    """
    first, layer, draw, seed = where
    begin, many, size = turn
    relative, offset, unit, top = reading
    gain, threshold, forget = passing
    weight, low, high, step, up, down, device, writes = slow
    ahead = (first - begin) % size
    if ahead >= many and ahead + found.size <= size:
        return 0.0  # none of these cells is read
    if relative > 0.0:
        purpose = noise.READ + noise.ARRAYS
        pulse.read(fast, found, relative, 0, offset, first, layer, purpose, draw, seed)
    else:
        found[:] = fast
    squares = 0.0
    for i in range(found.size):
        pulses[i] = 0
        if (first + i - begin) % size >= many:
            continue
        held = found[i] - reference[i]
        squares += held * held
        if unit > 0.0:
            held = unit * min(max(math.floor(held / unit + 0.5), -top), top)
        hidden[i], pulses[i] = collected(hidden[i] + gain * held, threshold, forget)
    there = first, layer, noise.CYCLE, draw, seed
    pulse.pulse(weight, pulses, low, high, step, up, down, device, writes, there, counts)
    return squares


@njit(cache=True, nogil=True)
def rounds(
    gradient,
    size,
    rate,
    fast,
    reference,
    hidden,
    slow,
    turn,
    times,
    reading,
    passing,
    where,
    counts,
):
    """A batch in so many rounds of equal shares: its pulses, then reads of the cells in turn.

    ``rate`` as in ``shower``, for a round; 0: the fast array was pulsed before. ``fast`` and
    ``slow`` are (weights, low, high, step, up, down, device, writes), ``where`` is (first cell,
    layer, first draw, seed). The rest as in ``transfer``, which gets a round's draw; ``counts``
    are those of the fast array, then those of the slow one.
    """
    first, layer, draw, seed = where
    found, pulses = np.empty_like(fast[0]), np.empty(fast[0].size, np.int32)
    squares = 0.0
    for k in range(times):
        if rate > 0.0:
            there = first, layer, noise.ARRAYS, draw + k, seed
            shower(gradient, size, rate, fast, there, counts[0])
        here = first, layer, draw + k, seed
        squares += transfer(
            fast[0], reference, hidden, slow, turn, reading, passing, here, found, pulses, counts[1]
        )
    return squares
