"""Files of records: figures of blocks from a simulator, a measurement or another tool.

A file is JSON, plain or packed (``.json``, ``.json.xz``). The format stands in
``docs/validation/reference_tool.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from neurorebit.checking.entry import Entry, document, files
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

    entry: Entry  # of the file, for messages
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

    def error(
        self, message: str, key: str = "", *, value: object = None, cure: str = ""
    ) -> InputError:
        """An error at the record, or at a key of it."""
        return self.entry.error(message, key, value=value, cure=cure)

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

    InputError names the file, the record by its number in the file, the key and the cure.
    """
    return tuple(parse(document(file)) for file in files(path))


def parse(whole: Entry) -> Records:
    """The records of a file's content."""
    source = whole.text("source", "say who or what gave the figures")
    entries = whole.required("records", "give a list of records")
    if not isinstance(entries, list) or not (entries or "left_out" in whole):
        raise whole.error("expected a list with a record or more", "records", cure="add a record")
    named = Named(*(_named(whole.inner(kind)) for kind in ("technologies", "devices")))
    shared = {key: whole.content[key] for key in ("technology", "device") if key in whole}
    return Records(
        source,
        tuple(_record(entry, shared, named) for entry in whole.entries("records")),
        tuple(
            Correction(entry.text("of"), entry.text("source"), entry.text("right"))
            for entry in whole.entries("corrections")
        ),
        tuple(
            LeftOut(
                entry.text("group"),
                int(entry.number("count")),
                entry.text("reason"),
                bool(entry.content.get("essential", False)),
            )
            for entry in whole.entries("left_out")
        ),
    )


class Named(NamedTuple):
    """Technologies and devices that a file defines by name."""

    technologies: Mapping[str, Origin]
    devices: Mapping[str, Origin]


def _named(entry: Entry) -> dict[str, Origin]:
    return {name: _origin(entry, name, {}) for name in entry.content}


def _origin(entry: Entry, key: str, named: Mapping[str, Origin]) -> Origin:
    value = entry.content[key]
    if isinstance(value, str) and value:
        return named.get(value, Origin(value))
    if not isinstance(value, dict):
        message, cure = "expected a name, or an object with 'from' and 'set'", "write one of them"
        raise entry.error(message, key, value=value, cure=cure)
    changed = entry.inner(key)
    changed.only(("from", "set"))
    return Origin(changed.text("from"), changed.inner("set").content)


def _record(given: Entry, shared: Mapping[str, Any], named: Named) -> Record:
    entry = Entry(given.file, given.path, {**shared, **given.content})
    entry.only(KEYS)
    if ("block" in entry) == ("function" in entry):
        cure = "give 'block', the class name of a block, or 'function'"
        raise entry.error("expected 'block' or 'function', and not both", cure=cure)
    figures = {key: entry.number(key) for key in FIGURES if key in entry}
    values = entry.numbers("values")
    if not figures and not values:
        cure = f"give one: {', '.join(FIGURES)} or 'values'"
        raise entry.error("no figure to compare with", cure=cure)
    entry.required("technology", "name a technology")
    block, function = (entry.text(key) if key in entry else "" for key in ("block", "function"))
    has_device = entry.content.get("device") is not None
    record = Record(
        entry=entry,
        block=block,
        function=function,
        technology=_origin(entry, "technology", named.technologies),
        device=_origin(entry, "device", named.devices) if has_device else None,
        fields=entry.inner("arguments" if function else "fields").content,
        steps=() if function else _steps(entry),
        parts=entry.texts("parts"),
        other_parts=entry.texts("other_parts"),
        figures=figures,
        values=values,
        tolerance=entry.number("tolerance", TOLERANCE),
        at_least=frozenset(entry.texts("at_least")),
        group=entry.text("group") if "group" in entry else block or function,
        names={key: str(name) for key, name in entry.inner("names").content.items()},
        corrected={
            key: tuple(int(index) for index in entry.inner("corrected").items(key))
            for key in entry.inner("corrected").content
        },
    )
    if not record.steps and ("energy_J" in figures or "latency_s" in figures):
        raise entry.error("energy_J and latency_s are those of an action", cure="give 'action'")
    return record


def _steps(entry: Entry) -> tuple[Step, ...]:
    if "action" in entry:
        if "actions" in entry:
            raise entry.error("both 'action' and 'actions' are there", cure="remove one")
        return (Step(entry.text("action"), entry.inner("arguments").content),)
    if "arguments" in entry:
        raise entry.error("of which action?", "arguments", cure="give 'action'")
    steps = []
    for step in entry.entries("actions"):
        step.only(("action", "arguments", "times"))
        arguments = step.inner("arguments").content
        steps.append(Step(step.text("action"), arguments, step.number("times", 1.0)))
    return tuple(steps)
