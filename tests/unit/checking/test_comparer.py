"""Our figures against a record's, block by block: values by hand, and that wrong ones show."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurorebit.checking.blocks import Workshop, catalogue
from neurorebit.checking.compare import Comparison, compare, deviation, short
from neurorebit.checking.records import Records, read
from neurorebit.checking.report import outcome, text

Read = Callable[..., Path]


def held(file: Path) -> Comparison:
    (found,) = read(file)
    return compare(found)


def ours(file: Path) -> list[dict[str, float]]:
    """Our figures of each record."""
    (found,) = read(file)
    return [Workshop().figures(record) for record in found.records]


def least(zero: float, grading: float) -> float:
    """What a junction is to have without bias to have its value at 0.85 V over the whole swing."""
    bias = 0.85 / 0.9  # supply over built-in voltage
    return zero * (1.0 - grading) * bias / (1.0 + bias - (1.0 + bias) ** grading)


# 22 nm LSTP at 300 K with the tool's junctions at full bias, 32 adders of 12 bits in a row of
# 56.32 um: figures of DNN+NeuroSim V2.1 that
# no correction touches. Energy: of 200,000 additions of random operands, simulated bit by bit.
ADDERS: dict[str, Any] = {
    "block": "Adder",
    "technology": {
        "from": "22nm_lstp",
        "set": {
            "junction.bottom": least(1e-3, 0.5),
            "junction.sidewall": least(0.25e-9, 0.33),
            "junction.gate_edge": least(0.05e-9, 0.33),
        },
    },
    "fields": {"bits": 12, "count": 32, "fit_width": 5.632e-05},
    "action": "add",
    "energy_J": 3.332e-13,
    "latency_s": 8.2093017e-10,
    "area_m2": 8.3263488e-10,
    "leakage_W": 1.6371592e-08,
    "values": {"height": 1.4784e-05},
}
# The reference tool: a stage of 10 ps behind an ideal step
STAGE: dict[str, Any] = {
    "function": "stage",
    "arguments": {"tau": 1e-11, "ramp": 1e20},
    "values": {"result[0]": 6.9315e-12, "result[1]": 7.2135e10},
}


def test_a_block_agrees_with_its_record(file: Read) -> None:
    found = held(file(ADDERS))
    assert found.broken == []
    assert (found.values, found.compared) == (5, 5)
    figures = found.groups["Adder"].figures
    assert list(figures) == ["add energy_J", "add latency_s", "area_m2", "leakage_W", "height"]
    assert max(figures["area_m2"].deviations) < 1e-7


@pytest.mark.parametrize("figure", ["energy_J", "latency_s", "area_m2", "leakage_W"])
def test_a_record_that_is_off_breaks_its_bound(file: Read, figure: str) -> None:
    assert held(file(ADDERS | {figure: 1.05 * ADDERS[figure]})).broken
    assert not held(file(ADDERS | {figure: 1.05 * ADDERS[figure], "tolerance": 0.06})).broken
    (line,) = held(file(ADDERS | {figure: 2.0 * ADDERS[figure]})).broken
    assert figure in line
    assert "off, more than 2%" in line


def test_functions_gates_and_technologies_have_values(file: Read) -> None:
    gate = {"block": "Gate", "fields": {"nfet": 6.4e-8, "pfet": 6.4e-8}, "values": {"height": 1}}
    vdd = {"block": "Technology", "values": {"vdd": 0.9, "sram.pulldown": 1}}
    found = ours(file(STAGE, gate, vdd))
    assert not held(file(STAGE)).broken
    # the standard cell's height is that of the technology file's layout, in features
    assert found[1]["height"] > 20 * 32e-9
    assert found[2]["vdd"] == 0.9


def test_a_changed_technology_changes_the_figures(file: Read) -> None:
    """Dynamic energy grows with the supply squared, at the same capacitances."""
    adder = {"block": "Adder", "action": "add", "energy_J": 1.0}
    low, high = (
        adder | {"technology": {"from": "32nm_lstp", "set": {"vdd": vdd}}} for vdd in (0.9, 1.0)
    )
    (a, b) = (figures["energy_J"] for figures in ours(file(low, high)))
    assert b > 1.15 * a


def test_values_of_an_argument_work_at_once(file: Read) -> None:
    """Energies add, the slowest counts; values may be listed or evenly spaced."""
    bus = {"block": "Bus", "action": "transfer", "energy_J": 1.0, "latency_s": 1.0}
    one = [bus | {"arguments": {"bits": n, "flits": n}} for n in (10.0, 20.0, 30.0)]
    listed = bus | {"arguments": {"bits": [10.0, 20.0, 30.0], "flits": [10.0, 20.0, 30.0]}}
    spaced = {"first": 10.0, "last": 30.0, "count": 3}
    even = bus | {"arguments": {"bits": spaced, "flits": spaced}}
    *each, both, same = ours(file(*one, listed, even))
    assert both["energy_J"] == pytest.approx(sum(found["energy_J"] for found in each))
    assert both["latency_s"] == max(found["latency_s"] for found in each)
    assert same == both


def test_actions_in_a_row_add_up(file: Read) -> None:
    bank = {"block": "Register", "fields": {"bits": 16}, "energy_J": 1.0, "latency_s": 1.0}
    once = bank | {"action": "store", "arguments": {"active": 0.5}}
    steps = [{"action": "store", "arguments": {"active": 0.5}, "times": 3}, {"action": "store"}]
    alone, whole, row = ours(file(once, bank | {"action": "store"}, bank | {"actions": steps}))
    for figure in ("energy_J", "latency_s"):
        assert row[figure] == pytest.approx(3.0 * alone[figure] + whole[figure])


def test_parts_are_compared_alone_or_left_out(file: Read) -> None:
    unit = {"block": "ShiftAdd", "fields": {"bits": 8, "terms": 4}, "action": "accumulate"}
    unit |= {"area_m2": 1.0, "energy_J": 1.0}
    whole, part, rest = ours(
        file(unit, unit | {"parts": ["adder"]}, unit | {"other_parts": ["adder"]})
    )
    for figure in ("area_m2", "energy_J"):
        assert 0.0 < part[figure] < whole[figure]
        assert part[figure] + rest[figure] == pytest.approx(whole[figure])


def test_a_part_s_action_is_asked_by_its_path(file: Read) -> None:
    unit = {"block": "ShiftAdd", "fields": {"bits": 8, "terms": 4}, "energy_J": 1.0}
    asked = unit | {"action": "register.store", "values": {"register.bits": 1.0}}
    (found,) = ours(file(asked))
    bank = {"block": "Register", "fields": {"bits": found["register.bits"]}, "energy_J": 1.0}
    (alone,) = ours(file(bank | {"action": "store"}))
    assert found["energy_J"] == pytest.approx(alone["energy_J"])


def test_a_block_may_hold_others(file: Read) -> None:
    """Reference lines of an array's cells: without the mirrors they are that array."""
    cells = {"block": "ReramArray", "fields": {"rows": 64, "cols": 4}}
    lines = {"block": "References", "fields": {"cells": cells, "count": 4}, "parts": ["array"]}
    whole, alone = ours(
        file(lines | {"area_m2": 1.0}, cells | {"area_m2": 1.0}, device="taox_hfox")
    )
    assert whole["area_m2"] == pytest.approx(alone["area_m2"])


def test_a_lower_bound_holds_for_anything_above(file: Read) -> None:
    """A source that leaves leakage out says 0: ours is above, and could not be below."""
    bound = ADDERS | {"leakage_W": 0.0, "at_least": ["leakage_W"]}
    assert not held(file(bound)).broken
    assert held(file(bound | {"leakage_W": 1.0})).broken
    assert not held(file(bound | {"leakage_W": 1e-9})).broken
    assert held(file(ADDERS | {"leakage_W": 0.0})).broken


def test_what_is_left_out_is_counted_and_bounded(file: Read) -> None:
    few = {"group": "Flux", "count": 1, "reason": "no block of ours"}
    found = held(file(*[STAGE] * 5, left_out=[few]))
    assert (found.values, found.compared, found.broken) == (11, 10, [])
    assert "Flux, 1 values: no block of ours" in text(found)
    assert held(file(STAGE, left_out=[few])).broken == ["1 of 3 values not compared, more than 10%"]
    essential = few | {"essential": True}
    (line,) = held(file(*[STAGE] * 5, left_out=[essential])).broken
    assert line == "Flux: must be compared, and was not: no block of ours"


def test_corrections_are_named_with_their_values(file: Read) -> None:
    made = [{"of": "stage", "source": "a slope of one half", "right": "the slope of the ramp"}]
    found = held(file(STAGE | {"corrected": {"result[0]": [0]}}, STAGE, corrections=made))
    said = text(found)
    assert "1  stage, 1 values: a slope of one half" in said
    assert "right: the slope of the ramp" in said
    plain = outcome(found)["stage"]["quantities"]
    assert plain["result[0]"]["correction"] == "a slope of one half"
    assert plain["result[1]"]["correction"] is None
    assert plain["result[0]"]["n"] == 2
    assert plain["result[0]"]["ratio"]["median"] == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [(1.0, 1.0, 0.0), (0.0, 0.0, 0.0), (1.1, 1.0, 0.1), (-1.0, 1.0, 2.0), (1.0, 0.0, 1e9)],
)
def test_deviations_are_relative_to_theirs(ours: float, theirs: float, expected: float) -> None:
    assert deviation(ours, theirs) == pytest.approx(expected)
    assert deviation(np.nan, 1.0) == 1e9
    assert short(np.nan, 1.0) == 1e9
    assert short(2.0, 1.0) == 0.0


def test_blocks_of_circuits_and_chips_are_found_by_name() -> None:
    names = set(catalogue())
    assert {"Adder", "SarAdc", "HTree", "Gate", "ParallelMacro", "Pe", "stage"} <= names
    assert "circuits.adder.Adder" in names
    assert not any(name.startswith("_") for name in names)


def test_nothing_known_gives_nothing() -> None:
    assert compare(Records("nobody", ())).groups == {}
