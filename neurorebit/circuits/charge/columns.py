"""SRAM cells with a capacitor each, which multiply on a column by the charge that they share.

A cell's transistors drive the bottom plate of its capacitor to the product of its bit and the input
bit; the top plates of a column are one node. See docs/models/charge.md#charge-on-a-column.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.converters.comparator import BOLTZMANN, LN2
from neurorebit.circuits.converters.sar import SarSection
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cells
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.technology import Technology

SETTLED = 9.0  # bits to which a column settles: half a step of an eight-bit converter
HALF = 12.0  # q^2 / 12 is the power of the rounding to a step q


def mismatch(tech: Technology, cap: Real) -> Real:
    """Relative spread of capacitors of ``cap`` [F] (docs/models/charge.md#bits-of-a-column)."""
    own = tech.section(SarSection)
    return own.mismatch * np.sqrt(own.matched_cap / cap)


def cell_area(tech: Technology, transistors: Real, cap: Real, *, logic_rules: bool) -> Real:
    """Area [m^2] of an SRAM cell with ``transistors`` more, below a capacitor of ``cap`` [F].

    See docs/models/charge.md#area-of-a-cell. With ``logic_rules`` a transistor of the cell takes
    half of a minimum inverter, else the six of the memory keep the area of the technology's SRAM.
    """
    sram, one = tech.sram, cells(tech).inverter.area / 2.0
    memory = 6.0 * one if logic_rules else sram.height * sram.width * tech.feature**2
    above = cap / tech.section(SarSection).cap_density
    return np.maximum(memory + transistors * one, above)


def plate_cap(tech: Technology, cap: Real) -> Real:
    """Capacitance [F] to ground of a plate of a capacitor, that of a wire as long as its side."""
    return tech.wire.cap * np.sqrt(cap / tech.section(SarSection).cap_density)


@dataclass(frozen=True, eq=False)
class ChargeColumns(Block):
    """``rows`` by ``cols`` cells of ``cap`` [F], with the drivers of their input lines.

    ``input_lines`` of a row: two multiply by an XNOR, one of them rising with each input; one
    multiplies by an AND. ``shorted``: each capacitor is charged alone, and switches in the cells
    then short them; else bottom plates are driven while the column floats. ``transistors`` of a
    cell beside the six of its memory. ``load`` [F] is what hangs on a column beside its cells,
    ``drawn_area`` [m^2] that of a published cell, in place of the model's. Between two products the
    plates go back to 0 V, which takes nothing from the supply. ``settling`` [s] is the time for
    that and for a column to settle, half a clock period each unless given.
    """

    tech: Technology
    rows: Positive = 256.0
    cols: Positive = 64.0
    load: Real = 0.0
    _: KW_ONLY
    cap: Positive = 1.2e-15
    input_lines: Positive = 2.0
    transistors: Real = 2.0
    shorted: bool = False
    logic_rules: bool = True
    drawn_area: Positive | None = None
    settling: Positive | None = None
    name: str = "array"

    abuts = True

    # -- sizes -------------------------------------------------------------------------------------

    @cached_property
    def cell_area(self) -> Real:
        """Area [m^2] of a cell."""
        if self.drawn_area is not None:
            return self.drawn_area
        more = self.transistors + (2.0 if self.shorted else 0.0)
        return cell_area(self.tech, more, self.cap, logic_rules=self.logic_rules)

    @cached_property
    def side(self) -> Real:
        """Pitch [m] of cells, which are square."""
        return np.sqrt(self.cell_area)

    @property
    def _drain(self) -> Real:
        """Capacitance [F] of a drain of a minimum transistor."""
        return cells(self.tech).nfet.output_cap

    @property
    def time(self) -> Real:
        """Time [s] in which a column is reset, and in which it settles."""
        return 0.5 / self.tech.clock if self.settling is None else self.settling

    # -- lines -------------------------------------------------------------------------------------

    @cached_property
    def line_cap(self) -> Real:
        """Capacitance [F] of an input line: its wire, and a drain in each cell."""
        return self.cols * (self.tech.wire.cap * self.side + self._drain)

    @cached_property
    def driver(self) -> Buffers:
        """The driver of an input line."""
        res = wire_res(self.tech) * self.cols * self.side
        return Buffers(self.tech, self.line_cap, line_res=res)

    @cached_property
    def column_cap(self) -> Real:
        """Capacitance [F] of a column with all of its cells."""
        drains = self._drain * np.where(self.shorted, 2.0, 0.0)
        each = self.cap + self.tech.wire.cap * self.side + drains
        return self.rows * each + self.load + self.reset_width * self._drain

    @cached_property
    def reset_width(self) -> Real:
        """Width of the transistor that resets a column, in minimum transistors, at least one."""
        tau = self.time / (SETTLED * LN2)
        return np.maximum(cells(self.tech).nfet.nfet_res * self.rows * self.cap / tau, 1.0)

    @property
    def node_cap(self) -> Real:
        """Capacitance [F] of a bottom plate to ground: its own, and drains of the transistors."""
        return self.transistors * self._drain + plate_cap(self.tech, self.cap)

    # -- what a column can tell apart --------------------------------------------------------------

    @property
    def step(self) -> Real:
        """Voltage [V] by which one cell more raises a column."""
        return self.tech.vdd * self.cap / self.column_cap

    @property
    def count_noise(self) -> Real:
        """Thermal noise of a reset column, as a number of cells (standard deviation)."""
        thermal = BOLTZMANN * self.tech.temperature * self.column_cap
        return np.sqrt(thermal) / (self.cap * self.tech.vdd)

    @property
    def count_mismatch(self) -> Real:
        """Spread of a count of half of the rows, as a number of cells."""
        return mismatch(self.tech, self.cap) * np.sqrt(self.rows) / 2.0

    @property
    def bits(self) -> Real:
        """Bits of a converter whose rounding is as large as noise and mismatch of a column."""
        power = self.count_noise**2 + self.count_mismatch**2
        return np.log2(self.rows / np.sqrt(HALF * power))

    # -- footprint and actions ---------------------------------------------------------------------

    @property
    def body(self) -> Footprint:
        """Cells, drivers and reset transistors."""
        drivers, unit = self.rows * self.input_lines, cells(self.tech)
        area = self.rows * self.cols * self.cell_area + drivers * self.driver.area
        leaking = self.rows * self.cols * 1.5 * unit.inverter.leakage_power
        leaking = leaking + drivers * self.driver.leakage_power
        resets = self.cols * self.reset_width
        return Footprint.of(
            area + resets * unit.nfet.area, leaking + resets * unit.nfet.leakage_power
        )

    def drawn(
        self, ones: Real = 0.5, rows: Real | None = None, *, mean: Real = 1.0, square: Real = 1.0
    ) -> Real:
        """Energy [J] that the capacitors of a column draw, of so many ``rows`` (all unless given).

        Each goes up with the probability ``ones``, to the voltage of its input, of which ``mean``
        and ``square`` are those of the ratio to the supply and of its square. What is charged to v
        draws C v, less what the column rises meanwhile.
        """
        count = self.rows if rows is None else rows
        up, power = count * ones * mean, count * ones * square
        column = power - count * (ones * mean) ** 2 + up**2  # mean square of the sum
        raised = np.where(self.shorted, 0.0, self.cap * column / self.column_cap)
        return self.cap * self.tech.vdd**2 * (power - raised)

    @action
    def multiply(
        self,
        ones: Real = 0.5,
        raised: Real = 1.0,
        active: Real = 1.0,
        used: Real = 1.0,
        *,
        mean: Real = 1.0,
        square: Real = 1.0,
    ) -> Cost:
        """One value of each input of a share of the rows, in a share ``used`` of the columns.

        ``ones`` of the products of bits are one; of a row that is driven so many lines are
        ``raised``. ``mean`` and ``square`` as for ``drawn``; those of bits are one.
        """
        rows, cols, volts = active * self.rows, used * self.cols, self.tech.vdd**2
        each = self.drawn(ones, rows, mean=mean, square=square)
        energy = cols * (each + rows * ones * square * self.node_cap * volts)
        line = square * self.line_cap + self.driver.switched
        energy = energy + rows * raised * line * volts
        gate = cells(self.tech).nfet.nfet_cap
        shorting = 2.0 * gate + self.tech.wire.cap * self.side  # of a cell, with its line
        switches = self.reset_width * gate + np.where(self.shorted, rows * shorting, 0.0)
        energy = energy + cols * switches * volts
        return Cost.of(energy, 2.0 * self.time + self.driver.path(STEP)[0])
