"""The resistive network of an array: what its columns carry where wires are no ideal conductors.

Row i is driven at its start, column j ends in a sense node held at zero; a segment of wire lies
between neighbouring cells, before the first of a row and behind the last of a column. Cell (i, j)
joins its row and its column. The network is linear: the currents are a matrix times the drives.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def over_relaxation(g_max, row, col, rows, cols):
    """The factor for which relaxation line by line converges fastest (Young 1954).

    2 / (1 + sqrt(1 - m)), with m the largest share of a change that comes back after a sweep over
    rows and columns; ``g_max`` in all cells bounds it. ``row`` and ``col``: conductances of a
    segment [S].
    """
    m = 1.0
    for segment, count in ((row, cols), (col, rows)):
        m *= g_max / (g_max + segment * 4.0 * math.sin(0.5 * math.pi / (2 * count + 1)) ** 2)
    return 2.0 / (1.0 + math.sqrt(1.0 - m))


@njit(cache=True, nogil=True)
def sense(g, row, col, drives, out, tolerance, sweeps):
    """Currents ``out`` [cols, k] of the sense nodes for each of k drives [rows, k].

    ``g`` [rows, cols] are the cells' conductances, ``row`` and ``col`` those of a wire's segment
    [S]. Each sweep solves all rows exactly for given columns, then all columns for given rows,
    until no potential moves by more than ``tolerance`` of the largest drive. Returns the sweeps
    this took, or 0 where it took more than ``sweeps``.
    """
    rows, cols = g.shape
    width = drives.shape[1]
    over = over_relaxation(g.max(), row, col, rows, cols)
    # the pivots of each line's elimination, from its loose end to its fixed one
    along = np.empty((rows, cols))
    down = np.empty((rows, cols))
    for i in range(rows):
        for j in range(cols - 1, -1, -1):
            loose = row if j == cols - 1 else 2.0 * row - row * row * along[i, j + 1]
            along[i, j] = 1.0 / (g[i, j] + loose)
        for j in range(cols):
            loose = col if i == 0 else 2.0 * col - col * col * down[i - 1, j]
            down[i, j] = 1.0 / (g[i, j] + loose)
    v = np.empty((rows, cols, width))
    for i in range(rows):
        for j in range(cols):
            v[i, j] = drives[i]
    u = np.zeros((rows, cols, width))
    part = np.empty((rows, cols, width))
    line = np.empty((cols, width))
    enough = tolerance * np.abs(drives).max()
    for sweep in range(1, sweeps + 1):
        moved = 0.0
        for i in range(rows):
            for j in range(cols):
                for k in range(width):
                    into = g[i, j] * v[i, j, k]
                    if i > 0:
                        into += col * part[i - 1, j, k]
                    part[i, j, k] = into * down[i, j]
        line[:] = 0.0
        for i in range(rows - 1, -1, -1):
            for j in range(cols):
                for k in range(width):
                    line[j, k] = part[i, j, k] + col * down[i, j] * line[j, k]
                    change = over * (line[j, k] - u[i, j, k])
                    u[i, j, k] += change
                    moved = max(moved, abs(change))
        for i in range(rows):
            for j in range(cols - 1, -1, -1):
                for k in range(width):
                    into = g[i, j] * u[i, j, k]
                    if j < cols - 1:
                        into += row * line[j + 1, k]
                    if j == 0:
                        into += row * drives[i, k]
                    line[j, k] = into * along[i, j]
            for j in range(cols):
                for k in range(width):
                    if j > 0:
                        line[j, k] += row * along[i, j] * line[j - 1, k]
                    change = over * (line[j, k] - v[i, j, k])
                    v[i, j, k] += change
                    moved = max(moved, abs(change))
        if moved <= enough:
            out[:] = col * u[rows - 1]
            return sweep
    return 0
