"""What recording a run costs: commands with a store and without one, in turn.

    python tests/bench/record.py [COUNT] [STORE]

Prints the medians, their ratio, and what one record takes. STORE says on which disk.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from neurorebit.store import file, rows, select

WORDS = ["run", "vgg11", "--no-train", "--quiet", "--out", "out"]


def took(words: list[str], folder: str) -> float:
    """The time of a command in a process of its own [s]."""
    begin = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "neurorebit", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - begin


def main() -> int:
    """Measure, and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        store = Path(sys.argv[2] if len(sys.argv) > 2 else Path(folder, "runs.sqlite")).absolute()
        with_store, without = [], []
        for _ in range(count):
            with_store.append(took([*WORDS, "--store", str(store)], folder))
            without.append(took([*WORDS, "--no-store"], folder))
        (run,) = select.find(store, select.Filter(last=1))
        each = []
        for _ in range(count):
            begin = time.perf_counter()
            with file.writing(store) as opened:
                rows.save(opened, run)
            each.append(time.perf_counter() - begin)
    first, second = statistics.median(with_store), statistics.median(without)
    print(f"with a store {first:.3f} s, without {second:.3f} s: ratio {first / second:.3f}")
    print(f"one record {1e3 * statistics.median(each):.1f} ms, of which a run has two")
    return 0


if __name__ == "__main__":
    sys.exit(main())
