"""``neurorebit evaluate``."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from neurorebit.commands import options, progress

EXAMPLES = (
    "neurorebit evaluate lenet5 --weights-from lenet5.npz --draws 10",
    "neurorebit evaluate net.yaml --weights-from model.pt --architecture inference_reram",
    "neurorebit evaluate lenet5 --weights-from lenet5.npz --device mine.yaml --rest 1h,30d",
)
UNITS = {"min": 60.0, "h": 3600.0, "d": 86400.0, "y": 365.25 * 86400.0}  # and s


def times(text: str) -> tuple[float, ...]:
    """Times between commas, each with its unit: ``1h,30d`` [s]."""
    found = tuple(_time(word) for word in options.words(text))
    if not all(1.0 < time <= 100 * UNITS["y"] for time in found):
        raise argparse.ArgumentTypeError(
            f"cells drift from one second on, and for 100 years at most, got '{text}'"
        )
    return found


def _time(word: str) -> float:
    for unit, seconds in (*UNITS.items(), ("s", 1.0)):
        number = word.removesuffix(unit).strip()
        if number != word.strip():
            try:
                return float(number) * seconds
            except ValueError:
                break
    raise argparse.ArgumentTypeError(
        f"expected times with a unit of s, {', '.join(UNITS)}, as in 1h,30d, got '{word}'"
    )


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser)
    options.add_weights(parser, required=True)
    parser.add_argument(
        "--draws",
        metavar="N",
        type=options.whole(1, 10_000),
        default=5,
        help="chips that are tested where chance has a part (5)",
    )
    parser.add_argument(
        "--calibration",
        metavar="N",
        type=options.whole(1, options.LARGEST),
        default=512,
        help="training images that set the ranges of inputs and converters (512)",
    )
    parser.add_argument(
        "--rest",
        metavar="T,T",
        type=times,
        default=(),
        help="times after which the cells have drifted: 1h,30d",
    )
    parser.add_argument(
        "--wires", action="store_true", help="the arrays' wires have their resistance"
    )
    parser.add_argument(
        "--conversion",
        choices=("bit_serial", "fast"),
        default="bit_serial",
        help="each bit plane on its own, as chips convert, or their sum once (bit_serial)",
    )
    parser.add_argument("--recipe", metavar="R", help="a training recipe of the network file")
    options.add_place(parser, "reports/NETWORK_evaluated")
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Evaluate, and report."""
    from neurorebit.commands.words import command_line
    from neurorebit.studies.evaluate import Evaluation, evaluate

    more = ["--draws", str(asked.draws), "--calibration", str(asked.calibration)]
    more += ["--rest", ",".join(f"{time:g}s" for time in asked.rest)] if asked.rest else []
    more += ["--wires"] if asked.wires else []
    more += ["--conversion", asked.conversion] if asked.conversion != "bit_serial" else []
    request = options.evaluated(
        asked, spell=lambda request: command_line(request, "evaluate", more)
    )
    say = progress.nothing if asked.quiet else progress.say
    evaluation = Evaluation(
        request=request,
        draws=asked.draws,
        calibration=asked.calibration,
        rest=asked.rest,
        conversion=asked.conversion,
        wires=asked.wires,
    )
    with nullcontext() if asked.quiet else progress.Tests() as shown:
        outcome = evaluate(evaluation, say, shown)
    asked.record.report(outcome.report, outcome.folder, outcome.files)
    if not asked.quiet:
        print((outcome.folder / "report.txt").read_text(encoding="utf-8").rstrip())
    print(f"written to {outcome.folder}: {', '.join(outcome.files)}")
    return 0
