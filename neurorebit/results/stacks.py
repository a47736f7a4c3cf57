"""Amounts of each layer, stacked by part: what pictures and pages of costs draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from neurorebit.results.document import CHIP, LEAKAGE, Json

DRAM = "DRAM"
STEPS = 4  # of a part's path that are told apart

Stack = dict[str, NDArray[np.float64]]  # an amount for each layer, by part


def energies(layers: Sequence[Json], times: Mapping[str, float]) -> Stack:
    """Energy of each layer and part [J], phases weighted by ``times``, DRAM among the parts."""
    rows = []
    for layer in layers:
        amounts = {DRAM: 0.0}
        for name, weight in times.items():
            phase = layer["phases"][name]
            amounts[DRAM] += weight * phase["dram_energy_J"]
            for part, joules in phase["energy_by_part_J"].items():
                amounts[part] = amounts.get(part, 0.0) + weight * joules
        rows.append(amounts)
    return stack(rows)


def stack(rows: Sequence[Mapping[str, float]]) -> Stack:
    """Amounts of each layer by part: parts are told apart to ``STEPS`` steps of their paths."""
    parts = {part for amounts in rows for part in amounts}
    owners = {part.rpartition("/")[0] for part in parts}
    names = {part: _name(part, part in owners) for part in parts}
    made: Stack = {}
    for i, amounts in enumerate(rows):
        for part, amount in amounts.items():
            made.setdefault(names[part], np.zeros(len(rows)))[i] += amount
    return made


def _name(part: str, owner: bool) -> str:
    """What a part is called: leakage of all parts is one, and an owner is shown without others."""
    steps = part.removeprefix(f"{CHIP}/").split("/")
    if steps[0] == LEAKAGE:
        return LEAKAGE
    name = "/".join(steps[:STEPS])
    return f"{name} without its parts" if owner and len(steps) < STEPS else name


def ordered(*stacks: Stack) -> list[str]:
    """The parts by the largest share that each has of a stack, without those that have none."""
    shares: dict[str, float] = {}
    for one in stacks:
        whole = sum(float(amounts.sum()) for amounts in one.values()) or 1.0
        for part, amounts in one.items():
            shares[part] = max(shares.get(part, 0.0), float(amounts.sum()) / whole)
    return sorted((part for part in shares if shares[part]), key=lambda part: -shares[part])
