"""A record's design as our block has it, and the table of the functions that build one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurorebit.circuits.cost import Cost
from neurorebit.circuits.layout import Placed
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from validation.neurosim.records.module import Inputs

FIGURES = ("energy_J", "latency_s", "area_m2", "leakage_W")
Steps = tuple[tuple[str, Mapping[str, Any], float], ...]  # actions, their arguments, how often


@dataclass(frozen=True)
class Named:
    """A block or a function of the package by name, with its fields or arguments."""

    name: str
    tech: Technology
    fields: Mapping[str, Any]
    device: Device | None = None
    function: bool = False


@dataclass(frozen=True)
class Asked:
    """How a record of ours asks for a figure: of a block, one of ``FIGURES`` or a property.

    The reference's figure is ``factor`` times as large, as it is that of so many accesses.
    """

    block: Any
    figure: str
    factor: float = 1.0
    steps: Steps = ()
    parts: tuple[str, ...] = ()
    other_parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """Our figure as the reference's record has it, and how a record of ours asks for it.

    No block of the package has one that nothing ``asked`` for, for the ``reason``.
    """

    value: Any
    asked: Asked | None = None
    reason: str = ""

    @property
    def number(self) -> float:
        return float(np.asarray(self.value))


Figures = dict[str, Figure]


@dataclass
class Case:
    """A record's design as our block has it."""

    tech: Technology
    inputs: Inputs
    figures: Figures
    block: Any = None
    also: dict[str, Any] = field(default_factory=dict)  # more that a correction needs

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


def placed(block: Placed) -> Figures:
    """The sides and the footprint of a block."""
    return occupied(block) | valued(block, width_m="width", height_m="height")


def occupied(block: Any, prefix: str = "", factor: float = 1.0) -> Figures:
    """The footprint of a block."""
    area, leakage = block.footprint.area.total, block.footprint.leakage.total
    return {
        f"{prefix}area_m2": Figure(factor * area, Asked(block, "area_m2", factor)),
        f"{prefix}leakage_W": Figure(factor * leakage, Asked(block, "leakage_W", factor)),
    }


def valued(block: Any, factor: Any = 1.0, /, **paths: str) -> Figures:
    """Properties of a block by the names of the record's figures."""
    found = {}
    for name, path in paths.items():
        value = block
        for step in path.split("."):
            value = getattr(value, step)
        found[name] = Figure(factor * value, Asked(block, path, float(factor)))
    return found


def accessed(kind: str, block: Any, action: str, times: Any, **arguments: Any) -> Figures:
    """Energy and latency of so many accesses in a row."""
    return spent(kind, block, action, (times, times), **arguments)


def spent(kind: str, block: Any, action: str, times: tuple[Any, Any], **arguments: Any) -> Figures:
    """Energy of so many accesses, latency of so many; values of an argument are as many copies."""
    cost: Cost = getattr(block, action)(**arguments)
    steps = ((action, arguments, 1.0),)
    energy, latency = np.sum(cost.energy.total), np.max(cost.latency.total)
    return {
        f"{kind}_energy_J": Figure(
            times[0] * energy, Asked(block, "energy_J", float(times[0]), steps)
        ),
        f"{kind}_latency_s": Figure(
            times[1] * latency, Asked(block, "latency_s", float(times[1]), steps)
        ),
    }


def computed(tech: Technology, name: str, function: Callable[..., Any], **arguments: Any) -> Any:
    """What a function of the package says, and how a record asks for it: one figure a result."""
    found = function(tech, **arguments) if name not in PLAIN else function(**arguments)
    named = Named(name, tech, arguments, function=True)
    if not isinstance(found, tuple):
        return Figure(found, Asked(named, "result"))
    return tuple(Figure(v, Asked(named, f"result[{n}]")) for n, v in enumerate(found))


PLAIN = ("stage", "selected_res")  # functions that take no technology
