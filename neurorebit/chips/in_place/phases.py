"""The phases of training on a chip that learns in place (docs/models/phases.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.in_place.chip import InPlaceChip, InPlaceMacro
from neurorebit.chips.in_place.spec import InPlaceSpec
from neurorebit.chips.parts.activity import Rows
from neurorebit.chips.parts.floorplan import Pieces, ceil, max_over_layers
from neurorebit.chips.parts.phases import ARRAYS, Phase, divided, merged
from neurorebit.chips.parts.two_way import TwoWayPhases
from neurorebit.chips.parts.writing import SENTENCES
from neurorebit.circuits.cost import Bill, Cost, Real

PROGRAMMED = (
    "sync: the cells change, row by row, in all arrays at once unless parallel_programming says "
    "less"
)
FACTORS = (
    "two matrices of {rank} columns of words a layer, in which changes gather, live in DRAM and "
    "are read and written once an iteration; each word takes three products with the others of its "
    "row, for their orthonormal columns; a flush is billed in every one of its steps evenly"
)


@dataclass(frozen=True, eq=False)
class InPlacePhases(TwoWayPhases):
    """Both passes in the same arrays; gradients in a unit of their own; cells updated in place.

    The words that training keeps of a weight live in DRAM: its cells hold no more than its levels.
    """

    chip: InPlaceChip

    @property
    def spec(self) -> InPlaceSpec:
        return self.chip.spec

    @property
    def assumptions(self) -> tuple[str, ...]:
        return self.assume(
            (*self._of_phases, PROGRAMMED, *self.chip.cell_assumptions, *self._writing),
            self.chip.device if self.spec.holds_devices else None,
        )

    @property
    def _word(self) -> float:
        """Bits that training keeps of a weight."""
        return float(self.learning.words * self.learning.word_bits)

    @property
    def _factors(self) -> Rows:
        """Words of a layer's thin matrices, in which changes gather."""
        w = self.workload
        rank: Rows = np.minimum(np.minimum(w.rows, w.cols), self.learning.rank)
        return rank * (w.rows + w.cols) * w.groups

    @property
    def _writing(self) -> tuple[str, ...]:
        return (SENTENCES[self.learning.write],) if self.spec.holds_devices else ()

    @property
    def _of_phases(self) -> tuple[str, ...]:
        return (
            "batch-long tensors live in DRAM; a layer's gradients are summed over a batch in the "
            "gradient store where it has room, else in DRAM",
            f"what training keeps of a weight beside its cells, {self._word:g} "
            "bits (real weight, velocity, residue), lives in DRAM, read and written once an "
            "iteration",
            *([FACTORS.format(rank=self.learning.rank)] if self.learning.rank else ()),
            "gradient: activations are written to the gradient units once an image, small maps of "
            "several images are read together, errors are shifted from one kernel position to the "
            "next; the units stand beside the global buffer",
            f"update: {self.learning.products:g} products and {self.learning.additions:g} "
            f"additions a weight{self.learning.serially}, and the changes on their way to the "
            "arrays"
            + ("; weight decay reads all cells, row by row" if self.learning.reads_cells else ""),
        )

    # -- gradients -------------------------------------------------------------------------------

    @cached_property
    def _spilled(self) -> Real:
        """1 for the layers whose gradients have no room on the chip."""
        return self.chip.gradient_store.spilled(self.workload.weights)

    def gradient(self) -> Phase:
        """Activations are written to the unit once; errors are read against them, a vector for each
        weight of a channel.

        Errors, not activations, are shifted from one window position to the next. Small maps of
        several images share the rows of an array and are read together. Where arrays are left,
        copies of the activations work in parallel; where there are too few, the arrays work in
        turns.
        """
        chip, w, a = self.chip, self.workload, self.activity
        unit, store, bits = chip.gradient_unit, chip.gradient_store, self.spec.input_bits
        columns, density, images = w.channels * bits, a.stored, chip.gradient_images
        rows = images * chip.positions
        down, across = unit.taken(rows, columns)
        jobs, arrays = chip.gradient_arrays, chip.gradient_units * unit.arrays
        reads = chip.gradient_reads
        copies = np.minimum(np.maximum(np.floor(arrays / jobs), 1.0), reads * images)
        turns = ceil(jobs / arrays)
        one = unit.read_part(a.error_density, density, rows, columns)
        flipped = 2.0 * density * (1.0 - density) * columns / (across * unit.cols)
        filled = unit.write(chip.positions / down, flipped, w.groups * jobs * copies)
        time = turns * (reads / copies * one.latency.total + w.groups * filled.latency.total)
        products = Cost(reads * one.energy + filled.energy, Bill({"": time}))
        errors = w.results * w.window_height * self.spec.error_width
        streams = {
            ARRAYS: products, "store": store.collect(w.weights / images),
            "buffer": chip.buffer.read(w.inputs * bits + errors),
        }  # fmt: skip
        dram = self.inputs_read + self._spilled * 2.0 * w.weights / images * store.word
        steps = reads * self.spec.error_width * jobs
        return self.overlapped(streams, steps, dram, one.latency.total)

    # -- weights ---------------------------------------------------------------------------------

    @property
    def change_bits(self) -> Rows:
        """Bits that say which cells are to change, and how."""
        macro = self.chip.macro
        bits: Rows = self.programmed * (np.log2(macro.rows * macro.cols) + self.spec.weight_bits)
        return bits

    def update(self) -> Phase:
        """The rule's products and additions, and the changes on their way to the arrays.

        A real weight that is rounded to a level takes one more of each: it is scaled by the
        spacing of the levels and rounded.
        """
        chip, w, store, rule = self.chip, self.workload, self.chip.gradient_store, self.learning
        bits, rounded = self.change_bits, int(rule.rounded)
        products, additions = rule.products + rounded, rule.additions + rounded
        scaled = store.update(w.weights, products, additions, serial=rule.serial)
        if rule.rank:
            rank = 3.0 * rule.rank
            scaled = scaled + store.update(self._factors, rank, rank)
        if rule.reads_cells:
            scaled = scaled | self.through_arrays(self._read_cells)
        carried = divided(chip.in_tiles(lambda tile: tile.carry(bits)), self.plan.tiles)
        carried = carried + chip.in_tiles(lambda tile: tile.in_pes(lambda pe: pe.carry(bits)))
        streams = {ARRAYS: scaled, "tiles": carried, "tree": self.over_tree(chip.tree, bits)}
        dram = self._spilled * w.weights * store.word + 2.0 * self._word * w.weights
        dram = dram + 2.0 * rule.word_bits * self._factors
        return self.overlapped(streams, w.weights / store.update_lanes, dram, 0.0)

    def _read_cells(self, macro: InPlaceMacro, pieces: Pieces) -> Cost:
        """The cells of an array, one row after the other."""
        state = pieces.spread(self.activity.conductance)
        (driven, sensed), places = self.used(pieces), self.places(pieces)
        if self.spec.row_by_row:
            return macro.read(1.0, state, driven, sensed, places=places)
        return pieces.rows * macro.read(1.0 / macro.rows, state, 1.0, sensed, places=places)

    def sync(self) -> Phase:
        """The cells that change, in all copies: by pulses, or written anew where they are SRAM."""
        plan = self.plan
        pulsed = self.workload.learns * self.reprogrammed()
        summed = self.workload.learns * self.sum_weights()
        macros = merged(plan.copies * pulsed.energy, summed.energy)
        time = self.turns_of_writing() * max_over_layers(pulsed.latency.total)
        time = time + max_over_layers(summed.latency.total)
        return Phase(macros, 0.0, 0.0, macros, common_time=time)
