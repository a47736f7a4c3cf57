"""What every kind of converter says of itself.

Power is a fit of circuit simulations, held by the technology file; it contains the current of the
column, so an array bills none (circuits.md 6). Areas count lone minimum transistors, which leak.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar, NamedTuple

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.sensing import column_power, seen, transistors
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, SenseFit, Technology


class Quantisation(NamedTuple):
    """How training reads a partial sum: the nearest of the codes -top..top, ``step`` apart."""

    step: float
    top: int


@dataclass(frozen=True, eq=False)
class Converter(Placed, ABC):
    """``count`` converters of ``bits`` bits, each of which reads one column at a time.

    Columns are held at ``read_voltage`` [V]; ``full_scale`` [S] is the largest conductance of a
    column. ``section`` is the section of the technology file that a kind reads, if it has its own;
    ``thermometer`` says that the outputs are a thermometer code, for an encoder behind it.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    read_voltage: Real = 0.5
    full_scale: Real = field(default=1.28e-3, kw_only=True)
    fit_width: Real = field(default=0.0, kw_only=True)
    fit_height: Real = field(default=0.0, kw_only=True)
    name: str = field(default="adc", kw_only=True)

    section: ClassVar[type[CircuitSection] | None] = None
    thermometer: ClassVar[bool] = False

    @property
    @abstractmethod
    def beat(self) -> Real:
        """Least time [s] from the start of a conversion to the start of the next."""

    @abstractmethod
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of this mean resistance [ohm]."""

    @classmethod
    def quantisation(cls, bits: int, reach: float) -> Quantisation:
        """Uniform steps over partial sums from -reach to reach, zero among the codes."""
        top = 2 ** (bits - 1) - 1
        return Quantisation(reach / top, top)


@dataclass(frozen=True, eq=False)
class ConverterFit(SenseFit, CircuitSection):
    """Power and transistors of a converter (circuits.md 6): a fixed part and one for each step."""

    per_step: Annotated[Real, quantity("W", at_least=0)]
    nmos_per_step: Count
    pmos_per_step: Count


@dataclass(frozen=True, eq=False)
class FittedConverter(Converter):
    """A converter whose section of the technology file is a fit over its ``steps``."""

    section: ClassVar[type[ConverterFit]]

    @property
    @abstractmethod
    def steps(self) -> Real:
        """What the fit counts: bits, or comparators."""

    @property
    def fit(self) -> ConverterFit:
        """Its section of the technology file."""
        return self.tech.section(self.section)

    @cached_property
    def _one(self) -> Footprint:
        fit, steps = self.fit, self.steps
        nmos, pmos = fit.nmos + steps * fit.nmos_per_step, fit.pmos + steps * fit.pmos_per_step
        return transistors(self.tech, nmos, pmos)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self._one.leakage.total)

    def power(self, res: Real) -> Real:
        """Power [W] of one converter at a column of this resistance [ohm]."""
        at_fit = seen(self.tech, res, self.read_voltage)
        return column_power(self.tech, self.fit, self.steps * self.fit.per_step, at_fit)
