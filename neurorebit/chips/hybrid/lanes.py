"""The arithmetic of a digital macro: lanes that multiply and accumulate, adders of whole words.

See docs/models/macros.md#lanes. Products of whole numbers are added in whole numbers. Where an
operand is a floating-point number, the sums are of ``SUM``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from neurorebit.circuits.accumulator import DEFAULT
from neurorebit.circuits.arithmetic import Mac, Multiplier
from neurorebit.circuits.cost import Real
from neurorebit.circuits.floating import FloatAdder, FloatMac
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.schema.formats import FORMATS, Format
from neurorebit.schema.technology import Technology

RATE = 16.0  # bits of a learning rate or a momentum
CHANCE = 16.0  # random bits that are added to a word which is rounded by chance
SUM = FORMATS["fp32"]
NAME = "lanes"


@dataclass(frozen=True, eq=False)
class Lanes:
    """Lanes of one kind of macro: ``count`` of them, whose sums are kept by ``adder``."""

    tech: Technology
    count: Real
    adder: str = DEFAULT

    def of(self, sum_bits: Real, *pairs: tuple[Format, Format]) -> Mac | FloatMac:
        """Lanes wide enough for each pair of operands; of floating point if one of them is."""
        each = [operand for pair in pairs for operand in pair]
        wide, narrow = pairs[0][0].significand, pairs[0][1].significand
        wide, narrow = np.maximum(wide, narrow), np.minimum(wide, narrow)
        for one, other in pairs[1:]:
            high = np.maximum(one.significand, other.significand)
            low = np.minimum(one.significand, other.significand)
            wide, narrow = np.maximum(wide, high), np.maximum(narrow, low)
        if any(operand.floats for operand in each):
            exponent, sums = float(SUM.exponent), SUM.significand
            made = FloatMac(self.tech, self.count, bits=wide, by=narrow, name=NAME)
            return replace(made, exponent=exponent, sum_bits=sums)
        lanes = Mac(self.tech, 1.0 * wide, 1.0 * narrow, sum_bits, count=self.count, name=NAME)
        return replace(lanes, style=self.adder)


@dataclass(frozen=True, eq=False)
class WordArithmetic:
    """An addition of two words, and a product of a word and a rate, in one lane.

    Of several formats the widest is meant, in floating point if one of them is. Both are done in
    the lanes: they have no footprint of their own.
    """

    tech: Technology
    words: tuple[Format, ...]

    @property
    def floats(self) -> bool:
        """Whether words are floating-point numbers."""
        return any(word.floats for word in self.words)

    @property
    def significand(self) -> float:
        """Bits of the widest significand."""
        return max(float(word.significand) for word in self.words)

    @property
    def exponent(self) -> float:
        """Bits of the widest exponent."""
        return float(max(word.exponent for word in self.words))

    @property
    def adder(self) -> PrefixAdder | FloatAdder:
        if self.floats:
            return FloatAdder(self.tech, self.significand, self.exponent, name=NAME)
        return PrefixAdder(self.tech, self.significand, name=NAME)

    @property
    def product_energy(self) -> Real:
        """Energy [J] of a product of a word and a rate."""
        wide = self.significand if self.floats else max(self.significand, RATE)
        narrow = min(self.significand, RATE)
        energy = Multiplier(self.tech, wide, narrow, 1.0, name=NAME).energy
        return (
            energy + PrefixAdder(self.tech, self.exponent + 1.0).energy if self.floats else energy
        )

    def passes(self, lanes: Mac | FloatMac) -> Real:
        """Times that a lane multiplies to form such a product."""
        rate = min(self.significand, RATE) if self.floats else RATE  # a float's has no more bits
        return np.ceil(self.significand / lanes.bits) * np.ceil(rate / lanes.by)
