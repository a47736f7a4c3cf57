"""``neurorebit search``."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit.commands import INTERRUPTED, options, progress, workers

if TYPE_CHECKING:
    from neurorebit.schema import Setting
    from neurorebit.studies.fidelity import Fidelity
    from neurorebit.studies.template import Template

EXAMPLES = (
    "neurorebit search vgg11 --space space.yaml --objectives energy,area --budget 400 --out found",
    "neurorebit search mlp --space space.yaml --objectives energy,accuracy --train images=500",
    "neurorebit search vgg11 --space space.yaml --where 'area<60mm2' --where 'power<50mW'",
    "neurorebit search vgg11 --space space.yaml --budget 800 --out found --resume",
)
STORAGE = "search.db"


def add_options(parser: options.Parser) -> None:
    """Those of the command."""
    options.add_chip(parser)
    parser.add_argument(
        "--space",
        metavar="FILE",
        type=Path,
        required=True,
        help="a YAML file with the keys that change and their values, see docs/guide/search.md",
    )
    parser.add_argument(
        "--objectives",
        metavar="WHAT,WHAT",
        type=options.words,
        default=["energy", "area"],
        help="energy, latency, area, power, accuracy or other figures (energy,area)",
    )
    parser.add_argument(
        "--budget",
        metavar="N",
        type=options.whole(1, options.LARGEST),
        default=200,
        help="designs to try (200)",
    )
    parser.add_argument(
        "--where",
        metavar="CONDITION",
        action="append",
        default=[],
        help="what designs are to meet, as in 'area<60mm2' or 'accuracy>90%%'",
    )
    parser.add_argument(
        "--train",
        metavar="BUDGET",
        action="append",
        default=[],
        help="the budget of each training for an accuracy, as in images=1000,epochs=2,width=0.5,"
        "seeds=1; of several, each is a rung that the best of those before it get to",
    )
    parser.add_argument(
        "--sampler", metavar="S", default="tpe", help="how designs are chosen (tpe)"
    )
    parser.add_argument(
        "--pruner", metavar="P", default="halving", help="who gets to the next rung (halving)"
    )
    parser.add_argument(
        "--batch",
        metavar="N",
        type=options.whole(1, options.LARGEST),
        help="designs that are chosen at once (20; 8 where they are trained)",
    )
    parser.add_argument(
        "--seed", metavar="N", type=options.whole(0, options.SEEDS), default=0, help="(0)"
    )
    text = "the data set, or the folder it is in"
    parser.add_argument("--data", metavar="PATH", type=options.folder, help=text)
    parser.add_argument("--out", metavar="DIR", type=options.folder, help="write results there")
    parser.add_argument(
        "--format", metavar="F", choices=("csv", "parquet"), default="csv", help="of trials (csv)"
    )
    parser.add_argument(
        "--storage",
        metavar="FILE",
        type=Path,
        help=f"the database that gets each trial as it ends ({STORAGE} in the folder of --out)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the search that the database holds"
    )
    workers.add_workers(parser)
    options.add_quiet(parser)
    options.add_store(parser)


def main(asked: argparse.Namespace) -> int:
    """Try the designs that an optimiser chooses, and show the best."""
    from neurorebit.inputs.space import read_space
    from neurorebit.results import folder
    from neurorebit.results.lock import held
    from neurorebit.results.typed.search import FILES
    from neurorebit.studies.accuracy import Trainer
    from neurorebit.studies.search.outcome import result
    from neurorebit.studies.search.plan import plan_of
    from neurorebit.studies.search.search import searched
    from neurorebit.studies.template import Template

    settings = tuple(options.settings(asked))
    template = Template(
        asked.network, asked.architecture, asked.technology, asked.device, settings=settings
    )
    plan = plan_of(
        template,
        read_space(asked.space),
        objectives=asked.objectives,
        where=asked.where,
        train=asked.train,
        budget=asked.budget,
        seed=asked.seed,
        sampler=asked.sampler,
        pruner=asked.pruner,
        batch=asked.batch,
    )
    storage = asked.storage or (asked.out / STORAGE if asked.out else None)
    with ExitStack() as stack:
        if asked.out is not None:
            folder.claim(asked.out, FILES)
            stack.enter_context(held(asked.out))
        if storage is not None and not _is_in(storage, asked.out):
            stack.enter_context(held(storage.absolute().parent, "storage"))
        machines = stack.enter_context(workers.executor(asked))
        trainer = Trainer(template, machines, asked.data) if plan.rungs else None
        shown = None if asked.quiet else stack.enter_context(progress.Designs())
        found = searched(
            plan, trainer=trainer, storage=storage, resume=asked.resume, progress=shown
        )
        made = result(found, lambda *design: _command(template, *design), _asked(asked))
        if asked.out is not None:
            made.save(asked.out, format=f".{asked.format}")
    if not asked.quiet or asked.out is None:
        print(made.text)
    if asked.out is not None:
        print("" if asked.quiet else "\n", end="")
        print(f"written to {asked.out}")
    tables = [asked.out / name for name in made.files(f".{asked.format}")] if asked.out else []
    asked.record.designs(made.table, *tables)
    if made.interrupted and storage is not None:
        progress.say(options.to_go_on(asked))
    return INTERRUPTED if made.interrupted else 0


def _asked(asked: argparse.Namespace) -> str:
    """The command of the search."""
    words = [word for word in asked.words if word not in ("--quiet", "--resume")]
    return shlex.join(["neurorebit", *words])


def _is_in(path: Path, place: Path | None) -> bool:
    """Whether a file lies in this very folder."""
    return place is not None and path.absolute().parent == place.absolute()


def _command(
    template: Template, design: Sequence[Setting], budget: Fidelity | None, seed: int
) -> str:
    """The command that asks for a design, trained as in the search where it was."""
    from neurorebit.commands.words import command_line
    from neurorebit.studies.search.plan import request_of

    more: dict[str, Any] = {"spell": command_line}
    return request_of(template, design, budget, seed, **more).command
