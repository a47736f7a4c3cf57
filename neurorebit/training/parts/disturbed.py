"""What converters in arrays deviate by: noise of each conversion, and each converter's own errors.

See docs/models/training.md#errors-of-converters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from neurorebit.circuits.converters.converter import Errors
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.kernels import convert, noise
from neurorebit.training.parts.workers import Array, Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviations:
    """Errors of the converters of a layer's arrays in one read.

    ``kind`` is a word of the converters; of ``lines`` columns of weights, or rows of a transposed
    read, each ``share`` have a converter. ``step``: number of the read; ``layer``, ``seed``: as
    random numbers take them. ``transposed`` reads have converters of their own.
    """

    kind: str
    errors: Errors
    lines: int
    share: int
    step: int
    layer: int
    seed: int
    transposed: bool = False

    def _array(self, number: int) -> int:
        """Number of an array, as random numbers take it."""
        return 2 * number + self.transposed

    def shifts(self, number: int, top: int) -> Array:
        """What each converter of an array deviates by at each code, in steps."""
        count = -(-self.lines // self.share)
        draw = noise.Draw(0, 0, self.layer, self._array(number), self.seed)
        return shifts(self.kind, self.errors, (count, top), draw)

    def add(
        self,
        partial: Array,
        number: int,
        *,
        line: int,
        first: int,
        per_step: float,
        top: int,
        workers: Workers,
    ) -> None:
        """Add them to partial sums [vectors, lines] of an array, from ``line`` on.

        ``first``: number of the first of them among all conversions of the array in this read.
        """
        drawn = workers.scratch("conversion noise", partial.shape, partial.dtype)
        draw = noise.Draw(first, self.step, self.layer, self._array(number), self.seed)
        noise.fill(drawn.reshape(-1), self.errors.noise, noise.CONVERSION, draw)
        table = self.shifts(number, top)
        convert.disturb(partial, drawn, table, self.share, line, per_step, top)


@lru_cache(maxsize=256)
def shifts(kind: str, errors: Errors, size: tuple[int, int], draw: noise.Draw) -> Array:
    """What converters deviate by at codes from -top to top: [converters, 2 top + 1], in steps.

    ``size``: the number of converters, and top. ``draw``: from the first number of an array on.
    """
    count, top = size
    codes = np.arange(-top, top + 1)
    draws = np.empty((count, 2 + codes.size))
    noise.fill(draws.reshape(-1), 1.0, noise.CONVERTER, draw)
    offset, gain, single = draws[:, :1], draws[:, 1:2], draws[:, 2:]
    found = errors.offset * offset + errors.gain * gain * codes / max(top, 1)
    table: Array = found + errors.linearity * CONVERTERS[kind].deviations(single)
    return table
