"""Where each layer stands on the chip: its tiles, PEs and macros in each part, and its copies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.chips.parts.counts import within
from neurorebit.estimation.design import Design


@dataclass(frozen=True)
class Share:
    """What a layer has in a part of the chip: tiles, PEs, macros, and their area [m^2].

    Numbers are fractions where layers share tiles.
    """

    tiles: float
    pes: float
    macros: float
    area: float


@dataclass(frozen=True)
class Plan:
    """The copies of a layer that work side by side, and what it has in each part, by its name."""

    copies: int
    parts: dict[str, Share]


def plans(made: Design) -> tuple[Plan, ...]:
    """The plan of each matrix layer; of one without weights there are no tiles."""
    chip, count = made.chip, made.stages
    places = chip.workload.places
    own = slice(count) if places is None else places
    copies = np.ones(count)
    copies[own] = chip.plan.copies
    parts: dict[str, np.ndarray] = {}
    for tiles, tile in chip.tiles_of_layers:
        inside, area = within(tile), float(np.sum(tile.footprint.area.total))
        one = np.array([1.0, inside.pes, inside.macros, area])
        table = parts.setdefault(tile.name, np.zeros((4, count)))
        table[:, own] += one[:, None] * np.asarray(tiles)
    rows = {name: table.T.tolist() for name, table in parts.items() if np.any(table)}
    return tuple(
        Plan(
            int(copies[i]),
            {name: Share(*table[i]) for name, table in rows.items() if table[i][0] > 0.0},
        )
        for i in range(count)
    )
