"""Schemes of holding weights beside the hybrid one (docs/models/schemes.md)."""

from dataclasses import replace

import numpy as np
import pytest
import small
from oracle import naive
from small import CONV, EXACT, LAYERS, SHAPE, linear_device, model_on, one_step, vectors

from neurorebit.schema import InputError
from neurorebit.schemes.table import SCHEMES
from neurorebit.schemes.tiki_taka.keys import TikiTaka
from neurorebit.training.model import Model, activity_of
from neurorebit.training.parts import product
from neurorebit.training.parts.conversion import Conversion
from neurorebit.training.parts.product import Windows

IN_PLACE = ("reram", "mixed_precision", "tiki_taka", "manhattan")


# --- arrays that are read backwards


@pytest.mark.parametrize("layer", [CONV, {**CONV, "kernel": 2, "stride": 2, "padding": 0}])
def test_rows_read_errors_through_one_converter_for_each_array(bench, layer):
    """Partial sums over the columns of an array, as codes, added up; then where windows overlap.

    Each vector of errors is brought below 1 by a power of two first.
    """
    network = bench.network(SHAPE, [layer, *LAYERS[1:]], 3)
    node, rng = network.matrices[0], np.random.default_rng(3)
    matrix = rng.normal(size=(1, node.matmul.rows, 5))
    dy = rng.normal(size=(2, node.shape_out.height, node.shape_out.width, 5))
    dy *= 10.0 ** rng.uniform(-3, 3, (*dy.shape[:3], 1))
    sizes = 2.0 ** (np.floor(np.log2(np.abs(dy).max(axis=3))) + 1)
    x, dx, cuts, step, top = np.zeros((2, *SHAPE)), np.empty((2, *SHAPE)), [(0, 3), (3, 5)], 0.7, 3
    windows = Windows(x, 1.0, node)
    conversion = Conversion(cuts=cuts, steps=(step,), top=top, measured=True)
    given = {"workers": bench.workers, "scale": 2.0, "conversion": conversion}
    power = product.read_back(dy, matrix, windows, dx, **given)
    want, squares = np.zeros(x.shape), []
    for image, y, z, row in np.ndindex(*dy.shape[:3], node.matmul.rows):
        (_, wide), stride, (above, _, before, _), _ = node.window
        ky, kx, c = row // 6 // wide, row // 6 % wide, row % 6
        at = (y * stride[0] - above + ky, z * stride[1] - before + kx)
        if not (0 <= at[0] < SHAPE[0] and 0 <= at[1] < SHAPE[1]):
            continue
        for left, right in cuts:
            size = sizes[image, y, z]
            partial = float(dy[image, y, z, left:right] @ matrix[0, row, left:right]) / size
            squares.append(partial**2)
            want[(image, *at, c)] += 2.0 * size * step * naive.adc(partial, step, top)
    np.testing.assert_allclose(dx, want, rtol=1e-9)
    assert power == pytest.approx(np.mean(squares))


@pytest.mark.parametrize("weights", ["reram", "mixed_precision", "manhattan", "tiki_taka"])
def test_in_place_both_passes_see_the_same_noisy_cells(bench, images, weights):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    model = bench.model(network, weights)
    held, windows, dy = vectors(model, images(2, SHAPE))
    matrix = held.cells.weight * held.full
    out, dx = np.empty(dy.shape), np.empty(windows.map.shape)
    held.mvm(windows, out, learning=True)
    held.mtvm(dy, windows, dx)
    x = windows.map / 255
    np.testing.assert_allclose(out, naive.convolution(x, matrix, 3, 1, 1, 1), atol=1e-12)
    np.testing.assert_allclose(dx, naive.convolution_back(dy, x, matrix, 3, 1, 1, 1)[0], atol=1e-12)


@pytest.mark.parametrize("weights", ["reram", "reram_mapped"])
@pytest.mark.parametrize("bits", [8, "fp32"])
def test_errors_that_shrink_are_read_as_well_as_before(bench, images, weights, bits):
    """Arrays see codes below 1: their converters keep the range that was found first."""
    network = bench.network(SHAPE, LAYERS, 3, calibration_steps=1)
    layer = bench.model(network, weights, error_bits=bits).matrices[1]
    shape, rng = layer.node.shape_in, np.random.default_rng(6)
    x, dy = images(64, (shape.height, shape.width, shape.channels)), rng.normal(size=(64, 1, 1, 3))
    seen = small.less_references(layer.weights, back=True)
    for size in (1.0, 1e-4, 1e3):
        errors = size * dy
        layer.forward((x,), learning=True)
        (dx,) = layer.backward(errors.copy(), rate=0.0)
        found, want = dx.reshape(64, -1), size * dy.reshape(64, 3) @ seen.T * layer.weights.full
        assert np.std(found - want) < 0.2 * np.std(want)


@pytest.mark.parametrize("weights", ["reram", "reram_mapped"])
def test_errors_of_one_image_are_read_as_well_as_those_of_another(bench, images, weights):
    """Of orders apart in one batch: none is dropped for being small, none clipped for the rest."""
    network = bench.network(SHAPE, LAYERS, 3, calibration_steps=1)
    layer = bench.model(network, weights, error_bits="fp32").matrices[1]
    shape, rng = layer.node.shape_in, np.random.default_rng(6)
    x, dy = images(64, (shape.height, shape.width, shape.channels)), rng.normal(size=(64, 1, 1, 3))
    dy *= 10.0 ** rng.uniform(-4, 1, (64, 1, 1, 1))
    seen = small.less_references(layer.weights, back=True)
    layer.forward((x,), learning=True)
    (dx,) = layer.backward(dy.copy(), rate=0.0)
    want = dy.reshape(64, 3) @ seen.T * layer.weights.full
    off = np.std(dx.reshape(64, -1) - want, axis=1) / np.std(want, axis=1)
    assert np.median(off) < 0.2
    assert off.max() < 0.5


def test_mapped_weights_send_errors_back_through_the_arrays_and_keep_a_digital_copy(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    model = bench.model(network, "reram_mapped", d2d=0.3, c2c=0.3)
    held, windows, dy = vectors(model, images(2, SHAPE))
    dx = np.empty(windows.map.shape)
    held.mtvm(dy, windows, dx)
    matrix = small.less_references(held, back=True)[None] * held.full
    want = naive.convolution_back(dy, windows.map / 255, matrix, 3, 1, 1, 1)[0]
    np.testing.assert_allclose(dx, want, atol=1e-12)
    real = held.real.copy()
    held.update(windows, dy, 1e-6)
    assert 0 < np.abs(held.real - real).max() < 1e-3


def test_in_place_cells_can_be_read_as_levels(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", read="levels")
    held, windows, dy = vectors(bench.model(network, "reram"), images(2, SHAPE))
    levels = [naive.level(w, 1.0, 3) for w in held.cells.weight.ravel()]
    matrix = np.reshape(levels, held.cells.weight.shape) / 3 * held.full
    out = np.empty(dy.shape)
    held.mvm(windows, out, learning=True)
    want = naive.convolution(windows.map / 255, matrix, 3, 1, 1, 1)
    np.testing.assert_allclose(out, want, atol=1e-12)


# --- learning in place


def test_in_place_on_ideal_cells_of_many_pulses_is_sgd(bench, images):
    """NL = 0, no noise, large P; momentum and decay as in software."""
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal", level_range=6.0, clip_percentile=100.0)
    software = bench.model(network)
    chip = model_on(bench, network, "reram", linear_device(bench, 100_000), **EXACT)
    start = [m.weights.real.copy() for m in software.matrices]
    x, labels = images(24, SHAPE), np.arange(24) % 3
    for _ in range(15):
        ours, theirs = (one_step(m, x, labels, rate=0.02) for m in (chip, software))
        assert ours == pytest.approx(theirs, abs=0.01)
    for a, b, zero in zip(software.matrices, chip.matrices, start, strict=True):
        learned = a.weights.real - zero
        cells = b.weights.cells.weight * b.weights.full - zero
        assert np.linalg.norm(cells - learned) < 0.02 * np.linalg.norm(learned)


def test_mixed_precision_loses_nothing(bench, images):
    """Cells and residue together move by the sum of -rate v; linear cells."""
    network = bench.network(SHAPE, LAYERS, 3, level_range=6.0)
    model = model_on(bench, network, "mixed_precision", linear_device(bench, 300))
    x, labels = images(12, SHAPE), np.arange(12) % 3
    held = [layer.weights for layer in model.matrices]
    start = [h.cells.weight.copy() for h in held]
    wanted = [0.0, 0.0]
    for step in range(12):
        rate = 0.05 / (1 + step)
        one_step(model, x, labels, rate)
        wanted = [
            w - rate * h.velocity.reshape(h.cells.weight.shape) / h.full
            for w, h in zip(wanted, held, strict=True)
        ]
    for h, zero, want in zip(held, start, wanted, strict=True):
        moved = h.cells.weight - zero + h.residue.reshape(zero.shape)
        np.testing.assert_allclose(moved, want, atol=1e-12)
        assert np.abs(h.residue).max() < h.cells.physics.granule
        assert h.written.sets > 0
        assert h.written.resets > 0


def test_manhattan_moves_every_cell_by_a_pulse_against_its_gradient(bench, images):
    network = bench.network(SHAPE, LAYERS, 3, level_range=6.0)
    held, windows, dy = vectors(
        model_on(bench, network, "manhattan", linear_device(bench, 100)), images(2, SHAPE)
    )
    before = held.cells.weight.copy()
    held.update(windows, dy, 0.1)
    gradient = naive.convolution_back(dy, windows.map / 255, before, 3, 1, 1, 1)[1]
    np.testing.assert_allclose(held.cells.weight - before, -np.sign(gradient) * 0.02, atol=1e-12)
    least = replace(network, training=replace(network.training, threshold=1.0))
    held, windows, dy = vectors(
        model_on(bench, least, "manhattan", linear_device(bench, 100)), images(2, SHAPE)
    )
    held.update(windows, dy, 0.1)
    moved = held.cells.weight != before
    np.testing.assert_array_equal(moved, np.abs(gradient) > np.mean(gradient**2) ** 0.5)


@pytest.mark.parametrize(
    ("layer", "every", "rounds"), [(0, 47, 1), (0, 11, 4), (1, 2, 1), (1, 1, 2)]
)
def test_tiki_taka_moves_the_fast_array_against_the_gradient_and_the_slow_one_after_it(
    bench, images, layer, every, rounds
):
    """The fast array's mean change is -rate g; what rows hold goes to memory, then by pulses.

    Of n rounds the first read finds 1 / n of the batch, the last all: (n + 1) / 2 batches together.
    """
    network = bench.network(
        SHAPE, LAYERS, 3, adc="ideal", level_range=6.0, momentum=0.0, batch=160,
        tiki_taka=TikiTaka(pulses=400.0, rate=0.5, transfer_every=every),
    )  # fmt: skip
    model = model_on(bench, network, "tiki_taka", linear_device(bench, 100_000))
    node, held = model.matrices[layer].node, model.matrices[layer].weights
    shape = node.shape_in
    x = images(160, (shape.height, shape.width, shape.channels))
    out = node.shape_out
    dy = np.random.default_rng(4).normal(0.7, 1, (160, out.height, out.width, out.channels))
    windows, before = Windows(x, 1 / 255, node), held.cells.weight.copy()
    held.update(windows, dy, 0.05)
    assert held.rounds == rounds
    gradient = np.empty(before.shape)
    product.outer(windows, dy, gradient, bench.workers)
    fast = (held.fast.weight.ravel() - held.reference.weight).reshape(before.shape)

    def slope(change):
        return np.sum(change * gradient) / np.sum(gradient**2)

    worth = min(400.0 * rounds, windows.vectors) / held.largest * held.fast.physics.granule
    assert slope(fast) == pytest.approx(-worth, rel=0.12)
    gain = 0.05 * 0.5 / (worth * held.full)
    sent = (held.cells.weight - before).ravel()
    assert np.abs(sent).max() > 0
    came = (held.hidden + sent).reshape(before.shape) / gain
    if rounds == 1:
        np.testing.assert_allclose(came, fast, atol=1e-9 / gain)
    assert slope(came) == pytest.approx(-worth * (rounds + 1) / 2, rel=0.12)


@pytest.mark.parametrize("layer", [0, 1])
def test_tiki_taka_goes_on_reading_where_a_batch_has_no_errors(bench, images, layer):
    """As behind a network that has learned all of it; nor are there pulses without inputs."""
    network = bench.network(SHAPE, LAYERS, 3, adc="ideal")
    held = bench.model(network, "tiki_taka").matrices[layer].weights
    shape, out = held.site.node.shape_in, held.site.node.shape_out
    x = images(8, (shape.height, shape.width, shape.channels))
    dy = np.random.default_rng(4).normal(size=(8, out.height, out.width, out.channels))
    held.update(Windows(x, 1 / 255, held.site.node), dy, 0.05)
    before, pulses, seen = held.fast.weight.copy(), held.fast.writes.sum(), held.hidden.copy()
    for seen_x, seen_dy in ((x, 0 * dy), (0 * x, dy)):
        held.update(Windows(seen_x, 1 / 255, held.site.node), seen_dy, 0.05)
    assert held.rounds >= 3
    np.testing.assert_array_equal(held.fast.weight, before)
    assert held.fast.writes.sum() == pulses > 0
    assert np.any(held.hidden != seen)


@pytest.mark.parametrize("layer", [0, 1])
def test_a_pulse_of_tiki_taka_is_worth_as_much_after_a_shorter_batch(
    bench, images, monkeypatch, layer
):
    """But for the running range of the products; and a step tells of each cell once."""
    network = bench.network(SHAPE, LAYERS, 3, batch=64)
    model = bench.model(network, "tiki_taka")
    worth, entry = [], type(model.matrices[0].weights)
    whole = entry._round

    def told(self, sums, times, turn):
        worth.append(turn.worth / self.largest)
        return whole(self, sums, times, turn)

    monkeypatch.setattr(entry, "_round", told)
    held = model.matrices[layer].weights
    shape, out = held.site.node.shape_in, held.site.node.shape_out
    for count in (64, 64, 7):
        x = images(count, (shape.height, shape.width, shape.channels))
        dy = np.random.default_rng(4).normal(size=(count, out.height, out.width, out.channels))
        held.update(Windows(x, 1 / 255, held.site.node), dy, 0.05)
    assert worth == pytest.approx([worth[0]] * len(worth))
    layer_seen = model.matrices[layer].seen
    layer_seen.pairs = layer_seen.errors = 1
    found = activity_of(model.matrices[layer])
    cells = held.cells.weight.size * held.written.updates
    assert found.set_fraction <= 1 >= found.reset_fraction
    assert found.set_fraction * found.set_levels == pytest.approx(held.written.set_steps / cells)
    assert (found.fast.ups + found.fast.downs) * cells == pytest.approx(np.sum(held.fast.writes))
    rows, counts = held.site.shape[0] * held.site.shape[1], (64, 64, 7)
    read = [
        np.prod(held.site.training.tiki_taka.turns(n * out.height * out.width, rows))
        for n in counts
    ]
    assert found.fast.reads * rows * 3 == pytest.approx(sum(read))


def test_pulses_too_small_to_be_told_are_refused(bench):
    """A curve that starts flat: single pulses would never move a cell of float32."""
    network, device = bench.network(SHAPE, LAYERS, 3), linear_device(bench)
    for key, label in (("nonlinearity_ltp", -8.5), ("nonlinearity_ltd", 8.5)):
        steep = replace(device, pulses=replace(device.pulses, **{key: label}))
        with pytest.raises(InputError, match=f"pulses.{key}: the first pulse .* nearer to 0"):
            Model(
                network, bench.chip("reram")[0], steep, scheme=SCHEMES["reram"], seed=1,
                workers=bench.workers, dtype=np.float32,
            )  # fmt: skip
    for label in (-4.88, 4.88):
        steep = replace(device, pulses=replace(device.pulses, nonlinearity_ltp=label))
        model_on(bench, network, "reram", steep)


def test_cells_whose_noise_is_read_are_programmed_without_it(bench, images):
    """Form read: the same pulses leave the same cells, whatever the spread from cycle to cycle."""
    network, left = bench.network(SHAPE, LAYERS, 3, adc="ideal"), []
    for c2c in (0.0, 0.3):
        device = linear_device(bench, levels=100, c2c=c2c, form="read")
        held, windows, dy = vectors(model_on(bench, network, "reram", device), images(2, SHAPE))
        held.update(windows, dy, 0.01)
        left.append(held.cells.weight.copy())
    np.testing.assert_array_equal(*left)
    assert held.reading.relative == 0.3


def test_a_mean_conductance_beyond_the_range_is_told_as_its_end(bench, images):
    """Of cells with bounds of their own, all stuck: the estimate takes shares of the range."""
    device = linear_device(bench, d2d=0.1, pulse_d2d="bounds", stuck_low=1.0)
    model = model_on(bench, bench.network(SHAPE, LAYERS, 3), "reram", device)
    x, labels = images(4, SHAPE), np.arange(4) % 3
    one_step(model, x, labels)
    for layer in model.matrices:
        layer.weights.written.conductance = -0.001
        assert activity_of(layer).conductance == 0.0


def test_tiki_taka_reads_its_rows_in_turn(bench, images):
    network = bench.network((1, 1, 10), [LAYERS[3]], 3, tiki_taka=TikiTaka(transfer_every=2))
    model = bench.model(network, "tiki_taka")
    held = model.matrices[0].weights
    x, labels = images(8, (1, 1, 10)), np.arange(8) % 3
    rows = []
    for _ in range(6):
        before = held.hidden.copy()
        one_step(model, x, labels)
        changed = np.flatnonzero(np.any((held.hidden != before).reshape(10, 3), axis=1))
        rows.append((held.row, set(changed)))
    assert [row for row, _ in rows] == [4, 8, 2, 6, 0, 4]
    expected = [{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9, 0, 1}, {2, 3, 4, 5}, {6, 7, 8, 9}]
    assert all(found <= want for (_, found), want in zip(rows, expected, strict=False))
