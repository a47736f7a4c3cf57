"""Whole chips held against a reference: from its figures to ours, correction by correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurorebit.schema import InfeasibleError
from validation.neurosim.records.chip import ChipRecord, Rows
from validation.neurosim.walk.case import ChipCase
from validation.neurosim.walk.change import ChipTool
from validation.neurosim.walk.corrections import NEUROSIM_CHIP

CHIP_TOOLS = (NEUROSIM_CHIP,)
LARGEST = 0.1  # deviation of a figure, and share of a difference that may stay unexplained
UNDEFINED = "a step of the way is undefined at this design"
NEAR = 0.02  # deviation below which no difference needs more explanation


@dataclass(frozen=True)
class Walk:
    """From the reference's figure to ours."""

    theirs: float
    ours: float
    changes: Mapping[str, float] = field(default_factory=dict)  # by step, in order

    @property
    def unexplained(self) -> float:
        """What the steps leave open."""
        return self.ours - self.theirs - sum(self.changes.values())

    @property
    def deviation(self) -> float:
        """Of our figure, with all steps undone, from theirs; relative to theirs."""
        return abs(self.unexplained / self.theirs)

    @property
    def defined(self) -> bool:
        """Whether all of it is a number."""
        return bool(np.all(np.isfinite([self.theirs, self.ours, *self.changes.values()])))

    @property
    def open_share(self) -> float:
        """What the steps leave open, as a share of the difference between the figures."""
        apart = abs(self.ours - self.theirs)
        return abs(self.unexplained) / apart if apart > 0.0 else 0.0

    @property
    def within(self) -> bool:
        """Whether the bounds hold: of figures that are further apart the difference is explained,
        too.
        """
        apart = abs(self.ours / self.theirs - 1.0) > LARGEST and self.deviation > NEAR
        return self.deviation <= LARGEST and (not apart or self.open_share <= LARGEST)

    @property
    def waterfall(self) -> list[dict[str, Any]]:
        """The way as plain values."""
        steps, at = [], self.theirs
        for step, change in (*self.changes.items(), ("unexplained", self.unexplained)):
            at += change
            steps.append({"step": step, "change": change, "after": at})
        return steps

    @property
    def summary(self) -> dict[str, Any]:
        return {
            "theirs": self.theirs,
            "ours": self.ours,
            "deviation_rel": self.deviation,
            "unexplained_share": self.open_share,
            "within": self.within,
            "waterfall": self.waterfall,
        }


@dataclass
class Chip:
    """What came of one chip. Layers are counted from 1."""

    record: ChipRecord
    figures: dict[str, Walk] = field(default_factory=dict)
    layers: dict[str, dict[int, Walk]] = field(default_factory=dict)
    not_compared: dict[str, str] = field(default_factory=dict)  # figure, or figure of a layer

    @property
    def broken(self) -> list[str]:
        """The bounds that do not hold, one line each."""
        walks = [(name, walk) for name, walk in self.figures.items()]
        for name, layers in self.layers.items():
            walks += [(f"{name} of layer {n}", walk) for n, walk in layers.items()]
        return [
            f"chip {self.record.name}: {name}: {walk.deviation:.1%} off after corrections, "
            f"{walk.open_share:.0%} of the difference unexplained, more than {LARGEST:.0%}"
            for name, walk in walks
            if not walk.within
        ]

    @property
    def outcome(self) -> dict[str, Any]:
        """All figures as plain values."""
        figures = {}
        for name, walk in self.figures.items():
            figures[name] = walk.summary
            if name in self.layers:
                figures[name]["layers"] = [
                    {"layer": n} | layer.summary for n, layer in self.layers[name].items()
                ]
        return {
            "config_id": self.record.name,
            "tool": self.record.tool,
            "network": self.record.network,
            "technology": self.record.technology,
            "figures": figures,
            "not_compared": [
                {"figure": name, "reason": reason} for name, reason in self.not_compared.items()
            ],
        }


def tool_of(record: ChipRecord) -> ChipTool:
    """The tool as we know it; any other's records are taken as they are."""
    known = (tool for tool in CHIP_TOOLS if record.tool.startswith(tool.prefix))
    return next(known, ChipTool(""))


def compare_chips(records: Iterable[ChipRecord]) -> list[Chip]:
    """Evaluate our chip at each record's design."""
    return [_compare(record) for record in records]


def _compare(record: ChipRecord) -> Chip:
    tool, chip = tool_of(record), Chip(record)
    case = ChipCase(record, tool)
    reason = tool.unlike(case)
    if reason is not None:
        chip.not_compared["all figures"] = reason
        return chip
    try:
        walk = tool.walk(case)
        figures = {"area_m2": Walk(record.area, case.area, walk.area)}
    except InfeasibleError as problem:
        chip.not_compared["all figures"] = str(problem)
        return chip
    for phase in case.phases:
        changes = walk.phases[phase] if walk.phases else {}
        for k, quantity in enumerate(("energy_J", "latency_s")):
            name = f"{phase}_{quantity}"
            steps = {step: amounts[k] for step, amounts in changes.items()}
            ours = case.figures[phase][k]
            if name in record.totals:
                total = {step: float(np.sum(amounts)) for step, amounts in steps.items()}
                figures[name] = Walk(record.totals[name], float(np.sum(ours)), _met(total))
            chip.layers[name] = _layers(chip, name, ours, steps)
    for name, figure in figures.items():
        if figure.defined:
            chip.figures[name] = figure
        else:
            chip.not_compared[name] = UNDEFINED
    return chip


def _layers(chip: Chip, name: str, ours: Rows, steps: Mapping[str, Rows]) -> dict[int, Walk]:
    walks = {}
    for i, theirs in enumerate(chip.record.layers[name]):
        if not theirs > 0.0:
            continue
        if chip.record.vectors[i] == 0.0:
            chip.not_compared[f"layer {i + 1}"] = "its kernel is larger than its map: no vectors"
            continue
        changes = _met({step: float(amounts[i]) for step, amounts in steps.items()})
        walk = Walk(float(theirs), float(ours[i]), changes)
        if walk.defined:
            walks[i + 1] = walk
        else:
            chip.not_compared[f"{name} of layer {i + 1}"] = UNDEFINED
    return walks


def _met(changes: dict[str, float]) -> dict[str, float]:
    """The steps that change something."""
    return {step: change for step, change in changes.items() if change != 0.0}
