"""Amounts of the parts of a chip, ordered and summed up for a reader."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from neurorebit.chips.parts.phases import PER, PHASES, TRAINING
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


def phases_of(report: Json) -> tuple[str, ...]:
    """The phases that the chip has, in their order."""
    return tuple(name for name in PHASES if report["phases"][name] is not None)


def repeated(report: Json) -> tuple[str, ...]:
    """The phases that the chip has and goes through more than once."""
    return tuple(name for name in phases_of(report) if PER[name] != "network")


def energy_of_parts(report: Json) -> dict[str, Amounts]:
    """Energy of each part [J]: a number for each repeated phase, and last that of training on an
    image, or of recognising one where nothing is trained.

    Leakage of all parts is one part. DRAM is none.
    """
    names, owed = repeated(report), dict[str, list[float]]()
    for i, name in enumerate(names):
        borne = share_of_image(report, name)
        for part, energy in report["phases"][name]["energy_by_part_J"].items():
            group = LEAKAGE if part.startswith(f"{LEAKAGE}/") else part
            row = owed.setdefault(group, [0.0] * (len(names) + 1))
            row[i] += energy
            row[-1] += energy * borne
    return {part: tuple(amounts) for part, amounts in owed.items() if any(amounts)}


def share_of_image(report: Json, name: str) -> float:
    """How much of a phase an image bears in training, or in inference where nothing is trained."""
    if (trained := report["totals"]["image"]) is None:
        return 1.0 if name == "inference" else 0.0
    if name not in TRAINING:
        return 0.0
    images = trained["images"] if PER[name] == "image" else report["totals"]["iteration"]["images"]
    return 1.0 / float(images)
