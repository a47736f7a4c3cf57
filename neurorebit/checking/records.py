"""Files of records: figures of blocks from a simulator, a measurement or another tool.

A file is JSON, plain or packed (``.json``, ``.json.xz``). The README documents the format.
"""

from __future__ import annotations

import json
import lzma
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neurorebit.schema import InputError

SHIPPED = Path(__file__).with_name("records.json.xz")
TOLERANCE = 0.02  # relative deviation that a record allows unless it says otherwise
FIGURES = ("energy_J", "latency_s", "area_m2", "leakage_W")
RESULT = "result"  # the value of a function
KEYS = {
    *("block", "function", "technology", "device", "fields", "action", "arguments", "actions"),
    *("parts", "other_parts", "values", "tolerance", "at_least", "group", "names", "corrected"),
    *FIGURES,
}


@dataclass(frozen=True)
class Origin:
    """A technology or device: a shipped name or a path, and the values that a record changes."""

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)  # key path -> number, list or text


@dataclass(frozen=True)
class Step:
    """An action of a block, repeated ``times`` times; a dotted path names a part's action."""

    action: str
    arguments: Mapping[str, Any]
    times: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Record:
    """A block at one design point, and the figures that the source gives for it.

    ``fields`` are those of the block, or the arguments of the function.

    ``figures`` has energy [J] and latency [s] of all ``steps`` in sequence, area [m^2] and leakage
    [W]; ``values`` has further properties by path. If ``parts`` are named, the figures count these
    parts only; if ``other_parts`` are named, all parts but these. A figure in ``at_least`` is a
    lower bound of ours, because the source leaves something out. ``names`` are the names of
    figures in the report; ``corrected`` lists the corrections of the source that each has had.
    """

    where: str
    block: str = ""
    function: str = ""
    technology: Origin
    device: Origin | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    parts: tuple[str, ...] = ()
    other_parts: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    tolerance: float = TOLERANCE
    at_least: frozenset[str] = frozenset()
    group: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    corrected: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def error(self, what: str) -> InputError:
        return InputError(f"{self.where}: {what}")

    def name(self, figure: str) -> str:
        """The figure as the report calls it."""
        if figure in self.names:
            return self.names[figure]
        if figure in ("energy_J", "latency_s") and self.steps:
            return f"{' + '.join(step.action for step in self.steps)} {figure}"
        return figure


@dataclass(frozen=True)
class Correction:
    """A known slip of a source, for which figures in the records are already corrected."""

    of: str
    source: str
    right: str


@dataclass(frozen=True)
class LeftOut:
    """Figures of a source that no record contains; an ``essential`` one breaks a bound."""

    group: str
    count: int
    reason: str
    essential: bool = False


@dataclass(frozen=True)
class Records:
    """The records of one source."""

    source: str
    records: tuple[Record, ...]
    corrections: tuple[Correction, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def read(path: Path = SHIPPED) -> tuple[Records, ...]:
    """The records of a file, or of all files of a folder; the shipped ones by default.

    InputError names the file, the record by its number in the file, and the cure.
    """
    return tuple(parse(document(file), str(file)) for file in files(path))


def files(path: Path) -> list[Path]:
    """The record file at a path, or all record files of a folder."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder; give a file of records")
    listed = sorted([*path.glob("*.json"), *path.glob("*.json.xz")])
    if not listed:
        raise InputError(f"{path}: holds no .json file; give a file of records, or their folder")
    return listed


def document(path: Path) -> dict[str, Any]:
    """The parsed content of a file."""
    try:
        raw = path.read_bytes()
        text = (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode("utf-8")
        content = json.loads(text)
    except json.JSONDecodeError as problem:
        raise InputError(f"{path}:{problem.lineno}: not JSON: {problem.msg}") from None
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: cannot be read: {problem}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object with 'source' and 'records'")
    return content


def parse(given: Mapping[str, Any], where: str) -> Records:
    """The records of a parsed file; ``where`` names the file in messages."""
    source = text_of(given, "source", where, "say who or what gave the figures")
    entries = value_of(given, "records", where, "give a list of records")
    if not isinstance(entries, list) or not (entries or given.get("left_out")):
        raise InputError(f"{where}: records: expected a list with a record or more")
    shared = {kind: _named(given, kind, where) for kind in ("technologies", "devices")}
    whole = {key: given[key] for key in ("technology", "device") if key in given}
    return Records(
        source,
        tuple(
            _record(whole, entry, shared, f"{where}: records[{number}]")
            for number, entry in enumerate(entries)
        ),
        tuple(
            Correction(*(text_of(entry, key, at) for key in ("of", "source", "right")))
            for entry, at in _entries(given, "corrections", where)
        ),
        tuple(
            LeftOut(
                text_of(entry, "group", at),
                int(number_of(entry, "count", at)),
                text_of(entry, "reason", at),
                bool(entry.get("essential", False)),
            )
            for entry, at in _entries(given, "left_out", where)
        ),
    )


def _entries(
    given: Mapping[str, Any], key: str, where: str
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The objects of an optional list, each with its place for messages."""
    for number, entry in enumerate(_list(given, key, where)):
        at = f"{where}: {key}[{number}]"
        yield _object(entry, at), at


def _named(given: Mapping[str, Any], kind: str, where: str) -> dict[str, Origin]:
    """Technologies or devices that a file defines by name."""
    entries = _object(given.get(kind, {}), f"{where}: {kind}")
    return {name: _origin(entry, f"{where}: {kind}.{name}", {}) for name, entry in entries.items()}


def _origin(entry: Any, where: str, named: Mapping[str, Origin]) -> Origin:
    if isinstance(entry, str) and entry:
        return named.get(entry, Origin(entry))
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected a name, or an object with 'from' and 'set'")
    _known(entry, {"from", "set"}, where)
    changes = _object(entry.get("set", {}), f"{where}.set")
    return Origin(text_of(entry, "from", where), changes)


def _record(
    shared_keys: Mapping[str, Any],
    entry: Any,
    shared: Mapping[str, Mapping[str, Origin]],
    where: str,
) -> Record:
    merged = {**shared_keys, **_object(entry, where)}
    _known(merged, KEYS, where)
    if ("block" in merged) == ("function" in merged):
        raise InputError(
            f"{where}: give 'block', the class name of a block, or 'function', and not both"
        )
    device, given = merged.get("device"), "arguments" if "function" in merged else "fields"
    figures = {key: number_of(merged, key, where) for key in FIGURES if key in merged}
    values = numbers_of(merged, "values", where)
    if not figures and not values:
        raise InputError(f"{where}: give a figure: {', '.join(FIGURES)} or 'values'")
    technology = value_of(merged, "technology", where, "name a technology")
    record = Record(
        where=where,
        block=_text(merged, "block", where),
        function=_text(merged, "function", where),
        technology=_origin(technology, f"{where}: technology", shared["technologies"]),
        device=None if device is None else _origin(device, f"{where}: device", shared["devices"]),
        fields=_object(merged.get(given, {}), f"{where}: {given}"),
        steps=_steps(merged, where),
        parts=_texts(merged, "parts", where),
        other_parts=_texts(merged, "other_parts", where),
        figures=figures,
        values=values,
        tolerance=number_of(merged, "tolerance", where) if "tolerance" in merged else TOLERANCE,
        at_least=frozenset(_texts(merged, "at_least", where)),
        group=_text(merged, "group", where) or str(merged.get("block") or merged.get("function")),
        names={k: str(v) for k, v in _object(merged.get("names", {}), f"{where}: names").items()},
        corrected={
            key: tuple(int(number) for number in numbers)
            for key, numbers in _object(merged.get("corrected", {}), f"{where}: corrected").items()
        },
    )
    if not record.steps and ("energy_J" in figures or "latency_s" in figures):
        raise record.error("energy_J and latency_s are those of an action: give 'action'")
    return record


def _steps(entry: Mapping[str, Any], where: str) -> tuple[Step, ...]:
    if "action" in entry:
        if "actions" in entry:
            raise InputError(f"{where}: give 'action' or 'actions', not both")
        arguments = _object(entry.get("arguments", {}), f"{where}: arguments")
        action = text_of(entry, "action", where)
        if "function" not in entry:
            return (Step(action, arguments),)
        raise InputError(f"{where}: a function has arguments, and no action")
    if "function" in entry:
        return ()
    if "arguments" in entry:
        raise InputError(f"{where}: arguments: of which action? give 'action'")
    steps = []
    for step, at in _entries(entry, "actions", where):
        _known(step, {"action", "arguments", "times"}, at)
        times = number_of(step, "times", at) if "times" in step else 1.0
        arguments = _object(step.get("arguments", {}), f"{at}.arguments")
        steps.append(Step(text_of(step, "action", at), arguments, times))
    return tuple(steps)


def _known(entry: Mapping[str, Any], keys: set[str], where: str) -> None:
    for key in entry:
        if key not in keys:
            raise InputError(f"{where}: {key}: unknown; there are: {', '.join(sorted(keys))}")


def _object(given: Any, where: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InputError(f"{where}: expected an object, got {given!r}")
    return given


def _list(given: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = given.get(key, [])
    if not isinstance(value, list):
        raise InputError(f"{where}: {key}: expected a list, got {value!r}")
    return value


def _text(given: Mapping[str, Any], key: str, where: str) -> str:
    return text_of(given, key, where) if key in given else ""


def _texts(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    texts = _list(given, key, where)
    return tuple(text_of({key: text}, key, where) for text in texts)


def value_of(given: Mapping[str, Any], key: str, where: str, cure: str = "") -> Any:
    """A required value."""
    if key not in given:
        raise InputError(f"{where}: {key}: missing{'; ' if cure else ''}{cure}")
    return given[key]


def text_of(given: Mapping[str, Any], key: str, where: str, cure: str = "") -> str:
    """A required text, which is not empty."""
    value = value_of(given, key, where, cure)
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}: {key}: expected a text, got {value!r}")
    return value


def number_of(given: Mapping[str, Any], key: str, where: str) -> float:
    """A required finite number."""
    value = value_of(given, key, where)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise InputError(f"{where}: {key}: expected a number, got {value!r}")
    return float(value)


def numbers_of(given: Mapping[str, Any], key: str, where: str) -> dict[str, float]:
    """An optional object of names and numbers."""
    numbers = _object(given.get(key, {}), f"{where}: {key}")
    return {name: number_of(numbers, name, f"{where}: {key}") for name in numbers}
