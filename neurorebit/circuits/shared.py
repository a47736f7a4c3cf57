"""A cache of immutable objects by the function and the arguments that make them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")
KEPT = 512  # objects: those of about five designs, or of five batches of a sweep


class _Array:
    """An array as an argument, compared by identity."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Array) and self.value is other.value


def _hashable(value: Any) -> Any:
    """The value, or a wrapper that can be hashed where it is an array."""
    if isinstance(value, np.ndarray):
        return _Array(value) if value.ndim else value.item()
    return value


def _plain(value: Any) -> Any:
    """The inverse of ``_hashable``."""
    return value.value if isinstance(value, _Array) else value


@lru_cache(maxsize=KEPT)
def _made(make: Callable[..., Any], *given: Any, **named: Any) -> Any:
    return make(*map(_plain, given), **{name: _plain(value) for name, value in named.items()})


_recall: Callable[..., Any] = _made


def shared(make: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """``make(*given, **named)``, or the same object as at a recent call with equal arguments.

    Technologies and arrays are equal if they are one object, numbers if they have one value. The
    result must be immutable.
    """
    made: T
    try:
        made = _recall(make, *given, **named)
    except TypeError:  # arrays are not hashable
        names = {name: _hashable(value) for name, value in named.items()}
        made = _recall(make, *map(_hashable, given), **names)
    return made


def forget() -> None:
    """Empty the cache."""
    _made.cache_clear()
