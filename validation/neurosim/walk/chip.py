"""DNN+NeuroSim V2.1's chip, drawn with our blocks: what it adds up, term by term.

The hierarchy of docs/models/chip.md with what is the tool's own; where a block itself differs, the
corrections of its family stand in. An amount is that of one image. ``ToolChip`` is no model of a
chip: it says where the tool's figures come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.cost import Cost
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.pooling import MaxPool
from neurorebit.circuits.register import Register
from validation.neurosim.cases.macros import adc_kind, macro_of
from validation.neurosim.cases.transport import GDDR5, HBM2
from validation.neurosim.composition.gradient import GradientUnit
from validation.neurosim.quirks import digital, gradient_unit, parts, sub_array, transport
from validation.neurosim.records.chip import Rows
from validation.neurosim.records.module import Inputs, Record
from validation.neurosim.walk.basis import ToolBasis, ToolBuffer
from validation.neurosim.walk.change import Drawn
from validation.neurosim.walk.plan import bits_of, down, drawn, up
from validation.neurosim.walk.tile import ToolTile

# Aspect ratio and resistivity [ohm m] of wires that are routed: of any below 200 nm, and above.
NARROW, WIDE = (2.30, 2.73e-8), (2.10, 2.42e-8)


@dataclass(frozen=True, eq=False)
class ToolChip(ToolBasis):
    """Its chip for a record."""

    # -- area ------------------------------------------------------------------------------------

    @cached_property
    def kinds(self) -> dict[bool, ToolTile]:
        """Its tiles: True for those split by kernel position."""
        splits = (bool(split) for split in np.unique(self.plan.split))
        return {split: ToolTile(self, split, self.cores) for split in splits}

    @cached_property
    def cores(self) -> tuple[float, float]:
        """Of the tile buffers; whole-matrix tiles decide for all."""
        into, out = ToolTile(self, bool(np.all(self.plan.split)), (1.0, 1.0)).buffers
        return into.cores, out.cores

    def of(self, figure: Callable[[ToolTile], Any]) -> Rows:
        """A figure, or several, of each layer's kind of tile; layers are the last axis."""
        values = {split: np.asarray(figure(tile)) for split, tile in self.kinds.items()}
        return np.stack([values[bool(split)] for split in self.plan.split], axis=-1)

    @property
    def leaf(self) -> float:
        """Side of the larger tile [m]."""
        return max(tile.side for tile in self.kinds.values())

    @cached_property
    def drawn(self) -> Drawn:
        return drawn(self.record)

    @property
    def wires(self) -> float:
        """Wires of the chip's tree."""
        return self.drawn.wires

    def htree(self, leaf: float) -> HTree:
        """The chip's tree over leaves of this side [m]."""
        rows, cols = self.plan.grid
        tolerance = self.record["globalBusDelayTolerance"]
        return HTree(
            self.tech,
            rows,
            cols,
            leaf_height=leaf,
            leaf_width=leaf,
            width=self.wires,
            tolerance=tolerance,
        )

    @cached_property
    def _stored(self) -> tuple[float, float]:
        """Bits of the global buffer, and arrays written at once for which it holds gradients."""
        r, plan = self.record, self.plan
        maps = r.input_bits * float(np.max(np.prod(r.shapes[:3], axis=0)))
        if not r.training:
            return maps, 0.0
        array = plan.rows * plan.cols
        grown = array * plan.cells_per_weight * float(bits_of(r["batchSize"]))
        together = float(down(grown / (array * r.weight_bits)))
        while grown < maps * r["bufferOverHeadConstraint"]:
            grown, together = 2.0 * grown, 2.0 * together
        return maps + grown, together

    @cached_property
    def buffer(self) -> ToolBuffer:
        """The global buffer."""
        r, line = self.record, self.record["globalBufferCoreSizeCol"]
        core = r["globalBufferCoreSizeRow"] * line
        cores = float(np.floor(self._stored[0] / core))
        return self._buffer(core, line, bool(r["globalBufferType"]), cores)

    @property
    def units(self) -> float:
        """Rectifiers, and accumulators, of the chip."""
        return self.drawn.lanes

    @cached_property
    def pool(self) -> digital.PoolGates:
        block = MaxPool(self.tech, self.record.input_bits, 4.0, self.plan.tile_side)
        return digital.PoolGates(block)

    @cached_property
    def accumulator(self) -> AdderTree:
        """Adds the results of tiles."""
        plan = self.plan
        grid = float(up(np.sqrt(plan.common)))
        arrays = max(up(plan.pe_side / plan.rows), up(plan.split_side / plan.rows))
        bits = float(self.sum_bits + bits_of(arrays * max(plan.pes_per_side, grid)))
        width = plan.grid[0] * self.leaf / 3.0
        tiles = float(np.max(plan.tiles_down))
        return AdderTree(self.tech, tiles, bits, self.units, fit_width=width)

    @cached_property
    def gradient_unit(self) -> gradient_unit.ToolUnit:
        r = self.record
        largest = int(np.argmax(np.prod(r.shapes[:3], axis=0)))
        height, width, channels, kernel_height, kernel_width = r.shapes[:5, largest]
        values = {
            "num_row_muxed": r["numRowMuxedWG"],
            "num_col_muxed": self.ways,
            "num_bit_input": r.input_bits,
            "subarray_rows": r["numRowSubArrayWG"],
            "subarray_cols": r["numColSubArrayWG"],
            "level_output": r["levelOutputWG"],
            "is_sar_adc": r["SARADC"],
            "is_current_mode": r["currentMode"],
            "num_cell_per_synapse": 1.0,
            "num_row_muxed_backward": 8.0,
            "resistance_on_ohm": r["resistanceOn"],
            "resistance_off_ohm": r["resistanceOff"],
            "read_voltage_V": r["readVoltage"],
            "activity_row_read": 0.2,
            "activity_col_write": 0.2,
        }
        record = Record(
            r.tool,
            "WeightGradientUnit",
            variant="",
            technology=r.technology,
            temperature=r["temp"],
            inputs=values,
            outputs={},
            where=r.where,
        )
        i = Inputs(record, self.hidden)
        unit = GradientUnit(
            self.tech,
            (height - kernel_height + 1.0) * (width - kernel_width + 1.0),
            channels * r.input_bits,
            rows=values["subarray_rows"],
            cols=values["subarray_cols"],
            cols_per_adc=values["num_row_muxed"],
            adc_bits=np.log2(values["level_output"]),
            error_bits=r.input_bits,
            adc_kind=adc_kind(i),
        )
        return gradient_unit.ToolUnit(**parts.vars_of(unit), i=i)

    @cached_property
    def parts(self) -> dict[str, float]:
        """Area [m^2] of the chip by kind."""
        r, plan = self.record, self.plan
        tiles = {split: float(np.sum(plan.tiles[plan.split == split])) for split in self.kinds}
        areas = {"arrays": 0.0}
        for split, tile in self.kinds.items():
            areas["arrays"] += tiles[split] * tile.array_count * self.array_area
            for part, area in tile.parts.items():
                areas[part] = areas.get(part, 0.0) + tiles[split] * area
        areas["wires"] += self.htree_area(self.htree(self.leaf), r["treeFoldedRatio"])
        areas["buffer"] = self.buffer.cores * self.buffer.area
        height = plan.grid[0] * self.leaf
        width = areas["buffer"] / height / 3.0
        if r["chipActivation"]:
            rectifiers = Register(self.tech, self.units * r.input_bits, fit_width=width)
            areas["units"] = float(rectifiers.area)
        if np.any(plan.pooled):
            areas["units"] = areas.get("units", 0.0) + float(self.pool.area)
        areas["trees"] += self.tree_area(self.accumulator)
        if r.training:
            areas["gradient_unit"], bits = self._gradient_unit
            adders = self._stored[1] * plan.rows * plan.cols
            bits += float(bits_of(r["batchSize"]))
            areas["gradient_adders"] = float(Adder(self.tech, bits, adders, fit_height=height).area)
        return areas

    @property
    def _gradient_unit(self) -> tuple[float, float]:
        """Area [m^2] of the unit, and bits of a gradient; row by row its arrays are others."""
        r, unit = self.record, self.gradient_unit
        array, tree, bits = unit.array.footprint.area.total, unit.tree, unit.array.adc_bits
        if r.row_by_row:
            bits, values = float(np.log2(r["numRowSubArrayWG"])), r.input_bits
            words = {
                "num_row": r["numRowSubArrayWG"],
                "num_col": r["numColSubArrayWG"],
                "num_cell_per_synapse": values,
                "training": 0.0,
                "cell_height_F": r["heightInFeatureSizeSRAM"],
                "cell_width_F": r["widthInFeatureSizeSRAM"],
            }
            i = self.arrays.inputs()
            record = replace(
                i.record, variant="SRAM_sequential", inputs={**i.record.inputs, **words}
            )
            i = replace(i, record=record)
            macro: Any = sub_array.drawn(macro_of(i, self.tech), i, (0, 0))
            joined = macro.shift_add_of(macro.front, bits + values + 2.0, values, "joined")
            kept = (part for _, part in macro.parts if not part.name.endswith("shift_add"))
            array = sum((part.footprint.area.total for part in kept), joined.footprint.area.total)
            tree = replace(tree, bits=bits + values + 1.0, fit_width=float(np.sqrt(array)))
        area = unit.arrays * array + self.tree_area(tree)
        return float(area), float(bits + r.input_bits + bits_of(unit.arrays_down))

    # -- energy and time -------------------------------------------------------------------------

    def route_res(self, multiple: float) -> float:
        """Resistance [ohm/m] of a wire that is ``multiple`` times as wide as a local one."""
        wire = self.tech.wire
        width = multiple * float(wire.width)
        ratio, resistivity = NARROW if width < 200e-9 * (1.0 - 1e-9) else WIDE
        warmer = 1.0 + wire.resistivity_slope * (self.tech.temperature - 300.0)
        return float(resistivity * warmer / (ratio * width**2))

    def tree_delay(self, tree: HTree) -> float:
        """Time [s] from the root of one of its trees to a leaf and through the trunk.

        The first level has no resistance, the others have that of the level before.
        """
        depth = int(tree.depth)
        if depth == 0:
            return 0.0
        path, energy_path, _ = transport.htree_paths(tree)
        trunk = 2.0 * energy_path - path
        span = float(tree.leaf_height + tree.leaf_width)
        total, delay = 0.0, 0.0
        for level in range(1, depth + 1):
            run = float(tree.leaf_width) * 2.0 ** (depth - level + 1)
            res = self.route_res(4.0 if run >= 1e5 * self.tech.feature else 2.0)
            drawn_wire = replace(self.tree_wire, res=1e-9 * res if level == 1 else res)
            delay = float(drawn_wire.delay)
            total += delay * span * 2.0 ** (depth - level)
        return float(total + delay * trunk)

    def _sums(self, tree: Callable[[ToolTile], AdderTree], operands: Rows) -> tuple[Rows, Rows]:
        """Energy [J] and time [s] of a sum of ``operands`` in each layer's tree."""
        energy, time = np.zeros(len(operands)), np.zeros(len(operands))
        for i, (split, n) in enumerate(zip(self.plan.split, map(float, operands), strict=True)):
            if n > 1.0:
                drawn = tree(self.kinds[bool(split)])
                energy[i] = digital.tree_energy(drawn, n)
                time[i] = digital.tree_latency(drawn, n)
        return energy, time

    @cached_property
    def sent(self) -> tuple[Rows, Rows]:
        """Bits that go to a layer's tiles from the global buffer, and that come back."""
        r, plan = self.record, self.plan
        into = plan.high * r.input_bits * r.vectors
        out = plan.outputs * r.input_bits * r.vectors
        return (
            into / np.where(plan.split, r.shapes[3], 1.0),
            out / np.where(plan.pooled, 4.0, 1.0),
        )

    def in_tile(self, high: Rows, wide: Rows) -> tuple[Rows, Rows]:
        """Bits through the buffers of a tile that holds such a matrix, in and out."""
        r, plan = self.record, self.plan
        into = high * r.vectors * r.input_bits / np.where(plan.split, np.sqrt(plan.common), 1.0)
        bits = 1.0 + self.of(lambda tile: tile.result_bits)
        out = wide / plan.cells_per_weight * bits * r.vectors
        return into, out / np.where(plan.split, plan.common, 1.0)

    def arrays_read(self, back: bool, each: bool) -> Cost:
        """All arrays of each layer."""
        energy, time = self.arrays.image(self.arrays.macro, back, each)
        return Cost.of(energy, time / (self.plan.pe_copies * self.plan.parallel))

    @cached_property
    def additions(self) -> Cost:
        """The trees of PEs, tiles and chip."""
        r, plan = self.record, self.plan
        per_weight = np.floor(self.ways / plan.cells_per_weight)
        energy, time = self._sums(lambda tile: tile.pe_tree, plan.arrays_down)
        in_pe = np.where(plan.bare, 0.0, r.vectors * per_weight)
        done = in_pe * plan.trees_in_pe * plan.pes * plan.tiles
        total = Cost.of(done * energy, in_pe * time / (plan.pe_copies * plan.parallel))
        energy, time = self._sums(lambda tile: tile.tree, plan.added)
        sums = r.vectors * per_weight
        total = total + Cost.of(sums * plan.tiles * energy, sums * time)
        joined = plan.tiles_down > 1.0
        energy, time = self._sums(lambda _: self.accumulator, plan.tiles_down)
        sums = plan.tiles_across * plan.outputs * np.ceil(r.vectors / self.units)
        return total + Cost.of(
            np.where(joined, sums * energy, 0.0), np.where(joined, sums * time, 0.0)
        )

    @cached_property
    def registers(self) -> Cost:
        """Of the PEs: numbers of rows and of vectors have changed places."""
        r, plan = self.record, self.plan
        one = Register(self.tech, 1.0)
        clock, data = float(one.clock_energy), float(one.data_energy)
        rows, cols = plan.pe_share
        into, out = self.of(lambda tile: tile.pe_registers)
        energy = rows * (into * clock + np.minimum(r.vectors * r.input_bits, into) * data)
        stored = out * clock + np.minimum(r.vectors, out) * data
        energy = energy + cols / plan.cells_per_weight * self.sum_bits * stored
        half = 0.5 / self.tech.clock
        time = (r.vectors * r.input_bits * plan.arrays_down + r.vectors) * half
        return Cost.of(energy * plan.pes * plan.tiles, time / plan.parallel)

    def bus_bits(self, rows: Rows, cols: Rows) -> tuple[Rows, Rows]:
        """Bits along the buses of a PE that holds such a matrix, in and out."""
        r = self.record
        out = cols / self.plan.cells_per_weight * self.converted * r.vectors
        return rows * r.vectors * r.input_bits, out

    @cached_property
    def buses(self) -> Cost:
        """Of the PEs: as long as arrays drawn with all they leave empty."""
        plan, wire = self.plan, self.bus_wire
        n = self.of(lambda tile: tile.arrays)
        wide, high = (n - 1.0) * self.array_width, (n - 1.0) * self.array_height
        into, out = self.bus_bits(*plan.in_pe)
        time = (into / plan.rows * wide + out / (n * plan.cols) * high) * wire.delay
        into, out = self.bus_bits(*plan.pe_share)
        energy = (into * wide + out * high) * wire.energy * plan.pes * plan.tiles
        return Cost.of(energy, time / plan.parallel)

    @cached_property
    def tile_buffers(self) -> Cost:
        """Everything is written and read once."""
        into, out = self.in_tile(*self.plan.in_tile)
        lines = self.of(lambda tile: [buffer.block.line for buffer in tile.buffers])
        apart = np.minimum(np.array(self.cores)[:, None], up(self.of(lambda t: t.wires) / lines))
        joules, seconds = self.through
        taken = np.array(self.in_tile(*self.plan.share)) * self.plan.tiles
        time = np.array([into, out]) * seconds / apart
        return Cost.of(np.sum(taken * joules, axis=0), np.sum(time, axis=0))

    @cached_property
    def through(self) -> tuple[Rows, Rows]:
        """Energy [J] and time [s] of a bit through a tile's buffers, in and out."""
        return (
            self.of(lambda tile: [buffer.through[0] for buffer in tile.buffers]),
            self.of(lambda tile: [buffer.through[1] for buffer in tile.buffers]),
        )

    @cached_property
    def tile_trees(self) -> Cost:
        """Every flit takes the whole way before the next."""
        into, out = self.in_tile(*self.plan.in_tile)
        delay = self.of(lambda tile: self.tree_delay(tile.htree))
        time = (into + out) / self.of(lambda tile: tile.wires) * delay
        into, out = self.in_tile(*self.plan.share)
        path = self.of(lambda tile: transport.htree_paths(tile.htree)[1])
        return Cost.of((into + out) * self.plan.tiles * path * self.tree_wire.energy, time)

    @cached_property
    def global_buffer(self) -> Cost:
        """In training everything goes out once more, for the gradients."""
        r, plan = self.record, self.plan
        line = float(self.buffer.block.line)
        apart = min(self.buffer.cores, float(up(self.wires / line)))
        waits = up(np.sum(plan.tiles) / plan.tiles) / apart
        into, out = self.sent
        (read, reading), (write, writing) = (self.buffer.bit(kind) for kind in ("read", "write"))
        once = Cost.of(into * read + out * write, (into * reading + out * writing) * waits)
        return (2.0 if r.training else 1.0) * once

    @property
    def share_of_wires(self) -> Rows:
        """Wires of the chip's tree that a layer has."""
        return up(self.wires * self.plan.tiles / np.sum(self.plan.tiles))

    @property
    def flits(self) -> Rows:
        """Over the chip's tree, whole ones."""
        return up(sum(self.sent) / self.share_of_wires)

    @cached_property
    def chip_tree(self) -> Cost:
        """Over a layer's share of the wires."""
        own, flits = self.share_of_wires, self.flits
        sides = self.of(lambda tile: tile.side)
        delay = np.array([self.tree_delay(self.htree(side)) for side in sides])
        path = np.array([transport.htree_paths(self.htree(side))[1] for side in sides])
        return Cost.of(flits * own * path * self.tree_wire.energy, flits * delay)

    @cached_property
    def dram(self) -> Cost:
        """Inputs without their channels, out and back; without training the first layer's map."""
        r = self.record
        values = r.shapes[0] * r.shapes[1]
        bits = 2.0 * values * r.input_bits
        if not r.training:
            bits = values[0] * r.input_bits + 0.0 * bits
        per_second, joules = HBM2 if r["dramType"] == 2.0 else GDDR5
        return Cost.of(bits * joules, bits / per_second)

    @cached_property
    def functions(self) -> Cost:
        """Rectifiers, and pooling: one map at a time."""
        r, plan = self.record, self.plan
        one = Register(self.tech, self.units * r.input_bits)
        turns = np.ceil(r.vectors * plan.outputs / self.units)
        total = Cost.of(turns * one.store().energy.total, turns * 0.5 / self.tech.clock)
        at_once = np.where(
            plan.split, (plan.split_side or 1.0) / np.sqrt(plan.common), plan.tile_side or 1.0
        )
        turns = np.where(plan.pooled, np.ceil(r.vectors / 4.0 / at_once), 0.0)
        return total + Cost.of(turns * self.pool.energy, turns * self.pool.latency)
