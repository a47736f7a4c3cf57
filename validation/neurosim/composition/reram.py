"""Sub-arrays of resistive cells: forward, transposed read, and what selects rows for programming.

Columns and rows settle to half a
converter step at every conversion. In the transposed read the column switches drive the column
lines, the access transistors of the sensed rows are open, and cells at the same place in their
weights are read in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.resistive import Sensed
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from validation.neurosim.composition.converters import Converters
from validation.neurosim.composition.macro import Counted, Macro, Side

RANGE = 4.0  # standard deviations of a sum that converters span, as in the shipped chips


def programming(device: Device) -> Real:
    """Voltage [V] that switches pass."""
    return device.response.voltage_ltp


@dataclass(frozen=True, eq=False)
class ReramMacro(Macro):
    """What reads of all rows at once and of row by row share."""

    tech: Technology
    device: Device
    name: str = "reram"
    at_once: ClassVar[bool] = False  # whether a read takes all rows at once

    @cached_property
    def array(self) -> ReramArray:
        return ReramArray(self.tech, self.device, self.rows, self.cols)

    @property
    def array_parts(self) -> Counted:
        return ((1.0, self.array),)

    @property
    def size(self) -> tuple[Real, Real]:
        return self.array.row_length, self.array.col_length

    @property
    def _read_voltage(self) -> Real:
        return self.device.cell.read_voltage

    @property
    def path_res(self) -> Real:
        """Resistance [ohm] of a cell in the low state with the resistances in series."""
        return self.device.r_on + self.array.series_res

    def together(self, side: Side) -> Real:
        """Cells of a line that a read sums."""
        raise NotImplementedError

    def converter_bits(self, side: Side) -> Real:
        """Bits of a conversion."""
        raise NotImplementedError

    def mux_res(self, side: Side) -> Real:
        return self.path_res / self.together(side)

    def converters_of(self, side: Side) -> Converters:
        return Converters(
            self.tech,
            self.converter_bits(side),
            side.adcs,
            self.adc_kind,
            full_scale=self.together(side) * self.device.g_max,
            read_voltage=self._read_voltage,
            **side.fit,
            name=side.named("converters"),
        )

    @cached_property
    def col_switches(self) -> ColSwitchMatrix:
        """They program, and drive the columns of a transposed read."""
        array = self.array
        return ColSwitchMatrix(
            self.tech,
            self.cols,
            driven_res=self.path_res / (self.behind.adcs if self.transposed else 1.0),
            load=array.col_cap,
            line_res=array.col_res,
            read_voltage=self._read_voltage,
            write_voltage=programming(self.device),
            fit_width=array.row_length,
            name="col_switches",
        )

    @property
    def col_path(self) -> tuple[Block, ...]:
        return (self.col_switches,)

    def sensing(self, side: Side) -> tuple[Block, ...]:
        return side.mux, side.converters

    @property
    def row_line_cap(self) -> Real:
        """Load of an input line that is sensed, with what hangs on it [F]."""
        return self.array.row_cap + self.cols * self.array.drain_cap

    def settled(self, side: Side, density: Real) -> Cost:
        """Lines to half a step of the converters, through their mux, for the slowest input."""
        load = side.mux.gate.drain_cap * (side.ways + 1.0)
        several = np.where(np.asarray(side.ways) > 1.0, 1.0, 0.0)
        end_res = several * side.mux.switch.res + side.converters.input_res
        sensed = Sensed(load, end_res, self.half_step(side, density))
        ones = self.together(side) / side.passes if self.at_once else 1.0
        settle = self.array.settle_rows if side.back else self.array.settle
        return settle(self.array.column_res(1.0, 0.5), sensed, ones=ones, driven=side.driven)

    def converted(self, side: Side, settled: Cost, res: Real) -> Cost:
        """A conversion, and the current of the lines until they are converted."""
        time = settled.latency.total + side.converters.acquisition
        current = self.array.conduct(side.adcs, res, time)
        return current + side.converters.convert()

    def half_step(self, side: Side, density: Real) -> Real:
        """Half a converter step [S]."""
        raise NotImplementedError

    def lines(self, side: Side, driven: Real) -> Cost:
        """Charge the driven lines, and the sensed lines of all converters, for a step."""
        if side.back:
            return self.array.read_transposed(driven, side.adcs, self.row_line_cap)
        return self.array.read(driven, side.adcs)

    def _row_path_write(self) -> Cost:
        """Select a row for programming."""
        raise NotImplementedError

    def select_rows(self, operations: Real, written: Real = 0.5, pulses: Real = 1.0) -> Cost:
        """Switch rows and columns ``operations`` times to program a share of a row's cells."""
        return operations * (self._row_path_write() | self.col_switches.write(written, pulses))


@dataclass(frozen=True, eq=False)
class ReramParallelMacro(ReramMacro):
    """All active rows at once: one conversion a column and plane."""

    at_once = True

    def half_step(self, side: Side, density: Real) -> Real:
        """Of 2^(b-1) - 1 steps to either side of the reference, as many standard deviations of a
        line's sum as the shipped chips have: 4. A cell's is the root of a twelfth of its range.
        """
        low, high = (1.0 / self.array.column_res(1.0, share) for share in (0.0, 1.0))
        ones = np.maximum(density * side.driven / side.passes, 1.0)
        reach = RANGE * (high - low) * np.sqrt(ones / 12.0)
        step: Real = reach / (2.0 ** (side.adc_bits - 1.0) - 1.0)
        return step / 2.0

    def together(self, side: Side) -> Real:
        return side.driven

    def converter_bits(self, side: Side) -> Real:
        return side.adc_bits

    def summed_bits(self, side: Side) -> Real:
        return side.adc_bits

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix:
        """A flip-flop a row, which opens its access transistors and drives its input line."""
        array, cell = self.array, self.device.cell
        return AccessSwitchMatrix(
            self.tech,
            self.rows,
            load=array.access_cap,
            line_res=array.row_res,
            driven_res=self.path_res / self.front.adcs,
            input_load=array.row_cap,
            read_voltage=cell.read_voltage,
            fit_height=array.col_length,
            name="row_switches",
        )

    @property
    def row_path(self) -> tuple[Block, ...]:
        return (self.row_switches,)

    def plane(self, side: Side, density: Real, res: Real) -> Cost:
        active = density * side.driven
        switches = self.col_switches if side.back else self.row_switches
        opened = switches.drive(density / side.passes)
        settled = self.settled(side, density)
        position = self.turned(side, opened) + settled
        position = position + self.lines(side, active / side.passes)
        position = position + self.converted(side, settled, res)
        return side.passes * (side.ways * position)

    def _row_path_write(self) -> Cost:
        return self.row_switches.write()


@dataclass(frozen=True, eq=False, kw_only=True)
class ReramRowMacro(ReramMacro):
    """Row by row: every cell is converted with its own level, and a digital adder sums the rows."""

    cell_bits: Real = 4.0

    def half_step(self, side: Side, density: Real) -> Real:
        """Of a cell's full scale."""
        return self.device.g_max / 2.0 ** (self.cell_bits + 1.0)

    def together(self, side: Side) -> Real:
        return 1.0

    def converter_bits(self, side: Side) -> Real:
        return self.cell_bits

    def summed_bits(self, side: Side) -> Real:
        return log2_up(side.driven) + self.cell_bits

    @cached_property
    def decoder(self) -> Decoder:
        bits, array = log2_up(self.rows), self.array
        return Decoder(self.tech, bits, load=array.access_cap, fit_height=array.col_length)

    @cached_property
    def row_driver(self) -> RowFollower:
        array, cell = self.array, self.device.cell
        return RowFollower(
            self.tech,
            self.rows,
            load=array.access_cap,
            line_res=array.row_res,
            driven_res=self.path_res / self.front.adcs,
            read_voltage=cell.read_voltage,
            write_voltage=programming(self.device),
            ramp=self.decoder.output_ramp,
            fit_height=array.col_length,
        )

    @property
    def row_path(self) -> tuple[Block, ...]:
        return self.decoder, self.row_driver

    def sensing(self, side: Side) -> tuple[Block, ...]:
        return *super().sensing(side), side.adder, side.register

    def _row_path_write(self) -> Cost:
        return self.decoder.select() + self.row_driver.write()

    def _opened(self, side: Side) -> Cost:
        """Drive one line."""
        if side.back:
            return self.col_switches.drive_one()
        return self.decoder.select() + self.row_driver.read()

    def plane(self, side: Side, density: Real, res: Real) -> Cost:
        """The lines with a one, one after the other, for every sensed line."""
        accesses = density * side.driven / side.passes
        settled = self.settled(side, density)
        access = settled + self.lines(side, 1.0)
        access = access + self.converted(side, settled, res)
        access = access + side.adder.add() + self.stored(side)
        position = self.turned(side, self._opened(side), accesses) + accesses * access
        return side.passes * (side.ways * position)
