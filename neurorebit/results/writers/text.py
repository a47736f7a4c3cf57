"""``report.txt``: the report for a reader. Answers first, then tables, and the answers again."""

from __future__ import annotations

import math

from neurorebit.results.document import CHIP, DRAM_IN, DYNAMIC, MACRO, Json, epoch_keys, is_papers
from neurorebit.results.parts import energy_of_parts, largest, phases_of, repeated, total
from neurorebit.results.writers import evaluation, pipeline
from neurorebit.results.writers.layout import (
    column,
    defined,
    listed,
    number,
    percent,
    section,
    share,
    table,
    wrapped,
)  # fmt: skip
from neurorebit.results.writers.summary import COUNTED, summary
from neurorebit.schema import units
from neurorebit.schema.columns import columns

DEFINITIONS = {
    "ops": "two for each multiply-accumulate; update: one for each weight; sync: one for each cell "
    "programmed",
    "inference": "one image recognised; forward: an image's share of a batch in training, whose "
    "activations are kept for the backward pass",
    "energy": "dynamic energy, and leakage of the whole chip over the phase's time; without DRAM",
    "time": "of the slowest stream of each layer, DRAM among them, layer after layer",
    "power": "energy / time",
    "TOPS": "ops / time / 1e12; TOPS/mm2: of the area of the whole chip",
    "TOPS/W macro": "ops / dynamic energy of the macros (arrays, converters, arithmetic) / 1e12",
    "TOPS/W chip": "ops / energy / 1e12: leakage in, DRAM out",
    "TOPS/W with DRAM": "ops / (energy + DRAM energy) / 1e12",
    "energy x delay": "energy times time, of one image or iteration",
}
SHARED_TIME = "a part of the time between images, in proportion to what each layer takes alone"
LONG, FIRST, LAST = 20, 5, 10  # epochs in a table: if there are more, the first and the last ones
PLACES = {
    "inference": "one image\nrecog-\nnised",
    "image": "one image\ntrained on,\nwith sync",
    "iteration": "one\niteration",
    "epoch": "one\nepoch",
}
EPOCH_HEADS = {
    "train_accuracy": "train\naccuracy",
    "test_accuracy": "test\naccuracy",
    "train_rmse": "train\nRMSE",
    "test_rmse": "test\nRMSE",
    "test_r2": "test\nR2",
    "cells_programmed": "cells\nprogrammed",
    "images_per_second": "images/s",
}
BY = {  # origins of the activity, and what headings of what follows from it say
    "measured": "",
    "recorded": " (activity of a recorded training)",
    "assumed": " (assumed activity)",
}
BYTE = 8  # planes whose numbers stand in a line
ONCE = "programming", "all weights\nwritten\nonce"


def write(report: Json) -> str:
    """The answers, what a reader must know, tables, and the answers again."""
    answers, by = summary(report), BY[report["activity"]["origin"]]
    parts = [
        _head(report, answers),
        section("Chip", _chip(report), _counts(report)),
        section(f"Phases{by}", _phases(report), defined(_definitions(report).items())),
        section(f"Totals{by}", _totals(report)),
        section("Capacity", pipeline.capacity(report)),
        section(f"Pipeline{by}", *pipeline.tables(report)),
        section(f"Beside the ReBIT paper{by}", _paper(report)),
        section("Layers", _layers(report)),
        section(f"Energy of each layer, without DRAM{by}", _of_layers(report, "energy_J", "J")),
        section(f"Time of each layer{by}", _of_layers(report, "latency_s", "s")),
        section("Slowest stream of each layer", _limits(report)),
        section(f"Energy of each part, without DRAM{by}", _parts(report)),
        section("Training", *_training(report)),
        section("Evaluation", *evaluation.tables(report)),
        section("Activity", *_activity(report)),
        section("Assumptions", listed(report["assumptions"])),
        section("Summary", answers),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Json, answers: str) -> str:
    rows = [
        (kind, read["name"], read["file"], f"sha256 {read['sha256'][:12]}")
        for kind, read in report["inputs"].items()
    ]
    lines = [
        f"NeuroReBIT {report['version']}: {report['command']}",
        answers,
        "",
        columns(rows),
        listed(report["ablations"], "! "),
        listed(report.get("idle", ()), "~ "),
        listed(report["overrides"], "* "),
        listed(report["notes"]),
    ]
    return "\n".join(line for i, line in enumerate(lines) if line or i == 2)


def _definitions(report: Json) -> dict[str, str]:
    return DEFINITIONS | ({"time": SHARED_TIME} if "pipeline" in report else {})


# --- the chip


def _chip(report: Json) -> str:
    chip = report["chip"]
    area, leakage = chip["area_by_part_m2"], chip["leakage_by_part_W"]
    parts = {part.removeprefix(f"{CHIP}/"): (leakage.get(part, 0.0), area[part]) for part in area}
    rows = largest(parts) | {"sum": (chip["leakage_W"], chip["area_m2"])}
    head, cells = ["part"], [list(rows)]
    for i, what, unit in ((1, "area", "m2"), (0, "leakage", "W")):
        amounts = [row[i] for row in rows.values()]
        prefixed, texts = column(amounts, unit)
        head += [f"{what}\n[{prefixed}]", "share"]
        cells += [texts, [share(amount, amounts[-1]) for amount in amounts]]
    return table(head, list(zip(*cells, strict=True)))


def _counts(report: Json) -> str:
    counts = report["chip"]["counts"]
    rows = [[name, *(f"{part[key]:,}" for key in COUNTED)] for name, part in counts.items()]
    return table(["part", *(f"{word}s" for word in COUNTED.values())], rows)


# --- phases and totals


def _phases(report: Json) -> str:
    names = repeated(report)
    phases = [report["phases"][name] for name in names]

    def quantity(key: str, unit: str) -> list[str]:
        return ["" if p[key] is None else units.show(p[key], unit) for p in phases]

    def plain(key: str) -> list[str]:
        return [number(phase[key]) for phase in phases]

    rows = [
        ["per", *(phase["per"] for phase in phases)],
        ["ops", *plain("ops")],
        ["energy", *quantity("energy_J", "J")],
        ["of it leakage", *(share(p["leakage_energy_J"], p["energy_J"]) for p in phases)],
        ["DRAM energy", *quantity("dram_energy_J", "J")],
        ["time", *quantity("latency_s", "s")],
        ["power", *quantity("power_W", "W")],
        ["TOPS", *plain("tops")],
        ["TOPS/mm2", *plain("tops_per_mm2")],
        ["TOPS/W macro", *plain(MACRO)],
        ["TOPS/W chip", *plain("tops_per_W")],
        ["TOPS/W with DRAM", *plain(DRAM_IN)],
        ["energy x delay", *quantity("energy_delay_Js", "J s")],
    ]
    return table(["", *names], rows)


def _totals(report: Json) -> str:
    places = {name: head for name, head in PLACES.items() if report["totals"][name] is not None}
    totals = [report["totals"][name] for name in places]
    if (once := report["phases"][ONCE[0]]) is not None:
        places[ONCE[0]] = ONCE[1]
        with_dram = once["energy_J"] + once["dram_energy_J"]
        totals.append(once | {"energy_with_dram_J": with_dram, "images": 0, "images_per_s": None})

    def quantity(key: str, unit: str) -> list[str]:
        return ["" if t[key] is None else units.show(t[key], unit) for t in totals]

    rows = [
        ["images", *(f"{t['images']:,}" if t["images"] else "" for t in totals)],
        ["energy", *quantity("energy_J", "J")],
        ["DRAM energy", *quantity("dram_energy_J", "J")],
        ["energy with DRAM", *quantity("energy_with_dram_J", "J")],
        ["time", *quantity("latency_s", "s")],
        ["images/s", *(number(t["images_per_s"]) for t in totals)],
        ["power, without DRAM", *quantity("power_W", "W")],
        ["energy x delay", *quantity("energy_delay_Js", "J s")],
    ]
    return table(["", *places.values()], rows)


def _paper(report: Json) -> str:
    """Only for the network and the chip that the paper has figures for."""
    if not is_papers(report):
        return ""
    rows, conventions = [], []
    for name, said in report["paper"].items():
        figures = (said[key] for key in ("paper_tops_per_W", "tops_per_W", DYNAMIC, MACRO, DRAM_IN))
        rows.append([name, *map(number, figures)])
        conventions.append((name, said["convention"]))
    head = ["TOPS/W", "paper", "chip", "no leakage", "macro", "with DRAM"]
    return f"{table(head, rows)}\n\n{defined(conventions)}"


# --- layers


def _layers(report: Json) -> str:
    layers = report["layers"]
    areas = [layer["area_m2"] for layer in layers]
    whole = math.fsum(areas)
    prefixed, texts = column([*areas, whole], "m2")
    rows = [
        [
            "what layers share" if layer["name"] == CHIP else layer["name"],
            "" if layer["name"] == CHIP else layer["kind"],
            "" if layer["name"] == CHIP else f"{layer['macs']:,}",
            "" if layer["name"] == CHIP else percent(layer["utilization"]),
            text,
            share(area, whole),
        ]
        for layer, text, area in zip(layers, texts, areas, strict=False)
    ]
    macs, used = sum(layer["macs"] for layer in layers), report["chip"]["utilization"]
    rows.append(["sum", "", f"{macs:,}", percent(used), texts[-1], share(whole, whole)])
    head = ["layer", "kind", "MACs", "cells that\nhold weights", f"area\n[{prefixed}]", "share"]
    return table(head, rows, 2)


def _of_layers(report: Json, key: str, unit: str) -> str:
    layers = report["layers"]
    head, cells = ["layer"], [[*_names(report), "sum"]]
    for name in phases_of(report):
        values = [layer["phases"][name][key] for layer in layers]
        prefixed, texts = column([*values, math.fsum(values)], unit)
        head.append(f"{name}\n[{prefixed} per\n{report['phases'][name]['per']}]")
        cells.append(texts)
    return table(head, list(zip(*cells, strict=True)))


def _names(report: Json) -> list[str]:
    """The names of the layers, and what the last row has."""
    names = (layer["name"] for layer in report["layers"])
    return ["all at once" if name == CHIP else name for name in names]


def _limits(report: Json) -> str:
    """What takes longest in each layer and phase."""
    names = phases_of(report)
    limited = {
        layer["name"]: [layer["phases"][name]["slowest_stream"] for name in names]
        for layer in report["layers"]
        if layer["name"] != CHIP
    }
    shown = [i for i in range(len(names)) if any(row[i] for row in limited.values())]
    rows = [[name, *(row[i] or "" for i in shown)] for name, row in limited.items()]
    return table(["layer", *(names[i] for i in shown)], rows, len(names) + 1)


def _parts(report: Json) -> str:
    rows = largest(energy_of_parts(report))
    rows["sum"] = total(rows.values())
    head, cells = ["part"], [list(rows)]
    for i, name in enumerate(repeated(report)):
        prefixed, texts = column([row[i] for row in rows.values()], "J")
        head.append(f"{name}\n[{prefixed} per\n{report['phases'][name]['per']}]")
        cells.append(texts)
    of = "training" if report["totals"]["image"] is not None else "inference"
    shares = [share(row[-1], rows["sum"][-1]) for row in rows.values()]
    return table([*head, f"share of\n{of}"], list(zip(*cells, shares, strict=True)))


# --- training and activity


def _training(report: Json) -> list[str]:
    training = report["training"]
    if training is None:
        return []
    keys, epochs = epoch_keys(training), training["epochs"]
    head = [EPOCH_HEADS.get(key, key) for key in keys]
    rows = [[_epoch_cell(key, epoch[key]) for key in keys] for epoch in epochs]
    note = ""
    if len(rows) > LONG:
        note = f"the first {FIRST} and the last {LAST} of {len(rows)}; training.csv has all"
        rows = [*rows[:FIRST], ["...", *[""] * (len(head) - 1)], *rows[-LAST:]]
    demands, uses = training.get("demands"), training.get("conversions")
    return [table(head, rows, 0), note, _demands(demands), _conversions(uses)]


def _conversions(conversions: list[Json] | None) -> str:
    """The share of clipped conversions of each layer, and how many codes tell anything."""
    if not conversions:
        return ""
    ways = [way for way in ("forward", "backward") if any(one[way] for one in conversions)]
    head, rows = ["converters of"], [[one["name"]] for one in conversions]
    for way in ways:
        head += [f"{way}\nclipped", "codes\nin use", "of"]
        for row, one in zip(rows, conversions, strict=True):
            use = one[way]
            row += (
                [percent(use["clipped"], 2), number(use["effective"], 3), f"{use['codes']}"]
                if (use)
                else ["", "", ""]
            )
    return table(head, rows)


def _epoch_cell(key: str, value: float | None) -> str:
    return percent(value, 2) if key.endswith("accuracy") and value is not None else number(value)


def _demands(demands: Json | None) -> str:
    """What the scheme asked for, in sentences."""
    if demands is None:
        return ""
    each = "writes_per_cell_and_epoch"
    lines = [
        f"Digital memory: {number(demands['memory_bits_per_weight'])} bits a weight; digital "
        f"arithmetic: {number(demands['digital_macs_per_image'])} MACs an image; arrays a weight: "
        f"{demands['arrays_per_weight']}",
    ]
    if demands[each]:
        keys = (each, f"{each}_most", f"{each}_p999")
        mean, most, p999 = (number(demands[key]) for key in keys)
        lines += [
            f"Pulses: {number(demands['pulses_per_weight_and_epoch'])} a weight and epoch",
            f"Writes: {mean} a cell and epoch, {most} of the most written, 99.9 % of the cells "
            f"below {p999}",
        ]
        life = demands["lifetime_epochs"]
        lines.append(
            "Lifetime: unknown, the device file has no section 'endurance'"
            if life is None
            else f"Lifetime: {number(life)} epochs, until the most written cell has had the "
            "writes that the device endures"
        )
    return "\n".join(wrapped(line, later="  ") for line in lines)


def _activity(report: Json) -> list[str]:
    layers = report["activity"]["layers"]
    known = dict.fromkeys(k for layer in layers for k in layer)
    keys = [key for key in known if key not in ("name", "blocks")]  # those are in the document
    rows = [[layer["name"], *(_planes(layer.get(key)) for key in keys)] for layer in layers]
    head = ["layer", *(key.replace("_", "\n") for key in keys)]
    return [wrapped(report["activity"]["source"]), table(head, rows)]


def _planes(value: float | list[float] | None) -> str:
    """A number, or the numbers of the bit planes, a byte in a line; one where all are the same."""
    if not isinstance(value, list):
        return number(value, 3)
    texts = [number(share, 2) for share in value]
    if len(set(texts)) == 1:
        return texts[0]
    return "\n".join(" ".join(texts[i : i + BYTE]) for i in range(0, len(texts), BYTE))
