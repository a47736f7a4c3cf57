"""What an evaluation gives a program: its rows as a frame, and the estimate beside them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from neurorebit.results.document import Json
from neurorebit.results.frames import of_rows
from neurorebit.results.typed.run import Estimate, Report
from neurorebit.results.writers.evaluation import COLUMNS
from neurorebit.results.writers.layout import percent
from neurorebit.results.writers.summary import answers

if TYPE_CHECKING:
    import pandas as pd


class Evaluation(Report):
    """Accuracy of a trained network on a chip, step by step, and what inference costs there."""

    @property
    def record(self) -> Json:
        """The part ``evaluation`` of the document."""
        found: Json = self.document["evaluation"]
        return found

    @property
    def accuracy(self) -> float:
        """The mean share of test images that are classified correctly with all that is not ideal.

        That of the last row before cells rest.
        """
        rows = [row for row in self.record["rows"] if row["rest_s"] is None]
        return float(rows[-1]["accuracy"])

    @property
    def software(self) -> float:
        """The share of test images that software classifies correctly with the same weights."""
        return float(self.record["rows"][0]["accuracy"])

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row for each step, with what it adds: shares from 0 to 1, times in seconds.

        ``spread`` is the standard deviation from chip to chip, ``mean_low`` and ``mean_high`` bound
        the mean over all chips, ``images_low`` and ``images_high`` what other test images would
        show, both with 95 %. ``agreement``: images with the class that software gives them.
        """
        return of_rows(self.record["rows"], COLUMNS)

    @cached_property
    def draws(self) -> pd.DataFrame:
        """A row for each test of a chip: the step, the number of the draw, its accuracy."""
        rows = [
            {"step": i, "key": row["key"], "draw": draw, "accuracy": accuracy}
            for i, row in enumerate(self.record["rows"])
            for draw, accuracy in enumerate(row["accuracies"])
        ]
        return of_rows(rows, ("step", "key", "draw", "accuracy"))

    @cached_property
    def layers(self) -> pd.DataFrame:
        """A row for each layer: its outermost weight, rounding error, largest input, and the shares
        of its conversions that were clipped and the codes in use.
        """
        names = ("name", "outermost_weight", "rounding_error", "input_clip")
        uses = [{**layer, **(layer["conversions"] or {})} for layer in self.record["layers"]]
        return of_rows(uses, (*names, "clipped", "effective", "codes"), index="name")

    @cached_property
    def estimate(self) -> Estimate:
        """What the chip costs."""
        return Estimate(self.document)

    @property
    def _headline(self) -> tuple[tuple[str, str], ...]:
        steps = tuple((row["key"], percent(row["accuracy"], 2)) for row in self.record["rows"])
        return (*answers(self.document), *steps)
