"""Quantities keep their value from file to SI and back, and a wrong unit never passes."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neurorebit.schema import units

SIZES = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9,
         "p": 1e-12, "f": 1e-15, "a": 1e-18}  # fmt: skip
BASE = ("m", "s", "V", "A", "W", "J", "F", "S", "ohm", "Hz", "K", "bit", "C")

numbers = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-9)
prefixes = st.sampled_from(sorted(SIZES))
bases = st.sampled_from(BASE)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.9 V", "V", 0.9),
        ("0.9V", "V", 0.9),
        ("32 nm", "m", 32e-9),
        ("200kohm", "ohm", 200e3),
        ("1 MΩ", "ohm", 1e6),
        ("1.5 µs", "s", 1.5e-6),
        ("100 us", "s", 1e-4),
        ("3.9 pJ/bit", "J/bit", 3.9e-12),
        ("100 nA/um", "A/m", 0.1),
        ("1 fF/um2", "F/m2", 1e-3),
        ("1 fF/um²", "F/m2", 1e-3),
        ("24.2 nohm*m", "ohm*m", 24.2e-9),
        ("0.00451 /K", "/K", 0.00451),
        ("-.5e-3 mV", "V", -0.5e-6),
        ("2 km^2", "m2", 2e6),
        ("10 %", "", 0.1),
        ("0.1", "", 0.1),
        ("15.2 Tbit/s", "bit/s", 15.2e12),
    ],
)
def test_a_quantity_is_read_in_si(text, unit, value):
    assert units.parse(text, unit) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "unit", "problem"),
    [
        ("32", "m", "the unit is missing"),
        ("9 A", "V", "the unit does not match"),
        ("9 V/m", "V", "the unit does not match"),
        ("9 m", "m2", "the unit does not match"),
        ("9 V", "", "the unit does not match"),
        ("9 volts", "V", "unknown unit 'volts'"),
        ("9 kk", "V", "unknown unit 'kk'"),
        ("9 mm3m", "V", "unknown unit 'mm3m'"),
        ("nine V", "V", "not a number with a unit"),
        ("", "V", "not a number with a unit"),
        ("nan V", "V", "not a number with a unit"),
        ("1e999 V", "V", "not a number with a unit"),
        ("1,5 V", "V", "expected one number"),
    ],
)
def test_what_is_not_a_quantity_is_refused(text, unit, problem):
    with pytest.raises(ValueError, match=problem):
        units.parse(text, unit)


def test_a_list_has_one_unit_behind_it():
    assert units.parse_all("1, 2.5,4 nA/um", "A/m") == pytest.approx([1e-3, 2.5e-3, 4e-3])
    assert units.parse_all("0.1, 0.2", "") == [0.1, 0.2]


@given(numbers, prefixes, bases)
def test_a_prefix_is_a_power_of_ten(number, prefix, base):
    expected = number * SIZES[prefix]
    assert units.parse(f"{number!r} {prefix}{base}", base) == pytest.approx(expected, rel=1e-14)


@given(numbers, prefixes, bases, prefixes, bases)
def test_a_quotient_is_the_quotient_of_its_units(number, above, one, below, two):
    assume(one != two)
    value = units.parse(f"{number!r} {above}{one}/{below}{two}", f"{one}/{two}")
    assert value == pytest.approx(number * SIZES[above] / SIZES[below], rel=1e-14)


@given(numbers, prefixes, bases, bases)
def test_another_unit_never_passes(number, prefix, one, two):
    assume(one != two)
    with pytest.raises(ValueError, match="match"):
        units.parse(f"{number!r} {prefix}{one}", two)


@given(st.floats(1e-17, 1e14), bases)
def test_a_shown_quantity_reads_back(value, base):
    assert units.parse(units.show(value, base, digits=17), base) == pytest.approx(value, rel=1e-14)


@given(st.floats(1e-17, 1e14), st.sampled_from(["m", "s", "V", "J", "W"]))
def test_a_shown_quantity_has_up_to_three_digits_before_the_point(value, base):
    number, _ = units.scale(value, base)
    assert 1 - 1e-9 <= number < 1000


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (32e-9, "m", "32 nm"),
        (95.2e-6, "m2", "95.2 mm2"),
        (3.2e-12, "m2", "3.2 um2"),
        (0.0, "J", "0 J"),
        (-1.5e-3, "W", "-1.5 mW"),
        (0.25, "", "0.25"),
        (300.0, "K", "300 K"),
        (152769536.0, "", "1.528e+08"),
    ],
)
def test_a_value_is_shown_in_the_unit_that_reads_best(value, unit, shown):
    assert units.show(value, unit) == shown


def test_what_is_not_finite_is_shown_as_it_is():
    assert units.show(math.nan, "J") == "nan J"
