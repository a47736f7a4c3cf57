"""The pages of docs/reference/ and docs/models/: what generated tables and pictures say."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from common import near

from neurorebit.checking.silicon.record import Record
from neurorebit.chips.hybrid.spec import HybridSpec
from neurorebit.chips.table import ORGANISATIONS
from neurorebit.inputs.network import NetworkFile
from neurorebit.inputs.technology import technology_type
from neurorebit.inputs.training import training_section
from neurorebit.layers.base import Layer
from neurorebit.layers.table import KINDS
from neurorebit.macros.table import STRUCTURES
from neurorebit.schema.activity import ActivityFile
from neurorebit.schema.device import Device
from neurorebit.schema.technology import CircuitSection
from neurorebit.store import tables

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
import keys  # noqa: E402  # docs/ is no package
import pictures  # noqa: E402
from meanings import MEANINGS  # noqa: E402

FILES = {
    "network": NetworkFile,
    "training": training_section(),
    "technology": technology_type(),
    "device": Device,
    "activity": ActivityFile,
    "silicon": Record,
    **{f"macro {name}": one for name, one in STRUCTURES.items()},
    **{name: one.spec for name, one in ORGANISATIONS.items()},
}


@pytest.mark.parametrize("file", FILES)
def test_every_key_has_a_meaning(file):
    assert list(keys.lacking(FILES[file])) == []


def test_every_key_of_a_layer_has_a_meaning():
    lacking = {
        f"{name}.{key.name}"
        for name, kind in KINDS.items()
        for key in keys.layer_keys(kind)
        if not key.meaning
    }
    assert lacking == set()


def test_no_meaning_is_left_over():
    classes = {
        base for file in FILES.values() for _, one in keys.sections(file) for base in one.__mro__
    }
    classes |= {base for kind in KINDS.values() for base in kind.__mro__}
    known = {
        name
        for one in classes
        if dataclasses.is_dataclass(one)
        for field in dataclasses.fields(one)
        for name in (field.name, f"{one.__name__}.{field.name}")
    }
    left = {name for name in MEANINGS if not name.startswith("store.") and name not in known}
    assert left == set()


@pytest.mark.parametrize(
    ("section", "name", "expected"),
    [
        (technology_type(), "vdd", ("number in V", "above 0, below 5", "required")),
        (HybridSpec, "input_bits", ("whole number", "at least 2, at most 16", "required")),
        (
            HybridSpec,
            "error_bits",
            (
                "one of `fp32` `bf16` `fp16` `e5m2` `e4m3` or whole number",
                "at least 2, at most 32",
                "required",
            ),
        ),
        (
            HybridSpec,
            "signed_inputs",
            ("one of `two_phase` `twos_complement` `offset`", "", "`two_phase`"),
        ),
        (training_section(), "momentum", ("number", "at least 0, below 1", "`0.9`")),
        (
            training_section(),
            "schedule",
            ("`cosine` or `constant` or `linear` or `step`", "", "`cosine`"),
        ),
        (training_section(), "edge_bits", ("whole number", "at least 2, at most 8", "none")),
        (NetworkFile, "layers", ("sections with `kind`", "1 or more", "required")),
        (
            KINDS["conv"],
            "kernel",
            ("whole number or `[height, width]`", "1 to 1,000,000", "required"),
        ),
    ],
)
def test_a_key_in_words(section, name, expected):
    key = next(key for key in keys.keys(section) if key.name == name)
    assert (key.value, key.bounds, key.default) == expected


def test_meanings_come_from_the_docstring_of_the_section():
    @dataclasses.dataclass
    class Base(CircuitSection):
        """A base. ``of_base``: what the base says; it goes on."""

        of_base: float

    @dataclasses.dataclass
    class Own(Base):
        """Its own. ``first``: one thing. ``second`` is another. Nothing of ``third`` is said first.

        ``fourth``: in a paragraph. More of it.
        """

        first: float
        second: float
        fourth: float

    found = {key.name: key.meaning for key in keys.keys(Own)}
    assert found == {
        "of_base": "What the base says; it goes on",
        "first": "One thing",
        "second": "Another",
        "fourth": "In a paragraph. More of it.",
    }


def test_layers_show_their_own_keys_alone():
    shown = {key.name for key in keys.layer_keys(KINDS["relu"])}
    assert shown.isdisjoint({field.name for field in dataclasses.fields(Layer)})


def test_the_columns_of_the_store_are_explained():
    text = (ROOT / "docs" / "reference" / "store.md").read_text(encoding="utf-8")
    for statement in tables.FIRST:
        for line in statement.splitlines()[2:-2]:
            assert f"| `{line.split()[0]}` |" in text


def test_pictures_are_those_of_the_models():
    known = json.loads(pictures.NUMBERS.read_text(encoding="utf-8"))
    now = pictures.numbers()
    why = "python docs/pictures.py draws them"
    assert {name: set(lines) for name, lines in now.items()} == {
        name: set(lines) for name, lines in known.items()
    }, why
    for name, lines in now.items():
        for curve, points in lines.items():
            assert np.array(points) == near(np.array(known[name][curve]), rel=1e-4), why
        assert (pictures.FOLDER / f"{name}.svg").is_file()
