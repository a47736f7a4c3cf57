"""Low-rank updates of layers on the hybrid chip: two matrices a layer, in digital macros.

A layer W of R x C weights gets a product of R x r and r x C words (training/layers/adapter.py). A
digital macro multiplies what comes in along its rows by the words of a row, so that each matrix is
held twice: as it is for the forward pass, and turned round for errors. Values between the two are
of as many bits as errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.hybrid.digital import DigitalMacro
from neurorebit.chips.parts.floorplan import Pieces, ceil
from neurorebit.chips.parts.workload import Array, Workload
from neurorebit.circuits.cost import Cost, Real

WORD = 32.0


@dataclass(frozen=True, eq=False)
class Adapters:
    """The adapters of all layers; layers without one have empty ones."""

    macro: DigitalMacro
    workload: Workload

    @property
    def some(self) -> bool:
        """Whether any layer has one."""
        return bool(np.any(self.workload.ranks > 0.0))

    @property
    def there(self) -> Array:
        """1 for layers that have one."""
        found: Array = np.where(self.workload.ranks > 0.0, 1.0, 0.0)
        return found

    @property
    def rank(self) -> Array:
        """Rows of the second matrix; 1 where there is none."""
        found: Array = np.maximum(self.workload.ranks, 1.0)
        return found

    def pieces(self, rows: Real, words: Real) -> Pieces:
        """The macros of a matrix of each layer, sorted by how far they are filled."""
        macro = self.macro
        return Pieces.cut((rows, macro.rows), (words, macro.words), self.there)

    @cached_property
    def ahead(self) -> tuple[Pieces, Pieces]:
        """Both matrices as the forward pass multiplies by them."""
        w = self.workload
        return self.pieces(w.rows, self.rank), self.pieces(self.rank, w.cols)

    @cached_property
    def back(self) -> tuple[Pieces, Pieces]:
        """Both turned round, in the order in which errors come to them."""
        w = self.workload
        return self.pieces(w.cols, self.rank), self.pieces(self.rank, w.rows)

    @property
    def _all(self) -> Iterator[Pieces]:
        yield from (*self.ahead, *self.back)

    @property
    def macros(self) -> Real:
        """Macros of each layer."""
        layers = len(self.workload.rows)
        held = [np.sum(one.by_kind(one.counts, layers), axis=-2) for one in self._all]
        total: Real = sum(held[1:], held[0])
        return total

    def tiles(self, macros_of_a_tile: Real) -> Real:
        """Tiles of each layer, of macros beside each other."""
        return ceil(self.macros / macros_of_a_tile) if self.some else 0.0

    @property
    def words(self) -> Array:
        """Words of each layer that learn."""
        w = self.workload
        found: Array = self.there * self.rank * (w.rows + w.cols)
        return found

    @property
    def values(self) -> Array:
        """Values of an image that go into both matrices and come out of them, one way."""
        w = self.workload
        found: Array = self.there * w.vectors * (w.rows + 2.0 * self.rank + w.cols)
        return found

    @property
    def macs(self) -> tuple[Array, Array]:
        """Multiplications of an image in the first matrix and in the second."""
        w, each = self.workload, self.there * self.rank * self.workload.vectors
        return each * w.rows, each * w.cols

    def through(
        self, pieces: tuple[Pieces, ...], work: Callable[[Pieces], Cost], *, at_once: bool = False
    ) -> Cost:
        """``work`` in the macros of each of these matrices, one matrix after the other."""
        total, layers = Cost(), len(self.workload.rows)
        for one in pieces:
            cost = one.cost(work(one), layers)
            total = total | cost if at_once else total + cost
        return total
