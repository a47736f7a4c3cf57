"""Programming of cells in blocks: pulse trains that the cells of opened rows share.

See docs/models/programming.md#blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.programming import LEAST, Direction, directions
from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.resistive import DIRECT, Feed, ResistiveArray
from neurorebit.schema.device import Pulses


class Trains(NamedTuple):
    """Pulse trains of one direction, of a group of ``together`` rows in the mean.

    Its rows are opened ``openings`` times, for ``slots`` pulses one after the other; ``open_rows``
    are the rows that are open, over all these pulses. A ``share`` of the held cells get ``pulses``
    pulses each.
    """

    together: Real
    openings: Real
    slots: Real
    open_rows: Real
    share: Real
    pulses: Real


class Opening(NamedTuple):
    """Rows opened at once, how often in an array, cells of each that are pulsed, and pulses."""

    times: Real
    rows: Real
    cells: Real
    pulses: Real


@dataclass(frozen=True)
class BlockProgramming:
    """Cells of an array that are raised and lowered in trains.

    ``held`` cells of the array hold weights, in so many ``rows``.
    """

    array: ResistiveArray
    held: Real
    rows: Real
    _: KW_ONLY
    rising: Trains
    falling: Trains

    def groups(self, trains: Trains) -> Real:
        """Groups of rows; a row that is left over makes a group of its own."""
        return np.ceil(np.asarray(self.rows) / trains.together * (1.0 - 1e-12))

    def opening(self, trains: Trains) -> Opening:
        """The mean opening of rows for the trains of a direction."""
        groups, slots = self.groups(trains), np.maximum(trains.slots, LEAST)
        sent = trains.share * trains.pulses * self.held  # pulses of all cells
        cells = sent / np.maximum(groups * trains.open_rows, LEAST)
        pulses = trains.slots / np.maximum(trains.openings, LEAST)
        return Opening(groups * trains.openings, trains.open_rows / slots, cells, pulses)

    @property
    def openings(self) -> Iterator[Opening]:
        """Those of both directions."""
        yield from (self.opening(self.rising), self.opening(self.falling))

    def pulsed(self, pulses: Pulses, state: Real, feed: Feed = DIRECT) -> Cost:
        """The pulses themselves: charge of the lines, and heat of the cells."""
        total = Cost()
        both = zip((self.rising, self.falling), directions(self.array, pulses), strict=True)
        for trains, direction in both:
            total = total + self._sent(trains, direction, state, feed)
        return total

    def _sent(self, trains: Trains, direction: Direction, state: Real, feed: Feed) -> Cost:
        opened, slots = self.opening(trains), self.groups(trains) * trains.slots
        lines = direction.lines(opened.cells, direction.voltage, direction.width, opened.rows)
        series = feed.series(opened.cells, opened.rows, self.array.cols)
        heat = direction.heat(self.array, state, series)
        heat = self.held * trains.share * trains.pulses * heat
        return slots * lines + Cost.of(heat, slots * direction.width).under("cells")
