"""``python -m validation.faults``."""

from __future__ import annotations

import argparse
import os
import sys

from validation.faults import inputs, kills, machines, store
from validation.faults.drill import Found


def main() -> int:
    """Run one of them, and print its counts; 1 where something did not end as it should."""
    parser = argparse.ArgumentParser(prog="python -m validation.faults")
    parser.add_argument("what", choices=("inputs", "kills", "machines", "store"))
    parser.add_argument(
        "--count", type=int, help="inputs (10,000), or kills (60; of machines 20 each)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--last", type=float, default=kills.LAST, help="seconds after which a training is killed"
    )
    asked = parser.parse_args()
    os.environ["NEUROREBIT_STORE"] = "none"  # no drill writes to the store of whoever runs it
    found: inputs.Found | kills.Found | Found
    if asked.what == "inputs":
        found = inputs.run(asked.count or 10_000, asked.seed)
    elif asked.what == "machines":
        found = machines.run(asked.count or 20, asked.seed)
    elif asked.what == "store":
        found = store.run(asked.count or 60, asked.seed)
    else:
        found = kills.run(asked.count or 60, asked.seed, asked.last)
    for line in found.lines():
        print(line)
    return 0 if found.sound else 1


if __name__ == "__main__":
    sys.exit(main())
