"""Threads that share the jobs of a step, and memory that steps use again.

Jobs are cut by the shapes of the data, never by the number of threads. Each job owns its outputs,
or returns a part that is added in the order of the jobs, so that any number of threads gives the
same bits.
"""

from __future__ import annotations

import itertools
import math
import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from threadpoolctl import ThreadpoolController

Array = NDArray[Any]
T = TypeVar("T")

SHARED = 1 << 20  # multiplications from which several threads pay off
ALONE = 200  # runs without our own threads, after which those of the BLAS may stay awake


def quiet() -> np.errstate:
    """No warnings of overflow: the loss shows it, and ends the run."""
    return np.errstate(over="ignore", invalid="ignore")


def spans(total: int, size: int) -> list[tuple[int, int]]:
    """0..total in pieces of ``size``, the last one shorter."""
    return [(start, min(start + size, total)) for start in range(0, total, size)]


def shares(total: int, size: int) -> list[tuple[int, int]]:
    """0..total in equal pieces of at most ``size``: one, or four or eight … for few threads."""
    count = -(-total // size)
    return spans(total, -(-total // (-(-count // 4) * 4 if count > 1 else 1)))


class _Batch:
    """Numbered jobs that any thread may take; the results stay in their order."""

    def __init__(self, job: Callable[[int], Any], count: int) -> None:
        self.job = job
        self.count = count
        self.results: list[Any] = [None] * count
        self.error: BaseException | None = None
        self.done = threading.Lock()  # held until the last job is
        self.done.acquire()
        self._next, self._finished = itertools.count(), itertools.count(1)

    def work(self) -> None:
        while (i := next(self._next)) < self.count:
            try:
                if self.error is None:
                    self.results[i] = self.job(i)
            except BaseException as error:
                self.error = error
            if next(self._finished) == self.count:
                self.done.release()


class _Own(threading.local):
    """The buffers of one thread."""

    def __init__(self) -> None:
        self.buffers: dict[Any, Array] = {}


class Workers:
    """A few threads. The caller of ``run`` works too, so that for one thread none is started.

    As a context it silences warnings of overflow, which the loss shows.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._tasks: SimpleQueue[_Batch | None] = SimpleQueue()
        self._own = _Own()
        self._quiet = quiet()
        self._alone = 0  # runs since our own threads last worked
        self._blas = ThreadpoolController().select(user_api="blas").lib_controllers
        self._helpers = [threading.Thread(target=self._serve) for _ in range(threads - 1)]
        for helper in self._helpers:
            helper.daemon = True
            helper.start()

    def __enter__(self) -> Self:
        self._quiet.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._quiet.__exit__(kind, value, trace)
        for _ in self._helpers:
            self._tasks.put(None)
        for helper in self._helpers:
            helper.join()

    def _serve(self) -> None:
        with quiet():
            while (batch := self._tasks.get()) is not None:
                batch.work()

    def run(self, job: Callable[[int], T], count: int, macs: int = 0) -> list[T]:
        """``[job(0), job(1), …]``; an exception of a job is raised here, once all jobs have ended.

        ``macs``: multiplications that threads of the BLAS may share without a change of bits. They
        do so where jobs stay single, as in a small network: they wait awake for the next product,
        while our threads would have to be woken.
        """
        helpers = min(self.threads, count) - 1
        if helpers < 1:
            self._alone += 1
            shared = macs >= SHARED and self._alone > ALONE
            if shared:
                self._blas_threads(self.threads)
            try:
                return [job(i) for i in range(count)]
            finally:
                if shared:
                    self._blas_threads(1)
        self._alone = 0
        batch = _Batch(job, count)
        for _ in range(helpers):
            self._tasks.put(batch)
        batch.work()
        batch.done.acquire()  # a helper that wakes up too late is not waited for
        if batch.error is not None:
            raise batch.error
        return batch.results

    def _blas_threads(self, threads: int) -> None:
        for library in self._blas:
            library.set_num_threads(threads)

    def scratch(self, name: str, shape: Sequence[int], dtype: DTypeLike) -> Array:
        """The calling thread's buffer of that name, with undefined content."""
        buffers, key, size = self._own.buffers, (name, dtype), math.prod(shape)
        buffer = buffers.get(key)
        if buffer is None or buffer.size < size:
            buffer = buffers[key] = np.empty(size, dtype)
        return buffer[:size].reshape(shape)


class Workspace:
    """Large arrays that are used again as soon as nobody holds them."""

    def __init__(self) -> None:
        self._free: list[Array] = []  # smallest first
        self._holders: dict[int, int] = {}

    def take(self, shape: Sequence[int], dtype: DTypeLike) -> Array:
        """An array with undefined content, which the caller holds once."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        i = bisect_left(self._free, size, key=len)
        fits = i < len(self._free)
        buffer = self._free.pop(i) if fits else np.empty(max(size, 1), np.uint8)
        self._holders[id(buffer)] = 1
        return buffer[:size].view(dtype).reshape(shape)

    def hold(self, array: Array) -> None:
        """Count one more holder of an array that was taken here."""
        if (key := id(array.base)) in self._holders:
            self._holders[key] += 1

    def drop(self, array: Array) -> None:
        """Count one holder less; arrays from elsewhere, such as images, are left alone."""
        key = id(array.base)
        if key not in self._holders:
            return
        self._holders[key] -= 1
        if self._holders[key] == 0:
            del self._holders[key]
            assert isinstance(array.base, np.ndarray)
            insort(self._free, array.base, key=len)
