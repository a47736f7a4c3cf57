"""``neurorebit activity``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurorebit.commands import options

EXAMPLES = (
    "neurorebit activity reports/vgg11 reports/vgg11_reram --out networks/activity/vgg11.json",
    "neurorebit activity reports/vgg11-2 --keep --out networks/activity/vgg11.json",
    "neurorebit activity --mean networks/activity/{mlp,lenet5,vgg11}.json --out mean.json",
)


def add_options(parser: options.Parser) -> None:
    """The trainings, or the files of several networks, and the file that is written."""
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "folders",
        metavar="FOLDER",
        nargs="*",
        default=[],
        type=options.folder,
        help="the folder of a training of the network, one for each scheme",
    )
    given.add_argument(
        "--mean",
        metavar="FILE",
        nargs="+",
        type=Path,
        help="activity files of several networks: their mean layers",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="what the file has already of other schemes stays",
    )
    parser.add_argument(
        "--out",
        metavar="FILE.json",
        type=Path,
        required=True,
        help="the activity file, which 'activity: {recorded: FILE.json}' of a network file names",
    )


def main(asked: argparse.Namespace) -> int:
    """Write the activity that recorded trainings measured as a file for estimates."""
    from neurorebit.studies import activity

    activity.refuse_another(asked.out)
    kept = asked.out if asked.keep else None
    text = activity.mean(asked.mean) if asked.mean else activity.recorded(asked.folders, kept)
    activity.write(asked.out, text)
    print(f"written to {asked.out}")
    return 0
