"""Flash converters of currents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurorebit.circuits.converters.converter import ConverterFit, FittedConverter
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.sensing import at_fit_voltage, current_sense_times, widened, within

REFERENCES = np.arange(1.0, 256.0)  # thresholds of a converter of eight bits, the widest


@dataclass(frozen=True, eq=False, kw_only=True)
class FlashFit(ConverterFit):
    """Power and transistors of a current flash converter, per comparator."""

    key: ClassVar[str] = "flash_current"


@dataclass(frozen=True, eq=False)
class FlashAdc(FittedConverter):
    """A current comparator per level, all of which compare at once (circuits.md 6.1).

    The references are uniform in conductance, as the codes are, up to ``full_scale`` [S]. The
    result is nan for more than eight bits.
    """

    section = FlashFit
    thermometer = True

    @property
    def levels(self) -> Real:
        """Number of codes."""
        return 2.0**self.bits

    @property
    def steps(self) -> Real:
        return np.where(np.asarray(self.bits) <= 8.0, self.levels - 1.0, np.nan)

    @property
    def beat(self) -> Real:
        return self.tech.sensing.cycle

    def reference(self, level: Real) -> Real:
        """Resistance [ohm] of a column at the threshold of a level, counted from 1."""
        return self.levels / (self.full_scale * level)

    def time(self, res: Real) -> Real:
        """Time [s] of the slowest comparator at a column of resistance ``res`` [ohm]."""
        exists = widened(self.levels) > REFERENCES
        conductances = widened(self.full_scale) * np.where(exists, REFERENCES, 1.0)
        references = widened(self.levels) / conductances
        res_at_fit = at_fit_voltage(self.tech, res, self.read_voltage)
        times = current_sense_times(self.tech, res_at_fit, references)
        slowest: Real = np.max(np.where(exists, times, 0.0), axis=-1)
        return within(self.tech, slowest, "slowest")

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of mean resistance ``res`` [ohm]."""
        latency = self.time(res)
        return Cost.of(self.count * self.power(res) * latency, latency)
