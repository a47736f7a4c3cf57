"""What a worker does for its client: call a function with a task, once its versions are checked."""

from __future__ import annotations

import pickle
from functools import lru_cache
from typing import Any

from distributed import get_worker

from neurorebit.machines.versions import refuse_others, versions

RUNNING: list[object] = []  # tasks that this process is at, whether they are wanted or not


def packed(function: Any) -> bytes:
    """A function as it is sent to workers, with the versions that they must have."""
    from distributed.protocol.pickle import dumps

    content: bytes = pickle.dumps((versions(), dumps(function)))
    return content


def same(content: bytes) -> bytes:
    """A task of the scheduler's whose result is this: workers get it once, and it is never lost."""
    return content


def call(content: bytes, task: Any) -> Any:
    """What a packed function makes of a task."""
    RUNNING.append(task)
    try:
        return _unpacked(content)(task)
    finally:
        RUNNING.pop()


def busy() -> int:
    """The tasks that this process is at."""
    return len(RUNNING)


@lru_cache(maxsize=2)
def _unpacked(content: bytes) -> Any:
    """The function of a client that has the same versions; InputError of another."""
    theirs, function = pickle.loads(content)
    refuse_others(get_worker().address, versions(), theirs)
    return pickle.loads(function)
