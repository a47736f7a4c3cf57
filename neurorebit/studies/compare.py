"""Two reports, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neurorebit.results.comparison import Change, Comparison

TIMINGS = ("seconds", "images_per_second")  # differ from run to run, and are not compared
RETOLD = (
    "command",
    "notes",
    "histogram",
    "settings",
    "keys_read",
)  # say again what stands elsewhere, or in a digest
GIVEN = (  # what a run was given; all else is a result
    "ablations", "architecture", "assumptions", "device", "idle", "inputs", "name", "network",
    "overrides", "recipe", "scheme", "seed", "technology", "version",
)  # fmt: skip


def compare(first: Mapping[str, Any], second: Mapping[str, Any], tolerance: float) -> Comparison:
    """Every value that differs, timings aside. Layers are matched by name, epochs by number."""
    one, two = dict(_leaves(first)), dict(_leaves(second))
    changes = [
        Change(path, one.get(path), two.get(path))
        for path in dict.fromkeys((*one, *two))
        if not _alike(one.get(path), two.get(path))
    ]
    sides: tuple[list[Change], list[Change]] = ([], [])  # given, results
    for change in changes:
        sides[change.path.split(".")[0].split("[")[0] not in GIVEN].append(change)
    return Comparison(tuple(sides[0]), tuple(sides[1]), tolerance)


def _alike(first: Any, second: Any) -> bool:
    """Whether two values are the same; nan is the same as nan."""
    return bool(first == second or (first != first and second != second))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in (*TIMINGS, *RETOLD):
                yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            label = item.get("name", item.get("epoch", i)) if isinstance(item, dict) else i
            yield from _leaves(item, f"{path}[{label}]")
    else:
        yield path, value
