"""Transfer from a fast array to a slow one: reads, sums in digital memory, pulses.

Gradients pulse the fast array; its cells are read in turn, digital memory adds up their weights,
and a cell of the slow array receives a pulse when its sum reaches a threshold (Gokmen, Front.
Artif. Intell. 4:699148, 2021, doi:10.3389/frai.2021.699148).

See docs/models/schemes.md#tiki-taka.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, convert, noise, outer_product, pulse, reading
from neurorebit.kernels.cell import Mapping

FAST, SLOW = 1, 0  # numbers of the arrays in their layer


class Arrays(NamedTuple):
    """A part of the cells of both arrays. Arrays are flat, one entry for each weight."""

    fast: Any  # a ``pulse.Cells``
    slow: Any  # a ``pulse.Cells``
    reference: Any  # what fast cells are read against, as weights
    hidden: Any  # the sums in digital memory


class Turn(NamedTuple):
    """The cells of the fast array that are read, counted in a circle."""

    first: int
    count: int
    size: int  # cells of the whole array


class Converter(NamedTuple):
    """How the fast array is read."""

    relative: float  # standard deviation of a conductance from read to read over its mean
    offset: float  # conductance of the weight 0 over half the range
    step: float  # of the converter, as a weight; 0: exact
    top: int  # largest code


class Rule(NamedTuple):
    """When the slow array receives a pulse."""

    gain: float  # of what is read before it is added to the sum
    threshold: float  # magnitude of a sum that sends a pulse
    forget: float  # share of the sum that a pulse leaves; nan: a pulse subtracts the threshold


@njit(cache=True, nogil=True)
def symmetry_points(out, traits, response):
    """Symmetry point of each cell (``cell.symmetry_point``) as a flat array of weights."""
    for i in range(out.size):
        out[i] = cell.symmetry_point(pulse.traits_of(traits, i), response)


@njit(cache=True, nogil=True)
def pulse_of(total, rule):
    """What remains of a sum, and the pulse (-1, 0 or 1) that it sends by a ``Rule``."""
    n = 1 if total >= rule.threshold else (-1 if total <= -rule.threshold else 0)
    if n == 0:
        return total, n
    return (total - n * rule.threshold if math.isnan(rule.forget) else rule.forget * total), n


@njit(cache=True, nogil=True)
def transfer(arrays, turn, converter, rule, draw, scratch):
    """Read cells of the fast array, add what they hold to the sums, and pulse the slow array.

    ``arrays`` is an ``Arrays``, ``turn`` a ``Turn``, ``converter`` a ``Converter``, ``rule`` a
    ``Rule``, ``draw`` a ``noise.Draw``, whose array is not used; ``scratch`` are two arrays as long
    as the weights, for the values read and for pulses (int32). Returns the sum of the squares of
    the values read, before the converter.
    """
    fast, slow, reference, hidden = arrays
    sensed, pulses = scratch
    first, step, layer, _, seed = draw
    ahead = (first - turn.first) % turn.size
    if ahead >= turn.count and ahead + sensed.size <= turn.size:
        return 0.0  # none of these cells is read
    if converter.relative > 0.0:
        error = reading.Noise(converter.relative, Mapping.REFERENCE, converter.offset)
        reading.read(fast.weight, sensed, error, noise.Draw(first, step, layer, FAST, seed))
    else:
        sensed[:] = fast.weight
    squares = 0.0
    for i in range(sensed.size):
        pulses[i] = 0
        if (first + i - turn.first) % turn.size >= turn.count:
            continue
        held = sensed[i] - reference[i]
        squares += held * held
        if converter.step > 0.0:
            held = converter.step * convert.code(held, 1.0 / converter.step, converter.top)
        hidden[i], pulses[i] = pulse_of(hidden[i] + rule.gain * held, rule)
    pulse.pulse(slow, pulses, noise.Draw(first, step, layer, SLOW, seed))
    return squares


@njit(cache=True, nogil=True)
def rounds(sums, arrays, times, turn, converter, rule, draw):
    """A batch in ``times`` rounds: an equal share of its pulses, then reads of cells in turn.

    ``sums`` is an ``outer_product.Sums`` with the rate of one round; with a rate of 0 the fast
    array receives no pulses. ``draw`` is the ``noise.Draw`` of the first round; each further round
    takes the next step. The others and the result as for ``transfer``.
    """
    first, step, layer, _, seed = draw
    sensed = np.empty_like(arrays.fast.weight)
    scratch = sensed, np.empty(sensed.size, np.int32)
    squares = 0.0
    for k in range(times):
        here = noise.Draw(first, step + k, layer, FAST, seed)
        if sums.rate > 0.0:
            outer_product.pulse_sums(sums, arrays.fast, here)
        squares += transfer(arrays, turn, converter, rule, here, scratch)
    return squares
