"""Data sets in four IDX files, as MNIST has them: images and labels, for training and test.

An IDX file is a magic number (two zeros, the type of a value, the number of axes), the length of
each axis in four bytes, most significant first, and the values (http://yann.lecun.com/exdb/mnist).
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurorebit.data.dataset import GZIP, Archive, Dataset, ImageSet, framed
from neurorebit.layers.base import Shape
from neurorebit.schema import Argument, InputError
from neurorebit.schema.errors import Words

BYTES = 8  # the type of a value: unsigned bytes
SIDE = 28  # pixels
SHAPE = Shape(1, SIDE, SIDE)
CLASSES = 10
NAMES = {  # of the packed files, and the most items of each
    "train-images-idx3-ubyte.gz": 60_000,
    "train-labels-idx1-ubyte.gz": 60_000,
    "t10k-images-idx3-ubyte.gz": 10_000,
    "t10k-labels-idx1-ubyte.gz": 10_000,
}


@dataclass(frozen=True, kw_only=True)
class Four:
    """A data set in four IDX files: its name, the word for it, and the MD5 of its files.

    ``packed``: of the files as they are published; ``unpacked``: of what is in them, where that is
    known, for copies that were packed anew.
    """

    title: str
    word: str
    mirrored: bool
    packed: Mapping[str, str]
    unpacked: Mapping[str, str]

    def load(self, folder: Path | None, shape: Shape) -> Dataset:
        """Read and check the files of a folder; InputError names the one at fault."""
        assert folder is not None
        cure: Words = (
            f"remove the folder and run 'neurorebit data fetch {self.word}', or name another with ",
            Argument("data"),
        )
        genuine, arrays = True, []
        for name, most in NAMES.items():
            item = (SIDE, SIDE) if "images" in name else ()
            known = {self.packed[name], self.unpacked.get(name, "")}
            array, official = read(_there(folder, name, cure), most, item, known=known, cure=cure)
            genuine = genuine and official
            arrays.append(array)
        images, labels, test_images, test_labels = arrays
        for name, pictures, numbers in (
            ("train", images, labels),
            ("t10k", test_images, test_labels),
        ):
            if len(pictures) != len(numbers) or not len(numbers):
                message = f"{folder}: {len(pictures):,} {name} images and {len(numbers):,} labels"
                raise InputError(message, cure=cure)
            if numbers.max() >= CLASSES:
                message = f"{folder}: {name} labels must be 0 to 9, got {numbers.max()}"
                raise InputError(message, cure=cure)
        note = f"the files are in the layout of {self.title} but are not those that were published"
        return Dataset(
            self.title if genuine else f"{self.title} (unverified)",
            framed(images[..., None], shape),
            labels.astype(np.int64),
            test_images=framed(test_images[..., None], shape),
            test_labels=test_labels.astype(np.int64),
            origin=str(folder),
            note="" if genuine else note,
            mirrored=self.mirrored,
        )

    def image_set(self, mirrors: tuple[str, ...], folder: str, *others: str) -> ImageSet:
        """The data set as the table has it."""
        return ImageSet(
            title=self.title,
            train_images=60_000,
            classes=CLASSES,
            shapes=(SHAPE,),
            framed=True,
            archive=Archive(mirrors, self.packed, folder, self.packed, others=others),
            load=self.load,
        )


def _there(folder: Path, name: str, cure: Words) -> Path:
    """The file of a name, packed or not."""
    for path in (folder / name, folder / name.removesuffix(GZIP)):
        if path.is_file():
            return path
    raise InputError(f"{folder / name}: missing from the data set", cure=cure)


def read(
    path: Path, most: int, item: tuple[int, ...], *, known: Collection[str] = (), cure: Words = ""
) -> tuple[NDArray[np.uint8], bool]:
    """The array [N, *item] of an IDX file of bytes, N at most ``most``; whether its MD5 is known.

    At most what such an array takes is read, whatever a packed file would grow to. InputError where
    the file is of another kind, shorter or longer than it says.
    """
    head = 4 * (2 + len(item))
    largest = head + most * int(np.prod(item, dtype=np.int64))
    try:
        with path.open("rb") as stream:
            raw = stream.read(largest + (1 << 20))  # packed, it is shorter or a little longer
        digests = {hashlib.md5(raw, usedforsecurity=False).hexdigest()}
        content = raw
        if raw[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                content = packed.read(largest + 1)
            digests.add(hashlib.md5(content, usedforsecurity=False).hexdigest())
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        message = f"{path}: cut short or damaged ({problem})"
        raise InputError(message, cure=cure) from None
    except OSError as problem:
        raise InputError(f"{path}: cannot be read: {problem.strerror}", cure=cure) from None
    magic = bytes((0, 0, BYTES, 1 + len(item)))
    if len(content) < head or content[:4] != magic:
        message = f"{path}: expected an IDX file of bytes with {1 + len(item)} axes"
        raise InputError(f"{message}, got {content[:4].hex() or 'nothing'}", cure=cure)
    count, *sizes = struct.unpack(f">{1 + len(item)}I", content[4:head])
    if tuple(sizes) != item:
        message = f"{path}: expected items of {_by(item)} bytes, got {_by(sizes)}"
        raise InputError(message, cure=cure)
    if not 0 < count <= most:
        raise InputError(f"{path}: expected up to {most:,} items, got {count:,}", cure=cure)
    size = head + count * int(np.prod(item, dtype=np.int64))
    if len(content) != size:
        got = f"{len(content):,}" if len(content) <= size else "more"
        message = f"{path}: expected {size:,} bytes for {count:,} items, got {got}"
        raise InputError(message, cure=cure)
    array = np.frombuffer(content, np.uint8, offset=head).reshape(count, *item)
    return array, bool(digests & set(known))


def _by(sizes: Collection[int]) -> str:
    return " x ".join(map(str, sizes)) or "1"
