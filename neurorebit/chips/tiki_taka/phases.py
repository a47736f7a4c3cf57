"""The phases of training where each weight has a fast and a slow array (Tiki-Taka).

See docs/models/phases.md#gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurorebit.chips.in_place.chip import InPlaceMacro
from neurorebit.chips.in_place.phases import InPlacePhases
from neurorebit.chips.parts.activity import MeasuredFast, Rows
from neurorebit.chips.parts.floorplan import Pieces, sum_over_layers
from neurorebit.chips.parts.phases import ARRAYS, Phase, divided
from neurorebit.chips.parts.tile import Tile
from neurorebit.chips.tiki_taka.chip import FastArray, TikiTakaChip
from neurorebit.circuits.cost import Cost, Real
from neurorebit.schema.training import SLOTS, WORD

_REFERENCES = {
    True: "as many cells again to be read against, each at rest",
    False: "no cells to be read against but those of a line for each converter",
}
_WORDS = "; it has {0.words} words of a weight, all read and written with a read of its cell"
_CHOPPED = "; a row has a sign, set anew with each read, with which lanes subtract for add"


@dataclass(frozen=True, eq=False)
class TikiTakaPhases(InPlacePhases):
    """Both passes in the slow arrays; inputs and errors pulse the fast ones, whose rows are read,
    added up, and passed on.
    """

    chip: TikiTakaChip

    @property
    def fast(self) -> MeasuredFast:
        """Activity of the fast arrays in one step."""
        assert self.activity.fast is not None
        return self.activity.fast

    @property
    def _of_phases(self) -> tuple[str, ...]:
        return (
            "batch-long tensors live in DRAM, and with them the hidden store's words of layers not "
            "at work, loaded and stored once an iteration; a layer that has more words than there "
            "is room for has them there with every read",
            f"gradient: none is computed; inputs and errors become trains of {SLOTS} slots on the "
            "rows and columns of the fast arrays, one vector after the other, in a slot first for "
            "pulses up, then for those down; ones are spread evenly over lines and vectors",
            f"fast arrays have {_REFERENCES[self.chip.referenced]}; those beside the copies of a "
            "layer stand idle",
            "update: rows of the fast arrays are read one after the other in each array, into the "
            "hidden store, whose changes go to the slow arrays"
            + (_WORDS.format(self.learning) if self.learning.words > 1 else "")
            + (_CHOPPED if self.chip.chopped else ""),
        )

    def _through_fast(self, work: Callable[[FastArray, Pieces], Cost]) -> Cost:
        """The fast arrays of a layer at work; time is that of the slowest."""
        chip = self.chip
        one = self.through(
            self.plan.pieces,
            lambda pieces: chip.in_pulsed_pes(
                lambda pe: pe.in_fast_arrays(lambda fast: work(fast, pieces))
            ),
        )
        return self.in_turns(one)

    def gradient(self) -> Phase:
        """Pulses on the fast arrays, vector by vector."""
        chip, w, plan = self.chip, self.workload, self.plan
        one = self._through_fast(self._coincide)
        lines = w.rows * w.groups * plan.pe_cols, plan.width * w.groups * plan.pe_rows
        trains = chip.in_pulsed_pes(lambda pe: pe.translate(SLOTS, *lines))
        bits = w.inputs * self.spec.input_bits
        bits = bits + w.results * w.window_height * self.spec.error_width
        streams = {
            ARRAYS: w.vectors * one, "translators": w.vectors * trains,
            "tiles": chip.in_tiles(self._pulse_transport),
            "tree": self.over_tree(chip.tree, self.input_bits_sent, plan.tiles_across)
            + self.over_tree(chip.tree, self.error_bits_sent, plan.tiles_down),
            "buffer": chip.buffer.read(bits),
        }  # fmt: skip
        steps = w.vectors * SLOTS * (1.0 + w.signed) * plan.tiles_of_a_set
        return self.overlapped(streams, steps, self.inputs_read, one.latency.total)

    def _coincide(self, array: FastArray, pieces: Pieces) -> Cost:
        """The pulses of one vector."""
        fast, seen = self.fast, self.batch * self.workload.vectors
        ones = pieces.spread(np.sqrt(np.minimum((fast.ups + fast.downs) / (seen * SLOTS), 1.0)))
        cells = pieces.rows * pieces.cols
        ups, downs = (pieces.spread(pulses / seen) * cells for pulses in (fast.ups, fast.downs))
        state = pieces.spread(fast.conductance)
        # inputs of either sign take their turns, each with errors of the one sign and of the other
        turns = 1.0 + pieces.spread(self.workload.signed)
        trains = turns * SLOTS, ones * pieces.rows / turns, ones * pieces.cols
        return array.coincide(*trains, up=ups, down=downs, state=state)

    def _pulse_transport(self, tile: Tile[InPlaceMacro]) -> Cost:
        """Inputs and errors to their lines if the tiles of all layers were of this kind."""
        w, plan, error = self.workload, self.plan, self.spec.error_width
        entered = w.vectors * w.rows * w.groups * plan.pe_cols * self.spec.input_bits
        entered = entered + w.results * plan.pe_rows * error
        inputs = self.input_bits_sent * plan.tiles_across
        errors = self.error_bits_sent * plan.tiles_down
        bussed = tile.in_pes(lambda pe: pe.carry(entered))
        carried = tile.carry(inputs, plan.tile_pes_across) + tile.carry(errors, plan.tile_pes_down)
        streamed = tile.stream(inputs + errors, 0.0 * errors) | carried
        return bussed + divided(streamed, plan.tiles)

    def update(self) -> Phase:
        """Rows of the fast arrays into the hidden store, and its changes to the slow arrays."""
        chip, plan, reads = self.chip, self.plan, self.fast.reads
        values, changes = reads * self.workload.weights, self.change_bits
        codes: Real = values * self.spec.arrays.adc_bits

        def moved(tile: Tile[InPlaceMacro]) -> Cost:
            inside = tile.in_pes(lambda pe: pe.hold_results(codes) + pe.carry(codes))
            return inside + divided(tile.carry(codes + changes), plan.tiles)

        streams = {
            ARRAYS: reads * self._through_fast(self._read_rows),
            "store": chip.hidden.collect(values), "tiles": chip.in_tiles(moved),
            "tree": self.over_tree(chip.tree, codes + changes),
            **self._chopping(),
        }  # fmt: skip
        return self.overlapped(streams, values / chip.hidden.lanes, self._hidden_bits, 0.0)

    def _chopping(self) -> dict[str, Cost]:
        """The signs of the rows that are read, where rows have any."""
        if not self.chip.chopped:
            return {}
        w, plan = self.workload, self.plan
        rows = self.fast.reads * w.rows * w.groups * plan.pe_cols
        return {"signs": self.chip.in_pulsed_pes(lambda pe: pe.chop(rows))}

    def _read_rows(self, array: FastArray, pieces: Pieces) -> Cost:
        """Each row of an array once."""
        _, sensed = self.used(pieces)
        state, places = pieces.spread(self.fast.conductance), self.places(pieces)
        return pieces.rows * array.read_row(state, sensed, places)

    @property
    def _hidden_bits(self) -> Rows:
        """DRAM traffic [bit] of the words that the hidden store has no room for."""
        weights, hidden = self.workload.weights, self.chip.hidden
        all_held = hidden.held(sum_over_layers(weights))
        times = np.where(hidden.held(weights) > 0.0, 1.0 - all_held, self.fast.reads)
        bits: Rows = 2.0 * times * weights * hidden.words * WORD
        return bits
