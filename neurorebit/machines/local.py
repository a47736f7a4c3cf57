"""The worker processes of this machine: started, started again where one dies, and ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Mapping

WATCH = 0.2  # seconds between looks at the processes
FEW = 20  # restarts of a worker, after which it is left alone


class Processes:
    """Worker processes of a scheduler, each restarted where it ends by itself."""

    def __init__(self, address: str, count: int, threads: int) -> None:
        self._address = address
        self._threads = threads
        self._running = {f"worker-{i}": self._started(f"worker-{i}") for i in range(count)}
        self._restarts = dict.fromkeys(self._running, 0)
        self._closing = threading.Event()
        self._watch = threading.Thread(target=self._restart_dead, daemon=True)
        self._watch.start()

    @property
    def pids(self) -> list[int]:
        """The number of each process."""
        return [process.pid for process in self._running.values()]

    @property
    def lost(self) -> bool:
        """Whether all are dead and none is started again."""
        return all(
            process.poll() is not None and self._restarts[name] >= FEW
            for name, process in self._running.items()
        )

    def close(self) -> None:
        """End all of them."""
        self._closing.set()
        self._watch.join()
        for process in self._running.values():
            if process.stdin is not None:
                process.stdin.close()  # they end with it
        for process in self._running.values():
            try:
                process.wait(5.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _started(self, name: str) -> subprocess.Popen[bytes]:
        """A new worker: in a session of its own, so that Ctrl-C is the client's alone."""
        return subprocess.Popen(
            [sys.executable, "-m", "neurorebit.machines.worker", self._address, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(self._threads),
            start_new_session=True,
        )

    def _restart_dead(self) -> None:
        while not self._closing.wait(WATCH):
            for name, process in self._running.items():
                if process.poll() is not None and self._restarts[name] < FEW:
                    if process.stdin is not None:
                        process.stdin.close()
                    self._restarts[name] += 1
                    self._running[name] = self._started(name)


def environment(threads: int) -> Mapping[str, str]:
    """The environment of a worker: this process's modules, and its share of the processors."""
    count = str(threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    found = [os.path.abspath(place) for place in sys.path]
    paths = os.pathsep.join(dict.fromkeys(found))
    return {**os.environ, **dict.fromkeys(names, count), "PYTHONPATH": paths}
