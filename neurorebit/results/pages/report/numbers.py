"""Headline numbers, and the tables of phases, totals and the paper's figures."""

from __future__ import annotations

from collections.abc import Iterator

from neurorebit.results.document import DRAM_IN, DYNAMIC, MACRO, Json, is_papers, is_regression
from neurorebit.results.pages.table import Column, Table, number, share, word
from neurorebit.results.pages.text import percent, pointer, quantity
from neurorebit.results.parts import phases_of

TOTALS = {
    "inference": "one image recognised",
    "image": "one image trained on",
    "iteration": "one iteration",
    "epoch": "one epoch",
}
TOPS = "TOPS/W"  # 1e12 operations a second and watt


def cards(report: Json) -> Iterator[tuple[str, str, str, str]]:
    """Headline numbers: word, value, what is said below, and the path of the value."""
    yield from _reached(report)
    chip, totals, phases = report["chip"], report["totals"], report["phases"]
    leaks = f"{quantity(chip['leakage_W'], 'W')} leakage"
    used = f"{percent(chip['utilization'])} of the cells hold weights"
    yield "Area", quantity(chip["area_m2"], "m2"), f"{leaks}; {used}", pointer("chip", "area_m2")
    for name, said in (("inference", "Inference, an image"), ("image", "Training, an image"),
                       ("epoch", "Training, an epoch")):  # fmt: skip
        if (total := totals[name]) is not None:
            dram = f"and {quantity(total['dram_energy_J'], 'J')} in DRAM"
            time = quantity(total["latency_s"], "s")
            yield (
                said, quantity(total["energy_J"], "J"), f"{dram}; {time}",
                pointer("totals", name, "energy_J"),
            )  # fmt: skip
    for name in ("inference", "backward", "gradient"):
        if (phase := phases[name]) is not None and phase["tops_per_W"]:
            below = f"with leakage, without DRAM; macros alone {quantity(phase[MACRO])}"
            yield (
                f"Efficiency, {name}", f"{quantity(phase['tops_per_W'])} {TOPS}", below,
                pointer("phases", name, "tops_per_W"),
            )  # fmt: skip


def _reached(report: Json) -> Iterator[tuple[str, str, str, str]]:
    training, evaluation = report["training"], report.get("evaluation")
    if evaluation is not None:
        rows = [i for i, row in enumerate(evaluation["rows"]) if row["rest_s"] is None]
        row = evaluation["rows"][rows[-1]]
        of = f"of {evaluation['test_images']:,} test images of {evaluation['dataset']}"
        yield ("Accuracy", percent(row["accuracy"], 2), of,
               pointer("evaluation", "rows", rows[-1], "accuracy"))  # fmt: skip
    elif training is not None:
        of = f"{training['scheme']}, {len(training['epochs'])} epochs on {training['dataset']}"
        if is_regression(training):
            yield "R2", quantity(training["test_r2"]), of, pointer("training", "test_r2")
        else:
            reached = percent(training["test_accuracy"], 2)
            yield "Test accuracy", reached, of, pointer("training", "test_accuracy")


def tables(report: Json) -> list[Table]:
    """Phases, totals, and where there are any the figures of the paper."""
    found = [_phases(report), _totals(report)]
    return [*found, _paper(report)] if is_papers(report) else found


def _phases(report: Json) -> Table:
    keys = {
        "energy": ("energy_J", "J"), "of it leakage": ("leakage_energy_J", "J"),
        "DRAM energy": ("dram_energy_J", "J"), "time": ("latency_s", "s"),
        "power": ("power_W", "W"), "ops": ("ops", ""), "TOPS": ("tops", ""),
        "TOPS/mm2": ("tops_per_mm2", ""), "TOPS/W macro": (MACRO, ""),
        "TOPS/W chip": ("tops_per_W", ""), "TOPS/W with DRAM": (DRAM_IN, ""),
        "energy x delay": ("energy_delay_Js", "J s"),
    }  # fmt: skip
    columns = [Column("phase", numbers=False), Column("per", numbers=False)]
    columns += [Column(said, unit) for said, (_, unit) in keys.items()]
    rows = []
    for name in phases_of(report):
        phase = report["phases"][name]
        numbers = [number(phase[key], unit, pointer("phases", name, key))
                   for key, unit in keys.values()]  # fmt: skip
        rows.append([word(name), word(phase["per"]), *numbers])
    return Table("Phases: energy with leakage and without DRAM", columns, rows)


def _totals(report: Json) -> Table:
    keys = {
        "images": ("images", ""), "energy": ("energy_J", "J"),
        "DRAM energy": ("dram_energy_J", "J"), "energy with DRAM": ("energy_with_dram_J", "J"),
        "time": ("latency_s", "s"), "images/s": ("images_per_s", ""),
        "power, without DRAM": ("power_W", "W"), "energy x delay": ("energy_delay_Js", "J s"),
    }  # fmt: skip
    columns = [Column("total", numbers=False)]
    columns += [Column(said, unit) for said, (_, unit) in keys.items()]
    rows = [
        [word(said)] + [
            number(total[key], unit, pointer("totals", name, key)) for key, unit in keys.values()
        ]
        for name, said in TOTALS.items()
        if (total := report["totals"][name]) is not None
    ]  # fmt: skip
    return Table("Totals", columns, rows)


def _paper(report: Json) -> Table:
    keys = {
        "paper": "paper_tops_per_W", "chip": "tops_per_W", "no leakage": DYNAMIC, "macro": MACRO,
        "with DRAM": DRAM_IN,
    }  # fmt: skip
    columns = [Column("TOPS/W", numbers=False), *(Column(said) for said in keys)]
    columns.append(Column("how the paper counts", numbers=False))
    rows = []
    for name, said in report["paper"].items():
        numbers = [number(said[key], "", pointer("paper", name, key)) for key in keys.values()]
        rows.append([word(name), *numbers, word(said["convention"])])
    return Table("Beside the ReBIT paper", columns, rows)


def conversions(report: Json) -> list[Table]:
    """How the converters used their codes, of a training that counted them."""
    training = report["training"] or {}
    if not (found := training.get("conversions")):
        return []
    ways = [way for way in ("forward", "backward") if any(one[way] for one in found)]
    columns = [Column("converters of", numbers=False)]
    for way in ways:
        columns += [Column(f"{way}: clipped"), Column("codes in use"), Column("of")]
    rows = []
    for i, one in enumerate(found):
        row = [word(one["name"])]
        for way in ways:
            if (use := one[way]) is None:
                row += [number(None)] * 3
                continue
            at = "training", "conversions", i, way
            row.append(share(use["clipped"], pointer(*at, "clipped"), 2))
            row += [number(use[key], "", pointer(*at, key)) for key in ("effective", "codes")]
        rows.append(row)
    return [Table("Conversions of the training", columns, rows)]
