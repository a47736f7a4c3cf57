"""CIFAR-10 in the layout of the official Python archive: where it lies, what it holds.

The files are Python pickles, read without running anything they say.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.data import pickles
from neurorebit.data.dataset import Archive, Dataset, ImageSet
from neurorebit.layers.base import Shape
from neurorebit.schema import Argument, InputError

FOLDER = "cifar-10-batches-py"
META = "batches.meta"
TEST = "test_batch"
SHAPE = (3, 32, 32)
LARGEST = 64 << 20  # bytes of a file; those of the official archive have 31 MB
CLASSES = 10
CURE = (
    "remove the folder and run 'neurorebit data fetch cifar10', or name another with ",
    Argument("data"),
)
MIRRORS = ("https://www.cs.toronto.edu/~kriz/", "https://cave.cs.toronto.edu/kriz/")

# MD5 of the files of the official archive, https://www.cs.toronto.edu/~kriz/cifar.html
OFFICIAL = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    TEST: "40351d587109b95175f43aff81a1287e",
}
TRAINING = tuple(name for name in OFFICIAL if name != TEST)

# SHA-256 of the 60,000 labels in order, a byte each, of a known copy whose images went through
# JPEG: its pixels depend on the decoder, its order does not
JPEG_ORDER = "bfecf51857bbd06be1ba2f34c9213e92d5c95dff289417c8b3392370e6abc96b"


def load(folder: Path | None, shape: Shape) -> Dataset:
    """Read and check a CIFAR-10 folder; InputError names the file at fault."""
    assert folder is not None
    cases = _cases(folder / META)
    images = np.empty((cases * len(OFFICIAL), *SHAPE[1:], SHAPE[0]), np.uint8)
    labels = np.empty(cases * len(OFFICIAL), np.int64)
    genuine = True
    for i, name in enumerate((*TRAINING, TEST)):
        path = folder / name
        content = pickles.content(path, LARGEST, CURE)
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        genuine = genuine and digest == OFFICIAL[name]
        part = slice(i * cases, (i + 1) * cases)
        known = digest in OFFICIAL.values()
        batch = pickles.dictionary(path, content, trusted=known, cure=CURE)
        pixels, labels[part] = pickles.images(
            path, batch, "labels", cases=cases, classes=CLASSES, cure=CURE
        )
        for c, channel in enumerate(pixels.reshape(cases, *SHAPE).transpose(1, 0, 2, 3)):
            images[part, ..., c] = channel  # twice as fast as all channels at once
    name, note = _provenance(genuine, labels)
    split = cases * len(TRAINING)
    return Dataset(
        name,
        images[:split],
        labels[:split],
        test_images=images[split:],
        test_labels=labels[split:],
        origin=str(folder),
        note=note,
    )


def _provenance(genuine: bool, labels: NDArray[np.int64]) -> tuple[str, str]:
    if genuine:
        return "CIFAR-10", ""
    if hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest() == JPEG_ORDER:
        return "CIFAR-10 (JPEG)", (
            "the images are CIFAR-10 re-encoded as JPEG, slightly lossy; "
            "results on the official archive may differ by about a point"
        )
    return "CIFAR-10 (unverified)", (
        "the files are in the layout of CIFAR-10 but are not those of the official archive"
    )


def _cases(path: Path) -> int:
    """Images in each batch, as the meta file says (10,000 in the official one)."""
    meta = pickles.dictionary(path, pickles.content(path, LARGEST, CURE), trusted=False, cure=CURE)
    names, cases, values = (
        meta.get(key) for key in ("label_names", "num_cases_per_batch", "num_vis")
    )
    if not (isinstance(names, list) and len(names) == CLASSES):
        raise InputError(f"{path}: expected the names of {CLASSES} classes", cure=CURE)
    if type(cases) is not int or not 0 < cases <= 10_000:
        raise InputError(
            f"{path}: expected up to 10,000 images a batch, got {pickles.shown(cases)}", cure=CURE
        )
    if values not in (None, int(np.prod(SHAPE))):
        message = f"{path}: expected 3,072 values an image, got {pickles.shown(values)}"
        raise InputError(message, cure=CURE)
    return cases


CIFAR10 = ImageSet(
    title="CIFAR-10",
    train_images=50_000,
    classes=CLASSES,
    shapes=(Shape(*SHAPE),),
    archive=Archive(
        MIRRORS,
        {
            "cifar-10-python.tar.gz": (
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
            )
        },
        FOLDER,
        {META: None, **OFFICIAL},
    ),
    load=load,
)
