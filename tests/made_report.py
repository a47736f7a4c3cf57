"""A report of an estimate whose figures can be worked out in the head."""

import math
from dataclasses import replace

import numpy as np

from neurorebit.chips.parts.counts import Counts
from neurorebit.circuits.cost import Bill
from neurorebit.estimation.estimate import Estimate, PhaseEstimate
from neurorebit.inputs.architecture import read_architecture
from neurorebit.results import document
from neurorebit.schema import Document, paths
from neurorebit.schema.activity import Activity, LayerActivity, Origin

LAYER = LayerActivity(
    (0.5, 0.25, 0.25),
    0.5,
    1.0,
    0.5,
    set_fraction=0.1,
    reset_fraction=0.2,
    set_levels=1.0,
    reset_levels=1.0,
    words_written=1.0,
    verify_reads=0.0,
)
HEADER = {
    "network": "small",
    "architecture": "c",
    "technology": "t",
    "device": "d",
    "version": "1.2.3",
    "command": "neurorebit run small",
    "ablations": ["adc=ideal: not the same"],
    "idle": ["device.r_on=1: without effect"],
    "overrides": ["--set technology.vdd=0.8V"],
    "short_run": False,
    "notes": ["nothing was trained"],
    "inputs": {"network": {"name": "small", "file": "a/small.yaml", "sha256": "0123456789abcdef"}},
}
EPOCHS = [
    {
        "epoch": 1, "loss": 2.5, "train_accuracy": 0.25, "test_accuracy": 0.5,
        "cells_programmed": 12, "images_per_second": 100.0, "seconds": 3.5,
    },
    {
        "epoch": 2, "loss": 1.5, "train_accuracy": 0.75, "test_accuracy": None,
        "cells_programmed": 7, "images_per_second": 110.0, "seconds": 3.0,
    },
]  # fmt: skip
TRAINING = {
    "dataset": "noise", "images": 10, "test_images": 2000, "epochs": EPOCHS, "test_accuracy": 0.5,
    "scheme": "hybrid", "histogram": None, "diverged": False, "interrupted": False,
    "out_of_time": False,
}  # fmt: skip


def phase(per, ops, scale):
    """Two parts and their leakage, over two layers and the chip."""
    return PhaseEstimate(
        per=per,
        ops=ops,
        energy=Bill(
            {
                "macro/array": scale * np.array([3.0, 1.0, 0.0]),
                "macro/adc": scale * np.array([2.0, 0.0, 0.0]),
                "leakage/chip/macro": scale * np.array([0.5, 0.25, 0.25]),
            }
        ),
        latency=scale * np.array([20.0, 10.0, 10.0]),
        dram_energy=scale * np.array([1.0, 2.0, 0.0]),
        macro_energy=scale * 6.0,
        leakage_energy=scale * 1.0,
        slowest=("arrays", "DRAM", None),
    )


def made_up():
    """An estimate whose figures can be worked out in the head."""
    return Estimate(
        rows=("conv1", "linear1", "chip"),
        kinds=("conv", "linear", "chip"),
        macs=(100, 20, 0),
        utilization=(0.5, 0.25, math.nan),
        chip_utilization=0.4,
        area=Bill({"chip/macro/array": 1e-6, "chip/macro/adc": 2e-6, "chip/tree": 7e-6}),
        layer_area=Bill(
            {
                "chip/macro/array": np.array([1e-6, 0.0, 0.0]),
                "chip/macro/adc": np.array([0.5e-6, 1.5e-6, 0.0]),
                "chip/tree": np.array([0.0, 0.0, 7e-6]),
            }
        ),
        counts={"macro": Counts(tiles=1, pes=2, macros=3000, converters=96000)},
        leakage=Bill({"chip/macro/array": 1e-3, "chip/tree": 3e-3}),
        phases={
            "inference": phase("image", 240.0, 0.5e-12),
            "forward": phase("image", 240.0, 1e-12),
            "backward": phase("image", 40.0, 2e-12),
            "gradient": phase("image", 240.0, 3e-12),
            "update": phase("iteration", 8.0, 10e-12),
            "sync": phase("iteration", 0.0, 20e-12),
            "programming": phase("network", 9.0, 50e-12),
        },
        batch=4,
        images=10,
        activity_source="measured in 3 steps",
        assumptions=("the moon is far",),
    )


def built(training=None, origin=Origin.MEASURED):
    spec = read_architecture(Document(paths.shipped("architecture", "rebit")))
    layers = LAYER, replace(LAYER, input_density=(0.125,) * 3)
    activity = Activity("measured in 3 steps", layers, origin)
    return document.build(HEADER, made_up(), spec, activity, training=training)
