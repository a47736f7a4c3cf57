"""What a run answers, in ten lines: the first and the last that a reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from neurorebit.results.document import CHIP, Json
from neurorebit.results.parts import energy_of_parts, grouped
from neurorebit.results.writers.layout import WIDTH, defined, number, percent
from neurorebit.schema import units

COUNTED = {"tiles": "tile", "pes": "PE", "macros": "macro", "converters": "converter"}
LINE = WIDTH - len("Inference  ")  # what the answers have room for
TRAINING, INFERENCE = " (training)", " (inference)"
ABOUT = "~"  # before figures that rest on activity which this run has not measured
CONSUMERS = 3  # that are named
ANSWERED = ("inference", "backward", "gradient")  # phases whose efficiency is
MEANT = {  # origins of the activity, and what they mean for the figures
    "measured": "activity measured",
    "recorded": f"{ABOUT} rests on the activity of a recorded training",
    "assumed": f"{ABOUT} rests on assumed activity",
}
ENDINGS = {  # keys of the record of a training, and what a reader must know of it
    "diverged": "THE TRAINING DIVERGED",
    "interrupted": "THE TRAINING WAS INTERRUPTED",
    "out_of_time": "THE TRAINING WAS STOPPED, its time being up",
}


def summary(report: Json) -> str:
    """Accuracy, area, cost, efficiency, the largest consumers, and what a reader must know."""
    return defined(answers(report))


def answers(report: Json) -> tuple[tuple[str, str], ...]:
    """The same as pairs of a word and what is said of it."""
    about = "" if report["activity"]["origin"] == "measured" else ABOUT
    of = INFERENCE if report["totals"]["image"] is None else TRAINING
    return (
        ("Accuracy", _accuracy(report["training"])),
        ("Area", _area(report["chip"])),
        ("Inference", about + _cost(report["totals"]["inference"])),
        *_others(report, about),
        ("TOPS/W", about + _efficiency(report["phases"])),
        ("Area in", _most(_areas(report), LINE)),
        ("Energy in", _most(_energies(report), LINE - len(of)) + of),
        ("Mind", _cautions(report)),
    )


def _others(report: Json, about: str) -> list[tuple[str, str]]:
    """What training costs, if the chip trains, and to write all weights to the cells once."""
    image, epoch = report["totals"]["image"], report["totals"]["epoch"]
    phase = report["phases"]["programming"]
    once = "unknown, the device file has no section 'pulses'"
    if phase is not None:
        once = f"{units.show(phase['energy_J'], 'J')}, {units.show(phase['latency_s'], 's')}"
    if image is None or epoch is None:
        return [("Programming", once)]
    epochs = f"{about}{_epoch(epoch)}; programming once: {once}"
    return [("Training", about + _cost(image)), ("Epoch", epochs)]


def _accuracy(training: Json | None) -> str:
    if training is None:
        return "unknown: nothing was trained"
    epochs = len(training["epochs"])
    of = f"{training['scheme']}, {epochs} {'epoch' if epochs == 1 else 'epochs'}"
    if (reached := training["test_accuracy"]) is None:
        return f"unknown: no test ({of})"
    tests = f"{training['test_images']:,} test images of {training['dataset']}"
    return f"{percent(reached, 2)} of {tests}, {of}"


def _area(chip: Json) -> str:
    counts = chip["counts"].values()
    numbers = ", ".join(
        f"{total:,} {word}{'' if total == 1 else 's'}"
        for key, word in COUNTED.items()
        if (total := sum(part[key] for part in counts))
    )
    area, leakage = units.show(chip["area_m2"], "m2"), units.show(chip["leakage_W"], "W")
    return f"{area}, {leakage} leakage; {numbers}"


def _cost(total: Json) -> str:
    """Energy, time, rate and power of an image."""
    time, power = units.show(total["latency_s"], "s"), units.show(total["power_W"] or 0.0, "W")
    rate = f"{number(total['images_per_s'])} images/s"
    return f"{_energy(total)} an image, {time}, {rate}, {power} without DRAM"


def _energy(total: Json) -> str:
    dram = units.show(total["dram_energy_J"], "J")
    return f"{units.show(total['energy_J'], 'J')} + {dram} DRAM"


def _epoch(total: Json) -> str:
    time = units.show(total["latency_s"], "s")
    return f"{_energy(total)}, {time}, {total['images']:,} images"


def _efficiency(phases: Mapping[str, Json]) -> str:
    values = (
        f"{name} {number(phases[name]['tops_per_W'])}"
        for name in ANSWERED
        if phases[name] is not None and phases[name]["tops_per_W"]
    )
    return f"{', '.join(values)}: with leakage, no DRAM, 2 ops a MAC"


def _areas(report: Json) -> dict[str, float]:
    parts = report["chip"]["area_by_part_m2"]
    groups = grouped({part.removeprefix(f"{CHIP}/"): (area,) for part, area in parts.items()})
    return {part: amounts[0] for part, amounts in groups.items()}


def _energies(report: Json) -> dict[str, float]:
    """Of training on an image, or of recognising one where nothing is trained, DRAM among them."""
    groups = grouped({part: amounts[-1:] for part, amounts in energy_of_parts(report).items()})
    totals = report["totals"]
    dram = (totals["inference"] if totals["image"] is None else totals["image"])["dram_energy_J"]
    return {part: amounts[0] for part, amounts in groups.items()} | {"DRAM": dram}


def _most(amounts: Mapping[str, float], room: int) -> str:
    """The largest consumers and their shares, by names that tell them apart and have room."""
    whole = sum(amounts.values()) or 1.0
    ordered = sorted(amounts.items(), key=lambda item: item[1], reverse=True)[:CONSUMERS]
    for names in _names([part for part, _ in ordered]):
        text = ", ".join(
            f"{name} {percent(amount / whole)}"
            for name, (_, amount) in zip(names, ordered, strict=True)
        )
        if len(text) <= room:
            break
    return text


def _names(parts: Sequence[str]) -> Iterator[list[str]]:
    """Names of parts, shorter and shorter: the last two steps of their paths, or the last.

    Parts whose names would be the same keep the first step too.
    """
    for steps in (2, 1):
        ends = ["/".join(part.split("/")[-steps:]) for part in parts]
        yield [
            f"{part.split('/')[0]}/../{end}" if ends.count(end) > 1 and end != part else end
            for part, end in zip(parts, ends, strict=True)
        ]


def _cautions(report: Json) -> str:
    """What a reader must know, in a few words each; the whole sentences stand below."""
    training = report["training"]
    known = [text for key, text in ENDINGS.items() if training and training[key]]
    known += ["a short training"] if report["short_run"] else []
    known.append(MEANT[report["activity"]["origin"]])
    changed = [
        _counted(len(report["overrides"]), "changed setting"),
        _counted(len(report.get("idle", ())), "choice", " without effect"),
    ]
    ablations = [line.partition(":")[0] for line in report["ablations"]]
    count = _counted(len(ablations), "ablation")
    for told in (ablations and f"ablations: {', '.join(ablations)}", count):
        text = "; ".join(part for part in (*known, told, *changed) if part)
        if len(text) <= LINE:  # else the ablations are named below alone
            break
    return text


def _counted(count: int, what: str, more: str = "") -> str:
    """A number of things; nothing where there are none."""
    return f"{count} {what}{'' if count == 1 else 's'}{more}" if count else ""
