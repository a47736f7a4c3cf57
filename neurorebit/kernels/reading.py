"""Loops over cells that are read: noise of the read, and drift since the last write."""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, noise
from neurorebit.kernels.cell import Mapping


class Noise(NamedTuple):
    """The noise of a read."""

    relative: float  # standard deviation of a conductance over its mean
    mapping: int  # how conductances represent a weight, a ``cell.Mapping`` as a plain int
    offset: float  # conductance of the weight 0 over half the range


class Rest(NamedTuple):
    """How cells drift while they are not written."""

    time: float  # since the last write [s], >= 1
    exponent: float  # of the power law of time
    toward: float  # weight that cells drift to; nan: up, down or not at all, one third each
    offset: float  # conductance of the weight 0 over half the range
    stuck_low: float  # share of cells stuck at the low end
    stuck_high: float  # share of cells stuck at the high end


@njit(cache=True, nogil=True)
def read(weight, out, error, draw):
    """Weights of cells as one read sees them, with the noise of the read.

    Both arrays are flat; ``error`` is a ``Noise``, ``draw`` a ``noise.Draw`` whose step is the
    number of the read.
    """
    relative, mapping, offset = error
    first, step, layer, array, seed = draw
    width = cell.width(relative)
    purpose = noise.purpose_in(array, noise.READ)
    other_purpose = noise.purpose_in(array, noise.OTHER_READ)
    z = np.empty((4, noise.GROUPS))
    other = np.zeros((4, noise.GROUPS))
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        noise.normals(z, base, step, layer, purpose, seed)
        noise.exponentials(z, width)
        if mapping == Mapping.PAIR:
            noise.normals(other, base, step, layer, other_purpose, seed)
            noise.exponentials(other, width)
        for at in range(max(base, first), min(base + noise.BLOCK, first + weight.size)):
            a, b = at & 3, (at - base) >> 2
            w = weight[at - first]
            out[at - first] = cell.noisy(w, mapping, z[a, b], other[a, b], offset)


@njit(cache=True, nogil=True)
def rested(weight, at, law, layer, drift, stuck, seed):
    """Weight of cell ``at`` after a rest.

    ``law`` is a ``Rest``; ``drift`` and ``stuck`` are the purposes of the random numbers that say
    which way the cell drifts and whether it is stuck: a stuck cell does not drift. A cell that
    drifts in a random direction stops at the end of the nominal range.
    """
    time, exponent, toward, offset, stuck_low, stuck_high = law
    if stuck_low + stuck_high > 0.0:
        u = noise.uniform(at, 0, layer, stuck, seed)
        if cell.stuck(u, stuck_low, stuck_high) != 0:
            return weight
    if math.isnan(toward):
        u = noise.uniform(at, 0, layer, drift, seed)
        end = min(weight, -1.0) if u < 1.0 / 3.0 else max(weight, 1.0)
        toward = weight if u >= 2.0 / 3.0 else end
    return cell.drifted(weight, time, exponent, toward, offset)


@njit(cache=True, nogil=True)
def rest(weight, out, law, mapping, draw):
    """Weights of cells after a rest; both cells of a pair drift.

    Both arrays are flat; ``law`` is a ``Rest``, ``mapping`` a ``cell.Mapping`` as a plain int,
    ``draw`` a ``noise.Draw``, whose step is not used.
    """
    first, _, layer, array, seed = draw
    purposes = noise.purpose_in(array, 0)
    drift, stuck = noise.DRIFT + purposes, noise.STUCK + purposes
    other_drift, other_stuck = noise.OTHER_DRIFT + purposes, noise.OTHER_STUCK + purposes
    offset = law.offset
    for i in range(weight.size):
        at = first + i
        if mapping == Mapping.PAIR:
            plus, minus = cell.pair(weight[i], offset)
            plus = rested(plus - offset, at, law, layer, drift, stuck, seed)
            minus = rested(minus - offset, at, law, layer, other_drift, other_stuck, seed)
            out[i] = 0.5 * (plus - minus)
        else:
            out[i] = rested(weight[i], at, law, layer, drift, stuck, seed)


@njit(cache=True, nogil=True)
def compare(weight, out, reference, line_of, share):
    """Weights less the weights of the reference cells that they are read against.

    ``weight`` and ``out`` [rows, cols]; ``reference`` [lines, columns], of which row i has the line
    ``line_of[i]`` and each ``share`` neighbouring columns of weights have a column.
    """
    rows, cols = weight.shape
    for i in range(rows):
        line = reference[line_of[i]]
        for at in range(line.size):
            for j in range(at * share, min((at + 1) * share, cols)):
                out[i, j] = weight[i, j] - line[at]
