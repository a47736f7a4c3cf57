"""AnalogMacro: a ReRAM array with its periphery, the macro that does the forward pass.

System.md 13.3, subarray.md 3 and 5.1, in the physically right forms: columns settle to half a
converter step at every conversion, with their own resistance and all loads. The reference current
is subtracted before conversion: one reference column a converter, and a mirror.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.adc import SarAdc
from neurorebit.circuits.array import ReramArray, device_array
from neurorebit.circuits.block import Block
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.gates import cells
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix
from neurorebit.cost import Cost, Footprint, Real, action
from neurorebit.device import Device
from neurorebit.technology import Technology

ADCS = {"sar": SarAdc}


@dataclass(frozen=True, eq=False)
class Reference(Block):
    """A column at the middle of the range for each converter, and a mirror that subtracts it."""

    tech: Technology
    device: Device
    rows: Real = 128.0
    cols: Real = 16.0
    name: str = "reference"

    @cached_property
    def columns(self) -> ReramArray:
        """The reference columns, beside the array on the same rows."""
        return device_array(self.tech, self.device, self.rows, self.cols, "columns")

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return ((1.0, self.columns),)

    @property
    def body(self) -> Footprint:
        """Two minimum transistors a mirror."""
        return Footprint.of(2.0 * self.cols * cells(self.tech).nfet.area)

    @action
    def read(self, active_rows: Real, active: Real) -> Cost:
        """Charge the rows' extension and the references of a share of the converters."""
        return self.columns.read(active_rows, active * self.cols)


@dataclass(frozen=True, eq=False)
class AnalogMacro(Block):
    """A ReRAM array with its periphery."""

    tech: Technology
    device: Device
    rows: Real = 128.0
    cols: Real = 128.0
    cols_per_adc: Real = 8.0
    adc_bits: Real = 5.0
    input_bits: Real = 8.0
    adc_kind: str = "sar"
    name: str = "apim"

    @property
    def adcs(self) -> Real:
        """Converters of the macro."""
        return self.cols / self.cols_per_adc

    @cached_property
    def array(self) -> ReramArray:
        return device_array(self.tech, self.device, self.rows, self.cols)

    @cached_property
    def reference(self) -> Reference:
        return Reference(self.tech, self.device, self.rows, self.adcs)

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

    @cached_property
    def col_switches(self) -> ColSwitchMatrix:
        """They program; in a read they rest."""
        array, cell, pulses = self.array, self.device.cell, self.device.pulses
        return ColSwitchMatrix(
            self.tech,
            self.cols,
            driven_res=self.device.r_on + array.series_res,
            load=array.col_cap,
            line_res=array.col_res,
            read_voltage=cell.read_voltage,
            write_voltage=cell.access_voltage if pulses is None else pulses.voltage_ltp,
            fit_width=array.row_length,
            name="col_switches",
        )

    @cached_property
    def mux(self) -> AnalogMux:
        array = self.array
        return AnalogMux(
            self.tech,
            self.adcs,
            self.cols_per_adc,
            driven_res=(self.device.r_on + array.series_res) / self.rows,
            read_voltage=self.device.cell.read_voltage,
            fit_width=array.row_length,
        )

    @cached_property
    def mux_decoder(self) -> MuxDecoder:
        load_n, load_p = self.mux.control_load
        bits = np.ceil(np.log2(self.cols_per_adc) - 1e-9)
        return MuxDecoder(self.tech, bits, load_n=load_n, load_p=load_p, name="mux_decoder")

    @cached_property
    def adc(self) -> SarAdc:
        return ADCS[self.adc_kind](
            self.tech,
            self.adc_bits,
            self.adcs,
            read_voltage=self.device.cell.read_voltage,
            fit_width=self.array.row_length,
        )

    @cached_property
    def shift_add(self) -> ShiftAdd:
        """Joins the bit planes of an input, one conversion apart."""
        return ShiftAdd(
            self.tech,
            self.adc_bits + 1.0,
            self.input_bits,
            self.adcs,
            adder_activity=self.tech.arithmetic.add_activity,
            beat=(self.adc_bits + 1.0) * self.tech.sensing.sar_cycle,
            fit_width=self.array.row_length,
        )

    @property
    def output_bits(self) -> Real:
        """Bits of what leaves the macro."""
        return self.shift_add.sum_bits

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (1.0, self.array),
            (1.0, self.reference),
            (1.0, self.row_switches),
            (1.0, self.col_switches),
            (1.0, self.mux),
            (1.0, self.mux_decoder),
            (1.0, self.adc),
            (1.0, self.shift_add),
        )

    @action
    def mvm(
        self, density: Real = 0.5, conductance: Real = 0.5, used_rows: Real = 0.0, used: Real = 0.0
    ) -> Cost:
        """One vector of ``input_bits`` planes through the used rows and columns (0: all).

        The multiplexers stay at a column until all planes have passed, so rows toggle per plane.
        ``density`` is the share of ones, ``conductance`` the cells' mean share of the range.
        """
        rows = np.where(np.asarray(used_rows) > 0.0, used_rows, self.rows)
        share = np.where(np.asarray(used) > 0.0, used, self.cols) / self.cols
        active = density * rows
        array, adc = self.array, self.adc
        res = array.column_res(active, conductance)
        load = self.mux.gate.drain_cap * (self.cols_per_adc + 1.0)
        precision = 2.0 ** (self.adc_bits + 1.0)

        opened = self.row_switches.drive(active / self.rows, rows / self.rows)
        charged = array.read(active, share * self.adcs) + self.reference.read(active, share)
        settled = array.settle(res, load, precision)
        converted = adc.convert(res).across(share)
        plane = opened + charged + settled + converted
        switched = self.mux_decoder.select() + self.mux.select(share)
        joined = self.shift_add.accumulate(self.input_bits, share)
        position = (opened | switched) + charged + settled + converted
        position = position + (self.input_bits - 1.0) * plane + joined
        return self.cols_per_adc * position

    @action
    def program(
        self,
        rising: tuple[Real, Real],
        falling: tuple[Real, Real],
        conductance: Real = 0.5,
        cells: Real = 0.0,
    ) -> Cost:
        """Program the cells whose level changed, row by row: first up, then down (subarray.md 7).

        ``rising`` and ``falling`` are the share of the cells that change and the pulses each takes.
        ``cells`` of the array hold weights (0: all), spread evenly over the rows. Each direction
        has its own voltage and width; a row with both takes both.
        """
        held = np.where(np.asarray(cells) > 0.0, cells, self.rows * self.cols)
        array, pulses, opened = self.array, self.device.response, self.row_switches.write()
        (up, up_pulses), (down, down_pulses) = rising, falling
        up_rows, down_rows = (self.rows * touched(share, held / self.rows) for share in (up, down))
        all_rows = self.rows * touched(up + down, held / self.rows)
        written = (up + down) * held / np.maximum(all_rows, 1e-300)
        mean = (up * up_pulses + down * down_pulses) / np.maximum(up + down, 1e-300)
        switched = all_rows * (opened | self.col_switches.write(written / self.cols, mean))
        ltp, ltd = (pulses.voltage_ltp, pulses.width_ltp), (pulses.voltage_ltd, pulses.width_ltd)
        raised = array.pulse_set(up * held / np.maximum(up_rows, 1e-300), *ltp)
        lowered = array.pulse_reset(down * held / np.maximum(down_rows, 1e-300), *ltd)
        raising = up * up_pulses * array.written(conductance, *ltp, pulses.levels_ltp)
        lowering = down * down_pulses * array.written(conductance, *ltd, pulses.levels_ltd)
        time = up_rows * up_pulses * pulses.width_ltp + down_rows * down_pulses * pulses.width_ltd
        lines = up_rows * up_pulses * raised + down_rows * down_pulses * lowered
        return switched + lines + Cost.of(held * (raising + lowering), time).under("cells")


def touched(share: Real, cells: Real) -> Real:
    """Share of the rows in which one of so many cells or more changes, each with this share."""
    return 1.0 - (1.0 - np.minimum(share, 1.0)) ** cells
