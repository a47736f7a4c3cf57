"""Netlists that settle: sums that are right, delays, glitches, and what they take."""

import numpy as np
import pytest
from common import near
from events import settled as plainly_settled
from events import swings as plain_swings

from neurorebit.circuits.settling import full_adder as fa
from neurorebit.circuits.settling.cell_adders import Column, drawn_column
from neurorebit.circuits.settling.netlist import SLOPE, Caps, Netlist
from neurorebit.circuits.settling.serial_tree import (
    MULTIPLIERS,
    Activity,
    Shape,
    drawn,
    recoded,
    settled_at,
    stationary,
)
from neurorebit.circuits.settling.settle import TICK, operate, packed
from neurorebit.circuits.settling.summation import TREES, Drawn, Row, total

UNITS = Caps(1.0, 0.5, 0.25, 2.0)


def clocked(netlist, inputs):
    """The values of all nets in each cycle, one case after the other, without delays."""
    found, state = [], {}
    for cycle in inputs:
        given = dict(zip(netlist.inputs, cycle, strict=True))
        given.update({q: state.get(d, 0) for q, d in netlist.flops})
        state = plainly_settled(netlist, given)
        found.append(state)
    return found


@pytest.mark.parametrize("style", fa.FULL_ADDERS)
def test_a_full_adder_of_every_style_adds(style):
    n = Netlist()
    bits = [n.input() for _ in range(3)]
    total_, carry = fa.FULL_ADDERS[style](n, *bits)
    transistors = {"mirror": 28, "transmission": 24, "pass": 14, "nand": 36}
    assert sum(kind.transistors for kind in n.kinds) == transistors[style]
    for case in range(8):
        given = [case >> place & 1 for place in range(3)]
        state = plainly_settled(n, dict(zip(bits, given, strict=True)))
        assert (state[total_], state[carry]) == (sum(given) % 2, sum(given) // 2)


def bits_of(number, count):
    return [int(number) >> place & 1 for place in range(count)]


def fed(shape, inputs, words):
    """What the inputs of a netlist hold while a vector of inputs passes, plane by plane."""
    k, cycles = shape.per_cycle, []
    inverted = int(MULTIPLIERS[shape.multiplier].inverted)
    late = len(shape.registers)
    cells = [bit ^ inverted for word in words for bit in bits_of(word, shape.weight_bits)]
    for cycle in range(shape.planes + late + 1):
        plane = min(cycle, shape.planes - 1)
        plane = shape.planes - 1 - plane if shape.first == "most" else plane
        lines = []
        for x in inputs:
            given = bits_of(int(x) >> plane * k, k)
            if shape.multiplier == "booth":
                below = int(x) << 1 >> plane * k & 1
                single = given[0] ^ below
                double = int(given[1] != given[0] and given[0] == below)
                given = [single, double, given[1] & (1 - given[0] * below)]
            lines += [bit ^ inverted for bit in given]
        keep = [int(cycle != late)] if shape.sum_bits else []
        cycles.append(lines + cells + keep)
    return cycles


SHAPES = [
    Shape(5, 3, 3, sum_bits=9),
    Shape(4, 2, 3, registers=(0, 1, -1), sum_bits=8, multiplier="and"),
    Shape(7, 3, 2, per_cycle=2, tree="compressor", sum_bits=11),
    Shape(6, 3, 2, tree="carry_save", styles=("mirror", "pass"), sum_bits=9),
    Shape(5, 3, 2, per_cycle=2, multiplier="table", sum_bits=11, styles=("nand",)),
    Shape(4, 3, 3, first="least", sum_bits=9, styles=("transmission",)),
    *(Shape(5, 3, 2, per_cycle=2, multiplier="booth", tree=tree, sum_bits=10) for tree in TREES),
    *(
        Shape(5, 3, 2, per_cycle=2, multiplier="booth", tree=tree, signed=True, sum_bits=10)
        for tree in TREES
    ),
    *(Shape(5, 3, 2, tree=tree, signed=True, multiplier="and", sum_bits=10) for tree in TREES),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.multiplier}-{s.tree}-{s.styles[0]}")
def test_planes_of_products_are_summed_up(shape):
    rng = np.random.default_rng(2)
    bits = shape.planes * shape.per_cycle
    for inputs, words in zip(
        rng.integers(0, 2**bits, (4, shape.operands)),
        rng.integers(0, 2**shape.weight_bits, (4, shape.operands)),
        strict=True,
    ):
        n = drawn(shape)
        state = clocked(n, fed(shape, inputs, words))[-1]
        flops = [q for q, _ in n.flops][-shape.sum_bits :]
        found = sum(state[q] << place for place, q in enumerate(flops))
        if shape.signed:
            half = 1 << shape.weight_bits - 1
            words = np.where(words >= half, words - 2 * half, words)
        if shape.multiplier == "booth":
            inputs = np.where(inputs >> bits - 1, inputs - (1 << bits), inputs)
        wanted = int(np.dot(inputs, words))
        if shape.first == "least":  # the sum leaves at the top of the accumulator
            wanted <<= shape.sum_bits - shape.tree_bits
            assert found == wanted >> bits
            assert wanted % (1 << bits) == 0
        elif shape.signed:  # the sum of a plane has its sign in the highest bit of the tree
            assert found % (1 << shape.tree_bits) == wanted % (1 << shape.tree_bits)
        else:
            assert found == wanted % (1 << shape.sum_bits)


def test_sums_ripple_down_the_cells_of_a_weight():
    column = Column(6, 2, 3, 3)
    n, rng = drawn_column(column), np.random.default_rng(4)
    x, w = rng.integers(0, 2, 6), rng.integers(0, 2, (6, 2))
    lines = [bit for each in x for bit in (each, 1 - each)]
    cells = [bit for each in w.ravel() for bit in (each, 1 - each)]
    states = clocked(n, [lines + cells] * 4)
    flops = [q for q, _ in n.flops][-column.width :]
    found = sum(states[-1][q] << place for place, q in enumerate(flops))
    # A row adds the XNOR of its bits with the input, a number whose highest bit is its sign.
    products = [int(a == b[0]) - 2 * int(a == b[1]) for a, b in zip(x, w, strict=True)]
    assert found == sum(products) % (1 << column.width)


def test_every_gate_settles_as_in_a_simulation_event_by_event():
    shapes = (
        Shape(5, 2, 2, sum_bits=6, styles=("mirror", "pass"), across=2.0),
        Shape(4, 2, 2, sum_bits=6, styles=("transmission",), registers=(1,), tree="carry_save"),
    )
    for netlist in (*map(drawn, shapes), drawn_column(Column(4, 2, 2, 2))):
        netlist = netlist.buffered(UNITS)
        rng = np.random.default_rng(1)
        bits = rng.random((5, len(netlist.inputs), 64)) < 0.5
        found = operate(netlist, packed(bits), UNITS)
        ticks = [max(round(float(delay) / TICK), 1) for delay in netlist.delays(UNITS)]
        wanted = np.zeros(len(netlist.caps))
        for case in range(64):
            cycles = [[int(bit) for bit in cycle[:, case]] for cycle in bits]
            states = clocked(netlist, cycles[:-1])
            given = netlist.inputs + [q for q, _ in netlist.flops]
            before = {net: states[-1].get(net, 0) for net in given}
            after = dict(zip(netlist.inputs, cycles[-1], strict=True))
            after.update({q: states[-1].get(d, 0) for q, d in netlist.flops})
            for net in given:
                wanted[net] += abs(before[net] - after[net]) / 2.0
            for net, each in plain_swings(netlist, before, after, ticks).items():
                wanted[net] += each
        np.testing.assert_allclose(found.swings, wanted / 64.0, rtol=1e-12)


def chain_of(*loads):
    """A NAND of a signal and its inverse, each with a load of gates; nets by name."""
    n = Netlist()
    x = n.input()
    inverse = n.gate(fa.INVERTER, x)
    both = n.gate(fa.NAND, x, inverse)
    n.load(inverse, Caps(loads[0]))
    n.load(both, Caps(loads[1]))
    return n, inverse, both


def test_a_pulse_takes_as_much_of_a_swing_as_its_length_allows():
    only_gates = Caps(1.0, 0.0, 0.0, 0.0)
    rising = packed(np.array([[[False] * 64], [[True] * 64]]))
    # The inverter's delay is SLOPE (1 + loads[0]), the NAND's SLOPE 1.5 loads[1]; 1.35 a unit.
    # In ticks of 0.7: 1.3596 * 14 / 0.7 = 27.2, 1.3596 * 1.5 * 9.9 / 0.7 = 28.8, and so on.
    for loads, inverter, nand in (
        ((13.0, 9.9), 27, 29),
        ((14.0, 4.9), 29, 14),
        ((14.0, 3.0), 29, 9),
    ):
        n, inverse, both = chain_of(*loads)
        delays = n.delays(only_gates)
        assert delays == near([SLOPE * (1.0 + loads[0]), SLOPE * 1.5 * loads[1]])
        assert [round(float(delay) / TICK) for delay in delays] == [inverter, nand]
        found = operate(n, rising, only_gates).swings
        assert found[inverse] == 0.0  # it falls
        # The NAND falls while both are one, and comes back from where it is then.
        fallen = min(inverter, 2 * nand - 1)
        assert found[both] == near(fallen / (2 * nand - 1))


def test_long_nets_are_driven_through_two_inverters():
    n, _, both = chain_of(3.0, 400.0)
    made = n.buffered(UNITS)
    names = [kind.name for kind in made.kinds]
    assert names == ["inverter", "nand", "inverter_1", "inverter_22.6274"]
    assert made.outs[-1] == both
    # NAND: its drains and the first inverter with its wire; 22.6 is 2^4.5, near the root of 400.
    size = 2.0**4.5
    wanted = (
        1.5 * (1.5 * 0.5 + 1.0 + 0.25),
        0.5 + size + 0.25,
        (size * 0.5 + 400.0) / size,
    )
    assert made.delays(UNITS)[1:] == near([SLOPE * each for each in wanted])
    assert made.path(made.delays(UNITS)) == near(sum(made.delays(UNITS)))
    assert n.buffered(Caps(0.01, 0.5)).kinds == n.kinds  # where wires and gates are light: none


def test_nets_of_a_tree_get_longer_with_what_is_summed():
    n = Netlist()
    rows = [Row({0: n.input()}, 1.0) for _ in range(8)]
    total(n, rows, "ripple", Drawn(("mirror",), 4, across=2.0))
    sides = sorted({round(caps[3], 9) for caps in n.caps} - {0.0})
    # Half of the mean distance: in squares of 1 and 2, then in a stretch as wide as two abreast.
    width = 2.0**0.5
    assert sides == near([0.5, 0.5 * width, 0.5 * (2.0 * 4.0 / width + width) / 3.0])


def test_activity_has_its_share_of_ones_and_of_toggles():
    rng = np.random.default_rng(3)
    bits = stationary(rng, (4000,), 20, Activity(0.2, 0.3))
    assert bits.mean() == near(0.3, 0.05)
    assert (bits[1:] != bits[:-1]).mean() == near(0.2, 0.05)
    assert Activity(0.6, 0.3).possible
    assert not Activity(0.61, 0.3).possible
    pairs = np.array([[0, 1, 0, 1], [0, 0, 1, 1]], dtype=bool)
    digits = recoded(pairs, np.ones(4, dtype=bool))
    # 1, 2, -1 and 0: of a pair of bits and a one below them.
    assert digits.astype(int).tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 1, 0]]


def test_a_tree_at_rest_takes_nothing_and_more_toggles_take_more():
    shape, ratios = Shape(16, 4, 4), UNITS
    taken = []
    for toggle in (0.0, 0.1, 0.3, 0.5):
        found = settled_at(shape, Activity(toggle, 0.5), ratios)
        assert abs(found.lines["lines"].toggles - toggle) < 0.02
        taken.append(sum(found.parts["tree"].switched))
    assert taken == sorted(taken)
    assert taken[0] == 0.0
    without = settled_at(shape, Activity(0.5, 0.5, 0.0), ratios)
    assert sum(without.parts["tree"].switched) == 0.0
