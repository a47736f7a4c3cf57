"""``neurorebit rebill``."""

from __future__ import annotations

import argparse

from neurorebit.commands import FAILED, options

EXAMPLES = ("neurorebit rebill reports/vgg11",)


def add_options(parser: options.Parser) -> None:
    """The folders, and what counts as a change."""
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=options.folder, help="the folder of a run"
    )
    parser.add_argument(
        "--tolerance",
        metavar="T",
        type=options.share,
        default=1e-9,
        help="relative change of a total, phase or layer that still counts as none (1e-9); exit 1 "
        "beyond it",
    )


def main(asked: argparse.Namespace) -> int:
    """Bill recorded runs anew with today's models."""
    from neurorebit.results import document
    from neurorebit.studies.rebill import rebill

    for place in asked.folders:
        document.read_any(place)  # refused before one of them is written
    changed = False
    for place in asked.folders:
        done = rebill(place)
        changes = done.changes(asked.tolerance)
        gone, new = done.parts()
        print(f"{place}: {len(changes)} totals, phases or layers changed; {len(gone)} names of "
              f"parts are gone, {len(new)} are new; written: {', '.join(done.files)}")  # fmt: skip
        for change in changes[:5]:
            print(f"  {change.path}: {change.first} -> {change.second}")
        changed = changed or bool(changes)
    return FAILED if changed else 0
