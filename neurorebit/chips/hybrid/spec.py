"""Sections and keys of the architecture file of a hybrid chip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from neurorebit.chips.hybrid.builds import BUILDS
from neurorebit.chips.hybrid.formats import Formats
from neurorebit.chips.parts.blocks import Blocks
from neurorebit.chips.parts.pipelining import NONE
from neurorebit.chips.parts.spec import DIVIDE, Count, ForwardArrays, LearningSpec
from neurorebit.circuits.accumulator import ACCUMULATORS, DEFAULT
from neurorebit.schema import Loc, Misfit, Section, one_of, quantity
from neurorebit.schema.numbers import Real

RESIDENT: dict[str, str] = {
    "all": "words stay in the macros from one batch to the next",
    "layer": "words of one layer at a time are in the macros: its batch goes back, its gradient is "
    "formed and its weights learn before the next layer's words come from DRAM",
}
GRADIENTS: dict[str, str] = {
    "collected": "gradients are collected image by image",
    "streamed": "gradients are summed over a batch in the lanes, block after block; the inputs of "
    "the batch come from DRAM for each block",
}
POSITIONS = 1024.0  # of a window in an image, whose products are summed before they are collected


@dataclass(frozen=True, eq=False, kw_only=True)
class Apim(ForwardArrays):
    """The analog macro: a ReRAM array and its converters (docs/models/macros.md#analog-macros).

    ``cell_bits``: a weight of more bits is several cells of a row; unless given, it is one cell.
    """

    cell_bits: Annotated[int, Field(ge=1, le=8)] | None = None
    blocks: Blocks = field(default_factory=Blocks)  # programmed together


@dataclass(frozen=True, eq=False, kw_only=True)
class Dpim(Section):
    """The digital macro: two SRAM arrays, weights and gradients, and their arithmetic.

    See docs/models/macros.md#digital-macros.

    ``vectors``: errors that share one row read in the word-parallel build. ``words_per_tree``:
    words of a row that take turns at one tree in the adder-tree build. ``adder``: how a number
    is added to a sum, by an adder that propagates the carry or with the carries kept apart.
    ``accumulator_bits``: bits of a sum, without those of an error; auto is as many as nothing
    overflows. ``macros_per_lanes``: macros that take turns at one set of lanes, all of a PE or of a
    tile. ``resident``: whose words the macros hold, all layers', or one layer's at a time, which
    come from DRAM for each batch and go back. ``gradients``: collected image by image in words of
    their own, or streamed: a block of sums runs over a whole batch, whose inputs come in anew for
    each block.
    """

    source: str
    build: Annotated[str, one_of(BUILDS)]
    rows: Annotated[int, Field(ge=8, le=4096)]
    cols: Annotated[int, Field(ge=8, le=4096)]
    vectors: Count
    macros_per_pe: Count
    copies: Count
    accumulator_bits: Annotated[int, Field(ge=8, le=128)] | Literal["auto"]
    wiring: Annotated[Real, quantity("", at_least=1, at_most=10)]  # of the macros' area
    adder: Annotated[str, one_of(ACCUMULATORS)] = DEFAULT
    macros_per_lanes: Count | Literal["pe", "tile"] = 1
    words_per_tree: Count = 1
    resident: Annotated[str, one_of(RESIDENT)] = "all"
    gradients: Annotated[str, one_of(GRADIENTS)] = "collected"

    @property
    def one_layer(self) -> bool:
        """Whether the macros hold the words of one layer at a time."""
        return self.resident == "layer"

    @property
    def streamed(self) -> bool:
        """Whether sums run over a batch before they leave the lanes."""
        return self.gradients == "streamed"


@dataclass(frozen=True, eq=False, kw_only=True)
class HybridSpec(LearningSpec):
    """A chip with analog macros for the forward pass and digital ones for all else."""

    organisation = "hybrid"
    called = "the hybrid chip"
    forward_section = "apim"
    holds_adapters = True

    weight_bits: Annotated[int, Field(ge=2, le=8)]
    apim: Apim
    dpim: Dpim
    formats: Formats = field(default_factory=Formats)

    @property
    def cell_bits(self) -> Real:
        return self.weight_bits if self.apim.cell_bits is None else self.apim.cell_bits

    @property
    def digital_macros(self) -> bool:
        return True

    @property
    def copies_asked(self) -> Iterator[tuple[Loc, Real]]:
        yield ("dpim", "copies"), self.dpim.copies

    @property
    def conventions(self) -> dict[str, str]:
        bits = self.error_bits if isinstance(self.error_bits, str) else f"{self.error_bits}-bit"
        return {
            "forward": f"forward ops / forward energy; {self.input_bits}-bit inputs, "
            f"{self.weight_bits}-bit weights, {self.apim.adc_bits}-bit converters, batch norm "
            "included",
            "backward": "ops of the errors sent back / energy of the backward phase, batch norm "
            f"included; {bits} errors, {self._held} weights, {self.dpim.build} build",
        }

    @property
    def _held(self) -> str:
        """What the digital macros hold a weight in."""
        word = self.formats.weights
        return self.formats.weight if word.floats else f"{word.bits:g}-bit"

    @property
    def accumulator_bits(self) -> Real:
        """Bits of a sum of products, without those of an error.

        Where nothing is to overflow, a sum of as many words as a macro has rows, with a sign, and
        one of ``POSITIONS`` products of an error and an activation.
        """
        given = self.dpim.accumulator_bits
        if not isinstance(given, str):
            return given
        words = self.formats.weights.significand + np.ceil(np.log2(self.dpim.rows)) + 1.0
        activations = self.formats.activations
        inputs = self.input_bits if activations is None else activations.significand
        bits: Real = np.maximum(words, self.error_width + inputs + np.log2(POSITIONS))
        return bits

    def misfits(self) -> Iterator[Misfit]:
        """Combinations of values that do not fit, in one architecture or in arrays of designs."""
        dpim = self.dpim
        yield from super().misfits()
        yield from self.formats.misfits()
        cells, columns = self.cells_per_weight, self.apim.cols_per_adc
        message = "the {:g} cells of a weight must divide apim.cols_per_adc, {:g}"
        yield Misfit(
            ("apim", "cell_bits"), columns % cells != 0, message, (cells, columns), cure=DIVIDE
        )
        message = "layers that work at a time have words of their own"
        beside = dpim.one_layer and self.pipelining != NONE
        cure = "take pipelining=none, or resident=all"
        yield Misfit(("dpim", "resident"), beside, message, cure=cure)
        message = "the macros hold one layer at a time already"
        twice = dpim.one_layer and self.capacity is not None
        cure = "drop capacity, or take resident=all"
        yield Misfit(("dpim", "resident"), twice, message, cure=cure)
        message = "words come and go with each layer already"
        beside = dpim.one_layer and self.capacity is not None
        yield Misfit(
            ("dpim", "resident"), beside, message, cure="drop capacity, or take resident=all"
        )
        word = self.formats.weights.bits
        message = "must be a multiple of the {:g} bits of a word"
        yield Misfit(("dpim", "cols"), dpim.cols % word != 0, message, (word,), cure="take 128")
        words = dpim.cols / word
        message = "must divide the {:g} words of a row, got {:g}"
        left, values = words % dpim.words_per_tree != 0, (words, dpim.words_per_tree)
        yield Misfit(("dpim", "words_per_tree"), left, message, values, cure=DIVIDE)
        if not isinstance(dpim.macros_per_lanes, str):
            message = "must divide dpim.macros_per_pe, {:g}, got {:g}"
            values = dpim.macros_per_pe, dpim.macros_per_lanes
            left = dpim.macros_per_pe % dpim.macros_per_lanes != 0
            loc = ("dpim", "macros_per_lanes")
            yield Misfit(loc, left, message, values, cure=f"{DIVIDE}, pe or tile")
        stacked = np.floor(np.sqrt(dpim.macros_per_pe))
        message = "must be a multiple of {:g}, the rows of macros in a PE, got {:g}"
        left, values = dpim.macros_per_pe % stacked != 0, (stacked, dpim.macros_per_pe)
        yield Misfit(("dpim", "macros_per_pe"), left, message, values, cure="take a square")
        others = " or ".join(name for name, build in BUILDS.items() if not build.streams_errors)
        message = "floating-point errors cannot be streamed bit by bit"
        cure = f"take dpim.build={others}, or whole bits such as 32"
        streamed = isinstance(self.error_bits, str) and BUILDS[dpim.build].streams_errors
        yield Misfit(("error_bits",), streamed, message, cure=cure)
        message = f"rows of {self.formats.weight} cannot be added as they are read"
        cure = f"take dpim.build={others}, or whole numbers such as int32"
        added = self.formats.weights.floats and BUILDS[dpim.build].streams_errors
        yield Misfit(("formats", "weight"), added, message, cure=cure)
