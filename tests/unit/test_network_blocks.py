"""Blocks and repetitions of a network file: the plain list that they stand for, and what is wrong
with them at the line where it is written.
"""

import time

import pytest
from common import refusal

from neurorebit.inputs.files import read_inputs
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, Setting

HEAD = """\
name: by_hand
input: {channels: 2, height: 6, width: 8}
"""


@pytest.fixture
def read(tmp_path):
    def made(text, head=HEAD, settings=()):
        path = tmp_path / "blocks.yaml"
        path.write_text(head + text, encoding="utf-8")
        return read_network(Document(path, "network", "blocks.yaml"), "", settings)

    return made


def graph(network):
    """Of each node: its name, kind, what it reads, and the shape that it gives."""
    names = ["input", *(node.name for node in network.nodes)]
    return [
        (node.name, node.kind, [names[i + 1] for i in node.inputs], str(node.shape_out))
        for node in network.nodes
    ]


RESIDUAL = """\
blocks:
  path:
    parameters: {channels: , stride: 1}
    layers:
      - {kind: conv, channels: $channels, kernel: 3, padding: 1, stride: $stride}
      - {kind: batch_norm}
      - {kind: relu}
      - {kind: conv, channels: $channels, kernel: 3, padding: 1}
      - {kind: batch_norm}
  down:
    parameters: {channels: , stride: 2}
    layers:
      - {block: path, name: main, channels: $channels, stride: $stride}
      - {kind: conv, channels: $channels, kernel: 1, stride: $stride, input: input}
      - {kind: add, other: main}
      - {kind: relu}
  same:
    parameters: {channels: }
    layers:
      - {block: path, channels: $channels}
      - {kind: add, other: input}
      - {kind: relu}
layers:
  - {kind: conv, channels: 4, kernel: 3, padding: 1}
  - {kind: relu}
  - {block: same, channels: 4, repeat: 2, name: stage1}
  - {block: down, channels: 6, name: stage2}
  - {kind: flatten}
  - {kind: linear, features: 5}
"""


def test_a_block_is_the_layers_that_one_would_write(read):
    """The graph of a small residual network, written down layer by layer."""

    def same(at, before):
        return [
            (f"{at}.path1.conv1", "conv", [before], "4 x 6 x 8"),
            (f"{at}.path1.batch_norm1", "batch_norm", [f"{at}.path1.conv1"], "4 x 6 x 8"),
            (f"{at}.path1.relu1", "relu", [f"{at}.path1.batch_norm1"], "4 x 6 x 8"),
            (f"{at}.path1.conv2", "conv", [f"{at}.path1.relu1"], "4 x 6 x 8"),
            (f"{at}.path1.batch_norm2", "batch_norm", [f"{at}.path1.conv2"], "4 x 6 x 8"),
            (f"{at}.add1", "add", [f"{at}.path1.batch_norm2", before], "4 x 6 x 8"),
            (f"{at}.relu1", "relu", [f"{at}.add1"], "4 x 6 x 8"),
        ]

    assert graph(read(RESIDUAL)) == [
        ("conv1", "conv", ["input"], "4 x 6 x 8"),
        ("relu1", "relu", ["conv1"], "4 x 6 x 8"),
        *same("stage1.1", "relu1"),
        *same("stage1.2", "stage1.1.relu1"),
        ("stage2.main.conv1", "conv", ["stage1.2.relu1"], "6 x 3 x 4"),
        ("stage2.main.batch_norm1", "batch_norm", ["stage2.main.conv1"], "6 x 3 x 4"),
        ("stage2.main.relu1", "relu", ["stage2.main.batch_norm1"], "6 x 3 x 4"),
        ("stage2.main.conv2", "conv", ["stage2.main.relu1"], "6 x 3 x 4"),
        ("stage2.main.batch_norm2", "batch_norm", ["stage2.main.conv2"], "6 x 3 x 4"),
        ("stage2.conv1", "conv", ["stage1.2.relu1"], "6 x 3 x 4"),
        ("stage2.add1", "add", ["stage2.conv1", "stage2.main.batch_norm2"], "6 x 3 x 4"),
        ("stage2.relu1", "relu", ["stage2.add1"], "6 x 3 x 4"),
        ("flatten1", "flatten", ["stage2.relu1"], "72 x 1 x 1"),
        ("linear1", "linear", ["flatten1"], "5 x 1 x 1"),
    ]


def test_a_repetition_reads_its_own_output(read):
    network = read(
        """\
layers:
  - repeat: 3
    name: thrice
    layers:
      - {kind: max_pool, kernel: 1, name: a}
      - {kind: relu}
      - {kind: add, other: input}
  - {kind: add, other: thrice.1, name: late}
  - {kind: add, other: thrice.2.a, input: thrice, name: last}
  - {kind: add, other: late}
  - {kind: flatten}
  - {kind: linear, features: 4}
"""
    )
    reads = {name: sources for name, _, sources, _ in graph(network)}
    assert reads["thrice.1.a"] == ["input"]
    assert reads["thrice.1.add1"] == ["thrice.1.relu1", "input"]
    assert reads["thrice.2.a"] == ["thrice.1.add1"]
    assert reads["thrice.2.add1"] == ["thrice.2.relu1", "thrice.1.add1"]
    assert reads["thrice.3.add1"] == ["thrice.3.relu1", "thrice.2.add1"]
    assert reads["late"] == ["thrice.3.add1", "thrice.1.add1"]
    assert reads["last"] == ["thrice.3.add1", "thrice.2.a"]


def test_a_parameter_may_name_a_layer_of_whoever_uses_the_block(read):
    """The block's own ``left`` hides nothing: $skip was written outside."""
    network = read(
        """\
blocks:
  inner:
    parameters: {skip: }
    layers:
      - {kind: relu, name: left}
      - {kind: add, other: $skip}
  outer:
    parameters: {skip: }
    layers:
      - {kind: max_pool, kernel: 1, name: left}
      - {block: inner, skip: $skip}
layers:
  - {kind: max_pool, kernel: 1, name: left}
  - {block: outer, skip: left}
  - {kind: flatten}
  - {kind: linear, features: 4}
"""
    )
    reads = {name: sources for name, _, sources, _ in graph(network)}
    assert reads["outer1.inner1.add1"] == ["outer1.inner1.left", "left"]


def test_an_instance_reads_what_it_names(read):
    network = read(
        """\
blocks:
  one:
    layers:
      - {kind: relu}
layers:
  - {kind: relu, name: a}
  - {kind: relu, name: b, input: input}
  - {block: one, input: a}
  - {repeat: 1, input: b, layers: [{block: one}]}
  - {kind: add, other: one1}
  - {kind: flatten}
  - {kind: linear, features: 4}
"""
    )
    reads = {name: sources for name, _, sources, _ in graph(network)}
    assert reads["one1.relu1"] == ["a"]
    assert reads["repeat1.1.one1.relu1"] == ["b"]
    assert reads["add1"] == ["repeat1.1.one1.relu1", "one1.relu1"]


def test_settings_are_set_before_blocks_are_written_out(read):
    setting = Setting("network.blocks.path.layers[0].kernel", "1")
    padded = Setting("network.blocks.path.layers[0].padding", "0")
    kernels = [n.window.kernel[0] for n in read(RESIDUAL, settings=[setting, padded]).matrices]
    assert kernels == [3, 1, 3, 1, 3, 1, 3, 1, 1]
    longer = Setting("network.layers[2].repeat", "5")
    assert len(read(RESIDUAL, settings=[longer]).matrices) == 1 + 5 * 2 + 3 + 1


def test_classes_source_and_activity_may_be_left_out(tmp_path):
    """A network without classes has as many numbers as its last layer gives."""
    path = tmp_path / "bare.yaml"
    path.write_text(HEAD + "layers:\n  - {kind: conv, channels: 3, kernel: 1}\n")
    network = read_inputs(str(path)).network
    assert (network.source, network.classes) == ("", 3 * 6 * 8)
    assert network.gives == "a map of 3 x 6 x 8"


LAYER = "{kind: relu}"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "layers:\n  - {kind: relu}\n  - {block: far, channels: 3}\n",
            "blocks.yaml:5: layers[1].block: no block 'far'; the file has: none; name one of "
            "'blocks'",
        ),
        (
            "blocks:\n  a: {layers: [{block: b}]}\n  b: {layers: [{block: a}]}\n"
            "layers:\n  - {block: a}\n",
            "blocks.yaml:4: blocks.a: the block 'a' uses itself; end the circle",
        ),
        (
            "blocks:\n  a: {parameters: {n: }, layers: [{kind: relu}]}\nlayers:\n  - {block: a}\n",
            "blocks.yaml:6: layers[0]: the block 'a' needs the parameter 'n'; give it",
        ),
        (
            "blocks:\n  a: {layers: [{kind: relu}]}\nlayers:\n  - {block: a, n: 3}\n",
            "blocks.yaml:6: layers[0].n: the block 'a' has no such parameter; it has: none; "
            "remove it",
        ),
        (
            "blocks:\n  a:\n    layers:\n      - {kind: conv, channels: $n, kernel: 1}\n"
            "layers:\n  - {block: a}\n",
            "blocks.yaml:6: blocks.a.layers[0].channels: no parameter '$n' here; there is: none; "
            "name it under 'parameters' of the block",
        ),
        (
            "blocks:\n  a:\n    layers:\n      - {kind: add, other: far}\n"
            "layers:\n  - {kind: relu, name: far}\n  - {block: a}\n",
            "blocks.yaml:6: blocks.a.layers[0].other: no layer named 'far' comes before; name one "
            "that does",
        ),
        (
            "layers:\n  - {repeat: 0, layers: [{kind: relu}]}\n",
            "blocks.yaml:4: layers[0].repeat: expected a whole number of at least 1, got '0'",
        ),
        (
            "layers:\n  - {repeat: 2}\n",
            "blocks.yaml:4: layers[0].layers: expected a list of layers; write one or more",
        ),
        (
            "layers:\n  - {repeat: 2, kind: relu, layers: [{kind: relu}]}\n",
            "blocks.yaml:4: layers[0].kind: unknown key of a repetition; remove it",
        ),
        (
            "blocks:\n  a: {layers: [{kind: relu}], channels: 3}\nlayers:\n  - {block: a}\n",
            "blocks.yaml:4: blocks.a.channels: unknown key; a block has 'parameters' and 'layers'",
        ),
        (
            "blocks:\n  a: {parameters: {name: }, layers: [{kind: relu}]}\n"
            "layers:\n  - {block: a}\n",
            "blocks.yaml:4: blocks.a.parameters.name: a parameter cannot be called 'name'; "
            "rename it",
        ),
        (
            "blocks:\n  a: {parameters: {n: }, layers: [{kind: relu, slope: $n}]}\n"
            "layers:\n  - {block: a, n: 3}\n",
            "blocks.yaml:6: layers[0].n: unknown key",
        ),
        (
            "blocks:\n  a:\n    parameters: {n: }\n    layers:\n"
            "      - {kind: conv, channels: $n, kernel: 1}\n"
            "layers:\n  - {kind: relu}\n  - {block: a, n: many}\n",
            "blocks.yaml:10: layers[1].n: expected a whole number, got 'many'",
        ),
        (
            "blocks:\n  a:\n    layers:\n      - {kind: relu}\n"
            "      - {kind: conv, channels: 3, kernel: 9}\nlayers:\n  - {block: a}\n",
            "blocks.yaml:7: blocks.a.layers[1]: layer 'a1.conv1': a 9 x 9 kernel with "
            "padding 0 does not fit the 2 x 6 x 8 map it gets",
        ),
        (
            "layers:\n  - {kind: relu, name: x}\n"
            "  - {repeat: 2, name: x, layers: [{kind: relu}]}\n",
            "blocks.yaml:5: layers[1].name: a layer named 'x' came before; rename one",
        ),
    ],
)
def test_what_is_wrong_is_told_where_it_is_written(read, text, told):
    assert refusal(lambda: read(text)).startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "layers:\n  - {repeat: 1000000, layers: [{kind: relu}]}\n",
            "layers[0]: 1,000,000 layers and more, all repetitions counted; at most 10,000 are "
            "read",
        ),
        (
            "layers:\n  - {repeat: 999, layers: [{repeat: 999, layers: [{repeat: 999, "
            "layers: [{kind: relu}]}]}]}\n",
            "layers[0].layers[0]: 998,001 layers and more, all repetitions counted; at most "
            "10,000 are read",
        ),
        (
            "blocks:\n  b0: {layers: [{kind: relu}, {kind: relu}]}\n"
            + "".join(
                f"  b{i}: {{layers: [{{block: b{i - 1}}}, {{block: b{i - 1}}}]}}\n"
                for i in range(1, 25)
            )
            + "layers:\n  - {block: b24}\n",
            "blocks.b13.layers[1]: 16,384 layers and more, all repetitions counted; at most "
            "10,000 are read",
        ),
        (
            "blocks:\n  b0: {layers: [{kind: relu}]}\n"
            + "".join(f"  b{i}: {{layers: [{{block: b{i - 1}}}]}}\n" for i in range(1, 400))
            + "layers:\n  - {block: b399}\n",
            "more than 30 blocks in one another",
        ),
    ],
)
def test_bombs_are_refused_before_anything_is_made_of_them(read, text, told):
    began = time.process_time()
    assert told in refusal(lambda: read(text))
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize(
    "text",
    [
        "blocks: 3\nlayers:\n  - {block: a}\n",
        "blocks: [a]\nlayers:\n  - {block: a}\n",
        "blocks:\n  a: [{kind: relu}]\nlayers:\n  - {block: a}\n",
        "blocks:\n  a: {parameters: [n], layers: [{kind: relu}]}\nlayers:\n  - {block: a}\n",
        "blocks:\n  a: {layers: {kind: relu}}\nlayers:\n  - {block: a}\n",
        "blocks:\n  a: {layers: [3]}\nlayers:\n  - {block: a}\n",
        "layers:\n  - {block: [a]}\n",
        "layers:\n  - {block: }\n",
        "layers:\n  - {repeat: {n: 3}, layers: [{kind: relu}]}\n",
        "layers:\n  - {repeat: 2, layers: [{kind: [relu]}]}\n",
        "layers:\n  - {repeat: 2, layers: [{kind: {a: relu}}]}\n",
        "layers:\n  - {repeat: 2, name: [a], input: [b], layers: [{kind: relu}]}\n",
        "layers:\n  - {repeat: 2, layers: [{kind: add, other: {a: b}}]}\n",
        "blocks:\n  a: {parameters: {$n: 1}, layers: [{kind: relu}]}\nlayers:\n  - {block: a}\n",
    ],
)
def test_what_is_no_list_and_no_word_is_refused(read, text):
    assert refusal(lambda: read(text)).startswith("blocks.yaml:")
