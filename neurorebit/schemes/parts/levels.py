"""Real weights with a grid of levels, which arrays or software round them to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from neurorebit.kernels import levels
from neurorebit.schemes.parts.software import SoftwareWeights
from neurorebit.training.parts.rules import Rule, learn, rule_of
from neurorebit.training.parts.weights import PART
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class LevelWeights(SoftwareWeights):
    """Real weights with a grid of levels: ``full`` is the weight of the outermost.

    See docs/models/training.md#levels-of-weights.
    """

    full: float = field(init=False)
    stale: bool = field(init=False, default=True)
    spacing_velocity: Array = field(init=False)
    spacing_rule: Rule = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.spacing_velocity = np.zeros(1)
        self.spacing_rule = rule_of(self.site.training, self.spacing_velocity)
        if self.site.training.quantiser == "wage":
            # Wu et al., arXiv:1802.04680: steps of 2^(1 - bits) from -1 to 1, both ends left out,
            # times the power of two that brings their uniform first weights, which have the same
            # deviation, to the range of 3 bits
            power = np.round(np.log2(0.75 / (3.0**0.5 * self.site.deviation)))
            self.full = (1.0 - 2.0 ** (1 - self.site.weight_bits)) * 2.0 ** -float(power)
            self.bound = self.site.training.weight_clip * self.full
            self.stale = False
        elif self.site.training.quantiser == "learned" and self.site.given is not None:
            self._take_up(self.site.given.full)
        self._fit()

    def _take_up(self, full: float | None) -> None:
        """Go on with the outermost level that an archive has."""
        if full is not None:
            self.full, self.bound, self.stale = full, self.site.training.weight_clip * full, False

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
        """Whether a sync writes all cells, or those whose level changed."""
        return False

    @property
    def grid(self) -> levels.Grid:
        """The grid as kernels take it."""
        return levels.Grid(self.top / self.full, self.top, self.odd, self.every)

    def due(self, update: int) -> bool:
        """Whether this update ends with a sync."""
        return True

    def _fit(self) -> None:
        self.fit(lambda: float(np.std(self.real, dtype=np.float64)))

    def fit(self, deviation: Callable[[], float]) -> None:
        """Fit the levels to real weights, of this standard deviation, where that is due.

        A single weight, or weights that are all alike, have none: the grid is then that of weights
        as they are drawn first.
        """
        if self.stale:
            self.full = self.site.training.level_range * (deviation() or self.site.deviation)
            self.bound = self.site.training.weight_clip * self.full
            self.stale = False

    @property
    def kept(self) -> dict[str, Array]:
        """The real weights, and the weight of the outermost level."""
        return {**super().kept, "full": np.array(self.full)}

    def begin_epoch(self) -> None:
        """The next sync fits the levels to the real weights again."""
        self.stale = self.written.updates > 0 and self.site.training.quantiser in (
            "symmetric",
            "no_zero",
        )

    def change(self, step: Callable[[int, int], None]) -> None:
        """Change the real weights, and sync what follows them."""
        if self.due(self.written.updates + 1):  # until then cells hold the levels of the old fit
            self._fit()
        super().change(step)

    def rescale(self, gradient: Array, rate: float) -> None:
        """One step of the learned level size (Esser et al., ICLR 2020, arXiv:1902.08153).

        It learns by the rule of the weights, without momentum and decay.
        """
        if self.site.training.quantiser != "learned":
            return
        flat = self.real.reshape(-1), gradient.reshape(-1)
        parts = spans(self.real.size, PART)

        def job(i: int) -> float:
            part = slice(*parts[i])
            found: float = levels.scale_gradient(
                flat[0][part], flat[1][part], self.top / self.full, self.top
            )
            return found

        self.respace(sum(self.site.workers.run(job, len(parts))), rate)

    def respace(self, total: float, rate: float) -> None:
        """Move the outermost level by the gradient of the loss to the spacing of levels."""
        step = np.array([self.full / self.top])
        found = np.array([total / (self.real.size * self.top) ** 0.5])
        steady = replace(self.site.training, momentum=0.0)
        learn(self.spacing_rule, steady, rate, step, self.spacing_velocity, found)
        self.full = self.top * max(float(step[0]), 0.1 * self.full / self.top)
        self.bound = self.site.training.weight_clip * self.full
