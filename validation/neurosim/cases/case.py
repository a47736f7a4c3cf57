"""A record's design as our block has it, and the table of the functions that build one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from neurorebit.circuits.cost import Cost
from neurorebit.circuits.layout import Placed
from neurorebit.schema.technology import Technology
from validation.neurosim.records.module import Inputs


@dataclass
class Case:
    """A record's design as our block has it."""

    tech: Technology
    inputs: Inputs
    figures: dict[str, Any]
    block: Any = None
    also: dict[str, Any] = field(default_factory=dict)  # what a correction needs beside the block

    @property
    def variant(self) -> str:
        return self.inputs.record.variant

    @property
    def theirs(self) -> Mapping[str, float]:
        """The record's own figures."""
        return self.inputs.record.outputs


Build = Callable[[Inputs, Technology], Case]


CASES: dict[str, Build] = {}


def module(name: str) -> Callable[[Build], Build]:
    """Register the function that builds the cases of a module."""

    def keep(build: Build) -> Build:
        CASES[name] = build
        return build

    return keep


def placed(block: Placed) -> dict[str, Any]:
    """The outline and the footprint of a block."""
    return {
        "area_m2": block.footprint.area.total,
        "width_m": block.width,
        "height_m": block.height,
        "leakage_W": block.footprint.leakage.total,
    }


def accessed(kind: str, cost: Cost, times: float) -> dict[str, Any]:
    """Energy and latency of so many accesses in a row."""
    cost = times * cost
    return {f"{kind}_energy_J": cost.energy.total, f"{kind}_latency_s": cost.latency.total}
