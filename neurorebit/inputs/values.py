"""Values made in Python as the text of a file: numbers in SI units get the unit of their key."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from neurorebit.inputs.architecture import architecture_type
from neurorebit.inputs.network import network_type
from neurorebit.inputs.technology import technology_type
from neurorebit.inputs.training import training_section
from neurorebit.schema import Argument, Document, InputError, Loc, quantity, split
from neurorebit.schema.device import Device
from neurorebit.schema.hints import hint_at, metadata

TYPES: Mapping[str, Callable[[], Any]] = {  # what the files of each kind are read as
    "technology": technology_type,
    "device": lambda: Device,
    "architecture": architecture_type,
    "network": network_type,
    "training": training_section,
}
MADE = "made in Python"  # where values come from that name no source


def document_of(kind: str, values: Mapping[str, Any]) -> Document:
    """The values of a file of this kind, given as a dictionary, as if read from a file.

    Numbers are in SI units, texts as in a file. Errors name the argument ``kind``.
    """
    tree = _written(dict(values), TYPES[kind](), Argument(kind))
    tree.setdefault("source", MADE)
    name = re.sub(r"[^\w.-]+", "_", str(tree.get("name") or kind))
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
    shown = f"{name} ({MADE})"
    return Document.of_text(text, Path(name), kind, shown=shown, origin=Argument(kind))


def setting_text(key: str, value: Any) -> str:
    """The text that sets a key to a value: a number in SI units with its unit, a text as it is."""
    root, _, path = key.partition(".")
    plain = _written(value, hint_at(TYPES[root](), split(path)), Argument("settings", key))
    if isinstance(plain, str):
        return plain
    dumped: str = yaml.safe_dump(plain, default_flow_style=True, width=10**6, allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")


def _written(value: Any, hint: Any, origin: object, loc: Loc = ()) -> Any:
    """A value with texts for numbers that have a unit, as YAML can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {
            str(key): _written(item, _below(hint, str(key)), origin, (*loc, str(key)))
            for key, item in value.items()
        }
    unit = next((note.unit for note in metadata(hint) if isinstance(note, quantity)), None)
    if isinstance(value, list | tuple | range):
        items = list(value)
        if unit is not None and items and all(map(_is_number, items)):
            return f"{', '.join(map(repr, items))} {unit}".rstrip()
        return [_written(item, _below(hint, i), origin, (*loc, i)) for i, item in enumerate(items)]
    if _is_number(value):
        return f"{value!r} {unit}" if unit else value
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Path):
        return str(value)
    message = f"expected a number, a text, a list or a dictionary, got {type(value).__name__}"
    key, cure = ".".join(map(str, loc)), "give one of these"
    raise InputError(message, origin=origin, key=key, value=value, cure=cure)


def _below(hint: Any, step: str | int) -> Any:
    return None if hint is None else hint_at(hint, (step,))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
