"""The command line: which command is asked for, and the exit code where it fails."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from neurorebit import __version__
from neurorebit.commands import INTERRUPTED, WRONG
from neurorebit.commands.progress import say

if TYPE_CHECKING:  # at run time where Ctrl-C is caught: NumPy takes a while to import
    from neurorebit.commands.options import Parser

COMMANDS = {  # each is a file in commands/
    "run": "train a network and report what its chip costs",
    "schemes": "train a network by many schemes, and lay them side by side",
    "sweep": "estimate the chips of a grid of designs",
    "nodes": "estimate the chip in every CMOS node",
    "rebill": "bill recorded runs anew, with the models of this version",
    "compare": "say what two runs differ in, and by how much",
    "show": "print a technology, device, network or architecture",
    "validate": "hold circuits and chips against reference records",
    "fit": "make a device file of measured pulse trains",
    "data": "data sets",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(words)
    except KeyboardInterrupt as stop:
        checkpoint = getattr(stop, "checkpoint", None)
        more = f"; --resume goes on from {checkpoint}" if checkpoint else ""
        say(f"interrupted; no report was written{more}")
        return INTERRUPTED


def _run(words: list[str]) -> int:
    from neurorebit.commands.words import spell
    from neurorebit.schema import InfeasibleError, InputError

    try:
        asked = _parser(words).parse_args(words, argparse.Namespace(words=words))
        code: int = asked.main(asked)
        sys.stdout.flush()
    except (InputError, InfeasibleError) as problem:
        say(problem.text(spell))
        return WRONG
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser(words: list[str]) -> Parser:
    from neurorebit.commands.options import Parser, add_command

    parser = Parser(
        prog="neurorebit",
        description="What does it cost to train a network inside ReRAM and SRAM arrays, and does "
        "it still learn?",
        epilog="Exit codes: 0 done, 1 results differ, a bound is broken or training diverged, 2 a "
        "file or an option is wrong, 3 stopped by --stop-after, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"neurorebit {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        made = add_command(commands, name, summary)
        if name in words:  # the others need not be loaded
            command = import_module(f"neurorebit.commands.{name}")
            command.add_options(made)
            made.set_defaults(main=command.main)
    return parser


if __name__ == "__main__":
    sys.exit(main())
