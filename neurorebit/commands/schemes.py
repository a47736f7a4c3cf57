"""``neurorebit schemes``."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from neurorebit.commands import FAILED, INTERRUPTED, options, progress, workers
from neurorebit.schema import InputError
from neurorebit.studies.scheme_rows import choices
from neurorebit.studies.schemes import schemes, suited

EXAMPLES = (
    "neurorebit schemes mlp --epochs 3",
    f"neurorebit schemes vgg11 --schemes {','.join(list(choices())[:3])} --seeds 3 --out three",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser, architecture=False)
    parser.add_argument(
        "--schemes",
        metavar="S,S",
        type=options.words,
        default=[],
        help=f"which (all that train the network): {', '.join(choices())}",
    )
    parser.add_argument(
        "--seeds",
        metavar="N",
        type=options.whole(1, 1000),
        default=1,
        help="runs of each scheme (1)",
    )
    parser.add_argument(
        "--reach",
        metavar="X,X",
        type=options.percents,
        default=[],
        help="test accuracies [%%] to which energy and writes are summed up (90, 95 and 98 %% of "
        "the best)",
    )
    options.add_training(parser, "reports/schemes_NETWORK")
    workers.add_workers(parser)
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Train by each scheme, and lay them side by side."""
    from neurorebit.commands.words import command_line

    if asked.seed + asked.seeds - 1 > options.SEEDS:
        raise InputError(
            f"--seed {asked.seed} --seeds {asked.seeds}: the last seed passes {options.SEEDS}",
            cure="take a smaller first seed",
        )
    request = options.request(asked)
    said = progress.nothing if asked.quiet else progress.say
    names = asked.schemes or suited(request, said)
    more = ["--schemes", ",".join(names), "--seeds", str(asked.seeds)]
    if asked.reach:
        more += ["--reach", ",".join(f"{100.0 * one:g}" for one in asked.reach)]
    command = command_line(request, "schemes", more)
    with workers.executor(asked) as machines:
        table = schemes(
            request,
            names,
            asked.seeds,
            say=said,
            progress=nullcontext if asked.quiet else progress.training,
            command=command,
            machines=machines,
            reach=asked.reach,
        )
    asked.record.schemes(table.rows, table.folder, table.files)
    if not asked.quiet:
        print(f"{table.text}\n")
    print(f"written to {table.folder}: schemes.txt, .html, .csv and .png, and a report of each run")
    if table.unfinished:
        progress.say(options.to_go_on(asked))
        return INTERRUPTED
    return FAILED if table.diverged else 0
