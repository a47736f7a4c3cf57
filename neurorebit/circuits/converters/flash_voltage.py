"""Flash converters of voltages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurorebit.circuits.converters.converter import ConverterFit, FittedConverter
from neurorebit.circuits.cost import Cost, Real, action


@dataclass(frozen=True, eq=False, kw_only=True)
class VoltageFlashFit(ConverterFit):
    """Power and transistors of a voltage flash converter, per comparator."""

    key: ClassVar[str] = "flash_voltage"


@dataclass(frozen=True, eq=False)
class VoltageFlashAdc(FittedConverter):
    """A voltage comparator per level, all of which compare in one cycle (circuits.md 6.1)."""

    section = VoltageFlashFit
    thermometer = True

    @property
    def steps(self) -> Real:
        return 2.0**self.bits - 1.0

    @property
    def beat(self) -> Real:
        return self.tech.sensing.cycle

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of mean resistance ``res`` [ohm]."""
        return Cost.of(self.count * self.power(res) * self.beat, self.beat)
