"""Converters as DNN+NeuroSim V2.1 has them: fits of circuit simulations (``fits.yaml``).

The power is linear in the number of steps (bits of a SAR, comparators of a flash converter) and
includes the current of the column, ``fixed + steps per_step + column exp(-exponent log10 R)``; the
time is a clock cycle a step, or that of a current sense amplifier. The area is that of single
minimum transistors, which leak.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import yaml

from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import cells
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.schema import InputError
from neurorebit.schema.technology import Technology

FITS = Path(__file__).with_name("fits.yaml")
CYCLE = 1e-9  # s
SLOWEST = 1e-9, 10e-9  # s, bounds of the slowest of several comparators
LEAKY = 1e-3  # A/m, between the leakage of LSTP and of HP transistors at 300 K
SLOPE = 0.0013  # of the power over its value at nominal temperature [/K]
UNIT_RES = 1e3  # ohm
FAR, NEAR = (0.05, 20.0), 0.9  # ratios beyond which a reference is far, below which it is lower


class Fit(NamedTuple):
    """Power [W] and transistors: a fixed part, one of the column, and one a step."""

    fixed: float
    per_step: float
    column: float
    exponent: float
    transistors: tuple[float, float, float, float]  # NFETs, PFETs, of each a step


@cache
def _file() -> Any:
    return yaml.safe_load(FITS.read_text())


def _name(tech: Technology) -> str:
    roadmap = "hp" if tech.drive.off_n[0] > LEAKY else "lstp"
    return f"{round(float(tech.feature) * 1e9)}nm_{roadmap}"


def fit_of(tech: Technology, key: str) -> Fit:
    """The fit of a kind of converter; InputError where the tool has none for a technology."""
    name = _name(tech)
    if name not in _file()["power"]:
        raise InputError(f"DNN+NeuroSim V2.1 has no converters at {name}")
    fixed, per_step, column, exponent = _file()["power"][name][key]
    count = _file()["transistors"][key]
    return Fit(fixed * 1e-6, per_step * 1e-6, column * 1e-3, exponent, tuple(count))


def sense_times(tech: Technology, res: Any, references: Any) -> Any:
    """Its times [s] of current comparators: where the two are within 10 % the polynomial, not the
    plateau. The last axis is that of the ``references`` [ohm].
    """
    fit, ratio = _file()["latency"].get(_name(tech)), references / res[..., None]
    constant = np.full(ratio.shape, CYCLE)
    if fit is None:
        return constant
    per_fold, at_unit = (1e-9 * time for time in fit["longest"])
    longest = (per_fold * np.log(res / UNIT_RES) + at_unit)[..., None]
    low, high = FAR
    below = np.polyval(fit["below"], np.clip(ratio, low, NEAR))
    above = np.polyval(fit["above"], np.clip(ratio, NEAR, high))
    times = longest * np.where(ratio <= NEAR, below, above)
    return np.where((ratio >= high) | (ratio <= low), constant, times)


@dataclass(frozen=True, eq=False)
class FittedConverter(Placed, ABC):
    """``count`` converters of ``bits`` bits, of columns at ``read_voltage`` [V]."""

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    read_voltage: Real = 0.5
    full_scale: Real = field(default=1.28e-3, kw_only=True)
    name: str = field(default="adc", kw_only=True)

    key: ClassVar[str]

    @property
    @abstractmethod
    def steps(self) -> Real:
        """Steps of the fit."""

    @cached_property
    def fit(self) -> Fit:
        """The fit of this technology."""
        return fit_of(self.tech, self.key)

    @cached_property
    def _one(self) -> Footprint:
        n, p = cells(self.tech).nfet, cells(self.tech).pfet
        nmos, pmos, nmos_more, pmos_more = self.fit.transistors
        nfets, pfets = nmos + self.steps * nmos_more, pmos + self.steps * pmos_more
        leakage = nfets * n.leakage_power + pfets * p.leakage_power
        return Footprint.of(nfets * n.area + pfets * p.area, leakage)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self.count * self._one.area.total
        return stretched(self, area, np.sqrt(area))

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.count * self._one.leakage.total)

    def power(self, res: Real) -> Real:
        """Power [W] of one converter at a column of resistance ``res`` [ohm]."""
        fit, tech = self.fit, self.tech
        column = fit.column * np.exp(-fit.exponent * np.log10(self.seen(res)))
        warmer = 1.0 + SLOPE * (tech.temperature - tech.nominal_temperature)
        return tech.supply_ratio**2 * warmer * (fit.fixed + self.steps * fit.per_step + column)

    def seen(self, res: Real) -> Real:
        """Resistance [ohm] that draws the same current at the voltage of the fits."""
        scaled = res * self.tech.sensing.read_voltage / self.read_voltage
        return np.where(np.asarray(scaled) > 0.0, scaled, np.nan)

    def time(self, res: Real) -> Real:
        """Time [s] of a conversion of a column of resistance ``res`` [ohm]."""
        return self.beat + 0.0 * res

    @property
    def beat(self) -> Real:
        """Least time [s] from conversion to conversion."""
        return CYCLE

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each, of columns of mean resistance ``res`` [ohm]."""
        time = self.time(res)
        return Cost.of(self.count * self.power(res) * time, time)


@dataclass(frozen=True, eq=False)
class FittedSar(FittedConverter):
    """A cycle for each bit, and one to settle."""

    key = "sar"

    @property
    def steps(self) -> Real:
        return self.bits

    @property
    def beat(self) -> Real:
        return (self.bits + 1.0) * CYCLE


@dataclass(frozen=True, eq=False)
class FittedVoltageFlash(FittedConverter):
    """All comparators in one cycle."""

    key = "flash_voltage"

    @property
    def steps(self) -> Real:
        return 2.0**self.bits - 1.0


@dataclass(frozen=True, eq=False)
class FittedFlash(FittedConverter):
    """Current comparators, of which the first is left out in time.

    ``references`` [ohm] are the resistances that a column is compared with.
    """

    references: Any = field(default=None, kw_only=True)

    key = "flash_current"

    @property
    def steps(self) -> Real:
        return np.where(np.asarray(self.bits) <= 8.0, 2.0**self.bits - 1.0, np.nan)

    def time(self, res: Real) -> Real:
        """Time [s] of the slowest comparator."""
        times: Real = np.max(
            sense_times(self.tech, np.asarray(self.seen(res)), self.references[1:]), axis=-1
        )
        fitted = _name(self.tech) in _file()["latency"]
        return np.clip(times, *SLOWEST) if fitted else times


FITTED: dict[str, type[FittedConverter]] = {
    "sar": FittedSar,
    "flash": FittedFlash,
    "flash_voltage": FittedVoltageFlash,
}
