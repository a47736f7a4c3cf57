"""Every block of the circuits and the chip, in every technology, keeps the same promises.

Blocks are found, not listed: a class that can be built from a technology, and a device where it
asks for one, is tested by existing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from common import near
from property.blocks import BLOCKS, CIRCUITS, NAMES, TECHNOLOGIES, actions, amounts, build

from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.front_end import FrontEnd
from neurorebit.circuits.cost import Bill
from neurorebit.circuits.layout import Placed
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.schema.technology import Technology

SIZES = (
    "bits",
    "cols",
    "rows",
    "lines",
    "count",
    "operands",
    "terms",
    "outputs",
    "window",
    "entries",
    "load",
    "line_res",
    "width",
    "length",
)


DIGITAL = [cls for cls in CIRCUITS if not hasattr(cls, "switch")]
each_block = pytest.mark.parametrize("cls", BLOCKS, ids=lambda cls: cls.__name__)
each_circuit = pytest.mark.parametrize("cls", CIRCUITS, ids=lambda cls: cls.__name__)


def bills(block: Block) -> Iterator[Bill]:
    yield block.footprint.area
    yield block.footprint.leakage
    for act in actions(block).values():
        cost = act()
        yield cost.energy
        yield cost.latency


def test_blocks_are_found() -> None:
    names = {cls.__name__ for cls in BLOCKS}
    assert {"Adder", "SarAdc", "Decoder", "HTree", "SramBuffer", "Mac"} <= names


@each_block
def test_it_exists_everywhere(cls: type[Block]) -> None:
    """Positive and finite in every technology; every item of a bill has the block's name."""
    for at, tech in zip(NAMES, TECHNOLOGIES, strict=True):
        block = build(cls, tech)
        billed = amounts(block)
        for name, amount in billed.items():
            assert np.ndim(amount) == 0, (at, name)
            assert np.isfinite(amount), (at, name)
            assert amount >= 0.0, (at, name)
        for bill in bills(block):
            assert all(item.split("/")[0] == block.name for item in bill.items), at
            assert all(np.asarray(amount) >= -1e-30 for amount in bill.items.values()), at
        assert sum(billed.values()) > 0.0, at


@each_block
def test_its_area_is_the_sum_of_its_bill(cls: type[Block]) -> None:
    for tech in TECHNOLOGIES:
        block = build(cls, tech)
        parts = sum((n * part.footprint for n, part in block.parts), block.body)
        assert block.footprint.area.total == near(parts.area.total, rel=1e-12)
        assert block.footprint.leakage.total == near(parts.leakage.total, rel=1e-12)
        if isinstance(block, Placed):
            outline = float(block.width) * float(block.height)
            assert block.footprint.area.total == near(outline, rel=1e-12)


@each_block
def test_a_sweep_equals_its_points(cls: type[Block]) -> None:
    many = amounts(build(cls, Technology.stack(TECHNOLOGIES)))
    for i, tech in enumerate(TECHNOLOGIES):
        for name, amount in amounts(build(cls, tech)).items():
            swept = np.broadcast_to(many[name], (len(TECHNOLOGIES),))[i]
            assert swept == pytest.approx(amount, rel=1e-12, abs=1e-40), (NAMES[i], name)


@each_block
def test_a_sweep_of_supply_and_temperature_equals_its_points(cls: type[Block]) -> None:
    tech = TECHNOLOGIES[NAMES.index("14nm_lstp")]
    supplies, kelvin = np.array([[0.7], [0.8], [0.9]]), np.array([300.0, 345.0])
    many = amounts(build(cls, dataclasses.replace(tech, vdd=supplies, temperature=kelvin)))
    for i, j in np.ndindex(3, 2):
        point = dataclasses.replace(tech, vdd=float(supplies[i, 0]), temperature=float(kelvin[j]))
        for name, amount in amounts(build(cls, point)).items():
            swept = np.broadcast_to(many[name], (3, 2))[i, j]
            assert swept == pytest.approx(amount, rel=1e-12, abs=1e-40), name


@each_circuit
def test_a_sweep_of_a_field_equals_its_points(cls: type[Block]) -> None:
    tech = TECHNOLOGIES[NAMES.index("32nm_lstp")]
    for field in dataclasses.fields(cls):
        default = field.default
        if not isinstance(default, float) or field.name == "tolerance":
            continue
        values = [default, 2.0 * default + 1.0] if field.name in SIZES else [default] * 2
        if field.name in ("load", "length"):
            values = [default, 2.0 * default + 1e-14]
        many = amounts(build(cls, tech, **{field.name: np.array(values)}))
        for i, value in enumerate(values):
            for name, amount in amounts(build(cls, tech, **{field.name: value})).items():
                swept = np.broadcast_to(many[name], (2,))[i]
                close = pytest.approx(amount, rel=1e-12, abs=1e-40, nan_ok=True)
                assert swept == close, (field.name, name)


@each_circuit
def test_more_never_costs_less(cls: type[Block]) -> None:
    """Bits, rows, columns, copies, loads and lengths."""
    for tech in TECHNOLOGIES:
        plain = build(cls, tech)
        before = amounts(plain)
        for field in dataclasses.fields(cls):
            if field.name not in SIZES:
                continue
            value = getattr(plain, field.name)
            more = {"load": 1e-14, "line_res": 100.0, "length": value / 1e3}.get(field.name, value)
            after = amounts(build(cls, tech, **{field.name: value + more}))
            for name, amount in after.items():
                kept = np.isnan(amount) or amount >= before[name] * (1.0 - 1e-9)
                assert kept, (field.name, name, tech.source)


@pytest.mark.parametrize("cls", DIGITAL, ids=lambda c: c.__name__)
def test_a_lower_supply_is_slower_and_saves_energy(cls: type[Block]) -> None:
    """But for analog switches, which are drawn for a resistance: they only get wider.

    Nor for converters and front ends: steps shrink with the supply, and devices grow for them. A
    latch has less to swing: where velocity is saturated, its pair gets hardly weaker meanwhile.
    """
    analog = issubclass(cls, Converter | FrontEnd)
    slack = 1e-3 if cls is SenseAmp else 1e-9  # of a cycle of the clock
    for tech in TECHNOLOGIES:
        before = amounts(build(cls, tech))
        lower = dataclasses.replace(tech, vdd=0.9 * tech.vdd)
        for name, amount in amounts(build(cls, lower)).items():
            if name.endswith("latency"):
                assert amount >= before[name] * (1.0 - slack), (name, tech.source)
            elif name != "area" and not analog:
                assert amount <= before[name] * (1.0 + 1e-9), (name, tech.source)


@each_circuit
def test_heat_is_slower_and_leaks_more(cls: type[Block]) -> None:
    for tech in TECHNOLOGIES:
        before = amounts(build(cls, tech))
        hot = dataclasses.replace(tech, temperature=400.0)
        for name, amount in amounts(build(cls, hot)).items():
            if name == "leakage" or name.endswith("latency"):
                assert amount >= before[name] * (1.0 - 1e-9), (name, tech.source)


@each_circuit
def test_a_side_too_narrow_for_it_is_nan_not_an_error(cls: type[Block]) -> None:
    if issubclass(cls, Placed):
        sliver = build(cls, TECHNOLOGIES[NAMES.index("32nm_lstp")], fit_width=1e-9)
        assert np.isnan(sliver.footprint.area.total) or sliver.footprint.area.total > 0.0
