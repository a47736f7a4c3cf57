"""What a part of a sweep costs beside its designs: in scheduler and client, and in the file system.

Processor times of one process, so that other load moves them little; the last lines are what
follows for many workers (docs/validation/machines.md has the formula).
"""

import functools
import os
import pickle
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from neurorebit.machines.cluster import Local
from neurorebit.results.summary import Summary
from neurorebit.results.writers.partitions import Place
from neurorebit.studies import grid
from neurorebit.studies.grid import tasks
from neurorebit.studies.sweep import kept, part, question

TASKS = 2000
PART = grid.A_TASK


def times(do, count):
    """The median processor time of a call [s]."""
    found = []
    for _ in range(count):
        begun = time.process_time()
        do()
        found.append(time.process_time() - begun)
    return statistics.median(found)


def first(summary, number):
    return summary


def main():
    axes = {
        "technology.vdd": np.linspace(0.85, 1.0, 64),
        "device.r_on": np.linspace(5e4, 2e5, 64),
        "technology.temperature": np.linspace(300.0, 390.0, 16),
    }
    wanted = question("mlp", axes)
    grid.MANY = 1
    (box,) = tasks(wanted.shape)
    part(wanted, next(tasks((1, 1, 16))))
    begun = time.process_time()
    table = kept(wanted).axes_of(box) | part(wanted, box)
    design = (time.process_time() - begun) / PART
    criteria = ("energy", "area")
    summary = Summary.of(table, 0, criteria)
    summarised = times(lambda: Summary.of(table, 0, criteria), 5)
    merged = times(lambda: Summary.merged((summary, summary)), 50)
    with tempfile.TemporaryDirectory() as scratch:
        place = Place(Path(scratch), PART)
        written = times(lambda: place.write(table, 0), 5)
        file = place.file(0, PART)
        size = file.stat().st_size

        def rename():
            file.with_suffix(".x").write_bytes(b"")
            os.replace(file.with_suffix(".x"), file)

        renamed = times(rename, 200)
    with Local(1) as machines:
        do = functools.partial(first, summary)
        for _ in machines.run(do, range(50)):
            pass
        begun = time.process_time()  # of scheduler and client, which share this process
        for _ in machines.run(do, range(TASKS)):
            pass
        task = (time.process_time() - begun) / TASKS
    print(f"a design                     {1e6 * design:8.1f} us of a worker")
    print(f"a part of {PART:,} designs    {design * PART:8.2f} s of a worker")
    print(f"  its summary                {1e3 * summarised:8.1f} ms of a worker")
    print(f"  its file                   {1e3 * written:8.1f} ms of a worker, {size / 1e6:.1f} MB")
    print(f"  its name                   {1e3 * renamed:8.3f} ms")
    print(f"  its task                   {1e3 * task:8.2f} ms of scheduler and client,")
    print(f"                             {len(pickle.dumps(summary)) / 1e3:8.1f} kB of result")
    print(f"  merging its summary        {1e3 * merged:8.2f} ms of the client")
    busy = design * PART + summarised + written
    for workers in (2, 16, 128, 1000):
        rate = workers / busy
        print(
            f"{workers:5} workers: {rate * PART:12,.0f} designs/s, {rate:7.2f} parts/s, "
            f"{100 * rate * (task + merged):5.1f} % of the client's processor, "
            f"{rate * size / 1e6:7.1f} MB/s of files"
        )
    print(f"the client is full at        {busy / (task + merged):8,.0f} workers")


if __name__ == "__main__":
    main()
