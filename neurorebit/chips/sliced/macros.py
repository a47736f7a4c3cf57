"""The arrays of all slices of some weights: read together, and changed by outer products in place.

A. Ankit et al., "PANTHER: A Programmable Architecture for Neural Network Training Harnessing
Energy-Efficient ReRAM", IEEE Trans. Comput. 69(8):1128, 2020, arXiv:1912.11516. Inputs come on the
rows bit by bit; the errors, times the rate, stand in shift registers at the columns, and move by
one bit from each bit of the inputs to the next. What lies in the place of a slice is the digit that
its columns are driven with: as many pulses as change a cell by it. See
docs/models/macros.md#bit-sliced-weights.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.chips.parts.parallel import ParallelMacro
from neurorebit.chips.parts.programming import LEAST, Taken, directions
from neurorebit.chips.parts.readout import Counted
from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.comparator import PrefixComparator
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.register import Register
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class DigitDrivers(Block):
    """What drives the columns of an outer product: a shift register for each, and its digits.

    A register has ``bits`` bits and a sign. In each of the ``slices`` a comparator of ``stride``
    bits compares the column's digit with a count that all share, as long as it sends pulses.
    """

    tech: Technology
    bits: Positive = 16.0
    stride: Positive = 4.0
    slices: Positive = 8.0
    _: KW_ONLY
    columns: Positive = 128.0
    name: str = "digit_drivers"

    @cached_property
    def register(self) -> Register:
        return Register(self.tech, (self.bits + 1.0) * self.columns)

    @cached_property
    def comparator(self) -> PrefixComparator:
        return PrefixComparator(self.tech, self.stride, self.slices * self.columns)

    @property
    def parts(self) -> Counted:
        return (1.0, self.register), (1.0, self.comparator)

    @action
    def drive(self, planes: Real, counts: Real, used: Real = 1.0) -> Cost:
        """Latch an operand, shift it with each of ``planes`` planes, and compare ``counts`` times.

        In a share ``used`` of the columns, while pulses are sent: this adds no time to theirs.
        """
        moved = self.register.store(used / 2.0, used)
        compared = used * self.comparator.compare()
        return Cost((planes * (moved + counts * compared)).energy)


@dataclass(frozen=True, eq=False, kw_only=True)
class SlicedMacro(Block):
    """An array for each slice of some weights, and what joins their results.

    ``array`` is that of one slice; ``bits`` are those of a cell of each slice, of which ``stride``
    store a part of the weight. Products read ``read_slices`` of them; of an outer product all take
    their digits at once.
    """

    tech: Technology
    array: ParallelMacro
    bits: tuple[int, ...]
    stride: Positive
    read_slices: Positive
    update_bits: Positive
    name: str = "sliced"

    @property
    def slices(self) -> Real:
        """Arrays, one for each slice."""
        return float(len(self.bits))

    @property
    def rows(self) -> Real:
        """Rows of each array."""
        return self.array.rows

    @property
    def cols(self) -> Real:
        """Columns of each array: weights of a row."""
        return self.array.cols

    @property
    def adcs(self) -> Real:
        """Weights of a row that are read at once."""
        return self.array.adcs

    @property
    def row_adcs(self) -> Real:
        """Rows that are read at once in a transposed read."""
        return self.array.row_adcs

    @property
    def _joins(self) -> Real:
        return np.where(np.asarray(self.read_slices) > 1.0, 1.0, 0.0)

    def _joining(self, bits: Real, units: Real, beat: Real, name: str) -> ShiftAdd:
        """Shifts by ``stride`` bits from slice to slice."""
        terms = self.stride * (self.read_slices - 1.0) + 1.0
        return ShiftAdd(self.tech, bits, terms, units, beat=beat, name=name)

    @cached_property
    def readout(self) -> ShiftAdd:
        """Joins the results of all slices that are read."""
        below = self.array.readout
        return self._joining(below.sum_bits, self.adcs, below.beat, "slice_shift_add")

    @cached_property
    def transposed_readout(self) -> ShiftAdd:
        """As forward, of a transposed read."""
        beside, name = self.array.transposed_readout, "transposed_slice_shift_add"
        return self._joining(beside.sum_bits, self.row_adcs, beside.beat, name)

    @cached_property
    def drivers(self) -> DigitDrivers:
        """At the columns of all slices."""
        sizes = self.update_bits, self.stride, self.slices
        return DigitDrivers(self.tech, *sizes, columns=self.cols)

    @property
    def parts(self) -> Counted:
        return (
            (self.slices, self.array),
            (self._joins, self.readout),
            (self._joins, self.transposed_readout),
            (1.0, self.drivers),
        )

    @property
    def output_bits(self) -> Real:
        """Bits of a result of a forward read."""
        return self.readout.sum_bits

    # -- products --------------------------------------------------------------------------------

    @action
    def read(
        self,
        density: Real = 0.5,
        state: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        planes: Real | None = None,
        places: Real | None = None,
    ) -> Cost:
        """One input plane through all slices that are read; arguments as for one array.

        A plane bears its share of what joins the slices, once the planes are added.
        """
        read = self.array.read(density, state, driven, sensed, planes=planes, places=places)
        places = self.array.cols_per_adc if places is None else places
        count = self.array.input_bits if planes is None else planes
        joined = self.readout.accumulate(self.read_slices * places, sensed)
        return read.across(self.read_slices) + self._joins / count * joined

    @action
    def read_transposed(
        self,
        density: Real = 0.5,
        state: Real = 0.5,
        driven: Real = 1.0,
        sensed: Real = 1.0,
        *,
        places: Real | None = None,
    ) -> Cost:
        """One error plane through the rows of all slices that are read; as ``read``."""
        read = self.array.read_transposed(density, state, driven, sensed, places=places)
        places = self.array.rows_per_adc if places is None else places
        joined = self.transposed_readout.accumulate(self.read_slices * places, sensed)
        return read.across(self.read_slices) + self._joins / self.array.error_bits * joined

    @action
    def correct(self, sensed: Real = 1.0, places: Real | None = None) -> Cost:
        """Subtract the sums of weights in all slices that are read."""
        return self.array.correct(sensed, places).across(self.read_slices)

    @action
    def keep_sums(self, sensed: Real = 1.0) -> Cost:
        """Store the sums of weights in all slices that are read."""
        return self.array.keep_sums(sensed).across(self.read_slices)

    # -- outer products --------------------------------------------------------------------------

    def pulses(self, bits: int) -> tuple[Real, Real]:
        """Pulses up and down of the largest digit, in a slice whose cells have so many bits."""
        device, digit = self.array.device.response, 2.0**self.stride - 1.0
        steps = 2.0**bits - 1.0
        return digit * device.levels_ltp / steps, digit * device.levels_ltd / steps

    @action
    def accumulate(
        self, planes: Real, rows: Real, cols: Real, *, up: Real, down: Real, state: Real = 0.5
    ) -> Cost:
        """Add an outer product to the cells: first what raises them, then what lowers them.

        In each of ``planes`` planes ``rows`` rows carry a one on the mean; ``cols`` columns are in
        use. ``up`` and ``down`` pulses in all reach the cells of an array, whose mean place in the
        range is ``state``. Slices take theirs at once, the narrowest the longest.
        """
        total, sent, counts = Cost(), (up, down), 0.0 * planes
        for bits, number in Counter(self.bits).items():
            longest = self.pulses(bits)
            one = self._pulsed(planes, rows, longest, sent=sent, state=state)
            total = total | one.across(float(number))
            counts = counts + number * (longest[0] + longest[1])
        driven = self.drivers.drive(planes, counts / self.slices, cols / self.cols)
        return total | driven

    def _pulsed(
        self,
        planes: Real,
        rows: Real,
        longest: tuple[Real, Real],
        *,
        sent: tuple[Real, Real],
        state: Real,
    ) -> Cost:
        """One array: rows are opened for a plane, columns get ``longest`` pulses or fewer.

        A column has no more ones than the pulses that were counted in its cells say.
        """
        total, array = Cost(), self.array
        pulses = directions(array.array, array.device.response)
        for number, most, direction in zip(sent, longest, pulses, strict=True):
            trains = planes * most
            pulsed = number / np.maximum(trains * rows, LEAST)
            lines = direction.lines(pulsed, direction.voltage, direction.width, rows)
            opened = planes * array.open_rows(rows).cost
            opened = opened | trains * array.select_cols(pulsed / array.cols, 1.0)
            series = array.feed.series(pulsed, rows, array.cols)
            each = direction.heat(array.array, state, series)
            heat = Cost.of(number * each, trains * direction.width)
            total = total + opened + trains * lines + heat.under("cells")
        return total.under(array.name)

    # -- carries and programming -----------------------------------------------------------------

    @action
    def scan(self, rows: Real, sensed: Real, places: Real, *, state: Real = 0.5) -> Cost:
        """Read each cell of ``rows`` rows by itself, in all slices, for the carries."""
        one = rows * places * self.array.sense_row(state, sensed)
        return one.under(self.array.name).across(self.slices)

    @action
    def program(
        self,
        rising: tuple[Real, Real],
        falling: tuple[Real, Real],
        state: Real = 0.5,
        cells: Real | None = None,
        *,
        rows: Real | None = None,
    ) -> Cost:
        """Pulse the cells that change in all slices; arguments as for one array."""
        return self.array.program(rising, falling, state, cells, rows=rows).across(self.slices)

    @action
    def verify(
        self,
        changed: Real,
        reads: Real,
        *,
        state: Real = 0.5,
        cells: Real | None = None,
        rows: Real | None = None,
    ) -> Cost:
        """Read cells that were written in all slices; arguments as for one array."""
        one = self.array.verify(changed, reads, state=state, cells=cells, rows=rows)
        return one.across(self.slices)

    def deploy(
        self,
        state: Real = 0.5,
        cells: Real | None = None,
        taken: Taken | None = None,
        *,
        rows: Real | None = None,
    ) -> Cost:
        """Write every cell that holds a slice of a weight once; arguments as for one array."""
        one = self.array.deploy(state, cells, taken, rows=rows)
        return one.across(self.slices).under(self.name)
