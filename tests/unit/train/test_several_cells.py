"""Weights of several cells: digits in columns of their own, and pairs (docs/models/training.md).

Every digit, draw, conversion and count is made a second time by plain loops. Weights have 5 bits in
cells of 2: three digits, of 2, 2 and 1 bits, or pairs of two.
"""

import numpy as np
import pytest
from oracle import cells as plain
from oracle import naive
from small import CLASSES, DENSE, INPUTS, SEED, SIZES, dense, given, learn, measured, unlike_device

from neurorebit.schema import InputError
from neurorebit.training import state
from neurorebit.training.parts.product import Windows

RATES, STEPS, APART = (0.4, 0.09, 0.03), 3, 1 << 16  # steps of a cell of 2 bits
CHIP = {"weight_bits": 5, "cell_bits": 2, "cols_per_adc": 12, "cols": 24, "rows": 8}
KINDS = ["reference", "odd", "pair"]


def digits_of(level, kind):
    """The levels of a weight's cells with their number of states, the least significant first."""
    if kind == "pair":
        sizes = [max(level, 0), max(-level, 0)]
        return [(part, 4) for size in sizes for part in (size % 4, size // 4)]
    number = (level + 31) // 2 if kind == "odd" else level + 16
    return [(number % 4, 4), (number // 4 % 4, 4), (number // 16, 2)]


def grid_of(kind):
    return (range(-31, 32, 2), 31) if kind == "odd" else (range(-15, 16), 15)


def model_of(bench, device, kind, scheme="hybrid", **training):
    words = {"quantiser": "no_zero"} if kind == "odd" else {}
    chip = CHIP | ({"signed_weights": "pair"} if kind == "pair" else {})
    keys = {"momentum": 0.0, "weight_decay": 0.0, "weight_clip": 1.2, **words, **training}
    return dense(bench, scheme, device, training=keys, **chip)


def first_weights(layer):
    rows, cols = SIZES[layer]
    start = (2 / rows) ** 0.5 if layer == 0 else (1 / (3 * rows)) ** 0.5
    return [start * naive.normal(i, 0, layer, plain.FIRST, SEED) for i in range(rows * cols)]


def real_weights(model, layer):
    """The update (0: before the first), real weights and their outermost level, as it learns."""
    real = np.array(first_weights(layer))
    full = 2 * float(np.std(real))
    yield 0, real, full
    for update, rate in enumerate(RATES, start=1):
        x, dy = given(layer, update, 5 + update)
        learn(model, layer, x, dy, rate)
        pairs = zip(x[:, 0, 0] / 255, dy[:, 0, 0], strict=True)
        real = real - rate * sum(np.outer(a, d) for a, d in pairs).ravel()
        real = np.clip(real, -1.2 * full, 1.2 * full)
        yield update, real, full


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("scheme", "write", "every"),
    [("hybrid", "direct", "change"), ("hybrid", "direct", 2), ("hybrid", "verify", "change")],
)
def test_each_cell_is_written_when_its_own_digit_changes(bench, kind, scheme, write, every):
    device = unlike_device(bench, stuck_low=0.05, stuck_high=0.04)
    words = {"write": write, "write_tolerance": 0.2, "reprogram": every}
    model, (grid, top) = model_of(bench, device, kind, scheme, **words), grid_of(kind)
    count = 4 if kind == "pair" else 3
    for layer, (rows, cols) in enumerate(SIZES):
        size = rows * cols
        arrays = [plain.Cells(device, [-9.0] * size, layer + APART * k, SEED) for k in range(count)]
        if write == "direct":
            for cells in arrays:
                cells.weights = [0.0] * size
        known = [[-999] * size for _ in range(count)]
        ups, downs, sets, resets, means = 0.0, 0.0, 0, 0, []
        for update, real, full in real_weights(model, layer):
            due = every == "change" or update % every == 0
            for i, w in enumerate(real if due else ()):
                level = min(grid, key=lambda j, w=w, full=full: abs(w - j * full / top))
                for k, (digit, states) in enumerate(digits_of(level, kind)):
                    cells, now = arrays[k], 2 * digit - (states - 1)
                    move = now - known[k][i]
                    if not move and every == "change":
                        continue
                    if write == "direct":
                        last, place = states - 1, layer + APART * k
                        cells.weights[i] = plain.directly(
                            i, now, last, device, "reference", place, update, SEED
                        )
                        cells.writes[i] += 1
                        cells.counts.moved(max(move, 0), max(-move, 0))
                        cells.counts.sets += move == 0
                    else:
                        tolerance = 0.2 * 2 / (states - 1)
                        plain.to_level(
                            i, known[k][i], now, states - 1, cells, write, tolerance, update
                        )
                    known[k][i] = now
            if update:
                means.append(sum(sum(cells.weights) for cells in arrays) / (size * count))
            else:
                for cells in arrays:
                    cells.counts, cells.writes = plain.Counts(), [0] * size
            found = model.matrices[layer].weights.analog.reshape(count, size)
            np.testing.assert_allclose(found, [c.weights for c in arrays], atol=1e-9)
        writes = model.matrices[layer].weights.writes.reshape(count, size)
        np.testing.assert_array_equal(writes, [cells.writes for cells in arrays])
        for cells, (_, states) in zip(arrays, digits_of(1, kind), strict=True):
            ends = (2 * (states - 1),) * 2 if write == "direct" else (97, 41)
            ups, downs = ups + cells.counts.up / ends[0], downs + cells.counts.down / ends[1]
            sets, resets = sets + cells.counts.sets, resets + cells.counts.resets
        activity, every_cell = measured(model, layer), size * count * len(RATES)
        assert activity.set_fraction == pytest.approx(sets / every_cell)
        assert activity.reset_fraction == pytest.approx(resets / every_cell)
        assert activity.set_levels == pytest.approx(STEPS * ups / sets)
        assert activity.reset_levels == pytest.approx(STEPS * downs / resets)
        assert activity.conductance == pytest.approx(sum(0.5 + 0.5 * m for m in means) / 3)
        reads = sum(cells.counts.reads for cells in arrays)
        if write == "verify":
            assert activity.verify_reads == pytest.approx(reads / every_cell)
            assert reads > 0
        assert min(sets, resets) > 5


def columns_of(model, layer, kind, full):
    """What each conversion reads [rows, cols], and what its unit is worth, by plain loops."""
    weights, (rows, cols), device = model.matrices[layer].weights, SIZES[layer], model.device
    held = weights.analog.reshape(-1, rows, cols)
    if kind == "pair":
        return [(full / 15 * 4**k * 3, (held[k] - held[2 + k]) / 2) for k in range(2)]
    share = 12 // 3  # weights that share a column of reference cells
    across = -(-cols // share)
    lines = plain.references(device, rows * across, layer, SEED, plain.FORTH, placed=False)
    found, top = [], 31 if kind == "odd" else 15
    for k, states in enumerate((4, 4, 2)):
        worth = full / top * (2 if kind == "odd" else 1) * 4**k * (states - 1) / 2
        half = 1 / 3 if k == 0 and kind != "odd" else 0.0  # half a level
        read = plain.compared(held[k].ravel() - half, (rows, cols), lines, range(rows), share)
        found.append((worth, np.array(read)))
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("conversion", ["fast", "bit_serial"])
def test_each_column_passes_its_own_conversion(bench, kind, conversion):
    """Arrays of 8 rows, of which the 14 inputs take two; ranges are those of the first sums."""
    device = unlike_device(bench)
    words = {"adc": "array", "conversion": conversion}
    model = model_of(bench, device, kind, **words)
    matrix, spec = model.matrices[0], model.spec
    x, _ = given(0, 0, 4)
    out = np.empty((4, 1, 1, SIZES[0][1]))
    matrix.weights.mvm(Windows(x, 1 / 255, matrix.node), out, learning=True)
    cuts = [tuple(cut) for cut in matrix.weights.site.cuts]
    assert len(cuts) == 2
    top, due = 2 ** (spec.apim.adc_bits - 1) - 1, 0.0
    for worth, read in columns_of(model, 0, kind, matrix.weights.full):
        planes = [x[:, 0, 0].astype(float)]
        if conversion == "bit_serial":
            planes = [(x[:, 0, 0] >> bit & 1).astype(float) for bit in range(8)]
        for bit, plane in enumerate(planes):
            sums = [plane[:, start:stop] @ read[start:stop] for start, stop in cuts]
            mean = np.mean([np.mean(np.square(part)) for part in sums])
            step = spec.apim.adc_range * mean**0.5 / top
            codes = sum(np.clip(np.floor(part / step + 0.5), -top, top) for part in sums)
            due = due + worth / 255 * 2**bit * step * codes
    np.testing.assert_allclose(out[:, 0, 0], due, atol=1e-9)


def test_ideal_cells_hold_the_levels_that_one_cell_would(bench):
    device = unlike_device(bench, d2d=0.0, c2c=0.0)
    outs = []
    for chip in (
        {"cell_bits": None}, {"cell_bits": 1}, {"cell_bits": 2}, {"cell_bits": 3},
        {"cell_bits": 2, "signed_weights": "pair"}, {"signed_weights": "pair"},
    ):  # fmt: skip
        sizes = {"weight_bits": 5, "cols_per_adc": 30, "cols": 60, "rows": 32}
        model = dense(bench, "hybrid", device, **sizes, **chip)
        x, _ = given(0, 0, 4)
        out = np.empty((4, 1, 1, SIZES[0][1]))
        matrix = model.matrices[0]
        matrix.weights.mvm(Windows(x, 1 / 255, matrix.node), out, learning=True)
        outs.append(out)
        assert matrix.weights.arrays == {None: 1, 1: 5, 2: 3, 3: 2}[chip.get("cell_bits")] or (
            "signed_weights" in chip
        )
    for out in outs[1:]:
        np.testing.assert_allclose(out, outs[0], atol=1e-12)


def test_errors_pass_each_digit_in_a_read_of_its_own(bench):
    """Cells less the reference rows of their own digit, each with its worth."""
    model = model_of(bench, unlike_device(bench), "reference", "reram_mapped")
    weights, matrix = model.matrices[1].weights, model.matrices[1]
    x, dy = given(1, 0, 4)
    dx = np.empty((4, 1, 1, SIZES[1][0]))
    weights.mtvm(dy, Windows(x, 1 / 255, matrix.node), dx)
    rows, cols = SIZES[1]
    total = np.zeros((rows, cols))
    for k, states in enumerate((4, 4, 2)):
        device, per = model.device, model.spec.rows_per_adc
        line_of, first = [], 0
        for start, stop in weights.site.cuts:
            line_of += [first + i // per for i in range(stop - start)]
            first = line_of[-1] + 1
        lines = plain.references(device, first * cols, 1 + APART * k, SEED, plain.BACK, False)
        shares = weights.analog[k].ravel() - (1 / 3 if k == 0 else 0.0)
        read = np.array(plain.compared(shares, (rows, cols), lines, line_of, 1))
        total += weights.full / 15 * 4**k * (states - 1) / 2 * read
    np.testing.assert_allclose(dx[:, 0, 0], dy[:, 0, 0] @ total.T, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_what_checkpoints_and_files_keep(bench, kind):
    device = unlike_device(bench)
    first, second = (model_of(bench, device, kind, write="verify") for _ in range(2))
    for update in (1, 2):
        learn(first, 0, *given(0, update, 5), 0.3)
    one, other = first.matrices[0].weights, second.matrices[0].weights
    state.restore({"weights": other}, state.capture({"weights": one}))
    learn(first, 0, *given(0, 3, 5), 0.3)
    learn(second, 0, *given(0, 3, 5), 0.3)
    np.testing.assert_array_equal(one.analog, other.analog)
    assert one.written == other.written
    real, grid = one.real.ravel(), grid_of(kind)
    near = [min(grid[0], key=lambda j, w=w: abs(w - j * one.full / grid[1])) for w in real]
    np.testing.assert_array_equal(one.kept["levels"].ravel(), near)
    exact = np.empty_like(one.real)
    one.exact(exact)
    np.testing.assert_allclose(exact.ravel(), np.array(near) * one.full / grid[1])


@pytest.mark.parametrize(
    ("kind", "training", "word"),
    [
        ("reference", {"mapping": "pair"}, "mapping"),
        ("pair", {"wires": "resistive"}, "wires"),
        ("pair", {"quantiser": "no_zero"}, "quantiser"),
        ("reference", {"edge_bits": 8}, "edge_bits"),
    ],
)
def test_what_several_cells_cannot_is_refused_with_a_cure(bench, kind, training, word):
    with pytest.raises(InputError, match=word) as refused:
        model_of(bench, unlike_device(bench), kind, **training)
    assert f"take training.{word}" in str(refused.value.cure) or refused.value.cure


def test_the_network_is_small():
    assert (len(DENSE), INPUTS, CLASSES) == (4, 14, 5)
