"""All-ReRAM chips against assembly checks and whole-chip figures of the reference tool.

Those figures are of DNN+NeuroSim V2.1: its floorplan and its vectors (no padding) are given to our
chip, what it has otherwise is said where a bound is wide.
"""

from dataclasses import replace

import numpy as np
import pytest
from common import made_up, near

from neurorebit.chips.in_place.phases import InPlacePhases
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.floorplan import Floorplan
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.packing import Packing
from neurorebit.chips.parts.workload import VectorLoad, Workload
from neurorebit.estimation.design import design
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.layers.base import ROUND_ERROR, ROUND_RESULT
from neurorebit.layers.pooling import COMBINE

EPOCH = 50_000.0  # images


def workload(channels, outputs, kernels, sides, pooled):
    """Matrix layers without padding, batch norm or groups, each with a rectifier."""
    channels, outputs, kernels, sides = (
        np.array(values, float) for values in (channels, outputs, kernels, sides)
    )
    vectors, positions, inputs = (sides - kernels + 1.0) ** 2, kernels**2, sides**2 * channels
    results = outputs * vectors
    outgoing = np.where(pooled, results / 4.0, results)
    sends = np.where(np.arange(len(channels)) == 0, 0.0, 1.0)
    return Workload(
        channels * positions,
        outputs,
        np.ones_like(channels),
        vectors,
        positions=positions,
        window_height=kernels,
        inputs=inputs,
        outgoing=outgoing,
        sends_error=sends,
        forward=VectorLoad(
            ((ROUND_RESULT, results), (COMBINE, results - outgoing)), ((1.0, results),)
        ),
        backward=VectorLoad(((ROUND_ERROR, sends * inputs),)),
        inference=VectorLoad(((ROUND_RESULT, results), (COMBINE, results - outgoing))),
        maps=(),
    )


def floorplan(work, side):
    """Of 128 x 128 arrays; kernel-split layers have 3 x 3 positions and fill an array."""
    return Floorplan(
        work,
        (work.positions == 9.0) & (work.rows >= 128.0),
        128,
        128,
        cells_per_weight=1.0,
        common_positions=9.0,
        split_positions=9.0,
        split_side=side,
        pe_side=side,
        tile_side=2.0 * side,
        packing=Packing(1.0, 8.0, 8.0),
    )


def chip_inputs(*choices):
    settings = [parse_setting(f"architecture.{choice}") for choice in choices]
    return read_inputs("vgg8", "reram", settings=settings)


def work_of(inputs, plan, density, batch=200.0):
    count = len(plan.workload.rows)
    activity = Measured.of(made_up(inputs.network, 8))
    cut = {
        name: getattr(activity, name)[:count]
        for name in activity.__dataclass_fields__
        if name not in ("planes", "counts", "fast", "blocks")
    }
    activity = Measured(planes=(np.full(count, density),), **cut)
    found = design(
        plan.workload, inputs.architecture, inputs.technology, inputs.device,
        activity=activity, batch=batch, plan=plan, training=inputs.network.training,
    )  # fmt: skip
    return found, InPlacePhases(found.chip, activity, batch, Learning(1, 2, 2, momentum=True))


# --- section 16: three layers, 4-bit activations, 5-bit weights


@pytest.fixture(scope="module")
def small():
    inputs = chip_inputs("input_bits=4", "weight_bits=5", "arrays.cell_bits=5")
    work = workload([32, 256, 1024], [256, 256, 10], [3, 3, 1], [14, 14, 1], [False, True, False])
    plan = floorplan(work, 256.0)
    return work_of(inputs, plan, 0.2)


def test_tiles_copies_and_grid(small):
    found, _ = small
    plan, tree = found.chip.plan, found.chip.tree
    assert list(plan.tiles) == [1, 1, 2]
    assert list(plan.copies) == [2, 1, 4]
    assert (tree.rows.item(), tree.cols.item()) == (2, 2)


def test_bits_on_the_way_of_the_first_layer(small):
    """Xo 55296 to the tiles, Yi 147456 back, wires of a tile's tree 384."""
    found, work = small
    forward = work.forward().streams
    buffer = found.chip.buffer
    moved = buffer.read(55296.0).energy.total + buffer.write(147456.0).energy.total
    assert forward["buffer"].energy.total[0] == near(moved, rel=1e-12)
    assert found.chip.split_tile.tree_width == 384


def test_gradients_of_the_first_layer_on_their_way_to_memory(small):
    """589824 bits, 8 a weight, take 288 ns from a stack of 2.048 Tbit/s."""
    found, work = small
    assert found.chip.workload.weights[0] * 8.0 == 589824
    assert work.chip.dram.transfer(589824.0).latency.total == near(288.0e-9, rel=1e-9)


# --- section 17: VGG-8, 64-level flash converters, 100 kohm, 20 % ones, one cell of 5 bits a weight


VGG8 = (
    "arrays.adc=flash", "arrays.adc_bits=6", "arrays.back_adc_bits=6", "weight_bits=5",
    "arrays.cell_bits=5",
)  # fmt: skip


@pytest.fixture(scope="module")
def vgg8():
    inputs = chip_inputs(*VGG8)
    work = workload(
        [3, 128, 128, 256, 256, 512, 8192, 1024], [128, 128, 256, 256, 512, 512, 1024, 10],
        [3] * 6 + [1] * 2, [32, 32, 16, 16, 8, 8, 1, 1],
        [False, True, False, True, False, True, False, False],
    )  # fmt: skip
    plan = floorplan(work, 512.0)
    return work_of(inputs, plan, 0.2)


def area(found, *parts):
    items = found.chip.footprint.area.items
    return sum(float(np.sum(a)) for part, a in items.items() if any(p in part for p in parts))


def test_the_floorplan_of_vgg8(vgg8):
    plan = vgg8[0].chip.plan
    assert list(plan.tiles) == [1, 1, 1, 1, 1, 1, 8, 1]
    assert list(plan.copies) == [64, 16, 8, 4, 2, 1, 1, 8]
    by_tile = np.sum(plan.tiles * plan.copies * plan.utilization) / np.sum(plan.tiles)
    assert by_tile == pytest.approx(0.88594, abs=1e-5)


def test_the_cells_of_vgg8_take_a_third_of_a_square_millimetre(vgg8):
    assert area(vgg8[0], "reram/array") == near(0.365e-6, rel=1e-3)


def test_the_converters_of_vgg8(vgg8):
    """A column or row at a time is converted: energy of an image is that of its conversions."""
    found, _ = vgg8
    macro, plan, w = found.chip.macro, found.chip.plan, found.chip.workload
    readout = macro.readout
    one = readout.converters.adc.convert().energy.total / readout.units
    columns = w.cols * macro.cells_per_weight * plan.array_rows
    count = np.sum(w.vectors * macro.input_bits * columns)
    items = found.phases["forward"].macro.items
    billed = sum(np.sum(e) for part, e in items.items() if part.endswith("/readout/converters/adc"))
    assert billed == near(count * one, rel=1e-9)


def test_additions_are_adders_less_one_for_each_sum(vgg8):
    """Forward V N (arrays down - 1); back V C (kernel positions times arrays across) terms are
    added to as many sums as the map has values, more than V C where there is no padding.
    """
    found, _ = vgg8
    w, plan, chip = found.chip.workload, found.chip.plan, found.chip
    tile = chip.whole_tile
    there = w.vectors * w.cols * (plan.array_rows - 1.0)
    back = w.vectors * w.channels * w.positions * plan.array_cols - w.inputs
    for phase, count, bits in (
        ("forward", there, chip.sum_bits),
        ("backward", back, chip.back_sum_bits),
    ):
        streams = found.phases[phase].streams["tiles"].energy.items
        expected = tile.add(count, bits).energy.total * (w.sends_error if phase != "forward" else 1)
        assert streams["tile/adder_tree"] == near(expected, rel=1e-12)


def test_energies_scale_with_the_vectors(vgg8):
    """Twice the vectors, twice the arrays' energy; nothing is counted per image alone."""
    found, _ = vgg8
    w = found.chip.workload
    plan = replace(found.chip.plan, workload=replace(w, vectors=2.0 * w.vectors))
    inputs = chip_inputs(*VGG8)
    more, _ = work_of(inputs, plan, 0.2)
    for phase in ("forward", "backward"):
        few, many = (np.sum(f.phases[phase].macro.total) for f in (found, more))
        assert many == near(2.0 * few, rel=1e-12)
