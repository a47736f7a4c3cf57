"""The file of the store, opened: SQLite, with a journal that is rolled back.

Transactions are short and few: one at a run's begin, one at its end. So writers take turns, and a
write-ahead log would gain nothing. It would lose: it needs memory that processes share, which file
systems over a network do not have, and leaves two more files to copy. What a commit says is on the
disk is there (``synchronous`` is FULL): it takes two or three waits for the disk.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from neurorebit.schema import File, InputError
from neurorebit.store import tables

PATIENCE = 5.0  # s, of waiting for another process that writes
SMALLEST = 512  # bytes of a page
PRAGMAS = ("foreign_keys = ON", "trusted_schema = OFF", "secure_delete = ON")
ELSEWHERE = "name another file, or move this one away"
CODES = {  # of SQLite, in words; by the primary code
    sqlite3.SQLITE_BUSY: "another process holds it, for longer than a record takes",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_CORRUPT: "is damaged",
    sqlite3.SQLITE_FULL: "there is no room on the disk",
    sqlite3.SQLITE_IOERR: "the disk refuses",
    sqlite3.SQLITE_NOTADB: "is no store of runs",
    sqlite3.SQLITE_PERM: "may not be opened",
    sqlite3.SQLITE_READONLY: "cannot be written",
}
LOCKS = "its file system has no locks"
CURES = {
    sqlite3.SQLITE_BUSY: "wait for its end",
    sqlite3.SQLITE_CORRUPT: "move it away, and a new one is begun",
    sqlite3.SQLITE_FULL: "make room, or name another file",
    sqlite3.SQLITE_NOTADB: ELSEWHERE,
}
UNLOCKED = (3850, 2058, 2314, 3594)  # extended codes: IOERR_LOCK, _UNLOCK, _RDLOCK, CHECKRESERVED


class BusyError(InputError):
    """Another process holds the store, and may let it go."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that writes: all of it is there after the context, or nothing.

    A store that is not there is made, private to its user, and one of an older schema is brought to
    the newest. InputError where it cannot be written, or is no store of this version.
    """
    with _explained(path):
        _make(path)
        with _connected(path, "rw") as store:
            _refuse_foreign(store, path)
            store.execute("BEGIN IMMEDIATE")
            try:
                _refuse_foreign(store, path)  # another process may have begun it
                tables.bring_up(store)
                yield store
                store.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    store.execute("ROLLBACK")
                raise


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The store as it is at one moment; None where there is none yet.

    One of an older schema is brought to the newest. InputError where it cannot be read, or is no
    store of this version.
    """
    with _explained(path):
        if not path.exists() or _kind(path) == 0:
            yield None
            return
        with _connected(path, "rw" if os.access(path, os.W_OK) else "ro") as store:
            found = _refuse_foreign(store, path)
            if found < tables.schema():
                store.execute("BEGIN IMMEDIATE")
                tables.bring_up(store)
                store.execute("COMMIT")
            store.execute("BEGIN")
            yield store


def _make(path: Path) -> None:
    """Make the file of a store where it is missing, and the folders that lead there."""
    for folder in reversed([one for one in path.parents if not one.exists()]):
        folder.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
    try:
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        _kind(path)


def _kind(path: Path) -> int:
    """The size of a file that may be a store; InputError where it is none.

    It is not opened here: to close it would give up the locks of other threads of this process.
    """
    about = path.stat()
    if not stat.S_ISREG(about.st_mode):
        what = "is a folder" if stat.S_ISDIR(about.st_mode) else "is no plain file"
        raise InputError(what, origin=File(str(path)), value=path, cure="name another file")
    if 0 < about.st_size < SMALLEST and not os.path.lexists(f"{path}-journal"):
        raise _foreign(path)  # SQLite takes a file of one byte for an empty one
    return about.st_size


@contextlib.contextmanager
def _connected(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    store = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None
    )
    try:
        for pragma in PRAGMAS:
            store.execute(f"PRAGMA {pragma}")
        yield store
    finally:
        store.close()


def _refuse_foreign(store: sqlite3.Connection, path: Path) -> int:
    """The schema of a store; InputError where it is another program's file, or a newer one's."""
    found = tables.schema_of(store)
    application = store.execute("PRAGMA application_id").fetchone()[0]
    if application != tables.APPLICATION:
        filled = store.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application or found or filled:
            raise _foreign(path)
    if found > tables.schema():
        message = f"a store of schema {found}, this version has schema {tables.schema()}"
        cure = "take the version that wrote it, or name another file"
        raise InputError(message, origin=File(str(path)), value=found, cure=cure)
    return found


def _damaged(path: Path) -> InputError:
    said, cure = CODES[sqlite3.SQLITE_CORRUPT], CURES[sqlite3.SQLITE_CORRUPT]
    return InputError(said, origin=File(str(path)), value=path, cure=cure)


def _foreign(path: Path) -> InputError:
    return InputError("is no store of runs", origin=File(str(path)), value=path, cure=ELSEWHERE)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What the system or SQLite says, as an InputError that names the file."""
    try:
        yield
    except InputError:
        raise
    except (ValueError, TypeError, OverflowError):  # rows that are not those of runs
        raise _damaged(path) from None
    except OSError as problem:
        message = f"cannot be used: {problem.strerror or problem}"
        raise InputError(
            message, origin=File(str(path)), value=path, cure="name another file"
        ) from None
    except sqlite3.Error as problem:
        code = getattr(problem, "sqlite_errorcode", 0)
        said = LOCKS if code in UNLOCKED else CODES.get(code & 0xFF, f"cannot be used ({problem})")
        cure = CURES.get(code & 0xFF, "name another file")
        kind = BusyError if code & 0xFF == sqlite3.SQLITE_BUSY else InputError
        raise kind(said, origin=File(str(path)), value=path, cure=cure) from None
