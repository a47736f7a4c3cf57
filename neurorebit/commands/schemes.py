"""``neurorebit schemes``."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from neurorebit.commands import FAILED, INTERRUPTED, options, progress


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser, architecture=False)
    parser.add_argument(
        "--schemes",
        metavar="S,S",
        type=options.words,
        default=[],
        help="which (all): real, quantized, hybrid, reram_mapped, reram, reram_3bit, "
        "mixed_precision, tiki_taka, manhattan",
    )
    parser.add_argument(
        "--seeds",
        metavar="N",
        type=options.whole(1, 1000),
        default=1,
        help="runs of each scheme (1)",
    )
    options.add_training(parser, "reports/schemes_NETWORK")


def main(asked: argparse.Namespace) -> int:
    """Train by each scheme, and lay them side by side."""
    from neurorebit.schemes import PLANS, schemes

    with ExitStack() as shown:

        def anew() -> progress.Bar | progress.Lines:
            shown.close()
            latest = progress.training()
            shown.enter_context(latest)
            return latest

        names = asked.schemes or list(PLANS)
        found = schemes(options.request(asked), names, asked.seeds, progress.say, anew)
    print(found.text)
    print(f"\nwritten to {found.folder}: schemes.txt, .csv and .png, and a report of each run")
    if found.interrupted:
        progress.say(options.to_go_on(asked))
        return INTERRUPTED
    return FAILED if found.diverged else 0
