"""Spaces of a search: what a file may say, what is refused and where, and how many designs."""

import math

import numpy as np
import pytest

from neurorebit.inputs.space import made_space, read_space
from neurorebit.schema import Document, InputError, Line
from neurorebit.studies.search.space import resolved
from neurorebit.studies.template import Template

MLP = Template("mlp")


def space_of(tmp_path, text, template=MLP):
    path = tmp_path / "space.yaml"
    path.write_text(text)
    return resolved(read_space(path), lambda settings: template.inputs(settings, fitting=False))


def texts(space):
    return {one.key: one.texts for one in space.dimensions}


def test_a_space_has_lists_ranges_and_words(tmp_path):
    space = space_of(
        tmp_path,
        """
space:
  architecture.apim.adc: [sar, flash]
  architecture.apim.adc_bits: 6,4,5,4
  technology.vdd: {low: 0.8 V, high: 1 V, step: 0.05 V}
  architecture.apim.rows: {low: 64, high: 130, step: 32}
  device.r_on: {low: 50 kohm, high: 1 Mohm, log: true}
""",
    )
    found = texts(space)
    assert found["architecture.apim.adc"] == ("sar", "flash")
    assert found["architecture.apim.adc_bits"] == ("4", "5", "6")
    assert found["technology.vdd"] == ("0.8 V", "0.85 V", "0.9 V", "0.95 V", "1.0 V")
    assert found["architecture.apim.rows"] == ("64", "96", "128")
    assert space["device.r_on"].ends == (50e3, 1e6)
    assert space["device.r_on"].log
    assert space.count == math.inf


CONDITIONAL = """
space:
  architecture.arrays.adc_bits: {values: [5, 6, 7], if: {architecture: [reram]}}
  architecture.apim.adc_bits: {values: [4, 5], if: {architecture: rebit}}
  architecture: [rebit, reram, sram]
  technology: [22nm, 32nm]
"""


def test_keys_exist_where_others_say_so(tmp_path):
    space = space_of(tmp_path, CONDITIONAL)
    assert space.count == 2 * (2 + 3 + 1)
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(300):
        design = space.made(lambda one: rng.integers(len(one)))
        seen.add(tuple(space.texts(design).items()))
        chip = space.texts(design)["architecture"]
        assert ("architecture.apim.adc_bits" in design) == (chip == "rebit")
        assert ("architecture.arrays.adc_bits" in design) == (chip == "reram")
        near = space.neighbour(design, rng)
        chip = space.texts(near)["architecture"]
        assert ("architecture.apim.adc_bits" in near) == (chip == "rebit")
    assert len(seen) == space.count


REFUSED = {  # a line of a space, and what the message says beside file and line
    "technology.vdd: [nan]": "technology.vdd=nan",
    "technology.vdd: [0.9]": "the unit is missing",
    "technology.vdd: {low: 1 V, high: 0.8 V}": "not below",
    "technology.vdd: {low: 0.8 V, high: 1 V, step: 0 V}": "above zero",
    "technology.vdd: {low: 0.8 V, high: 1 V, step: 1e-30 V}": "steps of",
    "technology.vdd: {low: 0.8 V, high: 1 V, step: 1}": "the unit is missing",
    "technology.vdd: {low: 0.8 V, high: 9 V}": "below 5 V",
    "technology.vdd: {low: 0.8 V}": "high",
    "technology.vdd: {low: 0.8 V, high: 1 V, log: maybe}": "true or false",
    "technology.vdd: {low: 0.8 V, high: 1 V, log: true, step: 0.1 V}": "steps are equal",
    "technology.vdd: {values: [1 V], low: 0.8 V}": "keep one of both",
    "technology.vdd: {value: [1 V]}": "unknown word",
    "technology.vdd: []": "expected values",
    "technology.vdd: [[1 V]]": "a number or a word",
    "technology.vdd: {}": "expected a number 'low'",
    "technology.vdd:": "expected values",
    "technology.vddd: [1 V]": "did you mean 'vdd'",
    "technolgy.vdd: [1 V]": "did you mean 'technology'",
    "technology: [32nm, 31nm]": "no such technology",
    "technology: {low: 22nm, high: 32nm}": "from a number to a number",
    "architecture.apim.rows: {low: 64, high: 128, step: 0.5}": "whole number",
    "architecture.apim.adc: [sar, foo]": "expected one of sar",
    "architecture.arrays.rows: [64]": "unknown key",
    "technology.vdd: {values: [1 V], if: {device: epiram}}": "no key of the space",
    "technology.vdd: {values: [1 V], if: {}}": "other keys with values",
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_wrong_is_refused_at_its_line(tmp_path, line):
    with pytest.raises(InputError) as problem:
        space_of(tmp_path, f"space:\n  device.r_on: [100 kohm]\n  {line}\n")
    error = problem.value
    assert error.line == 3, error
    assert REFUSED[line] in str(error)
    assert error.cure or "did you mean" in str(error)
    assert str(error).count(str(tmp_path)) == 1  # the place is said once


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "space: 3", "space: {}", "spaces: {}", "space: &a {device.r_on: *a}",
     "space: {device.r_on: [100 kohm]}\nwhere: {area: 3}", "space: {device.r_on: [1 ohm", "\0",
     "space: {device.r_on: [100 kohm], device.r_on: [1 kohm]}",
     "space: {device.r_on: {values: [1 kohm], if: {device.on_off_ratio: 2}}, "
     "device.on_off_ratio: {values: [2], if: {device.r_on: 1 kohm}}}"],
)  # fmt: skip
def test_what_is_no_space_is_refused(tmp_path, text):
    with pytest.raises(InputError) as problem:
        space_of(tmp_path, text)
    assert str(tmp_path) in str(problem.value)


def test_aliases_cannot_blow_a_space_up(tmp_path):
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 8)}]" for i in range(1, 9)]
    with pytest.raises(InputError, match="more than 200,000 values"):
        space_of(tmp_path, "\n".join(lines))


def test_a_key_of_one_chip_only_says_so(tmp_path):
    text = "space:\n  architecture: [rebit, reram]\n  architecture.arrays.rows: [64]\n"
    with pytest.raises(InputError, match=r"with architecture=rebit; .* if: \{architecture"):
        space_of(tmp_path, text)
    text = text.replace("[64]", "{values: [64], if: {architecture: [reram, sram]}}")
    with pytest.raises(InputError, match="is sram, which is none of rebit, reram"):
        space_of(tmp_path, text)


def test_a_dictionary_is_refused_by_its_argument():
    with pytest.raises(InputError) as problem:
        made_space({"technology.vdd": {"values": []}})
    assert problem.value.argument == "space"


def test_values_out_of_bounds_stay_as_designs_that_cannot_exist(tmp_path):
    space = space_of(tmp_path, "space: {technology.vdd: [0.9 V, 9 V]}")
    assert texts(space)["technology.vdd"] == ("0.9 V", "9.0 V")
    table = MLP.costs([space.texts({"technology.vdd": row}) for row in (0, 1)])
    assert table["feasible"].tolist() == [True, False]
    assert "below 5 V" in table["reason"][1]


def test_mutated_spaces_are_read_or_refused(tmp_path):
    rng = np.random.default_rng(5)
    whole = CONDITIONAL.encode()
    letters = b"[]{}:,&*!|>'\"\\%@`#-\n\t 0e9.nanif\x00\xff"
    for _ in range(60):
        cut = bytearray(whole)
        for _ in range(int(rng.integers(1, 4))):
            where = int(rng.integers(len(cut)))
            cut[where : where + int(rng.integers(0, 3))] = bytes(rng.choice(list(letters), 1))
        path = tmp_path / "space.yaml"
        path.write_bytes(bytes(cut))
        said = ""
        try:
            read_space(path)
        except InputError as problem:
            said = str(problem)
        assert said.isprintable()


def test_the_line_is_that_of_the_document(tmp_path):
    path = tmp_path / "space.yaml"
    path.write_text("space:\n\n  technology.vdd: [1 V]\nwhere:\n  - area < 1 mm2\n")
    file = read_space(path)
    assert file.choices[0].origin == Line(str(path), 3)
    assert file.where == (("area < 1 mm2", Line(str(path), 5)),)
    assert file.digest == Document(path).digest
