"""AdderTreeMacro: transposed products in adder trees inside the array, all rows in one cycle.

See docs/models/macros.md#digital-macros and docs/models/adder_trees.md. A tree stands beside each
word of a row and adds that word of all rows whose error has a one in the plane. Nothing is read:
cells are connected to the gates that multiply.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.hybrid.digital import BitSerialMacro
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.settling.blocks import (
    InputLines,
    Values,
    capacitances,
    flop_delay,
    gates_area,
    time_constant,
)
from neurorebit.circuits.settling.netlist import Caps, rounded
from neurorebit.circuits.settling.serial_tree import Activity, Shape, buffered, drawn, settled_at
from neurorebit.circuits.wire import routing_res
from neurorebit.schema.technology import Technology

BITS = 4, 8  # of a word, as simulated; what a tree takes and measures is linear in them
DENSITIES = 0.1, 0.25, 0.5  # of the errors' bits, as simulated; between them and zero: linear
WEIGHT_ONES = 0.5
SWITCH = 2.0  # gate pitches of the pass gate that connects a cell


class Tree(NamedTuple):
    """A tree over words of a number of bits: gate pitches, leakage in minimum inverters, slowest
    path in R C, and what a plane charges at each of ``DENSITIES``, shape [densities, 4].
    """

    width: float
    leaking: float
    path: float
    charged: NDArray[np.float64]

    def extended(self, other: Tree, share: float) -> Tree:
        """Itself, and ``share`` times the way from it to another."""
        return Tree(
            self.width + share * (other.width - self.width),
            self.leaking + share * (other.leaking - self.leaking),
            self.path + share * (other.path - self.path),
            self.charged + share * (other.charged - self.charged),
        )


@lru_cache(maxsize=32)
def _simulated(operands: int, bits: int, across: float, ratios: Caps) -> Tree:
    """Products of words with a sign, and their sum."""
    shape = Shape(operands, bits, 1, sum_bits=0, signed=True, across=across)
    parts = [part for name, part in drawn(shape).parts.items() if name in ("products", "tree")]
    rows = []
    for ones in DENSITIES:
        given = Activity(2.0 * ones * (1.0 - ones), ones, WEIGHT_ONES)
        made = settled_at(shape, given, ratios).parts
        rows.append(np.array(made["products"].switched) + np.array(made["tree"].switched))
    netlist = buffered(shape, ratios)
    path = netlist.path(netlist.delays(ratios))
    width, leaking = sum(part.width for part in parts), sum(part.leaking for part in parts)
    return Tree(width, leaking, path, np.array(rows))


def _each(function: Callable[..., tuple[float, ...]], *values: Real) -> list[NDArray[np.float64]]:
    """A function of plain numbers at each of many designs; nan where one of them is."""
    arrays = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in values))
    designs = zip(*(array.ravel().tolist() for array in arrays), strict=True)
    columns = np.array([function(*numbers) for numbers in designs], dtype=np.float64).T
    return [column.reshape(arrays[0].shape) for column in columns]


def _of_words(rows: float, bits: float, across: float, *ratios: float) -> tuple[float, ...]:
    """A tree over ``rows`` words: width, leakage, path, and each charge at each density."""
    if not all(np.isfinite((rows, bits, across, *ratios))) or rows < 2.0:
        return (np.nan,) * (3 + 4 * len(DENSITIES))
    place = float(2.0 ** np.rint(np.log2(max(across, 1.0))))
    low, high = (_simulated(int(rows), n, place, rounded(Caps(*ratios))) for n in BITS)
    tree = low.extended(high, (bits - BITS[0]) / (BITS[1] - BITS[0]))
    return tree.width, tree.leaking, tree.path, *tree.charged.ravel().tolist()


@dataclass(frozen=True, eq=False)
class WordTrees(Block):
    """``count`` adder trees over words of ``bits`` bits in ``rows`` rows, with their products.

    Each serves ``words`` words of a row, one after the other, connected by pass gates. ``cells``
    [m^2] is the area of the cells of a word. Gates are drawn of minimum transistors, in columns as
    wide as a tree's share of a square array.
    """

    tech: Technology
    rows: Real
    count: Real
    bits: Real
    _: KW_ONLY
    cells: Real
    words: Real = 1.0
    name: str = "trees"

    @cached_property
    def _sizes(self) -> tuple[Real, Real]:
        """Width in gate pitches and leakage in minimum inverters of a tree."""
        netlists = {n: lambda rows, n=n: _sizes_of(int(rows), n) for n in BITS}
        low, high = (_each(netlists[n], self.rows) for n in BITS)
        share = (self.bits - BITS[0]) / (BITS[1] - BITS[0])
        width, leaking = (a + share * (b - a) for a, b in zip(low, high, strict=True))
        return width, leaking

    @property
    def body(self) -> Footprint:
        width, leaking = self._sizes
        leakage = self.count * leaking * cells(self.tech).inverter.leakage_power
        area = gates_area(self.tech, width) + self.rows * self._switches
        return Footprint.of(self.count * area, leakage)

    @property
    def _switches(self) -> Real:
        """Area [m^2] of what connects one of the words of a row."""
        pitches = self.words * self.bits * SWITCH
        return np.where(np.asarray(self.words) > 1.0, gates_area(self.tech, pitches), 0.0)

    @cached_property
    def operand(self) -> Real:
        """Area [m^2] of an operand: the cells of its words and its share of the tree."""
        logic = gates_area(self.tech, self._sizes[0]) / self.rows
        return self.words * self.cells + self._switches + logic

    @property
    def side(self) -> Real:
        """Side [m] of the array with its trees, drawn as a square."""
        return np.sqrt(self.operand * self.rows * self.count)

    @cached_property
    def _caps(self) -> Values:
        return capacitances(self.tech, np.sqrt(self.operand))

    @cached_property
    def _found(self) -> list[NDArray[np.float64]]:
        """Of a tree: width, leakage, path, and each charge at each density."""
        across = (self.side / self.count) ** 2 / self.operand
        ratios = (cap / self._caps[0] for cap in self._caps)
        return _each(_of_words, self.rows, self.bits, across, *ratios)

    @property
    def delay(self) -> Real:
        """Time [s] of the slowest path."""
        return self._found[2] * time_constant(self.tech)

    def energy(self, density: Real) -> Real:
        """Energy [J] of a plane of one tree, of whose bits the share ``density`` are ones."""
        rare = np.minimum(density, 1.0 - np.asarray(density))  # the toggles are those of its zeros
        charges = self._found[3:]
        total: Real = 0.0
        for place, weight in enumerate(_weights(rare)):
            found = charges[4 * place : 4 * place + 4]
            caps = sum((n * cap for n, cap in zip(found, self._caps, strict=True)), 0.0)
            total = total + weight * caps
        return self.tech.vdd**2 * total

    @action
    def add(self, density: Real = 0.5, active: Real = 1.0) -> Cost:
        """A plane of all words, in the share ``active`` of words and rows; time is that of one."""
        return Cost.of(active * self.count * self.words * self.energy(density), self.delay)


@lru_cache(maxsize=64)
def _sizes_of(rows: int, bits: int) -> tuple[float, float]:
    """Width in gate pitches and leakage in minimum inverters of products and tree."""
    if rows < 2:
        return np.nan, np.nan
    parts = drawn(Shape(rows, bits, 1, sum_bits=0, signed=True)).parts
    both = parts["products"], parts["tree"]
    return sum(part.width for part in both), sum(part.leaking for part in both)


def _weights(density: Real) -> list[Real]:
    """Of each of ``DENSITIES``: its weight in a linear interpolation, which is zero at zero."""
    points = (0.0, *DENSITIES)
    return [
        np.interp(density, points, [float(place == n) for n in range(len(points))])
        for place in range(1, len(points))
    ]


@dataclass(frozen=True, eq=False, kw_only=True)
class AdderTreeMacro(BitSerialMacro):
    """The errors' planes drive the rows all at once; a tree adds each word of the rows.

    Gradient and update work as in the bit-serial build. Its lanes are shared as there, the trees
    are not: they stand among the cells.
    """

    @property
    def row_reads(self) -> Real:
        """Steps of a row for one error vector: all rows take a step together."""
        return self.words_per_tree * self.error_bits / self.rows

    @cached_property
    def trees(self) -> WordTrees:
        bits, array = self.formats.weights.bits, self.weight_bank.array
        area, count = array.footprint.area.total / self.weights, self.words / self.words_per_tree
        trees = WordTrees(self.tech, self.rows, count, 1.0 * bits, cells=area)
        return replace(trees, words=self.words_per_tree)

    @cached_property
    def lines(self) -> InputLines:
        """A line for each row, with a gate at each bit of a word of each tree."""
        gate = capacitances(self.tech, 0.0)
        load = self.trees.count * self.formats.weights.bits * (gate[0] + gate[2])
        res = routing_res(self.tech, self.tech.wire.medium_width)
        length = self.trees.side
        return InputLines(self.tech, self.rows, length, load, res=res, name="error_lines")

    def _turns(self, share: Real) -> Real:
        """Words that follow each other in a tree, where a share of all is in use."""
        return np.maximum(np.minimum(self.words_per_tree, share * self.words), 1.0)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        others = super().parts
        kept = tuple((n, part) for n, part in others if part is not self.row_sum)
        sums = tuple((1.0 if part is self.plane_sum else n, part) for n, part in kept)
        return *sums, (1.0, self.trees), (1.0, self.lines)

    @action
    def mtvm(
        self,
        error_density: Real = 0.5,
        nonzero: Real = 1.0,
        rows: Real | None = None,
        words: Real | None = None,
    ) -> Cost:
        """One error vector: the words of a tree in turn, plane by plane; lines of rows beyond
        those in use hold still.

        ``error_density`` counts zero errors as well, so ``nonzero`` says nothing more.
        """
        rows, share = self._used(rows, words)
        used, turns = rows / self.rows, self._turns(share)
        density = np.clip(error_density, 0.0, 1.0)
        lines = turns * self.lines.drive(2.0 * density * (1.0 - density), used)
        added, summed = self.trees.add(density, used * share), self.plane_sum.add(share)
        step = flop_delay(self.tech) + self.lines.delay + self.trees.delay
        slowest = np.maximum(step, summed.latency.total)
        energy = self.error_bits * (lines.energy + added.energy + summed.energy)
        streamed = Cost(energy) + Cost.of(0.0, self.error_bits * turns * slowest)
        return streamed + self.plane_sum.resolve(share)
