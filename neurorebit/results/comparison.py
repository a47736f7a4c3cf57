"""The comparison of two runs: which values changed, and by how much; and its text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from neurorebit.results.frames import frame
from neurorebit.schema.errors import printable

if TYPE_CHECKING:
    import pandas as pd

HEADLINES = (
    "chip.area_m2", "chip.leakage_W", "chip.utilization", "phases.*.energy_J", "phases.*.latency_s",
    "phases.inference.tops_per_W", "phases.forward.tops_per_W", "phases.backward.tops_per_W",
    "phases.gradient.tops_per_W",
    "totals.*.energy_J", "totals.*.energy_with_dram_J", "totals.*.latency_s",
    "training.test_accuracy", "training.test_rmse", "training.test_r2",
)  # fmt: skip
DIGEST, LEAST = "sha256", 5e-324
LONGEST = 40  # characters of a value in a table
MOST = 20  # lines of a list


@dataclass(frozen=True)
class Change:
    """A value that two reports do not share; None where a report lacks it."""

    path: str
    first: Any
    second: Any

    @property
    def size(self) -> float:
        """The difference over the larger of two numbers; infinite where one is not finite.

        A digest says that something differs and not by how much: by least.
        """
        if self.path.endswith(DIGEST) and None not in (self.first, self.second):
            return LEAST
        if not (_is_number(self.first) and _is_number(self.second)):
            return math.inf
        if not (math.isfinite(self.first) and math.isfinite(self.second)):
            return math.inf
        return float(abs(self.second - self.first) / max(abs(self.first), abs(self.second)))

    @property
    def growth(self) -> str:
        """The change as a reader puts it: in percent of the first value."""
        if self.second is None:
            return "gone"
        if self.first is None:
            return "new"
        if not (_is_number(self.first) and _is_number(self.second)):
            return "other"
        if not (math.isfinite(self.first) and math.isfinite(self.second)):
            return "other"
        if self.first == 0:
            return "new"
        share = (self.second - self.first) / abs(self.first)
        return f"{100 * share:+.3g} %" if abs(share) < 10 else f"x {self.second / self.first:.3g}"


@dataclass(frozen=True, repr=False)
class Comparison:
    """Differences between two reports: in their inputs and in their results."""

    given: tuple[Change, ...]
    results: tuple[Change, ...]
    tolerance: float

    @property
    def beyond(self) -> tuple[Change, ...]:
        """The results that differ by more than the tolerance."""
        return tuple(change for change in self.results if change.size > self.tolerance)

    @property
    def headlines(self) -> list[Change]:
        """The results that a reader looks for first."""
        return [change for change in self.results if _is_headline(change.path)]

    @property
    def inputs(self) -> list[Change]:
        """What was given, keys of a section that only one report has as one change."""
        return _together(self.given)

    @property
    def others(self) -> list[Change]:
        """The results that are no headlines, the largest change first; parts that only one report
        has as one change of their owner.
        """
        return _together(self._rest)

    @property
    def shortened(self) -> bool:
        """Whether ``text`` leaves changes out unless asked for every one."""
        lists = (self.inputs, self.others)
        return any(len(changes) > MOST for changes in lists)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each change, by the path of its value: what was given first, then headlines.

        ``part`` is given or result; ``first`` and ``second`` are the values in the units that the
        paths end in, ``relative`` is the difference over the larger one.
        """
        changes = [*self.given, *self.headlines, *self._rest]
        return frame(
            {
                "value": [change.path for change in changes],
                "part": ["given" if change in self.given else "result" for change in changes],
                "first": [change.first for change in changes],
                "second": [change.second for change in changes],
                "change": [change.growth for change in changes],
                "relative": [change.size for change in changes],
            },
            index="value",
        )

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        table: str = self.frame.to_html(max_rows=40)
        return table

    @property
    def _rest(self) -> list[Change]:
        """The results that are no headlines, the largest change first."""
        return sorted(
            (change for change in self.results if not _is_headline(change.path)),
            key=lambda change: (-change.size, change.path.startswith("layers[")),
        )

    def text(self, *, every: bool = False) -> str:
        """Tables of the changes; unless ``every``, of long lists the first ones."""
        if not self.given and not self.results:
            return "no difference (timings are not compared)"
        parts = [
            _table("Given", self.inputs, every),
            _table("Results", self.headlines, every=True),
            _table("Details, largest change first", self.others, every),
        ]
        verdict = (
            f"{len(self.beyond)} of {len(self.results)} changed results are beyond the tolerance "
            f"of {self.tolerance:g}"
            if self.results
            else "no result differs"
        )
        parts.append(f"{verdict} (timings are not compared)")
        return "\n\n".join(part for part in parts if part)


def _together(changes: Sequence[Change]) -> list[Change]:
    """Parts and sections that only one report has, as one change each: the sum of the parts of an
    owner, the number of keys of a section; in the place of the first of them.
    """
    groups: dict[Any, list[Change]] = {}
    for change in changes:
        owner = _owner(change.path) if None in (change.first, change.second) else ""
        key = (owner, change.first is None) if owner else change.path
        groups.setdefault(key, []).append(change)
    return [
        _joined(key[0], members) if len(members) > 1 else members[0]
        for key, members in groups.items()
    ]


def _owner(path: str) -> str:
    """The owner of a part, or the section of a value that a file gives; else nothing."""
    part, slash, _ = path.partition("/")
    if slash:
        return part
    section = re.match(r"inputs\.\w+\.values\.\w+(?=\.)", path)
    return section.group() if section else ""


def _joined(owner: str, members: Sequence[Change]) -> Change:
    def joined(values: Sequence[Any]) -> Any:
        if None in values:
            return None
        return (
            math.fsum(values)
            if all(map(_is_number, values)) and "/" in members[0].path
            else (f"{len(values)} keys")
        )

    return Change(owner, joined([c.first for c in members]), joined([c.second for c in members]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_headline(path: str) -> bool:
    steps = path.split(".")
    return any(
        len(steps) == len(wanted) and all(w in ("*", s) for w, s in zip(wanted, steps, strict=True))
        for wanted in (headline.split(".") for headline in HEADLINES)
    )


def _table(title: str, changes: Sequence[Change], every: bool) -> str:
    """The changes, or the first of them; what is left out is said."""
    if not changes:
        return ""
    shown = changes if every else changes[:MOST]
    rows = [[printable(c.path), _said(c.first), _said(c.second), c.growth] for c in shown]
    align = ("left", "right", "right", "right")
    head = [title, "first", "second", "change"]
    table = tabulate(rows, head, "simple", disable_numparse=True, colalign=align)
    more = len(changes) - len(shown)
    return f"{table}\n... and {more} more" if more else table


def _said(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else printable(str(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
