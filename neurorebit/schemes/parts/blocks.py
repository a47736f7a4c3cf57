"""Cells that are programmed in blocks: what each one is sent of the pulses that it asks for."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np

from neurorebit.chips.parts.blocks import Blocks, columns_at_once
from neurorebit.kernels import blocks as kernel
from neurorebit.kernels.blocks import Layout, Tally, Until
from neurorebit.training.parts.blocks import COARSE, FINE
from neurorebit.training.parts.weights import Site, Written
from neurorebit.training.parts.workers import Array, Workers

UNTIL = {"first": Until.FIRST, "mean": Until.MEAN, "last": Until.LAST}  # blocks.until


@dataclass(frozen=True, eq=False)
class Trains:
    """How the cells of a layer are programmed in blocks; ``coarse`` and ``single`` are its blocks
    and its cells on their own, ``cuts`` the rows of its matrix that stand in one array.
    """

    coarse: Layout
    single: Layout
    cuts: Array
    fine: bool
    _: KW_ONLY
    workers: Workers

    @classmethod
    def of(cls, site: Site) -> Trains | None:
        """Those of a layer; None where its arrays are programmed row by row."""
        blocks = site.spec.blocks
        return None if blocks is None else cls._of(site, blocks)

    @classmethod
    def _of(cls, site: Site, blocks: Blocks) -> Trains:
        cols, inhibited = int(site.spec.forward.cols), blocks.others == "inhibited"
        width = int(columns_at_once(blocks, cols))
        alone = cols if isinstance(blocks.drivers, str) else min(int(blocks.drivers), cols)
        until = int(UNTIL[blocks.until])
        return cls(
            Layout(int(blocks.rows), int(blocks.cols), width, cols, until, inhibited),
            Layout(1, 1, alone, cols, int(Until.FIRST), inhibited=False),
            np.array(site.cuts, np.int64).reshape(-1, 2),
            blocks.fine,
            workers=site.workers,
        )

    def share(self, asked: Array, sent: Array, written: Written) -> None:
        """Set what the cells are ``sent`` of what they are ``asked`` to get; add up the trains.

        Both are int32 [groups, rows, cols], below 0 downwards.
        """
        self._add(self.coarse, asked, sent, written, row=COARSE)

    def finish(self, left: Array, sent: Array, written: Written) -> None:
        """Add up the trains of what is ``left``, cell by cell; ``sent`` gets the same."""
        self._add(self.single, left, sent, written, row=FINE)

    def _add(
        self, layout: Layout, asked: Array, sent: Array, written: Written, *, row: int
    ) -> None:
        if written.blocks is None:
            written.blocks = np.zeros((2, len(Tally)))

        def job(group: int) -> Array:
            tally = np.zeros(len(Tally))
            kernel.share(asked[group], sent[group], self.cuts, layout, tally)
            return tally

        for tally in self.workers.run(job, len(asked)):
            written.blocks[row] += tally
