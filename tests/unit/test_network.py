"""A network file becomes a graph with every shape known, or one line says what does not fit."""

from functools import partial

import pytest
from common import TRAINED_NETWORKS, refusal
from hypothesis import given
from hypothesis import strategies as st
from small_network import SMALL, setting, with_layers, written_network

from neurorebit.inputs.network import read_network
from neurorebit.layers.base import Shape
from neurorebit.layers.table import KINDS
from neurorebit.schema import Document, paths

WEIGHTED = [kind for kind, layer in KINDS.items() if layer.has_weights]


@pytest.fixture
def read(tmp_path):
    return partial(written_network, tmp_path)


# --- the shipped networks, against arithmetic by hand


@pytest.mark.parametrize("name", TRAINED_NETWORKS)
def test_a_shipped_network_loads_with_each_of_its_recipes(name):
    recipes = Document(paths.shipped("network", name)).tree["recipes"]
    assert {"quick", "paper"} <= recipes.keys()
    for recipe in recipes:
        network = read_network(Document(paths.shipped("network", name)), recipe)
        assert network.name == name
        assert network.nodes[-1].shape_out.size == network.classes


def test_vgg11_has_the_published_size():
    network = read_network(Document(paths.shipped("network", "vgg11")))
    assert network.macs == 152_769_536
    assert [node.matmul.cols for node in network.matrices] == [
        64, 128, 256, 256, 512, 512, 512, 512, 10,
    ]  # fmt: skip
    assert [node.matmul.rows for node in network.matrices] == [
        27, 576, 1152, 2304, 2304, 4608, 4608, 4608, 512,
    ]  # fmt: skip
    assert [node.matmul.vectors for node in network.matrices] == [
        1024, 256, 64, 64, 16, 16, 4, 4, 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "macs", "weights"),
    [
        (
            "vgg16",
            27 * 64 * 1024
            + 576 * 64 * 1024
            + (576 + 1152) * 128 * 256
            + (1152 + 2 * 2304) * 256 * 64
            + (2304 + 2 * 4608) * 512 * 16
            + 3 * 4608 * 512 * 4
            + 5120,
            14_715_584,  # 14.7 million, as is often told
        ),
        ("mlp", 784 * 256 + 256 * 128 + 128 * 10, 784 * 256 + 256 * 128 + 128 * 10),
        (
            "lenet5",
            25 * 6 * 28 * 28 + 150 * 16 * 10 * 10 + 400 * 120 + 120 * 84 + 84 * 10,
            25 * 6 + 150 * 16 + 400 * 120 + 120 * 84 + 84 * 10,
        ),
        (
            "resnet18",  # stem, four blocks of 64, then halved maps and a shortcut each; 0.56 GMAC
            27 * 64 * 1024
            + 4 * 576 * 64 * 1024
            + (576 + 3 * 1152 + 64) * 128 * 256
            + (1152 + 3 * 2304 + 128) * 256 * 64
            + (2304 + 3 * 4608 + 256) * 512 * 16
            + 5120,
            27 * 64
            + 4 * 576 * 64
            + (576 + 3 * 1152 + 64) * 128
            + (1152 + 3 * 2304 + 128) * 256
            + (2304 + 3 * 4608 + 256) * 512
            + 5120,
        ),
    ],
)
def test_a_shipped_network_has_the_size_of_its_paper(name, macs, weights):
    network = read_network(Document(paths.shipped("network", name)))
    assert network.macs == macs
    assert sum(node.matmul.weights for node in network.matrices) == weights


@pytest.mark.parametrize(
    ("width", "cols"),
    [
        ("1", [64, 128, 256, 256, 512, 512, 512, 512, 10]),
        ("0.5", [32, 64, 128, 128, 256, 256, 256, 256, 10]),
        ("2", [128, 256, 512, 512, 1024, 1024, 1024, 1024, 10]),
        ("0.02", [1, 3, 5, 5, 10, 10, 10, 10, 10]),  # of 1.28, 2.56, 5.12 and 10.24
        ("0.001", [1, 1, 1, 1, 1, 1, 1, 1, 10]),
    ],
)
def test_the_width_scales_every_layer_but_the_last(width, cols):
    document = Document(paths.shipped("network", "vgg11"), "network")
    network = read_network(document, settings=[setting("width", width)])
    assert [node.matmul.cols for node in network.matrices] == cols
    positions = [9] * 8 + [1]
    before = [3, *cols[:-1]]
    assert [node.matmul.rows for node in network.matrices] == [
        p * c for p, c in zip(positions, before, strict=True)
    ]
    assert network.width == float(width)


@pytest.mark.parametrize("name", paths.names("network"))
def test_every_shipped_network_has_a_half_width(name):
    network = read_network(
        Document(paths.shipped("network", name)), settings=[setting("width", "0.5")]
    )
    whole = read_network(Document(paths.shipped("network", name)))
    for half, full in zip(network.matrices[:-1], whole.matrices[:-1], strict=True):
        scores = not full.matmul.stationary and full.layer.transpose  # one for each position
        channels = full.shape_out.channels
        assert half.shape_out.channels == (channels if scores else channels / 2)


def test_halves_are_rounded_up(read):
    layers = ["{kind: conv, channels: 5, kernel: 1}", "{kind: relu}", "{kind: flatten}"]
    text = with_layers(*layers, "{kind: linear, features: 3}")
    assert read(text, width="0.5").nodes[0].shape_out.channels == 3
    assert read(text, width="0.3").nodes[0].shape_out.channels == 2


def test_a_width_that_does_not_fit_is_told(read):
    told = "network.width=0: width: must be above 0 and at most 100, got 0"
    assert refusal(lambda: read(width="0")).startswith(told)
    grouped = with_layers(
        "{kind: conv, channels: 4, kernel: 1, groups: 2}",
        "{kind: relu}",
        "{kind: flatten}",
        "{kind: linear, features: 3}",
    )
    assert refusal(lambda: read(grouped, width="0.25")) == (
        "small.yaml:6: layers[0]: layer 'conv1': 2 groups do not divide 2 inputs and 1 outputs "
        "(at width 0.25); take a number of groups that divides both"
    )


# --- shapes and graph


def test_shapes_follow_from_the_layers(read):
    conv, norm, relu, pool, flat, linear = read().nodes
    assert (conv.shape_in, conv.shape_out) == (Shape(2, 6, 8), Shape(4, 6, 8))
    assert (*conv.window, conv.groups) == ((3, 3), (1, 1), (1, 1, 1, 1), (1, 1), 1)
    assert norm.shape_out == relu.shape_out == Shape(4, 6, 8)
    assert (pool.shape_out, *pool.window[:2]) == (Shape(4, 3, 4), (2, 2), (2, 2))
    assert flat.shape_out == Shape(48, 1, 1)
    assert (linear.matmul.rows, linear.matmul.cols, linear.matmul.vectors) == (48, 3, 1)
    m = conv.matmul
    assert (m.rows, m.cols, m.vectors, m.positions, m.groups) == (18, 4, 48, 9, 1)
    assert (m.channels, m.taps, m.inputs) == (2, (3, 3), 96)
    assert m.weights == 72
    assert m.macs == 72 * 48


def test_groups_share_neither_inputs_nor_outputs(read):
    layers = (
        "{kind: conv, channels: 6, kernel: 3, groups: 2}",
        "{kind: relu}",
        "{kind: flatten}",
        "{kind: linear, features: 3}",
    )
    matrix = read(with_layers(*layers)).nodes[0].matmul
    assert (matrix.rows, matrix.cols, matrix.groups) == (9, 3, 2)
    assert matrix.weights == 54


def test_layers_without_weights_belong_to_the_matrix_before_them(read):
    network = read()
    conv, *between, linear = network.nodes
    assert network.matrices == (conv, linear)
    assert [network.owner(node) for node in network.nodes] == [conv] * 5 + [linear]
    first = read(with_layers("{kind: relu}", "{kind: flatten}", "{kind: linear, features: 3}"))
    assert {first.owner(node) for node in first.nodes} == {first.nodes[2]}
    assert len(between) == 4


def test_a_residual_connection_reads_two_layers(read):
    network = read(
        with_layers(
            "{kind: conv, channels: 2, kernel: 3, padding: 1}",
            "{kind: relu, name: start}",
            "{kind: conv, channels: 2, kernel: 3, padding: 1}",
            "{kind: add, other: start}",
            "{kind: relu}",
            "{kind: flatten}",
            "{kind: linear, features: 3}",
        )
    )
    assert network.nodes[3].inputs == (2, 1)
    assert network.owner(network.nodes[3]).name == "conv2"
    assert [node.inputs for node in network.nodes[:3]] == [(-1,), (0,), (1,)]


@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    padding=st.integers(0, 3),
)
def test_an_output_is_a_position_where_the_window_fits(
    tmp_path_factory, height, width, kernel, stride, padding
):
    def positions(side):
        return sum(
            1
            for start in range(-padding, side + padding, stride)
            if start + kernel <= side + padding
        )

    expected = Shape(5, positions(height), positions(width)) if (
        positions(height) and positions(width)
    ) else None  # fmt: skip
    text = with_layers(
        f"{{kind: conv, channels: 5, kernel: {kernel}, stride: {stride}, padding: {padding}}}",
        classes=expected.size if expected else 2,
        image=f"{{channels: 3, height: {height}, width: {width}}}",
    )
    path = tmp_path_factory.getbasetemp() / "window.yaml"
    path.write_text(text)
    if expected and expected.size >= 2:
        assert read_network(Document(path)).nodes[0].shape_out == expected
    else:
        assert "does not fit" in refusal(lambda: read_network(Document(path)))


# --- what does not fit


@pytest.mark.parametrize(
    ("layers", "line", "told"),
    [
        (
            ["{kind: conv, channels: 4, kernel: 9}"],
            6,
            "layers[0]: layer 'conv1': a 9 x 9 kernel with padding 0 does not fit the "
            "2 x 6 x 8 map it gets",
        ),
        (
            ["{kind: conv, channels: 4, kernel: 1, groups: 4}"],
            6,
            "layers[0]: layer 'conv1': 4 groups do not divide 2 inputs and 4 outputs",
        ),
        (
            ["{kind: max_pool, kernel: 7, name: wide}"],
            6,
            "layers[0]: layer 'wide': a 7 x 7 window does not fit the 2 x 6 x 8 map it gets",
        ),
        (
            ["{kind: relu}", "{kind: avg_pool, stride: 2}"],
            7,
            "layers[1]: layer 'avg_pool1': stride and padding are those of a kernel; add 'kernel'",
        ),
        (
            ["{kind: relu}", "{kind: max_pool, kernel: 2, padding: [0, 2]}"],
            7,
            "layers[1]: layer 'max_pool1': a window lies in the padding alone; take a padding "
            "below the kernel",
        ),
        (
            ["{kind: conv, channels: 3, kernel: [3, 6], dilation: 2, padding: [0, 1, 2, 0]}"],
            6,
            "layers[0]: layer 'conv1': a 3 x 6 kernel (dilation 2) with padding [0, 1, 2, 0] does "
            "not fit the 2 x 6 x 8 map it gets",
        ),
        (
            ["{kind: conv1d, channels: 3, kernel: 3}"],
            6,
            "layers[0]: layer 'conv1d1': gets a 2 x 6 x 8 map, and takes signals of height 1; take "
            "'kind: conv', or reshape the map",
        ),
        (
            ["{kind: conv, channels: 3, kernel: [3, 1, 1]}"],
            6,
            "layers[0].kernel: expected a whole number or [height, width], got [3, 1, 1]",
        ),
        (
            ["{kind: conv, channels: 3, kernel: 3, padding: [1, 1, 1]}"],
            6,
            "layers[0].padding: expected a whole number, [height, width] or [top, bottom, left, "
            "right], got [1, 1, 1]",
        ),
        (
            ["{kind: conv, channels: 3, kernel: 3, stride: [1, 0]}"],
            6,
            "layers[0].stride: must be 1 to 1,000,000, got [1, 0]",
        ),
        (
            ["{kind: conv1d, channels: 3, kernel: [1, 3]}"],
            6,
            "layers[0].kernel: expected a whole number, got '['1', '3']'",
        ),
        (
            ["{kind: max_pool, kernel: wide}"],
            6,
            "layers[0].kernel: expected a whole number or [height, width], got 'wide'",
        ),
        (
            ["{kind: conv, channels: 4, kernel: 3, groups: depthwide}"],
            6,
            "layers[0].groups: expected a whole number, or 'depthwise', got 'depthwide'",
        ),
        (
            [
                "{kind: relu, name: a}",
                "{kind: conv, channels: 3, kernel: 1}",
                "{kind: add, other: a}",
            ],
            8,
            "layers[2]: layer 'add1': cannot add 2 x 6 x 8 ('a') to 3 x 6 x 8; "
            "make them alike, or 1 along a side",
        ),
        (
            ["{kind: relu}", "{kind: add, other: b}"],
            7,
            "layers[1].other: no layer named 'b' comes before; name one that does",
        ),
        (
            ["{kind: relu, input: later}"],
            6,
            "layers[0].input: no layer named 'later' comes before; name one that does",
        ),
        (
            ["{kind: relu, name: a}", "{kind: relu, name: a}"],
            7,
            "layers[1].name: a layer named 'a' came before; rename one",
        ),
        (
            ["{kind: relu}", "{kind: flatten, input: input}", "{kind: linear, features: 3}"],
            6,
            "layers[0]: layer 'relu1': nothing reads its output; remove it or use it",
        ),
        (
            ["{kind: flatten}", "{kind: linear, features: 4}"],
            7,
            "layers[1]: the last layer gives 4 x 1 x 1, the network has 3 classes",
        ),
        (
            ["{kind: matmul, other: input, transpose: true}"],  # without a number that is learned
            5,
            f"layers: no {' or '.join(WEIGHTED)} layer; a network needs one",
        ),
        (
            ["{kind: relu}"],
            5,
            f"layers: no {' or '.join(WEIGHTED)} layer; a network needs one",
        ),
        (
            ["{kind: conv, channels: 4, kernel: 3, pading: 1}"],
            6,
            "layers[0].pading: unknown key; did you mean 'padding'?",
        ),
        (
            ["{kind: conv, channels: 4}"],
            6,
            "layers[0]: the key 'kernel' is missing; add it",
        ),
        (
            ["{kind: convolution, channels: 4, kernel: 3}"],
            6,
            f"layers[0].kind: expected one of {', '.join(KINDS)}, got 'convolution'",
        ),
        (
            ["{kind: conv, channels: 0, kernel: 3}"],
            6,
            "layers[0].channels: should be greater than or equal to 1, got '0'",
        ),
        (
            ["{kind: conv, channels: 4.5, kernel: 3}"],
            6,
            "layers[0].channels: expected a whole number, got '4.5'",
        ),
    ],
)
def test_a_layer_that_does_not_fit_is_told(read, layers, line, told):
    assert refusal(lambda: read(with_layers(*layers))).startswith(f"small.yaml:{line}: {told}")


def test_inputs_that_can_be_negative_are_marked(read):
    """A sum of products may be below zero, what a rectifier or an image gives is not."""
    layers = "{kind: flatten}", "{kind: linear, features: 4}", "{kind: linear, features: 5}"
    found = read(with_layers(*layers, "{kind: relu}", "{kind: linear, features: 3}"))
    assert [matmul.signed for matmul in found.matmuls] == [False, True, False]


def test_a_layer_that_is_a_word_is_told(read):
    told = refusal(lambda: read(with_layers("relu")))
    assert told.startswith("small.yaml:6: layers[0]: expected a section, got 'relu'; ")


def test_a_network_without_layers_is_told(read):
    text = SMALL[: SMALL.index("layers:")] + "layers: []\n" + SMALL[SMALL.index("activity:") :]
    assert refusal(lambda: read(text)).startswith("small.yaml:5: layers: ")


def test_the_densities_must_match_the_layers(read):
    told = refusal(lambda: read(activity__input_density="0.1, 0.2, 0.3"))
    assert told.startswith("network.activity.input_density=0.1, 0.2, 0.3: ")
    assert "expected 1 number or 2 (one for each matrix product of conv and " in told
    assert told.endswith("), got 3; give as many")
