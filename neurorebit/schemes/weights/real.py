"""Weights in software: exact, or rounded to a few levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import cpu, noise
from neurorebit.schemes.weights.base import PART, Site, Written
from neurorebit.training import product
from neurorebit.training.product import Windows
from neurorebit.training.workers import Array, spans


@dataclass(eq=False)
class RealWeights:
    """Software: one exact matrix [groups, rows, cols] for both passes, trained by momentum SGD."""

    site: Site
    real: Array = field(init=False)
    velocity: Array = field(init=False)
    written: Written = field(init=False, default_factory=Written)
    writes: Array = field(init=False)
    bound: float = field(init=False, default=float("inf"))
    in_arrays: ClassVar[bool] = False
    arrays: ClassVar[int] = 0
    digital: ClassVar[tuple[str, ...]] = ("forward", "backward", "gradient")

    def __post_init__(self) -> None:
        site = self.site
        self.real = initial(site)
        self.velocity = np.zeros_like(self.real)
        self.writes = np.zeros(0, np.uint32)  # no cells

    @property
    def beside(self) -> Written | None:
        """There is no second array."""
        return None

    @property
    def views(self) -> dict[str, Array]:
        """The matrix."""
        return {"real": self.real}

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The exact product."""
        whole = ((0, self.real.shape[1]),)
        product.multiply(x, self.real, out, self.site.workers, whole, x.scale)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product."""
        product.transposed(dy, self.real, x, dx, self.site.workers)

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """One step of momentum SGD with weight decay, then ``sync`` part by part."""
        site = self.site
        gradient = site.workspace.take(self.real.shape, self.real.dtype)
        product.outer(x, dy, gradient, site.workers)
        self.rescale(gradient, rate)
        flat = [a.reshape(-1) for a in (self.real, self.velocity, gradient)]
        momentum, decay = site.training.momentum, site.training.weight_decay
        parts = spans(self.real.size, PART)
        self.written.updates += 1

        def job(i: int) -> Array | None:
            start, stop = parts[i]
            cpu.sgd(*(a[start:stop] for a in flat), rate, momentum, decay, self.bound)
            return self.sync(start, stop)

        self.synced(site.workers.run(job, len(parts)))
        site.workspace.drop(gradient)
        self.written.words += self.real.size

    def rescale(self, gradient: Array, rate: float) -> None:
        """Let the levels' size learn from the gradient, where there are levels."""

    def sync(self, start: int, stop: int) -> Array | None:
        """Bring what follows the real weights in line with them; counts where cells do."""
        return None

    def synced(self, counts: list[Array | None]) -> None:
        """Add up what the parts of a sync counted."""

    def begin_epoch(self) -> None:
        """Nothing happens."""


def initial(site: Site) -> Array:
    """The first weights of a layer: normal."""
    real = np.empty(site.shape, site.dtype)
    flat = real.reshape(-1)

    def fill(i: int) -> None:
        start, stop = parts[i]
        part = flat[start:stop]
        noise.fill(part, site.start, start, 0, site.index, noise.INITIAL, site.seed)

    parts = spans(flat.size, PART)
    site.workers.run(fill, len(parts))
    return real


@dataclass(eq=False)
class LevelWeights(RealWeights):
    """Real weights with a grid of levels: ``full`` is the weight of the outermost (5.2, row 1)."""

    full: float = field(init=False)
    stale: bool = field(init=False, default=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.site.training.quantiser == "wage":
            # Wu et al., arXiv:1802.04680: steps of 2^(1 - bits) up to one below 1, times the power
            # of two that brings the uniform numbers of its own start, of the same deviation, to
            # the range of 3 bits
            power = np.round(np.log2(0.75 / (3.0**0.5 * self.site.deviation)))
            self.full = (1.0 - 2.0 ** (1 - self.site.weight_bits)) * 2.0 ** -float(power)
            self.bound = self.site.training.weight_clip * self.full
            self.stale = False
        self._fit()

    @property
    def odd(self) -> bool:
        """Whether there is no level at zero."""
        return self.site.training.quantiser == "no_zero"

    @property
    def top(self) -> int:
        """The number of the outermost level."""
        top: int = 2**self.site.weight_bits - 1
        return top if self.odd else (top - 1) // 2

    @property
    def every(self) -> bool:
        """Whether all that follows the real weights is written, or what changes."""
        return False

    @property
    def grid(self) -> tuple[float, int, bool, bool]:
        """What kernels ask for: levels per weight, top, whether only odd ones, whether all."""
        return self.top / self.full, self.top, self.odd, self.every

    def due(self, update: int) -> bool:
        """Whether what follows the real weights follows them at this update."""
        return True

    def _fit(self) -> None:
        if self.stale:
            deviation = float(np.std(self.real, dtype=np.float64))
            self.full = self.site.training.level_range * deviation
            self.bound = self.site.training.weight_clip * self.full
            self.stale = False

    def begin_epoch(self) -> None:
        """Fit the levels to the real weights anew at the next sync."""
        self.stale = self.written.updates > 0 and self.site.training.quantiser in (
            "symmetric",
            "no_zero",
        )

    def update(self, x: Windows, dy: Array, rate: float) -> None:
        """Gradient and update of the real weights, sync of what follows them."""
        if self.due(self.written.updates + 1):  # what is written is in the old units until then
            self._fit()
        super().update(x, dy, rate)

    def rescale(self, gradient: Array, rate: float) -> None:
        """One step of the learned level size (Esser et al., ICLR 2020, arXiv:1902.08153)."""
        if self.site.training.quantiser != "learned":
            return
        flat = self.real.reshape(-1), gradient.reshape(-1)
        parts = spans(self.real.size, PART)

        def job(i: int) -> float:
            part = slice(*parts[i])
            found: float = cpu.scale_gradient(
                flat[0][part], flat[1][part], self.top / self.full, self.top
            )
            return found

        total = sum(self.site.workers.run(job, len(parts)))
        step = self.full / self.top
        step -= rate * total / (self.real.size * self.top) ** 0.5
        self.full = self.top * max(step, 0.1 * self.full / self.top)
        self.bound = self.site.training.weight_clip * self.full


@dataclass(eq=False)
class QuantizedWeights(LevelWeights):
    """Software with the levels of the arrays and nothing else of them: no noise, no converters.

    Both passes see the levels; the gradient goes straight through to the real weights.
    """

    held: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.held = np.empty_like(self.real)
        for start, stop in spans(self.real.size, PART):
            self.sync(start, stop)

    @property
    def views(self) -> dict[str, Array]:
        """The real weights and their levels."""
        return {"real": self.real, "quantised": self.held}

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The exact product with the levels."""
        whole = ((0, self.real.shape[1]),)
        product.multiply(x, self.held, out, self.site.workers, whole, x.scale)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product with the levels."""
        product.transposed(dy, self.held, x, dx, self.site.workers)

    def sync(self, start: int, stop: int) -> Array | None:
        """Round the real weights."""
        per_level, top, odd, _ = self.grid
        flat = self.real.reshape(-1), self.held.reshape(-1)
        cpu.quantise(*(a[start:stop] for a in flat), per_level, top, odd, self.full / top)
        return None
