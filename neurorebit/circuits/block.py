"""Block: what every circuit and every composite is."""

from __future__ import annotations

from functools import cached_property

from neurorebit.cost import Footprint, Real


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
        return sum((n * part.footprint for n, part in self.parts), self.body).under(self.name)
