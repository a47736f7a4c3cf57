"""A run as tables, CSV and JSON: report.json holds all of it, the rest is drawn from that.

Accuracies and utilisations are fractions; everything else is in SI units until a table is drawn.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from neurorebit import units
from neurorebit.activity import Activity
from neurorebit.architecture import AnySpec, HybridSpec
from neurorebit.cost import Bill
from neurorebit.estimate import PHASES, Estimate
from neurorebit.schema import InputError, plain

Json = dict[str, Any]

CHIP = "chip"  # the last row: what belongs to no layer
EPOCH_KEYS = (
    "epoch", "loss", "train_accuracy", "test_accuracy", "cells_programmed", "images_per_second",
    "seconds",
)  # fmt: skip
PAPER = {  # "ReBIT", Dang, Wang, He, Li: TOPS/W of the two passes
    "forward": 74.29,
    "backward": 1.78,
}
LEAKAGE = "leakage"  # owner of the parts of a phase's energy that are leakage
MACRO, DRAM_IN = "tops_per_W_macro", "tops_per_W_with_dram"
DYNAMIC = "tops_per_W_without_leakage"
DEFINITIONS = {
    "ops": "two for each multiply-accumulate; update: one for each weight; sync: one for each cell "
    "programmed",
    "energy": "dynamic energy, and leakage of the whole chip over the phase's time; without DRAM",
    "time": "of the slowest stream of each layer, DRAM among them, layer after layer",
    "TOPS": "ops / time / 1e12",
    "TOPS/W macro": "ops / dynamic energy of the macros (arrays, converters, arithmetic) / 1e12",
    "TOPS/W chip": "ops / energy / 1e12: leakage in, DRAM out",
    "TOPS/W with DRAM": "ops / (energy + DRAM energy) / 1e12",
}
SPLIT, SMALL = 0.05, 0.01  # share of a whole: parts that are taken apart, parts that are summed up


def build(
    header: Json,
    estimate: Estimate,
    spec: AnySpec,
    activity: Activity,
    training: Json | None,
) -> Json:
    """All that a run has to say, as report.json holds it.

    ``header`` says what was run on which inputs, ``training`` what the training reached.
    """
    area, leakage = _amounts(estimate.area), _amounts(estimate.leakage)
    phases = {name: _phase(estimate, name) for name in PHASES}
    conventions = _conventions(spec)
    return {
        **header,
        "chip": {
            "area_m2": math.fsum(area.values()),
            "area_by_part_m2": area,
            "leakage_W": math.fsum(leakage.values()),
            "leakage_by_part_W": leakage,
            "utilization": float(estimate.chip_utilization),
        },
        "phases": phases,
        "totals": _totals(estimate, phases),
        "layers": [_layer(estimate, i) for i in range(len(estimate.rows))],
        "activity": {
            "source": activity.source,
            "layers": [
                {"name": name, **plain(layer)}
                for name, layer in zip(estimate.rows, activity.layers, strict=False)
            ],
        },
        "assumptions": list(estimate.assumptions),
        "paper": {
            name: {
                "paper_tops_per_W": figure,
                "convention": conventions[name],
                "tops_per_W": phases[name]["tops_per_W"],
                DYNAMIC: _dynamic(phases[name]),
                MACRO: phases[name][MACRO],
                DRAM_IN: phases[name][DRAM_IN],
            }
            for name, figure in PAPER.items()
            if name in conventions
        },
        "training": training,
    }


def _conventions(spec: AnySpec) -> dict[str, str]:
    """What the figures beside the paper's count; the paper has none of other chips."""
    if not isinstance(spec, HybridSpec):
        return {}
    return {
        "forward": f"forward ops / forward energy; {spec.input_bits}-bit inputs, "
        f"{spec.weight_bits}-bit weights, {spec.apim.adc_bits}-bit converters, batch norm included",
        "backward": "ops of the errors sent back / energy of the backward phase, batch norm "
        f"included; {spec.error_bits if spec.error_bits == 'fp32' else f'{spec.error_bits}-bit'} "
        f"errors, 32-bit weights, {spec.dpim.build} build",
    }


def _amounts(bill: Bill) -> dict[str, float]:
    return {part: float(np.sum(amount)) for part, amount in bill.items.items()}


def _ratio(ops: float, energy: float) -> float | None:
    return ops / energy / 1e12 if energy > 0 else None


def _dynamic(phase: Json) -> float | None:
    """TOPS/W of the chip as if it did not leak, as published figures often have it."""
    return _ratio(phase["ops"], phase["energy_J"] - phase["leakage_energy_J"])


def _phase(estimate: Estimate, name: str) -> Json:
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
        "tops": _ratio(phase.ops, phase.total_latency),
        "tops_per_W": _ratio(phase.ops, energy),
        MACRO: _ratio(phase.ops, float(phase.macro_energy)),
        DRAM_IN: _ratio(phase.ops, energy + dram),
    }


def _layer(estimate: Estimate, i: int) -> Json:
    chip = i == len(estimate.rows) - 1
    return {
        "name": estimate.rows[i],
        "kind": CHIP if chip else estimate.kinds[i],
        "macs": 0 if chip else int(estimate.macs[i]),
        "utilization": float(estimate.chip_utilization if chip else estimate.utilization[i]),
        "phases": {name: _layer_phase(estimate, name, i) for name in PHASES},
    }


def _layer_phase(estimate: Estimate, name: str, i: int) -> Json:
    phase, shape = estimate.phases[name], (len(estimate.rows),)
    parts = {
        part: float(np.broadcast_to(amount, shape)[i])
        for part, amount in phase.energy.items.items()
    }
    return {
        "energy_J": math.fsum(parts.values()),
        "energy_by_part_J": parts,
        "dram_energy_J": float(phase.dram_energy[i]),
        "latency_s": float(phase.latency[i]),
    }


def _totals(estimate: Estimate, phases: Mapping[str, Json]) -> Json:
    """What one image costs to recognise, and to learn from; an iteration; an epoch."""
    batch, images = estimate.batch, estimate.images
    iterations = math.ceil(images / batch)
    counts = {
        "inference": (1, {"forward": 1.0}),
        "image": (1, {n: 1 / (1 if p["per"] == "image" else batch) for n, p in phases.items()}),
        "iteration": (
            batch,
            {n: float(batch if p["per"] == "image" else 1) for n, p in phases.items()},
        ),
        "epoch": (
            images,
            {n: float(images if p["per"] == "image" else iterations) for n, p in phases.items()},
        ),
    }
    return {
        name: {
            "images": taken,
            "energy_J": (energy := math.fsum(n * phases[p]["energy_J"] for p, n in times.items())),
            "dram_energy_J": (
                dram := math.fsum(n * phases[p]["dram_energy_J"] for p, n in times.items())
            ),
            "energy_with_dram_J": energy + dram,
            "latency_s": math.fsum(n * phases[p]["latency_s"] for p, n in times.items()),
        }
        for name, (taken, times) in counts.items()
    }


# --- files


def files(report: Json, pictures: Mapping[str, bytes]) -> dict[str, str | bytes]:
    """The files of a report, by name; the last one written is report.json."""
    return {
        "report.txt": text(report),
        "layers.csv": layers_csv(report),
        "training.csv": training_csv(report),
        **pictures,
        "report.json": json.dumps(report, indent=1, sort_keys=True, allow_nan=False) + "\n",
    }


def text(report: Json) -> str:
    """The report for a reader: what to know first, then tables."""
    parts = [
        _head(report),
        _section("Chip", _chip(report)),
        _section("Phases", _phases(report)),
        _section("Totals", _totals_table(report)),
        _section("Beside the ReBIT paper", _paper(report)),
        _section("Energy of each layer, without DRAM", _layers(report, "energy_J", "J")),
        _section("Time of each layer", _layers(report, "latency_s", "s")),
        _section("Energy of each part, without DRAM", _parts(report)),
        _section("Training", _training(report)),
        _section("Activity", _activity(report)),
        _section("Assumptions", _list(report["assumptions"])),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, body: str) -> str:
    return f"{title}\n{'-' * len(title)}\n{body}" if body else ""


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> str:
    """A table with ``words`` columns of text, and numbers behind them."""
    align = ("left",) * words + ("right",) * (len(head) - words)
    return tabulate(rows, head, "simple", disable_numparse=True, colalign=align)


def _number(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}g}"


def _column(values: Sequence[float], unit: str) -> tuple[str, list[str]]:
    """The unit in which a column reads best, and its numbers in it."""
    largest = max((abs(value) for value in values), default=0.0)
    number, prefixed = units.scale(largest, unit)
    factor = number / largest if largest else 1.0
    return prefixed, [_number(value * factor) if value else "0" for value in values]


def _head(report: Json) -> str:
    inputs = report["inputs"]
    lines = [f"NeuroReBIT {report['version']}: {report['command']}"]
    rows = [
        [kind, read["name"], read["file"], f"sha256 {read['sha256'][:12]}"]
        for kind, read in inputs.items()
    ]
    lines += [tabulate(rows, tablefmt="plain", disable_numparse=True)]
    lines += [f"! {line}" for line in report["ablations"]]
    lines += [f"* {line}" for line in report["overrides"]]
    lines += [f"- {line}" for line in report["notes"]]
    return "\n".join(lines)


def _chip(report: Json) -> str:
    chip = report["chip"]
    area, leakage = chip["area_by_part_m2"], chip["leakage_by_part_W"]
    rows = grouped({p.removeprefix(f"{CHIP}/"): (area[p], leakage.get(p, 0.0)) for p in area})
    rows = dict(sorted(rows.items(), key=lambda row: -row[1][0]))
    rows["sum"] = (chip["area_m2"], chip["leakage_W"])
    head, columns = ["part"], [list(rows)]
    for i, (what, unit) in enumerate((("area", "m2"), ("leakage", "W"))):
        amounts = [row[i] for row in rows.values()]
        prefixed, texts = _column(amounts, unit)
        head += [f"{what}\n[{prefixed}]", "share"]
        columns += [texts, [_share(amount, amounts[-1]) for amount in amounts]]
    used = f"Cells that hold weights, copies not counted: {_percent(chip['utilization'])}"
    return f"{_table(head, list(zip(*columns, strict=True)))}\n\n{used}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _share(amount: float, whole: float) -> str:
    return _percent(amount / whole) if whole else ""


Amounts = tuple[float, ...]  # of one part, a number for each column of a table


def grouped(parts: Mapping[str, Amounts]) -> dict[str, Amounts]:
    """Parts summed up by their paths: what matters is taken apart, what does not is a rest."""
    return _taken_apart("", parts, _sum(parts.values()))


def _sum(rows: Iterable[Amounts]) -> Amounts:
    return tuple(math.fsum(column) for column in zip(*rows, strict=True))


def _taken_apart(owner: str, parts: Mapping[str, Amounts], whole: Amounts) -> dict[str, Amounts]:
    groups: dict[str, dict[str, Amounts]] = {}
    for part, amounts in parts.items():
        step, _, below = part.partition("/")
        groups.setdefault(step, {})[below] = amounts
    shown: dict[str, Amounts] = {}
    rest: list[Amounts] = []
    for step, members in groups.items():
        amounts = _sum(members.values())
        share = max(a / w if w else 0.0 for a, w in zip(amounts, whole, strict=True))
        path = f"{owner}/{step}" if owner and step else step or f"{owner} (own)"
        if share >= SPLIT and len(members) > 1:
            shown |= _taken_apart(path, members, whole)
        elif share >= SMALL or not owner:
            shown[path] = amounts
        else:
            rest.append(amounts)
    if rest:
        shown[f"{owner} (rest)" if shown else owner] = _sum(rest)
    return shown


def _phases(report: Json) -> str:
    head = [
        "phase", "per", "ops", "energy", "of it\nleakage", "DRAM\nenergy", "time", "TOPS",
        "TOPS/W\nmacro", "TOPS/W\nchip", "TOPS/W\nwith DRAM",
    ]  # fmt: skip
    rows = [
        [
            name,
            phase["per"],
            _number(phase["ops"]),
            units.show(phase["energy_J"], "J"),
            _share(phase["leakage_energy_J"], phase["energy_J"]),
            units.show(phase["dram_energy_J"], "J"),
            units.show(phase["latency_s"], "s"),
            *(_number(phase[key]) for key in ("tops", MACRO, "tops_per_W", DRAM_IN)),
        ]
        for name, phase in ((name, report["phases"][name]) for name in PHASES)
    ]
    told = [[f"{word} ", f"= {meaning}"] for word, meaning in DEFINITIONS.items()]
    return f"{_table(head, rows, 2)}\n\n{tabulate(told, tablefmt='plain')}"


def _totals_table(report: Json) -> str:
    said = {
        "inference": "one image, forward alone",
        "image": "one image trained on, with its share of an iteration",
        "iteration": "one iteration",
        "epoch": "one epoch",
    }
    rows = [
        [
            said[name],
            f"{total['images']:,}",
            units.show(total["energy_J"], "J"),
            units.show(total["dram_energy_J"], "J"),
            units.show(total["energy_with_dram_J"], "J"),
            units.show(total["latency_s"], "s"),
            _number(total["images"] / total["latency_s"]),
        ]
        for name, total in ((name, report["totals"][name]) for name in said)
    ]
    return _table(["", "images", "energy", "DRAM", "with DRAM", "time", "images/s"], rows)


def _paper(report: Json) -> str:
    if not report["paper"]:
        return ""
    rows = []
    for name, said in report["paper"].items():
        figures = (said[key] for key in ("paper_tops_per_W", "tops_per_W", DYNAMIC, MACRO, DRAM_IN))
        rows.append([name, *map(_number, figures), said["convention"]])
    head = ["TOPS/W", "paper", "chip", "no leakage", "macro", "with DRAM", "convention"]
    return tabulate(
        rows, head, "simple", disable_numparse=True,
        colalign=("left", "right", "right", "right", "right", "right", "left"),
    )  # fmt: skip


def _layers(report: Json, key: str, unit: str) -> str:
    layers = report["layers"]
    head, columns = ["layer", "kind", "MACs", "utilization"], []
    for name in PHASES:
        values = [layer["phases"][name][key] for layer in layers]
        prefixed, texts = _column([*values, math.fsum(values)], unit)
        head.append(f"{name}\n[{prefixed}/{report['phases'][name]['per']}]")
        columns.append(texts)
    rows = [
        [
            layer["name"],
            "" if layer["name"] == CHIP else layer["kind"],
            "" if layer["name"] == CHIP else f"{layer['macs']:,}",
            _percent(layer["utilization"]),
            *(column[i] for column in columns),
        ]
        for i, layer in enumerate(layers)
    ]
    rows.append(["sum", "", "", "", *(column[-1] for column in columns)])
    return _table(head, rows, 2)


def _parts(report: Json) -> str:
    owed: dict[str, list[float]] = {}
    for i, name in enumerate(PHASES):
        for part, energy in report["phases"][name]["energy_by_part_J"].items():
            group = LEAKAGE if part.startswith(f"{LEAKAGE}/") else part
            owed.setdefault(group, [0.0] * len(PHASES))[i] += energy
    rows = grouped({part: tuple(amounts) for part, amounts in owed.items() if any(amounts)})
    rows["sum"] = _sum(rows.values())
    head, columns = ["part"], [list(rows)]
    for i, name in enumerate(PHASES):
        prefixed, texts = _column([row[i] for row in rows.values()], "J")
        head.append(f"{name}\n[{prefixed}/{report['phases'][name]['per']}]")
        columns.append(texts)
    return _table(head, list(zip(*columns, strict=True)))


def _training(report: Json) -> str:
    training = report["training"]
    if training is None:
        return ""
    head = [
        "epoch", "loss", "train accuracy", "test accuracy", "cells programmed", "images/s",
        "seconds",
    ]  # fmt: skip
    rows = [[_number(epoch[key]) for key in EPOCH_KEYS] for epoch in training["epochs"]]
    return "\n\n".join(filter(None, (_table(head, rows), _demands(training.get("demands")))))


def _demands(found: Json | None) -> str:
    """What the scheme asked for, in sentences."""
    if found is None:
        return ""
    each = "writes_per_cell_and_epoch"
    lines = [
        f"Digital memory: {_number(found['memory_bits_per_weight'])} bits a weight; digital "
        f"arithmetic: {_number(found['digital_macs_per_image'])} MACs an image; arrays a weight: "
        f"{found['arrays_per_weight']}",
    ]
    if found[each]:
        lines += [
            f"Pulses: {_number(found['pulses_per_weight_and_epoch'])} a weight and epoch",
            f"Writes: {_number(found[each])} a cell and epoch, {_number(found[f'{each}_most'])} of "
            f"the most written, 99.9 % of the cells below "
            f"{_number(found[f'{each}_p999'])}",
        ]
        life = found["lifetime_epochs"]
        lines.append(
            "Lifetime: not told, the device file has no section 'endurance'"
            if life is None
            else f"Lifetime: {_number(life)} epochs, until the most written cell has had the "
            "writes that the device endures"
        )
    return "\n".join(lines)


def _activity(report: Json) -> str:
    keys = list(report["activity"]["layers"][0])[1:]
    rows = [
        [layer["name"], *(_planes(layer[key]) for key in keys)]
        for layer in report["activity"]["layers"]
    ]
    head = ["layer", *(key.replace("_", " ") for key in keys)]
    return f"{report['activity']['source']}\n\n{_table(head, rows)}"


def _planes(value: float | list[float]) -> str:
    """A number, or those of the bit planes: one where they are the same."""
    if not isinstance(value, list):
        return _number(value, 3)
    texts = [_number(share, 2) for share in value]
    return texts[0] if len(set(texts)) == 1 else " ".join(texts)


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


def claim(folder: Path) -> None:
    """InputError unless files can be written to a folder, which may not exist yet."""
    made: list[Path] = []
    try:
        for place in (*reversed(folder.parents), folder):
            if not place.is_dir():
                place.mkdir()
                made.append(place)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".writing-"):
            pass
    except OSError as problem:
        raise _unwritable(folder, problem) from None
    finally:
        for place in reversed(made):
            place.rmdir()


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


def _unwritable(folder: Path, problem: OSError) -> InputError:
    where = f" ({problem.filename})" if problem.filename else ""
    return InputError(
        f"--out {folder}: cannot be written: {problem.strerror or problem}{where}; name another "
        "folder"
    )
