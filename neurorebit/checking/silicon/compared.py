"""One figure of ours beside one of silicon: what is counted on both sides, less what is given."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.checking.silicon.measured import Figures, of_point
from neurorebit.checking.silicon.ours import Amounts, Ours, within
from neurorebit.checking.silicon.reader import Silicon
from neurorebit.checking.silicon.record import Measurement
from neurorebit.schema.units import show

UNITS = {
    "energy": "J",
    "time": "s",
    "area": "m2",
    "speed": "/s",
    "density": "/s/m2",
    "clock": "Hz",
    "leakage": "W",
    "power": "W",
}


@dataclass(frozen=True)
class Pair:
    """Ours and silicon's, in SI units of ``kind``."""

    kind: str
    ours: float
    silicon: float

    @property
    def ratio(self) -> float:
        return self.ours / self.silicon

    def written(self, value: float) -> str:
        """A value of it with its unit."""
        return show(value, UNITS[self.kind], 3)


def counted(found: Silicon, amounts: Amounts, kind: str) -> Amounts:
    """The parts of ours that the published ``energy`` or ``area`` holds and that are predicted, not
    given.
    """
    left_out = found.record.without.get(kind, ())  # type: ignore[call-overload]
    given = tuple(part for each in found.record.given for part in each.parts)
    return {
        name: amount
        for name, amount in amounts.items()
        if not within(name, left_out) and not within(name, given)
    }


def pair_at(found: Silicon, point: Measurement, ours: Ours, kind: str) -> Pair | None:
    """A figure at a point: ``energy`` of an operation, ``time`` of a product, ``area``, ``speed``,
    ``clock``, ``leakage`` or ``density``; None where silicon has none.
    """
    theirs = of_point(found, point, ours.ops, ours.period)
    if kind == "energy" and theirs.energy is not None:
        spent = sum(counted(found, ours.spent, "energy").values()) / ours.ops
        given = given_energy(found, theirs, ours)
        if given >= theirs.energy:
            message = (
                f"at {point.id} {show(given, 'J', 3)} of an operation are given, of "
                f"{show(theirs.energy, 'J', 3)} that were measured"
            )
            raise found.document.impossible(("given",), message, "give a share, or less")
        return Pair(kind, spent, theirs.energy - given)
    if kind == "time" and theirs.speed is not None:
        return Pair(kind, ours.pace, ours.ops / theirs.speed)
    if kind == "speed" and theirs.speed is not None:
        return Pair(kind, ours.ops / ours.pace, theirs.speed)
    if kind == "clock" and theirs.clock is not None and ours.cycles is not None:
        return Pair(kind, ours.cycles / ours.fastest, theirs.clock)
    if kind == "leakage" and theirs.leakage is not None:
        return Pair(kind, sum(counted(found, ours.leakage, "energy").values()), theirs.leakage)
    area = sum(counted(found, ours.area, "area").values())
    if kind == "density" and theirs.density is not None:
        return Pair(kind, ours.ops / ours.pace / area, theirs.density)
    if kind == "area":
        return area_pair(found, ours, theirs)
    return None


def area_pair(found: Silicon, ours: Ours, theirs: Figures) -> Pair | None:
    """The area, of the point or else of the record."""
    whole = theirs.area
    if whole is None:
        if found.record.area is None:
            return None
        copies = found.record.copies
        several = copies is not None and "area" in copies.counted_in
        whole = float(found.record.area) / (float(copies.count) if several and copies else 1.0)
    given = sum(float(each.area) for each in found.record.given if each.area is not None)
    return Pair("area", sum(counted(found, ours.area, "area").values()), whole - given)


def given_energy(found: Silicon, theirs: Figures, ours: Ours) -> float:
    """Energy [J] of an operation that is taken over from silicon at this point."""
    assert theirs.energy is not None
    total = 0.0
    period = ours.ops / theirs.speed if theirs.speed is not None else ours.period
    for each in found.record.given:
        count = ours.lines[each.each] if each.each is not None else 1.0
        if each.energy is not None:
            total += count * float(each.energy) / ours.ops
        elif each.power is not None:
            total += count * float(each.power) * period / ours.ops
        elif each.share is not None:
            total += float(each.share) * theirs.energy
    return total
