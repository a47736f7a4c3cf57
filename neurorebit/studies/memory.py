"""How much memory a training needs at least, and whether this machine has it."""

from __future__ import annotations

import os
from pathlib import Path

from neurorebit.data.dataset import ImageSet
from neurorebit.layers.network import Network
from neurorebit.schema import InputError
from neurorebit.schema.training import Training
from neurorebit.schemes.parts.scheme import Held, Scheme

FLOAT = 4  # bytes of a number
CELL = 8  # bytes of a cell: its conductance, and how often it was written
# A step that writes cells holds as much as stays again: gradient, targets, draws.
WORKING = 2.0
GIB = 1 << 30
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def refuse_too_large(
    network: Network, data: ImageSet, scheme: Scheme, have: float | None = None
) -> None:
    """InputError where weights, activations and images cannot fit into ``have`` bytes (all there
    are): less than what was ever measured, so that what may fit is not refused.
    """
    have = available() if have is None else have
    training = network.training
    images = min(training.images or data.train_images, data.train_images)
    needs = {
        "weights": _bytes(scheme, training) * sum(matmul.weights for matmul in network.matmuls),
        "activations of a batch": float(FLOAT)
        * min(training.batch, images)
        * max(node.shape_out.size for node in network.nodes),
        "images": float(data.value) * data.train_images * network.input.size,
    }
    if sum(needs.values()) <= have:
        return
    most = max(needs, key=lambda name: needs[name])
    message = (
        f"the training needs {sum(needs.values()) / GIB:,.0f} GiB of memory or more, most of it "
        f"for {most}, and there are {have / GIB:,.0f}"
    )
    cure = "take smaller layers, a smaller input or batch, or estimate without training"
    raise InputError(message, cure=cure)


def _bytes(scheme: Scheme, training: Training) -> float:
    """Bytes of a weight while a step is taken."""
    kept = float(FLOAT * scheme.words(training))
    if scheme.held in (Held.SOFTWARE, Held.GIVEN):
        return kept + FLOAT  # the gradient
    return WORKING * (kept + CELL)


def available() -> float:
    """The bytes that this process may take; infinite where the system does not say."""
    limits = [float("inf")]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    if LIMIT.is_file() and (text := LIMIT.read_text().strip()).isdecimal():
        limits.append(float(text))
    return min(limits)
