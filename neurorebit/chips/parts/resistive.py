"""The base class of macros of resistive cells: reference lines, switches, programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from neurorebit.chips.parts.block_programming import BlockProgramming, Trains
from neurorebit.chips.parts.macro import Macro
from neurorebit.chips.parts.programming import LEAST, Change, Order, Programming, Taken, touched
from neurorebit.chips.parts.readout import ConvertingReadout
from neurorebit.circuits.array import device_array
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells as gate_cells
from neurorebit.circuits.resistive import ALONE, Feed, ResistiveArray, Shared
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology

SPREAD = 3.0**-0.5  # standard deviation of a cell anywhere in its range, over half the range


@dataclass(frozen=True, eq=False)
class References(Block):
    """Lines of cells at the middle of the range, one for each converter of a readout, and mirrors.

    Their current is subtracted before the conversion, so that weights have signs.
    """

    tech: Technology
    cells: ResistiveArray
    count: Real
    name: str = "references"

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.cells),)

    @property
    def body(self) -> Footprint:
        """Two minimum transistors a mirror."""
        return Footprint.of(2.0 * self.count * gate_cells(self.tech).nfet.area)

    @action
    def read(self, driven: Real, active: Real) -> Cost:
        """Charge ``driven`` rows as far as the references, and the references in use."""
        return self.cells.read(driven, active * self.count)

    @action
    def read_transposed(self, driven: Real, active: Real, row_cap: Real) -> Cost:
        """Charge ``driven`` columns as far as the references, rows of ``row_cap`` [F] each."""
        return self.cells.read_transposed(driven, active * self.count, row_cap)

    @action
    def conduct(self, ones: Real, active: Real, time: Real, shared: Shared = ALONE) -> Cost:
        """Let the ``ones`` cells at the read voltage conduct in a share of the references.

        As many conduct on their lines as on those of the array.
        """
        middle = self.cells.column_res(1.0, 0.5, shared)
        return self.cells.conduct(active * self.count * ones, middle, time)


def path_res(device: Device, array: ResistiveArray) -> Real:
    """Resistance [ohm] of a cell in the low state with its access transistor."""
    return device.r_on + array.series_res


def programming(device: Device) -> Real:
    """Voltage [V] that switches pass; without pulse data that of the access gates."""
    return device.cell.access_voltage if device.pulses is None else device.pulses.voltage_ltp


def access_switches(
    tech: Technology, array: ResistiveArray, rows: Real, *, cells: Real
) -> AccessSwitchMatrix:
    """A flip-flop a row, which opens its access transistors and drives its input line.

    ``cells`` of a row conduct at once.
    """
    device = array.device
    return AccessSwitchMatrix(
        tech,
        rows,
        load=array.access_cap,
        line_res=array.row_res,
        driven_res=path_res(device, array) / cells,
        input_load=array.row_cap,
        read_voltage=device.cell.read_voltage,
        access_voltage=device.cell.access_voltage,
        fit_height=array.col_length,
        name="row_switches",
    )


def col_switches(
    tech: Technology, array: ResistiveArray, cols: Real, cells: Real
) -> ColSwitchMatrix:
    """They program, and drive the columns where a read is transposed: ``cells`` of each at once."""
    device = array.device
    return ColSwitchMatrix(
        tech,
        cols,
        driven_res=path_res(device, array) / cells,
        load=array.col_cap,
        line_res=array.col_res,
        read_voltage=device.cell.read_voltage,
        write_voltage=programming(device),
        fit_width=array.row_length,
        name="col_switches",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class ResistiveMacro(Macro):
    """1T1R cells with the switches that drive and program their columns.

    Columns and rows settle to half a converter step at every conversion. The switch that drives a
    row also opens its access transistors, so the cells of a row that carries a zero are cut off,
    and columns that wait for the converter carry no current. In a transposed read the column
    switches drive the column lines, to 0 V where they carry a zero, the access transistors of the
    sensed rows alone conduct, and cells at the same place in their weights are read in one pass.

    ``adc_range``: the converters span this many standard deviations of a partial sum to either side
    of the reference. ``opened_rows`` are opened at once to be programmed.
    """

    tech: Technology = field(kw_only=False)
    device: Device = field(kw_only=False)
    adc_range: Positive = 4.0
    opened_rows: Positive = 1.0
    order: ClassVar[Order] = Order.UP_THEN_DOWN

    def array_of(self, rows: Real, cols: Real, name: str = "array") -> ResistiveArray:
        """An array of this many cells."""
        return device_array(self.tech, self.device, rows, cols, name=name)

    @cached_property
    def array(self) -> ResistiveArray:
        return self.array_of(self.rows, self.cols)

    @cached_property
    def col_switches(self) -> ColSwitchMatrix:
        """They program, and drive the columns of a transposed read."""
        return col_switches(self.tech, self.array, self.cols, self.column_cells)

    @cached_property
    def feed(self) -> Feed:
        """What is in series with cells that are programmed."""
        return Feed(self.open_rows().res, self.col_switches.switch.res)

    @property
    def column_cells(self) -> Real:
        """Cells of a column that its switch drives at once.

        In a transposed read those in the sensed rows, or all of them where nothing cuts the cells
        of other rows off; otherwise those that are programmed.
        """
        if not self.transposed:
            return self.opened_rows
        read = self.row_adcs if self.array.isolates_zeros else self.rows
        return np.maximum(read, self.opened_rows)

    @property
    def row_line_cap(self) -> Real:
        """Capacitance [F] of an input line that is sensed, with the drains of its cells."""
        return self.array.row_cap + self.cols * self.array.drain_cap

    def converted(self, together: Real) -> dict[str, Any]:
        """Fields of a converting readout that reads ``together`` cells of a line at once."""
        return {
            "tech": self.tech,
            "kind": self.adc_kind,
            "cells": self.digits,
            "full_scale": together * self.device.g_max,
            "driven_res": path_res(self.device, self.array) / together,
            "line_voltage": self.device.cell.read_voltage,
            "held_voltage": self.device.cell.read_voltage,
        }

    def reach(self, active: Real) -> Real | None:
        """Conductance [S] to either side of the reference that the converters span.

        ``active`` cells of a line carry a one, each of a conductance anywhere in its range, which
        has a standard deviation of 1 / sqrt(3) of half the range (training's default, an outermost
        level of two standard deviations, gives 1/2). Sums of independent cells grow with the square
        root of their number; no range is made for less than one cell.
        """
        low, high = (1.0 / self.array.column_res(1.0, share) for share in (0.0, 1.0))
        cell = (high - low) / 2.0 * SPREAD * self.abreast  # a pair's difference spans it twice
        return self.adc_range * cell * np.sqrt(np.maximum(active, 1.0))

    def settle(
        self, readout: ConvertingReadout, state: Real, active: Real, lines: tuple[Real, Real]
    ) -> Cost:
        """Let columns settle to half a step of their converters.

        ``state`` is the mean place of the cells in the range, ``active`` the mean number of ones;
        ``lines`` are the most ones that a read sums, and the rows driven. What cells lose along
        shared lines makes their current smaller, which only shortens the wait.
        """
        res, sensed = self.array.column_res(1.0, state), readout.sensed(self.reach(active))
        return self.array.settle(res, sensed, ones=lines[0], driven=lines[1])

    def settle_rows(
        self, readout: ConvertingReadout, state: Real, active: Real, lines: tuple[Real, Real]
    ) -> Cost:
        """Let rows settle to half a step of their converters; as ``settle``."""
        res, sensed = self.array.column_res(1.0, state), readout.sensed(self.reach(active))
        return self.array.settle_rows(res, sensed, ones=lines[0], driven=lines[1])

    @staticmethod
    def held(readout: ConvertingReadout, settled: Cost) -> Real:
        """Time [s] for which a line conducts: it settles, then its converter takes its current."""
        return settled.latency.total + readout.converters.acquisition

    def select_cols(self, written: Real, pulses: Real) -> Cost:
        """Switch the columns to send ``pulses`` pulses to a share of a row's cells."""
        return self.col_switches.write(written, pulses)

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
        """Pulse the cells that change, row by row, in the macro's ``order``.

        See docs/models/programming.md#pulses.

        ``rising`` and ``falling`` are the share of the cells that change and the pulses each takes.
        ``cells`` of the array hold weights, spread evenly over so many ``rows`` (all unless given).
        Each direction has its own voltage and width.
        """
        held = self.rows * self.cols if cells is None else cells
        work = Programming(self.array, held, Change(*rising), Change(*falling), rows=rows)
        selected = Cost()
        for rows, changed, pulses in work.selections(self.order):
            lines = self.open_rows().cost | self.select_cols(changed / self.cols, pulses)
            selected = selected + rows * lines
        return selected + work.pulsed(self.device.response, state, self.feed)

    @action
    def program_in_trains(
        self,
        rising: Trains,
        falling: Trains,
        state: Real = 0.5,
        cells: Real | None = None,
        *,
        rows: Real | None = None,
    ) -> Cost:
        """Pulse cells in trains that opened rows share, first up, then down.

        ``cells`` and ``rows`` as for ``program``.
        """
        held = self.rows * self.cols if cells is None else cells
        lines = self.rows if rows is None else rows
        work = BlockProgramming(self.array, held, lines, rising=rising, falling=falling)
        selected = Cost()
        for opening in work.openings:
            cols = self.select_cols(opening.cells / self.cols, opening.pulses)
            selected = selected + opening.times * (self.open_rows(opening.rows).cost | cols)
        return selected + work.pulsed(self.device.response, state, self.feed)

    def settle_alone(self, readout: ConvertingReadout, state: Real) -> Cost:
        """Let a column settle on which one cell conducts, the converter spanning a cell's range."""
        low, high = (1.0 / self.array.column_res(1.0, share) for share in (0.0, 1.0))
        sensed, res = readout.sensed((high - low) / 2.0), self.array.column_res(1.0, state)
        return self.array.settle(res, sensed, ones=1.0, driven=1.0)

    def places(
        self, changed: Real, cells: Real | None = None, rows: Real | None = None
    ) -> tuple[Real, Real]:
        """Rows times positions of their multiplexers at which cells are read that were written.

        And the share of the converters that have such a cell there. ``changed`` is the share of the
        ``cells`` that are written, spread evenly over the ``rows`` (all unless given).
        """
        lines = self.rows if rows is None else rows
        held, positions = lines * self.cols, lines * self.cols_per_adc
        held = held if cells is None else cells
        positions = positions * touched(changed, held / positions)
        written = changed * held / np.maximum(positions, LEAST)
        return positions, written / self.adcs

    @action
    def verify(
        self,
        changed: Real,
        reads: Real,
        *,
        state: Real = 0.5,
        cells: Real | None = None,
        rows: Real | None = None,
    ) -> Cost:
        """Read cells that were written, row by row, through the macro's own converters.

        ``changed`` is the share of the ``cells`` that are written, in so many ``rows`` (all unless
        given), ``reads`` how often each of them is read. Converters span the range of one cell.
        """
        positions, sensed = self.places(changed, cells, rows)
        return positions * reads * self.sense_row(state, sensed)

    def deploy(
        self,
        state: Real = 0.5,
        cells: Real | None = None,
        taken: Taken | None = None,
        *,
        rows: Real | None = None,
    ) -> Cost:
        """Write every cell that holds a weight once, from the low end of the range.

        A cell takes the pulses of its level, at half of its level on average. A row stays open
        until its last cell is at its level: as long as the outermost level takes. ``taken``: those
        of the nominal curve unless given, for levels of the mean place ``state``. ``cells`` and
        ``rows`` as for ``program``.
        """
        pulses, none = taken or self.nominal(state), (0.0, 0.0)
        mean = self.program((1.0, pulses.mean), none, state / 2.0, cells, rows=rows)
        longest = self.program((1.0, pulses.outermost), none, state / 2.0, cells, rows=rows)
        return Cost(mean.energy, longest.latency)

    def deploy_in_trains(
        self, trains: Sequence[Trains], state: Real, cells: Real, *, rows: Real, middle: Real
    ) -> Cost:
        """Write every cell that holds a weight once, from the low end of the range, in trains.

        ``trains`` up and down follow each other in pairs. ``middle``: pulses to mid range, of
        reference cells where there are any.
        """
        total = Cost()
        for rising, falling in zip(trains[::2], trains[1::2], strict=True):
            total = total + self.program_in_trains(rising, falling, state / 2.0, cells, rows=rows)
        return total

    def nominal(self, state: Real) -> Taken:
        """Pulses of the nominal curve; the mean place of the levels is ``state``."""
        count = self.device.response.levels_ltp
        return Taken(state * count, count, 0.5 * count)
