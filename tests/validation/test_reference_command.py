"""``neurorebit validate``: what it prints and writes, and how it exits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from oracle.records import RAMP, STEP, TOOL, entry

from neurorebit import __main__ as program


def test_the_outcome_is_written(folder: Callable[..., Path], tmp_path: Path) -> None:
    where = folder(STEP, RAMP, entry("Flux capacitor", {}, {}))
    written = tmp_path / "outcome.txt"
    assert program.main(["validate", "--reference", str(where), "--json", str(written)]) == 0
    outcome = json.loads(written.read_text())
    assert list(outcome) == ["modules", "chips"]
    assert outcome["chips"] == []
    module = outcome["modules"]["formula.horowitz"]
    assert list(module) == ["source", "values", "compared", "quantities", "not_compared"]
    assert (module["values"], module["compared"], module["not_compared"]) == (4, 4, [])
    delay = module["quantities"]["delay_s"]
    assert list(delay) == ["n", "median_rel", "p95_rel", "max_rel", "ratio", "correction"]
    assert (delay["n"], delay["correction"]) == (2, None)
    # ln 2 * 10 ps = 6.93147 ps, rounded to 6.9315 ps in the record: 4e-6
    assert 0.0 < delay["max_rel"] < 2e-5


def test_a_broken_bound_exits_with_one(
    folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    slow = STEP | {"outputs": {"delay_s": 2.0 * 6.9315e-12}}
    assert program.main(["validate", "--reference", str(folder(slow))]) == 1
    assert "formula.horowitz.delay_s: 50.0" in capsys.readouterr().out


def test_a_bad_record_exits_with_two(
    folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    bad = STEP | {"inputs": {}}
    assert program.main(["validate", "--reference", str(folder(bad))]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "inputs.tau_s: missing" in said.err


def test_the_table_names_the_quirks_it_undid(
    folder: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    # The reference tool, 32 nm LSTP at 320 K: 128 prechargers under a load of 30 fF and 500 ohm
    inputs = {"num_col": 128, "cap_load_F": 3e-14, "res_load_ohm": 500, "num_read": 8}
    inputs |= {"num_write": 10, "activity_col_write": 0.6, "fixed_width_m": 8.192e-5}
    outputs = {"area_m2": 2.2020e-10, "read_energy_J": 4.9766e-11, "leakage_W": 2.1455e-9}
    record = entry("Precharger", inputs, outputs, temperature_K=320)
    assert program.main(["validate", "--reference", str(folder(record, tool=TOOL))]) == 0
    said = capsys.readouterr().out
    assert "1  Precharger, 1 values: both lines lose all of the supply in a read" in said
    assert "right: a line falls by the sense voltage" in said
    assert "3 of 3 values compared, each within 2%" in said
