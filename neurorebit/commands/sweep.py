"""``neurorebit sweep``."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurorebit.commands import INTERRUPTED, options, progress, workers
from neurorebit.results.sweep import FEASIBLE, Table
from neurorebit.schema import Argument, InputError

if TYPE_CHECKING:
    from neurorebit.machines.tasks import Executor
    from neurorebit.results.typed.grid import Sweep
    from neurorebit.studies.fidelity import Fidelity
    from neurorebit.studies.grid import Question

EXAMPLES = (
    "neurorebit sweep vgg11 --axis technology.vdd=0.8V:1V:5 --axis architecture.apim.adc_bits=4,5",
    "neurorebit sweep vgg11 --axis device=taox_hfox,epiram --pareto energy,area --out all.csv",
    "neurorebit sweep vgg11 --axis device=taox_hfox,epiram --pareto energy,area --page all.html",
    "neurorebit sweep vgg11 --axis technology.vdd=0.8V:1V:500 --axis device.r_on=50kohm:200kohm:500"
    " --workers 2 --out big/",
)


@dataclass(frozen=True)
class Place:
    """Where designs go: a file or, written with a slash at its end or there already, a folder."""

    path: Path
    folder: bool

    def claim(self) -> None:
        """InputError unless designs can be written there."""
        from neurorebit.results.writers import partitions, sweep_file

        (partitions.claim if self.folder else sweep_file.claim)(self.path)

    def __str__(self) -> str:
        return f"{self.path}/" if self.folder else str(self.path)


def place(text: str) -> Place:
    """The place that a text means."""
    path = Path(text)
    return Place(path, text.endswith(("/", os.sep)) or path.is_dir())


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
        "--out",
        metavar="PLACE",
        type=place,
        help="write all designs to a .csv or .parquet file, or part by part to Parquet files in a "
        "folder, written FOLDER/: as many as the disk holds",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the sweep of the folder: what is finished stays",
    )
    workers.add_workers(parser)
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
    from neurorebit.results.pages import file
    from neurorebit.studies.axes import of_designs
    from neurorebit.studies.fidelity import fidelity
    from neurorebit.studies.sweep import question, swept

    whole = asked.out is None or not asked.out.folder
    if asked.resume and whole:
        cure = "name its folder, as in --out big/"
        raise InputError("only a sweep in a folder can go on", origin=Argument("resume"), cure=cure)
    machines = workers.executor(asked)
    if asked.out is not None:
        asked.out.claim()
    if asked.page is not None:
        file.claim(asked.page)
    designs = read_designs(asked.designs) if asked.designs else None
    budget = None if asked.train is None else fidelity(asked.train)
    if budget is not None and not whole:
        message, cure = "trains the designs of one table", "name a file, not a folder"
        raise InputError(message, origin=Argument("train", asked.train), cure=cure)
    wanted = question(
        asked.network,
        options.axes(asked.axis),
        designs=designs.columns if designs else None,
        label=designs.label if designs else of_designs,
        architecture=asked.architecture,
        technology=asked.technology,
        device=asked.device,
        settings=options.settings(asked),
        pareto=asked.pareto,
    )
    with nullcontext() if asked.quiet else progress.Designs() as shown, machines:
        if not whole:
            return _in_files(asked, wanted, machines, shown)
        found = swept(wanted, pareto=asked.pareto, progress=shown, machines=machines)
        if shown is not None:
            shown.close()
        if budget is not None:
            found = _trained(asked, found, budget, machines)
    return _in_memory(asked, found)


def _in_memory(asked: argparse.Namespace, found: Sweep) -> int:
    """Show a table of all designs, and write it to a file if one is named."""
    from neurorebit.results import sweep_text
    from neurorebit.results.pages import file
    from neurorebit.results.writers import sweep_file

    out = None if asked.out is None else asked.out.path
    written = [path for path in (out, asked.page) if path is not None]
    if not asked.quiet or not written:
        print(sweep_text.best(found.table, asked.pareto))
    if out is not None:
        sweep_file.write(found.table, out)
    if asked.page is not None:
        file.write(asked.page, _page(asked, found.table))
    if written:
        print("" if asked.quiet else "\n", end="")
        print(f"written to {' and '.join(map(str, written))}")
    asked.record.designs(found.table, *written)
    return INTERRUPTED if found.interrupted else 0


def _in_files(asked: argparse.Namespace, wanted: Question, machines: Executor, shown: Any) -> int:
    """Designs part by part in the files of a folder."""
    from neurorebit.results.pages import file
    from neurorebit.results.writers.partitions import FRONT, MANIFEST
    from neurorebit.store.figures import of_summary
    from neurorebit.studies.partitions import partitioned

    found = partitioned(
        wanted,
        asked.out.path,
        machines,
        pareto=asked.pareto,
        resume=asked.resume,
        progress=shown,
        command=shlex.join(["neurorebit", *(w for w in asked.words if w != "--resume")]),
    )
    if shown is not None:
        shown.close()
    if not asked.quiet:
        print(f"{found!r}\n")
    if asked.page is not None:
        file.write(asked.page, _page(asked, found.summary.table, len(found)))
    print(f"written to {asked.out}{'' if asked.page is None else f' and {asked.page}'}")
    files = [MANIFEST, *([FRONT] if asked.pareto else [])]
    asked.record(asked.out.path, files, figures=of_summary(found.summary))
    if found.interrupted:
        progress.say(options.to_go_on(asked))
        return INTERRUPTED
    return 0


def _page(asked: argparse.Namespace, table: Table, of: int | None = None) -> bytes:
    """The page of designs, each with the command that estimates it again; ``of`` so many."""
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
    count = f"{len(table[FEASIBLE]):,} of {of:,}" if of else f"{len(table[FEASIBLE]):,}"
    title = f"{Path(given['network']).stem}: {count} designs"
    return sweep.write(table, asked.pareto, spell, title=title, command=command)


def _trained(
    asked: argparse.Namespace, found: Sweep, budget: Fidelity, machines: Executor
) -> Sweep:
    """The sweep with the accuracy of each design."""
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
    with nullcontext() if asked.quiet else progress.Designs() as shown:
        trainer = Trainer(template, machines, asked.data)
        return with_accuracy(found, trainer, budget, seed=asked.seed, progress=shown)
