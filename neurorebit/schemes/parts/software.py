"""Weights in software: one exact matrix, trained by a rule of ``training.optimiser``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import noise
from neurorebit.training.parts import product
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.rules import Rule, rule_of
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class SoftwareWeights:
    """One exact matrix [groups, rows, cols] for both passes, trained by a rule (``rules.py``).

    Weights that arrays follow derive from it: ``sync`` is called for each part after its update,
    ``synced`` with what all parts returned, ``rescale`` before an update with the gradient.
    """

    site: Site
    real: Array = field(init=False)
    velocity: Array = field(init=False)
    rule: Rule = field(init=False)
    written: Written = field(init=False, default_factory=Written)
    writes: Array = field(init=False)
    bound: float = field(init=False, default=float("inf"))
    in_arrays: ClassVar[bool] = False
    integers: ClassVar[Integers | None] = None
    digital: ClassVar[tuple[str, ...]] = ("forward", "backward", "gradient")

    def __post_init__(self) -> None:
        site = self.site
        self.real = initial(site)
        self.velocity = np.zeros_like(self.real)
        self.rule = rule_of(site.training, self.real)
        self.writes = np.zeros(0, np.uint32)  # no cells

    @property
    def arrays(self) -> int:
        """There are none."""
        return 0

    @property
    def written_fast(self) -> Written | None:
        """There is no fast array."""
        return None

    @property
    def views(self) -> dict[str, Array]:
        """The matrix."""
        return {"real": self.real}

    @property
    def converted(self) -> dict[str, Use | None]:
        """Nothing is converted."""
        return {}

    @property
    def kept(self) -> dict[str, Array]:
        """The matrix."""
        return {"weight": self.real}

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The exact product."""
        product.multiply(x, self.real, out, self.site.workers, scale=x.scale)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product."""
        product.transposed(dy, self.real, x, dx, workers=self.site.workers)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """The gradient of a batch, and one step with it."""
        gradient = self.site.workspace.take(self.real.shape, self.real.dtype)
        self.gradient(x, dy, gradient)
        self.learn(gradient, rate)
        self.site.workspace.drop(gradient)

    def learn(self, gradient: Array, rate: float) -> None:
        """One step of the rule with weight decay, then ``sync`` part by part."""
        training = self.site.training
        self.rescale(gradient, rate)
        flat = [a.reshape(-1) for a in (self.real, self.velocity, gradient)]
        take = self.rule.begin(training, rate, training.weight_decay)

        def step(start: int, stop: int) -> None:
            take(flat, slice(start, stop), self.bound)

        self.change(step)

    def follow(self) -> None:
        """Take up real weights that were changed from outside, within their bound."""
        flat = self.real.reshape(-1)

        def bring(start: int, stop: int) -> None:
            if self.bound < math.inf:
                np.clip(flat[start:stop], -self.bound, self.bound, out=flat[start:stop])

        self.change(bring)

    def change(self, step: Callable[[int, int], None]) -> None:
        """Change the real weights by ``step``, which gets the ends of a part, and ``sync`` it."""
        parts = spans(self.real.size, PART)
        self.written.updates += 1

        def job(i: int) -> Array | None:
            step(*parts[i])
            return self.sync(*parts[i])

        self.synced(self.site.workers.run(job, len(parts)))
        self.written.words += self.real.size

    def gradient(self, x: Windows, dy: Array, out: Array) -> None:
        """The gradient of a batch, exact."""
        product.outer(x, dy, out, self.site.workers)

    def rescale(self, gradient: Array, rate: float) -> None:
        """Fit the spacing of levels to the gradient, where there are levels that learn."""

    def sync(self, start: int, stop: int) -> Array | None:
        """Update what follows the real weights ``start`` to ``stop``; return counts of cells."""
        return None

    def synced(self, counts: list[Array | None]) -> None:
        """Add up the counts of all parts of a sync."""

    def begin_epoch(self) -> None:
        """Nothing happens."""


@dataclass(eq=False)
class DigitalWeights(SoftwareWeights):
    """Exact numbers in digital macros, which take the codes of inputs that arrays take."""

    in_arrays: ClassVar[bool] = True


def initial(site: Site) -> Array:
    """The first weights of a layer [groups, rows, cols]: given, or normally distributed."""
    if site.given is not None:
        return np.array(site.given.weight, site.dtype, order="C")
    real = np.empty(site.shape, site.dtype)
    flat = real.reshape(-1)

    def fill(i: int) -> None:
        start, stop = parts[i]
        noise.fill(flat[start:stop], site.start, noise.INITIAL, site.draw(start, step=0))

    parts = spans(flat.size, PART)
    site.workers.run(fill, len(parts))
    return real
