"""Hold our figures against the records', module by module and quantity by quantity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import cache
from typing import Any

import numpy as np

from neurorebit.circuits.wire import wire_res
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.technology import Technology
from validation.neurosim.cases import CASES, Case
from validation.neurosim.quirks.quirk import Quirk, Tool
from validation.neurosim.quirks.tool import NEUROSIM
from validation.neurosim.records.module import Inputs, Record

TOOLS = (NEUROSIM,)
LARGEST = 0.02  # relative deviation of any value, after the corrections
UNCOMPARED = 0.1  # share of all values
NOTHING = 1e-9  # a correction that changes less has met no quirk
BEYOND = 1e9  # what a deviation without bound is reported as

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
class Quantity:
    """The deviations of one quantity of a module, and the quirks that were undone in it."""

    deviations: list[float] = field(default_factory=list)
    quirks: dict[str, None] = field(default_factory=dict)  # in the order they were met

    @property
    def summary(self) -> dict[str, Any]:
        """Number of values, median, 95th percentile and maximum, and the quirks."""
        return {
            "n": len(self.deviations),
            "median_rel": float(np.median(self.deviations)),
            "p95_rel": float(np.percentile(self.deviations, 95.0)),
            "max_rel": max(self.deviations),
            "quirk": "; ".join(self.quirks) or None,
        }


@dataclass
class Module:
    """All values of one module."""

    quantities: dict[str, Quantity] = field(default_factory=dict)
    not_compared: Counter[str] = field(default_factory=Counter)

    @property
    def compared(self) -> int:
        return sum(len(quantity.deviations) for quantity in self.quantities.values())

    @property
    def values(self) -> int:
        return self.compared + self.not_compared.total()


@dataclass
class Comparison:
    """What came of all records."""

    modules: dict[str, Module] = field(default_factory=dict)
    met: dict[Quirk, int] = field(default_factory=dict)  # values that a quirk was undone in
    where: dict[Quirk, set[tuple[str, str]]] = field(default_factory=dict)  # module, quantity
    missed: dict[tuple[str, str], str] = field(default_factory=dict)  # essential, not compared

    @property
    def broken(self) -> list[str]:
        """The bounds that do not hold, one line each."""
        lines = []
        for name, module in self.modules.items():
            for figure, quantity in module.quantities.items():
                worst = max(quantity.deviations)
                if worst > LARGEST:
                    lines.append(f"{name}.{figure}: {worst:.3%} off, more than {LARGEST:.0%}")
        for (name, figure), reason in self.missed.items():
            lines.append(f"{name}.{figure}: must be compared, and was not: {reason}")
        values = sum(module.values for module in self.modules.values())
        without = sum(module.not_compared.total() for module in self.modules.values())
        if without > UNCOMPARED * values:
            lines.append(f"{without} of {values} values not compared, more than {UNCOMPARED:.0%}")
        return lines


def compare(records: Iterable[Record]) -> Comparison:
    """Evaluate our block at the inputs of each record."""
    found = Comparison()
    for record in records:
        module = found.modules.setdefault(record.module, Module())
        if record.module not in CASES:
            reason = f"no block of ours stands for a module {record.module}"
            module.not_compared[reason] += len(record.outputs)
            continue
        _compare(record, module, found)
    return found


def tool_of(record: Record) -> Tool:
    """The tool as we know it; any other's records are taken as they are."""
    return next((tool for tool in TOOLS if record.tool.startswith(tool.prefix)), Tool(""))


def case_of(record: Record, tool: Tool) -> Case:
    """Our block at the inputs of a record."""
    inputs = Inputs(record, tool.hidden)
    case = CASES[record.module](inputs, technology(record, tool))
    case.figures = {name: _plain(value) for name, value in case.figures.items()}
    return case


def _plain(value: Any) -> float:
    return float(np.asarray(value))


def _compare(record: Record, module: Module, found: Comparison) -> None:
    tool = tool_of(record)
    case = case_of(record, tool)
    for name, theirs in record.outputs.items():
        quirks = tool.touching(case, name)
        reason = _reason(case, name, quirks)
        if reason is not None:
            module.not_compared[reason] += 1
            if _essential(record.module, name) and not any(quirk.finfet for quirk in quirks):
                found.missed.setdefault((record.module, name), reason)
            continue
        quantity = module.quantities.setdefault(name, Quantity())
        ours = case.figures[name]
        for quirk in quirks:
            assert quirk.correct is not None
            before, ours = ours, _plain(quirk.correct(case, name, ours))
            if deviation(ours, before) > NOTHING:
                quantity.quirks.setdefault(quirk.tool)
                found.met[quirk] = found.met.get(quirk, 0) + 1
                found.where.setdefault(quirk, set()).add((record.module, name))
        quantity.deviations.append(deviation(ours, theirs))


def _reason(case: Case, name: str, quirks: list[Quirk]) -> str | None:
    """Why a value cannot be compared, or None."""
    if name not in case.figures:
        for quirk in quirks:
            if quirk.correct is None:
                return quirk.tool
        return f"our block has no figure '{name}'"
    return next((quirk.tool for quirk in quirks if quirk.correct is None), None)


def _essential(module: str, quantity: str) -> bool:
    return any(fnmatch(module, a) and fnmatch(quantity, b) for a, b in ESSENTIAL)


def deviation(ours: float, theirs: float) -> float:
    """How far ours is from theirs, relative to theirs; zero is only met by zero."""
    if ours == theirs:
        return 0.0
    if theirs == 0.0 or not np.isfinite(ours):
        return BEYOND
    return min(abs(ours / theirs - 1.0), BEYOND)


def technology(record: Record, tool: Tool) -> Technology:
    """The technology of a record, as the tool draws it."""
    try:
        shipped = _shipped(record.technology)
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
    return _technology(record.technology, record.temperature, clock, res, drawn)


@cache
def _shipped(name: str) -> Technology:
    return read_technology(Document(paths.shipped("technology", name)))


@cache
def _technology(name: str, kelvin: float, clock: float, res: float, prefix: str) -> Technology:
    """One object for all records of a technology: its cells are evaluated once."""
    tech = replace(_shipped(name), temperature=kelvin, clock=clock)
    for tool in TOOLS:
        if tool.prefix == prefix:
            tech = tool.technology(tech)
    if res > 0.0:
        given = float(tech.wire.resistivity) * res / float(wire_res(tech))
        tech = replace(tech, wire=replace(tech.wire, resistivity=given))
    return tech
