"""Elementwise loops over flat arrays: sums, SGD and Adam, rectifiers."""

from typing import NamedTuple

import numpy as np
from numba import njit


class Rates(NamedTuple):
    """The constants of momentum SGD with weight decay."""

    learning: float
    momentum: float
    decay: float  # of weights


class Moments(NamedTuple):
    """The constants of one step of Adam.

    ``learning`` and ``epsilon`` have the correction of the first steps in them; ``coupled`` is the
    decay that is added to gradients, ``kept`` what a weight keeps of itself.
    """

    learning: float
    first: float
    second: float
    epsilon: float
    coupled: float
    kept: float


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
def nesterov(weights, velocity, gradient, rates, bound):
    """Nesterov's step in place: g' = g + decay w; v <- momentum v + g'; w <- w - rate u,

    with u = g' + momentum v.

    Weights are clipped to -bound..bound; nan stays nan.
    """
    real = weights.dtype.type
    rate, momentum, decay = real(rates.learning), real(rates.momentum), real(rates.decay)
    limit = real(bound)
    for i in range(weights.size):
        g = gradient[i] + decay * weights[i]
        v = momentum * velocity[i] + g
        velocity[i] = v
        w = weights[i] - rate * (g + momentum * v)
        w = limit if w > limit else w  # nan stays nan
        weights[i] = -limit if w < -limit else w


@njit(cache=True, nogil=True)
def adam(weights, velocity, squares, gradient, rates, bound):
    """Step of Adam in place, of g = gradient + decay w: m <- b1 m + (1 - b1) g, s the same of g^2.

    Then w <- kept w - rate m / (sqrt(s) + epsilon), m in ``velocity`` and s in ``squares``. Weights
    are clipped to -bound..bound; nan stays nan.
    """
    real = weights.dtype.type
    rate, epsilon, limit = real(rates.learning), real(rates.epsilon), real(bound)
    first, other_first = real(rates.first), real(1.0 - rates.first)
    second, other_second = real(rates.second), real(1.0 - rates.second)
    coupled, kept = real(rates.coupled), real(rates.kept)
    for i in range(weights.size):
        g = gradient[i] + coupled * weights[i]
        m = first * velocity[i] + other_first * g
        s = second * squares[i] + other_second * (g * g)
        velocity[i] = m
        squares[i] = s
        w = kept * weights[i] - rate * (m / (np.sqrt(s) + epsilon))
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
