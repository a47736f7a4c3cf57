"""Products of stationary weights with bits of inputs, their sum in a tree, and the sum over planes.

The netlist of one output: each input meets its weight in a multiplier, all products meet in a tree,
and an accumulator shifts and adds the sums of the planes, most or least significant first.

| multiplier | product of a weight and the input bits of a cycle |
|---|---|
| nor | a NOR of four transistors for each bit, of the complements that cell and line hold |
| and | a NAND and an inverter for each bit |
| table | 0, w, 2 w or 3 w by multiplexers, for two input bits; 3 w is added once |
| booth | -2 w to 2 w by radix 4 recoding beside the lines, for two input bits |

With several input bits a cycle and without a table or recoding, each bit has products of its own,
which enter the tree with its weight. See docs/models/adder_trees.md#products-of-bits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.settling.full_adder import (
    INVERTER,
    MUX,
    NAND,
    NOR,
    conjunction,
    exclusive_or,
)
from neurorebit.circuits.settling.netlist import Caps, Netlist, Part, Words, neighbours
from neurorebit.circuits.settling.settle import Settled, between, operate, packed
from neurorebit.circuits.settling.summation import Drawn, Row, add, registered, total

SAMPLES = 2**14  # operands times cases of a simulation, at least
MOST = 64  # words of 64 cases


class Shape(NamedTuple):
    """What is drawn: ``operands`` of ``weight_bits``, and ``planes`` of ``per_cycle`` input bits.

    ``registers``: levels of the tree behind which flip-flops stand, 0 for the products and -1 for
    the sum. ``sum_bits`` are those of the accumulator; 0 where there is none. ``across``: operands
    in a square as wide as the column, a power of two. ``active`` operands have inputs, the others
    have zeros; ``stored`` bits of a word hold a weight, those above it zeros; all, where 0.
    """

    operands: int
    weight_bits: int
    planes: int
    per_cycle: int = 1
    multiplier: str = "nor"
    tree: str = "ripple"
    styles: tuple[str, ...] = ("mirror",)
    registers: tuple[int, ...] = ()
    sum_bits: int = 16
    first: str = "most"
    signed: bool = False
    across: float = 1.0
    active: int = 0
    stored: int = 0

    @property
    def tree_bits(self) -> int:
        """Bits of the sum of a plane."""
        several = self.per_cycle if self.per_cycle > 1 else 0
        return self.weight_bits + several + int(np.ceil(np.log2(self.operands)))


class Activity(NamedTuple):
    """Share of ones of inputs and weights, and of the input lines that toggle in a cycle."""

    toggle: float = 0.5
    ones: float = 0.5
    weight_ones: float = 0.5

    @property
    def possible(self) -> bool:
        """A signal toggles at most twice as often as it has its rarer value."""
        return self.toggle <= 2.0 * min(self.ones, 1.0 - self.ones) + 1e-12


# -- multipliers -----------------------------------------------------------------------------------

Lines = list[list[int]]  # of each input: its nets
Draw = Callable[[Netlist, list[int], list[int], bool], list[Row]]


class Multiplier(NamedTuple):
    """A multiplier: the products of an operand, of ``bits`` input bits, any number where 0."""

    draw: Draw
    bits: int = 0
    inverted: bool = False  # lines and cells hold complements


def _nor(n: Netlist, lines: list[int], word: list[int], signed: bool) -> list[Row]:
    return [
        Row(
            {place + low: n.gate(NOR, line, bit) for place, bit in enumerate(word)},
            1.0 / len(lines),
            signed,
        )
        for low, line in enumerate(lines)
    ]


def _and(n: Netlist, lines: list[int], word: list[int], signed: bool) -> list[Row]:
    return [
        Row(
            {place + low: conjunction(n, line, bit) for place, bit in enumerate(word)},
            1.0 / len(lines),
            signed,
        )
        for low, line in enumerate(lines)
    ]


def _times_three(n: Netlist, word: list[int]) -> list[int]:
    """Three times a weight, which never switches."""
    single = Row(dict(enumerate(word)), 0.0)
    double = Row(dict(enumerate(word, 1)), 0.0)
    made = add(n, single, double, Drawn(("mirror",), len(word) + 2)).bits
    return [made[place] for place in range(len(word) + 2)]


def _table(n: Netlist, lines: list[int], word: list[int], signed: bool) -> list[Row]:
    three, low = _times_three(n, word), n.low()
    once, twice = lines
    bits: dict[int, int] = {}
    off, other = n.gate(INVERTER, once), n.gate(INVERTER, twice)
    for place in range(len(word) + 2):
        one = word[place] if place < len(word) else low
        two = word[place - 1] if 0 < place <= len(word) else low
        lower = n.gate(MUX, once, off, one, low)
        upper = n.gate(MUX, once, off, three[place], two)
        chosen = n.gate(MUX, twice, other, upper, lower)
        bits[place] = n.gate(INVERTER, n.gate(INVERTER, chosen))
    return [Row(bits, 1.0)]


def _booth(n: Netlist, lines: list[int], word: list[int], signed: bool) -> list[Row]:
    """Lines are those of a digit: single, double, negative."""
    single, double, negative = lines
    bits: dict[int, int] = {}
    for place in range(len(word) + 1):
        made = []
        if place < len(word) or signed:
            made.append(n.gate(NAND, single, word[min(place, len(word) - 1)]))
        if place > 0:
            made.append(n.gate(NAND, double, word[place - 1]))
        size = n.gate(INVERTER, *made) if len(made) == 1 else n.gate(NAND, *made)
        bits[place] = exclusive_or(n, size, negative)
    if not signed:  # else the highest bit is the sign
        bits[len(word) + 1] = negative
    # The one that a complement lacks is a row of its own.
    return [Row(bits, 0.5, signed=True), Row({0: negative}, 0.5)]


MULTIPLIERS: dict[str, Multiplier] = {
    "nor": Multiplier(_nor, inverted=True),
    "and": Multiplier(_and),
    "table": Multiplier(_table, 2),
    "booth": Multiplier(_booth, 2),
}


# -- the netlist of an output ----------------------------------------------------------------------


def _accumulated(n: Netlist, row: Row, shape: Shape) -> None:
    """Shift and add in ``sum_bits`` flip-flops; the line ``keep`` is zero in the first plane."""
    n.part = "keep"
    keep = n.input()
    n.part = "accumulator"
    flops = [n.flop() for _ in range(shape.sum_bits)]
    kept = [conjunction(n, keep, flop) for flop in flops]
    if shape.first == "most":
        held = Row(dict(enumerate(kept[: -shape.per_cycle], shape.per_cycle)), 0.0)
        made = add(n, row, held, Drawn(("mirror",), shape.sum_bits)).bits
        nets = [made[place] for place in range(len(flops)) if place in made]
    else:  # a plane enters at the top, and what is below moves down
        low = shape.sum_bits - len(row.bits) - shape.per_cycle
        high = Row({place + low + shape.per_cycle: net for place, net in row.bits.items()}, 0.0)
        held = Row(dict(enumerate(kept)), 0.0)
        above = Row({p: net for p, net in held.bits.items() if p >= low + shape.per_cycle}, 0.0)
        made = add(n, high, above, Drawn(("mirror",), shape.sum_bits + shape.per_cycle)).bits
        joined = {**held.bits, **made}
        nets = [joined.get(place + shape.per_cycle, n.low()) for place in range(len(flops))]
    for flop, net in zip(flops, nets, strict=False):
        n.latch(flop, net)


@lru_cache(maxsize=64)
def drawn(shape: Shape) -> Netlist:
    """The netlist of an output."""
    n, multiplier = Netlist(), MULTIPLIERS[shape.multiplier]
    n.part = "lines"
    per_input = 3 if shape.multiplier == "booth" else shape.per_cycle
    lines = [[n.input() for _ in range(per_input)] for _ in range(shape.operands)]
    n.part = "cells"
    words = [[n.input() for _ in range(shape.weight_bits)] for _ in range(shape.operands)]
    n.part = "products"
    rows = [
        row
        for line, word in zip(lines, words, strict=True)
        for row in multiplier.draw(n, line, word, shape.signed)
    ]
    rows.sort(key=lambda row: -len(row.bits))  # narrow ones are added to each other first
    if 0 in shape.registers:
        rows = [registered(n, row) for row in rows]
    n.part = "tree"
    behind = frozenset(level for level in shape.registers if level > 0)
    how = Drawn(shape.styles, shape.tree_bits, behind, shape.across)
    summed = total(n, rows, shape.tree, how)
    if -1 in shape.registers:
        summed = registered(n, summed)
    if shape.sum_bits:
        _accumulated(n, summed, shape)
    return n


def stationary(
    rng: np.random.Generator, size: tuple[int, ...], cycles: int, given: Activity
) -> NDArray[np.bool_]:
    """Bits that have a share of ones and toggle with a probability; cycles on the first axis."""
    made = np.empty((cycles, *size), dtype=bool)
    made[0] = rng.random(size) < given.ones
    rise = given.toggle / 2.0 / max(1.0 - given.ones, 1e-12)
    fall = given.toggle / 2.0 / max(given.ones, 1e-12)
    for cycle in range(1, cycles):
        before = made[cycle - 1]
        made[cycle] = before ^ (rng.random(size) < np.where(before, fall, rise))
    return made


def recoded(bits: NDArray[np.bool_], carried: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Digits of radix 4 of pairs of bits, low bit first, and the bit below: single, double, neg."""
    low, high = bits[..., 0, :], bits[..., 1, :]
    single = low ^ carried
    double = (high & ~low & ~carried) | (~high & low & carried)
    return np.stack((single, double, high & ~(low & carried)), axis=-2)


@lru_cache(maxsize=16)
def recoder(given: Activity) -> Part:
    """A recoder of radix 4 at work: two bits and the one below become single, double, negative."""
    n = Netlist(part="lines")
    low, high, below = n.input(), n.input(), n.input()
    n.part = "recoder"
    exclusive_or(n, low, below)
    both = conjunction(n, low, below)
    lone = n.gate(NAND, high, n.gate(INVERTER, both))
    n.gate(INVERTER, lone)
    twice = n.gate(NAND, n.gate(INVERTER, high), both)
    n.gate(NAND, twice, n.gate(NAND, high, n.gate(NOR, low, below)))
    rng = np.random.default_rng(7)
    bits = stationary(rng, (2, 64 * MOST), 3, given)
    lines = [np.stack((bits[t, 0], bits[t, 1], bits[t - 1, 1])) for t in (1, 2)]
    cycles = np.stack([packed(line) for line in lines])
    return operate(n, cycles, Caps(1.0, 1.0, 1.0)).parts["recoder"]


def _inputs(shape: Shape, given: Activity, words: int) -> Words:
    """What the inputs of the netlist hold, cycle by cycle; each case is at a plane of its own."""
    cases = 64 * words
    warm = len(shape.registers) + shape.planes + 2
    rng = np.random.default_rng(7)
    lines = stationary(rng, (shape.operands, shape.per_cycle, cases), warm, given)
    lines[:, shape.active or shape.operands :] = False
    if shape.multiplier == "booth":
        before = np.concatenate((lines[:1], lines[:-1]))[..., 1, :]
        lines = recoded(lines, before)
    words_held = rng.random((shape.operands, shape.weight_bits, cases)) < given.weight_ones
    words_held[:, shape.stored or shape.weight_bits :] = False
    cells = words_held.reshape(-1, cases)
    if MULTIPLIERS[shape.multiplier].inverted:
        lines, cells = ~lines, ~cells
    flat = lines.reshape(warm, -1, cases)
    parts = [flat, np.broadcast_to(cells, (warm, *cells.shape))]
    if shape.sum_bits:
        plane = (np.arange(warm)[:, None] + np.arange(cases)) % shape.planes
        parts.append((plane != 0)[:, None, :])
    return packed(np.concatenate(parts, axis=1))


@lru_cache(maxsize=64)
def buffered(shape: Shape, ratios: Caps) -> Netlist:
    """The netlist of an output with inverters behind what drives long nets."""
    return drawn(shape).buffered(ratios)


def settled(shape: Shape, given: Activity, ratios: Caps) -> Settled:
    """The netlist of an output in operation, between those of ``neighbours``."""
    return between([(share, settled_at(shape, given, at)) for share, at in neighbours(ratios)])


@lru_cache(maxsize=256)
def settled_at(shape: Shape, given: Activity, ratios: Caps) -> Settled:
    """The netlist of an output in operation."""
    words = int(np.clip(-(-SAMPLES // (64 * shape.operands)), 1, MOST))
    return operate(buffered(shape, ratios), _inputs(shape, given, words), ratios)
