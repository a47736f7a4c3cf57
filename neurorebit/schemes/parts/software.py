"""Weights in software: one exact matrix, trained by a rule of ``training.optimiser``."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import noise
from neurorebit.training.parts import product
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.integers import Integers
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.rules import Rule, collected, rule_of
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.words import Words
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
    in_words: ClassVar[bool] = False  # of digital macros, whose formats round them
    integers: ClassVar[Integers | None] = None
    digital: ClassVar[tuple[str, ...]] = ("forward", "backward", "gradient")

    def __post_init__(self) -> None:
        site = self.site
        self.real = initial(site)
        words = Words.of(site) if self.in_words else None
        if words is not None:  # an attribute of those alone that have words to keep
            words.first(self.real)
            self.words = words
        self.velocity = np.zeros_like(self.real)
        self.rule = rule_of(site.training, self.real)
        self.writes = np.zeros(0, np.uint32)  # no cells

    @property
    def _words(self) -> Words | None:
        """The words that numbers are held in; None where nothing is rounded."""
        found: Words | None = vars(self).get("words")
        return found

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
        """The exact transposed product, of weights as words hold them."""
        with self._as_held() as real:
            product.transposed(dy, real, x, dx, workers=self.site.workers)

    @contextmanager
    def _as_held(self) -> Iterator[Array]:
        """The weights that errors go back through: those that learn, or narrower copies."""
        words = self._words
        copied = None if words is None else words.read(self.real, self.written.updates)
        yield self.real if copied is None else copied
        if copied is not None:
            self.site.workspace.drop(copied)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """The gradient of a batch, and one step with it."""
        gradient = self.site.workspace.take(self.real.shape, self.real.dtype)
        self.gradient(x, dy, gradient)
        self.learn(gradient, rate)
        self.site.workspace.drop(gradient)

    def learn(self, gradient: Array, rate: float) -> None:
        """One step of the rule with weight decay, then ``sync`` part by part."""
        training, words = self.site.training, self._words
        self.rescale(gradient, rate)
        flat = [a.reshape(-1) for a in (self.real, self.velocity, gradient)]
        together = words is not None and words.together
        begin = collected if together else self.rule.begin
        take = begin(training, rate, training.weight_decay)
        held = self._held()
        number = self.written.updates + 1

        def step(start: int, stop: int) -> None:
            part = slice(start, stop)
            take(flat, part, self.bound)
            if words is not None:
                grids = words.kept(self.bound)
                words.write(tuple(array[part] for array in held), grids, start, number)

        self.change(step)
        if words is not None:
            words.measure(*held)

    def _held(self) -> tuple[Array, ...]:
        """Weights, velocities and means of squares, flat, where the rule keeps them."""
        squares = getattr(self.rule, "squares", None)
        held = self.real.reshape(-1), self.velocity.reshape(-1)
        return held if squares is None else (*held, squares.reshape(-1))

    def follow(self) -> None:
        """Take up real weights that were changed from outside, within their bound."""
        flat, words = self.real.reshape(-1), self._words
        number = self.written.updates + 1

        def bring(start: int, stop: int) -> None:
            if self.bound < math.inf:
                np.clip(flat[start:stop], -self.bound, self.bound, out=flat[start:stop])
            if words is not None:
                words.write((flat[start:stop],), words.kept(self.bound)[:1], start, number)

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
        """The gradient of a batch, exact but for the words that it is collected in."""
        words = self._words
        if words is None:
            product.outer(x, dy, out, self.site.workers)
            return
        words.collect(words.seen(x), dy, out, velocity=self.velocity, step=self.written.updates)

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
    in_words: ClassVar[bool] = True


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
