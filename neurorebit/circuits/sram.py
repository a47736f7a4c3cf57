"""SRAM arrays with their periphery, read and written one row at a time.

See docs/models/memory.md#reading-and-writing-a-row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.array import SramArray
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import STEP, cell_height, log2_up
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shared import shared
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.schema.technology import Technology


class SramRows(Block, ABC):
    """6T cells with a decoder, prechargers, write drivers and a sense amplifier per column."""

    tech: Technology

    @property
    @abstractmethod
    def _size(self) -> tuple[Real, Real]:
        """Numbers of rows and of columns."""

    @property
    def _address(self) -> Real:
        """Address bits of a row."""
        return log2_up(self._size[0])

    @property
    def _random(self) -> bool:
        """Whether rows follow each other by chance, or one after the other."""
        return False

    @cached_property
    def array(self) -> SramArray:
        return shared(SramArray, self.tech, *self._size)

    @cached_property
    def decoder(self) -> Decoder:
        array = self.array
        return shared(
            Decoder,
            self.tech,
            self._address,
            load=array.row_cap,
            res=array.row_res,
            random=self._random,
            fit_height=np.maximum(array.col_length, cell_height(self.tech)),
        )

    @cached_property
    def precharger(self) -> Precharger:
        array, cols = self.array, self._size[1]
        load, res, width = array.col_cap, array.col_res, array.row_length
        return shared(Precharger, self.tech, cols, load, res, fit_width=width)

    @cached_property
    def write_driver(self) -> WriteDriver:
        array, cols = self.array, self._size[1]
        load, res, width = array.col_cap, array.col_res, array.row_length
        return shared(WriteDriver, self.tech, cols, load, res, fit_width=width)

    @cached_property
    def sense_amp(self) -> SenseAmp:
        return shared(SenseAmp, self.tech, self._size[1], fit_width=self.array.row_length)

    @property
    def _blocks(self) -> tuple[Block, ...]:
        return self.array, self.decoder, self.precharger, self.write_driver, self.sense_amp

    @property
    def _ramp(self) -> Real:
        """Ramp [1/s] of the selected wordline."""
        return np.where(np.asarray(self._address) > 0.0, self.decoder.output_ramp, STEP)

    def _read_row(self, used: Real = 1.0) -> Cost:
        """Read one row. The columns beside the share ``used`` are never precharged."""
        opened = self.decoder.select() + self.array.read(self._ramp)
        return opened + self.precharger.precharge(used) + self.sense_amp.sense(used)

    def _write_row(self, flipped: Real, used: Real = 1.0) -> Cost:
        """Write the share ``used`` of a row; the share ``flipped`` of these cells changes."""
        opened = self.decoder.select() + self.array.write(self._ramp, flipped * used)
        return opened + self.write_driver.write(used) + self.precharger.precharge_written(used)


@dataclass(frozen=True, eq=False)
class SramBank(SramRows):
    """One SRAM array of ``rows`` by ``cols`` cells with its periphery."""

    tech: Technology
    rows: Positive = 128.0
    cols: Positive = 128.0
    _: KW_ONLY
    name: str = "bank"

    @property
    def _size(self) -> tuple[Real, Real]:
        return self.rows, self.cols

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return tuple((1.0, block) for block in self._blocks)

    @action
    def read(self, used: Real = 1.0) -> Cost:
        """Read one row of which the share ``used`` of the columns is in use.

        The word line opens the whole row; columns that hold nothing are not precharged.
        """
        return self._read_row(used)

    @action
    def write(self, flipped: Real = 0.5, used: Real = 1.0) -> Cost:
        """Write the share ``used`` of one row; the share ``flipped`` of these cells changes."""
        return self._write_row(flipped, used)
