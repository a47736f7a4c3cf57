"""Converters of column currents: successive approximation, and flash.

Power is a fit of circuit simulations, held by the technology file; it contains the current of the
column, so an array bills none (circuits.md 6). Areas count lone minimum transistors, which leak.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.sensing import (
    column_power,
    current_sense_times,
    seen,
    transistors,
    widened,
    within,
)
from neurorebit.schema.technology import ConverterFit, Technology

REFERENCES = np.arange(1.0, 256.0)  # of the widest flash converter


@dataclass(frozen=True, eq=False)
class _Adc(Placed):
    """``count`` converters of ``bits`` bits."""

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    read_voltage: Real = 0.5
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "adc"

    @property
    def _fit(self) -> ConverterFit:
        raise NotImplementedError

    @property
    def _steps(self) -> Real:
        """What the fit counts."""
        raise NotImplementedError

    @cached_property
    def _one(self) -> Footprint:
        fit, steps = self._fit, self._steps
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
        found = seen(self.tech, res, self.read_voltage)
        further = self._steps * self._fit.per_step
        return column_power(self.tech, self._fit, further, found)


@dataclass(frozen=True, eq=False)
class SarAdc(_Adc):
    """Successive approximation: one comparison a bit, one cycle to settle (circuits.md 6.2)."""

    @property
    def _fit(self) -> ConverterFit:
        return self.tech.sensing.sar

    @property
    def _steps(self) -> Real:
        return self.bits

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of this mean resistance [ohm]."""
        latency = (self.bits + 1.0) * self.tech.sensing.sar_cycle
        return Cost.of(self.count * self.power(res) * latency, latency)


@dataclass(frozen=True, eq=False)
class FlashAdc(_Adc):
    """One current comparator a level, all at once (circuits.md 6.1).

    The references are uniform in conductance, as the codes are, up to ``full_scale`` [S], all rows
    read at once in the low state. More than eight bits are nan.
    """

    full_scale: Real = 1.28e-3

    @property
    def levels(self) -> Real:
        return 2.0**self.bits

    @property
    def _fit(self) -> ConverterFit:
        return self.tech.sensing.flash_current

    @property
    def _steps(self) -> Real:
        return np.where(np.asarray(self.bits) <= 8.0, self.levels - 1.0, np.nan)

    def reference(self, level: Real) -> Real:
        """Resistance [ohm] of a column at the threshold of a level, the first of them being 1."""
        return self.levels / (self.full_scale * level)

    def time(self, res: Real) -> Real:
        """Time [s] of the slowest comparator at a column of this resistance [ohm]."""
        exists = widened(self.levels) > REFERENCES
        conductances = widened(self.full_scale) * np.where(exists, REFERENCES, 1.0)
        references = widened(self.levels) / conductances
        found = seen(self.tech, res, self.read_voltage)
        times = current_sense_times(self.tech, found, references)
        slowest: Real = np.max(np.where(exists, times, 0.0), axis=-1)
        return within(self.tech, slowest, "flash")

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of this mean resistance [ohm]."""
        latency = self.time(res)
        return Cost.of(self.count * self.power(res) * latency, latency)


@dataclass(frozen=True, eq=False)
class VoltageFlashAdc(_Adc):
    """One voltage comparator a level, all at once, in one cycle (circuits.md 6.1)."""

    @property
    def _fit(self) -> ConverterFit:
        return self.tech.sensing.flash_voltage

    @property
    def _steps(self) -> Real:
        return 2.0**self.bits - 1.0

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each converter, at columns of this mean resistance [ohm]."""
        latency = self.tech.sensing.sar_cycle
        return Cost.of(self.count * self.power(res) * latency, latency)


ADCS: dict[str, type[SarAdc] | type[FlashAdc] | type[VoltageFlashAdc]] = {
    "sar": SarAdc,
    "flash": FlashAdc,
    "flash_voltage": VoltageFlashAdc,
}
