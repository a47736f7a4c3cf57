"""Full adders and half adders of minimum transistors: what gates they are made of.

| style | transistors | what it is |
|---|---|---|
| mirror | 28 | carry and sum as complex gates, an inverter behind each |
| transmission | 24 | multiplexers of pass gates, an inverter behind each |
| pass | 14 | an XOR of six transistors, pass gates to sum and carry; its outputs are not restored |
| nand | 36 | nine NANDs |

See docs/models/adder_trees.md#full-adders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice

from neurorebit.circuits.settling.netlist import Kind, Netlist, Words


def _majority(a: Words, b: Words, c: Words) -> Words:
    return (a & b) | (c & (a | b))


INVERTER = Kind("inverter", lambda a: ~a, (1.0,), output=1.0, stack=1.0, transistors=2)
NAND = Kind("nand", lambda a, b: ~(a & b), (1.0, 1.0), output=1.5, stack=1.5, transistors=4)
NOR = Kind("nor", lambda a, b: ~(a | b), (1.0, 1.0), output=1.5, stack=1.5, transistors=4)
OAI = Kind(
    "oai",
    lambda a, b, c: ~((a | b) & c),
    (1.0, 1.0, 1.0),
    output=1.5,
    stack=1.75,
    transistors=6,
)
CARRY = Kind(
    "carry",
    lambda a, b, c: ~_majority(a, b, c),
    (2.0, 2.0, 1.0),
    output=2.0,
    stack=2.0,
    transistors=10,
)
SUM = Kind(
    "sum",
    lambda a, b, c, none: ~((a & b & c) | ((a | b | c) & none)),
    (2.0, 2.0, 2.0, 1.0),
    output=2.0,
    stack=2.0,
    transistors=14,
)
# Of pass gates: select, its inverse, the value where it is one, and where it is zero. A pass gate
# adds its resistance to that of the gate that drives it.
MUX = Kind(
    "mux",
    lambda s, _, one, zero: (s & one) | (~s & zero),
    (1.0, 1.0, 0.0, 0.0),
    output=2.0,
    stack=2.0,
    transistors=4,
    drains=(0.0, 0.0, 1.0, 1.0),
)
PASS_XOR = Kind(
    "pass_xor",
    lambda a, b: a ^ b,
    (1.0, 1.0),
    output=1.5,
    stack=2.0,
    transistors=4,
    drains=(0.5, 0.5),
)
# An XOR between an XOR, its inverse and a third signal: both are the rails of an inverter.
RAIL_XOR = Kind(
    "rail_xor",
    lambda p, _, c: p ^ c,
    (0.5, 0.5, 1.0),
    output=2.0,
    stack=2.0,
    transistors=4,
    drains=(0.5, 0.5, 1.0),
)

Adder = Callable[[Netlist, int, int, int], tuple[int, int]]


def mirror(n: Netlist, a: int, b: int, c: int) -> tuple[int, int]:
    """Sum and carry of 28 transistors."""
    none = n.gate(CARRY, a, b, c)
    return n.gate(INVERTER, n.gate(SUM, a, b, c, none)), n.gate(INVERTER, none)


def transmission(n: Netlist, a: int, b: int, c: int) -> tuple[int, int]:
    """Sum and carry of 24 transistors: a multiplexer chooses by the half sum."""
    inverse, other, late = n.gate(INVERTER, a), n.gate(INVERTER, b), n.gate(INVERTER, c)
    half = n.gate(MUX, b, other, inverse, a)
    same = n.gate(INVERTER, half)
    total = n.gate(INVERTER, n.gate(MUX, half, same, c, late))
    return total, n.gate(INVERTER, n.gate(MUX, half, same, late, inverse))


def passing(n: Netlist, a: int, b: int, c: int) -> tuple[int, int]:
    """Sum and carry of 14 transistors."""
    half = n.gate(PASS_XOR, a, b)
    same = n.gate(INVERTER, half)
    return n.gate(RAIL_XOR, half, same, c), n.gate(MUX, half, same, c, a)


def nands(n: Netlist, a: int, b: int, c: int) -> tuple[int, int]:
    """Sum and carry of nine NANDs."""
    half, made = _xor(n, a, b)
    total, passed = _xor(n, half, c)
    return total, n.gate(NAND, made, passed)


def _xor(n: Netlist, a: int, b: int) -> tuple[int, int]:
    first = n.gate(NAND, a, b)
    return n.gate(NAND, n.gate(NAND, a, first), n.gate(NAND, b, first)), first


FULL_ADDERS: dict[str, Adder] = {
    "mirror": mirror,
    "transmission": transmission,
    "pass": passing,
    "nand": nands,
}
UNRESTORED = frozenset({"pass"})  # not two of them in a row: each loses level and slope


def half_adder(n: Netlist, a: int, b: int) -> tuple[int, int]:
    """Sum and carry of two bits, of 14 transistors: the NAND of both is used twice."""
    both = n.gate(NAND, a, b)
    return n.gate(INVERTER, n.gate(OAI, a, b, both)), n.gate(INVERTER, both)


def exclusive_or(n: Netlist, a: int, b: int) -> int:
    """An XOR whose output is restored, of 12 transistors."""
    both = n.gate(NAND, a, b)
    return n.gate(INVERTER, n.gate(OAI, a, b, both))


def conjunction(n: Netlist, a: int, b: int) -> int:
    """An AND of six transistors."""
    return n.gate(INVERTER, n.gate(NAND, a, b))


def in_turn(styles: Sequence[str], count: int, start: int = 0) -> list[Adder]:
    """Full adders of a chain, whose ``styles`` take turns."""
    return [FULL_ADDERS[style] for style in islice(cycle(styles), start, start + count)]
