"""The command line: which command is asked for, and the exit code where it fails."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from neurorebit import __version__
from neurorebit.commands import DEBUG, FAULT, INTERRUPTED, WRONG
from neurorebit.commands.progress import say
from neurorebit.commands.recording import Recording

if TYPE_CHECKING:  # at run time where Ctrl-C is caught: NumPy takes a while to import
    from neurorebit.commands.options import Parser

SHOWN = 200  # characters of a fault

COMMANDS = {  # each is a file in commands/
    "run": "train a network and report what its chip costs",
    "evaluate": "test a trained network on a chip's arrays, step by step less ideal",
    "schemes": "train a network by many schemes, and lay them side by side",
    "sweep": "estimate the chips of a grid of designs",
    "search": "find the best designs of a space by trying few of them",
    "map": "find the best copies, cuts and places of a network's layers on a chip",
    "nodes": "estimate the chip in every CMOS node",
    "corners": "estimate the chip at corners of temperature and supply",
    "rebill": "bill recorded runs anew, with the models of this version",
    "compare": "say what two runs differ in, and by how much",
    "runs": "list, compare, repeat and forget recorded runs",
    "view": "show the pages of runs in a browser on this machine",
    "list": "list networks, devices, technologies, architectures, schemes and data sets",
    "show": "print a technology, device, network or architecture",
    "import": "write an ONNX file or a layer table as a network file to edit",
    "validate": "hold circuits, chips and macros against reference records and silicon",
    "macro": "say what a compute-in-memory macro costs at its operating points",
    "fit": "make a device file of measured pulse trains",
    "activity": "make an activity file of recorded trainings, for estimates without one",
    "data": "data sets",
    "completion": "print what a shell needs to complete commands and options",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    record = Recording()
    try:
        if arguments is None:
            from neurorebit.commands import streams

            streams.prepare()
        code, message = _run(words, record)
    except KeyboardInterrupt as stop:
        checkpoint = getattr(stop, "checkpoint", None)
        more = f"; --resume goes on from {checkpoint}" if checkpoint else ""
        code, message = INTERRUPTED, f"interrupted; no report was written{more}"
    except BaseException as problem:
        record.end(FAULT, f"{type(problem).__name__}: {problem}")
        raise
    if message:
        say(message)
    with suppress(KeyboardInterrupt):  # somebody is in a hurry
        record.end(code, message)
    return code


def _run(words: list[str], record: Recording) -> tuple[int, str]:
    """Run a command; its exit code, and the line that says what is wrong."""
    from neurorebit.commands import streams
    from neurorebit.commands.words import spell
    from neurorebit.schema import InfeasibleError, InputError
    from neurorebit.schema.errors import shortened

    try:
        streams.check(words)
        try:
            given = argparse.Namespace(words=words, record=record)
            asked = parser_of(words).parse_args(words, given)
            record.begin(asked)
            code: int = asked.main(asked)
        finally:
            sys.stdout.flush()
    except (InputError, InfeasibleError) as problem:
        return WRONG, problem.text(spell)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        streams.drop_stdout()
        return 0, ""
    except OSError as problem:
        streams.drop_stdout()
        place = problem.filename or "the output"
        text = f"{place}: {problem.strerror or problem}; make room, or write to another place"
        return WRONG, text
    except MemoryError:
        cure = "take fewer designs or images, or smaller layers"
        return WRONG, f"there is not enough memory for this; {cure}"
    except Exception as problem:
        if os.environ.get(DEBUG):
            raise
        where = traceback.extract_tb(problem.__traceback__)[-1]
        what = f"{type(problem).__name__}: {shortened(str(problem), SHOWN)}"
        place = f"{os.path.basename(where.filename)}:{where.lineno}"
        text = f"a fault of neurorebit, please report it ({what}, at {place})"
        return FAULT, f"{text}; {DEBUG}=1 shows more"
    return code, ""


def parser_of(words: list[str]) -> Parser:
    """The parser of the command line, with the options of the command that is among the words."""
    from neurorebit.commands.options import Parser, add_command

    parser = Parser(
        prog="neurorebit",
        description="What does it cost to train a network inside ReRAM and SRAM arrays, and does "
        "it still learn?",
        epilog="Exit codes: 0 done, 1 results differ, a bound is broken or training diverged, 2 a "
        "file or an option is wrong, 3 stopped by --stop-after, 70 a fault of neurorebit, "
        "130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"neurorebit {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        made = add_command(commands, name, summary)
        if name in words:  # the others need not be loaded
            command = import_module(f"neurorebit.commands.{name}")
            command.add_options(made)
            made.epilog = "\n  ".join(("examples:", *command.EXAMPLES))
            made.set_defaults(main=command.main, called=name, again=main, parser_of=parser_of)
    return parser


if __name__ == "__main__":
    sys.exit(main())
