"""Functions that lanes look up: segments from the bits wanted, and what the polynomials err by."""

import itertools
import math

import numpy as np
import pytest
from common import near
from lane_registers import lane

from neurorebit.chips.parts.vector import VectorUnit
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.lookup_table import LookupTable
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.sram import SramBank
from neurorebit.inputs.technology import read_technology
from neurorebit.layers import functions, tables
from neurorebit.layers.base import Operation, Value
from neurorebit.layers.tables import Table
from neurorebit.schema import Document, paths

TECH = read_technology(Document(paths.shipped("technology", "32nm")))

erf = np.vectorize(math.erf)


def normal(x):
    return 0.5 * (1.0 + erf(x / math.sqrt(2.0)))


def density(x):
    return np.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)


# The function on its interval, which starts at the second number.
FUNCTIONS = {
    tables.LOGISTIC_TABLE: (lambda x: 1.0 / (1.0 + np.exp(-x)), 0.0),
    tables.EXPONENTIAL_TABLE: (lambda x: 2.0**x, 0.0),
    tables.RECIPROCAL_TABLE: (lambda x: 1.0 / x, 1.0),
    tables.ROOT_TABLE: (lambda x: x**-0.5, 1.0),
    tables.NORMAL_TABLE: (normal, 0.0),
    tables.NORMAL_SLOPE_TABLE: (lambda x: normal(x) + x * density(x), 0.0),
}
each = pytest.mark.parametrize("table", FUNCTIONS, ids=lambda table: table.name)


@each
@pytest.mark.parametrize("bits", [8, 12, 16, 20])
def test_polynomials_of_so_many_segments_err_by_half_a_unit(table, bits):
    """And those of a quarter as many by more: the bound is not too wide."""
    function, start = FUNCTIONS[table]
    half = 2.0 ** -(bits + 1)

    def error(segments):
        edges = start + np.linspace(0.0, float(table.length(bits)), int(segments) + 1)
        worst = 0.0
        for low, high in itertools.pairwise(edges):
            points = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * np.array([1, 3, 5]) / 6)
            found = np.polyfit(points - low, function(points), 2)
            x = np.linspace(low, high, 41)
            worst = max(worst, np.abs(np.polyval(found, x - low) - function(x)).max())
        return worst

    segments = table.segments(float(bits))
    assert math.log2(segments) % 1 == 0
    assert error(segments) <= half * (1 + 1e-6)
    assert error(segments / 4) > half or segments < 4


@each
def test_beyond_its_interval_less_than_a_unit_is_missing(table):
    if not table.decay:
        assert table.length(16.0) == 1.0
        return
    function, _ = FUNCTIONS[table]
    for bits in (8.0, 16.0, 20.0):
        beyond = table.length(bits) + np.linspace(0.0, 5.0, 101)
        assert np.abs(function(beyond) - 1.0).max() < 2.0**-bits


def test_segments_and_words_by_hand():
    """Half a unit of 16 bits is 2^-17 = 1 / 131072. A reciprocal: h^3 6 / 192 is that at h = 1/16.
    A logistic function ends at 18 ln 2 = 12.48; h^3 / 8 / 192 is half a unit at 0.2272: 54.9, so
    64. Coefficients of 18 bits, and 4 and 8 or 6 and 12 fewer.
    """
    assert tables.RECIPROCAL_TABLE.segments(16.0) == 16
    assert tables.RECIPROCAL_TABLE.width(16.0) == 18 + 14 + 10
    assert tables.LOGISTIC_TABLE.segments(16.0) == 64
    assert tables.LOGISTIC_TABLE.width(16.0) == 18 + 12 + 6
    assert tables.RECIPROCAL_TABLE.segments(13.0) == 8  # a bit is worth 2^(1/3)


def totals(operation):
    def number(pairs):
        assert all(bits is Value.STORED for _, bits in pairs)
        return sum(count for count, _ in pairs)

    found = number(operation.additions), number(operation.products)
    return operation.cycles, *found, operation.words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # |x| and its clip; look-up, product and sum twice; 1 - f
        ("LOGISTIC", (5, 5, 2, 2)),
        ("NORMAL", (5, 5, 2, 2)),
        # times log2 e; look-up; shift
        ("EXPONENTIAL", (5, 2, 4, 2)),
        # leading one, shift; look-up; shift back
        ("RECIPROCAL", (6, 3, 4, 2)),
        ("DIVISION", (7, 3, 5, 2)),
        # and every other time a product with 1 / sqrt(2)
        ("RECIPROCAL_ROOT", (6.5, 3, 4.5, 2)),
    ],
)
def test_an_evaluation_is_a_look_up_and_arithmetic(name, expected):
    operation = getattr(functions, name)
    assert totals(operation) == expected
    assert [count for count, _ in operation.lookups] == [1]


def test_lanes_have_a_table_of_all_functions():
    """7 lanes of 14 bits: 16 segments of the reciprocal (10.1), 32 of the logistic function
    (11.1 / 0.3606 = 30.8); the widest words are the reciprocal's, of 16, 12 and 8 bits.
    """
    both = tables.RECIPROCAL_TABLE, tables.LOGISTIC_TABLE
    unit, plain = (VectorUnit(TECH, 7.0, stored_bits=14.0, tables=found) for found in (both, ()))
    table = LookupTable(TECH, 48.0, 36.0, 7.0)
    bank = SramBank(TECH, 48.0, 36.0)
    more = unit.footprint.area.total - plain.footprint.area.total
    assert more == near(7 * bank.footprint.area.total, rel=1e-9)
    assert table.footprint.area.total == near(7 * bank.footprint.area.total, rel=1e-12)
    operation = Operation(cycles=4.0, lookups=((3, tables.LOGISTIC_TABLE),))
    cost = unit.execute(operation, 21.0)
    assert cost.energy.items == {
        f"vector/table/{part}": near(21 * 3 * joules, rel=1e-12)
        for part, joules in bank.read().energy.items.items()
    }
    assert cost.latency.total == near(3 * 4.0 / TECH.clock, rel=1e-12)


def test_an_evaluation_is_billed():
    """5 sums and 2 products of 14 bits, 2 words, and a read of 32 words of 6 + 11 + 16 bits."""
    unit = VectorUnit(TECH, 7.0, stored_bits=14.0, tables=(tables.LOGISTIC_TABLE,))
    cost = unit.execute(functions.LOGISTIC, 1.0)
    due = 5 * PrefixAdder(TECH, 14.0, network="sklansky").energy
    due += 2 * Multiplier(TECH, 14.0, 14.0).energy
    due += 2 * 32 * (unit.register.clock_energy + unit.register.data_energy / 2)
    made, flip = lane(TECH, 14), unit.register.clock_energy + unit.register.data_energy / 2
    due += flip * (2 * made.product_bits + 5 * 14 / 40 * made.sum_bits)
    due += SramBank(TECH, 32.0, 16.0 + 11.0 + 6.0).read().energy.total
    assert cost.energy.total == near(due, rel=1e-12)


def test_a_network_that_looks_nothing_up_has_no_table():
    unit = VectorUnit(TECH)
    assert unit.lookup_table is None
    assert Table("own", 1.0).segments(16.0) == 16  # 8.8
