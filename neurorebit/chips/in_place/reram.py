"""Macros of resistive cells that are read row by row.

See docs/models/macros.md#reading-row-by-row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from neurorebit.chips.parts.macro import Opened
from neurorebit.chips.parts.readout import AddingReadout, Counted
from neurorebit.chips.parts.resistive import ResistiveMacro, path_res, programming
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.resistive import Shared

ALONE = (1.0, 1.0)  # ones that a read sums, and rows driven: one after the other


@dataclass(frozen=True, eq=False, kw_only=True)
class RowByRowMacro(ResistiveMacro):
    """Every cell is converted with its own ``cell_bits``, and a digital adder sums the rows."""

    cell_bits: Real = 4.0
    name: str = "reram"

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
            driven_res=path_res(self.device, array) / self.adcs,
            read_voltage=cell.read_voltage,
            write_voltage=programming(self.device),
            ramp=self.decoder.output_ramp,
            fit_height=array.col_length,
        )

    @cached_property
    def readout(self) -> AddingReadout:
        return AddingReadout(
            **self.converted(1.0),
            lines=self.cols,
            length=self.array.row_length,
            ways=self.cols_per_adc,
            bits=self.cell_bits,
            operand_bits=log2_up(self.rows) + self.cell_bits,
            planes=self.input_bits,
            signs=self.signed_inputs,
        )

    @cached_property
    def transposed_readout(self) -> AddingReadout:
        """Beside the array, for transposed reads."""
        return AddingReadout(
            **self.converted(1.0),
            lines=self.rows,
            length=self.array.col_length,
            beside=True,
            ways=self.rows_per_adc,
            bits=self.cell_bits,
            operand_bits=log2_up(self.cols) + self.cell_bits,
            planes=self.error_bits,
            name="transposed_readout",
        )

    @property
    def parts(self) -> Counted:
        blocks: list[Block] = [
            self.array,
            self.decoder,
            self.row_driver,
            self.col_switches,
            self.readout,
            *(gates for _, gates in self.gates),
        ]
        if self.transposed:
            blocks.append(self.transposed_readout)
        return tuple((1.0, block) for block in blocks)

    def reach(self, active: Real) -> None:
        """None: there is no reference, and a cell is converted from zero to full scale."""
        return

    def open_rows(self, rows: Real = 1.0) -> Opened:
        opened = rows * (self.decoder.select() + self.row_driver.write())
        res = self.tech.switch.linear * self.row_driver.gate.through_res
        return Opened(opened, self.row_driver.output_ramp, res)

    def sense_row(self, state: Real, sensed: Real) -> Cost:
        opened = self.decoder.select() + self.row_driver.read()
        readout, lines = self.readout, sensed * self.adcs
        settled = self.settle_alone(readout, state)
        res = self.array.column_res(1.0, state, Shared(1.0, lines))
        time = self.held(readout, settled)
        position = (opened | readout.select(sensed)) + settled + self.array.read(1.0, lines)
        return position + self.array.conduct(lines, res, time) + readout.convert(sensed)

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
        """One input plane: the rows with a one, one after the other, for every column.

        A vector has ``planes`` of them, as many as bits unless given. Columns lie at so many
        ``places`` of the multiplexers, all unless given.

        ``density`` is the share of ones, ``state`` the mean place of the cells in the range; a
        cell's resistance [ohm] follows from it unless ``res`` gives it. ``driven`` and ``sensed``
        are the shares of the rows and of the columns that are in use.
        """
        readout = self.readout
        accesses, lines = density * driven * self.rows, sensed * self.adcs
        shared = Shared(1.0, lines)
        res = self.array.column_res(1.0, state, shared) if res is None else res
        opened = self.decoder.select() + self.row_driver.read()
        settled = self.settle(readout, state, 1.0, ALONE)
        time = self.held(readout, settled)
        access = settled + self.array.read(1.0, lines) + self.array.conduct(lines, res, time)
        access = access + readout.convert(sensed) + readout.add(sensed)
        opened = opened + self.let(1.0 / self.rows)
        position = readout.turn_by_rows(opened, accesses, sensed, planes) + accesses * access
        places = self.cols_per_adc if places is None else places
        joined = readout.join(places, places / self.cells_per_weight, sensed)
        return places * position + joined

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
        """One error plane: as ``read``, with columns for rows, in a pass for each place of a cell
        in its weight.
        """
        readout, passes = self.transposed_readout, self.cells_per_weight
        accesses, lines = density * driven * self.cols / passes, sensed * self.row_adcs
        shared = Shared(lines, driven * self.cols)
        res = self.array.column_res(1.0, state, shared) if res is None else res
        opened = self.col_switches.drive_one()
        settled = self.settle_rows(readout, state, 1.0, (1.0, driven * self.cols))
        time = self.held(readout, settled)
        access = settled + self.array.read_transposed(1.0, lines, self.row_line_cap)
        access = access + self.array.conduct(lines, res, time)
        access = access + readout.convert(sensed) + readout.add(sensed)
        position = readout.turn_by_rows(opened, accesses, sensed) + accesses * access
        places = self.rows_per_adc if places is None else places
        joined = readout.join(places * passes, places, sensed)
        return passes * places * position + joined
