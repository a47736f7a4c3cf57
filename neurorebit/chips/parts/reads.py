"""Vectors through the arrays of a layer, plane by plane."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.parts.activity import Measured, Rows
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Floorplan, Pieces, ceil, sum_over_layers
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.cost import Cost, Real


@dataclass(frozen=True, eq=False)
class Reads(ABC):
    """The base class of what reads the arrays of a chip: how a vector of each layer goes through.

    Costs are arrays with the layers on their last axis.
    """

    chip: Chip[Any]
    activity: Measured

    @property
    def workload(self) -> Workload:
        return self.chip.workload

    @property
    def plan(self) -> Floorplan:
        return self.chip.plan

    @property
    def spec(self) -> ArchitectureSpec:
        return self.chip.spec

    def through_arrays(self, read: Callable[[Any, Pieces], Cost]) -> Cost:
        """One vector through all arrays of a layer; time is that of the slowest.

        ``read``: one vector through a macro of which the rows and columns of ``Pieces`` are in use.
        """
        chip = self.chip
        pieces = self.plan.pieces
        one = self.through(pieces, lambda used: chip.in_macros(lambda macro: read(macro, used)))
        return self.in_turns(one)

    def read_through(self, read: Callable[[Any, Pieces], Cost]) -> Cost:
        """As ``through_arrays``, where packed groups that are read at once are one."""
        chip, pieces = self.chip, self.plan.read_pieces
        one = self.through(pieces, lambda used: chip.in_macros(lambda macro: read(macro, used)))
        return Cost(one.energy, self.plan.packing.turns * one.latency)

    def in_turns(self, one: Cost) -> Cost:
        """Work in all arrays of a layer, given that where each has one group: packed groups of an
        array follow each other.
        """
        return Cost(one.energy, self.plan.packing.groups * one.latency)

    @property
    def arrays_of_a_weight(self) -> Real:
        """Arrays that hold a weight together, each of which is written on its own."""
        return 1.0

    def turns_of_writing(self) -> Real:
        """How often arrays are written after each other, ``parallel_programming`` at once."""
        at_once = self.spec.forward.parallel_programming
        if isinstance(at_once, str):
            return 1.0
        copies = self.workload.in_cells * self.plan.arrays * self.plan.copies
        turns: Real = ceil(sum_over_layers(self.arrays_of_a_weight * copies) / at_once)
        return turns

    def ones_of(self, pieces: Pieces) -> Rows:
        """Mean place in the range of cells that a read sees; those off the diagonal hold zeros."""
        return pieces.spread(self.activity.conductance / self.plan.packing.at_once)

    def through(self, pieces: Pieces, work: Callable[[Pieces], Cost]) -> Cost:
        """The cost of ``work`` in all arrays of a layer at once, given that of one of each kind."""
        return pieces.cost(work(pieces), len(self.workload.rows))

    def used(self, pieces: Pieces, places: Real | None = None) -> tuple[Real, Real]:
        """Shares of an array's rows, and of the columns at its places, that are in use.

        ``places``: those of one group unless given. 1 where there is no such array.
        """
        macro, rows, cols = self.chip.whole_tile.pe.macro, pieces.rows, pieces.cols
        at_once = (self.places(pieces) if places is None else places) * macro.adcs
        return (
            np.where(rows > 0.0, rows / macro.rows, 1.0),
            np.where(cols > 0.0, cols / at_once, 1.0),
        )

    def used_back(self, pieces: Pieces) -> tuple[Real, Real]:
        """Shares of an array's columns, and of the rows at its places, that a transposed read uses.

        1 where there is no such array.
        """
        macro, rows, cols = self.chip.whole_tile.pe.macro, pieces.rows, pieces.cols
        at_once = self.read_places(pieces, back=True) * macro.row_adcs
        return (
            np.where(cols > 0.0, cols / macro.cols, 1.0),
            np.where(rows > 0.0, rows / at_once, 1.0),
        )

    def places(self, pieces: Pieces) -> Real:
        """Places of the multiplexers that one group takes in the arrays of ``pieces``."""
        return pieces.spread(np.atleast_1d(self.plan.packing.places))

    def read_places(self, pieces: Pieces, *, back: bool = False) -> Real:
        """Those that a read of all groups at once takes, or a transposed one."""
        return pieces.spread(np.atleast_1d(self.plan.packing.of_reads(back=back)))

    def read(self, macro: Any, pieces: Pieces) -> Cost:
        """One vector through a macro of which the rows and columns of ``pieces`` are in use.

        Each plane of the inputs is a read of the macro, with the density of that plane.
        """
        planes, state, places = self.activity.planes, self.ones_of(pieces), self.read_places(pieces)
        driven, sensed = self.used(pieces, places)
        reads = pieces.spread(np.atleast_1d(self.chip.input_planes))
        vector = Cost()
        for number, plane in enumerate(planes):
            density = pieces.spread(plane)
            one = macro.read(density, state, driven, sensed, planes=reads, places=places)
            if self.activity.counts is not None and len(planes) > 1:
                one = np.where(number < reads, 1.0, 0.0) * one
            vector = vector + one
        uneven = self.activity.counts is not None and len(planes) > 1
        each = 1.0 if uneven else reads / len(planes)
        return each * vector + self.corrected(macro, pieces)

    def corrected(self, macro: Any, pieces: Pieces) -> Cost:
        """Sums of weights subtracted from one vector's results, where inputs were raised."""
        way = self.chip.signed_inputs
        if way is None or not way.corrected:
            return Cost()
        places = self.read_places(pieces)
        _, sensed = self.used(pieces, places)
        corrected: Cost = macro.correct(sensed, places)
        return pieces.spread(self.workload.signed) * corrected

    def sum_weights(self) -> Cost:
        """The sums of weights that results are corrected by: a read with all rows at one, stored.

        Of all arrays of a layer, once their weights have changed.
        """
        way = self.chip.signed_inputs
        if way is None or not way.corrected:
            return Cost()

        def read(macro: Any, pieces: Pieces) -> Cost:
            kept = np.where(pieces.cols > 0.0, pieces.cols / macro.cols, 1.0)
            summed: Cost = self.read_ones(macro, pieces) + macro.keep_sums(kept)
            return summed

        one = self.read_through(read)
        return Cost(
            self.plan.copies * self.workload.signed * one.energy, self.workload.signed * one.latency
        )

    def read_ones(self, macro: Any, pieces: Pieces) -> Cost:
        """One plane with all rows at one through a macro."""
        places, state = self.read_places(pieces), self.ones_of(pieces)
        driven, sensed = self.used(pieces, places)
        read: Cost = macro.read(1.0, state, driven, sensed, planes=1.0, places=places)
        return read

    @cached_property
    def vector(self) -> Cost:
        """One vector through all arrays of a layer."""
        return self.read_through(self.read)
