"""Blocks by name: find the class, build it from a record's fields, compute its figures.

Names are those of the public classes and functions of ``circuits`` and ``chips``; one that several
modules have is written with its module.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from neurorebit import chips, circuits
from neurorebit.checking.records import RESULT, Origin, Record, Step
from neurorebit.circuits.cost import Bill, Cost, Footprint
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, File, InputError, Section, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology

ROOMS = (circuits, chips)
FEW = 40  # names that a message lists beside the nearest one
UNFIT = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError)


@cache
def catalogue() -> Mapping[str, Any]:
    """The public classes and functions by name, and by module and name."""
    named: dict[str, Any] = {"Technology": Technology, "Device": Device}
    twice = set()
    for room in ROOMS:
        for info in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            module = import_module(info.name)
            for name, value in vars(module).items():
                if not _named(value) or name.startswith("_") or value.__module__ != info.name:
                    continue
                named[f"{info.name.removeprefix('neurorebit.')}.{name}"] = value
                if name in named:
                    twice.add(name)
                named[name] = value
    return {name: value for name, value in named.items() if name not in twice}


def _named(value: Any) -> bool:
    """Whether a record may name it: blocks, gates and wires (dataclasses), and functions."""
    if inspect.isclass(value):
        return dataclasses.is_dataclass(value) and not issubclass(value, Section)
    return inspect.isfunction(value)


def find(record: Record) -> Any:
    """The class or function that a record names."""
    asked, kind = (record.block, "block") if record.block else (record.function, "function")
    target = catalogue().get(asked)
    wanted = inspect.isclass if record.block else inspect.isfunction
    if target is None or not wanted(target):
        names = [name for name, value in catalogue().items() if wanted(value)]
        qualified = [name for name in names if name.endswith(f".{asked}")]
        if qualified:
            cure = f"give one of {', '.join(qualified)}"
            raise record.error(f"'{asked}' is not unique", kind, value=asked, cure=cure)
        raise record.error(f"there is no '{asked}'", kind, value=asked, cure=nearest(asked, names))
    return target


def nearest(asked: str, names: Iterable[str]) -> str:
    """The hint for a wrong name: the nearest name and, where they are few, all names."""
    known = sorted(name for name in names if "." not in name)
    near = difflib.get_close_matches(asked, known, n=1)
    listed = f"there are: {', '.join(known) or 'none'}"
    if not near:
        return listed
    return f"did you mean '{near[0]}'?" + (f" ({listed})" if len(known) <= FEW else "")


class Workshop:
    """Builds the blocks of records; equal technologies, devices and blocks are built once."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def technology(self, record: Record) -> Technology:
        """The technology of a record."""
        tech: Technology = self._origin(record, record.technology, "technology")
        low, high = tech.drive.temperatures[0], tech.drive.temperatures[-1]
        if not low <= tech.temperature <= high:
            raise record.error(
                f"must lie between {low:g} and {high:g}, the ends of the technology's table",
                "technology.temperature",
                value=tech.temperature,
                cure="take one between them, in kelvin",
            )
        return tech

    def device(self, record: Record) -> Device:
        """The device of a record."""
        if record.device is None:
            raise record.error("missing", "device", cure=f"{record.block} needs one")
        device: Device = self._origin(record, record.device, "device")
        return device

    def _origin(self, record: Record, origin: Origin, kind: str) -> Any:
        key = f"{kind} {origin}"
        if key not in self._kept:
            read = read_technology if kind == "technology" else read_device
            try:
                section = read(Document(paths.shipped(kind, origin.name)))
            except InputError as problem:
                raise problem.seen_from(File(record.entry.file), record.entry.below(kind)) from None
            for path, value in origin.changes.items():
                section = changed(record, section, path, value, above=f"{kind}.set")
            self._kept[key] = section
        return self._kept[key]

    def build(self, record: Record) -> Any:
        """The block of a record."""
        key = f"{record.block} {record.fields} {record.technology} {record.device}"
        if key not in self._kept:
            self._kept[key] = self._built(record, find(record), record.fields, "fields")
        return self._kept[key]

    def _built(self, record: Record, kind: Any, fields: Mapping[str, Any], where: str) -> Any:
        if kind is Technology:
            return self.technology(record)
        if kind is Device:
            return self.device(record)
        names = inspect.signature(kind).parameters
        given = {}
        for name, value in fields.items():
            if name not in names:
                raise record.error("unknown", f"{where}.{name}", cure=nearest(name, names))
            given[name] = self._value(record, value, f"{where}.{name}")
        if "tech" in names:
            given.setdefault("tech", self.technology(record))
        if "device" in names:
            given.setdefault("device", self.device(record))
        missing = [
            name
            for name, parameter in names.items()
            if parameter.default is inspect.Parameter.empty and name not in given
        ]
        if missing:
            cure = f"{kind.__name__} needs it"
            raise record.error(f"{', '.join(missing)} missing", where, cure=cure)
        return kind(**given)

    def _value(self, record: Record, value: Any, where: str) -> Any:
        """A field or argument: a number, a text, a list of either, or a block."""
        if isinstance(value, bool | str) or value is None:
            return value
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, list):
            if all(isinstance(item, int | float) for item in value):
                return np.array(value, dtype=float)
            return tuple(self._value(record, item, f"{where}[{n}]") for n, item in enumerate(value))
        if isinstance(value, dict) and "block" in value:
            nested = dataclasses.replace(record, block=str(value["block"]), function="")
            return self._built(record, find(nested), value.get("fields", {}), f"{where}.fields")
        if isinstance(value, dict) and set(value) == {"first", "last", "count"}:
            return np.linspace(value["first"], value["last"], int(value["count"]))
        raise record.error(
            f"expected a number, a text, a list or a block, got {value!r}",
            where,
            value=value,
            cure="write one of them",
        )

    def figures(self, record: Record) -> dict[str, float]:
        """Our value of every figure that the record has.

        InputError if the block cannot be built or asked, or if a value is of a wrong type.
        """
        try:
            return self._figures(record)
        except InputError:
            raise
        except UNFIT as problem:
            raise record.error(
                f"our figures cannot be computed from these values: {problem}",
                cure="check the fields and arguments of the record",
            ) from problem

    def _figures(self, record: Record) -> dict[str, float]:
        if record.function:
            result = self._built(record, find(record), record.fields, "arguments")
            return {path: _plain(record, at(record, result, path)) for path in record.values}
        block = self.build(record)
        figures = {path: _plain(record, at(record, block, path)) for path in record.values}
        if "area_m2" in record.figures or "leakage_W" in record.figures:
            footprint = at(record, block, "footprint")
            assert isinstance(footprint, Footprint)
            figures["area_m2"] = _plain(record, amount(record, footprint.area))
            figures["leakage_W"] = _plain(record, amount(record, footprint.leakage))
        if record.steps:
            cost = self._cost(record, block)
            # An argument with several values means as many copies that work in parallel.
            figures["energy_J"] = float(np.sum(amount(record, cost.energy)))
            figures["latency_s"] = float(np.max(amount(record, cost.latency)))
        return {name: figures[name] for name in (*record.figures, *record.values)}

    def _cost(self, record: Record, block: Any) -> Cost:
        total = Cost()
        for step in record.steps:
            total = total + step.times * self._asked(record, block, step)
        return total

    def _asked(self, record: Record, block: Any, step: Step) -> Cost:
        owner, _, name = step.action.rpartition(".")
        part = at(record, block, owner) if owner else block
        action = getattr(part, name, None)
        actions = [
            other
            for other in dir(type(part))
            if not other.startswith("_") and callable(getattr(type(part), other, None))
        ]
        if name.startswith("_") or not callable(action):
            raise record.error(
                f"{type(part).__name__} has no '{name}'", "action", cure=nearest(name, actions)
            )
        found = self._built(record, action, step.arguments, "arguments")
        cost = getattr(found, "cost", found)  # some say more than what they cost
        if not isinstance(cost, Cost):
            cure = nearest(name, [other for other in actions if other != name])
            raise record.error(f"'{step.action}' is no action", "action", cure=cure)
        return cost


def amount(record: Record, bill: Bill) -> Any:
    """The amount of a bill that the record's parts owe; their paths leave out the block's name."""
    if not record.parts and not record.other_parts:
        return bill.total
    share: Any = 0.0
    for item, owed in bill.items.items():
        part = f"{item.partition('/')[2]}/"
        inside = any(part.startswith(f"{name}/") for name in record.parts)
        outside = any(part.startswith(f"{name}/") for name in record.other_parts)
        if inside or (record.other_parts and not outside):
            share = share + owed
    return share


def at(record: Record, value: Any, path: str) -> Any:
    """The value at a dotted path of properties, from a block or from a function's result."""
    steps = path.replace("[", ".[").split(".")
    if steps[0] == RESULT:
        steps = steps[1:]
    for step in steps:
        if step.startswith("["):
            value = value[int(step.strip("[]"))]
            continue
        if step.startswith("_") or not hasattr(value, step):
            names = [name for name in dir(value) if not name.startswith("_")]
            raise record.error(
                f"{type(value).__name__} has no '{step}'",
                f"values.{path}",
                cure=nearest(step, names),
            )
        value = getattr(value, step)
    return value


def changed(record: Record, value: Any, path: str, new: Any, *, above: str) -> Any:
    """A technology or device with another value at a key path; ``above`` names it in errors."""
    key, _, rest = path.partition(".")
    names = [field.name for field in dataclasses.fields(value)] if _is_section(value) else []
    if key not in names:
        raise record.error(f"there is no '{key}'", f"{above}.{key}", cure=nearest(key, names))
    if rest:
        new = changed(record, getattr(value, key), rest, new, above=f"{above}.{key}")
    elif isinstance(new, list):
        new = np.array(new, dtype=float)
    elif isinstance(new, int | float) and not isinstance(new, bool):
        new = float(new)
    return dataclasses.replace(value, **{key: new})


def _is_section(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _plain(record: Record, value: Any) -> float:
    try:
        return float(np.asarray(value))
    except (TypeError, ValueError):
        cure = "compare a figure that is one number"
        raise record.error(f"ours is {value!r}, no number", "values", cure=cure) from None
