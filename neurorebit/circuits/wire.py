"""Wires, wires with repeaters, and buses (docs/models/wires.md)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import GUARD, Gate, cells, inverter
from neurorebit.circuits.shared import shared
from neurorebit.schema.technology import Technology


def _res(tech: Technology, width: Real, aspect_ratio: Real, resistivity: Real) -> Real:
    """Resistance [ohm/m] of a wire at the technology's temperature.

    ``width`` in m, ``resistivity`` in ohm*m at the nominal temperature.
    """
    warmer = 1.0 + tech.wire.resistivity_slope * (tech.temperature - tech.nominal_temperature)
    return resistivity * warmer / (aspect_ratio * width**2)


def wire_res(tech: Technology) -> Real:
    """Resistance [ohm/m] of a local wire."""
    return _res(tech, tech.wire.width, tech.wire.aspect_ratio, tech.wire.resistivity)


def routing_res(tech: Technology, multiple: Real) -> Real:
    """Resistance [ohm/m] of a wire that is ``multiple`` times as wide as a local wire."""
    width = multiple * tech.wire.width
    aspect_ratio, resistivity = tech.wire.aspect_ratio, tech.wire.resistivity
    for kind in reversed(tech.wire.classes):
        fits = np.greater_equal(width, kind.min_width * (1.0 - GUARD))
        aspect_ratio = np.where(fits, kind.aspect_ratio, aspect_ratio)
        resistivity = np.where(fits, kind.resistivity, resistivity)
    return _res(tech, width, aspect_ratio, resistivity)


@dataclass(frozen=True, eq=False)
class RepeatedWire:
    """A wire with repeaters: of all designs at most ``tolerance`` slower than the fastest, the one
    of least energy.

    See docs/models/wires.md#wires-with-repeaters. With repeaters of ``size`` minimum inverters
    every ``spacing`` [m], the delay per length is 0.7 (f + g) with f = R C / spacing + r c spacing
    / 2 and g = R c / size + r Cin size, and the energy grows with size / spacing. The fastest
    design minimises f and g independently. The design of least energy at the tolerance has a
    spacing larger by exp(p) and a size smaller by exp(q), where f sinh p = g sinh q and f cosh p +
    g cosh q = (1 + tolerance) (f + g); ``_designed`` has the closed form. ``given_size`` and
    ``given_spacing`` replace the optimum.

    ``res`` [ohm/m] is that of the wire. ``activity`` is the share of the bits that draw a charge
    from the supply: half of the bits toggle, and half of those charge the wire.
    """

    tech: Technology
    res: Real
    tolerance: Real = 0.0
    _: KW_ONLY
    given_size: Real | None = None
    given_spacing: Real | None = None
    activity: Real = 0.25

    @property
    def drive_res(self) -> Real:
        """Mean resistance [ohm] of a minimum inverter's two transistors."""
        cell = cells(self.tech).inverter
        return (cell.nfet_res + cell.pfet_res) / 2.0

    @cached_property
    def _design(self) -> tuple[Real, Real]:
        """Size and spacing [m] of the optimum.

        The drain capacitance per size is first that of a minimum inverter, then that of an inverter
        of the resulting size.
        """
        size, _ = self._designed(cells(self.tech).inverter.output_cap)
        fastest = self._inverter(size)
        return self._designed(fastest.output_cap / size)

    def _designed(self, drain_cap: Real) -> tuple[Real, Real]:
        """Size and spacing [m] for a drain capacitance [F] per minimum inverter."""
        drive, wire, gate = self.drive_res, self.tech.wire.cap, cells(self.tech).inverter.input_cap
        stage_cap = gate + drain_cap
        spacing = np.sqrt(2.0 * drive * stage_cap / (self.res * wire))
        size = np.sqrt(drive * wire / (self.res * gate))
        f = np.sqrt(2.0 * drive * stage_cap * self.res * wire)
        g = 2.0 * np.sqrt(drive * wire * self.res * gate)
        allowed = (1.0 + self.tolerance) * (f + g)
        part = (allowed + (f - g) * (f + g) / allowed) / 2.0
        slack = np.sqrt(np.maximum(part**2 - f**2, 0.0))
        spacing = spacing * np.exp(np.arcsinh(slack / f))
        return np.maximum(size / np.exp(np.arcsinh(slack / g)), 1.0), spacing

    def _inverter(self, size: Real) -> Gate:
        return inverter(self.tech, 2.0 * size, 2.0 * size)

    @property
    def size(self) -> Real:
        """Size of a repeater in minimum inverters."""
        return self._design[0] if self.given_size is None else self.given_size

    @property
    def spacing(self) -> Real:
        """Distance [m] between repeaters."""
        return self._design[1] if self.given_spacing is None else self.given_spacing

    @cached_property
    def repeater(self) -> Gate:
        """One repeater."""
        return self._inverter(self.size)

    @cached_property
    def delay(self) -> Real:
        """Delay per length [s/m]."""
        repeater, wire, spacing = self.repeater, self.tech.wire.cap, self.spacing
        drive = self.drive_res / self.size
        driven = drive * (repeater.input_cap + repeater.output_cap + wire * spacing)
        own = self.res * spacing * (wire * spacing / 2.0 + repeater.input_cap)
        return 0.7 * (driven + own) / spacing

    @cached_property
    def energy(self) -> Real:
        """Energy per bit and length [J/m]."""
        repeater = self.repeater
        per_length = (repeater.input_cap + repeater.output_cap) / self.spacing + self.tech.wire.cap
        return self.activity * per_length * self.tech.vdd**2

    @cached_property
    def footprint(self) -> Footprint:
        """Area [m^2] and leakage [W] of the repeaters, per length."""
        repeater = self.repeater
        return Footprint.of(repeater.area / self.spacing, repeater.leakage_power / self.spacing)


@dataclass(frozen=True, eq=False)
class Wires:
    """The three kinds of routing wire: short, medium and long, each with its repeaters.

    The kind follows from the length of a wire; ``tolerance`` is as for ``RepeatedWire``.
    """

    tech: Technology
    tolerance: Real

    @cached_property
    def kinds(self) -> tuple[RepeatedWire, RepeatedWire, RepeatedWire]:
        """The short, the medium and the long wire."""
        wire, tech = self.tech.wire, self.tech
        multiples: tuple[Real, ...] = 1.0, wire.medium_width, wire.long_width
        short, medium, long = (
            RepeatedWire(tech, routing_res(tech, multiple), self.tolerance)
            for multiple in multiples
        )
        return short, medium, long

    def chosen(self, length: Real, values: tuple[Real, Real, Real]) -> Real:
        """Select from the values of the three kinds the one for a wire of ``length`` [m]."""
        short, medium, long = values
        wire, feature = self.tech.wire, self.tech.feature
        beyond = np.greater_equal(length, wire.medium_from * feature)
        far = np.greater_equal(length, wire.long_from * feature)
        return np.where(far, long, np.where(beyond, medium, short))

    def delay(self, length: Real) -> Real:
        """Delay per length [s/m]."""
        return self.chosen(length, self._each("delay"))

    def energy(self, length: Real) -> Real:
        """Energy per bit and length [J/m]."""
        return self.chosen(length, self._each("energy"))

    def spacing(self, length: Real) -> Real:
        """Distance [m] between repeaters."""
        return self.chosen(length, self._each("spacing"))

    def area(self, length: Real) -> Real:
        """Area of the repeaters per length [m]."""
        short, medium, long = (kind.footprint.area.total for kind in self.kinds)
        return self.chosen(length, (short, medium, long))

    def leakage(self, length: Real) -> Real:
        """Leakage of the repeaters per length [W/m]."""
        short, medium, long = (kind.footprint.leakage.total for kind in self.kinds)
        return self.chosen(length, (short, medium, long))

    def _each(self, quantity: str) -> tuple[Real, Real, Real]:
        """A property of each of the three kinds, by its name."""
        short, medium, long = (getattr(kind, quantity) for kind in self.kinds)
        return short, medium, long


def wires(tech: Technology, tolerance: Real) -> Wires:
    """The routing wires of a technology, shared by all blocks that use them."""
    return shared(Wires, tech, tolerance)


@dataclass(frozen=True, eq=False)
class Bus(Block):
    """``count`` straight buses of ``width`` wires and ``length`` [m], above the arrays.

    See docs/models/wires.md#buses. ``tolerance`` is as for ``RepeatedWire``.
    """

    tech: Technology
    length: Real = 1e-3
    width: Real = 128.0
    count: Real = 1.0
    _: KW_ONLY
    tolerance: Real = 0.0
    name: str = "bus"

    @cached_property
    def _wires(self) -> Wires:
        return wires(self.tech, self.tolerance)

    @property
    def body(self) -> Footprint:
        """The repeaters; the wires run above other blocks."""
        wire = self.count * self.width * self.length
        return Footprint.of(
            wire * self._wires.area(self.length), wire * self._wires.leakage(self.length)
        )

    @property
    def delay(self) -> Real:
        """Delay [s] from one end of the bus to the other."""
        return self.length * self._wires.delay(self.length)

    @property
    def energy(self) -> Real:
        """Energy [J] of one bit from one end of the bus to the other."""
        return self.length * self._wires.energy(self.length)

    @action
    def transfer(self, bits: Real = 1.0, flits: Real = 1.0) -> Cost:
        """Transfer ``bits`` bits to the other end as ``flits`` flits, one after the other."""
        return Cost.of(bits * self.energy, flits * self.delay)
