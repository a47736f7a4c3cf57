"""What arrays read, by plain loops: noise of each read, converters of each way, bits of each code.

Nothing that has two sizes has the same one twice: converters forward and back, rows and columns of
an array, bits of inputs, of errors and of weights.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from oracle import cells as plain
from oracle import naive
from small import (
    CONV,
    DENSE,
    LAYERS,
    SEED,
    SHAPE,
    SIZES,
    against,
    cells_of,
    dense,
    fast_of,
    given,
    held_by,
    in_place_chip,
    learn,
    measured,
    model_on,
    one_step,
    real_of,
    unlike_device,
    writes_of,
)

from neurorebit.schema.device import Retention
from neurorebit.schemes.tiki_taka.keys import TikiTaka

WAYS = [("reram", "reference"), ("hybrid", "pair"), ("reram_mapped", "weight")]


def noisy(shares, device, mapping, relative, number, layer):
    """What one read finds of each weight, over the outermost one."""
    found, middle = [], plain.offset(device)
    for i, w in enumerate(shares):
        z = naive.normal(i, number, layer, plain.READ, SEED)
        if mapping == "reference":
            found.append((w + middle) * plain.positive(relative, z) - middle)
        elif mapping == "weight":
            found.append(w * plain.positive(relative, z))
        else:
            other = naive.normal(i, number, layer, plain.OTHER_READ, SEED)
            cells = middle - 1 + 2 * max(w, 0), middle - 1 + 2 * max(-w, 0)
            factors = plain.positive(relative, z), plain.positive(relative, other)
            found.append((cells[0] * factors[0] - cells[1] * factors[1]) / 2)
    return np.reshape(found, SIZES[layer])


@pytest.mark.parametrize("form", ["state", "read"])
@pytest.mark.parametrize(("scheme", "mapping"), WAYS)
def test_every_read_forward_and_back_has_noise_of_its_own(bench, scheme, mapping, form):
    device = unlike_device(bench, read=0.06, form=form)
    relative = math.hypot(0.06, 0.17) if form == "read" else 0.06
    model = dense(bench, scheme, device, training={"mapping": mapping})
    for layer in (1, 0):
        number = 0
        for step in range(3):
            x, dy = given(layer, step)
            shares, full = held_by(model, layer)
            number += 1
            seen = noisy(shares, device, mapping, relative, number, layer)
            plain_seen = np.reshape(shares, SIZES[layer]).copy()
            if mapping == "reference":
                seen += against(model, layer, False, relative, number) - plain_seen
            back_through = real_of(model, layer) if scheme == "hybrid" else None
            if back_through is None:
                number += 1
                back_through = full * noisy(shares, device, mapping, relative, number, layer)
                if mapping == "reference":
                    back_through += full * (
                        against(model, layer, True, relative, number) - plain_seen
                    )
            else:
                back_through = back_through.copy()
            out, back = learn(model, layer, x, dy, 0.05)
            np.testing.assert_allclose(out, full * (x[:, 0, 0] / 255 @ seen), atol=1e-9)
            np.testing.assert_allclose(back, dy[:, 0, 0] @ back_through.T, atol=1e-9)


@pytest.mark.parametrize(("adc_bits", "back_bits"), [(4, 7), (8, 3)])
@pytest.mark.parametrize("scheme", ["reram", "reram_mapped", "mixed_precision", "manhattan"])
def test_converters_of_rows_and_of_columns_have_bits_of_their_own(
    bench, scheme, adc_bits, back_bits
):
    """As many partial sums as arrays hold a weight's rows, or its columns, two cells a weight.

    Ranges of cells that learn in place follow the sums, those behind digital weights are kept.
    """
    spec = in_place_chip(
        scheme, rows=4, cols=6, adc_bits=adc_bits, back_adc_bits=back_bits, adc_range=3.0,
        cell_bits=4, cols_per_adc=6, rows_per_adc=2,
    )  # fmt: skip
    training = {"adc": "array", "calibration_steps": 2}
    model = dense(bench, scheme, unlike_device(bench), training=training, spec=spec)
    for layer, (rows, cols) in enumerate(SIZES):
        forward, backward = [], []  # mean squares of the steps that ranges are found in
        kept = scheme == "reram_mapped"
        for batch in range(4):
            x, dy = given(layer, batch)
            full = held_by(model, layer)[1]
            matrix, back_matrix = against(model, layer), against(model, layer, back=True)
            out, back = learn(model, layer, x, dy, 0.01)
            codes, errors = x[:, 0, 0].astype(float), dy[:, 0, 0]
            cuts = [(low, min(low + 4, rows)) for low in range(0, rows, 4)]
            top = 2 ** (adc_bits - 1) - 1
            step = 3.0 * found_in(forward, codes, matrix, cuts, kept=kept) ** 0.5 / top
            want = naive.array_product(codes, matrix, cuts, step, top) * step * full / 255
            np.testing.assert_allclose(out, want, atol=1e-9)
            sizes = 2.0 ** (np.floor(np.log2(np.abs(errors).max(axis=1, keepdims=True))) + 1)
            cuts = [(low, min(low + 3, cols)) for low in range(0, cols, 3)]
            top, held = 2 ** (back_bits - 1) - 1, back_matrix.T
            step = 3.0 * found_in(backward, errors / sizes, held, cuts, kept=kept) ** 0.5 / top
            want = naive.array_product(errors / sizes, held, cuts, step, top) * sizes * step
            np.testing.assert_allclose(back, want * full, atol=1e-9)


def found_in(powers, vectors, matrix, cuts, *, kept):
    """The mean square that a range is set by: of two steps, those before, or else its own.

    It is ``kept`` then, or each further step takes the place of half of what was found before.
    """
    sums = [vectors[:, a:b] @ matrix[a:b] for a, b in cuts]
    own = sum(np.sum(s**2) for s in sums) / sum(s.size for s in sums)
    used = np.mean(powers or [own])
    if len(powers) < 2:
        powers.append(own)
    elif not kept:
        powers[:] = [(used + own) / 2] * 2
    return used


@pytest.mark.parametrize("read", ["analog", "levels"])
def test_cells_of_first_and_last_layers_are_read_as_levels_of_their_own_bits(bench, read):
    """Their cells are what they are: only what is read has the levels, 5 bits and not 3."""
    device = unlike_device(bench)
    model = dense(bench, "reram", device, training={"read": read, "edge_bits": 5})
    for layer, size in enumerate(SIZES):
        x, dy = given(layer)
        shares, full = held_by(model, layer)
        seen = np.reshape(shares, size).copy()
        if read == "levels":
            seen = np.reshape([naive.level(w, 1.0, 15) / 15 for w in shares], size)
        out, back = learn(model, layer, x, dy, 0.01)
        np.testing.assert_allclose(out, full * (x[:, 0, 0] / 255 @ seen), atol=1e-9)
        np.testing.assert_allclose(back, full * (dy[:, 0, 0] @ seen.T), atol=1e-9)


@pytest.mark.parametrize("scheme", ["hybrid", "reram"])
def test_references_drift_as_the_cells_do(bench, scheme):
    """All conductances lose the same share: the difference, and so the product, loses it too."""
    device = replace(unlike_device(bench, stuck_low=0.0), retention=Retention("own", 0.02, 0.0))
    kept = 1000.0**-0.02
    device = replace(device, on_off_ratio=1e4)  # so that no cell stops at the low end
    model = dense(bench, scheme, device, training={"rest": 1000.0})
    for layer in (0, 1):
        x, matrix = given(layer)[0], model.matrices[layer]
        whole = x[:, 0, 0] / 255 @ against(model, layer) * held_by(model, layer)[1]
        np.testing.assert_allclose(
            matrix.forward((x,), learning=True).reshape(len(x), -1), whole, atol=1e-9
        )
        found = matrix.forward((x,), learning=False).reshape(len(x), -1)
        np.testing.assert_allclose(found, kept * whole, atol=2e-2 * np.abs(whole).max())
        assert np.abs(found - kept * whole).max() < 0.1 * np.abs(found - whole).max()


# --- bits of inputs and errors


@pytest.mark.parametrize(("chip_bits", "ablation", "bits"), [(5, None, 5), (12, 4, 4)])
@pytest.mark.parametrize("scheme", ["hybrid", "reram"])
def test_inputs_and_errors_are_counted_in_bits_of_their_own(
    bench, scheme, chip_bits, ablation, bits
):
    """Codes of 6 bits in, errors of fewer back, over batches of different size; plain counts."""
    device = unlike_device(bench)
    model = dense(
        bench, scheme, device, training={"error_bits": ablation}, input_bits=6, error_bits=chip_bits
    )
    seen = [([0] * 6, 0, 0.0, 0, 0), ([0] * 6, 0, 0.0, 0, 0)]
    for layer in (0, 1):
        ones, pairs, dense_ones, some, errors = seen[layer]
        for step in (1, 2):
            x, dy = given(layer, step, 4 + 3 * step)
            back_through = real_of(model, layer) if scheme == "hybrid" else None
            if back_through is None:
                shares, full = held_by(model, layer)
                back_through = full * np.reshape(shares, SIZES[layer])
            back_through = back_through.copy()
            _, back = learn(model, layer, x, dy, 0.02)
            codes = [round(int(v) * 63 / 255) for v in x.ravel()]
            for b in range(6):
                ones[b] += sum(code >> b & 1 for code in codes)
            pairs += len(codes)
            rounded, share = naive.rounded_errors(list(dy.ravel()), bits, step, layer, SEED)
            np.testing.assert_allclose(
                back, np.reshape(rounded, (len(x), -1)) @ back_through.T, atol=1e-9
            )
            dense_ones += share * dy.size
            some += sum(e != 0 for e in rounded)
            errors += dy.size
        found = measured(model, layer)
        assert found.input_density == pytest.approx([n / pairs for n in ones])
        assert found.error_density == pytest.approx(dense_ones / errors)
        assert found.error_nonzero == pytest.approx(some / errors)
        assert len(set(ones)) > 3


def test_inputs_of_a_convolution_are_counted_with_its_padding(bench, images):
    """Windows that overlap, a stride, and maps that later layers see as codes below a clip."""
    conv = {**CONV, "stride": 2}
    network = bench.network(SHAPE, [conv, *LAYERS[1:]], 3)
    model = bench.model(network, "hybrid", input_bits=7, error_bits=5)
    total, pairs = np.zeros(7), 0
    for count in (3, 7):
        x = images(count, SHAPE, seed=count)
        one_step(model, x, np.arange(count) % 3)
        windows = naive.windows(np.rint(x.astype(float) * 127 / 255), 3, 2, 1)
        total += np.array(naive.plane_density(windows, 7)) * windows.size
        pairs += windows.size
    assert model.activity()[0].input_density == pytest.approx(total / pairs)


# --- two arrays


def rest_of(cell, device):
    """Where a pulse up and a pulse down change a cell alike, by bisection."""
    below, above = 0.0, 1.0
    p, (low, high, step, up, down) = device.pulses, cell
    while above - below > 1e-12:
        state = (below + above) / 2
        rise = plain.curved(state, step, up, p.levels_ltp) - state
        fall = state - plain.curved(state, -step, down, p.levels_ltd)
        below, above = (state, above) if rise > fall else (below, state)
    return low + below * (high - low)


@pytest.mark.parametrize(("forget", "adc"), [(None, "ideal"), (0.3, "ideal"), (None, "array")])
def test_tiki_taka_is_that_of_plain_loops(bench, forget, adc):
    """Trains that coincide, vector by vector; rows read in turn; a pulse for each mean step.

    The slow array's draws, the fast one's, its reads' and its trains' are all apart. Converters
    have the forward bits and the range of the batches before; the first is read as it is.
    """
    spec = in_place_chip("tiki_taka", adc_bits=4, back_adc_bits=7, adc_range=2.0)
    device = unlike_device(bench, read=0.05, c2c=0.3)
    own = TikiTaka(pulses=9.0, rate=0.8, transfer_every=2, forget=forget)
    training = {"tiki_taka": own, "level_range": 3.0, "batch": 7, "adc": adc}
    model = dense(bench, "tiki_taka", device, training=training, spec=spec)
    middle = plain.offset(device)
    layer, (rows, cols), vectors = 1, SIZES[1], 7
    size, full, granule = rows * cols, 3.0 * (2 / rows) ** 0.5, sum(plain.steps(device)) / 2
    slow = plain.Cells(device, list(held_by(model, layer)[0]), layer, SEED)
    fast = plain.Cells(device, [0.0] * size, layer, SEED, array=1)
    rest = [rest_of(cell, device) for cell in fast.traits]
    fast.weights, hidden, row, largest = list(rest), [0.0] * size, 0, 0.0
    reads, moved, power = -(-vectors // 2), [0, 0], 0.0
    for batch in range(4):
        x, dy = given(layer, batch, vectors)
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
                at, way = i * cols + j, -1 if errors[v, j] > 0 else 1
                number = batch * vectors + v
                z = naive.normal(at, number, layer, plain.ARRAY + plain.CYCLE, SEED)
                cell = fast.traits[at]
                fast.weights[at] = plain.programmed(fast.weights[at], way * n, cell, device, z)
                moved[way > 0] += n
        fast.counts.means.append(sum(fast.weights) / size)
        gain, pulses = 0.8 * 0.3 / (rate * granule * full), [0] * size
        squares, unit = 0.0, 2.0 * power**0.5 / 7 if adc == "array" else 0.0
        for at in range(size):
            if (at // cols - row) % rows < reads:
                z = naive.normal(at, batch, layer, plain.ARRAY + plain.READ, SEED)
                read = plain.positive(0.05, z) * (fast.weights[at] + middle) - middle
                read -= rest[at]
                squares += read**2
                if unit:
                    read = unit * min(max(math.floor(read / unit + 0.5), -7), 7)
                hidden[at] += gain * read
                if abs(hidden[at]) >= granule:
                    pulses[at] = 1 if hidden[at] > 0 else -1
                    left = hidden[at] - pulses[at] * granule
                    hidden[at] = left if forget is None else forget * hidden[at]
        row = (row + reads) % rows
        newest = squares / (reads * cols)
        power += (newest - power) * (0.1 if power else 1.0)
        slow.pulse(pulses, batch)
        np.testing.assert_allclose(fast_of(model, layer), fast.weights, atol=1e-8)
        np.testing.assert_allclose(held_by(model, layer)[0], slow.weights, atol=1e-8)
    found, counts = measured(model, layer), slow.counts
    assert min(counts.sets, counts.resets, *moved) > 5
    assert found.set_fraction == pytest.approx(counts.sets / (4 * size))
    assert found.reset_fraction == pytest.approx(counts.resets / (4 * size))
    assert found.set_levels == pytest.approx(126 / 97)  # of 7 bits
    assert found.reset_levels == pytest.approx(126 / 41)
    assert found.conductance == pytest.approx(np.mean([0.5 + 0.5 * m for m in counts.means]))
    means = [0.5 + 0.5 * m for m in fast.counts.means]
    assert found.fast.conductance == pytest.approx(np.mean(means))
    assert found.fast.ups == pytest.approx(moved[1] / (4 * size))
    assert found.fast.downs == pytest.approx(moved[0] / (4 * size))
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


def test_rounds_of_tiki_taka_draw_pulses_anew_from_the_sums_of_a_batch(bench):
    """A convolution on straight lines: two rounds a batch, each with pulses and noise of its own.

    Pulses up and down are apart, in number and in draws; noise adds up over both.
    """
    layers = [
        {"kind": "conv", "channels": 7, "kernel": 1}, {"kind": "relu"}, *DENSE[:1], DENSE[3],
    ]  # fmt: skip
    device = unlike_device(bench, steep=(0.0, 0.0), c2c=0.3, pulse_c2c="step")
    own = TikiTaka(pulses=4.0, rate=0.8, transfer_every=2)
    keys = {"tiki_taka": own, "level_range": 3.0, "batch": 5, "adc": "ideal"}
    network = bench.network((2, 2, 6), layers, 5, **keys)
    model = model_on(bench, network, "tiki_taka", device, error_bits="fp32")
    p, rows, layer, size = device.pulses, 6, 0, 42
    full, granule = 3.0 * (2 / rows) ** 0.5, 1 / p.levels_ltp + 1 / p.levels_ltd
    slow = plain.Cells(device, list(held_by(model, layer)[0]), layer, SEED)
    fast = plain.Cells(device, [0.0] * size, layer, SEED, array=1)
    hidden, largest, moved = [0.0] * size, 0.0, []
    fast.weights = [rest_of(cell, device) for cell in fast.traits]
    rest, rng = list(fast.weights), np.random.default_rng(8)
    for batch in range(2):
        x = rng.integers(0, 256, (5, 2, 2, 6), np.uint8)
        dy = rng.normal(0.2, 0.3, (5, 2, 2, 7))
        learn(model, layer, x, dy, 0.3)
        inputs, errors = x.reshape(20, 6) / 255, dy.reshape(20, 7)
        gradient = (inputs.T @ errors).ravel()
        sums = (inputs.T @ np.abs(errors)).ravel()
        largest += (sums.max() - largest) * (0.1 if largest else 1.0)
        rate = min(4.0 * 2, 20) / largest
        gain = 0.8 * 0.3 / (rate * granule * full)
        for turn in range(2):
            draw, pulses = 2 * batch + turn, [0] * size
            for i, (low, high, step, *_) in enumerate(fast.traits):
                up, down = (
                    few(
                        rate / 2 * (sums[i] + way * gradient[i]) / 2,
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
                hidden[i] += gain * (fast.weights[i] - rest[i])
                if abs(hidden[i]) >= granule:
                    pulses[i] = 1 if hidden[i] > 0 else -1
                    hidden[i] -= pulses[i] * granule
            slow.pulse(pulses, draw)
        np.testing.assert_allclose(fast_of(model, layer), fast.weights, atol=1e-6)
        np.testing.assert_allclose(held_by(model, layer)[0], slow.weights, atol=1e-6)
    found, (ups, downs) = measured(model, layer), np.sum(moved, axis=0)
    assert min(ups, downs, slow.counts.sets, slow.counts.resets) > 5
    assert found.fast.ups == pytest.approx(ups / (2 * size))
    assert found.fast.downs == pytest.approx(downs / (2 * size))
    assert np.sum(writes_of(model, layer)[size:]) == ups + downs, "each pulse of the fast array"
    assert found.fast.reads == 2.0
    assert found.set_fraction == pytest.approx(slow.counts.sets / (2 * size))


# --- bounds


def drawn(scheme, model, device, layer):
    """The bounds of a layer's cells, of each array, with what they hold."""
    size = math.prod(SIZES[layer])
    shares = [cells_of(model, layer)]
    if scheme == "tiki_taka":
        shares.append(fast_of(model, layer))
    for array, found in enumerate(shares):
        low, high = np.transpose(plain.traits(device, size, layer, SEED, array))[:2]
        yield found, low, high


SCHEMES = [
    ("reram", "direct"), ("mixed_precision", "direct"), ("manhattan", "direct"),
    ("tiki_taka", "direct"), ("hybrid", "pulses"), ("hybrid", "verify"), ("hybrid", "reset"),
    ("reram_mapped", "pulses"),
]  # fmt: skip


FORMS = ("step", "range", "state"), ("step", "bounds", "step_and_bounds", "label", "state")
PAIRS = [  # each two of scheme, spread of cells and noise of pulses come together
    (*scheme, d2d, FORMS[0][(i + k) % 3])
    for i, scheme in enumerate(SCHEMES)
    for k, d2d in enumerate(FORMS[1])
]


@pytest.mark.parametrize(("scheme", "write", "d2d", "c2c"), PAIRS)
def test_no_cell_is_ever_beyond_its_own_bounds(bench, scheme, write, d2d, c2c):
    """Hard pulses with much noise: many reach an end, some start beyond it; none passes it."""
    device = unlike_device(bench, pulse_d2d=d2d, pulse_c2c=c2c, d2d=0.3, c2c=0.6, stuck_high=0.1)
    device = replace(device, pulses=replace(device.pulses, levels_ltp=7, levels_ltd=4, c2c=0.3))
    training = {"write": write, "level_range": 1.2, "tiki_taka": TikiTaka(pulses=200.0)}
    model = dense(bench, scheme, device, training=training)
    for step in range(4):
        for layer in (0, 1):
            if step:
                learn(model, layer, *given(layer, step), 2.0)
            for found, low, high in drawn(scheme, model, device, layer):
                assert np.all(found >= low - 1e-9)
                assert np.all(found <= high + 1e-9)
                stuck = low == high
                np.testing.assert_allclose(found[stuck], low[stuck])
    ends = [np.isclose(f, low) | np.isclose(f, high) for f, low, high in
            drawn(scheme, model, device, 0)]  # fmt: skip
    assert np.mean(ends) > 0.1
