"""``neurorebit show``."""

from __future__ import annotations

import argparse

from neurorebit.commands import options

EXAMPLES = (
    "neurorebit show rebit",
    "neurorebit show my_device.yaml",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    parser.add_argument("name", metavar="NAME", help="a file, or the name of a shipped one")


def main(asked: argparse.Namespace) -> int:
    """Print one file, with units and sources."""
    from neurorebit.studies.show import show

    print(show(asked.name))
    return 0
