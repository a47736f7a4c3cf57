"""The resistive network of an array: the currents of its columns where wires have resistance.

Row i is driven at its start, column j ends in a sense node at zero volts. A segment of wire lies
between neighbouring cells, before the first cell of a row and after the last cell of a column. Cell
(i, j) connects row i to column j, with a share of its conductance that is the row's: 0 where access
transistors are off. The network is linear: for one set of shares, currents are a matrix times the
drives.

See docs/models/arrays.md#resistive-wires.
"""

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def over_relaxation(g_max, row, col, rows, cols):
    """Factor for which relaxation line by line converges fastest (Young 1954).

    2 / (1 + sqrt(1 - m)), where m is the largest share of a change that a sweep over rows and
    columns leaves; an array with ``g_max`` in all cells is an upper bound. ``row`` and ``col`` are
    the conductances of a wire segment [S].
    """
    m = 1.0
    for segment, count in ((row, cols), (col, rows)):
        m *= g_max / (g_max + segment * 4.0 * math.sin(0.5 * math.pi / (2 * count + 1)) ** 2)
    return 2.0 / (1.0 + math.sqrt(1.0 - m))


@njit(cache=True, nogil=True)
def sense(g, conducting, drives, row, col, out, tolerance, sweeps):
    """Currents ``out`` [cols, k] [A] of the sense nodes for each of k drives [rows, k] [V].

    ``g`` [rows, cols] are the conductances of the cells, of which the share ``conducting`` [rows,
    k] conducts; ``row`` and ``col`` are those of a wire segment along a row and along a column [S].
    Each sweep solves all rows exactly for given columns, then all columns for given rows, until no
    potential changes by more than ``tolerance`` times the largest drive. Returns the number of
    sweeps, or 0 where ``sweeps`` did not suffice.
    """
    rows, cols = g.shape
    width = drives.shape[1]
    over = over_relaxation(g.max(), row, col, rows, cols)
    # pivots of the elimination of each line, from its open end to its driven or sensed one
    along = np.empty((rows, cols, width))
    down = np.empty((rows, cols, width))
    for i in range(rows):
        for j in range(cols - 1, -1, -1):
            for k in range(width):
                loose = row if j == cols - 1 else 2.0 * row - row * row * along[i, j + 1, k]
                along[i, j, k] = 1.0 / (conducting[i, k] * g[i, j] + loose)
        for j in range(cols):
            for k in range(width):
                loose = col if i == 0 else 2.0 * col - col * col * down[i - 1, j, k]
                down[i, j, k] = 1.0 / (conducting[i, k] * g[i, j] + loose)
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
                    into = conducting[i, k] * g[i, j] * v[i, j, k]
                    if i > 0:
                        into += col * part[i - 1, j, k]
                    part[i, j, k] = into * down[i, j, k]
        line[:] = 0.0
        for i in range(rows - 1, -1, -1):
            for j in range(cols):
                for k in range(width):
                    line[j, k] = part[i, j, k] + col * down[i, j, k] * line[j, k]
                    change = over * (line[j, k] - u[i, j, k])
                    u[i, j, k] += change
                    moved = max(moved, abs(change))
        for i in range(rows):
            for j in range(cols - 1, -1, -1):
                for k in range(width):
                    into = conducting[i, k] * g[i, j] * u[i, j, k]
                    if j < cols - 1:
                        into += row * line[j + 1, k]
                    if j == 0:
                        into += row * drives[i, k]
                    line[j, k] = into * along[i, j, k]
            for j in range(cols):
                for k in range(width):
                    if j > 0:
                        line[j, k] += row * along[i, j, k] * line[j - 1, k]
                    change = over * (line[j, k] - v[i, j, k])
                    v[i, j, k] += change
                    moved = max(moved, abs(change))
        if moved <= enough:
            out[:] = col * u[rows - 1]
            return sweep
    return 0
