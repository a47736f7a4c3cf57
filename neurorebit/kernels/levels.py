"""Loops over weights that are rounded to levels, and over cells that are written directly."""

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise
from neurorebit.kernels.cell import Mapping

MANY = 8  # cells of a block that are written, from which on the block's noise is computed at once


class Grid(NamedTuple):
    """The levels that real weights are rounded to, and which cells a write concerns."""

    per_level: float  # levels per unit of weight
    top: int  # number of the outermost level: levels are -top..top
    odd: bool  # whether only the odd ones of them are levels
    every: bool  # whether all cells are written; else those whose level changed


class Device(NamedTuple):
    """What a direct write needs to know of the memory device."""

    g_min: float  # lowest nominal conductance [S]
    g_max: float  # highest [S]
    d2d: float  # relative standard deviation from cell to cell, static
    c2c: float  # relative standard deviation from write to write
    mapping: int  # how conductances represent a weight, a ``cell.Mapping`` as a plain int
    stuck_low: float  # share of cells stuck at the low end
    stuck_high: float  # share of cells stuck at the high end


class Count(IntEnum):
    """Entries of the float64 array in which kernels add up what they wrote to cells."""

    SETS = 0  # cells programmed up
    RESETS = 1  # cells programmed down
    STEPS_UP = 2  # pulses up, or level steps up of a direct write
    STEPS_DOWN = 3
    CHANGE = 4  # change of the sum of the cells' weights
    READS = 5  # reads of single cells that verify a write


@njit(cache=True, nogil=True)
def level(weight, per_level, top, odd):
    """Nearest level to a real weight: one of -top..top, or of the odd ones among them."""
    if odd:
        return cell.odd_level(weight, per_level, top)
    return cell.level(weight, per_level, top)


@njit(cache=True, nogil=True)
def program(real, levels, analog, writes, grid, device, draw, counts):
    """Write cells directly to the levels of their real weights.

    All arrays are flat, with one entry for each cell: ``real`` weights; ``levels`` (int8), the
    levels last written; ``analog``, the weights that the cells hold; ``writes``, the number of
    writes of each cell. The last three are updated. ``grid`` is a ``Grid``, ``device`` a
    ``Device``, ``draw`` a ``noise.Draw``. ``counts`` [6] is overwritten with this call's ``Count``;
    a cell that is written to its old level counts as set.
    """
    per_level, top, odd, every = grid
    g_min, g_max, d2d, c2c, mapping, stuck_low, stuck_high = device
    first, step, layer, array, seed = draw
    p = noise.purpose_in(array, 0)
    offset = (g_max + g_min) / (g_max - g_min)
    device_width, cycle_width = cell.width(d2d), cell.width(c2c)
    plain = mapping == Mapping.REFERENCE and stuck_low == 0.0 and stuck_high == 0.0
    scale = real.dtype.type(per_level)
    high = real.dtype.type(top)
    sets = 0
    resets = 0
    steps_up = 0
    steps_down = 0
    change = 0.0
    errors = np.empty((4, noise.GROUPS))
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
            noise.normals(errors, base, 0, layer, p + noise.DEVICE, seed)
            noise.normals(cycle, base, step, layer, p + noise.CYCLE, seed)
            flat, other = errors.reshape(noise.BLOCK), cycle.reshape(noise.BLOCK)
            for i in range(noise.BLOCK):
                flat[i] = cell.written(1.0, device_width, flat[i], cycle_width, other[i])
        for i in range(start, stop):
            now = level(real[i], scale, high, odd)
            move = now - levels[i]
            if move == 0 and not every:
                continue
            at = first + i
            if moved >= MANY:
                error = errors[at & 3, (at - base) >> 2]
            else:
                z_device = noise.normal(at, 0, layer, p + noise.DEVICE, seed)
                z_cycle = noise.normal(at, step, layer, p + noise.CYCLE, seed)
                error = cell.written(1.0, device_width, z_device, cycle_width, z_cycle)
            old = analog[i]
            if plain:
                g = cell.target(now, top, g_min, g_max) * error
                analog[i] = cell.signed(g, g_min, g_max)
            else:
                u = noise.uniform(at, 0, layer, p + noise.STUCK, seed)
                stuck = cell.stuck(u, stuck_low, stuck_high)
                if mapping == Mapping.PAIR:
                    z_device = noise.normal(at, 0, layer, p + noise.OTHER_DEVICE, seed)
                    z_cycle = noise.normal(at, step, layer, p + noise.OTHER_CYCLE, seed)
                    u = noise.uniform(at, 0, layer, p + noise.OTHER_STUCK, seed)
                    second = cell.written(1.0, device_width, z_device, cycle_width, z_cycle)
                    stuck_other = cell.stuck(u, stuck_low, stuck_high)
                    analog[i] = cell.paired(now / top, offset, error, second, stuck, stuck_other)
                elif stuck != 0:
                    analog[i] = stuck
                else:
                    analog[i] = cell.noisy(now / top, mapping, error, 1.0, offset)
            change += analog[i] - old
            levels[i] = now
            writes[i] += 1
            if move >= 0:
                sets += 1
                steps_up += move
            else:
                resets += 1
                steps_down -= move
    counts[Count.READS] = 0
    counts[Count.SETS] = sets
    counts[Count.RESETS] = resets
    counts[Count.STEPS_UP] = steps_up
    counts[Count.STEPS_DOWN] = steps_down
    counts[Count.CHANGE] = change


@njit(cache=True, nogil=True)
def quantise(real, out, grid, unit):
    """``out`` = ``unit`` times the level of each real weight of a flat array."""
    per_level, top, odd, _ = grid
    scale = real.dtype.type(per_level)
    high = real.dtype.type(top)
    for i in range(real.size):
        out[i] = level(real[i], scale, high, odd) * unit


@njit(cache=True, nogil=True)
def ones(cells, bits):
    """Number of ones in a flat array of whole numbers, in two's complement of ``bits``."""
    total = 0
    for i in range(cells.size):
        for b in range(bits):
            total += (np.int64(cells[i]) >> b) & 1
    return total


@njit(cache=True, nogil=True)
def store(real, cells, grid, bits, counts):
    """Write the levels of real weights to cells of one bit each.

    ``cells`` (int32, flat) are whole numbers in two's complement of ``bits``: the levels, or, where
    only odd ones are levels, half of them rounded down. ``counts`` is overwritten with this call's
    ``Count``: bits that become one are set, those that become zero are reset, and the change is
    that of the number of ones.
    """
    per_level, top, odd, _ = grid
    scale = real.dtype.type(per_level)
    high = real.dtype.type(top)
    sets = 0
    resets = 0
    for i in range(real.size):
        now = np.int64(level(real[i], scale, high, odd))
        now = (now - 1) >> 1 if odd else now
        old = np.int64(cells[i])
        if now == old:
            continue
        for b in range(bits):
            sets += (now & ~old) >> b & 1
            resets += (old & ~now) >> b & 1
        cells[i] = now
    counts[:] = 0.0
    counts[Count.SETS] = sets
    counts[Count.RESETS] = resets
    counts[Count.CHANGE] = sets - resets


@njit(cache=True, nogil=True)
def scale_gradient(real, gradient, per_level, top):
    """Gradient of the loss to the spacing of levels (Esser et al., ICLR 2020, arXiv:1902.08153).

    A weight within the range contributes its gradient times round(x) - x, a weight beyond the
    range its gradient times the outermost level; x = weight * per_level. Both arrays are flat.
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
