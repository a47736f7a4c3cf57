"""The base class of all converters, and of those that are fitted to circuit simulations.

The power is a fit in the technology file. It includes the current of the column, so the array bills
none (circuits.md 6). Area and leakage are those of single minimum transistors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.sensing import at_fit_voltage, column_power, transistors
from neurorebit.schema import quantity
from neurorebit.schema.technology import CircuitSection, Count, SenseFit, Technology


class Quantisation(NamedTuple):
    """Quantisation of a partial sum: codes from -top to top, ``step`` apart."""

    step: Any
    top: Any


@dataclass(frozen=True, eq=False)
class Converter(Placed, ABC):
    """``count`` converters of ``bits`` bits, each of which converts one column at a time.

    Columns are held at ``read_voltage`` [V]; ``full_scale`` [S] is the largest conductance of a
    column. ``section`` is the converter's own section of the technology file, None if it has none.
    ``thermometer`` is True for outputs in a thermometer code, which need an encoder.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    read_voltage: Real = 0.5
    full_scale: Real = field(default=1.28e-3, kw_only=True)
    name: str = field(default="adc", kw_only=True)

    section: ClassVar[type[CircuitSection] | None] = None
    thermometer: ClassVar[bool] = False

    @property
    @abstractmethod
    def beat(self) -> Real:
        """Shortest time [s] from the start of a conversion to the start of the next."""

    @abstractmethod
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of mean resistance ``res`` [ohm]."""

    @classmethod
    def quantisation(cls, bits: Real, reach: Real, *, signed: bool = True) -> Quantisation:
        """Uniform steps over partial sums from -reach to reach; zero is one of the codes.

        Not ``signed``: of sums from zero to reach, which have codes from zero to top.
        """
        top = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
        return Quantisation(reach / top, top)


@dataclass(frozen=True, eq=False, kw_only=True)
class ConverterFit(SenseFit, CircuitSection):
    """Power and transistors of a converter: a fixed part and one per step (circuits.md 6)."""

    per_step: Annotated[Real, quantity("W", at_least=0)]
    nmos_per_step: Count
    pmos_per_step: Count


@dataclass(frozen=True, eq=False)
class FittedConverter(Converter):
    """A converter whose power and area are a fit over its number of steps."""

    section: ClassVar[type[ConverterFit]]

    @property
    @abstractmethod
    def steps(self) -> Real:
        """Number of steps of the fit: of bits, or of comparators."""

    @property
    def fit(self) -> ConverterFit:
        """The fit in the technology file."""
        return self.tech.section(self.section)

    @cached_property
    def _one(self) -> Footprint:
        """Footprint of one converter."""
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
        """Power [W] of one converter at a column of resistance ``res`` [ohm]."""
        further = self.steps * self.fit.per_step
        res_at_fit = at_fit_voltage(self.tech, res, self.read_voltage)
        return column_power(self.tech, self.fit, further, res_at_fit)
