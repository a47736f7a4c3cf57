"""Training does not know whether groups share arrays: they are read in turn, or apart."""

from dataclasses import replace

import numpy as np
from small import in_place_chip, one_step, unlike_device

from neurorebit.layers.cuts import array_cuts
from neurorebit.schemes.table import SCHEMES
from neurorebit.training.model import Model

LAYERS = [
    {"kind": "conv", "channels": 6, "kernel": 3, "padding": 1, "groups": 3},
    {"kind": "relu"}, {"kind": "flatten"}, {"kind": "linear", "features": 3},
]  # fmt: skip


def test_packed_groups_train_as_groups_apart(bench):
    """Cuts are those of a group's own rows, 18 of them, and a run ends in the same bits."""
    network = bench.network((4, 4, 6), LAYERS, 3, batch=6)
    digests = set()
    for packed in (True, False):
        spec = in_place_chip("reram", pack_groups=packed)
        model = Model(
            network, replace(spec, error_bits=8), unlike_device(bench), scheme=SCHEMES["reram"],
            seed=1, workers=bench.workers,
        )  # fmt: skip
        rng = np.random.default_rng(0)
        for _ in range(3):
            x = rng.integers(0, 256, (6, 4, 4, 6), np.uint8)
            one_step(model, x, rng.integers(0, 3, 6))
        digests.add(model.digest())
    assert len(digests) == 1
    assert array_cuts(network.matmuls, 128, kernel_split=True)[0] == ((0, 18),)
