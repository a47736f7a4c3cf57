"""Loops over cells that are programmed by pulses, and over reads of cells."""

import math

import numpy as np
from numba import njit

from neurorebit.kernels import cell, cpu, noise

MANY = 8  # cells of a block that get pulses: from there on their noise is drawn at once


@njit(cache=True, nogil=True)
def of(trait, i):
    """Cell i's value of a trait; an array of one stands for all cells."""
    return trait[i] if trait.size > 1 else trait[0]


@njit(cache=True, nogil=True)
def manufacture(low, high, step, up, down, spread, labels, offset, first, layer, array, seed):
    """What cells are like for good: bounds as weights, step over the nominal one, curves.

    ``spread`` is (of the step, of the bounds, of the labels, of the conductance, share stuck low,
    share stuck high), each deviation relative but that of the labels; ``labels`` those of the
    nominal curves. Arrays of one are left alone. A stuck cell has no range.
    """
    steps, bounds, curves, whole, stuck_low, stuck_high = spread
    for i in range(low.size if low.size > 1 else 0):
        at = first + i
        z = noise.normal(at, 0, layer, noise.DEVICE + array, seed)
        z_low = noise.normal(at, 0, layer, noise.LOW + array, seed)
        z_high = noise.normal(at, 0, layer, noise.HIGH + array, seed)
        share = cell.spread(whole, z)
        a = cell.bound(-1.0, share * cell.spread(bounds, z_low), offset)
        b = cell.bound(1.0, share * cell.spread(bounds, z_high), offset)
        low[i], high[i] = min(a, b), max(a, b)
        step[i] = cell.spread(steps, z)
        u = noise.uniform(at, 0, layer, noise.STUCK + array, seed)
        side = cell.stuck(u, stuck_low, stuck_high)
        if side != 0:
            low[i] = high[i] = low[i] if side < 0 else high[i]
    for i in range(up.size if up.size > 1 else 0):
        at = first + i
        z_up = noise.normal(at, 0, layer, noise.UP + array, seed)
        z_down = noise.normal(at, 0, layer, noise.DOWN + array, seed)
        up[i] = cell.bend(cell.relabel(labels[0], curves * z_up))
        down[i] = cell.bend(cell.relabel(labels[1], curves * z_down))


@njit(cache=True, nogil=True)
def place(weight, low, high):
    """Bring the weights of cells within their own bounds."""
    for i in range(weight.size):
        weight[i] = min(max(weight[i], of(low, i)), of(high, i))


@njit(cache=True, nogil=True)
def pulse(weight, pulses, low, high, step, up, down, device, writes, where, counts):
    """Give each cell its ``pulses``, below 0 downwards.

    ``device`` as in ``cell.programmed``; ``where`` is (first cell, layer, purpose, draw, seed): one
    number is drawn for each cell, that of the step ``draw``. Adds to ``counts``: cells set, cells
    reset, pulses up, pulses down, change of the summed weights.
    """
    first, layer, purpose, draw, seed = where
    z = np.empty((4, noise.GROUPS))
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, weight.size)
        moved = 0
        for i in range(start, stop):
            moved += pulses[i] != 0
        if moved == 0:
            continue
        if moved >= MANY:
            noise.normals(z, base, draw, layer, purpose, seed)
        for i in range(start, stop):
            n = pulses[i]
            if n == 0:
                continue
            at = first + i
            if moved >= MANY:
                drawn = z[at & 3, (at - base) >> 2]
            else:
                drawn = noise.normal(at, draw, layer, purpose, seed)
            traits = (of(low, i), of(high, i), of(step, i), of(up, i), of(down, i))
            old = weight[i]
            weight[i] = cell.programmed(old, n, traits, device, drawn)
            writes[i] += 1
            counts[0 if n > 0 else 1] += 1
            counts[2 if n > 0 else 3] += abs(n)
            counts[4] += weight[i] - old


@njit(cache=True, nogil=True)
def to_levels(
    real, levels, weight, writes, traits, grid, device, plan, first, layer, step, seed, counts
):
    """Write the cells whose level changed, by pulses; ``levels`` follow the real weights.

    ``traits`` are the arrays (low, high, step, up, down) of ``manufacture``, ``grid`` as in
    ``cpu.program``, ``device`` as in ``cell.programmed``. ``plan`` is (nominal bend up, nominal
    bend down, way, tolerance, most): way 0 counts pulses on the nominal curve from the old level,
    way 1 from what a read finds, up to ``most`` times until it is within the tolerance, way 2 from
    the low end, to which the cell is brought before by as many pulses as the range has; both are
    one write. A cell that is verified is left at the end of its range where the level lies
    beyond. Adds to ``counts`` as ``pulse`` does; a cell with pulses both ways is both set and
    reset.
    """
    per_level, top, odd, every = grid
    low, high, size, up, down = traits
    bend_up, bend_down, way, tolerance, most = plan
    for i in range(real.size):
        now = cpu.level(real[i], per_level, top, odd)
        move = now - levels[i]
        if move == 0 and not every:
            continue
        at = first + i
        traits_here = (of(low, i), of(high, i), of(size, i), of(up, i), of(down, i))
        old = weight[i]
        meant = now / top
        held = max(levels[i], -top) / top if way == 0 else weight[i]
        ups, downs = 0, 0
        if way == 2:
            if traits_here[0] < traits_here[1]:  # a stuck cell gets the pulses all the same
                weight[i] = traits_here[0]
            held = -1.0
            downs += device[1]
            writes[i] += 1
        last, limit = 0, 1 << 30
        for attempt in range(most if way == 1 else 1):
            if way == 1:
                held = weight[i]
                if abs(meant - held) <= tolerance:
                    break
                if held == traits_here[0] >= meant or held == traits_here[1] <= meant:
                    break  # the range ends here
            n = cell.nominal(held, meant, bend_up, bend_down, device[0], device[1])
            if way == 1:  # at least one, and at most half of those that went too far
                n = n if n != 0 else (1 if meant > held else -1)
                if n * last < 0:
                    limit = max(abs(last) // 2, 1)
                n = min(max(n, -limit), limit)
                last = n
            if n == 0:
                break
            z = noise.normal(at, step * most + attempt, layer, noise.CYCLE, seed)
            weight[i] = cell.programmed(weight[i], n, traits_here, device, z)
            if n > 0:
                ups += n
            else:
                downs -= n
            writes[i] += way != 2
        counts[0] += ups > 0
        counts[1] += downs > 0
        counts[2] += ups
        counts[3] += downs
        counts[4] += weight[i] - old
        levels[i] = now


@njit(cache=True, nogil=True)
def read(weight, out, relative, mapping, offset, first, layer, purpose, number, seed):
    """What one read finds: every conductance off by ``relative``, mapping as in ``cell.noisy``."""
    z = np.empty((4, noise.GROUPS))
    other = np.zeros((4, noise.GROUPS))
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        noise.normals(z, base, number, layer, purpose, seed)
        if mapping == 1:
            shift = noise.OTHER_READ - noise.READ
            noise.normals(other, base, number, layer, purpose + shift, seed)
        for at in range(max(base, first), min(base + noise.BLOCK, first + weight.size)):
            a, b = at & 3, (at - base) >> 2
            w = weight[at - first]
            out[at - first] = cell.noisy(w, mapping, relative, z[a, b], other[a, b], offset)


@njit(cache=True, nogil=True)
def rested(weight, at, law, layer, purpose, array, seed):
    """Cell ``at`` after a rest; one that drifts at random stops at the end of the range.

    ``array`` is the purpose that tells which cells are stuck: they stay.
    """
    time, exponent, toward, offset, stuck_low, stuck_high = law
    if stuck_low + stuck_high > 0.0:
        u = noise.uniform(at, 0, layer, array, seed)
        if cell.stuck(u, stuck_low, stuck_high) != 0:
            return weight
    if math.isnan(toward):
        u = noise.uniform(at, 0, layer, purpose, seed)
        end = min(weight, -1.0) if u < 1.0 / 3.0 else max(weight, 1.0)
        toward = weight if u >= 2.0 / 3.0 else end
    return cell.drifted(weight, time, exponent, toward, offset)


@njit(cache=True, nogil=True)
def rest(weight, out, law, mapping, first, layer, purpose, seed):
    """The weights after a rest; ``mapping`` as in ``cell.noisy``: 0 one cell, 1 a pair of them.

    ``law`` is (time [s], exponent, the weight that cells drift to, or nan: up, down or not, cell by
    cell; the weight 0 as a conductance, over half the range; shares of cells stuck at the low and
    the high end). Of a pair each cell drifts.
    """
    offset = law[3]
    for i in range(weight.size):
        at = first + i
        if mapping == 1:
            plus, minus = cell.pair(weight[i], offset)
            plus = rested(plus - offset, at, law, layer, purpose, noise.STUCK, seed)
            shift = noise.OTHER_DRIFT - noise.DRIFT
            other = noise.OTHER_STUCK
            minus = rested(minus - offset, at, law, layer, purpose + shift, other, seed)
            out[i] = 0.5 * (plus - minus)
        else:
            out[i] = rested(weight[i], at, law, layer, purpose, noise.STUCK, seed)


@njit(cache=True, nogil=True)
def remember(velocity, gradient, weight, full, momentum, decay):
    """Momentum on flat arrays: v <- momentum v + g + decay w, w = ``full`` times the weight."""
    for i in range(velocity.size):
        velocity[i] = momentum * velocity[i] + gradient[i] + decay * full * weight[i]


@njit(cache=True, nogil=True)
def roll(change, pulses, factor, up, down, most, first, layer, purpose, draw, seed):
    """Pulses of a wanted ``factor * change`` of the weight, rounded up or down at random.

    The range is 2, or ``up`` pulses up and ``down`` pulses down; the mean is what is wanted.
    """
    words = np.empty((4, noise.GROUPS), np.uint64)
    for base in range(first - first % noise.BLOCK, first + change.size, noise.BLOCK):
        noise.draw(words, base, draw, layer, purpose, seed)
        for at in range(max(base, first), min(base + noise.BLOCK, first + change.size)):
            wanted = factor * change[at - first]
            u = float(words[at & 3, (at - base) >> 2]) / 4294967296.0
            size = 0.5 * abs(wanted) * (up if wanted > 0.0 else down)
            n = math.floor((size if size < most else most) + u)  # nan: most
            pulses[at - first] = n if wanted > 0.0 else -n


@njit(cache=True, nogil=True)
def carry(residue, change, pulses, factor, granule, most):
    """Add ``factor * change`` to the residue and take whole granules out of it as pulses."""
    for i in range(residue.size):
        total = residue[i] + factor * change[i]
        size = abs(total) / granule
        n = math.floor(size if size < most else most)  # nan: most
        pulses[i] = n if total > 0.0 else -n
        residue[i] = total - pulses[i] * granule


@njit(cache=True, nogil=True)
def signs(gradient, pulses, least):
    """One pulse against each gradient larger than ``least``."""
    for i in range(gradient.size):
        g = gradient[i]
        pulses[i] = (-1 if g > 0.0 else 1) if abs(g) > least else 0
