"""Cells are worked on in parts; each part draws its own random numbers, those of its cells."""

from dataclasses import replace

import numpy as np
import pytest

from neurorebit.schema import Document, paths
from neurorebit.schema.device import read_device
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model
from neurorebit.training.state import capture
from neurorebit.training.trainer import softmax_loss

SHAPE = (6, 6, 2)
LAYERS = [
    {"kind": "conv", "channels": 5, "kernel": 3, "padding": 1}, {"kind": "relu"},
    {"kind": "max_pool", "kernel": 3}, {"kind": "flatten"}, {"kind": "linear", "features": 3},
]  # fmt: skip
MODULES = ("parts.arrays", "parts.cells", "parts.in_place", "parts.levels", "parts.software",
           "hybrid.weights", "quantized.weights", "tiki_taka.weights")  # fmt: skip
CHOSEN = {
    "hybrid": ({}, {"mapping": "pair"}, {"write": "verify"}, {"write": "pulses"}),
    "reram_mapped": ({"write": "reset"},),
    "reram": ({},),
    "mixed_precision": ({},),
    "manhattan": ({},),
    "tiki_taka": ({},),
}
RUNS = [(name, choice) for name, choices in CHOSEN.items() for choice in choices]


def imperfect(device):
    """Cells that differ, that are noisy at each write and read, that are stuck, that drift."""
    tree = Document(paths.shipped("device", "taox_hfox"))
    for key, value in (("source", "a test"), ("exponent", "0.05"), ("toward", "random")):
        tree.set(f"retention.{key}", value)
    variation = replace(device.variation, read=0.03, stuck_low=0.04, stuck_high=0.05)
    return replace(device, variation=variation, retention=read_device(tree).retention)


@pytest.mark.parametrize(("name", "choice"), RUNS, ids=str)
def test_any_parts_give_the_same_cells_and_the_same_reads(bench, images, monkeypatch, name, choice):
    network = bench.network(SHAPE, LAYERS, 3, rest=1e4, adc="ideal", **choice)
    spec, device = bench.chip(name)
    x, labels = images(6, SHAPE), np.arange(6) % 3
    seen = []
    for part in (1 << 18, 32):  # one part; several, which begin within and at blocks of draws
        for module in MODULES:
            monkeypatch.setattr(f"neurorebit.schemes.{module}.PART", part)
        monkeypatch.setattr("neurorebit.schemes.tiki_taka.weights.LEAST", part)
        model = Model(
            network, spec, imperfect(device), scheme=SCHEMES[name], seed=1, workers=bench.workers,
            dtype=np.float64,
        )  # fmt: skip
        model.begin_epoch(0)
        for _ in range(2):
            scores = model.forward(x, learning=True)
            model.backward(softmax_loss(scores, labels)[1], 0.1)
        state = capture(model.parts).arrays
        seen.append({**state, "scores": model.forward(x, learning=False)})
    whole, parted = seen
    assert whole.keys() == parted.keys()
    for path, expected in whole.items():
        np.testing.assert_allclose(parted[path], expected, rtol=0.0, atol=1e-12, err_msg=path)
