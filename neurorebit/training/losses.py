"""What a training makes small: mean losses of a batch and their gradients, in float64 inside.

See docs/models/training.md#losses.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurorebit.training.parts.workers import Array

Loss = Callable[[Array, Array, float], tuple[float, Array]]


def softmax_loss(scores: Array, labels: Array, smoothing: float = 0.0) -> tuple[float, Array]:
    """Mean cross entropy of the softmax of ``scores`` [B, classes], and its gradient.

    ``smoothing`` is the share of each label that is spread evenly over all classes (Szegedy et al.,
    CVPR 2016, arXiv:1512.00567).
    """
    images = np.arange(len(labels))
    shifted = scores.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    sums = exponentials.sum(axis=1, keepdims=True)
    gradient = exponentials / sums
    if smoothing:
        targets = one_hot(labels, scores.shape[1], smoothing)
        loss = float(np.mean(np.log(sums[:, 0]) - (targets * shifted).sum(axis=1)))
        gradient -= targets
    else:
        loss = float(np.mean(np.log(sums[:, 0]) - shifted[images, labels]))
        gradient[images, labels] -= 1.0
    return loss, (gradient / len(labels)).astype(scores.dtype)


def squared_loss(outputs: Array, targets: Array, _: float = 0.0) -> tuple[float, Array]:
    """Mean over the batch of half the squared distance of outputs from ``targets`` [B, outputs].

    With its gradient.
    """
    distance = outputs.astype(np.float64) - targets
    loss = 0.5 * float(np.mean((distance**2).sum(axis=1)))
    return loss, (distance / len(targets)).astype(outputs.dtype)


def one_hot_loss(scores: Array, labels: Array, smoothing: float = 0.0) -> tuple[float, Array]:
    """The squared loss with targets of 1 for the class [B] and 0 for the others, smoothed."""
    return squared_loss(scores, one_hot(labels, scores.shape[1], smoothing))


def one_hot(labels: Array, classes: int, smoothing: float = 0.0) -> NDArray[np.float64]:
    """Targets [B, classes]: the share ``smoothing`` spread evenly, the rest on the class."""
    targets = np.full((len(labels), classes), smoothing / classes)
    targets[np.arange(len(labels)), labels] += 1.0 - smoothing
    return targets


LOSSES: dict[str, Loss] = {
    "cross_entropy": softmax_loss,
    "squared": squared_loss,
    "squared_one_hot": one_hot_loss,
}
