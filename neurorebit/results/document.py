"""The report document: all that a run has to say, as report.json holds it.

A report has the same keys whatever the chip: a phase that a chip does not have, and a total that
such phases make, are null.
Accuracies and utilisations are fractions; everything else is in SI units until a table is drawn.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit.chips.parts.phases import PER, PHASES, TRAINING
from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.circuits.cost import Bill
from neurorebit.estimation.estimate import Estimate
from neurorebit.estimation.plans import Plan
from neurorebit.results import pipeline
from neurorebit.schema import File, InfeasibleError, InputError, plain
from neurorebit.schema.activity import Activity, LayerActivity
from neurorebit.schema.errors import printable
from neurorebit.schema.fields import adapter
from neurorebit.schema.json_file import read_json
from neurorebit.schema.sheet import cells

Json = dict[str, Any]
NAME = "report.json"
SCHEMA = 3  # of the document: 1 has no such number, 2 neither inference nor programming
NEEDED = ("chip", "inputs", "layers", "phases")  # keys that every report has
CURE = "name the folder of a run"
CHIP = "chip"  # the last row: what belongs to no layer
EPOCH_KEYS = (
    "epoch", "loss", "train_accuracy", "test_accuracy", "cells_programmed", "images_per_second",
    "seconds",
)  # fmt: skip
ERROR_KEYS = {  # in place of accuracies, of a regression
    "train_accuracy": ("train_rmse",),
    "test_accuracy": ("test_rmse", "test_r2"),
}
PAPER = {  # "ReBIT", Dang, Wang, He, Li: TOPS/W of the two passes
    "forward": 74.29,
    "backward": 1.78,
}
PAPERS_CHIP = {"network": "vgg11", "architecture": "rebit"}  # that these figures are of
PAPERS_IMAGE = {"channels": 3, "height": 32, "width": 32}
LEAKAGE = "leakage"  # owner of the parts of a phase's energy that are leakage
OPTIONAL = ("stored_density", "blocks")  # keys of an activity, where a layer has them
FAST = "fast_"  # how the keys begin of the activity of a fast array
MM2 = 1e6  # in a square metre
MACRO, DRAM_IN = "tops_per_W_macro", "tops_per_W_with_dram"
DYNAMIC = "tops_per_W_without_leakage"


def build(
    header: Json,
    estimate: Estimate,
    spec: ArchitectureSpec,
    activity: Activity,
    *,
    training: Json | None = None,
) -> Json:
    """The document of a run.

    ``header`` says what was run on which inputs, ``training`` what the training reached.
    """
    area, leakage = _amounts(estimate.area), _amounts(estimate.leakage)
    whole = math.fsum(area.values())
    phases = {
        name: _phase(estimate, name, whole) if name in estimate.phases else None for name in PHASES
    }
    conventions = spec.conventions
    return {
        **header,
        "schema": SCHEMA,
        "chip": {
            "area_m2": whole,
            "area_by_part_m2": area,
            "leakage_W": math.fsum(leakage.values()),
            "leakage_by_part_W": leakage,
            "utilization": float(estimate.chip_utilization),
            "counts": {name: asdict(counts) for name, counts in estimate.counts.items()},
        },
        "phases": phases,
        "totals": _totals(estimate, phases),
        **pipeline.section(estimate.pipeline, estimate.rows),
        **pipeline.size(estimate.capacity),
        "layers": [_layer(estimate, i) for i in range(len(estimate.rows))],
        "activity": {
            "origin": activity.origin.value,
            "source": activity.source,
            "layers": [
                {"name": name, **_activity(layer)}
                for name, layer in zip(estimate.rows, activity.layers, strict=False)
            ],
        },
        "assumptions": list(estimate.assumptions),
        "paper": {
            name: {
                "paper_tops_per_W": figure,
                "convention": conventions[name],
                "tops_per_W": phase["tops_per_W"],
                DYNAMIC: _dynamic(phase),
                MACRO: phase[MACRO],
                DRAM_IN: phase[DRAM_IN],
            }
            for name, figure in PAPER.items()
            if name in conventions and (phase := phases[name]) is not None
        },
        "training": training,
    }


def is_papers(report: Json) -> bool:
    """Whether a report is of the network and the chip that the paper has figures for."""
    network = report["inputs"]["network"].get("values", {})
    same = all(report.get(kind) == name for kind, name in PAPERS_CHIP.items())
    return same and network.get("input") == PAPERS_IMAGE and network.get("width") == 1


def is_regression(training: Json | None) -> bool:
    """Whether a record of a training is of numbers that were learned, not classes."""
    return training is not None and "test_rmse" in training


def epoch_keys(training: Json | None) -> tuple[str, ...]:
    """The keys of an epoch of a record of a training, in the order of a table."""
    if not is_regression(training):
        return EPOCH_KEYS
    return tuple(one for key in EPOCH_KEYS for one in ERROR_KEYS.get(key, (key,)))


def _activity(layer: LayerActivity) -> Json:
    """A layer's activity, that of a fast array among it where there is one."""
    values: Json = plain(layer)
    fast = values.pop("fast") or {}
    for optional in OPTIONAL:
        if values[optional] is None:
            del values[optional]
    return values | {f"{FAST}{key}": value for key, value in fast.items()}


def layer_activity(recorded: Json) -> LayerActivity:
    """The activity of a layer as a document has it; ValueError where it is none."""
    names = (key.name for key in fields(LayerActivity))
    own: Json = {name: recorded[name] for name in names if name in recorded}
    own["input_density"] = tuple(recorded["input_density"])
    fast = {key.removeprefix(FAST): recorded[key] for key in recorded if key.startswith(FAST)}
    found: LayerActivity = adapter(LayerActivity).validate_python(own | {"fast": fast or None})
    return found


def _amounts(bill: Bill) -> dict[str, float]:
    return {part: float(np.sum(amount)) for part, amount in bill.items.items()}


def _ratio(ops: float, energy: float) -> float | None:
    return ops / energy / 1e12 if energy > 0 else None


def _dynamic(phase: Json) -> float | None:
    """TOPS/W of the chip as if it did not leak, as published figures often have it."""
    return _ratio(phase["ops"], phase["energy_J"] - phase["leakage_energy_J"])


def _per_second(amount: float, time: float) -> float | None:
    return amount / time if time > 0 else None


def _phase(estimate: Estimate, name: str, area: float) -> Json:
    phase = estimate.phases[name]
    parts = _amounts(phase.energy)
    energy, dram = math.fsum(parts.values()), float(np.sum(phase.dram_energy))
    return {
        "per": phase.per,
        "ops": float(phase.ops),
        "energy_J": energy,
        "energy_by_part_J": parts,
        "leakage_energy_J": float(phase.leakage_energy),
        "dram_energy_J": dram,
        "macro_energy_J": float(phase.macro_energy),
        "latency_s": phase.total_latency,
        "power_W": _per_second(energy, phase.total_latency),
        "energy_delay_Js": energy * phase.total_latency,
        "tops": _ratio(phase.ops, phase.total_latency),
        "tops_per_mm2": _ratio(phase.ops, phase.total_latency * area * MM2),
        "tops_per_W": _ratio(phase.ops, energy),
        MACRO: _ratio(phase.ops, float(phase.macro_energy)),
        DRAM_IN: _ratio(phase.ops, energy + dram),
    }


def _layer(estimate: Estimate, i: int) -> Json:
    chip = i == len(estimate.rows) - 1
    area = _nonzero(estimate.layer_area, i)
    return {
        "name": estimate.rows[i],
        "kind": CHIP if chip else estimate.kinds[i],
        "macs": 0 if chip else int(estimate.macs[i]),
        "utilization": float(estimate.chip_utilization if chip else estimate.utilization[i]),
        "area_m2": math.fsum(area.values()),
        "area_by_part_m2": area,
        "floorplan": None if i >= len(estimate.plans) else _plan(estimate.plans[i]),
        "phases": {
            name: _layer_phase(estimate, name, i) if name in estimate.phases else None
            for name in PHASES
        },
    }


def _plan(plan: Plan) -> Json:
    parts = {
        name: {
            "tiles": share.tiles,
            "pes": share.pes,
            "macros": share.macros,
            "area_m2": share.area,
        }
        for name, share in plan.parts.items()
    }
    return {"copies": plan.copies, "parts": parts}


def _nonzero(bill: Bill, i: int) -> dict[str, float]:
    """The amounts of a row that are not zero."""
    row = {part: float(np.asarray(amount)[i]) for part, amount in bill.items.items()}
    return {part: amount for part, amount in row.items() if amount}


def _layer_phase(estimate: Estimate, name: str, i: int) -> Json:
    phase = estimate.phases[name]
    parts = {part: float(np.asarray(amount)[i]) for part, amount in phase.energy.items.items()}
    return {
        "energy_J": math.fsum(parts.values()),
        "energy_by_part_J": parts,
        "dram_energy_J": float(phase.dram_energy[i]),
        "latency_s": float(phase.latency[i]),
        "slowest_stream": phase.slowest[i],
    }


def _totals(estimate: Estimate, phases: Mapping[str, Json | None]) -> Json:
    """Costs of recognising and of learning from one image, of an iteration, and of an epoch.

    None for what the chip does not do, and for an epoch of unknown length.
    """
    batch, images = estimate.batch, estimate.images

    def learning(of_image: float, of_iteration: float) -> dict[str, float]:
        return {n: of_image if PER[n] == "image" else of_iteration for n in TRAINING}

    counts = {
        "inference": (1, {"inference": 1.0}),
        "image": (1, learning(1.0, 1 / batch)),
        "iteration": (batch, learning(float(batch), 1.0)),
    }
    totals = {name: _total(phases, *count) for name, count in counts.items()}
    flow = None if estimate.pipeline is None else estimate.pipeline.inference
    if (alone := totals["inference"]) is not None and flow is not None:
        alone |= {"latency_s": flow.latency, "energy_delay_Js": alone["energy_J"] * flow.latency}
    totals["epoch"] = None
    if images is not None:
        iterations = math.ceil(images / batch)
        totals["epoch"] = _total(phases, images, learning(float(images), float(iterations)))
    return totals


def _total(
    phases: Mapping[str, Json | None], taken: int, times: Mapping[str, float]
) -> Json | None:
    """Each phase so many times, for ``taken`` images; None unless the chip has all of them."""
    work = [(n, phase) for name, n in times.items() if (phase := phases[name]) is not None]
    if len(work) < len(times):
        return None
    energy, dram, time = (
        math.fsum(n * phase[key] for n, phase in work)
        for key in ("energy_J", "dram_energy_J", "latency_s")
    )
    return {
        "images": taken,
        "energy_J": energy,
        "dram_energy_J": dram,
        "energy_with_dram_J": energy + dram,
        "latency_s": time,
        "power_W": _per_second(energy, time),
        "images_per_s": _per_second(taken, time),
        "energy_delay_Js": energy * time,
    }


def read(place: str | Path) -> Json:
    """The document in a folder or a file.

    InputError where there is none, or it is of another schema than this version's.
    """
    report = read_any(place)
    if (schema := schema_of(report)) != SCHEMA:
        path = _path(place)
        cure: object = "read it with a version that writes this schema"
        if schema < SCHEMA:
            cure = f"bill it anew with 'neurorebit rebill {path.parent}', which makes it current"
        message = f"a report of schema {schema}, this version reads schema {SCHEMA}"
        raise InputError(message, origin=File(str(path)), key="schema", value=schema, cure=cure)
    return report


def read_any(place: str | Path) -> Json:
    """The document in a folder or a file, of whatever schema; InputError where there is none."""
    path = _path(place)
    where = File(str(path))
    report = read_json(path, CURE)
    if not isinstance(report, dict) or not all(key in report for key in NEEDED):
        raise InputError("not the report of a run", origin=where, cure=CURE)
    return report


@contextmanager
def as_written(path: Path) -> Iterator[None]:
    """What a report lacks that a run writes, or has otherwise, is an InputError that names it."""
    try:
        yield
    except (InputError, InfeasibleError):
        raise
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError) as problem:
        said = printable(f"{type(problem).__name__}: {problem}")[:100]
        message = f"not the report of a run as one is written ({said})"
        raise InputError(message, origin=File(str(path)), cure=CURE) from None


def find(folder: Path) -> Json | None:
    """The document in a folder, None where no report can be read there.

    InputError where it is of another schema.
    """
    try:
        read_any(folder)
    except InputError:
        return None
    return read(folder)


def schema_of(report: Json) -> int:
    """The schema of a document."""
    schema = report.get("schema", 1)
    return schema if isinstance(schema, int) else 0


def _path(place: str | Path) -> Path:
    path = Path(place)
    return path / NAME if path.is_dir() else path


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Rows as the text of a CSV file."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(map(cells, rows))
    return out.getvalue()
