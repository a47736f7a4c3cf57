"""``neurorebit data``."""

from __future__ import annotations

import argparse

from neurorebit.commands import options, progress
from neurorebit.data.download import archives, fetch

EXAMPLES = tuple(f"neurorebit data fetch {name}" for name in archives())


def add_options(parser: options.Parser) -> None:
    """Those of its only action, ``fetch``."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    fetch = options.add_command(actions, "fetch", "download a data set, once")
    fetch.add_argument("dataset", metavar="DATASET", help=", ".join(archives()))
    fetch.add_argument(
        "--data", metavar="DIR", type=options.folder, help="where to (the user's cache)"
    )


def main(asked: argparse.Namespace) -> int:
    """Download a data set."""
    with progress.Download() as shown:
        folder = fetch(asked.dataset, asked.data, shown)
    print(f"{asked.dataset} is in {folder}")
    return 0
