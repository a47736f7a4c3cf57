"""``neurorebit list``."""

from __future__ import annotations

import argparse

from neurorebit.commands import options
from neurorebit.studies.listing import KINDS

EXAMPLES = ("neurorebit list", "neurorebit list devices")


def add_options(parser: options.Parser) -> None:
    """Of what there is to be a list."""
    parser.add_argument(
        "kinds",
        metavar="KIND",
        nargs="*",
        type=_kind,
        help=f"{', '.join(KINDS)} (all)",
    )


def _kind(text: str) -> str:
    """A kind of things, also where it is written as one of them."""
    found = next((kind for kind in KINDS if text in (kind, kind.removesuffix("s"))), None)
    if text == "technology":
        return "technologies"
    if found is None:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(KINDS)}, got '{text}'")
    return found


def main(asked: argparse.Namespace) -> int:
    """Print what there is to choose from."""
    from neurorebit.studies.listing import listing

    print(listing(asked.kinds))
    return 0
