"""Block: what every circuit and every composite is."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.cost import Bill, Footprint, Real
from neurorebit.schema.technology import Technology

# Of these a block has more than none; other numbers may be zero, and none is below.
ABOVE_ZERO = {
    "rows", "cols", "rows_per_adc", "cols_per_adc", "cells_per_weight", "input_bits", "error_bits",
    "vectors", "by", "lines", "line", "entries", "window", "cores", "bandwidth", "driven_res",
    "ramp", "charging",
}  # fmt: skip


class Block:
    """Hardware: it has a name, a body of its own, parts, and actions.

    All of it is nan where a number of it or of its technology is out of range.
    """

    name: str

    @property
    def body(self) -> Footprint:
        """What it occupies itself, parts aside."""
        return Footprint()

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        """How many of which blocks it is made of."""
        return ()

    @cached_property
    def exists(self) -> bool | NDArray[np.bool_]:
        """Whether its numbers and its technology are in range: true, or for each design."""
        tech = getattr(self, "tech", None)
        found: Any = tech.exists if isinstance(tech, Technology) else True
        for name in getattr(self, "__dataclass_fields__", ()):
            value = getattr(self, name)
            if not isinstance(value, int | float | np.ndarray):
                continue
            above = name in ABOVE_ZERO
            least = value if isinstance(value, int | float) else np.min(value)
            if not (least > 0.0 or (least == 0.0 and not above)):
                inside = np.greater(value, 0.0) if above else np.greater_equal(value, 0.0)
                found = np.logical_and(found, inside)
        exists: bool | NDArray[np.bool_] = found
        return exists

    @cached_property
    def footprint(self) -> Footprint:
        """Area [m^2] and leakage [W], itemised by part."""
        own, parts = self.body, [(count, part.footprint) for count, part in self.parts]
        area = _summed(self.name, own.area, [(count, found.area) for count, found in parts])
        leakage = [(count, found.leakage) for count, found in parts]
        whole = Footprint(area, _summed(self.name, own.leakage, leakage))
        return whole if self.exists is True else np.where(self.exists, 1.0, np.nan) * whole


def _summed(name: str, own: Bill, parts: list[tuple[Real, Bill]]) -> Bill:
    """What the body and so many of each part owe, under their owner's name."""
    items = dict(own.under(name).items)
    for count, bill in parts:
        for below, amount in bill.items.items():
            part = f"{name}/{below}"
            items[part] = items[part] + count * amount if part in items else count * amount
    return Bill(items)
