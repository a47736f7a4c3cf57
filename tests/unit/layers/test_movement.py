"""Kinds that move, repeat, cut and reduce maps: their maps, their work, and where maps lie."""

import pytest
from common import refusal

import neurorebit as nr
from neurorebit.layers.functions import DIVISION, PRODUCT, SUM
from neurorebit.layers.maps import maps_of
from neurorebit.layers.movement import MOVE


def network(*layers, sides=(6, 4, 5), **keys):
    channels, height, width = sides
    first = {"kind": "conv", "channels": channels, "kernel": 1, "name": "first"}
    return nr.network(
        {
            "name": "made",
            "input": {"channels": channels, "height": height, "width": width},
            "layers": [first, *layers],
            **keys,
        }
    ).resolved


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ({"kind": "reshape", "channels": 24, "height": 1, "width": 5}, "24 x 1 x 5"),
        (
            {"kind": "permute", "view": [20, 6], "order": [1, 0], "channels": 20, "height": 1,
             "width": 6},
            "20 x 1 x 6",
        ),
        ({"kind": "shuffle", "groups": 3}, "6 x 4 x 5"),
        ({"kind": "slice", "axis": "channels", "start": 2, "stop": 6}, "4 x 4 x 5"),
        ({"kind": "slice", "axis": "width", "start": 1, "stop": 5, "step": 3}, "6 x 4 x 2"),
        ({"kind": "take", "axis": "height", "count": 9}, "6 x 9 x 5"),
        ({"kind": "pad", "padding": [1, 2, 0, 3]}, "6 x 7 x 8"),
        ({"kind": "pad", "padding": 1, "channels": [0, 4]}, "10 x 6 x 7"),
        (
            {"kind": "expand", "outer": 2, "inner": 3, "channels": 3, "height": 2, "width": 120},
            "3 x 2 x 120",
        ),
        ({"kind": "reduce", "over": "channels", "of": "mean"}, "1 x 4 x 5"),
        ({"kind": "reduce", "over": "positions", "of": "sum"}, "6 x 1 x 1"),
        ({"kind": "reduce", "over": "map", "of": "max"}, "1 x 1 x 1"),
        ({"kind": "function", "of": "exp"}, "6 x 4 x 5"),
        ({"kind": "local_norm", "size": 5}, "6 x 4 x 5"),
        ({"kind": "resize", "height": 7, "width": 3}, "6 x 7 x 3"),
    ],
)  # fmt: skip
def test_the_map_that_a_layer_gives(layer, shape):
    assert str(network(layer).nodes[-1].shape_out) == shape


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        ({"kind": "reshape", "channels": 24, "height": 1, "width": 6}, "120 values"),
        ({"kind": "shuffle", "groups": 4}, "4 groups do not divide 6 channels"),
        ({"kind": "slice", "axis": "width", "start": 1, "stop": 6}, "are not in the 6 x 4 x 5 map"),
        ({"kind": "slice", "axis": "width", "start": 3, "stop": 3}, "are not in the 6 x 4 x 5 map"),
        ({"kind": "pad"}, "pads nothing"),
        (
            {"kind": "permute", "view": [20, 6], "order": [0, 0], "channels": 20, "height": 1,
             "width": 6},
            "each of 0 to 1",
        ),
        ({"kind": "function", "of": "expp"}, "did you mean 'exp'"),
    ],
)  # fmt: skip
def test_what_does_not_fit(layer, told):
    assert told in refusal(lambda: network(layer))


def work(layer):
    """Operation and elements of each work of a layer in inference."""
    return [(one.operation, one.elements) for one in network(layer).nodes[-1].inference]


def test_each_value_that_moves_goes_through_a_lane():
    assert work({"kind": "shuffle", "groups": 2}) == [(MOVE, 120)]
    assert work({"kind": "take", "axis": "width", "count": 2}) == [(MOVE, 48)]
    assert work({"kind": "pad", "padding": 1}) == [(MOVE, 6 * 6 * 7)]
    assert (MOVE.cycles, MOVE.words) == (1.0, 1.0)


def test_what_moves_nothing_costs_nothing():
    assert work({"kind": "reshape", "channels": 1, "height": 1, "width": 120}) == []
    assert work({"kind": "slice", "axis": "height", "stop": 2}) == []


def test_the_work_of_a_mean_and_of_a_quotient():
    mean = {"kind": "reduce", "over": "channels", "of": "mean"}
    assert work(mean) == [(SUM, 120), (PRODUCT, 20)]
    assert work({"kind": "combine", "other": "input", "of": "divide"}) == [(DIVISION, 120)]


def test_a_map_that_is_moved_is_stored_and_read_again():
    """The product's 120 values are written for the shuffle, the shuffled ones for the next."""
    plain, moved = (
        network(*between, {"kind": "relu"}, {"kind": "linear", "features": 3})
        for between in ((), ({"kind": "shuffle", "groups": 2},))
    )
    assert [m.values for m in maps_of(plain.stages)] == [120, 120, 3]
    maps = maps_of(moved.stages)
    assert [(m.values, m.made, m.joined) for m in maps] == [
        (120, None, ()), (120, 0, (0,)), (120, 0, ()), (3, 1, ()),
    ]  # fmt: skip


def test_a_constant_comes_from_memory():
    made = network(
        {"kind": "constant", "name": "token", "channels": 6, "height": 1, "width": 1},
        {"kind": "multiply", "input": "first", "other": "token"},
        {"kind": "linear", "features": 3},
    )
    (token,) = (m for m in maps_of(made.stages) if m.values == 6)
    assert (token.made, token.fed, token.joined) == (None, (), (0,))


def test_further_results_leave_the_chip():
    layers = {"kind": "relu", "name": "kept"}, {"kind": "linear", "features": 3, "input": "first"}
    assert "nothing reads its output" in refusal(lambda: network(*layers))
    made = network(*layers, outputs=["kept"])
    assert sorted(m.values for m in maps_of(made.stages) if m.result) == [3, 120]
    told = refusal(lambda: network(*layers, outputs=["kept", "gone"]))
    assert "no layer is named 'gone'" in told
