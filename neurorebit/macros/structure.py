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
from neurorebit.schema import ImpossibleError, Section

COUNTS = "input_bits", "weight_bits", "output_bits", "rows", "columns", "registers", "phases"


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

    @property
    def limits(self) -> Mapping[str, Real]:
        """The most that a point may ask for, by its key: what the macro is built with."""
        return {}

    def at(self, supplies: Supplies, point: Point) -> Macro:
        """The macro at an operating point; ImpossibleError where the point asks for more than the
        macro has, or for a part of a row, a bit or a phase.
        """
        for key in COUNTS:
            count = getattr(point, key)
            if count is not None and count % 1.0:
                raise ImpossibleError(f"{count:g} is no whole number", key=key, cure="round it")
        for key, most in self.limits.items():
            asked = getattr(point, key)
            if asked is not None and asked > most:
                message = f"the macro has {most:g} at most, got {asked:g}"
                raise ImpossibleError(message, key=key, cure="lower it, or describe a larger macro")
        return self.macro(supplies, point)

    @abstractmethod
    def macro(self, supplies: Supplies, point: Point) -> Macro:
        """The macro at an operating point; InputError where its keys do not fit together."""
