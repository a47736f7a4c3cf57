"""The words that digital macros hold a layer's weights, gradients and moments in, while it learns.

See docs/models/training.md#words-of-digital-macros. Words of 32 bits are computed in the type of
the training, single precision: nothing is rounded to them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from neurorebit.chips.hybrid.formats import Formats
from neurorebit.kernels import elementwise, noise, words
from neurorebit.kernels.words import Grid
from neurorebit.schema.formats import Format, narrow
from neurorebit.schema.optimisers import OPTIMISERS
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.workers import Array, spans

if TYPE_CHECKING:  # at run time a layer's weights import this module
    from neurorebit.training.parts.weights import Site

PART = 1 << 18  # words of one job
ROOM = 2.0  # over the largest gradient of the batch before, for batches differ


def power(largest: float, top: float, *, reached: bool = False) -> float:
    """The least power of two of which ``top`` lies above ``largest``; at it, where ``reached``."""
    if not 0.0 < largest < math.inf:
        return 1.0
    steps = math.log2(largest / top)
    return float(2.0 ** (math.ceil(steps) if reached else math.floor(steps) + 1))


def grid(one: Format, largest: float, *, signed: bool = True, reached: bool = False) -> Grid:
    """The numbers of a format that reach above ``largest``."""
    if one.floats:
        scale = 1.0 if one.exponent >= 8 else power(largest, one.top, reached=reached)
        return Grid(scale, -one.top if signed else 0.0, one.top, one.least, one.fraction)
    top = one.top if signed else 2.0 * one.top + 1.0
    return Grid(power(largest, top, reached=reached), -top if signed else 0.0, top, 0, -1)


def largest(values: Array) -> float:
    """The largest magnitude."""
    return float(max(np.max(values), -np.min(values)))


@dataclass(eq=False)
class Words:
    """The words of a layer.

    What scales follow is kept: the largest number of each tensor in the step before.
    """

    site: Site
    weights: float = field(init=False, default=0.0)
    gradients: float = field(init=False, default=0.0)
    moments: float = field(init=False, default=0.0)
    squares: float = field(init=False, default=0.0)

    @classmethod
    def of(cls, site: Site) -> Words | None:
        """The words of a layer; None where nothing is rounded."""
        formats = getattr(site.spec, "formats", None)
        if formats is None:
            return None
        given = *formats.all_words, *filter(None, (formats.activations,))
        return cls(site) if any(narrow(one) for one in given) else None

    @property
    def formats(self) -> Formats:
        """The formats of the chip."""
        formats: Formats = self.site.spec.formats  # type: ignore[attr-defined]
        return formats

    @property
    def learner(self) -> Format:
        """The format of the words that learn."""
        return self.formats.masters or self.formats.weights

    @property
    def together(self) -> bool:
        """Whether gradients are collected in the words of a velocity, which momentum has shrunk."""
        training = self.site.training
        plain = training.optimiser == "sgd" and training.momentum > 0.0
        return plain and not self.formats.apart and narrow(self.formats.gradients)

    def _hold(self, values: Array, here: Grid, purpose: int, draw: noise.Draw) -> None:
        """Round a flat array, a part of a tensor."""
        if self.formats.by_chance:
            words.hold_by_chance(values, here, purpose, draw)
        else:
            words.hold(values, here)

    def _everywhere(self, values: Array, here: Grid, purpose: int, step: int) -> None:
        """Round a whole tensor."""
        flat = values.reshape(-1)
        parts = spans(flat.size, PART)

        def job(i: int) -> None:
            draw = self.site.draw(parts[i][0], step)
            self._hold(flat[slice(*parts[i])], here, purpose, draw)

        self.site.workers.run(job, len(parts))

    def first(self, real: Array) -> None:
        """Round the first weights."""
        self.weights = largest(real)
        if narrow(self.learner):
            here = grid(self.learner, self.weights)
            self._everywhere(real, here, noise.WEIGHT_WORDS, 0)

    # -- the gradient ----------------------------------------------------------------------------

    def seen(self, x: Windows) -> Windows:
        """Inputs as they come to the gradient."""
        one = self.formats.activations
        if one is None or not narrow(one):
            return x
        signed = x.signs is not None
        bits = int(self.site.spec.input_bits)
        here = grid(one, 2.0 ** (bits - signed) - 1.0, signed=signed, reached=True)
        if not one.floats:  # the upper bits of a code
            here = here._replace(scale=2.0 ** max(bits - int(one.bits), 0))
        values = x.map.astype(self.site.dtype)
        words.hold(values.reshape(-1), here)
        return replace(x, map=values, signs=None)

    def collect(self, x: Windows, dy: Array, out: Array, *, velocity: Array, step: int) -> None:
        """``out`` = the gradient of a batch, image by image in words, or the next velocity."""
        site, workers = self.site, self.site.workers
        if not narrow(self.formats.gradients) or not self.gradients:
            product.outer(x, dy, out, workers)
            self.gradients = self.gradients or largest(out)
        if not narrow(self.formats.gradients):
            return
        here, first = grid(self.formats.gradients, ROOM * self.gradients), step * len(dy)
        out[...] = site.training.momentum * velocity if self.together else 0.0
        one = site.workspace.take(out.shape, out.dtype)
        flat, new = out.reshape(-1), one.reshape(-1)
        parts = spans(flat.size, PART)
        image = 0

        def job(i: int) -> None:
            part = slice(*parts[i])
            elementwise.add(flat[part], new[part])
            draw = site.draw(parts[i][0], first + image)
            self._hold(flat[part], here, noise.GRADIENT_WORDS, draw)

        streamed = site.spec.dpim.streamed  # type: ignore[attr-defined]
        if streamed:  # sums of a batch leave the lanes, and are rounded once
            product.outer(x, dy, one, workers)
            workers.run(job, len(parts))
        for image in range(0 if streamed else len(dy)):
            alone = replace(x, map=x.map[image : image + 1])
            product.outer(alone, dy[image : image + 1], one, workers)
            workers.run(job, len(parts))
        site.workspace.drop(one)
        self.gradients = largest(out) or self.gradients / 2.0

    # -- a step of the rule ----------------------------------------------------------------------

    def kept(self, bound: float) -> tuple[Grid, Grid, Grid]:
        """The grids of weights, velocities and squares in the next step."""
        one = self.formats.moments
        reached = bound < math.inf
        weights = grid(self.learner, bound if reached else self.weights, reached=reached)
        training = self.site.training
        means = OPTIMISERS[training.optimiser].squares
        first, second = (1.0 - beta if means else 1.0 for beta in training.betas)
        moments = self.moments or first * self.gradients  # after the first step
        squares = self.squares or second * self.gradients**2
        return weights, grid(one, moments), grid(one, squares)

    def write(
        self, arrays: tuple[Array, ...], grids: tuple[Grid, ...], first: int, step: int
    ) -> None:
        """Round a part of weights, velocities and squares (if any), as they are written."""
        purposes = noise.WEIGHT_WORDS, noise.MOMENT_WORDS, noise.SQUARE_WORDS
        formats = self.learner, self.formats.moments, self.formats.moments
        for values, here, purpose, one in zip(arrays, grids, purposes, formats, strict=False):
            if narrow(one):
                self._hold(values, here, purpose, self.site.draw(first, step))

    def measure(self, *arrays: Array) -> None:
        """Take the largest numbers of weights, velocities and squares, which scales follow.

        Where all have become zero, a scale of half the size is tried.
        """
        for name, values in zip(("weights", "moments", "squares"), arrays, strict=False):
            setattr(self, name, largest(values) or getattr(self, name) / 2.0)

    # -- errors ----------------------------------------------------------------------------------

    def read(self, real: Array, step: int) -> Array | None:
        """The weights that errors go back through, from the workspace; None: those that learn.

        Copies are written with their masters, by the same chances in every read of a step.
        """
        one = self.formats.weights
        if self.formats.masters is None or not narrow(one):
            return None
        out = self.site.workspace.take(real.shape, real.dtype)
        out[...] = real
        here = grid(one, self.weights, reached=True)
        self._everywhere(out, here, noise.COPY_WORDS, step)
        return out
