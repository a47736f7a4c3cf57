"""The file that the table of a sweep is written to, in the format of its suffix."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from neurorebit.results.folder import SCRATCH
from neurorebit.results.sweep import FEASIBLE, Table
from neurorebit.results.writers.table import SWEEP_WRITERS
from neurorebit.schema import Argument, InputError

BEGIN = 65536  # bytes that hold the first line of a table
PARQUET = b"PAR1"


def claim(path: Path) -> None:
    """InputError unless the table of a sweep can be written there: one without rows is, on trial.

    Makes the folder of the file where it is missing.
    """
    if path.suffix not in SWEEP_WRITERS:
        message = f"expected a file that ends in {' or '.join(SWEEP_WRITERS)}"
        raise InputError(message, origin=_named(path), value=path, cure="name another file")
    if path.is_dir():
        raise InputError("is a folder", origin=_named(path), value=path, cure="name a file")
    if path.exists() and not _is_table(path):
        message = "is there, and is no table of designs that was written before"
        raise InputError(message, origin=_named(path), value=path, cure="name another file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _made({FEASIBLE: np.zeros(0, bool)}, path).unlink()
    except OSError as problem:
        raise _unwritable(path, problem) from None


def write(table: Table, path: Path) -> None:
    """Write the table of a sweep; the file appears whole or not at all, InputError if it cannot."""
    try:
        scratch = _made(table, path)
        try:
            os.chmod(scratch, 0o666 & ~_umask())
            os.replace(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as problem:
        raise _unwritable(path, problem) from None


def _made(table: Table, path: Path) -> Path:
    """A new file in the folder of ``path`` that holds the table."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=SCRATCH, suffix=path.suffix)
    os.close(handle)
    try:
        SWEEP_WRITERS[path.suffix](table, Path(name))
    except BaseException as problem:
        Path(name).unlink(missing_ok=True)
        if isinstance(problem, InputError):
            raise problem.seen_from(_named(path)) from None
        raise
    return Path(name)


def _is_table(path: Path) -> bool:
    """Whether a file begins as one that a sweep wrote; an empty one may be replaced too."""
    try:
        with path.open("rb") as file:
            begin = file.read(BEGIN)
    except OSError:
        return True  # writing will tell
    return not begin or begin.startswith(PARQUET) or FEASIBLE.encode() in begin.split(b"\n")[0]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _named(path: Path) -> Argument:
    return Argument("out", path)


def _unwritable(path: Path, problem: OSError) -> InputError:
    message = f"cannot be written: {problem.strerror or problem}"
    return InputError(message, origin=_named(path), value=path, cure="name another file")
