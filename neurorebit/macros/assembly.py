"""How the blocks of a macro are put together: what wiring and placement add to their area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Bill, Real
from neurorebit.schema import Section, published, quantity

UTILISATION = published(
    0.4,
    0.85,
    source="40 %: fast cores, 85 %: the densest blocks that can be routed, both from guides to "
    "physical design (ecrionix.org, 'RTL to silicon: floorplan'), secondary",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Assembly(Section):
    """How blocks become a macro (docs/models/assembly.md#assembly).

    ``utilisation`` is the share of their rows that placed gates fill; the rest is for wires that
    find no way, for supplies, for fill and decoupling cells. ``edge_cells`` are rows and columns of
    cells without use on each side of an array. ``channels`` and ``decoupling`` are shares of the
    macro's area for channels between blocks and for decoupling capacitors in places of their own.
    """

    utilisation: Annotated[Real, quantity("", above=0, at_most=1), UTILISATION] = 0.75
    edge_cells: Annotated[Real, quantity("", at_least=0)] = 1.0
    channels: Annotated[Real, quantity("", at_least=0, below=1)] = 0.0
    decoupling: Annotated[Real, quantity("", at_least=0, below=1)] = 0.0

    def area(self, block: Block) -> Bill:
        """The area [m^2] of a block by part, wiring and placement included."""
        placed = Bill(self._placed(block)).under(block.name)
        more = {"channels": self.channels, "decoupling": self.decoupling}
        rest = 1.0 - self.channels - self.decoupling
        whole = np.where(np.greater(rest, 0.0), placed.total / np.maximum(rest, 1e-9), np.nan)
        added = Bill({name: share * whole for name, share in more.items()})
        return placed + added.under(block.name)

    def _placed(self, block: Block) -> dict[str, Real]:
        """The areas of a block and of its parts, each with what belongs to it."""
        around = self._around(block) * np.where(block.exists, 1.0, np.nan)
        items: dict[str, Real] = {
            name: area * around for name, area in block.body.area.items.items()
        }
        for count, part in block.parts:
            for name, area in self._placed(part).items():
                path = f"{part.name}/{name}" if name else part.name
                items[path] = items.get(path, 0.0) + count * area
        return items

    def _around(self, block: Block) -> Real:
        """Area of a block over that of what it consists of."""
        if not block.abuts:
            return 1.0 / self.utilisation
        rows, cols = (getattr(block, name, None) for name in ("rows", "cols"))
        if rows is None or cols is None:
            return 1.0
        more = 2.0 * self.edge_cells
        around: Real = (1.0 + more / rows) * (1.0 + more / cols)
        return around
