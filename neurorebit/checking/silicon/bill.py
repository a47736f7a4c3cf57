"""A macro alone, without silicon to hold it against: what it costs at its points, and of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from neurorebit.checking.silicon.ours import Ours, of_point, unused
from neurorebit.checking.silicon.reader import Silicon
from neurorebit.checking.silicon.text import said_of, table
from neurorebit.schema import ImpossibleError
from neurorebit.schema.units import show

LEAST = 0.001  # share of the energy or area below which a part is not listed alone


@dataclass(frozen=True, eq=False)
class Billed:
    """A macro at a point: what it costs, or why it cannot exist."""

    macro: str
    point: str
    ours: Ours | None
    reason: str = ""

    @property
    def figures(self) -> dict[str, float | None]:
        """Totals in SI units, and per operation, W and mm2 as this field has them."""
        if self.ours is None:
            return dict.fromkeys(FIGURES)
        energy, area = sum(self.ours.spent.values()), sum(self.ours.area.values())
        ops = self.ours.ops
        return {
            "energy_J": energy,
            "period_s": self.ours.pace,
            "area_m2": area,
            "leakage_W": sum(self.ours.leakage.values()),
            "ops": ops,
            "energy_per_op_J": energy / ops,
            "tops": ops / self.ours.pace * 1e-12,
            "tops_per_W": ops / energy * 1e-12,
            "tops_per_mm2": ops / self.ours.pace / area * 1e-18,
        }

    @property
    def parts(self) -> Iterator[dict[str, Any]]:
        """Energy [J] of a product with its leakage, and area [m^2], by part."""
        if self.ours is None:
            return
        for name in dict.fromkeys((*self.ours.spent, *self.ours.area)):
            yield {
                "macro": self.macro,
                "point": self.point,
                "part": name,
                "energy_J": self.ours.spent.get(name, 0.0),
                "leakage_W": self.ours.leakage.get(name, 0.0),
                "area_m2": self.ours.area.get(name, 0.0),
            }


FIGURES = (
    "energy_J", "period_s", "area_m2", "leakage_W", "ops", "energy_per_op_J", "tops", "tops_per_W",
    "tops_per_mm2",
)  # fmt: skip


def bill(found: Silicon) -> tuple[Billed, ...]:
    """What a macro costs at each point of its record."""
    return tuple(_billed(found, number) for number, _ in enumerate(found.record.points))


def _billed(found: Silicon, number: int) -> Billed:
    point = found.record.points[number]
    try:
        return Billed(found.name, point.id, of_point(found, point))
    except ImpossibleError as problem:
        return Billed(found.name, point.id, None, str(problem))


def values(billed: tuple[Billed, ...]) -> list[dict[str, Any]]:
    """All of it as plain values."""
    return [
        {
            "macro": each.macro,
            "point": each.point,
            **each.figures,
            "reason": each.reason or None,
            "parts": list(each.parts),
            "assumed": [
                {"key": one.key, "value": one.value, "why": one.why}
                for one in (each.ours.assumptions if each.ours else ())
            ],
        }
        for each in billed
    ]


def text(found: Silicon, billed: tuple[Billed, ...]) -> str:
    """A table of the points, and one of the parts for each point."""
    rows = [
        (each.point, *_figures(each.figures)) if each.ours else (each.point, *["-"] * 7)
        for each in billed
    ]
    head = (
        "point", "energy of a product", "time", "operation", "TOPS", "TOPS/W", "TOPS/mm2", "area",
    )  # fmt: skip
    parts = [f"{found.name}  {found.record.silicon}".rstrip(), table(head, rows, "lrrrrrrr")]
    parts += [f"{each.point}: {each.reason}" for each in billed if each.reason]
    for each in billed:
        if each.ours is not None:
            parts.append(f"parts at {each.point}\n\n{_parts(each.ours)}")
    notes = {
        f"{one.key} = {one.value}, assumed by the model: {one.why}": None
        for each in billed if each.ours for one in each.ours.assumptions
    }  # fmt: skip
    points = {point.id: point for point in found.record.points}
    notes |= {
        line: None
        for each in billed if each.ours for line in unused(found, points[each.point], each.ours)
    }  # fmt: skip
    parts.append("\n".join((*said_of(found.record), *notes)))
    return "\n\n".join(parts)


def _figures(figures: Mapping[str, float | None]) -> Iterator[str]:
    for key, unit in (("energy_J", "J"), ("period_s", "s"), ("energy_per_op_J", "J")):
        yield show(figures[key] or 0.0, unit)
    for key in ("tops", "tops_per_W", "tops_per_mm2"):
        yield f"{figures[key]:.4g}"
    yield f"{(figures['area_m2'] or 0.0) * 1e6:.4g} mm2"


def _parts(ours: Ours) -> str:
    """The parts that take a share worth a line, and the others together."""
    energy, area = sum(ours.spent.values()), sum(ours.area.values())
    rows: list[tuple[str, float, float, float, float]] = []
    small = 0.0, 0.0
    for name in dict.fromkeys((*ours.spent, *ours.area)):
        amounts = ours.spent.get(name, 0.0), ours.area.get(name, 0.0)
        shares = amounts[0] / energy, amounts[1] / area
        if max(shares) < LEAST:
            small = small[0] + amounts[0], small[1] + amounts[1]
            continue
        rows.append((name, *amounts, *shares))
    if any(small):
        rows.append(("other parts", *small, small[0] / energy, small[1] / area))
    rows.sort(key=lambda row: -row[3])
    shown = [
        (name, show(joules, "J"), f"{of_energy:.1%}", f"{size * 1e12:.4g} um2", f"{of_area:.1%}")
        for name, joules, size, of_energy, of_area in rows
    ]
    return table(("part", "energy", "share", "area", "share"), shown, "lrrrr")
