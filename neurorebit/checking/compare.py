"""Our figures against the records', group by group and figure by figure."""

from __future__ import annotations

from collections import Counter
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from neurorebit.checking.blocks import Workshop
from neurorebit.checking.records import Correction, Record, Records

UNCOMPARED = 0.1  # largest share of all values that may be left out
BEYOND = 1e9  # reported for a deviation without bound


@dataclass
class Figure:
    """All values of one figure of a group: deviations, ratios of ours to theirs, corrections."""

    deviations: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    corrections: dict[int, None] = field(default_factory=dict)  # indices, in order

    @property
    def summary(self) -> dict[str, Any]:
        """Number of values; median, 95th percentile and maximum of the deviation; ratios."""
        ratios = self.ratios or [1.0]
        return {
            "n": len(self.deviations),
            "median_rel": float(np.median(self.deviations)),
            "p95_rel": float(np.percentile(self.deviations, 95.0)),
            "max_rel": max(self.deviations),
            "ratio": {
                "min": min(ratios),
                "median": float(np.median(ratios)),
                "max": max(ratios),
            },
        }


@dataclass
class Group:
    """All figures of one block, or of the group that its records name."""

    figures: dict[str, Figure] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def compared(self) -> int:
        return sum(len(figure.deviations) for figure in self.figures.values())

    @property
    def values(self) -> int:
        return self.compared + self.left_out.total()


@dataclass
class Comparison:
    """The comparison with the records of one source."""

    source: str
    corrections: tuple[Correction, ...] = ()
    _: KW_ONLY
    groups: dict[str, Group] = field(default_factory=dict)
    corrected: Counter[int] = field(default_factory=Counter)  # values of each correction
    off: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)  # essential figures that were left out

    @property
    def compared(self) -> int:
        return sum(group.compared for group in self.groups.values())

    @property
    def values(self) -> int:
        return sum(group.values for group in self.groups.values())

    @property
    def broken(self) -> list[str]:
        """The bounds that do not hold, one line each."""
        lines = []
        for (group, name), (worst, allowed) in self.off.items():
            much = (
                f"{worst:.3%} off" if worst < BEYOND else "ours is undefined, or only theirs is 0"
            )
            lines.append(f"{group}.{name}: {much}, more than {allowed:.0%}")
        lines += self.missed
        without = self.values - self.compared
        if without > UNCOMPARED * self.values:
            lines.append(
                f"{without} of {self.values} values not compared, more than {UNCOMPARED:.0%}"
            )
        return lines


def compare(given: Records, workshop: Workshop | None = None) -> Comparison:
    """Build the block of each record and hold its figures against the record's."""
    comparison = Comparison(given.source, given.corrections)
    workshop = workshop or Workshop()
    for record in given.records:
        _add(comparison, record, workshop.figures(record))
    for entry in given.left_out:
        comparison.groups.setdefault(entry.group, Group()).left_out[entry.reason] += entry.count
        if entry.essential:
            reason = f"must be compared, and was not: {entry.reason}"
            comparison.missed.append(f"{entry.group}: {reason}")
    return comparison


def _add(comparison: Comparison, record: Record, ours: dict[str, float]) -> None:
    group = comparison.groups.setdefault(record.group, Group())
    for name, theirs in {**record.figures, **record.values}.items():
        figure = group.figures.setdefault(record.name(name), Figure())
        at_least = name in record.at_least
        off = short(ours[name], theirs) if at_least else deviation(ours[name], theirs)
        figure.deviations.append(off)
        if theirs != 0.0 and np.isfinite(ours[name]) and not at_least:
            figure.ratios.append(ours[name] / theirs)
        for number in record.corrected.get(name, ()):
            figure.corrections.setdefault(number)
            comparison.corrected[number] += 1
        if off > record.tolerance:
            key = record.group, record.name(name)
            comparison.off[key] = max(comparison.off.get(key, (0.0, 0.0)), (off, record.tolerance))


def deviation(ours: float, theirs: float) -> float:
    """Relative deviation of ours from theirs; only zero agrees with zero."""
    if ours == theirs:
        return 0.0
    if theirs == 0.0 or not np.isfinite(ours):
        return BEYOND
    return min(abs(ours / theirs - 1.0), BEYOND)


def short(ours: float, theirs: float) -> float:
    """How far ours falls below a lower bound, relative to the bound."""
    if not np.isfinite(ours):
        return BEYOND
    return 0.0 if ours >= theirs else deviation(ours, theirs)
