"""Each scheme a second time by plain loops: cells, draws, and the activity that is measured.

All numbers are unlike: pulses up and down, noises of devices and of cycles, bits, steps of a
batch. Every draw is the cell's own of that update and that purpose; none is used twice.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from oracle import cells as plain
from oracle import naive
from small import (
    CLASSES,
    DENSE,
    INPUTS,
    SEED,
    SIZES,
    dense,
    given,
    held_by,
    learn,
    measured,
    unlike_device,
    writes_of,
)

from neurorebit.schema import InputError
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model

DECAY, MOMENTUM, RATES = 0.01, 0.7, (0.4, 0.09, 0.03)
D2D = ("step", "bounds", "step_and_bounds", "label", "state")
C2C = ("step", "range", "state")


def first_weights(layer):
    """He's rule for the hidden layer, a smaller start for the scores."""
    rows, cols = SIZES[layer]
    start = (2 / rows) ** 0.5 if layer == 0 else (1 / (3 * rows)) ** 0.5
    return [start * naive.normal(i, 0, layer, plain.FIRST, SEED) for i in range(rows * cols)]


def gradient_of(x, dy):
    """The sum over vectors of inputs (0 to 1) times errors, flat."""
    return sum(np.outer(a, d) for a, d in zip(x[:, 0, 0] / 255, dy[:, 0, 0], strict=True)).ravel()


def pulses_for(scheme, kept, cells, gradient, full, rate, update, threshold):
    """The pulses of each cell by the scheme's rule; ``kept`` is its digital memory."""
    p = cells.device.pulses
    ups, downs, pulses = p.levels_ltp, p.levels_ltd, []
    each = plain.steps(cells.device)
    rms = math.sqrt(sum(g * g for g in gradient) / len(gradient))
    for i, g in enumerate(gradient):
        if scheme == "manhattan":
            pulses.append(-int(np.sign(g)) if abs(g) > threshold * rms else 0)
            continue
        kept["v"][i] = MOMENTUM * kept["v"][i] + g + DECAY * full * cells.weights[i]
        wanted = -rate * kept["v"][i] / full
        if scheme == "reram":
            size = abs(wanted) / each[int(wanted <= 0)]
            u = naive.uniform(i, update, cells.layer, plain.ROUND, SEED)
            n = math.floor(min(size, max(ups, downs)) + u)
            pulses.append(n if wanted > 0 else -n)
        else:
            kept["r"][i] += wanted
            step = each[int(kept["r"][i] <= 0)]
            n = int(min(abs(kept["r"][i]) / step, max(ups, downs)))
            pulses.append(n if kept["r"][i] > 0 else -n)
            kept["r"][i] -= pulses[-1] * step
    return pulses


def told(model, layer, counts, steps, words):
    """Whether the measured activity is what plain loops counted; ``steps`` a pulse up and down."""
    activity, updates = measured(model, layer), len(RATES)
    size = SIZES[layer][0] * SIZES[layer][1]
    sets, resets = counts.sets / (size * updates), counts.resets / (size * updates)
    assert activity.set_fraction == pytest.approx(sets)
    assert activity.reset_fraction == pytest.approx(resets)
    assert activity.set_levels == pytest.approx(counts.up * steps[0] / max(counts.sets, 1))
    assert activity.reset_levels == pytest.approx(counts.down * steps[1] / max(counts.resets, 1))
    mean = sum(0.5 + 0.5 * m for m in counts.means) / updates
    assert activity.conductance == pytest.approx(mean)
    assert activity.words_written == words


@pytest.mark.parametrize("c2c", C2C)
@pytest.mark.parametrize("d2d", D2D)
@pytest.mark.parametrize("scheme", ["reram", "mixed_precision", "manhattan"])
def test_schemes_in_place_are_those_of_plain_loops(bench, scheme, d2d, c2c):
    device = unlike_device(bench, pulse_d2d=d2d, pulse_c2c=c2c, stuck_low=0.05, stuck_high=0.08)
    threshold = 0.6
    training = {"level_range": 3.0, "threshold": threshold, "edge_bits": 4}
    model = dense(bench, scheme, device, training=training)
    words = {"reram": 1.0, "mixed_precision": 1.0, "manhattan": 0.0}[scheme]
    for layer, (rows, cols) in enumerate(SIZES):
        size, full = rows * cols, 3.0 * (2 / rows) ** 0.5
        cells = plain.Cells(device, [w / full for w in first_weights(layer)], layer, SEED)
        kept = {"v": [0.0] * size, "r": [0.0] * size}
        for update, rate in enumerate(RATES, start=1):
            x, dy = given(layer, update, 5 + update)
            learn(model, layer, x, dy, rate)
            gradient = gradient_of(x, dy)
            cells.pulse(
                pulses_for(scheme, kept, cells, gradient, full, rate, update, threshold), update
            )
            found, found_full = held_by(model, layer)
            np.testing.assert_allclose(found, cells.weights, atol=1e-9)
            assert found_full == pytest.approx(full)
        np.testing.assert_array_equal(writes_of(model, layer), cells.writes)
        assert min(cells.counts.sets, cells.counts.resets) > 5
        told(model, layer, cells.counts, (6 / 97, 6 / 41), words)


def real_weights(model, layer, clip):
    """The update (0: before the first), real weights and their outermost level, as it learns."""
    real = np.array(first_weights(layer))
    velocity, full = np.zeros(real.size), 2 * float(np.std(real))
    yield 0, real, full
    for update, rate in enumerate(RATES, start=1):
        x, dy = given(layer, update, 5 + update)
        learn(model, layer, x, dy, rate)
        velocity = MOMENTUM * velocity + gradient_of(x, dy) + DECAY * real
        real = np.clip(real - rate * velocity, -clip * full, clip * full)
        yield update, real, full


@pytest.mark.parametrize("write", ["pulses", "verify", "reset"])
@pytest.mark.parametrize("d2d", D2D)
@pytest.mark.parametrize(
    ("scheme", "c2c"), [("hybrid", "step"), ("reram_mapped", "range"), ("hybrid", "state")]
)
def test_levels_written_by_pulses_are_those_of_plain_loops(bench, scheme, write, d2d, c2c):
    device = unlike_device(bench, pulse_d2d=d2d, pulse_c2c=c2c, stuck_low=0.05, stuck_high=0.08)
    training = {"write": write, "write_tolerance": 0.2, "edge_bits": 4, "weight_clip": 1.2}
    model = dense(bench, scheme, device, training=training)
    for layer, (rows, cols) in enumerate(SIZES):
        size, top = rows * cols, 7
        cells, levels = plain.Cells(device, [-9.0] * size, layer, SEED), [-128] * size
        for update, real, full in real_weights(model, layer, 1.2):
            for i, w in enumerate(real):
                now = naive.level(w, full, top)
                if now != levels[i]:
                    plain.to_level(i, levels[i], now, top, cells, write, 0.2 / top, update)
                    levels[i] = now
            if not update:  # the first writing belongs to no step
                cells.counts, cells.writes = plain.Counts(), [0] * size
            else:
                cells.counts.means.append(sum(cells.weights) / size)
            np.testing.assert_allclose(held_by(model, layer)[0], cells.weights, atol=1e-9)
        np.testing.assert_array_equal(writes_of(model, layer), cells.writes)
        assert min(cells.counts.up, cells.counts.down) > 10
        told(model, layer, cells.counts, (6 / 97, 6 / 41), 1.0)
        reads = cells.counts.reads / (size * len(RATES))
        assert measured(model, layer).verify_reads == pytest.approx(reads)
        assert (reads > 0) == (write == "verify")


@pytest.mark.parametrize("mapping", ["reference", "pair", "weight"])
@pytest.mark.parametrize("quantiser", ["symmetric", "no_zero"])
@pytest.mark.parametrize("every", ["change", 2])
@pytest.mark.parametrize(
    ("scheme", "stuck"), [("hybrid", (0, 0)), ("reram_mapped", (0.06, 0.09)), ("hybrid", (0, 0.1))]
)
def test_levels_written_directly_are_those_of_plain_loops(
    bench, scheme, mapping, quantiser, every, stuck
):
    """Also both cells of a pair, each with draws of its own."""
    device = unlike_device(bench, stuck_low=stuck[0], stuck_high=stuck[1])
    training = {"mapping": mapping, "quantiser": quantiser, "reprogram": every}
    model = dense(bench, scheme, device, training=training)
    grid, top = (range(-7, 8, 2), 7) if quantiser == "no_zero" else (range(-3, 4), 3)
    for layer, (rows, cols) in enumerate(SIZES):
        size, counts = rows * cols, plain.Counts()
        levels, held, writes = [-128] * size, [0.0] * size, [0] * size
        for update, real, full in real_weights(model, layer, 1.5):
            due = every == "change" or update % every == 0
            for i, w in enumerate(real if due else ()):
                now = min(grid, key=lambda j, w=w, full=full: abs(w - j * full / top))
                move = now - levels[i]
                if move or every != "change":
                    held[i] = plain.directly(i, now, top, device, mapping, layer, update, SEED)
                    writes[i] += 1
                    counts.moved(max(move, 0), max(-move, 0))
                    counts.sets += move == 0  # the same again
                    levels[i] = now
            if not update:
                counts, writes = plain.Counts(), [0] * size
            else:
                counts.means.append(sum(held) / size)
            np.testing.assert_allclose(held_by(model, layer)[0], held, atol=1e-9)
        np.testing.assert_array_equal(writes_of(model, layer), writes)
        assert min(counts.sets, counts.resets) > 2
        told(model, layer, counts, (3 / top, 3 / top), 1.0)


@pytest.mark.parametrize("way", ["ltp", "ltd"])
def test_the_least_pulse_of_each_way_is_that_of_its_own_number(bench, way):
    """4.6e-3 of the range over the pulses: lost in float32 (1.2e-7) of 100,000, not of 50."""
    other = "ltd" if way == "ltp" else "ltp"
    flat = {f"nonlinearity_{way}": -6.0 if way == "ltp" else 6.0, f"nonlinearity_{other}": 0.0}
    network = bench.network((1, 1, INPUTS), DENSE, CLASSES)
    for many in (way, other):
        device = unlike_device(bench)
        counts = {f"levels_{k}": 100_000 if k == many else 50 for k in ("ltp", "ltd")}
        device = replace(device, pulses=replace(device.pulses, **flat, **counts))
        spec = bench.chip("reram")[0]

        def make(device=device, spec=spec):
            return Model(
                network, spec, device, scheme=SCHEMES[spec.scheme], seed=1, workers=bench.workers
            )

        if many == way:
            with pytest.raises(InputError, match=f"nonlinearity_{way}: the first pulse"):
                make()
        else:
            assert len(make().matrices) == 2
