"""Chips of given size: which layers are swapped, and what writing them costs, by hand."""

import itertools

import numpy as np
import pytest
from common import near

import neurorebit as nr
from neurorebit.chips.parts.capacity import laid_out, swapped
from neurorebit.schema import InfeasibleError, InputError

IMAGES = 16


def estimated(chip, network="vgg11", **keys):
    made = nr.chip(chip)
    for key, value in keys.items():
        made = made.set(f"architecture.capacity.{key}", value)
    return nr.estimate(network, made)


@pytest.fixture(scope="module")
def whole():
    return estimated("inference_reram").document


@pytest.fixture(scope="module")
def small():
    return estimated("inference_reram", tiles=13, images=IMAGES).document


def tiles(counts, mask):
    """Of each kind those of layers that stay, and the most that a swapped one takes."""
    kept = [sum(n for n, out in zip(row, mask, strict=True) if not out) for row in counts]
    region = [
        max((n for n, out in zip(row, mask, strict=True) if out), default=0) for row in counts
    ]
    return sum(np.ceil(kept)) + sum(np.ceil(region))


@pytest.mark.parametrize("seed", range(6))
def test_few_weights_are_swapped_and_the_chip_has_room(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 9, (2, 6)).astype(float)
    weights = counts.sum(axis=0) * 10.0 + rng.random(6)
    most = float(rng.integers(int(tiles(counts, np.ones(6))), int(counts.sum()) + 1))
    found = swapped(counts, weights, most)
    assert tiles(counts, found) <= most
    assert float(np.sum(laid_out(counts, found))) == tiles(counts, found)
    fitting = [
        weights @ np.array(mask)
        for mask in itertools.product((0.0, 1.0), repeat=6)
        if tiles(counts, mask) <= most
    ]
    assert weights @ found <= min(fitting) + 2.0 * weights.max()
    assert (most < counts.sum()) == bool(found.any())


def test_a_chip_without_room_for_its_largest_layer_is_refused():
    assert swapped(np.array([[3.0, 5.0, 2.0]]), np.ones(3), 4.0) is None
    with pytest.raises(InfeasibleError, match="largest layer, which takes 5 tiles"):
        estimated("inference_reram", tiles=4)


def test_the_three_largest_layers_take_turns(whole, small):
    """Of 19 tiles conv6 to conv8 take four each: a region of four is left for them, and 7 stay."""
    of = {layer["name"]: layer for layer in whole["layers"]}
    taken = {name: of[name]["floorplan"]["parts"]["tile"]["tiles"] for name in ("conv6", "conv8")}
    assert taken == {"conv6": 4.0, "conv8": 4.0}
    found = small["capacity"]
    assert found["swapped"] == ["conv6", "conv7", "conv8"]
    assert (found["tiles"], found["tiles_of_all_layers"]) == (19 - 3 * 4 + 4, 19)
    assert small["chip"]["counts"]["tile"]["tiles"] == 11
    assert sum(layer["area_m2"] for layer in small["layers"]) == near(small["chip"]["area_m2"])
    assert found["writes_per_cell_and_image"] == near(1.0 / IMAGES)


def test_a_swap_costs_what_programming_the_layer_does(whole, small):
    """Its energy and DRAM traffic, and the time of the slowest layer to be written."""
    once = {layer["name"]: layer["phases"]["programming"] for layer in whole["layers"]}
    leakage = whole["chip"]["leakage_W"]
    moved = small["capacity"]["swapped"]
    joules = sum(once[name]["energy_J"] - leakage * once[name]["latency_s"] for name in moved)
    common = once["chip"]["latency_s"]
    seconds = sum(once[name]["latency_s"] for name in moved)
    # its way over the tree is as long as the tree of the smaller chip: energy and time of it differ
    assert small["capacity"]["reload_energy_J"]["inference"] == near(joules / IMAGES, rel=2e-2)
    expected = (seconds + 3.0 * common) / IMAGES
    assert small["capacity"]["reload_s"]["inference"] == near(expected, rel=1e-2)
    slow = {layer["name"]: layer["phases"]["inference"] for layer in small["layers"]}
    assert {slow[name]["slowest_stream"] for name in moved} == {"reload"}
    assert slow["conv1"]["slowest_stream"] != "reload"


def test_maps_that_live_while_a_layer_is_swapped_go_to_dram(small):
    """Those that enter conv6, conv7 and conv8, of 512 channels, once there and once back."""
    maps = 8 * 512 * (4 * 4 + 2 * 2 + 2 * 2)
    image, result = 8 * 3 * 32 * 32, 8 * 10
    weights = 3 * 3 * (9 * 512 * 512)  # of 3 bits, in three layers
    bits = image + result + 2 * maps + weights / IMAGES
    assert small["totals"]["inference"]["dram_energy_J"] == near(3.9e-12 * bits)
    alone = estimated("inference_reram", tiles=13, images=1).document
    bits = image + result + weights  # maps of one image stay on the chip
    assert alone["totals"]["inference"]["dram_energy_J"] == near(3.9e-12 * bits)


def test_a_training_loads_a_layer_before_either_pass():
    """Both passes of an SRAM chip read the same cells: they are written twice for a batch."""
    made = estimated("sram", tiles=70).document
    once = {layer["name"]: layer["phases"]["programming"] for layer in made["layers"]}
    moved, batch = made["capacity"]["swapped"], 64
    leakage = made["chip"]["leakage_W"]
    joules = sum(once[n]["energy_J"] - leakage * once[n]["latency_s"] for n in moved)
    found = made["capacity"]["reload_energy_J"]
    assert found["forward"] == near(joules / batch)
    assert found["backward"] == near(joules / batch)


def test_words_of_a_hybrid_chip_come_and_go():
    """Words of 32 bits with the errors of a batch, and back when they are updated."""
    whole, made = estimated("rebit").document, estimated("rebit", tiles=102).document
    weights = 9 * 512 * 512 * len(made["capacity"]["swapped"])
    more = {
        name: made["phases"][name]["dram_energy_J"] - whole["phases"][name]["dram_energy_J"]
        for name in ("forward", "backward", "gradient")
    }
    assert more["forward"] == near(3.9e-12 * 3 * weights / 64)
    assert more["backward"] == near(3.9e-12 * 2 * 32 * weights / 64)
    assert more["gradient"] == 0.0


@pytest.mark.parametrize(
    ("chip", "keys", "wrong"),
    [
        ("inference_reram", {}, None),
        ("inference_reram", {"images": 5}, "give tiles or area"),
        ("inference_reram", {"tiles": 9, "area": "3 mm2"}, "give tiles or area"),
        ("reram", {"tiles": 9}, "keeps weights in cells alone"),
    ],
)
def test_what_does_not_fit_is_refused(chip, keys, wrong):
    if wrong is None:
        assert "capacity" not in estimated(chip).document
        return
    with pytest.raises(InputError, match=wrong):
        estimated(chip, **keys)


def test_an_area_holds_as_many_tiles_as_have_room():
    area = 5e-6
    found = estimated("inference_reram", area="5 mm2").document
    assert found["chip"]["area_m2"] <= area
    more = estimated("inference_reram", tiles=found["capacity"]["tiles"] + 3).document
    assert (
        more["chip"]["area_m2"] > area
        or more["capacity"]["swapped"] == found["capacity"]["swapped"]
    )


def test_a_sweep_of_sizes_equals_its_points():
    sizes = (3, 9, 13, 30)
    grid = nr.sweep(
        "vgg11", "inference_reram", {"architecture.capacity.tiles": sizes}, progress=False
    ).frame
    assert "too small" in grid["reason"][0]
    for row, size in enumerate(sizes[1:], 1):
        one = estimated("inference_reram", tiles=size).document
        assert grid["area [m2]"][row] == near(one["chip"]["area_m2"])
        total = one["totals"]["inference"]
        assert grid["inference energy [J/image]"][row] == near(total["energy_J"])
        assert grid["inference latency [s/image]"][row] == near(total["latency_s"])
