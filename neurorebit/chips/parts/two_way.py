"""Chips whose arrays are read both ways: forward, and transposed for errors.

See docs/models/macros.md#transposed-reads and docs/models/phases.md#backward.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from neurorebit.chips.parts.activity import Rows
from neurorebit.chips.parts.chip import Chip
from neurorebit.chips.parts.floorplan import Pieces
from neurorebit.chips.parts.phases import ARRAYS, PARTIAL_BITS, Phase, Phases, divided
from neurorebit.chips.parts.spec import DIVIDE, Count, ForwardArrays, LearningSpec
from neurorebit.chips.parts.tile import M, Pe, Tile
from neurorebit.circuits.cost import Cost, Real
from neurorebit.schema import Misfit


@dataclass(frozen=True, eq=False, kw_only=True)
class TwoWayArrays(ForwardArrays):
    """Arrays that are read both ways; ``back_adc_bits``: of converters of the transposed read."""

    back_adc_bits: Annotated[int, Field(ge=2, le=12)]
    rows_per_adc: Count

    def misfits(self, name: str) -> Iterator[Misfit]:
        """Combinations of values that do not fit; ``name`` is that of the section."""
        yield from super().misfits(name)
        message = f"must divide {name}.rows, {{:g}}, got {{:g}}"
        values = self.rows, self.rows_per_adc
        yield Misfit(
            (name, "rows_per_adc"), self.rows % self.rows_per_adc != 0, message, values, cure=DIVIDE
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class TwoWaySpec(LearningSpec):
    """A chip with such arrays, in the section of the forward ones."""

    @property
    def forward(self) -> TwoWayArrays:
        """The arrays of both passes."""
        arrays: TwoWayArrays = getattr(self, self.forward_section)
        return arrays

    @property
    def back_adc_bits(self) -> int:
        """Bits of the converters of the transposed read."""
        return self.forward.back_adc_bits

    @property
    def rows_per_adc(self) -> int:
        """Rows that share a converter of the transposed read."""
        return self.forward.rows_per_adc

    @property
    def reads_back(self) -> bool:
        return True

    def misfits(self) -> Iterator[Misfit]:
        """Combinations of values that do not fit, in one architecture or in arrays of designs."""
        yield from super().misfits()
        message = "floating-point errors cannot be streamed bit by bit"
        yield Misfit(("error_bits",), isinstance(self.error_bits, str), message, cure="take 8")


@dataclass(frozen=True, eq=False)
class TwoWayChip(Chip[M]):
    """Tiles whose registers, buses and adder trees serve both passes, of macros that are alike."""

    macro: ClassVar[Any]  # a property of those that inherit

    @property
    def value_bits(self) -> Real:
        widest: Real = np.maximum(self.spec.input_bits, self.spec.error_width)
        return widest

    @property
    def back_sum_bits(self) -> Real:
        """Bits of a partial sum of the backward pass on its way."""
        bits: Real = self.macro.transposed_readout.sum_bits
        grown: Real = self.sum_bits - self.macro.output_bits
        return bits + grown

    def pe_sizes(self, rows: Real, cols: Real) -> dict[str, Any]:
        """A PE whose registers, bus and adder tree serve both passes: as large as the larger one
        asks for.
        """
        macro = self.macro
        lines = np.maximum(macro.rows, macro.cols)
        return {
            "macro_rows": rows,
            "macro_cols": cols,
            "results": np.maximum(cols * macro.adcs, rows * macro.row_adcs),
            "result_bits": macro.output_bits,
            "sum_bits": np.maximum(macro.output_bits, macro.transposed_readout.sum_bits),
            "input_bits": np.maximum(rows, cols) * lines * self.value_bits,
            "lines": lines,
        }

    def pe(self, rows: Real, cols: Real) -> Pe[M]:
        """A PE of ``rows`` x ``cols`` macros."""
        return Pe(self.tech, self.macro, **self.pe_sizes(rows, cols))


@dataclass(frozen=True, eq=False)
class TwoWayPhases(Phases):
    """Both passes in the same arrays."""

    chip: TwoWayChip[Any]

    @cached_property
    def error_bits_sent(self) -> Rows:
        """Error bits of an image that go to a layer's tiles; the PEs of a kernel-split tile hand an
        error on along the rows of the window.
        """
        w = self.workload
        times = np.where(self.plan.split, w.window_height, 1.0)
        return w.results * times * self.spec.error_width

    def backward(self) -> Phase:
        """Vector work, then the error through the same cells; none in the first layer."""
        chip, w, plan, sends = self.chip, self.workload, self.plan, self.workload.sends_error
        error, stored = self.spec.error_width, self.spec.vector_unit.stored_bits

        def read(macro: Any, pieces: Pieces) -> Cost:
            density = pieces.spread(self.activity.error_density)
            state, places = self.ones_of(pieces), self.read_places(pieces, back=True)
            driven, sensed = self.used_back(pieces)
            one: Cost = macro.read_transposed(density, state, driven, sensed, places=places)
            return error * one

        one, vectors, sent = self.read_through(read), sends * w.vectors, self.error_bits_sent
        products = Cost(vectors * one.energy, sends * self.rounds() * one.latency)
        tree = self.over_tree(chip.tree, sent, plan.tiles_down)
        tree = tree + self.over_tree(chip.tree, self.error_sums * stored, plan.tiles_across)
        buffered = chip.buffer.read(sent) | chip.buffer.write(w.inputs * error)
        streams = {
            ARRAYS: products, "tiles": sends * chip.in_tiles(self._backward_transport),
            "tree": sends * tree, "buffer": sends * buffered,
            "vector": self.vector_work(w.backward),
        }  # fmt: skip
        steps = vectors * error * plan.packing.turns * (plan.tiles_of_a_set + 1.0)
        fill = sends * (one.latency.total + chip.tree.delay)
        return self.overlapped(streams, steps, self.errors_read, fill, serial=True)

    def _backward_transport(self, tile: Tile[Any]) -> Cost:
        """Transport and additions if the tiles of all layers were of this kind.

        Kernel-split tiles add the results of all window positions for an input value; the others
        get them one after the other and add each to its value in their output buffer. Sums of tiles
        beside each other, which hold other outputs, are added on their way over the chip's tree.
        """
        w, plan, sums, values = self.workload, self.plan, self.chip.back_sum_bits, self.error_sums
        partial = w.vectors * w.channels * w.groups * w.positions
        entered = w.results * plan.pe_rows * self.spec.error_width
        copies = self.error_bits_sent * plan.tiles_down
        given, bussed = partial * plan.pe_cols * sums, partial * plan.array_cols * sums
        inside = tile.in_pes(
            lambda pe: pe.hold_inputs(entered) + pe.hold_results(given) + pe.carry(entered + bussed)
        )
        added = tile.add(partial * plan.array_cols - values, sums)
        kept = PARTIAL_BITS * np.where(plan.split, values, partial) * plan.tiles_across
        carried = tile.carry(copies, plan.tile_pes_down) + tile.carry(given)
        streamed = tile.stream(copies, kept) | carried
        return inside + added + divided(streamed, plan.tiles)
