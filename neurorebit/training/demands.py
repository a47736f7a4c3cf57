"""What a scheme asks for: digital memory and arithmetic, arrays, pulses, and the wear of cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.schema.training import WORD, kept_words
from neurorebit.schemes.ablations import HEEDED
from neurorebit.training.model import Model


@dataclass(frozen=True)
class Demands:
    """Means over the weights of a network, or over its cells where it says so.

    Digital MACs are those of one image in passes that exact weights or gradients take part in. A
    write is a programming operation, of however many pulses; pulses of Tiki-Taka's fast array are
    operations of their own. ``lifetime_epochs``: until the most written cell has seen the writes
    that the device endures; None where the device file gives no such figure or nothing was written.
    A weight of a pair of cells has two arrays; a write of either counts for both.
    """

    memory_bits_per_weight: float
    arrays_per_weight: int
    digital_macs_per_image: int
    pulses_per_weight_and_epoch: float
    writes_per_cell_and_epoch: float
    writes_per_cell_and_epoch_p999: float
    writes_per_cell_and_epoch_most: float
    lifetime_epochs: float | None


def demands(model: Model, epochs: float) -> Demands | None:
    """What the training so far asked for; None before the first step.

    A direct write from level to level counts the pulses that lie between them.
    """
    if not epochs:
        return None
    pulses, endurance, training = model.device.pulses, model.device.endurance, model.training
    sizes = [layer.node.matmul.weights for layer in model.matrices if layer.node.matmul]
    sent, macs = 0.0, 0
    for layer in model.matrices:
        matmul, digital = layer.node.matmul, layer.weights.digital
        assert matmul is not None
        passes = [way for way in digital if way != "backward" or layer.sends_back]
        macs += len(passes) * matmul.macs
        for written in (layer.weights.written, layer.weights.beside):
            if written is not None and pulses is not None:
                sent += sum(written.pulses(pulses, model.spec.levels))
    writes = np.concatenate([layer.weights.writes for layer in model.matrices]) / epochs
    mean, high, most = (
        (float(np.mean(writes)), float(np.percentile(writes, 99.9)), float(np.max(writes)))
        if writes.size
        else (0.0, 0.0, 0.0)
    )
    paired = training.mapping == "pair" and model.spec.scheme in HEEDED["mapping"]
    return Demands(
        memory_bits_per_weight=float(WORD * kept_words(model.spec.scheme, training.momentum)),
        arrays_per_weight=model.matrices[0].weights.arrays * (2 if paired else 1),
        digital_macs_per_image=macs,
        pulses_per_weight_and_epoch=sent / sum(sizes) / epochs,
        writes_per_cell_and_epoch=mean,
        writes_per_cell_and_epoch_p999=high,
        writes_per_cell_and_epoch_most=most,
        lifetime_epochs=endurance.writes / most if endurance is not None and most else None,
    )
