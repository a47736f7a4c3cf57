"""What each phase of training does where a weight has a fast array and a slow one (Tiki-Taka)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.chips.in_place.phases import PROGRAMMED, InPlacePhases
from neurorebit.chips.parts.phases import (
    ARRAYS,
    MeasuredFast,
    Phase,
    Rows,
    fourfold,
    over_layers,
    shared,
)
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.tiki_taka.chip import TikiTakaChip
from neurorebit.circuits.cost import Cost, Real
from neurorebit.schema.training import SLOTS, WORD


@dataclass(frozen=True, eq=False)
class TikiTakaPhases(InPlacePhases):
    """Both passes in the slow arrays; inputs and errors pulse the fast ones, whose rows are read,
    added up, and passed on.
    """

    chip: TikiTakaChip

    @property
    def fast(self) -> MeasuredFast:
        """What a step does to the fast arrays."""
        assert self.activity.fast is not None
        return self.activity.fast

    @property
    def own_assumptions(self) -> tuple[str, ...]:
        return (
            "batch-long tensors live in DRAM, and with them the hidden store's words of layers not "
            "at work, loaded and stored once an iteration; a layer that has more words than there "
            "is room for has them there with every read",
            f"gradient: none is computed; inputs and errors become trains of {SLOTS} slots on the "
            "rows and columns of the fast arrays, one vector after the other, in a slot first for "
            "pulses up, then for those down; ones are spread evenly over lines and vectors",
            "fast arrays have as many cells again to be read against, each at rest; those beside "
            "the copies of a layer stand idle",
            "update: rows of the fast arrays are read one after the other in each array, into the "
            "hidden store, whose changes go to the slow arrays",
            PROGRAMMED,
            *self.chip.cell_assumptions,
        )

    def _coincide(self, rows: Rows, cols: Rows) -> Cost:
        """One vector's pulses."""
        fast, seen = self.fast, self.batch * self.layers.vectors
        ones = fourfold(np.sqrt(np.minimum((fast.ups + fast.downs) / (seen * SLOTS), 1.0)))
        ups, downs = (fourfold(pulses / seen) * rows * cols for pulses in (fast.ups, fast.downs))
        state = fourfold(fast.conductance)
        return self.chip.fast.coincide(SLOTS, ones * rows, ones * cols, ups, downs, state)

    def _translated(self) -> Cost:
        """One vector as pulse trains, on all lines that its values go to."""
        chip, m, plan = self.chip, self.layers, self.chip.plan
        rows = chip.row_translators(m.rows * m.groups * plan.pe_cols)
        cols = chip.col_translators(plan.width * m.groups * plan.pe_rows)
        trains = rows.translate(SLOTS) + cols.translate(SLOTS)
        return trains.under("pe").under(chip.tile_name)

    def _brought(self, tile: Tile) -> Cost:
        """Inputs and errors to their lines if all tiles were of this kind."""
        m, plan, error = self.layers, self.chip.plan, self.spec.error_width
        taken = m.vectors * m.rows * m.groups * self.spec.input_bits
        taken = taken + self.results * plan.pe_rows * error
        copies = self._sent + self._errors * plan.tiles_down
        moved = tile.pe.carry(taken).under(tile.name)
        return moved + shared(tile.buffered(copies, 0.0 * copies) | tile.carry(copies), plan.tiles)

    def gradient(self) -> Phase:
        """Pulses on the fast arrays, vector by vector."""
        chip, m = self.chip, self.layers
        one = self._through(self._coincide)
        bits = m.inputs * self.spec.input_bits + self.results * m.kernel * self.spec.error_width
        streams = {
            ARRAYS: m.vectors * one, "translators": m.vectors * self._translated(),
            "tiles": self._in_tiles(self._brought),
            "tree": self.over(chip.tree, self._sent + self._errors),
            "buffer": chip.buffer.read(bits),
        }  # fmt: skip
        steps = m.vectors * SLOTS * chip.plan.tiles
        return self.overlapped(streams, steps, self.inputs_stored, one.latency.total)

    def _read_rows(self, rows: Rows, cols: Rows) -> Cost:
        """Each row of an array once."""
        _, sensed = self._shares(rows, cols)
        return rows * self.chip.fast.read_row(fourfold(self.fast.conductance), sensed)

    @property
    def _moved(self) -> Rows:
        """DRAM traffic [bit] of the words that the hidden store has no room for."""
        m, hidden = self.layers, self.chip.hidden
        all_held = hidden.held(over_layers(np.sum, m.weights))
        times = np.where(hidden.held(m.weights) > 0.0, 1.0 - all_held, self.fast.reads)
        bits: Rows = 2.0 * times * m.weights * WORD
        return bits

    def update(self) -> Phase:
        """Rows of the fast arrays into the hidden store, and its changes to the slow arrays."""
        chip, m, plan, reads = self.chip, self.layers, self.chip.plan, self.fast.reads
        values = reads * m.weights
        codes: Real = values * self.spec.arrays.adc_bits

        def moved(tile: Tile) -> Cost:
            inside = Cost(tile.pe.give(codes).energy) + tile.pe.carry(codes)
            return inside.under(tile.name) + shared(tile.carry(codes + self.changes), plan.tiles)

        streams = {
            ARRAYS: reads * self._through(self._read_rows), "store": chip.hidden.collect(values),
            "tiles": self._in_tiles(moved), "tree": self.over(chip.tree, codes + self.changes),
        }  # fmt: skip
        return self.overlapped(streams, values / chip.hidden.lanes, self._moved, 0.0)
