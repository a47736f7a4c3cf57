"""Technologies and device of a record, at a point."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from neurorebit.checking.silicon.reader import Silicon
from neurorebit.checking.silicon.record import Measurement, Origin
from neurorebit.inputs.files import opened
from neurorebit.inputs.technology import read_technology
from neurorebit.macros.point import Point
from neurorebit.macros.supplies import CORE, Supplies
from neurorebit.schema import Document, InputError, Loc
from neurorebit.schema.device import read_device
from neurorebit.schema.technology import Technology


def supplies(found: Silicon, point: Measurement, here: Point) -> Supplies:
    """The technology of each role at this point, and the device; InputError at the line that asks
    for what a technology cannot have.
    """
    record = found.record
    here.taken.add("temperature")
    technologies = {
        role: _technology(found, role, point, here) for role in (CORE, *record.supplies)
    }
    memory = None if record.device is None else read_device(_opened(found, "device", ("device",)))
    return Supplies(technologies, memory)


def _technology(found: Silicon, role: str, point: Measurement, here: Point) -> Technology:
    if role not in found.record.supplies:
        message = "the core has no technology"
        raise found.document.error(("supplies",), message, f"give {CORE}: a technology")
    origin = found.record.supplies[role]
    document = _opened(found, "technology", ("supplies", role))
    source, loc = found.places[found.record.points.index(point)]
    given = point.supplies.get(role)
    if role == CORE and (given is not None or origin.vdd is not None):
        here.fixed["vdd"] = f"supplies.{role}" + (" of the point" if given is not None else ".vdd")
    if given is not None:
        _set(document, "vdd", f"{given:g} V", source.error((*loc, "supplies", role), ""))
    elif origin.vdd is None and here.vdd is not None:
        here.taken.add("vdd")
        _set(document, "vdd", f"{here.vdd:g} V", source.error((*loc, "vdd"), ""))
    elif origin.vdd is not None:
        at = found.document.error(("supplies", role, "vdd"), "")
        _set(document, "vdd", f"{origin.vdd:g} V", at)
    if here.temperature is not None:
        at = source.error((*loc, "temperature"), "")
        _set(document, "temperature", f"{here.temperature:g} K", at)
    return read_technology(document)


def _opened(found: Silicon, kind: str, loc: Loc) -> Document:
    """The file that a record names, with what the record changes in it."""
    origin: Any = found.record
    for step in loc:
        origin = origin[step] if isinstance(origin, Mapping) else getattr(origin, str(step))
    assert isinstance(origin, Origin)
    near = found.folder / origin.file
    at = found.document.error((*loc, "file"), "")
    try:
        document = opened(kind, str(near) if os.path.isfile(near) else origin.file).copy()
    except InputError as problem:
        raise problem.seen_from(at.origin, at.key) from None
    for path, text in _paths(origin.set):
        _set(document, path, text, found.document.error((*loc, "set", *path.split(".")), ""))
    return document


def _set(document: Document, path: str, text: str, at: InputError) -> None:
    """Set a value; errors name the line of the record that asks for it."""
    where = (at.origin, ": ", at.key) if at.key else at.origin
    document.set(path, text, where)


def _paths(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Key paths and texts of nested keys."""
    for key, value in values.items():
        path = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping):
            yield from _paths(value, path)
        elif isinstance(value, list):
            yield path, f"[{', '.join(map(str, value))}]"
        else:
            yield path, str(value)
