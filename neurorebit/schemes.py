"""Schemes of holding weights beside each other: what each learns, costs and wears out."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from neurorebit import __version__, picture, report, units
from neurorebit.inputs import Setting
from neurorebit.run import Outcome, Progress, Request, Say, run
from neurorebit.schema import InputError

Json = dict[str, Any]

OWN = {"tiki_taka": "tiki_taka", "threshold": "manhattan"}  # keys of training that one scheme heeds


@dataclass(frozen=True)
class Plan:
    """The chip that a scheme belongs to, and what is set on it; ``told`` says so in the table."""

    architecture: str
    told: str
    settings: tuple[tuple[str, str], ...] = ()
    software: bool = False


IN_PLACE = Plan("reram", "learns in place, 7-bit cells")
PLANS = {  # by name; the scheme is the name, or what is set
    "real": Plan("rebit", "none, software", software=True),
    "quantized": Plan("rebit", "none, software", software=True),
    "hybrid": Plan("rebit", "hybrid"),
    "reram_mapped": Plan("rebit", "hybrid; its errors are billed through exact weights"),
    "reram": IN_PLACE,
    "reram_3bit": Plan(
        "reram",
        "learns in place, 3-bit cells",
        (
            ("architecture.weights", "reram"),
            ("architecture.weight_bits", "3"),
            ("architecture.arrays.cell_bits", "3"),
            ("device.pulses.levels_ltp", "8"),
            ("device.pulses.levels_ltd", "8"),
        ),
    ),
    "mixed_precision": IN_PLACE,
    "tiki_taka": replace(IN_PLACE, told="learns in place; one of two arrays is billed"),
    "manhattan": IN_PLACE,
}
COLUMNS = {  # of the table: key in the files, heading, unit that is scaled
    "scheme": ("scheme", ""),
    "test_accuracy": ("test\naccuracy [%]", ""),
    "test_accuracy_std": ("+-", ""),
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
TOLD = (
    "Accuracy on the test images at the end, of the chip that was trained; pulses and writes per "
    "epoch. Energy with leakage. Digital memory of a scheme that learns in place is not in its "
    "chip's area."
)


@dataclass(frozen=True)
class Table:
    """A row for each scheme, in the order asked for, and whether all of them were finished."""

    rows: tuple[Json, ...]
    folder: Path
    interrupted: bool
    diverged: bool

    @property
    def text(self) -> str:
        """The table for a reader."""
        lines = [[_cell(key, row.get(key)) for key in COLUMNS] for row in self.rows]
        drawn = [i for i in range(len(COLUMNS)) if any(line[i] for line in lines)]
        heads = [head for head, _ in COLUMNS.values()]
        table = tabulate(
            [[line[i] for i in drawn] for line in lines],
            [heads[i] for i in drawn],
            disable_numparse=True,
            colalign=("left", *("right",) * (len(drawn) - 1)),
        )
        chips = [f"{row['scheme']}: {row['chip']}" for row in self.rows]
        told = [f"! {row['scheme']}: {line}" for row in self.rows for line in row["ablations"]]
        return "\n".join([table, "", TOLD, f"Chips: {'; '.join(chips)}.", *told])


def schemes(
    request: Request,
    names: Sequence[str],
    seeds: int,
    say: Say,
    progress: Callable[[], Progress] | None = None,
) -> Table:
    """Train each scheme by ``run``, each on its chip, with ``seeds`` seeds from the request's on.

    Every run leaves its report in a folder of its own, ``schemes.csv`` and ``schemes.txt`` beside
    them with the picture of their learning. A run that the folder has finished, of the same inputs,
    data, seed and version, is not made again if ``request.resume``. InputError where a scheme is
    unknown or a file is wrong, before any training.
    """
    for name in names:
        if name not in PLANS:
            raise InputError(f"--schemes {name}: expected some of {', '.join(PLANS)}")
    if len(set(names)) < len(names):
        raise InputError(f"--schemes {','.join(names)}: a scheme is named twice; keep one")
    if any(
        setting.key in ("architecture.weights", "training.read") for setting in request.settings
    ):
        raise InputError("--set: architecture.weights and training.read are the schemes' own")
    folder = request.out or Path("reports") / f"schemes_{Path(request.network).stem}"
    for name in names:
        _request(request, name, request.seed, folder).inputs()  # or refuses, before any training
    report.claim(folder)
    first = _request(request, names[0], request.seed, folder)
    data = _data(first) if request.resume else ""
    rows: list[Json] = []
    learned: dict[str, list[Json]] = {}
    stopped = diverged = False
    for name in names:
        found: list[Json] = []
        for seed in range(request.seed, request.seed + seeds):
            say(f"{name}, seed {seed}")
            one = _request(request, name, seed, folder)
            done = _finished(one, data) if request.resume else None
            if done is None:
                outcome = _run(one, say, progress() if progress else None)
                stopped, done = outcome.interrupted or outcome.out_of_time, outcome.report
                diverged = diverged or outcome.diverged
            found.append(done)
            if stopped:
                break
        rows.append(_row(name, found))
        learned[name] = [done["training"] for done in found]
        table = Table(tuple(rows), folder, stopped, diverged)
        texts: dict[str, str | bytes] = {
            "schemes.csv": _csv(rows),
            "schemes.txt": f"{table.text}\n",
        }
        report.write(folder, texts | picture.schemes(learned))
        if stopped:
            break
    return table


def _request(request: Request, name: str, seed: int, folder: Path) -> Request:
    plan = PLANS[name]
    chosen = plan.settings or (("architecture.weights", name),)
    settings = tuple(Setting(key, text) for key, text in chosen)
    return replace(
        request,
        architecture=plan.architecture,
        settings=(*request.settings, *settings),
        seed=seed,
        out=folder / (f"{name}_seed{seed}"),
    )


def _run(request: Request, say: Say, progress: Progress | None) -> Outcome:
    assert request.out is not None
    begun = (request.out / "checkpoint.npz").exists()
    return run(replace(request, resume=request.resume and begun), say, progress)


def _data(request: Request) -> str:
    """The digest of the images that all schemes would train on."""
    from neurorebit.train import data

    network = request.inputs().network
    wanted = network.training.dataset, network.training.fallback
    source = data.locate(*wanted, network.input, network.classes, request.data)
    return data.load(source, network.input).sha256


def _finished(request: Request, data: str) -> Json | None:
    """The report of a run of the same inputs, data, seed and version that came to its end."""
    assert request.out is not None
    try:
        found: Json = json.loads((request.out / "report.json").read_text(encoding="utf-8"))
        training = found["training"]
        ended = not (training["interrupted"] or training["out_of_time"])
        images = training.get("data_sha256", data)
        same = _heeded(found["inputs"]), found["seed"], found["version"], images
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    asked = _heeded(request.inputs().record()), request.seed, __version__, data
    return found if ended and same == asked else None


def _heeded(inputs: Json) -> Json:
    """The files' values without the settings of a scheme that is not the one they name."""
    network, weights = inputs["network"], inputs["architecture"]["values"]["weights"]
    values = network["values"]["training"]
    training = {key: value for key, value in values.items() if OWN.get(key, weights) == weights}
    return {**inputs, "network": {**network, "values": {**network["values"], "training": training}}}


def _row(name: str, reports: Sequence[Json]) -> Json:
    first, plan = reports[0], PLANS[name]
    reached = [r["training"]["test_accuracy"] for r in reports]
    known = [share for share in reached if share is not None]
    row: Json = {
        "scheme": name,
        "chip": plan.told,
        "seeds": len(reports),
        "test_accuracy": float(np.mean(known)) if known else None,
        "test_accuracy_std": float(np.std(known, ddof=1)) if len(known) > 1 else None,
        "ablations": [] if plan.software else first["ablations"],
        **(first["training"]["demands"] or {}),
    }
    if not plan.software:
        epoch = first["totals"]["epoch"]
        for key in ("energy_J", "energy_with_dram_J", "latency_s"):
            row[f"{key}_per_epoch"] = epoch[key]
        row["area_m2"] = first["chip"]["area_m2"]
    return row


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
    keys = ["scheme", "chip", "seeds", *(key for key in COLUMNS if key != "scheme")]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(keys)
    writer.writerows([row.get(key) for key in keys] for row in rows)
    return out.getvalue()
