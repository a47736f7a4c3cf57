"""The table of a comparison of schemes: a row for each, and the lines around it."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from neurorebit.results import spending
from neurorebit.results.pages import schemes as page
from neurorebit.schema import units
from neurorebit.schema.sheet import cells
from neurorebit.studies.learning import ending
from neurorebit.studies.notes import DATA
from neurorebit.studies.request import Request
from neurorebit.studies.scheme_rows import choices, place_of
from neurorebit.studies.scheme_runs import unfinished

Json = dict[str, Any]

READ = frozenset({".csv", ".html", ".json", ".png", ".txt"})  # how files end that people read
KINDS = ("network", "architecture", "technology", "device")  # of files, as a report lists them
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
            place_of(row["scheme"], seed)
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


def head(command: str, request: Request, found: dict[str, list[Json]]) -> tuple[str, ...]:
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


def row_of(name: str, reports: Sequence[Json], seeds: int, command: str) -> Json:
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


def csv_text(rows: Sequence[Json]) -> str:
    out = io.StringIO()
    errors = any(key in row for row in rows for key in ERRORS)
    columns = [key for key in COLUMNS if key != "scheme" and (errors or key not in ERRORS)]
    keys = ["scheme", "chip", "seeds", *columns]
    keys += ["ended", *ORIGIN]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(keys)
    writer.writerows(cells([row.get(key) for key in keys]) for row in rows)
    return out.getvalue()
