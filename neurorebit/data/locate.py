"""The data set of a network: its files located, checked against the network, and loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from neurorebit.data.dataset import Dataset, ImageSet
from neurorebit.data.fit import Wanted, refuse_misfit
from neurorebit.data.table import DATASETS, FORMATS, format_of, is_path
from neurorebit.layers.base import Shape
from neurorebit.schema import Argument, InputError
from neurorebit.schema.paths import cache_dir

VARIABLE = "NEUROREBIT_DATA"
DATA = "training.dataset"


@dataclass(frozen=True)
class Source:
    """Which data set a run will use, and why: known before any image is loaded.

    ``dataset`` is its word or path, ``folder`` where it lies; ``known`` is what is known of it.
    """

    dataset: str
    folder: Path | None
    reason: str
    note: str = ""
    known: ImageSet = field(kw_only=True)

    def __str__(self) -> str:
        return f"{self.known.title}: {self.reason}" + (f"; {self.note}" if self.note else "")


def locate(wanted: Wanted, given: str | Path | None = None) -> Source:
    """Say which data set a network will be trained on.

    A data set that is downloaded is looked for in the folder ``given``, $NEUROREBIT_DATA, ./data
    and the user's cache; the first two, once given, must exist, and ``given`` must hold it. A path
    is looked for in the folder ``given`` or else beside the network's file, in the working
    directory and in $NEUROREBIT_DATA. A ``given`` that is a data set itself takes the place of the
    network's: an archive .npz, or a folder of pictures where the network names no set or one that
    is installed. InputError where it is nowhere and there is no fallback, or where it does not fit
    the network; before anything is looked for where that is known.
    """
    for name in (wanted.dataset, wanted.fallback):
        if name is not None and name not in DATASETS and not is_path(name):
            raise InputError(f"{name}: no such data set; choose from {', '.join(DATASETS)}")
    if (own := _itself(wanted, given)) is not None:
        source = own
    elif wanted.dataset is None:
        message = "the network names no data set"
        cure = f"set {DATA} to one of {', '.join(DATASETS)}, or to a path, or name one with "
        raise InputError(message, cure=(cure, Argument("data")))
    else:
        for name in (wanted.dataset, wanted.fallback):  # what does not fit need not be downloaded
            if name in DATASETS:
                refuse_misfit(DATASETS[name], wanted)
        source = _at_path(wanted, given) if is_path(wanted.dataset) else _source(wanted, given)
    refuse_misfit(source.known, wanted)
    return source


def known(wanted: Wanted) -> ImageSet | None:
    """What is known of the data set that a network names.

    None where it names none, or one that is not there or does not fit.
    """
    name = wanted.dataset
    try:
        if name is None or (name not in DATASETS and not is_path(name)):
            return None
        images = DATASETS[name] if name in DATASETS else _at_path(wanted, None).known
        refuse_misfit(images, wanted)
    except InputError:
        return None
    return images


def load(source: Source, shape: Shape) -> Dataset:
    """Read the images of a source; those of any size are scaled to ``shape``."""
    found = source.known.load(source.folder, shape)
    return replace(found, note=source.note) if source.note else found


def described(path: Path) -> ImageSet | None:
    """What is known of the data set at a path; None where there is nothing that can be read.

    InputError where it is there and wrong.
    """
    form = format_of(path)
    return None if form is None else form.describe(path)


def _itself(wanted: Wanted, given: str | Path | None) -> Source | None:
    """The data set that an argument names, not the folder that one lies in; None for a folder."""
    if given is None:
        return None
    path, origin = Path(given), Argument("data", given)
    if path.is_dir() and wanted.dataset is not None:
        return _pictures(path) if _installed(wanted.dataset) else None  # else it has the set
    if path.exists() or wanted.dataset is None:
        found = described(path)
        if found is None:
            kinds = " or ".join(form.summary for form in FORMATS.values())
            message = "no data set there"
            raise InputError(message, origin=origin, cure=f"name {kinds}")
        return Source(str(path), path, f"named by {origin.name}", known=found)
    return None


def _installed(name: str) -> bool:
    """Whether a data set comes with a package, and lies in no folder."""
    return name in DATASETS and DATASETS[name].archive is None


def _pictures(path: Path) -> Source | None:
    """A folder of pictures that takes the place of installed images; None for another folder."""
    try:
        found = described(path)
    except InputError:
        return None  # a folder of data sets, on which other networks are trained
    if found is None:
        return None
    return Source(str(path), path, f"named by {Argument('data', path).name}", known=found)


def _at_path(wanted: Wanted, given: str | Path | None) -> Source:
    """The data set at the path that a network names, or its fallback."""
    assert wanted.dataset is not None
    places = [wanted.beside, Path()] if given is None else [Path(given)]
    if given is None and (variable := os.environ.get(VARIABLE)):
        places.append(Path(variable))
    for path in dict.fromkeys(place / wanted.dataset for place in places):
        if path.exists():
            found = described(path)
            if found is None:
                kinds = " or ".join(form.summary for form in FORMATS.values())
                raise InputError(f"{path}: no data set", cure=f"name {kinds}")
            return Source(wanted.dataset, path, str(path), known=found)
    looked = ", ".join(dict.fromkeys(str(place) for place in places))
    missing = f"{wanted.dataset} was not found in {looked}"
    if wanted.fallback is None:
        cure = f"{DATA} is a path from the network file's folder"
        raise InputError(missing, cure=cure)
    return _fallback(wanted, f"{missing}, so these images stand in for it")


def _source(wanted: Wanted, given: str | Path | None) -> Source:
    """The data set of the table that a network names, or its fallback."""
    name = wanted.dataset
    assert name is not None
    images = DATASETS[name]
    if images.archive is None:
        if given is not None and not Path(given).is_dir():
            message, cure = "there is no such folder", "name one, or drop it"
            raise InputError(message, origin=Argument("data", given), cure=cure)
        reason = f"the network's data set, scaled to {wanted.shape}"
        return Source(name, None, reason, known=images)
    looked = []
    fetch = f"'neurorebit data fetch {name}'"
    for named, place, required in _places(given):
        folder = images.archive.folder_at(place)
        if folder is not None:
            return Source(name, folder, _found(folder, named), known=images)
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
    return _fallback(wanted, f"{missing}, so these images stand in for it; {cure}")


def _fallback(wanted: Wanted, note: str) -> Source:
    name = wanted.fallback
    assert name is not None
    reason = f"the fallback, scaled to {wanted.shape}"
    return Source(name, None, reason, note, known=DATASETS[name])


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
