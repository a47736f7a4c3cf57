"""Tasks on Dask: workers of this machine, or those of a scheduler anywhere."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any, Self, TypeVar

import dask
from distributed import Client, Future, KilledWorker, LocalCluster, as_completed

from neurorebit.machines import calls
from neurorebit.machines.local import Processes
from neurorebit.machines.tasks import processors
from neurorebit.machines.versions import refuse_others, versions
from neurorebit.schema import Argument, InputError

T = TypeVar("T")
R = TypeVar("R")

PATIENCE = 60.0  # seconds that workers may take to start, and to end what nobody wants
TRIES, PAUSE = 20, 0.5  # of a question to all workers; seconds between them
CONNECT = 10.0  # seconds that a scheduler may take to answer
RECENT = 5.0  # seconds for which a count of the threads of all workers is taken to hold
AHEAD = 2  # tasks given out for each thread of a worker: the next one waits where it is done
GONE = "the scheduler at {} is gone"
ANEW = "start it again, and go on from what was written"


class Cluster:
    """The workers of the Dask scheduler at an address; each does as many tasks as it has threads.

    TLS and its certificates are Dask's: they are set in its configuration.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: Any = None
        self._threads, self._counted = 1, -RECENT
        self._stack = contextlib.ExitStack()

    @property
    def workers(self) -> int:
        """The threads of all workers, as they were a moment ago."""
        if time.monotonic() >= self._counted + RECENT:
            self._counted = time.monotonic()
            self._threads = max(1, sum(self._client.nthreads().values()))
        return self._threads

    @property
    def threads(self) -> int:
        """One thread a task: each thread of a worker has a task of its own."""
        return 1

    def __enter__(self) -> Self:
        self._stack.enter_context(_quiet())
        try:
            self._connect()
            self._check()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def run(
        self, function: Callable[[T], R], tasks: Iterable[T], *, most: int | None = None
    ) -> Generator[tuple[T, R], None, None]:
        """Each task with its outcome, as soon as it is done (see ``Executor``)."""
        shared = self._client.submit(calls.same, calls.packed(function), pure=False)
        task_of: dict[Future, T] = {}
        done = as_completed(loop=self._client.loop)
        left = iter(tasks)
        try:
            while True:
                room = (most or AHEAD * self.workers) - len(task_of)
                for task in _first(left, room):
                    future = self._client.submit(calls.call, shared, task, pure=False)
                    task_of[future] = task
                    done.add(future)
                if not task_of:
                    return
                future = next(done)
                yield task_of.pop(future), self._outcome(future)
        finally:
            self._drop([*task_of, shared], begun=bool(task_of))

    def everywhere(self, function: Callable[[T], R], argument: T) -> dict[str, R]:
        """What ``function`` makes of the argument on each worker, by the worker's address."""
        return self._on_each(function, argument)

    def _on_each(self, function: Callable[..., R], *arguments: Any) -> dict[str, R]:
        """The same of any arguments; asked again where a worker dies meanwhile."""
        for _ in range(TRIES):
            found = self._client.run(function, *arguments, on_error="return")
            problems = [one for one in found.values() if isinstance(one, Exception)]
            if not problems and found:
                return dict(found)
            for problem in problems:
                if not isinstance(problem, OSError):
                    raise problem
            time.sleep(PAUSE)
        message, cure = "workers die as soon as they start", "look into their logs"
        raise InputError(message, cure=cure)

    def _connect(self) -> None:
        """Connect to the scheduler; InputError where none answers or it has no workers."""
        origin = Argument("scheduler", self._address)
        try:
            client = Client(self._address, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError, ImportError) as problem:
            message = f"no Dask scheduler answers: {problem or type(problem).__name__}"
            cure = "start one (dask scheduler), or name its address as in tcp://host:8786"
            raise InputError(message, origin=origin, value=self._address, cure=cure) from None
        self._client = client
        self._stack.callback(client.close, timeout=CONNECT)
        if not client.nthreads():
            message, cure = "has no workers", f"start some: dask worker {self._address}"
            raise InputError(message, origin=origin, value=self._address, cure=cure)

    def _check(self) -> None:
        """InputError where a worker has other versions than this process."""
        try:
            found = self._on_each(versions)
        except (ImportError, AttributeError) as problem:
            message = f"a worker of {self._address} has no neurorebit that knows of clients "
            message += f"({problem})"
            raise InputError(message, cure="install the same version there") from None
        for worker, theirs in found.items():
            refuse_others(worker, theirs, versions())

    def _outcome(self, future: Future) -> Any:
        """What came of a task; InputError where workers or the scheduler are lost."""
        if future.status in ("cancelled", "lost"):
            raise InputError(GONE.format(self._address), cure=ANEW)
        try:
            outcome = future.result()
        except KilledWorker as problem:
            message = f"{problem.allowed_failures + 1} workers died at the same task"
            cure = "give them more memory, or look into their logs"
            raise InputError(message, cure=cure) from None
        future.release()
        return outcome

    def _drop(self, futures: list[Future], begun: bool) -> None:
        """Let go of tasks, and wait a while until those that workers are at have ended."""
        if self._client.status != "running":
            return
        with contextlib.suppress(Exception):  # whatever became of the scheduler: nothing is lost
            self._client.cancel(futures, force=True)
            end = time.monotonic() + PATIENCE
            while begun and any(self._client.run(calls.busy).values()) and time.monotonic() < end:
                time.sleep(0.05)


class Local(Cluster):
    """Workers of this machine, one process each, which share its processors."""

    def __init__(self, count: int) -> None:
        super().__init__("of this machine")
        self._count = count
        self._processes: Processes | None = None

    @property
    def workers(self) -> int:
        """The processes."""
        return self._count

    @property
    def threads(self) -> int:
        """The processors that each worker has for itself."""
        return max(1, processors() // self._count)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes."""
        return self._processes.pids if self._processes is not None else []

    def _connect(self) -> None:
        """Start a scheduler in this process and workers beside it; InputError where none comes."""
        self._stack.enter_context(dask.config.set({"distributed.scheduler.http.routes": []}))
        cluster = self._stack.enter_context(
            LocalCluster(
                n_workers=0,
                host="127.0.0.1",
                protocol="tcp://",
                dashboard_address=None,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                processes=True,
                silence_logs=logging.CRITICAL,
            )
        )
        self._client = self._stack.enter_context(Client(cluster, set_as_default=False))
        address = cluster.scheduler_address
        self._processes = Processes(address, self._count, self.threads)
        self._stack.callback(self._processes.close)
        end = time.monotonic() + PATIENCE
        while len(self._client.nthreads()) < self._count:
            if time.monotonic() > end or self._processes.lost:
                cure = "look whether this machine has the memory for them, or take fewer"
                origin = Argument("workers", self._count)
                raise InputError("they do not start", origin=origin, cure=cure)
            time.sleep(0.02)


def _first(tasks: Iterator[T], count: int) -> Iterator[T]:
    """The next tasks, one at a time."""
    for _ in range(count):
        try:
            yield next(tasks)
        except StopIteration:
            return


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of Dask's own on stderr: what matters is an error of ours."""
    logger = logging.getLogger("distributed")
    old = [(handler, handler.level) for handler in logger.handlers]
    for handler, _ in old:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for handler, level in old:
            handler.setLevel(level)
