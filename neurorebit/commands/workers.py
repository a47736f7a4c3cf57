"""The options that say where the work of a command is done."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from neurorebit.commands import options

if TYPE_CHECKING:
    from neurorebit.machines.tasks import Executor

MOST = 1024  # workers of one machine


def add_workers(parser: options.Parser) -> None:
    """The number of workers beside this process, or the scheduler whose workers do the work."""
    parser.add_argument(
        "--workers",
        metavar="N",
        type=options.whole(1, MOST),
        help="do the work in N processes of this machine (1: in this one)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="do it on the workers of a Dask scheduler, as in tcp://host:8786; whoever reaches "
        "that address can run code on them",
    )


def executor(asked: argparse.Namespace) -> Executor:
    """What does the work, not started yet."""
    from neurorebit.machines.executor import executor

    return executor(asked.workers, asked.scheduler)
