"""What every scheme of holding weights promises, and every device that it may hold them in."""

from dataclasses import replace

import numpy as np
import pytest
from small import LAYERS, SHAPE, model_on, one_step

from neurorebit.data import digits
from neurorebit.schema import Document, InputError, paths
from neurorebit.schema.device import read_device
from neurorebit.schema.training import Augment
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.demands import demands
from neurorebit.training.model import Model
from neurorebit.training.parts.workers import Workers
from neurorebit.training.state import State, capture, restore
from neurorebit.training.trainer import train

IN_PLACE = ("reram", "mixed_precision", "tiki_taka", "agad", "manhattan")


MEMORY = {  # digital bits of a weight with momentum, and arrays that hold it
    "low_rank": (32 * 4 * (64 + 48 + 48 + 10) / (64 * 48 + 48 * 10), 1),  # of rank 4
    "real": (64, 0), "quantized": (64, 0), "hybrid": (64, 1), "reram_mapped": (64, 1),
    "reram": (32, 1), "mixed_precision": (64, 1), "tiki_taka": (32, 2), "manhattan": (0, 1),
    "tiki_taka_chopped": (32, 2), "agad": (96, 2),
}  # fmt: skip


RATES = {"low_rank": 0.5}  # without momentum
# many pulses, each with 3.7 % of the range; what a chopped array has left counts against the sign
NOISY = {"tiki_taka": 0.8, "manhattan": 0.8, "tiki_taka_chopped": 0.7, "agad": 0.75}


FAST = ("tiki_taka", "tiki_taka_chopped", "agad")  # no gradient is computed


LEARN = [name for name, one in SCHEMES.items() if one.trains and one.refuses is None]


@pytest.mark.parametrize("weights", LEARN)  # those of whole numbers: test_wage.py
def test_every_scheme_learns_handwritten_digits_and_tells_what_it_took(bench, weights):
    """Real images, 1438 of them three times; 359 to be judged by."""
    layers = [
        {"kind": "flatten"}, {"kind": "linear", "features": 48}, {"kind": "batch_norm"},
        {"kind": "relu"}, {"kind": "linear", "features": 10},
    ]  # fmt: skip
    network = bench.network(
        (8, 8, 1), layers, 10, epochs=4, batch=32, learning_rate=RATES.get(weights, 0.05),
        augment=Augment(pad=0, flip=False),
    )  # fmt: skip
    spec, device = bench.chip(weights)
    result = train(
        network,
        spec,
        device,
        digits.load(None, network.input),
        scheme=SCHEMES[weights],
        seed=1,
        threads=1,
    )
    assert result.test_accuracy >= NOISY.get(weights, 0.88)
    held = bench.model(network, weights).matrices[0].weights
    assert (result.demands.memory_bits_per_weight, held.arrays) == MEMORY[weights]
    first_layer, second = 64 * 48, 48 * 10  # MACs; the first sends no error back
    gradient = first_layer + second
    passes = {**dict.fromkeys(FAST, 0), "hybrid": gradient + second}
    if not held.arrays:
        passes[weights] = 2 * gradient + second
    assert result.demands.digital_macs_per_image == passes.get(weights, gradient)
    assert (result.demands.writes_per_cell_and_epoch > 0) == (held.arrays > 0)
    if held.arrays:
        first = result.activity.layers[0]
        assert first.set_fraction > 0
        assert first.reset_fraction > 0
        assert 0.2 < first.conductance < 0.8


@pytest.mark.parametrize(("weights", "arrays"), [("hybrid", 2), ("reram", 1), ("real", 0)])
def test_a_pair_of_cells_is_told_as_two_arrays(bench, images, weights, arrays):
    """Where the scheme heeds ``mapping`` at all."""
    model = bench.model(bench.network(SHAPE, LAYERS, 3, mapping="pair"), weights)
    one_step(model, images(4, SHAPE), np.arange(4) % 3)
    assert demands(model, 1.0).arrays_per_weight == arrays


CHOSEN = {  # of training, for schemes that heed it; with reads that are noisy
    "verify, learned, bit by bit": {
        "write": "verify",
        "quantiser": "learned",
        "digital": "bit_serial",
        "conversion": "bit_serial",
    },
    "a pair of cells": {"mapping": "pair", "reprogram": 2},
    "through wires": {"wires": "resistive", "write": "reset"},
}


@pytest.mark.parametrize("choice", CHOSEN)
@pytest.mark.parametrize("weights", ["hybrid", "reram_mapped", "reram", "tiki_taka", "agad"])
def test_every_choice_gives_the_same_bits_on_two_threads_and_goes_on_the_same(
    bench, images, monkeypatch, weights, choice
):
    """Four steps at once on one thread; two, and two more from their state, on two threads."""
    modules = [f"parts.{name}" for name in ("arrays", "cells", "in_place", "levels", "software")]
    for module in (*modules, "hybrid.weights", "tiki_taka.weights"):  # so that all is shared
        monkeypatch.setattr(f"neurorebit.schemes.{module}.PART", 64)
    monkeypatch.setattr("neurorebit.schemes.tiki_taka.weights.LEAST", 64)
    network = bench.network(SHAPE, LAYERS, 3, calibration_steps=3, **CHOSEN[choice])
    spec, device = bench.chip(weights)
    noisy = replace(device, variation=replace(device.variation, read=0.03, stuck_high=0.05))
    x, labels = images(12, SHAPE), np.arange(12) % 3
    run, shared = Workers.run, []

    def counted(self, job, count, macs=0):
        shared.append(count > 1)
        return run(self, job, count, macs)

    monkeypatch.setattr(Workers, "run", counted)
    with Workers(2) as two:
        whole, first, second = (
            Model(
                network,
                spec,
                noisy,
                scheme=SCHEMES[weights],
                seed=1,
                workers=workers,
                wires=(3.0, 4.0),
            )
            for workers in (bench.workers, two, two)
        )
        whole.begin_epoch(0)
        first.begin_epoch(0)
        for _ in range(4):
            one_step(whole, x, labels)
        for _ in range(2):
            one_step(first, x, labels)
        kept = capture(first.parts)
        copies = {name: array.copy() for name, array in kept.arrays.items()}
        restore(second.parts, State(copies, dict(kept.plain)))
        for _ in range(2):
            one_step(second, x, labels)
        assert second.digest() == whole.digest()
        np.testing.assert_array_equal(second.forward(x, False), whole.forward(x, False))
    assert sum(shared) > 40


@pytest.mark.parametrize("weights", IN_PLACE)
def test_a_seed_gives_the_same_bits_on_any_number_of_threads(bench, images, weights):
    layers = [
        {"kind": "conv", "channels": 48, "kernel": 3, "padding": 1}, {"kind": "relu"},
        {"kind": "max_pool", "kernel": 8}, {"kind": "flatten"}, {"kind": "linear", "features": 8},
    ]  # fmt: skip
    network = bench.network((8, 8, 3), layers, 8)
    x, labels, digests = images(16, (8, 8, 3)), np.arange(16) % 8, set()
    for threads in (1, 2):
        with Workers(threads) as workers:
            model = bench.model(network, weights, workers=workers, dtype=np.float32)
            for _ in range(2):
                one_step(model, x, labels)
            digests.add(model.digest())
    assert len(digests) == 1


@pytest.mark.parametrize("name", paths.names("device"))
def test_every_device_learns_in_place_or_says_what_it_lacks(bench, images, name):
    device = read_device(Document(paths.shipped("device", name)))
    network = bench.network(SHAPE, LAYERS, 3)
    x, labels = images(6, SHAPE), np.arange(6) % 3
    for weights in ("reram", "tiki_taka"):
        if device.pulses is None:
            with pytest.raises(InputError, match="no published pulse data, and scheme=reram"):
                model_on(bench, network, "reram", device)
            continue
        model = model_on(bench, network, weights, device)
        for _ in range(2):
            assert np.isfinite(one_step(model, x, labels))
        for layer in model.matrices:
            assert layer.weights.writes.sum() > 0
            assert np.abs(layer.weights.cells.weight).max() < 3.0
