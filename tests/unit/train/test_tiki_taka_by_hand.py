"""Tiki-Taka, with a chopper and without, and AGAD, by plain loops: pulses, reads, memory, pulses.

Nothing that has two sizes has the same one twice, and cells, references and reads differ.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from oracle import cells as plain
from oracle import naive
from small import (
    DENSE,
    SEED,
    SIZES,
    dense,
    fast_of,
    given,
    held_by,
    in_place_chip,
    learn,
    measured,
    model_on,
    unlike_device,
    writes_of,
)

from neurorebit.schemes.tiki_taka.keys import Agad, Chopper, TikiTaka

REFERENCES = 2 * plain.ARRAY  # draws of the reference cells, a third array
CHOPPED = ("tiki_taka_chopped", "agad")


def rest_of(cell, device):
    """Where a pulse up and a pulse down change a cell alike, by bisection."""
    below, above = 0.0, 1.0
    p, (low, high, step, up, down, uneven) = device.pulses, cell
    while above - below > 1e-12:
        state = (below + above) / 2
        rise = plain.curved(state, step * uneven, up, p.levels_ltp) - state
        fall = state - plain.curved(state, -step / uneven, down, p.levels_ltd)
        below, above = (state, above) if rise > fall else (below, state)
    return low + below * (high - low)


def written(rest, spread, device, layer):
    """What reference cells hold: what fast cells have at rest, with an error, within their ends."""
    middle, ends = plain.offset(device), plain.traits(device, len(rest), layer, SEED, array=2)
    held = []
    for i, (weight, (low, high, *_)) in enumerate(zip(rest, ends, strict=True)):
        z = naive.normal(i, 0, layer, REFERENCES + plain.CYCLE, SEED)
        held.append(min(max(plain.positive(spread, z) * (weight + middle) - middle, low), high))
    return held


class Memory:
    """The signs of rows and the words of cells between both arrays, one by one."""

    def __init__(self, scheme, keys, size, device, layer):
        (rows, cols) = size
        self.scheme, self.cols, self.layer = scheme, cols, layer
        self.chopper, self.newest = keys.get("chopper"), keys["agad"].newest
        self.middle, self.device = plain.offset(device), device
        self.hidden, self.sign, self.reads = [0.0] * (rows * cols), [1] * rows, [0] * rows
        self.mean, self.before = [0.0] * (rows * cols), [0.0] * (rows * cols)
        self.row = 0

    def seen(self, weight, i, draw, array):
        """What one read finds of a cell of the fast array or of its references."""
        z = naive.normal(i, draw, self.layer, plain.ARRAY * array + plain.READ, SEED)
        spread = self.device.variation.read
        return plain.positive(spread, z) * (weight + self.middle) - self.middle

    def flips(self, row, draw):
        """Whether a row flips after a read, which is counted."""
        self.reads[row] += 1
        if self.scheme not in CHOPPED:
            return False
        if self.chopper.flips == "regular":
            return self.reads[row] % self.chopper.every == 0
        u = naive.uniform(row, draw, self.layer, plain.CHOP, SEED)
        return u < 1 / self.chopper.every

    def transfer(self, fast, references, count, draw, *, gain, granule, forget, unit):
        """Read ``count`` rows, one after the other: pulses for the slow array, and squares read."""
        pulses, squares, rows = [0] * len(fast), 0.0, len(self.sign)
        for k in range(count):
            row = (self.row + k) % rows
            first, flips = self.reads[row] == 0, self.flips(row, draw)
            for i in range(row * self.cols, (row + 1) * self.cols):
                read = self.seen(fast[i], i, draw, 1) - self.seen(references[i], i, draw, 2)
                squares += read**2
                if unit:
                    read = unit * min(max(math.floor(read / unit + 0.5), -7), 7)
                came = read
                if self.scheme == "agad":
                    if first:
                        self.mean[i] = self.before[i] = read
                    came = read - self.before[i]
                    self.mean[i] = (1 - self.newest) * self.mean[i] + self.newest * read
                    self.before[i] = self.mean[i] if flips else self.before[i]
                self.hidden[i] += gain * came * self.sign[row]
                if abs(self.hidden[i]) >= granule:
                    pulses[i] = 1 if self.hidden[i] > 0 else -1
                    left = self.hidden[i] - pulses[i] * granule
                    self.hidden[i] = left if forget is None else forget * self.hidden[i]
            if flips:
                self.sign[row] *= -1
        self.row = (self.row + count) % rows
        return pulses, squares


RUNS = [
    ("tiki_taka", {}, {}),
    ("tiki_taka", {"forget": 0.3}, {"reference": 0.02}),
    ("tiki_taka", {"adc": "array"}, {"reference": 0.0, "asymmetry": 0.4}),
    ("tiki_taka_chopped", {"adc": "array"}, {"reference": 0.1}),
    ("tiki_taka_chopped", {"flips": "regular", "every": 2}, {}),
    ("agad", {"every": 3}, {"asymmetry": 0.4}),
    ("agad", {"flips": "regular", "every": 2, "adc": "array", "newest": 0.7}, {}),
]


@pytest.mark.parametrize(("scheme", "choice", "variation"), RUNS, ids=str)
def test_both_arrays_and_what_is_between_them_are_those_of_plain_loops(
    bench, scheme, choice, variation
):
    """Trains that coincide, vector by vector; rows read in turn; a pulse for each mean step.

    The slow array's draws, the fast one's, the references', their reads' and the trains' are all
    apart. Converters have the forward bits and the range of the batches before; the first is read
    as it is.
    """
    spec = in_place_chip(scheme, adc_bits=4, back_adc_bits=7, adc_range=2.0)
    device = unlike_device(bench, read=0.05, c2c=0.3, **variation)
    forget, adc = choice.get("forget"), choice.get("adc", "ideal")
    keys = {
        "tiki_taka": TikiTaka(pulses=9.0, rate=0.8, transfer_every=2, forget=forget),
        "chopper": Chopper(flips=choice.get("flips", "random"), every=choice.get("every", 2)),
        "agad": Agad(newest=choice.get("newest", 0.4)),
    }
    training = {**keys, "level_range": 3.0, "batch": 7, "adc": adc}
    model = dense(bench, scheme, device, training=training, spec=spec)
    layer, (rows, cols), vectors = 1, SIZES[1], 7
    size, full, granule = rows * cols, 3.0 * (2 / rows) ** 0.5, sum(plain.steps(device)) / 2
    slow = plain.Cells(device, list(held_by(model, layer)[0]), layer, SEED)
    fast = plain.Cells(device, [0.0] * size, layer, SEED, array=1)
    fast.weights = [rest_of(cell, device) for cell in fast.traits]
    references = written(fast.weights, variation.get("reference", 0.3), device, layer)
    if scheme == "agad":
        references = [0.0] * size  # mid range
    memory = Memory(scheme, keys, (rows, cols), device, layer)
    reads, moved, power, largest, known = -(-vectors // 2), [0, 0], 0.0, 0.0, set()
    for batch in range(8):
        x, dy = given(layer, batch % 4, vectors)
        signs = list(memory.sign)
        known.update(signs)
        learn(model, layer, x, dy, 0.3)
        inputs, errors = x[:, 0, 0] / 255, dy[:, 0, 0]
        most = float((np.abs(inputs).T @ np.abs(errors)).max())
        largest += (most - largest) * (0.1 if largest else 1.0)
        rate = min(9.0, vectors) / largest
        chance, tops = (rate / 31) ** 0.5, (np.abs(errors).max(), np.abs(inputs).max())
        balance = (tops[0] / tops[1]) ** 0.5
        purpose = plain.ARRAY + plain.BITS, plain.ARRAY + plain.OTHER_BITS
        draws = batch, layer
        along = naive.trains(inputs.ravel(), chance * balance, 0, *draws, purpose[0], SEED)
        across = naive.trains(errors.ravel(), chance / balance, 0, *draws, purpose[1], SEED)
        for v, i, j in np.ndindex(vectors, rows, cols):
            n = len(along[v * rows + i] & across[v * cols + j])
            if n:
                at, way = i * cols + j, signs[i] * (-1 if errors[v, j] > 0 else 1)
                number = batch * vectors + v
                z = naive.normal(at, number, layer, plain.ARRAY + plain.CYCLE, SEED)
                cell = fast.traits[at]
                fast.weights[at] = plain.programmed(fast.weights[at], way * n, cell, device, z)
                moved[way > 0] += n
        fast.counts.means.append(sum(fast.weights) / size)
        pulses, squares = memory.transfer(
            fast.weights, references, reads, batch, gain=0.8 * 0.3 / (rate * granule * full),
            granule=granule, forget=forget, unit=2.0 * power**0.5 / 7 if adc == "array" else 0.0,
        )  # fmt: skip
        newest = squares / (reads * cols)
        power += (newest - power) * (0.1 if power else 1.0)
        slow.pulse(pulses, batch)
        np.testing.assert_allclose(fast_of(model, layer), fast.weights, atol=1e-8)
        np.testing.assert_allclose(held_by(model, layer)[0], slow.weights, atol=1e-8)
        held = model.matrices[layer].weights
        np.testing.assert_allclose(held.hidden, memory.hidden, atol=1e-8)
        if scheme in CHOPPED:
            assert held.signs.tolist() == memory.sign
    assert known == ({-1, 1} if scheme in CHOPPED else {1})
    found, counts = measured(model, layer), slow.counts
    assert min(counts.sets, counts.resets, *moved) > 5
    assert found.set_fraction == pytest.approx(counts.sets / (8 * size))
    assert found.reset_fraction == pytest.approx(counts.resets / (8 * size))
    assert found.set_levels == pytest.approx(126 / 97)  # of 7 bits
    assert found.reset_levels == pytest.approx(126 / 41)
    assert found.conductance == pytest.approx(np.mean([0.5 + 0.5 * m for m in counts.means]))
    means = [0.5 + 0.5 * m for m in fast.counts.means]
    assert found.fast.conductance == pytest.approx(np.mean(means))
    assert found.fast.ups == pytest.approx(moved[1] / (8 * size))
    assert found.fast.downs == pytest.approx(moved[0] / (8 * size))
    assert found.fast.reads == pytest.approx(reads / rows)
    assert found.words_written == pytest.approx(reads / rows)


def few(mean, u):
    """The number of rare pulses below which a share ``u`` of a Poisson distribution lies."""
    n, share = 0, math.exp(-mean)
    below = share
    while u >= below:
        n += 1
        share *= mean / n
        below += share
    return n


@pytest.mark.parametrize("scheme", ["tiki_taka", "tiki_taka_chopped", "agad"])
def test_rounds_draw_pulses_anew_from_the_sums_of_a_batch(bench, scheme):
    """A convolution on straight lines: two rounds a batch, each with pulses and noise of its own.

    Pulses up and down are apart, in number and in draws; noise adds up over both. Signs flip
    between the rounds of a batch.
    """
    layers = [
        {"kind": "conv", "channels": 7, "kernel": 1}, {"kind": "relu"}, *DENSE[:1], DENSE[3],
    ]  # fmt: skip
    device = unlike_device(bench, steep=(0.0, 0.0), c2c=0.3, pulse_c2c="step")
    own = {
        "tiki_taka": TikiTaka(pulses=4.0, rate=0.8, transfer_every=2),
        "chopper": Chopper(every=2),
        "agad": Agad(newest=0.6),
    }
    keys = {**own, "level_range": 3.0, "batch": 5, "adc": "ideal"}
    network = bench.network((2, 2, 6), layers, 5, **keys)
    model = model_on(bench, network, scheme, device, error_bits="fp32")
    p, rows, cols, layer, size = device.pulses, 6, 7, 0, 42
    full, granule = 3.0 * (2 / rows) ** 0.5, 1 / p.levels_ltp + 1 / p.levels_ltd
    slow = plain.Cells(device, list(held_by(model, layer)[0]), layer, SEED)
    fast = plain.Cells(device, [0.0] * size, layer, SEED, array=1)
    largest, moved = 0.0, []
    fast.weights = [rest_of(cell, device) for cell in fast.traits]
    references = written(fast.weights, 0.3, device, layer) if scheme != "agad" else [0.0] * size
    memory = Memory(scheme, own, (rows, cols), device, layer)
    rng = np.random.default_rng(8)
    for batch in range(3):
        x = rng.integers(0, 256, (5, 2, 2, 6), np.uint8)
        dy = rng.normal(0.05 if scheme == "agad" else 0.2, 0.3, (5, 2, 2, 7))
        learn(model, layer, x, dy, 0.3)
        inputs, errors = x.reshape(20, 6) / 255, dy.reshape(20, 7)
        gradient = (inputs.T @ errors).ravel()
        sums = (inputs.T @ np.abs(errors)).ravel()
        largest += (sums.max() - largest) * (0.1 if largest else 1.0)
        rate = min(4.0 * 2, 20) / largest
        gain = 0.8 * 0.3 / (rate * granule * full)
        for turn in range(2):
            draw = 2 * batch + turn
            for i, (low, high, step, *_) in enumerate(fast.traits):
                up, down = (
                    few(
                        rate / 2 * (sums[i] + way * memory.sign[i // cols] * gradient[i]) / 2,
                        naive.uniform(i, draw, layer, plain.ARRAY + purpose, SEED),
                    )
                    for way, purpose in ((-1, plain.BITS), (1, plain.OTHER_BITS))
                )
                if up + down:
                    z = naive.normal(i, draw, layer, plain.ARRAY + plain.CYCLE, SEED)
                    each = step / p.levels_ltp, step / p.levels_ltd
                    width = 0.3 * math.sqrt(up * each[0] ** 2 + down * each[1] ** 2)
                    way = up * each[0] - down * each[1] + width * z
                    fast.weights[i] = min(max(fast.weights[i] + way * (high - low), low), high)
                moved.append((up, down))
            pulses, _ = memory.transfer(
                fast.weights, references, rows, draw, gain=gain, granule=granule, forget=None,
                unit=0.0,
            )  # fmt: skip
            slow.pulse(pulses, draw)
        np.testing.assert_allclose(fast_of(model, layer), fast.weights, atol=1e-6)
        np.testing.assert_allclose(held_by(model, layer)[0], slow.weights, atol=1e-6)
    found, (ups, downs) = measured(model, layer), np.sum(moved, axis=0)
    assert min(ups, downs, slow.counts.sets, slow.counts.resets) > 5
    assert found.fast.ups == pytest.approx(ups / (3 * size))
    assert found.fast.downs == pytest.approx(downs / (3 * size))
    assert np.sum(writes_of(model, layer)[size:]) == ups + downs, "each pulse of the fast array"
    assert found.fast.reads == 2.0
    assert found.set_fraction == pytest.approx(slow.counts.sets / (3 * size))


def test_references_of_stuck_cells_stay_where_they_are_stuck(bench):
    """Half of all cells are stuck; a reference cell by a draw of its own."""
    device = unlike_device(bench, stuck_low=0.25, stuck_high=0.25, reference=0.0)
    held = dense(bench, "tiki_taka", device).matrices[0].weights
    ends = np.transpose(plain.traits(device, held.hidden.size, 0, SEED, array=2))[:2]
    stuck = ends[0] == ends[1]
    assert 0.3 < np.mean(stuck) < 0.7
    np.testing.assert_allclose(held.reference.weight[stuck], ends[0][stuck], atol=1e-6)
    free = replace(device.variation, stuck_low=0.0, stuck_high=0.0)
    other = dense(bench, "tiki_taka", replace(device, variation=free)).matrices[0].weights
    assert not np.allclose(other.reference.weight[stuck], ends[0][stuck], atol=1e-3)
