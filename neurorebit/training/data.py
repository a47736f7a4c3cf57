"""The images a network trains on: CIFAR-10, or real handwritten digits where there is none."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.base import Shape
from neurorebit.schema import InputError
from neurorebit.schema.paths import cache_dir
from neurorebit.schema.training import Augment
from neurorebit.training import cifar

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]

VARIABLE = "NEUROREBIT_DATA"
TITLES = {"cifar10": "CIFAR-10", "digits": "handwritten digits (scikit-learn)"}
CLASSES = 10  # of both
SMALLEST = 4  # pixels that a digit needs each way
PLAIN = Augment(pad=0, flip=False)
_ORDER, _AUGMENT = range(2)  # purposes of random numbers


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, uint8 [N, H, W, C], split for training and test; labels int64 [N]."""

    name: str
    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels
    origin: str  # the folder or the package they come from
    note: str = ""  # what the reader of a result must be told
    mirrored: bool = True  # a mirror image still belongs to its class

    @cached_property
    def sha256(self) -> str:
        """A digest of all images and labels."""
        sha = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


@dataclass(frozen=True)
class Source:
    """Which data set a run will use, and why: known before anything is loaded."""

    dataset: str
    folder: Path | None
    reason: str
    note: str = ""

    def __str__(self) -> str:
        return f"{TITLES[self.dataset]}: {self.reason}" + (f"; {self.note}" if self.note else "")


def locate(
    dataset: str,
    fallback: str | None,
    shape: Shape,
    classes: int,
    data_dir: str | Path | None = None,
) -> Source:
    """Say which data set a network with inputs of ``shape`` will be trained on.

    CIFAR-10 is looked for in ``data_dir``, $NEUROREBIT_DATA, ./data and the user's cache; the first
    two, once given, must exist, and ``data_dir`` must hold it. InputError if it is nowhere and
    there is no fallback, or if it does not fit the network.
    """
    for name in (dataset, fallback):
        if name is not None and name not in TITLES:
            raise InputError(f"{name}: no such data set; choose from {', '.join(TITLES)}")
    source = _source(dataset, fallback, shape, data_dir)
    if classes != CLASSES:
        raise InputError(
            f"the network has {classes} classes, {TITLES[source.dataset]} has {CLASSES}; "
            f"give its last layer {CLASSES} outputs"
        )
    needed = Shape(*cifar.SHAPE)
    if source.dataset == "cifar10" and shape != needed:
        raise InputError(
            f"the network's input is {shape} (channels x height x width), CIFAR-10 has {needed}; "
            "change the input, or set training.dataset=digits, which is scaled to any"
        )
    if source.dataset == "digits" and min(shape.height, shape.width) < SMALLEST:
        raise InputError(
            f"the network's input is {shape} (channels x height x width), too small for digits; "
            f"give it at least {SMALLEST} x {SMALLEST} pixels, and a flatten layer if need be"
        )
    return source


def load(source: Source, shape: Shape) -> Dataset:
    """Read the images of a source; digits are scaled to ``shape``."""
    if source.folder is None:
        return digits(shape, source.note)
    found = cifar.read(source.folder)
    return Dataset(
        found.name,
        found.train_images,
        found.train_labels,
        found.test_images,
        found.test_labels,
        str(source.folder),
        found.note,
    )


def find(
    dataset: str,
    fallback: str | None,
    shape: Shape,
    classes: int,
    data_dir: str | Path | None = None,
) -> Dataset:
    """Locate a data set and load it."""
    return load(locate(dataset, fallback, shape, classes, data_dir), shape)


def digits(shape: Shape, note: str = "") -> Dataset:
    """1797 real handwritten digits of 8 x 8, scaled bilinearly to ``shape``.

    Every fifth image of each class is a test image: 1438 and 359. They come with scikit-learn
    (UCI, "Optical Recognition of Handwritten Digits", doi:10.24432/C50P49).
    """
    package = find_spec("sklearn")  # only found: a second would pass until it is imported
    assert package is not None
    assert package.submodule_search_locations is not None
    path = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    raw = np.loadtxt(path, np.uint8, delimiter=",")  # 64 pixels and the label in a line
    bright = raw[:, :64].reshape(-1, 8, 8) / 16.0  # stored as 0 to 16
    scaled = _scaled(_scaled(bright, shape.height, 1), shape.width, 2)
    gray = np.rint(255.0 * scaled).astype(np.uint8)
    images = np.ascontiguousarray(np.repeat(gray[..., None], shape.channels, axis=3))
    labels = raw[:, 64].astype(np.int64)
    rank = np.empty_like(labels)  # of each image within its class
    for digit in range(CLASSES):
        rank[labels == digit] = np.arange(np.count_nonzero(labels == digit))
    test = rank % 5 == 2
    return Dataset(
        TITLES["digits"],
        images[~test],
        labels[~test],
        images[test],
        labels[test],
        "scikit-learn",
        note,
        mirrored=False,
    )


def batches(
    dataset: Dataset,
    images: int | None,
    batch: int,
    seed: int,
    epoch: int,
    augment: Augment = PLAIN,
    first: int = 0,
) -> Iterator[tuple[Images, Labels]]:
    """The batches of an epoch from ``first`` on: new uint8 images [B, H, W, C] and labels [B].

    An epoch takes the next ``images`` (at most all, none means all) from a deck of the training set
    that is shuffled anew each time it is used up, so that short epochs see every image in turn. The
    last batch may be smaller. Padding is black; mirror images are made only where the data set
    allows them. Everything follows from (seed, epoch).
    """
    size = len(dataset.train_labels)
    images = min(images or size, size)
    order = _dealt(size, images, seed, epoch)
    random = np.random.default_rng((_AUGMENT, seed, epoch))
    shifts = random.integers(0, 2 * augment.pad + 1, (images, 2))
    mirror = random.integers(0, 2, images) == 1 if augment.flip and dataset.mirrored else None
    for start in range(first * batch, images, batch):
        part = slice(start, start + batch)
        chosen = dataset.train_images[order[part]]
        if augment.pad:
            chosen = _cropped(chosen, augment.pad, shifts[part])
        if mirror is not None:
            chosen[mirror[part]] = chosen[mirror[part], :, ::-1]
        yield chosen, dataset.train_labels[order[part]]


def test_batches(
    dataset: Dataset, images: int | None, batch: int
) -> Iterator[tuple[Images, Labels]]:
    """Batches of ``images`` test images (none: all), always the same, evenly over the classes."""
    size = len(dataset.test_labels)
    images = min(images or size, size)
    by_class = np.argsort(dataset.test_labels, kind="stable")
    chosen = np.sort(by_class[np.arange(images) * size // images])
    for start in range(0, images, batch):
        part = chosen[start : start + batch]
        yield dataset.test_images[part], dataset.test_labels[part]


test_batches.__test__ = False  # type: ignore[attr-defined]


def _source(
    dataset: str, fallback: str | None, shape: Shape, data_dir: str | Path | None
) -> Source:
    if dataset == "digits":
        if data_dir is not None and not Path(data_dir).is_dir():
            raise InputError(f"--data {data_dir}: there is no such folder; name one, or drop it")
        return Source("digits", None, f"the network's data set, scaled to {shape}")
    looked = []
    for label, place, required in _places(data_dir):
        folder = cifar.folder_at(place)
        if folder is not None:
            return Source(
                "cifar10", folder, f"{folder}" + (f" (named by {label})" if label else "")
            )
        if required:
            raise InputError(
                f"{label} {place}: no {cifar.FOLDER} there; run 'neurorebit data fetch cifar10', "
                f"or name the folder that holds {cifar.FOLDER}"
            )
        looked.append(str(place))
    missing = f"CIFAR-10 was not found in {', '.join(looked)}"
    cure = "'neurorebit data fetch cifar10' downloads it"
    if fallback is None:
        raise InputError(f"{missing}; {cure}, --data names a folder that has it")
    note = f"{missing}, so these images stand in for it; {cure}"
    return Source(fallback, None, f"the fallback, scaled to {shape}", note)


def _places(data_dir: str | Path | None) -> Iterator[tuple[str, Path, bool]]:
    """Where to look: what the user named it with, the place, whether it must hold a data set."""
    if data_dir is not None:
        yield "--data", Path(data_dir), True
    if given := os.environ.get(VARIABLE):
        yield f"${VARIABLE}", Path(given), not Path(given).is_dir()
    yield "", Path("data"), False
    yield "", cache_dir(), False


def _dealt(size: int, images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The indices an epoch takes from the endless row of shuffled decks."""
    first, last = epoch * images, (epoch + 1) * images - 1
    decks = range(first // size, last // size + 1)
    row = [np.random.default_rng((_ORDER, seed, deck)).permutation(size) for deck in decks]
    start = first - decks.start * size
    return np.concatenate(row)[start : start + images]


def _cropped(images: Images, pad: int, shifts: NDArray[np.int64]) -> Images:
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    height, width = images.shape[1:3]
    out = np.empty_like(images)
    for i, (down, right) in enumerate(shifts.tolist()):
        out[i] = padded[i, down : down + height, right : right + width]
    return out


def _scaled(images: NDArray[np.float64], size: int, axis: int) -> NDArray[np.float64]:
    """Linear interpolation along one axis, pixel centres at (i + 1/2) / size."""
    old = images.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    low = np.minimum(at.astype(np.int64), old - 2)
    weight = (at - low).reshape([-1 if i == axis else 1 for i in range(images.ndim)])
    lower, upper = images.take(low, axis), images.take(low + 1, axis)
    between: NDArray[np.float64] = (1 - weight) * lower + weight * upper
    return between
