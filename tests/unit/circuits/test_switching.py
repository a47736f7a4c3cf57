"""How often nets switch: by hand, by enumeration, and against logic simulated gate by gate."""

import dataclasses
from itertools import product

import gate_level
import numpy as np
import pytest
from common import near
from gate_level import Netlist, number

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.arithmetic import Products
from neurorebit.circuits.comparator import Comparator, PrefixComparator
from neurorebit.circuits.gates import STEP, cells, chain
from neurorebit.circuits.prefix import NETWORKS, PrefixAdder
from neurorebit.circuits.switching import (
    LOW,
    RANDOM,
    Operand,
    conjunction,
    full_adder,
    inverted,
    majority,
    rippled,
    xor,
)

OPERANDS = 1500


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def net(ones, toggles):
    return Operand(ones, toggles).net


@pytest.mark.parametrize(
    ("gate", "logic", "inputs"),
    [
        (conjunction, lambda a, b: a and b, 2),
        (lambda a, b: inverted(conjunction(a, b)), lambda a, b: not (a and b), 2),
        (xor, lambda a, b, c: a ^ b ^ c, 3),
        (majority, lambda a, b, c: a + b + c > 1, 3),
    ],
)
def test_gates_by_enumeration(gate, logic, inputs):
    """Every value before and after, weighted with its probability."""
    given = [(0.5, 0.5), (0.3, 0.1), (0.2, 0.25)][:inputs]

    def joint(p, t, before, after):
        return t / 2 if before != after else (p if before else 1 - p) - t / 2

    ones = toggles = 0.0
    for before in product((False, True), repeat=inputs):
        for after in product((False, True), repeat=inputs):
            weight = np.prod(
                [joint(*g, *v) for g, v in zip(given, zip(before, after, strict=True), strict=True)]
            )
            ones += weight * logic(*before)
            toggles += weight * (logic(*before) != logic(*after))
    found = gate(*(net(*g) for g in given))
    assert float(found.ones) == near(ones)
    assert float(found.rate) == near(toggles)


def test_a_ripple_adder_by_hand():
    """Bit i has 3/4 (1 - 2^-i) toggles of its carry in: new operands kill or make a carry in half
    of the cases, which differs from the old one in half of these, and pass the carry in on in the
    other half: 1/4 + 1/8 at once, and half of the toggles of the carry in. A sum bit toggles with
    its operands in half of the cases, and with each toggle of its carry.
    """
    carry = LOW
    for place in range(12):
        assert float(carry.rate) == near(0.75 * (1 - 0.5**place))
        _, total, carry = full_adder(RANDOM.net, RANDOM.net, carry)
        assert float(total.rate) == near(0.5 + 0.75 * (1 - 0.5**place))


FAN_OUT = {"n1": 3, "n2": 1, "n3": 1, "x": 2, "n5": 3, "n6": 1, "n7": 1, "s": 0, "carry": 2}


def nands(a, b, c):
    """The nine nets of a full adder of NANDs, when it has settled."""
    n1, x = ~(a & b), a ^ b
    n5 = ~(x & c)
    found = {"n1": n1, "n2": ~(a & n1), "n3": ~(b & n1), "x": x, "n5": n5}
    return found | {"n6": ~(x & n5), "n7": ~(c & n5), "s": x ^ c, "carry": ~(n1 & n5)}


@pytest.mark.parametrize("operand", [RANDOM, Operand(0.5, 0.1)])
def test_a_ripple_adder_bit_by_bit(rng, operand):
    """Plain loops: operands change at once, then a carry passes one full adder after the other."""
    bits, count = 12, 20000
    before, after = gate_level.random_pair(rng, 2 * bits, count, operand.ones, operand.toggles)
    into, out = 2 * (before != after).mean(axis=1).sum(), 0.0
    nothing = np.zeros(count, dtype=bool)
    carry, old = [nothing], []
    for place in range(bits):
        old.append(nands(before[place], before[bits + place], carry[place]))
        carry.append(old[-1]["carry"])
    for _ in range(bits + 1):
        new = [nands(after[i], after[bits + i], carry[i]) for i in range(bits)]
        for place in range(bits):
            for net, inputs in FAN_OUT.items():
                changed = (new[place][net] != old[place][net]).mean()
                last = net == "carry" and place == bits - 1
                into, out = into + (0 if last else inputs) * changed, out + changed
        carry, old = [nothing, *(one["carry"] for one in new)], new
    assert rippled(1, bits, operand)[0, bits] == near([into / 2, out / 2], rel=0.01)


def charged(netlist, toggles, tech):
    """Energy [J] of what a netlist switches."""
    nand, inv = cells(tech).nand, cells(tech).inverter
    caps = nand.input_cap, nand.output_cap, inv.input_cap, inv.output_cap
    return np.dot(netlist.switched(toggles), caps) * tech.vdd**2


def sums_up(state, out, a, b):
    """Whether a netlist adds."""
    return np.array_equal(number(state, out), number(state, a) + number(state, b))


@pytest.mark.parametrize("operand", [RANDOM, Operand(0.5, 0.1), Operand(0.2)])
def test_ripple_adders_simulated(rng, tech32, operand):
    """More than without any delay, less than with the hazards inside of the cells."""
    netlist, bits = Netlist(), 16
    a, b = ([netlist.input() for _ in range(bits)] for _ in range(2))
    out = gate_level.ripple(netlist, a, b)
    pair = gate_level.random_pair(rng, 2 * bits, OPERANDS, operand.ones, operand.toggles)
    settling, settled, state = netlist.settle(*pair)
    assert sums_up(state, out, a, b)
    low, high = (charged(netlist, toggles, tech32) for toggles in (settled, settling))
    found = Adder(tech32, float(bits), operand=operand).energy
    assert low < found < high
    assert found > 0.75 * high


def test_trees_of_ripple_adders_simulated(rng, tech32):
    """Glitches of a level go on into the next; two at once in a gate cancel."""
    netlist = Netlist()
    rows = [[netlist.input() for _ in range(8)] for _ in range(8)]
    pair = gate_level.random_pair(rng, 64, 600)
    while len(rows) > 1:
        pairs = zip(rows[::2], rows[1::2], strict=True)
        rows = [gate_level.ripple(netlist, a, b) for a, b in pairs]
    settling, settled, _ = netlist.settle(*pair)
    low, high = (charged(netlist, toggles, tech32) for toggles in (settled, settling))
    found = AdderTree(tech32, 8.0, 8.0).add().energy.total
    assert 1.5 * low < found < high
    assert found > 0.7 * high


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("bits", [5, 16, 24])
def test_prefix_adders_simulated(rng, tech32, network, bits):
    """The same gates; their energy without the wires and buffers of the network."""
    netlist = Netlist()
    a, b = ([netlist.input() for _ in range(bits)] for _ in range(2))
    levels = getattr(gate_level, network)(bits)
    out = gate_level.prefix(netlist, a, b, levels)
    settling, settled, state = netlist.settle(*gate_level.random_pair(rng, 2 * bits, OPERANDS))
    assert sums_up(state, out, a, b)
    bare = dataclasses.replace(tech32, wire=dataclasses.replace(tech32.wire, cap=1e-30))
    adder = PrefixAdder(bare, float(bits), network=network)
    drawn = [len(nets) for _, nets in netlist.gates]
    assert adder.gates == (drawn.count(2), drawn.count(1))
    there = [float(level.cells) for level in adder.levels if level.cells > 0]
    assert there == [float(len(level)) for level in levels]
    low, high = (charged(netlist, toggles, tech32) for toggles in (settled, settling))
    assert low < adder.energy < high
    assert adder.energy > 0.7 * high


@pytest.mark.parametrize("by", [4, 8, 16])
def test_multipliers_simulated(rng, tech32, by):
    """16 by ``by`` bits down to two rows, with half adders where a column has two bits to add."""
    netlist = Netlist()
    a, b = [netlist.input() for _ in range(16)], [netlist.input() for _ in range(by)]
    cols = gate_level.products(netlist, a, b)
    settling, settled, state = netlist.settle(*gate_level.random_pair(rng, 16 + by, 500))
    total = sum(
        number(state, col[row : row + 1]) << place
        for row in range(2)
        for place, col in enumerate(cols)
        if row < len(col)
    )
    assert np.array_equal(total, number(state, a) * number(state, b))
    low, high = (charged(netlist, toggles, tech32) for toggles in (settled, settling))
    assert 1.2 * low < Products(tech32, 16.0, float(by)).energy < 1.2 * high


@pytest.mark.parametrize("bits", [6, 16, 19])
def test_prefix_comparators_simulated(rng, tech32, bits):
    """Groups of bits join in pairs; the last carry of a and the complement of b says a > b.

    What is left of groups of unlike sizes counts as its neighbours do: two percent.
    """
    netlist = Netlist()
    a, b = ([netlist.input() for _ in range(bits)] for _ in range(2))
    groups = []
    for p, q in zip(a, b, strict=True):
        half, made = netlist.xor(p, netlist.nand(q))
        groups.append((netlist.nand(made), half))
    while len(groups) > 1:
        joined = []
        for place in range(0, len(groups) - 1, 2):
            (made, passed), (higher, over) = groups[place], groups[place + 1]
            inner, kept = netlist.nand(over, made), netlist.nand(higher)
            both = netlist.nand(netlist.nand(over, passed)) if place else None
            joined.append((netlist.nand(inner, kept), both))
        groups = joined + groups[len(joined) * 2 :]
    result = groups[0][0]
    settling, settled, state = netlist.settle(*gate_level.random_pair(rng, 2 * bits, OPERANDS))
    assert np.array_equal(state[result], number(state, a) > number(state, b))
    found = PrefixComparator(tech32, float(bits))
    drawn = [len(nets) for _, nets in netlist.gates]
    assert found.gates == (drawn.count(2), drawn.count(1))
    low, high = (charged(netlist, toggles, tech32) for toggles in (settled, settling))
    assert 0.98 * low < found.energy < high
    assert found.energy > 0.65 * high


def test_a_tree_of_groups_is_faster_than_a_ripple(tech32):
    """16 bits within 16 delays of an inverter with four of its kind behind it, 32 within 19."""
    for bits, most in ((16.0, 16.0), (32.0, 19.0)):
        found, ripple = PrefixComparator(tech32, bits), Comparator(tech32, bits)
        inv = cells(tech32).inverter
        four = chain(STEP, inv.pfet_res * (inv.output_cap + 4.0 * inv.input_cap))[0]
        assert found.delay < most * four
        assert found.delay < 0.5 * ripple.delay
