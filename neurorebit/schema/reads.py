"""Which keys of its files a computation reads: what it does not read, it does not heed."""

from __future__ import annotations

import copy
import dataclasses
from functools import cache
from typing import Any, TypeVar

from neurorebit.schema.document import BARE, Section

T = TypeVar("T")
NOTED, PLACE = "_noted", "_place"  # attributes of an observed section


class Reads:
    """The keys that were read of the sections that ``of`` gave out, as paths from a root."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def of(self, root: str, value: T) -> T:
        """The same section, whose every key that is read is noted; ``root`` is its own path.

        It is of the same class and has the same values. Sections and lists of them below it are
        observed too. Sections alone are noted by the keys that are read of them.
        """
        if isinstance(value, tuple):
            items = (self.of(f"{root}[{i}]", item) for i, item in enumerate(value))
            return tuple(items)  # type: ignore[return-value]
        if not isinstance(value, Section) or not dataclasses.is_dataclass(value):
            return value
        made = object.__new__(_observed(type(value)))
        values = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        below = {name: self.of(f"{root}.{name}", item) for name, item in values.items()}
        vars(made).update(below, **{NOTED: self.keys, PLACE: root, BARE: value})
        return made


@cache
def _observed(kind: type) -> type:
    """A class like this one whose instances note which of their keys are read."""
    keys = frozenset(field.name for field in dataclasses.fields(kind))

    def read(self: Any, name: str) -> Any:
        value = object.__getattribute__(self, name)
        first = value[0] if isinstance(value, tuple) and value else value
        if name in keys and not isinstance(first, Section):
            own = object.__getattribute__(self, "__dict__")
            own[NOTED].add(f"{own[PLACE]}.{name}")
        return value

    return type(kind.__name__, (kind,), {"__getattribute__": read, "__module__": kind.__module__})


def changed(section: T, **values: Any) -> T:
    """A copy of a section with other values; keys that are read of an observed one stay noted."""
    made = copy.copy(section)
    vars(made).update(values)
    return made
