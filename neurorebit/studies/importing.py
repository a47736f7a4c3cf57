"""A network that another tool described, as a network file to edit."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from neurorebit.inputs.files import opened
from neurorebit.inputs.importers.document import ImportedDocument, edited
from neurorebit.inputs.importers.table import IMPORTERS
from neurorebit.inputs.network import read_network
from neurorebit.layers.network import Network
from neurorebit.schema import InputError, Setting
from neurorebit.schema.errors import File


def write_imported(given: Path, place: Path, settings: Sequence[Setting] = ()) -> Network:
    """Write the network of ``given`` as a network file at ``place``; returns the network.

    InputError where it cannot be read, is no file of another tool, or cannot be written; nothing is
    left at ``place`` then.
    """
    document = opened("network", str(given))
    if not isinstance(document, ImportedDocument):
        known = ", ".join(IMPORTERS)
        raise InputError("is a network file already", origin=File(str(given)), cure=f"give {known}")
    network = read_network(document.copy(), settings=settings)
    for setting in settings:
        if setting.key.startswith("network."):
            document.set(setting.key.removeprefix("network."), setting.text, setting.label)
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=place.parent, prefix=".", delete=False
        ) as file:
            file.write(edited(document))
        os.chmod(file.name, 0o644)
        os.replace(file.name, place)
    except OSError as problem:
        message = f"cannot be written: {problem.strerror}"
        raise InputError(message, origin=File(str(place)), cure="name another place") from None
    return network
