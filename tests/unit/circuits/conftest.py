"""Technologies as the reference tool has them, and an excerpt of its public records.

The records are outputs of DNN+NeuroSim V2.1 for public inputs: figures only. Where a record holds
what the tool is known to get wrong, the tests leave that quantity out or say what it should be.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from common import near

from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, paths
from neurorebit.schema.technology import Technology

RECORDS = json.loads((Path(__file__).parents[2] / "data" / "circuits.json").read_text())["records"]


class Record(NamedTuple):
    tech: Technology
    inputs: dict[str, Any]
    outputs: dict[str, float]
    variant: str


@functools.cache
def shipped(name: str) -> Technology:
    return read_technology(Document(paths.shipped("technology", name)))


def as_the_tool(name: str, temperature: float) -> Technology:
    """A shipped technology at a temperature, with the tool's cell layout, planar or FinFET.

    The tool gives junctions their capacitance at full bias, the least of the swing.
    """
    tech, layout = shipped(name), shipped("32nm_lstp").layout
    if tech.channel == "finfet":
        layout = dataclasses.replace(layout, gate_width=1.4, gate_gap=3.9)
    bias, junction = tech.vdd / tech.junction.built_in, tech.junction
    least = {
        name: getattr(junction, name) * (1 - m) * bias / ((1 + bias) - (1 + bias) ** m)
        for name, m in (
            ("bottom", junction.grading_bottom),
            ("sidewall", junction.grading_sidewall),
            ("gate_edge", junction.grading_gate_edge),
        )
    }
    junction = dataclasses.replace(junction, **least)
    return dataclasses.replace(tech, temperature=temperature, layout=layout, junction=junction)


def chosen(module: str) -> Iterator[Record]:
    for record in RECORDS:
        if record["module"] == module:
            name = f"{record['technode_nm']}nm_{record['roadmap'].lower()}"
            tech = as_the_tool(name, float(record["temperature_K"]))
            yield Record(tech, record["inputs"], record["outputs"], record.get("variant", ""))


@pytest.fixture
def records() -> Callable[[str], list[Record]]:
    """The excerpt's records of one module of the tool."""
    return lambda module: list(chosen(module))


@pytest.fixture
def tech32() -> Technology:
    """32 nm, low standby power, 320 K: check values of the reference tool."""
    return as_the_tool("32nm_lstp", 320.0)


@pytest.fixture
def tech14() -> Technology:
    """14 nm, low standby power, 320 K, in the tool's cell layout."""
    return as_the_tool("14nm_lstp", 320.0)


@pytest.fixture
def agree() -> Callable[..., None]:
    """Ours against a record's outputs, each quantity named as the record names it."""

    def check(record: Record, tolerance: float = 1e-6, /, **ours: Any) -> None:
        for quantity, value in ours.items():
            expected = record.outputs[quantity]
            assert float(value) == near(expected, rel=tolerance), (quantity, record)

    return check


@pytest.fixture
def edges() -> float:
    """Tolerance where a NAND's or NOR's output counts.

    The tool has its gate edges once, we once for each device on it
    (docs/models/gates.md#output-capacitance): up to 3 % of the output's capacitance, less than 1 %
    of what an adder takes.
    """
    return 1e-2
