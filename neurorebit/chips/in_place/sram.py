"""Macros of SRAM cells that compute in place: forward, transposed read and writing.

See docs/models/macros.md#sram-macros. Wordlines go to the supply and are billed; bitlines fall by
the sense voltage at every conversion. In the transposed read the column drivers take the wordlines'
part and rows are sensed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from neurorebit.chips.parts.macro import Macro, Opened
from neurorebit.chips.parts.programming import LEAST, touched
from neurorebit.chips.parts.readout import ConvertingReadout, Counted, LatchingReadout
from neurorebit.circuits.array import SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Bill, Cost, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import log2_up, nfet_res
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False, kw_only=True)
class SramMacro(Macro):
    """SRAM cells with the prechargers and write drivers of the lines that are sensed."""

    tech: Technology = field(kw_only=False)
    name: str = "sram"

    @cached_property
    def array(self) -> SramArray:
        return SramArray(self.tech, self.rows, self.cols)

    @property
    def access_res(self) -> Real:
        """Resistance [ohm] of an access transistor."""
        return nfet_res(self.tech, self.tech.sram.access * self.tech.feature)

    @property
    def _col_line(self) -> tuple[Real, Real]:
        """Load [F] and resistance [ohm] of a bitline."""
        return self.array.col_cap, self.array.col_res

    @property
    def _row_line(self) -> tuple[Real, Real]:
        """Load [F] and resistance [ohm] of a line along a row."""
        return self.array.row_cap, self.array.row_res

    @cached_property
    def precharger(self) -> Precharger:
        """Charges the bitlines."""
        return Precharger(self.tech, self.cols, *self._col_line, fit_width=self.array.row_length)

    @cached_property
    def write_driver(self) -> WriteDriver:
        """Pulls the bitlines to write."""
        return WriteDriver(self.tech, self.cols, *self._col_line, fit_width=self.array.row_length)

    @cached_property
    def transposed_precharger(self) -> Precharger:
        """Charges the lines of the rows, which a transposed read senses."""
        return Precharger(
            self.tech,
            self.rows,
            *self._row_line,
            fit_width=self.array.col_length,
            name="transposed_precharger",
        )

    @cached_property
    def transposed_write_driver(self) -> WriteDriver:
        """Pulls the lines of the rows."""
        return WriteDriver(
            self.tech,
            self.rows,
            *self._row_line,
            fit_width=self.array.col_length,
            name="transposed_write_driver",
        )

    @property
    def _line_drivers(self) -> tuple[Block, ...]:
        """Prechargers and write drivers of the lines that are sensed."""
        forward = self.precharger, self.write_driver
        if not self.transposed:
            return forward
        return *forward, self.transposed_precharger, self.transposed_write_driver

    def _written(self, written: Real) -> Cost:
        """Write a share of the cells of one row."""
        opened, ramp, _ = self.open_rows()
        row = opened + self.write_driver.write(written)
        return row + self.precharger.precharge_written(written) + self.array.write(ramp, written)

    @action
    def write(self, rows: Real = 1.0, written: Real = 0.5) -> Cost:
        """Write ``rows`` rows one after the other; a share of each row's cells changes."""
        return rows * self._written(written)

    def deploy(
        self, state: Real = 0.5, cells: Real | None = None, *, rows: Real | None = None
    ) -> Cost:
        """Write every row once; half of the ``cells`` that hold weights flip.

        They lie in so many ``rows``; all cells and all rows unless given.
        """
        lines = self.rows if rows is None else rows
        held = lines * self.cols if cells is None else cells
        return self.write(lines, 0.5 * held / np.maximum(lines, LEAST) / self.cols)

    @action
    def program(
        self,
        rising: tuple[Real, Real],
        falling: tuple[Real, Real],
        state: Real = 0.5,
        cells: Real | None = None,
        *,
        rows: Real | None = None,
    ) -> Cost:
        """Read the rows that change, and write them; a cell takes no pulses.

        ``rising`` and ``falling`` are shares of the ``cells`` that hold weights, spread evenly over
        so many ``rows`` (all unless given).
        """
        lines = self.rows if rows is None else rows
        held = lines * self.cols if cells is None else cells
        changed = rising[0] + falling[0]
        changing = lines * touched(changed, held / np.maximum(lines, LEAST))
        written = changed * held / np.maximum(changing, LEAST) / self.cols
        return changing * (self.sense_row(state, 1.0) + self._written(written))


@dataclass(frozen=True, eq=False, kw_only=True)
class SramParallelMacro(SramMacro):
    """All active rows at once: cells that hold a one pull their column's current together."""

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        """They drive the rows in a forward read, and open them to be written."""
        return self._row_switches(self.array.row_res)

    def _row_switches(self, driven_res: Real) -> RowSwitchMatrix:
        """Switches that are drawn for this resistance [ohm]."""
        load, line_res = self._row_line
        return RowSwitchMatrix(
            self.tech,
            self.rows,
            driven_res=driven_res,
            load=load,
            line_res=line_res,
            read_voltage=self.tech.vdd,
            fit_height=self.array.col_length,
            name="row_switches",
        )

    @cached_property
    def col_switches(self) -> RowSwitchMatrix:
        """They drive the columns in a transposed read."""
        load, line_res = self._col_line
        return RowSwitchMatrix(
            self.tech,
            self.cols,
            driven_res=self.array.col_res,
            load=load,
            line_res=line_res,
            read_voltage=self.tech.vdd,
            fit_height=self.array.row_length,
            name="col_switches",
        )

    @cached_property
    def readout(self) -> ConvertingReadout:
        return self._readout(self.access_res / (2.0 * self.rows), self.adc_bits)

    def _readout(self, driven_res: Real, operand_bits: Real) -> ConvertingReadout:
        """Multiplexers for this resistance [ohm]; converters hold the voltage of their fits."""
        return ConvertingReadout(
            tech=self.tech,
            lines=self.cols,
            length=self.array.row_length,
            ways=self.cols_per_adc,
            bits=self.adc_bits,
            kind=self.adc_kind,
            full_scale=self.rows / self.array.read_res,
            driven_res=driven_res,
            line_voltage=self.tech.vdd,
            held_voltage=self.tech.sensing.read_voltage,
            operand_bits=operand_bits,
            cells=self.cells_per_weight,
            planes=self.input_bits,
            signs=self.signed_inputs,
        )

    @cached_property
    def transposed_readout(self) -> ConvertingReadout:
        """Beside the array, for transposed reads."""
        return ConvertingReadout(
            tech=self.tech,
            lines=self.rows,
            length=self.array.col_length,
            beside=True,
            ways=self.rows_per_adc,
            bits=self.back_adc_bits,
            kind=self.adc_kind,
            full_scale=self.cols / self.array.read_res,
            driven_res=self.access_res / (2.0 * self.cols),
            line_voltage=self.tech.vdd,
            held_voltage=self.tech.sensing.read_voltage,
            operand_bits=self.back_adc_bits,
            cells=self.cells_per_weight,
            planes=self.error_bits,
            name="transposed_readout",
        )

    @property
    def parts(self) -> Counted:
        blocks: list[Block] = [self.array, self.row_switches, *self._line_drivers, self.readout]
        blocks += [gates for _, gates in self.gates]
        if self.transposed:
            blocks += [self.col_switches, self.transposed_readout]
        return tuple((1.0, block) for block in blocks)

    def _held(self, readout: ConvertingReadout, ones: Real, lines: Real, res: Real | None) -> Cost:
        """The current of ``lines`` lines while their converters hold them.

        Each has ``ones`` cells that hold a one, or a resistance ``res`` [ohm] if it is given.
        """
        cells = ones if res is None else self.array.read_res / res
        time = readout.converters.acquisition
        return self.array.conduct(lines * cells, readout.held_voltage, time)

    def _plane(
        self,
        density: Real,
        state: Real,
        driven: Real,
        sensed: Real,
        *,
        res: Real | None,
        planes: Real | None = None,
        places: Real | None = None,
    ) -> Cost:
        """One input plane as far as the converters; see ``read``."""
        readout, active = self.readout, density * driven * self.rows
        opened = self.row_switches.drive(density * driven, driven) + self.let(density * driven)
        position = readout.turn(opened, sensed, planes) + self.precharger.precharge(sensed)
        position = position + self.array.read(self.row_switches.output_ramp).across(active)
        position = position + self._held(readout, active * state, sensed * self.adcs, res)
        places = self.cols_per_adc if places is None else places
        return places * (position + readout.convert(sensed))

    @action
    def read(
        self,
        density: Real = 0.5,
        state: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        planes: Real | None = None,
        places: Real | None = None,
        res: Real | None = None,
    ) -> Cost:
        """One input plane through the columns, of ``planes`` that a vector has (as many as bits).

        They lie at so many ``places`` of the multiplexers, all unless given.

        ``density`` is the share of ones, ``state`` that of the cells; a column's resistance [ohm]
        follows from them unless ``res`` gives it. ``driven`` and ``sensed`` are the shares of the
        rows and of the columns that are in use.
        """
        places = self.cols_per_adc if places is None else places
        joined = self.readout.join(places, places / self.cells_per_weight, sensed)
        use = {"res": res, "planes": planes, "places": places}
        return self._plane(density, state, driven, sensed, **use) + joined

    @action
    def read_transposed(
        self,
        density: Real = 0.5,
        state: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        places: Real | None = None,
        res: Real | None = None,
    ) -> Cost:
        """One error plane through the rows: as ``read``, with columns for rows, in a pass for each
        place of a cell in its weight.
        """
        readout, passes = self.transposed_readout, self.cells_per_weight
        active = density * driven * self.cols / passes
        opened = self.col_switches.drive(density * driven / passes, driven)
        position = readout.turn(opened, sensed) + self.transposed_precharger.precharge(sensed)
        fallen = self.array.read_transposed(self.col_switches.output_ramp)
        position = position + fallen.across(active) + readout.convert(sensed)
        position = position + self._held(readout, active * state, sensed * self.row_adcs, res)
        places = self.rows_per_adc if places is None else places
        joined = readout.join(places * passes, places, sensed)
        return passes * (places * position) + joined

    def open_rows(self, rows: Real = 1.0) -> Opened:
        return Opened(self.row_switches.write(rows), self.row_switches.output_ramp)

    def sense_row(self, state: Real, sensed: Real) -> Cost:
        return self._plane(1.0 / self.rows, state, 1.0, sensed, res=None)


@dataclass(frozen=True, eq=False, kw_only=True)
class SramRowMacro(SramMacro):
    """Row by row: latches read every cell of a row while the adders take the row before."""

    @cached_property
    def decoder(self) -> Decoder:
        """Opens a row."""
        load, res = self._row_line
        bits, height = log2_up(self.rows), self.array.col_length
        return Decoder(self.tech, bits, load=load, res=res, fit_height=height)

    @cached_property
    def transposed_decoder(self) -> Decoder:
        """Selects a column in a transposed read."""
        load, res = self._col_line
        bits, height, name = log2_up(self.cols), self.array.row_length, "transposed_decoder"
        return Decoder(self.tech, bits, load=load, res=res, fit_height=height, name=name)

    @cached_property
    def readout(self) -> LatchingReadout:
        """An adder for each weight, whose cells are added as one number."""
        return LatchingReadout(
            tech=self.tech,
            lines=self.cols,
            length=self.array.row_length,
            together=self.cells_per_weight,
            operand_bits=log2_up(self.rows) + self.cells_per_weight,
            planes=self.input_bits,
            signs=self.signed_inputs,
        )

    @cached_property
    def transposed_readout(self) -> LatchingReadout:
        """An adder for each row, which sums the cells at one place of their weights."""
        return LatchingReadout(
            tech=self.tech,
            lines=self.rows,
            length=self.array.col_length,
            beside=True,
            pitch=self.tech.sram.height * self.tech.feature,
            operand_bits=log2_up(self.cols / self.cells_per_weight) + 1.0,
            cells=self.cells_per_weight,
            planes=self.error_bits,
            name="transposed_readout",
        )

    @property
    def parts(self) -> Counted:
        blocks: list[Block] = [self.array, self.decoder, *self._line_drivers, self.readout]
        blocks += [gates for _, gates in self.gates]
        if self.transposed:
            blocks += [self.transposed_decoder, self.transposed_readout]
        return tuple((1.0, block) for block in blocks)

    def _plane(self, density: Real, driven: Real, sensed: Real) -> Cost:
        """One input plane as far as the sums over the rows; see ``read``."""
        access = (
            self.decoder.select() + self.precharger.precharge(sensed) + self.let(1.0 / self.rows)
        )
        access = access + self.array.read(self.decoder.output_ramp) + self.readout.sense(sensed)
        return _streamed(density * driven * self.rows, access, self.readout.add(sensed))

    @action
    def read(
        self,
        density: Real = 0.5,
        state: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        planes: Real | None = None,
        places: Real | None = None,
    ) -> Cost:
        """One input plane: the rows with a one, one after the other.

        ``density`` is the share of ones; the ``state`` of the cells changes nothing, nor does how
        many ``planes`` a vector has, and there are no multiplexers with ``places``. ``driven`` and
        ``sensed`` are the shares of the rows and of the columns that are in use.
        """
        return self._plane(density, driven, sensed) + self.readout.join(1.0, 1.0, sensed)

    @action
    def read_transposed(
        self,
        density: Real = 0.5,
        state: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        places: Real | None = None,
    ) -> Cost:
        """One error plane: the columns with a one, one after the other; as ``read``."""
        readout = self.transposed_readout
        access = self.transposed_decoder.select() + self.transposed_precharger.precharge(sensed)
        access = access + self.array.read_transposed(self.transposed_decoder.output_ramp)
        access = access + readout.sense(sensed)
        plane = _streamed(density * driven * self.cols, access, readout.add(sensed))
        return plane + readout.join(self.cells_per_weight, 1.0, sensed)

    def open_rows(self, rows: Real = 1.0) -> Opened:
        return Opened(rows * self.decoder.select(), self.decoder.output_ramp)

    def sense_row(self, state: Real, sensed: Real) -> Cost:
        return self._plane(1.0 / self.rows, 1.0, sensed)

    @property
    def words(self) -> Real:
        """Values of ``cells_per_weight`` bits in a row."""
        return np.floor(self.cols / self.cells_per_weight)

    @property
    def sum_bits(self) -> Real:
        """Bits of a sum over the rows."""
        return self.readout.sum_bits

    def hold(self, rows: Real, words: Real) -> Cost:
        """Write values into the rows and words in use; half of their bits flip."""
        return self.write(rows, 0.5 * words * self.cells_per_weight / self.cols)

    def multiply(self, density: Real, nonzero: Real, rows: Real, words: Real) -> Cost:
        """One vector by the rows and words in use, plane by plane: rows with a one are read."""
        sensed = words * self.cells_per_weight / self.cols
        return self.input_bits * self.read(density, 0.5, rows / self.rows, sensed)


def _streamed(accesses: Real, access: Cost, added: Cost) -> Cost:
    """Accesses in a row, each added while the next one is under way; the last one after it."""
    last: Cost = np.minimum(accesses, 1.0) * Cost(Bill(), added.latency)
    return accesses * (access | added) + last
