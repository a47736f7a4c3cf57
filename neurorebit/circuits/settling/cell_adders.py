"""A full adder in each cell of an array: sums ripple down the rows, carries across a weight's bits.

The netlist of one weight's columns. A cell forms the product of its bit with the row's input by
pass gates that the bit holds open, so that the input lines drive the products; the product of the
highest bit is that of the columns above it too. A row of registers ends each stage of the ripple.
See docs/models/adder_trees.md#adders-in-cells.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from neurorebit.circuits.settling.full_adder import MUX, conjunction, in_turn
from neurorebit.circuits.settling.netlist import Caps, Netlist, Words, neighbours
from neurorebit.circuits.settling.serial_tree import MOST, SAMPLES, Activity, stationary
from neurorebit.circuits.settling.settle import Settled, between, operate, packed


class Column(NamedTuple):
    """What is drawn: ``rows`` of a weight of ``bits``, whose sum takes ``extra`` columns more.

    A register row stands behind each ``stage`` rows. ``product``: "xnor" of a bit and the input's
    two lines, or "and". ``planes`` are those of an
    input. The first ``active`` rows have inputs, the others zeros; all, where 0.
    """

    rows: int
    bits: int
    extra: int
    stage: int
    product: str = "xnor"
    styles: tuple[str, ...] = ("mirror",)
    planes: int = 1
    active: int = 0

    @property
    def width(self) -> int:
        """Columns of a weight."""
        return self.bits + self.extra


# What an input line drives through pass gates that a stored bit holds open.
OPEN = replace(MUX, name="open", stack=1.0)
PRODUCTS = ("xnor", "and")


@lru_cache(maxsize=32)
def drawn_column(column: Column) -> Netlist:
    """The netlist of one weight's columns."""
    n = Netlist(part="lines")
    lines = [(n.input(), n.input()) for _ in range(column.rows)]
    n.part = "cells"
    words = [[(n.input(), n.input()) for _ in range(column.bits)] for _ in lines]
    n.part = "array"
    low = n.low()
    sums: list[int] = [low] * column.width
    for row, ((true, inverse), word) in enumerate(zip(lines, words, strict=True), 1):
        n.part = "products"
        if column.product == "xnor":
            made = [n.gate(OPEN, bit, other, true, inverse) for bit, other in word]
        else:
            made = [conjunction(n, bit, true) for bit, _ in word]
        top = made[-1]
        n.part = "array"
        carry = low
        for place, adder in enumerate(in_turn(column.styles, column.width)):
            product = made[place] if place < column.bits else top
            if place >= column.bits:
                n.wire(top, 1.0)
            sums[place], carry = adder(n, sums[place], product, carry)
            n.wire(sums[place], 1.0)
            n.wire(carry, 1.0)
        if row % column.stage == 0:
            n.part = "registers"
            sums = n.register(sums)
    return n


def _inputs(column: Column, given: Activity, words: int) -> Words:
    cases = 64 * words
    warm = column.rows // column.stage + 3
    rng = np.random.default_rng(7)
    lines = stationary(rng, (column.rows, cases), warm, given)
    lines[:, column.active or column.rows :] = False
    cells = rng.random((column.rows * column.bits, cases)) < given.weight_ones
    both = np.stack((lines, ~lines), axis=2).reshape(warm, -1, cases)
    held = np.stack((cells, ~cells), axis=1).reshape(-1, cases)
    return packed(np.concatenate((both, np.broadcast_to(held, (warm, *held.shape))), axis=1))


def settled_column(column: Column, given: Activity, ratios: Caps) -> Settled:
    """One weight's columns in operation, between those of ``neighbours``."""
    return between([(share, _settled_at(column, given, at)) for share, at in neighbours(ratios)])


@lru_cache(maxsize=64)
def _settled_at(column: Column, given: Activity, ratios: Caps) -> Settled:
    words = int(np.clip(-(-SAMPLES // (64 * column.rows)), 1, MOST))
    drawn = drawn_column(column._replace(active=0))
    return operate(drawn, _inputs(column, given, words), ratios)
