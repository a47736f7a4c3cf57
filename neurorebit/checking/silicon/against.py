"""Records held against silicon: a row for each figure, and the shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from neurorebit.checking.silicon.compared import Pair, pair_at
from neurorebit.checking.silicon.constant import Fitted, fit, no_part
from neurorebit.checking.silicon.measured import of_point as figures_at
from neurorebit.checking.silicon.ours import Amounts, Ours, of_point, unused, within
from neurorebit.checking.silicon.outcome import TOLERANCE, Compared, Outcome
from neurorebit.checking.silicon.reader import Silicon
from neurorebit.checking.silicon.record import Measurement
from neurorebit.checking.silicon.rows import Row, Share
from neurorebit.schema import ImpossibleError

Pieces = dict[str, tuple[float, Sequence[str]]]  # silicon's amount, and parts of ours
KINDS = "energy", "speed", "clock", "leakage", "density"  # of a point; the area is the macro's

PACED = "speed", "density"  # kinds that a given clock decides, where the macro reaches it


def compare(records: Sequence[Silicon], tolerance: float = TOLERANCE) -> Outcome:
    """Hold each record against silicon; InputError where one is wrong."""
    return Outcome(tuple(_compared(each) for each in records), tolerance)


@dataclass
class _Macro:
    """A macro while its rows are made: ours at each point, or why there is none."""

    found: Silicon
    _: KW_ONLY
    fitted: Fitted | None = None
    impossible: ImpossibleError | None = None
    blind: dict[str, Ours] = field(default_factory=dict)
    after: dict[str, Ours] = field(default_factory=dict)
    reasons: dict[str, ImpossibleError] = field(default_factory=dict)


def _compared(found: Silicon) -> Compared:
    macro = _Macro(found)
    for point in found.record.points:
        try:
            macro.blind[point.id] = of_point(found, point)
        except ImpossibleError as problem:
            macro.reasons[point.id] = problem
    try:
        macro.fitted = fit(found)
    except ImpossibleError as problem:
        macro.impossible = problem
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
        impossible=str(macro.impossible or ""),
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
            silicon, reason = known.get(figure), str(macro.reasons[point.id])
            yield Row(**about, figure=figure, kind=figure, silicon=silicon, reason=reason)
        return
    blind, after = macro.blind[point.id], macro.after[point.id]
    for kind in KINDS:
        try:
            one, other = (pair_at(found, point, each, kind) for each in (blind, after))
        except ImpossibleError as problem:
            yield Row(**about, figure=kind, kind=kind, silicon=None, reason=str(problem))
            continue
        if one is not None and other is not None:
            clocked = kind in PACED and blind.clocked
            yield _row(about | ({"given": "clock"} if clocked else {}), kind, one, other)
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
    published = set()
    for of, split in record.shares.items():
        chosen = split.point or (macro.found.fit or record.points[0]).id
        if chosen not in {point.id for point in record.points}:
            message, known = f"there is no point '{chosen}'", ", ".join(p.id for p in record.points)
            raise macro.found.document.error(
                ("shares", of, "point"), message, f"there are: {known}"
            )
        published.add((of, chosen))
        pieces = {name: (float(p.share), p.parts) for name, p in split.pieces.items() if p.parts}
        yield from _split(macro, of, chosen, pieces)
    for point in record.points:
        if ("energy", point.id) in published:
            continue
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
        both = [
            each.spent if of == "energy" else each.area
            for each in (macro.blind[point], macro.after[point])
        ]
        if not all(_sum(amounts, named) > 0.0 for amounts in both):
            message, cure = f"none of the parts takes any {of}", "name parts that do"
            raise macro.found.document.error(("shares", of, "pieces"), message, cure)
        ours = [_sum(amounts, parts) / _sum(amounts, named) for amounts in both]
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
    for number, given in enumerate(record.given):
        if given.each is not None and given.each not in ours.lines:
            message = f"the macro does not say how many {given.each} work"
            cure = "give the energy or power of all of them"
            raise macro.found.document.error(("given", number, "each"), message, cure)
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
    """What the structure assumed, and what of a point is not compared."""
    lines: dict[str, None] = {}
    points = {point.id: point for point in macro.found.record.points}
    for measured in macro.found.record.points:
        if measured.id in macro.blind:
            ours = macro.blind[measured.id]
            parts = figures_at(macro.found, measured, ours.ops, ours.period).parts
            unknown = [name for name in parts if name not in macro.found.record.parts]
            if unknown:
                named = ", ".join(unknown)
                lines.setdefault(f"{measured.id}: 'parts' does not say which of ours are {named}")
    for point, ours in macro.blind.items():
        if ours.period < ours.fastest * (1.0 - 1e-9):
            share = ours.period / ours.fastest
            lines.setdefault(
                f"{point}: ours reaches {share:.2g} of the clock that is given; energy is of this "
                "clock, speed of our own"
            )
        for each in ours.assumptions:
            lines.setdefault(f"{each.key} = {each.value}, assumed by the model: {each.why}")
        for line in unused(macro.found, points[point], ours):
            lines.setdefault(line)
    return tuple(lines)
