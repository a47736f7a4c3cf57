"""A data set: its properties, known before it is loaded, and its images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.base import Shape
from neurorebit.schema.provenance import note

Images = NDArray[Any]  # uint8, or float32
Labels = NDArray[Any]  # int64 classes [N], or float32 targets [N, outputs]
GZIP = ".gz"
NHWC = "NHWC"  # the order of axes: sample, row, column, channel


@dataclass(frozen=True, eq=False)
class Scaling:
    """What is taken from each channel of an image, and what the rest is divided by [C].

    Bytes count as 0 to 1.
    """

    mean: NDArray[np.float32]
    std: NDArray[np.float32]

    def __call__(self, images: Images) -> NDArray[np.float32]:
        """Images [B, H, W, C] as float32 numbers, of which some are below zero."""
        factor = 1.0 / 255.0 if images.dtype == np.uint8 else 1.0
        scale = np.float32(factor) / self.std
        scaled: NDArray[np.float32] = images * scale - self.mean / self.std
        return scaled


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images [N, H, W, C] with a label each, split for training and test.

    Images are uint8, or float32 where the data have numbers; labels are classes, int64 [N], or
    float32 targets of a regression [N, outputs]. ``origin``: the folder or the package they come
    from. ``note``: what the reader of a result must know of them. ``mirrored``: whether a mirror
    image still belongs to its class. ``validation``: images and labels that are neither, if the
    data set has some. ``layout``: the order of the axes of its images where it is another one;
    empty: the one that fits the network's input. ``scaling`` is applied to each batch.
    """

    name: str
    train_images: Images
    train_labels: Labels
    _: KW_ONLY
    test_images: Images
    test_labels: Labels
    origin: str
    note: str = ""
    mirrored: bool = True
    validation: tuple[Images, Labels] | None = None
    layout: str = NHWC
    scaling: Scaling | None = None

    @cached_property
    def sha256(self) -> str:
        """A digest of all images and labels."""
        sha = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            sha.update(np.ascontiguousarray(array).tobytes())
        note("data", self.name, None, sha.hexdigest())
        return sha.hexdigest()


@dataclass(frozen=True)
class Archive:
    """What is downloaded of a data set: where it is, what it is called, and its digests.

    ``mirrors``: addresses of folders, tried in this order. ``packed``: the files there, and the MD5
    or SHA-256 of each as published. ``folder``: what the data set's folder is called, ``others``:
    what other tools call it. ``files``: those of the data set, and the MD5 of each, or None where
    any content will do; they come out of the ``packed`` tar archive, or are the packed files.
    """

    mirrors: tuple[str, ...]
    packed: Mapping[str, str]
    folder: str
    files: Mapping[str, str | None]
    _: KW_ONLY
    others: tuple[str, ...] = ()

    @property
    def tar(self) -> bool:
        """Whether the files come out of an archive."""
        return self.packed.keys() != self.files.keys()

    def folder_at(self, place: Path) -> Path | None:
        """The data set's folder, a child of ``place`` with one of its names, or ``place`` itself.

        A single one of its files is enough, packed or not: a data set with gaps is an error, so
        that no other place is looked at. None where no file is there.
        """
        names = {one for name in self.files for one in (name, name.removesuffix(GZIP))}
        for folder in (place / self.folder, *(place / other for other in self.others), place):
            if any((folder / name).is_file() for name in names):
                return folder
        return None


@dataclass(frozen=True, kw_only=True)
class ImageSet:
    """What is known of a data set before it is loaded.

    ``train_images``: images of an epoch that nothing limits. ``classes``: of its labels;
    ``outputs``: numbers of a target, of which a regression learns; None where it has none.
    ``fewer``: whether a network may have more classes than there are labels.

    ``shapes``: of every image, several where the order of its axes is left to the network's input;
    none: images are scaled to that input, which has at least ``smallest`` pixels each way.
    ``framed``: images stand in the middle of a larger input, black around. ``value``: bytes of a
    pixel's value in memory. ``validation``: whether it has images for one.

    ``archive``: what is downloaded once; None: the images come with an installed package, or from a
    path. ``load`` takes the folder (None where there is none) and the network's input; InputError
    names the file at fault.
    """

    title: str
    train_images: int
    classes: int | None
    outputs: int | None = None
    fewer: bool = False
    shapes: tuple[Shape, ...] = ()
    smallest: int = 1
    framed: bool = False
    value: int = 1
    validation: bool = False
    archive: Archive | None = None
    load: Callable[[Path | None, Shape], Dataset]

    def takes(self, shape: Shape) -> bool:
        """Whether its images fit a network's input, whatever its size if they are scaled."""
        return (
            not self.shapes
            or shape in self.shapes
            or (self.framed and any(_holds(shape, own) for own in self.shapes))
        )


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file or folder that a path may name: how it is known, and what it holds.

    ``written``: what such a path looks like.
    """

    written: str
    summary: str
    fits: Callable[[Path], bool]
    describe: Callable[[Path], ImageSet]


def _holds(shape: Shape, own: Shape) -> bool:
    return (
        shape.channels == own.channels and shape.height >= own.height and shape.width >= own.width
    )


def framed(images: Images, shape: Shape) -> Images:
    """Images in the middle of larger ones of zeros; the odd line is below and on the right."""
    rows, cols = shape.height - images.shape[1], shape.width - images.shape[2]
    if not (rows or cols):
        return images
    sides = ((0, 0), (rows // 2, rows - rows // 2), (cols // 2, cols - cols // 2), (0, 0))
    return np.pad(images, sides)
