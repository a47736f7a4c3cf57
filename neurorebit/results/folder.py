"""The files of a report, written all or none."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurorebit.chips.parts.phases import PHASES
from neurorebit.results.document import EPOCH_KEYS, Json
from neurorebit.results.tables import text
from neurorebit.schema import InputError


def files(report: Json, pictures: Mapping[str, bytes]) -> dict[str, str | bytes]:
    """The files of a report, by name; the last one written is report.json."""
    return {
        "report.txt": text(report),
        "layers.csv": layers_csv(report),
        "training.csv": training_csv(report),
        **pictures,
        "report.json": json.dumps(report, indent=1, sort_keys=True, allow_nan=False) + "\n",
    }


def layers_csv(report: Json) -> str:
    """A row for each layer and phase: latency, energy, and the energy of each part."""
    parts = list(dict.fromkeys(p for n in PHASES for p in report["phases"][n]["energy_by_part_J"]))
    head = ["layer", "kind", "macs", "utilization", "phase", "per", "latency_s", "energy_J"]
    rows: list[list[Any]] = [[*head, "dram_energy_J", *(f"energy_J {part}" for part in parts)]]
    for layer in report["layers"]:
        for name in PHASES:
            phase = layer["phases"][name]
            owed = phase["energy_by_part_J"]
            rows.append(
                [
                    *(layer[key] for key in ("name", *head[1:4])),
                    name,
                    report["phases"][name]["per"],
                    *(phase[key] for key in ("latency_s", "energy_J", "dram_energy_J")),
                    *(owed.get(part, 0.0) for part in parts),
                ]
            )
    return _csv(rows)


def training_csv(report: Json) -> str:
    """A row for each epoch; the header alone where nothing was trained."""
    epochs = (report["training"] or {}).get("epochs", [])
    return _csv([list(EPOCH_KEYS), *([epoch[key] for key in EPOCH_KEYS] for epoch in epochs)])


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def claim(folder: Path, option: str = "--out") -> None:
    """InputError unless files can be written to a folder, which may not exist yet.

    What is missing of the path is made on trial inside a folder of its own, so that runs that
    start together, in folders beside each other, do not meet.
    """
    there = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
    try:
        with tempfile.TemporaryDirectory(dir=there, prefix=".writing-") as trial:
            (Path(trial) / folder.relative_to(there)).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise _unwritable(folder, problem, option) from None


def write(folder: Path, contents: Mapping[str, str | bytes]) -> None:
    """Write files to a folder: all of them, or none; each appears whole."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder, prefix=".writing-"))
        try:
            for name, content in contents.items():
                raw = content if isinstance(content, bytes) else content.encode()
                (scratch / name).write_bytes(raw)
            for name in contents:
                os.replace(scratch / name, folder / name)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as problem:
        raise _unwritable(folder, problem) from None


def _unwritable(folder: Path, problem: OSError, option: str = "--out") -> InputError:
    where = f" ({problem.filename})" if problem.filename else ""
    return InputError(
        f"{option} {folder}: cannot be written: {problem.strerror or problem}{where}; name another "
        "folder"
    )
