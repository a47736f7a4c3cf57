"""``neurorebit macro``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from neurorebit.commands import options, silicon

EXAMPLES = (
    "neurorebit macro my_macro.yaml",
    "neurorebit macro my_macro.yaml --json bill.json",
)
OURS = b'{"macros":'  # how bills begin, without blanks


def add_options(parser: options.Parser) -> None:
    """Which macros, and where the bill goes."""
    parser.add_argument(
        "records",
        metavar="RECORD",
        type=Path,
        nargs="+",
        help="files that describe macros, or folders of them",
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="where to write the bill")


def main(asked: argparse.Namespace) -> int:
    """Bill macros at their points."""
    from neurorebit.checking.silicon import bill, reader
    from neurorebit.results import folder
    from neurorebit.schema import Argument

    if asked.json is not None:
        silicon.refuse_another(asked.json, OURS, Argument("json", asked.json))
    found = reader.read_all(asked.records)
    bills = [bill.bill(each) for each in found]
    if asked.json is not None:
        content = {"macros": [one for each in bills for one in bill.values(each)]}
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        folder.write(asked.json.parent, {asked.json.name: text}, argument="json")
    print("\n\n\n".join(bill.text(*pair) for pair in zip(found, bills, strict=True)))
    return 0
