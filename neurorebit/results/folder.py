"""The folder that results are written to: all files of a set or none, each whole."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from neurorebit.schema import Argument, InputError

SCRATCH = ".writing-"  # how a folder begins in which files are made before they get their names


def claim(folder: Path, names: Iterable[str] = (), *, argument: str = "out") -> None:
    """InputError unless files of these names can be written to a folder, which need not exist.

    Missing folders of the path are made on trial inside a folder of its own, so that runs that
    start at the same time, in folders side by side, do not meet. ``argument`` is what named it.
    """
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryDirectory(dir=there, prefix=SCRATCH) as trial:
            (Path(trial) / folder.relative_to(there)).mkdir(parents=True, exist_ok=True)
        _refuse_folders(folder, names)
    except OSError as problem:
        raise _unwritable(folder, problem, argument) from None


def write(
    folder: Path,
    contents: Mapping[str, str | bytes],
    *,
    stale: Iterable[str] = (),
    argument: str = "out",
) -> None:
    """Write files to a folder: all of them, or none, and then the old ones stay as they were.

    Files named ``stale`` are removed once the others are there: they belong to what was replaced.
    InputError where that cannot be done; ``argument`` is what named the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_folders(folder, contents)
        scratch = Path(tempfile.mkdtemp(dir=folder, prefix=SCRATCH))
        try:
            for name, content in contents.items():
                raw = content if isinstance(content, bytes) else content.encode()
                (scratch / name).write_bytes(raw)
            _replace(scratch, folder, list(contents))
            for name in stale:
                (folder / name).unlink(missing_ok=True)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as problem:
        raise _unwritable(folder, problem, argument) from None


def _refuse_folders(folder: Path, names: Iterable[str]) -> None:
    """OSError where a folder is in the place of a file."""
    for name in names:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has this name", str(folder / name))


def _replace(scratch: Path, folder: Path, names: list[str]) -> None:
    """Give files of ``scratch`` their names in ``folder``; where one fails, all old ones return."""
    old = scratch / "old"
    old.mkdir()
    kept = [name for name in names if (folder / name).exists()]
    for name in kept:
        shutil.copy2(folder / name, old / name)
    done: list[str] = []
    try:
        for name in names:
            os.replace(scratch / name, folder / name)
            done.append(name)
    except BaseException:
        for name in done:
            if name in kept:
                os.replace(old / name, folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise


def _unwritable(folder: Path, problem: OSError, argument: str) -> InputError:
    where = f" ({problem.filename})" if problem.filename else ""
    message = f"cannot be written: {problem.strerror or problem}{where}"
    origin = Argument(argument, folder)
    return InputError(message, origin=origin, value=folder, cure="name another folder")
