"""The operating point of a macro: what a measurement says of it, and what has to be assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Annotated

from neurorebit.schema import InputError, Section, quantity
from neurorebit.schema.numbers import Real

Share = Annotated[Real, quantity("", at_least=0, at_most=1)]
Count = Annotated[Real, quantity("", at_least=1)]
Voltage = Annotated[Real, quantity("V", above=0, below=10)]


@dataclass(frozen=True)
class Assumption:
    """A value that nobody gives, what it is taken as, and why."""

    key: str
    value: str
    why: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Point(Section):
    """An operating point; None stands for what is not given.

    ``vdd`` is the supply of the core, and of each further supply whose voltage the record does not
    give. ``clock`` is the frequency in the measurement; without one a macro runs at its own speed.
    ``input_toggle`` is the probability that an input line changes from a cycle to the next,
    ``input_ones`` and ``weight_ones`` are the shares of ones among the bits of inputs and weights,
    ``input_sparsity`` and ``weight_sparsity`` the shares of values that are zero. ``rows`` and
    ``columns`` are those that work at once, ``registers`` are register rows in use, ``phases`` the
    phases that an input is split into.

    A structure takes a value by ``given``, ``needed`` or ``assumed``, so that a reader sees which
    values were taken, and which were assumed.
    """

    vdd: Voltage | None = None
    temperature: Annotated[Real, quantity("K", above=0)] | None = None
    clock: Annotated[Real, quantity("Hz", above=0)] | None = None
    input_toggle: Share | None = None
    input_ones: Share | None = None
    weight_ones: Share | None = None
    input_sparsity: Share | None = None
    weight_sparsity: Share | None = None
    input_bits: Count | None = None
    weight_bits: Count | None = None
    output_bits: Count | None = None
    rows: Count | None = None
    columns: Count | None = None
    registers: Count | None = None
    phases: Count | None = None

    @cached_property
    def taken(self) -> set[str]:
        """The keys that were asked for."""
        return set()

    @cached_property
    def assumptions(self) -> dict[str, Assumption]:
        """What was assumed, by key."""
        return {}

    def given(self, key: str) -> Real | None:
        """The value of a key, or None."""
        self.taken.add(key)
        value: Real | None = getattr(self, key)
        return value

    def needed(self, key: str) -> Real:
        """The value of a key; InputError where it is not given."""
        value = self.given(key)
        if value is None:
            raise InputError(f"the macro needs '{key}' at this point", cure="give it")
        return value

    def assumed(self, key: str, otherwise: Real, why: str) -> Real:
        """The value of a key, or what is assumed in its place."""
        value = self.given(key)
        if value is None:
            self.assumptions[key] = Assumption(key, f"{otherwise:g}", why)
            return otherwise
        return value

    @property
    def untaken(self) -> Iterator[str]:
        """The keys that are given, and that nothing has asked for."""
        for field in fields(Point):
            if getattr(self, field.name) is not None and field.name not in self.taken:
                yield field.name
