"""Cells are worked on in parts; each part draws its own random numbers, those of its cells."""

from dataclasses import replace

import numpy as np
import pytest
from small import linear_device, model_on

from neurorebit.kernels import pulse
from neurorebit.kernels.cell import UpDown
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
    "agad": ({},),
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


@pytest.mark.parametrize("name", ["reram", "mixed_precision"])
@pytest.mark.parametrize(("up", "down"), [(40, 25), (25, 40)])
def test_one_update_sends_at_most_the_longer_of_both_ways(bench, name, up, down):
    """Both directions of a gradient beyond all bounds, on a device with unlike ways."""
    device = linear_device(bench)
    device = replace(device, pulses=replace(device.pulses, levels_ltp=up, levels_ltd=down))
    network = bench.network(SHAPE, LAYERS, 3, momentum=0.0, weight_decay=0.0)
    held = model_on(bench, network, name, device).matrices[0].weights
    gradient = np.array([1e9, -1e9, 0.0])
    pulses = np.zeros(3, np.int32)
    held.plan(gradient, pulses, 0, 0.1)
    assert pulses.tolist() == [-40, 40, 0]


def test_a_residue_keeps_what_the_most_pulses_leave():
    """7.25 and -9.5 pulses of which five are sent, and 3.75 of which three are."""
    residue, pulses = np.array([0.25, -0.5, 0.75]), np.zeros(3, np.int32)
    pulse.take_whole(residue, np.array([-7.0, 9.0, -3.0]), pulses, -1.0, UpDown(1.0, 1.0), 5.0)
    assert pulses.tolist() == [5, -5, 3]
    np.testing.assert_allclose(residue, [2.25, -4.5, 0.75])
