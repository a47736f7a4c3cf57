"""``neurorebit compare``."""

from __future__ import annotations

import argparse
import shlex

from neurorebit.commands import FAILED, options

EXAMPLES = (
    "neurorebit compare reports/mlp reports/mlp-2",
    "neurorebit compare rebit all-reram --tolerance 5%",
    "neurorebit compare rebit all-reram --page both.html",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    parser.add_argument(
        "runs", metavar="RUN", nargs=2, help="the folder of a run, or its report.json"
    )
    parser.add_argument(
        "--tolerance",
        metavar="T",
        type=options.share,
        default=0.0,
        help="relative change of a result that still counts as none, as in 0.05 or 5%% (0); exit 1 "
        "beyond it",
    )
    parser.add_argument("--all", action="store_true", help="list every change")
    options.add_page(parser, "both runs side by side and every change")


def main(asked: argparse.Namespace) -> int:
    """Compare two runs."""
    from neurorebit.results import document
    from neurorebit.results.pages import compare as page
    from neurorebit.results.pages import file
    from neurorebit.studies.compare import compare

    if asked.page is not None:
        file.claim(asked.page)
    first, second = map(document.read, asked.runs)
    comparison = compare(first, second, asked.tolerance)
    print(comparison.text(every=asked.all))
    if comparison.shortened and not asked.all:
        print("--all lists every change")
    if asked.page is not None:
        one, two = asked.runs
        command = shlex.join(["neurorebit", *asked.words])
        file.write(asked.page, page.write(((one, first), (two, second)), comparison, command))
        print(f"written to {asked.page}")
    return FAILED if comparison.beyond else 0
