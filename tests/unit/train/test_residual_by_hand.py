"""Residual learning by plain loops: three arrays a weight, trains on the last, rows that move."""

import math
from dataclasses import replace

import numpy as np
import pytest
from oracle import cells as plain
from oracle import naive
from small import SEED, SIZES, dense, given, in_place_chip, learn, linear_device, measured
from small import unlike_device as unlike

from neurorebit.schemes.residual.keys import Residual
from neurorebit.training.parts.workers import Workers
from neurorebit.training.state import State, capture, restore

ARRAYS, SCALE, MOVED, ROW_READS = 3, 0.3, 1 << 31, 32
OWN = Residual(arrays=ARRAYS, scale=SCALE, every=2, rows=4, slower=2)


def held(model, layer):
    """What the cells of each array hold, flat."""
    weights = model.matrices[layer].weights
    stages = [weights.stage(n).cells for n in range(1, ARRAYS)]
    return [one.weight.ravel() for one in (weights.cells, *stages)]


def references(device, array, rows, cols, layer, spec, back=False):
    """What the columns of weights are compared with: cells at mid range within their ends."""
    number = (plain.BACK if back else plain.FORTH) + 2 * array
    share = 1 if back else int(spec.forward.cols_per_adc / spec.cells_per_weight)
    lines = rows if not back else -(-rows // spec.rows_per_adc)
    across = -(-cols // share)
    cells = plain.references(device, lines * across, layer, SEED, number, True)
    of = [i // spec.rows_per_adc if back else i for i in range(rows)]
    return np.array(
        [[cells[of[i] * across + j // share] for j in range(cols)] for i in range(rows)]
    )


def test_three_arrays_learn_as_plain_loops_do(bench):
    """Reads both ways are sums over arrays; what moves leaves an array as it comes to the other."""
    spec = in_place_chip("residual", adc_bits=4, back_adc_bits=7, adc_range=2.0)
    device = unlike(bench, read=0.0, c2c=0.0)
    training = {"residual": OWN, "level_range": 3.0, "batch": 7}
    model = dense(bench, "residual", device, training=training, spec=spec)
    layer, (rows, cols), vectors = 1, SIZES[1], 7
    size, full, granule = rows * cols, 3.0 * (2 / rows) ** 0.5, sum(plain.steps(device)) / 2
    first = held(model, layer)
    arrays = [plain.Cells(device, list(w), layer, SEED, array=n) for n, w in enumerate(first)]
    turns, moved, pulsed = [0] * ARRAYS, 0, 0
    for batch in range(12):
        x, dy = given(layer, batch % 4, vectors)
        inputs, errors = x[:, 0, 0] / 255, 0.05 * dy[:, 0, 0]
        seen = [
            np.reshape(one.weights, (rows, cols)) - references(device, n, rows, cols, layer, spec)
            for n, one in enumerate(arrays)
        ]
        back = [
            np.reshape(one.weights, (rows, cols))
            - references(device, n, rows, cols, layer, spec, back=True)
            for n, one in enumerate(arrays)
        ]
        out, dx = learn(model, layer, x, 0.05 * dy, 0.4)
        want = sum(full * SCALE**n * (inputs @ one) for n, one in enumerate(seen))
        np.testing.assert_allclose(out, want, atol=1e-8)
        want = sum(full * SCALE**n * (errors @ one.T) for n, one in enumerate(back))
        np.testing.assert_allclose(dx, want, atol=1e-8)
        most = float((np.abs(inputs).T @ np.abs(errors)).max())
        rate = min(0.4 / (granule * full * SCALE ** (ARRAYS - 1)), vectors / most)
        chance, tops = (rate / 31) ** 0.5, (np.abs(errors).max(), np.abs(inputs).max())
        balance, on = (tops[0] / tops[1]) ** 0.5, plain.ARRAY * (ARRAYS - 1)
        along = naive.trains(
            inputs.ravel(), chance * balance, 0, batch, layer, on + plain.BITS, SEED
        )
        across = naive.trains(
            errors.ravel(), chance / balance, 0, batch, layer, on + plain.OTHER_BITS, SEED
        )
        last = arrays[-1]
        for v, i, j in np.ndindex(vectors, rows, cols):
            n = len(along[v * rows + i] & across[v * cols + j])
            if n:
                at, way = i * cols + j, -1 if errors[v, j] > 0 else 1
                z = naive.normal(at, batch * vectors + v, layer, on + plain.CYCLE, SEED)
                last.weights[at] = plain.programmed(
                    last.weights[at], way * n, last.traits[at], device, z
                )
                pulsed += n
        for n in (2, 1):
            if batch % (2 * 2 ** (2 - n)):
                continue
            worth = granule / SCALE
            taken = max(math.floor(worth / granule + 0.5), 1)
            to, back_to = [0] * size, [0] * size
            for k in range(4):
                row = (turns[n] + k) % rows
                for at in range(row * cols, (row + 1) * cols):
                    if abs(arrays[n].weights[at]) >= worth / 2:
                        to[at] = 1 if arrays[n].weights[at] > 0 else -1
                        back_to[at] = -taken * to[at]
            turns[n] = (turns[n] + 4) % rows
            arrays[n - 1].pulse(to, batch)
            arrays[n].pulse(back_to, batch + MOVED)
            moved += sum(map(abs, to))
        for mine, theirs in zip(held(model, layer), arrays, strict=True):
            np.testing.assert_allclose(mine, theirs.weights, atol=1e-8)
    assert min(moved, pulsed) > 20
    found = measured(model, layer)
    reads = 4 / rows * (6 + 3) / 12
    assert found.fast.reads == pytest.approx(reads)
    assert (found.fast.ups + found.fast.downs) * 12 * size == pytest.approx(pulsed)
    sent = [one.counts for one in arrays[:-1]]
    assert found.set_fraction == pytest.approx(sum(c.sets for c in sent) / (12 * size))
    assert found.reset_fraction == pytest.approx(sum(c.resets for c in sent) / (12 * size))
    assert model.matrices[layer].weights.arrays == ARRAYS


def test_a_resumed_training_is_that_which_was_not_on_two_threads(bench, monkeypatch):
    device = unlike(bench, read=0.05, stuck_high=0.05)
    training = {"residual": replace(OWN, every=1), "level_range": 3.0, "adc": "array"}
    for module in ("parts.arrays", "parts.cells", "parts.pulse_trains", "residual.weights"):
        monkeypatch.setattr(f"neurorebit.schemes.{module}.PART", 64)
    models = [dense(bench, "residual", device, training=training) for _ in range(3)]

    def go(model, steps):
        for step in steps:
            for layer in (1, 0):
                learn(model, layer, *given(layer, step), 0.3)

    go(models[0], range(5))
    go(models[1], range(2))
    kept = capture(models[1].parts)
    copies = {name: array.copy() for name, array in kept.arrays.items()}
    with Workers(2) as two:
        for layer in models[2].matrices:
            object.__setattr__(layer.weights.site, "workers", two)
        restore(models[2].parts, State(copies, dict(kept.plain)))
        go(models[2], range(2, 5))
    assert models[2].digest() == models[0].digest()


@pytest.mark.parametrize(("arrays", "most"), [(2, 0.06), (3, 0.02)])
def test_more_arrays_of_few_states_leave_less_of_a_matrix(bench, arrays, most):
    """Cells of 12 pulses, straight and all alike: each array leaves about a fourth of the last."""
    device, rng = linear_device(bench, levels=12), np.random.default_rng(1)
    own = Residual(arrays=arrays, rows=20)
    training = {
        "residual": own,
        "level_range": (14 / 2) ** 0.5,
        "momentum": 0.0,
        "weight_decay": 0.0,
    }
    model = dense(bench, "residual", device, training=training)
    meant, weights = rng.uniform(-0.5, 0.5, SIZES[0]), model.matrices[0].weights
    for step in range(700):
        x = rng.integers(0, 256, (10, 1, 1, SIZES[0][0])) * (
            rng.random((10, 1, 1, SIZES[0][0])) < 0.3
        )
        x = x.astype(np.uint8)
        out = model.matrices[0].forward((x,), learning=True).reshape(10, -1)
        error = (out - x.reshape(10, -1) / 255 @ meant) / 10
        model.matrices[0].backward(error.reshape(10, 1, 1, -1), 0.2 if step < 500 else 0.05)
    assert np.std(weights.views["analog"][0] - meant) < most
