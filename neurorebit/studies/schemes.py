"""A comparison of training schemes: what each one learns, costs and wears out."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

from neurorebit.machines.tasks import Executor
from neurorebit.results import folder as report
from neurorebit.results import pictures, spending
from neurorebit.results.lock import held
from neurorebit.results.pages import schemes as page
from neurorebit.schema import (
    Argument,
    InputError,
    Setting,
)
from neurorebit.studies import placement
from neurorebit.studies.request import Request, refusals
from neurorebit.studies.scheme_rows import choices, place_of
from neurorebit.studies.scheme_runs import Runs, Shown, unfinished
from neurorebit.studies.scheme_table import Table, csv_text, head, row_of
from neurorebit.studies.trained import Say

Json = dict[str, Any]

TABLE = "schemes.csv"


def _refuse_settings(request: Request, names: Sequence[str]) -> None:
    """InputError where a setting is one that a row of the comparison has itself."""
    rows_of = choices()
    for setting in request.settings:
        if setting.key in ("architecture.scheme", "training.read"):
            message = "the comparison sets this key for each scheme"
            raise InputError(message, origin=setting.label, cure="drop it")
    for name in names:
        own = dict(rows_of[name].settings)
        for setting in request.settings:
            if setting.key in own:
                message = f"{name} sets this key itself, to {own[setting.key]}"
                cure = f"drop it, or leave {name} out of ", Argument("schemes")
                raise InputError(message, origin=setting.label, cure=cure)


def suited(request: Request, say: Say) -> list[str]:
    """The rows of all schemes that train the network; ``say`` gets why others do not."""
    found: list[str] = []
    _refuse_settings(request, list(choices()))
    for name in choices():
        with suppress(InputError):  # of a wrong setting, which is refused below
            inputs = replace(_request(request, name, request.seed, Path()), train=False)
            if why := next(refusals(inputs.inputs()), None):
                say(f"left out: {name}, {why.message}")
                continue
        found.append(name)
    return found


def schemes(
    request: Request,
    names: Sequence[str],
    seeds: int,
    *,
    say: Say,
    progress: Shown = nullcontext,
    command: str | None = None,
    machines: Executor | None = None,
    reach: Sequence[float] = (),
) -> Table:
    """Train each scheme by ``run``, each on its chip, with ``seeds`` seeds from the request's on.

    Every run leaves its report in a folder of its own, ``schemes.csv``, ``schemes.txt`` and
    ``schemes.html`` beside them with the picture of their learning. A run that the folder has
    finished, of the same inputs, data, seed and version, is not made again if ``request.resume``.
    ``reach``: test accuracies (0 to 1) to which energy and writes are summed up; 90, 95 and 98 % of
    the best unless given.
    Before any training, InputError where a scheme is unknown, a file is wrong, an unfinished run is
    in the way or, unless ``request.replace``, a finished one is: any in a folder that was named or,
    with ``request.resume``, one of other inputs or one that the table would lose.
    """
    rows_of = choices()
    for name in names:
        if name not in rows_of:
            known = f"expected some of {', '.join(rows_of)}"
            raise InputError(known, origin=Argument("schemes", name), cure="take some of these")
    if len(set(names)) < len(names):
        given = Argument("schemes", ",".join(names))
        raise InputError("a scheme is named twice", origin=given, cure="keep one")
    _refuse_settings(request, names)
    each = range(request.seed, request.seed + seeds)
    folder = _placed(request, [place_of(name, seed) for name in names for seed in each], say)
    for name in names:
        _request(request, name, request.seed, folder).inputs()  # or refuses, before any training
    report.claim(folder)
    if not request.replace:
        _refuse_loss(folder, {name: seeds for name in names})
    if not request.resume:
        _refuse_unfinished(folder / place_of(name, seed) for name in names for seed in each)
    with held(folder):
        wanted = {
            (name, seed): _request(request, name, seed, folder) for name in names for seed in each
        }
        runs = Runs(wanted, request.resume, say=say, progress=progress)
        comparison = _Comparison(
            request, names, seeds, command=command or request.command, reach=reach
        )
        table = None
        try:
            with closing(runs.reports(machines)) as ended:
                for (name, seed), one in ended:
                    comparison.found[name][seed] = one
                    if unfinished(one) or len(comparison.found[name]) == seeds:
                        table = comparison.write(folder)
                    if unfinished(one):
                        break
        except KeyboardInterrupt:
            if machines is None or machines.workers == 1:
                raise
            for (name, seed), one in runs.cut_short.items():
                comparison.found[name][seed] = one
            if comparison.shown:
                table = comparison.write(folder)
        if table is None:
            raise KeyboardInterrupt
        return replace(table, interrupted=bool(table.missing))


@dataclass(frozen=True, eq=False)
class _Comparison:
    """The reports of a comparison as they come, and the files that say what there is so far."""

    request: Request
    names: Sequence[str]
    seeds: int
    _: KW_ONLY
    command: str
    reach: Sequence[float] = ()
    found: dict[str, dict[int, Json]] = field(default_factory=lambda: defaultdict(dict))

    @property
    def shown(self) -> dict[str, list[Json]]:
        """The reports of the schemes that are complete or ended early."""
        return {
            name: [reports[seed] for seed in sorted(reports)]
            for name in self.names
            if (reports := self.found[name])
            and (len(reports) == self.seeds or any(map(unfinished, reports.values())))
        }

    def write(self, folder: Path) -> Table:
        """Write the table of these."""
        shown = self.shown
        rows = [row_of(name, reports, self.seeds, self.command) for name, reports in shown.items()]
        missing = tuple(name for name in self.names if name not in shown)
        lines, reached = (
            head(self.command, self.request, shown),
            spending.reached(shown, self.reach),
        )
        table = Table(tuple(rows), lines, missing, folder, reached=reached)
        texts: dict[str, str | bytes] = {
            TABLE: csv_text(rows),
            spending.NAME: spending.csv(reached),
            "schemes.txt": f"{table.text}\n",
            page.NAME: table.page(shown, self.command),
        }
        learned = {name: [done["training"] for done in runs] for name, runs in shown.items()}
        report.write(folder, texts | pictures.schemes(learned) | pictures.spending(shown))
        return table


def _placed(request: Request, places: Sequence[str], say: Say) -> Path:
    """The folder of a comparison whose runs have these places in it, by default a free one.

    InputError where it was named and holds trainings that it would replace.
    """
    from neurorebit.training import checkpoint

    def taken(folder: Path) -> bool:
        if any(checkpoint.find(folder / place) is not None for place in places):
            return False  # whether runs may start anew there is decided by their checkpoints
        return (folder / TABLE).is_file() or any(
            placement.holds_training(folder / place) for place in places
        )

    if request.out is not None:
        if not (request.resume or request.replace) and taken(request.out):
            raise placement.occupied(request.out, "the table of a comparison, or trainings of it")
        return request.out
    first = Path("reports") / f"schemes_{Path(str(request.network)).stem}"
    if request.replace:
        return first
    if request.resume:
        return placement.latest(first)
    folder = placement.vacant(first, taken)
    if folder != first:
        say(f"{first} holds a comparison; this one goes to {folder}")
    return folder


def _refuse_loss(folder: Path, seeds: Mapping[str, int]) -> None:
    """InputError where a table of this many seeds of each scheme would lose rows or seeds."""
    try:
        with (folder / TABLE).open(newline="", encoding="utf-8") as file:
            rows = [(row["scheme"], int(row["seeds"])) for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, TypeError):
        return
    lost = [name for name, count in rows if seeds.get(name, 0) < count]
    if lost:
        message = f"the table there has runs that this one would not have: {', '.join(lost)}"
        cure = ("name these schemes, too, with as many seeds; ", *placement.CURE)
        raise InputError(message, origin=Argument("out", folder), cure=cure)


def _refuse_unfinished(folders: Iterable[Path]) -> None:
    from neurorebit.training import checkpoint

    for folder in folders:
        checkpoint.refuse_unfinished(folder)


def _request(request: Request, name: str, seed: int, folder: Path) -> Request:
    row = choices()[name]
    settings = tuple(Setting(key, text) for key, text in row.settings)
    return replace(
        request,
        architecture=row.architecture,
        settings=(*request.settings, *settings),
        seed=seed,
        out=folder / place_of(name, seed),
    )
