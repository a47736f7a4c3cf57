"""``report.json``: the whole document of a run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from functools import cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from neurorebit.results.document import Json
from neurorebit.schema import InfeasibleError, Loc, join

CONTAINERS = {dict, list, tuple}


def write(report: Json) -> str:
    """The document itself, keys sorted; InfeasibleError where a figure of it is not finite."""
    try:
        return _indented(report, 0) + "\n"
    except ValueError:
        path = join(next(_not_finite(report, ()), ()))
        message = f"{path}: is not a finite number; a value of a file is out of all bounds"
        cure = "look for the value that was set last, or that is furthest from the shipped one"
        raise InfeasibleError(message, quantity=path, cure=cure) from None


def _not_finite(value: Any, path: Loc) -> Iterator[Loc]:
    """The paths of the numbers that are not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    for key, item in items:
        yield from _not_finite(item, (*path, key))


def _indented(value: Any, depth: int) -> str:
    """What ``json.dumps(value, indent=1, sort_keys=True)`` returns, in half the time.

    Python's encoder that indents is written in Python. The one in C writes the innermost
    containers here, which hold almost all numbers.
    """
    if type(value) is str:
        return quoted(value)
    if type(value) not in CONTAINERS or not value:
        return _encoder(0).encode(value)
    kinds = set(map(type, value.values() if isinstance(value, dict) else value))
    begin, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if CONTAINERS.isdisjoint(kinds):
        text = _encoder(depth + 1).encode(value)
        return f"{text[0]}{begin}{text[1:-1]}{end}{text[-1]}"
    if isinstance(value, dict):
        keyed = ((key, _indented(value[key], depth + 1)) for key in sorted(value))
        inner = f",{begin}".join(f"{quoted(key)}: {text}" for key, text in keyed)
        return f"{{{begin}{inner}{end}}}"
    return f"[{begin}{f',{begin}'.join(_indented(item, depth + 1) for item in value)}{end}]"


@cache
def _encoder(depth: int) -> json.JSONEncoder:
    """An encoder whose items start on lines of their own, ``depth`` spaces in."""
    separators = (",\n" + " " * depth, ": ")
    return json.JSONEncoder(sort_keys=True, allow_nan=False, separators=separators)
