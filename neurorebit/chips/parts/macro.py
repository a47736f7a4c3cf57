"""The base class of all macros: an array and the readout of its columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.readout import Counted, Readout
from neurorebit.chips.parts.signs import SignedInputs
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.converters.table import DEFAULT
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.signs import RowGates
from neurorebit.schema.technology import Technology


class Opened(NamedTuple):
    """What it takes to open rows for writing, and the ramp [1/s] at which their lines rise.

    ``res`` [ohm] connects the line of a row to its voltage.
    """

    cost: Cost
    ramp: Real
    res: Real = 0.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Macro(Block, ABC):
    """An array whose columns are read below it and, if ``transposed``, whose rows beside it.

    A weight is ``cells_per_weight`` cells of a row, ``paired``: pairs, whose columns are read at
    once and subtracted. Inputs and errors come bit plane by bit plane.
    ``cols_per_adc`` columns share a converter of ``adc_bits`` bits, in the transposed read
    ``rows_per_adc`` rows one of ``back_adc_bits`` bits; ``adc_kind`` is a word of the table of
    converters. ``signed_inputs``: how inputs below zero enter, None where there are none.
    """

    tech: Technology
    rows: Positive = 128.0
    cols: Positive = 128.0
    cols_per_adc: Positive = 8.0
    rows_per_adc: Positive = 8.0
    adc_bits: Real = 5.0
    back_adc_bits: Real = 5.0
    input_bits: Positive = 8.0
    error_bits: Positive = 8.0
    cells_per_weight: Positive = 1.0
    paired: bool = False
    adc_kind: str = DEFAULT
    transposed: bool = True
    signed_inputs: SignedInputs | None = None

    @property
    @abstractmethod
    def readout(self) -> Readout:
        """Below the array, for forward reads."""

    @abstractmethod
    def open_rows(self, rows: Real = 1.0) -> Opened:
        """Select ``rows`` rows at once to be written."""

    @abstractmethod
    def sense_row(self, state: Real, sensed: Real) -> Cost:
        """Open one row and sense its cells, each by itself, once in each sensing circuit.

        ``state`` is the mean place of the cells in their range, ``sensed`` the share of the sensing
        circuits in use.
        """

    @property
    def abreast(self) -> float:
        """Columns that a converter takes at once."""
        return 2.0 if self.paired else 1.0

    @property
    def digits(self) -> Real:
        """Results of converters that make one weight's."""
        return self.cells_per_weight / self.abreast

    @property
    def adcs(self) -> Real:
        """Converters of a forward read."""
        return np.floor(self.cols / self.cols_per_adc)

    @property
    def row_adcs(self) -> Real:
        """Rows that are read at once in a transposed read."""
        return np.floor(self.rows / self.rows_per_adc)

    @cached_property
    def row_gates(self) -> RowGates:
        """They let the inputs of one sign pass."""
        return RowGates(self.tech, self.rows)

    @property
    def gates(self) -> Counted:
        """The gates on the rows, where there are any."""
        gated = self.signed_inputs is not None and self.signed_inputs.gated
        return ((1.0, self.row_gates),) if gated else ()

    def let(self, ones: Real) -> Cost:
        """A plane with a share ``ones`` of the rows at one through the gates that there are."""
        return self.row_gates.let(ones) if self.gates else Cost()

    @action
    def correct(self, sensed: Real = 1.0, places: Real | None = None) -> Cost:
        """Subtract the sums of weights from the results of a share of the columns.

        At so many ``places`` of the multiplexers, all unless given.
        """
        results = None if places is None else places / self.cols_per_adc * self.readout.results
        return self.readout.correct(sensed, results)

    @action
    def keep_sums(self, sensed: Real = 1.0) -> Cost:
        """Store the sums of weights of a share of the columns, once they are read."""
        return self.readout.keep_sums(sensed)

    @property
    def output_bits(self) -> Real:
        """Bits of a result of a forward read."""
        return self.readout.sum_bits
