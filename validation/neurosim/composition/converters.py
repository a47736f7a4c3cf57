"""Converters of a sub-array: the package's bank, with the outlines that a floorplan needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurorebit.circuits.converters.bank import Converters as Bank
from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.layout import Placed


@dataclass(frozen=True, eq=False)
class Converters(Bank):
    """The package's converters, front ends and encoders, of columns of any resistance."""

    @property
    def _placed(self) -> Iterator[tuple[Real, Placed]]:
        for count, part in self.parts:
            assert isinstance(part, Placed)
            yield count, part

    @property
    def width(self) -> Real:
        """Of all of it, stacked along a width [m]."""
        widest: Real = 0.0
        for count, part in self._placed:
            widest = np.maximum(widest, count * part.width)
        return widest

    @property
    def height(self) -> Real:
        """Of all of it, stacked along a width [m]."""
        return sum((count * part.height for count, part in self._placed), 0.0)

    @property
    def depth(self) -> Real:
        """Of all of it, side by side along a height [m]."""
        return sum((count * part.width for count, part in self._placed), 0.0)

    def read(self, res: Real = 1e4) -> Cost:
        """One conversion in each, of lines of this mean resistance [ohm], which changes nothing."""
        return self.convert()
