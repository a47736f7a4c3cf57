"""A structure: the section of a record that describes a macro; and the block that it makes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real
from neurorebit.macros.point import Point
from neurorebit.macros.supplies import CORE, Supplies
from neurorebit.schema import Section


class Macro(Block, ABC):
    """A macro at an operating point.

    ``ops`` are the operations of one product, of which a multiply-accumulate (MAC) is two, and
    ``bits`` those of an input and of a weight in it. A product is what the macro computes at once:
    one vector of inputs with all weights that take part.
    """

    name: str
    ops: Real
    bits: tuple[Real, Real]

    @abstractmethod
    def product(self) -> Cost:
        """One complete product: energy by part without leakage, latency."""

    @property
    def period(self) -> Real:
        """Time [s] from one product to the next at the macro's own speed."""
        return self.product().latency.total

    @property
    def cycles(self) -> Real | None:
        """Clock cycles from one product to the next; None where no clock decides."""
        return None


@dataclass(frozen=True, eq=False)
class Structure(Section, ABC):
    """Base of the structures. A dataclass of it declares ``kind``, its word of ``table.py``, and
    the keys of the section ``macro`` of a record.

    ``roles``: the supplies that it tells apart, and what each feeds.
    """

    roles: ClassVar[Mapping[str, str]] = {CORE: "all of the macro"}

    @abstractmethod
    def macro(self, supplies: Supplies, point: Point) -> Macro:
        """The macro at an operating point; InputError where its keys do not fit together."""
