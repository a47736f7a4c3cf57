"""Ours and published figures of components, and the page docs/validation/components.md.

Publications rarely say whether transistors were fast or of low power: ours is the geometric mean of
the fast and the low-power technology of a feature size, at the supply of the publication where it
names one (or the nearest that the technologies allow).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.arithmetic import Mac, Multiplier
from neurorebit.circuits.array import device_array
from neurorebit.circuits.buffer import SramBuffer
from neurorebit.circuits.converters.comparator import ClockedComparator, fan_out_delay
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.floating import FloatAdder, FloatMac
from neurorebit.circuits.gates import cells
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.wire import Bus
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths, units
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.formats import FORMATS
from neurorebit.schema.technology import Technology
from validation.converters.survey import AHEAD, PUBLISHED, places, read

FIGURES = Path(__file__).with_name("published.yaml")
FACTOR = 2.0  # within which ours are to be
WORD = 64.0  # bits of an access
ROADMAPS = "hp", "lstp"

Entry = Mapping[str, Any]
Figure = Callable[[Technology, Entry], Any]


def _device(entry: Entry) -> Device:
    return read_device(Document(paths.shipped("device", entry["device"])))


def _cell_current(tech: Technology, entry: Entry) -> Any:
    """Current [A] of a cell in its low state, through its access transistor."""
    device = _device(entry)
    path = device.r_on + device_array(tech, device, 128.0, 128.0).series_res
    return device.cell.read_voltage / path


def _cell_write(tech: Technology, entry: Entry) -> Any:
    """Energy [J] of a pulse in a cell at the middle of its range."""
    device = _device(entry)
    pulses = device.response
    array = device_array(tech, device, 128.0, 128.0)
    return array.written(0.5, pulses.voltage_ltp, pulses.width_ltp, pulses.levels_ltp)


def _float_adder(tech: Technology, entry: Entry) -> FloatAdder:
    word = FORMATS[entry["format"]]
    return FloatAdder(tech, float(word.significand), float(word.exponent))


def _float_multiplier(tech: Technology, entry: Entry) -> Any:
    """Energy [J] of a product: of significands, and the sum of the exponents."""
    word = FORMATS[entry["format"]]
    bits, exponent = float(word.significand), float(word.exponent)
    lane = FloatMac(tech, bits=bits, by=bits, exponent=exponent, sum_bits=bits)
    return lane.multiplier.energy + lane.exponents.energy


OURS: Mapping[str, Figure] = {  # [J], [m2], [s] or [A], by the word of an entry
    "adder": lambda tech, e: PrefixAdder(tech, float(e["bits"])).add().energy.total,
    "full_adder": lambda tech, e: Adder(tech, 1.0).area,
    "multiplier": lambda tech, e: Multiplier(tech, float(e["bits"]), float(e["bits"])).energy,
    "mac": lambda tech, e: (
        Mac(tech, float(e["bits"]), float(e["bits"]), 32.0).accumulate().energy.total
    ),
    "float_adder": lambda tech, e: _float_adder(tech, e).energy,
    "float_multiplier": _float_multiplier,
    "sram_read": lambda tech, e: SramBuffer(tech, float(e["bits"]), WORD).read(WORD).energy.total,
    "sram_cell": lambda tech, e: tech.sram.height * tech.sram.width * tech.feature**2,
    "flip_flop": lambda tech, e: Register(tech, 1.0).area,
    "nand": lambda tech, e: cells(tech).nand.area,
    "fan_out": lambda tech, e: fan_out_delay(tech),
    "wire": lambda tech, e: Bus(tech, 1e-3, 1.0).energy,
    "dram": lambda tech, e: Dram(tech).transfer(1.0).energy.total,
    "comparator": lambda tech, e: ClockedComparator(tech, noise=0.4e-3).energy,
    "sar": lambda tech, e: SarAdc(tech, float(e["bits"]) + AHEAD).convert().energy.total,
    "sar_nominal": lambda tech, e: SarAdc(tech, float(e["bits"])).convert().energy.total,
    "cell_current": _cell_current,
    "cell_write": _cell_write,
}
UNITS = {"pJ": "J", "um2": "m2", "ps": "s", "uA": "A"}


@dataclass(frozen=True)
class Row:
    """A component: ours, what is published, and where."""

    what: str
    at: str
    ours: float
    published: float
    unit: str
    source: str
    misses: str | None

    @property
    def ratio(self) -> float:
        """Ours over published."""
        return self.ours / self.published

    @property
    def within(self) -> bool:
        """Whether ours is within the factor."""
        return 1.0 / FACTOR <= self.ratio <= FACTOR


def rows() -> Iterator[Row]:
    """All components of the data file."""
    survey = read(PUBLISHED)
    surveyed = {
        (place.technology, place.bits): (place.best * place.median) ** 0.5 * 1e-12
        for place in places(survey)
    }
    for entry in yaml.safe_load(FIGURES.read_text()):
        ours = [float(OURS[entry["ours"]](tech, entry)) for tech in technologies(entry["at"])]
        if "value" in entry:
            unit = UNITS[entry["value"].split()[1]]
            published, source = units.parse(entry["value"], unit), entry["source"]
        else:
            feature = entry["at"].split()[0]
            there = [surveyed[f"{feature}nm_{r}", float(entry["bits"])] for r in ROADMAPS]
            unit, published = "J", float(np.exp(np.mean(np.log(there))))
            source = "survey of B. Murmann 1997-2025 (validation/converters)"
        yield Row(
            entry["what"],
            entry["at"],
            float(np.exp(np.mean(np.log(ours)))),
            published,
            unit,
            source if entry["opened"] else f"{source} (secondary)",
            entry.get("misses"),
        )


def technologies(at: str) -> list[Technology]:
    """The fast and the low-power technology of a feature size, at a supply where one is given."""
    feature, *supply = (at or "32 nm").replace(" nm", "nm").split(" ", 1)
    found = []
    for roadmap in ROADMAPS:
        tech = read_technology(Document(paths.shipped("technology", f"{feature}_{roadmap}")))
        if supply:
            low, high = tech.supply_range
            vdd = float(np.clip(units.parse(supply[0], "V"), low, high))
            tech = replace(tech, vdd=vdd)
        found.append(tech)
    return found


def shown(value: float, unit: str) -> str:
    """A value with a prefixed unit; areas in um2."""
    return f"{value * 1e12:.3g} um2" if unit == "m2" else units.show(value, unit, 3)


def page() -> str:
    """The page as Markdown."""
    found = list(rows())
    inside = sum(row.within for row in found)
    lines = [
        "# Components beside published figures",
        "",
        "Energies, areas, delays and a current of our circuits from the shipped technology files, "
        "beside figures of publications. Ours is the geometric mean of the fast (hp) and the "
        "low-power (lstp) technology. Sources that were not opened are marked secondary.",
        "",
        "| component | at | ours | published | ratio | source |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        ours, there = (shown(value, row.unit) for value in (row.ours, row.published))
        mark = "" if row.within else " *"
        lines.append(
            f"| {row.what} | {row.at} | {ours} | {there} | {row.ratio:.2f}{mark} | {row.source} |"
        )
    lines += ["", f"{inside} of {len(found)} are within a factor of two."]
    for row in found:
        if not row.within:
            lines.append(f"\n\\* {row.what}: {row.misses or 'not explained'}.")
    lines += ["", "Written by `python -m validation.components`.", ""]
    return "\n".join(lines)
