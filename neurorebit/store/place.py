"""Where the store is: a file that is named, that of the environment, or that of the user."""

from __future__ import annotations

import os
from pathlib import Path

from neurorebit.schema import InputError, paths

VARIABLE = "NEUROREBIT_STORE"
NONE = "none"  # the value of the variable for which nothing is recorded
NAME = "runs.sqlite"


def store(given: str | Path | None = None) -> Path | None:
    """The file of the store; None where the environment says that there is none.

    InputError where the user has no home.
    """
    named = os.fspath(given) if given is not None else os.environ.get(VARIABLE, "")
    if given is None and named == NONE:
        return None
    if named:
        return Path(named).absolute()
    try:
        return paths.data_dir().absolute() / NAME
    except RuntimeError:
        message = "you have no home folder to record runs in"
        cure = f"name a file with {VARIABLE}, or set it to {NONE}"
        raise InputError(message, cure=cure) from None
