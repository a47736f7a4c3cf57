"""A NumPy archive as a data set: x_train, y_train, x_test, y_test, and more where there is more.

What it holds is known from the headers of its arrays and from its labels, before any image is read.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.data import layout
from neurorebit.data.dataset import Dataset, Format, ImageSet
from neurorebit.layers.base import Shape
from neurorebit.schema import File, InputError
from neurorebit.schema.errors import printable
from neurorebit.schema.npz_file import read_header

SUFFIX = ".npz"
SPLITS = ("train", "test", "val")
NEEDED = ("x_train", "y_train", "x_test", "y_test")
WORDS = ("layout", "mirrored")  # arrays of one value
KINDS = "uint8 from 0 to 255, or floating-point numbers"
LONGEST = 64  # bytes of such a value


@dataclass(frozen=True)
class Header:
    """The size and the type of an array of the archive."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass(eq=False)
class _Archive:
    """An archive whose headers were read and found to fit together."""

    path: Path
    headers: dict[str, Header] = field(init=False)

    def __post_init__(self) -> None:
        try:
            with zipfile.ZipFile(self.path) as packed:
                self.headers = {
                    name.removesuffix(".npy"): _header(packed, name)
                    for name in packed.namelist()
                    if name.endswith(".npy")
                }
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as what:
            raise self.error(
                f"not a NumPy archive ({_said(what)})", "save one with numpy.savez"
            ) from None
        except OSError as problem:
            message = f"cannot be read: {problem.strerror}"
            raise self.error(message, "name another file") from None
        missing = [name for name in NEEDED if name not in self.headers]
        if missing:
            held = ", ".join(self.headers) or "nothing"
            message = f"has no {' and no '.join(missing)}; it holds {printable(held):.100}"
            raise self.error(message, f"save {', '.join(NEEDED)}")
        for split in self.splits:
            self._check(split)

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(split for split in SPLITS if f"x_{split}" in self.headers)

    def error(self, message: str, cure: str = "") -> InputError:
        return InputError(message, origin=File(str(self.path)), cure=cure)

    def _check(self, split: str) -> None:
        """InputError where the images or the labels of a split are not what can be read."""
        images, first = self.headers[f"x_{split}"], self.headers["x_train"]
        if not layout.possible(len(images.shape)):
            message = f"x_{split}: expected 2 to 4 axes, got {_size(images.shape)}"
            raise self.error(message, f"one of {', '.join(layout.LAYOUTS)}")
        if images.shape[1:] != first.shape[1:] or images.dtype != first.dtype:
            message = (
                f"x_{split} is {images.dtype} {_size(images.shape)}, x_train {first.dtype} "
                f"{_size(first.shape)}"
            )
            raise self.error(message, "both need the same type and size, N apart")
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            message = f"x_{split}: expected {KINDS}, got {images.dtype}"
            raise self.error(message, "convert it with astype")
        if f"y_{split}" not in self.headers:
            raise self.error(f"has x_{split} and no y_{split}", "add it")
        labels, count = self.headers[f"y_{split}"], images.shape[0]
        if labels.dtype.kind not in "iuf" or len(labels.shape) not in (1, 2):
            message = f"y_{split}: expected numbers [N] or [N, outputs], got {labels.dtype} "
            raise self.error(f"{message}{_size(labels.shape)}", "reshape it")
        if labels.shape[0] != count or not count:
            message = f"{count:,} samples in x_{split}, {labels.shape[0]:,} in y_{split}"
            raise self.error(message, "give one label to each sample, and one sample or more")
        if labels.shape[1:] != self.headers["y_train"].shape[1:]:
            message = f"y_{split} has another number of outputs than y_train"
            raise self.error(message, "give as many")

    def array(self, name: str) -> NDArray[Any]:
        """An array of the archive."""
        try:
            with np.load(self.path, allow_pickle=False) as held:
                array: NDArray[Any] = held[name]
        except (
            zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError
        ) as problem:  # fmt: skip
            message = f"{name}: cut short or damaged ({_said(problem)})"
            raise self.error(message, "save it anew") from None
        return array

    def word(self, name: str) -> Any:
        """The single value at a name, None where there is none."""
        header = self.headers.get(name)
        if header is None:
            return None
        if header.shape not in ((), (1,)) or header.dtype.itemsize > LONGEST * 4:
            message = f"{name}: expected one value, got {_size(header.shape)}"
            raise self.error(message, "save one value")
        return self.array(name).reshape(()).item()

    @property
    def layout(self) -> str | None:
        given = self.word("layout")
        fitting = layout.possible(len(self.headers["x_train"].shape))
        if given is not None and given not in fitting:
            message = f"layout: expected one of {', '.join(fitting)}, got {printable(str(given))}"
            raise self.error(message, "save one of them")
        return None if given is None else str(given)

    def labels(self, split: str) -> NDArray[Any]:
        """The labels [N] or targets [N, outputs]: int64, or float32."""
        labels = self.array(f"y_{split}")
        labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
        return labels.astype(np.float32 if labels.dtype.kind == "f" else np.int64)

    def images(self, split: str) -> NDArray[Any]:
        """The images, uint8 or float32, their axes as the file has them."""
        images = self.array(f"x_{split}")
        return images if images.dtype == np.uint8 else images.astype(np.float32, copy=False)

    def load(self, _: Path | None, shape: Shape) -> Dataset:
        """All that it holds."""
        parts = {split: (self.images(split), self.labels(split)) for split in self.splits}
        return Dataset(
            self.path.name,
            *parts["train"],
            test_images=parts["test"][0],
            test_labels=parts["test"][1],
            origin=str(self.path),
            mirrored=bool(self.word("mirrored")),
            validation=parts.get("val"),
            layout=self.layout or "",
        )


def describe(path: Path) -> ImageSet:
    """What an archive holds; InputError where it is not one, or its arrays do not fit together."""
    archive = _Archive(path)
    first, targets = archive.headers["x_train"], archive.headers["y_train"]
    shapes = (
        layout.shape_of(first.shape[1:], one)
        for one in layout.possible(len(first.shape), archive.layout)
    )
    whole = len(targets.shape) == 1 or targets.shape[1] == 1
    classes = None
    if whole and targets.dtype.kind in "iu":
        labels = [archive.labels(split) for split in archive.splits]
        if min(int(part.min()) for part in labels) >= 0:
            classes = max(int(part.max()) for part in labels) + 1
    return ImageSet(
        title=path.name,
        train_images=first.shape[0],
        classes=classes,
        outputs=1 if whole else targets.shape[1],
        fewer=True,
        shapes=tuple(dict.fromkeys(shapes)),
        value=first.dtype.itemsize,
        validation="val" in archive.splits,
        load=archive.load,
    )


def _header(packed: zipfile.ZipFile, name: str) -> Header:
    """The header of an array; ValueError where it is none, or holds objects."""
    with packed.open(name) as stream:
        shape, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which are not read")
    return Header(shape, dtype)


def _size(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(f'{n:,}' for n in shape)}]"


def _said(problem: Exception) -> str:
    return printable(" ".join(str(problem).split()))[:100] or type(problem).__name__


NPZ = Format(
    written="FILE.npz",
    summary="a NumPy archive .npz of x_train, y_train, x_test, y_test",
    fits=lambda path: path.suffix == SUFFIX and path.is_file(),
    describe=describe,
)
