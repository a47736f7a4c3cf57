"""A run as the rows of the store, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurorebit.store.record import Figure, Input, Run

if TYPE_CHECKING:  # at run time where a store is opened
    from sqlite3 import Connection

PLAIN = ("key", "command", "started", "ended", "state", "code", "message", "process", "scheme")
TEXTS = ("words", "place", "versions", "settings", "folder", "files")  # as JSON: any path is text
COLUMNS = (*PLAIN, *TEXTS)
VALUES = ", ".join(f":{name}" for name in COLUMNS)
INSERT = f"INSERT INTO runs ({', '.join(COLUMNS)}) VALUES ({VALUES})"
UPDATE = f"UPDATE runs SET {', '.join(f'{name} = :{name}' for name in COLUMNS)} WHERE key = :key"
AT_ONCE = 500  # runs that one statement asks for


def save(store: Connection, run: Run) -> int:
    """Write a run over what the store has of it, if anything; its number."""
    values = {name: getattr(run, name) for name in PLAIN}
    values |= {name: _json(getattr(run, name)) for name in TEXTS}
    if not store.execute(UPDATE, values).rowcount:
        store.execute(INSERT, values)
    found = store.execute("SELECT number FROM runs WHERE key = ?", (run.key,)).fetchone()
    number = int(found[0])
    for table in ("inputs", "figures"):
        store.execute(f"DELETE FROM {table} WHERE run = ?", (number,))
    inputs = [(number, i.kind, i.name, _json(i.place), i.sha256) for i in run.inputs]
    store.executemany("INSERT INTO inputs VALUES (?, ?, ?, ?, ?)", inputs)
    figures = [(number, f.of, f.name, f.value, f.unit, f.origin) for f in run.figures]
    store.executemany("INSERT INTO figures VALUES (?, ?, ?, ?, ?, ?)", figures)
    return number


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


def load(store: Connection, numbers: Sequence[int] | None = None) -> list[Run]:
    """Runs with these numbers, or all, in order. ValueError where the rows are not of runs."""
    if numbers is None:
        return list(_loaded(store, "", ()))
    found: list[Run] = []
    for begin in range(0, len(numbers), AT_ONCE):
        part = tuple(numbers[begin : begin + AT_ONCE])
        found += _loaded(store, f"IN ({', '.join('?' * len(part))})", part)
    return sorted(found, key=lambda run: run.number)


def _loaded(store: Connection, which: str, numbers: Iterable[int]) -> Iterator[Run]:
    given = tuple(numbers)
    runs = f"WHERE number {which}" if which else ""
    of = f"WHERE run {which}" if which else ""
    inputs: dict[int, list[Input]] = {}
    for number, kind, name, place, sha256 in store.execute(
        f"SELECT run, kind, name, place, sha256 FROM inputs {of} ORDER BY rowid", given
    ):
        one = Input(_text(kind), _text(name), _path(place), _text(sha256))
        inputs.setdefault(number, []).append(one)
    figures: dict[int, list[Figure]] = {}
    for number, whose, name, value, unit, origin in store.execute(
        f"SELECT run, of, name, value, unit, origin FROM figures {of} ORDER BY rowid", given
    ):
        figure = Figure(_text(name), float(value), _text(unit), _text(origin), of=_text(whose))
        figures.setdefault(number, []).append(figure)
    selected = f"SELECT number, {', '.join(COLUMNS)} FROM runs {runs} ORDER BY number"
    for row in store.execute(selected, given):
        yield _run(row, inputs, figures)


def _run(
    row: Sequence[Any], inputs: Mapping[int, list[Input]], figures: Mapping[int, list[Figure]]
) -> Run:
    values = dict(zip(("number", *COLUMNS), row, strict=True))
    number = int(values["number"])
    return Run(
        number=number,
        key=_text(values["key"]),
        command=_text(values["command"]),
        words=_texts(values["words"]),
        place=_path(values["place"]) or "",
        started=float(values["started"]),
        ended=None if values["ended"] is None else float(values["ended"]),
        state=_text(values["state"]),
        code=None if values["code"] is None else int(values["code"]),
        message=_text(values["message"]),
        process=_text(values["process"]),
        versions=_mapping(values["versions"]),
        scheme=_text(values["scheme"]),
        settings=_mapping(values["settings"]),
        folder=_path(values["folder"]),
        files=_texts(values["files"]),
        inputs=tuple(inputs.get(number, ())),
        figures=tuple(figures.get(number, ())),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


def _path(value: Any) -> str | None:
    return None if value is None else _text(json.loads(_text(value)))


def _texts(value: Any) -> tuple[str, ...]:
    found = json.loads(_text(value))
    if not isinstance(found, list):
        raise ValueError("expected a list")
    return tuple(map(_text, found))


def _mapping(value: Any) -> dict[str, str]:
    found = json.loads(_text(value))
    if not isinstance(found, dict):
        raise ValueError("expected a mapping")
    return {_text(key): _text(text) for key, text in found.items()}
