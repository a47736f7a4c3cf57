"""The tool's records in the package's words."""

from __future__ import annotations

from typing import Any

import pytest
from common import near
from oracle.records import TOOL, entry

from neurorebit.checking.entry import document
from neurorebit.checking.records import SHIPPED
from validation.neurosim.records.module import Record
from validation.neurosim.translate import translated


def same(ours: Any, theirs: Any, where: str = "") -> None:
    """Equal but for the last digits of numbers."""
    assert type(ours) is type(theirs), where
    if isinstance(ours, dict):
        assert set(ours) == set(theirs), where
        for key in ours:
            same(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), where
        for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            same(a, b, f"{where}[{number}]")
    elif isinstance(ours, float):
        assert ours == pytest.approx(theirs, rel=1e-9, abs=0.0), where
    else:
        assert ours == theirs, where


def test_the_package_carries_what_the_translator_makes(translation: dict[str, Any]) -> None:
    """If not: ``python -m validation.neurosim`` writes them anew."""
    assert SHIPPED.stat().st_size < 300_000
    same(document(SHIPPED).content, translation)


def record(module: str, inputs: dict[str, float], outputs: dict[str, float]) -> Record:
    one = entry(module, inputs, outputs)
    return Record(
        TOOL,
        module,
        variant="",
        technology="32nm_lstp",
        temperature=300.0,
        inputs=one["inputs"],
        outputs=one["outputs"],
        where="here",
    )


def test_figures_of_many_accesses_become_those_of_one() -> None:
    inputs = {"num_bit": 6.0, "num_adder": 4.0, "cap_load_F": 1e-15, "num_read": 5.0}
    outputs = {"read_energy_J": 5e-13, "read_latency_s": 1e-9, "area_m2": 3e-11}
    (found,) = translated([record("Adder", inputs, outputs)])
    (one,) = found["records"]
    assert (one["block"], one["action"], one["arguments"]) == ("Adder", "add", {"active": 1.0})
    assert one["fields"] == {"bits": 6.0, "count": 4.0, "load": 1e-15}
    assert (one["latency_s"], one["area_m2"]) == (2e-10, 3e-11)
    assert one["names"]["energy_J"] == "read_energy_J"
    # Of random operands less than a third of the worst case switches, which the tool takes.
    assert 0.25e-13 < one["energy_J"] < 0.35e-13
    assert one["corrected"] == {"energy_J": [0]}
    assert found["corrections"][0]["of"] == "Adder"


def test_a_slip_is_corrected_in_the_reference_and_listed() -> None:
    """A latch leaks current times supply; the tool multiplies by the supply, 1.0 V here, twice."""
    inputs = {"num_col": 8.0, "pitch_m": 6.4e-7, "sense_voltage_V": 0.1, "num_read": 1.0}
    low = record("SenseAmp", inputs, {"leakage_W": 9e-10})
    (found,) = translated([low])
    (one,) = found["records"]
    supply = 0.9  # of 32 nm LSTP
    assert one["leakage_W"] == near(9e-10 / supply)
    assert one["corrected"] == {"leakage_W": [0]}
    assert found["corrections"][0]["source"] == "current times supply squared"


def test_what_the_tool_leaves_out_bounds_ours_from_below() -> None:
    inputs = {"level_output": 32.0, "num_adc": 16.0, "read_voltage_V": 0.5, "num_read_latency": 1.0}
    inputs |= {"num_read_energy": 1.0, "num_columns_in_energy_sum": 4.0}
    inputs |= {"column_resistance_first_ohm": 1e4, "column_resistance_last_ohm": 2e4}
    (found,) = translated([record("SarADC", inputs, {"leakage_W": 0.0, "read_energy_J": 1e-11})])
    bound = next(one for one in found["records"] if "leakage_W" in one)
    assert (bound["leakage_W"], bound["at_least"]) == (0.0, ["leakage_W"])
    energy = next(one for one in found["records"] if "energy_J" in one)
    assert (energy["fields"]["count"], energy["action"]) == (4.0, "convert")
