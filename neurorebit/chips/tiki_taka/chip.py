"""The chip whose weights have two arrays: a fast one for gradients, a slow one (Tiki-Taka, TTv2).

Gokmen, Front. Artif. Intell. 4:699148, 2021, doi:10.3389/frai.2021.699148. No gradient is computed:
inputs and errors become pulse trains on the rows and columns of the fast array (stochastic
translators, Gokmen and Vlasov, Front. Neurosci. 10:333, 2016, doi:10.3389/fnins.2016.00333). Rows
of it are read in turn and added up in digital memory, which sends pulses to the slow array.

Two further chips have a chopper, a sign for each row that flips now and then, of which one has
digital memory in place of cells to read against (c-TTv2, AGAD; Rasch, Carta, Fagbohungbe, Gokmen,
Nat. Commun. 15:7133, 2024, doi:10.1038/s41467-024-51221-z).

See docs/models/macros.md#fast-arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.in_place.chip import InPlaceChip, InPlaceMacro, parallel_macro
from neurorebit.chips.in_place.gradient import RATE
from neurorebit.chips.in_place.spec import ResistiveArrays
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.parallel import ParallelMacro
from neurorebit.chips.parts.pipelining import Place
from neurorebit.chips.parts.readout import Counted
from neurorebit.chips.parts.tile import Pe
from neurorebit.chips.parts.vector import RANDOM_BITS, WORD
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.comparator import PrefixComparator
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.prefix import FASTEST, PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.resistive import ResistiveArray, Shared
from neurorebit.schema.technology import Technology

ONE_WORD = Learning(1, 1, 1)  # a weight's sum, to which what is read is added, times a rate


@dataclass(frozen=True, eq=False)
class Translators(Block):
    """Stochastic translators: each holds a value of its line and compares it with random bits.

    Each line has a shift register of random bits.
    """

    tech: Technology
    bits: Real = 8.0
    lines: Positive = 128.0
    name: str = "translators"

    @cached_property
    def comparator(self) -> PrefixComparator:
        return PrefixComparator(self.tech, self.bits, self.lines)

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, (self.bits + RANDOM_BITS) * self.lines)

    @property
    def parts(self) -> Counted:
        return (1.0, self.comparator), (1.0, self.register)

    @action
    def translate(self, slots: Real) -> Cost:
        """Latch a value per line and convert it to a train of ``slots`` slots."""
        random = RANDOM_BITS / (self.bits + RANDOM_BITS)
        latched = self.register.store((1.0 - random) / 2.0, 1.0 - random)
        shifted = self.register.store(random / 2.0, random)
        return Cost((latched + slots * (shifted + self.comparator.compare())).energy)


@dataclass(frozen=True, eq=False)
class FastArray(Block):
    """An array that pulse trains program, and reference cells against which its rows are read.

    ``references`` has a cell for each of the array, at the conductance where pulses up and down
    change that cell equally; None: rows are read against the reference lines of the macro.
    """

    tech: Technology
    macro: ParallelMacro
    references: ResistiveArray | None
    name: str = "fast"

    @property
    def parts(self) -> Counted:
        if self.references is None:
            return ((1.0, self.macro),)
        return (1.0, self.macro), (1.0, self.references)

    @action
    def coincide(
        self, slots: Real, rows: Real, cols: Real, *, up: Real, down: Real, state: Real
    ) -> Cost:
        """As ``ParallelMacro.coincide``; references get no pulses."""
        return self.macro.coincide(slots, rows, cols, up=up, down=down, state=state)

    @action
    def read_row(self, state: Real = 0.5, sensed: Real = 1.0, places: Real | None = None) -> Cost:
        """One row through a share of the columns; the currents of the references are subtracted.

        The columns lie at so many ``places`` of the multiplexers, all unless given.
        """
        macro, lines = self.macro, sensed * self.macro.adcs
        if self.references is None:
            return macro.read(1.0 / macro.rows, state, 1.0, sensed, places=places)
        shared = Shared(1.0, 2.0 * lines)
        middle = self.references.column_res(1.0, 0.5, shared)
        settled = macro.settle(macro.readout, state, 1.0, macro.together(macro.rows))
        time = macro.held(macro.readout, settled)
        references = self.references.read(1.0, lines)
        references = references + self.references.conduct(lines, middle, time)
        places = macro.cols_per_adc if places is None else places
        references = references.across(places)
        return macro.read(1.0 / macro.rows, state, 1.0, sensed, places=places) + references


@dataclass(frozen=True, eq=False, kw_only=True)
class PulsedPe(Pe[InPlaceMacro]):
    """A PE whose macros have a fast array each; translators serve all of its lines.

    ``signs``: a flip-flop for each row, which says how its inputs enter; None without a chopper.
    ``behind``: arrays like the fast one that each macro has.
    """

    fast: FastArray
    row_translators: Translators
    col_translators: Translators
    signs: Register | None = None
    behind: Real = 1.0

    @property
    def extensions(self) -> Counted:
        chopper: Counted = () if self.signs is None else ((1.0, self.signs),)
        return (
            (self.macros * self.behind, self.fast),
            (1.0, self.row_translators),
            (1.0, self.col_translators),
            *chopper,
        )

    @action
    def chop(self, rows: Real) -> Cost:
        """Set the signs of ``rows`` rows anew, of one PE or of several; half of them change."""
        if self.signs is None:
            return Cost()
        return Cost((rows / self.signs.bits * self.signs.store(0.5)).energy)

    @action
    def in_fast_arrays(self, work: Callable[[FastArray], Cost]) -> Cost:
        """The cost of ``work`` in the fast arrays."""
        return work(self.fast)

    @action
    def translate(self, slots: Real, rows: Real, cols: Real) -> Cost:
        """Pulse trains on ``rows`` rows and ``cols`` columns, of one PE or of several."""
        by_row, by_col = self.row_translators, self.col_translators
        trains = rows / by_row.lines * by_row.translate(slots)
        return trains + cols / by_col.lines * by_col.translate(slots)


@dataclass(frozen=True, eq=False)
class HiddenStore(Block):
    """Sums of what is read from fast arrays, in words of 32 bits: room on the chip for ``bits``.

    ``lanes`` multiply a reading by a rate, add it to its word, and compare the word with the
    threshold of a pulse. A weight has so many ``words``, which take ``products`` and ``additions``
    in all.
    """

    tech: Technology
    buffer: SramBuffer | FlipFlopBuffer
    bits: Real
    read_bits: Real
    _: KW_ONLY
    lanes: Real
    words: Real = 1.0
    products: Real = 1.0
    additions: Real = 1.0
    name: str = "hidden_store"

    @cached_property
    def multiplier(self) -> Multiplier:
        wide, narrow = np.maximum(self.read_bits, RATE), np.minimum(self.read_bits, RATE)
        return Multiplier(self.tech, wide, narrow, self.lanes)

    @cached_property
    def adder(self) -> PrefixAdder:
        return PrefixAdder(self.tech, WORD, self.lanes, network=FASTEST)

    @cached_property
    def comparator(self) -> PrefixComparator:
        return PrefixComparator(self.tech, WORD, self.lanes)

    @property
    def parts(self) -> Counted:
        lanes = self.multiplier, self.adder, self.comparator
        return (1.0, self.buffer), *((1.0, block) for block in lanes)

    def held(self, values: Real) -> Real:
        """1 where the words of ``values`` weights fit at once, else 0."""
        return np.where(values * self.words * WORD <= self.bits * (1.0 + 1e-12), 1.0, 0.0)

    @action
    def collect(self, values: Real) -> Cost:
        """Add ``values`` values from the fast arrays to their words, which are read and written."""
        rounds, bits = values / self.lanes, values * self.words * WORD
        work = self.products * self.multiplier.multiply() + self.additions * self.adder.add()
        work = work + self.comparator.compare()
        return (self.buffer.read(bits) + self.buffer.write(bits)) | rounds * work


@dataclass(frozen=True, eq=False)
class TikiTakaChip(InPlaceChip):
    """Each array of weights has a fast array; a hidden store takes the place of gradient units.

    ``referenced``: whether fast arrays have cells to be read against; ``chopped``: whether their
    rows have signs. ``learning`` says how many words the store has of a weight, and what it does
    with them.
    """

    _: KW_ONLY
    learning: Learning = ONE_WORD
    referenced: bool = True
    chopped: bool = False

    @cached_property
    def fast(self) -> FastArray:
        """As large as an array of weights; its converters are made for the cells of one row."""
        spec, arrays = self.spec, self.spec.arrays
        assert isinstance(arrays, ResistiveArrays)
        sizes = {
            "rows": arrays.rows,
            "cols": arrays.cols,
            "cols_per_adc": arrays.cols_per_adc,
            "adc_bits": arrays.adc_bits,
            "adc_range": arrays.adc_range,
            "input_bits": 1.0,
            "cells_per_weight": spec.cells_per_weight,
            "adc_kind": arrays.adc,
            "transposed": False,
            "signed": not self.referenced,
            "summed": 1.0,
        }
        macro = parallel_macro(self.tech, self.device, arrays, sizes)
        alike = macro.array_of(macro.rows, macro.cols, "references") if self.referenced else None
        return FastArray(self.tech, macro, alike)

    def pe(self, rows: Real, cols: Real) -> PulsedPe:
        """With a fast array for each other one, and translators for all lines."""
        spec, macro = self.spec, self.macro
        return PulsedPe(
            self.tech,
            macro,
            **self.pe_sizes(rows, cols),
            fast=self.fast,
            row_translators=Translators(
                self.tech, spec.input_bits, rows * macro.rows, "row_translators"
            ),
            col_translators=Translators(
                self.tech, spec.error_width, cols * macro.cols, "col_translators"
            ),
            signs=Register(self.tech, rows * macro.rows, name="signs") if self.chopped else None,
        )

    def in_pulsed_pes(self, work: Callable[[PulsedPe], Cost]) -> Cost:
        """The cost of ``work`` in the PEs, their fast arrays and translators."""
        tile = self.whole_tile
        pe = tile.pe
        assert isinstance(pe, PulsedPe)
        return tile.in_pes(lambda _: work(pe))

    @cached_property
    def hidden(self) -> HiddenStore:
        """Room for the layer with the most weights, unless given; as many lanes as for norms."""
        most = np.max(self.workload.weights, axis=-1, keepdims=True)
        given = self.spec.gradient_unit.store_bits
        words = float(self.learning.words)
        bits = most * words * WORD if isinstance(given, str) else given
        buffer = self._global_buffer(np.maximum(bits, 1.0), "buffer")
        return HiddenStore(
            self.tech,
            buffer,
            bits,
            self.spec.arrays.adc_bits,
            lanes=self.spec.vector_unit.lanes,
            words=words,
            products=float(self.learning.products),
            additions=float(self.learning.additions),
        )

    def works_in(self, phase: str) -> Place:
        """Trains on arrays of their own."""
        return Place("fast", self.tile_name) if phase == "gradient" else super().works_in(phase)

    @property
    def parts(self) -> Counted:
        tiles = self.split_tiles + self.whole_tiles
        return (
            *self.forward_tiles,
            (1.0, self.tree),
            (1.0, self.buffer),
            (1.0, self.vector_unit),
            (1.0, self.hidden),
            (tiles + 1.0, self.control),
            *self.product_parts,
        )
