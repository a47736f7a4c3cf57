"""A structure and a record whose figures are plain arithmetic."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import yaml

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Footprint, action
from neurorebit.macros.point import Point
from neurorebit.macros.structure import Macro, Structure
from neurorebit.macros.supplies import Supplies
from neurorebit.schema import ImpossibleError, quantity
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Line(Block):
    """A capacitor that is charged to a voltage."""

    tech: Technology
    cap: Positive = 1e-12
    area: Positive = 1e-9
    leak: float = 0.0
    _: KW_ONLY
    name: str = "lines"

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, self.leak)

    @action
    def charge(self, time: float) -> Cost:
        return Cost.of(self.cap * self.tech.vdd**2, time)


@dataclass(frozen=True, eq=False)
class LinesMacro(Macro):
    """Lines of a core and of a periphery, charged one after the other."""

    core: Line
    edge: Line
    ops: float
    time: float
    _: KW_ONLY
    bits: tuple[float, float] = (4.0, 2.0)
    name: str = "macro"

    @property
    def parts(self) -> tuple[tuple[float, Block], ...]:
        return (1.0, self.core), (1.0, self.edge)

    @property
    def cycles(self) -> float:
        return 2.0

    @action
    def product(self) -> Cost:
        return self.core.charge(self.time) + self.edge.charge(self.time)


@dataclass(frozen=True, eq=False, kw_only=True)
class Lines(Structure):
    """Lines that are charged. ``cap`` and ``edge`` are capacitances. ``leak`` is what they leak."""

    roles: ClassVar = {"core": "lines", "periphery": "edges"}
    kind: Literal["lines"]
    cap: Annotated[float, quantity("F", above=0)]
    edge: Annotated[float, quantity("F", above=0)]
    leak: Annotated[float, quantity("W", at_least=0)] = 0.0

    def macro(self, supplies: Supplies, point: Point) -> Macro:
        rows = point.assumed("rows", 16.0, "as many as there are")
        if rows > 64.0:
            message = f"has 64 rows, and {rows:g} are to work"
            raise ImpossibleError(message, key="rows", cure="take 64 or fewer")
        lines = Line(supplies.of(), self.cap * rows, 4e-9, self.leak)
        edges = Line(supplies.of("periphery"), self.edge, 2e-9, name="edges")
        return LinesMacro(lines, edges, 2.0 * rows, 5e-9)


# At 0.8 V: 16 x 1 pF x 0.64 V2 = 10.24 pJ in lines, 4 pF x 0.64 V2 = 2.56 pJ in edges: 12.8 pJ for
# 32 operations in 10 ns, that is 0.4 pJ each and 3.2 GOPS. Areas: 4 and 2 of 6e-9 m2, over 0.75.
RECORD: dict[str, Any] = {
    "id": "L1",
    "silicon": "lines of our own",
    "macro": {"kind": "lines", "cap": "1 pF", "edge": "4 pF"},
    "supplies": {"core": "22nm_lstp"},
    "points": [
        {"id": "low", "vdd_V": 0.8, "measured": {"J_per_op": 5e-13}, "part": "fit"},
        {"id": "high", "vdd": "0.9 V", "measured": {"tops_per_W": 1.6}},
    ],
}


def changed(**more: Any) -> dict[str, Any]:
    """The record with other keys."""
    return RECORD | more


def file(folder: Path, record: dict[str, Any], name: str = "record.yaml") -> Path:
    """A record as a file."""
    place = folder / name
    place.write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
    return place
