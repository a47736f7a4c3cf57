"""DNN+NeuroSim V2.1's circuits: what it says instead of our figure, out of our own block's parts.

Written from the published description of the models and from the tool's figures. Each correction
takes our figure and undoes slips that the table of quirks names: where one is a factor or a term of
a sum, by what the tool has in its place over what is right; where it is a device or a load, by our
own block drawn with the tool's. So a block that is wrong shows, whatever its quirks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.adder import NANDS, Adder, AdderTree
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import (
    STEP,
    Gate,
    PassGate,
    Strip,
    Switch,
    cells,
    chain,
    fins,
    gate_cap,
    nfet_res,
    nor,
    pfet_res,
    stage,
    whole_up,
)
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.layout import folded_width, rows
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.pooling import MaxPool
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sensing import column_power, seen, within
from neurorebit.circuits.switch_matrix import ColSwitchMatrix, RowSwitchMatrix
from neurorebit.circuits.wire import RepeatedWire
from neurorebit.cost import Cost, action
from neurorebit.technology import Technology
from neurorebit.validate.cases import Case, without_res

# Gates


def odd(folds: Any) -> Any:
    return np.where(np.asarray(folds) % 2.0 == 1.0, 1.0, 0.0)


def sidewall(tech: Technology) -> Any:
    """Sidewall capacitance of a junction [F/m]."""
    bias = 1.0 + tech.vdd / tech.junction.built_in
    return tech.junction.sidewall / bias**tech.junction.grading_sidewall


def gate_edge(tech: Technology) -> Any:
    """Gate-edge capacitance of a junction [F/m]."""
    bias = 1.0 + tech.vdd / tech.junction.built_in
    return tech.junction.gate_edge / bias**tech.junction.grading_gate_edge


class FloorFolds(Gate):
    """A gate whose FinFETs are folded as often as their fins fill a strip, rounded down."""

    @cached_property
    def strips(self) -> tuple[Strip, Strip]:
        n, p = Gate.strips.func(self)  # type: ignore[attr-defined]
        return self._floored(n, self.nfet), self._floored(p, self.pfet)

    def _floored(self, strip: Strip, width: Any) -> Strip:
        if self.tech.fin is None or not self.tech.finfet or strip.folds <= 1.0:
            return strip
        capacity = (strip.height - self.tech.fin.width) / self.tech.fin.pitch + 1.0
        folds = np.floor(fins(self.tech, width) / np.round(capacity) + 1e-9)
        return Strip(strip.present, folds, strip.height)


def redrawn(block: Any, kind: type, **changed: Any) -> Any:
    """A block as another kind of block, with the same fields but for those given."""
    same = {f.name: getattr(block, f.name) for f in dataclasses.fields(block)}
    return kind(**(same | changed))


def output_cap(gate: Gate) -> Any:
    """Its output capacitance: edges counted once a gate, the PFET's folds for both types."""
    gate = redrawn(gate, FloorFolds)
    n, p = gate.strips
    parallel = p if gate.series == "n" else n
    edges = (np.asarray(gate.inputs) - 1.0) * parallel.folds * parallel.height
    extra = np.where(parallel.present, edges * gate_edge(gate.tech), 0.0)
    folds = np.where(p.present, p.folds, 1.0)
    turned = n.height * (odd(n.folds) - odd(folds)) * sidewall(gate.tech)
    single = n.present & (np.asarray(gate.inputs) == 1.0)
    return gate.output_cap - extra + np.where(single, turned, 0.0)


def correct_output_cap(case: Case, quantity: str, ours: float) -> Any:
    return ours * output_cap(case.block) / case.block.output_cap


def correct_fin_folds(case: Case, quantity: str, ours: float) -> Any:
    return ours * redrawn(case.block, FloorFolds).width / case.block.width


def input_cap(gate: Gate) -> Any:
    """Its input capacitance: a FinFET's width times fin pitch over 2 F first."""
    tech = gate.tech
    if tech.fin is None or not tech.finfet:
        return gate.input_cap
    more = tech.fin.pitch / (tech.layout.min_width * tech.feature)
    return gate_cap(tech, gate.nfet * more) + gate_cap(tech, gate.pfet * more)


def correct_input_cap(case: Case, quantity: str, ours: float) -> Any:
    return ours * input_cap(case.block) / case.block.input_cap


def leakage(gate: Gate) -> Any:
    """Its leakage [W]: the value of three inputs for any number of them, times the inputs."""
    wide = np.maximum(np.asarray(gate.inputs), 3.0) / 3.0
    return gate.leakage_power * wide


def correct_gate_leakage(case: Case, quantity: str, ours: float) -> Any:
    gate: Gate = case.block
    if gate.inputs == 1.0 and case.variant in ("NAND", "NOR"):
        one = replace(gate, inputs=3.0).leakage
        return ours * one / 3.0 / gate.leakage
    return ours * leakage(gate) / gate.leakage_power


# Decoders and drivers


def decoder_path(block: Any, tool: bool) -> tuple[Any, Any]:
    """Delay [s] and reported ramp [1/s], in the tool's way or in ours."""
    cell, wide, bits = cells(block.tech), block.nor, float(block.bits)
    inv, nand = cell.inverter, cell.nand
    mux = isinstance(block, MuxDecoder)
    first = nand.input_cap if mux else block.driver.input_cap
    load = block.load_n if mux else block.load
    next_cap = (nand if mux else inv).input_cap if tool else first
    bare = load if tool else first  # what a predecoder drives where there is no NOR
    taus = [inv.nfet_res * (inv.output_cap + (2.0 * nand.input_cap if bits >= 2.0 else bare))]
    if bits >= 2.0:
        joined = wide.input_cap * 2.0**bits / 4.0 if bits > 2.0 else bare
        taus.append(2.0 * nand.nfet_res * (nand.output_cap + joined))
    if bits > 2.0:
        stack = 2.0 if tool else wide.inputs
        taus.append(stack * wide.pfet_res * (wide.output_cap + next_cap))
    delay, ramp = chain(block.ramp, *taus)
    if tool and bits <= 2.0:
        ramp = STEP
    if mux:
        enable = 1.0 if tool else 2.0
        last = [
            enable * nand.nfet_res * (nand.output_cap + inv.input_cap),
            inv.pfet_res * (inv.output_cap + inv.input_cap + block.load_n),
            inv.nfet_res * (inv.output_cap + block.load_p),
        ]
    else:
        gate = block.driver
        res = 0.0 if tool else block.res * block.load / 2.0
        last = [
            gate.nfet_res * (gate.output_cap + gate.input_cap),
            gate.pfet_res * (gate.output_cap + block.load) + res,
        ]
    early, reported = chain(ramp, *last[:-1])
    added, end = stage(last[-1], reported)
    return delay + early + added, reported if tool else end


def decoder_delay(block: Decoder | MuxDecoder) -> Any:
    """Its delay [s]."""
    return block.delay * decoder_path(block, True)[0] / decoder_path(block, False)[0]


def decoder_ramp(block: Decoder | MuxDecoder) -> Any:
    """The ramp [1/s] it reports."""
    return block.output_ramp * decoder_path(block, True)[1] / decoder_path(block, False)[1]


class BareDecoder(Decoder):
    """Without an output stage."""

    _output_gates: tuple[Gate, ...] = ()


class BareMuxDecoder(MuxDecoder):
    """Without an output stage."""

    _output_gates: tuple[Gate, ...] = ()


def counted(block: Decoder | MuxDecoder) -> Decoder | MuxDecoder:
    """The decoder as its area and leakage have it: no output stage up to two bits."""
    if block.bits > 2.0:
        return block
    bare = BareMuxDecoder if isinstance(block, MuxDecoder) else BareDecoder
    decoder: Decoder | MuxDecoder = redrawn(block, bare)
    return decoder


def decoder_leakage(block: Decoder | MuxDecoder) -> Any:
    """Its leakage [W]."""
    own = counted(block).footprint.leakage.total
    count = 2.0**block.bits if block.bits > 2.0 else 0.0
    return own + count * (leakage(block.nor) - block.nor.leakage_power)


def correct_decoder_latency(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_delay(case.block) / case.block.delay


def correct_decoder_ramp(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_ramp(case.block) / case.block.output_ramp


def decoder_area(block: Decoder | MuxDecoder) -> Any:
    """Its area [m^2]; with neither side given the output stage is there, and a NOR of one input."""
    if block.bits > 2.0:
        return block.area
    if block.fit_width > 0.0 or block.fit_height > 0.0:
        return counted(block).area
    return block.area + nor(block.tech, 1.0, 2.0, 2.0).width * block.height


def correct_decoder_area(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_area(case.block) / case.block.area


def correct_decoder_leakage(case: Case, quantity: str, ours: float) -> Any:
    return ours * decoder_leakage(case.block) / case.block.footprint.leakage.total


def follower_path(block: RowFollower, tool: bool) -> tuple[Any, Any]:
    """Delay [s] and output ramp [1/s], in the tool's way or in ours."""
    inv, nand, gate = cells(block.tech).inverter, cells(block.tech).nand, block.gate
    taus = (
        2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap),
        nand.pfet_res * (inv.output_cap + 2.0 * nand.input_cap),
        2.0 * nand.nfet_res * (nand.output_cap + gate.input_cap),
        gate.through_res * (2.0 * gate.output_cap + block.load) + block.line_res * block.load / 2.0,
    )
    if not tool:
        return chain(block.ramp, *taus)
    alone = [stage(tau, block.ramp)[0] for tau in taus[:3]]
    last, ramp = stage(taus[3], STEP)
    return sum(alone) + last, ramp


def follower_delay(block: RowFollower) -> Any:
    """Its delay [s]."""
    return block.delay * follower_path(block, True)[0] / follower_path(block, False)[0]


def follower_leakage(block: RowFollower) -> Any:
    """Its leakage [W]: two NANDs and two inverters a row."""
    cell = cells(block.tech)
    three = 3.0 * cell.nand.leakage_power + cell.inverter.leakage_power
    two = 2.0 * (cell.nand.leakage_power + cell.inverter.leakage_power)
    return block.footprint.leakage.total * two / three


def correct_follower_latency(case: Case, quantity: str, ours: float) -> Any:
    return ours * follower_delay(case.block) / case.block.delay


def correct_follower_ramp(case: Case, quantity: str, ours: float) -> Any:
    right = follower_path(case.block, False)[1]
    return ours * follower_path(case.block, True)[1] / right


def correct_follower_leakage(case: Case, quantity: str, ours: float) -> Any:
    return ours * follower_leakage(case.block) / case.block.footprint.leakage.total


# Switches


def narrow(tech: Technology, driven_res: Any) -> Switch:
    """Its switch: as narrow as the resistance asks for, below the feature size as well."""
    res, linear = tech.switch.drop * driven_res, tech.switch.linear
    nfet = linear * nfet_res(tech, tech.feature) * tech.feature / (2.0 * res)
    pfet = linear * pfet_res(tech, tech.feature) * tech.feature / (2.0 * res)
    return Switch(nfet, pfet, res)


@dataclass(frozen=True, eq=False)
class NarrowRowSwitches(RowSwitchMatrix):
    """Switches of any width."""

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)


@dataclass(frozen=True, eq=False)
class NarrowColSwitches(ColSwitchMatrix):
    """Switches of any width, with a drain capacitance that rounding chose."""

    choice: tuple[int, int] = (0, 0)

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)

    @property
    def drain_cap(self) -> Any:
        return drain_cap(self.gate, self.choice)

    @cached_property
    def _row(self) -> tuple[Any, Any, Any]:
        width, _, _ = super()._row
        return width, *folded_width(width, self.lines, 2.0, PLANAR_PITCH * self.tech.feature)

    @cached_property
    def size(self) -> tuple[Any, Any]:
        width, gate_rows, _ = self._row
        return width, pass_gate_height(self.gate) * gate_rows + self.register.height

    @action
    def drive(self, density: Any = 0.5, changed: Any = 1.0) -> Cost:
        """Without the energy of the switches."""
        return self.register.store(changed) + Cost.of(0.0, self.delay)


@dataclass(frozen=True, eq=False)
class ChosenGate(PassGate):
    """A pass gate whose drain capacitance rounding chose."""

    choice: tuple[int, int] = (0, 0)

    @cached_property
    def drain_cap(self) -> Any:
        return drain_cap(PassGate(self.tech, self.nfet, self.pfet, self.folds), self.choice)


@dataclass(frozen=True, eq=False)
class NarrowMux(AnalogMux):
    """Switches of any width, with a drain capacitance that rounding chose.

    ``unfolded``: of gates in one fold, as the tool has it once it has forced the size.
    """

    choice: tuple[int, int] = (0, 0)
    unfolded: bool = False

    @cached_property
    def switch(self) -> Switch:
        return narrow(self.tech, self.driven_res)

    @cached_property
    def gate(self) -> PassGate:
        folds = 1.0 if self.unfolded else self._row[2]
        return ChosenGate(self.tech, self.switch.nfet, self.switch.pfet, folds, self.choice)

    @cached_property
    def _row(self) -> tuple[Any, Any, Any]:
        width, pitch = super()._row[0], PLANAR_PITCH * self.tech.feature
        return width, *folded_width(width, self.outputs * self.ways, 1.0, pitch)

    @cached_property
    def size(self) -> tuple[Any, Any]:
        """Of the folded gates, even if their capacitance is that of unfolded ones."""
        width, gate_rows, folds = self._row
        folded = PassGate(self.tech, self.switch.nfet, self.switch.pfet, folds)
        height = pass_gate_height(folded)
        height = np.where(np.asarray(self.ways) > 1.0, height * gate_rows, 0.0)
        return width, np.maximum(height, self.fit_height)

    @action
    def select(self, active: Any = 1.0) -> Cost:
        """With the gates of the NFETs only."""
        right = AnalogMux.select(self, active)
        gates = active * self.outputs * self.gate.pfet_cap * self.tech.vdd**2
        return Cost.of(right.energy.total - gates, right.latency.total)


CHOICES = ((0, 0), (0, 1), (1, 0), (1, 1))
PLANAR_PITCH = 3.8  # of gates, of the feature size; taken for FinFETs as well


def pass_gate_height(gate: PassGate) -> Any:
    """Its height [m] of a pass gate; the fins of a FinFET from its width over an electrical one."""
    tech, fin = gate.tech, gate.tech.fin
    if fin is None or not tech.finfet:
        return gate.height
    more = fin.pitch / (tech.layout.min_width * tech.feature)
    around = 2.0 * fin.height + fin.width
    high: Any = (tech.layout.pn_gap + 3.6) * tech.feature
    for width in (gate.nfet, gate.pfet):
        count = whole_up(whole_up(width * more / around) / gate.folds)
        high = high + (count - 1.0) * fin.pitch + fin.width
    return high


def correct_pass_gate(case: Case, quantity: str, ours: float) -> Any:
    return ours * pass_gate_height(case.block) / case.block.height


def drain_cap(gate: PassGate, choice: tuple[int, int]) -> Any:
    """Its drain capacitance [F] of a pass gate.

    Strips fill their region exactly, so rounding decides whether a type counts a fold more; NFETs
    and PFETs each (``choice``), and the PFETs' count decides on the sides of both.
    """
    tech, total = gate.tech, np.zeros(())
    if tech.finfet:
        height = pass_gate_height(gate)
        return output_cap(Gate(tech, gate.nfet, gate.pfet, cell_height=height))
    bias = 1.0 + tech.vdd / tech.junction.built_in
    bottom = tech.junction.bottom / bias**tech.junction.grading_bottom
    gap = tech.layout.gate_gap * tech.feature
    folds = [gate.folds + more for more in choice]
    sides = 2.0 - odd(folds[1])
    for width, count in zip((gate.nfet, gate.pfet), folds, strict=True):
        height = width / gate.folds
        length = np.where(np.asarray(count) == 1.0, 1.0, np.ceil((count + 1.0) / 2.0)) * gap
        total = total + length * height * bottom
        total = total + (2.0 * length + height * sides) * sidewall(tech)
        total = total + count * height * gate_edge(tech)
    return total


def nearest(theirs: float, found: Iterator[Any]) -> Any:
    """Of several values the one nearest to theirs."""
    return min((float(value) for value in found), key=lambda value: abs(value - theirs))


def row_switches(block: RowSwitchMatrix) -> RowSwitchMatrix:
    """The row switch matrix with its switches."""
    drawn: RowSwitchMatrix = redrawn(block, NarrowRowSwitches)
    return drawn


def _switch_figures(block: RowSwitchMatrix | ColSwitchMatrix, case: Case) -> dict[str, Any]:
    """Its figures of a switch matrix: a write holds the flip-flops of the reads."""
    i = case.inputs
    store, reads, writes = block.register.store(), i["num_read"], i["num_write"]
    if isinstance(block, ColSwitchMatrix):
        cells_written = min(
            i["num_write_cell_per_op_neuro"], i["num_output"] * i["activity_col_write"]
        )
        write = block.write(cells_written / block.lines, i["num_write_pulse"])
    else:
        write = block.write()
    read = block.drive(i["activity_row_read"])
    return {
        "area_m2": block.area,
        "width_m": block.width,
        "height_m": block.height,
        "tg_resistance_ohm": block.switch.res,
        "width_tg_nmos_m": block.switch.nfet,
        "width_tg_pmos_m": block.switch.pfet,
        "cap_tg_drain_F": block.drain_cap,
        "ramp_output_per_s": block.output_ramp,
        "read_latency_s": reads * read.latency.total,
        "read_energy_J": reads * read.energy.total,
        "write_latency_s": writes * block.delay + reads * store.latency.total,
        "write_energy_J": writes * (write.energy.total - store.energy.total)
        + reads * store.energy.total,
    }


def correct_switch_matrix(case: Case, quantity: str, ours: float) -> Any:
    if isinstance(case.block, RowSwitchMatrix):
        return float(_switch_figures(row_switches(case.block), case)[quantity])
    drawn = (redrawn(case.block, NarrowColSwitches, choice=choice) for choice in CHOICES)
    return nearest(case.theirs[quantity], (_switch_figures(d, case)[quantity] for d in drawn))


def correct_writes_hold_reads(case: Case, quantity: str, ours: float) -> Any:
    store, i = case.block.register.store(), case.inputs
    own = store.latency if quantity == "write_latency_s" else store.energy
    return ours + (i["num_read"] - i["num_write"]) * float(own.total)


def muxes(block: AnalogMux, unfolded: bool = False) -> list[NarrowMux]:
    """The multiplexer with its switches, for each capacitance that rounding may choose."""
    return [redrawn(block, NarrowMux, choice=c, unfolded=unfolded) for c in CHOICES]


def correct_mux(case: Case, quantity: str, ours: float) -> Any:
    reads = case.inputs["num_read"]
    figures: dict[str, Callable[[NarrowMux], Any]] = {
        "area_m2": lambda m: m.area,
        "height_m": lambda m: m.height,
        "tg_resistance_ohm": lambda m: m.switch.res,
        "width_tg_nmos_m": lambda m: m.switch.nfet,
        "width_tg_pmos_m": lambda m: m.switch.pfet,
        "cap_tg_gate_n_F": lambda m: m.gate.nfet_cap,
        "cap_tg_gate_p_F": lambda m: m.gate.pfet_cap,
        "cap_tg_drain_F": lambda m: m.gate.drain_cap,
        "read_latency_s": lambda m: reads * m.select().latency.total,
        "read_energy_J": lambda m: reads * m.select().energy.total,
    }
    return nearest(case.theirs[quantity], (figures[quantity](m) for m in muxes(case.block)))


# SRAM periphery and sense amplifiers


def precharge_energy(block: Precharger) -> Any:
    """Its energy [J] of one read: both lines, all of the supply, without the devices on them."""
    right = block.line_cap * block.read_swing
    return block.precharge().energy.total * 2.0 * block.load * block.tech.vdd / right


def correct_precharge_read(case: Case, quantity: str, ours: float) -> Any:
    return ours * precharge_energy(case.block) / case.block.precharge().energy.total


def correct_precharge_write(case: Case, quantity: str, ours: float) -> Any:
    return ours * case.block.load / case.block.line_cap


def correct_half(case: Case, quantity: str, ours: float) -> Any:
    return ours / 2.0


def correct_vdd_twice(case: Case, quantity: str, ours: float) -> Any:
    return ours * float(case.tech.vdd)


def correct_one_of(case: Case, quantity: str, ours: float) -> Any:
    return ours / float(case.block.cols)


def correct_constant_energy(case: Case, quantity: str, ours: float) -> Any:
    return ours * 9.845e-15 * (case.tech.vdd / 1.1) ** 2 / case.block.energy


def correct_nothing(case: Case, quantity: str, ours: float) -> Any:
    return 0.0 * ours


def sense_times(tech: Technology, res: Any, references: Any) -> Any:
    """Its times [s]: where the two are within 10 % the polynomial, not the plateau."""
    fit, ratio = tech.sensing.current_latency.fit, references / res[..., None]
    constant = np.full(ratio.shape, tech.sensing.current_latency.time)
    if fit is None:
        return constant
    longest = (fit.max_log * np.log(res / fit.unit_res) + fit.max_const)[..., None]
    (low, high), edge = fit.far, fit.near[0]
    below = np.polyval(fit.below, np.clip(ratio, low, edge))
    above = np.polyval(fit.above, np.clip(ratio, edge, high))
    times = longest * np.where(ratio <= edge, below, above)
    return np.where((ratio >= high) | (ratio <= low), constant, times)


def correct_current_sense(case: Case, quantity: str, ours: float) -> Any:
    block = case.block
    res = seen(block.tech, case.also["res"], block.read_voltage)
    times = sense_times(block.tech, res, np.asarray([block.reference]))[..., 0]
    one = replace(block, cols=1.0).sense(case.also["res"])
    if quantity == "read_latency_s":
        slowest = np.max(within(block.tech, times, "single"))
        return ours * slowest / np.max(one.latency.total)
    power = column_power(block.tech, block.tech.sensing.single_current, 0.0, res)
    return ours * np.sum(power * times) / np.sum(one.energy.total)


def flash_references(levels: float, on: float, off: float, rows_read: float) -> Any:
    """Its references [ohm]: uniform in resistance from on to on + off."""
    return (on + np.arange(1.0, levels) * off / levels) / rows_read


def flash_time(block: Any, res: Any, references: Any) -> Any:
    """Its times [s] of a flash converter: the comparators but the first."""
    found = seen(block.tech, res, block.read_voltage)
    times = np.max(sense_times(block.tech, found, references[1:]), axis=-1)
    return within(block.tech, times, "flash")


def correct_flash_references(case: Case, quantity: str, ours: float) -> Any:
    i = case.inputs
    on, off, levels = i["resistance_on_ohm"], i["resistance_off_ohm"], i["level_output"]
    level = 1.0 if quantity == "ref_resistance_first_ohm" else levels - 1.0
    return ours * (on + level * off / levels) / (on * levels / level)


def correct_flash_time(case: Case, quantity: str, ours: float) -> Any:
    i = case.inputs
    if not i["is_current_mode"]:
        return ours
    references = flash_references(
        i["level_output"], i["resistance_on_ohm"], i["resistance_off_ohm"], i["num_row_subarray"]
    )
    right = np.max(replace(case.block, count=1.0).convert(case.also["res"]).latency.total)
    return ours * np.max(flash_time(case.block, case.also["res"], references)) / right


# Digital blocks


def tree_levels(operands: Any, tool: bool) -> Iterator[tuple[float, Any]]:
    """Adders of each level of a tree; the tool drops an odd operand."""
    left = operands
    for level in range(int(np.ceil(np.log2(operands) - 1e-9))):
        yield float(level), left // 2.0
        left = left // 2.0 if tool else -(-left // 2.0)


def tree_bits(tree: AdderTree, operands: Any, tool: bool) -> Any:
    """Full adders of a tree."""
    return sum(n * (tree.bits + level) for level, n in tree_levels(operands, tool))


def tree_area(tree: AdderTree) -> Any:
    """Its area [m^2]: rows that its trees do not fill count in full."""
    unit = cells(tree.tech).nand
    high = rows(tree.fit_width, NANDS * unit.width, tree.count) * unit.height
    return tree.fit_width * tree_bits(tree, tree.operands, True) * high


def tree_latency(tree: AdderTree, operands: float) -> Any:
    """Its time [s] of a sum: every level ripples from the start."""
    adder = Adder(tree.tech, tree.bits, load=tree.load)
    levels = range(int(np.ceil(np.log2(operands) - 1e-9)))
    return sum(replace(adder, bits=tree.bits + level).delay for level in levels)


def tree_energy(tree: AdderTree, operands: float, tool: bool) -> Any:
    """Energy [J] of a sum in all trees, with the adders of the tool or the right ones."""
    adder = Adder(tree.tech, load=tree.load, activity=tree.activity)
    per_tree = sum(
        n * replace(adder, bits=tree.bits + level).energy
        for level, n in tree_levels(operands, tool)
    )
    return tree.count * per_tree


def correct_tree(case: Case, quantity: str, ours: float) -> Any:
    tree, i = case.block, case.inputs
    used = i["num_unit_add"]
    if quantity in ("area_m2", "height_m"):
        return ours * tree_area(tree) / tree.area
    if quantity == "leakage_W":
        all_bits = tree_bits(tree, tree.operands, False)
        return ours * tree_bits(tree, used, True) / all_bits
    if used <= 1.0:
        return ours
    if quantity == "read_latency_s":
        return ours * tree_latency(tree, used) / tree.add(used).latency.total
    return ours * tree_energy(tree, used, True) / tree_energy(tree, used, False)


class PoolGates:
    """The tool's gates of a max-pooling unit: NORs drawn like NANDs, a stage too many."""

    def __init__(self, block: MaxPool) -> None:
        tech, self.block = block.tech, block
        self.nor = nor(tech, 2.0, 8.0, 2.0)
        self.wide = nor(tech, block.bits, 4.0 * block.bits, 2.0)
        self.bit = Comparator(tech, 1.0, load=2.0 * cells(tech).inverter.output_cap)
        left: Any = block.window
        self.comparators: Any = 0.0
        self.stages: Any = 0.0
        while left > 0.0:
            self.comparators += left // 2.0
            self.stages += 1.0
            left = left // 2.0
        self.comparators += block.window % 2.0
        self.stages += block.window % 2.0

    @property
    def area(self) -> Any:
        inv, nand = cells(self.block.tech).inverter, cells(self.block.tech).nand
        a_bit = self.bit.cell_area + 5.0 * inv.area
        chosen = 7.0 * inv.area + nand.area + self.nor.area + self.wide.area
        return self.block.count * self.comparators * (self.block.bits * a_bit + chosen)

    @property
    def bit_delay(self) -> Any:
        """Of a one-bit comparator: first and last bit, less a middle one."""
        two, three = cells(self.block.tech).nand, cells(self.block.tech).nand3
        first = 2.0 * two.nfet_res * (two.output_cap + three.input_cap)
        inner = two.pfet_res * (three.output_cap + two.input_cap)
        outer = two.pfet_res * (three.output_cap + self.bit.load)
        lowest, ramp = chain(STEP, first, inner)
        middle, ramp = chain(ramp, first, inner)
        highest, _ = chain(ramp, first, outer)
        return lowest - middle + highest

    @property
    def latency(self) -> Any:
        tech, bits = self.block.tech, self.block.bits
        inv = cells(tech).inverter
        joined = 2.0 * self.wide.nfet_res * (2.0 * inv.input_cap + bits * inv.output_cap)
        chosen = 2.0 * inv.nfet_res * (inv.input_cap + output_cap(self.wide))
        passed = 2.0 * inv.nfet_res * (2.0 * inv.input_cap + self.block.load)
        one = bits / 2.0 * self.bit_delay + stage(joined, STEP)[0] + chain(STEP, chosen, passed)[0]
        return self.stages * one

    @property
    def energy(self) -> Any:
        tech, cell = self.block.tech, cells(self.block.tech)
        switched = cell.nand.input_cap + self.nor.input_cap + self.wide.input_cap
        switched = switched + 2.0 * cell.inverter.input_cap + 5.0 * cell.inverter.output_cap
        one = switched * tech.vdd**2 + self.block.bits / 2.0 * self.bit.energy
        return self.block.count * self.comparators * one


def correct_pool(case: Case, quantity: str, ours: float) -> Any:
    block, tool = case.block, PoolGates(case.block)
    if quantity == "leakage_W":
        inverters = tool.comparators * block.count * cells(block.tech).inverter.leakage_power
        return ours * inverters / block.footprint.leakage.total
    if quantity in ("area_m2", "height_m"):
        return ours * tool.area / block.area
    cost = block.pool()
    if quantity == "read_latency_s":
        return ours * tool.latency / cost.latency.total
    return ours * tool.energy / cost.energy.total


def encoder_area(block: Encoder) -> Any:
    """Its area [m^2]: as many side by side as fit, rounded up."""
    cell, height = cells(block.tech), (block.levels - 1.0) * cells(block.tech).inverter.height
    width = 2.0 * cell.inverter.width + cell.nand.width + block.wide.width
    if block.fit_width > 0.0:
        across = np.clip(whole_up(block.fit_width / width), 1.0, block.count)
        return np.maximum(block.fit_width, width) * height * whole_up(block.count / across)
    upward = np.clip(whole_up(block.fit_height / height), 1.0, block.count)
    return np.maximum(block.fit_height, height) * width * whole_up(block.count / upward)


def encoder_delay(block: Encoder) -> Any:
    """Its delay [s]: without the last two stages, and a stack of two where there is none."""
    inv, nand, wide = cells(block.tech).inverter, cells(block.tech).nand, block.wide
    first = inv.nfet_res * (inv.output_cap + 2.0 * nand.input_cap)
    second = nand.pfet_res * (nand.output_cap + wide.inputs * wide.input_cap)
    third = wide.inputs * wide.nfet_res * (wide.output_cap + inv.input_cap)
    last = inv.pfet_res * (inv.output_cap + block.load)
    right = chain(STEP, first, second, third, last)[0]
    return block.delay * chain(STEP, 2.0 * first, second)[0] / right


def encoder_energy(block: Encoder) -> Any:
    """Its energy [J] of a conversion in all: gate edges counted once a gate."""
    nand, wide = cells(block.tech).nand, block.wide
    fewer = (block.levels + block.bits) * (output_cap(nand) - nand.output_cap)
    fewer = fewer + block.bits * (output_cap(wide) - wide.output_cap)
    return block.encode().energy.total + block.count * fewer * block.tech.vdd**2


def encoder_leakage(block: Encoder) -> Any:
    """Its leakage [W]."""
    more = block.bits * (leakage(block.wide) - block.wide.leakage_power)
    return block.footprint.leakage.total + block.count * more


def correct_encoder(case: Case, quantity: str, ours: float) -> Any:
    block = case.block
    if quantity in ("area_m2", "height_m"):
        return ours * encoder_area(block) / block.area
    if quantity == "read_latency_s":
        return ours * encoder_delay(block) / block.delay
    if quantity == "leakage_W":
        return ours * encoder_leakage(block) / block.footprint.leakage.total
    return ours * encoder_energy(block) / block.encode().energy.total


# Buffers and wires


def flip_flop_line(block: FlipFlopBuffer) -> Any:
    """Its time [s] of a line."""
    return decoder_delay(block.decoder) + 0.5 / block.tech.clock


def correct_flip_flops(case: Case, quantity: str, ours: float) -> Any:
    block, i = case.block, case.inputs
    kind = "read" if quantity.startswith("read") else "write"
    line = block.decoder.delay + 0.5 / case.tech.clock
    return ours * block.line / i[f"access_bits_{kind}"] * flip_flop_line(block) / line


def sram_parts(block: SramBuffer) -> tuple[Decoder, Precharger, Any, float, float]:
    """Its decoder, precharger and write driver, loaded with bare wires, and the bitline's loads."""
    array, cap = block.array, block.tech.wire.cap
    row, col = cap * array.row_length, cap * array.col_length
    return (
        replace(block.decoder, load=row, res=0.0),
        replace(block.precharger, load=col),
        replace(block.write_driver, load=col, drive_strength=1.0),
        float(row),
        float(col),
    )


def bitline_tau(array: Any, col_cap: Any) -> Any:
    """Time constant [s] of a bitline, until the sense voltage is there."""
    vdd, swing = array.tech.vdd, array.tech.sram.sense_voltage
    own = array.access_drain
    tau = array.read_res * (own + col_cap) + array.col_res * col_cap / 2.0
    return tau * np.log(vdd / (vdd - swing / 2.0))


def sram_area(block: SramBuffer) -> Any:
    """Its area [m^2]: no sense amplifiers."""
    decoder, precharger, driver, _, _ = sram_parts(block)
    return block.array.footprint.area.total + decoder_area(decoder) + precharger.area + driver.area


def sram_line(block: SramBuffer, kind: str) -> tuple[Any, Any]:
    """Its time [s] and energy [J] of a line, ``read`` or ``write``."""
    decoder, precharger, driver, _, col = sram_parts(block)
    time, energy = decoder_delay(decoder) + precharger.delay, decoder.energy
    if kind == "read":
        settled, _ = stage(bitline_tau(block.array, col), decoder_ramp(decoder))
        return time + settled, energy + precharge_energy(precharger)
    written = precharger.precharge_written(1.0).energy.total
    energy = energy + written * precharger.load / precharger.line_cap
    return time + driver.delay, energy + driver.write(1.0).energy.total


def correct_sram_buffer(case: Case, quantity: str, ours: float) -> Any:
    block, i = case.block, case.inputs
    if quantity in ("area_m2", "width_m"):
        return ours * sram_area(block) / block.footprint.area.total
    if quantity == "leakage_W":
        decoder, precharger, driver, _, _ = sram_parts(block)
        tool = decoder_leakage(decoder) + precharger.footprint.leakage.total / 2.0
        tool = tool + driver.footprint.leakage.total
        return ours * tool / block.footprint.leakage.total
    kind, figure = quantity.split("_")[:2]
    bits = i[f"access_bits_{kind}"]
    right = getattr(block, kind)(bits)
    time, energy = sram_line(block, kind)
    if figure == "latency":
        return ours * time / right.latency.total
    return ours * energy * bits / block.line / right.energy.total


def correct_buffer_latency(case: Case, quantity: str, ours: float) -> Any:
    if isinstance(case.block, FlipFlopBuffer):
        return correct_flip_flops(case, quantity, ours)
    return correct_sram_buffer(case, quantity, ours)


def correct_buffer_energy(case: Case, quantity: str, ours: float) -> Any:
    if isinstance(case.block, FlipFlopBuffer):
        return ours
    return correct_sram_buffer(case, quantity, ours)


class SummedEdges(RepeatedWire):
    """A repeated wire whose inverters pull through both of their transistors at once."""

    @property
    def drive_res(self) -> Any:
        cell = cells(self.tech).inverter
        return cell.nfet_res + cell.pfet_res


def searched(wire: RepeatedWire, halving: bool) -> SummedEdges:
    """Its repeaters: from the fastest design on until the first that is too slow."""
    tech, unit = wire.tech, cells(wire.tech).inverter
    own: SummedEdges = redrawn(wire, SummedEdges)
    res, cap = own.drive_res, tech.wire.cap
    size = np.floor(np.sqrt(res * cap / (unit.input_cap * wire.res)))
    spacing = np.sqrt(2.0 * res * (unit.input_cap + unit.output_cap) / (wire.res * cap))
    found = replace(own, given_size=size, given_spacing=spacing)
    fastest = found.delay
    while wire.tolerance > 0.0 and found.delay < (1.0 + wire.tolerance) * fastest:
        size = np.floor(size / 2.0) if halving else size - 1.0
        spacing = 0.9 * spacing
        found = replace(own, given_size=np.maximum(size, 1.0), given_spacing=spacing)
        if size <= 1.0:
            break
    return found


def correct_bus(case: Case, quantity: str, ours: float) -> Any:
    wire, i = case.also["wire"], case.inputs
    tool = searched(wire, halving=False)
    length = float(case.also["length"])
    figures: dict[str, Callable[[], Any]] = {
        "repeater_size": lambda: ours * tool.size / wire.size,
        "repeater_spacing_m": lambda: ours * tool.spacing / wire.spacing,
        "num_repeater": lambda: np.ceil(length / tool.spacing),
        "latency_per_length_s_per_m": lambda: ours * tool.delay / wire.delay,
        "read_latency_s": lambda: ours * tool.delay / wire.delay,
        "energy_per_length_J_per_m_per_bit": lambda: ours * tool.energy / wire.energy,
        "read_energy_J": lambda: ours * tool.energy / wire.energy,
        "area_m2": lambda: (
            i["num_row"] * length * i["bus_width_bit"] * tool.repeater.width / i["folded_ratio"]
        ),
        "leakage_W": lambda: (i["num_row"] + i["num_col"]) * length * tool.footprint.leakage.total,
    }
    return float(figures[quantity]())


def htree_paths(tree: HTree) -> tuple[float, float, float]:
    """Its lengths [m]: in time, in energy, and of all wires."""
    depth, span = float(tree.depth), float(tree.leaf_height + tree.leaf_width)
    least = np.floor(np.log2(np.minimum(tree.rows, tree.cols)) + 1e-9)
    least = least - 1.0 if tree.cols - least < 1.0 else least
    trunk = np.minimum(tree.cols - least, least) * tree.leaf_width if depth else 0.0
    full = span * (2.0**depth - 1.0)
    runs = sum(span * 2.0 ** (depth - 1.0 - i) for i in range(1, int(depth)))
    return full + trunk, full / 2.0 + trunk, runs + trunk


def htree_area(tree: HTree, wire: RepeatedWire, folds: float) -> Any:
    """Its area [m^2]: tracks that grow with each level."""
    depth, unit = int(tree.depth), wire.repeater
    high: Any = 0.0
    wide: Any = 0.0
    area: Any = 0.0
    vertical, horizontal = (side * 2.0**depth / 2.0 for side in (tree.leaf_height, tree.leaf_width))
    for _ in range(1, depth):
        vertical, horizontal = vertical / 2.0, horizontal / 2.0
        wide = wide + tree.width * unit.width / folds
        high = high + tree.width * unit.height / folds
        area = area + wide * vertical / 2.0 + high * horizontal / 2.0
    time, energy, _ = htree_paths(tree)
    trunk = 2.0 * energy - time
    return float(area + tree.width * unit.height / folds * trunk)


def correct_htree(case: Case, quantity: str, ours: float) -> Any:
    tree, wire, i = case.block, case.also["wire"], case.inputs
    tool = searched(wire, halving=True)
    time, energy, total = htree_paths(tree)
    free, rightly_free = without_res(tool), without_res(wire)
    figures: dict[str, Callable[[], Any]] = {
        "repeater_size": lambda: ours * tool.size / wire.size,
        "repeater_spacing_m": lambda: ours * tool.spacing / wire.spacing,
        "energy_per_length_J_per_m_per_bit": lambda: ours * tool.energy / wire.energy,
        "read_energy_J": lambda: ours * tool.energy / wire.energy * energy / tree.path,
        "total_wire_length_m": lambda: ours * total / tree.length,
        "read_latency_with_unit_wire_resistance_s": lambda: (
            ours * tool.delay / wire.delay * time / tree.path
        ),
        "read_latency_with_zero_wire_resistance_s": lambda: (
            ours * free.delay / rightly_free.delay * time / tree.path
        ),
        "area_m2": lambda: htree_area(tree, tool, i["folded_ratio"]),
        "leakage_W": lambda: total * tool.footprint.leakage.total,
    }
    return float(figures[quantity]())
