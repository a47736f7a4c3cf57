"""Weights of Tiki-Taka with a chopper, with reference cells (c-TTv2) and without (AGAD).

See docs/models/schemes.md#chopper.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from neurorebit.kernels import transfer
from neurorebit.kernels.outer_product import Sums
from neurorebit.schemes.tiki_taka.keys import AgadKeys, ChopperKeys
from neurorebit.schemes.tiki_taka.weights import Round, TikiTakaWeights, Turn, no_average
from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class ChoppedWeights(TikiTakaWeights):
    """Chopped TTv2 (Rasch, Carta, Fagbohungbe, Gokmen, Nat. Commun. 15:7133, 2024).

    doi:10.1038/s41467-024-51221-z. Each row of the fast array has a sign. The row's inputs enter
    with it, and so do the values that are read of the row, so that gradients keep their sign; what
    a reference cell errs by changes sign as often as the row does and averages out. A row's sign
    flips directly after a read of the row, by ``training.chopper``. Columns have no signs: all rows
    of a column would have to be read before it flips.
    """

    signs: Array = field(init=False)
    reads: Array = field(init=False)
    flips: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        rows = self.site.shape[0] * self.site.shape[1]
        self.signs, self.flips = np.ones(rows, np.int8), np.zeros(rows, np.int8)
        self.reads = np.zeros(rows, np.int64)

    @property
    def chopper(self) -> transfer.Chopper:
        """The signs of the rows as kernels take them."""
        return transfer.Chopper(self.site.shape[2], self.signs, self.flips, self.reads)

    def chopped(self, inputs: Array) -> Array:
        """The inputs with the signs of their rows."""
        signed: Array = inputs * self.signs.astype(inputs.dtype)
        return signed

    def means(self, start: int, stop: int) -> tuple[transfer.Chopper, transfer.Average]:
        """The signs of all rows."""
        return self.chopper, no_average(self.site.dtype)

    def _rounds(self, sums: Sums, times: int, turn: Turn) -> list[Round]:
        """One after the other, for signs flip after each."""
        found: list[Round] = []
        for _ in range(times):
            signs = np.repeat(self.signs, self.site.shape[2]).astype(self.site.dtype)
            found += self._round(sums._replace(gradient=sums.gradient * signs), 1, turn)
        return found

    def _round(self, sums: Sums, times: int, turn: Turn) -> list[Round]:
        """A round, after which signs flip."""
        own, draw = self.site.training.own(ChopperKeys).chopper, self.site.draw(0, self.rounds)
        regular = own.flips == "regular"
        transfer.count_reads(self.chopper, self.row, turn.rows, own.every, regular, draw)
        found = super()._round(sums, times, turn)
        transfer.flip(self.chopper)
        return found


@dataclass(eq=False)
class AgadWeights(ChoppedWeights):
    """Analog gradient accumulation with a dynamic reference (the same paper).

    There are no reference cells. Reads are against mid range, as in other arrays, and digital
    memory keeps a moving average of each cell's reads. The average at the moment when a row's sign
    flips is what the row's reads are compared with until it flips again, so that only what came
    since then counts; before the first flip it is the first read.
    """

    mean: Array = field(init=False)
    before: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.mean, self.before = np.zeros_like(self.hidden), np.zeros_like(self.hidden)

    def written_reference(self, rest: Array) -> Array:
        """Mid range: what is constant in a read is taken away later."""
        return np.zeros_like(rest)

    def means(self, start: int, stop: int) -> tuple[transfer.Chopper, transfer.Average]:
        """The signs of all rows, and the averages of some cells."""
        newest = self.site.training.own(AgadKeys).agad.newest
        average = transfer.Average(newest, self.mean[start:stop], self.before[start:stop])
        return self.chopper, average
