"""Parallel-prefix adders: carries of all bits in a number of levels that grows as log2 of the bits.

Each bit of the operands generates a carry (AND), propagates one (XOR) or kills it. Two neighbouring
groups of bits join to one: G = G' + P' G'', P = P' P'' (' the higher group). A network of such
cells gives the carry into every bit, and an XOR its sum. Of 64 bits and fewer:

| network | levels | cells of n bits | cells that a group drives | wires of a level |
|---|---|---|---|---|
| Kogge-Stone (1973) | log2 n | n log2 n - n + 1 | 2 | d abreast, across d bits |
| Sklansky (1960) | log2 n | n/2 log2 n | d | one, across d bits |
| Brent-Kung (1982) | 2 log2 n - 1 | 2 n - 2 - log2 n | 1 or 2 | one, across d bits |

with d = 1, 2, 4, ... from level to level. Cells are built of NANDs and inverters: G of two NANDs
and an inverter, P of a NAND and an inverter; in cells whose group starts at the lowest bit nobody
needs P. A group that drives many cells does so through a chain of inverters.

See docs/models/logic.md#parallel-prefix-adders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, cell_height, cells, chain, log2_up, stage
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switching import (
    GENERATE,
    PROPAGATE,
    RANDOM,
    Net,
    Operand,
    Steps,
    Switched,
    conjunction,
    delayed,
    exclusive_or,
    groups,
    joined,
    overlap,
    state,
)
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.technology import Technology

DEEPEST = 16  # levels; an adder of more bits, which no chip has, is as fast as one of 2^16


class Level(NamedTuple):
    """A level of a network, for any number of bits.

    ``cells`` join two groups, ``lowest`` of them to a group that starts at the lowest bit. The
    higher group has 2^``group`` bits; the lower one is ``span`` bits away and drives ``fanout``
    cells.
    ``tracks`` wires run abreast. ``late``: the lower group arrives a level after the higher one.
    """

    cells: Real
    lowest: Real
    group: int
    span: float
    fanout: float
    tracks: float
    late: bool = False


def _distances(bits: Real) -> list[float]:
    deepest = int(np.max(np.clip(np.nan_to_num(log2_up(bits)), 0.0, DEEPEST)))
    return [2.0**level for level in range(deepest)]


def kogge_stone(bits: Real) -> list[Level]:
    """Every bit joins the group that ends d bits below."""
    found = []
    for level, d in enumerate(_distances(bits)):
        count = np.maximum(bits - d, 0.0)
        found.append(Level(count, np.minimum(count, d), level, d, 1.0, 2.0 * d))
    return found


def sklansky(bits: Real) -> list[Level]:
    """Of each 2 d bits the upper d join the group of all lower d."""
    found = []
    for level, d in enumerate(_distances(bits)):
        whole = np.floor(bits / (2.0 * d))
        count = whole * d + np.maximum(bits - whole * 2.0 * d - d, 0.0)
        lowest = np.clip(bits - d, 0.0, d)
        found.append(Level(count, lowest, level, d, d, 2.0))
    return found


def brent_kung(bits: Real) -> list[Level]:
    """A binary tree of groups, and a second one back for the carries between its leaves."""
    found = []
    for level, d in enumerate(_distances(bits)):
        count = np.floor(bits / (2.0 * d))
        found.append(Level(count, np.minimum(count, 1.0), level, d, 1.0, 2.0))
    for level, d in reversed(list(enumerate(_distances(bits)))):
        count = np.maximum(np.floor((bits - d) / (2.0 * d)), 0.0)
        if np.any(count > 0.0):
            found.append(Level(count, count, level, d, 1.0, 1.0, late=True))
    return found


NETWORKS: dict[str, Callable[[Real], list[Level]]] = {
    "brent_kung": brent_kung,
    "sklansky": sklansky,
    "kogge_stone": kogge_stone,
}
CHEAPEST, FASTEST = "brent_kung", "sklansky"  # of these in energy; in time for no more energy


class Rates(NamedTuple):
    """Toggles of the nets of a cell, over two: the capacitance they take in units of their own."""

    higher: Real  # P of the higher group
    kill: Real  # G of the higher group, and its inverse
    lower: Real  # G of the lower group
    lower_all: Real  # P of the lower group
    inner: Real  # P' G''
    made: Real  # G of both
    passed: Real  # P of both


@dataclass(frozen=True, eq=False)
class PrefixAdder(Placed):
    """``count`` parallel-prefix adders of ``bits`` bits with their carry out.

    ``network`` is one of ``NETWORKS``; ``load`` [F] is that of a sum bit, ``ramp`` [1/s] that of
    the operands, of which ``operand`` says how they switch. The energy has the wires of the network
    and not the load.
    """

    tech: Technology
    bits: Real = 32.0
    count: Real = 1.0
    _: KW_ONLY
    network: str = CHEAPEST
    load: Real = 0.0
    ramp: Positive = STEP
    operand: Operand = field(default=RANDOM)
    name: str = "adder"

    @cached_property
    def levels(self) -> list[Level]:
        """The levels of the network."""
        return NETWORKS[self.network](np.maximum(self.bits, 1.0))

    @property
    def _pitch(self) -> Real:
        """Width of a bit [m]: that of an XOR of four NANDs."""
        return 4.0 * cells(self.tech).nand.width

    def _wire_cap(self, level: Level) -> Real:
        """Capacitance [F] of a wire across a level."""
        return level.span * self._pitch * self.tech.wire.cap

    def _buffers(self, level: Level) -> Buffers:
        """What drives the cells of a level that share a lower group."""
        return self._chains[level.fanout, level.span]

    @cached_property
    def _chains(self) -> dict[tuple[float, float], Buffers]:
        """The chains of all levels, by the cells that they drive and the bits that they cross."""
        made = {}
        for fanout, span in {(level.fanout, level.span) for level in self.levels}:
            load = (
                fanout * cells(self.tech).nand.input_cap + span * self._pitch * self.tech.wire.cap
            )
            res = wire_res(self.tech) * span * self._pitch
            made[fanout, span] = shared(Buffers, self.tech, load, False, res)
        return made

    def _shared(self, level: Level) -> Real:
        """Lower groups of a level, each with its own wire."""
        return level.cells / level.fanout

    # -- gates -------------------------------------------------------------------------------------

    @cached_property
    def gates(self) -> tuple[Real, Real]:
        """NANDs and inverters of one adder, without the chains of inverters."""
        joins = sum((level.cells for level in self.levels), 0.0 * self.bits)
        lowest = sum((level.lowest for level in self.levels), 0.0 * self.bits)
        upper = np.maximum(self.bits - 1.0, 0.0)
        nands = 4.0 * self.bits + 2.0 * joins + (joins - lowest) + 4.0 * upper
        inverters = self.bits + joins + (joins - lowest)
        return nands, inverters

    @cached_property
    def _area(self) -> Real:
        """Area [m^2] of one adder: its gates, and the wires that do not fit above their row."""
        nands, inverters = self.gates
        area = nands * cells(self.tech).nand.area + inverters * cells(self.tech).inverter.area
        pitch = self.tech.layout.metal3_pitch * self.tech.feature
        for level in self.levels:
            wires = np.minimum(level.tracks, 2.0 * level.cells) * pitch
            beyond = np.maximum(wires - cell_height(self.tech), 0.0)
            area = area + beyond * self.bits * self._pitch
            area = area + self._shared(level) * self._buffers(level).area
        return area

    @cached_property
    def size(self) -> tuple[Real, Real]:
        return stretched(self, self.count * self._area, np.maximum(self.bits, 1.0) * self._pitch)

    @property
    def body(self) -> Footprint:
        nands, inverters = self.gates
        leakage = nands * cells(self.tech).nand.leakage_power
        leakage = leakage + inverters * cells(self.tech).inverter.leakage_power
        for level in self.levels:
            leakage = leakage + self._shared(level) * self._buffers(level).leakage_power
        return Footprint.of(self.area, self.count * leakage)

    # -- time --------------------------------------------------------------------------------------

    @cached_property
    def delay(self) -> Real:
        """Time [s] until the highest bit is valid, through every level of the network."""
        nand, inv = cells(self.tech).nand, cells(self.tech).inverter
        down, up = 2.0 * nand.nfet_res, nand.pfet_res
        own, gate = nand.output_cap, nand.input_cap
        first, ramp = stage(down * (own + 2.0 * gate + inv.input_cap), self.ramp)
        second, ramp = stage(up * (own + gate), ramp)
        third, ramp = stage(down * (own + 5.0 * gate), ramp)
        delay = first + second + third
        for level in self.levels:
            there = np.asarray(level.cells) > 0.0
            buffers = self._buffers(level)
            driven, slope = stage(up * (own + inv.input_cap + buffers.input_cap), ramp)
            led, slope = buffers.path(slope)
            inner, slope = stage(down * (own + gate), slope)
            delay = delay + np.where(there, driven + led + inner, 0.0)
            ramp = np.where(there, slope, ramp)
        taus = up * (own + 2.0 * gate), down * (own + 2.0 * gate), up * (own + gate)
        return delay + chain(ramp, *taus, down * (own + self.load))[0]

    # -- energy ------------------------------------------------------------------------------------

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one addition in one adder."""
        nets = ends_of(self.operand)
        nand, inv = cells(self.tech).nand, cells(self.tech).inverter
        out, into = nand.output_cap, nand.input_cap
        flip_out, flip_in = inv.output_cap, inv.input_cap
        front, back = nets.front, nets.back
        once = front.inputs * into + front.outputs * out + nets.generate * (flip_in + flip_out)
        switched = self.bits * once
        switched = switched + np.maximum(self.bits - 1.0, 0.0) * (
            back.inputs * into + back.outputs * out
        )
        for level in self.levels:
            rate = cell_rates(self.operand, level.group, level.late)
            buffers = self._buffers(level)
            made = rate.higher * into + rate.kill * (flip_in + flip_out + into)
            made = made + rate.inner * (out + into) + rate.made * out + rate.lower * into
            passed = (rate.higher + rate.lower_all) * into
            passed = passed + rate.passed * (out + flip_in + flip_out)
            led = rate.lower * (self._wire_cap(level) + buffers.switched)
            both = led + rate.lower_all * self._wire_cap(level)
            upper = level.cells - level.lowest
            switched = switched + level.cells * made + upper * passed
            switched = switched + self._shared(level) * np.where(upper > 0.0, both, led)
        return self.tech.vdd**2 * switched

    @action
    def add(self, active: Real = 1.0) -> Cost:
        """One addition in the share ``active`` of the adders."""
        return Cost.of(active * self.count * self.energy, self.delay)


ALL = 8  # doublings of a group after which nothing passes through it


@lru_cache(maxsize=1024)
def _group(operand: Operand, doublings: int) -> Steps:
    """Two to the power of ``doublings`` bits as a group."""
    if doublings == 0:
        return groups(operand.net, operand.net)
    half = _group(operand, doublings - 1)
    return joined(half, half)


@lru_cache(maxsize=1024)
def cell_rates(operand: Operand, group: int, late: bool) -> Rates:
    """What the nets of a cell switch whose higher group has two to the power of ``group`` bits."""
    high = _group(operand, group)
    low = delayed(_group(operand, ALL)) if late else high
    whole = joined(high, low)
    return Rates(
        _half(state(high, PROPAGATE)),
        _half(state(high, GENERATE)),
        _half(state(low, GENERATE)),
        _half(state(low, PROPAGATE)),
        _half(overlap(high, low, GENERATE)),
        _half(state(whole, GENERATE)),
        _half(state(whole, PROPAGATE)),
    )


class Ends(NamedTuple):
    """What the first XOR of a bit, its AND and its last XOR switch."""

    front: Switched
    generate: Real
    back: Switched


@lru_cache(maxsize=256)
def ends_of(operand: Operand) -> Ends:
    """The carry comes after the half sum, so that the sum toggles with each of them."""
    net = operand.net
    front, half = exclusive_or(net, net)
    carry = state(_group(operand, ALL), GENERATE)
    back, _ = exclusive_or(half, carry.later().later())
    return Ends(front, _half(conjunction(net, net)), back)


def _half(net: Net) -> Real:
    return net.rate / 2.0
