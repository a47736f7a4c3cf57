"""Activations, norms, joins and dropout: operations, stored values and masks, counted by hand."""

import numpy as np
import pytest

import neurorebit as nr
from neurorebit.chips.parts.workload import Workload
from neurorebit.circuits.sram import SramBank
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.layers import tables
from neurorebit.layers.base import Misshaped, Shape, Value
from neurorebit.layers.table import KINDS
from neurorebit.schema import Document, paths

TECH = read_technology(Document(paths.shipped("technology", "32nm")))
MAP = Shape(6, 5, 4)  # 120 values
BITS = {Value.INPUT: 8, Value.ERROR: 6, Value.STORED: 16}


def made(kind, **keys):
    return KINDS[kind](kind=kind, **keys)


def totals(works):
    """Cycles, bits added, bits of products, words, bits to and from memory, look-ups."""

    def bits(pairs):
        return sum(count * BITS.get(each, each) for count, each in pairs)

    found = np.zeros(6)
    for work in works:
        mask = work.elements if work.mask else 0.0
        found[4] += work.elements * bits(work.transfers) + mask
        if work.operation is not None:
            own = work.operation
            each = own.cycles, bits(own.additions), bits(own.products), own.words
            found[:4] += work.elements * np.array(each)
            found[5] += work.elements * sum(count for count, _ in own.lookups)
    return tuple(found)


def asked(layer, *given):
    out = layer.output(*given)
    ways = layer.forward_work, layer.inference_work, layer.backward_work
    return tuple(totals(way(given, out)) for way in ways)


# A look-up takes 3 cycles, 2 sums, 2 products and 2 words; values are of 16 bits, errors of 6.
ACTIVATIONS = {
    # a comparison; a bit is kept
    "relu6": ((1, 16, 0, 0, 1, 0), (0, 0, 0, 0, 0, 0)),
    # a product with the slope; so has an error
    "leaky_relu": ((1, 0, 16, 0, 1, 0), (1, 0, 6, 0, 0, 0)),
    # |x| and clip, look-up, 1 - f: the output is kept; 1 - y, times y, times the error
    "sigmoid": ((5, 5 * 16, 2 * 16, 2, 16, 1), (3, 16, 16 + 6, 0, 16, 0)),
    # and minus 1; y^2, 1 - y^2, times the error
    "tanh": ((6, 6 * 16, 2 * 16, 2, 16, 1), (3, 16, 16 + 6, 0, 16, 0)),
    # distribution function times x, the input kept; its slope looked up, times the error
    "gelu": ((6, 5 * 16, 3 * 16, 2, 16, 1), (6, 5 * 16, 2 * 16 + 6, 2, 16, 1)),
    # logistic function times x; s again, 1 - s, times x, plus 1, times s, times the error
    "silu": ((6, 5 * 16, 3 * 16, 2, 16, 1), (10, 7 * 16, 4 * 16 + 6, 2, 16, 1)),
    # a product, a sum, two comparisons; a sixth of the error
    "hard_sigmoid": ((2, 3 * 16, 16, 0, 1, 0), (1, 0, 6, 0, 0, 0)),
    # and times x, the input kept; the slope is such a line too
    "hard_swish": ((3, 3 * 16, 2 * 16, 0, 16, 0), (3, 3 * 16, 16 + 6, 0, 16, 0)),
    # times log2 e, look-up, shift, minus 1, times alpha; the output kept; plus alpha, times error
    "elu": ((7, 3 * 16, 5 * 16, 2, 16, 1), (2, 16, 6, 0, 16, 0)),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_an_activation(kind):
    """Inference takes the same work and stores nothing."""
    forward, backward = ACTIVATIONS[kind]
    alone = (*forward[:4], 0, forward[5])
    assert asked(made(kind), MAP) == tuple(
        tuple(120.0 * n for n in each) for each in (forward, alone, backward)
    )


@pytest.mark.parametrize(
    ("layer", "sets"),
    [
        (made("layer_norm"), 20),  # positions
        (made("layer_norm", over="map"), 1),
        (made("group_norm", groups=3), 3),
        (made("group_norm", groups=6), 6),
    ],
)
def test_a_norm_of_images(layer, sets):
    """Each value: sums of 32 and 40 bits with a square, the mean off and times the root, gain and
    shift. Each set: mean, mean square and the mean's square, their difference, and the root (a
    leading one, two shifts, half a product for odd exponents, a look-up). Normalised values and the
    root of each set are kept.

    Backward, each value: sums of errors, of errors times normalised values, both again with the
    gain, two sums more; four products of errors and one of a stored value. Each set: two means.
    """
    each = np.array([4, 3 * 32 + 40, 3 * 16, 3, 16, 0])
    roots = np.array([4 + 6.5, (1 + 3) * 16, (3 + 4.5) * 16, 2, 16, 1])
    forward = 120 * each + sets * roots
    alone = forward.copy()
    alone[4] = 0
    backward = 120 * np.array([6, 6 * 32, 4 * 6 + 16, 3, 16, 0])
    backward += sets * np.array([2, 0, 2 * 16, 0, 16, 0])
    assert asked(layer, MAP) == (tuple(forward), tuple(alone), tuple(backward))


def test_parameters_of_norms():
    found = [
        made(kind, **keys).parameters(MAP, MAP)
        for kind, keys in (
            ("batch_norm", {}),
            ("layer_norm", {}),
            ("layer_norm", {"over": "map"}),
            ("group_norm", {"groups": 2}),
        )
    ]
    assert found == [12, 12, 240, 12]


def test_dropout_keeps_a_bit_and_is_off_in_inference():
    """A comparison of 16 random bits (half a word), a product; backward the product alone."""
    forward, alone, backward = asked(made("dropout"), MAP)
    assert forward == tuple(120 * n for n in (1, 16, 16, 0.5, 1, 0))
    assert alone == (0,) * 6
    assert backward == tuple(120 * n for n in (1, 0, 6, 0, 1, 0))
    work = made("dropout").forward(MAP, MAP)
    assert not any(each.mask for each in work), "stored values of a norm do not tell its bits"


SMALL = Shape(6, 1, 1)


@pytest.mark.parametrize("given", [(MAP, SMALL), (SMALL, MAP)])
def test_a_gate_multiplies_channels(given):
    """120 products; both maps are kept. Backward two products a value, and sums of 32 bits over the
    positions for the gate.
    """
    layer = made("multiply", other="a")
    assert layer.output(*given) == MAP
    forward, alone, backward = asked(layer, *given)
    assert forward == (120, 0, 120 * 16, 0, (120 + 6) * 16, 0)
    assert alone == (120, 0, 120 * 16, 0, 0, 0)
    assert backward == (3 * 120, 120 * 32, 240 * 6, 0, (120 + 6) * 16, 0)


def test_a_product_of_three_maps():
    forward, _, backward = asked(made("multiply", others=("a", "b")), MAP, MAP, MAP)
    assert forward == (240, 0, 240 * 16, 0, 360 * 16, 0)
    assert backward == (720, 0, 720 * 6, 0, 360 * 16, 0)


def test_a_sum_of_three_maps():
    """Of 6 x 1 x 1, 1 x 5 x 1 and 1 x 1 x 4: 120 values, and sums of errors for each of them."""
    parts = Shape(6, 1, 1), Shape(1, 5, 1), Shape(1, 1, 4)
    layer = made("add", others=("a", "b"))
    assert layer.output(*parts) == MAP
    assert asked(layer, *parts) == (
        (240, 240 * 16, 0, 0, 0, 0),
        (240, 240 * 16, 0, 0, 0, 0),
        (360, 360 * 32, 0, 0, 0, 0),
    )


def test_maps_side_by_side_cost_nothing():
    layer = made("concat", other="a", others=("b",))
    assert layer.output(MAP, Shape(1, 5, 4), MAP) == Shape(13, 5, 4)
    assert made("concat", other="a", axis="width").output(MAP, Shape(6, 5, 1)) == Shape(6, 5, 5)
    assert asked(layer, MAP, MAP, MAP) == ((0,) * 6,) * 3


@pytest.mark.parametrize(
    ("keys", "forward", "backward"),
    [
        ({}, (0, 0, 0), (0, 0, 0)),
        ({"factor": (2.0,)}, (1, 0, 16), (1, 0, 6)),
        ({"shift": (0.0, 1.0, 0.0, 0.0, 0.0, 0.0)}, (1, 16, 0), (0, 0, 0)),
        ({"factor": (0.5,), "shift": (1.0,)}, (2, 16, 16), (1, 0, 6)),
    ],
)
def test_a_constant_factor_and_shift(keys, forward, backward):
    one, _, back = asked(made("scale", **keys), MAP)
    assert one == (*(120 * n for n in forward), 0, 0, 0)
    assert back == (*(120 * n for n in backward), 0, 0, 0)


@pytest.mark.parametrize(
    ("layer", "positive", "any_sign"),
    [
        *((made(kind), True, True) for kind in ("relu6", "sigmoid", "hard_sigmoid")),
        *((made(kind), True, False) for kind in ("tanh", "gelu", "silu", "hard_swish", "elu")),
        (made("leaky_relu"), True, False),
        (made("leaky_relu", slope=0.0), True, True),
        (made("layer_norm"), False, False),
        (made("group_norm", groups=2), False, False),
        (made("dropout"), True, False),
        (made("scale", factor=(2.0,), shift=(0.1,)), True, False),
        (made("scale", factor=(-2.0,)), False, False),
        (made("scale", shift=(0.0, -0.1)), False, False),
    ],
)
def test_outputs_below_zero(layer, positive, any_sign):
    assert layer.nonnegative(True) is positive
    assert layer.nonnegative(False) is any_sign


@pytest.mark.parametrize("kind", ["add", "multiply", "concat"])
def test_joins_are_below_zero_where_a_part_is(kind):
    assert made(kind, other="a").nonnegative(True, True)
    assert not made(kind, other="a").nonnegative(True, False)


@pytest.mark.parametrize(
    ("layer", "given", "words"),
    [
        (made("multiply", other="a"), [MAP, Shape(3, 5, 4)], "multiply 3 x 5 x 4 ('a') with 6 x"),
        (made("concat", others=("a", "b")), [MAP, MAP, Shape(6, 5, 1)], "6 x 5 x 1 ('b') to 6 x"),
        (made("concat", other="a", axis="height"), [MAP, Shape(7, 5, 4)], "along its height"),
        (made("add"), [MAP], "joins its input with nothing"),
        (made("group_norm", groups=4), [MAP], "4 groups do not divide 6 channels"),
        (made("scale", factor=(1.0, 2.0)), [MAP], "2 numbers in 'factor' for 6 channels"),
    ],
)
def test_a_layer_says_why_it_does_not_fit(layer, given, words):
    with pytest.raises(Misshaped) as caught:
        layer.output(*given)
    assert words in str(caught.value)
    assert caught.value.cure


# --- stages and maps of networks that join


HEAD = """\
source: by hand
name: joins
input: {channels: 3, height: 8, width: 8}
classes: 10
activity: {source: nothing, input_density: 0.5}
layers:
"""
TAIL = """\
  - {kind: flatten}
  - {kind: linear, features: 10}
"""
EXCITED = """\
  - {kind: conv, channels: 8, kernel: 3, padding: 1}
  - {kind: relu6, name: x}
  - {kind: avg_pool, kernel: 8}
  - {kind: conv, channels: 4, kernel: 1}
  - {kind: relu}
  - {kind: conv, channels: 8, kernel: 1}
  - {kind: sigmoid, name: gate}
"""


@pytest.fixture
def workload(tmp_path):
    def read(body, head=HEAD):
        file = tmp_path / "joins.yaml"
        file.write_text(head + body + TAIL)
        return Workload.of(read_network(Document(file)).stages)

    return read


def moved(load, value):
    return list(dict(load.transfers).get(value, np.zeros(4)))


@pytest.mark.parametrize("join", ["other: x", "input: x, other: gate"])
def test_a_squeezed_and_excited_map(workload, join):
    """512 values of x are squeezed to 8, and those to 4. Two layers read x, of which one is in
    another stage. Of x a bit is kept by the rectifier; sigmoid keeps 8 values, the product 512 + 8.
    """
    work = workload(EXCITED + f"  - {{kind: multiply, {join}}}\n")
    assert list(work.outgoing) == list(work.returned) == [512 + 8, 4, 512, 10]
    assert list(work.joined) == [0, 0, 512, 0]
    for load in (work.forward, work.backward):
        assert moved(load, Value.STORED) == [0, 0, 8 + 512 + 8, 0]
    assert moved(work.forward, 1.0) == [512, 4, 0, 0]
    assert moved(work.backward, Value.ERROR) == [512, 0, 0, 0]
    assert not work.inference.transfers
    cycles = sum(operation.cycles * elements for operation, elements in work.inference.operations)
    # round; compare with 6, and 8 means of 64; gates of 5 cycles, products
    np.testing.assert_allclose(cycles, [512 + 512 + 8 * 63 / 3, 4, 8 + 8 * 5 + 512, 10])
    life = [(one.values, one.made, one.fed, one.joined) for one in work.maps]
    assert life == [
        (192, None, (0,), ()),
        (512, 0, (), (2,)),
        (8, 0, (1,), ()),
        (4, 1, (2,), ()),
        (512, 2, (3,), ()),
        (10, 3, (), ()),
    ]


DENSE = """\
  - {kind: conv, channels: 8, kernel: 3, padding: 1}
  - {kind: relu, name: a}
  - {kind: conv, channels: 4, kernel: 3, padding: 1}
  - {kind: relu, name: b}
  - {kind: concat, other: a}
"""


def test_maps_side_by_side_are_read_where_they_are(workload):
    """The last convolution reads both maps, and nothing makes a third of them."""
    work = workload(DENSE + "  - {kind: conv, channels: 2, kernel: 1}\n  - {kind: relu}\n")
    assert list(work.inputs) == [192, 512, 12 * 64, 128]
    assert list(work.outgoing) == [512, 256, 128, 10]
    assert list(work.joined) == [0, 0, 0, 0]
    assert moved(work.backward, Value.ERROR) == [512, 0, 0, 0]  # of the map that two read
    assert [(one.values, one.fed) for one in work.maps[1:3]] == [(512, (1, 2)), (256, (2,))]


def test_vector_work_behind_a_concat_reads_the_other_map(workload):
    """A norm of both: the stage of the second convolution reads the first map, and makes one of
    768 values.
    """
    body = DENSE + "  - {kind: batch_norm}\n  - {kind: relu}\n"
    work = workload(body + "  - {kind: conv, channels: 2, kernel: 1}\n  - {kind: relu}\n")
    assert list(work.outgoing) == [512, 768, 128, 10]
    assert list(work.joined) == [0, 512, 0, 0]


def test_what_learns_before_the_first_matrix_gets_errors(workload):
    """A norm of the image is work of the first stage, whose convolution sends it errors."""
    body = "  - {kind: layer_norm}\n  - {kind: relu}\n  - {kind: conv, channels: 2, kernel: 1}\n"
    work = workload(body + "  - {kind: relu}\n")
    assert list(work.sends_error) == [1, 1]
    assert list(work.outgoing) == list(work.returned) == [192 + 128, 10]
    assert list(work.joined) == [192, 0]
    # 192 normalised values and 64 roots come back, 192 errors are rounded, those of the norm added
    assert list(dict(work.backward.transfers)[Value.STORED]) == [192 + 64, 0]
    cycles = sum(operation.cycles * elements for operation, elements in work.backward.operations)
    assert list(cycles) == [192 * 6 + 64 * 2 + 192, 128]


def test_a_fixed_scale_before_the_first_matrix_gets_none(workload):
    body = "  - {kind: scale, factor: 2}\n  - {kind: conv, channels: 2, kernel: 1}\n"
    work = workload(body + "  - {kind: relu}\n")
    assert list(work.sends_error) == [0, 1]
    assert list(work.outgoing) == [192 + 128, 10]
    assert list(work.returned) == [128, 10]
    cycles = sum(operation.cycles * elements for operation, elements in work.backward.operations)
    assert list(cycles) == [0, 128]


# --- tables on the chip


@pytest.mark.parametrize(
    ("chip", "rows"),
    [
        # of 16 bits: x ends at sqrt(2 * 18 ln 2) = 5.0; h^3 0.3989 / 192 is 2^-17 at 0.1543: 32.4
        ("inference_sram", 64),
        # and the slope of four times that bend, at 0.0972: 51.4
        ("rebit", 64 + 64),
    ],
)
def test_lanes_have_the_tables_that_the_chip_needs(tmp_path, chip, rows):
    file = tmp_path / "gelu.yaml"
    bent, plain = (
        HEAD + f"  - {{kind: conv, channels: 2, kernel: 1}}\n{more}  - {{kind: relu}}\n" + TAIL
        for more in ("  - {kind: gelu}\n", "")
    )
    found = []
    for text in (bent, plain):
        file.write_text(text)
        made = nr.estimate(nr.network(file), nr.chip(chip, technology="32nm"))
        parts = made.parts
        found.append(parts[[str(name).startswith("vector/table") for name in parts.index]])
    assert len(found[1]) == 0
    lanes = 64
    bank = SramBank(TECH, float(rows), 18.0 + 12.0 + 6.0)
    assert found[0]["area_m2"].sum() == pytest.approx(lanes * bank.footprint.area.total, rel=1e-9)


def test_functions_of_a_network(workload):
    work = workload(
        EXCITED + "  - {kind: multiply, other: x}\n  - {kind: gelu}\n  - {kind: relu}\n"
    )
    assert work.tables(False) == (tables.LOGISTIC_TABLE, tables.NORMAL_TABLE)
    both = (tables.LOGISTIC_TABLE, tables.NORMAL_TABLE, tables.NORMAL_SLOPE_TABLE)
    assert work.tables(True) == both
