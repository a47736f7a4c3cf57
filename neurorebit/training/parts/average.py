"""Running means of what the steps of a training measure."""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.training.parts.workers import Array


@dataclass(eq=False)
class Average:
    """The mean of what the first ``steps`` steps measured, which is then kept.

    Where it ``follows`` what is measured, it goes on with a memory of as many steps. ``total`` is
    the sum over the ``measured`` steps, one entry for each quantity.
    """

    steps: int
    follows: bool
    total: Array
    measured: int = 0

    @property
    def measures(self) -> bool:
        """Whether another step is to be measured."""
        return self.follows or self.measured < self.steps

    @property
    def mean(self) -> Array:
        """The mean, nan before the first step."""
        return self.total / self.measured

    def add(self, found: Array) -> None:
        """Take one more step into the mean."""
        if self.measured == self.steps:  # all others lose equal shares
            self.total -= self.total / self.measured
            self.measured -= 1
        self.total += found
        self.measured += 1
