"""Readout periphery: below the array for forward reads, beside it for transposed reads.

See docs/models/macros.md#readout. Both kinds end in shift-and-add units, which join the cells of a
weight and then the bit planes of the driven values. A block beside the array is folded to the
array's height, a block below it to the array's width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.chips.parts.signs import SignedInputs
from neurorebit.circuits.adder import Adder
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.gates import log2_up
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.register import Register
from neurorebit.circuits.resistive import Sensed
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.signs import Complements
from neurorebit.schema.technology import Technology

Counted = tuple[tuple[Real, Block], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Readout(Block):
    """Units of digital arithmetic behind the sensed lines of an array.

    ``lines`` of the array are sensed, by periphery that is laid out along a side of ``length`` [m]:
    below the array, or ``beside`` it. Each of the ``units`` joins ``cells`` operands of
    ``operand_bits`` bits to one weight (with one cell a weight there is nothing to join), and the
    weights of ``planes`` bit planes to one sum. ``signs``: how inputs below zero enter, None where
    there are none: planes that are subtracted pass complements, and where sums of weights are, a
    ring of registers behind each unit holds those of its lines, and turns with each result.
    """

    tech: Technology
    lines: Positive
    length: Real
    operand_bits: Real
    planes: Real
    cells: Real = 1.0
    beside: bool = False
    signs: SignedInputs | None = None
    name: str = "readout"

    @property
    def units(self) -> Real:
        """Shift-adds, and adders where lines are added: one for each line."""
        return self.lines

    @property
    def beat(self) -> Real:
        """Least time [s] from operand to operand."""
        return 0.0

    @property
    def fit(self) -> dict[str, Any]:
        """The side that blocks of the readout are laid out along."""
        return {"fit_height" if self.beside else "fit_width": self.length}

    def _shift_add(self, bits: Real, terms: Real, name: str) -> ShiftAdd:
        return ShiftAdd(
            self.tech,
            bits,
            terms,
            self.units,
            beat=self.beat,
            **self.fit,
            name=name,
        )

    @cached_property
    def weight_shift_add(self) -> ShiftAdd:
        """Joins the cells of a weight."""
        return self._shift_add(self.operand_bits, self.cells, "weight_shift_add")

    @cached_property
    def input_shift_add(self) -> ShiftAdd:
        """Joins the bit planes of the inputs, or of the errors in a transposed read."""
        # the difference of two phases is a bit wider, and there are as many fewer of them
        wider = 0.0 if self.signs is None else self.signs.phases - 1.0
        bits, terms = self.operand_bits + self.cells + wider, self.planes - wider
        return self._shift_add(bits, terms, "input_shift_add")

    @cached_property
    def complements(self) -> Complements:
        """Before the adders that join planes."""
        bits = self.operand_bits + self.cells
        return Complements(self.tech, bits, self.units, **self.fit)

    @property
    def results(self) -> Real:
        """Results that a unit gives one after the other."""
        return self.lines / self.units / self.cells

    @cached_property
    def weight_sums(self) -> Register:
        """The sums of the weights of all lines."""
        bits = (self.operand_bits + self.cells) * self.units * self.results
        return Register(self.tech, bits, **self.fit, name="weight_sums")

    @property
    def _for_signs(self) -> Counted:
        if self.signs is None:
            return ()
        return ((1.0, self.weight_sums if self.signs.corrected else self.complements),)

    @property
    def _joins_cells(self) -> Real:
        return np.where(np.asarray(self.cells) > 1.0, 1.0, 0.0)

    @property
    def _joins_planes(self) -> Real:
        return np.where(np.asarray(self.planes) > 1.0, 1.0, 0.0)

    @property
    def shift_adds(self) -> Counted:
        """The shift-adds that have something to join."""
        return (
            (self._joins_cells, self.weight_shift_add),
            (self._joins_planes, self.input_shift_add),
            *self._for_signs,
        )

    @property
    def sum_bits(self) -> Real:
        """Bits of a sum that leaves the readout."""
        return self.input_shift_add.sum_bits

    @action
    def join_cells(self, operands: Real, used: Real = 1.0) -> Cost:
        """Shift and add ``operands`` to weights, in a share of the units."""
        return self._joins_cells * self.weight_shift_add.accumulate(operands, used)

    @action
    def join_planes(self, weights: Real, used: Real = 1.0) -> Cost:
        """Shift and add ``weights``, each of one bit plane, to sums, in a share of the units."""
        joined = self._joins_planes * self.input_shift_add.accumulate(weights, used)
        if self.signs is None or self.signs.corrected:
            return joined
        return joined + self.complements.take(weights, used)

    @action
    def correct(self, used: Real = 1.0, results: Real | None = None) -> Cost:
        """Subtract the sum of its weights from each of ``results`` (all unless given) of a share of
        the units.

        Its complement is kept, so that it is added, while the ring turns by a sum.
        """
        count = self.results if results is None else results
        turned = count * self.weight_sums.store(used / 2.0, used)
        return self.input_shift_add.accumulate(count, used) + Cost(turned.energy)

    @action
    def keep_sums(self, used: Real = 1.0) -> Cost:
        """Store the sums of the weights of a share of the lines."""
        return self.weight_sums.store(used / 2.0, used)

    def join(self, operands: Real, weights: Real, used: Real = 1.0) -> Cost:
        """Shift and add ``operands`` to weights, and ``weights`` to sums."""
        return self.join_cells(operands, used) + self.join_planes(weights, used)

    # -- rows added one after the other ----------------------------------------------------------

    @cached_property
    def register(self) -> Register:
        """Sums over the rows, a bit wider than their adders."""
        return Register(self.tech, (self.operand_bits + 1.0) * self.units, **self.fit)

    @cached_property
    def adder(self) -> Adder:
        """Adds a row to the sums."""
        return Adder(
            self.tech,
            self.operand_bits,
            self.units,
            load=self.register.input_cap,
            **self.fit,
        )

    @action
    def add(self, used: Real = 1.0) -> Cost:
        """Add one row to the sums, in a share of the units; half of the bits of a sum change."""
        return self.adder.add(used) + self.register.store(used / 2.0, used)


@dataclass(frozen=True, eq=False, kw_only=True)
class ConvertingReadout(Readout):
    """Multiplexers lead ``ways`` lines one after the other to a converter of ``bits`` bits.

    Multiplexers stay at a line until all planes have passed. They are drawn for lines of
    ``driven_res`` [ohm] at ``line_voltage`` [V], and ``decoder_sets_height`` says whether their row
    is as high as their decoder. Converters of ``kind`` hold lines at ``held_voltage`` [V] and
    convert up to ``full_scale`` [S]. ``paired``: each converts the difference of two lines, which
    multiplexers of their own lead to it.
    """

    ways: Real
    bits: Real
    kind: str
    full_scale: Real
    driven_res: Positive
    line_voltage: Real
    held_voltage: Real
    decoder_sets_height: bool = True
    paired: bool = False

    @property
    def units(self) -> Real:
        """Converters; a unit of arithmetic stands behind each."""
        return np.floor(self.lines / self.ways)

    @property
    def abreast(self) -> float:
        """Lines that a converter takes at once."""
        return 2.0 if self.paired else 1.0

    @property
    def results(self) -> Real:
        return self.lines / self.units / self.abreast / self.cells

    @property
    def turns(self) -> Real:
        """Lines among which a multiplexer selects."""
        return self.ways / self.abreast

    @property
    def beat(self) -> Real:
        """Least time [s] from conversion to conversion."""
        return self.converters.beat

    @cached_property
    def mux(self) -> AnalogMux:
        decoder = MuxDecoder(self.tech, log2_up(self.turns)).height
        several = np.asarray(self.turns) > 1.0
        return AnalogMux(
            self.tech,
            self.units * self.abreast,
            self.turns,
            driven_res=self.driven_res,
            read_voltage=self.line_voltage,
            fit_width=self.length,
            fit_height=np.where(several, decoder, 0.0) if self.decoder_sets_height else None,
        )

    @cached_property
    def mux_decoder(self) -> MuxDecoder:
        """Selects one of the lines that share a converter."""
        load_n, load_p = self.mux.control_load
        bits = log2_up(self.turns)
        return MuxDecoder(self.tech, bits, load_n=load_n, load_p=load_p, name="mux_decoder")

    @cached_property
    def converters(self) -> Converters:
        return Converters(
            self.tech,
            self.bits,
            self.units,
            self.kind,
            full_scale=self.full_scale,
            read_voltage=self.held_voltage,
            **self.fit,
        )

    @property
    def parts(self) -> Counted:
        blocks = self.mux, self.converters, self.mux_decoder
        return *((1.0, block) for block in blocks), *self.shift_adds

    @property
    def load(self) -> Real:
        """Load [F] of the multiplexer on a line that it leads to a converter."""
        return self.mux.gate.drain_cap * (self.turns + 1.0)

    def sensed(self, reach: Real | None = None) -> Sensed:
        """How lines are sensed: through a pass gate that is on, by a converter that holds them.

        ``reach`` [S]: they convert what is left when the reference is subtracted, from -reach to
        reach, in the steps that training takes. None: from zero to ``full_scale``.
        """
        if reach is None:
            step = self.full_scale / 2.0**self.bits
        else:
            step = CONVERTERS[self.kind].quantisation(self.bits, reach).step
        several = np.where(np.asarray(self.turns) > 1.0, 1.0, 0.0)
        end_res = several * self.mux.switch.res + self.converters.input_res
        return Sensed(self.load, end_res, step / 2.0)

    @action
    def select(self, used: Real = 1.0) -> Cost:
        """Lead another line to a share of the converters."""
        return self.mux_decoder.select() + self.mux.select(used)

    def turn(self, opened: Cost, used: Real = 1.0, planes: Real | None = None) -> Cost:
        """What comes before a plane's conversion, the mean of all ``planes`` of a value.

        ``opened``: lines are driven, with every plane. While the first plane is put on, the
        multiplexers lead another line to a share of the converters: max(a, b) + (n - 1) a.
        """
        several, count = opened | self.select(used), self.planes if planes is None else planes
        return (1.0 / count) * (several + (count - 1.0) * opened)

    def turn_by_rows(
        self, opened: Cost, accesses: Real, used: Real = 1.0, planes: Real | None = None
    ) -> Cost:
        """As ``turn``, where a plane drives ``accesses`` lines one after the other, or none."""
        count = self.planes if planes is None else planes
        once = np.minimum(accesses, 1.0 / count)
        moved = self.select(used)
        rest = (accesses - once) * opened + (1.0 / count - once) * moved
        position: Cost = once * (opened | moved) + rest
        return position

    @action
    def convert(self, used: Real = 1.0) -> Cost:
        """One conversion in a share of the converters, without the current of the lines."""
        return self.converters.convert().across(used)


@dataclass(frozen=True, eq=False, kw_only=True)
class AddingReadout(ConvertingReadout):
    """Converts every cell of a line by itself; an adder behind each converter sums the cells."""

    @property
    def parts(self) -> Counted:
        return *super().parts, (1.0, self.adder), (1.0, self.register)


@dataclass(frozen=True, eq=False, kw_only=True)
class LatchingReadout(Readout):
    """Sense amplifiers latch all lines of one row at once, and adders sum the rows.

    An adder takes ``together`` of the lines as one operand; ``pitch`` [m] is that of the sense
    amplifiers, by default of the technology's SRAM cells.
    """

    together: Real = 1.0
    pitch: Real | None = None

    @property
    def units(self) -> Real:
        return np.floor(self.lines / self.together)

    @property
    def results(self) -> Real:
        return 1.0

    @cached_property
    def sense_amp(self) -> SenseAmp:
        return SenseAmp(self.tech, self.lines, pitch=self.pitch, **self.fit)

    @property
    def parts(self) -> Counted:
        blocks = self.sense_amp, self.adder, self.register
        return *((1.0, block) for block in blocks), *self.shift_adds

    @action
    def sense(self, used: Real = 1.0) -> Cost:
        """Latch a share of the lines."""
        return self.sense_amp.sense(used)
