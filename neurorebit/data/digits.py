"""Handwritten digits that come with scikit-learn, scaled to any size."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.data.dataset import Dataset, ImageSet
from neurorebit.layers.base import Shape

CLASSES = 10


def load(folder: Path | None, shape: Shape) -> Dataset:
    """1797 real handwritten digits of 8 x 8, scaled bilinearly to ``shape``.

    Every fifth image of each class is a test image: 1438 and 359. They come with scikit-learn
    (UCI, "Optical Recognition of Handwritten Digits", doi:10.24432/C50P49).
    """
    package = find_spec("sklearn")  # an import would take a second
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
        DIGITS.title,
        images[~test],
        labels[~test],
        test_images=images[test],
        test_labels=labels[test],
        origin="scikit-learn",
        mirrored=False,
    )


def _scaled(images: NDArray[np.float64], size: int, axis: int) -> NDArray[np.float64]:
    """Linear interpolation along one axis, pixel centres at (i + 1/2) / size."""
    old = images.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    low = np.minimum(at.astype(np.int64), old - 2)
    weight = (at - low).reshape([-1 if i == axis else 1 for i in range(images.ndim)])
    lower, upper = images.take(low, axis), images.take(low + 1, axis)
    between: NDArray[np.float64] = (1 - weight) * lower + weight * upper
    return between


DIGITS = ImageSet(
    title="handwritten digits (scikit-learn)",
    train_images=1438,
    classes=CLASSES,
    smallest=4,
    value=8,  # while it is scaled
    load=load,
)
