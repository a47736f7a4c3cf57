"""``neurorebit map``."""

from __future__ import annotations

import argparse
from pathlib import Path

from neurorebit.commands import options

EXAMPLES = (
    "neurorebit map vgg11",
    "neurorebit map vgg11 --objective edp --area '400 mm2' --out mapping.yaml",
    "neurorebit map vgg11 --architecture inference_reram --objective latency --area '17 mm2'",
    "neurorebit map vgg11 --objective throughput --set architecture.pipelining=lines",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser)
    parser.add_argument(
        "--objective",
        metavar="O",
        default="latency",
        help="latency, energy, edp or throughput (latency)",
    )
    parser.add_argument(
        "--work", metavar="W", default="inference", help="inference or training (inference)"
    )
    parser.add_argument(
        "--area", metavar="A", help="of the chip at most, as in '400 mm2' (that of the chip given)"
    )
    parser.add_argument(
        "--gap",
        metavar="SHARE",
        type=options.share,
        help="by which a better mapping may exist, as in 0.1%% (0.01%%)",
    )
    parser.add_argument(
        "--time-limit", metavar="S", type=options.from_zero("a number of seconds"), help="(300)"
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write the mapping, a file of settings (.yaml)"
    )
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Map the network, show the mapping, and write it to a file if one is named."""
    from neurorebit.library.mappings import area_of, positive
    from neurorebit.results.typed.mapping import claim
    from neurorebit.store.figures import of_mapping
    from neurorebit.studies.mapping.mapped import GAP, SECONDS, mapped
    from neurorebit.studies.request import Request

    if asked.out is not None:
        claim(asked.out)
    request = Request(
        asked.network,
        asked.architecture,
        asked.technology,
        asked.device,
        settings=tuple(options.settings(asked)),
        train=False,
    )
    found = mapped(
        request.inputs(),
        objective=asked.objective,
        work=asked.work,
        area=area_of(asked.area),
        gap=GAP if asked.gap is None else positive("gap", asked.gap),
        seconds=SECONDS if asked.time_limit is None else positive("time_limit", asked.time_limit),
    )
    if not asked.quiet or asked.out is None:
        print(found.text)
    if asked.out is not None:
        found.save(asked.out)
        print("" if asked.quiet else "\n", end="")
        print(f"written to {asked.out}; 'run' and others take it as --settings {asked.out}")
    files = [] if asked.out is None else [asked.out.name]
    place = None if asked.out is None else asked.out.parent
    asked.record(place, files, figures=of_mapping(found.work, found.best))
    return 0
