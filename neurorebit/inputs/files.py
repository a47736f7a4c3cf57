"""The four files of a run, and what the command line sets over them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurorebit.chips.architecture import AnySpec, InPlaceSpec
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.inputs.training import TRAINING_SET
from neurorebit.layers.network import Network
from neurorebit.schema import Document, InputError, paths, plain
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology
from neurorebit.schemes.parts.scheme import Held
from neurorebit.schemes.table import SCHEMES

ROOTS = ("technology", "device", "architecture", "network", "training")
CHOSEN = {"technology": "technology", "device": "device"}  # keys that an option of their own sets


@dataclass(frozen=True)
class Setting:
    """A value set over a file: ``--set key=text``, or an option that means the same."""

    key: str
    text: str
    option: str = ""

    def __str__(self) -> str:
        return f"{self.option} {self.text}" if self.option else f"--set {self.key}={self.text}"

    @classmethod
    def parse(cls, given: str) -> Setting:
        """The setting of ``KEY=VALUE``; InputError where it is not one."""
        key, equals, text = given.partition("=")
        root, _, path = key.partition(".")
        if not equals:
            raise InputError(f"--set {given}: expected KEY=VALUE, as in technology.vdd=0.8V")
        if root not in ROOTS:
            near = difflib.get_close_matches(root, ROOTS, n=1)
            cure = f"did you mean '{near[0]}'? " if near else ""
            raise InputError(f"--set {given}: {cure}a key starts with one of {', '.join(ROOTS)}")
        if not path:
            cure = f"or give another file with --{root}" if root in CHOSEN else "name one of them"
            raise InputError(f"--set {given}: {root} has keys below it; {cure}")
        return cls(key.removeprefix("network.") if path.startswith("training.") else key, text)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a run reads: the four files resolved, and the documents they come from."""

    network: Network
    architecture: AnySpec
    technology: Technology
    device: Device
    documents: dict[str, Document]
    names: dict[str, str]
    settings: tuple[Setting, ...]
    recipe: str
    recipes: tuple[str, ...]

    @property
    def images(self) -> int:
        """Images of an epoch, as many as are asked for and there are."""
        size = TRAINING_SET[self.network.training.dataset]
        return min(self.network.training.images or size, size)

    def record(self) -> dict[str, Any]:
        """For each file its name, place and digest, and the values that hold."""
        return {
            kind: {
                "name": self.names[kind],
                "file": document.shown,
                "sha256": document.digest,
                "values": plain(getattr(self, kind)),
            }
            for kind, document in self.documents.items()
        }


def read_inputs(
    network: str,
    architecture: str = "rebit",
    technology: str = "",
    device: str = "",
    recipe: str = "",
    settings: Sequence[Setting] = (),
    fitting: bool = True,
) -> Inputs:
    """Read the files by path or by name, with the settings over them.

    The architecture file names the technology and the device unless they are given. InputError
    where a file or a setting is wrong, or (with ``fitting``) numbers do not fit together.
    """
    seen: dict[str, Setting] = {}
    for setting in settings:
        if setting.key in seen:
            raise InputError(f"{seen[setting.key]} and {setting}: the same key twice; keep one")
        seen[setting.key] = setting
    for kind, given in (("technology", technology), ("device", device)):
        chosen = seen.get(f"architecture.{CHOSEN[kind]}")
        if given and chosen:
            raise InputError(f"--{kind} {given} and {chosen}: the same choice twice; keep one")

    documents = {"network": _open("network", network)}
    document = documents["network"]
    over = {
        setting.key.removeprefix("network."): setting.text
        for setting in settings
        if setting.key.startswith(("network.", "training."))
    }
    resolved = read_network(document, recipe, over)

    documents["architecture"] = _open("architecture", architecture)
    _set(documents["architecture"], settings)
    spec = read_architecture(documents["architecture"], fitting)
    for kind, given in (("technology", technology), ("device", device)):
        documents[kind] = (
            _open(kind, given) if given else _named_by(documents["architecture"], spec, kind)
        )
        _set(documents[kind], settings)
    cells = read_device(documents["device"])
    if spec.holds_devices and cells.pulses is None:
        message = (
            f"{cells.name} has no published pulse data, and programming cells needs them; add a "
            "section 'pulses' or take another device"
        )
        if "pulses" in documents["device"].tree:
            raise documents["device"].error(("pulses",), message)
        raise InputError(f"{documents['device'].shown}: pulses: {message}")
    crossing = isinstance(spec, InPlaceSpec) and spec.arrays.cells == "crosspoint"
    if crossing and cells.ferroelectric is not None:
        message = f"{cells.name} is a transistor, which no selector opens; take 1t1r"
        raise documents["architecture"].error(("arrays", "cells"), message)
    training = resolved.training
    if training.digital == "bit_serial" and (training.error_bits or spec.error_bits) == "fp32":
        message = "errors of fp32 have no bits to stream; take training.error_bits=32, or float32"
        raise document.error(("training", "digital"), message)
    if training.rest > 1.0 and cells.retention is None:
        message = f"{cells.name} has no section 'retention'; add one, or take another device"
        raise document.error(("training", "rest"), message)
    most = 7 if training.quantiser == "no_zero" else 8
    bits = max(int(spec.weight_bits), training.edge_bits or 0)
    if SCHEMES[spec.scheme].held is Held.FOLLOWED and bits > most:
        message = (
            f"{training.quantiser} levels of {bits} bits: cells follow at most {most}; take fewer"
        )
        raise document.error(("training", "quantiser"), message)
    node = read_technology(documents["technology"], fitting)
    _refuse_unknown_circuits(documents, spec, node)
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


def _refuse_unknown_circuits(
    documents: dict[str, Document], spec: AnySpec, technology: Technology
) -> None:
    """InputError where a technology lacks the section of a converter that the chip has."""
    for loc, kind in spec.converters:
        section = CONVERTERS[kind].section
        if section is not None and not technology.has(section):
            node = documents["technology"].shown
            message = f"{kind} needs a section 'sensing.{section.key}', which {node} lacks; add it"
            others = [
                name
                for name, other in CONVERTERS.items()
                if other.section is None or technology.has(other.section)
            ]
            if others:
                message += f", or take {' or '.join(others)}"
            raise documents["architecture"].error(loc, message)


def _open(kind: str, name: str) -> Document:
    path = paths.shipped(kind, name)
    shown = name if os.path.isfile(name) else str(paths.FOLDERS[kind] / path.name)
    return Document(path, kind, shown)


def _named_by(document: Document, spec: AnySpec, kind: str) -> Document:
    """The file that an architecture file names: a path from its own folder, or a shipped name."""
    name = str(getattr(spec, kind))
    beside = Path(document.shown).parent / name
    try:
        return _open(kind, str(beside) if beside.is_file() else name)
    except InputError as problem:
        raise document.error((kind,), str(problem)) from None


def _set(document: Document, settings: Sequence[Setting]) -> None:
    for setting in settings:
        root, _, path = setting.key.partition(".")
        if root == document.root:
            document.set(path, setting.text, setting.option)
