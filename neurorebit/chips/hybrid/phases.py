"""The phases of training on a hybrid chip (system.md 13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.hybrid.chip import HybridChip
from neurorebit.chips.hybrid.digital import DigitalMacro
from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.parts.activity import Rows
from neurorebit.chips.parts.floorplan import Pieces, ceil, max_over_layers, sum_over_layers
from neurorebit.chips.parts.phases import ARRAYS, Phase, Phases, divided, merged
from neurorebit.circuits.cost import Cost, Real

WORD = 32.0


@dataclass(frozen=True, eq=False)
class HybridPhases(Phases):
    """Forward in the analog tiles, all else in the digital ones; then the analog cells follow."""

    chip: HybridChip

    @property
    def spec(self) -> HybridSpec:
        return self.chip.spec

    @property
    def assumptions(self) -> tuple[str, ...]:
        own = (
            "batch-long tensors live in DRAM; weights, gradients and momentum stay in the macros",
        )
        return self.assume(own, self.chip.device)

    def forward(self) -> Phase:
        """Inputs through the analog arrays, partial sums, vector work."""

        def read(macro: AnalogMacro, pieces: Pieces) -> Cost:
            a = self.activity
            density, conductance = pieces.spread(a.density), pieces.spread(a.conductance)
            return macro.mvm(density, conductance, pieces.rows, pieces.cols)

        return self.forward_pass(read)

    # -- the digital side ------------------------------------------------------------------------

    @property
    def _errors_sent(self) -> Rows:
        """Error bits of an image that go to a layer's digital tiles."""
        bits: Rows = self.fetches_per_pixel * self.workload.results * self.spec.error_width
        return bits

    @property
    def _nonzero(self) -> Rows:
        """Share of the errors that lanes multiply: all, or those that are not zero."""
        skipped = self.spec.vector_unit.skip_zero_errors
        return self.activity.error_nonzero if skipped else np.ones_like(self.activity.density)

    @property
    def _vectors(self) -> Rows:
        """Vectors of an image that one copy of a layer takes."""
        return self.workload.vectors / self.spec.dpim.copies

    def _digitally(self, work: Callable[[DigitalMacro, Pieces], Cost]) -> Cost:
        """The cost of ``work`` in the digital macros of one copy of each layer, all at once.

        ``work``: in a macro of which the rows and words of ``Pieces`` are in use.
        """
        tile = self.chip.digital_tile
        return self.through(
            self.chip.digital_pieces,
            lambda pieces: tile.in_macros(lambda macro: work(macro, pieces)),
        )

    def _beyond(self, tiles: Real) -> Real:
        """Length [m] that data for all of these tiles travel beyond the first."""
        return (tiles - 1.0) * self.chip.digital_tile.side

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
        sent, returned = self._errors_sent, w.inputs * WORD
        tree = self.over_tree(chip.digital_tree, sent, self._beyond(chip.digital_tiles))
        tree = tree + self.over_tree(chip.digital_tree, returned)
        buffered = chip.buffer.read(sent) | chip.buffer.write(w.inputs * error)
        streams = {
            ARRAYS: products, "tiles": sends * self._backward_transport(), "tree": sends * tree,
            "buffer": sends * buffered, "vector": self.vector_work(w.backward),
        }  # fmt: skip
        steps = sends * w.vectors * chip.digital_rows * macro.row_reads * chip.digital_tiles
        fill = sends * (one.latency.total + chip.digital_tree.delay)
        return self.overlapped(streams, steps, self.errors_read, fill)

    def _backward_transport(self) -> Cost:
        """Errors to all tiles across a layer, partial results back, and their additions."""
        chip, w, tile = self.chip, self.workload, self.chip.digital_tile
        sums, results = chip.digital_macro.sum_bits, w.vectors * w.channels * w.groups
        blocks = w.positions * ceil(w.cols / chip.digital_macro.rows)
        errors = self._errors_sent * chip.digital_across
        given, bussed = results * w.positions * sums, results * blocks * sums
        inside = tile.in_pes(lambda pe: pe.hold_results(given) + pe.carry(errors + bussed))
        added = tile.add(results * (blocks - 1.0), sums)
        streamed = tile.stream(errors, WORD * results)
        streamed = streamed | tile.carry(errors + given * chip.digital_down)
        return inside + added + divided(streamed, chip.digital_tiles)

    def gradient(self) -> Phase:
        """Errors times activations, summed over an image, added to the gradients in the SRAM."""
        chip, w, tile = self.chip, self.workload, self.chip.digital_tile
        bits = self.spec.input_bits
        outer = self._digitally(
            lambda dpim, used: dpim.outer(used.spread(self._nonzero), used.rows, used.cols)
        )
        stored = self._digitally(lambda dpim, used: dpim.collect(used.rows, used.cols))
        formed = Cost(w.vectors * outer.energy, self._vectors * outer.latency)
        sent = self._errors_sent
        inputs = self.fetches_per_pixel * w.vectors * w.channels * w.groups * bits
        copies = sent * chip.digital_across + inputs * chip.digital_down
        fed = w.vectors * self._operand_bits
        streamed = tile.stream(copies, 0.0 * copies) | tile.carry(copies)
        tree = self.over_tree(chip.digital_tree, sent, self._beyond(chip.digital_tiles))
        tree = tree + self.over_tree(chip.digital_tree, inputs, self._beyond(chip.digital_down))
        streams = {
            ARRAYS: formed + stored, "feed": tile.in_pes(lambda pe: pe.feed(fed)),
            "tiles": divided(streamed, chip.digital_tiles), "tree": tree,
            "buffer": chip.buffer.read(sent + inputs),
        }  # fmt: skip
        steps = w.vectors * chip.digital_rows * chip.digital_tiles
        fill = outer.latency.total / chip.digital_rows + chip.digital_tree.delay
        return self.overlapped(streams, steps, self.inputs_read, fill)

    @property
    def _operand_bits(self) -> Rows:
        """Bits of errors and activations that enter the macros of a layer for one position."""
        chip, pieces = self.chip, self.chip.digital_pieces
        errors, inputs = chip.digital_macro.operands(pieces.rows, pieces.cols)
        each = errors * self.spec.error_width + inputs * self.spec.input_bits
        kinds = pieces.by_kind(pieces.counts * each, len(self.workload.rows))
        bits: Rows = np.sum(kinds, axis=-2)
        return bits

    def update(self) -> Phase:
        """Weight minus rate times gradient, in all macros at once."""
        written = self.activity.words_written
        one = self._digitally(
            lambda dpim, used: dpim.write(used.spread(written), used.rows, used.cols)
        )
        energy = self.spec.dpim.copies * one.energy
        return Phase(energy, 0.0, 0.0, energy, common_time=max_over_layers(one.latency.total))

    def sync(self) -> Phase:
        """New levels, and the cells whose level changed are programmed, in all copies."""
        chip, plan, a = self.chip, self.plan, self.activity
        levels = self._digitally(lambda dpim, used: dpim.level(used.rows, used.cols)).energy
        arrays, cells = plan.arrays * plan.copies, plan.held * plan.copies
        address = np.log2(chip.macro.rows * chip.macro.cols) + self.spec.weight_bits
        bits = cells * (a.set_fraction + a.reset_fraction) * address
        sent = self.over_tree(chip.digital_tree, bits) + self.over_tree(chip.tree, bits)
        changes = self.level_changes(self.spec.cell_steps)
        pulsed = chip.in_macros(lambda apim: apim.program(*changes, a.conductance, cells / arrays))
        at_once = self.spec.apim.parallel_programming
        turns = 1.0 if isinstance(at_once, str) else ceil(sum_over_layers(arrays) / at_once)
        macros = levels + arrays * pulsed.energy
        time = sum_over_layers(sent.latency.total)
        time = time + turns * max_over_layers(pulsed.latency.total)
        return Phase(merged(macros, sent.energy), 0.0, 0.0, macros, common_time=time)
