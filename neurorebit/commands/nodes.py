"""``neurorebit nodes``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurorebit.commands import options

EXAMPLES = (
    "neurorebit nodes vgg11",
    "neurorebit nodes vgg11 --technology 32nm,22nm,7nm --out nodes.csv",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser, technology=False)
    parser.add_argument(
        "--technology",
        metavar="T,T",
        type=options.words,
        default=[],
        help="the CMOS nodes (all that are shipped)",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write the table to a .csv or .parquet file"
    )
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Estimate the chip in each node."""
    from neurorebit.results.writers import sweep_file
    from neurorebit.studies import technologies

    if asked.out is not None:
        sweep_file.claim(asked.out)
    found = technologies.nodes(
        asked.network,
        asked.technology,
        architecture=asked.architecture,
        device=asked.device,
        settings=options.settings(asked),
    )
    if not asked.quiet or asked.out is None:
        print(technologies.text(found.table))
    if asked.out is not None:
        sweep_file.write(found.table, asked.out)
        print("" if asked.quiet else "\n", end="")
        print(f"written to {asked.out}")
    asked.record.designs(found.table, asked.out)
    return 0
