"""What a report says of signed inputs and of packed groups."""

import pytest

from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.studies.layer_notes import listed, of_layers

NETWORK = """
name: both
input: {channels: 8, height: 6, width: 6}
classes: 4
layers:
  - {kind: conv, channels: 8, kernel: 1}
  - {kind: conv, channels: 8, kernel: 3, padding: 1, groups: 8, name: depthwise}
  - {kind: relu}
  - {kind: flatten}
  - {kind: linear, features: 4}
"""


def notes_of(tmp_path, *settings, architecture="rebit"):
    path = tmp_path / "both.yaml"
    path.write_text(NETWORK)
    chosen = [parse_setting(text) for text in settings]
    return list(of_layers(read_inputs(str(path), architecture, settings=chosen)))


def test_both_are_told_by_layer(tmp_path):
    signed, packed = notes_of(tmp_path, "architecture.signed_inputs=offset")
    assert signed.startswith(
        "inputs of depthwise may be below zero (signed_inputs: offset): codes "
    )
    assert packed.startswith(
        "groups of depthwise lie along the diagonals of arrays, up to 1 in one"
    )


def test_groups_that_are_kept_apart_are_not_told(tmp_path):
    assert len(notes_of(tmp_path, "architecture.apim.pack_groups=false")) == 1


def test_nothing_is_told_of_a_network_without_them():
    assert list(of_layers(read_inputs("mlp", "rebit"))) == []


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c", "d"], "a, b, c and d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more layers"),
    ],
)
def test_many_layers_are_counted(names, told):
    assert listed(names) == told
