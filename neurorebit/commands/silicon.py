"""``neurorebit validate --silicon``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from neurorebit.commands import FAILED, options

PNG = b"\x89PNG"  # how pictures begin
BEGIN = 100  # bytes of a file that say what it is
ALONE = ("points", "tolerance", "plot")  # options that go with --silicon alone


def add_options(parser: options.Parser) -> None:
    """What is held against silicon, and how narrowly."""
    parser.add_argument(
        "--silicon",
        action="store_true",
        help="hold macros against silicon; RECORDS are files or folders of macros",
    )
    parser.add_argument(
        "--points",
        metavar="FILE",
        type=Path,
        action="append",
        help="further points of a macro, over those of its record (with --silicon)",
    )
    parser.add_argument(
        "--tolerance",
        metavar="SHARE",
        type=float,
        help="mean deviation of energies at points that nothing was fitted on (0.1)",
    )
    parser.add_argument(
        "--plot", metavar="FILE", type=Path, help="a picture of ours over silicon's, as PNG"
    )


def refuse_options(asked: argparse.Namespace) -> None:
    """InputError where an option of macros is given without ``--silicon``."""
    from neurorebit.schema import Argument, InputError

    for name in ALONE:
        if getattr(asked, name) is not None:
            message = "is for macros that are held against silicon"
            raise InputError(message, origin=Argument(name), cure="give --silicon too")


def compared(asked: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """Print the comparison; its plain values, and the exit code."""
    from neurorebit.checking.silicon import against, frame, outcome, reader, text
    from neurorebit.schema import Argument, InputError

    if asked.reference is not None or asked.waterfall is not None:
        raise InputError("--silicon and the reference tool are two sources", cure="give one")
    tolerance = outcome.TOLERANCE if asked.tolerance is None else asked.tolerance
    if not 0.0 < tolerance < float("inf"):
        message = f"expected a share above zero, got {tolerance:g}"
        raise InputError(message, origin=Argument("tolerance", tolerance), cure="give 0.1, say")
    if asked.plot is not None:
        refuse_another(asked.plot, PNG, Argument("plot", asked.plot))
    records = reader.read_all(asked.records, asked.points or ())
    result = against.compare(records, tolerance)
    print(text.text(result))
    if asked.plot is not None:
        from neurorebit.checking.silicon import picture
        from neurorebit.results import folder

        folder.write(asked.plot.parent, {asked.plot.name: picture.parity(result)}, argument="plot")
    return frame.values(result), 0 if result.holds else FAILED


def refuse_another(path: Path, begins: bytes | tuple[bytes, ...], argument: Any) -> None:
    """InputError where an output would replace a file that begins otherwise, or has no folder."""
    from neurorebit.schema import InputError

    if not path.parent.is_dir():
        message = "cannot be written: its folder is missing"
        raise InputError(message, origin=argument, cure="name another file")
    try:
        with path.open("rb") as file:
            begin = file.read(BEGIN)
    except OSError:
        return  # there is none, or writing will tell
    if begin and not begin.replace(b" ", b"").replace(b"\n", b"").startswith(begins):
        message = "is there, and is no outcome of this command"
        raise InputError(message, origin=argument, cure="name another file")
