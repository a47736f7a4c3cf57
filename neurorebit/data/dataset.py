"""A data set: its properties, known before it is loaded, and its images."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.layers.base import Shape

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, uint8 [N, H, W, C], split for training and test; labels int64 [N].

    ``origin``: the folder or the package they come from. ``note``: what the reader of a result must
    know of them. ``mirrored``: whether a mirror image still belongs to its class.
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

    @cached_property
    def sha256(self) -> str:
        """A digest of all images and labels."""
        sha = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            sha.update(np.ascontiguousarray(array).tobytes())
        return sha.hexdigest()


@dataclass(frozen=True)
class Archive:
    """A tar archive to download: where it is, its SHA-256, and the files wanted from its folder.

    ``files`` maps each name to its MD5, or to None where any content will do.
    """

    url: str
    digest: str
    folder: str
    files: Mapping[str, str | None]

    @property
    def name(self) -> str:
        """The file name of the archive."""
        return self.url.rsplit("/", 1)[-1]

    def folder_at(self, place: Path) -> Path | None:
        """The data set's folder, ``place`` itself or its child of the archive's folder name.

        A single one of its files is enough: a data set with gaps is an error, so that no other
        place is looked at. None where no file is there.
        """
        for folder in (place / self.folder, place):
            if any((folder / name).is_file() for name in self.files):
                return folder
        return None


@dataclass(frozen=True, kw_only=True)
class ImageSet:
    """What is known of a data set before it is loaded.

    ``train_images``: images of an epoch that nothing limits. ``shape``: of every image; None: they
    are scaled to the network's input, which has at least ``smallest`` pixels each way.
    ``archive``: what is downloaded once; None: the images come with an installed package.
    ``load`` takes the folder (None without an archive) and the network's input; InputError names
    the file at fault.
    """

    title: str
    train_images: int
    classes: int
    shape: Shape | None
    smallest: int = 1
    archive: Archive | None = None
    load: Callable[[Path | None, Shape], Dataset]
