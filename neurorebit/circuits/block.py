"""The base class of every circuit and of every composite of circuits."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.cost import Bill, Footprint, Real
from neurorebit.schema.technology import Technology

Positive = Annotated[Real, "> 0"]  # a field of a block that must be > 0; every other field >= 0


class Block:
    """Hardware with a name, a footprint of its own, parts, and actions.

    Where a field or the technology is out of range, the footprint and the cost of every action are
    nan. ``abuts`` says that it consists of cells drawn to abut, such as an array, and not of placed
    gates, among which there is room for wires.
    """

    name: str
    abuts: ClassVar[bool] = False

    @property
    def body(self) -> Footprint:
        """Footprint of the block without its parts."""
        return Footprint()

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        """The parts: pairs of count and block."""
        return ()

    @classmethod
    @cache
    def _numbers(cls) -> tuple[tuple[str, bool], ...]:
        """The names of the fields, and whether each must be > 0."""
        fields = getattr(cls, "__dataclass_fields__", {})
        return tuple((name, field.type in ("Positive", Positive)) for name, field in fields.items())

    @cached_property
    def exists(self) -> bool | NDArray[np.bool_]:
        """Whether the fields and the technology are in range: True, or one value per design."""
        tech = getattr(self, "tech", None)
        exists: Any = tech.exists if isinstance(tech, Technology) else True
        for name, positive in self._numbers():
            value = getattr(self, name)
            if not isinstance(value, int | float | np.ndarray):
                continue
            least = value if isinstance(value, int | float) else np.min(value)
            if not (least > 0.0 or (least == 0.0 and not positive)):
                inside = np.greater(value, 0.0) if positive else np.greater_equal(value, 0.0)
                exists = np.logical_and(exists, inside)
        checked: bool | NDArray[np.bool_] = exists
        return checked

    @cached_property
    def footprint(self) -> Footprint:
        """Area [m^2] and leakage [W], itemised by part."""
        own, parts = self.body, [(count, part.footprint) for count, part in self.parts]
        area = _summed(self.name, own.area, [(count, part.area) for count, part in parts])
        leakage = [(count, part.leakage) for count, part in parts]
        whole = Footprint(area, _summed(self.name, own.leakage, leakage))
        return whole if self.exists is True else np.where(self.exists, 1.0, np.nan) * whole


def _summed(name: str, own: Bill, parts: list[tuple[Real, Bill]]) -> Bill:
    """The sum of a block's own bill and of count times the bill of each part, under its name."""
    items = dict(own.under(name).items)
    for count, bill in parts:
        for below, amount in bill.items.items():
            part = f"{name}/{below}"
            items[part] = items[part] + count * amount if part in items else count * amount
    return Bill(items)
