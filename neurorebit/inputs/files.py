"""The four files of a run, and the values set over them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.data.fit import Wanted
from neurorebit.data.locate import known
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.importers.table import imported
from neurorebit.inputs.network import read_network
from neurorebit.inputs.pairs import pairs
from neurorebit.inputs.technology import read_technology
from neurorebit.layers.network import Network
from neurorebit.schema import (
    Argument,
    Document,
    File,
    ImpossibleError,
    InputError,
    Setting,
    paths,
    plain,
)
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.errors import Words
from neurorebit.schema.provenance import note, of_file
from neurorebit.schema.reads import Reads
from neurorebit.schema.technology import Technology
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES

ROOTS = ("technology", "device", "architecture", "network", "training")
CHOSEN = ("technology", "device")  # files that an architecture file names
Source = str | Setting | Document  # a name, a path, one that was set, or one made in memory


def parse_setting(given: str, origin: object = None) -> Setting:
    """The setting of ``KEY=VALUE``; InputError, seen at ``origin``, where it is not one."""
    key, equals, text = given.partition("=")
    where = given if origin is None else origin
    if not equals:
        message = "expected KEY=VALUE, as in technology.vdd=0.8V"
        raise InputError(message, origin=where, value=given, cure="add '=' and the value")
    check_key(key, where)
    return Setting(plain_key(key), text, origin)


def check_key(key: str, origin: object) -> None:
    """InputError, seen at ``origin``, unless a file may have such a key."""
    root, _, path = key.partition(".")
    if root not in ROOTS:
        near = difflib.get_close_matches(root, ROOTS, n=1)
        message = f"a key starts with one of {', '.join(ROOTS)}"
        cure = f"did you mean '{near[0]}'?" if near else "write it as in technology.vdd"
        raise InputError(message, origin=origin, value=key, cure=cure)
    if not path:
        another: Words = (", or give another file as ", Argument(root)) if root in CHOSEN else ""
        message = f"{root} has keys below it"
        raise InputError(message, origin=origin, value=key, cure=("name one of them", another))


def plain_key(key: str) -> str:
    """The one spelling of a key that may be spelt in two ways."""
    return key.removeprefix("network.") if key.startswith("network.training.") else key


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a run reads: the four files resolved, and the documents they come from."""

    network: Network
    architecture: ArchitectureSpec
    technology: Technology
    device: Device
    _: KW_ONLY
    documents: dict[str, Document]
    names: dict[str, str]
    settings: tuple[Setting, ...]
    recipe: str
    recipes: tuple[str, ...]

    @property
    def wanted(self) -> Wanted:
        """What the network asks of its data."""
        return Wanted.by(self.network, Path(self.documents["network"].path).parent)

    @property
    def images(self) -> int | None:
        """Images of an epoch, as many as are asked for and there are.

        None where nobody says: none are asked for, and no data set that fits is named and known.
        """
        asked, data = self.network.training.images, known(self.wanted)
        if data is None:
            return asked
        return min(asked or data.train_images, data.train_images)

    def observed(self, reads: Reads) -> Inputs:
        """The same inputs, of whose keys those that are read are noted.

        Of a network that holds of its sections ``training`` and ``activity``.
        """
        training = reads.of("training", self.network.training)
        activity = reads.of("network.activity", self.network.activity)
        return replace(
            self,
            network=replace(self.network, training=training, activity=activity),
            architecture=reads.of("architecture", self.architecture),
            technology=reads.of("technology", self.technology),
            device=reads.of("device", self.device),
        )

    def record(self) -> dict[str, Any]:
        """For each file its name, place and digest, and the values that hold.

        Of the network also its layers as written, from which its values follow.
        """
        record: dict[str, Any] = {
            kind: {
                "name": self.names[kind],
                "file": document.shown,
                "sha256": document.digest,
                "values": plain(getattr(self, kind)),
            }
            for kind, document in self.documents.items()
        }
        for key in ("recorded", "others"):  # the report holds the activity that was taken
            del record["network"]["values"][key]
        record["network"]["layers"] = self.documents["network"].tree["layers"]
        return record


def read_inputs(
    network: Source,
    architecture: Source = "rebit",
    technology: Source | None = None,
    device: Source | None = None,
    *,
    recipe: str | None = None,
    settings: Sequence[Setting] = (),
    fitting: bool = True,
) -> Inputs:
    """Read the files by path or by name, or documents, with the settings over them.

    The architecture file names the technology and the device unless they are given. A file that is
    named by a Setting is one that was set: errors tell where. InputError where a file or a setting
    is wrong, or (with ``fitting``) numbers do not fit together.
    """
    _refuse_twice(technology, device, settings)
    documents = {"network": opened("network", network)}
    document = documents["network"]
    resolved = read_network(document, recipe or "", settings)

    documents["architecture"] = opened("architecture", architecture)
    _set(documents["architecture"], settings)
    spec = read_architecture(documents["architecture"], fitting)
    for kind, given in (("technology", technology), ("device", device)):
        documents[kind] = (
            named_by(documents["architecture"], spec, kind)
            if given is None
            else opened(kind, given)
        )
        _set(documents[kind], settings)
    cells = read_device(documents["device"])
    _refuse_scheme(documents["architecture"], spec)
    if spec.trains and spec.holds_devices and cells.pulses is None:
        message = f"{cells.name} has no published pulse data, and programming cells needs them"
        cure = "add a section 'pulses' or take another device"
        if "pulses" in documents["device"].tree:
            raise documents["device"].impossible(("pulses",), message, cure)
        where = File(documents["device"].shown)
        raise ImpossibleError(message, origin=where, key="pulses", cure=cure)
    if spec.crosspoint and cells.ferroelectric is not None:
        message = f"{cells.name} is a transistor, which no selector opens"
        raise documents["architecture"].impossible(
            (spec.forward_section, "cells"), message, "take 1t1r"
        )
    training = resolved.training
    errors = training.error_bits or spec.errors
    if training.digital == "bit_serial" and isinstance(errors, str):
        message = f"errors of {errors} have no bits to stream"
        cure = "take training.error_bits=32, or float32"
        raise document.impossible(("training", "digital"), message, cure)
    formats = getattr(spec, "formats", None)
    if training.digital == "bit_serial" and formats is not None and formats.weights.floats:
        message = f"weights of {formats.weight} are no whole numbers that bits of errors select"
        cure = "take architecture.formats.weight=int16, or float32"
        raise document.impossible(("training", "digital"), message, cure)
    if training.rest > 1.0 and cells.retention is None:
        message = f"{cells.name} has no section 'retention'"
        raise document.impossible(("training", "rest"), message, "add one, or take another device")
    most = 7 if training.quantiser == "no_zero" else 8
    bits = max(int(spec.weight_bits), training.edge_bits or 0)
    if SCHEMES[spec.scheme].held is Held.FOLLOWED and bits > most:
        message = f"{training.quantiser} levels of {bits} bits: cells follow at most {most}"
        raise document.impossible(("training", "quantiser"), message, "take fewer")
    node = read_technology(documents["technology"], fitting)
    _refuse_unknown_circuits(documents, spec, node)
    for kind, misfit in pairs(resolved, spec, node, cells) if fitting else ():
        documents[kind].refuse((misfit,))
    return Inputs(
        network=resolved,
        architecture=spec,
        technology=node,
        device=cells,
        documents=documents,
        names={
            "network": resolved.name,
            "architecture": spec.name,
            "technology": documents["technology"].path.stem,
            "device": documents["device"].path.stem,
        },
        settings=tuple(settings),
        recipe=recipe or str(document.tree.get("recipe") or ""),
        recipes=tuple(document.tree.get("recipes") or ()),
    )


def _refuse_scheme(document: Document, spec: ArchitectureSpec) -> None:
    """InputError where a scheme trains weights on a chip that only infers, or trains none on one
    that does.
    """
    if SCHEMES[spec.scheme].trains == spec.trains:
        return
    message = f"scheme={spec.scheme} trains {'nothing' if spec.trains else 'weights'}"
    fitting = [name for name, scheme in SCHEMES.items() if scheme.trains == spec.trains]
    cure = f"on {spec.called} take {' or '.join(fitting)}"
    raise document.impossible(("scheme",), message, cure)


def _refuse_unknown_circuits(
    documents: dict[str, Document], spec: ArchitectureSpec, technology: Technology
) -> None:
    """InputError where a technology lacks the section of a converter that the chip has."""
    for loc, kind in spec.converters:
        missing = [need for need in CONVERTERS[kind].sections() if not technology.has(need)]
        if missing:
            node = documents["technology"].shown
            message = f"{kind} needs a section 'sensing.{missing[0].key}', which {node} lacks"
            others = [
                name
                for name, other in CONVERTERS.items()
                if all(technology.has(need) for need in other.sections())
            ]
            cure = f"add it, or take {' or '.join(others)}" if others else "add it"
            raise documents["architecture"].impossible(loc, message, cure)


def _refuse_twice(
    technology: Source | None, device: Source | None, settings: Sequence[Setting]
) -> None:
    """InputError where two settings, or a setting and an argument, choose the same thing."""
    seen: dict[str, Setting] = {}
    for setting in settings:
        if setting.key in seen:
            origin = (seen[setting.key].label, " and ", setting.label)
            raise InputError("the same key twice", origin=origin, cure="keep one")
        seen[setting.key] = setting
    for kind, given in (("technology", technology), ("device", device)):
        chosen = seen.get(f"architecture.{kind}")
        if given is not None and chosen is not None:
            first = given.label if isinstance(given, Setting) else Argument(kind, given)
            origin = (first, " and ", chosen.label)
            raise InputError("the same choice twice", origin=origin, cure="keep one")


def opened(kind: str, given: Source) -> Document:
    """The file of this kind that a name or a path means; InputError where there is none.

    Of a document the copy, so that what is set over it stays here.
    """
    if isinstance(given, Document):
        return given.copy()
    name = given.text if isinstance(given, Setting) else given
    try:
        path = paths.shipped(kind, name)
    except InputError as problem:
        if isinstance(given, Setting):
            raise InputError(
                problem.message, origin=given.label, value=name, cure=problem.cure
            ) from None
        raise
    shown = name if os.path.isfile(name) else str(paths.FOLDERS[kind] / path.name)
    made = imported(path, shown) if kind == "network" else None
    if made is not None:
        note(kind, path.stem, path, partial(of_file, path))
        return made
    found = Document(path, kind, shown)
    note(kind, path.stem, path, found.digest)
    return found


def named_by(document: Document, spec: ArchitectureSpec, kind: str) -> Document:
    """The file that an architecture file names: a path from its own folder, or a shipped name."""
    name = str(getattr(spec, kind))
    near = Path(document.shown).parent / name
    try:
        return opened(kind, str(near) if near.is_file() else name)
    except InputError as problem:
        where = document.error((kind,), "")
        raise problem.seen_from(where.origin, where.key) from None


def _set(document: Document, settings: Sequence[Setting]) -> None:
    for setting in settings:
        root, _, path = setting.key.partition(".")
        if root == document.root:
            document.set(path, setting.text, setting.label)
