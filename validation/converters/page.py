"""The page docs/validation/converters.md and its picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from neurorebit.circuits.converters.bank import Converters
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.schema import units
from validation.converters.survey import AHEAD, BITS, Survey, energy, names, places, technology

MACROS = Path(__file__).with_name("macros.yaml")
SHOWN = "32nm_lstp", "45nm_lstp", "65nm_lstp", "90nm_lstp", "130nm_lstp"


def macros() -> Iterator[dict[str, Any]]:
    """Converters inside macros: published energy and area, and ours at their supply or the nearest
    that the technology allows.
    """
    for entry in yaml.safe_load(MACROS.read_text()):
        tech = technology(entry["technology"])
        low, high = tech.supply_range
        asked = units.parse(entry["vdd"], "V")
        tech = replace(tech, vdd=float(np.clip(asked, low, high)))
        bank = Converters(tech, float(entry["bits"]), 1.0, "sar")
        cost, area = bank.adc.convert().energy.total, float(bank.adc.area)
        if entry["front_end"]:
            cost, area = bank.convert().energy.total, float(bank.footprint.area.total)
        yield {
            "of": entry["of"],
            "at": f"{entry['technology']}, {units.show(float(tech.vdd), 'V')}",
            "energy": (float(cost), units.parse(entry["energy"], "J")),
            "area": (area, units.parse(entry["area"], "m2") if "area" in entry else None),
        }


MODEL = """\
## The model

- A SAR has differential binary weighted capacitors with monotonic switching, a comparator
  limited by noise, a reference buffer and clocked logic; a flash converter 2^bits - 1
  comparators limited by their offset, a ladder (voltages) or mirrors (currents), flip-flops and
  an encoder. Each constant is a key of its section of the technology file (`sensing.sar`,
  `comparator`, `flash_current`, `flash_voltage`), and each formula stands in
  `neurorebit/circuits/converters/`.
- Nominal and effective bits: the thermal noise of a converter is as large as its quantisation
  error, so it has half an effective bit less than its nominal ones. Training counts with ideal
  codes of the nominal bits.
- Before each converter stands a front end (`sensing.front_end`): an amplifier holds the line at
  the read voltage and gives a voltage in proportion to the current of the line less that of its
  reference. Its bias, and the difference current of its output stage, are its own bill; the
  current of the cells and of the reference lines is the array's, for as long as the line
  settles and the front end acquires. Then the converter holds the value.
- A lower supply lowers the energy of gates as V^2 and slows them; steps shrink with it, so that
  comparators and capacitors grow. Heat adds noise and slows gates.

Parts of a conversion of our SAR at 45 nm LSTP [pJ], by nominal bits:
"""


def parts() -> list[str]:
    """A table of what a conversion takes, by part."""
    kinds = ("decisions_energy", "switching_energy", "buffer_energy", "logic_energy")
    lines = ["| bits | comparator | capacitors | reference | logic | front end |", "|---" * 6 + "|"]
    for bits in range(4, 13):
        bank = Converters(technology("45nm_lstp"), float(bits), 1.0)
        each = [*(getattr(bank.adc, kind) for kind in kinds), bank.front_end.sense().energy.total]
        lines.append(f"| {bits} | " + " | ".join(f"{float(e) * 1e12:.3f}" for e in each) + " |")
    return lines


SLOW = """\
## Ramp converters and integrating neurons

The survey has no single-slope converters and no integrating neurons, so nothing here holds them
against published ones. Ours alone at 8 nominal bits, 64 in a bank, with one sample of the line:
"""


def slow() -> list[str]:
    """A table of converters that step through their codes: energy and time, each of 64."""
    kinds = "sar", "ramp", "integrating", "integrating_halving"
    lines = ["| technology | " + " | ".join(kinds) + " |", "|---" * (1 + len(kinds)) + "|"]
    for name in SHOWN:
        costs = (CONVERTERS[kind](technology(name), 8.0, 64.0).convert() for kind in kinds)
        cells = [
            f"{units.show(float(cost.energy.total) / 64.0, 'J', 3)}, "
            f"{units.show(float(cost.latency.total), 's', 3)}"
            for cost in costs
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def page(survey: Survey) -> str:
    """The page as Markdown."""
    there = survey.compared
    lines = [
        "# Converters beside published ones",
        "",
        f"Energy of a conversion [pJ] of our SAR at b + {AHEAD:g} nominal bits. In brackets: the "
        "best and the median published within a factor 1.5 of the feature size at 1 MS/s and more, "
        "with their number: the median of those within a bit of b, the best of those with at least "
        "b - 1 bits. A star marks a value outside. Front ends and, in most publications, reference "
        "buffers are not part of published energies; ours holds the reference buffer.",
        "",
        "| technology | " + " | ".join(f"{bits:g} bits" for bits in BITS) + " |",
        "|---" * (1 + len(BITS)) + "|",
    ]
    found = {(place.technology, place.bits): place for place in places(survey)}
    for name in names():
        cells = []
        for bits in BITS:
            place = found.get((name, float(bits)))
            if place is None:
                cells.append(f"{energy('sar', name, bits):.3g}")
                continue
            star = "" if place.inside else " *"
            cells.append(
                f"{place.ours:.3g}{star} ({place.best:.3g} to {place.median:.3g}; {place.count})"
            )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    slope, error = there.slope()
    ours = np.log2(energy("sar", "45nm_lstp", 10.0) / energy("sar", "45nm_lstp", 4.0)) / 6.0
    inside = sum(place.inside for place in found.values())
    lines += [
        "",
        f"{inside} of {len(found)} values are between the two; few are published at 130 nm.",
        "",
        "How to read this count. The rule of comparison (nearness in feature size and bits,"
        " least rate, which converters the best is taken of) was chosen after several had "
        "been tried; under the others 3 to 15 of about 70 values lay outside. Sizes of "
        "gates, lengths of wires, the fixed flip-flops of the control and the gm/ID of the "
        "buffer were set with sight of this survey, the share of area filled with sight of "
        "the macros S3 and S5 below: that ours lies in the band is a calibration, not a "
        "prediction.",
        "",
        f"Slope: published energies of {there.energy.size} converters grow by 2^{slope:.2f} a bit "
        f"(standard error {error:.2f}) at equal feature size and rate; ours from 4 to 10 bits at "
        f"45 nm by 2^{ours:.2f}.",
        "",
        "![Energy of a conversion](converters.png)",
        "",
        "Flash converters of currents and of voltages at 5 effective bits, with the same published "
        "ones beside them [pJ]:",
        "",
        "| technology | currents | voltages | published |",
        "|---|---|---|---|",
        *(
            f"| {name} | "
            + " | ".join(f"{energy(kind, name, 5.0):.3g}" for kind in ("flash", "flash_voltage"))
            + f" | {found[name, 5.0].best:.3g} to {found[name, 5.0].median:.3g} |"
            for name in names()
        ),
        "",
        MODEL,
        *parts(),
        "",
        SLOW,
        *slow(),
        "",
        "The flip-flops of a neuron (one a bit and three more, of minimum size) and the share of "
        "its outline that devices take were set with sight of the area of one macro, NeuRRAM "
        "(Nature 608:504, 2022: 1270 um2 at 130 nm); others of its energy were set by none.",
        "",
        "## Inside macros",
        "",
        "| converter | ours at | energy ours / published | area ours / published |",
        "|---|---|---|---|",
    ]
    for one in macros():
        cells = []
        for key, unit in (("energy", "J"), ("area", "m2")):
            own, other = one[key]
            text = units.show(own, unit, 3)
            if other is not None:
                text += f" / {units.show(other, unit, 3)} = {own / other:.2f}"
            cells.append(text)
        lines.append(f"| {one['of']} | {one['at']} | {cells[0]} | {cells[1]} |")
    lines += [
        "",
        "Source of the survey: B. Murmann, ADC Performance Survey 1997-2025 (ISSCC and VLSI "
        "Symposium); `validation/converters/published.csv` has its converters of 28 to 130 nm, 3 "
        "to 11 effective bits, at 1 MS/s and more. Written by `python -m validation.converters`.",
        "",
    ]
    return "\n".join(lines)


def picture(survey: Survey, path: Path) -> None:
    """Published energies over effective bits, and ours as lines."""
    from matplotlib.figure import Figure

    there = survey.compared
    figure = Figure(figsize=(8.0, 5.0), layout="constrained")
    axes = figure.subplots()
    shown = axes.scatter(there.enob, there.energy, c=np.log2(there.feature), s=18, cmap="viridis")
    for name in SHOWN:
        feature = np.log2(float(technology(name).feature) * 1e9)
        curve = [energy("sar", name, bits) for bits in np.linspace(3.5, 10.5, 29)]
        colour = shown.cmap(shown.norm(feature))
        axes.plot(np.linspace(3.5, 10.5, 29), curve, color=colour, label=f"ours, {name}")
    axes.set(yscale="log", xlabel="effective bits", ylabel="energy of a conversion [pJ]")
    axes.set_title("Published SAR and flash converters, and ours")
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=100)
