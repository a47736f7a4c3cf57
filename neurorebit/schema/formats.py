"""Formats of numbers in digital memory and in digital arithmetic: the table of their words.

A fixed-point number is a whole number in two's complement times a power of two; a floating-point
number has a sign, an exponent and a fraction, numbers below the least exponent included, in the
same way. Formats of eight bits are those of P. Micikevicius et al., arXiv:2209.05433: ``e5m2`` is
as IEEE 754 would have it, ``e4m3`` has no infinities and takes their place for numbers. ``bf16`` is
the upper half of ``fp32``.

See docs/models/logic.md#formats-of-numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.schema.numbers import Real


@dataclass(frozen=True, eq=False)
class Format:
    """A format: ``bits`` of a word, of which ``exponent`` are an exponent; 0: fixed point.

    ``bits`` may be an array of designs. ``numbers_only``: the largest exponent stands for numbers,
    but for the largest fraction.
    """

    bits: Real
    exponent: int = 0
    numbers_only: bool = False
    summary: str = ""

    @property
    def floats(self) -> bool:
        """Whether it has an exponent."""
        return self.exponent > 0

    @property
    def fraction(self) -> int:
        """Bits of the fraction of a floating-point number."""
        return int(self.bits) - 1 - self.exponent if self.floats else 0

    @property
    def significand(self) -> Real:
        """Bits that a multiplier takes: the fraction and the one before it, or the whole word."""
        return self.fraction + 1.0 if self.floats else self.bits

    @property
    def least(self) -> int:
        """The least exponent of a normal number."""
        return 2 - 2 ** (self.exponent - 1) if self.floats else 0

    @property
    def top(self) -> float:
        """The largest number."""
        if not self.floats:
            return float(2.0 ** (self.bits - 1.0) - 1.0)
        last = 2.0**-self.fraction
        if self.numbers_only:
            return float((2.0 - 2.0 * last) * 2.0 ** (2 - self.least))
        return float((2.0 - last) * 2.0 ** (1 - self.least))


def whole(bits: Real) -> Format:
    """Whole numbers of so many bits, which may be an array of designs."""
    return Format(bits)


FIXED: dict[str, Format] = {
    "int32": Format(32, summary="fixed point of 32 bits"),
    "int16": Format(16, summary="fixed point of 16 bits"),
    "int8": Format(8, summary="fixed point of 8 bits"),
    "int4": Format(4, summary="fixed point of 4 bits"),
}
FLOATS: dict[str, Format] = {
    "fp32": Format(32, 8, summary="IEEE 754 binary32"),
    "bf16": Format(16, 8, summary="the upper half of binary32"),
    "fp16": Format(16, 5, summary="IEEE 754 binary16"),
    "e5m2": Format(8, 5, summary="floating point of 8 bits, 5 of them an exponent"),
    "e4m3": Format(8, 4, numbers_only=True, summary="floating point of 8 bits, 4 an exponent"),
}
FORMATS: dict[str, Format] = FIXED | FLOATS
OTHER_FORMATS = {  # words of other tools
    **dict.fromkeys(("float32", "single", "FP32"), "it is fp32"),
    **dict.fromkeys(("float16", "half", "FP16"), "it is fp16"),
    **dict.fromkeys(("bfloat16", "BF16"), "it is bf16"),
    **dict.fromkeys(("fp8", "float8_e4m3fn", "fp8_e4m3"), "it is e4m3, or e5m2"),
    **dict.fromkeys(("float8_e5m2", "fp8_e5m2"), "it is e5m2"),
}
WIDE = 32  # bits from which on nothing is rounded
ROUNDINGS: dict[str, str] = {
    "nearest": "to the nearest number, in a tie to the even one",
    "stochastic": "to one of both neighbours by chance, so that the mean is kept",
}


def narrow(one: Format) -> bool:
    """Whether training rounds numbers to this format, which single precision stands for else."""
    return bool(one.bits < WIDE)
