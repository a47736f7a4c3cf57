"""How often the nets of combinational logic switch, from the statistics of what is computed.

A net is a stationary binary signal: the share of time that it is one, and the probability that it
toggles in each of the steps in which the logic settles. A step is the delay of one XOR stage of a
full adder, so that paths of unequal length switch a net more than once (glitches). Three rules:

1. Within a step the inputs of a gate change at once, and hazards inside a cell, which are shorter
   than the cell's own delay, are filtered.
2. A skew of a step or more between the inputs of a cell counts in full (no glitch is filtered).
3. The inputs of a cell are independent of each other, and the steps of a net of each other.

For operands whose bits are independent, rule 3 is exact for ripple-carry and parallel-prefix adders
(the carry into a bit depends on lower bits alone), and the first two give the known rates of a
ripple adder, 3/4 toggles a carry and 5/4 a sum bit (Leijten, van Meerbergen, Jess, ED&TC 1995:
secondary). In trees it is an approximation; the tests hold it against simulated operands.

A net of capacitance C that toggles t times takes t C V^2 / 2 of the supply.

See docs/models/logic.md#how-often-nets-switch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.cost import Real

Steps = NDArray[np.float64]  # toggles in each step, on the last axis
ALIKE = 1e-5  # toggles: the carries of all but the first bits of an adder are alike
STEPS = 32  # after which what still arrives at once is counted in the last step


class Net(NamedTuple):
    """Signals: the share of ones, shape [...], and toggles in each step, shape [..., STEPS]."""

    ones: Any
    toggles: Steps

    @property
    def rate(self) -> Real:
        """Toggles in all steps."""
        steps: Real = np.sum(self.toggles, axis=-1)
        return steps

    def later(self) -> Net:
        """The same signal one step later."""
        late = np.zeros_like(self.toggles)
        late[..., 1:] = self.toggles[..., :-1]
        late[..., -1] += self.toggles[..., -1]
        return Net(self.ones, late)


@dataclass(frozen=True)
class Operand:
    """Statistics of the bits of an operand.

    ``ones`` is the share of ones, ``toggles`` the share of the bits that differ between one
    operation and the next, or that share for each step in which an operand with glitches settles.
    By default operands follow each other independently, 2 p (1 - p).
    """

    ones: float = 0.5
    toggles: float | tuple[float, ...] | None = None

    @property
    def net(self) -> Net:
        """A bit of the operand; without glitches it arrives in the first step."""
        given = 2.0 * self.ones * (1.0 - self.ones) if self.toggles is None else self.toggles
        steps = np.zeros(STEPS)
        arriving = np.atleast_1d(given)
        steps[: arriving.size] = arriving
        return Net(np.float64(self.ones), steps)

    @classmethod
    def of(cls, net: Net) -> Operand:
        """An operand whose bits are a net."""
        return cls(float(net.ones), tuple(float(step) for step in net.toggles))


RANDOM = Operand()


def inverted(net: Net) -> Net:
    """The complement of a signal."""
    return Net(1.0 - net.ones, net.toggles)


def _kept(net: Net) -> Any:
    """Probability that a signal is one before and after a step."""
    return np.asarray(net.ones)[..., None] - net.toggles / 2.0


def conjunction(a: Net, b: Net) -> Net:
    """An AND (or NAND, but for the sense) without delay: P(toggle) = 2 (P(1) - P(1 and 1))."""
    ones = a.ones * b.ones
    return Net(ones, 2.0 * (np.asarray(ones)[..., None] - _kept(a) * _kept(b)))


def majority(a: Net, b: Net, c: Net) -> Net:
    """The carry of a full adder without delay: if ``c`` an OR of ``a`` and ``b``, else an AND."""
    p, q = a.ones, b.ones
    either, each = p + q - p * q, p * q
    ones = c.ones * either + (1.0 - c.ones) * each
    none = (1.0 - p) * (1.0 - q)
    low = _kept(inverted(a)) * _kept(inverted(b))
    stays_or = 1.0 - 2.0 * np.asarray(none)[..., None] + low
    stays_and = _kept(a) * _kept(b)
    crosses = np.asarray(each)[..., None] - a.toggles * b.toggles / 4.0
    kept = _kept(c) * stays_or + _kept(inverted(c)) * stays_and + c.toggles * crosses
    return Net(ones, 2.0 * (np.asarray(ones)[..., None] - kept))


def xor(*inputs: Net) -> Net:
    """An XOR without delay: E[(-1)^x (-1)^x'] of independent inputs is a product."""
    ones: Any = 1.0
    same: Any = 1.0
    for net in inputs:
        ones, same = ones * (1.0 - 2.0 * net.ones), same * (1.0 - 2.0 * net.toggles)
    return Net((1.0 - ones) / 2.0, (1.0 - same) / 2.0)


class Switched(NamedTuple):
    """Toggling gate inputs and gate outputs of a circuit: t C / 2 is taken as counts of C."""

    inputs: Real
    outputs: Real

    def plus(self, other: Switched) -> Switched:
        """The sum of two circuits."""
        return Switched(self.inputs + other.inputs, self.outputs + other.outputs)

    def times(self, count: Real) -> Switched:
        """The same for ``count`` equal circuits."""
        return Switched(count * self.inputs, count * self.outputs)


def driven(*nets: tuple[Net, float, float]) -> Switched:
    """Gate inputs and outputs that nets switch; a net with its number of inputs and outputs."""
    inputs = sum((net.rate / 2.0 * count for net, count, _ in nets), 0.0)
    outputs = sum((net.rate / 2.0 * count for net, _, count in nets), 0.0)
    return Switched(inputs, outputs)


def exclusive_or(a: Net, b: Net) -> tuple[Switched, Net]:
    """An XOR of four NANDs, inputs included, output gate included: what switches, and its output.

    The output follows a step later; the load of the output is not included.
    """
    first = conjunction(a, b)
    left = conjunction(a, inverted(b))
    right = conjunction(b, inverted(a))
    out = xor(a, b).later()
    terms = (a, 2.0, 0.0), (b, 2.0, 0.0), (first, 2.0, 1.0), (left, 1.0, 1.0), (right, 1.0, 1.0)
    return driven(*terms, (out, 0.0, 1.0)), out


def full_adder(a: Net, b: Net, c: Net) -> tuple[Switched, Net, Net]:
    """A full adder of nine NANDs: what switches, the sum and the carry.

    ``a`` and ``b`` pass two XOR stages to the sum and to the carry, ``c`` passes one.
    """
    front, half = exclusive_or(a, b)
    back, total = exclusive_or(half, c)
    joined = conjunction(half, c)
    made = conjunction(a, b)
    carry = majority(a.later(), b.later(), c).later()
    # Both XORs share their first NAND with the carry, whose NAND loads each with one input more.
    return (
        front.plus(back).plus(driven((made, 1.0, 0.0), (joined, 1.0, 0.0), (carry, 0.0, 1.0))),
        total,
        carry,
    )


LOW = Net(np.float64(0.0), np.zeros(STEPS))


@lru_cache(maxsize=64)
def rippled(levels: int, bits: int, operand: Operand = RANDOM) -> NDArray[np.float64]:
    """Gate inputs and outputs that switch in ripple adders of a tree.

    Shape [levels, bits + 1, 2]: those of an adder of the first n bits of a level; its operands are
    two sums of the level before, each with its own glitches.
    """
    found = np.zeros((levels, bits + 1, 2))
    bit = [operand.net] * bits
    for level in range(levels):
        sums: list[Net] = []
        carry, last = LOW, LOW
        for place in range(bits):
            if place == 0 or not (_alike(carry, last) and _alike(bit[place], bit[place - 1])):
                switched, total, later = full_adder(bit[place], bit[place], carry)
            last, carry = carry, later
            found[level, place + 1] = found[level, place] + np.array(switched)
            sums.append(total)
        bit = sums
    return found


def _alike(one: Net, other: Net) -> bool:
    """Whether two nets are the same but for what no longer changes an energy."""
    close = np.allclose(one.toggles, other.toggles, rtol=0.0, atol=ALIKE)
    return close and abs(one.ones - other.ones) < ALIKE


class Tree(NamedTuple):
    """What a carry-save tree switches for each column of bits, and the two rows that it leaves."""

    switched: Switched
    row: Net


@lru_cache(maxsize=256)
def reduced(heights: tuple[float, ...], operand: Operand = RANDOM) -> Tree:
    """A carry-save tree of full adders: ``heights`` are the rows before each level and at the end.

    A level with h rows and h' after it has h - h' full adders a column, which make as many sums and
    as many carries of three rows each; the others pass. The nets of a level are taken as alike: the
    mean of sums, carries and rows that pass.
    """
    total, net = Switched(0.0, 0.0), operand.net
    for before, after in pairwise(heights):
        switched, summed, carry = full_adder(net, net, net)
        total = total.plus(switched.times(before - after))
        share = (before - after) / after
        passing = 1.0 - 2.0 * share
        net = Net(
            share * (summed.ones + carry.ones) + passing * net.ones,
            share * (summed.toggles + carry.toggles) + passing * net.toggles,
        )
    return Tree(total, net)


# -- groups of bits that generate, propagate or kill a carry ---------------------------------------

KILL, PROPAGATE, GENERATE = range(3)


def _joint(net: Net) -> Callable[[bool, bool], Any]:
    """Probability of a value before and after a step."""

    def of(before: bool, after: bool) -> Any:
        if before != after:
            return net.toggles / 2.0
        return _kept(net if after else inverted(net))

    return of


def groups(a: Net, b: Net) -> Steps:
    """Of one bit of two operands: the probability of each state before and after each step.

    Shape [..., STEPS, 3, 3], before and after.
    """
    first, second = _joint(a), _joint(b)
    one = [(False, True), (True, False)]
    states = {KILL: [(False, False)], PROPAGATE: one, GENERATE: [(True, True)]}
    shape = np.broadcast_shapes(a.toggles.shape, b.toggles.shape)
    found = np.zeros((*shape, 3, 3))
    for before, after in product(range(3), repeat=2):
        for (p, q), (r, s) in product(states[before], states[after]):
            found[..., before, after] += first(p, r) * second(q, s)
    return found


def joined(high: Steps, low: Steps) -> Steps:
    """Two neighbouring groups as one: the lower one's state where the higher one propagates."""
    found = np.zeros(np.broadcast_shapes(high.shape, low.shape))
    was, becomes = low.sum(axis=-1), low.sum(axis=-2)
    for before, after in product(range(3), repeat=2):
        if before != PROPAGATE != after:
            found[..., before, after] += high[..., before, after]
        if after != PROPAGATE:
            found[..., before, after] += high[..., PROPAGATE, after] * was[..., before]
        if before != PROPAGATE:
            found[..., before, after] += high[..., before, PROPAGATE] * becomes[..., after]
        found[..., before, after] += high[..., PROPAGATE, PROPAGATE] * low[..., before, after]
    return found


def state(group: Steps, which: int) -> Net:
    """The net that is one while a group is in a state."""
    before = group[..., which, :].sum(axis=-1)
    kept = group[..., which, which]
    return Net(before[..., 0], 2.0 * (before - kept))


def overlap(high: Steps, low: Steps, which: int) -> Net:
    """The net that is one while the higher group propagates and the lower is in a state."""
    p, q = state(high, PROPAGATE), state(low, which)
    kept = high[..., PROPAGATE, PROPAGATE] * low[..., which, which]
    ones = p.ones * q.ones
    return Net(ones, 2.0 * (np.asarray(ones)[..., None] - kept))


def delayed(group: Steps) -> Steps:
    """The same group a step later."""
    before = group[..., :1, :, :].sum(axis=-1)
    still = before[..., None] * np.eye(3)
    return np.concatenate((still, group[..., :-1, :, :]), axis=-3)
