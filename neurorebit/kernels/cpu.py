"""Loops over cells."""

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise

MANY = 8  # cells of a block that are written: from there on its noise is drawn at once


@njit(cache=True, nogil=True)
def program(
    real, levels, analog, per_level, top, g_min, g_max, d2d, c2c, first, layer, step, seed, counts
):
    """Write the cells whose level changed; ``levels`` and ``analog`` follow the real weights.

    All arrays are flat; ``first`` is the cell that index 0 stands for. ``counts`` receives: cells
    set (level up), cells reset, level steps up, level steps down, change of the summed ``analog``.
    """
    scale = real.dtype.type(per_level)
    high = real.dtype.type(top)
    sets = 0
    resets = 0
    steps_up = 0
    steps_down = 0
    change = 0.0
    device = np.empty((4, noise.GROUPS))
    cycle = np.empty((4, noise.GROUPS))
    for base in range(first - first % noise.BLOCK, first + real.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, real.size)
        moved = 0
        weights = real[start:stop]
        known = levels[start:stop]
        for i in range(weights.size):
            moved += cell.level(weights[i], scale, high) != known[i]
        if moved == 0:
            continue
        if moved >= MANY:
            noise.normals(device, base, 0, layer, noise.DEVICE, seed)
            noise.normals(cycle, base, step, layer, noise.CYCLE, seed)
        for i in range(start, stop):
            now = cell.level(real[i], scale, high)
            move = now - levels[i]
            if move == 0:
                continue
            at = first + i
            if moved >= MANY:
                z_device = device[at & 3, (at - base) >> 2]
                z_cycle = cycle[at & 3, (at - base) >> 2]
            else:
                z_device = noise.normal(at, 0, layer, noise.DEVICE, seed)
                z_cycle = noise.normal(at, step, layer, noise.CYCLE, seed)
            meant = cell.target(now, top, g_min, g_max)
            g = cell.written(meant, d2d, z_device, c2c, z_cycle)
            old = analog[i]
            analog[i] = cell.signed(g, g_min, g_max)
            change += analog[i] - old
            levels[i] = now
            if move > 0:
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
