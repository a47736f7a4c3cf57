"""CIFAR-100 in the layout of the official Python archive: 100 classes, or their 20 groups.

The files are Python pickles, read without running anything they say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from neurorebit.data import pickles
from neurorebit.data.cifar10 import MIRRORS, SHAPE
from neurorebit.data.dataset import Archive, Dataset, ImageSet
from neurorebit.layers.base import Shape
from neurorebit.schema import Argument, InputError

FOLDER = "cifar-100-python"
LARGEST = 256 << 20  # bytes of a file; those of the official archive have 155 MB
MOST = 50_000  # images of a file
CURE = (
    "remove the folder and run 'neurorebit data fetch cifar100', or name another with ",
    Argument("data"),
)
KEYS = {"fine": 100, "coarse": 20}  # of the labels, and how many there are

# MD5 of the files of the official archive, https://www.cs.toronto.edu/~kriz/cifar.html
OFFICIAL = {
    "train": "16019d7e3df5f24257cddd939b257f8d",
    "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
    "meta": "7973b15100ade9c7d40fb424638fde48",
}
ARCHIVE = Archive(
    MIRRORS,
    {"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
    FOLDER,
    OFFICIAL,
)


def load(folder: Path | None, shape: Shape, key: str = "fine") -> Dataset:
    """Read and check a CIFAR-100 folder with its ``fine`` or ``coarse`` labels.

    InputError names the file at fault.
    """
    assert folder is not None
    _refuse_others(folder / "meta", key)
    parts, genuine = [], True
    for name in ("train", "test"):
        path = folder / name
        content = pickles.content(path, LARGEST, CURE)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        genuine = genuine and digest == OFFICIAL[name]
        known = digest in OFFICIAL.values()
        batch = pickles.dictionary(path, content, trusted=known, cure=CURE)
        del content  # 155 MB
        labels = batch.get(f"{key}_labels")
        cases = len(labels) if isinstance(labels, list) else 0
        if not 0 < cases <= MOST:
            message = f"{path}: expected '{key}_labels' of 1 to {MOST:,} images"
            raise InputError(message, cure=CURE)
        pixels, numbers = pickles.images(
            path, batch, f"{key}_labels", cases=cases, classes=KEYS[key], cure=CURE
        )
        images = np.empty((cases, *SHAPE[1:], SHAPE[0]), np.uint8)
        for c, channel in enumerate(pixels.reshape(cases, *SHAPE).transpose(1, 0, 2, 3)):
            images[..., c] = channel
        parts.append((images, numbers))
    (images, labels), (test_images, test_labels) = parts
    title = {"fine": "CIFAR-100", "coarse": "CIFAR-100, 20 groups"}[key]
    note = "the files are in the layout of CIFAR-100 but are not those of the official archive"
    return Dataset(
        title if genuine else f"{title} (unverified)",
        images,
        labels,
        test_images=test_images,
        test_labels=test_labels,
        origin=str(folder),
        note="" if genuine else note,
    )


def _refuse_others(path: Path, key: str) -> None:
    """InputError unless the meta file names as many classes as there are."""
    content = pickles.content(path, LARGEST, CURE)
    meta = pickles.dictionary(path, content, trusted=False, cure=CURE)
    names = meta.get(f"{key}_label_names")
    if not (isinstance(names, list) and len(names) == KEYS[key]):
        raise InputError(f"{path}: expected the names of {KEYS[key]} classes", cure=CURE)


def _labelled(key: str) -> Callable[[Path | None, Shape], Dataset]:
    return lambda folder, shape: load(folder, shape, key)


FINE, COARSE = (
    ImageSet(
        title=title,
        train_images=50_000,
        classes=KEYS[key],
        shapes=(Shape(*SHAPE),),
        archive=ARCHIVE,
        load=_labelled(key),
    )
    for key, title in (("fine", "CIFAR-100"), ("coarse", "CIFAR-100, 20 groups"))
)
