"""What layers, phases and parts cost: stacked by layer, the parts of one, the parts of the chip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from neurorebit.chips.parts.phases import PHASES
from neurorebit.results.document import CHIP, Json
from neurorebit.results.pages.figure import Figure, Plot
from neurorebit.results.pages.plots import GREY, PALETTE, Box, Series, stacked, treemap
from neurorebit.results.pages.table import Cell, Column, Table, number, word
from neurorebit.results.pages.text import in_figure, pointer
from neurorebit.results.parts import phases_of
from neurorebit.results.stacks import Stack, energies, ordered, stack

MOST = 150  # layers of a figure
SHARED = "shared"  # the bar of what belongs to no layer
PARTS, OTHERS = 9, "all other parts"  # that have colours, and what the others are called
COLOURS = dict(zip(PHASES, PALETTE, strict=False))
PER = {  # of phases, and what an amount of theirs is of
    "image": "training, one image",
    "iteration": "training, one iteration",
    "network": "programming, once",
}
INFERENCE = "inference, one image"
STRIPES = "With leakage; what DRAM takes is striped. Click a layer to see its parts below."
SHARE = (
    " Training of one image is shown without what is done once an iteration; the headline has an "
    "image's share of that."
)
AREA = "area"


@dataclass(frozen=True)
class Costs:
    """The costs of a report, of as many layers as a figure takes."""

    report: Json

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The phases of the chip whose amounts can be added up, by what they are of."""
        found: dict[str, tuple[str, ...]] = {}
        for name in phases_of(self.report):
            per = INFERENCE if name == "inference" else PER[self.report["phases"][name]["per"]]
            found[per] = (*found.get(per, ()), name)
        first = PER["image"]
        return {key: found[key] for key in sorted(found, key=lambda key: key != first)}

    @cached_property
    def taken(self) -> list[int]:
        """The layers that figures show, by number: all, or those of most energy in one phase."""
        layers = self.report["layers"]
        if len(layers) <= MOST:
            return list(range(len(layers)))
        whole = {name: self.report["phases"][name]["energy_J"] or 1.0 for names in
                 self.groups.values() for name in names}  # fmt: skip
        weight = [
            max(layer["phases"][name]["energy_J"] / whole[name] for name in whole)
            for layer in layers[:-1]
        ]
        first = sorted(range(len(weight)), key=lambda i: -weight[i])[: MOST - 1]
        return [*sorted(first), len(layers) - 1]

    @cached_property
    def layers(self) -> list[Json]:
        """The layers that figures show; the last is what belongs to none."""
        return [self.report["layers"][i] for i in self.taken]

    @property
    def limited(self) -> str:
        """A sentence on the layers that are left out."""
        there = len(self.report["layers"])
        if len(self.layers) == there:
            return ""
        return (
            f"The {len(self.layers) - 1:,} layers of most energy of {there - 1:,}; layers.csv and "
            "costs.csv have all."
        )

    @cached_property
    def names(self) -> list[str]:
        """The names of the bars."""
        return [SHARED if layer["name"] == CHIP else layer["name"] for layer in self.layers]

    def figures(self) -> list[Figure]:
        """Energy, time and area of each layer, parts of a layer, parts of the chip."""
        return [self._energy(), self._time(), self._area(), self._layer(), self._parts()]

    # --- by layer

    def _energy(self) -> Figure:
        views: dict[str, Plot] = {}
        for of, phases in self.groups.items():
            views[f"{of}|phase"] = stacked(self.names, self._by_phase(phases), "energy", "J")
            amounts = energies(self.layers, dict.fromkeys(phases, 1.0))
            views[f"{of}|part"] = stacked(self.names, _by_part(amounts), "energy", "J")
        return Figure(
            "energy",
            "Energy of each layer",
            views,
            {"Of": tuple(self.groups), "Stacked by": ("phase", "part")},
            says=STRIPES + (SHARE if PER["iteration"] in self.groups else ""),
            limited=self.limited,
            tables=(self._table("energy_J", "J", "Energy of each layer, without DRAM"),
                    self._table("dram_energy_J", "J", "DRAM energy of each layer")),
        )  # fmt: skip

    def _by_phase(self, phases: Iterable[str]) -> list[Series]:
        found = []
        for name in phases:
            rows = [layer["phases"][name] for layer in self.layers]
            found.append(Series(name, [row["energy_J"] for row in rows], COLOURS[name]))
            if any(dram := [row["dram_energy_J"] for row in rows]):
                found.append(Series(f"{name}: DRAM", dram, COLOURS[name], hatched=True))
        return found

    def _time(self) -> Figure:
        views = {}
        for of, phases in self.groups.items():
            series = []
            for name in phases:
                rows = [layer["phases"][name] for layer in self.layers]
                notes = [
                    f"slowest: {row['slowest_stream']}" if row["slowest_stream"] else ""
                    for row in rows
                ]
                times = [row["latency_s"] for row in rows]
                series.append(Series(name, times, COLOURS[name], notes=notes))
            views[of] = stacked(self.names, series, "time", "s")
        return Figure(
            "time",
            "Time of each layer",
            views,
            {"Of": tuple(self.groups)},
            says="Of the slowest stream of each layer; layers and phases follow each other."
            if "pipeline" not in self.report
            else "Parts of the time between images, in proportion to what each takes alone.",
            limited=self.limited,
            tables=(self._table("latency_s", "s", "Time of each layer"), self._slowest()),
        )

    def _area(self) -> Figure:
        amounts = stack([layer["area_by_part_m2"] for layer in self.layers])
        rows = [
            [self._name(i), number(layer["area_m2"], "m2", pointer("layers", i, "area_m2"))]
            for i, layer in zip(self.taken, self.layers, strict=True)
        ]
        table = Table("Area of each layer", (Column("layer", numbers=False), Column("area", "m2")),
                      rows)  # fmt: skip
        plot = stacked(self.names, _by_part(amounts), "area", "m2")
        says = "Of the tiles that a layer has, by part; what no layer has alone is shared."
        return Figure("area", "Area of each layer", {"": plot}, says=says, limited=self.limited,
                      tables=(table,))  # fmt: skip

    def _table(self, key: str, unit: str, caption: str) -> Table:
        phases = phases_of(self.report)
        per = {name: self.report["phases"][name]["per"] for name in phases}
        columns = [Column("layer", numbers=False)]
        columns += [Column(f"{name}, per {per[name]}", f"{unit}/{per[name]}") for name in phases]
        rows = [
            [self._name(i)] + [
                number(layer["phases"][name][key], unit, pointer("layers", i, "phases", name, key))
                for name in phases
            ]
            for i, layer in zip(self.taken, self.layers, strict=True)
        ]  # fmt: skip
        return Table(caption, columns, rows)

    def _slowest(self) -> Table:
        phases = phases_of(self.report)
        columns = [Column(name, numbers=False) for name in ("layer", *phases)]
        rows = [
            [self._name(i), *(word(layer["phases"][n]["slowest_stream"] or "") for n in phases)]
            for i, layer in zip(self.taken, self.layers, strict=True)
            if layer["name"] != CHIP
        ]
        return Table("Slowest stream of each layer", columns, rows)

    def _name(self, i: int) -> Cell:
        name = self.report["layers"][i]["name"]
        return word(SHARED if name == CHIP else name)

    # --- the parts of one layer

    def _layer(self) -> Figure:
        """Drawn by the script for the layer that is taken, from ``details``."""
        return Figure(
            "layer",
            "Parts of one layer",
            {"": {"data": [], "layout": {"height": 420}}},
            says="The layer that was clicked above, or that is taken here.",
            limited=self.limited,
        )

    def details(self) -> Json:
        """What the script draws the parts of a layer from: parts are numbers in a list."""
        parts: dict[str, int] = {}

        def packed(amounts: Mapping[str, float]) -> list[float]:
            return [
                one
                for part, amount in amounts.items()
                if amount
                for one in (parts.setdefault(part, len(parts)), amount)
            ]

        layers = []
        for layer in self.layers:
            energy = {}
            for names in self.groups.values():
                for name in names:
                    phase = layer["phases"][name]
                    energy[name] = packed(
                        phase["energy_by_part_J"] | {"DRAM": phase["dram_energy_J"]}
                    )
            layers.append({"energy": energy, "area": packed(layer["area_by_part_m2"])})
        return {
            "names": self.names,
            "groups": {of: list(names) for of, names in self.groups.items()},
            "colours": COLOURS,
            "layers": layers,
            "parts": list(parts),
            "labels": [in_figure(part) for part in parts],
        }

    # --- the parts of the chip

    def _parts(self) -> Figure:
        chip, views = self.report["chip"], {}
        amounts: dict[str, tuple[Mapping[str, float], str]] = {
            f"{name}": (self.report["phases"][name]["energy_by_part_J"], "J")
            for names in self.groups.values()
            for name in names
        }
        amounts |= {"area": (chip["area_by_part_m2"], "m2")}
        amounts |= {"leakage": (chip["leakage_by_part_W"], "W")}
        for name, (by_part, unit) in amounts.items():
            boxes = [
                Box(tuple(part.removeprefix(f"{CHIP}/").split("/")), amount)
                for part, amount in by_part.items()
                if amount > 0.0
            ]
            if boxes:
                views[name] = treemap(CHIP, boxes, unit)
        return Figure(
            "parts",
            "Parts of the chip",
            views,
            {"Show": tuple(views)},
            says="Energy with leakage, without DRAM; area; leakage power. Click a part to see "
            "what is in it.",
            tables=(self._parts_table(),),
        )  # fmt: skip

    def _parts_table(self) -> Table:
        phases, chip = phases_of(self.report), self.report["chip"]
        found: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
            "area": (chip["area_by_part_m2"], "m2", ("chip", "area_by_part_m2")),
            "leakage": (chip["leakage_by_part_W"], "W", ("chip", "leakage_by_part_W")),
        }
        for name in phases:
            phase = self.report["phases"][name]
            where = ("phases", name, "energy_by_part_J")
            found[f"{name} energy"] = phase["energy_by_part_J"], f"J/{phase['per']}", where
        parts = dict.fromkeys(part for amounts, _, _ in found.values() for part in amounts)
        columns = [Column("part", numbers=False)]
        columns += [Column(name, unit) for name, (_, unit, _) in found.items()]
        rows = [
            [word(part)] + [
                number(amounts[part], unit, pointer(*where, part))
                if part in amounts
                else number(None)
                for amounts, unit, where in found.values()
            ]
            for part in parts
        ]  # fmt: skip
        return Table("Parts of the chip", columns, rows, rest="costs.csv has all")


def _by_part(amounts: Stack) -> list[Series]:
    """A series for each large part, the largest at the bottom, and one for all others."""
    names = ordered(amounts)
    found = [
        Series(name, amounts[name].tolist(), colour)
        for name, colour in zip(names[:PARTS], PALETTE, strict=False)
    ]
    if others := names[PARTS:]:
        rest: Sequence[float] = sum(amounts[name] for name in others).tolist()  # type: ignore[union-attr]
        found.append(Series(OTHERS, rest, GREY))
    return found
