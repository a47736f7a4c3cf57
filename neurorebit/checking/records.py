"""Files of records: what a simulator, a measurement or another tool says of a block.

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
    """A technology or device: a shipped name or a path, and what of it the record changes."""

    name: str
    changes: Mapping[str, Any] = field(default_factory=dict)  # key path -> number, list or text


@dataclass(frozen=True)
class Step:
    """An action of a block, so many times in a row. A path leads to a part's action."""

    action: str
    arguments: Mapping[str, Any]
    times: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Record:
    """A block at one design point, and the figures that the source gives for it.

    ``fields`` are those of the block, or the arguments of the function.

    ``figures`` has the energy [J] and latency [s] of all ``steps`` in a row, area [m^2] and leakage
    [W]; ``values`` are plain properties by path. Energies, latencies, areas and leakages are those
    of the named ``parts`` alone, or of all but the ``other_parts``. Figures in ``at_least`` bound
    ours from below, as the source leaves something out. ``names`` says how the report calls a
    figure, ``corrected`` which of the source's corrections apply to it.
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
    """A known slip of a source: what the source does, and what is right.

    The record's figure is corrected already; the report only says so.
    """

    of: str
    source: str
    right: str


@dataclass(frozen=True)
class LeftOut:
    """Figures of a source that no record asks for. An ``essential`` one breaks a bound."""

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
    """The record files that a path means."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder; give a file of records")
    found = sorted([*path.glob("*.json"), *path.glob("*.json.xz")])
    if not found:
        raise InputError(f"{path}: holds no .json file; give a file of records, or their folder")
    return found


def document(path: Path) -> dict[str, Any]:
    """What a file holds."""
    try:
        raw = path.read_bytes()
        text = (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode("utf-8")
        found = json.loads(text)
    except json.JSONDecodeError as problem:
        raise InputError(f"{path}:{problem.lineno}: not JSON: {problem.msg}") from None
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as problem:
        raise InputError(f"{path}: cannot be read: {problem}") from None
    if not isinstance(found, dict):
        raise InputError(f"{path}: expected an object with 'source' and 'records'")
    return found


def parse(given: Mapping[str, Any], where: str) -> Records:
    """The records of a document that stands at ``where``."""
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
    """The objects of a list that may be missing, and where each stands."""
    for number, entry in enumerate(_list(given, key, where)):
        at = f"{where}: {key}[{number}]"
        yield _object(entry, at), at


def _named(given: Mapping[str, Any], kind: str, where: str) -> dict[str, Origin]:
    """Technologies or devices that a file names for its records."""
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
    whole: Mapping[str, Any],
    entry: Any,
    shared: Mapping[str, Mapping[str, Origin]],
    where: str,
) -> Record:
    found = {**whole, **_object(entry, where)}
    _known(found, KEYS, where)
    if ("block" in found) == ("function" in found):
        raise InputError(
            f"{where}: give 'block', the class name of a block, or 'function', and not both"
        )
    device, given = found.get("device"), "arguments" if "function" in found else "fields"
    figures = {key: number_of(found, key, where) for key in FIGURES if key in found}
    values = numbers_of(found, "values", where)
    if not figures and not values:
        raise InputError(f"{where}: give a figure: {', '.join(FIGURES)} or 'values'")
    technology = value_of(found, "technology", where, "name a technology")
    record = Record(
        where=where,
        block=_text(found, "block", where),
        function=_text(found, "function", where),
        technology=_origin(technology, f"{where}: technology", shared["technologies"]),
        device=None if device is None else _origin(device, f"{where}: device", shared["devices"]),
        fields=_object(found.get(given, {}), f"{where}: {given}"),
        steps=_steps(found, where),
        parts=_texts(found, "parts", where),
        other_parts=_texts(found, "other_parts", where),
        figures=figures,
        values=values,
        tolerance=number_of(found, "tolerance", where) if "tolerance" in found else TOLERANCE,
        at_least=frozenset(_texts(found, "at_least", where)),
        group=_text(found, "group", where) or str(found.get("block") or found.get("function")),
        names={k: str(v) for k, v in _object(found.get("names", {}), f"{where}: names").items()},
        corrected={
            key: tuple(int(number) for number in numbers)
            for key, numbers in _object(found.get("corrected", {}), f"{where}: corrected").items()
        },
    )
    if not record.steps and ("energy_J" in figures or "latency_s" in figures):
        raise record.error("energy_J and latency_s are those of an action: give 'action'")
    return record


def _steps(found: Mapping[str, Any], where: str) -> tuple[Step, ...]:
    if "action" in found:
        if "actions" in found:
            raise InputError(f"{where}: give 'action' or 'actions', not both")
        arguments = _object(found.get("arguments", {}), f"{where}: arguments")
        action = text_of(found, "action", where)
        if "function" not in found:
            return (Step(action, arguments),)
        raise InputError(f"{where}: a function has arguments, and no action")
    if "function" in found:
        return ()
    if "arguments" in found:
        raise InputError(f"{where}: arguments: of which action? give 'action'")
    steps = []
    for entry, at in _entries(found, "actions", where):
        _known(entry, {"action", "arguments", "times"}, at)
        times = number_of(entry, "times", at) if "times" in entry else 1.0
        arguments = _object(entry.get("arguments", {}), f"{at}.arguments")
        steps.append(Step(text_of(entry, "action", at), arguments, times))
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
    found = given.get(key, [])
    if not isinstance(found, list):
        raise InputError(f"{where}: {key}: expected a list, got {found!r}")
    return found


def _text(given: Mapping[str, Any], key: str, where: str) -> str:
    return text_of(given, key, where) if key in given else ""


def _texts(given: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    found = _list(given, key, where)
    return tuple(text_of({key: text}, key, where) for text in found)


def value_of(given: Mapping[str, Any], key: str, where: str, cure: str = "") -> Any:
    """A value that must be there."""
    if key not in given:
        raise InputError(f"{where}: {key}: missing{'; ' if cure else ''}{cure}")
    return given[key]


def text_of(given: Mapping[str, Any], key: str, where: str, cure: str = "") -> str:
    """A text that must be there and not be empty."""
    found = value_of(given, key, where, cure)
    if not isinstance(found, str) or not found:
        raise InputError(f"{where}: {key}: expected a text, got {found!r}")
    return found


def number_of(given: Mapping[str, Any], key: str, where: str) -> float:
    """A finite number that must be there."""
    found = value_of(given, key, where)
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if not number or not math.isfinite(found):
        raise InputError(f"{where}: {key}: expected a number, got {found!r}")
    return float(found)


def numbers_of(given: Mapping[str, Any], key: str, where: str) -> dict[str, float]:
    """Names and numbers; none where the key is missing."""
    found = _object(given.get(key, {}), f"{where}: {key}")
    return {name: number_of(found, name, f"{where}: {key}") for name in found}
