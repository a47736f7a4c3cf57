"""Many tasks, done one after the other or side by side: one interface, whoever does them.

    with executor(workers=4) as machines:
        for task, outcome in machines.run(function, tasks):
            ...

A function and its tasks go to other processes, so both must be plain data: a function of a module
(or ``functools.partial`` of one, whose arguments are sent to each worker once), numbers, texts,
arrays, dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Self, TypeVar

from neurorebit.machines.tasks import Executor, processors
from neurorebit.schema import Argument, InputError

T = TypeVar("T")
R = TypeVar("R")


class Here:
    """One task after the other, in this process."""

    workers = 1

    @property
    def threads(self) -> int:
        """All processors of this process."""
        return processors()

    def run(
        self, function: Callable[[T], R], tasks: Iterable[T], *, most: int | None = None
    ) -> Generator[tuple[T, R], None, None]:
        """Each task with its outcome, in order; the next task is asked for after that."""
        for task in tasks:
            yield task, function(task)

    def everywhere(self, function: Callable[[T], R], argument: T) -> dict[str, R]:
        """What ``function`` makes of the argument."""
        return {"here": function(argument)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        pass


def executor(workers: int | None = None, scheduler: str | None = None) -> Executor:
    """What does the tasks of a study: this process, ``workers`` processes beside it, or the
    workers of the Dask scheduler at an address (``tcp://host:8786``).

    InputError where both are given, or Dask is needed and missing.
    """
    if scheduler is None and (workers is None or workers == 1):
        return Here()
    if workers is not None and workers < 1:
        message = f"expected a whole number from 1 up, got {workers}"
        raise InputError(message, origin=Argument("workers"), value=workers, cure="take one")
    if workers is not None and scheduler is not None:
        origin = (Argument("workers", workers), " and ", Argument("scheduler", scheduler))
        raise InputError("workers of two kinds", origin=origin, cure="keep one")
    try:
        from neurorebit.machines.cluster import Cluster, Local
    except ImportError:
        needs = Argument("workers" if scheduler is None else "scheduler")
        cure = "run pip install 'neurorebit[dask]', or drop it"
        raise InputError("this needs Dask", origin=needs, cure=cure) from None
    return Cluster(scheduler) if scheduler is not None else Local(workers or 1)
