"""The state of a run: every array and number that its objects hold.

The rule, so that nothing can be forgotten: the attributes of an object are its state. Arrays,
numbers and text are kept; dataclasses that are not frozen are kept in the same way, attribute by
attribute; frozen dataclasses say how an object is made and are not kept. Anything else is an error.
All attributes exist from the start (as None, if need be), so that a new object can restore them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from neurorebit.training.parts.workers import Array

Plain = int | float | str | None


@dataclass(frozen=True)
class State:
    """Arrays and plain values by the path of their attribute, as in ``weights.written.sets``."""

    arrays: dict[str, Array] = field(default_factory=dict)
    plain: dict[str, Plain] = field(default_factory=dict)


def capture(things: Mapping[str, Any]) -> State:
    """The state of named objects; arrays are not copied."""
    state = State()
    for _, _, path, value in _walk(things):
        if isinstance(value, np.ndarray | np.generic):
            state.arrays[path] = np.asarray(value)
        else:
            state.plain[path] = value
    return state


def restore(things: Mapping[str, Any], state: State) -> None:
    """Set new objects to a captured state; ValueError where it is not that of such objects."""
    leaves = list(_walk(things))
    known = state.arrays.keys() | state.plain.keys()
    if strange := known ^ {path for _, _, path, _ in leaves}:
        raise ValueError(f"{min(strange)} is only on one side")
    for owner, name, path, value in leaves:
        if path in state.plain:
            given = state.plain[path]
            if isinstance(value, np.ndarray) or not _may_follow(value, given):
                raise ValueError(f"{path} is {type(given).__name__}, not {type(value).__name__}")
            setattr(owner, name, given)
            continue
        kept = state.arrays[path]
        if value is not None and np.ndim(kept) != np.ndim(value):
            raise ValueError(f"{path} has {np.ndim(kept)} dimensions, not {np.ndim(value)}")
        if not isinstance(value, np.ndarray):  # a NumPy number, or None before the first step
            setattr(owner, name, kept[()] if kept.ndim == 0 else kept.copy())
        elif (kept.shape, kept.dtype) == (value.shape, value.dtype):
            value[...] = kept  # in place: others may share it
        else:
            raise ValueError(f"{path} is {kept.dtype}{kept.shape}, not {value.dtype}{value.shape}")


def _may_follow(value: Any, given: Plain) -> bool:
    """Whether a plain value may stand where a new object has ``value``."""
    if value is None or given is None:
        return True
    if isinstance(value, str) or isinstance(given, str):
        return isinstance(value, str) and isinstance(given, str)
    return isinstance(value, float) or isinstance(given, int)


def _walk(things: Mapping[str, Any], path: str = "") -> Iterator[tuple[Any, str, str, Any]]:
    """Each leaf: the object that holds it, the name of the attribute, its path and its value."""
    for name, thing in things.items():
        if not _changes(thing):
            raise TypeError(f"{path}{name}: a {type(thing).__name__} holds no state")
        # a field's default lies in the class until it is set
        for attribute in dict.fromkeys([*(f.name for f in fields(thing)), *vars(thing)]):
            value, here = getattr(thing, attribute), f"{path}{name}.{attribute}"
            if isinstance(value, np.ndarray | np.generic | Plain):
                yield thing, attribute, here, value
            elif _changes(value):
                yield from _walk({attribute: value}, f"{path}{name}.")
            elif not is_dataclass(value):
                raise TypeError(f"{here}: a {type(value).__name__} cannot be kept; see state.py")


def _changes(thing: Any) -> bool:
    parameters = getattr(type(thing), "__dataclass_params__", None)
    return parameters is not None and not parameters.frozen
