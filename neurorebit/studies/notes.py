"""Notes that a reader must know before the first table of a report, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from neurorebit.data.locate import fits
from neurorebit.data.table import DATASETS
from neurorebit.inputs.files import Inputs
from neurorebit.inputs.network import read_network
from neurorebit.schema import Document, plain
from neurorebit.schema.activity import Activity
from neurorebit.studies.cell_notes import of_cells, of_rest
from neurorebit.studies.conversions import of_ranges
from neurorebit.studies.request import Request

if TYPE_CHECKING:
    from neurorebit.studies.trained import Trained

PAPER = "paper"  # the recipe with the published schedule
DATA = "trained on "  # how the note on the images begins
SHORT = "the accuracy comes from a short run, "  # how the note on one begins
LEARNED = 0.1  # of the way from guessing to all right: less is not called learning
SCHEDULE = ("training.epochs", "training.images")  # what the paper's schedule sets


def ending(
    training: Mapping[str, Any], network: Mapping[str, Any], *, kept: bool = True
) -> list[str]:
    """How a training ended, by its record in the report and the recorded values of the network.

    Nothing where it came to its end and learned. ``kept``: whether there are checkpoints of it.
    """
    epochs, classes = network["training"]["epochs"], network["classes"]
    reached = training["epochs"]
    notes = []
    if training["diverged"]:
        seen = training.get("images_seen")
        after = "" if seen is None else f"after {seen:,} of {epochs * training['images']:,} images "
        notes.append(
            f"DIVERGED: {after}the loss or a weight is no longer a number; try a lower "
            "training.learning_rate"
        )
    elif training["interrupted"] or training["out_of_time"]:
        word = "INTERRUPTED" if training["interrupted"] else "STOPPED, its time being up,"
        where = f"in epoch {len(reached)} of {epochs}" if reached else "before the first step"
        more = "resume goes on from the checkpoint" if kept else "no checkpoint was kept"
        notes.append(f"{word} {where}; {more}")
    if reached and not training["diverged"]:
        last, guess = reached[-1], 1.0 / classes
        right = last["train_accuracy"] if last["test_accuracy"] is None else last["test_accuracy"]
        if last["loss"] >= math.log(classes) and right < guess + LEARNED * (1.0 - guess):
            notes.append(
                f"did not learn: the last epoch's loss of {last['loss']:.3g} is no better than "
                f"guessing among {classes} classes ({math.log(classes):.3g}); try another "
                "training.learning_rate"
            )
    return notes


def notes(
    inputs: Inputs, request: Request, activity: Activity, trained: Trained | None
) -> list[str]:
    """The notes of a run's report, one sentence each."""
    lines = []
    if not inputs.network.source:
        lines.append("the network file names no source")
    if (width := inputs.network.width) != 1:
        lines.append(
            f"width {width:g}: the layers before the last have {width:g} times the channels of the "
            "file, rounded to whole numbers"
        )
    if trained is None:
        lines.append(f"nothing was trained: no accuracy, and the activity is {activity.source}")
        lines += _of_epoch(inputs)
        return [*lines, *_drift(inputs)]
    record, kept = trained.record(inputs.network.training), request.checkpoints is not None
    lines += ending(record, plain(inputs.network), kept=kept)
    images = f"{DATA}{trained.result.dataset}"
    if trained.fallback:
        name = inputs.network.training.dataset
        images += (
            f" as a fallback: {DATASETS[name].title} was not found; 'neurorebit data fetch {name}' "
            "gets it"
        )
    elif trained.data.note:
        images += f": {trained.data.note}"
    lines.append(images)
    if trained.given is not None:
        lines.append(_of_start(record["weights_from"]))
    if is_short(inputs, trained):
        settings = tuple(s for s in request.settings if s.key not in SCHEDULE)
        paper = replace(request, recipe=PAPER, settings=settings)
        lines.append(f"{SHORT}{trained.length}; for the paper's schedule: {paper.command}")
    else:
        lines.append(f"trained for {trained.length}")
    lines.append(f"the estimate's activity is {activity.source}")
    lines += of_ranges(record["conversions"], inputs.architecture)
    return [*lines, *of_cells(inputs), *_drift(inputs)]


def _of_start(given: Mapping[str, Any]) -> str:
    """What the training started from, by its record."""
    of = f"started from the weights of {given['from']} (sha256 {given['sha256'][:12]})"
    reached = (given["trained"] or {}).get("test_accuracy")
    return of if reached is None else f"{of}, which a training left at {100.0 * reached:.2f} %"


def _drift(inputs: Inputs) -> Iterator[str]:
    """The note on drift, where cells of the device are on the chip."""
    if inputs.architecture.holds_devices:
        yield from of_rest(inputs.device)


def _of_epoch(inputs: Inputs) -> list[str]:
    """That an epoch is of images which the network cannot be trained on, if nothing else is set."""
    network, dataset = inputs.network, inputs.network.training.dataset
    if network.training.images is not None or fits(network):
        return []
    return [
        f"an epoch is of as many images as {DATASETS[dataset].title} has, {inputs.images:,}, which "
        "do not fit this network; training.images says how many there are"
    ]


def is_short(inputs: Inputs, trained: Trained) -> bool:
    """Whether the training was shorter than the paper's schedule for this network."""
    if PAPER not in inputs.recipes:
        return False
    written = inputs.documents["network"]  # as it was read, without settings
    paper = read_network(Document.of_text(written.text, written.path), PAPER).training
    size = len(trained.data.train_labels)
    result = trained.result
    return len(result.epochs) < paper.epochs or result.images < min(paper.images or size, size)
