"""The interface of what does many tasks, and what a task may ask of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable
from typing import Protocol, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

ALIVE = ("running", "paused")  # what Dask calls a worker that has not begun to end


class Executor(Protocol):
    """Does tasks; used as a context."""

    @property
    def workers(self) -> int:
        """How many tasks are done at the same time."""

    @property
    def threads(self) -> int:
        """How many threads a task may use so that each processor has one."""

    def run(
        self, function: Callable[[T], R], tasks: Iterable[T], *, most: int | None = None
    ) -> Generator[tuple[T, R], None, None]:
        """Each task with what ``function`` makes of it, as soon as it is done, in any order.

        At most ``most`` tasks are given out at a time (about twice the workers unless given), and
        the next one is asked for only when there is room, after the outcomes before it were
        taken: a search may choose it by them. What ``function`` raises is raised here, and ends
        the work; so does closing the iterator, or an interrupt: tasks that were begun learn it
        from ``unwanted``. A task whose worker dies is done again by another. InputError where
        workers are lost for good, or have other versions than this process.
        """

    def everywhere(self, function: Callable[[T], R], argument: T) -> dict[str, R]:
        """What ``function`` makes of the argument on each worker, by the worker's name."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *problem: object) -> None: ...


def unwanted() -> bool:
    """Whether nobody waits any longer for the task that asks: its client interrupted it, or left.

    A task that takes long asks from time to time, and ends as at an interrupt.
    """
    if "distributed" not in sys.modules:
        return False
    from distributed import get_worker

    try:
        worker = get_worker()
        key = worker.get_current_task()
    except (ValueError, AttributeError):
        return False  # called by no worker
    state = worker.state.tasks.get(key)
    return state is None or state.state != "executing" or worker.status.name not in ALIVE


def processors() -> int:
    """The processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
