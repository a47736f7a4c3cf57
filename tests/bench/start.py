"""Seconds from the command to the first training step, in a new process.

python tests/bench/start.py [--repeats 5] [--data DIR] [NETWORK …]

The command is ``neurorebit run NETWORK``, of vgg11 and mlp if no other is named. A first process
compiles what the cache does not hold yet; then medians: until the first step begins, and until it
is done. The process ends there.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time

from estimate import machine
from tabulate import tabulate

COMMAND = """
import os, sys, time
os.environ["NEUROREBIT_STORE"] = "none"
from neurorebit import __main__
from neurorebit.commands import progress

def told(self, step):
    print(time.time(), step.done / step.rate, flush=True)
    os._exit(0)

progress.Lines.__call__ = told  # after each step, with the images and their rate so far
__main__.main(sys.argv[1:])
"""


def started(network, options):
    """When the first step began and when it was done, in seconds after the command."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-c", COMMAND, "run", network, "--out", folder, *options]
        start = time.time()
        done = subprocess.run(words, check=True, capture_output=True, text=True)
        end, taken = (float(word) for word in done.stdout.split())
    return end - start - taken, end - start


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", metavar="NETWORK", nargs="*", default=["vgg11", "mlp"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--data", metavar="DIR", help="where CIFAR-10 is")
    options = parser.parse_args()
    rows = []
    for network in options.networks:
        turns = [
            started(network, ["--data", options.data] if options.data else [])
            for _ in range(options.repeats + 1)
        ]
        medians = [statistics.median(column) for column in zip(*turns[1:], strict=True)]
        rows.append([network, turns[0][0], *medians])
    print(machine())
    heads = ["network", "first process, s", "step begins, s", "step done, s"]
    print(tabulate(rows, heads, floatfmt=".2f"))


if __name__ == "__main__":
    main()
