"""The threads of the kernels beside those of PyTorch, and the BLAS of NumPy while they work."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

from neurorebit.training.parts.workers import Workers, quiet


@cache
def _workers(threads: int, process: int) -> Workers:
    """Threads that all models of a process share; a process that was forked has its own."""
    return Workers(threads)


@cache
def _blas(process: int) -> list[Any]:
    """The BLAS that NumPy calls; PyTorch's own is left as it is."""
    found = ThreadpoolController().select(internal_api="openblas").lib_controllers
    return list(found)


def workers(threads: int) -> Workers:
    """So many threads, the caller among them."""
    return _workers(threads, os.getpid())


@contextmanager
def working() -> Iterator[None]:
    """Kernels run: jobs call the BLAS with one thread each, and overflow shows in the loss."""
    libraries = _blas(os.getpid())
    before = [library.get_num_threads() for library in libraries]
    for library in libraries:
        library.set_num_threads(1)
    try:
        with quiet():
            yield
    finally:
        for library, threads in zip(libraries, before, strict=True):
            library.set_num_threads(threads)
