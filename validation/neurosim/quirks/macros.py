"""DNN+NeuroSim V2.1's sub-arrays: our macros, drawn with the tool's parts.

A macro of ours lists its parts and says how a read uses them. Here a part, or a step of a read,
that the tool has otherwise is put in its place, and everything else is inherited: what comes out is
our own sum. What the tool adds up wrongly after that is in ``sub_array``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.array import ReramArray, SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import log2_up, stage
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, RowSwitchMatrix
from neurorebit.circuits.write_driver import WriteDriver
from validation.neurosim.composition.converters import Converters
from validation.neurosim.composition.macro import Side
from validation.neurosim.composition.reram import ReramParallelMacro, ReramRowMacro
from validation.neurosim.composition.sram import SramParallelMacro, SramRowMacro
from validation.neurosim.quirks import sensing, switches, transport
from validation.neurosim.quirks.gates import redrawn
from validation.neurosim.quirks.parts import (
    BareArray,
    ForcedSwitches,
    NarrowArray,
    ToolAdder,
    ToolConverters,
    ToolDecoder,
    ToolMuxDecoder,
    ToolPrecharger,
    ToolRowFollower,
    ToolSenseAmp,
    ToolShiftAdd,
    UnfoldedMux,
    vars_of,
)
from validation.neurosim.records.module import Inputs


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolMacro:
    """What all of the tool's sub-arrays have otherwise."""

    i: Inputs
    choice: tuple[int, int] = (0, 0)

    @cached_property
    def front(self) -> Side:
        right: Side = super().front  # type: ignore[misc]
        return replace(right, sums=np.floor(right.ways / right.macro.cells_per_weight))

    @cached_property
    def behind(self) -> Side:
        """The cells of a weight are summed unweighted."""
        right: Side = super().behind  # type: ignore[misc]
        sums = np.floor(right.ways / right.macro.cells_per_weight)
        return replace(right, passes=1.0, sums=sums)

    def beat_of(self, side: Side) -> Any:
        return 10e-9

    def mux_of(self, side: Side) -> AnalogMux:
        right: AnalogMux = super().mux_of(side)  # type: ignore[misc]
        kind, more = switches.NarrowMux, {"unfolded": True, "choice": self.choice}
        if side.back:
            beside = ToolMuxDecoder(right.tech, log2_up(side.ways)).width
            kind, more = UnfoldedMux, more | {"fit_height": beside}
        drawn: AnalogMux = redrawn(right, kind, **more)
        return drawn

    def adder_of(self, side: Side) -> Adder:
        drawn: Adder = redrawn(super().adder_of(side), ToolAdder)  # type: ignore[misc]
        return drawn

    def stored(self, side: Side) -> Cost:
        """Every bit changes."""
        return side.register.store()

    def shift_add_of(self, side: Side, bits: Any, terms: Any, name: str) -> ShiftAdd:
        right = super().shift_add_of(side, bits, terms, name)  # type: ignore[misc]
        drawn: ShiftAdd = redrawn(right, ToolShiftAdd)
        return drawn

    def mux_decoder_of(self, side: Side) -> MuxDecoder:
        drawn: MuxDecoder = redrawn(super().mux_decoder_of(side), ToolMuxDecoder)  # type: ignore[misc]
        return drawn

    def moved(self, side: Side) -> Cost:
        """A plane's share in moving a multiplexer; back, it takes no time."""
        right: Cost = (1.0 / side.planes) * self.selected(side)  # type: ignore[attr-defined]
        return Cost(right.energy) if side.back else right

    def turned(self, side: Side, opened: Cost, accesses: Any = 1.0) -> Cost:
        """Whichever takes longer in a plane, lines or a share of a multiplexer's time."""
        total: Cost = (accesses * opened) | self.moved(side)
        return total

    def converted(self, side: Side, settled: Cost, res: Any) -> Cost:
        """The fits of its converters have the lines' current in them."""
        return side.converters.read(res)

    def together_of(self, side: Side) -> Any:
        """Cells that its references are made for: those of a column."""
        return side.macro.rows

    def converters_of(self, side: Side) -> Converters:
        i, right = self.i, super().converters_of(side)  # type: ignore[misc]
        on, off, levels = i["resistance_on_ohm"], i["resistance_off_ohm"], 2.0**right.bits
        own = sensing.flash_references(float(levels), on, off, self.together_of(side))
        return ToolConverters(**vars_of(right), references=own)


@dataclass(frozen=True, eq=False, kw_only=True)
class _ToolReram(ToolMacro):
    """What both of its resistive sub-arrays have otherwise."""

    @cached_property
    def array(self) -> ReramArray:
        drawn: ReramArray = redrawn(super().array, NarrowArray)  # type: ignore[misc]
        return drawn

    @cached_property
    def col_switches(self) -> Any:
        right = super().col_switches  # type: ignore[misc]
        given = {"driven_res": self.path_res, "choice": self.choice}  # type: ignore[attr-defined]
        return redrawn(right, switches.NarrowColSwitches, **given)

    @property
    def mean_res(self) -> Any:
        """Mean of the two states with the access transistor [ohm]."""
        on, off = self.i["resistance_on_ohm"], self.i["resistance_off_ohm"]
        return (on + off) / 2.0 + self.array.series_res

    @property
    def wire_energies(self) -> tuple[Any, Any]:
        """Of a column's bare wire, and of a row's access line [J]."""
        array, tech = self.array, self.array.tech
        column = tech.wire.cap * array.col_length * self.i["read_voltage_V"] ** 2
        return column, array.access_cap * tech.vdd**2

    def forward_lines(self, active_rows: Any) -> Cost:
        """Columns of all converters, and ``active_rows`` access lines."""
        column, row = self.wire_energies
        return Cost.of(column * self.front.adcs + row * active_rows).under("array")


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolReramParallel(_ToolReram, ReramParallelMacro):
    """Its sub-array RRAM_parallel."""

    @cached_property
    def row_switches(self) -> AccessSwitchMatrix:
        """Of minimum pass gates."""
        given = {"driven_res": None, "input_load": 0.0}
        drawn: AccessSwitchMatrix = redrawn(
            super().row_switches, switches.ToolAccessSwitches, **given
        )
        return drawn

    def settled(self, side: Side, density: Any) -> Cost:
        cap = self.row_line_cap if side.back else self.array.col_cap
        tau = cap * self.mean_res / np.floor(side.driven / 2.0)
        return Cost.of(0.0, 0.2 * tau / side.planes).under("array")

    def lines(self, side: Side, driven: Any) -> Cost:
        """In the transposed read those of a forward one."""
        share = self.i["activity_backward_col_read"] if side.back else 0.0
        return self.forward_lines(self.i["num_row"] * share if side.back else driven)


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolReramRow(_ToolReram, ReramRowMacro):
    """Its sub-array RRAM_sequential."""

    def together_of(self, side: Side) -> Any:
        return 1.0

    @cached_property
    def decoder(self) -> Decoder:
        drawn: Decoder = redrawn(super().decoder, ToolDecoder)
        return drawn

    @cached_property
    def row_driver(self) -> RowFollower:
        drawn: RowFollower = redrawn(super().row_driver, ToolRowFollower, driven_res=None)
        return drawn

    def settled(self, side: Side, density: Any) -> Cost:
        """Once a conversion position, whatever the lines that are driven."""
        cap = self.row_line_cap if side.back else self.array.col_cap
        accesses = side.driven * density
        return Cost.of(0.0, 0.2 * cap * self.mean_res / side.planes / accesses).under("array")

    def lines(self, side: Side, driven: Any) -> Cost:
        more = self.i["num_row"] / self.i["num_col"] if side.back else 1.0
        return more * self.forward_lines(1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class _ToolSram(ToolMacro):
    """What both of its SRAM sub-arrays have otherwise."""

    @cached_property
    def array(self) -> SramArray:
        drawn: SramArray = redrawn(super().array, BareArray)  # type: ignore[misc]
        return drawn

    @property
    def _read_voltage(self) -> Any:
        return self.i["read_voltage_V"]

    @property
    def _sense_voltage(self) -> Any:
        return self.i["read_voltage_V"]

    def precharger_of(self, side: Side) -> Precharger:
        fit = None if side.back else side.length
        right = super().precharger_of(side)  # type: ignore[misc]
        drawn: Precharger = redrawn(right, ToolPrecharger, fit_width=fit)
        return drawn

    def write_driver_of(self, side: Side) -> WriteDriver:
        right: WriteDriver = super().write_driver_of(side)  # type: ignore[misc]
        return replace(right, drive_strength=1.0, fit_width=None if side.back else side.length)

    def across(self, block: Block) -> Any:
        """Transposed precharge and write drivers lie in one row across."""
        if block.name in ("back_precharger", "back_write_driver"):
            return block.width  # type: ignore[attr-defined]
        return super().across(block)  # type: ignore[misc]

    def upward(self, block: Block) -> Any:
        """What drives the columns is a stack of standard cells."""
        if block.name in ("col_switches", "back_decoder"):
            return block.height  # type: ignore[attr-defined]
        return super().upward(block)  # type: ignore[misc]

    def fallen(self, side: Side, ramp: Any) -> Any:
        """Time [s] until a line has fallen."""
        array = self.array
        if not side.back:
            return stage(transport.bitline_tau(array, array.col_cap), ramp)[0]
        vdd, swing = array.tech.vdd, array.tech.sram.sense_voltage
        tau = array.read_res * (array.access_drain + array.row_cap)
        tau = tau + array.row_res * array.row_cap / 2.0
        return stage(tau * np.log(vdd / (vdd - swing / 2.0)), ramp)[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolSramParallel(_ToolSram, SramParallelMacro):
    """Its sub-array SRAM_parallel."""

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        drawn: RowSwitchMatrix = redrawn(
            super().row_switches, switches.NarrowRowSwitches, read_voltage=self._read_voltage
        )
        return drawn

    @cached_property
    def col_switches(self) -> RowSwitchMatrix:
        drawn: RowSwitchMatrix = redrawn(
            super().col_switches,
            ForcedSwitches,
            read_voltage=self._read_voltage,
            fit_height=None,
            forced=self.i["activity_row_read"],
        )
        return drawn

    def sensed(self, side: Side) -> Cost:
        """Once, not once a conversion; wordlines take no energy."""
        settled = self.fallen(side, self.driver(side).output_ramp)
        return Cost.of(0.0, settled / side.ways).under("array")


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolSramRow(_ToolSram, SramRowMacro):
    """Its sub-array SRAM_sequential."""

    @cached_property
    def decoder(self) -> Decoder:
        drawn: Decoder = redrawn(super().decoder, ToolDecoder, res=0.0)
        return drawn

    @cached_property
    def back_decoder(self) -> Decoder:
        drawn: Decoder = redrawn(super().back_decoder, ToolDecoder, res=0.0, fit_height=None)
        return drawn

    def units_of(self, side: Side) -> Any:
        """One a weight, of rows as of columns."""
        return np.floor(side.sensed / self.cells_per_weight)

    def summed_bits(self, side: Side) -> Any:
        """As narrow as the sum of single cells."""
        return log2_up(side.driven) + 1.0

    def joins_cells_of(self, side: Side) -> Any:
        return self.joins_cells

    def grown_bits(self, side: Side) -> Any:
        return self.cells_per_weight

    def sense_amp_of(self, side: Side) -> SenseAmp:
        """One a column, whatever is sensed."""
        right = super().sense_amp_of(side)
        drawn: SenseAmp = redrawn(right, ToolSenseAmp, cols=self.i["num_col"])
        return drawn

    def streamed(self, accesses: Any, access: Cost, added: Cost) -> Cost:
        """One after the other."""
        total: Cost = accesses * (access + added)
        return total

    def sensed(self, side: Side) -> Cost:
        return Cost.of(0.0, self.fallen(side, self.driver(side).output_ramp)).under("array")
