"""The base class of all macros: an array and the readout of its columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from neurorebit.chips.parts.readout import Readout
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.converters.table import DEFAULT
from neurorebit.circuits.cost import Real


@dataclass(frozen=True, eq=False, kw_only=True)
class Macro(Block, ABC):
    """An array whose columns are read below it and, if ``transposed``, whose rows beside it.

    A weight is ``cells_per_weight`` cells of a row. Inputs and errors come bit plane by bit plane.
    ``cols_per_adc`` columns share a converter of ``adc_bits`` bits, in the transposed read
    ``rows_per_adc`` rows one of ``back_adc_bits`` bits; ``adc_kind`` is a word of the table of
    converters.
    """

    rows: Positive = 128.0
    cols: Positive = 128.0
    cols_per_adc: Positive = 8.0
    rows_per_adc: Positive = 8.0
    adc_bits: Real = 5.0
    back_adc_bits: Real = 5.0
    input_bits: Positive = 8.0
    error_bits: Positive = 8.0
    cells_per_weight: Positive = 1.0
    adc_kind: str = DEFAULT
    transposed: bool = True

    @property
    @abstractmethod
    def readout(self) -> Readout:
        """Below the array, for forward reads."""

    @property
    def adcs(self) -> Real:
        """Columns that are read at once: one for each converter."""
        return np.floor(self.cols / self.cols_per_adc)

    @property
    def row_adcs(self) -> Real:
        """Rows that are read at once in a transposed read."""
        return np.floor(self.rows / self.rows_per_adc)

    @property
    def output_bits(self) -> Real:
        """Bits of a result of a forward read."""
        return self.readout.sum_bits
