"""The unit for products of two activations: digital macros that one of them is written to.

An analog array is not written with every image: that would wear it out, and take longer than the
product. Digital macros are, a value a word; the other activation is then streamed past the rows.

See docs/models/macros.md#products-of-two-activations.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from neurorebit.chips.parts.floorplan import Pieces, ceil
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.htree import HTree
from neurorebit.schema.technology import Technology


class Job(NamedTuple):
    """Products of vectors with ``rows`` x ``cols`` operands, in each of ``groups`` groups."""

    rows: Real
    cols: Real
    vectors: Real
    groups: Real

    @property
    def operands(self) -> Real:
        """Values that are written."""
        return self.rows * self.cols * self.groups

    def down(self, macro: ProductMacro) -> Real:
        """Macros whose partial sums make a result."""
        return ceil(self.rows / macro.rows)

    def across(self, macro: ProductMacro) -> Real:
        """Macros that take the same values."""
        return ceil(self.cols / macro.words)

    def macros(self, macro: ProductMacro) -> Real:
        """Macros that hold the operands."""
        return self.groups * self.down(macro) * self.across(macro)

    @property
    def streamed(self) -> Real:
        """Values that are streamed past them."""
        return self.vectors * self.rows * self.groups

    @property
    def results(self) -> Real:
        """Values that the products give."""
        return self.vectors * self.cols * self.groups


def forward_job(w: Workload) -> Job:
    """A x B, of M x K and K x N values: B is written."""
    return Job(w.rows, w.cols, w.vectors, w.groups)


def backward_jobs(w: Workload) -> tuple[Job, Job]:
    """The errors of A and of B, given those of their product, M x N values.

    Errors by B transposed, which is written. A transposed by errors, of which the smaller is
    written: the product of M rows with K or with N columns.
    """
    of_input = Job(w.cols, w.rows, w.vectors, w.groups)
    small, large = np.minimum(w.rows, w.cols), np.maximum(w.rows, w.cols)
    return of_input, Job(w.vectors, small, large, w.groups)


def jobs_of(w: Workload, trains: bool) -> tuple[Job, ...]:
    """All that the products of a network ask for."""
    return (forward_job(w), *(backward_jobs(w) if trains else ()))


class ProductMacro(Protocol):
    """A digital macro that values are written to, ``words`` of them in a row."""

    @property
    def rows(self) -> Real: ...
    @property
    def words(self) -> Real: ...
    @property
    def sum_bits(self) -> Real: ...
    @property
    def footprint(self) -> Footprint: ...

    def hold(self, rows: Real, words: Real) -> Cost:
        """Write values into the rows and words in use."""
        ...

    def multiply(self, density: Real, nonzero: Real, rows: Real, words: Real) -> Cost:
        """One vector by the rows and words in use; ``density`` of ones, share not zero."""
        ...


@dataclass(frozen=True, eq=False)
class ProductUnit(Block):
    """``macros`` digital macros and the tree that leads to them from the global buffer.

    Partial sums of up to ``down`` macros make a result.
    """

    tech: Technology
    macro: ProductMacro
    macros: Positive
    down: Positive
    _: KW_ONLY
    tree: HTree
    name: str = "products"

    @cached_property
    def adder_tree(self) -> AdderTree:
        """For the results that all macros give at once."""
        results = ceil(self.macros * self.macro.words / self.down)
        return AdderTree(self.tech, self.down, self.macro.sum_bits, results)

    def utilization(self, w: Workload) -> Real:
        """Share of all words that hold the operands of each layer's forward product."""
        return forward_job(w).operands / (self.macros * self.macro.rows * self.macro.words)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        macro = self.macro
        assert isinstance(macro, Block)
        return (self.macros, macro), (1.0, self.adder_tree), (1.0, self.tree)

    def pieces(self, job: Job) -> Pieces:
        """The macros of each layer's operands, sorted by how far they are filled."""
        macro = self.macro
        return Pieces.cut((job.rows, macro.rows), (job.cols, macro.words), job.groups)

    @action
    def hold(self, job: Job) -> Cost:
        """Write the operands of each layer, in all of its macros at once."""
        pieces = self.pieces(job)
        return pieces.cost(self.macro.hold(pieces.rows, pieces.cols), np.shape(job.rows)[-1])

    @action
    def multiply(self, job: Job, density: Real, nonzero: Real) -> Cost:
        """One vector of each group, in all macros of a layer at once."""
        pieces = self.pieces(job)
        spread = pieces.spread(np.asarray(density)), pieces.spread(np.asarray(nonzero))
        one = self.macro.multiply(*spread, pieces.rows, pieces.cols)
        return pieces.cost(one, np.shape(job.rows)[-1])

    @action
    def add(self, job: Job) -> Cost:
        """Partial sums of macros below each other; they overlap with the products."""
        down = job.down(self.macro)
        one = Adder(self.tech, self.macro.sum_bits, name=self.adder_tree.name).add()
        return Cost((job.results * (down - 1.0) * one).energy)

    @action
    def carry(self, bits: Real, macros: Real = 1.0) -> Cost:
        """Move bits between the global buffer and as many neighbouring macros."""
        return self.tree.transfer(bits, bits / self.tree.width, macros)
