"""Work of digital macros beside that of all layers: low-rank updates, weights in no array."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from neurorebit.chips.hybrid.chip import HybridChip
from neurorebit.chips.hybrid.digital import DigitalMacro
from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.parts.floorplan import Pieces, max_over_layers, sum_over_layers
from neurorebit.chips.parts.phases import Phase, Phases, divided, merged
from neurorebit.circuits.cost import Cost, Real
from neurorebit.layers.base import Operation, Value

ADAPTED = (
    "adapters: two matrices of words a layer in digital macros of their own, each held "
    "as it is and turned round; values between them have the bits of errors; they overlap with the "
    "arrays, and their results are added in the vector unit"
)
ADD = Operation(cycles=1.0, additions=((1, Value.STORED),))


@dataclass(frozen=True, eq=False)
class AdaptedPhases(Phases):
    """Phases with the work of adapters, and of layers that stand in digital macros alone."""

    chip: HybridChip

    @property
    def spec(self) -> HybridSpec:
        return self.chip.spec

    @property
    def _steps(self) -> dict[str, float]:
        """The work of an update in the macros; a velocity with words of its own is added there."""
        apart = self.spec.formats.apart
        return (
            self.learning._replace(momentum=False).in_macros if apart else self.learning.in_macros
        )

    def by_name(self, only: Collection[str] | None = None) -> dict[str, Phase]:
        """Every phase, with the work of the layers' adapters."""
        made = super().by_name(only)
        made = self._with_digital(made)
        if not self.chip.adapters.some:
            return made
        works = {
            "inference": self._adapted, "forward": self._adapted,
            "backward": self._errors_of_adapters, "gradient": self._gradients_of_adapters,
            "programming": self._loaded_adapters,
        }  # fmt: skip
        for name, work in works.items():
            if name in made:
                made[name] = self._beside(made[name], work())
        if "update" in made:
            made["update"] = self._beside(made["update"], self._learned_adapters(), at_once=True)
        return made

    def _with_digital(self, made: dict[str, Phase]) -> dict[str, Phase]:
        """Every phase, with the work of layers whose weights digital macros hold alone.

        They stand there twice: turned round for errors, as all layers, and as they are for the
        forward pass. Both copies are updated and loaded.
        """
        chip, w = self.chip, self.workload
        if np.all(w.in_cells):
            return made
        pieces = (chip.digital_ahead,)
        values = (1.0 - w.in_cells) * w.vectors * (w.rows + w.cols) * w.groups
        passed = self._multiplied(pieces, w.vectors, values)
        steps = self._steps
        learned = w.learns * self._in_adapters(
            pieces, lambda dpim, used: dpim.write(1.0, used.rows, used.cols, **steps), at_once=True
        )
        loaded = self._in_adapters(pieces, lambda dpim, used: dpim.load(used.rows, used.cols))
        for name, work in {"inference": passed, "forward": passed, "programming": loaded}.items():
            if name in made:
                made[name] = self._beside(made[name], work, name="digital")
        if "update" in made:
            made["update"] = self._beside(made["update"], learned, at_once=True, name="digital")
        return made

    def _beside(
        self, phase: Phase, work: Cost, *, at_once: bool = False, name: str = "adapters"
    ) -> Phase:
        """A phase with further work of the digital macros, which overlaps with the others.

        ``at_once``: it takes part in what all layers do at once.
        """
        time, common = phase.time, phase.common_time
        if at_once:
            common = np.maximum(common, max_over_layers(work.latency.total))
        else:
            time = np.maximum(time, work.latency.total)
        energy, macro = merged(phase.energy, work.energy), merged(phase.macro, work.energy)
        streams = {**phase.streams, name: work}
        return Phase(energy, time, phase.dram_bits, macro, common_time=common, streams=streams)

    def _in_adapters(
        self,
        pieces: tuple[Pieces, ...],
        work: Callable[[DigitalMacro, Pieces], Cost],
        *,
        at_once: bool = False,
    ) -> Cost:
        """``work`` in the macros of adapters, named as those of the tiles that they stand in."""
        tile = self.chip.digital_tile
        return self.chip.adapters.through(
            pieces,
            lambda used: tile.in_macros(lambda macro: work(macro, used)),
            at_once=at_once,
        )

    def _multiplied(self, pieces: tuple[Pieces, ...], vectors: Real, values: Real) -> Cost:
        """Vectors by these matrices, one after the other, and their values on the way."""
        chip, bits = self.chip, values * self.spec.error_width
        density = self.activity.error_density
        one = self._in_adapters(
            pieces,
            lambda dpim, used: dpim.mtvm(
                used.spread(density), used.spread(np.ones_like(density)), used.rows, used.cols
            ),
        )
        moved = divided(chip.digital_tile.carry(bits), chip.all_digital_tiles)
        moved = moved + chip.digital_tile.in_pes(lambda pe: pe.carry(bits))
        return (
            Cost(vectors * one.energy, vectors * one.latency)
            | moved
            | self.over_tree(chip.digital_tree, bits)
        )

    def _adapted(self) -> Cost:
        """Inputs through both matrices, and their results added to those of the arrays."""
        adapters, w = self.chip.adapters, self.workload
        added = self.chip.vector_unit.execute(ADD, adapters.there * w.results)
        return self._multiplied(adapters.ahead, w.vectors, adapters.values) | added

    def _errors_of_adapters(self) -> Cost:
        """Errors through the second matrix, turned round, and on through the first."""
        second, first = self.chip.adapters.back
        w = self.workload
        values = self.chip.adapters.values
        one = self._multiplied((second,), w.vectors, values)
        return one + w.sends_error * self._multiplied((first,), w.vectors, values)

    def _gradients_of_adapters(self) -> Cost:
        """Outer products for both matrices, collected once an image."""
        ahead = self.chip.adapters.ahead
        outer = self._in_adapters(
            ahead, lambda dpim, used: dpim.outer(1.0, used.rows, used.cols), at_once=True
        )
        collected = self._in_adapters(
            ahead, lambda dpim, used: dpim.collect(used.rows, used.cols), at_once=True
        )
        vectors = self.workload.vectors
        return Cost(vectors * outer.energy, vectors * outer.latency) + collected

    def _learned_adapters(self) -> Cost:
        """The rule's products and additions for all words, in both copies of a matrix."""
        steps, adapters = self._steps, self.chip.adapters
        return self._in_adapters(
            (*adapters.ahead, *adapters.back),
            lambda dpim, used: dpim.write(1.0, used.rows, used.cols, **steps),
            at_once=True,
        )

    def _loaded_adapters(self) -> Cost:
        """The first words of all matrices."""
        adapters = self.chip.adapters
        return self._in_adapters(
            (*adapters.ahead, *adapters.back),
            lambda dpim, used: dpim.load(used.rows, used.cols),
            at_once=True,
        )

    @property
    def ops(self) -> dict[str, Real]:
        """Operations of each phase, those of adapters among them."""
        found = super().ops
        adapters = self.chip.adapters
        if not adapters.some:
            return found
        first, second = adapters.macs
        both = 2.0 * (first + second)
        backward = 2.0 * (self.workload.sends_error * first + second)
        more = {"inference": both, "forward": both, "backward": backward, "gradient": both}
        more["update"] = adapters.words
        return {
            name: amount + sum_over_layers(more[name]) if name in more else amount
            for name, amount in found.items()
        }
