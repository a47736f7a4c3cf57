"""The images of an epoch, batch by batch, and those that a trained chip is tested on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurorebit.data.dataset import Dataset, Images, Labels
from neurorebit.schema.training import Augment

PLAIN = Augment(pad=0, flip=False)
_ORDER, _AUGMENT, _ROTATE, _JITTER, _CUTOUT = range(5)  # purposes of random numbers


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
    """The batches of an epoch from ``first`` on: new images [B, H, W, C] and labels [B].

    An epoch takes the next ``images`` (at most all; None means all) from a deck of the training set
    that is shuffled anew each time it is used up, so that short epochs see every image in turn. The
    last batch may be smaller. Padding is black; mirror images are made only where the data set
    allows them. Images are normalised last, as the data set says. Everything follows from (seed,
    epoch).
    """
    size = len(dataset.train_labels)
    images = min(images or size, size)
    order = _dealt(size, images, seed, epoch)
    random = np.random.default_rng((_AUGMENT, seed, epoch))
    shifts = random.integers(0, 2 * augment.pad + 1, (images, 2))
    mirror = random.integers(0, 2, images) == 1 if augment.flip and dataset.mirrored else None
    angles, factors, centres = _draws(augment, images, seed, epoch)
    for start in range(first * batch, images, batch):
        part = slice(start, start + batch)
        chosen = dataset.train_images[order[part]]
        if augment.rotate:
            chosen = _rotated(chosen, angles[part])
        if augment.jitter:
            chosen = _jittered(chosen, factors[part])
        if augment.pad:
            chosen = _cropped(chosen, augment.pad, shifts[part])
        if mirror is not None:
            chosen[mirror[part]] = chosen[mirror[part], :, ::-1]
        if augment.cutout:
            _cut_out(chosen, augment.cutout, centres[part])
        yield _normalised(dataset, chosen), dataset.train_labels[order[part]]


def test_batches(
    dataset: Dataset, images: int | None, batch: int
) -> Iterator[tuple[Images, Labels]]:
    """Batches of ``images`` test images (None: all), always the same, evenly over the classes.

    Of a regression evenly over the data set.
    """
    size = len(dataset.test_labels)
    images = min(images or size, size)
    classes = dataset.test_labels.ndim == 1
    by_class = np.argsort(dataset.test_labels, kind="stable") if classes else np.arange(size)
    chosen = np.sort(by_class[np.arange(images) * size // images])
    for start in range(0, images, batch):
        part = chosen[start : start + batch]
        yield _normalised(dataset, dataset.test_images[part]), dataset.test_labels[part]


test_batches.__test__ = False  # type: ignore[attr-defined]


def _dealt(size: int, images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The indices an epoch takes from an endless row of shuffled decks."""
    first, last = epoch * images, (epoch + 1) * images - 1
    decks = range(first // size, last // size + 1)
    row = [np.random.default_rng((_ORDER, seed, deck)).permutation(size) for deck in decks]
    start = first - decks.start * size
    return np.concatenate(row)[start : start + images]


def _normalised(dataset: Dataset, images: Images) -> Images:
    return images if dataset.scaling is None else dataset.scaling(images)


def _draws(
    augment: Augment, images: int, seed: int, epoch: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Of each image of an epoch an angle, factors of brightness and contrast, and a place."""

    def random(purpose: int) -> np.random.Generator:
        return np.random.default_rng((purpose, seed, epoch))

    turn, share = augment.rotate, augment.jitter
    return (
        random(_ROTATE).uniform(-turn, turn, images),
        random(_JITTER).uniform(1.0 - share, 1.0 + share, (images, 2)),
        random(_CUTOUT).random((images, 2)),
    )


def _rotated(images: Images, angles: NDArray[np.float64]) -> Images:
    """Each image turned left about its middle by an angle in degrees; black where nothing was."""
    from scipy import ndimage  # takes a tenth of the start of a training; few rotate

    out = np.empty_like(images)
    middle = (np.array(images.shape[1:3]) - 1.0) / 2.0
    for i, angle in enumerate(np.deg2rad(angles)):
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        shift = middle - turn @ middle
        for c in range(images.shape[3]):
            place = out[i, :, :, c]
            ndimage.affine_transform(
                images[i, :, :, c], turn, shift, order=1, output=place, mode="grid-constant"
            )
    return out


def _jittered(images: Images, factors: NDArray[np.float64]) -> Images:
    """Each image with its brightness, and then its contrast about its mean, times factors."""
    bright = images * factors[:, 0].astype(np.float32).reshape(-1, 1, 1, 1)
    mean = bright.mean(axis=(1, 2, 3), keepdims=True)
    changed = (bright - mean) * factors[:, 1].astype(np.float32).reshape(-1, 1, 1, 1) + mean
    if images.dtype == np.uint8:
        changed = np.clip(np.rint(changed), 0, 255)
    jittered: Images = changed.astype(images.dtype)
    return jittered


def _cut_out(images: Images, side: int, places: NDArray[np.float64]) -> None:
    """Blacken a square in each image, whose middle lies anywhere in it."""
    height, width = images.shape[1:3]
    for image, (down, right) in zip(images, places, strict=True):
        top, left = int(down * height) - side // 2, int(right * width) - side // 2
        image[max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0


def _cropped(images: Images, pad: int, shifts: NDArray[np.int64]) -> Images:
    """Windows of the images with ``pad`` black pixels around, along axes that have several."""
    height, width = images.shape[1:3]
    down_pad, right_pad = (pad if size > 1 else 0 for size in (height, width))
    padded = np.pad(images, ((0, 0), (down_pad, down_pad), (right_pad, right_pad), (0, 0)))
    out = np.empty_like(images)
    for i, (down, right) in enumerate(shifts.tolist()):
        top, left = min(down, 2 * down_pad), min(right, 2 * right_pad)
        out[i] = padded[i, top : top + height, left : left + width]
    return out
