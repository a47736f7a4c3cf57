"""Each kind of layer: the matrix product and the vector work it asks for, counted by hand."""

import pytest
from common import near

from neurorebit.layers.add import Add
from neurorebit.layers.avg_pool import AvgPool
from neurorebit.layers.base import Matmul, Misshaped, Shape, Value, VectorWork
from neurorebit.layers.batch_norm import BatchNorm
from neurorebit.layers.conv import Conv
from neurorebit.layers.flatten import Flatten
from neurorebit.layers.linear import Linear
from neurorebit.layers.max_pool import MaxPool
from neurorebit.layers.relu import Relu
from neurorebit.layers.table import KINDS

IMAGE = Shape(3, 17, 15)


def totals(works, bits):
    """What vector work comes to: cycles, bits added, products by bits, words, transfers by bits.

    ``bits`` of an input, an error and a stored value.
    """
    width = dict(zip(Value, bits, strict=True))
    cycles = added = multiplied = words = moved = 0.0
    for work in works:
        moved += work.elements * sum(n * width.get(b, b) for n, b in work.transfers)
        if work.operation is None:
            continue
        cycles += work.elements * work.operation.cycles
        added += work.elements * sum(n * width.get(b, b) for n, b in work.operation.additions)
        multiplied += work.elements * sum(n * width.get(b, b) for n, b in work.operation.products)
        words += work.elements * work.operation.words
    return cycles, added, multiplied, words, moved


def asked(layer, *given, bits=(8, 6, 16)):
    """Forward and backward totals of a layer."""
    out = layer.output(*given)
    works = layer.forward_work(given, out), layer.backward_work(given, out)
    return tuple(totals(work, bits) for work in works)


# --- matrix products


def test_a_convolution_multiplies_what_lies_under_its_kernel():
    """5 x 5 at every third pixel of 17 x 15 with 2 zeros around: 6 x 5 places, of 25 x 3 values."""
    layer = Conv(72, 5, 3, 2, kind="conv")
    out = layer.output(IMAGE)
    assert out == Shape(72, 6, 5)
    matmul = layer.matmul(IMAGE, out)
    assert matmul == Matmul(75, 72, 30, 3 * 17 * 15, taps=(5, 5))
    assert (matmul.positions, matmul.channels) == (25, 3)
    assert (matmul.weights, matmul.macs) == (5400, 162_000)
    assert matmul.stationary
    assert not matmul.signed


def test_groups_share_neither_inputs_nor_outputs():
    layer, given = Conv(160, 3, 2, 0, groups=4, kind="conv"), Shape(80, 9, 8)
    out = layer.output(given)
    matmul = layer.matmul(given, out)
    assert matmul == Matmul(180, 40, 12, 5760, groups=4, taps=(3, 3))
    assert (matmul.weights, matmul.channels) == (28_800, 20)


def test_a_linear_layer_is_one_vector():
    layer, given = Linear(10, kind="linear"), Shape(784, 1, 1)
    assert layer.output(given) == Shape(10, 1, 1)
    assert layer.matmul(given, Shape(10, 1, 1)) == Matmul(784, 10, 1, 784)


@pytest.mark.parametrize("layer", [Conv(5, 3, kind="conv"), Linear(5, kind="linear")])
def test_width_scales_outputs_to_the_nearest_whole_number_halves_up(layer):
    def outputs(width):
        scaled = layer.scaled(width)
        return scaled.channels if isinstance(layer, Conv) else scaled.features

    assert [outputs(width) for width in (0.01, 0.29, 0.3, 0.5, 2.0)] == [1, 1, 2, 3, 10]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kinds_with_weights_are_those_that_multiply(kind):
    recurrent = ("rnn", "gru", "lstm")
    multiply = ("conv", "conv1d", "conv_transpose", "linear", "attention", *recurrent)
    assert KINDS[kind].has_weights == (kind in multiply)


# --- vector work


@pytest.mark.parametrize(
    ("layer", "given", "results"),
    [
        (Conv(72, 5, 3, 2, kind="conv"), IMAGE, 72 * 6 * 5),
        (Linear(10, kind="linear"), Shape(784, 1, 1), 10),
    ],
)
def test_results_and_errors_are_rounded(layer, given, results):
    """An addition and a comparison of 16 bits each; an error takes half a word of random bits."""
    forward, backward = asked(layer, given)
    assert forward == (results, 32 * results, 0, 0, 0)
    assert backward == (given.size, 32 * given.size, 0, given.size / 2, 0)


def test_batch_norm_takes_two_passes_each_way():
    """Forward: sum (32 bits) and sum of squares (40), then scale and shift (32); each with one
    product of stored values and a register word. Backward: two sums, two more additions; two
    products with errors and one with a stored value. Values of 16 bits go out and come back.
    """
    n = 7 * 5 * 4
    forward, backward = asked(BatchNorm(kind="batch_norm"), Shape(7, 5, 4))
    assert forward == (3 * n, (32 + 40 + 32) * n, 2 * 16 * n, 2 * n, 2 * 16 * n)
    assert backward == (4 * n, 4 * 32 * n, (6 + 6 + 16) * n, 2 * n, 2 * 16 * n)


def test_a_rectifier_computes_nothing_and_keeps_a_bit():
    layer, given = Relu(kind="relu"), Shape(7, 5, 4)
    assert layer.forward(given, given) == (VectorWork(None, 140, mask=True),)
    assert layer.backward(given, given) == ()


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
def test_pooling_combines_all_values_of_a_window_but_one(kind):
    """4 x 4 windows of a 9 x 6 map: 15 values each are added or compared, three in a cycle.

    2 x 1 windows leave a row and two columns of the map out.
    """
    forward, backward = asked(kind(4, kind="pool"), Shape(7, 9, 6))
    combined = 7 * 2 * 1 * 15
    assert forward == near((combined / 3, 8 * combined, 0, 0, 0))
    assert backward == (0, 0, 0, 0, 0)


def test_a_mean_of_nine_values_takes_a_product():
    """3 x 2 windows a channel; a sum of 9 times 1/9, and so for errors: of 16 by 16 bits."""
    forward, backward = asked(AvgPool(3, kind="pool"), Shape(7, 9, 6))
    combined, windows = 7 * 6 * 8, 7 * 6
    assert forward == near((combined / 3 + windows, 8 * combined, 16 * windows, 0, 0))
    assert backward == near((windows, 0, 16 * windows, 0, 0))


@pytest.mark.parametrize(
    ("kind", "meeting"),
    [
        # each of 4 x 2 windows a channel has one error, which may meet another's
        (MaxPool, 7 * 8),
        # 8 windows of 4 x 4 errors for 10 x 6 = 60 values: 128 - 60 are added to another
        (AvgPool, 7 * (8 * 16 - 60)),
    ],
)
def test_windows_that_overlap_are_combined_each_for_itself(kind, meeting):
    """4 x 4 windows at every other pixel of a 10 x 6 map: 4 x 2 of them."""
    forward, backward = asked(kind(4, 2, kind="pool"), Shape(7, 10, 6))
    combined = 7 * 8 * 15
    assert forward == near((combined / 3, 8 * combined, 0, 0, 0))
    assert backward == near((meeting, 6 * meeting, 0, 0, 0))


def test_a_pool_may_step_otherwise_than_its_window():
    layer = MaxPool(3, 2, kind="max_pool")
    assert layer.output(Shape(4, 9, 6)) == Shape(4, 4, 2)
    assert layer.window(Shape(4, 9, 6)) == ((3, 3), (2, 2), (0,) * 4, (1, 1))
    assert MaxPool(3, kind="max_pool").window(IMAGE).stride == (3, 3)


def test_a_residual_connection_adds():
    """One addition of stored bits; an error goes to both maps as it is."""
    layer, given = Add("other", kind="add"), Shape(7, 5, 4)
    forward, backward = asked(layer, given, given)
    assert forward == (140, 16 * 140, 0, 0, 0)
    assert backward == (0, 0, 0, 0, 0)


def test_flattening_costs_nothing():
    layer = Flatten(kind="flatten")
    assert layer.output(Shape(7, 5, 4)) == Shape(140, 1, 1)
    assert asked(layer, Shape(7, 5, 4)) == ((0,) * 5, (0,) * 5)


# --- signs, and shapes that do not fit


@pytest.mark.parametrize(
    ("layer", "given", "nonnegative"),
    [
        (Relu(kind="relu"), [False], True),
        (MaxPool(2, kind="max_pool"), [True], True),
        (AvgPool(2, kind="avg_pool"), [False], False),
        (Flatten(kind="flatten"), [True], True),
        (Flatten(kind="flatten"), [False], False),
        (Add("a", kind="add"), [True, True], True),
        (Add("a", kind="add"), [True, False], False),
        (BatchNorm(kind="batch_norm"), [True], False),
        (Conv(4, 3, kind="conv"), [True], False),
        (Linear(4, kind="linear"), [True], False),
    ],
)
def test_an_output_may_be_below_zero(layer, given, nonnegative):
    assert layer.nonnegative(*given) is nonnegative


@pytest.mark.parametrize(
    ("layer", "given", "words"),
    [
        (
            Conv(4, 18, kind="conv"),
            [IMAGE],
            "a 18 x 18 kernel with padding 0 does not fit the 3 x 17 x 15 map",
        ),
        (Conv(4, 3, groups=2, kind="conv"), [IMAGE], "2 groups do not divide 3 inputs and 4"),
        (MaxPool(16, kind="max_pool"), [IMAGE], "a 16 x 16 window does not fit"),
        (Add("a", kind="add"), [IMAGE, Shape(3, 17, 14)], "cannot add 3 x 17 x 14 ('a') to 3 x"),
    ],
)
def test_a_layer_says_why_it_does_not_fit(layer, given, words):
    with pytest.raises(Misshaped) as caught:
        layer.output(*given)
    assert words in str(caught.value)
