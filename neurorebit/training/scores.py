"""How good a trained network is on test images: accuracy, or errors of a regression."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import NamedTuple

import numpy as np

from neurorebit.training.parts.workers import Array


class Score(NamedTuple):
    """What a test gives: accuracy of classes, or of a regression RMSE and R2; None for the other.

    R2 is the mean over the outputs of 1 minus the squared errors over the squared distances of the
    targets from their mean; None where a target never changes.
    """

    accuracy: float | None = None
    answers: int | None = None  # classes that it gave, of all images
    rmse: float | None = None
    r2: float | None = None


@dataclass(eq=False)
class Scoring:
    """A test in progress."""

    regression: bool
    right: int = 0
    answers: set[int] = field(default_factory=set)
    _: KW_ONLY
    seen: int = 0
    outputs: list[Array] = field(default_factory=list)
    targets: list[Array] = field(default_factory=list)

    def add(self, outputs: Array, labels: Array) -> None:
        """Count a batch: scores [B, classes] and classes [B], or outputs and targets."""
        self.seen += len(outputs)
        if self.regression:
            self.outputs.append(outputs)
            self.targets.append(labels)
        else:
            given = outputs.argmax(axis=1)
            self.answers.update(given.tolist())
            self.right += int(np.count_nonzero(given == labels))

    @property
    def result(self) -> Score:
        """Of all that was added."""
        if not self.regression:
            return Score(self.right / self.seen, len(self.answers))
        outputs = np.concatenate(self.outputs).astype(np.float64)
        targets = np.concatenate(self.targets).astype(np.float64)
        errors = (outputs - targets) ** 2
        spread = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
        r2 = None
        if (spread > 0.0).all() and np.isfinite(errors).all():
            r2 = float(np.mean(1.0 - errors.sum(axis=0) / spread))
        return Score(rmse=float(np.sqrt(errors.mean())), r2=r2)
