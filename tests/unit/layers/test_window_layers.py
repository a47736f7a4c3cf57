"""Layers of windows: shapes by published formulas, and the work they ask for counted by hand."""

import math

import pytest
from common import near
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import naive
from unit.layers.test_kinds import asked, totals

from neurorebit.chips.parts.workload import Workload
from neurorebit.layers.avg_pool import AvgPool
from neurorebit.layers.base import Matmul, Misshaped, Shape
from neurorebit.layers.conv import Conv
from neurorebit.layers.conv1d import Conv1d
from neurorebit.layers.conv_transpose import ConvTranspose
from neurorebit.layers.linear import Linear
from neurorebit.layers.max_pool import MaxPool
from neurorebit.layers.network import Node, Stage
from neurorebit.layers.upsample import Upsample
from neurorebit.layers.window import Window

IMAGE = Shape(3, 17, 15)
SIDES = st.integers(1, 14)
SMALL = st.integers(0, 3)
QUICK = settings(max_examples=120, derandomize=True, deadline=None)


def shape_of(layer, given):
    """Its output, or None where it does not fit."""
    try:
        return layer.output(given)
    except Misshaped:
        return None


# --- matrix products by hand


def test_a_kernel_need_not_be_square():
    """Taps at lines 0, 2, 4 and columns 0, 1 of 17 + 1 + 0 by 15 + 2 + 3: 14 lines, 10 columns."""
    layer = Conv(6, (3, 2), (1, 2), (1, 0, 2, 3), dilation=(2, 1), kind="conv")
    out = layer.output(IMAGE)
    assert out == Shape(6, 14, 10)
    assert layer.matmul(IMAGE, out) == Matmul(3 * 2 * 3, 6, 140, 765, taps=(3, 2))


def test_depthwise_is_a_group_for_each_channel():
    """Two outputs a channel: 17 x 15 places of 9 values and 2 results, for each of 3 channels."""
    layer = Conv(6, 3, 1, 1, groups="depthwise", kind="conv")
    out = layer.output(IMAGE)
    found = layer.matmul(IMAGE, out)
    assert found == Matmul(9, 2, 255, 765, groups=3, taps=(3, 3))
    assert (found.weights, found.macs) == (54, 13_770)
    assert Conv(6, 3, 1, 1, groups=3, kind="conv").matmul(IMAGE, out) == found


def test_a_signal_is_a_map_of_one_line():
    """5 taps, 3 apart, at every other of 40 + 8 + 0 places: (48 - 13) / 2 + 1 = 18 places."""
    layer, given = Conv1d(10, 5, 2, (8, 0), dilation=3, kind="conv1d"), Shape(4, 1, 40)
    out = layer.output(given)
    assert out == Shape(10, 1, 18)
    assert layer.matmul(given, out) == Matmul(20, 10, 18, 160, taps=(1, 5))


def test_a_linear_layer_takes_a_map_or_each_position():
    whole, each = Linear(10, kind="linear"), Linear(10, per="position", kind="linear")
    assert whole.output(IMAGE) == Shape(10, 1, 1)
    assert whole.matmul(IMAGE, Shape(10, 1, 1)) == Matmul(765, 10, 1, 765)
    assert each.output(IMAGE) == Shape(10, 17, 15)
    assert each.matmul(IMAGE, Shape(10, 17, 15)) == Matmul(3, 10, 255, 765)


def test_a_transposed_convolution_multiplies_each_pixel_by_its_kernel():
    """4 x 5 pixels give 3 x 2 taps of 6 channels each; strides of 2 and 3 put them on a map of
    2 x 3 + 3 - 2 + 1 = 8 lines and 3 x 4 + 2 = 14 columns. 720 results make 672 outputs.
    """
    layer = ConvTranspose(6, (3, 2), (2, 3), (1, 0), output_padding=(1, 0), kind="conv_transpose")
    given = Shape(8, 4, 5)
    out = layer.output(given)
    assert out == Shape(6, 8, 14)
    found = layer.matmul(given, out)
    assert found == Matmul(8, 36, 20, 160, merged=720 - 672)
    assert found.macs == 20 * 6 * 8 * 6  # pixels, taps, channels in and out: cropped ones too
    halves = ConvTranspose(6, (3, 2), (2, 3), (1, 0), groups=2, kind="conv_transpose")
    out = halves.output(given)
    assert halves.matmul(given, out) == Matmul(4, 18, 20, 160, groups=2, merged=720 - 6 * 7 * 14)


def test_a_chip_keeps_an_error_of_each_output_of_a_transposed_convolution():
    """6 pixels give 36 results each, of 9 taps and 4 channels, which make 4 x 3 x 13 outputs."""
    given, layer = Shape(8, 1, 6), ConvTranspose(4, 3, 2, kind="conv_transpose")
    last = Linear(2, kind="linear")
    shapes = layer.output(given), Shape(2, 1, 1)
    nodes = [
        Node(i, name, one, (i - 1,), shape_in=before, shape_out=after, matmul=matmul)
        for i, (name, one, before, after) in enumerate(
            [("up", layer, given, shapes[0]), ("scores", last, *shapes)]
        )
        for matmul in (one.matmul(before, after),)
    ]
    stages = Stage(nodes[0], (), False), Stage(nodes[1], (), True)
    work = Workload.of(stages)
    assert shapes[0] == Shape(4, 3, 13)
    assert work.results.tolist() == [6 * 36, 2]
    assert work.kept.tolist() == [4 * 3 * 13, 2]


# --- vector work by hand


def test_results_that_meet_are_added():
    """Along the lines 3 taps, 2 apart from pixel to pixel, the first and none at the end cropped:
    of 12 that land 11 are on the map, on 8 lines of which 7 are reached, 4 of them twice. Columns
    of 2 taps, 3 apart, never meet: 10 land on 10 of 14. 6 channels.
    """
    layer = ConvTranspose(6, (3, 2), (2, 3), (1, 0), output_padding=(1, 0), kind="conv_transpose")
    given, out = Shape(8, 4, 5), 6 * 8 * 14
    forward, backward = asked(layer, given)
    lines = [2 * y + tap - 1 for y in range(4) for tap in range(3)]
    landed = [line for line in lines if 0 <= line < 8]
    met = 6 * 10 * (len(landed) - len(set(landed)))
    assert met == 6 * 10 * 3
    assert forward == (met + out, 32 * (met + out), 0, met, 0)
    assert backward == (160, 32 * 160, 0, 80, 0)


@pytest.mark.parametrize(
    ("layer", "given", "results"),
    [
        (Conv(6, 3, 1, 1, bias=True, kind="conv"), IMAGE, 6 * 255),
        (Linear(10, bias=True, kind="linear"), IMAGE, 10),
        (Linear(10, per="position", bias=True, kind="linear"), IMAGE, 2550),
        (Conv1d(10, 5, bias=True, kind="conv1d"), Shape(4, 1, 40), 360),
    ],
)
def test_a_bias_is_an_addition_of_32_bits_a_result_and_an_error(layer, given, results):
    """Beside the addition and the comparison of 16 bits that round a result."""
    out = layer.output(given)
    forward, backward = asked(layer, given)
    assert forward == (2 * results, 64 * results, 0, results, 0)
    assert backward == (given.size, 32 * given.size, 0, given.size / 2, 0)
    found = totals(layer.parameter_gradients(given, out), (8, 6, 16))
    assert found == (results, 32 * results, 0, results, 0)
    assert totals(layer.inference(given, out), (8, 6, 16)) == forward


def test_without_a_bias_there_is_no_such_work():
    assert Linear(10, kind="linear").parameter_gradients(IMAGE, Shape(10, 1, 1)) == ()


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
def test_padding_is_never_combined(kind):
    """3 x 3 windows at every other pixel of 6 x 5 with one zero around it: 3 x 3 of them.

    Lines under them: 2, 3, 3; columns: 2, 3, 2. So 8 x 7 values, of which 9 are first, a channel.
    """
    layer, given = kind(3, 2, padding=1, kind="pool"), Shape(4, 6, 5)
    assert layer.output(given) == Shape(4, 3, 3)
    forward, backward = asked(layer, given)
    combined = 4 * (8 * 7 - 9)
    scaled = 4 * 9 if kind is AvgPool else 0  # nine values, zeros among them: no shift
    assert forward == near((combined / 3 + scaled, 8 * combined, 16 * scaled, 0, 0))
    meeting = 4 * (8 * 7 - 30) if kind is AvgPool else 4 * 9
    assert backward == near((meeting + scaled, 6 * meeting, 16 * scaled, 0, 0))


def test_means_without_padding_have_windows_of_many_sizes():
    """2, 3, 3 by 2, 3, 2 values: 4 twice, 6, 6, 9 and 6, 9, 6 others; two shift, seven do not."""
    layer = AvgPool(3, 2, padding=1, count_padding=False, kind="avg_pool")
    forward, _ = asked(layer, Shape(1, 6, 5))
    assert forward == near(((56 - 9) / 3 + 7, 8 * 47, 16 * 7, 0, 0))


def test_a_last_window_may_be_cut():
    """3 x 3 windows at every other pixel of 6 x 8: ceil makes 3 x 4 of 2 x 3, cut to 2 at the end.

    Lines: 3, 3, 2; columns: 3, 3, 3, 2. Means are of 9, 6 or 4 values; one shifts.
    """
    layer, given = AvgPool(3, 2, ceil=True, kind="avg_pool"), Shape(1, 6, 8)
    assert layer.output(given) == Shape(1, 3, 4)
    assert AvgPool(3, 2, kind="avg_pool").output(given) == Shape(1, 2, 3)
    forward, _ = asked(layer, given)
    combined = 8 * 11 - 12
    assert forward == near((combined / 3 + 11, 8 * combined, 16 * 11, 0, 0))


def test_a_pool_without_a_kernel_takes_the_whole_map():
    given = Shape(4, 6, 5)
    for kind, scaled in ((MaxPool, 0), (AvgPool, 4)):
        layer = kind(kind="pool")
        assert layer.output(given) == Shape(4, 1, 1)
        forward, backward = asked(layer, given)
        assert forward == near((4 * 29 / 3 + scaled, 8 * 4 * 29, 16 * scaled, 0, 0))
        assert backward == near((scaled, 0, 16 * scaled, 0, 0))


def test_upsampling_by_hand():
    """Nearest: nothing forward, all copies but one are added backward (6 bits).

    Bilinear 2 x 3: 2 x 60 values between lines, then 6 x 60 between columns, each of a product and
    two additions of 16 bits; backward three additions.
    """
    given = Shape(3, 4, 5)
    nearest = Upsample((2, 3), kind="upsample")
    assert nearest.output(given) == Shape(3, 8, 15)
    assert asked(nearest, given) == ((0,) * 5, (300, 6 * 300, 0, 0, 0))
    between = Upsample((2, 3), mode="bilinear", kind="upsample")
    n = 120 + 360
    assert asked(between, given) == (
        (2 * n, 2 * 16 * n, 16 * n, 0, 0),
        (3 * n, 3 * 16 * n, 16 * n, 0, 0),
    )
    flat = Upsample((1, 2), mode="bilinear", kind="upsample")
    assert asked(flat, given)[0][0] == 2 * 120


# --- shapes by published formulas


@QUICK
@given(SIDES, SIDES, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), SMALL, SMALL)
def test_a_convolution_has_the_published_shape(size, other, kernel, stride, apart, before, after):
    """floor((size + before + after - dilation (kernel - 1) - 1) / stride) + 1, along each axis."""
    layer = Conv(2, (kernel, 1), (stride, 1), (before, after, 0, 0), dilation=apart, kind="conv")
    lines = (size + before + after - apart * (kernel - 1) - 1) // stride + 1
    found = shape_of(layer, Shape(1, size, other))
    assert found == (Shape(2, lines, other) if lines >= 1 else None)


@QUICK
@given(SIDES, st.integers(1, 5), st.integers(1, 4), SMALL, st.booleans())
def test_a_pool_has_the_published_shape(size, kernel, stride, padding, ceil):
    """As for a convolution, rounded up with ``ceil`` unless the last window starts behind the map
    and the padding before it (of PyTorch's and ONNX's definitions; padding up to half a kernel).
    """
    assume(padding <= kernel // 2)
    room = size + 2 * padding - kernel
    windows = (math.ceil if ceil else math.floor)(room / stride) + 1
    if ceil and (windows - 1) * stride >= size + padding:
        windows -= 1
    layer = MaxPool(kernel, stride, padding=padding, ceil=ceil, kind="max_pool")
    found = shape_of(layer, Shape(1, size, size))
    assert found == (Shape(1, windows, windows) if windows >= 1 else None)
    if found:
        assert windows == len(naive.panes(size, kernel, stride, (padding, padding), ceil))


@QUICK
@given(SIDES, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), SMALL, SMALL)
def test_a_transposed_convolution_has_the_published_shape(
    size, kernel, stride, apart, padding, more
):
    """(size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1."""
    layer = ConvTranspose(
        2, kernel, stride, padding, dilation=apart, output_padding=more, kind="conv_transpose"
    )
    lines = (size - 1) * stride - 2 * padding + apart * (kernel - 1) + more + 1
    fits = lines >= 1 and more < max(stride, apart, 1 if more == 0 else 0)
    found = shape_of(layer, Shape(1, size, size))
    assert found == (Shape(2, lines, lines) if fits else None)


@QUICK
@given(SIDES, st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), SMALL, SMALL)
def test_windows_reach_what_their_taps_lie_on(size, taps, stride, apart, before, after):
    """Against places enumerated one by one."""
    axis, _ = Window.of((taps, 1), (stride, 1), (before, after, 0, 0), (apart, 1)).axes
    found = naive.places(size, taps, stride, (before, after), apart)
    assume(found)
    count = len(found)
    assert axis.positions(size) == count
    for tap in range(taps):
        on = [w for w, at in enumerate(found) if 0 <= at[tap] < size]
        assert list(range(*axis.reach(tap, size, count))) == on
    every = [at for place in found for at in place]
    assert axis.covering(size, count) == [every.count(line) for line in range(size)]
    assert axis.seen(size, count) == [sum(0 <= at < size for at in place) for place in found]
    whole = [sum(-before <= at < size + after for at in place) for place in found]
    assert axis.seen(size, count, with_zeros=True) == whole


# --- what does not fit


@pytest.mark.parametrize(
    ("layer", "words", "cure"),
    [
        (
            ConvTranspose(2, 1, padding=8, kind="t"),
            "a 1 x 1 kernel with padding 8 leaves nothing of the 3 x 17 x 15 map",
            "take less padding",
        ),
        (
            ConvTranspose(2, 3, output_padding=1, kind="t"),
            "adds pixels of nothing",
            "take one below the stride or the dilation",
        ),
        (AvgPool(padding=1, kind="p"), "stride and padding are those of a kernel", "add 'kernel'"),
        (
            MaxPool(2, padding=2, kind="p"),
            "a window lies in the padding alone",
            "take a padding below the kernel",
        ),
        (
            ConvTranspose(4, 3, groups=2, kind="t"),
            "2 groups do not divide 3 inputs and 4",
            "take a number of groups that divides both",
        ),
    ],
)
def test_why_a_layer_does_not_fit(layer, words, cure):
    with pytest.raises(Misshaped) as caught:
        layer.output(IMAGE)
    assert words in str(caught.value)
    assert caught.value.cure == cure
