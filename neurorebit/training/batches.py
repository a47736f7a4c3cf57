"""The images of an epoch, batch by batch, and those that a trained chip is tested on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurorebit.data.dataset import Dataset, Images, Labels
from neurorebit.schema.training import Augment

PLAIN = Augment(pad=0, flip=False)
_ORDER, _AUGMENT = range(2)  # purposes of random numbers


def batches(
    dataset: Dataset,
    images: int | None,
    batch: int,
    *,
    seed: int,
    epoch: int,
    augment: Augment = PLAIN,
    first: int = 0,
) -> Iterator[tuple[Images, Labels]]:
    """The batches of an epoch from ``first`` on: new uint8 images [B, H, W, C] and labels [B].

    An epoch takes the next ``images`` (at most all; None means all) from a deck of the training set
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
    """Batches of ``images`` test images (None: all), always the same, evenly over the classes."""
    size = len(dataset.test_labels)
    images = min(images or size, size)
    by_class = np.argsort(dataset.test_labels, kind="stable")
    chosen = np.sort(by_class[np.arange(images) * size // images])
    for start in range(0, images, batch):
        part = chosen[start : start + batch]
        yield dataset.test_images[part], dataset.test_labels[part]


test_batches.__test__ = False  # type: ignore[attr-defined]


def _dealt(size: int, images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The indices an epoch takes from an endless row of shuffled decks."""
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
