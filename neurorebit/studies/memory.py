"""How much memory a training needs at least, and whether this machine has it."""

from __future__ import annotations

import os
from pathlib import Path

from neurorebit.data.dataset import ImageSet
from neurorebit.layers.network import Network
from neurorebit.schema import InputError

FLOAT = 4  # bytes of a number
GIB = 1 << 30
LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def refuse_too_large(network: Network, data: ImageSet, have: float | None = None) -> None:
    """InputError where weights, activations and images cannot fit into ``have`` bytes (all there
    are): a lower bound, so that what may fit is never refused.
    """
    have = available() if have is None else have
    training = network.training
    images = min(training.images or data.train_images, data.train_images)
    needs = {
        "weights": 2.0 * FLOAT * sum(matmul.weights for matmul in network.matmuls),
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


def available() -> float:
    """The bytes that this process may take; infinite where the system does not say."""
    limits = [float("inf")]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    if LIMIT.is_file() and (text := LIMIT.read_text().strip()).isdecimal():
        limits.append(float(text))
    return min(limits)
