"""Keys of the files that a sweep takes as arrays: what may stand there, and how it is put there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from neurorebit.inputs.architecture import architecture_type
from neurorebit.inputs.technology import technology_type
from neurorebit.inputs.training import training_section
from neurorebit.schema import Loc, quantity, split, units
from neurorebit.schema.activity import AssumedActivity, Shares
from neurorebit.schema.device import Device
from neurorebit.schema.document import BOUNDS
from neurorebit.schema.hints import hint_at, kinds, metadata
from neurorebit.schema.training import Training

TREES: Mapping[str, Callable[[], Any]] = {  # what holds numbers that an estimate takes as arrays
    "technology": technology_type,
    "device": lambda: Device,
    "architecture": architecture_type,
    "network.activity": lambda: AssumedActivity,
}
BATCH = "training.batch"


@dataclass(frozen=True, eq=False)
class Field:
    """What may stand at a key: its check, its unit, and whether its numbers are whole."""

    adapter: TypeAdapter[Any]
    unit: str
    whole: bool


def number_of(field: Field | None, text: str) -> float | None:
    """The value if it is a number that passes the checks of its field."""
    if field is None:
        return None
    try:
        value = field.adapter.validate_python(text)
    except ValidationError:
        return None
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def beyond(field: Field, text: str) -> tuple[float, str] | None:
    """A number that lies out of the bounds of its field, and what is wrong with it; else None."""
    try:
        field.adapter.validate_python(text)
    except ValidationError as problem:
        for error in problem.errors(include_url=False):
            if error["type"] in BOUNDS:
                message = str(error["msg"]).removeprefix("Input ")
                number = float(text) if field.whole else units.parse(text, field.unit)
                return number, message if error["type"] == "range" else f"{message}, got {text}"
    return None


def field_of(key: str) -> Field | None:
    """The number at a key; none where an estimate does not take arrays, or there is no such key."""
    if key == BATCH:
        return _described(hint_at(Training, ("batch",)))
    for root, tree in TREES.items():
        if key.startswith(f"{root}."):
            return _described(hint_at(tree(), split(key.removeprefix(f"{root}."))))
    return None


def unit_of(key: str) -> str:
    """The unit of a number of the training, which is set by its text."""
    root, _, path = key.partition(".")
    field = _described(hint_at(training_section(), split(path))) if root == "training" else None
    return field.unit if field else ""


def _described(hint: Any) -> Field | None:
    quantities = [item for item in metadata(hint) if isinstance(item, quantity)]
    whole = int in kinds(hint) and not quantities
    if not (whole or quantities) or (quantities and quantities[0].many and hint is not Shares):
        return None
    return Field(TypeAdapter(hint), quantities[0].unit if quantities else "", whole)


def place(tree: Any, loc: Loc, value: Any) -> Any:
    """The same dataclass with another value at these steps."""
    step, *rest = loc
    if isinstance(tree, tuple):
        index = int(step)
        return (*tree[:index], place(tree[index], tuple(rest), value), *tree[index + 1 :])
    inner = place(getattr(tree, str(step)), tuple(rest), value) if rest else value
    return replace(tree, **{str(step): inner})
