"""Files of records: what is read, and what is refused in one line that says the cure."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neurorebit.checking import records
from neurorebit.checking.compare import compare
from neurorebit.checking.records import Origin, read
from neurorebit.schema import InputError

ADDER: dict[str, Any] = {
    "block": "Adder",
    "fields": {"bits": 8},
    "action": "add",
    "energy_J": 1e-14,
}


def test_a_record_says_what_and_where(file: Callable[..., Path]) -> None:
    (found,) = read(file(ADDER | {"tolerance": 0.1, "values": {"width": 1e-6}}))
    (record,) = found.records
    assert found.source == "silicon of ours"
    assert (record.block, record.technology) == ("Adder", Origin("32nm_lstp"))
    assert [step.action for step in record.steps] == ["add"]
    assert (record.figures, record.values) == ({"energy_J": 1e-14}, {"width": 1e-6})
    assert (record.tolerance, record.group) == (0.1, "Adder")
    assert record.entry.file.endswith("mine.json")
    assert record.entry.path == "records[0]"


def test_a_record_may_name_a_technology_of_its_file(file: Callable[..., Path]) -> None:
    hot = {"from": "22nm_lstp", "set": {"temperature": 350}}
    path = file(
        ADDER | {"technology": "hot"},
        ADDER | {"technology": hot},
        ADDER,
        technologies={"hot": hot},
    )
    (found,) = read(path)
    origin = Origin("22nm_lstp", {"temperature": 350})
    assert [r.technology for r in found.records] == [origin, origin, Origin("32nm_lstp")]


def test_a_folder_holds_many_files_packed_or_not(file: Callable[..., Path]) -> None:
    path = file(ADDER)
    packed = json.dumps({"source": "SPICE", "technology": "22nm_lstp", "records": [ADDER, ADDER]})
    (path.parent / "more.json.xz").write_bytes(lzma.compress(packed.encode()))
    found = read(path.parent)
    assert [(each.source, len(each.records)) for each in found] == [
        ("silicon of ours", 1),
        ("SPICE", 2),
    ]


def test_the_shipped_records_are_small_and_many() -> None:
    (found,) = read()
    assert records.SHIPPED.stat().st_size < 300_000
    assert len(found.records) > 5000
    assert found.source == "DNN+NeuroSim V2.1"


WRONG: list[tuple[Any, str]] = [
    ("{", "mine.json:1: not JSON"),
    ("[]", "expected an object with 'source' and 'records'"),
    ({"records": [ADDER]}, "source: missing; say who or what gave the figures"),
    ({"source": "x"}, "records: missing; give a list of records"),
    ({"source": "x", "records": []}, "expected a list with a record or more"),
    ({"source": "x", "records": [3]}, r"records\[0\]: expected an object"),
    ({"source": "x", "records": [ADDER]}, r"records\[0\].technology: missing; name a technology"),
]
WRONG_RECORDS: list[tuple[dict[str, Any], str]] = [
    ({"blok": "Adder"}, "blok: unknown; there are: action, actions"),
    (
        {"function": "stage"},
        "expected 'block' or 'function', and not both; give 'block', the class",
    ),
    ({"energy_J": "1"}, "energy_J: expected a number, got '1'"),
    ({"energy_J": True}, "energy_J: expected a number"),
    ({"fields": [8]}, "fields: expected an object"),
    ({"technology": 32}, "technology: expected a name, or an object"),
    ({"actions": [{"action": "add"}]}, "both 'action' and 'actions' are there; remove one"),
    ({"values": {"width": None}}, "values.width: expected a number"),
    ({"parts": "adder"}, "parts: expected a list"),
]


@pytest.mark.parametrize(("document", "said"), WRONG)
def test_bad_files_are_refused(tmp_path: Path, document: Any, said: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    with pytest.raises(InputError, match=said) as refused:
        read(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("change", "said"), WRONG_RECORDS)
def test_bad_records_are_refused(
    file: Callable[..., Path], change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=r"records\[1\][.:] ?" + said) as refused:
        read(file(ADDER, ADDER | change))
    assert "\n" not in str(refused.value)


def test_a_record_without_a_figure_or_an_action_is_refused(file: Callable[..., Path]) -> None:
    with pytest.raises(
        InputError,
        match="no figure to compare with; give one: energy_J, latency_s, area_m2, leakage_W",
    ):
        read(file({"block": "Adder"}))
    with pytest.raises(InputError, match="those of an action; give 'action'"):
        read(file({"block": "Adder", "energy_J": 1e-14}))
    with pytest.raises(InputError, match="of which action"):
        read(file({"block": "Adder", "arguments": {}, "area_m2": 1e-12}))


def test_infinite_numbers_are_refused(file: Callable[..., Path]) -> None:
    path = file(ADDER)
    path.write_text(path.read_text().replace("1e-14", "Infinity"))
    with pytest.raises(InputError, match="energy_J: expected a number"):
        read(path)


def test_a_place_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \.json file"):
        read(tmp_path)
    with pytest.raises(InputError, match="no such file or folder"):
        read(tmp_path / "none")


def changed(values: dict[str, Any]) -> dict[str, Any]:
    return {"technology": {"from": "32nm_lstp", "set": values}}


MEANT: list[tuple[dict[str, Any], str]] = [
    ({"block": "Ader"}, r"block: there is no 'Ader'; did you mean 'Adder'\?"),
    ({"block": "nfet_res"}, "block: there is no 'nfet_res'"),
    ({"fields": {"bit": 8}}, r"fields.bit: unknown; did you mean 'bits'\? \(there are: bits,"),
    ({"fields": {"bits": {"a": 1}}}, "fields.bits: expected a number, a text, a list or a block"),
    ({"fields": {"bits": "eight"}}, "our figures cannot be computed from these values"),
    ({"block": "zzz"}, "block: there is no 'zzz'; there are: AccessSwitchMatrix"),
    ({"action": "ad"}, r"action: Adder has no 'ad'; did you mean 'add'\?"),
    ({"action": "body"}, "action: Adder has no 'body'"),
    ({"arguments": {"activ": 1}}, r"arguments.activ: unknown; did you mean 'active'\?"),
    ({"values": {"widht": 1.0}}, r"values.widht: Adder has no 'widht'; did you mean 'width'\?"),
    ({"values": {"name": 1.0}}, "values: ours is 'adder', no number"),
    ({"technology": "33nm"}, "technology: 33nm: no such technology"),
    (changed({"sram.hight": 1}), "technology.set.sram.hight: there is no 'hight'; did you mean"),
    (changed({"temperature": 9}), "technology.temperature: must lie between 300 and 400"),
    ({"block": "ParallelMacro", "fields": {}}, "device: missing; ParallelMacro needs"),
]


@pytest.mark.parametrize(("change", "said"), MEANT)
def test_what_no_block_can_answer_is_refused(
    file: Callable[..., Path], change: dict[str, Any], said: str
) -> None:
    (found,) = read(file(ADDER, ADDER | change))
    with pytest.raises(InputError, match=r"records\[1\][.:] ?" + said) as refused:
        compare(found)
    assert "\n" not in str(refused.value)
