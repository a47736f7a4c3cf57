"""Loops over cells that are programmed by pulses, and how many pulses each cell receives."""

import math
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from neurorebit.kernels import cell, levels, noise
from neurorebit.kernels.levels import Count

SLACK = 1e-9  # within which a weight is at an end of its cell's range: a sum is rounded
NEVER = -128  # the level of a cell that is to be written whatever its real weight
MANY = 8  # cells of a block with pulses, from which on the block's noise is computed at once


class Cells(NamedTuple):
    """Cells of one array. All arrays are flat, with one entry for each cell."""

    weight: Any  # what the cells hold
    traits: Any  # a ``cell.Traits`` of arrays, with one entry for each cell or a shared one
    response: Any  # a ``cell.Response``
    writes: Any  # how often each cell was written
    counts: Any  # [6], float64: what was written is added to the entries of ``levels.Count``


class Spread(NamedTuple):
    """How the cells of an array differ from each other."""

    step: float = 0.0  # relative standard deviation of a pulse's step
    bounds: float = 0.0  # relative standard deviation of the conductance at either end
    label: float = 0.0  # standard deviation of a nonlinearity label's magnitude
    state: float = 0.0  # relative standard deviation of a cell's conductances as a whole
    asymmetry: float = 0.0  # relative standard deviation of the ratio of steps up to steps down
    stuck_low: float = 0.0  # share of cells stuck at the low end
    stuck_high: float = 0.0  # share of cells stuck at the high end


class Write(IntEnum):
    """How pulses bring a cell to a level; ``Plan.write``."""

    PULSES = 0  # as many as lead from the old level to the new one on the nominal curve
    VERIFY = 1  # by what a read says is missing, again until the weight is within the tolerance
    RESET = 2  # to the low end by a whole range of pulses down, then as many pulses up


class Plan(NamedTuple):
    """How cells are written to levels by pulses."""

    bend_up: float  # bends of the nominal curves
    bend_down: float
    write: int  # a ``Write`` as a plain int
    tolerance: float  # of a verified write, as a weight
    most: int  # attempts of a verified write


@njit(cache=True, nogil=True)
def trait(values, i):
    """Cell i's value of a trait; an array of one entry holds it for all cells."""
    return values[i] if values.size > 1 else values[0]


@njit(cache=True, nogil=True)
def traits_of(traits, i):
    """The ``cell.Traits`` of cell i as numbers."""
    return cell.Traits(
        trait(traits.low, i),
        trait(traits.high, i),
        trait(traits.step, i),
        trait(traits.bend_up, i),
        trait(traits.bend_down, i),
        trait(traits.uneven, i),
    )


@njit(cache=True, nogil=True)
def manufacture(traits, spread, labels, offset, draw):
    """Draw the traits of cells, static for the life of an array.

    ``traits`` is a ``cell.Traits`` of arrays to be written; arrays of one entry, which all cells
    share, keep their value. ``spread`` is a ``Spread``, ``labels`` a ``cell.UpDown`` of the nominal
    nonlinearity labels, ``offset`` as in ``cell``, ``draw`` a ``noise.Draw``, whose step is not
    used. A stuck cell has no range: both its ends are where it is stuck.
    """
    low, high, step, up, down, uneven = traits
    first, _, layer, array, seed = draw
    purposes = noise.purpose_in(array, 0)
    for i in range(low.size if low.size > 1 else 0):
        at = first + i
        z = noise.normal(at, 0, layer, noise.DEVICE + purposes, seed)
        z_low = noise.normal(at, 0, layer, noise.LOW + purposes, seed)
        z_high = noise.normal(at, 0, layer, noise.HIGH + purposes, seed)
        whole = cell.lognormal(spread.state, z)
        a = cell.bound(-1.0, whole * cell.lognormal(spread.bounds, z_low), offset)
        b = cell.bound(1.0, whole * cell.lognormal(spread.bounds, z_high), offset)
        low[i], high[i] = min(a, b), max(a, b)
        step[i] = cell.lognormal(spread.step, z)
        u = noise.uniform(at, 0, layer, noise.STUCK + purposes, seed)
        side = cell.stuck(u, spread.stuck_low, spread.stuck_high)
        if side != 0:
            low[i] = high[i] = low[i] if side < 0 else high[i]
    for i in range(up.size if up.size > 1 else 0):
        at = first + i
        z_up = noise.normal(at, 0, layer, noise.UP + purposes, seed)
        z_down = noise.normal(at, 0, layer, noise.DOWN + purposes, seed)
        up[i] = cell.bend(cell.relabel(labels.up, spread.label * z_up))
        down[i] = cell.bend(cell.relabel(labels.down, spread.label * z_down))
    for i in range(uneven.size if uneven.size > 1 else 0):
        z = noise.normal(first + i, 0, layer, noise.ASYMMETRY + purposes, seed)
        uneven[i] = math.sqrt(cell.lognormal(spread.asymmetry, z))


@njit(cache=True, nogil=True)
def clip(weight, traits):
    """Clip the weights of cells to their own bounds, in place."""
    for i in range(weight.size):
        weight[i] = min(max(weight[i], trait(traits.low, i)), trait(traits.high, i))


@njit(cache=True, nogil=True)
def pulse(cells, pulses, draw):
    """Send each cell its ``pulses`` (flat, int32; negative: down).

    ``cells`` is a ``Cells``, of which weights, writes and counts are updated; all pulses of a cell
    are one write and share one random number of ``draw``, a ``noise.Draw``.
    """
    weight, traits, response, writes, counts = cells
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.CYCLE)
    z = np.empty((4, noise.GROUPS))
    for base in range(first - first % noise.BLOCK, first + weight.size, noise.BLOCK):
        start = max(base - first, 0)
        stop = min(base - first + noise.BLOCK, weight.size)
        moved = 0
        for i in range(start, stop):
            moved += pulses[i] != 0
        if moved == 0:
            continue
        if moved >= MANY:
            noise.normals(z, base, step, layer, purpose, seed)
        for i in range(start, stop):
            n = pulses[i]
            if n == 0:
                continue
            at = first + i
            if moved >= MANY:
                drawn = z[at & 3, (at - base) >> 2]
            else:
                drawn = noise.normal(at, step, layer, purpose, seed)
            old = weight[i]
            weight[i] = cell.programmed(old, n, traits_of(traits, i), response, drawn)
            writes[i] += 1
            counts[Count.SETS if n > 0 else Count.RESETS] += 1
            counts[Count.STEPS_UP if n > 0 else Count.STEPS_DOWN] += abs(n)
            counts[Count.CHANGE] += weight[i] - old


@njit(cache=True, nogil=True)
def attempted(n, last):
    """Pulses of an attempt of a verified write that are sent where ``n`` lead to the level.

    Half of them, at least one; against the direction of the ``last`` attempt, which overshot, at
    most half of its pulses, else at most twice as many. Both numbers are negative downwards, and
    ``last`` is 0 before the first attempt.
    """
    size = (abs(n) + 1) // 2
    if n * last < 0:
        size = min(size, max(abs(last) // 2, 1))
    elif last != 0:
        size = min(size, 2 * abs(last))
    return size if n > 0 else -size


@njit(cache=True, nogil=True)
def ask(real, known, grid, plan, response, asked):
    """The pulses that lead the cells whose level changed, or all of them, to their levels.

    On the nominal curve, from the levels last written; ``asked`` (int32) receives them, negative
    downwards. All arrays are flat, the others are those of ``to_levels``.
    """
    per_level, top, odd, every = grid
    for i in range(real.size):
        now = levels.level(real[i], per_level, top, odd)
        held = max(known[i], -top) / top
        asked[i] = 0
        if now != known[i] or every:
            up, down = response.pulses_up, response.pulses_down
            asked[i] = cell.nominal(held, now / top, plan.bend_up, plan.bend_down, up, down)


@njit(cache=True, nogil=True)
def reach(known, grid, plan, response, sent):
    """Set the levels ``known`` of cells to where the pulses that they were ``sent`` lead.

    On the nominal curve, from the levels known before; the arguments are those of ``ask``.
    """
    top = grid.top
    for i in range(known.size):
        if sent[i] == 0 and known[i] >= -top:
            continue
        state = 0.5 * (max(known[i], -top) / top + 1.0)
        count = response.pulses_up if sent[i] > 0 else response.pulses_down
        state = cell.pulsed(state, sent[i] / count, plan.bend_up if sent[i] > 0 else plan.bend_down)
        known[i] = levels.level(2.0 * state - 1.0, float(top), top, grid.odd)


@njit(cache=True, nogil=True)
def mark(known, sent):
    """Forget the levels of cells that were ``sent`` pulses, so that they are written again."""
    for i in range(known.size):
        if sent[i] != 0:
            known[i] = NEVER


@njit(cache=True, nogil=True)
def settle(real, known, grid):
    """Take the levels of the real weights for those that were last written."""
    for i in range(real.size):
        known[i] = levels.level(real[i], grid.per_level, grid.top, grid.odd)


@njit(cache=True, nogil=True)
def to_levels(real, known, cells, grid, plan, draw):
    """Write the cells whose level changed, or all of them, by pulses.

    ``real`` weights and ``known``, the levels (int8) last written, are flat arrays with one entry
    for each cell; ``known`` is updated. ``cells`` is a ``Cells``, of which weights, writes and
    counts are updated; a cell with pulses both ways counts as set and as reset. ``grid`` is a
    ``levels.Grid``, ``plan`` a ``Plan``, ``draw`` a ``noise.Draw``. A verified cell whose level
    lies beyond its range stays at the end of the range. A reset and the pulses that follow are one
    write, as are the attempts of ``Write.PULSES``; each attempt of ``Write.VERIFY`` is one.
    """
    weight, traits, response, writes, counts = cells
    per_level, top, odd, every = grid
    bend_up, bend_down, write, tolerance, most = plan
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.CYCLE)
    pulses_up, pulses_down = response.pulses_up, response.pulses_down
    for i in range(real.size):
        now = levels.level(real[i], per_level, top, odd)
        move = now - known[i]
        if move == 0 and not every:
            continue
        at = first + i
        own = traits_of(traits, i)
        old = weight[i]
        meant = now / top
        held = max(known[i], -top) / top if write == Write.PULSES else weight[i]
        ups, downs = 0, 0
        if write == Write.RESET:
            if own.low < own.high:  # a stuck cell receives the pulses but does not move
                weight[i] = own.low
            held = -1.0
            downs += pulses_down
            writes[i] += 1
        last = 0
        for attempt in range(most if write == Write.VERIFY else 1):
            if write == Write.VERIFY:
                held = weight[i]
                counts[Count.READS] += 1
                if abs(meant - held) <= tolerance:
                    break
                if meant <= held <= own.low + SLACK or meant >= held >= own.high - SLACK:
                    break  # the cell's range ends here
            n = cell.nominal(held, meant, bend_up, bend_down, pulses_up, pulses_down)
            if write == Write.VERIFY:
                n = last = attempted(n if n != 0 else (1 if meant > held else -1), last)
            if n == 0:
                break
            z = noise.normal(at, step * most + attempt, layer, purpose, seed)
            weight[i] = cell.programmed(weight[i], n, own, response, z)
            if n > 0:
                ups += n
            else:
                downs -= n
            writes[i] += write != Write.RESET
        counts[Count.SETS] += ups > 0
        counts[Count.RESETS] += downs > 0
        counts[Count.STEPS_UP] += ups
        counts[Count.STEPS_DOWN] += downs
        counts[Count.CHANGE] += weight[i] - old
        known[i] = now


@njit(cache=True, nogil=True)
def round_stochastically(change, pulses, factor, steps, most, draw):
    """Pulses for a change of each weight by ``factor * change``, rounded stochastically.

    ``pulses`` (int32; negative: down) receives at most ``most`` each; their mean is what the change
    asks for where a pulse makes a step of ``steps``, a ``cell.UpDown`` of weights. Both arrays are
    flat; ``draw`` is a ``noise.Draw``.
    """
    first, step, layer, array, seed = draw
    purpose = noise.purpose_in(array, noise.ROUND)
    per_step_up, per_step_down = 1.0 / steps.up, 1.0 / steps.down
    words = np.empty((4, noise.GROUPS), np.uint64)
    for base in range(first - first % noise.BLOCK, first + change.size, noise.BLOCK):
        noise.words(words, base, step, layer, purpose, seed)
        for at in range(max(base, first), min(base + noise.BLOCK, first + change.size)):
            wanted = factor * change[at - first]
            u = float(words[at & 3, (at - base) >> 2]) / 4294967296.0
            size = abs(wanted) * (per_step_up if wanted > 0.0 else per_step_down)
            n = math.floor((size if size < most else most) + u)  # nan: most
            pulses[at - first] = n if wanted > 0.0 else -n


@njit(cache=True, nogil=True)
def take_whole(residue, change, pulses, factor, steps, most):
    """Add ``factor * change`` to the residue of each cell and take whole pulses out of it.

    A pulse (``pulses``, int32; negative: down) is worth a step of ``steps``, a ``cell.UpDown`` of
    weights; a cell receives at most ``most``. All arrays are flat.
    """
    for i in range(residue.size):
        total = residue[i] + factor * change[i]
        each = steps.up if total > 0.0 else steps.down
        size = abs(total) / each
        n = math.floor(size if size < most else most)  # nan: most
        pulses[i] = n if total > 0.0 else -n
        residue[i] = total - pulses[i] * each


@njit(cache=True, nogil=True)
def against_sign(gradient, pulses, least):
    """One pulse against the sign of each gradient whose magnitude is above ``least``."""
    for i in range(gradient.size):
        g = gradient[i]
        pulses[i] = (-1 if g > 0.0 else 1) if abs(g) > least else 0
