"""What the public functions take: networks, chips, technologies and devices, none of which changes.

Each is given by the name of a shipped file, by a path, or as a dictionary of what a file would
hold. ``set`` makes a new one with other values, by the paths of the command's ``--set``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import yaml

from neurorebit.chips.parts.spec import ArchitectureSpec
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.files import CHOSEN, ROOTS, check_key, named_by, opened, plain_key
from neurorebit.inputs.importers.document import SIDES
from neurorebit.inputs.importers.table import of_object
from neurorebit.inputs.importers.torch_module import is_module
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.inputs.values import document_of, setting_text
from neurorebit.layers.network import Network
from neurorebit.results.frames import frame
from neurorebit.schema import Argument, Document, InputError, Setting, plain
from neurorebit.schema.device import Device, read_device
from neurorebit.schema.technology import Technology

if TYPE_CHECKING:
    import pandas as pd

PARTS = ("architecture", "technology", "device")  # files of a chip
Values = Mapping[str, Any]
Named = str | Path | Values  # a shipped name, a path, or what a file would hold
Changes = str | Values  # a key, or keys and their values
_T = TypeVar("_T", bound="FileInput")


@dataclass(frozen=True, eq=False, repr=False)
class FileInput(ABC):
    """A file of one kind, or a dictionary of what one would hold, and what is set over it."""

    document: Document
    settings: tuple[Setting, ...] = ()

    kind: ClassVar[str]
    roots: ClassVar[tuple[str, ...]]  # of its keys; the first may be left out

    def set(self, key: Changes, value: Any = None) -> Self:
        """The same with another value at a key, or with several: ``set({key: value, ...})``.

        Numbers are in SI units; a text is read as in a file: ``"0.8 V"``. The key may leave out
        what it begins with (``device.r_on``, or ``r_on``). InputError where there is no such key,
        or it cannot have the value.
        """
        changes = key if isinstance(key, Mapping) else {key: value}
        new = {setting.key: setting for setting in self.settings}
        for given, value_of in changes.items():
            full = self._full(given)
            new[full] = Setting(full, setting_text(full, value_of))
        made = replace(self, settings=tuple(new.values()))
        made._check()
        return made

    @property
    def name(self) -> str:
        """The name of the file, or the one that the values give."""
        return self.document.path.stem

    @property
    def text(self) -> str:
        """What a file of this holds: the text as it was read, or its values where some are set."""
        if not self.settings:
            return self.document.text
        text: str = yaml.safe_dump(self._set().tree, sort_keys=False, allow_unicode=True, width=100)
        return text

    def save(self, place: str | Path) -> Path:
        """Write it as a file that every function and command takes; returns the path.

        InputError where the file cannot be written.
        """
        path = Path(place)
        try:
            path.write_text(self.text, encoding="utf-8")
        except OSError as problem:
            message = f"cannot be written: {problem.strerror}"
            raise InputError(message, origin=Argument("place", path), cure="name another") from None
        return path

    def _full(self, key: str) -> str:
        """The key with its root; InputError where it is of another kind of file."""
        root = key.partition(".")[0].partition("[")[0]
        full = key if root in self.roots else f"{self.kind}.{key}"
        if root in ROOTS and root not in self.roots:
            message = f"a key of a {root} file, not of a {self.kind} file"
            cure = f"set it on a {'network' if root == 'training' else root} or on a chip"
            raise InputError(message, origin=Argument("key", key), value=key, cure=cure)
        check_key(full, Argument("key", key))
        return plain_key(full)

    def _set(self) -> Document:
        """The document with the settings over it."""
        made = self.document.copy()
        for setting in self.settings:
            made.set(setting.key.partition(".")[2], setting.text, setting.label)
        return made

    @abstractmethod
    def _check(self) -> None:
        """InputError where the values are wrong; whether they fit together is left open."""

    def __repr__(self) -> str:
        more = "".join(f"\n  {setting.key} = {setting.text}" for setting in self.settings)
        return f"{self.kind} {self.name}: {self.document.shown}{more}"


@dataclass(frozen=True, eq=False, repr=False)
class TechnologyInput(FileInput):
    """A CMOS technology: transistors, wires and layout rules of one node."""

    kind: ClassVar[str] = "technology"
    roots: ClassVar[tuple[str, ...]] = ("technology",)

    @property
    def values(self) -> dict[str, Any]:
        """All values in SI units, as a new dictionary."""
        return dict(plain(self._read()))

    def _read(self) -> Technology:
        return read_technology(self._set(), fitting=False)

    def _check(self) -> None:
        self._read()


@dataclass(frozen=True, eq=False, repr=False)
class DeviceInput(FileInput):
    """A memory device: conductance range, pulse response and variation of its cells."""

    kind: ClassVar[str] = "device"
    roots: ClassVar[tuple[str, ...]] = ("device",)

    @property
    def values(self) -> dict[str, Any]:
        """All values in SI units, as a new dictionary."""
        return dict(plain(self._read()))

    def _read(self) -> Device:
        return read_device(self._set())

    def _check(self) -> None:
        self._read()


@dataclass(frozen=True, eq=False, repr=False)
class ArchitectureInput(FileInput):
    """How a chip is organised: its arrays, converters, tiles and interconnect."""

    kind: ClassVar[str] = "architecture"
    roots: ClassVar[tuple[str, ...]] = ("architecture",)

    @property
    def values(self) -> dict[str, Any]:
        """All values in SI units, as a new dictionary."""
        return dict(plain(self.read()))

    def read(self) -> ArchitectureSpec:
        """Its organisation as the estimate takes it."""
        return read_architecture(self._set(), fitting=False)

    def _check(self) -> None:
        self.read()


@dataclass(frozen=True, eq=False, repr=False)
class NetworkInput(FileInput):
    """A network, how it is trained, and the activity that an estimate assumes of it."""

    recipe: str = field(default="", kw_only=True)

    kind: ClassVar[str] = "network"
    roots: ClassVar[tuple[str, ...]] = ("network", "training")

    @cached_property
    def resolved(self) -> Network:
        """The graph of its layers, every shape known."""
        return read_network(self.document.copy(), self.recipe, self.settings)

    @property
    def values(self) -> dict[str, Any]:
        """All values in SI units, as a new dictionary."""
        return dict(plain(self.resolved))

    @cached_property
    def layers(self) -> pd.DataFrame:
        """A row for each layer, by its name: kind, shapes (channels x height x width), and of its
        matrix product the weights, and the multiply-accumulates of one image.
        """
        nodes = self.resolved.nodes
        products = [node.matmul for node in nodes]
        return frame(
            {
                "layer": [node.name for node in nodes],
                "kind": [node.kind for node in nodes],
                "shape_in": [str(node.shape_in) for node in nodes],
                "shape_out": [str(node.shape_out) for node in nodes],
                "weights": [m.weights if m else 0 for m in products],
                "macs": [m.macs if m else 0 for m in products],
            },
            index="layer",
        )

    def _check(self) -> None:
        assert self.resolved

    def __repr__(self) -> str:
        network = self.resolved
        products = [node.matmul for node in network.nodes if node.matmul]
        weights = sum(m.weights for m in products)
        recipe = f", recipe {self.recipe}" if self.recipe else ""
        return (
            f"{super().__repr__()}\n  {network.input} in, {network.gives}, "
            f"{len(products)} layers with {weights:,} weights{recipe}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class ChipInput:
    """A chip: an architecture, the technology that it is made in and the device of its cells."""

    architecture: ArchitectureInput
    technology: TechnologyInput
    device: DeviceInput

    @property
    def name(self) -> str:
        """The name of the architecture."""
        return self.architecture.name

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All that is set over the three files."""
        parts = (self.architecture, self.technology, self.device)
        return tuple(setting for part in parts for setting in part.settings)

    def set(self, key: Changes, value: Any = None) -> ChipInput:
        """The same chip with another value at a key, or with several: ``set({key: value, ...})``.

        Keys begin with ``architecture.``, ``technology.`` or ``device.``. Numbers are in SI units;
        a text is read as in a file: ``"0.8 V"``. The keys ``technology`` and ``device`` take
        another file or object. InputError where there is no such key, or it cannot have the value.

        >>> import neurorebit as nr
        >>> six = nr.chip("rebit").set("architecture.apim.adc_bits", 6)
        >>> six.set("technology.vdd", "0.8 V").technology.values["vdd"]
        0.8
        """
        changes = dict(key) if isinstance(key, Mapping) else {key: value}
        made = self
        for kind in CHOSEN:
            for spelt in (kind, f"architecture.{kind}"):
                if spelt in changes:
                    made = made._with(kind, changes.pop(spelt))
        own: dict[str, dict[str, Any]] = {kind: {} for kind in PARTS}
        for given, new in changes.items():
            kind = given.partition(".")[0]
            if kind not in own:
                check_key(given, Argument("key", given))  # or says what a key begins with
                message, cure = "a key of the network, not of a chip", "set it on the network"
                raise InputError(message, origin=Argument("key", given), value=given, cure=cure)
            own[kind][given] = new
        return ChipInput(
            made.architecture.set(own["architecture"]),
            made.technology.set(own["technology"]),
            made.device.set(own["device"]),
        )

    def with_device(self, device: DeviceInput | Named) -> ChipInput:
        """The same chip with another device in its cells; what was set over the old one goes."""
        return replace(self, device=_of(DeviceInput, device))

    def with_technology(self, technology: TechnologyInput | Named) -> ChipInput:
        """The same chip in another technology; what was set over the old one goes."""
        return replace(self, technology=_of(TechnologyInput, technology))

    def _with(self, kind: str, given: Any) -> ChipInput:
        return self.with_technology(given) if kind == "technology" else self.with_device(given)

    def __repr__(self) -> str:
        return "\n".join(map(repr, (self.architecture, self.technology, self.device)))


# --- the public functions


def network(
    source: NetworkInput | Named | Any,
    *,
    recipe: str | None = None,
    input: Sequence[int] | Mapping[str, int] | None = None,
) -> NetworkInput:
    """A network: layers, training and assumed activity.

    ``source``: the name of a shipped network, the path of a network file, or a dictionary of what
    such a file holds, numbers in SI units; the path of an ONNX file or of a layer table, an ONNX
    model, or a PyTorch module. ``recipe``: one of the file's ways to train. ``input``: the sizes of
    what the network gets, without the batch; a module needs it, an ONNX file where axes are open
    (channels, height and width, or these by name). InputError where there is no such file or
    recipe, a key is wrong, a layer does not fit those before it, or an operator has no layer.

    >>> import neurorebit as nr
    >>> net = nr.network("mlp")
    >>> net.layers.loc["linear3", ["shape_in", "shape_out"]].tolist()
    ['128 x 1 x 1', '10 x 1 x 1']
    >>> net.set("training.epochs", 3).values["training"]["epochs"]
    3
    >>> tiny = nr.network({
    ...     "name": "tiny",
    ...     "input": {"channels": 1, "height": 8, "width": 8},
    ...     "classes": 10,
    ...     "layers": [{"kind": "flatten"}, {"kind": "linear", "features": 10}],
    ...     "activity": {"source": "a guess", "input_density": 0.3},
    ...     "training": {"dataset": "digits"},
    ... })
    >>> int(tiny.layers["weights"].sum())
    640
    """
    sizes = _sides(input)
    document = of_object(source, None if isinstance(input, Mapping) else input)
    if document is not None:
        if isinstance(input, Mapping) or not is_module(source):
            for side, size in (sizes or {}).items():
                document.set(f"input.{side}", str(size))
        made = _of(NetworkInput, document)
    elif sizes is None:
        made = _of(NetworkInput, source)
    else:
        given = source.document if isinstance(source, NetworkInput) else source
        if isinstance(given, str | Path):
            given = opened("network", str(given))
        text = ", ".join(f"{side}: {size}" for side, size in sizes.items())
        given = given if isinstance(given, Document) else document_of("network", given)
        made = NetworkInput(given, (Setting("network.input", f"{{{text}}}"),))
        made._check()
    if recipe is not None:
        made = replace(made, recipe=recipe)
        made._check()
    return made


def _sides(input: Sequence[int] | Mapping[str, int] | None) -> dict[str, int] | None:
    """The sides of a network's input, by name."""
    if input is None or isinstance(input, Mapping):
        return None if input is None else {str(side): int(n) for side, n in input.items()}
    return dict(zip(SIDES, map(int, input), strict=False))


def technology(source: TechnologyInput | Named) -> TechnologyInput:
    """A CMOS technology.

    ``source``: a node (``"32nm"`` is its low-power flavour, ``"32nm_hp"`` high performance), the
    path of a technology file, or a dictionary of what such a file holds, numbers in SI units.
    InputError where there is no such file, or a value is wrong.

    >>> import neurorebit as nr
    >>> nr.technology("32nm").set("vdd", "800 mV").values["vdd"]
    0.8
    """
    return _of(TechnologyInput, source)


def device(source: DeviceInput | Named) -> DeviceInput:
    """A memory device.

    ``source``: the name of a shipped device, the path of a device file, or a dictionary of what
    such a file holds, numbers in SI units. InputError where there is no such file, or a value is
    wrong. ``fit`` makes a device from measured pulses.

    >>> import neurorebit as nr
    >>> values = nr.device("taox_hfox").values
    >>> values["r_on"], values["on_off_ratio"]
    (100000.0, 10.0)
    >>> nr.device({**values, "name": "mine", "r_on": 50e3}).set("r_on", "60 kohm")
    device mine: mine (made in Python)
      device.r_on = 60 kohm
    """
    return _of(DeviceInput, source)


def chip(
    source: ChipInput | Named = "rebit",
    *,
    technology: TechnologyInput | Named | None = None,
    device: DeviceInput | Named | None = None,
) -> ChipInput:
    """A chip: an architecture in a technology, with a device in its cells.

    ``source``: the name of a shipped architecture, the path of an architecture file, or a
    dictionary of what such a file holds, numbers in SI units. ``technology`` and ``device``: as the
    functions of these names take them; the ones that the architecture names unless given. The chip
    never changes: ``set``, ``with_device`` and ``with_technology`` make new ones. InputError where
    a file does not exist or a value is wrong.

    >>> import neurorebit as nr
    >>> chip = nr.chip("rebit", technology="22nm", device="epiram")
    >>> chip.technology.name, chip.device.name
    ('22nm_lstp', 'epiram')
    >>> chip.set("architecture.apim.adc_bit", 6)
    Traceback (most recent call last):
    ...
    neurorebit.schema.errors.InputError: ...: unknown key; did you mean 'adc_bits'?
    """
    if isinstance(source, ChipInput):
        made = source
        for kind, given in (("technology", technology), ("device", device)):
            made = made if given is None else made._with(kind, given)
        return made
    architecture = _of(ArchitectureInput, source)
    named = architecture.document, architecture.read()
    return ChipInput(
        architecture,
        _of(TechnologyInput, named_by(*named, "technology") if technology is None else technology),
        _of(DeviceInput, named_by(*named, "device") if device is None else device),
    )


def on_axis(key: str, values: Any, files: dict[tuple[str, str], Document]) -> Any:
    """The values of an axis, with words for files that are given as objects or dictionaries.

    ``files`` gets what the words mean, by the kind of file and the word.
    """
    kinds: dict[str, type[FileInput]] = {
        "technology": TechnologyInput,
        "device": DeviceInput,
        "architecture": ArchitectureInput,
    }
    if key not in kinds or isinstance(values, str):
        return values
    words = []
    for value in values:
        if isinstance(value, str | Path):
            words.append(str(value))
            continue
        own = value.architecture if isinstance(value, ChipInput) else value
        file = _of(kinds[key], own)
        set_here = ", ".join(f"{s.key.partition('.')[2]}={s.text}" for s in file.settings)
        word = f"{file.name} ({set_here})" if set_here else file.name
        while (key, word) in files:  # two of one name, told apart by their number
            word = f"{file.name} #{len(files) + 1}"
        files[key, word] = file._set()
        words.append(word)
    return words


def _of(cls: type[_T], source: _T | Named | Document) -> _T:
    """The file that a caller gives by name, path or content, or the object itself."""
    if isinstance(source, cls):
        return source
    if isinstance(source, Document):
        made = cls(source)
    elif isinstance(source, Mapping):
        made = cls(document_of(cls.kind, source))
    elif isinstance(source, str | Path):
        made = cls(opened(cls.kind, str(source)))
    else:
        message = f"expected a name, a path or a dictionary, got {type(source).__name__}"
        raise InputError(message, origin=Argument(cls.kind), value=source, cure="give one of them")
    made._check()
    return made
