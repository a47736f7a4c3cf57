"""The tables of the store, by the number of their schema, and how a store gets the newest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # at run time where a store is opened
    from sqlite3 import Connection

APPLICATION = 0x4E524249  # "NRBI", in the head of a store's file
FIRST = (
    """
    CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        command TEXT NOT NULL,
        words TEXT NOT NULL,
        place TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL,
        state TEXT NOT NULL,
        code INTEGER,
        message TEXT NOT NULL,
        process TEXT NOT NULL,
        versions TEXT NOT NULL,
        scheme TEXT NOT NULL,
        settings TEXT NOT NULL,
        folder TEXT,
        files TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE inputs (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        place TEXT,
        sha256 TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE figures (
        run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
        of TEXT NOT NULL,
        name TEXT NOT NULL,
        value REAL NOT NULL,
        unit TEXT NOT NULL,
        origin TEXT NOT NULL
    )
    """,
    "CREATE INDEX inputs_of_runs ON inputs (run)",
    "CREATE INDEX figures_of_runs ON figures (run)",
)


def _first(store: Connection) -> None:
    for statement in FIRST:
        store.execute(statement)
    store.execute(f"PRAGMA application_id = {APPLICATION}")


STEPS: tuple[Callable[[Connection], None], ...] = (_first,)  # from each schema to the next


def schema() -> int:
    """The number of the newest schema."""
    return len(STEPS)


def schema_of(store: Connection) -> int:
    """The number of a store's schema, 0 of one that is empty."""
    return int(store.execute("PRAGMA user_version").fetchone()[0])


def bring_up(store: Connection) -> None:
    """Bring a store to the newest schema, within a transaction that is open for writing."""
    for number, step in enumerate(STEPS[schema_of(store) :], schema_of(store) + 1):
        step(store)
        store.execute(f"PRAGMA user_version = {number}")
