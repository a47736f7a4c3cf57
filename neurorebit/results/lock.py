"""A folder that one process writes to at a time: the second is refused at once and told the owner.

The lock is the system's own on an open file, so that it ends with its process however that ends: a
file that a killed process left behind locks nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from neurorebit.schema import Argument, InputError

if sys.platform != "win32":
    import fcntl

NAME = ".neurorebit.lock"
MOST = 200  # bytes of an owner's line


@contextlib.contextmanager
def held(folder: Path, argument: str = "out") -> Iterator[None]:
    """Hold a folder, which is made where it is missing and removed again if it stays empty.

    InputError where another process holds it, with that process; ``argument`` is what named the
    folder. Systems without locks of this kind hold nothing.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    handle = None
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise _unwritable(folder, problem, argument) from None
        handle = _locked(folder, argument)
        yield
    finally:
        if handle is not None:
            with contextlib.suppress(OSError):
                (folder / NAME).unlink()
            os.close(handle)
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()


def _locked(folder: Path, argument: str) -> int | None:
    """The open file whose lock this process has; None where the system has no such locks."""
    if sys.platform == "win32":
        return None
    path = folder / NAME
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        try:
            handle = os.open(path, flags, 0o600)
        except OSError as problem:
            raise _unwritable(folder, problem, argument) from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(handle, MOST).decode("utf-8", "replace") or "another process"
            os.close(handle)
            message = f"an unfinished run of {owner} writes to this folder"
            cure = "wait for its end, or name another folder"
            raise InputError(message, origin=Argument(argument, folder), cure=cure) from None
        if _is(handle, path):
            break
        os.close(handle)  # its owner removed it between the two calls
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()} since {since}".encode())
    except OSError as problem:  # no room
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(handle)
        raise _unwritable(folder, problem, argument) from None
    return handle


def _unwritable(folder: Path, problem: OSError, argument: str) -> InputError:
    where = f" ({problem.filename})" if problem.filename else ""
    message = f"cannot be written: {problem.strerror}{where}"
    return InputError(message, origin=Argument(argument, folder), cure="name another folder")


def _is(handle: int, path: Path) -> bool:
    """Whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False
