"""Macros of resistive cells whose rows are all read at once.

See docs/models/macros.md#analog-macros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from neurorebit.chips.parts.block_programming import Trains
from neurorebit.chips.parts.macro import Opened
from neurorebit.chips.parts.programming import Change, Coincidence, Programming, Taken
from neurorebit.chips.parts.readout import ConvertingReadout, Counted
from neurorebit.chips.parts.resistive import (
    References,
    ResistiveMacro,
    access_switches,
    programming,
)
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.crosspoint import CrosspointArray
from neurorebit.circuits.resistive import Shared
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, RowSwitchMatrix


class Conducting(NamedTuple):
    """Lines that conduct in one conversion, and how long [s].

    ``lines`` lead to converters, each with ``ones`` cells at the read voltage; ``waiting`` cells
    conduct in the others. ``shared``: cells that conduct on the lines of each.
    """

    ones: Real
    lines: Real
    waiting: Real
    time: Real
    shared: Shared


@dataclass(frozen=True, eq=False, kw_only=True)
class ParallelMacro(ResistiveMacro):
    """1T1R cells, of which all active rows are read at once: a conversion a column and plane.

    A flip-flop a row opens its access transistors and drives its input line. ``signed``: with
    reference lines, for weights that have signs; the other columns of pairs stand for these.
    ``summed``: lines that a read sums at most, which
    the converters are made for (all unless given).

    A line conducts while it settles and until its converter holds what it converts. The references
    of the converters in use conduct with it, the lines that wait for a converter as far as the
    array lets them (``ResistiveArray.stray``).
    """

    signed: bool = False
    summed: Real | None = None
    name: str = "reram"

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix | RowSwitchMatrix:
        """They drive the rows in a forward read, and open them for programming."""
        lines = self.abreast * self.adcs + (self.references.count if self.referenced else 0.0)
        return access_switches(self.tech, self.array, self.rows, cells=lines)

    @cached_property
    def readout(self) -> ConvertingReadout:
        return ConvertingReadout(
            **self.converted(self.rows if self.summed is None else self.summed),
            lines=self.cols,
            length=self.array.row_length,
            ways=self.cols_per_adc,
            bits=self.adc_bits,
            operand_bits=self.adc_bits,
            planes=self.input_bits,
            signs=self.signed_inputs,
            paired=self.paired,
        )

    @cached_property
    def transposed_readout(self) -> ConvertingReadout:
        """Beside the array, for transposed reads."""
        return ConvertingReadout(
            **self.converted(self.cols if self.summed is None else self.summed),
            lines=self.rows,
            length=self.array.col_length,
            beside=True,
            ways=self.rows_per_adc,
            bits=self.back_adc_bits,
            operand_bits=self.back_adc_bits,
            planes=self.error_bits,
            name="transposed_readout",
        )

    @property
    def referenced(self) -> bool:
        """Whether columns are read against references."""
        return self.signed and not self.paired

    @cached_property
    def references(self) -> References:
        """Columns of cells at the middle of the range, on the same rows as the array."""
        cells = self.array_of(self.rows, self.adcs, "cells")
        return References(self.tech, cells, self.adcs)

    @cached_property
    def transposed_references(self) -> References:
        """Rows of cells at the middle of the range, on the same columns as the array."""
        cells = self.array_of(self.row_adcs, self.cols, "cells")
        return References(self.tech, cells, self.row_adcs, "transposed_references")

    @property
    def parts(self) -> Counted:
        blocks: list[Block] = [self.array, self.row_switches, self.col_switches, self.readout]
        blocks += [gates for _, gates in self.gates]
        if self.referenced:
            blocks.append(self.references)
        if self.transposed:
            blocks.append(self.transposed_readout)
        if self.signed and self.transposed:
            blocks.append(self.transposed_references)
        return tuple((1.0, block) for block in blocks)

    def together(self, lines: Real) -> tuple[Real, Real]:
        """The most ones that a read through ``lines`` driven lines sums, and those lines."""
        return lines if self.summed is None else np.minimum(lines, self.summed), lines

    def _beside(self, lines: Real) -> Real:
        """Cells of a row that conduct where ``lines`` columns are sensed: references as well."""
        return (self.abreast + (1.0 if self.referenced else 0.0)) * lines

    def charge(self, rows: Real, sensed: Real) -> Cost:
        """Charge ``rows`` rows, and the columns of a share of the converters; references too."""
        array = self.array.read(rows, self.abreast * sensed * self.adcs)
        return array + self.references.read(rows, sensed) if self.referenced else array

    def charge_transposed(self, cols: Real, sensed: Real) -> Cost:
        """Charge ``cols`` columns, and the rows of a share of the converters; references too."""
        array = self.array.read_transposed(cols, sensed * self.row_adcs, self.row_line_cap)
        if not self.signed:
            return array
        cells = self.transposed_references.cells
        load = cells.row_cap + self.cols * cells.drain_cap
        return array + self.transposed_references.read_transposed(cols, sensed, load)

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

        ``density`` is the share of ones, ``state`` the mean place of the cells in the range; a
        column's resistance [ohm] follows from them unless ``res`` gives it. ``driven`` and
        ``sensed`` are the shares of the rows and of the columns that are in use.
        """
        opened = self.row_switches.drive(density * driven, driven) + self.let(density * driven)
        position = self.readout.turn(opened, sensed, planes)
        position = position + self.sense(density, state, driven, sensed, res=res)
        turns = (self.cols_per_adc if places is None else places) / self.abreast
        joined = self.readout.join(turns, turns / self.digits, sensed)
        return turns * position + joined

    def sense(
        self,
        density: Real,
        state: Real,
        driven: Real,
        sensed: Real,
        *,
        res: Real | None = None,
    ) -> Cost:
        """A conversion of columns whose rows are driven; arguments as those of ``read``."""
        readout, rows = self.readout, driven * self.rows
        active, lines = density * rows, sensed * self.adcs
        shared = Shared(active if self.array.isolates_zeros else rows, self._beside(lines))
        settled = self.settle(readout, state, active, self.together(rows))
        time = self.held(readout, settled)
        waiting = (self.cols_per_adc - self.abreast) * lines * self.array.stray(active, rows)
        cost = settled + self.charge(active, sensed) + readout.convert(sensed)
        conducting = Conducting(active, self.abreast * lines, waiting, time, shared)
        return cost + self.conduct(conducting, state, self.references, res)

    def conduct(
        self, read: Conducting, state: Real, references: References, res: Real | None
    ) -> Cost:
        """The current of cells at this mean place in the range, and of their references."""
        cell = self.array.column_res(1.0, state, read.shared)
        if res is None:
            current = self.array.conduct(read.ones * read.lines + read.waiting, cell, read.time)
        else:
            current = self.array.conduct(read.lines, res, read.time)
            current = current + self.array.conduct(read.waiting, cell, read.time)
        if not self.referenced:
            return current
        in_use = read.lines / references.count
        return current + references.conduct(read.ones, in_use, read.time, read.shared)

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
        place of a cell in its weight; meanwhile the columns of the other places are at 0 V.
        """
        readout, passes, cols = self.transposed_readout, self.cells_per_weight, driven * self.cols
        active, lines = density * cols / passes, sensed * self.row_adcs
        opened = self.col_switches.drive(density * driven / passes, driven)
        shared = Shared(self._beside(lines), cols)
        most = self.together(cols / passes)[0]
        settled = self.settle_rows(readout, state, active, (most, cols))
        time = self.held(readout, settled)
        waiting = (self.rows_per_adc - 1.0) * lines * self.array.stray(active, cols)
        position = readout.turn(opened, sensed) + settled
        position = position + self.charge_transposed(active, sensed) + readout.convert(sensed)
        position = position + self.conduct(
            Conducting(active, lines, waiting, time, shared), state, self.transposed_references, res
        )
        places = self.rows_per_adc if places is None else places
        joined = readout.join(places * passes, places, sensed)
        return passes * (places * position) + joined

    def open_rows(self, rows: Real = 1.0) -> Opened:
        switches = self.row_switches
        assert isinstance(switches, AccessSwitchMatrix)
        res = switches.input_switch.res
        return Opened(switches.write(rows), switches.output_ramp, res)

    def sense_row(self, state: Real, sensed: Real) -> Cost:
        opened = self.row_switches.drive_one()
        readout, lines = self.readout, sensed * self.adcs
        settled = self.settle_alone(readout, state)
        waiting = (self.cols_per_adc - 1.0) * lines * self.array.stray(1.0, 1.0)
        time = self.held(readout, settled)
        beside = 2.0 * lines if self.referenced else lines
        charged = self.array.read(1.0, lines) if self.paired else self.charge(1.0, sensed)
        position = (opened | readout.select(sensed)) + settled + charged
        conducting = Conducting(1.0, lines, waiting, time, Shared(1.0, beside))
        position = position + self.conduct(conducting, state, self.references, None)
        return position + readout.convert(sensed)

    def deploy(
        self,
        state: Real = 0.5,
        cells: Real | None = None,
        taken: Taken | None = None,
        *,
        rows: Real | None = None,
    ) -> Cost:
        """As of all resistive cells; reference columns are brought to mid range with their rows."""
        written = super().deploy(state, cells, taken, rows=rows)
        lines = self.rows if rows is None else rows
        return written + self._deploy_references(lines, (taken or self.nominal(state)).middle)

    def deploy_in_trains(
        self, trains: Sequence[Trains], state: Real, cells: Real, *, rows: Real, middle: Real
    ) -> Cost:
        """As of all resistive cells; reference columns are brought to mid range with their rows."""
        written = super().deploy_in_trains(trains, state, cells, rows=rows, middle=middle)
        return written + self._deploy_references(rows, middle)

    def _deploy_references(self, rows: Real, pulses: Real) -> Cost:
        """The references of so many rows, while these are written."""
        if not self.referenced:
            return Cost()
        references = self.references
        held, middle = rows * references.count, Change(1.0, pulses)
        work = Programming(references.cells, held, middle, Change(0.0, 0.0), rows=rows)
        pulsed = Cost(work.pulsed(self.device.response, 0.25, self.feed).energy)
        return pulsed.under(references.name).under(self.name)

    @action
    def coincide(
        self,
        slots: Real,
        rows: Real,
        cols: Real,
        *,
        up: Real,
        down: Real,
        state: Real = 0.5,
    ) -> Cost:
        """Pulse trains on rows and columns, which program cells where they coincide.

        The arguments are those of ``Coincidence``; ``state`` is the mean place of the cells in the
        range.
        """
        switched = self.open_rows(rows).cost | self.select_cols(cols / 2.0 / self.cols, 1.0)
        train = Coincidence(slots, rows, cols, up, down)
        return train.pulsed(
            self.array, self.device.response, state, switched=switched, feed=self.feed
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class CrosspointMacro(ParallelMacro):
    """Crosspoint cells with a selector in each; ``nonlinearity`` is the selectors'.

    Lines that are not selected for programming go to half the write voltage.
    """

    nonlinearity: Real = 100.0
    name: str = "crosspoint"

    def array_of(self, rows: Real, cols: Real, name: str = "array") -> CrosspointArray:
        """So many cells."""
        return CrosspointArray(
            self.tech, self.device, rows, cols, nonlinearity=self.nonlinearity, name=name
        )

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        array = self.array
        return RowSwitchMatrix(
            self.tech,
            self.rows,
            driven_res=self.device.r_on / self.cols,
            load=array.row_cap,
            line_res=array.row_res,
            read_voltage=self.device.cell.read_voltage,
            write_voltage=programming(self.device),
            fit_height=array.col_length,
            name="row_switches",
        )

    def open_rows(self, rows: Real = 1.0) -> Opened:
        switches = self.row_switches
        written = switches.write_half_selected(rows)
        return Opened(written, switches.output_ramp, switches.switch.res)

    def select_cols(self, written: Real, pulses: Real) -> Cost:
        return self.col_switches.write_half_selected(written, pulses)
