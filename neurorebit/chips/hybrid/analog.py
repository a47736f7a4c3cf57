"""AnalogMacro: a ReRAM array with its periphery, the macro that does the forward pass.

System.md 13.3, subarray.md 3 and 5.1, in the physically right forms: columns settle to half a
converter step at every conversion, with their own resistance and all loads. The reference current
is subtracted before conversion: one reference column a converter, and a mirror.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.parts.resistive import (
    References,
    access_switches,
    col_switches,
    path_res,
    touched,
)
from neurorebit.circuits.array import ReramArray, device_array
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.gates import log2_up, or_else
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology


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
    def reference(self) -> References:
        """Columns at the middle of the range, beside the array on the same rows."""
        columns = device_array(self.tech, self.device, self.rows, self.adcs, "columns")
        return References(self.tech, columns, self.adcs, "reference")

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix:
        return access_switches(self.tech, self.device, self.array, self.rows)

    @cached_property
    def col_switches(self) -> ColSwitchMatrix:
        """They program; in a read they rest."""
        return col_switches(self.tech, self.device, self.array, self.cols)

    @cached_property
    def mux(self) -> AnalogMux:
        array = self.array
        return AnalogMux(
            self.tech,
            self.adcs,
            self.cols_per_adc,
            driven_res=path_res(self.device, array) / self.rows,
            read_voltage=self.device.cell.read_voltage,
            fit_width=array.row_length,
        )

    @cached_property
    def mux_decoder(self) -> MuxDecoder:
        load_n, load_p = self.mux.control_load
        bits = log2_up(self.cols_per_adc)
        return MuxDecoder(self.tech, bits, load_n=load_n, load_p=load_p, name="mux_decoder")

    @cached_property
    def converters(self) -> Converters:
        return Converters(
            self.tech,
            self.adc_bits,
            self.adcs,
            self.adc_kind,
            full_scale=self.rows * self.device.g_max,
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
            beat=self.converters.beat,
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
            (1.0, self.converters),
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
        rows = or_else(used_rows, self.rows)
        share = or_else(used, self.cols) / self.cols
        active = density * rows
        array = self.array
        res = array.column_res(active, conductance)
        load = self.mux.gate.drain_cap * (self.cols_per_adc + 1.0)
        precision = 2.0 ** (self.adc_bits + 1.0)

        opened = self.row_switches.drive(active / self.rows, rows / self.rows)
        charged = array.read(active, share * self.adcs) + self.reference.read(active, share)
        settled = array.settle(res, load, precision)
        converted = self.converters.convert(res).across(share)
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
        held = or_else(cells, self.rows * self.cols)
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
