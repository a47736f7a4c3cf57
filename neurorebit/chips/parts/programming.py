"""Programming of resistive cells: pulses in rows, and pulses that coincide.

See docs/models/programming.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.resistive import DIRECT, Feed, ResistiveArray
from neurorebit.schema.device import Pulses

LEAST = 1e-300  # for shares of nothing


class Order(Enum):
    """The order of rows and directions where cells are raised and lowered."""

    ROW_BY_ROW = "a row is opened once, and its cells are raised, then lowered"
    UP_THEN_DOWN = "all rows with cells to raise are opened, then all with cells to lower"


class Change(NamedTuple):
    """The share of the held cells that change in one direction, and the pulses that each takes."""

    share: Real
    pulses: Real


class Taken(NamedTuple):
    """Pulses from the low end: those of the mean cell, of the outermost level, to mid range."""

    mean: Real
    outermost: Real
    middle: Real


class Direction(NamedTuple):
    """Pulses of one direction: voltage [V], width [s], how many span the range, and their lines."""

    voltage: Real
    width: Real
    levels: Real
    lines: Callable[..., Cost]  # charges the lines for one pulse in cells of a row

    def heat(self, array: ResistiveArray, state: Real, series: Real) -> Real:
        """Energy [J] that a cell at this share of the range takes in a pulse.

        ``series`` [ohm] of switches have the same current.
        """
        return array.written(state, self.voltage, self.width, self.levels, series=series)


def directions(array: ResistiveArray, pulses: Pulses) -> tuple[Direction, Direction]:
    """Up and down."""
    return (
        Direction(pulses.voltage_ltp, pulses.width_ltp, pulses.levels_ltp, array.pulse_set),
        Direction(pulses.voltage_ltd, pulses.width_ltd, pulses.levels_ltd, array.pulse_reset),
    )


class Selection(NamedTuple):
    """Rows opened one after the other, cells of each that change, pulses of such a cell."""

    rows: Real
    cells: Real
    pulses: Real


@dataclass(frozen=True)
class Programming:
    """Cells that are raised and lowered, spread evenly over rows of an array.

    ``held`` cells of the array hold weights, in so many ``rows`` (all unless given); ``rising`` and
    ``falling`` are shares of them.
    """

    array: ResistiveArray
    held: Real
    rising: Change
    falling: Change
    _: KW_ONLY
    rows: Real | None = None

    @property
    def used(self) -> Real:
        """Rows that hold weights."""
        return self.array.rows if self.rows is None else self.rows

    def touched(self, share: Real) -> Real:
        """Rows with at least one cell that changes, each with this share."""
        return self.used * touched(share, self.held / np.maximum(self.used, LEAST))

    def _of(self, change: Change) -> Selection:
        rows = self.touched(change.share)
        return Selection(rows, change.share * self.held / np.maximum(rows, LEAST), change.pulses)

    def selections(self, order: Order) -> Iterator[Selection]:
        """The rows to be opened, and how often their switches are pulsed."""
        if order is Order.UP_THEN_DOWN:
            yield from (self._of(self.rising), self._of(self.falling))
            return
        changed = self.rising.share + self.falling.share
        rows = self.touched(changed)
        sent = self.rising.share * self.rising.pulses + self.falling.share * self.falling.pulses
        cells = changed * self.held / np.maximum(rows, LEAST)
        yield Selection(rows, cells, sent / np.maximum(changed, LEAST))

    def pulsed(self, pulses: Pulses, state: Real, feed: Feed = DIRECT) -> Cost:
        """The pulses themselves, row by row: charge of the lines, and heat of the cells."""
        lines = Cost()
        heat: Real = 0.0
        time: Real = 0.0
        changes = self.rising, self.falling
        for change, direction in zip(changes, directions(self.array, pulses), strict=True):
            rows, cells, each = self._of(change)
            pulse = direction.lines(cells, direction.voltage, direction.width)
            lines = lines + rows * each * pulse
            series = feed.series(cells, 1.0, self.array.cols)
            one = direction.heat(self.array, state, series)
            heat = heat + self.held * change.share * each * one
            time = time + rows * each * direction.width
        return lines + Cost.of(heat, time).under("cells")


class Coincidence(NamedTuple):
    """Pulse trains on rows and columns, of ``slots`` slots.

    In a slot ``rows`` rows and half of ``cols`` columns carry a pulse, first for pulses up, then
    for pulses down. Over all slots together, ``up`` and ``down`` pulses coincide in cells.
    """

    slots: Real
    rows: Real
    cols: Real
    up: Real
    down: Real

    def pulsed(
        self, array: ResistiveArray, pulses: Pulses, state: Real, *, switched: Cost, feed: Feed
    ) -> Cost:
        """The pulses of all slots; ``switched`` is what the lines' switches take in one of them."""
        total = Cost()
        for sent, direction in zip((self.up, self.down), directions(array, pulses), strict=True):
            pulse = direction.lines(self.cols / 2.0, direction.voltage, direction.width, self.rows)
            each = sent / np.maximum(self.slots * self.rows, LEAST)  # cells of a row in a slot
            heat = direction.heat(array, state, feed.series(each, self.rows, array.cols))
            cells = Cost.of(sent * heat, self.slots * direction.width)
            total = total + self.slots * (switched + pulse) + cells.under("cells")
        return total


def touched(share: Real, cells: Real) -> Real:
    """Share of the rows in which at least one of ``cells`` cells changes, each with ``share``."""
    return 1.0 - (1.0 - np.minimum(share, 1.0)) ** cells
