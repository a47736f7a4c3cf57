"""From DNN+NeuroSim V2.1's chip to ours, correction by correction.

``steps`` is the table. Each step changes one thing in the tool's sum (``chip``)
to what is physically right, or to what our chip has in its place, computed with our chip's blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.in_place.spec import InPlaceSpec
from neurorebit.chips.parts.phases import PARTIAL_BITS
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.parts.workload import VectorLoad
from neurorebit.circuits.adder import Adder
from neurorebit.circuits.cost import Cost
from validation.neurosim.cases.macros import macro_of
from validation.neurosim.quirks.technology import as_drawn, laid_out
from validation.neurosim.quirks.tool import HIDDEN
from validation.neurosim.records.chip import Rows
from validation.neurosim.walk.case import ERROR_BITS, ChipCase
from validation.neurosim.walk.change import Changes, ChipTool, Pair
from validation.neurosim.walk.chip import ToolChip
from validation.neurosim.walk.plan import drawn
from validation.neurosim.walk.steps import STEPS


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """What a phase moves and does in our chip, for one image of each layer; traffic in bits."""

    taken: Rows  # into the registers of PEs
    given: Rows  # out of them
    bussed: Rows  # along the buses of PEs
    added: Rows  # partial sums
    tile_in: Rows  # through the tiles' buffers
    tile_out: Rows
    tile_tree: tuple[tuple[Rows, Rows], ...]  # to or from how many PEs
    tree: Cost  # over that of the chip
    read: Rows  # from the global buffer
    written: Rows
    dram: Rows
    functions: Cost
    steps: Rows  # of control


@dataclass(frozen=True, eq=False)
class PhaseWalk:
    """The steps of one phase, for one image of each layer."""

    tool: ToolChip
    case: ChipCase
    back: bool

    @property
    def chip(self) -> Any:
        """Ours, with the record's floorplan."""
        return self.case.alike.chip

    @property
    def spec(self) -> InPlaceSpec:
        return self.case.spec

    def of(self, figure: Callable[[Tile[Any]], Any]) -> Rows:
        """A figure of each layer's kind of our tiles."""
        split = self.chip.plan.split
        values = np.zeros(len(split))
        for kind, tile in ((True, self.chip.split_tile), (False, self.chip.whole_tile)):
            if np.any(split == kind):
                values = np.where(split == kind, figure(tile), values)
        return values

    # -- what our chip does ----------------------------------------------------------------------

    @cached_property
    def amounts(self) -> Amounts:
        return self._returned if self.back else self._sent

    @property
    def _sent(self) -> Amounts:
        """Forward."""
        w, plan, spec, chip = self.case.workload, self.chip.plan, self.spec, self.chip
        bits, sums, stored = spec.input_bits, chip.sum_bits, spec.vector_unit.stored_bits
        results = w.results
        entered = w.vectors * w.rows * plan.pe_cols * bits
        sent = w.channels * np.where(plan.split, w.window_height, w.positions) * w.vectors * bits
        return Amounts(
            taken=entered,
            given=results * plan.pe_rows * sums,
            bussed=entered + results * plan.array_rows * sums,
            added=results * (plan.array_rows - 1.0),
            tile_in=sent * plan.tiles_across,
            tile_out=PARTIAL_BITS * results * plan.tiles_down,
            tile_tree=(
                (sent * plan.tiles_across, plan.tile_pes_across),
                (results * plan.pe_rows * sums, np.ones_like(sent)),
            ),
            tree=self._over(sent, plan.tiles_across)
            + self._over(results * stored, plan.tiles_down),
            read=sent,
            written=w.outgoing * bits,
            dram=(w.inputs + w.outgoing) * bits,
            functions=self._vector_work(w.forward),
            steps=w.vectors * bits * (plan.tiles + 1.0),
        )

    @property
    def _returned(self) -> Amounts:
        """Backward: nothing in the first layer but its errors' way from and to DRAM."""
        w, plan, spec, chip = self.case.workload, self.chip.plan, self.spec, self.chip
        error, sums, stored = spec.error_width, chip.back_sum_bits, spec.vector_unit.stored_bits
        results, inputs = self.later * w.results, self.later * w.inputs
        partial = self.later * w.vectors * w.channels * w.positions
        values = np.minimum(inputs, partial)
        errors = results * np.where(plan.split, w.window_height, 1.0) * error
        taken, given = results * plan.pe_rows * error, partial * plan.pe_cols * sums
        own = (w.outgoing + w.results) * error
        return Amounts(
            taken=taken,
            given=given,
            bussed=taken + partial * plan.array_cols * sums,
            added=partial * plan.array_cols - values,
            tile_in=errors * plan.tiles_down,
            tile_out=PARTIAL_BITS * np.where(plan.split, values, partial) * plan.tiles_across,
            tile_tree=(
                (errors * plan.tiles_down, plan.tile_pes_down),
                (given, np.ones_like(given)),
            ),
            tree=self._over(errors, plan.tiles_down)
            + self._over(values * stored, plan.tiles_across),
            read=errors,
            written=inputs * error,
            dram=own + (results + inputs) * error,
            functions=self._vector_work(w.backward),
            steps=self.later * w.vectors * error * (plan.tiles + 1.0),
        )

    def _vector_work(self, load: VectorLoad) -> Cost:
        """Elementwise work of our vector unit."""
        unit = self.chip.vector_unit
        return sum((unit.execute(*work) for work in load.operations), Cost())

    @cached_property
    def later(self) -> Rows:
        """1 for layers of which the phase is part: backward all but the first."""
        first = np.arange(len(self.case.workload.cols)) == 0
        return np.where(first & self.back, 0.0, 1.0)

    def _over(self, bits: Rows, tiles: Any = 1.0) -> Cost:
        """So many bits over the chip's tree, to each of so many tiles."""
        flits = bits / self.spec.transport.bus_bits
        moved: Cost = self.chip.tree.transfer(bits, flits, tiles)
        sent: Cost = np.where(bits > 0.0, 1.0, 0.0) * moved
        return sent

    def _arrays(self, signed: bool, whole: bool = False) -> Cost:
        """All of our arrays; ``whole``: no copy of a layer takes a part of a vector."""
        macro, plan, record = self.chip.macro, self.chip.plan, self.case.record
        if hasattr(macro, "signed"):
            macro = replace(macro, signed=signed)
        planes = np.full((ERROR_BITS, 1), 0.5) if self.back else record.densities
        energy, time = np.zeros(len(record.vectors)), np.zeros(len(record.vectors))
        for rows, cols, count in self.tool.plan.pieces:
            high, wide = (np.where(n > 0.0, n, 1.0) for n in (rows, cols))
            high, wide = high / plan.rows, wide / plan.cols
            if self.back:
                plane = macro.read_transposed(planes, 0.5, driven=wide, sensed=high)
            else:
                plane = macro.read(planes, 0.5, driven=high, sensed=wide)
            joules, seconds = (
                np.sum(np.broadcast_to(bill.total, np.shape(planes + high)), axis=0)
                for bill in (plane.energy, plane.latency)
            )
            energy = energy + np.where(count > 0.0, count * joules, 0.0)
            time = np.where(count > 0.0, np.maximum(time, seconds), time)
        vectors = self.later * record.vectors
        rounds = vectors / plan.copies
        if whole:  # images of a batch follow each other without a gap
            rounds = np.ceil(rounds * self.case.batch * (1.0 - 1e-12)) / self.case.batch
        return Cost.of(vectors * energy, rounds * time)

    # -- steps -----------------------------------------------------------------------------------

    @cached_property
    def changes(self) -> dict[str, Pair]:
        """By step, energy [J] and time [s]."""
        result: dict[str, Pair] = {}
        for first, *stages in self._energies:
            self._chain(result, 0, first, stages)
        for first, *stages in self._times:
            self._chain(result, 1, first, stages)
        return result

    @property
    def start(self) -> Pair:
        """What the chains begin with: the tool's sum, energy [J] and time [s]."""
        energies, times = self._energies, self._times[:-1]  # streams begin with ours
        return np.array([sum(first for first, *_ in terms) for terms in (energies, times)])

    @staticmethod
    def _chain(
        changes: dict[str, Pair], k: int, first: Rows, stages: list[tuple[str, Rows]]
    ) -> None:
        """A term from the tool's amount on, stage by stage."""
        for step, value in stages:
            change = changes.setdefault(step, np.zeros((2, len(first))))
            change[k] += value - first
            first = value

    @cached_property
    def _read(self) -> list[Cost]:
        """The arrays: the tool's, at mean ones, with our macro, with what is used, and signs."""
        arrays = self.tool.arrays
        right = macro_of(arrays.inputs(), self.case.tech)
        energy, time = arrays.image(right, self.back, False)
        shared = self.tool.plan.pe_copies * self.tool.plan.parallel
        return [
            self.later * self.tool.arrays_read(self.back, True),
            self.later * self.tool.arrays_read(self.back, False),
            self.later * Cost.of(energy, time / shared),
            self._arrays(signed=False),
            self._arrays(signed=True),
            self._arrays(signed=True, whole=True),
        ]

    @property
    def _energies(self) -> list[Any]:
        """Terms of the tool's sum, each with its stages on the way to ours [J]."""
        tool, a, chip, later = self.tool, self.amounts, self.chip, self.later
        first, *arrays = (cost.energy.total for cost in self._read)
        names = ("vectors", "sub-arrays", "columns", "references", "copies")
        tech = chip.tech
        bits = chip.back_sum_bits if self.back else chip.sum_bits
        addition = Adder(tech, bits).energy
        held = self.of(lambda t: t.pe.inputs.clock_energy + t.pe.inputs.data_energy / 2.0)
        into, out = tool.bus_bits(*tool.plan.pe_share)
        bussed = later * (into + out) * tool.plan.pes * tool.plan.tiles
        bus, along = self.of(lambda t: t.pe.bus.energy), self.of(lambda t: t.pe.bus.length)
        into, out = tool.in_tile(*tool.plan.share)
        through = later * (into + out) * tool.plan.tiles
        branch, path = self.of(lambda t: t.htree.energy), self.of(lambda t: t.htree.path)
        cores, _ = tool.through
        buffered = (
            self.of(lambda t: _through(t.input_buffer)),
            self.of(lambda t: _through(t.output_buffer)),
        )
        flits = later * tool.flits * tool.share_of_wires
        read, written = (getattr(chip.buffer, kind)(1.0).energy.total for kind in ("read", "write"))
        functions = 0.0 if self.back else tool.functions.energy.total
        control = chip.control.step(a.steps).energy.total
        return [
            [first, *zip(names, arrays, strict=True)],
            [later * tool.additions.energy.total, ("additions", a.added * addition)],
            [later * tool.registers.energy.total, ("registers", (a.taken + a.given) * held)],
            [
                later * tool.buses.energy.total,
                ("outlines", bussed * along * tool.bus_wire.energy),
                ("repeaters", bussed * bus),
                ("traffic", a.bussed * bus),
            ],
            [
                later * tool.tile_trees.energy.total,
                ("paths", through * path * tool.tree_wire.energy),
                ("repeaters", through * branch),
                ("traffic", self._in_trees(lambda cost: cost.energy.total)),
            ],
            [
                later * tool.tile_buffers.energy.total,
                ("traffic", a.tile_in * cores[0] + a.tile_out * cores[1]),
                ("buffers", a.tile_in * buffered[0] + a.tile_out * buffered[1]),
            ],
            [
                later * tool.chip_tree.energy.total,
                ("paths", flits * chip.tree.path * tool.tree_wire.energy),
                ("repeaters", flits * chip.tree.energy),
                ("traffic", a.tree.energy.total),
            ],
            [
                later * tool.global_buffer.energy.total,
                ("buffers", a.read * read + a.written * written),
            ],
            [functions + 0.0 * first, ("functions", a.functions.energy.total)],
            [
                later * tool.dram.energy.total,
                ("memory", chip.dram.transfer(a.dram).energy.total),
            ],
            [0.0 * first, ("control", control)],
        ]

    @property
    def _times(self) -> list[Any]:
        """As ``_energies`` [s]: from times in a row to those of streams side by side."""
        tool, a, chip, tiles = self.tool, self.amounts, self.chip, self.chip.plan.tiles
        first, *arrays = (cost.latency.total for cost in self._read)
        names = ("vectors", "sub-arrays", "columns", "references", "copies")
        functions = Cost() if self.back else tool.functions
        hidden = ("additions", tool.additions), ("registers", tool.registers)
        trees = self._in_trees(lambda cost: cost.latency.total)
        buffers = self.of(
            lambda t: np.maximum(
                _time(t.input_buffer, a.tile_in), _time(t.output_buffer, a.tile_out)
            )
        )
        cores = chip.buffer.read(a.read) | chip.buffer.write(a.written)
        streams = (
            ("paths", tool.tile_trees, trees / tiles),
            ("paths", tool.chip_tree, a.tree.latency.total),
            ("buffers", tool.tile_buffers, buffers / tiles),
            ("buffers", tool.global_buffer, cores.latency.total),
            ("functions", functions, a.functions.latency.total),
            ("memory", tool.dram, chip.dram.transfer(a.dram).latency.total),
        )
        own: Any = [self.later * arrays[-1], *(0.0 * first + time for *_, time in streams)]
        one = arrays[-2] * chip.plan.copies / np.maximum(self.case.record.vectors, 1.0)
        filled = self.later * (one + chip.tree.delay) / self.case.batch
        return [
            [first, *zip(names, arrays, strict=True)],
            *([self._alone(cost), (step, 0.0 * first)] for step, cost in hidden),
            [self._alone(tool.buses), ("outlines", 0.0 * first)],
            *([self._alone(cost), (step, time)] for step, cost, time in streams),
            [sum(own), ("streams", np.max(own, axis=0) + filled)],
        ]

    def _in_trees(self, figure: Callable[[Cost], Any]) -> Rows:
        """A figure of what our tiles' trees carry."""
        flows = self.amounts.tile_tree
        return self.of(lambda t: sum(figure(t.carry(bits, pes)) for bits, pes in flows))

    def _alone(self, cost: Cost) -> Rows:
        """Time [s] of a term of the tool's sum."""
        return self.later * cost.latency.total + 0.0 * self.later


def _through(buffer: Any) -> Any:
    """Energy [J] to write a bit and read it."""
    return buffer.write(1.0).energy.total + buffer.read(1.0).energy.total


def _time(buffer: Any, bits: Rows) -> Any:
    """Time [s] to write and read a number of bits."""
    return buffer.write(bits).latency.total + buffer.read(bits).latency.total


@dataclass(frozen=True, eq=False)
class AreaWalk:
    """The steps in area [m^2]."""

    tool: ToolChip
    case: ChipCase

    @property
    def chip(self) -> Any:
        """Ours, with the record's floorplan."""
        return self.case.alike.chip

    def tiles(self, figure: Callable[[Tile[Any]], Any]) -> float:
        """A figure of all our tiles."""
        return float(np.sum([np.max(n * figure(tile)) for n, tile in self.chip.forward_tiles]))

    def arrays(self, **changed: bool) -> float:
        """All our arrays with their periphery, drawn otherwise."""
        macro = self.chip.macro
        known = {name: value for name, value in changed.items() if hasattr(macro, name)}
        one = float(np.max(replace(macro, **known).footprint.area.total))
        return one * self.tiles(lambda tile: tile.pes * tile.pe.macros)

    @property
    def changes(self) -> dict[str, float]:
        """By step."""
        theirs, chip, training = self.tool.parts, self.chip, self.case.record.training
        bare = self.arrays(signed=False, transposed=training)
        signed = self.arrays(signed=True, transposed=training)
        tiles = float(np.max(chip.split_tiles + chip.whole_tiles))
        routed = self.tiles(lambda tile: tile.pes * area_of(tile.pe.bus) + area_of(tile.htree))
        units = float(np.max(chip.gradient_units))
        gradients = units * area_of(chip.gradient_unit) + area_of(chip.gradient_store)
        result = {
            "sub-arrays": bare - theirs["arrays"],
            "references": signed - bare,
            "additions": self.tiles(
                lambda tile: tile.pes * area_of(tile.pe.adder_tree) + area_of(tile.adder_tree)
            )
            - theirs["trees"],
            "registers": self.tiles(
                lambda tile: tile.pes * (area_of(tile.pe.inputs) + area_of(tile.pe.outputs))
            )
            - theirs["registers"],
            "buffers": self.tiles(
                lambda tile: area_of(tile.input_buffer) + area_of(tile.output_buffer)
            )
            + area_of(chip.buffer)
            - theirs["tile_buffers"]
            - theirs["buffer"],
            "tracks": routed + area_of(chip.tree) - theirs["wires"],
            "functions": area_of(chip.vector_unit) - theirs.get("units", 0.0),
            "control": (tiles + 1.0) * area_of(chip.control),
        }
        own = theirs.get("gradient_unit", 0.0) + theirs.get("gradient_adders", 0.0)
        if training:
            result["gradients"] = gradients - own
        else:
            result["training"] = self.arrays() - signed + gradients
        alike, best = (area_of(design.chip) for design in (self.case.alike, self.case.best))
        return result | {"floorplan": best - alike}


def area_of(block: Any) -> float:
    """Of a block [m^2]."""
    return float(np.max(block.footprint.area.total))


def walk(case: ChipCase) -> Changes:
    """The steps for one chip."""
    tool, charged = (
        ToolChip(
            case.record,
            replace(like(case.tech), sram=replace(case.tech.sram, threshold_shift=0.0)),
            HIDDEN,
        )
        for like in (as_drawn, laid_out)
    )
    phases = {}
    for phase in case.phases:
        back = phase != "forward"
        after = PhaseWalk(charged, case, back)
        steps = after.changes
        steps["junctions"] = after.start - PhaseWalk(tool, case, back).start
        result = {step: case.record.images * change for step, change in steps.items()}
        best, alike = (case.pair(design, phase) for design in (case.best, case.alike))
        phases[phase] = _in_order(result | {"floorplan": best - alike})
    return Changes(_in_order(AreaWalk(tool, case).changes), phases)


def _in_order(changes: dict[str, Any]) -> dict[str, Any]:
    """Steps in the order of the table."""
    return {step: changes[step] for step in STEPS if step in changes}


def unlike(case: ChipCase) -> str | None:
    """Why a chip of the tool cannot be compared, or None."""
    record = case.record
    together = float(not record.row_by_row)
    if record["pipeline"]:
        return "pipelined layers read memory that was never set"
    if record["accesstype"] != 1.0 and not record.sram:
        return "its cells have no access transistors"
    if record.parameters.get("parallelBP", together) != together:
        return "all rows at once forward, row by row backward: no macro of ours does that"
    if bool(case.tech.finfet):
        return (
            "FinFET gates: an input counts fins twice; to undo it every gate of the chip would "
            "have to be drawn wrongly"
        )
    return None


NEUROSIM_CHIP = ChipTool(
    "DNN+NeuroSim V2.1", technology=as_drawn, steps=STEPS, walk=walk, unlike=unlike, drawn=drawn
)
