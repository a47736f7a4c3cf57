"""Flash conversion of currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorebit.circuits.converters.converter import ConverterFit, FittedConverter
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.sensing import current_sense_times, seen, widened, within

REFERENCES = np.arange(1.0, 256.0)  # of the widest flash converter


@dataclass(frozen=True, eq=False)
class FlashFit(ConverterFit):
    """Power and transistors over the comparators of currents."""

    key: ClassVar[str] = "flash_current"


@dataclass(frozen=True, eq=False)
class FlashAdc(FittedConverter):
    """One current comparator a level, all at once (circuits.md 6.1).

    The references are uniform in conductance, as the codes are, up to ``full_scale`` [S], all rows
    read at once in the low state. More than eight bits are nan.
    """

    section = FlashFit
    thermometer = True

    @property
    def levels(self) -> Real:
        return 2.0**self.bits

    @property
    def steps(self) -> Real:
        return np.where(np.asarray(self.bits) <= 8.0, self.levels - 1.0, np.nan)

    @property
    def beat(self) -> Real:
        return self.tech.sensing.cycle

    def reference(self, level: Real) -> Real:
        """Resistance [ohm] of a column at the threshold of a level, the first of them being 1."""
        return self.levels / (self.full_scale * level)

    def time(self, res: Real) -> Real:
        """Time [s] of the slowest comparator at a column of this resistance [ohm]."""
        exists = widened(self.levels) > REFERENCES
        conductances = widened(self.full_scale) * np.where(exists, REFERENCES, 1.0)
        references = widened(self.levels) / conductances
        at_fit = seen(self.tech, res, self.read_voltage)
        times = current_sense_times(self.tech, at_fit, references)
        slowest: Real = np.max(np.where(exists, times, 0.0), axis=-1)
        return within(self.tech, slowest, "flash")

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of this mean resistance [ohm]."""
        latency = self.time(res)
        return Cost.of(self.count * self.power(res) * latency, latency)
