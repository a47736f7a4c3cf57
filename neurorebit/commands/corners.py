"""``neurorebit corners``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurorebit.commands import options

EXAMPLES = (
    "neurorebit corners vgg11",
    "neurorebit corners vgg8 --technology 22nm_hp --supplies 0.8,1,1.2 --out corners.csv",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser)
    parser.add_argument(
        "--temperatures",
        metavar="K,K",
        type=options.words,
        default=["300", "350", "400"],
        help="in kelvin (300,350,400)",
    )
    parser.add_argument(
        "--supplies",
        metavar="S,S",
        type=options.words,
        default=["0.9", "1", "1.1"],
        help="over the chip's supply (0.9,1,1.1)",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write the table to a .csv or .parquet file"
    )
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Estimate the chip at each corner."""
    from neurorebit.results.writers import sweep_file
    from neurorebit.studies import corners

    temperatures = _numbers("temperatures", asked.temperatures)
    supplies = _numbers("supplies", asked.supplies)
    if asked.out is not None:
        sweep_file.claim(asked.out)
    found = corners.corners(
        asked.network,
        architecture=asked.architecture,
        technology=asked.technology,
        device=asked.device,
        settings=options.settings(asked),
        temperatures=temperatures,
        supplies=supplies,
    )
    if not asked.quiet or asked.out is None:
        print(corners.text(found.table))
    if asked.out is not None:
        sweep_file.write(found.table, asked.out)
        print("" if asked.quiet else "\n", end="")
        print(f"written to {asked.out}")
    asked.record.designs(found.table, asked.out)
    return 0


def _numbers(option: str, words: list[str]) -> list[float]:
    from neurorebit.schema import Argument, InputError

    found = []
    for word in words:
        try:
            found.append(float(word))
        except ValueError:
            cure = "write plain numbers, with commas between them"
            message = "expected a number"
            raise InputError(
                message, origin=Argument(option, word), value=word, cure=cure
            ) from None
    return found
