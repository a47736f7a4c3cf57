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
    give. ``temperature`` is that of the silicon. ``clock`` is the frequency in the measurement;
    without one a macro runs at its own speed.

    ``input_toggle`` is the probability that an input line changes from a cycle to the next.
    ``input_ones`` is the share of ones among the bits of inputs. ``weight_ones`` is that of the
    bits of weights. ``input_sparsity`` is the share of inputs that are zero. ``weight_sparsity`` is
    that of the weights.

    ``input_bits`` are bits of an input. ``weight_bits`` are bits of a weight. ``output_bits`` are
    bits of an output. ``rows`` are those that work at once. ``columns`` are the columns that do.
    ``registers`` are register rows in use. ``phases`` are those that an input is split into.

    A structure takes a value by its methods, so that a reader sees which values were taken, and
    which were assumed.
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

    @cached_property
    def fixed(self) -> dict[str, str]:
        """What a record fixes in the place of a value of the point: the record's key, by key."""
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

    def counted(self, key: str, otherwise: Real) -> Real:
        """The value of a key that operations are counted by, and that nothing else depends on."""
        value: Real | None = getattr(self, key)
        return otherwise if value is None else value

    @property
    def untaken(self) -> Iterator[tuple[str, str]]:
        """The keys that are given and of no effect, and which key of the record fixes each."""
        for field in fields(Point):
            if getattr(self, field.name) is not None and field.name not in self.taken:
                yield field.name, self.fixed.get(field.name, "")
