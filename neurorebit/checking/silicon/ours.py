"""What a structure gives at a point: energy, time and area by part; or why it cannot exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.checking.silicon.reader import Silicon, conditions
from neurorebit.checking.silicon.record import Measurement, Record
from neurorebit.checking.silicon.supply import supplies
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Bill
from neurorebit.macros.point import Assumption, Point
from neurorebit.macros.structure import Macro, Structure
from neurorebit.schema import ImpossibleError, InputError

Amounts = Mapping[str, float]


@dataclass(frozen=True, eq=False, kw_only=True)
class Ours:
    """A macro at a point: energy [J] of a product and area [m^2] by part, time [s] of a product.

    ``ops`` are operations of a product as the source counts them. ``factors`` multiply the
    ``energy``, ``time`` or ``area`` of parts. ``period`` is the time from a product to the next: of
    the clock where the point has one, else the macro's own, ``fastest``; both are of ``cycles``.
    Energy is that of ``period``, also where the macro does not reach the clock.
    """

    ops: float
    energy: Amounts
    leakage: Amounts
    area: Amounts
    latency: Amounts
    period: float
    fastest: float
    cycles: float | None = None
    lines: Amounts = field(default_factory=dict)  # rows and columns that work
    assumptions: tuple[Assumption, ...] = ()
    untaken: tuple[tuple[str, str], ...] = ()  # keys without effect, and what fixes each

    @cached_property
    def spent(self) -> Amounts:
        """Energy [J] of a product by part, with what leaks until the next."""
        names = dict.fromkeys((*self.energy, *self.leakage))
        return {
            name: self.energy.get(name, 0.0) + self.period * self.leakage.get(name, 0.0)
            for name in names
        }

    @property
    def pace(self) -> float:
        """Time [s] from a product to the next that the macro does reach."""
        return max(self.period, self.fastest)

    @property
    def clocked(self) -> bool:
        """Whether the clock of the point, and not the macro, decides the pace."""
        return self.period > self.fastest * (1.0 + 1e-9)

    def scaled(self, of: str, parts: Iterable[str], factor: float) -> Ours:
        """The same with a factor on the energy, the time or the area of parts."""
        names = tuple(parts)

        def scale(amounts: Amounts) -> Amounts:
            return {
                name: amount * (factor if within(name, names) else 1.0)
                for name, amount in amounts.items()
            }

        if of == "area":
            return replace(self, area=scale(self.area))
        if of == "energy":
            return replace(self, energy=scale(self.energy), leakage=scale(self.leakage))
        slower = scale(self.latency)
        more = sum(slower.values()) - sum(self.latency.values())
        clocked = self.period != self.fastest
        period = self.period if clocked else self.period + more
        return replace(self, latency=slower, period=period, fastest=self.fastest + more)


def unused(found: Silicon, point: Measurement, ours: Ours) -> Iterator[str]:
    """What is given at a point and changes nothing, and what fixes it."""
    for key, fixed in ours.untaken:
        where = "conditions" if getattr(point, key) is None else point.id
        why = f"fixed by the record: {fixed}" if fixed else "this structure does not depend on it"
        yield f"{where}: '{key}' is given, and changes nothing: {why}"


def within(name: str, parts: Iterable[str]) -> bool:
    """Whether a part is one of these, or stands below one."""
    return any(f"{name}/".startswith(f"{part}/") for part in parts)


def of_point(found: Silicon, point: Measurement) -> Ours:
    """What the record's structure gives at a point.

    ImpossibleError says why it cannot exist there; InputError what is wrong in the record.
    """
    here = conditions(found, point)
    source, loc = found.places[found.record.points.index(point)]
    given = supplies(found, point, here)
    try:
        macro = _structure(found, point).at(given, here)
    except InputError as problem:
        if problem.origin is not None:
            raise
        at = _place(found, point, problem.key)
        kind = type(problem)
        raise kind(problem.message, origin=at.origin, key=at.key, cure=problem.cure) from None
    return _evaluated(found, macro, here, source.error(loc, ""))


def _place(found: Silicon, point: Measurement, key: str) -> InputError:
    """Where a key stands that a structure complains of: at the point, in the conditions of all
    points, or in the section that the record has for the macro.
    """
    source, loc = found.places[found.record.points.index(point)]
    first, _, rest = key.partition(".")
    if first in {one.name for one in fields(Point)}:
        common = getattr(point, first) is None and getattr(found.record.conditions, first)
        return (
            found.document.error(("conditions", first), "")
            if common
            else source.error((*loc, first), "")
        )
    if first == "macro" and rest.split(".")[0] in point.macro:
        return source.error((*loc, *key.split(".")), "")
    known = first in ("macro", "supplies", "device")
    return found.document.error(tuple(key.split(".")) if known else ("macro", first), "")


def _structure(found: Silicon, point: Measurement) -> Structure:
    """The structure with the keys that differ at this point."""
    if not point.macro:
        return found.record.macro
    source, loc = found.places[found.record.points.index(point)]
    document = found.document.copy()
    for key, value in point.macro.items():
        at = source.error((*loc, "macro", key), "")
        document.set(f"macro.{key}", str(value), (at.origin, ": ", at.key))
    return document.read(Record).macro


def _evaluated(found: Silicon, macro: Macro, here: Point, at: InputError) -> Ours:
    with np.errstate(all="ignore"):
        cost, footprint = macro.product(), macro.footprint
        area = found.record.assembly.area(macro)
        fastest, cycles = _float(macro.period), macro.cycles
    clock = None if cycles is None else here.given("clock")
    own = _by_part(cost.energy, macro.name), _by_part(area, macro.name)
    ops = _float(macro.ops)
    amounts = (*own[0].values(), *own[1].values(), fastest, ops)
    if not all(map(np.isfinite, amounts)) or not ops > 0.0 or not fastest > 0.0:
        part, why = (
            _reason(macro, macro.name) if ops != 0.0 else (macro.name, "it computes nothing")
        )
        message = f"{part} cannot exist: {why}"
        cure = "take values that its blocks allow"
        raise ImpossibleError(message, origin=at.origin, key=at.key, cure=cure)
    period = fastest if clock is None or cycles is None else _float(cycles) / _float(clock)
    ops *= float(found.record.ops.per_mac) / 2.0
    bits = found.record.ops.normalised_to
    if bits is not None:
        for key, size in zip(("input_bits", "weight_bits"), macro.bits, strict=True):
            here.assumed(key, size, "the macro's own, by which operations are counted")
        ops *= _float(macro.bits[0]) * _float(macro.bits[1]) / float(np.prod(bits))
    return Ours(
        ops=ops,
        energy=own[0],
        leakage=_by_part(footprint.leakage, macro.name),
        area=own[1],
        latency=_by_part(cost.latency, macro.name),
        period=period,
        fastest=fastest,
        cycles=None if cycles is None else _float(cycles),
        lines=_lines(macro, here),
        assumptions=tuple(here.assumptions.values()),
        untaken=tuple(here.untaken),
    )


def _lines(macro: Macro, here: Point) -> dict[str, float]:
    """Rows and columns that work: those of the point, or else all that the macro has."""
    asked = {"rows": here.rows, "columns": here.columns}
    built = {"rows": getattr(macro, "rows", None), "columns": getattr(macro, "cols", None)}
    found = {key: built[key] if value is None else value for key, value in asked.items()}
    return {key: _float(value) for key, value in found.items() if value is not None}


def _by_part(bill: Bill, root: str) -> dict[str, float]:
    """A bill's amounts by part, without the macro's own name before each."""
    found: dict[str, float] = {}
    for path, amount in bill.items.items():
        name = path.removeprefix(root).removeprefix("/") or root
        found[name] = found.get(name, 0.0) + _float(amount)
    return {name: amount for name, amount in found.items() if amount != 0.0}


def _float(value: Any) -> float:
    return float(np.asarray(value))


def _reason(block: Block, path: str) -> tuple[str, str]:
    """The deepest part that does not exist, and what is wrong with it."""
    for _, part in block.parts:
        area = part.footprint.area.total
        if not np.all(part.exists) or not np.all(np.isfinite(area)):
            return _reason(part, f"{path}/{part.name}")
    for name, positive in block._numbers():
        value = getattr(block, name)
        if isinstance(value, int | float) and not (value > 0.0 or (value == 0 and not positive)):
            bound = "above zero" if positive else "zero or above"
            return path, f"its {name} must be {bound}, got {value:g}"
    tech = getattr(block, "tech", None)
    if tech is not None and not np.all(tech.exists):
        return path, "supply or temperature lie outside what its technology covers"
    return path, "its energy, time or area are not defined for these numbers"
