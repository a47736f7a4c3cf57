"""``python -m validation.faults``."""

from __future__ import annotations

import argparse
import sys

from validation.faults import inputs, kills


def main() -> int:
    """Run one of the two, and print its counts; 1 where something did not end as it should."""
    parser = argparse.ArgumentParser(prog="python -m validation.faults")
    parser.add_argument("what", choices=("inputs", "kills"))
    parser.add_argument("--count", type=int, help="inputs (10,000) or kills (60)")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    found: inputs.Found | kills.Found
    if asked.what == "inputs":
        found = inputs.run(asked.count or 10_000, asked.seed)
    else:
        found = kills.run(asked.count or 60, asked.seed)
    for line in found.lines():
        print(line)
    return 0 if found.sound else 1


if __name__ == "__main__":
    sys.exit(main())
