"""Mappings by integer programming: equal to trying every mapping, and billed as they claim."""

import itertools
import re

import numpy as np
import pytest
import yaml
from common import near

import neurorebit as nr
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.mapping import Chosen
from neurorebit.chips.parts.workload import Workload
from neurorebit.inputs.files import read_inputs
from neurorebit.inputs.settings import read_settings
from neurorebit.inputs.values import document_of
from neurorebit.layers.cuts import array_cuts
from neurorebit.schema import InputError, Setting
from neurorebit.studies.mapping.costs import Costs
from neurorebit.studies.mapping.mapped import mapped
from neurorebit.studies.request import Request
from neurorebit.studies.run import report_of


def tiny(rng):
    """A network of a convolution or two and a classifier, of random sizes."""
    side, channels = int(rng.integers(2, 4)), int(rng.choice([2, 4, 8]))
    layers = []
    for i in range(int(rng.integers(1, 3))):
        groups = int(rng.choice([1, channels])) if i else 1
        wide = channels * int(rng.integers(1, 3))
        layers.append(
            {"kind": "conv", "channels": wide, "kernel": 3, "padding": 1, "groups": groups}
        )
        channels = wide
    layers += [{"kind": "flatten"}, {"kind": "linear", "features": 10}]
    image = {"channels": 2, "height": side, "width": side}
    return document_of("network", {"name": "tiny", "input": image, "layers": layers})


def chip_of(rng, architecture):
    """Small arrays, so that layers take several of them, and keys that move the optimum."""
    section = {"rebit": "apim", "reram": "arrays"}.get(architecture, "inference_arrays")
    keys = {
        f"{section}.rows": int(rng.choice([16, 32])),
        f"{section}.cols": int(rng.choice([32, 64])),
        f"{section}.kernel_split": bool(rng.integers(2)),
        "vector_unit.lanes": int(rng.choice([64, 1024])),
        "transport.bus_bits": int(rng.choice([256, 2048])),
    }
    return [Setting(f"architecture.{key}", str(value).lower()) for key, value in keys.items()]


def every_entry(matmul):
    """All that can be asked of a layer: copies, kernels split, groups packed, a shared tile."""
    copies = [float(n) for n in range(1, matmul.vectors + 1)]
    split = [0.0, 1.0] if matmul.positions == 9 and matmul.groups == 1 else [0.0]
    packed = [0.0, 1.0] if matmul.groups > 1 else [0.0]
    return list(itertools.product(copies, split, packed, [0.0, 1.0]))


def tried(costs, area):
    """Of every mapping with room in the area: time and energy by the estimate."""
    entries = [every_entry(matmul) for matmul in costs.inputs.network.matmuls]
    every = np.array(list(itertools.product(*entries)))
    plan = costs.plan(Chosen(*np.moveaxis(every, -1, 0)))
    energy, time, common = costs.of_layers(plan, len(every))
    footprint = costs.design(plan).chip.footprint
    areas, watts = (np.ravel(bill.total) for bill in (footprint.area, footprint.leakage))
    room = areas <= area * (1.0 + 1e-9)
    seconds = (time.sum(axis=1) + common)[room]
    joules = energy.sum(axis=1)[room] + watts[room] * seconds
    return {"latency": seconds, "energy": joules, "edp": joules * seconds}


@pytest.mark.parametrize("seed", range(9))
def test_no_mapping_of_a_small_network_is_better(seed):
    """Every mapping is estimated; the integer programme finds the best, and proves it."""
    rng = np.random.default_rng(seed)
    architecture = ("inference_reram", "rebit", "reram")[seed % 3]
    inputs = read_inputs(tiny(rng), architecture, settings=chip_of(rng, architecture))
    work = "inference" if seed % 2 == 0 or not inputs.architecture.trains else "training"
    costs = Costs(inputs, work)
    area = costs.value(None)[0] * float(rng.choice([1.0, 1.02, 1.1]))
    objective = ("latency", "energy", "edp")[seed // 3 % 3]
    found = mapped(inputs, objective=objective, work=work, area=area, gap=1e-7)
    assert found.best.area <= area * (1.0 + 1e-9)
    assert found.best.of(objective) == near(tried(costs, area)[objective].min(), 1e-6)
    assert found.gap <= 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_no_mapping_of_a_pipeline_is_better(seed):
    """The time between images of every mapping, which the times of its layers add up to."""
    rng = np.random.default_rng(seed)
    architecture = ("inference_reram", "rebit", "reram")[seed]
    pipelined = Setting("architecture.pipelining", ("lines", "maps")[seed % 2])
    settings = [*chip_of(rng, architecture), pipelined]
    inputs = read_inputs(tiny(rng), architecture, settings=settings)
    costs = Costs(inputs, "inference")
    area = costs.value(None)[0] * float(rng.choice([1.02, 1.1]))
    found = mapped(inputs, objective="throughput", area=area, gap=1e-7)
    assert found.best.area <= area * (1.0 + 1e-9)
    assert found.best.throughput == near(tried(costs, area)["latency"].min(), 1e-6)


# --- what a mapping asks of a layer, by hand


def floorplan(name, *entries, **sets):
    """Of a shipped network on ``inference_reram``, with entries of a mapping."""
    text = yaml.safe_dump(list(entries), default_flow_style=True)
    settings = [Setting(f"architecture.inference_arrays.{key}", v) for key, v in sets.items()]
    inputs = read_inputs(
        name, "inference_reram", settings=[Setting("architecture.mapping.layers", text), *settings]
    )
    return Floorplan.of(Workload.of(inputs.network.stages).weighted, inputs.architecture)


def test_copies_take_tiles_of_their_own():
    """VGG11 on arrays of 128 x 128 in tiles of 512 x 512 cells; conv1, of 27 x 64, fits 64 times.

    4 PEs have 2 x 2 arrays each, an array takes one copy: 16 copies a tile without kernel split.
    """
    entries = (
        {"layer": "conv1", "copies": 5},
        {"layer": "conv2", "copies": 3},
        {"layer": "conv8", "copies": 2},
        {"layer": "linear1", "copies": 1},
    )
    plan = floorplan("vgg11", *entries)
    usual = floorplan("vgg11")
    assert usual.copies[0] == 16
    np.testing.assert_array_equal(plan.copies[[0, 1, 7, 8]], [5, 3, 2, 1])
    # five copies stand in the tile of one; conv2 fits four times; conv8 takes four tiles each
    np.testing.assert_array_equal(plan.tiles[[0, 1, 7, 8]], [1, 1, 8, 1])
    more = floorplan("vgg11", {"layer": "conv1", "copies": 33})
    assert more.tiles[0] == 3  # 16, 16 and 1


def test_time_of_a_layer_with_copies():
    """1024 vectors of conv1 in rounds of as many as there are copies, the last with fewer."""

    def arrays(copies):
        costs = Costs(mapped_inputs({"layer": "conv1", "copies": copies}), "inference")
        streams = costs.design(costs.plan(None)).phases["inference"].streams
        return np.broadcast_to(streams["arrays"].latency.total, (9,))[0]

    alone = arrays(1)
    for copies, rounds in ((3, 342), (10, 103), (100, 11), (1024, 1)):
        assert arrays(copies) == near(alone * rounds / 1024, 1e-9)


def test_energy_of_a_vector_does_not_depend_on_copies():
    """Of the arrays: each vector is read once, by one of the copies."""
    one, ten = (Costs(mapped_inputs({"layer": "conv1", "copies": n}), "inference") for n in (1, 10))
    first, second = (c.design(c.plan(None)).phases["inference"].macro.total for c in (one, ten))
    assert np.sum(first) == near(np.sum(second), 1e-12)


def mapped_inputs(*entries):
    text = yaml.safe_dump(list(entries), default_flow_style=True)
    settings = [Setting("architecture.mapping.layers", text)]
    return read_inputs("vgg11", "inference_reram", settings=settings)


def test_layers_share_a_tile():
    """linear1 of VGG11 takes 4 of the 16 arrays of a tile, conv1 one a copy: together one tile."""
    plan = floorplan(
        "vgg11",
        {"layer": "conv1", "copies": 12, "share_tile": True},
        {"layer": "linear1", "copies": 1, "share_tile": True},
    )
    np.testing.assert_allclose(plan.tile_shares[[0, 8]], [12 / 16, 4 / 16])


def test_kernels_that_are_left_whole():
    """conv5 of VGG11: 2304 x 512 cells unrolled take 5 x 1 tiles; kernel-split 1 x 2."""
    split = floorplan("vgg11")
    whole = floorplan("vgg11", {"layer": "conv5", "kernel_split": False})
    assert (split.tiles[4], whole.tiles[4]) == (2, 5)
    assert not whole.split[4]
    assert whole.split[5]


def test_training_cuts_as_the_mapping_says():
    """The rows of an array are those that the estimate has: 2304 rows in a row, not 9 times 256."""
    text = "[{layer: conv5, kernel_split: false}]"
    inputs = read_inputs("vgg11", "rebit", settings=[Setting("architecture.mapping.layers", text)])
    wishes = [None] * 9
    wishes[4] = False
    cuts = array_cuts(inputs.network.matmuls, 96, True, wishes)
    usual = array_cuts(inputs.network.matmuls, 96, True)
    assert cuts[4][2] == (192, 288)
    assert usual[4][2] == (192, 256)
    assert cuts[5] == usual[5]


# --- what comes of it


@pytest.fixture(scope="module")
def found():
    return nr.map_network("lenet5", "inference_reram", objective="edp")


def test_the_file_of_a_mapping_is_billed_as_it_claims(found, tmp_path):
    """Read back as a file of settings, by the whole way of an estimate."""
    path = found.save(tmp_path / "mapping.yaml")
    inputs = read_inputs("lenet5", "inference_reram", settings=read_settings(path))
    report = report_of(inputs, Request("lenet5", "inference_reram", train=False))
    phase = report["phases"]["inference"]
    assert report["chip"]["area_m2"] == near(found.best.area, 1e-9)
    assert phase["energy_J"] == near(found.best.energy, 1e-9)
    assert phase["latency_s"] == near(found.best.latency, 1e-9)
    copies = [layer["floorplan"]["copies"] for layer in report["layers"][:-1]]
    assert copies == [row["copies"] for row in found.rows]
    assert report["idle"] == []


def test_a_mapping_of_a_training_is_billed_as_it_claims():
    found = nr.map_network("mlp", "rebit", objective="energy", work="training")
    whole = nr.estimate("mlp", nr.chip("rebit").set(found.settings)).document["totals"]["image"]
    assert whole["energy_J"] == near(found.best.energy, 1e-9)
    assert whole["latency_s"] == near(found.best.latency, 1e-9)


def test_a_mapping_is_no_worse_than_the_chip_as_given(found):
    assert found.gain >= 1.0
    assert found.best.area <= found.before.area * (1 + 1e-9)
    assert found.bound <= found.best.edp
    assert "energy-delay product" in repr(found)
    assert list(found.frame.index) == ["conv1", "conv2", "linear1", "linear2", "linear3"]


def test_a_file_that_is_none_is_not_replaced(found, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("mine")
    with pytest.raises(InputError, match="no mapping that was written before"):
        found.save(path)
    assert path.read_text() == "mine"


def test_an_area_that_is_too_small_names_the_least():
    with pytest.raises(InputError, match=r"its least mapping takes [0-9.]+ mm2") as caught:
        nr.map_network("lenet5", "inference_reram", area="0.5 mm2")
    least = re.search(r"takes ([0-9.]+ mm2)", str(caught.value))[1]
    needed = float(least.split()[0])
    nr.map_network("lenet5", "inference_reram", area=f"{needed * 1.00001} mm2")
    with pytest.raises(InputError, match="no room"):
        nr.map_network("lenet5", "inference_reram", area=f"{needed * 0.9999} mm2")


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({"layer": "conv"}, "no layer of the network that stands in arrays has this name"),
        ({"layer": "conv1", "copies": 1025}, "1025 copies share the vectors of an image"),
        ({"layer": "linear1", "kernel_split": True}, "as many positions of its window as most"),
        ({"layer": "conv8", "share_tile": True}, "leaves no room in a tile"),
        ({"layer": "conv8", "pack_groups": True}, "the layer has one group"),
    ],
)
def test_entries_that_a_layer_cannot_have(entry, wrong):
    with pytest.raises(InputError, match=wrong):
        mapped_inputs(entry)


def test_a_layer_stands_once():
    with pytest.raises(InputError, match="given twice"):
        mapped_inputs({"layer": "conv1"}, {"layer": "conv1"})


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"objective": "speed"}, "expected one of latency, energy, edp, throughput"),
        ({"work": "training"}, "has no training"),
        ({"area": "3"}, "unit is missing"),
        ({"gap": -1.0}, "must be above 0"),
    ],
)
def test_what_cannot_be_asked(asked, wrong):
    with pytest.raises(InputError, match=wrong):
        nr.map_network("lenet5", "inference_reram", **asked)
