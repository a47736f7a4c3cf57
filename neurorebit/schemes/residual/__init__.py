"""Residual learning: several arrays of few states hold a weight, each what others cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.layers.network import Network, Node
from neurorebit.schema.activity import FastActivity
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.scheme import CELL_KEYS, FastArray, Held, Refusal, Scheme
from neurorebit.schemes.residual.keys import ResidualKeys

if TYPE_CHECKING:
    from neurorebit.training.parts.weights import Site, Weights

PULSES = 1.0  # of a cell of the last array in one batch, as many up as down


def assumed_activity(node: Node, training: Training) -> FastActivity:
    """Assumed activity of a layer's last array in one batch, and the reads of all arrays."""
    own, matmul = training.own(ResidualKeys).residual, node.matmul
    assert matmul is not None
    rows = matmul.rows * matmul.groups
    times = sum(float(own.slower) ** -k for k in range(own.arrays - 1)) / own.every
    return FastActivity(PULSES / 2.0, PULSES / 2.0, times * min(own.rows, rows) / rows, 0.5)


def refusals(network: Network, spec: ArchitectureSpec) -> Iterator[Refusal]:
    """What the chip of several arrays a weight cannot be."""
    if spec.holds_devices and spec.row_by_row:
        message = "all rows of its arrays are read at once"
        cure = "take architecture.arrays.read=parallel"
        yield Refusal("architecture", ("arrays", "read"), message, cure)
    if np.any(spec.cells_per_weight != 1.0) and spec.holds_devices:
        message = "a weight is one cell of each of its arrays"
        cure = "take cell_bits as wide as weight_bits, and more arrays (training.residual.arrays)"
        yield Refusal("architecture", ("arrays", "cell_bits"), message, cure)


def _load() -> Callable[[Site], Weights]:
    from neurorebit.schemes.residual.weights import ResidualWeights

    return ResidualWeights


RESIDUAL = Scheme(
    summary="Several arrays a weight: the last learns what those before it lack, and passes it on.",
    held=Held.CELLS,
    organisation="residual",
    architecture="reram",
    chip="learns in place, 7-bit cells, three arrays a weight",
    heeds=CELL_KEYS,
    kept=0,
    velocity=False,
    keys=ResidualKeys,
    fast=FastArray(assumed_activity, f"of the last array ours: {PULSES:g} pulse of a cell a batch"),
    arrays=lambda training: training.own(ResidualKeys).residual.arrays,
    load=_load,
    on_sram="training had arrays of devices for a weight, the estimate bills {chip} in one of SRAM",
    refuses=refusals,
)
