"""What floating-point arithmetic has beside multipliers and adders: shifters, counts of zeros.

See docs/models/logic.md#shifters-and-leading-zeros.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

from neurorebit.circuits.adder import nands_energy
from neurorebit.circuits.cost import Footprint, Real
from neurorebit.circuits.gates import STEP, cells, log2_up, stage
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switching import RANDOM, Net, Switched, conjunction, driven, inverted
from neurorebit.circuits.wire import wire_res
from neurorebit.schema.technology import Technology

MUX = 3.0  # NAND gates of a multiplexer of two bits
LATE = 4  # steps by which a distance comes after what it shifts: an addition of exponents
DEEPEST = 8  # levels of a shifter: 256 bits


class Muxed(NamedTuple):
    """What multiplexers switch, and the net behind them."""

    switched: Switched
    out: Net


def multiplexed(a: Net, b: Net, chosen: Net) -> Muxed:
    """A multiplexer of three NANDs: ``a`` where ``chosen`` is one, else ``b``.

    Its output is one before and after a step if what it was and what it becomes are ones.
    """
    other = inverted(chosen)
    left, right = conjunction(a, chosen), conjunction(b, other)
    ones = chosen.ones * a.ones + other.ones * b.ones
    turns = chosen.toggles / 2.0  # from one input to the other, in either direction
    stays_a = np.asarray(chosen.ones)[..., None] - turns
    stays_b = np.asarray(other.ones)[..., None] - turns
    both = stays_a * (np.asarray(a.ones)[..., None] - a.toggles / 2.0)
    both = both + stays_b * (np.asarray(b.ones)[..., None] - b.toggles / 2.0)
    both = both + 2.0 * turns * np.asarray(a.ones * b.ones)[..., None]
    out = Net(ones, 2.0 * (np.asarray(ones)[..., None] - both))
    terms = (a, 1.0, 0.0), (b, 1.0, 0.0), (chosen, 1.0, 0.0), (other, 1.0, 0.0)
    return Muxed(driven(*terms, (left, 1.0, 1.0), (right, 1.0, 1.0), (out, 0.0, 1.0)), out)


@lru_cache(maxsize=8)
def shifted(levels: int) -> tuple[Switched, ...]:
    """What a multiplexer of each level of a shifter switches: random bits, a later distance."""
    distance = RANDOM.net
    for _ in range(LATE):
        distance = distance.later()
    bit, found = RANDOM.net, []
    for _ in range(levels):
        made = multiplexed(bit, bit, distance)
        found.append(made.switched)
        bit = made.out.later()
        distance = distance.later()
    return tuple(found)


@dataclass(frozen=True, eq=False)
class BarrelShifter(Placed):
    """``count`` shifters of ``bits`` bits by any distance: a multiplexer a bit in each level.

    Level k shifts by 2^k bits or not at all. Its wires cross as many bits, and a chain of inverters
    leads the bit of the distance to all multiplexers.
    """

    tech: Technology
    bits: Real = 24.0
    count: Real = 1.0
    name: str = "shifter"

    @property
    def levels(self) -> Real:
        """Levels of multiplexers."""
        return log2_up(self.bits)

    def _there(self) -> list[tuple[int, Real]]:
        """Each level with one where a shifter of so many bits has it, else zero."""
        return [(k, np.where(self.levels > k, 1.0, 0.0)) for k in range(DEEPEST)]

    @property
    def _pitch(self) -> Real:
        """Width of a bit [m]: that of a multiplexer."""
        return MUX * cells(self.tech).nand.width

    @cached_property
    def _select(self) -> Buffers:
        """What leads a bit of the distance and its complement to all multiplexers."""
        load = self.bits * cells(self.tech).nand.input_cap
        length = self.bits * self._pitch
        load = load + length * self.tech.wire.cap
        return shared(Buffers, self.tech, load, False, wire_res(self.tech) * length)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        muxes = MUX * self.bits * self.levels * cells(self.tech).nand.area
        area = muxes + 2.0 * self.levels * self._select.area
        return stretched(self, self.count * area, np.maximum(self.bits, 1.0) * self._pitch)

    @property
    def body(self) -> Footprint:
        nand = MUX * self.bits * self.levels * cells(self.tech).nand.leakage_power
        leakage = nand + 2.0 * self.levels * self._select.leakage_power
        return Footprint.of(self.area, self.count * leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] from the distance to the last bit: the chain, then two NANDs a level."""
        nand = cells(self.tech).nand
        down, up = 2.0 * nand.nfet_res, nand.pfet_res
        delay, ramp = self._select.path(STEP)
        for k, there in self._there():
            wire = self._wire_cap(k)
            first, slope = stage(down * (nand.output_cap + nand.input_cap), ramp)
            second, slope = stage(up * (nand.output_cap + 2.0 * nand.input_cap + wire), slope)
            delay = delay + there * (first + second)
            ramp = np.where(there > 0.0, slope, ramp)
        return delay

    def _wire_cap(self, level: int) -> Real:
        """Capacitance [F] of a wire of a level."""
        return 2.0**level * self._pitch * self.tech.wire.cap

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one shift of a random number by a random distance."""
        total: Real = 0.0
        rate = RANDOM.net.rate / 2.0  # of a bit of the distance
        for (k, there), switched in zip(self._there(), shifted(DEEPEST), strict=True):
            wires = switched.outputs * self._wire_cap(k) / 3.0  # one of three outputs
            muxes = nands_energy(self.tech, switched) + self.tech.vdd**2 * wires
            led = 2.0 * rate * self.tech.vdd**2 * self._select.switched
            total = total + there * (self.bits * muxes + led)
        return total


@dataclass(frozen=True, eq=False)
class LeadingZeros(Placed):
    """``count`` counters of the zeros before the first one of ``bits`` bits, as a tree.

    Two halves of 2^k bits join to one (V. G. Oklobdzija, IEEE TVLSI 2(1):124, 1994): the count of
    the upper half where it has a one, else that of the lower half, so k multiplexers, and two NANDs
    that say whether there is a one. The bits of random numbers decide near the top of the tree.
    """

    tech: Technology
    bits: Real = 24.0
    count: Real = 1.0
    name: str = "zeros"

    @property
    def gates(self) -> Real:
        """NANDs of one counter."""
        total: Real = 0.0
        for k in range(DEEPEST):
            nodes = np.floor(self.bits / 2.0 ** (k + 1))
            total = total + nodes * (MUX * k + 2.0)
        return total

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self.gates * cells(self.tech).nand.area
        return stretched(self, area, np.maximum(self.bits, 1.0) * cells(self.tech).nand.width)

    @property
    def body(self) -> Footprint:
        leakage = self.count * self.gates * cells(self.tech).nand.leakage_power
        return Footprint.of(self.area, leakage)

    @cached_property
    def delay(self) -> Real:
        """Time [s] through the levels of the tree, two NANDs each, of which one drives a count."""
        nand = cells(self.tech).nand
        delay: Real = 0.0 * np.asarray(self.bits)
        ramp: Real = STEP
        for k in range(DEEPEST):
            there = np.asarray(self.bits) > 2.0**k
            load = nand.output_cap + (2.0 * k + 2.0) * nand.input_cap
            first, slope = stage(2.0 * nand.nfet_res * load, ramp)
            second, slope = stage(nand.pfet_res * (nand.output_cap + nand.input_cap), slope)
            delay = delay + np.where(there, first + second, 0.0)
            ramp = np.where(there, slope, ramp)
        return delay

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one count of a random number."""
        bit = RANDOM.net
        one = multiplexed(bit, bit, bit).switched
        flag = driven((bit, 2.0, 0.0), (conjunction(bit, bit), 2.0, 2.0))
        total: Real = 0.0
        for k in range(DEEPEST):
            nodes = np.floor(self.bits / 2.0 ** (k + 1))
            total = total + nodes * nands_energy(self.tech, one.times(k).plus(flag))
        return total
