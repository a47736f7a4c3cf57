"""Which runs of a store are asked for: by command, inputs, date, state and bounds of figures."""

from __future__ import annotations

import difflib
import math
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit.schema import Argument, File, InputError, units
from neurorebit.store import file, rows
from neurorebit.store.record import ALL_STATES, KILLED, RUNNING, STATES, Run

if TYPE_CHECKING:  # at run time where a store is opened
    from sqlite3 import Connection

KINDS = ("network", "architecture", "technology", "device", "data")  # of inputs, to select by
BOUND = re.compile(r"\s*(?P<name>\w+)\s*(?P<sign><=|>=|<|>)\s*(?P<value>\S.*?)\s*")
AGO = {"min": 60.0, "h": 3600.0, "d": 86400.0}  # s
LAST = "last"  # the newest run
CURE = "'neurorebit runs' lists them"


@dataclass(frozen=True)
class Bound:
    """A figure and what it is to be: ``energy<1uJ``. ``text`` is how it was given."""

    name: str
    sign: str
    value: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What runs are asked for; nothing given is all.

    ``inputs`` has a name, or a pattern such as ``vgg*``, for each kind of input. ``since`` and
    ``before``: seconds since 1970, of the begin. ``last``: the newest ones alone. ``refused``:
    those that were refused among them, unless a state is named.
    """

    numbers: tuple[int, ...] | None = None
    command: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    scheme: str | None = None
    state: str | None = None
    since: float | None = None
    before: float | None = None
    bounds: tuple[Bound, ...] = ()
    last: int | None = None
    refused: bool = True

    @property
    def is_all(self) -> bool:
        """Whether nothing is asked, so that all runs are meant."""
        return self == Filter()


def find(path: Path, asked: Filter) -> list[Run]:
    """The runs of a store that are asked for, the oldest first; none where there is no store.

    InputError where it cannot be read, or a state or a figure is unknown.
    """
    if asked.state is not None and asked.state not in ALL_STATES:
        origin, known = Argument("state", asked.state), ", ".join(ALL_STATES)
        message = f"expected one of {known}"
        raise InputError(message, origin=origin, value=asked.state, cure="take one of them")
    with file.reading(path) as store:
        if store is None:
            return []
        found = rows.load(store, _numbers(store, asked))
    if asked.state is not None:
        found = [run for run in found if run.shown_state == asked.state]
    return found[-asked.last :] if asked.last else found


def one(path: Path, which: str) -> Run:
    """The run of a store with this number, or the ``last``; InputError where there is none."""
    return some(path, [which])[0]


def some(path: Path, which: Iterable[str]) -> list[Run]:
    """The runs with these numbers, in the order asked for; InputError where one is missing."""
    asked = list(which)
    numbers = [_number(word) for word in asked if word != LAST]
    found = {run.number: run for run in find(path, Filter(numbers=tuple(numbers)))}
    if LAST in asked:
        found |= dict(zip([0], find(path, Filter(last=1)), strict=False))
    listed = []
    for word in asked:
        number = 0 if word == LAST else _number(word)
        if number not in found:
            message = f"no run {word}" if number else "no run is recorded"
            raise InputError(message, origin=File(str(path)), value=word, cure=CURE)
        listed.append(found[number])
    return listed


def _number(word: str) -> int:
    if not re.fullmatch("[0-9]{1,15}", word) or int(word) == 0:
        message = f"expected the number of a run or {LAST}"
        raise InputError(message, origin=Argument("run", word), value=word, cure=CURE)
    return int(word)


def _numbers(store: Connection, asked: Filter) -> list[int]:
    """The numbers of the runs that are asked for, but for their state."""
    tests: list[str] = []
    given: list[Any] = []
    for column, sign, value in (
        ("command", "=", asked.command),
        ("started", ">=", asked.since),
        ("started", "<", asked.before),
    ):
        if value is not None:
            tests.append(f"{column} {sign} ?")
            given.append(value)
    if not asked.refused and asked.state is None:
        tests.append("state != ?")
        given.append(STATES[2])
    if asked.scheme is not None:  # one of those between commas
        tests.append("',' || scheme || ',' GLOB '*,' || ? || ',*'")
        given.append(asked.scheme)
    if asked.state is not None:
        tests.append("state = ?")
        given.append(RUNNING if asked.state == KILLED else asked.state)
    for kind, name in asked.inputs.items():
        tests.append("number IN (SELECT run FROM inputs WHERE kind = ? AND name GLOB ?)")
        given += [kind, name]
    for bound in asked.bounds:
        known = f"name = ? AND value {bound.sign} ?"
        tests.append(f"number IN (SELECT run FROM figures WHERE of = '' AND {known})")
        given += [bound.name, _value(store, bound)]
    where = f"WHERE {' AND '.join(tests)}" if tests else ""
    found = store.execute(f"SELECT number FROM runs {where} ORDER BY number", given)
    numbers = [int(row[0]) for row in found]
    if asked.numbers is not None:
        wanted = set(asked.numbers)
        numbers = [number for number in numbers if number in wanted]
    if asked.last and asked.state is None:
        numbers = numbers[-asked.last :]
    return numbers


# --- what a filter may be: readers of its text


def bound(text: str) -> Bound:
    """A bound such as ``energy<1uJ`` or ``accuracy>=95%``; InputError where it is none."""
    match = BOUND.fullmatch(text)
    if match is None:
        message = "expected a figure and its bound, as in energy<1uJ or accuracy>=95%"
        origin = Argument("where", text)
        raise InputError(message, origin=origin, value=text, cure="write one of <, <=, >, >=")
    return Bound(match["name"], match["sign"], match["value"], text)


def _value(store: Connection, bound: Bound) -> float:
    """The value of a bound in the unit that the figure is recorded in."""
    named = "SELECT DISTINCT name, unit FROM figures WHERE of = ''"
    known = {str(name): str(unit) for name, unit in store.execute(named)}
    origin = Argument("where", bound.text)
    if bound.name not in known:
        near = difflib.get_close_matches(bound.name, known, n=1)
        listed = f"recorded: {', '.join(sorted(known))}" if known else "none is recorded yet"
        cure = f"did you mean '{near[0]}'? ({listed})" if near else listed
        message = f"no run has a figure '{bound.name}'"
        raise InputError(message, origin=origin, value=bound.name, cure=cure)
    unit = known[bound.name].partition("/")[0]  # that of an image, an epoch, ...
    try:
        return units.parse(bound.value, unit)
    except ValueError as problem:
        cure = f"write it in {unit}, with or without a prefix" if unit else "write a number, or %"
        raise InputError(str(problem), origin=origin, value=bound.value, cure=cure) from None


def moment(text: str, argument: str) -> float:
    """A date (2026-12-01, 2026-12-01T09:30) or a time ago (7d, 12h, 30min), in s since 1970."""
    for unit, seconds in AGO.items():
        number = text.removesuffix(unit).strip()
        if number != text.strip() and re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", number):
            return time.time() - float(number) * seconds
    try:
        found = datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        found = math.nan
    if not math.isfinite(found):
        message = f"expected a date or a time ago with a unit of {', '.join(AGO)}"
        origin, cure = Argument(argument, text), "write it as in 2026-12-01, 2026-12-01T09:30 or 7d"
        raise InputError(message, origin=origin, value=text, cure=cure)
    return found
