"""Block: what every circuit and every composite is."""

from __future__ import annotations

from functools import cached_property

from neurorebit.cost import Bill, Footprint, Real


class Block:
    """Hardware: it has a name, a body of its own, parts, and actions."""

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
    def footprint(self) -> Footprint:
        """Area [m^2] and leakage [W], itemised by part."""
        own, parts = self.body, [(count, part.footprint) for count, part in self.parts]
        area = _summed(self.name, own.area, [(count, found.area) for count, found in parts])
        leakage = [(count, found.leakage) for count, found in parts]
        return Footprint(area, _summed(self.name, own.leakage, leakage))


def _summed(name: str, own: Bill, parts: list[tuple[Real, Bill]]) -> Bill:
    """What the body and so many of each part owe, under their owner's name."""
    items = dict(own.under(name).items)
    for count, bill in parts:
        for below, amount in bill.items.items():
            part = f"{name}/{below}"
            items[part] = items[part] + count * amount if part in items else count * amount
    return Bill(items)
