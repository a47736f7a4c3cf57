"""What macros of resistive cells share: pairs of cells, levels of word lines, planes of inputs.

See docs/models/sensing.md#cells-of-a-weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.cost import Real
from neurorebit.circuits.line_driver import LevelDriver
from neurorebit.macros.point import Point
from neurorebit.macros.structure import Structure
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import ImpossibleError, quantity
from neurorebit.schema.technology import Technology

Count = Annotated[Real, quantity("", at_least=1)]
Cap = Annotated[Real, quantity("F", at_least=0)]
Time = Annotated[Real, quantity("s", above=0)]
Volt = Annotated[Real, quantity("V", at_least=0, below=10)]
Above = Annotated[Real, quantity("V", above=0, below=10)]
Pair = Literal["none", "rows", "columns", "cell"]
WORD_LINE = "word line"  # the role of what drives word lines


@dataclass(frozen=True, eq=False, kw_only=True)
class WordLines(Structure):
    """Keys of word lines: levels, loads, and when they are opened.

    A word line goes from ``word_line_low`` to ``word_line_high``, by default from 0 V to the access
    voltage of the device. ``driver_cap`` is the capacitance of a driver that switches with its
    line; where it is not given, the driver's own chain switches. ``gate_cap`` and ``coupling_cap``
    are those of a cell; where the first is not given, access transistor and wire of the cell count.
    """

    word_line_low: Volt = 0.0
    word_line_high: Above | None = None
    driver_cap: Cap | None = None
    gate_cap: Cap | None = None
    coupling_cap: Cap = 0.0

    def word_lines(self, array: ReramArray, tech: Technology, shifted: bool) -> LevelDriver:
        """The drivers of the word lines of an array."""
        high = self.word_line_high
        high = array.device.cell.access_voltage if high is None else high
        if not high > self.word_line_low:
            message = f"must lie below the high level, {high:g} V, got {self.word_line_low:g} V"
            raise ImpossibleError(message, key="macro.word_line_low", cure="lower it")
        gates = array.access_cap if self.gate_cap is None else array.cols * self.gate_cap
        load = gates + array.cols * self.coupling_cap
        return LevelDriver(
            tech, array.rows, load, low=self.word_line_low, high=high, shifted=shifted,
            driver_cap=self.driver_cap, name="word_lines",
        )  # fmt: skip


def cells(supplies: Supplies, pair: Pair, rows: Real, columns: Real) -> ReramArray:
    """An array of cells, of two on each crossing where a cell is a pair; ImpossibleError where the
    access transistor does not fit the cell.
    """
    doubled = 2.0 if pair == "cell" else 1.0
    array = ReramArray(supplies.of(), supplies.device, rows, doubled * columns)
    room = array.device.cell.width * array.tech.feature
    if not array.drawn_width <= room:
        message = (
            f"the access transistor would be {array.drawn_width * 1e6:.3g} um wide, in a cell of "
            f"{room * 1e6:.3g} um"
        )
        cure = "raise cell.access_share or cell.width of the device"
        raise ImpossibleError(message, key="device", cure=cure)
    return array


def even(pair: Pair, rows: Real, columns: Real) -> None:
    """ImpossibleError where a line of a pair has no second one."""
    for name, count in (("rows", rows), ("columns", columns)):
        if pair == name and count % 2.0:
            message = f"pairs of cells in two {name} need an even number of them, got {count:g}"
            raise ImpossibleError(message, key=f"macro.{name}", cure="take an even number")


def physical(pair: Pair, rows: Real, columns: Real) -> tuple[Real, Real]:
    """Weights' rows and columns of an array of ``rows`` by ``columns`` lines of cells."""
    return (
        rows / 2.0 if pair == "rows" else rows,
        columns / 2.0 if pair == "columns" else columns,
    )


def mean_share(pair: Pair, point: Point) -> Real:
    """Mean conductance of a cell as a share of the device's range.

    Weights that are not zero are spread evenly over their range. Of a pair one cell holds the
    magnitude, the other one the lowest conductance.
    """
    why = "weights are spread evenly over their range"
    zeros = point.assumed("weight_sparsity", 0.0, why)
    share = 0.5 * (1.0 - zeros)
    return share if pair == "none" else share / 2.0


def planes_of(bits: Real, signed: bool) -> Real:
    """Bit planes of an input: its sign is that of the pulses, and takes no plane."""
    return np.maximum(bits - 1.0, 1.0) if signed else bits


def spread(planes: Real, phases: Real) -> list[float]:
    """Planes in each of ``phases``, the first of which have one more."""
    count = max(int(phases), 1)
    each, more = divmod(int(planes), count)
    return [float(each + (place < more)) for place in range(count) if each + (place < more)]


def role(supplies: Supplies, name: str) -> tuple[Technology, bool]:
    """The technology of a role, and whether it is another one than the core's."""
    return supplies.of(name), supplies.of(name) is not supplies.of()
