"""What each phase of training does on a chip whose arrays learn in place (system.md 6 to 10)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.architecture import InPlaceSpec
from neurorebit.chips.in_place.chip import InPlaceChip
from neurorebit.chips.parts.floorplan import ceil
from neurorebit.chips.parts.phases import (
    ARRAYS,
    NARROW,
    Phase,
    Phases,
    Rows,
    fourfold,
    joined,
    of_device,
    over_layers,
    shared,
)
from neurorebit.chips.parts.tile import Tile
from neurorebit.circuits.cost import Cost, Real
from neurorebit.schema.training import WORD

PROGRAMMED = (
    "sync: the cells change, row by row, in all arrays at once unless parallel_programming says "
    "less"
)


@dataclass(frozen=True, eq=False)
class InPlacePhases(Phases):
    """Both passes in the same arrays; gradients in a unit of their own; cells updated in place.

    ``kept``: words that a weight has beside its cells, its velocity and residue.
    """

    chip: InPlaceChip
    kept: float = 0.0

    @property
    def spec(self) -> InPlaceSpec:
        return self.chip.spec

    @property
    def own_assumptions(self) -> tuple[str, ...]:
        return (
            "batch-long tensors live in DRAM; a layer's gradients are summed over a batch in the "
            "gradient store where it has room, else in DRAM",
            f"velocities and residues, {WORD * self.kept:g} bits a weight, live in DRAM, read and "
            "written once an iteration; reads of cells for weight decay are not billed",
            "gradient: activations are written to the gradient units once an image, small maps of "
            "several images are read together, errors are shifted from one kernel position to the "
            "next; the units stand beside the global buffer",
            "update: rate times gradient, and the changes on their way to the arrays",
            PROGRAMMED,
            *self.chip.cell_assumptions,
        )

    @property
    def of_cells(self) -> tuple[str, ...]:
        return of_device(self.chip.device) if self.spec.holds_devices else ()

    def _shares(self, rows: Rows, cols: Rows) -> tuple[Real, Real]:
        """Of an array's rows and columns; where there are none, all stand in for them."""
        macro = self.chip.macro
        return (
            np.where(rows > 0.0, rows / macro.rows, 1.0),
            np.where(cols > 0.0, cols / macro.cols, 1.0),
        )

    def _read(self, rows: Rows, cols: Rows) -> Cost:
        planes, state = self.activity.planes, fourfold(self.activity.conductance)
        driven, sensed = self._shares(rows, cols)
        vector = Cost()
        for plane in planes:
            vector = vector + self.chip.macro.read(fourfold(plane), state, driven, sensed)
        return (self.spec.input_bits / len(planes)) * vector

    def _read_back(self, rows: Rows, cols: Rows) -> Cost:
        """One error vector, as ``_read``."""
        density, state = fourfold(self.activity.error_density), fourfold(self.activity.conductance)
        sensed, driven = self._shares(rows, cols)
        plane = self.chip.macro.read_transposed(density, state, driven, sensed)
        return self.spec.error_width * plane

    @cached_property
    def _errors(self) -> Rows:
        """Error bits of an image that go to a layer's tiles; kernel-split PEs hand them on."""
        again = np.where(self.layers.split, self.layers.kernel, 1.0)
        return self.results * again * self.spec.error_width

    def _back(self, tile: Tile) -> Cost:
        """Transport and additions of the backward pass if all tiles were of this kind.

        Kernel-split tiles add what the kernel positions give of an input value; the others send
        each, to be added where values are collected.
        """
        m, plan, sums = self.layers, self.chip.plan, self.chip.back_sum_bits
        values = m.vectors * m.channels * m.groups
        partial = values * m.positions
        taken = self.results * plan.pe_rows * self.spec.error_width
        copies = self._errors * plan.tiles_down
        given = partial * plan.pe_cols * sums
        held = Cost(tile.pe.take(taken).energy + tile.pe.give(given).energy)
        moved = tile.pe.carry(taken + partial * plan.array_cols * sums)
        inside = (held + moved).under(tile.name)
        added = tile.add(partial * plan.array_cols - values, sums)
        buffered = tile.buffered(copies, NARROW * np.where(m.split, values, partial))
        carried = tile.carry(copies + given)
        return inside + added + shared(buffered | carried, plan.tiles)

    def back(self) -> Phase:
        """Batch norm backwards, then the error through the same cells; not in layer one."""
        chip, m, plan, back = self.chip, self.layers, self.chip.plan, self.backward
        error, stored = self.spec.error_width, self.spec.vector_unit.stored_bits
        one = self._through(self._read_back)
        vectors = back * m.vectors
        products = Cost(vectors * one.energy, vectors / plan.copies * one.latency)
        side = np.where(m.split, chip.split_tile.side, chip.whole_tile.side)
        tree = self.over(chip.tree, self._errors, (plan.tiles - 1.0) * side)
        tree = tree + self.over(chip.tree, m.inputs * stored)
        buffered = chip.buffer.read(self._errors) | chip.buffer.write(m.inputs * error)
        streams = {
            ARRAYS: products, "tiles": back * self._in_tiles(self._back), "tree": back * tree,
            "buffer": back * buffered, "vector": self.errors_normed(),
        }  # fmt: skip
        steps = vectors * error * (plan.tiles + 1.0)
        fill = back * (one.latency.total + chip.tree.delay)
        return self.overlapped(streams, steps, self.errors_stored, fill)

    @cached_property
    def _spilled(self) -> Real:
        """1 for the layers whose gradients have no room on the chip."""
        return self.chip.gradient_store.spilled(self.layers.weights)

    @cached_property
    def _images(self) -> Real:
        """Images of a batch whose maps share the rows of an array."""
        room = np.floor(self.spec.gradient_unit.rows / self.chip.positions)
        asked = self.spec.gradient_unit.images
        most = self.batch if isinstance(asked, str) else np.minimum(self.batch, asked)
        images: Real = np.maximum(np.minimum(room, most), 1.0)
        return images

    def gradient(self) -> Phase:
        """Activations into the unit once, errors against them for each weight of a channel.

        Errors, not activations, are shifted from one kernel position to the next. Small maps of
        several images stand below each other and are read together. Copies of the activations work
        side by side where arrays are left; where they are too few, in turns.
        """
        chip, m, a = self.chip, self.layers, self.activity
        unit, store, bits = chip.gradient_unit, chip.gradient_store, self.spec.input_bits
        columns, density, images = m.channels * bits, a.density, self._images
        rows = images * chip.positions
        down, across = unit.taken(rows, columns)
        jobs, arrays = down * across, self.spec.gradient_unit.units * unit.arrays
        reads = self.outputs * m.positions / images
        copies = np.minimum(np.maximum(np.floor(arrays / jobs), 1.0), reads * images)
        turns = ceil(jobs / arrays)
        one = unit.read_part(a.error_density, density, rows, columns)
        flipped = 2.0 * density * (1.0 - density) * columns / (across * unit.cols)
        filled = unit.write(chip.positions / down, flipped, m.groups * jobs * copies)
        time = turns * (reads / copies * one.latency.total + m.groups * filled.latency.total)
        products = Cost(reads * one.energy + filled.energy) + Cost.of(0.0, time)
        errors = self.results * m.kernel * self.spec.error_width
        streams = {
            ARRAYS: products, "store": store.collect(m.weights / images),
            "buffer": chip.buffer.read(m.inputs * bits + errors),
        }  # fmt: skip
        dram = self.inputs_stored + self._spilled * 2.0 * m.weights / images * store.word
        return self.overlapped(streams, reads * jobs, dram, one.latency.total)

    @property
    def changes(self) -> Rows:
        """Bits that say which cells are to change, and how."""
        macro = self.chip.macro
        bits: Rows = self.programmed * (np.log2(macro.rows * macro.cols) + self.spec.weight_bits)
        return bits

    def update(self) -> Phase:
        """Rate times gradient, and the changes on their way to the arrays."""
        chip, m, plan, store = self.chip, self.layers, self.chip.plan, self.chip.gradient_store
        words, bits = self.kept * m.weights, self.changes
        scaled = store.scale(m.weights) + store.follow(words)
        carried = self._in_tiles(lambda tile: shared(tile.carry(bits), plan.tiles))
        streams = {ARRAYS: scaled, "tiles": carried, "tree": self.over(chip.tree, bits)}
        dram = self._spilled * m.weights * store.word + 2.0 * words * WORD
        return self.overlapped(streams, m.weights / store.lanes, dram, 0.0)

    def sync(self) -> Phase:
        """The cells that change, in all copies: by pulses, or written anew where they are SRAM."""
        chip, plan, state = self.chip, self.chip.plan, self.activity.conductance
        arrays, cells = plan.arrays * plan.copies, plan.held * plan.copies
        pulsed = chip.macro.program(*self.moved(self.spec.cell_steps), state, cells / arrays)
        at_once = self.spec.arrays.parallel_programming
        turns = 1.0 if isinstance(at_once, str) else ceil(over_layers(np.sum, arrays) / at_once)
        macros = (arrays * pulsed.energy).under("pe").under(chip.tile_name)
        time = turns * over_layers(np.max, pulsed.latency.total)
        return Phase(joined(macros), 0.0, 0.0, macros, together=time)
