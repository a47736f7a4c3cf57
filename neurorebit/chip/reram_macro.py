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

from neurorebit.chip.apim import touched
from neurorebit.chip.macro import Converters, Counted, Floorplan, Macro, log2_up
from neurorebit.circuits.adder import Adder
from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.register import Register
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from neurorebit.cost import Cost, Real, action
from neurorebit.device import Device, Pulses
from neurorebit.technology import Technology


@dataclass(frozen=True, eq=False)
class ReramMacro(Macro):
    """What reads of all rows at once and of row by row share."""

    tech: Technology
    device: Device
    name: str = "reram"

    @cached_property
    def array(self) -> ReramArray | CrosspointArray:
        raise NotImplementedError

    @property
    def size(self) -> tuple[Real, Real]:
        return self.array.row_length, self.array.col_length

    @property
    def _read_voltage(self) -> Real:
        return self.device.cell.read_voltage

    @property
    def _path_res(self) -> Real:
        """Resistance [ohm] of a cell in the low state and its access transistor."""
        return self.device.r_on + self.array.access_res

    @property
    def _together(self) -> tuple[Real, Real]:
        """Cells of a column, and of a row, that a read may sum."""
        raise NotImplementedError

    @cached_property
    def col_switches(self) -> ColSwitchMatrix:
        """They program, and drive the columns of a transposed read."""
        array, pulses = self.array, self.device.pulses
        return ColSwitchMatrix(
            self.tech,
            self.cols,
            driven_res=self._path_res,
            load=array.col_cap,
            line_res=array.col_res,
            read_voltage=self._read_voltage,
            write_voltage=self.device.cell.access_voltage if pulses is None else pulses.voltage_ltp,
            fit_width=array.row_length,
            name="col_switches",
        )

    @cached_property
    def mux(self) -> AnalogMux:
        res = self._path_res / self._together[0]
        return self._mux(self.adcs, self.cols_per_adc, res, self.array.row_length, "mux")

    @cached_property
    def back_mux(self) -> AnalogMux:
        res = self._path_res / self._together[1]
        return self._mux(self.back_adcs, self.rows_per_adc, res, self.array.col_length, "back_mux")

    @property
    def _converter_bits(self) -> tuple[Real, Real]:
        """Of the columns' and of the rows' converters."""
        raise NotImplementedError

    @cached_property
    def converters(self) -> Converters:
        return Converters(
            self.tech,
            self._converter_bits[0],
            self.adcs,
            self.adc_kind,
            full_scale=self._together[0] * self.device.g_max,
            read_voltage=self._read_voltage,
            fit_width=self.array.row_length,
        )

    @cached_property
    def back_converters(self) -> Converters:
        return Converters(
            self.tech,
            self._converter_bits[1],
            self.back_adcs,
            self.adc_kind,
            full_scale=self._together[1] * self.device.g_max,
            read_voltage=self._read_voltage,
            fit_height=self.array.col_length,
            name="back_converters",
        )

    @property
    def row_line_cap(self) -> Real:
        """Load of an input line that is sensed, with what hangs on it [F]."""
        return self.array.row_cap + self.cols * self.array.drain_cap

    def _settled(self, res: Real) -> Cost:
        """Columns of this resistance [ohm], through the multiplexer."""
        load = self.mux.gate.drain_cap * (self.cols_per_adc + 1.0)
        return self.array.settle(res, load, 2.0 ** (self.converters.bits + 1.0))

    def _back_settled(self, res: Real) -> Cost:
        """Rows of this resistance [ohm], through their multiplexer."""
        load = self.back_mux.gate.drain_cap * (self.rows_per_adc + 1.0)
        precision = 2.0 ** (self.back_converters.bits + 1.0)
        return self.array.settle_rows(res, self.row_line_cap + load, precision)

    def _lines(self, active_rows: Real) -> Cost:
        """Charge so many rows, and the columns that the converters read, for a step."""
        return self.array.read(active_rows, self.adcs)

    def _back_lines(self, driven: Real) -> Cost:
        """Charge so many columns, and the rows that the converters sense, for a step."""
        return self.array.read_transposed(driven, self.back_adcs, self.row_line_cap)

    def _row_path_write(self) -> Cost:
        """Select a row for programming."""
        raise NotImplementedError

    def _col_path_write(self, written: Real, pulses: Real) -> Cost:
        """Program a share of a row's cells, with so many pulses."""
        return self.col_switches.write(written, pulses)

    def select_rows(self, operations: Real, written: Real = 0.5, pulses: Real = 1.0) -> Cost:
        """Switch rows and columns so many times, with a share of a row's cells to program."""
        return operations * (self._row_path_write() | self._col_path_write(written, pulses))

    def _written(self, share: Real, voltage: Real) -> Real:
        """Conductance [S], at a write voltage, of a cell at this share of the range."""
        return self.array.conductance(share)

    @action
    def program(
        self,
        pulses: Pulses,
        rising: tuple[Real, Real],
        falling: tuple[Real, Real],
        conductance: Real = 0.5,
        cells: Real = 0.0,
    ) -> Cost:
        """Program the cells whose level changed, row by row: first up, then down (subarray.md 7).

        ``rising`` and ``falling`` are the share of the cells that change and the pulses each takes.
        ``cells`` of the array hold weights (0: all), spread evenly over the rows. Each direction
        has its own voltage and width, and selects its rows anew.
        """
        held = np.where(np.asarray(cells) > 0.0, cells, self.rows * self.cols)
        array, total = self.array, Cost()
        kinds = (
            (rising, pulses.voltage_ltp, pulses.width_ltp, array.pulse_set),
            (falling, pulses.voltage_ltd, pulses.width_ltd, array.pulse_reset),
        )
        for (changed, each), voltage, width, pulse in kinds:
            rows = self.rows * touched(changed, held / self.rows)
            per_row = changed * held / np.maximum(rows, 1e-300)
            lines = rows * each * pulse(per_row, voltage)
            written = self._written(conductance, voltage)
            heat = held * changed * each * written * voltage**2 * width
            cell = Cost.of(heat, rows * each * width).under("cells")
            total = total + self.select_rows(rows, per_row / self.cols, each) + lines + cell
        return total


@dataclass(frozen=True, eq=False)
class ParallelMacro(ReramMacro):
    """All active rows at once: one conversion a column and plane."""

    @property
    def _together(self) -> tuple[Real, Real]:
        return self.rows, self.cols

    @property
    def _converter_bits(self) -> tuple[Real, Real]:
        return self.adc_bits, self.back_adc_bits

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix | RowSwitchMatrix:
        """They drive the rows in a forward read."""
        raise NotImplementedError

    @cached_property
    def weight_shift_add(self) -> ShiftAdd:
        """Joins the cells of a weight."""
        terms, beat = self.cells_per_weight, self.converters.beat
        return self._shift_add(self.adc_bits, terms, self.adcs, beat, "weight_shift_add")

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an input."""
        bits = self.adc_bits + self.cells_per_weight
        beat = self.converters.beat
        return self._shift_add(bits, self.input_bits, self.adcs, beat, "input_shift_add")

    @cached_property
    def back_weight_shift_add(self) -> ShiftAdd:
        """Joins the passes of a row."""
        bits, beat = self.back_adc_bits, self.back_converters.beat
        terms = self.cells_per_weight
        return self._shift_add(bits, terms, self.back_adcs, beat, "back_weight_shift_add")

    @cached_property
    def back_input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an error."""
        bits = self.back_adc_bits + self.cells_per_weight
        beat = self.back_converters.beat
        return self._shift_add(bits, self.error_bits, self.back_adcs, beat, "back_input_shift_add")

    @property
    def parts(self) -> Counted:
        forward: Counted = (
            (1.0, self.array),
            (1.0, self.row_switches),
            (1.0, self.col_switches),
            (1.0, self.mux),
            (1.0, self.mux_decoder),
            (1.0, self.converters),
            (self.joins_cells, self.weight_shift_add),
            (self.joins_inputs, self.input_shift_add),
        )
        if not self.transposed:
            return forward
        return (
            *forward,
            (1.0, self.back_mux),
            (1.0, self.back_mux_decoder),
            (1.0, self.back_converters),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )

    @property
    def floorplan(self) -> Floorplan:
        beside: Counted = (
            (1.0, self.back_mux),
            (1.0, self.back_converters),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )
        return Floorplan(
            left=(self.row_switches,),
            corner=self.mux_decoder.width,
            stacked=(
                (1.0, self.col_switches),
                (1.0, self.mux),
                (1.0, self.converters),
                (self.joins_cells, self.weight_shift_add),
                (self.joins_inputs, self.input_shift_add),
            ),
            beside=beside if self.transposed else (),
        )

    @action
    def read(self, density: Real = 0.5, conductance: Real = 0.5, res: Real = 0.0) -> Cost:
        """One input plane through all columns.

        ``density`` is the share of ones, ``conductance`` the cells' mean share of the range; a
        column's resistance [ohm] follows from them unless ``res`` gives it.
        """
        active = density * self.rows
        known = np.asarray(res) > 0.0
        res = np.where(known, res, self.array.column_res(active, conductance))
        selected = self._selected(self.mux, self.mux_decoder, self.input_bits)
        position = (self.row_switches.drive(density) | selected) + self._settled(res)
        position = position + self._lines(active) + self.converters.convert(res)
        plane = self.cols_per_adc * position
        plane = plane + self.joins_cells * self.weight_shift_add.accumulate(self.cols_per_adc)
        return plane + self.joins_inputs * self.input_shift_add.accumulate(self.col_sums)

    @action
    def read_transposed(
        self, density: Real = 0.5, conductance: Real = 0.5, res: Real = 0.0
    ) -> Cost:
        """One error plane through all rows; as ``read``, with columns for rows."""
        active = density * self.cols
        known = np.asarray(res) > 0.0
        res = np.where(known, res, self.array.column_res(active, conductance))
        selected = self._selected(self.back_mux, self.back_mux_decoder, self.error_bits)
        driven = self.col_switches.drive(density / self.passes)
        position = (driven | selected) + self._back_settled(res)
        position = position + self._back_lines(active / self.passes)
        position = position + self.back_converters.convert(res)
        plane = self.passes * (self.rows_per_adc * position)
        weighted = self.back_weight_shift_add.accumulate(self.rows_per_adc * self.passes)
        plane = plane + self.joins_cells * weighted
        return plane + self.joins_errors * self.back_input_shift_add.accumulate(self.row_sums)


@dataclass(frozen=True, eq=False)
class ReramParallelMacro(ParallelMacro):
    """Of 1T1R cells: a flip-flop a row opens its access transistors and drives its input line."""

    @cached_property
    def array(self) -> ReramArray:
        return ReramArray(self.tech, self.device, self.rows, self.cols)

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix:
        array, cell = self.array, self.device.cell
        return AccessSwitchMatrix(
            self.tech,
            self.rows,
            load=array.access_cap,
            line_res=array.row_res,
            read_voltage=cell.read_voltage,
            access_voltage=cell.access_voltage,
            fit_height=array.col_length,
            name="row_switches",
        )

    def _row_path_write(self) -> Cost:
        return self.row_switches.write()


@dataclass(frozen=True, eq=False)
class CrosspointMacro(ParallelMacro):
    """Of crosspoint cells, with a selector in each."""

    nonlinearity: Real = 100.0
    name: str = "crosspoint"

    @cached_property
    def array(self) -> CrosspointArray:
        pulses = self.device.pulses
        width = 50e-9 if pulses is None else (pulses.width_ltp + pulses.width_ltd) / 2.0
        return CrosspointArray(
            self.tech, self.device, self.rows, self.cols, self.nonlinearity, width
        )

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        array, pulses = self.array, self.device.pulses
        return RowSwitchMatrix(
            self.tech,
            self.rows,
            driven_res=self.device.r_on / self.cols,
            load=array.row_cap,
            line_res=array.row_res,
            read_voltage=self._read_voltage,
            write_voltage=2.0 if pulses is None else pulses.voltage_ltp,
            fit_height=array.col_length,
            name="row_switches",
        )

    def _row_path_write(self) -> Cost:
        return self.row_switches.write_half_selected()

    def _col_path_write(self, written: Real, pulses: Real) -> Cost:
        return self.col_switches.write_half_selected(written, pulses)

    def _written(self, share: Real, voltage: Real) -> Real:
        return self.array.conductance_at(share, voltage, voltage)


@dataclass(frozen=True, eq=False)
class ReramRowMacro(ReramMacro):
    """Row by row: every cell is converted with its own level, and a digital adder sums the rows."""

    cell_bits: Real = 4.0

    @cached_property
    def array(self) -> ReramArray:
        return ReramArray(self.tech, self.device, self.rows, self.cols)

    @property
    def _together(self) -> tuple[Real, Real]:
        return 1.0, 1.0

    @property
    def _converter_bits(self) -> tuple[Real, Real]:
        return self.cell_bits, self.cell_bits

    @property
    def sum_bits(self) -> Real:
        """Bits of the sum of a column's cells."""
        return log2_up(self.rows) + self.cell_bits

    @property
    def back_sum_bits(self) -> Real:
        """Bits of the sum of a row's cells."""
        return log2_up(self.cols) + self.cell_bits

    @cached_property
    def decoder(self) -> Decoder:
        array = self.array
        bits = log2_up(self.rows)
        return Decoder(self.tech, bits, load=array.access_cap, fit_height=array.col_length)

    @cached_property
    def row_driver(self) -> RowFollower:
        array, cell, pulses = self.array, self.device.cell, self.device.pulses
        return RowFollower(
            self.tech,
            self.rows,
            load=array.access_cap,
            line_res=array.row_res,
            read_voltage=cell.read_voltage,
            write_voltage=cell.access_voltage if pulses is None else pulses.voltage_ltp,
            access_voltage=cell.access_voltage,
            ramp=self.decoder.output_ramp,
            fit_height=array.col_length,
        )

    @cached_property
    def register(self) -> Register:
        bits = (self.sum_bits + 1.0) * self.adcs
        return Register(self.tech, bits, self.array.row_length)

    @cached_property
    def adder(self) -> Adder:
        """Adds a row to the sums."""
        return Adder(
            self.tech,
            self.sum_bits,
            self.adcs,
            load=self.register.input_cap,
            activity=self.tech.arithmetic.add_activity,
            fit_width=self.array.row_length,
        )

    @cached_property
    def back_register(self) -> Register:
        bits = (self.back_sum_bits + 1.0) * self.back_adcs
        return Register(self.tech, bits, 0.0, self.array.col_length, name="back_register")

    @cached_property
    def back_adder(self) -> Adder:
        """Adds a column to the sums."""
        return Adder(
            self.tech,
            self.back_sum_bits,
            self.back_adcs,
            load=self.back_register.input_cap,
            activity=self.tech.arithmetic.add_activity,
            fit_height=self.array.col_length,
            name="back_adder",
        )

    @cached_property
    def weight_shift_add(self) -> ShiftAdd:
        """Joins the cells of a weight."""
        terms, beat = self.cells_per_weight, self.converters.beat
        return self._shift_add(self.sum_bits, terms, self.adcs, beat, "weight_shift_add")

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an input."""
        bits, beat = self.sum_bits + self.cells_per_weight, self.converters.beat
        return self._shift_add(bits, self.input_bits, self.adcs, beat, "input_shift_add")

    @cached_property
    def back_weight_shift_add(self) -> ShiftAdd:
        """Joins the passes of a row."""
        terms, beat = self.cells_per_weight, self.back_converters.beat
        bits = self.back_sum_bits
        return self._shift_add(bits, terms, self.back_adcs, beat, "back_weight_shift_add")

    @cached_property
    def back_input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an error."""
        bits, beat = self.back_sum_bits + self.cells_per_weight, self.back_converters.beat
        return self._shift_add(bits, self.error_bits, self.back_adcs, beat, "back_input_shift_add")

    @property
    def parts(self) -> Counted:
        forward: Counted = (
            (1.0, self.array),
            (1.0, self.decoder),
            (1.0, self.row_driver),
            (1.0, self.col_switches),
            (1.0, self.mux),
            (1.0, self.mux_decoder),
            (1.0, self.converters),
            (1.0, self.adder),
            (1.0, self.register),
            (self.joins_cells, self.weight_shift_add),
            (self.joins_inputs, self.input_shift_add),
        )
        if not self.transposed:
            return forward
        return (
            *forward,
            (1.0, self.back_mux),
            (1.0, self.back_mux_decoder),
            (1.0, self.back_converters),
            (1.0, self.back_adder),
            (1.0, self.back_register),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )

    @property
    def floorplan(self) -> Floorplan:
        beside: Counted = (
            (1.0, self.back_mux),
            (1.0, self.back_converters),
            (1.0, self.back_adder),
            (1.0, self.back_register),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )
        return Floorplan(
            left=(self.decoder, self.row_driver),
            corner=self.mux_decoder.width,
            stacked=(
                (1.0, self.col_switches),
                (1.0, self.mux),
                (1.0, self.converters),
                (1.0, self.adder),
                (1.0, self.register),
                (self.joins_cells, self.weight_shift_add),
                (self.joins_inputs, self.input_shift_add),
            ),
            beside=beside if self.transposed else (),
        )

    def _row_path_write(self) -> Cost:
        return self.decoder.select() + self.row_driver.write()

    @action
    def read(self, density: Real = 0.5, conductance: Real = 0.5, res: Real = 0.0) -> Cost:
        """One input plane: the rows with a one, one after the other, for every column.

        ``conductance`` is the cells' mean share of the range; a cell's resistance [ohm] with its
        access follows from it unless ``res`` gives it.
        """
        known = np.asarray(res) > 0.0
        res = np.where(known, res, self.array.column_res(1.0, conductance))
        accesses = density * self.rows * self.cols_per_adc
        opened = accesses * (self.decoder.select() + self.row_driver.read())
        selected = self.cols_per_adc * self._selected(self.mux, self.mux_decoder, self.input_bits)
        access = self._settled(res) + self._lines(1.0) + self.converters.convert(res)
        access = access + self.adder.add() + self.register.store()
        plane = (opened | selected) + accesses * access
        plane = plane + self.joins_cells * self.weight_shift_add.accumulate(self.cols_per_adc)
        return plane + self.joins_inputs * self.input_shift_add.accumulate(self.col_sums)

    @action
    def read_transposed(
        self, density: Real = 0.5, conductance: Real = 0.5, res: Real = 0.0
    ) -> Cost:
        """One error plane: the columns with a one, one after the other, for every row."""
        known = np.asarray(res) > 0.0
        res = np.where(known, res, self.array.column_res(1.0, conductance))
        accesses = density * self.cols * self.rows_per_adc
        driven = accesses * self.col_switches.drive(1.0 / self.cols)
        position = self._selected(self.back_mux, self.back_mux_decoder, self.error_bits)
        selected = self.passes * (self.rows_per_adc * position)
        access = self._back_settled(res) + self._back_lines(1.0)
        access = access + self.back_converters.convert(res)
        access = access + self.back_adder.add() + self.back_register.store()
        plane = (driven | selected) + accesses * access
        weighted = self.back_weight_shift_add.accumulate(self.rows_per_adc * self.passes)
        plane = plane + self.joins_cells * weighted
        return plane + self.joins_errors * self.back_input_shift_add.accumulate(self.row_sums)
