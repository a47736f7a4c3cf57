"""A block of ours at the design of a record, and the table of functions that build it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
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
    _: KW_ONLY
    function: bool = False


@dataclass(frozen=True)
class Asked:
    """How a record of the package requests a figure: one of ``FIGURES``, or a property by path.

    The tool's figure is ``factor`` times the block's, for example because it counts all accesses.
    """

    block: Any
    figure: str
    factor: float = 1.0
    steps: Steps = ()
    _: KW_ONLY
    parts: tuple[str, ...] = ()
    other_parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """Our value of a figure of the tool's, and how a record of the package requests it.

    Without ``asked`` no block of the package has such a figure; ``reason`` says why.
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
    """A block of ours at the design of a record."""

    tech: Technology
    inputs: Inputs
    figures: Figures
    block: Any = None
    _: KW_ONLY
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
    figures = {}
    for name, path in paths.items():
        value = block
        for step in path.split("."):
            value = getattr(value, step)
        figures[name] = Figure(factor * value, Asked(block, path, float(factor)))
    return figures


def accessed(kind: str, block: Any, action: str, times: Any, **arguments: Any) -> Figures:
    """Energy and latency of a number of accesses in sequence."""
    return spent(kind, block, action, (times, times), **arguments)


def spent(kind: str, block: Any, action: str, times: tuple[Any, Any], **arguments: Any) -> Figures:
    """Energy and latency, each of its number of accesses.

    An argument with several values means as many copies that work in parallel.
    """
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
    """The result of a function of the package, or its results, as figures."""
    results = function(tech, **arguments) if name not in PLAIN else function(**arguments)
    named = Named(name, tech, arguments, function=True)
    if not isinstance(results, tuple):
        return Figure(results, Asked(named, "result"))
    return tuple(Figure(v, Asked(named, f"result[{n}]")) for n, v in enumerate(results))


PLAIN = ("stage", "selected_res")  # functions that take no technology
