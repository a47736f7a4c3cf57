"""Reference records: what another tool, a circuit simulator or silicon says of a circuit.

A file is ``{"tool", "records": [...]}``; a record says the module, the technology, the inputs and
the outputs, all plain numbers whose unit ends the name. ``validation/README.md`` has the format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from neurorebit.schema import InputError
from neurorebit.schema.json_file import read_json

CURE = "write it as the shipped records have it"
PUBLIC = Path(__file__).with_name("public.json.xz")
NUMBER = (int, float)


@dataclass(frozen=True)
class Record:
    """One circuit at one design point, as the reference has it."""

    tool: str
    module: str
    _: KW_ONLY
    variant: str
    technology: str  # name or path of a technology file
    temperature: float
    inputs: Mapping[str, float]
    outputs: Mapping[str, float]
    where: str

    def error(self, what: str) -> InputError:
        return InputError(f"{self.where}: {what}", cure=CURE)


@dataclass(frozen=True)
class Inputs:
    """A record's inputs; one that is missing is the record's fault."""

    record: Record
    hidden: Mapping[str, float]  # settings of the tool that its records do not repeat

    def __getitem__(self, name: str) -> float:
        value = self.get(name)
        if value is None:
            raise self.record.error(
                f"inputs.{name}: missing; a record of module {self.record.module} needs it"
            )
        return value

    def get(self, name: str) -> float | None:
        """An input that may be left out."""
        return self.record.inputs.get(name, self.hidden.get(name))

    def given(self, name: str, otherwise: float) -> float:
        """An input, or ``otherwise`` where the record lacks it."""
        value = self.get(name)
        return otherwise if value is None else value

    def optional(self, name: str) -> float | None:
        """An input; None where the record lacks it or has 0, the tool's word for "not given"."""
        return self.get(name) or None


def read(source: Path | None) -> tuple[Record, ...]:
    """The records of a folder, of one file, or (None) the public ones that the project carries."""
    records = tuple(
        record for path, document in opened(source) for record in _records(path, document)
    )
    if not records and not any("configurations" in document for _, document in opened(source)):
        raise InputError(f"{source}: holds no records; give files with a list 'records' in them")
    return records


def opened(source: Path | None) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The files of a folder, the one file given, or (None) the public ones, and what they hold."""
    for path in [PUBLIC] if source is None else _files(source):
        document = _document(path)
        tool = document.get("tool")
        if not isinstance(tool, str) or not tool:
            raise InputError(f"{path}: tool: missing; say who or what gave the figures")
        yield path, document


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise InputError(f"{source}: no such folder or file; give the folder of the records")
    files = sorted([*source.glob("*.json"), *source.glob("*.json.xz")])
    if not files:
        raise InputError(f"{source}: holds no .json file; give the folder of the records")
    return files


def _document(path: Path) -> dict[str, Any]:
    document = read_json(path, "give the folder of the records")
    if not isinstance(document, dict):
        raise InputError(f"{path}: expected an object with 'tool' and 'records'", cure=CURE)
    return document


def _records(path: Path, document: dict[str, Any]) -> Iterator[Record]:
    if "records" not in document:
        if "configurations" in document:
            return  # whole chips, which are compared elsewhere
        raise InputError(f"{path}: records: missing; expected a list")
    tool, records = document["tool"], document["records"]
    if not isinstance(records, list):
        raise InputError(f"{path}: records: expected a list", cure=CURE)
    for number, entry in enumerate(records):
        yield _record(tool, entry, f"{path}: records[{number}]")


def _record(tool: str, entry: Any, where: str) -> Record:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected an object", cure=CURE)
    module = text_of(entry, "module", where)
    if "technology" in entry:
        technology = text_of(entry, "technology", where)
    else:
        node = number_of(entry, "technode_nm", where)
        technology = f"{node:g}nm_{text_of(entry, 'roadmap', where).lower()}"
    variant = text_of(entry, "variant", where) if "variant" in entry else ""
    temperature = number_of(entry, "temperature_K", where)
    inputs, outputs = (numbers_of(entry, key, where) for key in ("inputs", "outputs"))
    return Record(
        tool,
        module,
        variant=variant,
        technology=technology,
        temperature=temperature,
        inputs=inputs,
        outputs=outputs,
        where=where,
    )


def value_of(entry: Mapping[str, Any], key: str, where: str) -> Any:
    if key not in entry:
        raise InputError(f"{where}: {key}: missing", cure=CURE)
    return entry[key]


def text_of(entry: Mapping[str, Any], key: str, where: str) -> str:
    value = value_of(entry, key, where)
    if not isinstance(value, str) or not value:
        raise InputError(f"{where}: {key}: expected a text, got {value!r}", cure=CURE)
    return value


def number_of(entry: Mapping[str, Any], key: str, where: str) -> float:
    value = value_of(entry, key, where)
    if isinstance(value, bool) or not isinstance(value, NUMBER) or not math.isfinite(value):
        raise InputError(f"{where}: {key}: expected a number, got {value!r}", cure=CURE)
    return float(value)


def numbers_of(entry: Mapping[str, Any], key: str, where: str) -> dict[str, float]:
    values = value_of(entry, key, where)
    if not isinstance(values, dict):
        raise InputError(f"{where}: {key}: expected names and numbers", cure=CURE)
    return {name: number_of(values, name, f"{where}.{key}") for name in values}
