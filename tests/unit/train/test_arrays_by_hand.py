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
    one_step,
    real_of,
    unlike_device,
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
    """As many partial sums as arrays hold a weight's rows, or its columns.

    Ranges of cells that learn in place follow the sums, those behind digital weights are kept.
    """
    spec = in_place_chip(
        scheme, rows=4, cols=3, adc_bits=adc_bits, back_adc_bits=back_bits, adc_range=3.0,
        cols_per_adc=3, rows_per_adc=2,
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
