"""Every block is nan outside its range, all of it, and leaves the designs beside it alone."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from common import near
from property.blocks import BLOCKS, NAMES, TECHNOLOGIES, actions, amounts, build

from neurorebit.circuits.adder import AdderTree
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.block import Block
from neurorebit.circuits.htree import HTree

TECH = TECHNOLOGIES[NAMES.index("32nm_lstp")]
each_block = pytest.mark.parametrize("cls", BLOCKS, ids=lambda cls: cls.__name__)


def numbers(cls: type[Block]) -> Iterator[tuple[str, float]]:
    """The numeric fields of a block, and what they are unless given."""
    base = build(cls, TECH)
    for field in dataclasses.fields(cls):
        value = getattr(base, field.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield field.name, float(value)


def billed(block: Block) -> dict[str, Any]:
    with np.errstate(all="ignore"):  # what is nan was divided by zero on its way
        return amounts(block)


def is_out_of_range(block: Block, of: str = "") -> None:
    for name, amount in billed(block).items():
        nothing = np.all(np.asarray(amount) == 0.0) and not block.footprint.area.items
        assert nothing or np.all(np.isnan(amount)), (of, name)


@each_block
def test_less_than_nothing_is_nan(cls: type[Block]) -> None:
    for name, value in numbers(cls):
        is_out_of_range(build(cls, TECH, **{name: np.array([-value or -1.0])}), name)


@each_block
def test_nothing_is_nan_or_costs_no_less(cls: type[Block]) -> None:
    """Never infinite and never negative."""
    for field, _ in numbers(cls):
        for name, amount in billed(build(cls, TECH, **{field: np.array([0.0])})).items():
            kept = np.isnan(amount) | (np.isfinite(amount) & np.greater_equal(amount, 0.0))
            assert np.all(kept), (field, name)


@each_block
def test_a_design_out_of_range_leaves_the_others_alone(cls: type[Block]) -> None:
    base = amounts(build(cls, TECH))
    for field, value in numbers(cls):
        many = billed(build(cls, TECH, **{field: np.array([-1.0, value])}))
        for name, amount in many.items():
            beside = np.broadcast_to(amount, (2,))[1]
            assert beside == pytest.approx(base[name], rel=1e-12, abs=1e-40), (field, name)


@each_block
@pytest.mark.parametrize(("key", "value"), [("temperature", 272.0), ("temperature", 401.0)])
def test_beyond_the_tables_temperatures_are_nan(cls: type[Block], key: str, value: float) -> None:
    is_out_of_range(build(cls, dataclasses.replace(TECH, **{key: value})))


@each_block
@pytest.mark.parametrize("share", [0.2, 1.51])
def test_beyond_the_range_of_the_law_supplies_are_nan(cls: type[Block], share: float) -> None:
    is_out_of_range(build(cls, dataclasses.replace(TECH, vdd=share * TECH.nominal_vdd)))


@each_block
def test_an_action_on_less_than_nothing_is_nan(cls: type[Block]) -> None:
    block = build(cls, TECH)
    for name, act in actions(block).items():
        for argument, default in inspect.signature(act).parameters.items():
            if isinstance(default.default, float):
                with np.errstate(all="ignore"):
                    cost = act(**{argument: np.array([-1.0, default.default])})
                for found, usual in (
                    (cost.energy.total, act().energy.total),
                    (cost.latency.total, act().latency.total),
                ):
                    if np.ndim(found) or usual:
                        bad, good = np.broadcast_to(found, (2,))
                        assert np.isnan(bad), (name, argument)
                        assert good == near(usual, rel=1e-12), (name, argument)


def test_more_than_a_circuit_is_made_for_is_nan() -> None:
    wide = AdderTree(TECH, operands=np.array([2.0**24, 2.0**24 + 1.0]))
    assert np.isnan(wide.footprint.area.total).tolist() == [False, True]
    tree = HTree(TECH, rows=np.array([2.0**16, 2.0**17]))
    assert np.isnan(tree.transfer().latency.total).tolist() == [False, True]
    product = Multiplier(TECH, by=np.array([141.0, 142.0]))
    assert np.isnan(product.multiply().latency.total).tolist() == [False, True]
