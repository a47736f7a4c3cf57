"""Vectors through the arrays of a layer, plane by plane."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Floorplan, Pieces
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

    def in_turns(self, one: Cost) -> Cost:
        """Work in all arrays of a layer, given that where each has one group: packed groups of an
        array follow each other.
        """
        return Cost(one.energy, self.plan.packing.groups * one.latency)

    def through(self, pieces: Pieces, work: Callable[[Pieces], Cost]) -> Cost:
        """The cost of ``work`` in all arrays of a layer at once, given that of one of each kind."""
        return pieces.cost(work(pieces), len(self.workload.rows))

    def used(self, pieces: Pieces) -> tuple[Real, Real]:
        """Shares of an array's rows, and of the columns at its places, that are in use.

        1 where there is no such array.
        """
        macro, rows, cols = self.chip.whole_tile.pe.macro, pieces.rows, pieces.cols
        at_once = self.places(pieces) * macro.adcs
        return (
            np.where(rows > 0.0, rows / macro.rows, 1.0),
            np.where(cols > 0.0, cols / at_once, 1.0),
        )

    def used_back(self, pieces: Pieces) -> tuple[Real, Real]:
        """Shares of an array's columns, and of the rows at its places, that a transposed read uses.

        1 where there is no such array.
        """
        macro, rows, cols = self.chip.whole_tile.pe.macro, pieces.rows, pieces.cols
        at_once = self.back_places(pieces) * macro.row_adcs
        return (
            np.where(cols > 0.0, cols / macro.cols, 1.0),
            np.where(rows > 0.0, rows / at_once, 1.0),
        )

    def places(self, pieces: Pieces) -> Real:
        """Places of the multiplexers that reads of the arrays of ``pieces`` take."""
        return pieces.spread(np.atleast_1d(self.plan.packing.places))

    def back_places(self, pieces: Pieces) -> Real:
        """Those that transposed reads take."""
        return pieces.spread(np.atleast_1d(self.plan.packing.back_places))

    def read(self, macro: Any, pieces: Pieces) -> Cost:
        """One vector through a macro of which the rows and columns of ``pieces`` are in use.

        Each plane of the inputs is a read of the macro, with the density of that plane.
        """
        planes, state = self.activity.planes, pieces.spread(self.activity.conductance)
        driven, sensed = self.used(pieces)
        reads = pieces.spread(np.atleast_1d(self.chip.input_planes))
        places = self.places(pieces)
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
        _, sensed = self.used(pieces)
        corrected: Cost = macro.correct(sensed, self.places(pieces))
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

        one = self.through_arrays(read)
        return Cost(
            self.plan.copies * self.workload.signed * one.energy, self.workload.signed * one.latency
        )

    def read_ones(self, macro: Any, pieces: Pieces) -> Cost:
        """One plane with all rows at one through a macro."""
        driven, sensed = self.used(pieces)
        state = pieces.spread(self.activity.conductance)
        places = self.places(pieces)
        read: Cost = macro.read(1.0, state, driven, sensed, planes=1.0, places=places)
        return read

    @cached_property
    def vector(self) -> Cost:
        """One vector through all arrays of a layer."""
        return self.through_arrays(self.read)
