"""Elementwise loops over flat arrays: sums, momentum SGD, rectifiers."""

from typing import NamedTuple

import numpy as np
from numba import njit


class Rates(NamedTuple):
    """The constants of momentum SGD with weight decay."""

    learning: float
    momentum: float
    decay: float  # of weights


@njit(cache=True, nogil=True)
def add(into, other):
    """Add ``other`` to ``into`` in place."""
    for i in range(into.size):
        into[i] += other[i]


@njit(cache=True, nogil=True)
def add_rows(rows, one):
    """Add the vector ``one`` to each of the ``rows``."""
    for i in range(len(rows)):
        row = rows[i]
        for j in range(one.size):
            row[j] += one[j]


@njit(cache=True, nogil=True)
def sum_rows(rows):
    """The sum of all ``rows``, in double precision."""
    total = np.zeros(rows.shape[1])
    for i in range(len(rows)):
        row = rows[i]
        for j in range(total.size):
            total[j] += row[j]
    return total


@njit(cache=True, nogil=True)
def sgd(weights, velocity, gradient, rates, bound):
    """Momentum step in place: v <- momentum v + g + decay w; w <- w - learning v.

    Weights are clipped to -bound..bound; nan stays nan.
    """
    real = weights.dtype.type
    rate, momentum, decay = real(rates.learning), real(rates.momentum), real(rates.decay)
    limit = real(bound)
    for i in range(weights.size):
        v = momentum * velocity[i] + gradient[i] + decay * weights[i]
        velocity[i] = v
        w = weights[i] - rate * v
        w = limit if w > limit else w  # nan stays nan
        weights[i] = -limit if w < -limit else w


@njit(cache=True, nogil=True)
def add_momentum(velocity, gradient, weight, full, momentum, decay):
    """Velocity of momentum SGD in place: v <- momentum v + g + decay w, with w = full * weight."""
    for i in range(velocity.size):
        velocity[i] = momentum * velocity[i] + gradient[i] + decay * full * weight[i]


@njit(cache=True, nogil=True)
def rectify(x, out):
    """``out`` = max(0, x)."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if x[i] < zero else x[i]


@njit(cache=True, nogil=True)
def rectify_gradient(dy, y):
    """Set ``dy`` to zero where the rectifier's output ``y`` is not positive."""
    zero = y.dtype.type(0)
    for i in range(y.size):
        dy[i] = dy[i] if y[i] > zero else zero
