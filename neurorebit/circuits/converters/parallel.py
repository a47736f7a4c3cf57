"""The base class of flash converters: a comparator for each level but one, all at once.

See docs/models/converters.md#flash.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from neurorebit.circuits.converters.comparator import ClockedComparator, fan_out_delay, paced
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.layout import stretched
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, Multiple


@dataclass(frozen=True, eq=False, kw_only=True)
class FlashSection(CircuitSection):
    """Constants of a flash converter.

    ``fill``: share of the outline that devices take. ``flip_flops``: behind each comparator.
    ``drive``: size of gates over the minimum. ``logic``: delay from a decision to the flip-flop's
    output, in FO4. ``trim``: spread of offsets over what is left of it after trimming at start-up;
    1 without trimming.
    """

    source: str
    fill: Annotated[Real, quantity("", above=0, at_most=1)]
    flip_flops: Count
    drive: Multiple
    logic: Multiple
    trim: Multiple


@dataclass(frozen=True, eq=False)
class FlashConverter(Converter):
    """2^bits - 1 comparators, each with a reference of its own and a flip-flop behind it.

    Comparators are limited by their offset, three standard deviations of which are half a step, and
    by noise. The references are uniform in conductance, as the codes are.
    """

    section: ClassVar[type[FlashSection]]
    thermometer = True

    @property
    def constants(self) -> FlashSection:
        """The constants in the technology file."""
        return self.tech.section(self.section)

    @property
    def comparators(self) -> Real:
        """Number of comparators."""
        return self.levels - 1.0

    def reference(self, level: Real) -> Real:
        """Resistance [ohm] of a line at the threshold of a level, counted from 1."""
        return self.levels / (self.full_scale * level)

    @property
    @abstractmethod
    def comparator(self) -> ClockedComparator:
        """One of the comparators."""

    @property
    @abstractmethod
    def decided(self) -> Real:
        """Voltage [V] that half a step is to a comparator."""

    @property
    @abstractmethod
    def reference_energy(self) -> Real:
        """Energy [J] of the references in a conversion."""

    @property
    @abstractmethod
    def further_area(self) -> Real:
        """Area [m^2] of what is neither comparator nor flip-flop."""

    @cached_property
    def beat(self) -> Real:
        logic = self.constants.logic * fan_out_delay(self.tech)
        return paced(self.tech, self.comparator.time(self.decided) + logic)

    @cached_property
    def _flip_flop(self) -> Register:
        return shared(Register, self.tech, 1.0)

    @property
    def decisions_energy(self) -> Real:
        """Energy [J] of all comparators in a conversion."""
        return self.comparators * self.comparator.energy

    @property
    def logic_energy(self) -> Real:
        """Energy [J] of the flip-flops in a conversion: all are clocked, half of them change."""
        own, one = self.constants, self._flip_flop
        stored = one.clock_energy + 0.5 * one.data_energy
        return own.drive * own.flip_flops * self.comparators * stored

    @action
    def convert(self) -> Cost:
        """One conversion in each converter."""
        energy = self.decisions_energy + self.reference_energy + self.logic_energy
        return Cost.of(self.count * energy, self.beat)

    @cached_property
    def _one(self) -> Footprint:
        """Footprint of one converter."""
        own, one = self.constants, self._flip_flop
        stored = own.flip_flops * own.drive
        logic = Footprint.of(stored * one.area, stored * one.body.leakage.total)
        each = self.comparators * (self.comparator.footprint + logic)
        area = each.area.total + self.further_area
        return Footprint.of(area / own.fill, each.leakage.total)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self._one.leakage.total)
