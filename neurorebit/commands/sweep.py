"""``neurorebit sweep``."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from neurorebit.commands import INTERRUPTED, options, progress
from neurorebit.results.sweep import FEASIBLE, Table

if TYPE_CHECKING:
    from neurorebit.results.typed.grid import Sweep
    from neurorebit.studies.fidelity import Fidelity

EXAMPLES = (
    "neurorebit sweep vgg11 --axis technology.vdd=0.8V:1V:5 --axis architecture.apim.adc_bits=4,5",
    "neurorebit sweep vgg11 --axis device=taox_hfox,epiram --pareto energy,area --out all.csv",
    "neurorebit sweep vgg11 --axis device=taox_hfox,epiram --pareto energy,area --page all.html",
)


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser)
    parser.add_argument(
        "--axis",
        metavar="KEY=VALUES",
        action="append",
        default=[],
        help="a key as in --set with the values it takes, V1,V2 or LOW:HIGH:COUNT: "
        "architecture.apim.adc_bits=4,5,6, technology.vdd=0.8V:1.0V:5, technology=22nm,32nm",
    )
    parser.add_argument(
        "--designs",
        metavar="FILE",
        type=Path,
        help="a CSV file with a key at the head of each column and a design in each row",
    )
    parser.add_argument(
        "--pareto",
        metavar="WHAT,WHAT",
        type=options.words,
        default=[],
        help="mark the designs that none beats in all of these, as in energy,area,latency",
    )
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write all designs to a .csv or .parquet file"
    )
    options.add_page(parser, "the designs and their front")
    parser.add_argument(
        "--train",
        metavar="BUDGET",
        help="train each design that can exist, too, as in images=1000,epochs=2,width=0.5,seeds=1, "
        "for columns with its accuracy",
    )
    text = "the data set of the trainings, or the folder it is in"
    parser.add_argument("--data", metavar="PATH", type=options.folder, help=text)
    parser.add_argument(
        "--seed",
        metavar="N",
        type=options.whole(0, options.SEEDS),
        default=0,
        help="the first seed of the trainings (0)",
    )
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Estimate every design, and show the best."""
    from neurorebit.inputs.designs import read_designs
    from neurorebit.results import sweep_text
    from neurorebit.results.pages import file
    from neurorebit.results.writers import sweep_file
    from neurorebit.studies.axes import of_designs
    from neurorebit.studies.fidelity import fidelity
    from neurorebit.studies.sweep import sweep

    if asked.out is not None:
        sweep_file.claim(asked.out)
    if asked.page is not None:
        file.claim(asked.page)
    designs = read_designs(asked.designs) if asked.designs else None
    budget = None if asked.train is None else fidelity(asked.train)
    with nullcontext() if asked.quiet else progress.Designs() as shown:
        found = sweep(
            asked.network,
            options.axes(asked.axis),
            designs=designs.columns if designs else None,
            label=designs.label if designs else of_designs,
            architecture=asked.architecture,
            technology=asked.technology,
            device=asked.device,
            settings=options.settings(asked),
            pareto=asked.pareto,
            progress=shown,
        )
    if budget is not None:
        found = _trained(asked, found, budget)
    written = [path for path in (asked.out, asked.page) if path is not None]
    if not asked.quiet or not written:
        print(sweep_text.best(found.table, asked.pareto))
    if asked.out is not None:
        sweep_file.write(found.table, asked.out)
    if asked.page is not None:
        file.write(asked.page, _page(asked, found.table))
    if written:
        print("" if asked.quiet else "\n", end="")
        print(f"written to {' and '.join(map(str, written))}")
    asked.record.designs(found.table, *written)
    return INTERRUPTED if found.interrupted else 0


def _page(asked: argparse.Namespace, table: Table) -> bytes:
    """The page of the designs, each with the command that estimates it again."""
    from neurorebit.commands.words import estimate_of
    from neurorebit.results.pages import sweep

    named = {
        kind: getattr(asked, kind) for kind in ("network", "architecture", "technology", "device")
    }
    given = {kind: str(name) for kind, name in named.items() if name is not None}
    more = [word for text in asked.set for word in ("--set", text)]
    more += [word for path in asked.settings for word in ("--settings", str(path))]

    def spell(settings: Mapping[str, str]) -> str:
        return estimate_of(given, settings, *more)

    words = [word for word in asked.words if word != "--quiet"]
    command = shlex.join(["neurorebit", *words])
    title = f"{Path(given['network']).stem}: {len(table[FEASIBLE]):,} designs"
    return sweep.write(table, asked.pareto, spell, title=title, command=command)


def _trained(asked: argparse.Namespace, found: Sweep, budget: Fidelity) -> Sweep:
    """The sweep with the accuracy of each design."""
    from neurorebit.machines.executor import executor
    from neurorebit.studies.accuracy import Trainer
    from neurorebit.studies.sweep_accuracy import with_accuracy
    from neurorebit.studies.template import Template

    template = Template(
        asked.network,
        asked.architecture,
        asked.technology,
        asked.device,
        settings=tuple(options.settings(asked)),
    )
    with nullcontext() if asked.quiet else progress.Designs() as shown, executor() as machines:
        trainer = Trainer(template, machines, asked.data)
        return with_accuracy(found, trainer, budget, seed=asked.seed, progress=shown)
