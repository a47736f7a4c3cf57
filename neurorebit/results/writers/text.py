"""``report.txt``: the report for a reader, in tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from neurorebit.chips.parts.phases import PHASES
from neurorebit.results.document import CHIP, DRAM_IN, DYNAMIC, EPOCH_KEYS, LEAKAGE, MACRO, Json
from neurorebit.schema import units
from neurorebit.schema.columns import columns

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


def write(report: Json) -> str:
    """What a reader must know first, then tables."""
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
    return columns(rows, head, "l" * words + "r" * (len(head) - words))


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
    lines += [columns(rows)]
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
    meanings = [[f"{word} ", f"= {meaning}"] for word, meaning in DEFINITIONS.items()]
    return f"{_table(head, rows, 2)}\n\n{columns(meanings)}"


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
    return columns(rows, head, "lrrrrrl")


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


def _demands(demands: Json | None) -> str:
    """What the scheme asked for, in sentences."""
    if demands is None:
        return ""
    each = "writes_per_cell_and_epoch"
    lines = [
        f"Digital memory: {_number(demands['memory_bits_per_weight'])} bits a weight; digital "
        f"arithmetic: {_number(demands['digital_macs_per_image'])} MACs an image; arrays a weight: "
        f"{demands['arrays_per_weight']}",
    ]
    if demands[each]:
        keys = (each, f"{each}_most", f"{each}_p999")
        mean, most, p999 = (_number(demands[key]) for key in keys)
        lines += [
            f"Pulses: {_number(demands['pulses_per_weight_and_epoch'])} a weight and epoch",
            f"Writes: {mean} a cell and epoch, {most} of the most written, 99.9 % of the cells "
            f"below {p999}",
        ]
        life = demands["lifetime_epochs"]
        lines.append(
            "Lifetime: unknown, the device file has no section 'endurance'"
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
    """A number, or the numbers of the bit planes: one where all are the same."""
    if not isinstance(value, list):
        return _number(value, 3)
    texts = [_number(share, 2) for share in value]
    return texts[0] if len(set(texts)) == 1 else " ".join(texts)
