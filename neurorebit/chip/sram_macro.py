"""Macros of SRAM cells that compute in place: forward, transposed read and writing.

Subarray.md 3, 5.3, 5.4, 6 and 7 in the physically right forms. Wordlines go to the supply and are
billed; bitlines fall by the sense voltage at every conversion. In the transposed read the column
drivers take the wordlines' part and rows are sensed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chip.macro import Converters, Counted, Floorplan, Macro, log2_up
from neurorebit.circuits.adder import Adder
from neurorebit.circuits.array import SramArray
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import nfet_res
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.cost import Bill, Cost, Real, action
from neurorebit.technology import Technology


@dataclass(frozen=True, eq=False)
class SramMacro(Macro):
    """What reads of all rows at once and of row by row share."""

    tech: Technology
    name: str = "sram"

    @cached_property
    def array(self) -> SramArray:
        return SramArray(self.tech, self.rows, self.cols)

    @property
    def size(self) -> tuple[Real, Real]:
        return self.array.row_length, self.array.col_length

    @property
    def _read_voltage(self) -> Real:
        return self.tech.vdd

    @property
    def access_res(self) -> Real:
        """Resistance [ohm] of an access transistor."""
        return nfet_res(self.tech, self.tech.sram.access * self.tech.feature)

    def _precharger(self, lines: Real, load: Real, res: Real, side: Real, name: str) -> Precharger:
        return Precharger(self.tech, lines, load, res, fit_width=side, name=name)

    @cached_property
    def precharger(self) -> Precharger:
        array = self.array
        return self._precharger(
            self.cols, array.col_cap, array.col_res, array.row_length, "precharger"
        )

    @cached_property
    def back_precharger(self) -> Precharger:
        """Of the lines along the rows, which are sensed in a transposed read."""
        array = self.array
        return self._precharger(
            self.rows, array.row_cap, array.row_res, array.col_length, "back_precharger"
        )

    @cached_property
    def write_driver(self) -> WriteDriver:
        array = self.array
        return WriteDriver(
            self.tech, self.cols, array.col_cap, array.col_res, fit_width=array.row_length
        )

    @cached_property
    def back_write_driver(self) -> WriteDriver:
        array = self.array
        return WriteDriver(
            self.tech,
            self.rows,
            array.row_cap,
            array.row_res,
            fit_width=array.col_length,
            name="back_write_driver",
        )

    def _selected_row(self) -> tuple[Cost, Real]:
        """Open one row; the ramp of its wordline [1/s]."""
        raise NotImplementedError

    @action
    def write(self, rows: Real = 1.0, written: Real = 0.5) -> Cost:
        """Write so many rows, one after the other, of which a share of the cells changes."""
        opened, ramp = self._selected_row()
        line = opened + self.write_driver.write(written)
        line = line + self.precharger.precharge_written(written)
        return rows * (line + self.array.write(ramp, written))


@dataclass(frozen=True, eq=False)
class SramParallelMacro(SramMacro):
    """All active rows at once: cells that hold a one pull their column's current together."""

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        array = self.array
        return RowSwitchMatrix(
            self.tech,
            self.rows,
            driven_res=self._row_drive,
            load=array.row_cap,
            line_res=array.row_res,
            read_voltage=self.tech.vdd,
            fit_height=array.col_length,
            name="row_switches",
        )

    @property
    def _row_drive(self) -> Real:
        """Resistance [ohm] that the row switches are drawn for."""
        return self.array.row_res

    @cached_property
    def col_switches(self) -> RowSwitchMatrix:
        """They drive the columns in a transposed read."""
        array = self.array
        return RowSwitchMatrix(
            self.tech,
            self.cols,
            driven_res=array.col_res,
            load=array.col_cap,
            line_res=array.col_res,
            read_voltage=self.tech.vdd,
            fit_height=array.row_length,
            name="col_switches",
        )

    @property
    def _mux_res(self) -> Real:
        """Resistance [ohm] that the column multiplexer is drawn for."""
        return self.access_res / (2.0 * self.rows)

    @cached_property
    def mux(self) -> AnalogMux:
        side = self.array.row_length
        return self._mux(self.adcs, self.cols_per_adc, self._mux_res, side, "mux")

    @cached_property
    def back_mux(self) -> AnalogMux:
        res, side = self.access_res / (2.0 * self.cols), self.array.col_length
        return self._mux(self.back_adcs, self.rows_per_adc, res, side, "back_mux")

    @cached_property
    def converters(self) -> Converters:
        return Converters(
            self.tech,
            self.adc_bits,
            self.adcs,
            self.adc_kind,
            full_scale=self.rows / self.array.read_res,
            read_voltage=self._sense_voltage,
            fit_width=self.array.row_length,
        )

    @cached_property
    def back_converters(self) -> Converters:
        return Converters(
            self.tech,
            self.back_adc_bits,
            self.back_adcs,
            self.adc_kind,
            full_scale=self.cols / self.array.read_res,
            read_voltage=self._sense_voltage,
            fit_height=self.array.col_length,
            name="back_converters",
        )

    @property
    def _sense_voltage(self) -> Real:
        """Voltage [V] at which the converters hold the lines: that of their fits."""
        return self.tech.sensing.read_voltage

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
            (1.0, self.precharger),
            (1.0, self.write_driver),
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
            (1.0, self.col_switches),
            (1.0, self.back_precharger),
            (1.0, self.back_write_driver),
            (1.0, self.back_mux),
            (1.0, self.back_mux_decoder),
            (1.0, self.back_converters),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )

    def _selected_row(self) -> tuple[Cost, Real]:
        return self.row_switches.write(), self.row_switches.output_ramp

    def _sensed(self, active: Real) -> Cost:
        """So many rows open until the bitlines have fallen."""
        return self.array.read(self.row_switches.output_ramp).across(active)

    def _back_sensed(self, active: Real) -> Cost:
        """So many columns driven until the lines along the rows have fallen."""
        return self.array.read_transposed(self.col_switches.output_ramp).across(active)

    @property
    def floorplan(self) -> Floorplan:
        beside: Counted = (
            (1.0, self.back_precharger),
            (1.0, self.back_write_driver),
            (1.0, self.back_mux),
            (1.0, self.back_converters),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )
        above: Counted = ((1.0, self.col_switches),) if self.transposed else ()
        return Floorplan(
            left=(self.row_switches,),
            corner=self.mux_decoder.width,
            stacked=(
                (1.0, self.precharger),
                (1.0, self.write_driver),
                (1.0, self.mux),
                (1.0, self.converters),
                (self.joins_cells, self.weight_shift_add),
                (self.joins_inputs, self.input_shift_add),
                *above,
            ),
            beside=beside if self.transposed else (),
        )

    def _line_res(self, active: Real, ones: Real) -> Real:
        """Resistance [ohm] of a line on which so many cells are active, a share of them one."""
        return self.array.read_res / np.maximum(active * ones, 1.0)

    @action
    def read(self, density: Real = 0.5, ones: Real = 0.5, res: Real = 0.0) -> Cost:
        """One input plane through all columns.

        ``density`` is the share of ones of the plane, ``ones`` that of the cells; a column's
        resistance [ohm] follows from them unless ``res`` gives it.
        """
        plane = self.convert_columns(density, ones, res)
        plane = plane + self.joins_cells * self.weight_shift_add.accumulate(self.cols_per_adc)
        return plane + self.joins_inputs * self.input_shift_add.accumulate(self.col_sums)

    def convert_columns(self, density: Real, ones: Real, res: Real) -> Cost:
        """A plane as it leaves the converters."""
        active = density * self.rows
        res = np.where(np.asarray(res) > 0.0, res, self._line_res(active, ones))
        selected = self._selected(self.mux, self.mux_decoder, self.input_bits)
        position = (self.row_switches.drive(density) | selected) + self.precharger.precharge()
        position = position + self._sensed(active)
        return self.cols_per_adc * (position + self.converters.convert(res))

    @action
    def read_transposed(self, density: Real = 0.5, ones: Real = 0.5, res: Real = 0.0) -> Cost:
        """One error plane through all rows; as ``read``, with columns for rows."""
        active = density * self.cols
        res = np.where(np.asarray(res) > 0.0, res, self._line_res(active, ones))
        selected = self._selected(self.back_mux, self.back_mux_decoder, self.error_bits)
        driven = self.col_switches.drive(density / self.passes)
        position = (driven | selected) + self.back_precharger.precharge()
        position = position + self._back_sensed(active / self.passes)
        position = position + self.back_converters.convert(res)
        plane = self.passes * (self.rows_per_adc * position)
        weighted = self.back_weight_shift_add.accumulate(self.rows_per_adc * self.passes)
        plane = plane + self.joins_cells * weighted
        return plane + self.joins_errors * self.back_input_shift_add.accumulate(self.row_sums)


@dataclass(frozen=True, eq=False)
class SramRowMacro(SramMacro):
    """Row by row: latches read every cell of a row while the adders take the row before."""

    @property
    def words(self) -> Real:
        """Adders of the columns, one a weight."""
        return np.floor(self.cols / self.cells_per_weight)

    @property
    def back_words(self) -> Real:
        """Adders of the rows."""
        return np.floor(self.rows / self.cells_per_weight)

    @property
    def sum_bits(self) -> Real:
        """Bits of the sum of a column's cells."""
        return log2_up(self.rows) + 1.0

    @property
    def back_sum_bits(self) -> Real:
        """Bits of the sum of a row's cells."""
        return log2_up(self.cols) + 1.0

    @cached_property
    def decoder(self) -> Decoder:
        array = self.array
        return Decoder(
            self.tech,
            log2_up(self.rows),
            load=array.row_cap,
            res=array.row_res,
            fit_height=array.col_length,
        )

    @cached_property
    def back_decoder(self) -> Decoder:
        """Selects columns in a transposed read."""
        array = self.array
        return Decoder(
            self.tech,
            log2_up(self.cols),
            load=array.col_cap,
            res=array.col_res,
            fit_height=array.row_length,
            name="back_decoder",
        )

    @cached_property
    def sense_amp(self) -> SenseAmp:
        return SenseAmp(self.tech, self.cols, fit_width=self.array.row_length)

    @cached_property
    def back_sense_amp(self) -> SenseAmp:
        pitch = self.tech.sram.height * self.tech.feature
        height = self.array.col_length
        return SenseAmp(self.tech, self.rows, pitch, fit_height=height, name="back_sense_amp")

    @cached_property
    def register(self) -> Register:
        bits = (self.sum_bits + 1.0) * self.words
        return Register(self.tech, bits, self.array.row_length)

    @cached_property
    def adder(self) -> Adder:
        """Adds a row to the sums."""
        return Adder(
            self.tech,
            self.sum_bits,
            self.words,
            load=self.register.input_cap,
            activity=self.tech.arithmetic.add_activity,
            fit_width=self.array.row_length,
        )

    @cached_property
    def back_register(self) -> Register:
        bits = (self.back_sum_bits + 1.0) * self.back_words
        return Register(self.tech, bits, 0.0, self.array.col_length, name="back_register")

    @cached_property
    def back_adder(self) -> Adder:
        """Adds a column to the sums."""
        return Adder(
            self.tech,
            self.back_sum_bits,
            self.back_words,
            load=self.back_register.input_cap,
            activity=self.tech.arithmetic.add_activity,
            fit_height=self.array.col_length,
            name="back_adder",
        )

    @cached_property
    def weight_shift_add(self) -> ShiftAdd:
        """Joins the cells of a weight."""
        terms = self.cells_per_weight
        return self._shift_add(self.sum_bits, terms, self.words, 0.0, "weight_shift_add")

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an input."""
        bits = self.sum_bits + self.cells_per_weight
        return self._shift_add(bits, self.input_bits, self.words, 0.0, "input_shift_add")

    @cached_property
    def back_weight_shift_add(self) -> ShiftAdd:
        """Joins the passes of a row."""
        bits, terms = self.back_sum_bits, self.cells_per_weight
        return self._shift_add(bits, terms, self.back_words, 0.0, "back_weight_shift_add")

    @cached_property
    def back_input_shift_add(self) -> ShiftAdd:
        """Joins the planes of an error."""
        bits = self.back_sum_bits + self.cells_per_weight
        return self._shift_add(bits, self.error_bits, self.back_words, 0.0, "back_input_shift_add")

    @property
    def parts(self) -> Counted:
        forward: Counted = (
            (1.0, self.array),
            (1.0, self.decoder),
            (1.0, self.precharger),
            (1.0, self.write_driver),
            (1.0, self.sense_amp),
            (1.0, self.adder),
            (1.0, self.register),
            (self.joins_cells, self.weight_shift_add),
            (self.joins_inputs, self.input_shift_add),
        )
        if not self.transposed:
            return forward
        return (
            *forward,
            (1.0, self.back_decoder),
            (1.0, self.back_precharger),
            (1.0, self.back_write_driver),
            (1.0, self.back_sense_amp),
            (1.0, self.back_adder),
            (1.0, self.back_register),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )

    @property
    def floorplan(self) -> Floorplan:
        beside: Counted = (
            (1.0, self.back_precharger),
            (1.0, self.back_write_driver),
            (1.0, self.back_sense_amp),
            (1.0, self.back_adder),
            (1.0, self.back_register),
            (self.joins_cells, self.back_weight_shift_add),
            (self.joins_errors, self.back_input_shift_add),
        )
        above: Counted = ((1.0, self.back_decoder),) if self.transposed else ()
        return Floorplan(
            left=(self.decoder,),
            corner=0.0,
            stacked=(
                (1.0, self.precharger),
                (1.0, self.write_driver),
                (1.0, self.sense_amp),
                (1.0, self.adder),
                (1.0, self.register),
                (self.joins_cells, self.weight_shift_add),
                (self.joins_inputs, self.input_shift_add),
                *above,
            ),
            beside=beside if self.transposed else (),
        )

    def _selected_row(self) -> tuple[Cost, Real]:
        return self.decoder.select(), self.decoder.output_ramp

    def _sensed(self) -> Cost:
        """A row open until its bitlines have fallen."""
        return self.array.read(self.decoder.output_ramp)

    def _back_sensed(self) -> Cost:
        """A column driven until the lines along the rows have fallen."""
        return self.array.read_transposed(self.back_decoder.output_ramp)

    def _streamed(self, accesses: Real, access: Cost, added: Cost) -> Cost:
        """Accesses in a row, each added while the next one is under way; the last one after it."""
        last: Cost = np.minimum(accesses, 1.0) * Cost(Bill(), added.latency)
        return accesses * (access | added) + last

    @action
    def read(self, density: Real = 0.5) -> Cost:
        """One input plane: the rows with a one, one after the other."""
        access = self.decoder.select() + self.precharger.precharge()
        access = access + self._sensed() + self.sense_amp.sense()
        added = self.adder.add() + self.register.store()
        plane = self._streamed(density * self.rows, access, added)
        plane = plane + self.joins_cells * self.weight_shift_add.accumulate(self.cells_per_weight)
        return plane + self.joins_inputs * self.input_shift_add.accumulate(1.0)

    @action
    def read_transposed(self, density: Real = 0.5) -> Cost:
        """One error plane: the columns with a one, one after the other."""
        access = self.back_decoder.select() + self.back_precharger.precharge()
        access = access + self._back_sensed() + self.back_sense_amp.sense()
        added = self.back_adder.add() + self.back_register.store()
        plane = self._streamed(density * self.cols, access, added)
        weighted = self.back_weight_shift_add.accumulate(self.cells_per_weight)
        plane = plane + self.joins_cells * weighted
        return plane + self.joins_errors * self.back_input_shift_add.accumulate(1.0)
