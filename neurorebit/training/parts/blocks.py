"""What programming in blocks did to a layer, as its activity has it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from neurorebit.kernels.blocks import Tally
from neurorebit.schema.activity import BlockActivity, TrainActivity
from neurorebit.training.parts.weights import Site, Written
from neurorebit.training.parts.workers import Array

COARSE, FINE = range(2)  # rows of ``Written.blocks``: trains of blocks, and of single cells


def of_blocks(site: Site, written: Written) -> BlockActivity | None:
    """The trains in a mean step; None where cells are programmed row by row."""
    blocks, tally = site.spec.blocks, written.blocks
    if blocks is None or tally is None:
        return None
    up, down = _of(site, tally[COARSE], written.updates, (int(blocks.rows), int(blocks.cols)))
    if np.isnan(tally[FINE]).any():
        return BlockActivity(up, down, None, None)
    return BlockActivity(up, down, *_of(site, tally[FINE], written.updates, (1, 1)))


def _of(site: Site, tally: Array, updates: int, block: tuple[int, int]) -> Iterator[TrainActivity]:
    """Both directions of blocks of so many rows and columns."""
    assert site.device.pulses is not None
    groups, rows, cols = site.shape
    array = int(site.spec.forward.cols)
    down = groups * sum(math.ceil((stop - start) / block[0]) for start, stop in site.cuts)
    widths = [min(array, cols - left) for left in range(0, cols, array)]
    opened = updates * down * len(widths)
    blocks = updates * down * sum(math.ceil(width / block[1]) for width in widths)
    pulses = site.device.pulses.levels_ltp, site.device.pulses.levels_ltd
    for way, count in enumerate(pulses):
        of = {one: float(tally[one + way]) for one in Tally if one % 2 == 0}
        step = (site.spec.levels - 1) / float(count)
        yield TrainActivity(
            openings=of[Tally.OPENED_UP] / opened,
            slots=of[Tally.SLOTS_UP] * step / opened,
            open_rows=of[Tally.ROWS_UP] * step / opened,
            blocks=of[Tally.BLOCKS_UP] / blocks,
            share=of[Tally.CELLS_UP] / (updates * groups * rows * cols),
            levels=of[Tally.PULSES_UP] * step / max(of[Tally.CELLS_UP], 1.0),
        )
