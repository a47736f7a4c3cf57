"""Transfer from a fast array to a slow one: reads, sums in digital memory, pulses.

Gradients pulse the fast array; its cells are read in turn, digital memory adds up their weights,
and a cell of the slow array receives a pulse when its sum reaches a threshold (Gokmen, Front.
Artif. Intell. 4:699148, 2021, doi:10.3389/frai.2021.699148). What is read may be chopped: the
sign of a row's inputs flips now and then, and with it the sign of what is read of the row. Digital
memory may take the place of reference cells: a moving average of what a row had before its sign
flipped (Rasch, Carta, Fagbohungbe, Gokmen, Nat. Commun. 15:7133, 2024,
doi:10.1038/s41467-024-51221-z).

See docs/models/schemes.md#tiki-taka.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, convert, noise, outer_product, pulse, reading
from neurorebit.kernels.cell import Mapping

FAST, SLOW, REFERENCE = 1, 0, 2  # numbers of the arrays in their layer


class Arrays(NamedTuple):
    """A part of the cells of both arrays. Arrays are flat, one entry for each weight."""

    fast: Any  # a ``pulse.Cells``
    slow: Any  # a ``pulse.Cells``
    reference: Any  # what cells hold that fast cells are read against, as weights
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


class Chopper(NamedTuple):
    """The signs of the rows of the whole array, one entry for each row; without any: no chopper."""

    cols: int  # cells of a row
    signs: Any  # int8, 1 or -1: of the row's inputs since its last read
    flips: Any  # int8: whether the row flips after this read
    reads: Any  # int64: how often the row was read, this time included


class Average(NamedTuple):
    """What stands for reference cells in digital memory: flat, as the weights, or without any."""

    newest: float  # weight of the newest read in the moving average
    mean: Any  # moving average of what was read of a cell
    before: Any  # that average when the cell's row flipped last, or else its first read


@njit(cache=True, nogil=True)
def symmetry_points(out, traits, response):
    """Symmetry point of each cell (``cell.symmetry_point``) as a flat array of weights."""
    for i in range(out.size):
        out[i] = cell.symmetry_point(pulse.traits_of(traits, i), response)


@njit(cache=True, nogil=True)
def copy_written(weight, relative, offset, draw):
    """Weights of cells written to hold ``weight`` (flat), which they replace; bounds aside.

    ``relative`` is the spread of a conductance that is written, ``offset`` as in ``cell``, ``draw``
    a ``noise.Draw`` of the array of these cells.
    """
    first, step, layer, array, seed = draw
    purpose, width = noise.purpose_in(array, noise.CYCLE), cell.width(relative)
    for i in range(weight.size):
        error = cell.factor(width, noise.normal(first + i, step, layer, purpose, seed))
        weight[i] = cell.noisy(weight[i], Mapping.REFERENCE, error, 1.0, offset)


@njit(cache=True, nogil=True)
def count_reads(chopper, first, count, every, regular, draw):
    """Count a read of ``count`` rows, in a circle from ``first`` on, and say which flip after it.

    A row flips after ``every`` reads where it is ``regular``, else with a chance of 1 / ``every``.
    ``draw`` is a ``noise.Draw`` of whose step and layer each row has a number.
    """
    _, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.CHOP)
    chopper.flips[:] = 0
    for k in range(count):
        row = (first + k) % chopper.reads.size
        chopper.reads[row] += 1
        if regular:
            chopper.flips[row] = chopper.reads[row] % every == 0
        else:
            chopper.flips[row] = noise.uniform(row, step, layer, purpose, seed) * every < 1.0


@njit(cache=True, nogil=True)
def flip(chopper):
    """Flip the signs of the rows that are to."""
    for row in range(chopper.signs.size):
        if chopper.flips[row]:
            chopper.signs[row] = -chopper.signs[row]


@njit(cache=True, nogil=True)
def pulse_of(total, rule):
    """What remains of a sum, and the pulse (-1, 0 or 1) that it sends by a ``Rule``."""
    n = 1 if total >= rule.threshold else (-1 if total <= -rule.threshold else 0)
    if n == 0:
        return total, n
    return (total - n * rule.threshold if math.isnan(rule.forget) else rule.forget * total), n


@njit(cache=True, nogil=True)
def since(held, i, average, begins, flips):
    """What cell i has gained since its row flipped, of what was read; its average goes on."""
    newest, mean, before = average
    if begins:
        mean[i] = before[i] = held
    gained = held - before[i]
    mean[i] += newest * (held - mean[i])
    if flips:
        before[i] = mean[i]
    return gained


@njit(cache=True, nogil=True)
def transfer(arrays, turn, means, rule, draw, scratch):
    """Read cells of the fast array, add what they hold to the sums, and pulse the slow array.

    ``arrays`` is an ``Arrays``, ``turn`` a ``Turn``, ``means`` a ``Converter``, a ``Chopper`` and
    an ``Average``, ``rule`` a ``Rule``, ``draw`` a ``noise.Draw``, whose array is not used;
    ``scratch`` are three arrays as long as the weights, for the values read of both arrays and for
    pulses (int32). A fast cell and the cell that it is read against have noise of their own.
    Returns the sum of the squares of the values read, before the converter.
    """
    fast, slow, reference, hidden = arrays
    converter, chopper, average = means
    sensed, against, pulses = scratch
    first, step, layer, _, seed = draw
    ahead = (first - turn.first) % turn.size
    if ahead >= turn.count and ahead + sensed.size <= turn.size:
        return 0.0  # none of these cells is read
    if converter.relative > 0.0:
        error = reading.Noise(converter.relative, Mapping.REFERENCE, converter.offset)
        reading.read(fast.weight, sensed, error, noise.Draw(first, step, layer, FAST, seed))
        reading.read(reference, against, error, noise.Draw(first, step, layer, REFERENCE, seed))
    else:
        sensed[:] = fast.weight
        against[:] = reference
    squares = 0.0
    for i in range(sensed.size):
        pulses[i] = 0
        if (first + i - turn.first) % turn.size >= turn.count:
            continue
        held = sensed[i] - against[i]
        squares += held * held
        if converter.step > 0.0:
            held = converter.step * convert.code(held, 1.0 / converter.step, converter.top)
        if chopper.signs.size > 0:
            row = (first + i) // chopper.cols
            if average.mean.size > 0:
                held = since(held, i, average, chopper.reads[row] == 1, chopper.flips[row])
            held *= chopper.signs[row]
        hidden[i], pulses[i] = pulse_of(hidden[i] + rule.gain * held, rule)
    pulse.pulse(slow, pulses, noise.Draw(first, step, layer, SLOW, seed))
    return squares


@njit(cache=True, nogil=True)
def rounds(sums, arrays, times, turn, means, rule, draw):
    """A batch in ``times`` rounds: an equal share of its pulses, then reads of cells in turn.

    ``sums`` is an ``outer_product.Sums`` with the rate of one round; with a rate of 0 the fast
    array receives no pulses. ``draw`` is the ``noise.Draw`` of the first round; each further round
    takes the next step. The others and the result as for ``transfer``.
    """
    first, step, layer, _, seed = draw
    sensed = np.empty_like(arrays.fast.weight)
    scratch = sensed, np.empty_like(sensed), np.empty(sensed.size, np.int32)
    squares = 0.0
    for k in range(times):
        here = noise.Draw(first, step + k, layer, FAST, seed)
        if sums.rate > 0.0:
            outer_product.pulse_sums(sums, arrays.fast, here)
        squares += transfer(arrays, turn, means, rule, here, scratch)
    return squares
