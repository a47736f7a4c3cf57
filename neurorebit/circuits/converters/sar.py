"""Successive-approximation converters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.circuits.converters.converter import ConverterFit, FittedConverter
from neurorebit.circuits.cost import Cost, Real, action


@dataclass(frozen=True, eq=False, kw_only=True)
class SarFit(ConverterFit):
    """Power and transistors of a successive-approximation converter, per bit."""

    key: ClassVar[str] = "sar"


@dataclass(frozen=True, eq=False)
class SarAdc(FittedConverter):
    """A converter with one comparison per bit and one cycle to settle (circuits.md 6.2)."""

    section = SarFit

    @property
    def steps(self) -> Real:
        return self.bits

    @property
    def beat(self) -> Real:
        return (self.bits + 1.0) * self.tech.sensing.cycle

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of mean resistance ``res`` [ohm]."""
        return Cost.of(self.count * self.power(res) * self.beat, self.beat)
