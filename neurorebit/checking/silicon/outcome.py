"""Records held against silicon: a row for each figure, shares, the constant, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.checking.silicon.compared import Pair, pair_at
from neurorebit.checking.silicon.constant import Fitted, fit, no_part
from neurorebit.checking.silicon.measured import of_point as figures_at
from neurorebit.checking.silicon.ours import Amounts, Ours, of_point, within
from neurorebit.checking.silicon.reader import FIT, Silicon
from neurorebit.checking.silicon.record import Measurement
from neurorebit.schema import ImpossibleError

TOLERANCE = 0.1  # mean deviation of energies at points that nothing was fitted on
FACTOR = 2.0  # of energy and area without a constant, for grades A and B
POINTS = 0.2  # by which shares may differ
Pieces = dict[str, tuple[float, Sequence[str]]]  # silicon's amount, and parts of ours
KINDS = "energy", "speed", "density"  # of a point; the area is one of the macro


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of one point: ours without and with the constant, silicon's, and their ratios.

    Numbers are in SI units: energy [J] of an operation, operations a second, area [m^2]. Where a
    macro cannot exist ours is None, and ``reason`` says why; silicon's is None where it needs ours.
    """

    macro: str
    point: str
    part: str  # of the points: fit, public or held
    figure: str
    of: str = ""  # the part or block, where it is not all of the macro
    kind: str
    silicon: float | None
    blind: float | None = None
    fitted: float | None = None
    evidence: str = ""
    reading_error: float | None = None
    reason: str = ""

    def ratio(self, fitted: bool = False) -> float | None:
        """Ours over silicon's."""
        ours = self.fitted if fitted else self.blind
        return None if ours is None or self.silicon is None else ours / self.silicon


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of energy or area: silicon's, and ours without and with the constant."""

    macro: str
    of: str
    point: str
    name: str
    silicon: float
    blind: float
    fitted: float

    @property
    def difference(self) -> float:
        """Ours with the constant less silicon's, of 1."""
        return self.fitted - self.silicon


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
        """|ours / silicon - 1| of these, with the constant."""
        found = (row.ratio(True) for row in self.others)
        return tuple(abs(ratio - 1.0) if ratio is not None else float("inf") for ratio in found)

    @property
    def mean(self) -> float | None:
        """The mean of the deviations; None where there is no such point."""
        return float(np.mean(self.deviations)) if self.deviations else None

    def broken(self, tolerance: float = TOLERANCE) -> Iterator[str]:
        """The criteria that do not hold, one line each."""
        if self.impossible:
            yield f"{self.name}: {self.impossible}"
        for row in self.rows:
            if row.reason:
                yield f"{self.name}, {row.point}, {row.figure}: {row.reason}"
        if self.mean is not None and self.mean > tolerance and np.isfinite(self.mean):
            yield (
                f"{self.name}: energies are {self.mean:.1%} off on average at points that nothing "
                f"was fitted on, more than {100 * tolerance:g}%"
            )
        yield from self._blind()
        for share in self.shares:
            if abs(share.difference) > POINTS:
                yield (
                    f"{self.name}: {share.name} takes {share.fitted:.1%} of the {share.of}, "
                    f"silicon's {share.silicon:.1%}: more than {POINTS * 100:.0f} points apart"
                )

    def _blind(self) -> Iterator[str]:
        """Energy and area without a constant; single blocks where no more can be compared."""
        by_blocks = self.silicon.record.grade == "C"
        for row in self.rows:
            ratio = row.ratio()
            judged = bool(row.of) if by_blocks else row.figure in ("energy", "area") and not row.of
            if judged and ratio is not None and not 1.0 / FACTOR <= ratio <= FACTOR:
                of = f" of {row.of}" if row.of else ""
                at = f" at {row.point}" if row.point else ""
                yield (
                    f"{self.name}: {row.figure}{of}{at} is {ratio:.3g} times silicon's without a "
                    f"constant, beyond a factor of {FACTOR:g}"
                )


@dataclass(frozen=True, eq=False)
class Outcome:
    """The comparison of all records."""

    macros: tuple[Compared, ...]
    tolerance: float = TOLERANCE

    @property
    def broken(self) -> tuple[str, ...]:
        """The criteria that do not hold, one line each."""
        return tuple(line for each in self.macros for line in each.broken(self.tolerance))

    @property
    def holds(self) -> bool:
        """Whether all criteria hold."""
        return not self.broken


def compare(records: Sequence[Silicon], tolerance: float = TOLERANCE) -> Outcome:
    """Hold each record against silicon; InputError where one is wrong."""
    return Outcome(tuple(_compared(each) for each in records), tolerance)


@dataclass
class _Macro:
    """A macro while its rows are made: ours at each point, or why there is none."""

    found: Silicon
    _: KW_ONLY
    fitted: Fitted | None = None
    impossible: str = ""
    blind: dict[str, Ours] = field(default_factory=dict)
    after: dict[str, Ours] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def _compared(found: Silicon) -> Compared:
    macro = _Macro(found)
    for point in found.record.points:
        try:
            macro.blind[point.id] = of_point(found, point)
        except ImpossibleError as problem:
            macro.reasons[point.id] = str(problem)
    try:
        macro.fitted = fit(found)
    except ImpossibleError as problem:
        macro.impossible = str(problem)
    for point in found.record.points:
        if point.id in macro.blind:
            fitted = macro.fitted
            macro.after[point.id] = fitted.at(point) if fitted else macro.blind[point.id]
    _check_parts(macro)
    rows = [row for point in found.record.points for row in _rows(macro, point)]
    rows += _areas(macro)
    shares = tuple(_shares(macro))
    return Compared(
        silicon=found,
        rows=tuple(rows),
        shares=shares,
        fitted=macro.fitted,
        notes=_notes(macro),
        impossible=macro.impossible,
    )


def _rows(macro: _Macro, point: Measurement) -> Iterator[Row]:
    """The figures of a point: of the macro, of its parts, of single blocks."""
    found, record = macro.found, macro.found.record
    about: dict[str, Any] = {
        "macro": found.name,
        "point": point.id,
        "part": point.part,
        "evidence": point.evidence or record.evidence,
        "reading_error": _error(point, record.reading_error),
    }
    if point.id not in macro.blind:
        known = dict(_measured(found, point))
        for figure in known or ("energy",):
            silicon, reason = known.get(figure), macro.reasons[point.id]
            yield Row(**about, figure=figure, kind=figure, silicon=silicon, reason=reason)
        return
    blind, after = macro.blind[point.id], macro.after[point.id]
    for kind in KINDS:
        one, other = pair_at(found, point, blind, kind), pair_at(found, point, after, kind)
        if one is not None and other is not None:
            yield _row(about, kind, one, other)
    theirs = figures_at(found, point, blind.ops, blind.period)
    for name, value in theirs.parts.items():
        if name in record.parts:
            parts = record.parts[name]
            pair = (_sum(each.spent, parts) / each.ops for each in (blind, after))
            one, other = (Pair("energy", ours, value) for ours in pair)
            yield _row(about, "energy", one, other, of=name)
    for name, value in theirs.blocks.items():
        block = record.blocks[name]
        pairs = (_block(each, block.of, block.parts) / block.count for each in (blind, after))
        one, other = (Pair(block.of, float(ours), value) for ours in pairs)
        yield _row(about, block.of, one, other, of=name)


def _row(about: dict[str, Any], figure: str, one: Pair, other: Pair, *, of: str = "") -> Row:
    return Row(
        **about,
        figure=figure,
        of=of,
        kind=one.kind,
        silicon=one.silicon,
        blind=one.ours,
        fitted=other.ours,
    )


def _error(point: Measurement, common: object) -> float | None:
    value = common if point.reading_error is None else point.reading_error
    return None if value is None else float(value)  # type: ignore[arg-type]


def _measured(found: Silicon, point: Measurement) -> Iterator[tuple[str, float]]:
    """Silicon's figures at a point where ours cannot exist, as far as they need none of ours."""
    theirs = figures_at(found, point, float("nan"), float("nan"))
    for figure, value in (("energy", theirs.energy), ("speed", theirs.speed)):
        if value is not None and np.isfinite(value):
            yield figure, value


def _areas(macro: _Macro) -> Iterator[Row]:
    """The area of the macro, and published areas of parts of it."""
    found, record = macro.found, macro.found.record
    point = found.fit or record.points[0]
    if point.id not in macro.blind:
        return
    blind, after = macro.blind[point.id], macro.after[point.id]
    about: dict[str, Any] = {"macro": found.name, "point": "", "part": ""}
    one, other = (pair_at(found, point, each, "area") for each in (blind, after))
    if one is not None and other is not None:
        yield _row(about, "area", one, other)
    for name, each in record.areas.items():
        pair = (
            Pair("area", _sum(ours.area, each.parts), float(each.area)) for ours in (blind, after)
        )
        one, other = pair
        yield _row(about, "area", one, other, of=name)


def _block(ours: Ours, of: str, parts: Sequence[str]) -> float:
    if of == "power":
        return _sum(ours.spent, parts) / ours.period
    return _sum({"energy": ours.spent, "time": ours.latency, "area": ours.area}[of], parts)


def _sum(amounts: Amounts, parts: Sequence[str]) -> float:
    return sum(amount for name, amount in amounts.items() if within(name, parts))


def _shares(macro: _Macro) -> Iterator[Share]:
    """Published splits, and those that follow from energies of parts at a point."""
    record = macro.found.record
    pieces: Pieces
    for of, split in record.shares.items():
        chosen = split.point or (macro.found.fit or record.points[0]).id
        if chosen not in {point.id for point in record.points}:
            message, known = f"there is no point '{chosen}'", ", ".join(p.id for p in record.points)
            raise macro.found.document.error(
                ("shares", of, "point"), message, f"there are: {known}"
            )
        pieces = {name: (float(p.share), p.parts) for name, p in split.pieces.items() if p.parts}
        yield from _split(macro, of, chosen, pieces)
    for point in record.points:
        if point.id in macro.blind and record.parts:
            ours = macro.blind[point.id]
            theirs = figures_at(macro.found, point, ours.ops, ours.period).parts
            pieces = {
                n: (value, record.parts[n]) for n, value in theirs.items() if n in record.parts
            }
            yield from _split(macro, "energy", point.id, pieces)


def _split(macro: _Macro, of: str, point: str, pieces: Pieces) -> Iterator[Share]:
    """Shares of what is attributed, on both sides."""
    if point not in macro.blind or not pieces:
        return
    named = tuple(part for _, parts in pieces.values() for part in parts)
    whole = sum(share for share, _ in pieces.values())
    for name, (share, parts) in pieces.items():
        ours = [
            _sum(amounts, parts) / _sum(amounts, named)
            for each in (macro.blind[point], macro.after[point])
            for amounts in (each.spent if of == "energy" else each.area,)
        ]
        yield Share(
            macro=macro.found.name,
            of=of,
            point=point,
            name=name,
            silicon=share / whole,
            blind=ours[0],
            fitted=ours[1],
        )


def _check_parts(macro: _Macro) -> None:
    """InputError where a record names a part that the macro does not have."""
    record = macro.found.record
    if not macro.blind:
        return
    ours = next(iter(macro.blind.values()))
    names = {*ours.spent, *ours.area, *ours.latency}
    named: list[tuple[tuple[str | int, ...], Sequence[str]]] = [
        *((("without", kind), parts) for kind, parts in record.without.items()),
        *((("parts", name), parts) for name, parts in record.parts.items()),
        *((("blocks", name, "parts"), each.parts) for name, each in record.blocks.items()),
        *((("areas", name, "parts"), each.parts) for name, each in record.areas.items()),
        *((("given", n, "parts"), each.parts) for n, each in enumerate(record.given)),
    ]
    for of, split in record.shares.items():
        named += [
            (("shares", of, "pieces", name, "parts"), piece.parts)
            for name, piece in split.pieces.items()
        ]
    for loc, parts in named:
        for part in parts:
            if not any(within(name, (part,)) for name in names):
                raise no_part(macro.found, loc, part, names)


def _notes(macro: _Macro) -> tuple[str, ...]:
    """What the structure assumed, and what of a point it does not take."""
    lines: dict[str, None] = {}
    for point, ours in macro.blind.items():
        for each in ours.assumptions:
            lines.setdefault(f"{each.key} = {each.value}, assumed by the model: {each.why}")
        for key in ours.untaken:
            lines.setdefault(f"{point}: '{key}' is given, and this structure does not depend on it")
    return tuple(lines)
