"""What would cost memory or time without end is refused before it does."""

import json
import lzma
import pickle

import pytest

from neurorebit.data import cifar10
from neurorebit.data.digits import DIGITS
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, InputError, paths, split, units, yaml_text
from neurorebit.schema.json_file import read_json
from neurorebit.schemes.table import SCHEMES
from neurorebit.studies.memory import available, refuse_too_large


def refused(tmp_path, text):
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(InputError) as problem:
        Document(tmp_path / "x.yaml")
    said = str(problem.value)
    assert said.isprintable()
    assert len(said) < 2500
    return said.removeprefix(f"{tmp_path}/")


def test_aliases_that_multiply_are_counted(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert "more than 200,000 values, those of aliases included" in refused(
        tmp_path, "\n".join(lines)
    )


@pytest.mark.parametrize("text", ["a: " + "[" * 100_000, "a: &a [*a]", "a: &a {b: *a}"])
def test_what_nests_without_end_is_refused(tmp_path, text):
    assert "; " in refused(tmp_path, text)


def test_deep_blocks_are_refused(tmp_path):
    text = "".join(f"{' ' * i}a:\n" for i in range(900))
    assert "nested too deeply" in refused(tmp_path, text)


def test_a_setting_that_holds_itself_is_refused(tmp_path):
    (tmp_path / "x.yaml").write_text("a: 1\n")
    with pytest.raises(InputError, match=r"a=&b .*: nested too deeply, or an alias stands for"):
        Document(tmp_path / "x.yaml").set("a", "&b [*b]")


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(yaml_text, "LARGEST", 1 << 20)
    assert "has more than the 1 MiB that are read" in refused(tmp_path, "a: 1\n" + "#" * (1 << 20))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '"\\e[31mx": 1',
            r"x.yaml:1: holds a character that does not print: '\x1b[31mx'; remove it",
        ),
        (
            'a: "\\u202e"',
            r"x.yaml:1: a: holds a character that does not print: '\u202e'; remove it",
        ),
        ("? [a]\n: 1\n", "x.yaml:1: a key is a word; write 'key: value'"),
        ("a: 1\n\tb: 2", "x.yaml:2: not valid YAML: found a tab character that violates "),
        ("a: b: c", "x.yaml:1: not valid YAML: mapping values are not allowed in this context; w"),
        (
            "a: *b",
            "x.yaml:1: not valid YAML: found undefined alias; write the value itself, or put",
        ),
        ("a: 'b", "x.yaml:1: not valid YAML: found unexpected end of stream; close the quote"),
        ("a: @b", "x.yaml:1: not valid YAML: found character that cannot start any token; put val"),
        (
            "---\na: 1\n---\nb: 1\n",
            "x.yaml:3: not valid YAML: but found another document; keep one",
        ),
    ],
)
def test_text_that_is_none_names_its_line_and_a_cure(tmp_path, text, told):
    assert refused(tmp_path, text).startswith(told)


def test_values_of_several_lines_are_one(tmp_path):
    (tmp_path / "x.yaml").write_text("a: |\n  one\n  two\nb: >\n  three\n  four\n")
    assert Document(tmp_path / "x.yaml").tree == {"a": "one two", "b": "three four"}


def test_an_index_is_written_in_digits_and_few_of_them():
    assert split("layers[3].x") == ("layers", 3, "x")
    assert split("layers[\u00b2].x") == ("layers[\u00b2]", "x")
    assert split(f"layers.{'9' * 5000}") == ("layers", "9" * 5000)


@pytest.mark.parametrize("text", ["1e300 GHz", "1e309 Hz", "9" * 400 + " Hz"])
def test_numbers_that_overflow_are_refused(text):
    with pytest.raises(ValueError, match=r"too large|not a number"):
        units.parse(text, "Hz")


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"[" * 100_000, "x.json: nested too deeply; give another"),
        (b'{\n"a": }', "x.json:2: not JSON: Expecting value; give another"),
        (b"\xff", "x.json: cannot be read: not a UTF-8 text file; give another"),
    ],
)
def test_json_that_is_none_is_one_line(tmp_path, raw, told):
    (tmp_path / "x.json").write_bytes(raw)
    with pytest.raises(InputError) as problem:
        read_json(tmp_path / "x.json", "give another")
    assert str(problem.value) == f"{tmp_path}/{told}"


def test_packed_json_is_unpacked_up_to_a_limit(tmp_path, monkeypatch):
    (tmp_path / "x.json.xz").write_bytes(lzma.compress(b" " * (3 << 20) + b"1"))
    assert read_json(tmp_path / "x.json.xz", "") == 1
    monkeypatch.setattr("neurorebit.schema.json_file.LARGEST", 2 << 20)
    with pytest.raises(InputError, match="has more than the 2 MiB that are read; split the file"):
        read_json(tmp_path / "x.json.xz", "give another")


def test_whole_numbers_of_many_digits_are_read_as_floating_point(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"a": 12, "b": 0}).replace("0", "9" * 5000))
    assert read_json(tmp_path / "x.json", "") == {"a": 12, "b": float("inf")}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            pickle.dumps({b"label_names": [b"x"] * 10, b"num_cases_per_batch": 10**5000}, 2),
            "digits",
        ),
        (b"\x80\x02}r\xff\xff\xff\x7f.", "its memo is larger than the file"),
    ],
)
def test_pickles_that_ask_for_memory_are_refused(tmp_path, content, told):
    (tmp_path / "batches.meta").write_bytes(content)
    with pytest.raises(InputError, match=told) as problem:
        cifar10.load(tmp_path, None)
    assert "neurorebit data fetch cifar10" in str(problem.value)


def test_json_that_holds_control_characters_is_refused_at_its_line(tmp_path):
    for text in (r'{"a": "\u001b[31m"}', r'{"a": "\\\u202ex"}', '{"a": "\x9b"}', r'{"a": "\b"}'):
        (tmp_path / "x.json").write_text(f"\n{text}")
        with pytest.raises(InputError, match=r"x\.json:2: holds a character that does not print"):
            read_json(tmp_path / "x.json", "")
    for text in (r'{"a": "C:\\bin\\u001b"}', r'{"a": "one\ntwo"}'):
        (tmp_path / "x.json").write_text(text)
        assert "a" in read_json(tmp_path / "x.json", "")


def test_a_training_that_cannot_fit_is_refused_before_it_begins():
    network = read_network(Document(paths.shipped("network", "mlp")))
    refuse_too_large(network, DIGITS, SCHEMES["hybrid"])
    with pytest.raises(InputError, match="needs 0 GiB of memory or more, most of it for images"):
        refuse_too_large(network, DIGITS, SCHEMES["real"], have=1e6)
    assert available() > 1e8


def test_cells_ask_for_more_memory_than_software():
    """MLP: 234,752 weights. A word of momentum and one of weight, and a gradient, in software;
    with cells a conductance and a count of writes, and as much again while a step is taken.
    """
    network = read_network(Document(paths.shipped("network", "mlp")))
    activations, images = 4 * 64 * 784, 8 * 1438 * 784
    for scheme, each in (("real", 12), ("hybrid", 2 * (8 + 8))):
        needs = 234_752 * each + activations + images
        refuse_too_large(network, DIGITS, SCHEMES[scheme], have=needs * 1.001)
        with pytest.raises(InputError, match="GiB of memory or more"):
            refuse_too_large(network, DIGITS, SCHEMES[scheme], have=needs * 0.999)
