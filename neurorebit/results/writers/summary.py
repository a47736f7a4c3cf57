"""What a run answers, in ten lines: the first and the last that a reader sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from neurorebit.results.document import CHIP, Json, is_regression
from neurorebit.results.parts import energy_of_parts, grouped
from neurorebit.results.writers.layout import defined, fitting, number, percent, width
from neurorebit.schema import units

COUNTED = {"tiles": "tile", "pes": "PE", "macros": "macro", "converters": "converter"}
MARGINS = len("Programming  "), len("Inference  ")  # of answers: of chips that infer, that train
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
    """The same as pairs of a word and what is said of it, each in a line of the page."""
    about = "" if report["activity"]["origin"] == "measured" else ABOUT
    of = INFERENCE if report["totals"]["image"] is None else TRAINING
    room = _room(report)
    return (
        (_measure(report["training"]), fitting(room, *_reached(report))),
        ("Area", fitting(room, *_area(report["chip"]))),
        ("Inference", fitting(room, *_cost(report["totals"]["inference"], about))),
        *_others(report, about),
        ("TOPS/W", fitting(room, *_efficiency(report["phases"], about))),
        ("Area in", _most(_areas(report), room)),
        ("Energy in", _most(_energies(report), room - len(of)) + of),
        ("Mind", _cautions(report, room)),
    )


def _room(report: Json) -> int:
    """Columns that an answer has."""
    return width() - MARGINS[report["totals"]["image"] is not None]


def _others(report: Json, about: str) -> list[tuple[str, str]]:
    """What training costs, if the chip trains, and to write all weights to the cells once."""
    image, epoch = report["totals"]["image"], report["totals"]["epoch"]
    phase = report["phases"]["programming"]
    once = ["unknown, the device file has no section 'pulses'", "no pulse data"]
    if phase is not None:
        energy = units.show(phase["energy_J"], "J")
        once = [f"{energy}, {units.show(phase['latency_s'], 's')}", energy]
    if image is None:
        return [("Programming", once[0])]
    room = _room(report)
    costs = fitting(room, *_cost(image, about))
    if epoch is None:
        long, short = (
            f"unknown, no number of images is known; programming once: {o}" for o in once
        )
        return [("Training", costs), ("Epoch", fitting(room, long, short))]
    time, images = units.show(epoch["latency_s"], "s"), f"{epoch['images']:,} images"
    cost = f"{about}{_energy(epoch)}, {time}"
    long, short = (f"programming once: {words}" for words in once)
    epochs = f"{cost}, {images}; {long}", f"{cost}, {images}; {short}", f"{cost}; {short}"
    return [("Training", costs), ("Epoch", fitting(room, *epochs))]


def _measure(training: Json | None) -> str:
    """What a training is judged by."""
    return "R2" if is_regression(training) else "Accuracy"


def _reached(report: Json) -> tuple[str, ...]:
    """What training reached, or what an evaluation found before cells rest."""
    evaluation = report.get("evaluation")
    if evaluation is None:
        return _accuracy(report["training"])
    rows = [row for row in evaluation["rows"] if row["rest_s"] is None]
    found, software = (percent(rows[i]["accuracy"], 2) for i in (-1, 0))
    spread = rows[-1]["spread"]
    about = "" if spread is None else f" +- {100.0 * spread:.2f} from chip to chip"
    tests = f"{evaluation['test_images']:,} test images"
    return (
        f"{found}{about} ({software} in software), {tests} of {evaluation['dataset']}",
        f"{found}{about} ({software} in software), {tests}",
    )


def _accuracy(training: Json | None) -> tuple[str, ...]:
    if training is None:
        return ("unknown: nothing was trained",)
    epochs = len(training["epochs"])
    of = f"{training['scheme']}, {epochs} {'epoch' if epochs == 1 else 'epochs'}"
    images = f"{training['test_images']:,} {training.get('evaluated_on', 'test')} images"
    if is_regression(training):
        if (error := training["test_rmse"]) is None:
            return (f"unknown: no test ({of})",)
        r2 = "unknown" if training["test_r2"] is None else f"{training['test_r2']:.4f}"
        tests = f"{r2}, RMSE {number(error)}, on {images}"
        return f"{tests} of {training['dataset']}, {of}", f"{tests}, {of}"
    if (reached := training["test_accuracy"]) is None:
        return (f"unknown: no test ({of})",)
    tests = f"{percent(reached, 2)} of {images}"
    return f"{tests} of {training['dataset']}, {of}", f"{tests}, {of}"


def _area(chip: Json) -> tuple[str, ...]:
    counts = chip["counts"].values()
    numbers = [
        f"{total:,} {word}{'' if total == 1 else 's'}"
        for key, word in COUNTED.items()
        if (total := sum(part[key] for part in counts))
    ]
    area = units.show(chip["area_m2"], "m2")
    start = f"{area}, {units.show(chip['leakage_W'], 'W')} leakage; "
    return tuple(start + ", ".join(numbers[:shown]) for shown in range(len(numbers), 0, -1))


def _cost(total: Json, about: str) -> tuple[str, ...]:
    """Energy, time, rate and power of an image."""
    time, power = units.show(total["latency_s"], "s"), units.show(total["power_W"] or 0.0, "W")
    rest = f"{time}, {number(total['images_per_s'])} images/s, {power}"
    energy = f"{about}{_energy(total)}"
    return f"{energy} an image, {rest} without DRAM", f"{energy}, {rest}"


def _energy(total: Json) -> str:
    dram = units.show(total["dram_energy_J"], "J")
    return f"{units.show(total['energy_J'], 'J')} + {dram} DRAM"


def _efficiency(phases: Mapping[str, Json], about: str) -> tuple[str, ...]:
    values = ", ".join(
        f"{name} {number(phases[name]['tops_per_W'])}"
        for name in ANSWERED
        if phases[name] is not None and phases[name]["tops_per_W"]
    )
    return f"{about}{values}: with leakage, no DRAM, 2 ops a MAC", f"{about}{values} (no DRAM)"


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
    named = [
        [
            f"{name} {percent(amount / whole)}"
            for name, (_, amount) in zip(names, ordered, strict=True)
        ]
        for names in _names([part for part, _ in ordered])
    ]
    fewer = [named[-1][:shown] for shown in range(CONSUMERS - 1, 0, -1)]
    return fitting(room, *(", ".join(texts) for texts in (*named, *fewer)))


def _names(parts: Sequence[str]) -> Iterator[list[str]]:
    """Names of parts, shorter and shorter: the last two steps of their paths, or the last.

    Parts whose names would be the same begin with the first step in which they differ.
    """
    for steps in (2, 1):
        ends = ["/".join(part.split("/")[-steps:]) for part in parts]
        yield [_told_apart(part, end, parts, ends) for part, end in zip(parts, ends, strict=True)]


def _told_apart(part: str, end: str, parts: Sequence[str], ends: Sequence[str]) -> str:
    """The end of a path, or more of it where other parts end so, too."""
    others = [o.split("/") for o, one in zip(parts, ends, strict=True) if one == end and o != part]
    path = part.split("/")
    for i, step in enumerate(path[: -len(end.split("/"))]):
        if any(other[i : i + 1] != [step] for other in others):
            return f"{step}/../{end}"
    return end


def _cautions(report: Json, room: int) -> str:
    """What a reader must know, in a few words each; the whole sentences stand below."""
    training = report["training"]
    known = [text for key, text in ENDINGS.items() if training and training[key]]
    known += ["a short training"] if report["short_run"] else []
    known.append(MEANT[report["activity"]["origin"]])
    idle = len(report.get("idle", ()))
    changed = _counted(len(report["overrides"]), "changed setting")
    ablations = [line.partition(":")[0] for line in report["ablations"]]
    count = _counted(len(ablations), "ablation")  # all of them are named below
    texts = (
        (f"ablations: {', '.join(ablations)}" if ablations else "", changed, _idle(idle)),
        (count, changed, _idle(idle)),
        (count, changed, f"{idle} without effect" if idle else ""),
        (count, "see below"),
    )
    return fitting(room, *("; ".join(part for part in (*known, *t) if part) for t in texts))


def _idle(count: int) -> str:
    return _counted(count, "choice", " without effect")


def _counted(count: int, what: str, more: str = "") -> str:
    """A number of things; nothing where there are none."""
    return f"{count} {what}{'' if count == 1 else 's'}{more}" if count else ""
