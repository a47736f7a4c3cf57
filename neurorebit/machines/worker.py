"""A worker of this machine, as a process of its own: it ends with the process that started it.

    python -m neurorebit.machines.worker ADDRESS NAME

Its standard input is a pipe from that process, which the system closes however that one ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading

import dask
from distributed import Worker

SETTINGS = {  # of Dask in a worker: no page, no sampling of stacks, no limits of memory of its own
    "distributed.worker.profile.enabled": False,
    "distributed.worker.http.routes": [],
    "distributed.admin.system-monitor.gil.enabled": False,
}


def main(address: str, name: str) -> None:
    """Do tasks until the scheduler or the process that started this one ends."""
    logging.getLogger("distributed").handlers.clear()  # what goes wrong is said by the client
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with dask.config.set(SETTINGS):
        asyncio.run(_work(address, name))


async def _work(address: str, name: str) -> None:
    options = {"name": name, "nthreads": 1, "memory_limit": 0, "dashboard": False}
    async with Worker(address, host="127.0.0.1", **options) as worker:
        await worker.finished()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)  # at once: threads of tasks would go on


if __name__ == "__main__":
    main(*sys.argv[1:])
