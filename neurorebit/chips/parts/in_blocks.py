"""The cells of a layer programmed in blocks: in a step, and once at the beginning."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurorebit.chips.parts.activity import MeasuredBlocks, MeasuredTrains
from neurorebit.chips.parts.block_effort import Asked, Plan, expected, initial
from neurorebit.chips.parts.block_programming import Trains
from neurorebit.chips.parts.blocks import Blocks
from neurorebit.chips.parts.floorplan import Pieces
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.programming import LEAST
from neurorebit.chips.parts.reads import Reads
from neurorebit.chips.parts.writing import VERIFIED, verified
from neurorebit.circuits.cost import Cost, Real
from neurorebit.schema.device import Device

SENTENCES = {
    ("first", "disturbed"): "a train ends when the first cell of a block has its pulses, and there "
    "is none where cells ask for both directions",
    ("mean", "disturbed"): "a block gets the mean of the pulses that its cells ask for, which "
    "disturbs those that ask for others",
    (
        "last",
        "disturbed",
    ): "a block gets the most pulses that a cell of it asks for, which disturbs "
    "those that ask for others",
    ("first", "inhibited"): "a train ends when the first of the cells that ask has its pulses; the "
    "others are cut off by their rows",
    ("mean", "inhibited"): "cells that ask for pulses get the mean of theirs; the others are cut "
    "off by their rows",
    ("last", "inhibited"): "cells that ask for pulses get as many as the one that asks for most; "
    "the others are cut off by their rows",
}


def sentence(blocks: Blocks) -> str:
    """What is assumed of cells that are programmed in blocks."""
    size = f"{float(np.max(blocks.rows)):g} rows and {float(np.max(blocks.cols)):g} columns"
    then = "what is left follows row by row" if blocks.fine else "what is left is not sent"
    return (
        f"cells are programmed in blocks of {size}: {SENTENCES[blocks.until, blocks.others]}; "
        f"{then}; rows are open as long as the longest train in them"
    )


def reprogrammed(reads: Reads, learning: Learning, blocks: Blocks) -> Cost:
    """The cells that change in a step, and the reads that verify them, in one copy of a layer."""

    def write(macro: Any, pieces: Pieces) -> Cost:
        return _Step(reads, learning, blocks, pieces).cost(macro)

    return reads.through_arrays(write)


class _Step:
    """A step in the arrays of ``pieces``."""

    def __init__(self, reads: Reads, learning: Learning, blocks: Blocks, pieces: Pieces) -> None:
        self.blocks, self.pieces, self.activity = blocks, pieces, reads.activity
        self.learning, self.device = learning, reads.chip.device
        self.steps = reads.spec.cell_steps
        response = self.device.response
        self.counts = response.levels_ltp, response.levels_ltd

    def spread(self, amount: Real) -> Real:
        """An amount of each layer in its arrays."""
        return self.pieces.spread(np.atleast_1d(amount))

    def cost(self, macro: Any) -> Cost:
        """All that a macro does."""
        pieces, a = self.pieces, self.activity
        state = self.spread(a.conductance)
        used = {"cells": pieces.rows * pieces.cols, "rows": pieces.rows}
        plan = self._assumed() if a.blocks is None else self._measured(a.blocks)
        total: Cost = macro.program_in_trains(plan.up, plan.down, state, **used)
        if not self.blocks.fine:
            return total
        if self.learning.write not in VERIFIED:
            then: Cost = macro.program_in_trains(plan.fine_up, plan.fine_down, state, **used)
            return total + then
        if a.blocks is None:
            alone = alone_verified(plan, self.device, self.learning.tolerance / self.steps)
        else:
            alone = self._left(a.blocks)
        each = alone.reads / np.maximum(plan.touched, LEAST)
        sent: Cost = macro.program(alone.rising, alone.falling, state, **used)
        checked: Cost = macro.verify(plan.touched, each, state=state, **used)
        return total + sent + checked

    def _measured(self, blocks: MeasuredBlocks) -> Plan:
        """The trains that training counted."""
        a, rows = self.activity, np.max(self.blocks.rows)
        up, down = self._trains(blocks.up, rows, 0), self._trains(blocks.down, rows, 1)
        touched = self.spread(np.minimum(a.set_fraction + a.reset_fraction, 1.0))
        if blocks.fine_up is None or blocks.fine_down is None:
            return Plan(up, down, up, down, touched)  # ``_left`` has those of single cells
        fine_up = self._trains(blocks.fine_up, 1.0, 0)
        return Plan(up, down, fine_up, self._trains(blocks.fine_down, 1.0, 1), touched)

    def _trains(self, measured: MeasuredTrains, together: Real, way: int) -> Trains:
        """Trains that training counted, in pulses of the device; ``way``: 0 up, 1 down."""
        each = self.counts[way] / self.steps
        return Trains(
            together,
            self.spread(measured.openings),
            self.spread(each * measured.slots),
            self.spread(each * measured.open_rows),
            self.spread(measured.share),
            self.spread(each * measured.levels),
        )

    def _left(self, blocks: MeasuredBlocks) -> Alone:
        """What write-verify sent single cells, as training counted it."""
        a = self.activity
        rising = self._left_of(a.set_fraction, a.set_levels, blocks.up, 0)
        falling = self._left_of(a.reset_fraction, a.reset_levels, blocks.down, 1)
        return Alone(rising, falling, self.spread(np.nan_to_num(a.verify_reads)))

    def _left_of(
        self, share: Real, levels: Real, blocks: MeasuredTrains, way: int
    ) -> tuple[Real, Real]:
        """Share of the cells, and pulses of each, that no block was sent."""
        cells = np.maximum(share - blocks.share, 0.0)
        sent = np.maximum(share * levels - blocks.share * blocks.levels, 0.0)
        pulses = self.counts[way] / self.steps * sent / np.maximum(cells, LEAST)
        return self.spread(cells), self.spread(np.where(cells > 0.0, pulses, 0.0))

    def _assumed(self) -> Plan:
        """Trains of cells that ask independently."""
        a = self.activity
        shares, levels = (a.set_fraction, a.reset_fraction), (a.set_levels, a.reset_levels)
        up, down = (
            Asked(self.spread(share), self.spread(distance / self.steps * count))
            for share, distance, count in zip(shares, levels, self.counts, strict=True)
        )
        return expected(self.blocks, up, down, self.pieces.cols)


class Alone(NamedTuple):
    """Shares of the cells that write-verify raises and lowers, the pulses of each, and the reads
    over all cells.
    """

    rising: tuple[Real, Real]
    falling: tuple[Real, Real]
    reads: Real


def alone_verified(plan: Plan, device: Device, tolerance: Real) -> Alone:
    """What write-verify sends single cells after their blocks, whose pulses nobody read.

    Cells that a block brought as far as they asked are off by the noise of its pulses, upwards as
    often as downwards. The others are as far off as they are left to go, and by that noise where
    they were in such a block.
    """
    counts = device.response.levels_ltp, device.response.levels_ltd
    coarse, fine = (plan.up, plan.down), (plan.fine_up, plan.fine_down)
    pulsed = coarse[0].share + coarse[1].share
    sent = sum((one.share * one.pulses for one in coarse), 0.0) / np.maximum(pulsed, LEAST)
    left = fine[0].share + fine[1].share
    there = np.maximum(plan.touched - left, 0.0)
    noisy = np.clip((pulsed - there) / np.maximum(left, LEAST), 0.0, 1.0)
    changes: list[tuple[Real, Real]] = []
    reads = 0.0 * there
    for trains, count in zip(fine, counts, strict=True):
        away = np.minimum(trains.pulses / count, 1.0)
        exact, off, near = (
            verified(device, distance, count, tolerance, blind=blind)
            for distance, blind in ((away, 0.0), (away, sent), (0.0, sent))
        )
        share, half = trains.share, there / 2.0
        pulses = share * (noisy * off.pulses + (1.0 - noisy) * exact.pulses) + half * near.pulses
        reads = reads + share * (noisy * off.reads + (1.0 - noisy) * exact.reads)
        reads = reads + half * near.reads
        cells = share + half
        changes.append((cells, pulses / np.maximum(cells, LEAST)))
    return Alone(changes[0], changes[1], reads)


def deployed(reads: Reads, learning: Learning, macro: Any, pieces: Pieces) -> Cost:
    """All cells of an array written once, from the low end; by write-verify unless blindly.

    Rows stay open until their last cell is at its level, as far off as the longest train leads.
    """
    device, blocks, steps = reads.chip.device, reads.spec.blocks, reads.spec.cell_steps
    assert blocks is not None
    state, held = pieces.spread(reads.activity.conductance), pieces.rows * pieces.cols
    count = device.response.levels_ltp
    plan = initial(blocks, state, steps, pulses=count, cols=macro.cols)
    used = {"rows": pieces.rows, "middle": 0.5 * count}
    verifies = learning.write in (None, *VERIFIED)
    if not verifies or not blocks.fine:
        trains = tuple(plan[:4]) if blocks.fine else tuple(plan[:2])
        blind: Cost = macro.deploy_in_trains(trains, state, held, **used)
        return blind
    tolerance, turns = learning.tolerance / steps, np.maximum(plan.fine_up.openings, 1.0)
    alone = alone_verified(plan, device, tolerance)
    last = plan.fine_up.slots / turns, plan.fine_down.slots / turns
    longest = [
        (
            change[0],
            verified(device, np.minimum(most / count, 1.0), count, tolerance).pulses * turns,
        )
        for change, most in zip((alone.rising, alone.falling), last, strict=True)
    ]
    cells = {"cells": held, "rows": pieces.rows}
    written: Cost = macro.deploy_in_trains(tuple(plan[:2]), state, held, **used)
    mean: Cost = macro.program(alone.rising, alone.falling, state, **cells)
    slowest: Cost = macro.program(*longest, state, **cells)
    checked: Cost = macro.verify(1.0, alone.reads, state=state, **cells)
    return written + Cost(mean.energy, slowest.latency) + checked
