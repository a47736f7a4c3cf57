"""Files of records: what is read, and what is refused in one line."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oracle.records import STEP, entry

from neurorebit.schema import InputError
from validation.neurosim import documents
from validation.neurosim.records.module import PUBLIC, Inputs, Record, read


def test_a_record_says_what_and_where(folder: Callable[..., Path]) -> None:
    (record,) = read(folder(entry("Adder", {"num_bit": 8}, {"area_m2": 1e-9}, variant="fast")))
    assert (record.tool, record.module, record.variant) == ("SPICE of ours", "Adder", "fast")
    assert (record.technology, record.temperature) == ("32nm_lstp", 300.0)
    assert (record.inputs, record.outputs) == ({"num_bit": 8.0}, {"area_m2": 1e-9})
    assert record.where.endswith("records.json: records[0]")


def test_a_folder_holds_many_files_packed_or_not(folder: Callable[..., Path]) -> None:
    where = folder(STEP)
    document = json.dumps({"tool": "silicon", "records": [STEP, STEP]})
    (where / "more.json.xz").write_bytes(lzma.compress(document.encode()))
    (where / "chips.json").write_text(json.dumps({"tool": "x", "configurations": []}))
    assert sorted(record.tool for record in read(where)) == ["SPICE of ours", "silicon", "silicon"]
    assert len(read(where / "records.json")) == 1


def test_a_record_may_name_a_technology_file() -> None:
    record = Record(
        "x",
        "m",
        variant="",
        technology="my_28nm.yaml",
        temperature=300.0,
        inputs={"a": 1.0},
        outputs={},
        where="f: records[0]",
    )
    inputs = Inputs(record, {"a": 5.0, "b": 2.0})
    assert (inputs["a"], inputs["b"], inputs.given("c", 3.0)) == (1.0, 2.0, 3.0)
    with pytest.raises(InputError, match=r"f: records\[0\]: inputs.c: missing"):
        inputs["c"]


def test_the_public_records_are_small_and_many(public: tuple[Record, ...]) -> None:
    assert PUBLIC.stat().st_size < 1_000_000
    assert len(public) > 1000
    assert {record.tool for record in public} == {"DNN+NeuroSim V2.1"}


BAD: list[tuple[str, Any, str]] = [
    ("not JSON", "{", r"records.json:1: not JSON"),
    ("no object", "[]", r"expected an object"),
    ("no tool", {"records": [STEP]}, r"tool: missing"),
    ("no records", {"tool": "x"}, r"records: missing"),
    ("records no list", {"tool": "x", "records": 3}, r"records: expected a list"),
    ("record no object", {"tool": "x", "records": [3]}, r"records\[0\]: expected an object"),
    ("none", {"tool": "x", "records": []}, r"holds no records"),
    *(
        (f"no {key}", {"tool": "x", "records": [{k: STEP[k] for k in STEP if k != key}]}, key)
        for key in STEP
    ),
    ("a text", {"tool": "x", "records": [STEP | {"inputs": {"tau_s": "1"}}]}, "inputs: tau_s"),
    ("a bool", {"tool": "x", "records": [STEP | {"outputs": {"delay_s": True}}]}, "delay_s"),
    ("a list", {"tool": "x", "records": [STEP | {"inputs": [1]}]}, "expected names and numbers"),
]


@pytest.mark.parametrize(("what", "document", "said"), BAD, ids=lambda value: str(value)[:20])
def test_bad_files_are_refused(tmp_path: Path, what: str, document: Any, said: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / "records.json").write_text(text)
    with pytest.raises(InputError, match=said) as refused:
        documents(tmp_path)
    assert "\n" not in str(refused.value), what


def test_infinite_numbers_are_refused(tmp_path: Path) -> None:
    text = json.dumps({"tool": "x", "records": [STEP]}).replace("1e-11", "Infinity")
    (tmp_path / "records.json").write_text(text)
    with pytest.raises(InputError, match="tau_s: expected a number"):
        read(tmp_path)


def test_a_folder_without_records_is_refused(tmp_path: Path) -> None:
    for where in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match=str(where)):
            read(where)
    (tmp_path / "broken.json.xz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"broken\.json\.xz: cannot be unpacked"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (STEP | {"technode_nm": 5}, "5nm_lstp: no such technology"),
        (STEP | {"temperature_K": 500}, r"temperature_K: must lie between 300 and 400"),
        (STEP | {"inputs": {"tau_s": 1e-11}}, "inputs.ramp_input_per_s: missing"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    folder: Callable[..., Path], record: Any, said: str
) -> None:
    with pytest.raises(InputError, match=said) as refused:
        documents(folder(record))
    assert "records[0]" in str(refused.value)
