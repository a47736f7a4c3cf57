"""Published converters around a feature size and a number of effective bits, and ours beside them.

Ours at b effective bits has b + 0.5 nominal ones (``converter.NOISE``). It is compared with what is
published at 1 MS/s and more, within a factor 1.5 of its feature size: the median of those within a
bit of b, and the best of those with at least b - 1 bits, since a finer converter does for a coarser
one. Slower converters work at supplies of 0.3 to 0.6 V, which no technology file allows.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.technology import Technology

PUBLISHED = Path(__file__).with_name("published.csv")
NEEDED = ("feature_nm", "enob", "energy_pJ", "rate_Hz")
FEATURES = 28.0, 130.0  # nm
RATE = 1e6  # Hz
NEAR = 1.5  # factor between feature sizes
BITS = np.arange(4.0, 11.0)
LEAST = 5  # published converters of which a median is taken
AHEAD = 0.5  # nominal bits over effective ones


@dataclass(frozen=True)
class Survey:
    """Feature size [nm], effective bits, energy [pJ] and rate [Hz] of published converters."""

    feature: NDArray[np.float64]
    enob: NDArray[np.float64]
    energy: NDArray[np.float64]
    rate: NDArray[np.float64]

    @property
    def compared(self) -> Survey:
        """Those that are compared: of the feature sizes and the rates above."""
        low, high = FEATURES
        chosen = (self.feature >= low) & (self.feature <= high) & (self.rate >= RATE)
        return Survey(
            *(np.asarray(getattr(self, name))[chosen] for name in self.__dataclass_fields__)
        )

    def slope(self) -> tuple[float, float]:
        """Energy's factor a bit as log2, and its standard error, at equal feature size and rate."""
        shown = (self.enob >= BITS[0] - 0.5) & (self.enob <= BITS[-1] + 0.5)
        terms = np.column_stack(
            [np.ones(shown.sum()), self.enob[shown], *np.log2([self.feature, self.rate])[:, shown]]
        )
        energy = np.log2(self.energy[shown])
        found, residual, *_ = np.linalg.lstsq(terms, energy, rcond=None)
        spread = residual[0] / (shown.sum() - terms.shape[1]) * np.linalg.inv(terms.T @ terms)
        return float(found[1]), float(np.sqrt(spread[1, 1]))


def read(path: Path) -> Survey:
    """The survey of a CSV file with the columns of ``NEEDED``; InputError where one is missing."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        columns = [np.array([float(row[name]) for row in rows]) for name in NEEDED]
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror})") from None
    except (KeyError, TypeError, ValueError) as problem:
        message = f"{path}: expected numbers in the columns {', '.join(NEEDED)} ({problem})"
        raise InputError(message) from None
    return Survey(*columns)


@cache
def technology(name: str) -> Technology:
    """A shipped technology."""
    return read_technology(Document(paths.shipped("technology", name)))


def energy(kind: str, name: str, effective: float) -> float:
    """Energy [pJ] of one of our conversions, without the front end, as surveys have it."""
    adc = CONVERTERS[kind](technology(name), effective + AHEAD)
    return float(adc.convert().energy.total) * 1e12


@dataclass(frozen=True)
class Place:
    """Our energy [pJ] at a technology and effective bits, between the published best and median."""

    technology: str
    bits: float
    ours: float
    best: float
    median: float
    count: int

    @property
    def inside(self) -> bool:
        return self.best <= self.ours <= self.median


def names() -> list[str]:
    """The shipped technologies of the feature sizes that are compared."""
    low, high = FEATURES
    return [n for n in paths.nodes() if low <= technology(n).feature * 1e9 <= high]


def places(survey: Survey, kind: str = "sar") -> Iterator[Place]:
    """Ours at each technology and number of bits for which enough is published."""
    there = survey.compared
    for name in names():
        feature = float(technology(name).feature) * 1e9
        near = (there.feature >= feature / NEAR) & (there.feature <= feature * NEAR)
        for bits in BITS:
            alike = there.energy[near & (np.abs(there.enob - bits) <= 1.0)]
            finer = there.energy[near & (there.enob >= bits - 1.0)]
            if alike.size >= LEAST:
                found = float(np.min(finer)), float(np.median(alike)), int(alike.size)
                yield Place(name, float(bits), energy(kind, name, bits), *found)
