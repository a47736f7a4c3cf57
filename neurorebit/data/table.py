"""The data sets by the word that files use for them, and what a path may be instead."""

from __future__ import annotations

import os
from pathlib import Path

from neurorebit.data.cifar10 import CIFAR10
from neurorebit.data.cifar100 import COARSE, FINE
from neurorebit.data.dataset import Format, ImageSet
from neurorebit.data.digits import DIGITS
from neurorebit.data.fashion_mnist import FASHION_MNIST
from neurorebit.data.folder import PICTURES
from neurorebit.data.mnist import MNIST
from neurorebit.data.npz import NPZ, SUFFIX

DATASETS: dict[str, ImageSet] = {
    "cifar10": CIFAR10,
    "cifar100": FINE,
    "cifar100_coarse": COARSE,
    "mnist": MNIST,
    "fashion_mnist": FASHION_MNIST,
    "digits": DIGITS,
}
FORMATS: dict[str, Format] = {"npz": NPZ, "folder": PICTURES}


def installed() -> tuple[str, ...]:
    """Data sets that need no download, so that they can stand in for one that is missing."""
    return tuple(name for name, images in DATASETS.items() if images.archive is None)


def is_path(word: str) -> bool:
    """Whether a word means a file or a folder, as its form shows: by a separator or a suffix."""
    return word not in DATASETS and (
        "/" in word or os.sep in word or word.endswith(SUFFIX) or word in (".", "..")
    )


def format_of(path: Path) -> Format | None:
    """What a path is, None where it is nothing that can be read, or not there."""
    return next((form for form in FORMATS.values() if form.fits(path)), None)
