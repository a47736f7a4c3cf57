"""Recorded runs billed anew: today's models, the inputs and the activity that a report recorded.

Inputs are taken as recorded, not from today's files: the values that held when the run was made are
part of its report. Only the layers of a network were not recorded before schema 2; they are read
from its file, which must be the one that was used.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from neurorebit import __version__
from neurorebit.inputs.activity import of_network
from neurorebit.inputs.architecture import read_architecture
from neurorebit.inputs.files import Inputs, opened
from neurorebit.inputs.network import read_network
from neurorebit.inputs.technology import read_technology
from neurorebit.layers.network import Network
from neurorebit.results import document, folder
from neurorebit.results.comparison import Change
from neurorebit.results.document import SCHEMA, Json
from neurorebit.results.lock import held
from neurorebit.results.writers import table
from neurorebit.schema import Document, File, InputError, Setting
from neurorebit.schema.activity import Activity, Origin, RecordedActivity
from neurorebit.schema.device import read_device
from neurorebit.schema.reads import Reads
from neurorebit.schemes.ablations import ablations
from neurorebit.schemes.assumed import assumed
from neurorebit.studies.compare import compare
from neurorebit.studies.idle import Used, idle, is_shipped
from neurorebit.studies.notes import SHORT
from neurorebit.studies.run import estimated
from neurorebit.studies.unmoved import kept

NOTE = "billed anew by version "  # how the note begins that says so
OVERRIDE = r"(\S+ )?(?P<key>[\w.\[\]]+)=(?P<text>.*?)( \([^()]*:\d+\))?"  # as reports have it
MEASURED = "measured in "  # how the source of an activity began that the training measured
WORDS = (  # of commands, overrides and notes of schema 1
    (re.compile(r"(?<=--)weights(?= )"), "scheme"),
    (re.compile(r"(?<=architecture\.)weights(?==)"), "scheme"),
)
RENAMED: Mapping[str, Mapping[str, str]] = {  # keys of recorded values, since schema 1
    "architecture": {"weights": "scheme"},
}
FITTED = "current_latency"  # a key of ``sensing`` while converters were fits of simulations
DROPPED: Mapping[str, tuple[str, ...]] = {  # keys of recorded values that nothing reads any longer
    "technology": ("arithmetic",),
}
ADDED: Mapping[str, Mapping[str, Any]] = {  # keys that came later, with what held before
    "architecture": {"gradient_unit.adc_range": "full"},
    "technology": {"drive.barrier_lowering": 0.0},  # leakage is that of the nominal supply
}


@dataclass(frozen=True)
class Rebilled:
    """A report billed anew: before, in today's words, and after, and the files written."""

    folder: Path
    before: Json
    after: Json
    files: tuple[str, ...]

    def changes(self, tolerance: float = 1e-9) -> tuple[Change, ...]:
        """The results but parts' that differ by more than a relative tolerance."""
        changed = compare(self.before, self.after, tolerance).beyond
        return tuple(change for change in changed if "_by_part_" not in change.path)

    def parts(self) -> tuple[frozenset[str], frozenset[str]]:
        """The parts that only the report before has, and those that only the one after has."""
        before, after = (frozenset(_parts(report)) for report in (self.before, self.after))
        return before - after, after - before


def rebill(place: Path) -> Rebilled:
    """Bill the run in a folder anew, and write its report; the old one stays if that fails.

    What the training reached, its times, the command and the notes stay; pictures that are there
    are drawn anew. InputError where there is
    no report, it is of a later schema, its inputs cannot be read any longer, or it cannot be
    written; InfeasibleError where today's models cannot build its chip.
    """
    found = document.read_any(place)
    with held(place, "folder"):
        path = place / document.NAME
        with document.as_written(path):
            before = current(found, path)
        after = billed(before, path)
        pictures = [name for name in table.PICTURES if (place / name).exists()]
        with document.as_written(path):  # the record of its training is taken over
            contents = table.files(after, pictures)
        folder.write(place, contents)
    return Rebilled(place, before, after, tuple(contents))


def current(report: Json, path: Path) -> Json:
    """A document in the words of this version's schema; InputError where it is of a later one."""
    schema = document.schema_of(report)
    if schema > SCHEMA:
        message = f"a report of schema {schema}, this version knows schemas up to {SCHEMA}"
        cure = "take a version that writes this schema"
        raise InputError(message, origin=File(str(path)), key="schema", value=schema, cure=cure)
    report = copy.deepcopy(report)
    if "settings" not in report:  # of schema 2, which at first did not record them by key
        found = (re.fullmatch(OVERRIDE, line) for line in report["overrides"])
        report["settings"] = {one["key"]: one["text"] for one in found if one}
    _design_converters(report["inputs"]["technology"])
    for kind, keys in DROPPED.items():
        for key in keys:
            _drop(report["inputs"][kind]["values"], key)
    for kind, added in ADDED.items():
        for key, value in added.items():
            _add(report["inputs"][kind]["values"], key, value)
    if schema == SCHEMA:
        return report
    report["schema"] = SCHEMA
    for section in (report, report["training"]):
        if section is not None and "weights" in section:
            section["scheme"] = section.pop("weights")
    for kind, renamed in RENAMED.items():
        for old, new in renamed.items():
            _rename(report["inputs"][kind]["values"], old, new)
    measured = report["activity"]["source"].startswith(MEASURED)  # its only mark before schema 3
    report["activity"]["origin"] = (Origin.MEASURED if measured else Origin.ASSUMED).value
    report["command"] = _reworded(report["command"])
    for key in ("overrides", "notes"):
        report[key] = [_reworded(line) for line in report[key]]
    return report


def billed(report: Json, path: Path) -> Json:
    """The document of the same run as today's models bill it; ``path`` is where it was read."""
    with document.as_written(path):
        inputs = _inputs(report, path)
        activity = _activity(report["activity"])
        training = report["training"]
        epoch = training or report["totals"]["epoch"]
        images = epoch["images"] if epoch else None
        set(_parts(report))  # are there, to be compared
    reads = Reads()
    seen = inputs.observed(reads)
    estimate = estimated(seen, activity, images)
    if activity.origin is not Origin.MEASURED:  # what it follows from is read again
        assumed(seen.network, seen.architecture, seen.device)
    with document.as_written(path):
        header = _header(report, inputs, reads.keys)
        return document.build(header, estimate, inputs.architecture, activity, training=training)


def _header(report: Json, inputs: Inputs, billed: set[str]) -> Json:
    """What the new report says of the run before its first table."""
    training = inputs.network.training if report["training"] else None
    notes = [note for note in report["notes"] if not note.startswith(NOTE)]
    return {
        **{key: report[key] for key in ("name", "version", "command", "scheme", "recipe", "seed")},
        **inputs.names,
        "inputs": _record(report, inputs),
        "ablations": list(ablations(inputs.architecture, training)),
        "idle": list(_idle(report, inputs, billed)),
        "overrides": report["overrides"],
        "settings": report["settings"],
        "short_run": report.get("short_run", any(note.startswith(SHORT) for note in notes)),
        "notes": [*notes, f"{NOTE}{__version__} from the recorded inputs and activity"],
    }


def _idle(report: Json, inputs: Inputs, billed: set[str]) -> Iterator[str]:
    """What the recorded run had no use for, of the keys that were set in it."""
    training = report["training"]
    read = training.get("keys_read") if training else None
    used = Used(billed, None if read is None else frozenset(read), training is not None)
    settings = [Setting(key, text) for key, text in report["settings"].items()]
    own = [kind for kind, one in report["inputs"].items() if not is_shipped(kind, one["file"])]
    yield from idle(inputs, used, settings, own)
    yield from kept(report.get("idle", ()), settings)


def _reworded(line: str) -> str:
    for pattern, word in WORDS:
        line = pattern.sub(word, line)
    return line


def _add(values: Json, path: str, value: Any) -> None:
    """Give a key path a value where its section is there without it."""
    *steps, last = path.split(".")
    for step in steps:
        values = values.get(step) or {}
    if values:
        values.setdefault(last, value)


def _drop(values: Json, path: str) -> None:
    """Leave out the value at a key path, where it is there."""
    *steps, last = path.split(".")
    for step in steps:
        values = values.get(step, {})
    values.pop(last, None)


def _rename(values: Json, old: str, new: str) -> None:
    """Give the value at a key path another path, where it is there."""
    *steps, last = old.split(".")
    for step in steps:
        values = values.get(step) or {}
    if last in values:
        values[new.rpartition(".")[2]] = values.pop(last)


def _design_converters(recorded: Json) -> None:
    """Give a technology whose converters were fits the constants that its file has today."""
    sensing = recorded["values"]["sensing"]
    if FITTED in sensing:
        file = Path(recorded["file"])
        today = dict(
            opened("technology", str(file) if file.is_file() else file.stem).tree["sensing"]
        )
        recorded["values"]["sensing"] = today | {"read_voltage": sensing["read_voltage"]}


# --- inputs as recorded


def _inputs(report: Json, path: Path) -> Inputs:
    """The inputs of a report, from the values that it recorded."""
    recorded = report["inputs"]

    def read(kind: str) -> Document:
        shown = f"{path}: inputs.{kind}"
        return Document.of_values(_tree(recorded[kind]["values"]), shown, root=kind)

    documents = {kind: read(kind) for kind in ("architecture", "technology", "device")}
    documents["network"] = _network_document(recorded["network"], path)
    network = _with_recorded(read_network(documents["network"]), documents["network"], recorded)
    _refuse_others(network, report, path)
    return Inputs(
        network=network,
        architecture=read_architecture(documents["architecture"]),
        technology=read_technology(documents["technology"]),
        device=read_device(documents["device"]),
        documents=documents,
        names={kind: recorded[kind]["name"] for kind in recorded},
        settings=(),
        recipe=report["recipe"],
        recipes=(),
    )


def _tree(value: Any) -> Any:
    """Recorded values as a reader of files takes them: lists of numbers are arrays."""
    if isinstance(value, dict):
        return {key: _tree(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, int | float) for item in value):
            return np.array(value, dtype=np.float64)
        return [_tree(item) for item in value]
    return value


def _network_document(recorded: Json, path: Path) -> Document:
    """The network file with its recorded values; layers are recorded since schema 2."""
    values = recorded["values"]
    kept = ("source", "name", "input", "classes", "outputs", "activity", "width", "training")
    tree = {key: _tree(values[key]) for key in kept if key in values}
    if "activity" in tree:  # its file is beside the network's, not beside the report
        tree["activity"].pop("recorded", None)
    if "layers" in recorded:
        tree["layers"] = recorded["layers"]
    else:
        file = opened("network", recorded["file"])
        if file.digest != recorded["sha256"]:
            message = "the layers were not recorded, and the file is not the one that was used"
            cure = f"put the file with sha256 {recorded['sha256'][:12]} there"
            raise InputError(message, origin=File(file.shown), cure=cure)
        tree |= {"layers": file.tree["layers"], "width": values.get("width", 1.0)}
    return Document.of_values(tree, f"{path}: inputs.network", root="network")


def _with_recorded(network: Network, document: Document, recorded: Json) -> Network:
    """The network with the activities of the file that it names, if that is still there.

    No figure rests on them, for the report has the activity that was taken; they say which keys it
    follows from. A file that is gone, or of another network by now, is done without.
    """
    record = recorded["network"]
    given = record["values"].get("activity", {}).get("recorded", "")
    found: tuple[RecordedActivity, ...] = ()
    if given:
        beside = document.copy()
        beside.path = Path(record["file"])
        try:
            found = of_network(beside, given, [node.name for node in network.matrices])
        except InputError:
            found = ()
    return replace(network, activity=replace(network.activity, recorded=given), recorded=found)


def _refuse_others(network: Network, report: Json, path: Path) -> None:
    """InputError unless the layers are those that were billed."""
    rows = [(node.name, node.matmul.macs if node.matmul else 0) for node in network.matrices]
    billed_rows = [(layer["name"], layer["macs"]) for layer in report["layers"][:-1]]
    if rows != billed_rows:
        message = "the network's file has other layers than were billed"
        cure = "set the same keys in it as the run did, or train anew"
        raise InputError(message, origin=File(str(path)), key="layers", cure=cure)


def _record(report: Json, inputs: Inputs) -> Json:
    """The inputs as the new report records them: files and digests as they were."""
    record = inputs.record()
    for kind, old in report["inputs"].items():
        record[kind] |= {key: old[key] for key in ("name", "file", "sha256")}
    return record


def _activity(recorded: Json) -> Activity:
    """The activity that a report recorded."""
    layers = tuple(map(document.layer_activity, recorded["layers"]))
    return Activity(recorded["source"], layers, Origin(recorded["origin"]))


def _parts(report: Json) -> Iterator[str]:
    chip = report["chip"]
    yield from (*chip["area_by_part_m2"], *chip["leakage_by_part_W"])
    for phase in filter(None, report["phases"].values()):
        yield from phase["energy_by_part_J"]
