"""``neurorebit validate`` with records of one's own and with the shipped ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurorebit import __main__ as program
from neurorebit.commands import validate

# Eight columns share a converter of successive approximation, which takes a cycle of 1 ns for each
# of its 4 bits: 8 x 4 x 1 ns in the converters, without their front ends.
MACRO: dict[str, Any] = {
    "block": "ParallelMacro",
    "technology": {"from": "22nm_lstp", "set": {"sensing.cycle": 1e-9}},
    "device": "taox_hfox",
    "fields": {"rows": 64, "cols": 64, "adc_bits": 4, "back_adc_bits": 4, "transposed": False},
    "action": "read",
    "arguments": {"density": 0.1, "res": 8e4},
    "parts": ["readout/converters/adc"],
    "latency_s": 32e-9,
}
ADDER = {
    "block": "Adder",
    "fields": {"bits": 12, "count": 32, "fit_width": 5.632e-05},
    "technology": "22nm_lstp",
    "area_m2": 8.3263488e-10,
}


def test_a_silicon_record_is_one_data_file(
    file: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A block's record and a macro's: found by name, compared, and written."""
    written = tmp_path / "outcome.json"
    asked = ["validate", str(file(ADDER, MACRO)), "--json", str(written)]
    assert program.main(asked) == 0
    said = capsys.readouterr().out
    assert "2 of 2 values compared" in said
    assert "silicon of ours" in said
    assert "chip" not in said
    found = json.loads(written.read_text())
    assert set(found["modules"]) == {"Adder", "ParallelMacro"}
    assert found["modules"]["Adder"]["quantities"]["area_m2"]["max_rel"] < 1e-7
    assert found["chips"] == []


def test_a_broken_bound_exits_with_one(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["validate", str(file(ADDER | {"area_m2": 1e-9}))]) == 1
    assert "Adder.area_m2: 16.737% off, more than 2%" in capsys.readouterr().out


def test_a_wrong_record_exits_with_two_and_one_line(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["validate", str(file(ADDER, ADDER | {"block": "Ader"}))]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "records[1].block: there is no 'Ader'; did you mean 'Adder'?" in said.err


def test_an_outcome_that_cannot_be_written_is_refused(
    file: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = str(tmp_path / "none" / "outcome.json")
    assert program.main(["validate", str(file(ADDER)), "--json", where]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_without_a_clone_circuits_are_compared_and_the_rest_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(validate, "_tool", lambda: None)
    assert program.main(["validate"]) == 0
    said = capsys.readouterr().out
    assert "17689 of 18381 values compared" in said
    assert said.rstrip().endswith(validate.CLONE)
    for option in (["--waterfall", "vgg8_stock_rram"], ["--reference", str(tmp_path)]):
        assert program.main(["validate", *option]) == 2
        refused = capsys.readouterr().err
        assert refused.count("\n") == 1
        assert f"{option[0]}: needs validation/ of a clone" in refused


def test_records_and_a_reference_are_not_given_both(
    file: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(file(ADDER))
    assert program.main(["validate", path, "--reference", path]) == 2
    assert "RECORDS and --reference are two sources; give one" in capsys.readouterr().err
