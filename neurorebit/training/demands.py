"""What training needed: digital memory and arithmetic, arrays, pulses, and the wear of cells.

See docs/models/training.md#what-a-training-needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import numpy as np

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.schema.device import Device
from neurorebit.training.layers.matrix import MatrixLayer


@dataclass(frozen=True)
class Demands:
    """What a training run needed, as means over the weights or over the cells of the network.

    ``digital_macs_per_image``: multiplications and additions in passes that digital arithmetic
    computes. A write is one programming operation, of any number of pulses; each pulse of a fast
    array is an operation. Where a pair of cells holds a weight, a write of either cell counts for
    both. ``lifetime_epochs``: epochs until the most written cell has seen the writes that the
    device endures; None where the device file gives no endurance or nothing was written.
    """

    memory_bits_per_weight: float
    arrays_per_weight: int
    digital_macs_per_image: int
    pulses_per_weight_and_epoch: float
    _: KW_ONLY
    writes_per_cell_and_epoch: float
    writes_per_cell_and_epoch_p999: float
    writes_per_cell_and_epoch_most: float
    lifetime_epochs: float | None


class Whole(Protocol):
    """A network in training, as far as its demands follow from it."""

    @property
    def matrices(self) -> Sequence[MatrixLayer]: ...
    @property
    def device(self) -> Device: ...
    @property
    def spec(self) -> ArchitectureSpec: ...
    @property
    def words(self) -> int: ...
    @property
    def word_bits(self) -> int: ...


def demands(model: Whole, epochs: float) -> Demands | None:
    """What the training needed in ``epochs`` epochs; None before the first step.

    A direct write from one level to another counts the pulses between them.
    """
    if not epochs:
        return None
    pulses, endurance = model.device.pulses, model.device.endurance
    sizes = [layer.node.matmul.weights for layer in model.matrices if layer.node.matmul]
    sent, macs, factors, levels = 0.0, 0, 0, int(np.max(model.spec.cell_steps)) + 1
    for layer in model.matrices:
        matmul, digital = layer.node.matmul, layer.weights.digital
        assert matmul is not None
        frozen = layer.outer.layer.frozen
        passes = [
            way
            for way in digital
            if (way != "backward" or layer.sends_back) and (way != "gradient" or not frozen)
        ]
        macs += len(passes) * matmul.macs
        rank = min(layer.weights.site.rank, matmul.rows, matmul.cols)
        factors += rank * (matmul.rows + matmul.cols) * matmul.groups
        if layer.adapter is not None:  # forward, backward, gradient
            macs += (2 + layer.sends_back) * layer.adapter.rank * matmul.rows * matmul.vectors
            macs += 3 * layer.adapter.rank * matmul.cols * matmul.vectors
        for written in (layer.weights.written, layer.weights.written_fast):
            if written is not None and pulses is not None:
                sent += sum(written.pulses(pulses, levels))
    writes = np.concatenate([layer.weights.writes for layer in model.matrices]) / epochs
    mean, high, most = (
        (float(np.mean(writes)), float(np.percentile(writes, 99.9)), float(np.max(writes)))
        if writes.size
        else (0.0, 0.0, 0.0)
    )
    return Demands(
        memory_bits_per_weight=float(model.word_bits * (model.words + factors / sum(sizes))),
        arrays_per_weight=model.matrices[0].weights.arrays,
        digital_macs_per_image=macs,
        pulses_per_weight_and_epoch=sent / sum(sizes) / epochs,
        writes_per_cell_and_epoch=mean,
        writes_per_cell_and_epoch_p999=high,
        writes_per_cell_and_epoch_most=most,
        lifetime_epochs=endurance.writes / most if endurance is not None and most else None,
    )
