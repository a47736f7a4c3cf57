"""A network that another tool described, as a network file to edit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from neurorebit.inputs.files import opened
from neurorebit.inputs.importers.document import ImportedDocument, edited
from neurorebit.inputs.importers.table import IMPORTERS
from neurorebit.inputs.network import read_network
from neurorebit.layers.network import Network
from neurorebit.results import folder
from neurorebit.schema import Argument, Document, File, InputError, Setting

SUFFIXES = (".yaml", ".yml")


def write_imported(given: Path, place: Path, settings: Sequence[Setting] = ()) -> Network:
    """Write the network of ``given`` as a network file at ``place``; returns the network.

    InputError where it cannot be read, is no file of another tool, or cannot be written, or where
    ``place`` holds a file of another kind; what is there stays then.
    """
    _refuse_another(place)
    document = opened("network", str(given))
    if not isinstance(document, ImportedDocument):
        known = ", ".join(IMPORTERS)
        raise InputError("is a network file already", origin=File(str(given)), cure=f"give {known}")
    network = read_network(document.copy(), settings=settings)
    for setting in settings:
        if setting.key.startswith("network."):
            document.set(setting.key.removeprefix("network."), setting.text, setting.label)
    folder.write(place.parent, {place.name: edited(document)})
    return network


def _refuse_another(place: Path) -> None:
    """InputError where a network file would replace one of another kind, or have no such name."""
    where = Argument("out", place)
    if place.suffix.lower() not in SUFFIXES:
        cure = f"end its name in {' or '.join(SUFFIXES)}"
        raise InputError("is no name of a network file", origin=where, value=place, cure=cure)
    if not place.parent.is_dir():
        message = "cannot be written: its folder is missing"
        raise InputError(message, origin=where, value=place, cure="make it, or name another file")
    if os.path.lexists(place):
        try:
            is_network = "layers" in Document(place, "network").tree
        except InputError:
            is_network = False
        if not is_network:
            message = "is there, and is no network file"
            raise InputError(message, origin=where, value=place, cure="name another file")
