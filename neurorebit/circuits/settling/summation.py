"""Sums of many rows of bits as netlists: trees of ripple adders, and trees of compressors.

| tree | a level |
|---|---|
| ripple | an adder for two rows, whose carry ripples; the sums of a level are a bit wider |
| carry_save | full adders side by side: three rows to two; an adder at the end |
| compressor | two full adders on top of each other (4:2): four rows to two; an adder at the end |

What adds k operands lies in their region, a square of the area of k operands or, where that is
wider than the column of the tree, a stretch of the column. The net to what adds this sum to
another is half as long as two random places there are apart. See
docs/models/adder_trees.md#trees-of-adders.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from neurorebit.circuits.settling.full_adder import half_adder, in_turn
from neurorebit.circuits.settling.netlist import Netlist

# Length of a net over the distance of random places: of Donath's estimates, and kept with sight of
# the energies of three macros (docs/models/adder_trees.md#against-silicon).
PLACED = 0.5


class Row(NamedTuple):
    """A number: its nets by the power of two, the operands in it, whether the highest is a sign."""

    bits: Mapping[int, int]
    operands: float
    signed: bool = False

    @property
    def top(self) -> int:
        """The highest power."""
        return max(self.bits)


class Drawn(NamedTuple):
    """How a tree is drawn: styles of its full adders, bits of its sum, levels with registers.

    ``across``: operands in a square that is as wide as the column of the tree.
    """

    styles: tuple[str, ...]
    bits: int
    registers: frozenset[int] = frozenset()
    across: float = 1.0

    def length(self, operands: float) -> float:
        """Length of a net from what adds so many operands, in sides of the square of one.

        A point in a region of sides x and y is x / 3 + 2 y / 3 from a point in that region and the
        next one along y, in the mean. Cells that are placed well are about half as far apart
        (W. E. Donath, 1979).
        """
        if operands <= self.across:
            return PLACED * float(operands**0.5)
        wide = float(self.across**0.5)
        return PLACED * (2.0 * operands / wide + wide) / 3.0


def _moved(n: Netlist, row: Row, drawn: Drawn) -> None:
    for net in row.bits.values():
        n.wire(net, drawn.length(row.operands))


def _extended(row: Row, top: int) -> Mapping[int, int]:
    """The nets of a number up to a power, a sign in all that are above it."""
    if not row.signed:
        return row.bits
    return {**row.bits, **{place: row.bits[row.top] for place in range(row.top + 1, top + 1)}}


def add(n: Netlist, one: Row, other: Row, drawn: Drawn) -> Row:
    """A ripple adder: half adders where a bit or the carry is missing, no gate where two are."""
    signed = one.signed or other.signed
    _moved(n, one, drawn)
    _moved(n, other, drawn)
    reach = [row.top + 1 + int(signed and not row.signed) for row in (one, other)]
    top = min(max(reach), drawn.bits - 1)
    a, b = _extended(one, top), _extended(other, top)
    low = min(min(one.bits), min(other.bits))
    carry: int | None = None
    sums: dict[int, int] = {}
    for place, adder in enumerate(in_turn(drawn.styles, top + 1 - low), low):
        nets = [net for net in (a.get(place), b.get(place), carry) if net is not None]
        carry = None
        if len(nets) == 3:
            sums[place], carry = adder(n, nets[0], nets[1], nets[2])
        elif len(nets) == 2:
            sums[place], carry = half_adder(n, nets[0], nets[1])
        elif nets:
            sums[place] = nets[0]
    return Row(sums, one.operands + other.operands, signed)


def compress(n: Netlist, rows: Sequence[Row], drawn: Drawn) -> list[Row]:
    """Three rows to two, a full adder for each power of two that all have."""
    half, signs = sum(row.operands for row in rows) / 2.0, sum(row.signed for row in rows)
    # A sign repeats beyond what numbers without one reach, so that both rows have theirs on top.
    reach = [row.top + 1 if row.signed else row.top + 2 * (signs > 0) for row in rows]
    top = min(max(reach), drawn.bits - 1)
    given = [_extended(row, top) for row in rows]
    for row in rows:
        _moved(n, row, drawn)
    low = min(min(row.bits) for row in rows)
    sums: dict[int, int] = {}
    carries: dict[int, int] = {}
    for place, adder in enumerate(in_turn(drawn.styles, top + 1 - low), low):
        nets = [row[place] for row in given if place in row]
        if len(nets) == 3:
            sums[place], carry = adder(n, nets[0], nets[1], nets[2])
        elif len(nets) == 2 and place in carries:
            sums[place], carry = half_adder(n, nets[0], nets[1])
        else:  # both pass
            for net, into in zip(nets, (sums, carries), strict=False):
                into[place] = net
            continue
        if place < top or (not signs and place + 1 < drawn.bits):
            carries[place + 1] = carry
    made = Row(sums, half, signs > 0), Row(carries, half, signs > 1)
    return [row for row in made if row.bits]


def _paired(n: Netlist, rows: list[Row], drawn: Drawn) -> list[Row]:
    """A level of a tree of ripple adders; an odd row moves up."""
    left = rows[len(rows) // 2 * 2 :]
    pairs = zip(rows[::2], rows[1::2], strict=False)
    return [add(n, one, other, drawn) for one, other in pairs] + left


def _threes(n: Netlist, rows: list[Row], drawn: Drawn) -> list[Row]:
    if len(rows) == 2:
        return [add(n, rows[0], rows[1], drawn)]
    whole = len(rows) // 3 * 3
    made = [row for i in range(0, whole, 3) for row in compress(n, rows[i : i + 3], drawn)]
    return made + rows[whole:]


def _fours(n: Netlist, rows: list[Row], drawn: Drawn) -> list[Row]:
    if len(rows) < 4:
        return _threes(n, rows, drawn)
    whole = len(rows) // 4 * 4
    made: list[Row] = []
    for i in range(0, whole, 4):
        first = compress(n, rows[i : i + 3], drawn)
        joined = [*first, rows[i + 3]]
        made += compress(n, joined, drawn) if len(joined) == 3 else joined
    return made + rows[whole:]


TREES: dict[str, Callable[[Netlist, list[Row], Drawn], list[Row]]] = {
    "ripple": _paired,
    "carry_save": _threes,
    "compressor": _fours,
}


def total(n: Netlist, rows: Sequence[Row], tree: str, drawn: Drawn) -> Row:
    """The sum of all rows; registers stand behind the levels that ``drawn`` names, from 1."""
    left, level = list(rows), 0
    while len(left) > 1:
        left, level = TREES[tree](n, left, drawn), level + 1
        if level in drawn.registers:
            left = [registered(n, row) for row in left]
    return left[0]


def registered(n: Netlist, row: Row) -> Row:
    """A row behind flip-flops."""
    outs = n.register(row.bits.values())
    return row._replace(bits=dict(zip(row.bits, outs, strict=True)))
