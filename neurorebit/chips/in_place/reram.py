"""Macros of resistive cells that learn in place: forward, transposed read and programming.

Subarray.md 3, 5.1, 5.2, 6 and 7 in the physically right forms. Columns and rows settle to half a
converter step at every conversion. In the transposed read the column switches drive the column
lines, the access transistors of the sensed rows are open, and cells at the same place in their
weights are read in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.parts.macro import Counted, Macro, Side
from neurorebit.chips.parts.resistive import (
    References,
    access_switches,
    col_switches,
    path_res,
    programming,
    touched,
)
from neurorebit.circuits.array import device_array
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import log2_up, or_else
from neurorebit.circuits.resistive import ResistiveArray
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class ReramMacro(Macro):
    """What reads of all rows at once and of row by row share."""

    tech: Technology
    device: Device
    name: str = "reram"

    def array_of(self, rows: Real, cols: Real, name: str = "array") -> ResistiveArray:
        """So many cells."""
        return device_array(self.tech, self.device, rows, cols, name)

    @cached_property
    def array(self) -> ResistiveArray:
        return self.array_of(self.rows, self.cols)

    @property
    def array_parts(self) -> Counted:
        return ((1.0, self.array),)

    @property
    def size(self) -> tuple[Real, Real]:
        return self.array.row_length, self.array.col_length

    @property
    def _read_voltage(self) -> Real:
        return self.device.cell.read_voltage

    def together(self, side: Side) -> Real:
        """Cells of a line that a read sums."""
        raise NotImplementedError

    def converter_bits(self, side: Side) -> Real:
        """Bits of a conversion."""
        raise NotImplementedError

    def mux_res(self, side: Side) -> Real:
        return path_res(self.device, self.array) / self.together(side)

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
        return col_switches(self.tech, self.device, self.array, self.cols)

    @property
    def col_path(self) -> tuple[Block, ...]:
        return (self.col_switches,)

    def sensing(self, side: Side) -> tuple[Block, ...]:
        return side.mux, side.converters

    @property
    def row_line_cap(self) -> Real:
        """Load of an input line that is sensed, with what hangs on it [F]."""
        return self.array.row_cap + self.cols * self.array.drain_cap

    def settled(self, side: Side, res: Real) -> Cost:
        """Lines of this resistance [ohm] to half a step of the converters, through their mux.

        A line that carries less than full scale may be off by a larger share of what it carries,
        and one that carries less than half a step by all of it.
        """
        load = side.mux.gate.drain_cap * (side.ways + 1.0)
        carried = 1.0 / (res * side.converters.full_scale)
        precision = np.maximum(2.0 ** (side.converters.bits + 1.0) * carried, 1.0)
        if side.back:
            return self.array.settle_rows(res, self.row_line_cap + load, precision)
        return self.array.settle(res, load, precision)

    def lines(self, side: Side, driven: Real, sensed: Real) -> Cost:
        """Charge so many driven lines, and those of a share of the converters, for a step."""
        if side.back:
            return self.array.read_transposed(driven, sensed * side.adcs, self.row_line_cap)
        return self.array.read(driven, sensed * side.adcs)

    def _row_path_write(self) -> Cost:
        """Select a row for programming."""
        raise NotImplementedError

    def _col_path_write(self, written: Real, pulses: Real) -> Cost:
        """Program a share of a row's cells, with so many pulses."""
        return self.col_switches.write(written, pulses)

    def select_rows(self, operations: Real, written: Real = 0.5, pulses: Real = 1.0) -> Cost:
        """Switch rows and columns so many times, with a share of a row's cells to program."""
        return operations * (self._row_path_write() | self._col_path_write(written, pulses))

    @action
    def program(
        self,
        rising: tuple[Real, Real],
        falling: tuple[Real, Real],
        state: Real = 0.5,
        cells: Real = 0.0,
    ) -> Cost:
        """Pulse the cells that change, row by row: first up, then down (subarray.md 7).

        Each direction has its own voltage and width, and selects its rows anew.
        """
        held = or_else(cells, self.rows * self.cols)
        array, pulses, total = self.array, self.device.response, Cost()
        kinds = (
            (rising, pulses.voltage_ltp, pulses.width_ltp, pulses.levels_ltp, array.pulse_set),
            (falling, pulses.voltage_ltd, pulses.width_ltd, pulses.levels_ltd, array.pulse_reset),
        )
        for (changed, each), voltage, width, levels, pulse in kinds:
            rows = self.rows * touched(changed, held / self.rows)
            per_row = changed * held / np.maximum(rows, 1e-300)
            lines = rows * each * pulse(per_row, voltage, width)
            taken = held * changed * each * array.written(state, voltage, width, levels)
            cell = Cost.of(taken, rows * each * width).under("cells")
            total = total + self.select_rows(rows, per_row / self.cols, each) + lines + cell
        return total


@dataclass(frozen=True, eq=False, kw_only=True)
class ParallelMacro(ReramMacro):
    """All active rows at once: one conversion a column and plane. ``signed``: with references.

    ``summed``: lines that a read sums at most, which the converters are made for (0: all).
    """

    signed: bool = False
    summed: Real = 0.0

    def together(self, side: Side) -> Real:
        return or_else(self.summed, side.driven)

    def converter_bits(self, side: Side) -> Real:
        return side.adc_bits

    def summed_bits(self, side: Side) -> Real:
        return side.adc_bits

    def references(self, side: Side) -> References:
        """Reference columns beside the array, or rows above it."""
        rows, cols = (side.adcs, self.cols) if side.back else (self.rows, side.adcs)
        name = side.named("references")
        return References(self.tech, self.array_of(rows, cols, "cells"), side.adcs, name)

    @property
    def array_parts(self) -> Counted:
        found = super().array_parts
        if not self.signed:
            return found
        return *found, *((1.0, self.references(side)) for side in self.sides)

    def lines(self, side: Side, driven: Real, sensed: Real) -> Cost:
        """Those of the references, too."""
        own = super().lines(side, driven, sensed)
        if not self.signed:
            return own
        references = self.references(side)
        if side.back:
            cells = references.cells
            cap = cells.row_cap + self.cols * cells.drain_cap
            return own + references.read_transposed(driven, sensed, cap)
        return own + references.read(driven, sensed)

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix | RowSwitchMatrix:
        """They drive the rows in a forward read."""
        raise NotImplementedError

    @property
    def row_path(self) -> tuple[Block, ...]:
        return (self.row_switches,)

    def plane(
        self, side: Side, density: Real, state: Real, res: Real, driven: Real, sensed: Real
    ) -> Cost:
        active = density * driven * side.driven
        res = or_else(res, self.array.column_res(active, state))
        switches = self.col_switches if side.back else self.row_switches
        opened = switches.drive(density * driven / side.passes, driven)
        position = (opened | self.selected(side, sensed)) + self.settled(side, res)
        position = position + self.lines(side, active / side.passes, sensed)
        position = position + side.converters.convert(res).across(sensed)
        return side.passes * (side.ways * position)

    def _open_rows(self, rows: Real) -> Cost:
        """Select so many rows for programming."""
        raise NotImplementedError

    def _row_path_write(self) -> Cost:
        return self._open_rows(1.0)

    @action
    def coincide(
        self,
        slots: Real,
        rows: Real,
        cols: Real,
        up: Real,
        down: Real,
        state: Real = 0.5,
    ) -> Cost:
        """Pulse trains on rows and columns, which program cells where they coincide.

        In a slot, first for pulses up and then for those down, so many ``rows`` carry a one, and
        half of so many ``cols``; in all slots ``up`` and ``down`` pulses coincide in cells.
        """
        array, pulses, total = self.array, self.device.response, Cost()
        half = cols / 2.0
        kinds = (
            (up, pulses.voltage_ltp, pulses.width_ltp, pulses.levels_ltp, array.pulse_set),
            (down, pulses.voltage_ltd, pulses.width_ltd, pulses.levels_ltd, array.pulse_reset),
        )
        for sent, voltage, width, levels, pulse in kinds:
            switched = self._open_rows(rows) | self._col_path_write(half / self.cols, 1.0)
            slot = switched + pulse(half, voltage, width, rows)
            taken = sent * array.written(state, voltage, width, levels)
            total = total + slots * slot + Cost.of(taken, slots * width).under("cells")
        return total


@dataclass(frozen=True, eq=False)
class ReramParallelMacro(ParallelMacro):
    """Of 1T1R cells: a flip-flop a row opens its access transistors and drives its input line."""

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix:
        return access_switches(self.tech, self.device, self.array, self.rows)

    def _open_rows(self, rows: Real) -> Cost:
        return self.row_switches.write(1.0, rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class CrosspointMacro(ParallelMacro):
    """Of crosspoint cells, with a selector in each."""

    nonlinearity: Real = 100.0
    name: str = "crosspoint"

    def array_of(self, rows: Real, cols: Real, name: str = "array") -> CrosspointArray:
        """So many cells."""
        return CrosspointArray(self.tech, self.device, rows, cols, self.nonlinearity, name)

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        array = self.array
        return RowSwitchMatrix(
            self.tech,
            self.rows,
            driven_res=self.device.r_on / self.cols,
            load=array.row_cap,
            line_res=array.row_res,
            read_voltage=self._read_voltage,
            write_voltage=programming(self.device),
            fit_height=array.col_length,
            name="row_switches",
        )

    def _open_rows(self, rows: Real) -> Cost:
        return self.row_switches.write_half_selected(1.0, rows)

    def _col_path_write(self, written: Real, pulses: Real) -> Cost:
        return self.col_switches.write_half_selected(written, pulses)


@dataclass(frozen=True, eq=False, kw_only=True)
class ReramRowMacro(ReramMacro):
    """Row by row: every cell is converted with its own level, and a digital adder sums the rows."""

    cell_bits: Real = 4.0

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
            read_voltage=cell.read_voltage,
            write_voltage=programming(self.device),
            access_voltage=cell.access_voltage,
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
            return self.col_switches.drive(1.0 / self.cols)
        return self.decoder.select() + self.row_driver.read()

    def plane(
        self, side: Side, density: Real, state: Real, res: Real, driven: Real, sensed: Real
    ) -> Cost:
        """The lines with a one, one after the other, for every sensed line."""
        res = or_else(res, self.array.column_res(1.0, state))
        accesses = density * driven * side.driven * side.ways
        opened = accesses * self._opened(side)
        selected = side.passes * (side.ways * self.selected(side, sensed))
        access = self.settled(side, res) + self.lines(side, 1.0, sensed)
        access = access + side.converters.convert(res).across(sensed)
        access = access + side.adder.add(sensed) + side.register.store(sensed, sensed)
        return (opened | selected) + accesses * access
