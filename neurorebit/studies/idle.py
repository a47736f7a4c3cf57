"""What a run has no use for: keys that were set and that nothing in it reads, in sentences.

What a run reads is noted while it is computed (``schema/reads.py``); which keys of ``training`` a
scheme heeds stands in its description.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.files import Inputs
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, Setting, paths, plain
from neurorebit.schema.device import read_device
from neurorebit.schemes.ablations import changed, why_idle

LABELS = frozenset({"name", "source"})  # keys for the reader, at the end of a path
READERS: Mapping[str, Callable[[Document], Any]] = {
    "architecture": read_architecture,
    "technology": read_technology,
    "device": read_device,
}
KINDS = frozenset({"technology", "device"})  # keys of an architecture that name another file
NAMED = 6  # keys of a file that a sentence names
IDLE = "without effect"


@dataclass(frozen=True)
class Used:
    """The keys that a run read: those of the estimate, and those of the training.

    ``training`` is None where nothing was trained, or where a recorded run does not say;
    ``trained`` says which.
    """

    billed: Set[str]
    training: Set[str] | None
    trained: bool

    @property
    def known(self) -> bool:
        """Whether all is known that was read of technology, device and architecture."""
        return not (self.trained and self.training is None)

    def heeds(self, key: str) -> bool:
        """Whether the estimate or the training read a key."""
        return heeds(self.billed, key) or heeds(self.training or (), key)


def heeds(read: Iterable[str], key: str) -> bool:
    """Whether a key is among those that were read, or one below it, or the list that it is in."""
    return any(
        one == key or one.startswith((f"{key}.", f"{key}[")) or key.startswith(f"{one}[")
        for one in read
    )


def idle(
    inputs: Inputs, used: Used, settings: Iterable[Setting], own: Collection[str]
) -> Iterator[str]:
    """A sentence for each key that was set without effect, and for each file with such keys.

    ``settings``: what was set. ``own``: the kinds of files that are not shipped; of these the keys
    count as set that differ from the shipped file nearest to them.
    """
    set_here = {setting.key: setting.text for setting in settings}
    for key, text in set_here.items():
        if why := _why(key, inputs, used):
            yield f"{key}={text}: {why}"
    if used.known:
        chosen = "architecture.device" in set_here or _chooses_device(inputs)
        if not used.heeds("device") and (chosen or "device" in own):
            yield f"device={inputs.names['device']}: {_why_not('device', inputs, used)}"
        elif "device" in own:
            yield from _of_file("device", inputs, used, set_here)
        for kind in ("architecture", "technology"):
            if kind in own:
                yield from _of_file(kind, inputs, used, set_here)
    if used.trained and "network" in own:
        for key, value in changed(inputs.network.training):
            full = f"training.{key}"
            again = any(f"{full}.".startswith(f"{one}.") for one in set_here)
            if not again and (why := _why(full, inputs, used)):
                yield f"{full}={value}: {why}"


def _of_file(kind: str, inputs: Inputs, used: Used, set_here: Collection[str]) -> Iterator[str]:
    """One sentence on the keys of a file that nothing reads, if there are any."""
    values = dict(_leaves(plain(getattr(inputs, kind)), kind))
    keys = [
        key.removeprefix(f"{kind}.")
        for key in _different(kind, values)
        if key not in set_here and _why(key, inputs, used)
    ]
    if keys:
        more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
        why = _why_not(kind, inputs, used)
        yield f"{kind}={inputs.names[kind]}: {', '.join(keys[:NAMED])}{more} {why}"


def is_shipped(kind: str, place: str | Path) -> bool:
    """Whether a file is one that comes with the package, by its path or by how reports show it."""
    path = Path(place)
    folders = (paths.FOLDERS[kind], paths.folder(kind).resolve())
    return (
        path.stem in paths.names(kind)
        and {path.parent, path.parent.resolve()} & {*folders} != set()
    )


def _chooses_device(inputs: Inputs) -> bool:
    """Whether another device was chosen than the architecture file names."""
    return inputs.names["device"] != inputs.architecture.device.removesuffix(paths.SUFFIX)


def _why(key: str, inputs: Inputs, used: Used) -> str:
    """Why a key has no effect; empty where it has one, or where that is not known."""
    root, _, path = key.partition(".")
    if path.rpartition(".")[2] in LABELS or path in KINDS:
        return ""
    if root == "training":
        if heeds(used.billed, key):
            return ""
        if not used.trained:
            return f"{IDLE}, nothing was trained"
        return why_idle(path, inputs.architecture, inputs.network.training)
    if root == "network" and path.partition(".")[0] != "activity":
        return ""
    if used.heeds(key):
        return ""
    if root == "network":
        measured = not heeds(used.billed, "network.activity")
        return f"{IDLE}, the activity was measured" if measured else _why_not(root, inputs, used)
    return _why_not(root, inputs, used) if used.known else ""


def _why_not(kind: str, inputs: Inputs, used: Used) -> str:
    """Why a key of a file that nothing reads has no effect."""
    chip = inputs.architecture
    if kind == "device" and not chip.holds_devices:
        return f"{IDLE}, the arrays of this chip hold no memory devices"
    if used.trained:
        return f"{IDLE}, neither the estimate nor training by scheme={chip.scheme} depends on it"
    return f"{IDLE}, no figure of the estimate depends on it, and nothing was trained"


def _different(kind: str, values: dict[str, Any]) -> list[str]:
    """The keys whose values differ from those of the shipped file that has the most of them."""
    nearest: dict[str, Any] = {}
    most = -1
    for name in paths.names(kind):
        shipped = READERS[kind](Document(paths.shipped(kind, name)))
        there = dict(_leaves(plain(shipped), kind))
        alike = sum(key in there and there[key] == value for key, value in values.items())
        if alike > most:
            nearest, most = there, alike
    return [
        key
        for key, value in values.items()
        if key not in nearest or nearest[key] != value
        if value is not None
    ]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The values of a file by their key paths; a list of numbers is one value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}")
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for i, item in enumerate(value):
            yield from _leaves(item, f"{path}[{i}]")
    else:
        yield path, value
