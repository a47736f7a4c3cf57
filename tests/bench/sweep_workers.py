"""The rate of a sweep in files by two workers, against twice that of one.

Both kinds take turns on the same designs in one run, each with its own folder; the medians of
their ratios count. Rates are by the clock, and by the processor time of the workers, which other
load of the machine moves less. With ``--designs`` of millions the memory is of interest: the
largest resident set of client and workers, sampled while they work.

    python tests/bench/sweep_workers.py                     # 4 rounds of 400,000 designs
    python tests/bench/sweep_workers.py --designs 10_000_000 --rounds 1 --only 2
"""

import argparse
import math
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from neurorebit.machines.cluster import Local
from neurorebit.studies.partitions import partitioned
from neurorebit.studies.sweep import question

NETWORK = "mlp"
WARM = 2  # parts of a first sweep for each worker, which loads and caches what all need


def asked(designs):
    """So many designs, or some more, of numbers that move every part of the chip."""
    side = max(2, math.ceil((designs / 3) ** (1 / 3)))
    return question(
        NETWORK,
        {
            "technology.temperature": np.linspace(300.0, 390.0, side),
            "technology.vdd": np.linspace(0.85, 1.0, side),
            "device.r_on": np.linspace(5e4, 2e5, side),
            "architecture.apim.adc_bits": [4, 5, 6],
        },
    )


class Memory(threading.Thread):
    """The largest resident set of this process and of its workers [bytes]."""

    def __init__(self, workers):
        super().__init__(daemon=True)
        self._all = [psutil.Process(), *map(psutil.Process, workers)]
        self.most = [0] * len(self._all)
        self._ended = threading.Event()

    def run(self):
        while not self._ended.wait(0.2):
            self.most = [
                max(most, one.memory_info().rss)
                for most, one in zip(self.most, self._all, strict=True)
            ]

    def __exit__(self, *problem):
        self._ended.set()
        self.join()

    def __enter__(self):
        self.start()
        return self


def spent(pids):
    """Processor time of processes [s]."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(one.user + one.system for one in times)


def swept(machines, wanted, place):
    """Designs a second by the clock, and by a second of a worker's processor time; memory."""
    before, begun = spent(machines.pids), time.monotonic()
    with Memory(machines.pids) as memory:
        found = partitioned(wanted, place, machines)
    seconds, used = time.monotonic() - begun, spent(machines.pids) - before
    size = sum(path.stat().st_size for path in place.iterdir())
    shutil.rmtree(place)
    count = len(found)
    return count / seconds, count / used, memory.most, size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--designs", type=lambda text: int(text.replace("_", "")), default=400_000)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--only", type=int, choices=(1, 2), help="workers, to time nothing else")
    parser.add_argument("--place", type=Path, help="of the files (a temporary folder)")
    given = parser.parse_args()
    wanted, first = asked(given.designs), asked(100_000)
    print(f"{wanted.count:,} designs of {NETWORK}")
    kinds = [given.only] if given.only else [1, 2]
    rates, used = {1: [], 2: []}, {1: [], 2: []}
    with tempfile.TemporaryDirectory(dir=given.place) as scratch, Local(1) as one, Local(2) as two:
        by = {1: one, 2: two}
        for workers in kinds:
            for _ in range(WARM):
                swept(by[workers], first, Path(scratch, "warm"))
        for turn in range(given.rounds):
            for workers in kinds if turn % 2 == 0 else kinds[::-1]:
                rate, of_time, memory, size = swept(by[workers], wanted, Path(scratch, "sweep"))
                rates[workers].append(rate)
                used[workers].append(of_time)
                shown = ", ".join(f"{most / 2**20:.0f}" for most in memory)
                print(
                    f"{workers} workers: {rate:9,.0f} designs/s, {of_time:9,.0f} a second of "
                    f"processor time; client and workers {shown} MiB; {size / 1e6:,.0f} MB"
                )
    if not given.only:
        ratios = [b / (2 * a) for a, b in zip(rates[1], rates[2], strict=True)]
        times = [b / a for a, b in zip(used[1], used[2], strict=True)]
        print(f"two workers against twice one: {statistics.median(ratios):.3f} by the clock,")
        print(f"{statistics.median(times):.3f} by processor time (medians of {given.rounds})")


if __name__ == "__main__":
    main()
