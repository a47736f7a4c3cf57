"""Training in cells that are programmed in blocks, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest
from oracle import blocks as plain
from oracle import cells as plain_cells
from small import LAYERS, SHAPE, linear_device, model_on, one_step

from neurorebit.chips.parts.blocks import Blocks
from neurorebit.kernels.blocks import Tally
from neurorebit.training import state
from neurorebit.training.model import activity_of
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import Written

RATE = 0.05
STEPS = 6  # of 3-bit weights, over a range


def on(bench, network, scheme, device, **keys):
    """A model on arrays of 16 rows and 8 columns: the classifier of 80 rows stands in five."""
    return model_on(bench, network, scheme, device, rows=16, cols=8, blocks=Blocks(**keys))


def in_place(bench, device, scheme="reram", **keys):
    network = bench.network(SHAPE, LAYERS, 3, momentum=0.0, weight_decay=0.0, adc="ideal")
    return on(bench, network, scheme, device, **keys)


def noisy(bench):
    device = bench.chip("reram")[1]
    varied = replace(device.variation, d2d=0.1, pulse_d2d="step_and_bounds", stuck_low=0.05)
    return replace(device, variation=varied)


@pytest.mark.parametrize(
    ("until", "others", "fine"),
    [("first", "disturbed", True), ("mean", "disturbed", False), ("last", "inhibited", True)],
)
def test_cells_get_the_pulses_of_their_block_then_their_own(bench, images, until, others, fine):
    """Two updates; each pass has noise of its own, and the activity is what was sent."""
    device, keys = noisy(bench), {"rows": 3, "until": until, "others": others, "fine": fine}
    model = in_place(bench, device, **keys)
    layer = model.matrices[-1]
    held, random = layer.weights, np.random.default_rng(2)
    one_step(model, images(4, SHAPE), np.arange(4) % 3)  # its converters see something
    cells = plain_cells.Cells(device, held.cells.weight.reshape(-1).tolist(), 1, 1)
    asked = [random.integers(-3, 4, held.site.shape).astype(np.int32) for _ in range(2)]
    held.cells.written.blocks, held.cells.written.updates = None, 0
    turns = []

    def plan(gradient, pulses, start, rate):
        pulses[...] = asked[len(turns)].reshape(-1)[start : start + pulses.size]

    held.plan = plan
    for step in (1, 2):
        held.update(*given(layer))
        wanted = asked[step - 1][0].tolist()
        sent, took = shared(held, wanted, 3, until=until, inhibited=others == "inhibited")
        left = (np.array(wanted) - np.array(sent)).tolist()
        cells.pulse(np.ravel(sent).tolist(), 2 * step)
        if fine:
            cells.pulse(np.ravel(left).tolist(), 2 * step + 1)
        then = shared(held, left, 1, until="first", inhibited=False)[1] if fine else {}
        turns.append((took, then))
    np.testing.assert_allclose(held.cells.weight.reshape(-1), cells.weights, rtol=1e-9, atol=1e-9)
    check_activity(layer, turns, device)


def given(layer):
    """Inputs and errors for the layer, which ``plan`` does not look at."""
    shape, out = layer.node.shape_in, layer.node.shape_out
    windows = Windows(np.ones((4, shape.height, shape.width, shape.channels)), 1.0, layer.node)
    return windows, np.ones((4, out.height, out.width, out.channels)), RATE


def shared(held, wanted, rows, *, until, inhibited):
    return plain.shared(
        wanted, held.site.cuts, rows, 1, drivers=None, array=8, until=until, inhibited=inhibited
    )


def check_activity(layer, turns, device):
    """Arrays of 16 rows have 6 groups of 3; the layer stands in five of them."""
    found, names = (
        activity_of(layer).blocks,
        ("openings", "slots", "open rows", "blocks", "cells", "pulses"),
    )
    counts = {1: device.pulses.levels_ltp, -1: device.pulses.levels_ltd}
    for of, way, groups, at in (
        (found.up, 1, 60, 0), (found.down, -1, 60, 0),
        (found.fine_up, 1, 160, 1), (found.fine_down, -1, 160, 1),
    ):  # fmt: skip
        total = {n: sum(turn[at].get((n, way), 0) for turn in turns) for n in names}
        step = STEPS / counts[way]
        assert of.openings == pytest.approx(total["openings"] / groups)
        assert of.slots == pytest.approx(total["slots"] * step / groups)
        assert of.open_rows == pytest.approx(total["open rows"] * step / groups)
        assert of.blocks == pytest.approx(total["blocks"] / (groups * 3))
        assert of.share == pytest.approx(total["cells"] / (2 * 240))
        assert of.share * of.levels == pytest.approx(total["pulses"] * step / (2 * 240))


@pytest.mark.parametrize("until", ["first", "mean", "last"])
def test_what_blocks_do_not_send_stays_in_the_residue(bench, images, until):
    """Straight curves without noise: what the cells moved and what is left are what was wanted."""
    device = linear_device(bench, levels=4000)
    model = in_place(bench, device, "mixed_precision", rows=4, cols=2, until=until, fine=False)
    layer = model.matrices[-1]
    held, seen = layer.weights, []
    held.consider = lambda gradient: seen.append(gradient.copy())
    x, labels = images(8, SHAPE), np.arange(8) % 3
    before = held.cells.weight.copy()
    for _ in range(3):
        one_step(model, x, labels, rate=RATE)
    moved = (held.cells.weight - before).reshape(-1)
    wanted = -RATE * np.sum(seen, axis=0).reshape(-1) / held.full
    assert np.abs(moved).max() > 0.0
    np.testing.assert_allclose(moved + held.residue, wanted, rtol=1e-6, atol=1e-12)


def following(bench, device, write, **keys):
    network = bench.network(SHAPE, LAYERS, 3, write=write, adc="ideal")
    return on(bench, network, "hybrid", device, **keys)


def levels_of(held):
    top = 3
    return np.clip(np.floor(held.real * top / held.full + 0.5), -top, top)


@pytest.mark.parametrize("keys", [{"rows": 2}, {"rows": 4, "until": "mean"}, {"drivers": 2}])
def test_single_cells_after_blocks_are_at_their_levels(bench, images, keys):
    """But where a block led a cell beyond the end of its range, from where it came back too far."""
    model = following(bench, linear_device(bench, levels=600), "pulses", **keys)
    for _ in range(3):
        one_step(model, images(8, SHAPE), np.arange(8) % 3)
    for layer in model.matrices:
        held = layer.weights
        np.testing.assert_array_equal(held.levels, levels_of(held))
        inner = np.abs(held.levels) < 3
        np.testing.assert_allclose(held.analog[inner], held.levels[inner] / 3, atol=1e-6)
        assert held.written.blocks is not None


def test_verified_cells_are_within_tolerance_though_blocks_disturb_them(bench, images):
    device = linear_device(bench, levels=600)
    device = replace(device, pulses=replace(device.pulses, c2c=0.002))
    model = following(bench, device, "verify", rows=4, until="last")
    for _ in range(3):
        one_step(model, images(8, SHAPE), np.arange(8) % 3)
    held = model.matrices[0].weights
    np.testing.assert_array_equal(held.levels, levels_of(held))
    assert np.abs(held.analog - held.levels / 3).max() <= 0.25 / 3 + 1e-6
    assert activity_of(model.matrices[0]).blocks.fine_up is None
    assert held.written.reads >= held.written.blocks[0, Tally.CELLS_UP] > 0


def test_without_fine_pulses_the_controller_knows_the_levels_it_reached(bench, images):
    model = following(bench, linear_device(bench, levels=600), "pulses", rows=4, fine=False)
    one_step(model, images(8, SHAPE), np.arange(8) % 3)
    for layer in model.matrices:
        held = layer.weights
        assert np.abs(held.analog - held.levels / 3).max() <= 0.5 / 3 + 1e-6
        assert np.any(held.levels != levels_of(held))


def test_counts_of_trains_are_kept_in_checkpoints(bench, images):
    model = in_place(bench, linear_device(bench), rows=2)
    one_step(model, images(4, SHAPE), np.arange(4) % 3)
    written, other = model.matrices[0].weights.written, Written()
    state.restore({"written": other}, state.capture({"written": written}))
    np.testing.assert_array_equal(other.blocks, written.blocks)
