"""Amounts of the parts of a chip, ordered and summed up for a reader."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from neurorebit.chips.parts.phases import PHASES
from neurorebit.results.document import LEAKAGE, Json

Amounts = tuple[float, ...]  # of one part, a number for each column of a table
SPLIT, SMALL = 0.05, 0.01  # share of a whole: parts that are taken apart, parts that are summed up
MOST = 10  # rows of parts in a table


def grouped(parts: Mapping[str, Amounts]) -> dict[str, Amounts]:
    """Parts summed up by their paths: large ones are taken apart, small ones are added up."""
    return _taken_apart("", parts, total(parts.values()))


def largest(parts: Mapping[str, Amounts], most: int = MOST) -> dict[str, Amounts]:
    """The parts with the largest share of any column, by the last; all others in one row."""
    groups = grouped(parts)
    whole = total(groups.values())

    def rank(item: tuple[str, Amounts]) -> float:
        return max(a / w if w else 0.0 for a, w in zip(item[1], whole, strict=True))

    chosen = sorted(groups.items(), key=rank, reverse=True)
    shown = sorted(chosen[:most], key=lambda item: item[1][-1], reverse=True)
    others = [amounts for _, amounts in chosen[most:]]
    return dict(shown) | ({f"{len(others)} smaller parts": total(others)} if others else {})


def total(rows: Iterable[Amounts]) -> Amounts:
    """The sum of each column."""
    return tuple(math.fsum(column) for column in zip(*rows, strict=True))


def _taken_apart(owner: str, parts: Mapping[str, Amounts], whole: Amounts) -> dict[str, Amounts]:
    groups: dict[str, dict[str, Amounts]] = {}
    for part, amounts in parts.items():
        step, _, below = part.partition("/")
        groups.setdefault(step, {})[below] = amounts
    shown: dict[str, Amounts] = {}
    small: list[Amounts] = []
    for step, members in groups.items():
        amounts = total(members.values())
        share = max(a / w if w else 0.0 for a, w in zip(amounts, whole, strict=True))
        path = f"{owner}/{step}" if owner and step else step or f"{owner} without its parts"
        if share >= SPLIT and len(members) > 1:
            shown |= _taken_apart(path, members, whole)
        elif share >= SMALL or not owner:
            shown[path] = amounts
        else:
            small.append(amounts)
    if small:
        shown[f"{owner}: smaller parts" if shown else owner] = total(small)
    return shown


def energy_of_parts(report: Json) -> dict[str, Amounts]:
    """Energy of each part [J]: a number for each phase, and last that of training on an image.

    Leakage of all parts is one part. DRAM is none.
    """
    image, iteration = report["totals"]["image"], report["totals"]["iteration"]
    owed: dict[str, list[float]] = {}
    for i, name in enumerate(PHASES):
        phase = report["phases"][name]
        images = image["images"] if phase["per"] == "image" else iteration["images"]
        for part, energy in phase["energy_by_part_J"].items():
            group = LEAKAGE if part.startswith(f"{LEAKAGE}/") else part
            row = owed.setdefault(group, [0.0] * (len(PHASES) + 1))
            row[i] += energy
            row[-1] += energy / images
    return {part: tuple(amounts) for part, amounts in owed.items() if any(amounts)}
