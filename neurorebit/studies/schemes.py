"""A comparison of training schemes: what each one learns, costs and wears out."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from neurorebit.inputs.architecture import read_architecture
from neurorebit.machines.tasks import Executor
from neurorebit.results import folder as report
from neurorebit.results import pictures, spending
from neurorebit.results.lock import held
from neurorebit.results.pages import schemes as page
from neurorebit.schema import (
    Argument,
    Document,
    InputError,
    Setting,
    paths,
    units,
)
from neurorebit.schema.sheet import cells
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies import placement
from neurorebit.studies.learning import ending
from neurorebit.studies.notes import DATA
from neurorebit.studies.request import Request, refusals
from neurorebit.studies.scheme_runs import Runs, Shown, unfinished
from neurorebit.studies.trained import Say

Json = dict[str, Any]

TABLE = "schemes.csv"
READ = frozenset({".csv", ".html", ".json", ".png", ".txt"})  # how files end that people read
KINDS = ("network", "architecture", "technology", "device")  # of files, as a report lists them


@dataclass(frozen=True)
class Row:
    """A row of the comparison: a scheme, the chip that it trains, and what is set on that chip."""

    scheme: str
    chip: str
    settings: tuple[tuple[str, str], ...]

    @property
    def architecture(self) -> str:
        """The shipped file of the chip."""
        return SCHEMES[self.scheme].architecture

    @property
    def software(self) -> bool:
        """Whether no chip is needed, so that there is nothing to bill."""
        chip = read_architecture(Document(paths.shipped("architecture", self.architecture)))
        return SCHEMES[self.scheme].held_on(chip.holds_devices) is Held.SOFTWARE


def choices() -> dict[str, Row]:
    """The rows that can be asked for, by name: each scheme that trains, then its variants."""
    found = {}
    for name, scheme in SCHEMES.items():
        if not scheme.trains:
            continue
        given = (("architecture.scheme", name),)
        found[name] = Row(name, scheme.chip, given)
        for other, variant in scheme.variants.items():
            found[other] = Row(name, variant.chip, (*given, *variant.settings.items()))
    return found


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


COLUMNS = {  # of the table: key in the files, heading, unit that is scaled
    "scheme": ("scheme", ""),
    "test_accuracy": ("test\naccuracy [%]", ""),
    "test_accuracy_std": ("+-", ""),
    "test_r2": ("test\nR2", ""),
    "test_r2_std": ("+-", ""),
    "test_rmse": ("test\nRMSE", ""),
    "energy_J_per_epoch": ("energy\nper epoch", "J"),
    "energy_with_dram_J_per_epoch": ("with DRAM", "J"),
    "latency_s_per_epoch": ("time\nper epoch", "s"),
    "area_m2": ("area", "m2"),
    "memory_bits_per_weight": ("digital bits\nper weight", ""),
    "digital_macs_per_image": ("digital MACs\nper image", ""),
    "arrays_per_weight": ("arrays", ""),
    "pulses_per_weight_and_epoch": ("pulses\nper weight", ""),
    "writes_per_cell_and_epoch": ("writes\nper cell", ""),
    "writes_per_cell_and_epoch_p999": ("99.9 % of\ncells below", ""),
    "writes_per_cell_and_epoch_most": ("most", ""),
    "lifetime_epochs": ("lifetime\n[epochs]", ""),
}
LEGEND = (
    "Accuracy on the test images at the end, of the chip that was trained; pulses and writes per "
    "epoch. Energy with leakage. What schemes that learn in place keep in digital "
    "memory is in DRAM."
)
SEEDS = (
    "Accuracy is the mean over the seeds, +- the standard deviation from seed to seed (n - 1); all "
    "else is the first seed's."
)
ERRORS = ("test_r2", "test_r2_std", "test_rmse")  # columns of regressions alone
ORIGIN = ("network", "dataset", "epochs", "images", "seed", "version", "command")  # of a row

NAMED = re.compile(r"(?<=, )scheme=\w+")  # the scheme, in a sentence on a key without effect


@dataclass(frozen=True)
class Table:
    """A row for each scheme, in the order asked for; ``head`` are the lines above the table.

    ``missing``: the schemes that were asked for and have no row.
    """

    rows: tuple[Json, ...]
    head: tuple[str, ...]
    missing: tuple[str, ...]
    folder: Path
    interrupted: bool = field(default=False, kw_only=True)
    reached: tuple[Json, ...] = field(default=(), kw_only=True)

    @property
    def unfinished(self) -> bool:
        """Whether a run was interrupted, or was not begun."""
        return self.interrupted or any(row["ended"] == "interrupted" for row in self.rows)

    @property
    def diverged(self) -> bool:
        """Whether a run diverged."""
        return any(row["ended"] == "diverged" for row in self.rows)

    @property
    def files(self) -> tuple[str, ...]:
        """What there is to read of the comparison and of its runs, as paths in the folder."""
        runs = [
            _place(row["scheme"], seed)
            for row in self.rows
            for seed in range(row["seed"], row["seed"] + row["seeds"])
        ]
        return tuple(
            path.relative_to(self.folder).as_posix()
            for place in (self.folder, *(self.folder / run for run in runs))
            for path in sorted(place.glob("*"))
            if path.suffix in READ and path.is_file()
        )

    @property
    def text(self) -> str:
        """The table for a reader."""
        cells = [[_cell(key, row.get(key)) for key in COLUMNS] for row in self.rows]
        drawn = [i for i in range(len(COLUMNS)) if any(line[i] for line in cells)]
        heads = [head for head, _ in COLUMNS.values()]
        table = tabulate(
            [[line[i] for i in drawn] for line in cells],
            [heads[i] for i in drawn],
            disable_numparse=True,
            colalign=("left", *("right",) * (len(drawn) - 1)),
        )
        marks = [f"! {line}" for line in self.warnings]
        spent = ["", *spending.table(self.reached), "", spending.LEGEND] if self.reached else []
        return "\n".join([*self.head, "", table, *spent, "", *self.legend, *marks])

    @property
    def legend(self) -> list[str]:
        """What the numbers mean, and the chip of each scheme."""
        chips = [f"{row['scheme']}: {row['chip']}" for row in self.rows]
        seeds = [SEEDS] if any(row["seeds"] > 1 for row in self.rows) else []
        return [LEGEND, *seeds, f"Chips: {'; '.join(chips)}."]

    @property
    def warnings(self) -> list[str]:
        """What a reader must know of how trainings ended, and of where chip and bill differ."""
        marks = [f"{row['scheme']}: {line}" for row in self.rows for line in row["endings"]]
        if self.missing:
            marks.append(f"not trained yet: {', '.join(self.missing)}")
        return [*marks, *_together(self.rows)]

    def page(self, runs: Mapping[str, Sequence[Json]], command: str) -> bytes:
        """The same with curves and costs as a page; ``runs`` are the reports of each scheme."""
        notes = [line for line in self.head[1:] if line.startswith(("* ", "- "))]
        said = [*(line[2:] for line in notes), *self.legend]
        lines = said, self.warnings
        return page.write(self.rows, runs, COLUMNS, lines, reached=self.reached, command=command)


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
    folder = _placed(request, [_place(name, seed) for name in names for seed in each], say)
    for name in names:
        _request(request, name, request.seed, folder).inputs()  # or refuses, before any training
    report.claim(folder)
    if not request.replace:
        _refuse_loss(folder, {name: seeds for name in names})
    if not request.resume:
        _refuse_unfinished(folder / _place(name, seed) for name in names for seed in each)
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
        rows = [_row(name, reports, self.seeds, self.command) for name, reports in shown.items()]
        missing = tuple(name for name in self.names if name not in shown)
        head, reached = (
            _head(self.command, self.request, shown),
            spending.reached(shown, self.reach),
        )
        table = Table(tuple(rows), head, missing, folder, reached=reached)
        texts: dict[str, str | bytes] = {
            TABLE: _csv(rows),
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


def _place(name: str, seed: int) -> str:
    return f"{name}_seed{seed}"


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
        out=folder / _place(name, seed),
    )


def _head(command: str, request: Request, found: dict[str, list[Json]]) -> tuple[str, ...]:
    """The lines above the table: command, files, settings and notes, as in the report of a run."""
    reports = [done for runs in found.values() for done in runs]
    first = reports[0]
    files = {
        (kind, read["name"], read["file"], f"sha256 {read['sha256'][:12]}"): None
        for kind in KINDS
        for done in reports
        for read in (done["inputs"][kind],)
    }
    training = first["training"]
    epochs = first["inputs"]["network"]["values"]["training"]["epochs"]
    seeds = [done["seed"] for done in reports]
    which = f"seeds {min(seeds)} to {max(seeds)}" if len(set(seeds)) > 1 else f"seed {seeds[0]}"
    notes = [note for note in first["notes"] if note.startswith(("width ", DATA))]
    notes.append(
        f"{epochs} {'epoch' if epochs == 1 else 'epochs'} of {training['images']:,} images, tested "
        f"on {training['test_images']:,}; {which}"
    )
    return (
        f"NeuroReBIT {first['version']}: {command}",
        *tabulate(list(files), tablefmt="plain", disable_numparse=True).splitlines(),
        *(f"* {setting}" for setting in request.settings),
        *(f"- {note}" for note in notes),
    )


def _ended(reports: Sequence[Json]) -> str:
    """How the trainings of a scheme ended, in a word; the worst of them."""
    if any(map(unfinished, reports)):
        return "interrupted"
    return "diverged" if any(done["training"]["diverged"] for done in reports) else "finished"


def _endings(reports: Sequence[Json], seeds: int) -> list[str]:
    """What a reader must know of how the trainings of a scheme ended."""
    many = seeds > 1
    fewer = [f"{len(reports)} of {seeds} seeds"] if len(reports) < seeds else []
    return fewer + [
        f"seed {done['seed']}: {line}" if many else line
        for done in reports
        for line in ending(done["training"], done["inputs"]["network"]["values"])
    ]


def _row(name: str, reports: Sequence[Json], seeds: int, command: str) -> Json:
    first, asked = reports[0], choices()[name]
    known = _reached(reports, "test_accuracy")
    row: Json = {
        "scheme": name,
        "chip": asked.chip,
        "seeds": len(reports),
        "test_accuracy": float(np.mean(known)) if known else None,
        "test_accuracy_std": float(np.std(known, ddof=1)) if len(known) > 1 else None,
        "ablations": first["ablations"][asked.software :],  # the first says that it is software
        "endings": _endings(reports, seeds),
        "ended": _ended(reports),
        "network": first["network"],
        "dataset": first["training"]["dataset"],
        "epochs": first["inputs"]["network"]["values"]["training"]["epochs"],
        "images": first["training"]["images"],
        "seed": first["seed"],
        "version": first["version"],
        "command": command,
        **(first["training"]["demands"] or {}),
    }
    for key in ("test_r2", "test_rmse"):
        if found := _reached(reports, key):
            row[key] = float(np.mean(found))
            if key == "test_r2" and len(found) > 1:
                row[f"{key}_std"] = float(np.std(found, ddof=1))
    if not asked.software:
        epoch = first["totals"]["epoch"]
        for key in ("energy_J", "energy_with_dram_J", "latency_s"):
            row[f"{key}_per_epoch"] = epoch[key]
        row["area_m2"] = first["chip"]["area_m2"]
    return row


def _reached(reports: Sequence[Json], key: str) -> list[float]:
    """What the trainings of a scheme reached, of those that were tested."""
    values = (one["training"].get(key) for one in reports)
    return [value for value in values if value is not None]


def _together(rows: Sequence[Json]) -> list[str]:
    """Ablations of the schemes, each sentence once, with the schemes that it is true of."""
    found: dict[str, list[str]] = {}
    for row in rows:
        for line in row["ablations"]:
            found.setdefault(NAMED.sub("the scheme", line), []).append(row["scheme"])
    return [f"{', '.join(names)}: {line}" for line, names in found.items()]


def _cell(key: str, value: Any) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if key.startswith("test_accuracy"):
        return f"{100.0 * value:.2f}"
    unit = COLUMNS[key][1]
    if unit:
        return units.show(value, unit)
    return value if isinstance(value, str) else f"{value:.4g}"


def _csv(rows: Sequence[Json]) -> str:
    out = io.StringIO()
    errors = any(key in row for row in rows for key in ERRORS)
    columns = [key for key in COLUMNS if key != "scheme" and (errors or key not in ERRORS)]
    keys = ["scheme", "chip", "seeds", *columns]
    keys += ["ended", *ORIGIN]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(keys)
    writer.writerows(cells([row.get(key) for key in keys]) for row in rows)
    return out.getvalue()
