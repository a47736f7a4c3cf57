"""The data set of a network: its files located, checked against the network, and loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from neurorebit.data.dataset import Dataset
from neurorebit.data.table import DATASETS
from neurorebit.layers.base import Shape
from neurorebit.layers.network import Network
from neurorebit.schema import Argument, InputError
from neurorebit.schema.paths import cache_dir

VARIABLE = "NEUROREBIT_DATA"


@dataclass(frozen=True)
class Wanted:
    """What a network asks of its images.

    ``dataset`` is a word of the table, ``fallback`` another one to take where it is not found, or
    None; ``shape`` is the network's input, ``classes`` its number of classes.
    """

    dataset: str
    fallback: str | None
    shape: Shape
    classes: int

    @classmethod
    def by(cls, network: Network) -> Wanted:
        """What a network's file asks for."""
        training = network.training
        return cls(training.dataset, training.fallback, network.input, network.classes)


@dataclass(frozen=True)
class Source:
    """Which data set a run will use, and why: known before anything is loaded."""

    dataset: str
    folder: Path | None
    reason: str
    note: str = ""

    def __str__(self) -> str:
        title = DATASETS[self.dataset].title
        return f"{title}: {self.reason}" + (f"; {self.note}" if self.note else "")


def locate(wanted: Wanted, folder: str | Path | None = None) -> Source:
    """Say which data set a network will be trained on.

    A data set that is downloaded is looked for in ``folder``, $NEUROREBIT_DATA, ./data and the
    user's cache; the first two, once given, must exist, and ``folder`` must hold it. InputError
    where it is nowhere and there is no fallback, or where it does not fit the network.
    """
    for name in (wanted.dataset, wanted.fallback):
        if name is not None and name not in DATASETS:
            raise InputError(f"{name}: no such data set; choose from {', '.join(DATASETS)}")
    if wanted.fallback is None:  # what does not fit need not be downloaded first
        _fit(wanted.dataset, wanted)
    source = _source(wanted, folder)
    _fit(source.dataset, wanted)
    return source


def fits(network: Network) -> bool:
    """Whether a network can be trained on the data set that it names."""
    try:
        _fit(network.training.dataset, Wanted.by(network))
    except InputError:
        return False
    return True


def load(source: Source, shape: Shape) -> Dataset:
    """Read the images of a source; those of any size are scaled to ``shape``."""
    found = DATASETS[source.dataset].load(source.folder, shape)
    return replace(found, note=source.note) if source.note else found


def fitting(images: Dataset, network: Network) -> Dataset:
    """Images of the caller's own; InputError where they do not fit the network."""
    data, shape = Argument("data"), network.input
    for name in ("train", "test"):
        given, labels = getattr(images, f"{name}_images"), getattr(images, f"{name}_labels")
        wanted = (shape.height, shape.width, shape.channels)
        if given.ndim != 4 or given.shape[1:] != wanted or given.dtype != np.uint8:
            message = (
                f"expected {name} images of {wanted} (height x width x channels), 8 bits each, got "
                f"{given.dtype} {given.shape[1:]}"
            )
            raise InputError(message, origin=data, cure="scale them to the network's input")
        if labels.shape != given.shape[:1] or not labels.size:
            message = f"expected a label for each of {len(given)} {name} images, got {labels.shape}"
            raise InputError(message, origin=data, cure="give one image and its label or more")
        if labels.min() < 0 or labels.max() >= network.classes:
            message = f"{name} labels go from {labels.min()} to {labels.max()}"
            cure = f"the network has classes 0 to {network.classes - 1}"
            raise InputError(message, origin=data, cure=cure)
    return images


def _fit(name: str, wanted: Wanted) -> None:
    """InputError where a data set does not fit the network."""
    images, shape = DATASETS[name], wanted.shape
    if wanted.classes != images.classes:
        raise InputError(
            f"the network has {wanted.classes} classes, {images.title} has {images.classes}; "
            f"give its last layer {images.classes} outputs"
        )
    given = f"the network's input is {shape} (channels x height x width)"
    if images.shape is not None and shape != images.shape:
        scaled = [f"training.dataset={other}" for other in DATASETS if not DATASETS[other].shape]
        cure = f", or set {' or '.join(scaled)}, which is scaled to any" if scaled else ""
        raise InputError(f"{given}, {images.title} has {images.shape}; change the input{cure}")
    if min(shape.height, shape.width) < images.smallest:
        raise InputError(
            f"{given}, too small for {name}; give it at least {images.smallest} x "
            f"{images.smallest} pixels, and a flatten layer if need be"
        )


def _source(wanted: Wanted, given: str | Path | None) -> Source:
    name = wanted.dataset
    images = DATASETS[name]
    if images.archive is None:
        if given is not None and not Path(given).is_dir():
            message, cure = "there is no such folder", "name one, or drop it"
            raise InputError(message, origin=Argument("data", given), cure=cure)
        return Source(name, None, f"the network's data set, scaled to {wanted.shape}")
    looked = []
    fetch = f"'neurorebit data fetch {name}'"
    for named, place, required in _places(given):
        folder = images.archive.folder_at(place)
        if folder is not None:
            return Source(name, folder, _found(folder, named))
        if required:
            kept = images.archive.folder
            origin = f"{named} {place}" if isinstance(named, str) else named
            remedy = f"run {fetch}, or name the folder that holds {kept}"
            raise InputError(f"no {kept} there", origin=origin, cure=remedy)
        looked.append(str(place))
    missing = f"{images.title} was not found in {', '.join(looked)}"
    cure = f"{fetch} downloads it"
    if wanted.fallback is None:
        raise InputError(
            missing, cure=(f"{cure}, ", Argument("data"), " names a folder that has it")
        )
    note = f"{missing}, so these images stand in for it; {cure}"
    return Source(wanted.fallback, None, f"the fallback, scaled to {wanted.shape}", note)


def _found(folder: Path, given: Argument | str | None) -> str:
    if given is None:
        return str(folder)
    return f"{folder} (named by {given if isinstance(given, str) else given.name})"


def _places(given: str | Path | None) -> Iterator[tuple[Argument | str | None, Path, bool]]:
    """Places to look at: who named the place, its path, and whether it must hold the data set."""
    if given is not None:
        yield Argument("data", given), Path(given), True
    if variable := os.environ.get(VARIABLE):
        yield f"${VARIABLE}", Path(variable), not Path(variable).is_dir()
    yield None, Path("data"), False
    yield None, cache_dir(), False
