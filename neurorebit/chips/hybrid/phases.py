"""The phases of training on a hybrid chip (docs/models/phases.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from neurorebit.chips.hybrid.adapted import ADAPTED, AdaptedPhases
from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.hybrid.chip import WORD
from neurorebit.chips.hybrid.digital import DigitalMacro
from neurorebit.chips.hybrid.spec import GRADIENTS, RESIDENT
from neurorebit.chips.parts.activity import Rows
from neurorebit.chips.parts.floorplan import Pieces, ceil, max_over_layers, sum_over_layers
from neurorebit.chips.parts.phases import ARRAYS, Phase, divided, merged
from neurorebit.chips.parts.writing import SENTENCES
from neurorebit.circuits.cost import Bill, Cost, Real


@dataclass(frozen=True, eq=False)
class HybridPhases(AdaptedPhases):
    """Forward in the analog tiles, all else in the digital ones; then the analog cells follow."""

    @property
    def assumptions(self) -> tuple[str, ...]:
        adapted = (ADAPTED,) if self.chip.adapters.some else ()
        own = (
            *adapted,
            "batch-long tensors live in DRAM"
            + (
                ""
                if self.spec.dpim.one_layer
                else "; weights, gradients and momentum stay in the macros"
            ),
            f"update: {self.learning.products} products of a word and a rate a weight"
            f"{self.learning.serially}",
            *self.spec.formats.sentences,
            *self._of_words,
            SENTENCES[self.learning.write],
        )
        return self.assume(own, self.chip.device)

    @property
    def _of_words(self) -> tuple[str, ...]:
        """What the report says where words come and go, or gradients are streamed."""
        dpim = self.spec.dpim
        resident = (RESIDENT[dpim.resident],) if dpim.one_layer else ()
        return (*resident, *((GRADIENTS[dpim.gradients],) if dpim.streamed else ()))

    def read(self, macro: AnalogMacro, pieces: Pieces) -> Cost:
        """Inputs through an analog array."""
        a = self.activity
        density, conductance = pieces.spread(a.density), pieces.spread(a.conductance)
        planes = pieces.spread(np.atleast_1d(self.chip.input_planes))
        use = {"planes": planes, "places": self.read_places(pieces)}
        read = macro.mvm(density, conductance, pieces.rows, pieces.cols, **use)
        return read + self.corrected(macro, pieces)

    def read_ones(self, macro: AnalogMacro, pieces: Pieces) -> Cost:
        conductance = pieces.spread(self.activity.conductance)
        use = {"planes": 1.0, "places": self.read_places(pieces)}
        return macro.mvm(1.0, conductance, pieces.rows, pieces.cols, **use)

    # -- the digital side ------------------------------------------------------------------------

    @property
    def _error_bits(self) -> Rows:
        """Bits of the errors of an image."""
        bits: Rows = self.workload.results * self.spec.error_width
        return bits

    @property
    def _nonzero(self) -> Rows:
        """Share of the errors that lanes multiply: all, or those that are not zero."""
        skipped = self.spec.vector_unit.skip_zero_errors
        return self.activity.error_nonzero if skipped else np.ones_like(self.activity.density)

    @property
    def _vectors(self) -> Rows:
        """Vectors of an image that one copy of a layer takes: all that wait for each other."""
        w, copies = self.workload, self.chip.digital_copies
        shared = ceil(w.vectors * self.batch / copies) / self.batch
        return np.where(w.serial > 0.0, w.vectors, shared)

    def _digitally(
        self, work: Callable[[DigitalMacro, Pieces], Cost], *, alone: bool = False
    ) -> Cost:
        """The cost of ``work`` in the digital macros of one copy of each layer, all at once.

        ``work``: in a macro of which the rows and words of ``Pieces`` are in use. Packed groups
        follow each other, as macros do that share a set of lanes (but where ``alone``: work in
        which lanes have no part).
        """
        tile = self.chip.digital_tile
        one = self.through(
            self.chip.digital_pieces,
            lambda pieces: tile.in_macros(lambda macro: work(macro, pieces)),
        )
        turns = 1.0 if alone else self.chip.turns
        return Cost(one.energy, self.chip.digital_groups * turns * one.latency)

    def backward(self) -> Phase:
        """Vector work, then the error through the transposed weights; none in the first layer."""
        chip, w, a = self.chip, self.workload, self.activity
        macro, sends, error = chip.digital_macro, w.sends_error, self.spec.error_width
        one = self._digitally(
            lambda dpim, used: dpim.mtvm(
                used.spread(a.error_density), used.spread(self._nonzero), used.rows, used.cols
            )
        )
        products = Cost(sends * w.vectors * one.energy, sends * self._vectors * one.latency)
        sent, added = chip.error_fetches * self._error_bits, self._added
        tree = self.over_tree(chip.digital_tree, sent, chip.digital_across)
        tree = tree + self.over_tree(chip.digital_tree, self.error_sums * WORD, added)
        buffered = chip.buffer.read(sent) | chip.buffer.write(w.inputs * error)
        streams = {
            ARRAYS: products, "tiles": sends * self._backward_transport(), "tree": sends * tree,
            "buffer": sends * buffered, "vector": self.vector_work(w.backward),
        }  # fmt: skip
        steps = sends * self._vectors * chip.digital_rows * macro.row_reads * chip.digital_tiles
        fill = sends * (one.latency.total + chip.digital_tree.delay)
        phase = self.overlapped(streams, steps, self.errors_read, fill, serial=True)
        return self._with_frozen(phase)

    def _backward_transport(self) -> Cost:
        """Errors to the tiles that hold their outputs, partial sums back, and their additions.

        At a time the PEs of all positions work on errors that lie as the window does, so that their
        partial sums belong to one input. So an error comes in for each position, or for each row of
        the window where PEs hand it on.
        """
        chip, w, tile = self.chip, self.workload, self.chip.digital_tile
        sums, partial = chip.digital_macro.sum_bits, w.vectors * w.channels * w.groups * w.positions
        down = ceil(w.cols / chip.digital_macro.rows)
        errors = chip.error_fetches * self._error_bits * chip.digital_across
        entered = chip.digital_blocks * self._error_bits * chip.digital_pes_across
        given, bussed = partial * chip.digital_pes_down * sums, partial * down * sums
        inside = tile.in_pes(
            lambda pe: pe.hold_inputs(entered) + pe.hold_results(given) + pe.carry(entered + bussed)
        )
        added = tile.add(partial * down - self.error_sums, sums)
        carried = tile.carry(errors, chip.pes_in_tile(chip.digital_pes_across)) + tile.carry(given)
        streamed = tile.stream(errors, WORD * self.error_sums * self._added) | carried
        return inside + added + divided(streamed, chip.digital_tiles)

    @property
    def _added(self) -> Real:
        """Tiles whose partial sums make one error of an input."""
        return self.chip.of_all_positions(self.chip.digital_down)

    def gradient(self) -> Phase:
        """Errors times activations, summed over an image, added to the gradients in the SRAM.

        At a time the macros of all positions work on the same errors, which are sent once to all
        of them, with the inputs that each position sees.
        """
        chip, w, tile = self.chip, self.workload, self.chip.digital_tile
        bits = self.chip.digital_macro.activation.bits
        outer = self._digitally(
            lambda dpim, used: dpim.outer(used.spread(self._nonzero), used.rows, used.cols)
        )
        collected = self._collected
        formed = Cost(w.vectors * outer.energy, self._vectors * outer.latency)
        errors, vectors = self._error_bits, w.vectors * w.channels * w.groups * bits
        vectors = self._blocks * vectors
        inputs, fed = chip.digital_fetches * vectors, w.vectors * self._operand_bits
        everywhere = chip.of_all_positions(chip.digital_across)
        tree = self.over_tree(chip.digital_tree, errors, everywhere)
        tree = tree + self.over_tree(chip.digital_tree, inputs, chip.digital_down)
        streams = {
            ARRAYS: formed + collected, "feed": tile.in_pes(lambda pe: pe.feed(fed)),
            "tiles": self._gradient_transport(errors * everywhere, inputs * chip.digital_down),
            "tree": tree, "buffer": chip.buffer.read(errors + inputs),
        }  # fmt: skip
        steps = self._vectors * chip.digital_rows * chip.digital_tiles
        fill = outer.latency.total / chip.digital_rows + chip.digital_tree.delay
        again = (self._blocks - 1.0) * w.inputs * bits
        return self.overlapped(streams, steps, self.inputs_read + again, fill)

    @property
    def _blocks(self) -> Real:
        """Times that an input comes to the macros: once, or for each block of sums."""
        dpim = self.spec.dpim
        return ceil(self.chip.digital_rows / dpim.vectors) if dpim.streamed else 1.0

    def _gradient_transport(self, errors: Real, inputs: Real) -> Cost:
        """Bits of errors and inputs that enter tiles, on their way to the PEs of each position."""
        chip, w, tile = self.chip, self.workload, self.chip.digital_tile
        across, down = chip.digital_pes_across, chip.digital_pes_down
        vectors = w.vectors * w.channels * w.groups * chip.digital_macro.activation.bits
        vectors = self._blocks * vectors
        packed = self._error_bits * across + w.positions * vectors * down
        entered = w.positions * (self._error_bits * across + vectors * down)
        entered = np.where(chip.digital_groups > 1.0, packed, entered)
        inside = tile.in_pes(lambda pe: pe.hold_inputs(entered) + pe.carry(entered))
        pes = np.where(chip.aligned, w.positions, chip.pes_in_tile(chip.digital_blocks * across))
        carried = tile.carry(errors, pes) + tile.carry(inputs, chip.pes_in_tile(down))
        streamed = tile.stream(errors + inputs, 0.0 * errors) | carried
        return inside + divided(streamed, chip.digital_tiles)

    @property
    def _operand_bits(self) -> Rows:
        """Bits of errors and activations that enter the macros of a layer for one position."""
        chip, pieces = self.chip, self.chip.digital_pieces
        errors, inputs = chip.digital_macro.operands(pieces.rows, pieces.cols)
        input_bits = self.chip.digital_macro.activation.bits
        each = errors * self.spec.error_width + inputs * input_bits
        kinds = pieces.by_kind(pieces.counts * each, len(self.workload.rows))
        bits: Rows = np.sum(kinds, axis=-2)
        return bits

    @property
    def _collected(self) -> Cost:
        """Sums of the lanes added to the gradients in the arrays, in all copies of a layer: each
        copy has seen its share of the vectors.
        """
        one = self._digitally(lambda dpim, used: dpim.collect(used.rows, used.cols))
        collected = Cost(self.chip.digital_copies * one.energy, one.latency)
        return 1.0 / self.batch * collected if self.spec.dpim.streamed else collected

    def update(self) -> Phase:
        """The rule's products and additions, in all macros at once.

        The gradients of a batch were added to the velocity as they were collected, so that the
        addition of momentum is not one of them.
        """
        written, steps = self.activity.words_written, self._steps
        one = self._digitally(
            lambda dpim, used: dpim.write(used.spread(written), used.rows, used.cols, **steps)
        )
        summed, moved = self._of_copies
        learns = self.workload.learns
        one, summed, moved = learns * one, learns * summed, learns * moved
        macros = merged(self.chip.digital_copies * one.energy, summed.energy)
        time = max_over_layers(one.latency.total) + max_over_layers(summed.latency.total)
        time = time + sum_over_layers(moved.latency.total)
        if self.spec.dpim.one_layer:
            return self._swapping(merged(macros, moved.energy), macros, one + summed + moved)
        return Phase(merged(macros, moved.energy), 0.0, 0.0, macros, common_time=time)

    def _swapping(self, energy: Bill, macros: Bill, learned: Cost) -> Phase:
        """An update layer by layer: words of each go to DRAM, those of the next come from it."""
        swapped = self._swapped(2.0 * self.workload.learns)
        dram = 2.0 * self.workload.learns * self.chip.swapped_bits
        time = np.maximum(swapped.latency.total, self.chip.dram.transfer(dram).latency.total)
        time = sum_over_layers(time + learned.latency.total)
        energy = merged(energy, swapped.energy)
        return Phase(energy, 0.0, dram, merged(macros, swapped.energy), common_time=time)

    def _swapped(self, ways: Real) -> Cost:
        """The words of layers between global buffer and macros: there, or there and back."""
        chip, tile = self.chip, self.chip.digital_tile
        bits = chip.digital_copies * ways * chip.swapped_bits
        one = self._digitally(lambda dpim, used: dpim.swap(used.rows, used.cols), alone=True)
        rows = 0.5 * ways * one
        inside = tile.in_pes(lambda pe: pe.carry(bits))
        inside = inside + divided(tile.carry(bits), chip.digital_tiles)
        return self.over_tree(chip.digital_tree, bits) | inside | rows

    def _with_frozen(self, phase: Phase) -> Phase:
        """A backward phase with the words of frozen layers, which come for a batch and stay."""
        w, share = self.workload, 1.0 / self.batch
        frozen = w.reached * (1.0 - w.learns)
        if not self.spec.dpim.one_layer or not np.any(frozen > 0.0):
            return phase
        swapped = share * self._swapped(frozen)
        dram = share * frozen * self.chip.swapped_bits
        time = np.maximum(swapped.latency.total, self.chip.dram.transfer(dram).latency.total)
        return replace(
            phase,
            energy=merged(phase.energy, swapped.energy),
            time=phase.time + time,
            dram_bits=phase.dram_bits + dram,
            streams={**phase.streams, "words": swapped},
        )

    @property
    def _of_copies(self) -> tuple[Cost, Cost]:
        """Before an update copies of a layer add their gradients: in the macros, and on the way.

        Words of all copies are added where their ways over the tree meet, and the sums go back to
        all of them. Nothing happens where there is one copy.
        """
        chip, copies, tile = self.chip, self.chip.digital_copies, self.chip.digital_tile
        several = np.where(np.greater(copies, 1.0), 1.0, 0.0)
        word = self.spec.formats.gradients.bits
        bits: Real = several * 2.0 * word * self.workload.weights
        tree = self.over_tree(chip.digital_tree, bits, copies)
        inside = divided(tile.carry(copies * bits), chip.digital_tiles)
        inside = inside + tile.in_pes(lambda pe: pe.carry(copies * bits))
        return several * self._collected, several * (tree | inside)

    def sync(self) -> Phase:
        """New levels, and the cells whose level changed are programmed, in all copies.

        A change is a cell's address and its level. Changes of a layer stream from its digital tiles
        over all trees to its analog ones, layer after layer; then all cells are programmed.
        """
        chip, plan, a = self.chip, self.plan, self.activity
        levels = self._digitally(lambda dpim, used: dpim.level(used.rows, used.cols)).energy
        cells = plan.held * plan.copies
        address = np.log2(chip.macro.rows * chip.macro.cols) + self.spec.weight_bits
        bits = cells * (a.set_fraction + a.reset_fraction) * address
        out = chip.digital_tile.in_pes(lambda pe: pe.carry(bits)) + divided(
            chip.digital_tile.carry(bits), chip.digital_tiles
        )
        into = chip.in_tiles(lambda tile: tile.in_pes(lambda pe: pe.carry(bits)))
        into = into + divided(chip.in_tiles(lambda tile: tile.carry(bits)), plan.tiles)
        trees = self.over_tree(chip.digital_tree, bits) | self.over_tree(chip.tree, bits)
        learns = self.workload.learns * self.workload.in_cells
        levels = Bill({name: learns * amount for name, amount in levels.items.items()})
        sent, pulsed = learns * (out | trees | into), learns * self.reprogrammed()
        summed = learns * self.sum_weights()
        macros = merged(levels + plan.copies * pulsed.energy, summed.energy)
        time = sum_over_layers(sent.latency.total) + max_over_layers(summed.latency.total)
        time = time + self.turns_of_writing() * max_over_layers(pulsed.latency.total)
        return Phase(merged(macros, sent.energy), 0.0, 0.0, macros, common_time=time)

    # -- all weights, once -----------------------------------------------------------------------

    def programming(self) -> Phase | None:
        """Words come from DRAM to the digital macros; their levels go to the cells."""
        written = super().programming()
        if written is None:
            return None
        chip, w, tile = self.chip, self.workload, self.chip.digital_tile
        formats = self.spec.formats
        word = (formats.masters or formats.weights).bits
        words, levels = word * w.weights, self.spec.weight_bits * w.weights
        copied = words * self.chip.digital_copies
        loaded = self._digitally(lambda dpim, used: dpim.load(used.rows, used.cols), alone=True)
        levelled = self._digitally(lambda dpim, used: dpim.level(used.rows, used.cols, times=1.0))
        macros = merged(self.chip.digital_copies * loaded.energy, levelled.energy)
        trees = self.over_tree(chip.digital_tree, copied) + self.over_tree(
            chip.digital_tree, levels
        )
        inside = tile.in_pes(lambda pe: pe.carry(copied + levels)) + divided(
            tile.carry(copied + levels), chip.digital_tiles
        )
        streams = {**written.streams, chip.digital_tree.name: trees, "digital": inside | loaded}
        time = chip.dram.transfer(words).latency.total
        for stream in streams.values():
            time = np.maximum(time, stream.latency.total)
        return Phase(
            merged(written.energy, macros, trees.energy, inside.energy),
            time,
            words,
            merged(written.macro, macros),
            streams=streams,
            common_time=written.common_time,
        )
