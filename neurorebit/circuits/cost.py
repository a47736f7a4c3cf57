"""The values that every hardware model returns: a block's footprint and an action's cost.

See docs/models/index.md#footprints-and-costs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

from neurorebit.schema.numbers import Real as Real

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Bill:
    """An amount, itemised by part: a mapping from the part's path to its amount."""

    items: Mapping[str, Real] = field(default_factory=dict)
    __array_ufunc__ = None  # makes array * bill call __rmul__

    @property
    def total(self) -> Real:
        """The sum over all parts."""
        return sum(self.items.values(), 0.0)

    def __add__(self, other: Bill) -> Bill:
        merged = dict(self.items)
        for part, amount in other.items.items():
            merged[part] = merged[part] + amount if part in merged else amount
        return Bill(merged)

    def __rmul__(self, n: Real) -> Bill:
        return Bill({part: n * amount for part, amount in self.items.items()})

    def under(self, owner: str) -> Bill:
        """The same bill with every part below ``owner``: ``x`` becomes ``owner/x``."""
        return Bill({f"{owner}/{p}" if p else owner: a for p, a in self.items.items()})


@dataclass(frozen=True, slots=True)
class Footprint:
    """Area [m^2] and leakage [W] of a block, which it has whether or not it works."""

    area: Bill = field(default_factory=Bill)
    leakage: Bill = field(default_factory=Bill)
    __array_ufunc__ = None

    @classmethod
    def of(cls, area: Real, leakage: Real = 0.0) -> Footprint:
        """A footprint of one item that has no name yet."""
        return cls(Bill({"": area}), Bill({"": leakage}))

    def __add__(self, other: Footprint) -> Footprint:
        return Footprint(self.area + other.area, self.leakage + other.leakage)

    def __rmul__(self, n: Real) -> Footprint:
        return Footprint(n * self.area, n * self.leakage)

    def under(self, owner: str) -> Footprint:
        """The same footprint with every part below ``owner``."""
        return Footprint(self.area.under(owner), self.leakage.under(owner))


@dataclass(frozen=True, slots=True)
class Cost:
    """Energy [J] of an action, and its latency [s] along the critical path.

    ``a + b`` is a, then b. ``a | b`` is a while b. ``n * a`` is a, n times in a row.
    ``a.across(n)`` is a, on n copies at once.
    """

    energy: Bill = field(default_factory=Bill)
    latency: Bill = field(default_factory=Bill)
    __array_ufunc__ = None

    @classmethod
    def of(cls, energy: Real, latency: Real = 0.0) -> Cost:
        """A cost of one item that has no name yet."""
        return cls(Bill({"": energy}), Bill({"": latency}))

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.energy + other.energy, self.latency + other.latency)

    def __or__(self, other: Cost) -> Cost:
        mine = np.where(self.latency.total >= other.latency.total, 1.0, 0.0)
        return Cost(self.energy + other.energy, mine * self.latency + (1.0 - mine) * other.latency)

    def __rmul__(self, n: Real) -> Cost:
        return Cost(n * self.energy, n * self.latency)

    def across(self, n: Real) -> Cost:
        """The cost of the same action on ``n`` copies at once."""
        return Cost(n * self.energy, self.latency)

    def under(self, owner: str) -> Cost:
        """The same cost with every part below ``owner``."""
        return Cost(self.energy.under(owner), self.latency.under(owner))


def action(method: Callable[P, Cost]) -> Callable[P, Cost]:
    """Mark a method of a block as an action, whose cost is billed under the block's name.

    The cost is nan where the block does not exist or where an argument is below zero.
    """

    @wraps(method)
    def billed(*args: P.args, **kwargs: P.kwargs) -> Cost:
        block: Any = args[0]
        cost = method(*args, **kwargs).under(block.name)
        for amount in (*args[1:], *kwargs.values()):
            if isinstance(amount, float):
                cost = cost if amount >= 0.0 else np.nan * cost
            elif isinstance(amount, np.ndarray) and not amount.min() >= 0.0:
                cost = np.where(np.asarray(amount) >= 0.0, 1.0, np.nan) * cost
        return cost if block.exists is True else np.where(block.exists, 1.0, np.nan) * cost

    billed.is_action = True  # type: ignore[attr-defined]
    return billed
