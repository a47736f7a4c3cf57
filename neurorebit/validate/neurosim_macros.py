"""DNN+NeuroSim V2.1's sub-arrays: our macros, drawn with the tool's parts.

A macro of ours lists its parts and says how a read uses them. Here a part, or a step of a read,
that the tool has otherwise is put in its place, and everything else is inherited: what comes out is
our own sum. What the tool adds up wrongly after that is in ``correct_macro``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chip.converters import Converters
from neurorebit.chip.gradient_unit import GradientArray, GradientUnit
from neurorebit.chip.macro import Side
from neurorebit.chip.reram_macro import ReramMacro, ReramParallelMacro, ReramRowMacro
from neurorebit.chip.sram_macro import SramParallelMacro, SramRowMacro
from neurorebit.circuits.adc import FlashAdc, SarAdc, VoltageFlashAdc
from neurorebit.circuits.array import ReramArray, SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import STEP, Gate, gate_pitch, nfet_res, pfet_res, stage
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from neurorebit.circuits.wire import wire_res
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.cost import Cost, Footprint, action
from neurorebit.validate import neurosim_circuits as fix
from neurorebit.validate.cases import Case
from neurorebit.validate.macro_cases import AnyMacro, by_part, figures, reads, unit_figures
from neurorebit.validate.records import Inputs

# Parts


def leaking(block: Block, leakage: Any) -> Footprint:
    """Its body, with a leakage of its own [W]."""
    return Footprint.of(block.body.area.total, leakage)


class ToolDecoder(Decoder):
    """See module RowDecoder."""

    @property
    def delay(self) -> Any:
        return fix.decoder_delay(redrawn(self, Decoder))

    @property
    def output_ramp(self) -> Any:
        return fix.decoder_ramp(redrawn(self, Decoder))

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, Decoder)
        return Footprint.of(fix.decoder_area(plain), fix.decoder_leakage(plain))


class ToolMuxDecoder(MuxDecoder):
    """See module RowDecoder."""

    @property
    def delay(self) -> Any:
        return fix.decoder_delay(redrawn(self, MuxDecoder))

    @property
    def width(self) -> Any:
        plain = redrawn(self, MuxDecoder)
        return fix.decoder_area(plain) / plain.height

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, MuxDecoder)
        return Footprint.of(fix.decoder_area(plain), fix.decoder_leakage(plain))


class ToolRowFollower(RowFollower):
    """See module WLNewDecoderDriver."""

    @property
    def delay(self) -> Any:
        return fix.follower_delay(redrawn(self, RowFollower))

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, RowFollower)
        return Footprint.of(plain.area, fix.follower_leakage(plain))


class ToolEncoder(Encoder):
    """See module MultilevelSAEncoder."""

    @property
    def _plain(self) -> Encoder:
        plain: Encoder = redrawn(self, Encoder)
        return plain

    @cached_property
    def size(self) -> tuple[Any, Any]:
        area = fix.encoder_area(self._plain)
        if self.fit_width > 0.0:
            width = np.maximum(self.fit_width, self._plain.width)
            return width, area / width
        height = np.maximum(self.fit_height, self._plain.height)
        return area / height, height

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, fix.encoder_leakage(self._plain))

    @action
    def encode(self) -> Cost:
        """Without the last two stages."""
        return Cost.of(fix.encoder_energy(self._plain), fix.encoder_delay(self._plain))


class ToolSar(SarAdc):
    """Without leakage."""

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area)


class ToolVoltageFlash(VoltageFlashAdc):
    """Without leakage."""

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area)


@dataclass(frozen=True, eq=False)
class ToolFlash(FlashAdc):
    """With its own references, and without leakage; see module MultilevelSenseAmp."""

    references: Any = None

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area)

    def time(self, res: Any) -> Any:
        return fix.flash_time(self, res, self.references)


@dataclass(frozen=True, eq=False)
class ToolConverters(Converters):
    """Its converters and encoders."""

    references: Any = None

    @cached_property
    def adc(self) -> SarAdc | FlashAdc | VoltageFlashAdc:
        right = super().adc
        if isinstance(right, FlashAdc):
            return ToolFlash(**vars_of(right), references=self.references)
        kind = ToolSar if isinstance(right, SarAdc) else ToolVoltageFlash
        return kind(**vars_of(right))

    @cached_property
    def encoder(self) -> Encoder | None:
        right = super().encoder
        return None if right is None else ToolEncoder(**vars_of(right))


class ToolPrecharger(Precharger):
    """See module Precharger."""

    @action
    def precharge(self, active: Any = 1.0) -> Cost:
        """Both lines, all of the supply."""
        energy = 2.0 * active * self.cols * self.load * self.tech.vdd**2
        return Cost.of(energy, self.delay)

    @action
    def precharge_written(self, written: Any = 0.5) -> Cost:
        """Without the devices on the line."""
        energy = written * self.cols * self.load * self.tech.vdd**2
        return Cost.of(energy, self.delay)

    @property
    def body(self) -> Footprint:
        right = super().body
        return Footprint.of(right.area.total, right.leakage.total / 2.0)


class ToolSenseAmp(SenseAmp):
    """With the supply twice in its leakage."""

    @property
    def body(self) -> Footprint:
        right = super().body
        return Footprint.of(right.area.total, right.leakage.total * self.tech.vdd)


@dataclass(frozen=True, eq=False)
class UnfoldedMux(fix.NarrowMux):
    """Beside an array: one row of pass gates across, as high as the array."""

    @cached_property
    def size(self) -> tuple[Any, Any]:
        across = 2.0 * self.outputs * self.ways * gate_pitch(self.tech)
        return self.fit_width, np.maximum(across, self.fit_height)


class NarrowArray(ReramArray):
    """Access transistors of any width."""

    @cached_property
    def access_width(self) -> Any:
        own = self.tech.feature
        return self.tech.switch.linear * nfet_res(self.tech, own) * own / self.access_res

    @cached_property
    def drain_cap(self) -> Any:
        room = self.device.cell.width * self.tech.feature
        return fix.output_cap(Gate(self.tech, self.access_width, 0.0, cell_height=room))


class BareArray(SramArray):
    """Lines without device loads; of the cells only the inverters leak."""

    @cached_property
    def row_cap(self) -> Any:
        return self.tech.wire.cap * self.row_length

    @cached_property
    def col_cap(self) -> Any:
        return self.tech.wire.cap * self.col_length

    @property
    def body(self) -> Footprint:
        sram, tech = self.tech.sram, self.tech
        pair = Gate(tech, sram.pulldown * tech.feature, sram.pullup * tech.feature)
        cells = self.rows * self.cols
        area = self.row_length * self.col_length
        return Footprint.of(area, 2.0 * cells * pair.leakage_power)

    @property
    def cell_tau(self) -> Any:
        """Time constant of a cell that flips [s]."""
        down = nfet_res(self.tech, self.tech.sram.pulldown * self.tech.feature)
        up = pfet_res(self.tech, self.tech.sram.pullup * self.tech.feature)
        return (down + up) / 2.0 * self.node_cap


redrawn = fix.redrawn


def vars_of(block: Any) -> dict[str, Any]:
    """The fields of a block."""
    return {name: getattr(block, name) for name in block.__dataclass_fields__}


# Macros


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
        kind, more = fix.NarrowMux, {"unfolded": True, "choice": self.choice}
        if side.back:
            beside = ToolMuxDecoder(right.tech, np.ceil(np.log2(side.ways) - 1e-9)).width
            kind, more = UnfoldedMux, more | {"fit_height": beside}
        drawn: AnalogMux = redrawn(right, kind, **more)
        return drawn

    def mux_decoder_of(self, side: Side) -> MuxDecoder:
        drawn: MuxDecoder = redrawn(super().mux_decoder_of(side), ToolMuxDecoder)  # type: ignore[misc]
        return drawn

    def selected(self, side: Side, used: Any = 1.0) -> Cost:
        """Back, its share of the time is its energy: nothing."""
        right: Cost = super().selected(side, used)  # type: ignore[misc]
        return Cost(right.energy) if side.back else right

    def together_of(self, side: Side) -> Any:
        """Cells that its references are made for: those of a column."""
        return side.macro.rows

    def converters_of(self, side: Side) -> Converters:
        i, right = self.i, super().converters_of(side)  # type: ignore[misc]
        on, off, levels = i["resistance_on_ohm"], i["resistance_off_ohm"], 2.0**right.bits
        own = fix.flash_references(float(levels), on, off, self.together_of(side))
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
        return redrawn(right, fix.NarrowColSwitches, choice=self.choice)

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
        """Columns of all converters, and so many access lines."""
        column, row = self.wire_energies
        return Cost.of(column * self.front.adcs + row * active_rows).under("array")


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolReramParallel(_ToolReram, ReramParallelMacro):
    """Its sub-array RRAM_parallel."""

    def settled(self, side: Side, res: Any) -> Cost:
        cap = self.row_line_cap if side.back else self.array.col_cap
        tau = cap * self.mean_res / np.floor(side.driven / 2.0)
        return Cost.of(0.0, 0.2 * tau / side.planes).under("array")

    def lines(self, side: Side, driven: Any, sensed: Any) -> Cost:
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
        drawn: RowFollower = redrawn(super().row_driver, ToolRowFollower)
        return drawn

    def settled(self, side: Side, res: Any) -> Cost:
        """Once a conversion position, whatever the lines that are driven."""
        cap = self.row_line_cap if side.back else self.array.col_cap
        density = "activity_backward_col_read" if side.back else "activity_row_read"
        accesses = side.driven * self.i[density]
        return Cost.of(0.0, 0.2 * cap * self.mean_res / side.planes / accesses).under("array")

    def lines(self, side: Side, driven: Any, sensed: Any) -> Cost:
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
        fit = 0.0 if side.back else side.length
        right = super().precharger_of(side)  # type: ignore[misc]
        drawn: Precharger = redrawn(right, ToolPrecharger, fit_width=fit)
        return drawn

    def write_driver_of(self, side: Side) -> WriteDriver:
        right: WriteDriver = super().write_driver_of(side)  # type: ignore[misc]
        return replace(right, drive_strength=1.0, fit_width=0.0 if side.back else side.length)

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
            return stage(fix.bitline_tau(array, array.col_cap), ramp)[0]
        vdd, swing = array.tech.vdd, array.tech.sram.sense_voltage
        tau = array.read_res * (array.access_drain + array.row_cap)
        tau = tau + array.row_res * array.row_cap / 2.0
        return stage(tau * np.log(vdd / (vdd - swing / 2.0)), ramp)[0]


@dataclass(frozen=True, eq=False, kw_only=True)
class ForcedSwitches(fix.NarrowRowSwitches):
    """Driven with another activity than asked for."""

    forced: float = 0.5

    @action
    def drive(self, density: Any = 0.5, changed: Any = 1.0) -> Cost:
        """With the forced activity."""
        right = RowSwitchMatrix.drive(self, self.forced, changed)
        return Cost.of(right.energy.total, right.latency.total)


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolSramParallel(_ToolSram, SramParallelMacro):
    """Its sub-array SRAM_parallel."""

    @cached_property
    def row_switches(self) -> RowSwitchMatrix:
        drawn: RowSwitchMatrix = redrawn(
            super().row_switches, fix.NarrowRowSwitches, read_voltage=self._read_voltage
        )
        return drawn

    @cached_property
    def col_switches(self) -> RowSwitchMatrix:
        drawn: RowSwitchMatrix = redrawn(
            super().col_switches,
            ForcedSwitches,
            read_voltage=self._read_voltage,
            fit_height=0.0,
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
        drawn: Decoder = redrawn(super().back_decoder, ToolDecoder, res=0.0, fit_height=0.0)
        return drawn

    def units_of(self, side: Side) -> Any:
        """One a weight, of rows as of columns."""
        return np.floor(side.sensed / self.cells_per_weight)

    def summed_bits(self, side: Side) -> Any:
        """As narrow as the sum of single cells."""
        return np.ceil(np.log2(side.driven) - 1e-9) + 1.0

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


# Figures of a record


def drawn(m: AnyMacro, i: Inputs, choice: tuple[int, int]) -> AnyMacro:
    """A macro of ours with the tool's parts."""
    kinds: tuple[tuple[type, type], ...] = (
        (ReramParallelMacro, ToolReramParallel),
        (ReramRowMacro, ToolReramRow),
        (SramParallelMacro, ToolSramParallel),
        (SramRowMacro, ToolSramRow),
    )
    tool = next(tool for ours, tool in kinds if type(m) is ours)
    macro: AnyMacro = tool(**vars_of(m), i=i, choice=choice)
    return macro


def tool_figures(m: AnyMacro, i: Inputs, choice: tuple[int, int]) -> dict[str, Any]:
    """The tool's figures of a record of module SubArray."""
    tool: Any = drawn(m, i, choice)
    found = figures(tool, i)
    found["leakage_W"] = found["leakage_W"] + _miscounted(tool)
    if isinstance(tool, ReramRowMacro) and tool.adc_kind != "sar":
        read, _ = reads(tool, i)
        found["read_energy_J"] = read.energy.total - by_part(read.energy)["converters"]
    write = reram_written if isinstance(tool, ReramMacro) else sram_written
    found["write_latency_s"], found["write_energy_periphery_J"] = write(tool, i)
    return found


def _switched(block: Any, write: Cost, writes: float, stored: float) -> tuple[Any, Any]:
    """Time [s] and energy [J] of a switch matrix, whose writes hold the flip-flops of reads."""
    store = block.register.store()
    energy = writes * (write.energy.total - store.energy.total) + stored * store.energy.total
    return writes * block.delay + stored * store.latency.total, energy


def reram_written(m: Any, i: Inputs) -> tuple[Any, Any]:
    """Time [s] and energy [J] of an update, without array and cells."""
    writes = 2.0 * i["num_row"] * i["activity_row_write"]
    write = m.col_switches.write(i["activity_col_write"], i["num_write_pulse_avg"])
    back = i["num_row_muxed_backward"] if m.transposed else 0.0
    if isinstance(m, ReramRowMacro):
        back *= i["num_col"] * i["activity_backward_col_read"]
        row = writes * (m.decoder.select() + m.row_driver.write())
        row_time, row_energy = row.latency.total, row.energy.total
    else:
        row_time, row_energy = _switched(
            m.row_switches, m.row_switches.write(), writes, i["num_col_muxed"]
        )
    col_time, _ = _switched(m.col_switches, write, writes, 0.0)
    _, col_energy = _switched(m.col_switches, write, writes, back)
    pulses = i["total_num_write_pulse"] * i["write_pulse_width_s"]
    return np.maximum(row_time, col_time) + pulses, row_energy + col_energy


def sram_written(m: Any, i: Inputs) -> tuple[Any, Any]:
    """Time [s] and energy [J] of an update."""
    rows, array = i["num_row"] * i["activity_row_write"], m.array
    if isinstance(m, SramRowMacro):
        row = rows * m.decoder.select()
        time, energy = row.latency.total, row.energy.total
    else:
        select = m.row_switches.write()
        time, energy = _switched(m.row_switches, select, 2.0 * rows, i["num_col_muxed"])
    line = m.front.precharger.precharge_written(i["activity_col_write"])
    line = rows * (line + m.front.write_driver.write(i["activity_col_write"]))
    flip, _ = stage(array.cell_tau, STEP)
    cells = 2.0 * array.node_cap * array.tech.vdd**2 * i["num_col"] * i["activity_col_write"]
    time = time + line.latency.total + rows * flip
    return time, energy + line.energy.total + rows * cells


def _miscounted(m: Any) -> Any:
    """Leakage [W] that its sum counts twice, less what it leaves out."""
    if isinstance(m, ReramMacro):
        return m.col_switches.footprint.leakage.total if m.transposed else 0.0
    left_out = m.behind.write_driver.footprint.leakage.total if m.transposed else 0.0
    if isinstance(m, SramParallelMacro):
        left_out = left_out + m.front.mux_decoder.footprint.leakage.total
    return -left_out


def _choices(m: AnyMacro) -> tuple[tuple[int, int], ...]:
    return fix.CHOICES[:1] if isinstance(m, SramRowMacro) else fix.CHOICES


def correct_macro(case: Case, quantity: str, ours: float) -> Any:
    """The figure of the macro drawn with the tool's parts."""
    if "tool" not in case.also:
        m, i = case.block, case.inputs
        case.also["tool"] = [tool_figures(m, i, choice) for choice in _choices(m)]
    return fix.nearest(case.theirs[quantity], (found[quantity] for found in case.also["tool"]))


# The weight-gradient unit


@dataclass(frozen=True, eq=False, kw_only=True)
class _DearConverters(ToolConverters):
    """Every column is converted once a conversion of any: energy times the columns that share."""

    times: float = 1.0

    @action
    def convert(self, res: Any = 1e4) -> Cost:
        """With the energy of all columns."""
        once, right = self.adc.convert(res), ToolConverters.convert(self, res)
        more = (self.times - 1.0) * once.energy.total
        return Cost.of(right.energy.total + more, right.latency.total)


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolGradientArray(ToolSramParallel, GradientArray):
    """An array of its unit."""

    @property
    def _read_voltage(self) -> Any:
        return self.i["read_voltage_V"]

    def mux_of(self, side: Side) -> AnalogMux:
        return replace(super().mux_of(side), unfolded=True)  # type: ignore[call-arg]

    def converters_of(self, side: Side) -> Converters:
        right = super().converters_of(side)
        return _DearConverters(**vars_of(right), times=self.i["num_row_muxed"])

    def selected(self, side: Side, used: Any = 1.0) -> Cost:
        """At every conversion."""
        return side.mux_decoder.select() + side.mux.select()

    def sensed(self, side: Side) -> Cost:
        """Once a plane, after a step."""
        return Cost.of(0.0, self.fallen(side, STEP) / self.i["num_row_muxed"]).under("array")


@dataclass(frozen=True, eq=False, kw_only=True)
class ToolUnit(GradientUnit):
    """Its unit: only full arrays, and one sum of the tree a vector."""

    i: Inputs
    choice: tuple[int, int] = (0, 0)

    @property
    def arrays_down(self) -> Any:
        return np.floor(self.positions / self.rows)

    @property
    def arrays_across(self) -> Any:
        return np.floor(self.bit_columns / self.cols)

    @cached_property
    def array(self) -> GradientArray:
        right = vars_of(super().array)
        return ToolGradientArray(**right, i=self.i, choice=self.choice)

    @property
    def res(self) -> Any:
        """Of its columns [ohm]."""
        array, tech = self.array, self.tech
        wire = wire_res(tech) * tech.wire.width * 4.0
        active = np.ceil(self.rows * self.i["activity_row_read"] * (1.0 - 1e-12))
        return (array.access_res + wire) / active


def unit_tool_figures(unit: GradientUnit, i: Inputs, choice: tuple[int, int]) -> dict[str, Any]:
    """The tool's figures of a record of module WeightGradientUnit."""
    tool: Any = ToolUnit(**vars_of(unit), i=i, choice=choice)
    found = unit_figures(tool, i)
    array, tree, reads_done = tool.array, tool.tree, i["num_read"]
    vector = array.read_vector(i["activity_row_read"], res=tool.res)
    down = float(tool.arrays_down)
    time = vector.latency.total + i["num_col_muxed"] * fix.tree_latency(tree, down)
    energy = tool.arrays * vector.energy.total + fix.tree_energy(tree, down, True)
    area = tool.arrays * array.footprint.area.total + fix.tree_area(tree)
    cells = array.footprint.leakage.total - array.front.mux_decoder.footprint.leakage.total
    write_time, write_energy = sram_written(array, _of_array(i))
    found |= {
        "area_m2": area,
        "read_latency_s": reads_done * time,
        "read_energy_J": reads_done * energy,
        "leakage_W": tool.arrays * cells,
        "write_latency_s": write_time,
        "write_energy_J": tool.arrays * write_energy,
    }
    return found


def _of_array(i: Inputs) -> Inputs:
    """The record of a unit as that of one of its arrays."""
    sizes = {
        "num_row": i["subarray_rows"],
        "num_col": i["subarray_cols"],
        "num_col_muxed": i["num_row_muxed"] * i["num_bit_input"],
    }
    return replace(i, record=replace(i.record, inputs={**i.record.inputs, **sizes}))


def correct_unit(case: Case, quantity: str, ours: float) -> Any:
    """The figure of the unit drawn with the tool's parts."""
    if "tool" not in case.also:
        unit, i = case.block, case.inputs
        case.also["tool"] = [unit_tool_figures(unit, i, choice) for choice in fix.CHOICES]
    return fix.nearest(case.theirs[quantity], (found[quantity] for found in case.also["tool"]))
