"""A file becomes a dataclass, or one line that names file, line, key and cure."""

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
import pytest
from common import refusal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Discriminator, Field

from neurorebit.schema import Document, InputError, Section, quantity
from neurorebit.schema import document as schema


@dataclass(frozen=True)
class Wheel(Section):
    kind: Literal["wheel"]
    radius: Annotated[float, quantity("m", above=0, at_most=2)]


@dataclass(frozen=True)
class Wing(Section):
    kind: Literal["wing"]
    span: Annotated[float, quantity("m", at_least=0, below=100)]


@dataclass(frozen=True)
class Engine(Section):
    source: str
    power: Annotated[float, quantity("W", above=0)]
    cylinders: Annotated[int, Field(ge=1, le=16)] = 4
    turbo: bool = False


@dataclass(frozen=True)
class Machine(Section):
    name: str
    engine: Engine
    parts: tuple[Annotated[Wheel | Wing, Discriminator("kind")], ...] = ()
    gears: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    colour: Literal["red", "green", "blue"] = "red"
    curve: Annotated[object, quantity("A/m", above=0, many=True)] = None
    options: dict[str, str | None] = field(default_factory=dict)


GOOD = """\
name: cart
engine:
  source: "a shed"
  power: 3 kW
parts:
  - {kind: wheel, radius: 30 cm}
  - {kind: wing, span: 2 m}
""".replace("30 cm", "300 mm")


@pytest.fixture
def document(tmp_path):
    def made(text=GOOD, **options):
        path = tmp_path / "machine.yaml"
        path.write_text(text, encoding="utf-8")
        return Document(path, shown="machine.yaml", **options)

    return made


def assert_told(told, message):
    """The message as it stands, or its beginning where it ends in a colon."""
    assert told.startswith(message)


def test_a_file_becomes_a_dataclass(document):
    machine = document().read(Machine)
    assert machine == Machine(
        "cart", Engine("a shed", 3000.0), (Wheel("wheel", 0.3), Wing("wing", 2.0))
    )


def test_numbers_with_one_unit_become_an_array(document):
    machine = document(GOOD + "curve: 1, 2, 4 nA/um\n").read(Machine)
    np.testing.assert_allclose(machine.curve, [1e-3, 2e-3, 4e-3], rtol=1e-15)
    assert machine.curve.dtype == np.float64


def test_the_digest_is_that_of_the_text(document):
    # printf 'a: 1\n' | sha256sum
    known = "37b128c59f1f5097f73f82691cb519f1f568667faab5ced1b4ab979d36837eae"
    assert document("a: 1\n").digest == known


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "name: cart",
            "name: cart\npower: 3 kW",
            "2: power: unknown key; did you mean 'engine.power'?",
        ),
        (
            "radius: 300 mm}",
            "radius: 300 mm, span: 2 m}",
            "6: parts[0].span: unknown key; it belongs to kind: wing",
        ),
        ("power: 3 kW", "powr: 3 kW", "4: engine.powr: unknown key; did you mean 'power'?"),
        ("name: cart", "name: cart\nwarp: 9", "2: warp: unknown key; remove it"),
        ("radius: 300 mm", "radius: 300 mm, tread: x", "6: parts[0].tread: unknown key; remove it"),
        ("  power: 3 kW\n", "", "2: engine: the key 'power' is missing; add it"),
        ("name: cart\n", "", "1: the key 'name' is missing; add it"),
        (", radius: 300 mm", "", "6: parts[0]: the key 'radius' is missing; add it"),
        ("kind: wheel, ", "", "6: parts[0]: the key 'kind' is missing; add it"),
        (
            "power: 3 kW",
            "power: 3",
            "4: engine.power: expected a number in W, got '3' (the unit is missing)",
        ),
        (
            "power: 3 kW",
            "power: 3 kA",
            "4: engine.power: expected a number in W, got '3 kA' (the unit does not match)",
        ),
        (
            "power: 3 kW",
            "power: three",
            "4: engine.power: expected a number in W, got 'three' (not a number with a unit)",
        ),
        (
            "power: 3 kW",
            "power: 1, 2 W",
            "4: engine.power: expected a number in W, got '1, 2 W' (expected one number)",
        ),
        ("power: 3 kW", "power: 0 W", "4: engine.power: must be above 0 W, got 0 W"),
        (
            "power: 3 kW",
            "power: .nan W",
            "4: engine.power: expected a number in W, got '.nan W' (not a number with a unit)",
        ),
        (
            "radius: 300 mm",
            "radius: 3 m",
            "6: parts[0].radius: must be above 0 m and at most 2 m, got 3 m",
        ),
        (
            "span: 2 m",
            "span: -1 m",
            "7: parts[1].span: must be at least 0 m and below 100 m, got -1 m",
        ),
        (
            "span: 2 m",
            "span: 100 m",
            "7: parts[1].span: must be at least 0 m and below 100 m, got 100 m",
        ),
        (
            "kind: wing",
            "kind: wimg",
            "7: parts[1].kind: expected one of wheel, wing, got 'wimg'; did you mean 'wing'?",
        ),
        (
            "name: cart",
            "name: cart\ncolour: gren",
            "2: colour: expected one of red, green, blue, got 'gren'; did you mean 'green'?",
        ),
        ("power: 3 kW", "power: 3 kW\n  power: 4 kW", "5: engine.power: given twice; keep one"),
        (
            "power: 3 kW",
            "power: 3 kW\n  cylinders: 0",
            "5: engine.cylinders: should be greater than or equal to 1, got '0'",
        ),
        (
            "power: 3 kW",
            "power: 3 kW\n  turbo: maybe",
            "5: engine.turbo: expected true or false, got 'maybe'",
        ),
        (
            "power: 3 kW",
            "power: 3 kW\n  cylinders: 4.5",
            "5: engine.cylinders: expected a whole number, got '4.5'",
        ),
        (
            'engine:\n  source: "a shed"\n  power: 3 kW',
            "engine: big",
            "2: engine: expected a section, got 'big'",
        ),
        ("name: cart", "name: [a, b]", "1: name: expected text, got '['a', 'b']'"),
        ("name: cart", "name:", "1: name: expected text, got 'None'"),
    ],
)
def test_a_wrong_key_or_value_is_told_with_its_line(document, old, new, message):
    assert old in GOOD
    told = refusal(lambda: document(GOOD.replace(old, new)).read(Machine))
    assert_told(told, f"machine.yaml:{message}")


def test_a_list_of_numbers_has_a_bound_for_each(document):
    told = refusal(lambda: document(GOOD + "curve: 1, 0, 4 nA/um\n").read(Machine))
    assert told.startswith("machine.yaml:8: curve: must be above 0 A/m, got 1, 0, 4 nA/um")
    told = refusal(lambda: document(GOOD + "curve: some\n").read(Machine))
    assert told.startswith("machine.yaml:8: curve: expected numbers in A/m, got 'some'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "machine.yaml:1: expected 'key: value' lines, got none"),
        ("# nothing\n", "machine.yaml:1: expected 'key: value' lines, got none"),
        ("- a\n- b\n", "machine.yaml:1: expected 'key: value' lines, got none"),
        ("plain text", "machine.yaml:1: expected 'key: value' lines, got none"),
        ("a: [1, 2\nb: 3\n", "machine.yaml:2: not valid YAML: "),
        ("a: 1\n\tb: 2\n", "machine.yaml:2: not valid YAML: "),
        ("a: 'open\n", "machine.yaml:2: not valid YAML: "),
        ("a: *b\n", "machine.yaml:1: not valid YAML: "),
        ("a: 1\n---\nb: 2\n", "machine.yaml:2: not valid YAML: "),
        ("a: \x01\n", "machine.yaml: not valid YAML: "),
        (
            "a: &x\n  b: *x\n",
            "machine.yaml:1: nested too deeply, or an alias stands for the section",
        ),
    ],
)
def test_what_is_not_a_file_of_keys_is_told(document, text, message):
    assert refusal(lambda: document(text)).startswith(message)


def test_nesting_without_end_is_told_by_us_or_by_the_parser(document):
    told = refusal(lambda: document("a: " + 2000 * "[" + 2000 * "]"))
    assert re.match(r"machine\.yaml(: nested too deeply|:1: not valid YAML: .*nesting)", told)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    missing = tmp_path / "none.yaml"
    told = refusal(lambda: Document(missing))
    assert (
        told == f"{missing}: cannot be read: No such file or directory; give a YAML file in UTF-8"
    )
    assert refusal(lambda: Document(tmp_path)).endswith(
        "cannot be read: Is a directory; give a YAML file in UTF-8"
    )
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"name: \xff\xfe")
    assert refusal(lambda: Document(binary)).endswith(
        "cannot be read: not a UTF-8 text file; give a YAML file in UTF-8"
    )


# --- settings over a file


@pytest.mark.parametrize(
    ("path", "text", "changed"),
    [
        ("name", "van", {"name": "van"}),
        ("engine.power", "5 kW", {"engine": Engine("a shed", 5000.0)}),
        ("engine.turbo", "true", {"engine": Engine("a shed", 3000.0, turbo=True)}),
        ("parts[0].radius", "1 m", {"parts": (Wheel("wheel", 1.0), Wing("wing", 2.0))}),
        ("parts.1.span", "1 m", {"parts": (Wheel("wheel", 0.3), Wing("wing", 1.0))}),
        ("parts", "[]", {"parts": ()}),
        ("parts[0]", "{kind: wing, span: 7 m}", {"parts": (Wing("wing", 7.0), Wing("wing", 2.0))}),
        ("engine", "{source: new, power: 1 W}", {"engine": Engine("new", 1.0)}),
        ("options.spare", "", {"options": {"spare": None}}),
        ("options.spare", "yes", {"options": {"spare": "yes"}}),
        ("gears", "5", {"gears": 5}),
    ],
)
def test_a_setting_reaches_every_key(document, path, text, changed):
    plain, set_over = document(), document()
    set_over.set(path, text)
    assert set_over.read(Machine) == dataclasses.replace(plain.read(Machine), **changed)
    assert set_over.digest == plain.digest


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (
            "engine.powr",
            "5 kW",
            "engine.powr=5 kW: engine.powr: unknown key; did you mean 'power'?",
        ),
        (
            "engine.power",
            "5",
            "engine.power=5: engine.power: expected a number in W, got '5' (the unit is missing)",
        ),
        ("engine", "{}", "engine={}: engine: the keys 'source', 'power' are missing; add them"),
        (
            "engine.power.watts",
            "5",
            "engine.power.watts=5: engine.power has no keys below it; set the key itself",
        ),
        ("parts[2].span", "5 m", "parts[2].span=5 m: 2: expected an index below 2"),
        ("parts.last.span", "5 m", "parts.last.span=5 m: 'last': expected an index below 2"),
        (
            "name",
            "[a",
            "name=[a: not valid YAML: did not find expected ',' or ']'; close "
            "the bracket, and put commas between the values",
        ),
        ("gears", "0", "gears=0: gears: "),
        (
            "parts[0]",
            "{kind: wing, kind: wing}",
            "parts[0]={kind: wing, kind: wing}: parts[0].kind: given twice; keep one",
        ),
    ],
)
def test_a_wrong_setting_is_told_as_it_was_given(document, path, text, message):
    def do():
        over = document(root="m")
        over.set(path, text)
        over.read(Machine)

    assert_told(refusal(do), f"m.{message}")


def test_an_option_of_its_own_is_named(document):
    over = document(root="m")
    over.set("colour", "pink", "--colour pink")
    told = refusal(lambda: over.read(Machine))
    assert told.startswith("--colour pink: colour: expected one of red, green, blue, got 'pink'")


def test_a_line_of_the_file_is_still_told_beside_a_setting(document):
    over = document(GOOD.replace("3 kW", "3"))
    over.set("name", "van")
    assert refusal(lambda: over.read(Machine)).startswith("machine.yaml:4: engine.power: ")


def test_a_value_laid_over_another_keeps_the_line_it_came_from(document):
    both = document(GOOD + "options: {power: 9}\n")
    both.lay(("engine", "power"), both.tree["options"]["power"], ("options", "power"))
    told = refusal(lambda: both.read(Machine))
    assert told.startswith("machine.yaml:8: engine.power: expected a number in W, got '9'")


# --- what a report records


def test_a_dataclass_is_recorded_as_plain_values(document):
    machine = document(GOOD + "curve: 1, 2 A/m\n").read(Machine)
    assert schema.plain(machine) == {
        "name": "cart",
        "engine": {"source": "a shed", "power": 3000.0, "cylinders": 4, "turbo": False},
        "parts": [{"kind": "wheel", "radius": 0.3}, {"kind": "wing", "span": 2.0}],
        "gears": "auto",
        "colour": "red",
        "curve": [1.0, 2.0],
        "options": {},
    }


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("layers[3].kernel", ("layers", 3, "kernel")),
        ("a[0][1]", ("a", 0, 1)),
    ],
)
def test_a_path_is_its_steps(path, steps):
    assert schema.split(path) == steps
    assert schema.join(steps) == path


TOKENS = (
    "name", "engine", "parts", ":", " ", "\n", "- ", "  ", "{", "}", "[", "]", "kind", "wheel",
    "3 kW", "radius", ",", "&a", "*a", "!!int", "'", '"', "#", "<<", "?", "|", "\t", "0", "é",
)  # fmt: skip


def test_a_value_of_several_lines_is_told_in_one(document):
    damaged = GOOD.replace("kind: wheel", 'kind: "w\n\n  heel"')
    assert damaged != GOOD
    with pytest.raises(InputError) as told:
        document(damaged).read(Machine)
    assert "\n" not in str(told.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, len(GOOD)), st.integers(0, 12), st.lists(st.sampled_from(TOKENS), max_size=6))
def test_any_damage_is_read_or_told_in_one_line(document, start, removed, tokens):
    damaged = GOOD[:start] + "".join(tokens) + GOOD[start + removed :]
    told = "machine.yaml"
    try:
        document(damaged).read(Machine)
    except InputError as problem:
        told = str(problem)
    assert told.startswith("machine.yaml")
    assert "\n" not in told
