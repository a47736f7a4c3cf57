"""Equal circuits are made once, whoever asks for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")
KEPT = 512  # some five designs, or passes of a sweep


class _Array:
    """An array as an argument: it is known by its identity."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Array) and self.value is other.value


def _known(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return _Array(value) if value.ndim else value.item()
    return value


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, _Array) else value


@lru_cache(maxsize=KEPT)
def _made(make: Callable[..., Any], *given: Any, **named: Any) -> Any:
    return make(*map(_plain, given), **{name: _plain(value) for name, value in named.items()})


_recall: Callable[..., Any] = _made


def shared(make: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """What ``make`` makes of these arguments; if it did so lately, the same as then.

    Technologies and arrays are the same if they are one object, numbers if they are equal. Whatever
    is made must be immutable.
    """
    made: T
    try:
        made = _recall(make, *given, **named)
    except TypeError:  # arrays cannot be looked up by their values
        names = {name: _known(value) for name, value in named.items()}
        made = _recall(make, *map(_known, given), **names)
    return made


def forget() -> None:
    """Let go of all that was made."""
    _made.cache_clear()
