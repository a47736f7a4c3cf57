"""A folder of pictures as a data set: a folder for each class, pictures of any size in it.

``train/CLASS/*.png`` with ``test/CLASS/*.png``, or ``CLASS/*.png`` alone, of which every fifth
picture of a class is a test image.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurorebit.data.dataset import Dataset, Format, ImageSet
from neurorebit.layers.base import Shape
from neurorebit.schema import File, InputError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
)
LITTER = frozenset(("Thumbs.db", "desktop.ini"))  # what systems leave in folders
MODES = {1: "L", 3: "RGB", 4: "RGBA"}  # Pillow's words for numbers of channels
EVERY = 5  # of a class without a test folder: one is a test image
LARGEST = 64_000_000  # pixels of a picture
VALIDATION = ("val", "validation")

Labelled = list[tuple[Path, int]]


def describe(path: Path) -> ImageSet:
    """What a folder holds, by the names of its files; InputError names what does not belong."""
    classes, parts = _parts(path)
    return ImageSet(
        title=f"{path.name or path.resolve().name}/",
        train_images=len(parts["train"]),
        classes=len(classes),
        validation="val" in parts,
        load=lambda _, shape: _load(path, classes, parts, shape),
    )


def _parts(path: Path) -> tuple[list[str], dict[str, Labelled]]:
    """The names of the classes, and the pictures of each split with their classes."""
    if (path / "train").is_dir():
        folders = {"train": path / "train", "test": path / "test"}
        for name in VALIDATION:
            if (path / name).is_dir():
                folders["val"] = path / name
        if not folders["test"].is_dir():
            raise _error(path, "has a folder train and none that is called test", "add it")
    else:
        folders = {"train": path}
    classes = [folder.name for folder in _below(folders["train"])]
    if len(classes) < 2:
        message = f"expected a folder for each of 2 classes or more, got {len(classes)}"
        raise _error(folders["train"], message, "make one for each")
    parts: dict[str, Labelled] = {}
    for split, folder in folders.items():
        parts[split] = []
        for below in _below(folder):
            if below.name not in classes:
                message = f"a class that {folders['train']} does not have"
                raise _error(below, message, "name it as there")
            label = classes.index(below.name)
            pictures = [(picture, label) for picture in _pictures(below)]
            if not pictures:
                raise _error(below, "has no picture", "remove it, or add some")
            parts[split] += pictures
    if len(folders) == 1:
        rank = [0] * len(classes)
        every, parts = parts["train"], {"train": [], "test": []}
        for picture, label in every:
            parts["test" if rank[label] % EVERY == EVERY // 2 else "train"].append((picture, label))
            rank[label] += 1
        if min(rank) < EVERY:
            least = classes[rank.index(min(rank))]
            message = f"expected {EVERY} pictures or more, every fifth one is a test image"
            raise _error(path / least, message, "or make folders train and test")
    return classes, parts


def _below(folder: Path) -> list[Path]:
    """The folders of the classes, in the order of their names; InputError for a picture there."""
    found = []
    for one in sorted(folder.iterdir()):
        if one.is_dir() and not one.name.startswith("."):
            found.append(one)
        elif one.suffix.lower() in SUFFIXES:
            raise _error(one, "a picture that is in no folder of a class", "move it into one")
    return found


def _pictures(folder: Path) -> Iterator[Path]:
    for one in sorted(folder.iterdir()):
        if one.name.startswith(".") or one.name in LITTER:
            continue
        if one.is_dir() or one.suffix.lower() not in SUFFIXES:
            raise _error(one, f"expected pictures ({' '.join(sorted(SUFFIXES))})", "remove it")
        yield one


def _load(path: Path, classes: list[str], parts: dict[str, Labelled], shape: Shape) -> Dataset:
    """The pictures at a network's input: scaled until they cover it, and cut to its middle."""
    if shape.channels not in MODES:
        message = f"pictures have {', '.join(map(str, MODES))} channels, the network's input "
        raise _error(path, f"{message}has {shape.channels}", "change the input, or take an .npz")
    read = {split: (_images(part, shape), _labels(part)) for split, part in parts.items()}
    note = ""
    if not (path / "train").is_dir():
        note = "there is no folder 'test': every fifth picture of a class is a test image"
    return Dataset(
        f"{path.name or path.resolve().name}/ ({len(classes)} classes)",
        *read["train"],
        test_images=read["test"][0],
        test_labels=read["test"][1],
        origin=str(path),
        note=note,
        validation=read.get("val"),
    )


def _labels(part: Labelled) -> NDArray[np.int64]:
    return np.array([label for _, label in part], np.int64)


def _images(part: Labelled, shape: Shape) -> NDArray[np.uint8]:
    try:
        import PIL  # noqa: F401
    except ImportError:
        message = "pictures are read by the package Pillow, which is not installed"
        raise InputError(message, cure="pip install 'neurorebit[images]'") from None
    images = np.empty((len(part), shape.height, shape.width, shape.channels), np.uint8)
    for i, (path, _) in enumerate(part):
        images[i] = _pixels(path, shape)
    return images


def _pixels(path: Path, shape: Shape) -> NDArray[np.uint8]:
    """The picture as its viewer shows it, grey or in colour, at a size; InputError names it."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > LARGEST:
                message = f"{opened.width:,} x {opened.height:,} pixels are too many"
                raise _error(path, message, f"take {LARGEST:,} at most")
            opened.load()
            picture = _in_mode(ImageOps.exif_transpose(opened), MODES[shape.channels])
    except (UnidentifiedImageError, SyntaxError, ValueError, EOFError, OSError) as problem:
        if isinstance(problem, InputError):
            raise
        why = getattr(problem, "strerror", None) or "not a picture, or a damaged one"
        raise _error(path, f"cannot be read: {why}", "remove it") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _error(path, "has too many pixels", f"take {LARGEST:,} at most") from None
    size = shape.width, shape.height
    if picture.size != size:
        picture = ImageOps.fit(picture, size, Image.Resampling.BILINEAR)
    return np.asarray(picture, np.uint8).reshape(shape.height, shape.width, shape.channels)


def _in_mode(picture: Image, mode: str) -> Image:
    """The picture with these channels; what is transparent is black where there is no alpha."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):  # 16 bits of grey, or more
        values = np.asarray(picture, np.float64)
        picture = Image.fromarray(np.clip(np.rint(values / 257.0), 0, 255).astype(np.uint8))
    transparent = picture.mode in ("LA", "PA", "RGBA") or "transparency" in picture.info
    if transparent and mode != "RGBA":
        over = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", over.size, (0, 0, 0, 255)), over)
        picture = picture.convert("RGB")
    return picture.convert(mode)


def _error(path: Path, message: str, cure: str) -> InputError:
    return InputError(message, origin=File(str(path)), cure=cure)


PICTURES = Format(
    written="FOLDER/",
    summary="a folder of pictures, a folder for each class",
    fits=Path.is_dir,
    describe=describe,
)
