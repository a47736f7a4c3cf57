"""Layers for sequences: shapes, matrix products, parameters and vector work, counted by hand."""

import pytest
from common import refusal

from neurorebit.inputs.network import read_network
from neurorebit.layers.base import Matmul, Value
from neurorebit.schema import Document


@pytest.fixture
def read(tmp_path):
    def made(layers, shape="{channels: 6, height: 1, width: 10}", rest=""):
        path = tmp_path / "sequence.yaml"
        lines = "".join(f"  - {layer}\n" for layer in layers)
        path.write_text(f"name: by_hand\ninput: {shape}\nlayers:\n{lines}{rest}")
        return read_network(Document(path, "network", "sequence.yaml"))

    return made


def products(network):
    """Of each matrix product: rows, columns, vectors and groups."""
    return {
        node.name: (m.rows, m.cols, m.vectors, m.groups)
        for node in network.nodes
        if (m := node.matmul)
    }


def lanes(works):
    """Cycles of the lanes, all in all."""
    return sum(w.operation.cycles * w.elements for w in works if w.operation is not None)


def moved(works):
    """Values that go to or come from memory, by their bits."""
    found = {}
    for work in works:
        for number, bits in work.transfers:
            found[bits] = found.get(bits, 0.0) + number * work.elements
    return found


def test_attention_of_two_heads(read):
    """10 positions of 6 features: four products with 6 x 6 weights, and two of activations, whose
    operands are 3 features of 10 keys and 10 values of 3 features, for either head.
    """
    network = read(["{kind: attention, heads: 2, bias: true}"])
    weights = (6, 6, 10, 1)
    assert products(network) == {
        "attention1.query": weights,
        "attention1.key": weights,
        "attention1.value": weights,
        "attention1.scores": (3, 10, 10, 2),
        "attention1.context": (10, 3, 10, 2),
        "attention1.output": weights,
    }
    assert network.macs == 4 * 10 * 6 * 6 + 2 * 10**2 * 6
    assert network.parameters == 4 * (6 * 6 + 6)
    assert str(network.nodes[-1].shape_out) == "6 x 1 x 10"
    names = ["image", *(node.name.rpartition(".")[2] for node in network.nodes)]
    reads = {node.name.rpartition(".")[2]: [names[i + 1] for i in node.inputs]
             for node in network.nodes}  # fmt: skip
    assert reads == {
        "query": ["image"], "key": ["image"], "value": ["image"], "scores": ["query", "key"],
        "shares": ["scores"], "context": ["shares", "value"], "output": ["context"],
    }  # fmt: skip
    stationary = {node.name: node.matmul.stationary for node in network.matrices}
    assert [name for name, held in stationary.items() if not held] == [
        "attention1.scores",
        "attention1.context",
    ]


def test_attention_to_a_memory(read):
    """5 of 10 positions ask all ten."""
    network = read(
        [
            "{kind: conv, channels: 8, kernel: 1, name: memory}",
            "{kind: conv, channels: 4, kernel: [1, 2], stride: [1, 2], input: input}",
            "{kind: attention, heads: 4, features: 12, memory: memory}",
        ]
    )
    found = products(network)
    assert found["attention1.query"] == (4, 12, 5, 1)
    assert found["attention1.key"] == found["attention1.value"] == (8, 12, 10, 1)
    assert found["attention1.scores"] == (3, 10, 5, 4)
    assert found["attention1.context"] == (10, 3, 5, 4)
    assert found["attention1.output"] == (12, 12, 5, 1)


def test_rows_of_an_image_are_steps(read):
    """28 rows of 28 pixels: 28 positions of 28 features."""
    image = "{channels: 1, height: 5, width: 7}"
    assert products(read(["{kind: attention, heads: 7}"], image))["attention1.scores"] == (
        1, 5, 5, 7,
    )  # fmt: skip
    network = read(["{kind: lstm, features: 3}"], image)
    assert products(network) == {"lstm1.gates1": (7, 12, 5, 1), "lstm1.cell1": (3, 12, 5, 1)}


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3)])
def test_recurrent_layers(read, kind, gates):
    """A step: gates x (input + state) x state."""
    network = read([f"{{kind: {kind}, features: 7, output: sequence, bias: true}}"])
    assert network.macs == gates * (6 + 7) * 7 * 10
    assert network.parameters == gates * (6 + 7) * 7 + 2 * gates * 7  # a bias of each product
    assert str(network.nodes[-1].shape_out) == "7 x 1 x 10"
    last = read([f"{{kind: {kind}, features: 7}}"])
    assert str(last.nodes[-1].shape_out) == "7 x 1 x 1"
    assert last.macs == network.macs
    assert last.parameters == gates * (6 + 7) * 7


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3)])
def test_two_layers_both_ways(read, kind, gates):
    """The second layer reads the states of both cells of the first, 14 features a step."""
    network = read([f"{{kind: {kind}, features: 7, layers: 2, bidirectional: true}}"])
    first, second = 2 * gates * (6 + 7) * 7, 2 * gates * (14 + 7) * 7
    assert network.macs == 10 * (first + second)
    assert network.parameters == first + second
    assert str(network.nodes[-1].shape_out) == "14 x 1 x 1"
    serial = {node.name.rpartition(".")[2]: node.matmul.serial for node in network.matrices}
    assert serial == {
        "gates1": False, "cell1": True, "gates1_back": False, "cell1_back": True,
        "gates2": False, "cell2": True, "gates2_back": False, "cell2_back": True,
    }  # fmt: skip


def test_a_classifier_of_words_has_the_size_of_the_exported_graph(read):
    """80 words of 5,000, features of 128, two layers of 256, five classes: as a graph exported from
    PyTorch was counted, 73,401,600 multiplications and 1,562,885 parameters, of which an LSTM has
    two biases for each gate.
    """
    network = read(
        [
            "{kind: embedding, entries: 5000, features: 128}",
            "{kind: lstm, features: 256, layers: 2, bias: true}",
            "{kind: linear, features: 5, bias: true}",
        ],
        "{channels: 1, height: 1, width: 80}",
    )
    assert network.macs == 73_401_600
    assert network.parameters == 1_562_885


def test_the_work_of_a_cell(read):
    """Of 7 features and 10 steps: sums and products one a cycle, look-ups as ``functions`` says.

    A logistic function takes the magnitude, a look-up of three cycles and a sum: 5 cycles; a
    tangent a sum more. A cell has four sums of two parts, one of its two products, three products;
    three logistic functions and two tangents; and its state is rounded in a cycle.
    """
    network = read(["{kind: lstm, features: 7}"])
    cell = network.nodes[-1]
    assert lanes(cell.forward) == 7 * 10 * (5 + 3 + 3 * 5 + 2 * 6 + 1)
    assert moved(cell.forward) == {Value.STORED: 7 * 10 * 5}
    assert lanes(cell.inference) == lanes(cell.forward)
    assert moved(cell.inference) == {}
    assert moved(cell.backward) == {Value.STORED: 7 * 10 * 5}


@pytest.mark.parametrize(("causal", "values"), [("false", 3 * 10 * 10), ("true", 3 * 55)])
def test_the_work_of_a_softmax(read, causal, values):
    """Of a value: a comparison, a difference, an exponential (a product, a look-up of three cycles
    and a shift), a sum and a product; a reciprocal for each position and head (leading one, shift,
    look-up, shift). A causal one takes 1 + 2 + ... + 10 values of each head.
    """
    layers = [
        "{kind: conv, channels: 6, kernel: 1, name: k}",
        "{kind: matmul, input: k, other: k, groups: 3, transpose: true}",
        f"{{kind: softmax, groups: 3, causal: {causal}}}",
    ]
    softmax = read(layers).nodes[-1]
    assert lanes(softmax.forward) == values * (1 + 1 + 5 + 1 + 1) + 3 * 10 * (1 + 1 + 3 + 1)
    assert moved(softmax.forward) == {}
    assert moved(softmax.backward) == {Value.INPUT: values}


def test_entries_come_from_memory(read):
    """Four features of ten words; in training their rows are read and written in 32 bits."""
    words = "{channels: 1, height: 1, width: 10}"
    layers = [
        "{kind: embedding, entries: 50, features: 4}",
        "{kind: positions, entries: 12, types: 2}",
        "{kind: linear, features: 3, per: position}",
    ]
    network = read(layers, words)
    embedding, positions, _ = network.nodes
    assert (embedding.matmul, positions.matmul) == (None, None)
    assert moved(embedding.inference) == moved(embedding.forward) == {Value.INPUT: 40}
    assert moved(embedding.backward) == {32.0: 80}
    assert moved(positions.inference) == {Value.INPUT: 80}
    assert network.parameters == 50 * 4 + (12 + 2) * 4 + 4 * 3
    tied = [layers[0].replace("features: 4", "features: 4, tied: true"), *layers[1:]]
    assert read(tied, words).parameters == (12 + 2) * 4 + 4 * 3


def test_a_class_token_is_a_position_more(read):
    layers = ["{kind: positions, class_token: true}", "{kind: conv, channels: 2, kernel: 1}"]
    network = read(layers, "{channels: 6, height: 3, width: 4}")
    assert str(network.nodes[0].shape_out) == "6 x 1 x 13"
    assert network.parameters == 13 * 6 + 6 + 12


def test_products_of_activations_have_no_weights():
    product = Matmul(3, 10, 7, 42, groups=2, stationary=False)
    assert (product.operands, product.weights, product.macs) == (60, 0, 420)
    held = Matmul(3, 10, 7, 42, groups=2)
    assert (held.operands, held.weights, held.macs) == (60, 60, 420)


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        (["{kind: attention, heads: 4}"], "4 heads do not divide 6 features"),
        (
            ["{kind: conv, channels: 4, kernel: 1, name: k}",
             "{kind: matmul, input: input, other: k, transpose: true}"],
            "6 x 1 x 10 has 6 channels, 'k' has 4",
        ),
        (
            ["{kind: conv, channels: 4, kernel: 1, name: k}",
             "{kind: matmul, input: input, other: k}"],
            "6 x 1 x 10 has 6 channels for the 10 positions of 'k'",
        ),
        (
            ["{kind: conv, channels: 9, kernel: 1, name: k}",
             "{kind: matmul, input: input, other: k, groups: 2, transpose: true}"],
            "2 groups do not divide 6 channels and 9 of 'k'",
        ),
        (["{kind: softmax, causal: true}"],
         "causal, but 6 channels of a group are not the 10 positions of the map"),
        (["{kind: softmax, groups: 4}"], "4 groups do not divide 6 channels"),
        (["{kind: embedding, entries: 9, features: 4}"],
         "gets a 6 x 1 x 10 map, whose values are words in one channel"),
        (["{kind: positions, entries: 9}"], "9 entries for 10 positions"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(read, layers, told):
    said = refusal(lambda: read([*layers, "{kind: linear, features: 3}"]))
    assert told in said
    assert said.startswith("sequence.yaml:")


def test_a_network_half_as_wide(read):
    network = read(
        [
            "{kind: embedding, entries: 20, features: 8}",
            "{kind: attention, heads: 2}",
            "{kind: attention, heads: 2, features: 8}",
            "{kind: lstm, features: 6}",
            "{kind: linear, features: 5}",
        ],
        "{channels: 1, height: 1, width: 10}",
        "width: 0.5\n",
    )
    assert [str(node.shape_out) for node in network.nodes if node.name in (
        "embedding1", "attention1.output", "attention2.output", "lstm1.cell1", "linear1",
    )] == ["4 x 1 x 10", "4 x 1 x 10", "4 x 1 x 10", "3 x 1 x 1", "5 x 1 x 1"]  # fmt: skip
