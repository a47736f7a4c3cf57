"""Words of one layer at a time, streamed gradients, shared lanes and copies of single layers."""

import numpy as np
import pytest
from common import near

import neurorebit as nr
from neurorebit.schema import InputError

SMALL = {
    "source": "a test", "name": "small", "input": {"channels": 16, "height": 8, "width": 8},
    "classes": 4,
    "layers": [
        {"kind": "conv", "channels": 128, "kernel": 3, "padding": 1},
        {"kind": "relu"},
        {"kind": "conv", "channels": 128, "kernel": 3, "padding": 1},
        {"kind": "relu"},
        {"kind": "max_pool", "kernel": 2},
        {"kind": "flatten"},
        {"kind": "linear", "features": 4},
    ],
    "activity": {"source": "a test", "input_density": 0.2},
    "training": {"batch": 32},
}  # fmt: skip
BATCH, WEIGHTS = 32, (9 * 16 * 128, 9 * 128 * 128, 16 * 128 * 4)


def estimate(network=None, **settings):
    chip = nr.chip("rebit")
    for key, value in settings.items():
        chip = chip.set(f"architecture.{key.replace('__', '.')}", value)
    return nr.estimate(nr.network(network or SMALL), chip)


@pytest.fixture(scope="module")
def whole():
    return estimate()


def digital_tiles(found):
    return found.counts.loc["digital", "tiles"]


def of_phase(found, phase, key):
    """A number of a phase; bits to and from DRAM from their energy, 3.9 pJ each."""
    if key == "dram_bits":
        return round(found.document["phases"][phase]["dram_energy_J"] / 3.9e-12)
    return found.document["phases"][phase][key]


def test_the_macros_of_one_layer_are_those_of_the_largest(whole):
    """Tiles of nine PEs of 16 macros of 128 rows and 4 words.

    A position of 16 inputs takes 4 macros, one of 128 two PEs; 4 outputs of 2,048 inputs take 512
    macros: one tile, two and four.
    """
    found = estimate(dpim__resident="layer")
    assert (digital_tiles(whole), digital_tiles(found)) == (7, 4)
    assert found.area < whole.area


def test_words_come_for_a_batch_and_go_back(whole):
    """Weights and velocities, 32 bits each, in both directions; nothing else moves in an update."""
    found = estimate(dpim__resident="layer")
    bits = 2 * (32 + 32) * sum(WEIGHTS)
    assert of_phase(whole, "update", "dram_bits") == 0.0
    assert of_phase(found, "update", "dram_bits") == bits
    narrow = estimate(
        dpim__resident="layer", formats__weight="int8", formats__gradient="int16",
        formats__moment="bf16", formats__master="int16",
    )  # fmt: skip
    bits = 2 * (8 + 16 + 16) * sum(WEIGHTS)  # no velocity is in the words of gradients
    assert of_phase(narrow, "update", "dram_bits") == bits
    for phase in ("forward", "backward", "gradient"):
        assert of_phase(found, phase, "dram_bits") == of_phase(whole, phase, "dram_bits")


def test_words_of_frozen_layers_come_and_do_not_go():
    frozen = {**SMALL, "training": {"batch": BATCH, "frozen": ["conv2"]}}
    kept, found = estimate(frozen), estimate(frozen, dpim__resident="layer")
    more = of_phase(found, "backward", "dram_bits") - of_phase(kept, "backward", "dram_bits")
    assert more == near((32 + 32) * WEIGHTS[1] / BATCH, rel=1e-6)
    moved = of_phase(found, "update", "dram_bits")
    assert moved == 2 * (32 + 32) * (WEIGHTS[0] + WEIGHTS[2])


def test_streamed_inputs_come_from_dram_for_each_block(whole):
    """Blocks of 8 of 128 outputs; 4 of the last layer are one block."""
    found = estimate(dpim__gradients="streamed")
    inputs = 15 * 8 * (8 * 8 * 16 + 8 * 8 * 128)
    more = of_phase(found, "gradient", "dram_bits") - of_phase(whole, "gradient", "dram_bits")
    assert more == inputs


def test_streamed_gradients_need_no_words_but_a_velocity_does(whole):
    """Without a velocity in them the arrays of gradients are gone."""
    with_velocity = estimate(dpim__gradients="streamed")
    apart = estimate(dpim__gradients="streamed", formats__moment="int16")
    names = [set(one.document["chip"]["area_by_part_m2"]) for one in (with_velocity, apart)]
    assert any("dpim/gradients" in part for part in names[0])
    assert not any("dpim/gradients" in part for part in names[1])
    assert with_velocity.area == near(whole.area, rel=1e-12)


def test_macros_that_share_lanes_take_turns(whole):
    """A layer's update takes four times what its lanes take, its rows are read meanwhile."""
    shared = estimate(dpim__macros_per_lanes=4)
    assert shared.area < whole.area
    one, four = (of_phase(e, "update", "latency_s") for e in (whole, shared))
    assert four == near(4 * one, rel=1e-6)


def test_copies_of_one_layer_share_its_vectors_and_leave_others(whole):
    chip = nr.chip("rebit").set("architecture.mapping", {"layers": [_copies("conv1", 4)]})
    found = nr.estimate(nr.network(SMALL), chip)
    rows = [
        e.layers[e.layers["phase"] == "gradient"].set_index("layer")["latency_s"]
        for e in (whole, found)
    ]
    assert rows[1]["conv1"] < 0.5 * rows[0]["conv1"]
    assert rows[1]["conv2"] == near(rows[0]["conv2"], rel=1e-6)
    everywhere = estimate(dpim__copies=4)
    assert whole.area < found.area < everywhere.area


def _copies(layer, copies):
    return {"layer": layer, "digital_copies": copies}


@pytest.mark.parametrize(
    ("chip", "copies", "told"),
    [("reram", 2, "is digital; leave it out"), ("rebit", 65, "take 64 or fewer")],
)
def test_copies_that_no_layer_can_have_are_refused(chip, copies, told):
    made = nr.chip(chip).set("architecture.mapping", {"layers": [_copies("conv1", copies)]})
    network = nr.network(SMALL)
    with pytest.raises(InputError, match=told):
        nr.estimate(network, made)


def test_pipelined_layers_have_words_of_their_own():
    with pytest.raises(InputError, match="take pipelining=none"):
        estimate(dpim__resident="layer", pipelining="maps")
    with pytest.raises(InputError, match="resident=all"):
        estimate(dpim__resident="layer", capacity__tiles=4)


def test_arrays_of_designs_are_their_points():
    grid = nr.sweep(
        nr.network(SMALL), nr.chip("rebit").set("architecture.dpim.resident", "layer"),
        {"architecture.dpim.macros_per_lanes": [1, 2, 4]},
    )  # fmt: skip
    areas = [estimate(dpim__resident="layer", dpim__macros_per_lanes=n).area for n in (1, 2, 4)]
    np.testing.assert_allclose(grid.frame["area [m2]"].to_numpy(), areas, rtol=1e-9)
