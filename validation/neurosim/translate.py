"""The tool's records as records of the package, with its slips corrected.

A figure of the tool is divided by what its slips make of our figure, so that it says what the tool
would say without them; where a slip leaves everything out, the figure bounds ours from below. Each
correction is listed in the document, and each figure that means nothing or that no block has is
counted there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import cache
from typing import Any

import numpy as np

from neurorebit.checking.compare import deviation
from neurorebit.circuits.wire import wire_res
from neurorebit.schema import InputError
from neurorebit.schema.technology import Technology
from validation.neurosim.cases import CASES, Case
from validation.neurosim.cases.case import FIGURES, Asked, Steps
from validation.neurosim.described import Description, plain, shipped_technology
from validation.neurosim.quirks.quirk import Quirk, Tool
from validation.neurosim.quirks.tool import NEUROSIM
from validation.neurosim.records.module import Inputs, Record

TOOLS = (NEUROSIM,)
NOTHING = 1e-9  # a correction that changes less has met no quirk

# What must be compared, whatever the reference does with it.
ESSENTIAL = (
    ("Technology", "*"),
    ("formula.*", "*"),
    *((name, "*") for name in ("Adder", "AdderTree", "Buffer", "SarADC", "MultilevelSenseAmp")),
    *((name, "area_m2") for name in ("RowDecoder", "WLNewDecoderDriver", "SRAMWriteDriver")),
    ("SubArray", "length_*"),
    ("SubArray", "cap_*"),
    ("SubArray", "res_*"),
    ("SubArray", "area_*"),
    ("SubArray", "leakage_W"),
    ("SubArray", "read_latency_s"),
    ("SubArray", "read_energy_J"),
)


@dataclass
class Translation:
    """The document that comes of the records of one source."""

    description: Description = field(default_factory=Description)
    entries: list[dict[str, Any]] = field(default_factory=list)
    quirks: dict[Quirk, int] = field(default_factory=dict)  # their numbers
    left_out: Counter[tuple[str, str, bool]] = field(default_factory=Counter)

    def document(self, source: str) -> dict[str, Any]:
        """As the package reads it."""
        return {
            "source": source,
            "technologies": self.description.technologies,
            "devices": self.description.devices,
            "corrections": [
                {
                    "of": f"{quirk.module} {quirk.variant}".strip(),
                    "source": quirk.tool,
                    "right": quirk.right,
                }
                for quirk in self.quirks
            ],
            "left_out": [
                {"group": group, "count": count, "reason": reason}
                | ({"essential": True} if essential else {})
                for (group, reason, essential), count in self.left_out.items()
            ],
            "records": self.entries,
        }

    def add(self, record: Record) -> None:
        """A record of the tool: one of ours for each block and action that it speaks of."""
        if record.module not in CASES:
            unknown = f"no block of ours stands for a module {record.module}"
            self.left_out[record.module, unknown, False] += len(record.outputs)
            return
        tool = tool_of(record)
        case = case_of(record, tool)
        entries: list[dict[str, Any]] = []
        for name, theirs in record.outputs.items():
            quirks = tool.touching(case, name)
            reason: str | None = _reason(case, name, quirks) or self._figure(
                case, entries, (name, theirs), quirks
            )
            if reason is not None:
                # A figure that no block has may be missing; an unknown one of these may not.
                must = name not in case.figures and _essential(record.module, name)
                self.left_out[record.module, reason, must] += 1
        self.entries += entries

    def _figure(
        self,
        case: Case,
        entries: list[dict[str, Any]],
        given: tuple[str, float],
        quirks: list[Quirk],
    ) -> str | None:
        """Add a figure to the entries; or say why it has none."""
        name, theirs = given
        figure = case.figures[name]
        met: list[int] = []
        if figure.asked is None:
            return figure.reason
        tools = ours = figure.number
        for quirk in quirks:
            assert quirk.correct is not None
            before, tools = tools, float(np.asarray(quirk.correct(case, name, tools)))
            if deviation(tools, before) > NOTHING:
                met.append(self.quirks.setdefault(quirk, len(self.quirks)))
        at_least = tools == theirs == 0.0 != ours
        if figure.asked.factor == 0.0:
            return "nothing happens in the record"
        if ours == 0.0 != tools:
            return "our block has nothing of it"
        right = theirs / figure.asked.factor
        if tools != 0.0 and np.isfinite(ours / tools):
            right *= ours / tools
        entry = self._entry(case, entries, figure.asked)
        place = entry if figure.asked.figure in FIGURES else entry.setdefault("values", {})
        place[figure.asked.figure] = float(right)
        entry["names"][figure.asked.figure] = name
        if at_least:
            entry.setdefault("at_least", []).append(figure.asked.figure)
        if met:
            entry.setdefault("corrected", {})[figure.asked.figure] = met
        return None

    def _entry(self, case: Case, entries: list[dict[str, Any]], asked: Asked) -> dict[str, Any]:
        """The entry that a figure goes to: one that asks for its block already, or a new one."""
        head = self.description.of(asked.block, case)
        if asked.parts:
            head["parts"] = list(asked.parts)
        if asked.other_parts:
            head["other_parts"] = list(asked.other_parts)
        done = _actions(asked.steps)
        for one in entries:
            same = all(one.get(key) == head.get(key) for key in HEAD)
            acts = {key: one[key] for key in ("action", "arguments", "actions") if key in one}
            taken = asked.figure in one["names"]
            done = done or {k: v for k, v in head.items() if k == "arguments"}
            if same and not taken and (not done or not acts or acts == done):
                one.update(done)
                return one
        entry: dict[str, Any] = head | done | {"group": case.inputs.record.module, "names": {}}
        entries.append(entry)
        return entry


def _actions(steps: Steps) -> dict[str, Any]:
    """Actions as an entry has them."""
    actions = []
    for action, arguments, times in steps:
        step = {"action": action, "arguments": {k: plain(v) for k, v in arguments.items()}}
        actions.append(step | ({} if times == 1.0 else {"times": float(times)}))
    if len(actions) == 1 and "times" not in actions[0]:
        return actions[0]
    return {"actions": actions} if actions else {}


HEAD = (*("block", "function", "fields", "technology", "device", "parts", "other_parts"),)


def translated(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Documents of the package, one for each tool."""
    translations: dict[str, Translation] = {}
    for record in records:
        translations.setdefault(record.tool, Translation()).add(record)
    return [translation.document(tool) for tool, translation in translations.items()]


def tool_of(record: Record) -> Tool:
    """The tool as we know it; any other's records are taken as they are."""
    return next((tool for tool in TOOLS if record.tool.startswith(tool.prefix)), Tool(""))


def case_of(record: Record, tool: Tool) -> Case:
    """Our block at the inputs of a record."""
    return CASES[record.module](Inputs(record, tool.hidden), technology(record, tool))


def _reason(case: Case, name: str, quirks: list[Quirk]) -> str | None:
    """Why a value cannot be compared, or None."""
    left_out = next((quirk.tool for quirk in quirks if quirk.correct is None), None)
    if left_out is None and name not in case.figures:
        return f"our block has no figure '{name}'"
    return left_out


def _essential(module: str, quantity: str) -> bool:
    return any(fnmatch(module, a) and fnmatch(quantity, b) for a, b in ESSENTIAL)


def technology(record: Record, tool: Tool) -> Technology:
    """The technology of a record, as the tool draws it."""
    try:
        shipped = shipped_technology(record.technology)
    except InputError as problem:
        raise record.error(str(problem)) from None
    grid = shipped.drive.temperatures
    if not grid[0] <= record.temperature <= grid[-1]:
        raise record.error(
            f"temperature_K: must lie between {grid[0]:g} and {grid[-1]:g} (the technology's "
            f"table), got {record.temperature:g}"
        )
    clock = record.inputs.get("clk_Hz", float(shipped.clock))
    res = record.inputs.get("unit_wire_resistance_ohm_per_m", 0.0)
    drawn = tool.prefix if record.module != "Technology" else ""
    return _technology(record.technology, record.temperature, clock, res, prefix=drawn)


@cache
def _technology(name: str, kelvin: float, clock: float, res: float, *, prefix: str) -> Technology:
    """One object for all records of a technology: its cells are evaluated once."""
    tech = replace(shipped_technology(name), temperature=kelvin, clock=clock)
    for tool in TOOLS:
        if tool.prefix == prefix:
            tech = tool.technology(tech)
    if res > 0.0:
        given = float(tech.wire.resistivity) * res / float(wire_res(tech))
        tech = replace(tech, wire=replace(tech.wire, resistivity=given))
    return tech
