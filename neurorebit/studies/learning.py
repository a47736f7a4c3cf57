"""Notes of a report on how a training ended: whether it learned, and if not, what is known of why.

What is learned is judged by the accuracy on the test images, beside that of always giving their
most frequent class; the loss of an epoch may be large where the network is right, and small where
it is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from neurorebit.data.dataset import Dataset, Labels

FEW = 100  # steps: after fewer, nothing is said of the learning rate
LEARNED = 0.1  # of the way from the most frequent class to all right: less is not called learning
CHANCE = 3.0  # standard deviations of guessing that an accuracy must be above it


def most_frequent(labels: Labels) -> float:
    """The share of the most frequent class: the accuracy of giving it always."""
    return float(np.bincount(labels).max() / len(labels))


def ending(
    training: Mapping[str, Any], network: Mapping[str, Any], *, kept: bool = True
) -> list[str]:
    """How a training ended, by its record in the report and the recorded values of the network.

    Nothing where it came to its end and learned. ``kept``: whether there are checkpoints of it.
    """
    epochs = network["training"]["epochs"]
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
    if reached and not training["diverged"] and (why := _unlearned(training, network)):
        last, steps = reached[-1], _steps(training, network)
        if silent := last.get("silent"):
            cause = f"no input reaches {silent}: the layers before are dead; try a lower "
            cause += "training.learning_rate"
        elif steps < FEW:
            cause = f"{steps:,} steps are too few to judge it; train longer"
        else:
            cause = "try another training.learning_rate"
        notes.append(f"did not learn: {why}; {cause}")
    return notes


def _steps(training: Mapping[str, Any], network: Mapping[str, Any]) -> int:
    seen = int(training.get("images_seen") or len(training["epochs"]) * training["images"])
    batch = int(min(network["training"]["batch"], training["images"]))
    return math.ceil(seen / batch)


def _unlearned(training: Mapping[str, Any], network: Mapping[str, Any]) -> str:
    """Why the last epoch shows that nothing was learned; empty where something was."""
    last = training["epochs"][-1]
    if "test_r2" in last:  # a regression
        if last["test_r2"] is None or last["test_r2"] > 0.0:
            return ""
        return f"R2 is {last['test_r2']:.3g}, no better than the mean of the targets"
    tested = last["test_accuracy"] is not None
    right = last["test_accuracy"] if tested else last["train_accuracy"]
    images = training["test_images"] if tested else training["images"]
    if right is None or not images:
        return ""  # a loop that says neither
    guess = training.get("guess") or 1.0 / network["classes"]
    of = "test" if tested else "training"
    if guess == 1.0:
        return ""  # all images are of one class, which the notes on the data say
    if last.get("answers") == 1:
        return f"it gives one class to all {images:,} {of} images"
    chance = CHANCE * math.sqrt(guess * (1.0 - guess) / images)
    if right >= guess + max(chance, LEARNED * (1.0 - guess)):
        return ""
    return (
        f"{right:.2%} of the {of} images are right, and {guess:.2%} would be by always giving "
        "the most frequent class"
    )


def of_data(data: Dataset) -> Iterator[str]:
    """The notes on data from which nothing can be learned, whatever the accuracy."""
    images, labels = data.train_images, data.train_labels
    if (images[:2] == images[0]).all() and (images == images[0]).all():
        yield f"constant inputs: all {len(images):,} training images are alike"
    if labels.ndim == 1 and labels.dtype.kind in "iu" and (labels == labels[0]).all():
        yield (
            f"one class only: all {len(labels):,} training images are of class {labels[0]}, so "
            "that an accuracy says nothing"
        )
    elif labels.ndim == 2 and (labels == labels[0]).all():
        yield f"constant targets: all {len(labels):,} training images have the same"
