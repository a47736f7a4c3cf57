"""Loops over cells that are written to levels, and over real weights."""

import math

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise

MANY = 8  # cells of a block that are written: from there on its noise is drawn at once


@njit(cache=True, nogil=True)
def level(weight, per_level, top, odd):
    """The level of a real weight: any of -top..top, or the odd ones."""
    if odd:
        return cell.odd_level(weight, per_level, top)
    return cell.level(weight, per_level, top)


@njit(cache=True, nogil=True)
def program(real, levels, analog, writes, grid, device, first, layer, step, seed, counts):
    """Write cells directly; ``levels`` and ``analog`` follow the real weights.

    All arrays are flat; ``first`` is the cell that index 0 stands for. ``grid`` is (levels per
    weight, top, whether only odd levels, whether all cells are written or those whose level
    changed), ``device`` (g_min, g_max, d2d, c2c, mapping as in ``cell.noisy``, shares stuck low and
    high). ``writes`` counts each cell's, ``counts`` receives: cells set (level up, or the same
    again), cells reset, level steps up, level steps down, change of the summed ``analog``.
    """
    per_level, top, odd, every = grid
    g_min, g_max, d2d, c2c, mapping, stuck_low, stuck_high = device
    offset = (g_max + g_min) / (g_max - g_min)
    plain = mapping == 0 and stuck_low == 0.0 and stuck_high == 0.0
    scale = real.dtype.type(per_level)
    high = real.dtype.type(top)
    sets = 0
    resets = 0
    steps_up = 0
    steps_down = 0
    change = 0.0
    normals = np.empty((4, noise.GROUPS))
    cycle = np.empty((4, noise.GROUPS))
    for base in range(first - first % noise.BLOCK, first + real.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, real.size)
        moved = stop - start if every else 0
        if not every:
            weights = real[start:stop]
            known = levels[start:stop]
            for i in range(weights.size):
                moved += level(weights[i], scale, high, odd) != known[i]
        if moved == 0:
            continue
        if moved >= MANY:
            noise.normals(normals, base, 0, layer, noise.DEVICE, seed)
            noise.normals(cycle, base, step, layer, noise.CYCLE, seed)
        for i in range(start, stop):
            now = level(real[i], scale, high, odd)
            move = now - levels[i]
            if move == 0 and not every:
                continue
            at = first + i
            if moved >= MANY:
                z_device = normals[at & 3, (at - base) >> 2]
                z_cycle = cycle[at & 3, (at - base) >> 2]
            else:
                z_device = noise.normal(at, 0, layer, noise.DEVICE, seed)
                z_cycle = noise.normal(at, step, layer, noise.CYCLE, seed)
            old = analog[i]
            if plain:
                meant = cell.target(now, top, g_min, g_max)
                g = cell.written(meant, d2d, z_device, c2c, z_cycle)
                analog[i] = cell.signed(g, g_min, g_max)
            else:
                factor = cell.written(1.0, d2d, z_device, c2c, z_cycle)
                u = noise.uniform(at, 0, layer, noise.STUCK, seed)
                stuck = cell.stuck(u, stuck_low, stuck_high)
                if mapping == 1:
                    z_device = noise.normal(at, 0, layer, noise.OTHER_DEVICE, seed)
                    z_cycle = noise.normal(at, step, layer, noise.OTHER_CYCLE, seed)
                    u = noise.uniform(at, 0, layer, noise.OTHER_STUCK, seed)
                    other = cell.written(1.0, d2d, z_device, c2c, z_cycle)
                    stuck_other = cell.stuck(u, stuck_low, stuck_high)
                    analog[i] = cell.paired(now / top, offset, factor, other, stuck, stuck_other)
                elif stuck != 0:
                    analog[i] = stuck
                else:
                    analog[i] = cell.noisy(now / top, mapping, 1.0, factor - 1.0, 0.0, offset)
            change += analog[i] - old
            levels[i] = now
            writes[i] += 1
            if move >= 0:
                sets += 1
                steps_up += move
            else:
                resets += 1
                steps_down -= move
    counts[0] = sets
    counts[1] = resets
    counts[2] = steps_up
    counts[3] = steps_down
    counts[4] = change


@njit(cache=True, nogil=True)
def quantise(real, out, per_level, top, odd, worth):
    """The levels of real weights, each ``worth`` so much."""
    scale = real.dtype.type(per_level)
    high = real.dtype.type(top)
    for i in range(real.size):
        out[i] = level(real[i], scale, high, odd) * worth


@njit(cache=True, nogil=True)
def scale_gradient(real, gradient, per_level, top):
    """The gradient of a level's size (Esser et al., ICLR 2020, arXiv:1902.08153).

    A weight within the range moves its own level by round(x) - x, one beyond it by the outermost.
    """
    total = 0.0
    for i in range(real.size):
        x = real[i] * per_level
        if x >= top:
            total += gradient[i] * top
        elif x <= -top:
            total -= gradient[i] * top
        else:
            total += gradient[i] * (math.floor(x + 0.5) - x)
    return total


@njit(cache=True, nogil=True)
def sgd(weights, velocity, gradient, rate, momentum, decay, bound):
    """Momentum step on flat arrays: v <- momentum v + g + decay w; w <- clip(w - rate v)."""
    real = weights.dtype.type
    rate, momentum, decay, bound = real(rate), real(momentum), real(decay), real(bound)
    for i in range(weights.size):
        v = momentum * velocity[i] + gradient[i] + decay * weights[i]
        velocity[i] = v
        w = weights[i] - rate * v
        w = bound if w > bound else w  # nan stays nan
        weights[i] = -bound if w < -bound else w


@njit(cache=True, nogil=True)
def add(into, other):
    """Add one flat array to another in place."""
    for i in range(into.size):
        into[i] += other[i]
