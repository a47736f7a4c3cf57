"""What physics says of every macro in every technology when it grows, starves or gets warm."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from common import near

from neurorebit.chips.in_place.gradient import GradientArray, GradientUnit
from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.in_place.sram import SramParallelMacro, SramRowMacro
from neurorebit.chips.parts.parallel import CrosspointMacro, ParallelMacro
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.cost import Bill, Cost
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology

NAMES = paths.nodes()
TECHNOLOGIES = [read_technology(Document(paths.shipped("technology", name))) for name in NAMES]
DEVICES = {
    name: read_device(Document(paths.shipped("device", name)))
    for name in ("taox_hfox", "fefet_22nm", "pcm_ibm_90nm")
}
RERAM = (ParallelMacro, RowByRowMacro, CrosspointMacro)
SRAM = (SramParallelMacro, SramRowMacro, GradientArray, GradientUnit)
CLOSE = 1.0 - 1e-9


def build(cls: type[Block], tech: Technology, device: str = "taox_hfox", **fields: Any) -> Any:
    return cls(tech, DEVICES[device], **fields) if cls in RERAM else cls(tech, **fields)  # type: ignore[call-arg]


def total(bill: Bill, without: str) -> float:
    """The sum over all parts, without the pass gates and chains of the block of this name."""
    parts = (amount for part, amount in bill.items.items() if part.split("/")[-1] != without)
    return float(sum(parts, 0.0))


def amounts(macro: Any, without: str = "no part") -> dict[str, float]:
    """Footprint, and what a read each way and an update cost, without the part of this name."""
    foot = macro.footprint
    found = {"area": foot.area.total, "leakage": foot.leakage.total}
    acts: dict[str, Callable[[], Cost]] = {"read": macro.read}
    if getattr(macro, "transposed", False):
        acts["read_transposed"] = macro.read_transposed
    if hasattr(macro, "write"):
        acts["write"] = macro.write
    pulsed = not hasattr(macro, "device") or macro.device.pulses is not None
    if hasattr(macro, "program") and pulsed:
        acts["program"] = lambda: macro.program((0.1, 4.0), (0.1, 4.0))
    for name, act in acts.items():
        cost = act()
        found[f"{name} energy"] = total(cost.energy, without)
        found[f"{name} latency"] = total(cost.latency, without)
    return {name: float(amount) for name, amount in found.items()}


each_macro = pytest.mark.parametrize("cls", RERAM + SRAM, ids=lambda cls: cls.__name__)


@each_macro
def test_it_exists_everywhere(cls: type[Block]) -> None:
    for at, tech in zip(NAMES, TECHNOLOGIES, strict=True):
        for name, amount in amounts(build(cls, tech)).items():
            assert np.isfinite(amount), (at, name)
            assert amount > 0.0, (at, name)


@pytest.mark.parametrize("cls", RERAM, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("device", DEVICES)
def test_other_devices_go_through_the_same_arrays(cls: type[Block], device: str) -> None:
    tech = TECHNOLOGIES[NAMES.index("32nm_lstp")]
    for name, amount in amounts(build(cls, tech, device)).items():
        assert np.isfinite(amount), name
        assert amount > 0.0, name


def grows(
    cls: type[Block],
    field: str,
    before: float,
    after: float,
    floors: Mapping[str, float] = MappingProxyType({}),
    without: str = "no part",
) -> None:
    """More of something never costs less, or no less than ``floors`` say: shares of it by name."""
    for tech in TECHNOLOGIES:
        few, many = (
            amounts(build(cls, tech, **{field: value}), without) for value in (before, after)
        )
        for name, amount in many.items():
            assert amount >= few[name] * floors.get(name, 1.0) * CLOSE, (name, tech.source)


# Twice the rows halve a column's resistance where they are read together, which settles no later.
# A unit of larger arrays has fewer of them.
SIZED = [cls for cls in RERAM + SRAM if cls is not GradientUnit]
SETTLES = {"read latency": 0.0, "read_transposed latency": 0.0}

# The decoder of a transposed read drives column lines. Logical effort: N stages take N (f + 1)
# with F = f^N. Two of them change to four, the number next to f = 4, at F = 4^3 = 64; then two just
# below take 2 (8 + 1) = 18, four at twice the load 4 (128^(1/4) + 1) = 17.5, 3 % less.
# From four stages to six, at F = 4^5, it is 4 (4^(5/4) + 1) = 26.6 to 6 ((2 4^5)^(1/6) + 1) = 27.4.
CHAINED = {"read_transposed latency": 17.4 / 18.0}
# Where four stages are no longer slower than two, they are narrower: with F = 22 the wider one of
# two has 4.7 units and those of four have 1 + 2.2 + 4.7 + 10.2, but of two chains that grow one may
# change from four inverters to three and leak less than the other leaks more.
FEWER = {"leakage": 0.93}
FLOORS = {
    (ParallelMacro, "rows"): SETTLES,
    (ParallelMacro, "cols"): SETTLES,
    (CrosspointMacro, "rows"): SETTLES,
    (CrosspointMacro, "cols"): SETTLES,
    (SramRowMacro, "rows"): CHAINED,
    (GradientArray, "rows"): FEWER,
}

# Switches that drive the lines of an SRAM array are drawn for the resistance of these lines. Those
# of a line of twice the length have half the width, or the least, see below, and chains for half
# the load: what they take, and how late they are, may fall. All the rest of such a macro grows.
NARROWED = {
    (SramParallelMacro, "rows"): "col_switches",
    (GradientArray, "rows"): "col_switches",
    (SramParallelMacro, "cols"): "row_switches",
}


@pytest.mark.parametrize("field", ["rows", "cols"])
@pytest.mark.parametrize("cls", SIZED, ids=lambda cls: cls.__name__)
def test_longer_lines(cls: type[Block], field: str) -> None:
    floors, without = FLOORS.get((cls, field), {}), NARROWED.get((cls, field), "no part")
    grows(cls, field, 128.0, 256.0, floors, without)


@pytest.mark.parametrize(("at", "name"), NARROWED.items())
def test_switches_of_longer_lines_are_narrower(at: tuple[type[Block], str], name: str) -> None:
    cls, field = at
    for tech in TECHNOLOGIES:
        short, long = (getattr(build(cls, tech, **{field: n}), name) for n in (128.0, 256.0))
        half = max(float(short.switch.nfet) / 2.0, float(tech.feature))
        assert float(long.switch.nfet) == near(half), tech.source
        assert float(long.control_load) <= float(short.control_load), tech.source


@pytest.mark.parametrize(
    ("cls", "field"),
    [
        *((cls, "adc_bits") for cls in (ParallelMacro, CrosspointMacro, SramParallelMacro)),
        *((cls, "adc_bits") for cls in (GradientArray, GradientUnit)),
        *((cls, "back_adc_bits") for cls in (ParallelMacro, SramParallelMacro)),
        (RowByRowMacro, "cell_bits"),
        (GradientUnit, "error_bits"),
        (GradientUnit, "positions"),
        (GradientUnit, "bit_columns"),
    ],
)
def test_more_bits(cls: type[Block], field: str) -> None:
    start = {"positions": 512.0, "bit_columns": 1024.0}.get(field, 4.0)
    grows(cls, field, start, 2.0 * start if start > 4.0 else 6.0)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_more_cells_a_weight(kind: str) -> None:
    """A transposed read takes a pass for each."""
    tech = TECHNOLOGIES[NAMES.index("32nm_lstp")]
    for cls in (ParallelMacro, SramParallelMacro):
        one, four = (build(cls, tech, cells_per_weight=n, adc_kind=kind) for n in (1.0, 4.0))
        assert four.footprint.area.total > one.footprint.area.total
        slow, fast = four.read_transposed().latency.total, one.read_transposed().latency.total
        assert slow > 3.0 * fast


@each_macro
def test_heat_is_slower_and_leaks_more(cls: type[Block]) -> None:
    for tech in TECHNOLOGIES:
        before = amounts(build(cls, tech))
        hot = dataclasses.replace(tech, temperature=400.0)
        for name, amount in amounts(build(cls, hot)).items():
            if name == "leakage" or name.endswith("latency"):
                assert amount >= before[name] * CLOSE, (name, tech.source)


@pytest.mark.parametrize("cls", [SramParallelMacro, SramRowMacro], ids=lambda cls: cls.__name__)
def test_a_lower_supply_is_slower_and_leaks_less(cls: type[Block]) -> None:
    for tech in TECHNOLOGIES:
        before = amounts(build(cls, tech))
        lower = dataclasses.replace(tech, vdd=0.9 * tech.vdd)
        for name, amount in amounts(build(cls, lower)).items():
            if name.endswith("latency"):
                assert amount >= before[name] * CLOSE, (name, tech.source)
            elif name != "area":
                assert amount <= before[name] / CLOSE, (name, tech.source)


@each_macro
def test_more_ones_take_more_energy(cls: type[Block]) -> None:
    for tech in TECHNOLOGIES:
        macro = build(cls, tech)
        few, many = (macro.read(density=share).energy.total for share in (0.2, 0.8))
        assert many > few, tech.source


@each_macro
def test_a_sweep_of_sizes_equals_its_points(cls: type[Block]) -> None:
    tech = TECHNOLOGIES[NAMES.index("22nm_hp")]
    rows, cols = np.array([[64.0], [128.0], [256.0]]), np.array([64.0, 128.0])
    swept = build(cls, tech, rows=rows, cols=cols)
    reads = [swept.footprint.area.total, swept.read().energy.total, swept.read().latency.total]
    for i, j in np.ndindex(3, 2):
        point = build(cls, tech, rows=rows[i, 0], cols=cols[j])
        read = point.read()
        for many, one in zip(
            reads, (point.footprint.area.total, read.energy.total, read.latency.total), strict=True
        ):
            assert np.broadcast_to(many, (3, 2))[i, j] == near(float(one), rel=1e-12)


def test_a_device_is_an_input() -> None:
    """Ten times the resistance: less energy in the converters' columns, slower lines."""
    tech = TECHNOLOGIES[NAMES.index("32nm_lstp")]
    device: Device = DEVICES["taox_hfox"]
    high = dataclasses.replace(device, r_on=10.0 * device.r_on)
    low, more = (ParallelMacro(tech, d).read() for d in (device, high))
    assert more.energy.total < low.energy.total
    assert more.latency.total > low.latency.total
