"""The blocks of the circuits and the chip: found, not listed, and what each is billed for."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import neurorebit.chips
import neurorebit.circuits
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology

NAMES = paths.nodes()
TECHNOLOGIES = [read_technology(Document(paths.shipped("technology", name))) for name in NAMES]
DEVICE = read_device(Document(paths.shipped("device", "taox_hfox")))
GIVEN = {"tech": Technology, "device": Device}


def required(cls: type) -> list[str]:
    return [
        field.name
        for field in dataclasses.fields(cls)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]


def found() -> Iterator[type[Block]]:
    """Public blocks that can be built from what is given and that are no base of others."""
    for package in (neurorebit.circuits, neurorebit.chips):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            for name, cls in vars(importlib.import_module(info.name)).items():
                of_here = inspect.isclass(cls) and cls.__module__ == info.name
                if of_here and issubclass(cls, Block) and dataclasses.is_dataclass(cls):
                    buildable = set(required(cls)) <= set(GIVEN) and shipped(cls)
                    if buildable and not name.startswith("_") and not based_on(cls):
                        yield cls


def shipped(cls: type[Block]) -> bool:
    """Whether the technologies have the section that a block may have of its own."""
    section = getattr(cls, "section", None)
    return section is None or all(
        isinstance(getattr(tech.sensing, section.key, None), section) for tech in TECHNOLOGIES
    )


def based_on(cls: type[Block]) -> bool:
    """Whether another block of the circuits or the chip is built on it."""
    ours = (neurorebit.circuits.__name__, neurorebit.chips.__name__)
    return any(sub.__module__.startswith(ours) for sub in cls.__subclasses__())


BLOCKS = sorted(found(), key=lambda cls: (cls.__module__, cls.__name__))
CIRCUITS = [cls for cls in BLOCKS if cls.__module__.startswith("neurorebit.circuits")]


SMALLER = {"AdderTreeMacro": {"rows": 4.0}}  # whose netlist is simulated


def build(cls: type[Block], tech: Technology, device: Device = DEVICE, **fields: Any) -> Block:
    given = {"tech": tech, "device": device}
    needed = {name: given[name] for name in required(cls)}
    return cls(**needed, **(SMALLER.get(cls.__name__, {}) | fields))


def actions(block: Block) -> dict[str, Callable[[], Cost]]:
    """The actions that need no argument."""
    free = {}
    for name, method in inspect.getmembers(type(block), inspect.isfunction):
        if getattr(method, "is_action", False):
            arguments = list(inspect.signature(method).parameters.values())[1:]
            if all(a.default is not inspect.Parameter.empty for a in arguments):
                free[name] = getattr(block, name)
    return free


def amounts(block: Block) -> dict[str, Any]:
    """Everything a block is billed for, by name."""
    foot = block.footprint
    values = {"area": foot.area.total, "leakage": foot.leakage.total}
    for name, act in actions(block).items():
        cost = act()
        values[f"{name} energy"] = cost.energy.total
        values[f"{name} latency"] = cost.latency.total
    return values
