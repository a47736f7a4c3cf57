"""``neurorebit run``."""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from neurorebit.commands import FAILED, INTERRUPTED, UNFINISHED, options, progress
from neurorebit.schema import InputError
from neurorebit.schemes.table import SCHEMES

if TYPE_CHECKING:
    from neurorebit.studies.run import Outcome

NEVER = float("inf")

EXAMPLES = (
    "neurorebit run vgg11 --no-train",
    "neurorebit run mlp --epochs 3 --out first",
    "neurorebit run vgg11 --no-train --technology 22nm --set architecture.apim.adc_bits=6",
    "neurorebit run vgg11 --no-train --settings mine.yaml",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser)
    parser.add_argument(
        "--scheme",
        metavar="S",
        help=f"how weights are held and learn: {', '.join(SCHEMES)} (the architecture's)",
    )
    parser.add_argument(
        "--no-train", action="store_true", help="estimate only, with assumed activity"
    )
    parser.add_argument(
        "--pictures",
        action="store_true",
        help="draw energy.png and area.png of an estimate, too, which takes longer than it does",
    )
    options.add_training(parser, "reports/NETWORK")
    options.add_weights(parser)
    parser.add_argument(
        "--save-weights",
        metavar="FILE",
        type=Path,
        help="a .npz or .safetensors that gets what was learned: weights, norms, levels, "
        "conductances",
    )
    options.add_quiet(parser)
    options.add_store(parser)
    parser.add_argument(
        "--checkpoint",
        metavar="DIR",
        type=options.folder,
        help="where the checkpoints go (as --out)",
    )
    parser.add_argument(
        "--stop-after",
        metavar="S",
        type=options.from_zero("a number of seconds"),
        default=NEVER,
        help="seconds after which the training ends at a checkpoint; exit 3",
    )


def main(asked: argparse.Namespace) -> int:
    """Train, estimate and report."""
    from neurorebit.studies.run import run

    if asked.no_train:
        for option in (
            "--data",
            "--resume",
            "--checkpoint",
            "--stop-after",
            "--weights-from",
            "--save-weights",
        ):
            if getattr(asked, option[2:].replace("-", "_")) not in (None, False, NEVER):
                origin = f"{option} and --no-train"
                raise InputError("nothing is trained", origin=origin, cure="drop one of them")
    request = options.request(
        asked,
        architecture=asked.architecture,
        train=not asked.no_train,
        checkpoint=asked.checkpoint,
        stop_after=asked.stop_after,
        pictures=asked.pictures,
        weights_from=asked.weights_from,
        save_weights=asked.save_weights,
    )
    say = progress.nothing if asked.quiet else progress.say
    with nullcontext() if asked.quiet else progress.training() as shown:
        outcome = run(request, say, shown)
    asked.record.report(outcome.report, outcome.folder, outcome.files)
    if not asked.quiet:
        print(_shown(outcome))
    written = f"written to {outcome.folder}: {', '.join(outcome.files)}"
    if outcome.interrupted or outcome.out_of_time:
        word = "interrupted" if outcome.interrupted else "stopped"
        progress.say(options.to_go_on(asked))
        progress.say(f"{word}; what was reached is {written}")
        return INTERRUPTED if outcome.interrupted else UNFINISHED
    print(written)
    return FAILED if outcome.diverged else 0


def _shown(outcome: Outcome) -> str:
    """The report as its file has it, or as wide as the terminal that reads it."""
    if sys.stdout.isatty():
        from neurorebit.results.writers import layout, text

        with layout.page(shutil.get_terminal_size().columns):
            return text.write(outcome.report).rstrip()
    return (outcome.folder / "report.txt").read_text(encoding="utf-8").rstrip()
