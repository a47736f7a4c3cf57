"""Blocks, technologies and devices as records of the package name them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.technology import Technology
from validation.neurosim.cases import Case
from validation.neurosim.cases.case import Named
from validation.neurosim.cases.macros import DEVICE, any_device


@dataclass
class Description:
    """The technologies and devices that entries have named so far."""

    technologies: dict[str, Any] = field(default_factory=dict)
    devices: dict[str, Any] = field(default_factory=dict)
    _kept: dict[int, tuple[Any, str]] = field(default_factory=dict)

    def of(self, block: Any, case: Case) -> dict[str, Any]:
        """A block, or a function with its arguments."""
        file = case.inputs.record.technology
        if isinstance(block, Technology):
            return {"block": "Technology", "technology": self._technology(file, block)}
        if not isinstance(block, Named):
            device = getattr(block, "device", None)
            given = {f.name: f for f in dataclasses.fields(block)}
            fields = {
                name: value
                for name, f in given.items()
                if not _same(value := getattr(block, name), f.default)
            }
            block = Named(type(block).__name__, block.tech, fields, device)
        entry: dict[str, Any] = {"function" if block.function else "block": block.name}
        fields = {
            name: plain(value)
            for name, value in block.fields.items()
            if name not in ("tech", "device", "name")
        }
        if fields:
            entry["arguments" if block.function else "fields"] = fields
        entry["technology"] = self._technology(file, block.tech)
        if block.device is not None:
            entry["device"] = self._named(self.devices, DEVICE, block.device, any_device())
        return entry

    def _technology(self, file: str, tech: Technology) -> str:
        return self._named(self.technologies, file, tech, shipped_technology(file))

    def _named(self, table: dict[str, Any], file: str, value: Any, shipped: Any) -> str:
        """The name of a technology or device in the document."""
        if id(value) not in self._kept:
            changes = differences(value, shipped)
            entry = {"from": file, "set": changes}
            same = (name for name, other in table.items() if other == entry)
            name = file if not changes else next(same, f"{file} {len(table) + 1}")
            if changes:
                table[name] = entry
            self._kept[id(value)] = value, name  # kept, so that no other object takes its place
        return self._kept[id(value)][1]


@cache
def shipped_technology(file: str) -> Technology:
    """A shipped technology, or one of the user's: one object for all records."""
    return read_technology(Document(paths.shipped("technology", file)))


def differences(value: Any, shipped: Any, path: str = "") -> dict[str, Any]:
    """What a technology or device has otherwise than its file, by key path."""
    if not dataclasses.is_dataclass(value):
        return {} if _same(value, shipped) else {path: plain(value)}
    changes: dict[str, Any] = {}
    for item in dataclasses.fields(value):
        below = f"{path}.{item.name}" if path else item.name
        changes |= differences(getattr(value, item.name), getattr(shipped, item.name), below)
    return changes


def _same(value: Any, other: Any) -> bool:
    if value is other:
        return True
    numbers = (int, float, np.ndarray, np.generic)
    if isinstance(value, numbers) and isinstance(other, numbers):
        return bool(np.array_equal(np.asarray(value), np.asarray(other)))
    return bool(value == other)


def plain(value: Any) -> Any:
    """A value as JSON has it; evenly spaced numbers by the first, the last and their count."""
    if isinstance(value, bool | str):
        return value
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return float(array)
    even = np.linspace(array[0], array[-1], array.size)
    if array.size > 2 and np.array_equal(even, array):
        return {"first": float(array[0]), "last": float(array[-1]), "count": array.size}
    return array.tolist()
