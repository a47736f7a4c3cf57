"""Pulses that cells of a block share, and what a controller does to send them.

A block is ``rows`` by ``cols`` neighbouring cells of an array. Its rows are opened together and
its columns hang on one driver, so that its cells get one train of pulses. The blocks beside each
other in an array get their trains at once, those of ``width`` columns at a time; the rows stay open
as long as the longest of these trains (docs/models/programming.md#blocks).
"""

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit


class Until(IntEnum):
    """When the train of a block ends."""

    FIRST = 0  # its first cell has what it asked for
    MEAN = 1  # its mean cell has
    LAST = 2  # its last cell has


class Layout(NamedTuple):
    """Blocks of cells, and how many pulses one gets."""

    rows: int  # of a block, opened together
    cols: int  # of a block, on one driver
    width: int  # columns whose drivers work at once
    array: int  # columns of an array
    until: int  # when the train of a block ends, an ``Until`` as a plain int
    inhibited: bool  # cells that ask for no pulse of a direction are kept from it


class Tally(IntEnum):
    """Entries of the float64 array in which is added up what was sent; first up, then down."""

    OPENED_UP = 0  # times that rows were opened for pulses
    OPENED_DOWN = 1
    SLOTS_UP = 2  # pulses, one after the other, that these rows stay open for
    SLOTS_DOWN = 3
    ROWS_UP = 4  # rows that are open, over all such pulses
    ROWS_DOWN = 5
    BLOCKS_UP = 6  # blocks that got pulses
    BLOCKS_DOWN = 7
    CELLS_UP = 8  # cells that got pulses
    CELLS_DOWN = 9
    PULSES_UP = 10  # pulses of all these cells
    PULSES_DOWN = 11


@njit(cache=True, nogil=True)
def mean_of(total, cells):
    """The mean of what ``cells`` cells ask for, rounded; a half away from zero."""
    size = math.floor(abs(total) / cells + 0.5)
    return size if total > 0 else -size


@njit(cache=True, nogil=True)
def count(tally, pulses, cells):
    """Add a block whose ``cells`` cells get ``pulses`` pulses."""
    if pulses == 0:
        return
    down = 1 if pulses < 0 else 0
    tally[Tally.BLOCKS_UP + down] += 1
    tally[Tally.CELLS_UP + down] += cells
    tally[Tally.PULSES_UP + down] += cells * abs(pulses)


@njit(cache=True, nogil=True)
def open_rows(tally, down, longest, rows):
    """Add rows that are opened for the longest of the trains."""
    if longest == 0:
        return
    tally[Tally.OPENED_UP + down] += 1
    tally[Tally.SLOTS_UP + down] += longest
    tally[Tally.ROWS_UP + down] += longest * rows


@njit(cache=True, nogil=True)
def _train(asked, until):
    """The pulses of one block [high, wide], all of whose cells get them.

    Of cells that ask for pulses of both directions the first has what it asked for at once, and the
    last is the one that asks for most, upwards where others ask for as many downwards.
    """
    high, wide = asked.shape
    total, up, down = 0, 0, 0
    first = abs(asked[0, 0])
    for i in range(high):
        for j in range(wide):
            n = asked[i, j]
            total += n
            up, down = max(up, n), max(down, -n)
            first = min(first, abs(n))
    if until == Until.FIRST:
        if up > 0 and down > 0:
            return 0
        return first if up > 0 else -first
    if until == Until.MEAN:
        return mean_of(total, high * wide)
    return up if up >= down else -down


@njit(cache=True, nogil=True)
def _together(asked, sent, layout, tally):
    """A group of rows and as many columns as have drivers: all cells of a block get its train."""
    high, wide = asked.shape
    longest_up, longest_down = 0, 0
    for first in range(0, wide, layout.cols):
        last = min(first + layout.cols, wide)
        n = _train(asked[:, first:last], layout.until)
        sent[:, first:last] = n
        count(tally, n, high * (last - first))
        longest_up, longest_down = max(longest_up, n), max(longest_down, -n)
    open_rows(tally, 0, longest_up, high)
    open_rows(tally, 1, longest_down, high)


@njit(cache=True, nogil=True)
def _train_of_column(asked, sent, sign, until):
    """Send the cells of a column that ask for pulses of one direction theirs.

    Returns which rows these are, one bit each, how many, and their pulses.
    """
    pattern, total, cells, first, last = 0, 0, 0, 0, 0
    for i in range(asked.size):
        n = sign * asked[i]
        if n > 0:
            pattern |= 1 << i
            total += n
            first = n if cells == 0 else min(first, n)
            last = max(last, n)
            cells += 1
    if cells == 0:
        return pattern, cells, 0
    n = mean_of(total, cells)
    if until != Until.MEAN:
        n = first if until == Until.FIRST else last
    for i in range(asked.size):
        if sign * asked[i] > 0:
            sent[i] = sign * n
    return pattern, cells, n


@njit(cache=True, nogil=True)
def _apart(asked, sent, layout, tally):
    """The same where a cell is kept from the pulses of a direction that it asks for none of.

    The access line of its row stays closed, so that columns which ask in the same rows get their
    trains at once, others in turn.
    """
    wide = asked.shape[1]
    patterns, longest, open_of = np.zeros((3, wide), np.int64)
    sent[:, :] = 0
    for down in range(2):
        known = 0
        for j in range(wide):
            sign = -1 if down else 1
            pattern, cells, n = _train_of_column(asked[:, j], sent[:, j], sign, layout.until)
            if cells == 0:
                continue
            count(tally, sign * n, cells)
            place = 0
            while place < known and patterns[place] != pattern:
                place += 1
            if place == known:
                patterns[place], longest[place], open_of[place] = pattern, 0, cells
                known += 1
            longest[place] = max(longest[place], n)
        for place in range(known):
            open_rows(tally, down, longest[place], open_of[place])


@njit(cache=True, nogil=True)
def share(asked, sent, cuts, layout, tally):
    """What each cell of a layer's matrix is ``sent`` of the pulses that it is ``asked`` to get.

    Both are int32 [rows, cols], negative downwards. ``cuts`` [n, 2] (int64) are the ranges of rows
    that stand in one array each, ``layout`` is a ``Layout``; ``tally`` is added to. No block
    reaches over an array's edge: those at the edge are smaller.
    """
    cols = asked.shape[1]
    for k in range(cuts.shape[0]):
        for top in range(cuts[k, 0], cuts[k, 1], layout.rows):
            bottom = min(top + layout.rows, cuts[k, 1])
            for left in range(0, cols, layout.array):
                right = min(left + layout.array, cols)
                for first in range(left, right, layout.width):
                    last = min(first + layout.width, right)
                    part = asked[top:bottom, first:last]
                    if layout.inhibited:
                        _apart(part, sent[top:bottom, first:last], layout, tally)
                    else:
                        _together(part, sent[top:bottom, first:last], layout, tally)


@njit(cache=True, nogil=True)
def put_back(residue, left, steps):
    """Add the pulses that are ``left`` of those taken out of a residue; ``steps`` as in ``pulse``.

    Both arrays are flat; a cell that got more than it asked for has a part of the other sign left.
    """
    for i in range(residue.size):
        if left[i] != 0:
            residue[i] += left[i] * (steps.up if left[i] > 0 else steps.down)
