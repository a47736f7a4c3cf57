"""``neurorebit validate``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurorebit.commands import FAILED, options


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    parser.add_argument(
        "--reference", metavar="DIR", type=Path, help="the records (public ones, as shipped)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="where to write the outcome")
    parser.add_argument(
        "--waterfall", metavar="CHIP", help="one chip's way from their figures to ours, and no more"
    )


def main(asked: argparse.Namespace) -> int:
    """Compare with the records."""
    from importlib import import_module

    run = import_module("validation.neurosim").run

    text, holds = run(asked.reference, asked.json, asked.waterfall)
    print(text)
    return 0 if holds else FAILED
