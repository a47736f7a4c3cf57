"""The outcome for each macro: what was compared, and which criteria do not hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.checking.silicon.constant import Fitted
from neurorebit.checking.silicon.reader import FIT, Silicon
from neurorebit.checking.silicon.rows import Row, Share

TOLERANCE = 0.1  # mean deviation of energies at points that nothing was fitted on
FACTOR = 2.0  # of energy and area without a constant, for grades A and B
LEAST = 3  # points that nothing was fitted on, from which on their mean is judged
POINTS = 0.2  # by which shares may differ


@dataclass(frozen=True)
class Broken:
    """A criterion that does not hold: its key of ``Record.unmet``, and what is wrong."""

    key: str  # the criterion, and after a point of what it does not hold
    text: str
    why: str = ""  # what the record says of it

    def __str__(self) -> str:
        return f"{self.text} ({self.why})" if self.why else self.text


@dataclass(frozen=True, eq=False, kw_only=True)
class Compared:
    """A record and all that is compared of it."""

    silicon: Silicon
    rows: tuple[Row, ...]
    shares: tuple[Share, ...]
    fitted: Fitted | None
    notes: tuple[str, ...] = ()
    impossible: str = ""  # why nothing could be fitted

    @property
    def name(self) -> str:
        return self.silicon.name

    @cached_property
    def others(self) -> tuple[Row, ...]:
        """Energies of the macro at points that nothing was fitted on."""
        return tuple(
            row for row in self.rows if row.figure == "energy" and not row.of and row.part != FIT
        )

    @property
    def deviations(self) -> tuple[float, ...]:
        """|ours / silicon - 1| of those of these where the macro can exist, with the constant."""
        found = (row.ratio(True) for row in self.others)
        return tuple(abs(ratio - 1.0) for ratio in found if ratio is not None)

    @property
    def mean(self) -> float | None:
        """The mean of the deviations; None where there is no such point."""
        return float(np.mean(self.deviations)) if self.deviations else None

    @property
    def mean_judged(self) -> bool:
        """Whether there are enough points for a mean to be judged."""
        return len(self.deviations) >= LEAST

    def broken(self, tolerance: float = TOLERANCE) -> Iterator[Broken]:
        """The criteria that do not hold."""
        unmet = self.silicon.record.unmet
        for key, text in self._broken(tolerance):
            yield Broken(key, f"{self.name}: {text}", unmet.get(key, ""))

    def _broken(self, tolerance: float) -> Iterator[tuple[str, str]]:
        if self.impossible:
            yield "constant", self.impossible
        seen: set[str] = set()
        for row in self.rows:
            if row.reason and row.reason not in seen:
                seen.add(row.reason)
                yield f"points.{row.point}", f"{row.figure} at {row.point}: {row.reason}"
        if self.mean is not None and self.mean_judged and self.mean > tolerance:
            text = (
                f"energies are {self.mean:.1%} off on average at points that nothing was fitted on"
            )
            yield "mean", f"{text}, more than {100 * tolerance:g}%"
        yield from self._blind()
        for share in self.shares:
            if abs(share.difference) > POINTS:
                yield (
                    f"shares.{share.of}.{share.name}",
                    f"{share.name} takes {share.fitted:.1%} of the {share.of}, silicon's "
                    f"{share.silicon:.1%}: more than {POINTS * 100:.0f} points apart",
                )

    @cached_property
    def judged(self) -> tuple[Row, ...]:
        """Figures that are judged without a constant: energies and the area, or single blocks where
        no more can be compared.
        """
        if self.silicon.record.grade == "C":
            return tuple(row for row in self.rows if row.of)
        return tuple(row for row in self.rows if row.figure in ("energy", "area") and not row.of)

    def _blind(self) -> Iterator[tuple[str, str]]:
        for row in self.judged:
            ratio = row.ratio()
            if ratio is None or 1.0 / FACTOR <= ratio <= FACTOR:
                continue
            of = f" of {row.of}" if row.of else ""
            at = f" at {row.point}" if row.point else ""
            yield (
                f"blocks.{row.of}" if row.of else f"{row.figure}.{row.point}".rstrip("."),
                f"{row.figure}{of}{at} is {ratio:.3g} times silicon's without a constant, beyond a "
                f"factor of {FACTOR:g}",
            )


@dataclass(frozen=True, eq=False)
class Outcome:
    """The comparison of all records."""

    macros: tuple[Compared, ...]
    tolerance: float = TOLERANCE

    @property
    def broken(self) -> tuple[str, ...]:
        """The criteria that do not hold, one line each."""
        return tuple(str(one) for each in self.macros for one in each.broken(self.tolerance))

    @property
    def holds(self) -> bool:
        """Whether all criteria hold."""
        return not self.broken
