"""Activity files made of recorded trainings: what an estimate takes where nothing is trained."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit.inputs.activity import CURE, SCHEMA, read_activity
from neurorebit.inputs.architecture import read_architecture
from neurorebit.results import document, folder
from neurorebit.results.document import Json
from neurorebit.schema import Argument, Document, File, InputError, plain
from neurorebit.schema.activity import ActivityFile, LayerActivity, Origin, RecordedActivity
from neurorebit.schemes.assumed import FIRST, INNER, LAST
from neurorebit.schemes.table import SCHEMES

DIGITS = 4  # of the numbers in an activity file


def recorded(places: Sequence[Path], kept: Path | None = None) -> str:
    """The text of an activity file of one network, of the trainings in these folders.

    What the file ``kept`` has of other schemes stays. InputError where a folder holds no training
    that measured its activity, the networks or their layers differ, or two trainings have the same
    scheme.
    """
    found: dict[str, RecordedActivity] = {}
    network = ""
    for place in places:
        report, path = document.read(place), place / document.NAME
        where = File(str(path))
        with document.as_written(path):
            one = _recorded(report, where)
            name = str(report["inputs"]["network"]["values"]["name"])
        values = {"schema": SCHEMA, "network": name, "recorded": [plain(one)]}
        Document.of_values(values, str(path), root="activity").read(ActivityFile)  # or refuses
        if network and name != network:
            message = f"a training of {name}, the folders before it hold {network}"
            raise InputError(message, origin=where, cure="give the trainings of one network")
        if one.scheme in found:
            message = f"a second training of scheme {one.scheme}"
            raise InputError(message, origin=where, cure="give one training for each scheme")
        network, found[one.scheme] = name, one
    if kept is not None:
        found = _with_others(kept, found)
    return _text(network, found.values())


def _with_others(path: Path, found: dict[str, RecordedActivity]) -> dict[str, RecordedActivity]:
    """The activities of a file, with those that were found in the place of theirs."""
    layers = {tuple(one.layers) for one in found.values()}
    others = {one.scheme: one for one in read_activity(path, str(path))}
    if layers | {tuple(one.layers) for one in others.values()} != layers:
        message = "holds the activity of other layers than the trainings"
        raise InputError(message, origin=File(str(path)), cure="write another file")
    return others | found


def mean(files: Sequence[Path]) -> str:
    """The text of the activity file of the mean layers of several networks, of their files.

    The mean is over first layers, last ones and all between, each network counting as much; layers
    whose inputs may be below zero have planes of their own, and are left out.
    """
    of_scheme: dict[str, list[tuple[str, RecordedActivity]]] = {}
    for path in files:
        for one in read_activity(path, str(path)):
            of_scheme.setdefault(one.scheme, []).append((path.stem, one))
    if not of_scheme:
        raise InputError("no activity file", origin=Argument("mean"), cure=CURE)
    return _text("mean", [_mean(scheme, group) for scheme, group in of_scheme.items()])


def refuse_another(path: Path) -> None:
    """InputError where an activity file would replace a file of another kind."""
    where = Argument("out", path)
    if not path.parent.is_dir():
        message = "cannot be written: its folder is missing"
        raise InputError(message, origin=where, cure="make it, or name another file")
    if path.exists():
        try:
            read_activity(path, str(path))
        except InputError:
            message = "is there, and is no activity file"
            raise InputError(message, origin=where, cure="name another file") from None


def write(path: Path, text: str) -> None:
    """Write an activity file; the old one stays where that fails."""
    folder.write(path.parent, {path.name: text}, argument="out")


def _recorded(report: Json, where: File) -> RecordedActivity:
    """The activity that the training of a report measured."""
    training, values = report["training"], {k: v["values"] for k, v in report["inputs"].items()}
    source = str(report["activity"]["source"])
    if training is None or report["activity"]["origin"] != Origin.MEASURED.value:
        message = "its training measured no activity" if training else "no training"
        raise InputError(message, origin=where, cure="give a folder of a training in arrays")
    layers = report["activity"]["layers"]
    chip = read_architecture(
        Document.of_values(values["architecture"], str(where), "architecture"), fitting=False
    )
    if chip.holds_devices and np.any(chip.cells_per_weight > 1):
        message = (
            "its weights are several cells each, and activity is recorded of one cell a weight"
        )
        raise InputError(message, origin=where, cure="train it with one cell a weight")
    network, spec, pulses = values["network"], values["architecture"], values["device"]["pulses"]
    keys, scheme = ("batch", *SCHEMES[report["scheme"]].own_keys), str(report["scheme"])
    return RecordedActivity(
        scheme=scheme,
        source=f"{_told(report)} {source}",
        weight_bits=float(chip.level_bits),
        input_bits=int(spec["input_bits"]),
        signed_inputs=_signed_inputs(layers, spec),
        levels_ltp=pulses["levels_ltp"] if pulses else None,
        levels_ltd=pulses["levels_ltd"] if pulses else None,
        own={key: network["training"][key] for key in keys},
        layers={layer["name"]: document.layer_activity(layer) for layer in layers},
    )


def _signed_inputs(layers: Sequence[Json], spec: Json) -> str:
    """How inputs below zero entered the arrays, nothing where no layer had any."""
    some = any(layer.get("stored_density") is not None for layer in layers)
    return str(spec["signed_inputs"]) if some else ""


def _told(report: Json) -> str:
    """The training of a report in a few words: network, scheme, schedule, accuracy."""
    network, training = report["inputs"]["network"]["values"], report["training"]
    width = f" of width {network['width']:g}" if network["width"] != 1 else ""
    epochs = len(training["epochs"])
    reached = [e["test_accuracy"] for e in training["epochs"] if e["test_accuracy"] is not None]
    accuracy = f", {100 * reached[-1]:.2f} % of the test images" if reached else ""
    return (
        f"{network['name']}{width} under {report['scheme']}, {epochs} epochs of "
        f"{training['images']:,} images, seed {report['seed']}{accuracy},"
    )


def _mean(scheme: str, group: Sequence[tuple[str, RecordedActivity]]) -> RecordedActivity:
    """The mean layers of a scheme's trainings, with the conditions that they share."""
    names, trainings = [name for name, _ in group], [one for _, one in group]
    first = trainings[0]
    for name, one in group:
        for key in ("weight_bits", "input_bits", "levels_ltp", "levels_ltd"):
            if getattr(one, key) != getattr(first, key):
                message = f"{key} of scheme {scheme} is {getattr(one, key)}, in {names[0]} it is "
                message += f"{getattr(first, key)}"
                raise InputError(message, origin=File(name), cure="record both alike")
        for layer, a in one.layers.items():
            if a.stored_density is None and len(a.input_density) != first.input_bits:
                message = f"layer {layer} of scheme {scheme} has {len(a.input_density)} bit planes"
                cure = f"give {first.input_bits}, as input_bits says"
                raise InputError(message, origin=File(name), cure=cure)
    groups: dict[str, Callable[[list[Any]], list[Any]]] = {
        FIRST: lambda layers: layers[:1],
        INNER: lambda layers: layers[1:-1],
        LAST: lambda layers: layers[-1:],
    }
    layers = {}
    for kind, chosen in groups.items():
        of_networks = [
            [_flat(a) for a in chosen(list(one.layers.values())) if a.stored_density is None]
            for one in trainings
        ]
        means = [np.mean(rows, axis=0) for rows in of_networks if rows]
        if not means:
            message = f"no network has {kind} layers of scheme {scheme}"
            cure = "add a network of three layers or more, whose inputs are not below zero"
            raise InputError(message, origin=Argument("mean"), cure=cure)
        layers[kind] = _unflat(np.mean(means, axis=0), first.input_bits)
    return RecordedActivity(
        scheme=scheme,
        source=f"mean of the layers of {', '.join(names)}, trained under {scheme}",
        weight_bits=first.weight_bits,
        input_bits=first.input_bits,
        levels_ltp=first.levels_ltp,
        levels_ltd=first.levels_ltd,
        own={},
        layers=layers,
    )


# reads follow from how cells are written; layers with stored densities are left out
LEFT = ("input_density", "verify_reads", "fast", "stored_density", "blocks")
NUMBERS = tuple(k.name for k in fields(LayerActivity) if k.name not in LEFT)


def _flat(layer: LayerActivity) -> list[float]:
    """The numbers of a layer in one row; a fast array is left out, it follows from its keys."""
    return [*layer.input_density, *(getattr(layer, name) for name in NUMBERS)]


def _unflat(row: Any, planes: int) -> LayerActivity:
    own: Json = dict(zip(NUMBERS, map(float, row[planes:]), strict=True))
    return LayerActivity(input_density=tuple(map(float, row[:planes])), **own)


def _text(network: str, found: Iterable[RecordedActivity]) -> str:
    """The text of an activity file, a line for each layer."""
    content = {"schema": SCHEMA, "network": network, "recorded": [plain(one) for one in found]}
    marks: dict[str, str] = {}
    for one in content["recorded"]:  # type: ignore[attr-defined]
        if not one["signed_inputs"]:
            del one["signed_inputs"]
        for name, layer in one["layers"].items():
            if layer["stored_density"] is None:
                del layer["stored_density"]
            del layer["blocks"]  # those of the chip of that training
            mark = f"@{len(marks)}@"
            marks[mark] = json.dumps(_rounded(layer))
            one["layers"][name] = mark
    text = json.dumps(content, indent=1)
    for mark, line in marks.items():
        text = text.replace(f'"{mark}"', line)
    return f"{text}\n"


def _rounded(value: Any) -> Any:
    """Numbers with the digits that a file has."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
