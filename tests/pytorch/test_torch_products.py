"""Layers by operations of PyTorch against the kernels, without noise and with it."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from one_layer import WANTS, Operations, both, layer_of, maps  # noqa: E402

CONV = {"kind": "conv", "channels": 6, "kernel": 3, "padding": 1}
LAYERS = {
    "3 x 3": (CONV, (6, 5, 4)),
    "stride and dilation": (
        {"kind": "conv", "channels": 4, "kernel": [3, 2], "stride": [2, 1], "dilation": [1, 2],
         "padding": [1, 0, 2, 1]},
        (9, 8, 3),
    ),
    "groups": ({**CONV, "groups": 2}, (5, 5, 4)),
    "depthwise": ({**CONV, "groups": 6}, (5, 5, 6)),
    "several arrays": ({**CONV, "channels": 7}, (5, 4, 40)),
    "1 x 1": ({"kind": "conv", "channels": 5, "kernel": 1}, (4, 4, 200)),
}  # fmt: skip


def off_by_one(found, wanted, step):
    """Outputs are the same numbers of steps, but for at most 1e-4 of them, which are next to it."""
    apart = np.abs(found - wanted) / step
    assert np.max(apart) < 1.01
    assert np.mean(apart > 0.5) <= max(1e-4, 1.0 / found.size)
    close = apart <= 0.5
    assert np.allclose(found[close], wanted[close], rtol=2e-5, atol=1e-5 * np.abs(wanted).max())


def finest(pair, saved):
    """The least change of an output that one code makes."""
    weights = pair[1].held.weights
    reading = weights.reading if hasattr(weights, "reading") else weights
    converters = reading.forward
    powers = converters.squares.mean
    bits = converters.site.spec.forward.adc_bits
    full = getattr(weights, "full", 1.0) if hasattr(weights, "reading") else 1.0
    steps = [converters._quantisation(bits, float(power)).step for power in powers]
    return max(steps) * saved.map.scale * full * 2.0 ** (len(steps) - 1 if len(steps) > 1 else 0)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("conversion", ["fast", "bit_serial"])
def test_codes_of_arrays(tmp_path, name, conversion):
    layer, shape = LAYERS[name]
    pair = layer_of(tmp_path, "hybrid", layer, shape, training={"conversion": conversion})
    for seed in range(3):
        x = maps(pair[0].held.node, seed=seed)
        wanted, found, saved = both(pair, x)
        pair[0].held._x = None
        if seed:
            off_by_one(found, wanted, finest(pair, saved))
    assert np.abs(wanted).max() > 0.0
    kernels, operations = (one.held for one in pair)
    assert np.allclose(kernels.seen.ones, operations.seen.ones)
    assert kernels.seen.pairs == operations.seen.pairs
    assert kernels.encoder.clip == pytest.approx(operations.encoder.clip, rel=1e-6)
    means = (one.weights.reading.forward.squares.mean for one in (kernels, operations))
    assert np.allclose(*means, rtol=1e-5)


@pytest.mark.parametrize("way", ["two_phase", "twos_complement", "offset"])
def test_inputs_below_zero(tmp_path, way):
    pair = layer_of(
        tmp_path, "hybrid", {"kind": "conv", "channels": 4, "kernel": 1}, (4, 4, 30),
        before=[{**CONV, "channels": 30}], signed_inputs=way,
        training={"conversion": "bit_serial"},
    )  # fmt: skip
    assert pair[0].held.signs is not None, "no rectifier stands before it"
    for seed in range(2):
        x = maps(pair[0].held.node, signed=True, seed=seed)
        wanted, found, saved = both(pair, x)
    off_by_one(found, wanted, finest(pair, saved))
    seen = [one.held.seen for one in pair]
    assert seen[0].stored_ones == seen[1].stored_ones > 0
    assert seen[0].stored_bits == seen[1].stored_bits
    assert np.allclose(seen[0].ones, seen[1].ones)


SCHEMES = {
    "real": {},
    "quantized": {},
    "hybrid": {},
    "hybrid, pairs": {"training": {"mapping": "pair", "write": "direct"}},
    "hybrid, pulses": {"training": {"write": "pulses"}},
    "hybrid, levels back": {"training": {"error_path": "levels"}},
    "reram_mapped": {},
    "reram": {"chip": "reram"},
    "mixed_precision": {"chip": "reram"},
    "manhattan": {"chip": "reram"},
    "quantized, SRAM": {"chip": "sram"},
}
NOISY = {"d2d": 0.1, "c2c": 0.1, "read": 0.05}


def stepped(pair, x, dy, rate):
    """A step of both: the errors that go back, and the gradient where there is one."""
    kernels, operations = pair
    wanted, found, saved = both(pair, x)
    given = Operations().backward(operations, saved, torch.from_numpy(dy), WANTS)
    sent = kernels.held.backward(dy.copy(), rate)[0]
    if hasattr(kernels.held.weights, "real"):
        real = operations.parameter
        training = kernels.held.tools.training
        velocity = torch.from_numpy(operations.held.weights.velocity)
        velocity.mul_(training.momentum).add_(given.weight + training.weight_decay * real)
        real.sub_(rate * velocity)
        Operations().follow(operations)
    else:
        Operations().update(operations, rate)
    Operations().pull(operations)
    return wanted, found, np.array(sent), given.input.numpy()


def near(found, wanted, share):
    """Equal to the rounding of sums in single precision, but for a share of the numbers."""
    apart = np.abs(found - wanted) > 2e-5 * np.abs(wanted).max()
    assert np.mean(apart) <= share


@pytest.mark.parametrize("noise", ["noiseless", "noisy"])
@pytest.mark.parametrize("name", SCHEMES)
def test_steps_of_every_scheme(tmp_path, name, noise):
    """The draws are the same, so that cells are the same too, but where a code was off by one."""
    given = {**SCHEMES[name]}
    variation = NOISY if noise == "noisy" else {"d2d": 0.0, "c2c": 0.0, "read": 0.0}
    pair = layer_of(
        tmp_path, name.split(",")[0], CONV, (6, 6, 8), variation=variation, **given
    )  # fmt: skip
    node = pair[0].held.node
    for seed in range(3):
        x, dy = maps(node, seed=seed), 1e-2 * maps(node, seed=seed, errors=True)
        wanted, found, sent, back = stepped(pair, x, dy, 0.05)
        near(found, wanted, 0.01)
        near(back, sent, 0.05)
    kernels, operations = (one.held.weights for one in pair)
    held = [k for k in ("levels", "analog", "held", "real", "velocity") if hasattr(kernels, k)]
    for key in held:
        near(getattr(operations, key).astype(float), getattr(kernels, key).astype(float), 0.02)
    if hasattr(kernels, "cells") and hasattr(kernels.cells, "weight"):
        near(operations.cells.weight, kernels.cells.weight, 0.03)
    for key in ("updates", "words"):
        assert getattr(kernels.written, key) == getattr(operations.written, key)
    for key in ("sets", "resets", "set_steps", "reset_steps", "conductance"):
        a, b = (float(getattr(one.written, key)) for one in (kernels, operations))
        assert b == pytest.approx(a, rel=0.05, abs=3.0)
    assert float(pair[1].held.seen.error_ones) == pytest.approx(
        float(pair[0].held.seen.error_ones), rel=1e-3
    )


def test_evaluation_reads_cells_that_have_rested(tmp_path):
    pair = layer_of(tmp_path, "hybrid", CONV, (5, 5, 4), training={"rest": 1e5}, variation=NOISY)
    x = maps(pair[0].held.node)
    both(pair, x)
    pair[0].held._x = None
    wanted, found, _ = both(pair, x, learning=False)
    near(found, wanted, 0.01)
    first, _, _ = both(pair, x, learning=False)
    assert not np.array_equal(wanted, first), "each read has a noise of its own"
