"""Quantities with units: from text such as ``"0.9 V"`` to numbers in SI units, and back."""

from __future__ import annotations

import math
import re

PREFIXES = {
    "T": 12, "G": 9, "M": 6, "k": 3, "": 0, "m": -3, "u": -6, "µ": -6, "n": -9, "p": -12, "f": -15,
    "a": -18,
}  # fmt: skip
SYMBOLS = ("bit", "ohm", "Hz", "A", "C", "F", "J", "K", "S", "V", "W", "m", "s")
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
FACTOR = re.compile(r"([TGMkmuµnpfa]?)(" + "|".join(SYMBOLS) + r")(?:\^?(\d))?$")


def _power(unit: str) -> tuple[int, dict[str, int]]:
    """The power of ten of a unit, and its dimensions: ``fF/um`` gives ``(-9, {F: 1, m: -1})``."""
    size, dimensions = 0, dict[str, int]()
    for i, group in enumerate(unit.split("/")):
        for part in group.split("*"):
            if part in ("", "1", "%"):
                size -= 2 if part == "%" else 0
                continue
            match = FACTOR.fullmatch(part.replace("Ω", "ohm").replace("²", "2"))
            if match is None:
                raise ValueError(f"unknown unit {unit!r}")
            prefix, symbol, power = match.groups()
            exponent = int(power or 1) * (1 if i == 0 else -1)
            size += PREFIXES[prefix] * exponent
            dimensions[symbol] = dimensions.get(symbol, 0) + exponent
    return size, {symbol: n for symbol, n in dimensions.items() if n}


def parse_all(text: str, unit: str) -> list[float]:
    """The numbers of a text such as ``"1.2, 3.4 nA/um"``, in SI units.

    ValueError where the text has no number or no unit, or where its unit is not one of ``unit``'s
    dimensions.
    """
    numbers = []
    rest = text.strip()
    while match := NUMBER.match(rest):
        numbers.append(float(match.group()))
        rest = rest[match.end() :].lstrip()
        if rest.startswith(","):
            rest = rest[1:].lstrip()
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError("not a number with a unit")
    if unit == "" and rest == "":
        return numbers
    if rest == "":
        raise ValueError("the unit is missing")
    size, dimensions = _power(rest)
    if dimensions != _power(unit)[1]:
        raise ValueError("the unit does not match")
    # dividing by a power of ten rounds once, so that "100 us" is exactly 1e-4
    numbers = [n * 10.0**size if size >= 0 else n / 10.0**-size for n in numbers]
    if not all(map(math.isfinite, numbers)):
        raise ValueError("too large")
    return numbers


def parse(text: str, unit: str) -> float:
    """The number of a text such as ``"0.9 V"``, in SI units; ValueError as in ``parse_all``."""
    numbers = parse_all(text, unit)
    if len(numbers) != 1:
        raise ValueError("expected one number")
    return numbers[0]


def scale(value: float, unit: str) -> tuple[float, str]:
    """A value with the prefix that suits its size: ``(3.2, "nm")`` for 3.2e-9 m."""
    if unit in ("", "%", "K") or "/" in unit or value == 0 or not math.isfinite(value):
        return value, unit
    power = 2 if unit.endswith("2") else 1
    for prefix in ("T", "G", "M", "k", "", "m", "u", "n", "p", "f", "a"):
        size = 10.0 ** (PREFIXES[prefix] * power)
        if abs(value) >= size * (1 - 1e-12):
            return value / size, prefix + unit
    return value / size, prefix + unit


def show(value: float, unit: str, digits: int = 4) -> str:
    """A value as text with a prefixed unit and ``digits`` digits: ``"3.2 nm"``."""
    number, prefixed = scale(value, unit)
    return f"{number:.{digits}g} {prefixed}".rstrip()
