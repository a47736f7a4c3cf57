"""The data sets by the word that files use for them."""

from __future__ import annotations

from neurorebit.data.cifar10 import CIFAR10
from neurorebit.data.dataset import ImageSet
from neurorebit.data.digits import DIGITS

DATASETS: dict[str, ImageSet] = {"cifar10": CIFAR10, "digits": DIGITS}


def installed() -> tuple[str, ...]:
    """Data sets that need no download, so that they can stand in for one that is missing."""
    return tuple(name for name, images in DATASETS.items() if images.archive is None)
