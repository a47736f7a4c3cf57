"""DigitalMacro: SRAM arrays with arithmetic units, the macro that does the backward pass.

See docs/models/macros.md#digital-macros. Two arrays hold weights and gradients as words of their
``formats``: a row is an output channel, a word an input channel, for one kernel position. Two
builds differ in the transposed product: one multiplies whole words by whole errors, the other
streams the errors' bits over the row decoders and adds the rows that a one selects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from neurorebit.chips.hybrid.formats import Formats
from neurorebit.chips.hybrid.lanes import CHANCE, NAME, RATE, SUM, Lanes, WordArithmetic
from neurorebit.circuits.accumulator import ACCUMULATORS, DEFAULT, Accumulator
from neurorebit.circuits.arithmetic import Mac
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.floating import FloatAdder, FloatMac
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.sram import SramBank
from neurorebit.circuits.wire import Bus
from neurorebit.schema.formats import FORMATS, Format, whole
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False, kw_only=True)
class _DigitalMacro(Block):
    """The base class of both builds: two banks, lanes for gradient and update, accumulators.

    A lane serves one word of a row. ``vectors`` is the number of accumulators of a lane: errors
    that share a row read, or output channels that share an input's activation in the gradient.
    ``adder`` is a key of ``ACCUMULATORS``: how a number is added to an accumulator. ``moments``:
    further words of each weight that an update reads and writes, in arrays of their own.
    ``words_per_tree``: words of a row that take turns at an adder tree, where a build has trees.
    ``float_errors``: the floating-point format of errors, none where they are whole numbers.
    ``collects``: gradients, or a velocity in their place, have words of their own.
    ``sharing``: macros that take turns at one set of lanes, which stands among them; a macro's
    footprint has its share of it.

    Actions take the ``rows`` and ``words`` in use, by default all. Rows follow each other, so time
    and energy are those of the rows in use. A row opens in full, but columns and lanes of words
    that hold nothing stay at rest.
    """

    tech: Technology = field(kw_only=False)
    rows: Positive = 128.0
    cols: Positive = 128.0
    error_bits: Positive = 8.0
    input_bits: Positive = 8.0
    accumulator_bits: Real = 40.0
    vectors: Positive = 8.0
    adder: str = DEFAULT
    float_errors: str = ""
    moments: Real = 0.0
    words_per_tree: Positive = 1.0
    formats: Formats = field(default_factory=Formats)
    sharing: Positive = 1.0
    collects: bool = True
    name: str = "dpim"

    @property
    def words(self) -> Real:
        """Words of a row, and lanes."""
        return self.cols / self.formats.weights.bits

    @property
    def error(self) -> Format:
        """The format of an error."""
        return FORMATS[self.float_errors] if self.float_errors else whole(self.error_bits)

    @property
    def activation(self) -> Format:
        """The format of an activation in the gradient."""
        return self.formats.activations or whole(self.input_bits)

    @property
    def weights(self) -> Real:
        """Weights the macro holds."""
        return self.rows * self.words

    @property
    def sum_bits(self) -> Real:
        """Bits of a transposed product."""
        return 1.0 * SUM.bits if self._floats else self.accumulator_bits + self.error_bits

    @property
    def _floats(self) -> bool:
        """Whether transposed products are sums of floating-point numbers."""
        return False

    def _used(self, rows: Real | None, words: Real | None) -> tuple[Real, Real]:
        """Rows in use, and the share of the words."""
        share = 1.0 if words is None else words / self.words
        return self.rows if rows is None else rows, share

    @cached_property
    def weight_bank(self) -> SramBank:
        return SramBank(self.tech, self.rows, self.cols, name="weights")

    @cached_property
    def gradient_bank(self) -> SramBank:
        return self._bank(self.formats.gradients, "gradients")

    @cached_property
    def moment_bank(self) -> SramBank:
        return self._bank(self.formats.moments, "moments")

    @cached_property
    def master_bank(self) -> SramBank:
        return self._bank(self.formats.masters or self.formats.weights, "masters")

    def _bank(self, held: Format, name: str) -> SramBank:
        """An array with a word of this format for each weight."""
        return SramBank(self.tech, self.rows, self.words * held.bits, name=name)

    @property
    def _lanes(self) -> Lanes:
        return Lanes(self.tech, self.words, self.adder)

    @property
    def _narrow(self) -> Mac | FloatMac:
        """Lanes as narrow as errors and activations."""
        return self._lanes.of(self.accumulator_bits, (self.error, self.activation))

    @cached_property
    def lanes(self) -> Mac | FloatMac:
        """Multiply and accumulate, one lane a word."""
        return self._narrow

    @cached_property
    def accumulators(self) -> Register:
        """The lanes' further accumulators: each lane has one of its own."""
        bits = (self.vectors - 1.0) * self.words * self._lane_bits
        return Register(self.tech, self.lanes.held * bits, name="accumulators")

    @property
    def _lane_bits(self) -> Real:
        """Bits of an accumulator."""
        floats = isinstance(self.lanes, FloatMac)
        return 1.0 * SUM.bits if floats else self.accumulator_bits

    @cached_property
    def errors(self) -> Register:
        """The errors that the lanes are working on."""
        return Register(self.tech, self.vectors * self.error_bits, name="errors")

    @cached_property
    def learner(self) -> WordArithmetic:
        """What an update works with, in the lanes."""
        return WordArithmetic(self.tech, self.formats.all_words)

    @cached_property
    def word_adder(self) -> PrefixAdder | FloatAdder:
        """Adds a whole word, in the lanes: it is part of them and has no footprint of its own."""
        return self.learner.adder

    @cached_property
    def collector(self) -> PrefixAdder | FloatAdder:
        """Adds a sum to a gradient, in the lanes."""
        return WordArithmetic(self.tech, (self.formats.gradients,)).adder

    @cached_property
    def chances(self) -> Register:
        """Sources of random bits, one a lane: they shift by as many bits for each word."""
        return Register(self.tech, CHANCE * self.words, name="chances")

    @property
    def kept(self) -> tuple[tuple[Real, SramBank], ...]:
        """What an update reads and writes beside weights and gradients: arrays, how many of each"""
        kept: tuple[tuple[Real, SramBank], ...] = ()
        if np.any(np.asarray(self.moments) > 0.0):
            kept = ((self.moments, self.moment_bank),)
        return kept if self.formats.masters is None else (*kept, (1.0, self.master_bank))

    @property
    def _banks(self) -> tuple[tuple[Real, Block], ...]:
        """The arrays of words."""
        gradients = ((1.0, self.gradient_bank),) if self.collects else ()
        return (1.0, self.weight_bank), *gradients, *self.kept

    def _gradient_words(self, action: Cost) -> Cost:
        """What is done to the words of gradients, where there are any."""
        return action if self.collects else Cost()

    @property
    def _arithmetic(self) -> tuple[Block, ...]:
        """What macros may share."""
        chances = (self.chances,) if self.formats.by_chance else ()
        return self.lanes, self.accumulators, self.errors, *chances

    @property
    def shares(self) -> bool:
        """Whether several macros share a set of lanes, in any design."""
        return bool(np.any(np.asarray(self.sharing) > 1.0))

    @cached_property
    def way(self) -> Bus:
        """From the arrays of all macros that share a set of lanes to these, as wide as a row."""
        areas = [n * block.footprint.area.total for n, block in self._banks]
        shared = sum((part.footprint.area.total for part in self._arithmetic), 0.0)
        side = np.sqrt(self.sharing * sum(areas, 0.0) + shared)
        width = np.maximum(self.cols, self.words * self.formats.gradients.bits)
        return Bus(self.tech, side, width, name="way")

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        each = 1.0 / self.sharing
        way = ((np.where(np.asarray(self.sharing) > 1.0, each, 0.0), self.way),)
        return (
            *self._banks,
            *((each, part) for part in self._arithmetic),
            *(way if self.shares else ()),
        )

    def _led(self, bits: Real) -> Cost:
        """Bits of words between the arrays and lanes that other macros share; no time is added."""
        if not self.shares:
            return Cost()
        away = np.where(np.asarray(self.sharing) > 1.0, 1.0, 0.0)
        return Cost((away * self.way.transfer(bits, 0.0)).energy)

    def _rounded(self, words: Real) -> Cost:
        """Random bits added to words that are rounded by chance."""
        if not self.formats.by_chance:
            return Cost()
        one = PrefixAdder(self.tech, CHANCE, name=NAME).add().energy
        share = words / self.words
        return Cost(words * one + self.chances.store(0.5 * share, share).energy)

    def _loaded(self, bits: Real, count: Real) -> Cost:
        """Bring ``count`` new values of ``bits`` bits to the lanes; half of the bits change."""
        share = bits * count / np.maximum(self.errors.bits, 1.0)
        return Cost((share * self.errors.store(0.5)).energy)

    @cached_property
    def _gradient_lane(self) -> Mac | FloatMac:
        """The lanes as they multiply an error by an activation."""
        return self.lanes if isinstance(self.lanes, FloatMac) else self._narrow

    def operands(self, rows: Real, words: Real) -> tuple[Real, Real]:
        """Errors and activations that come in for the outer product of one position.

        The lanes form blocks of ``vectors`` errors by all words: an error comes in once, the
        activations once for each block of errors.
        """
        return rows, np.ceil(rows / self.vectors - 1e-9) * words

    @action
    def outer(
        self, nonzero: Real = 1.0, rows: Real | None = None, words: Real | None = None
    ) -> Cost:
        """Errors times activations of one position for the weights of the macro."""
        rows, share = self._used(rows, words)
        errors, inputs = self.operands(rows, share * self.words)
        products = rows * self._gradient_lane.accumulate(nonzero * share)
        return (
            products
            + self._loaded(self.error_bits, errors)
            + self._loaded(self.activation.bits, inputs)
        )

    @action
    def collect(self, rows: Real | None = None, words: Real | None = None) -> Cost:
        """Add the gradient of an image to the gradients in the array."""
        rows, share = self._used(rows, words)
        added, used = self._gradient_lane.resolve(share), share * self.words
        added = added + self.collector.add().across(used) + self._rounded(used)
        moved = 2.0 * used * self.formats.gradients.bits
        read = self._gradient_words(self.gradient_bank.read(share))
        stored = self._gradient_words(self.gradient_bank.write(0.5, share))
        return rows * (read + added + self._gradient_words(self._led(moved)) + stored)

    @action
    def write(
        self,
        written: Real = 1.0,
        rows: Real | None = None,
        words: Real | None = None,
        *,
        products: Real = 2.0,
        additions: Real = 1.0,
        serial: Real = 0.0,
    ) -> Cost:
        """Update: ``products`` with rates of 16 bits and ``additions`` for each word.

        The least are a product and an addition: weight minus rate times gradient. Momentum takes
        another product, of the gradient that stays in the array; weight decay takes a product and
        an addition more. ``serial``: square roots and divisions, which give a bit of their result
        with each addition of a word.
        """
        rows, share = self._used(rows, words)
        used, lanes, learner = share * self.words, self.lanes, self.learner
        once = learner.passes(lanes) * lanes.accumulate().latency.total
        once = once + lanes.resolve().latency.total
        energy = products * used * learner.product_energy
        scaling = Cost.of(energy, products * once).under(NAME)
        read = self.weight_bank.read(share)
        read = read | self._gradient_words(self.gradient_bank.read(share))
        stored = self.weight_bank.write(0.5, share)
        stored = stored | self._gradient_words(self.gradient_bank.write(0.5, share))
        gradients = self.formats.gradients.bits if self.collects else 0.0
        moved = (self.formats.weights.bits + gradients) * used
        for count, bank in self.kept:
            read = read | Cost((count * bank.read(share)).energy)
            stored = stored | Cost((count * bank.write(0.5, share)).energy)
            moved = moved + count * share * bank.cols
        added = Cost(additions * self.word_adder.add().across(used).energy)
        written_words = (2.0 if self.collects else 1.0) + sum(count for count, _ in self.kept)
        rounded = self._rounded(written_words * used)
        work = read + scaling + added + rounded + written * stored + self._led(2.0 * moved)
        if np.any(np.asarray(serial) > 0.0):
            bits = learner.significand
            work = work + serial * bits * self.word_adder.add().across(used)
        return rows * work

    @action
    def load(self, rows: Real | None = None, words: Real | None = None) -> Cost:
        """Write the first weights, half of whose bits flip, and clear the gradients beside them."""
        rows, share = self._used(rows, words)
        cleared = self._gradient_words(self.gradient_bank.write(0.5, share))
        return rows * (self.weight_bank.write(0.5, share) | cleared)

    @action
    def swap(self, rows: Real | None = None, words: Real | None = None) -> Cost:
        """Read all words that are kept between batches, and write those of another layer."""
        rows, share = self._used(rows, words)
        total = self.weight_bank.read(share) + self.weight_bank.write(0.5, share)
        kept = (*((1.0, self.gradient_bank) for _ in range(int(self.collects))), *self.kept)
        for count, bank in kept:
            total = total | count * (bank.read(share) + bank.write(0.5, share))
        return rows * total

    @action
    def hold(self, rows: Real, words: Real) -> Cost:
        """Write activations into the rows and words in use, a word each, to be multiplied."""
        used, share = self._used(rows, words)
        return used * self.weight_bank.write(0.5, share)

    @action
    def level(
        self, rows: Real | None = None, words: Real | None = None, *, times: Real = 2.0
    ) -> Cost:
        """The levels of weights: scale, round, clip, by default of the old ones and the new."""
        rows, share = self._used(rows, words)
        scaled = WordArithmetic(self.tech, (self.formats.masters or self.formats.weights,))
        rounded = PrefixAdder(self.tech, RATE, name=NAME)
        energy = times * rows * share * self.words * (scaled.product_energy + rounded.energy)
        return Cost.of(energy, 0.0).under(NAME)


@dataclass(frozen=True, eq=False, kw_only=True)
class WordParallelMacro(_DigitalMacro):
    """A row read serves ``vectors`` errors, each multiplied whole."""

    streams_errors: ClassVar[bool] = False

    @property
    def row_reads(self) -> Real:
        """Reads of a row for one error vector: a share of one, which ``vectors`` vectors share."""
        return 1.0 / self.vectors

    @property
    def _lane_bits(self) -> Real:
        return self.sum_bits

    @property
    def _floats(self) -> bool:
        operands = self.formats.weights, self.error, self.activation
        return any(operand.floats for operand in operands)

    @cached_property
    def lanes(self) -> Mac | FloatMac:
        pairs = (self.formats.weights, self.error), (self.activation, self.error)
        return self._lanes.of(self.sum_bits, *pairs)

    def multiply(self, density: Real, nonzero: Real, rows: Real, words: Real) -> Cost:
        """One vector of activations by those in the rows and words in use."""
        return self.mtvm(density, nonzero, rows, words)

    @action
    def mtvm(
        self,
        error_density: Real = 0.5,
        nonzero: Real = 1.0,
        rows: Real | None = None,
        words: Real | None = None,
    ) -> Cost:
        """One error vector of the ``vectors`` that share the reads; zero errors are skipped."""
        rows, share = self._used(rows, words)
        read, step = self.weight_bank.read(share), self.lanes.accumulate(nonzero * share)
        row = Cost((1.0 / self.vectors * read).energy + step.energy)
        row = row + self._loaded(self.error_bits, 1.0) + self._led(self.cols * share / self.vectors)
        slowest = np.maximum(read.latency.total, self.vectors * step.latency.total)
        resolved = self.lanes.resolve(share)
        return rows * row + Cost.of(0.0, rows * slowest / self.vectors) + resolved


@dataclass(frozen=True, eq=False, kw_only=True)
class BitSerialMacro(_DigitalMacro):
    """The errors' bits select rows; a selected row is added to the lanes' sums, no multiplier.

    Gradient and update still multiply, in lanes as narrow as errors and activations.
    """

    streams_errors: ClassVar[bool] = True

    @property
    def row_reads(self) -> Real:
        """Reads of a row for one error vector: one for each bit of an error."""
        return self.error_bits

    @cached_property
    def row_sum(self) -> Accumulator:
        """The sum of the rows that a plane of the errors selects."""
        return ACCUMULATORS[self.adder](
            self.tech, self.accumulator_bits, self.words, name="row_sum"
        )

    @cached_property
    def plane_sum(self) -> Accumulator:
        """The sum over planes, which takes a row sum as it is kept."""
        pair = self.row_sum.held > 1.0
        return ACCUMULATORS[self.adder](
            self.tech, self.sum_bits, self.words, pair=pair, name="plane_sum"
        )

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        each = 1.0 / self.sharing
        return *super().parts, (each, self.row_sum), (each, self.plane_sum)

    def multiply(self, density: Real, nonzero: Real, rows: Real, words: Real) -> Cost:
        """One vector of activations by those in the rows and words in use."""
        return self.mtvm(density, nonzero, rows, words)

    @action
    def mtvm(
        self,
        error_density: Real = 0.5,
        nonzero: Real = 1.0,
        rows: Real | None = None,
        words: Real | None = None,
    ) -> Cost:
        """One error vector, plane by plane; only rows with a one cost energy.

        Time is the worst case, all rows in use: macros of a layer keep step. ``error_density``
        counts zero errors as well, so ``nonzero`` says nothing more.
        """
        rows, share = self._used(rows, words)
        read, added = self.weight_bank.read(share), self.row_sum.add(share)
        led = self._led(self.cols * share).energy
        selected = error_density * rows * (read.energy + added.energy + led)
        energy = self.error_bits * (selected + self.plane_sum.add(share).energy)
        slowest = np.maximum(read.latency.total, added.latency.total)
        streamed = Cost(energy) + Cost.of(0.0, self.error_bits * rows * slowest)
        return streamed + self.plane_sum.resolve(share)


DigitalMacro = WordParallelMacro | BitSerialMacro
