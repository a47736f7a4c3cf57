"""What each phase of training does on a hybrid chip (system.md 13)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.chips.architecture import HybridSpec
from neurorebit.chips.hybrid.chip import HybridChip
from neurorebit.chips.parts.floorplan import ceil
from neurorebit.chips.parts.phases import (
    ARRAYS,
    Phase,
    Phases,
    Rows,
    fourfold,
    joined,
    over_layers,
    shared,
)
from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.wire import Bus

WORD = 32.0


@dataclass(frozen=True, eq=False)
class HybridPhases(Phases):
    """Forward in the analog tiles, all else in the digital ones; then the analog cells follow."""

    chip: HybridChip

    @property
    def spec(self) -> HybridSpec:
        return self.chip.spec

    @property
    def own_assumptions(self) -> tuple[str, ...]:
        return (
            "batch-long tensors live in DRAM; weights, gradients and momentum stay in the macros",
        )

    def _read(self, rows: Rows, cols: Rows) -> Cost:
        a = self.activity
        return self.chip.macro.mvm(fourfold(a.density), fourfold(a.conductance), rows, cols)

    def _digital(self, errors: Rows, columns: Rows, results: Rows, sums: Real) -> Cost:
        """Transport of ``errors`` [bit] to all tiles across, and of partial results back."""
        chip = self.chip
        tile = chip.digital_tile
        copies = errors * chip.digital_across
        moved = Cost(tile.pe.carry(copies + results * columns * sums).energy).under(tile.name)
        buffered = tile.buffered(copies, WORD * results)
        carried = tile.carry(copies + results * self.layers.positions * chip.digital_down * sums)
        return moved + shared(buffered | carried, chip.digital_tiles)

    def back(self) -> Phase:
        """Batch norm backwards, then the error through the transposed weights; not in layer one."""
        chip, m, a = self.chip, self.layers, self.activity
        macro, tile = chip.digital_macro, chip.digital_tile
        error = self.spec.error_width
        sums = macro.sum_bits
        one = macro.mtvm(a.error_density, self._nonzero).under("pe").under("digital")
        work = self.backward * m.macs / macro.weights
        vectors = m.vectors / self.spec.dpim.copies
        products = Cost(work * one.energy, self.backward * vectors * one.latency)
        blocks = ceil(m.outputs / macro.rows)
        partial = m.vectors * m.channels * m.groups
        sent = self.handed * self.results * error
        moved = self._digital(sent, m.positions * blocks, partial, sums)
        moved = moved + tile.add(partial * (m.positions * blocks - 1.0), sums)
        held = Cost(tile.pe.give(partial * m.positions * sums).energy).under(tile.name)
        returned = m.inputs * WORD
        tree = self.over(chip.digital_tree, sent, self._beyond(chip.digital_tiles))
        tree = tree + self.over(chip.digital_tree, returned)
        buffered = chip.buffer.read(sent) | chip.buffer.write(m.inputs * error)
        back = self.backward
        fill = back * (one.latency.total + chip.digital_tree.delay)
        streams = {
            ARRAYS: products, "tiles": back * (moved + held), "tree": back * tree,
            "buffer": back * buffered, "vector": self.errors_normed(),
        }  # fmt: skip
        steps = back * m.vectors * macro.rows * self._planes * chip.digital_tiles
        return self.overlapped(streams, steps, self.errors_stored, fill)

    @property
    def _planes(self) -> Real:
        """Row reads that one row needs for a vector: one a bit, or a share of one."""
        if self.spec.dpim.build == "bit_serial":
            return self.spec.error_width
        return 1.0 / self.spec.dpim.vectors

    @property
    def _nonzero(self) -> Rows:
        skipped = self.spec.vector_unit.skip_zero_errors
        return self.activity.error_nonzero if skipped else np.ones_like(self.activity.density)

    def _beyond(self, tiles: Real) -> Real:
        """Length [m] that what all of these tiles need travels beyond the first."""
        return (tiles - 1.0) * self.chip.digital_tile.side

    def gradient(self) -> Phase:
        """Errors times activations, summed over an image, added to the gradients in the SRAM."""
        chip, m = self.chip, self.layers
        macro, tile = chip.digital_macro, chip.digital_tile
        error, bits = self.spec.error_width, self.spec.input_bits
        outer, collected = macro.outer(self._nonzero), macro.collect()
        vectors = m.vectors / self.spec.dpim.copies
        formed = Cost(m.macs / macro.weights * outer.energy, vectors * outer.latency)
        stored = Cost(m.weights / macro.weights * collected.energy, collected.latency)
        products = (formed + stored).under("pe").under("digital")
        sent = self.handed * self.results * error
        inputs = self.handed * m.vectors * m.channels * m.groups * bits
        copies = sent * chip.digital_across + inputs * chip.digital_down
        fed = m.macs * (macro.vectors * error + macro.words * bits) / (macro.vectors * macro.words)
        pitch = Bus(chip.tech, np.sqrt(macro.footprint.area.total))
        feed = Cost(pitch.transfer(fed, 0.0).energy)
        through = tile.buffered(copies, 0.0 * copies) | tile.carry(copies)
        moved = shared(through, chip.digital_tiles)
        tree = self.over(chip.digital_tree, sent, self._beyond(chip.digital_tiles))
        tree = tree + self.over(chip.digital_tree, inputs, self._beyond(chip.digital_down))
        buffered = chip.buffer.read(sent + inputs)
        fill = outer.latency.total / macro.rows + chip.digital_tree.delay
        feeding = feed.under("pe").under("digital")
        steps = m.vectors * macro.rows * chip.digital_tiles
        streams = {
            ARRAYS: products, "feed": feeding, "tiles": moved, "tree": tree, "buffer": buffered,
        }  # fmt: skip
        return self.overlapped(streams, steps, self.inputs_stored, fill)

    def update(self) -> Phase:
        """Weight minus rate times gradient, in all macros at once."""
        macro, m = self.chip.digital_macro, self.layers
        one = macro.write(self.activity.words_written).under("pe").under("digital")
        energy = self.spec.dpim.copies * m.weights / macro.weights * one.energy
        return Phase(energy, 0.0, 0.0, energy, together=one.latency.total)

    def sync(self) -> Phase:
        """New levels, and the cells whose level changed are programmed, in all copies."""
        chip, m, plan, a = self.chip, self.layers, self.chip.plan, self.activity
        macro, analog = chip.digital_macro, chip.macro
        found = Cost(m.weights / macro.weights * macro.level().energy).under("pe").under("digital")
        arrays, cells = plan.arrays * plan.copies, m.weights * plan.copies
        address = np.log2(analog.rows * analog.cols) + self.spec.weight_bits
        bits = cells * (a.set_fraction + a.reset_fraction) * address
        sent = self.over(chip.digital_tree, bits) + self.over(chip.tree, bits)
        changes = self.moved(self.spec.levels - 1.0)
        pulsed = analog.program(*changes, a.conductance, cells / arrays)
        at_once = self.spec.apim.parallel_programming
        turns = 1.0 if isinstance(at_once, str) else ceil(over_layers(np.sum, arrays) / at_once)
        macros = found.energy + (arrays * pulsed.energy).under("pe").under("analog")
        time = over_layers(np.sum, sent.latency.total)
        time = time + turns * over_layers(np.max, pulsed.latency.total)
        return Phase(joined(macros, sent.energy), 0.0, 0.0, macros, together=time)
