"""Layer tables of eight numbers a line, as networks."""

import pytest
from common import refusal

import neurorebit as nr

VGG8 = """32,32,3,3,3,128,0,1
32,32,128,3,3,128,1,1
16,16,128,3,3,256,0,1
16,16,256,3,3,256,1,1
8,8,256,3,3,512,0,1
8,8,512,3,3,512,1,1
1,1,8192,1,1,1024,0,1
1,1,1024,1,1,10,0,1
"""


def read(tmp_path, text):
    path = tmp_path / "NetWork.csv"
    path.write_text(text, encoding="utf-8")
    return nr.network(path)


def rows(network):
    frame = network.layers
    return [tuple(row) for row in frame[["kind", "shape_out", "macs"]].itertuples(index=False)]


def test_a_plain_network(tmp_path):
    network = read(tmp_path, VGG8)
    macs = {
        "layer1": 32 * 32 * 27 * 128,
        "layer2": 32 * 32 * 9 * 128 * 128,
        "layer3": 16 * 16 * 9 * 128 * 256,
        "layer4": 16 * 16 * 9 * 256 * 256,
        "layer5": 8 * 8 * 9 * 256 * 512,
        "layer6": 8 * 8 * 9 * 512 * 512,
        "layer7": 8192 * 1024,
        "layer8": 1024 * 10,
    }
    assert {k: int(v) for k, v in network.layers["macs"].items() if v} == macs
    assert network.name == "NetWork"
    assert str(network.resolved.input) == "3 x 32 x 32"


def test_the_zeros_around_a_map_follow_from_the_next_line(tmp_path):
    """28 x 28 through 5 x 5 to 24 x 24 without zeros, pooled to 12 x 12, and so on: LeNet."""
    text = "28,28,1,5,5,6,1,1\n12,12,6,5,5,16,1,1\n1,1,256,1,1,120,0,1\n1,1,120,1,1,10,0,1\n"
    network = read(tmp_path, text)
    assert [shape for kind, shape, _ in rows(network) if kind in ("conv", "max_pool")] == [
        "6 x 24 x 24", "6 x 12 x 12", "16 x 8 x 8", "16 x 4 x 4",
    ]  # fmt: skip


def test_a_shortcut_reads_an_earlier_map_and_is_added(tmp_path):
    text = (
        "\ufeffheight,width,in,kh,kw,out,pool,stride\r\n"
        "16,16,3,3,3,8,0,1\r\n16,16,8,3,3,16,0,2\r\n8,8,16,3,3,16,0,1\r\n"
        "16,16,8,1,1,16,0,2\r\n1,1,1024,1,1,5,0,1\r\n\r\n"
    )
    network = read(tmp_path, text)
    layers = network.document.tree["layers"]
    (shortcut,) = (layer for layer in layers if layer["name"] == "layer4")
    assert shortcut["input"] == "layer1.relu"
    (joined,) = (layer for layer in layers if layer["kind"] == "add")
    assert joined["other"] == "layer3.relu"
    assert rows(network)[-1] == ("linear", "5 x 1 x 1", 1024 * 5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no layer"),
        ("32,32,3,3,3,8,0\n", "NetWork.csv:1: expected 8 numbers, got 7"),
        ("32,32,3,3,3,8,0,1\n32,32,8,3,x,8,0,1\n", "NetWork.csv:2: expected whole numbers"),
        ("32,32,3,3,3,8,2,1\n", "NetWork.csv:1: a number is out of its bounds"),
        ("32,32,3,3,3,0,0,1\n", "NetWork.csv:1: a number is out of its bounds"),
        ("32,32,3,3,3,8,0,1\n9,9,5,3,3,8,0,1\n", "NetWork.csv:2: a layer of 5 x 9 x 9: gets"),
        ("32,32,3,3,3,8,0,nan\n", "NetWork.csv:1: expected whole numbers"),
    ],
)
def test_what_is_wrong_is_told_by_line(tmp_path, text, told):
    assert told in refusal(lambda: read(tmp_path, text))


def test_the_input_is_that_of_the_table(tmp_path):
    network = read(tmp_path, VGG8)
    told = refusal(lambda: network.set("input", {"channels": 3, "height": 8, "width": 8}))
    assert "leave out network.input" in told
