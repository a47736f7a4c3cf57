"""Files as arrays: all technologies beside each other, and what chips of them cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from property.blocks import TECHNOLOGIES

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.design import Design, design
from neurorebit.inputs.files import read_inputs
from neurorebit.schema.device import Device
from neurorebit.schema.technology import Technology
from neurorebit.schemes.assumed import assumed

INPUTS = read_inputs("vgg11")
Change = Callable[[str, Any], Any]


def mapped(tree: Any, change: Change, path: str = "") -> Any:
    """The same file with another value for each number; entries of a list share a path."""
    if isinstance(tree, tuple):
        return tuple(mapped(entry, change, f"{path}[]") for entry in tree)
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        fields = {f.name: getattr(tree, f.name) for f in dataclasses.fields(tree)}
        step = {name: f"{path}.{name}".lstrip(".") for name in fields}
        return dataclasses.replace(
            tree, **{name: mapped(value, change, step[name]) for name, value in fields.items()}
        )
    number = isinstance(tree, int | float | np.ndarray) and not isinstance(tree, bool)
    return change(path, tree) if number else tree


def keys(tree: Any) -> tuple[str, ...]:
    """The paths of all numbers."""
    found: dict[str, None] = {}

    def noted(path: str, value: Any) -> Any:
        if np.asarray(value).dtype.kind in "fiu":
            found[path] = None
        return value

    mapped(tree, noted)
    return tuple(found)


def with_axes(tree: Any, axes: int) -> Any:
    """The same file with so many axes of length one in front of each number."""
    return mapped(tree, lambda _, value: np.asarray(value)[(None,) * axes])


def stacked() -> Technology:
    """All technologies beside each other, with an axis for what each has many of."""
    found = Technology.stack([with_axes(tech, 1) for tech in TECHNOLOGIES])
    return mapped(found, lambda _, v: v[:, None] if v.dtype.kind == "U" else v)  # type: ignore


def chip(tech: Technology, device: Device = INPUTS.device) -> Design:
    """The chip that trains VGG11."""
    activity = Measured.of(assumed(INPUTS.network, INPUTS.architecture, INPUTS.device))
    workload = Workload.of(INPUTS.network.stages)
    chip = workload, INPUTS.architecture, tech, device
    return design(*chip, activity=activity, batch=128.0, training=INPUTS.network.training)


def estimated(*of: Any) -> Iterator[Any]:
    """What it costs."""
    found = chip(*of)
    yield found.chip.footprint.area.total
    yield found.chip.footprint.leakage.total
    for phase in found.phases.values():
        yield from (phase.energy.total, phase.time, phase.common_time)
