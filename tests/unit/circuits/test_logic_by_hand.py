"""Adders, registers, converters and wires, with unlike numbers: sums of gates by hand."""

import pytest
from by_hand import TECH, close, same_footprint, stands

from neurorebit.circuits.adder import Adder, AdderTree, full_adder_delay
from neurorebit.circuits.arithmetic import Mac, Multiplier, Products
from neurorebit.circuits.comparator import Comparator
from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.dram import Dram
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import cells
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switching import rippled
from neurorebit.circuits.wire import Bus, wires

VDD = TECH.vdd
INV, NAND, NAND3 = cells(TECH).inverter, cells(TECH).nand, cells(TECH).nand3
ONE = Adder(TECH)


def energy(cost):
    return float(cost.energy.total)


def time(cost):
    return float(cost.latency.total)


# -- adders --------------------------------------------------------------------------------------


def charge(into, out):
    """Energy [J] of NAND inputs and outputs that charge."""
    return (into * NAND.input_cap + out * NAND.output_cap) * VDD**2


def test_an_adder_waits_for_the_carry_of_all_middle_bits():
    """Of 13 bits the lowest and the highest have their own time."""
    found = Adder(TECH, 13.0, 5.0)
    assert time(found.add(0.3)) == close(found.end_delay + 11 * found.carry_delay)
    assert energy(found.add(0.3)) == close(0.3 * 5 * found.energy)
    assert found.footprint.leakage.total == close(9 * 13 * 5 * NAND.leakage_power)


def test_one_full_adder_by_hand():
    """Random operands and no carry: the operands' two inputs each charge in a quarter of the cases;
    of the NANDs of two random inputs 3/16 (3/4 ones), of the half sum and the sum a quarter. The
    second XOR has a 0: its first NAND is one for good, the next the inverse of the half sum. The
    carry is one in a quarter of the cases, and charges in 3/16.
    """
    first, half, carry = 3 / 16, 1 / 4, 3 / 16
    into = 4 * half + 3 * first + 2 * first + 2 * half + half
    out = first + 2 * first + half + half + half + carry
    assert Adder(TECH, 1.0).energy == close(charge(into, out))


def test_a_tree_of_an_odd_number():
    """5 numbers of 7 bits: two adders of 7, one of 8, one of 9; an odd one moves up."""
    found = AdderTree(TECH, 5.0, 7.0, 6.0)
    bits = 2 * 7 + 8 + 9
    assert (found.adder_bits, found.sum_bits) == (bits, 10)
    levels = rippled(3, 64)
    terms = (2, levels[0, 7]), (1, levels[1, 8]), (1, levels[2, 9])
    switched = sum(n * charge(*level) for n, level in terms)
    assert energy(found.add(active=0.3)) == close(0.3 * 6 * switched)
    steps = 7 + 2 * 2 - 2
    assert time(found.add()) == close(ONE.end_delay + steps * ONE.carry_delay)
    assert found.footprint.leakage.total == close(9 * 6 * bits * NAND.leakage_power)
    switched = charge(*levels[0, 7]) + charge(*levels[1, 8])  # of 3 operands
    assert energy(found.add(3.0)) == close(6 * switched)


def test_multipliers():
    """13 by 5 bits: 65 products, 11 x 3 - 1 full adders and 4 half adders; a sum of 18 bits."""
    found = Multiplier(TECH, 13.0, 5.0, 3.0)
    adder = PrefixAdder(TECH, 18.0, 3.0, network="sklansky")
    gates = (9 * 32 + 4 * 4 + 65) * NAND.area + (65 + 4) * INV.area
    assert found.footprint.area.total == close(3 * gates + adder.area)
    assert energy(found.multiply(0.3)) == close(0.3 * 3 * found.energy)
    reduced = found.products.product_delay + 3 * full_adder_delay(TECH)  # 5 rows: 4, 3, 2
    assert time(found.multiply()) == close(reduced + adder.delay)


def test_a_product_of_two_bits_by_hand():
    """Both inputs charge in a quarter of the cases; the AND is one in a quarter: 3/16."""
    switched = 2 / 4 * NAND.input_cap
    switched += 3 / 16 * (NAND.output_cap + INV.input_cap + INV.output_cap)
    assert Products(TECH, 13.0, 2.0, 3.0).energy == close(26 * switched * VDD**2)


def test_lanes_that_multiply_and_add():
    """Half of the bits of the accumulators that are in use change."""
    found = Mac(TECH, 13.0, 5.0, 21.0, count=3.0)
    products, accumulator = Products(TECH, 13.0, 5.0, 3.0), found.accumulator
    same_footprint(found, stands("mac", products, accumulator))
    adder, full = PrefixAdder(TECH, 21.0, 3.0, network="sklansky"), 9 * 3 * 18 * NAND.area
    registers = Register(TECH, 63.0).area + Register(TECH, 3 * (18.0 + 21.0)).area
    assert accumulator.footprint.area.total == close(adder.area + full + registers)
    cost = found.accumulate(0.3).energy.items
    assert cost["mac/products"] == close(0.3 * 3 * products.energy)
    flips = 3 * 21 * (Register(TECH, 1.0).clock_energy + Register(TECH, 1.0).data_energy / 2)
    least = PrefixAdder(TECH, 21.0, network="sklansky").energy + flips
    assert cost["mac/accumulator"] > 0.3 * 3 * least


# -- registers -----------------------------------------------------------------------------------


def test_flip_flops_are_clocked_and_change():
    """Four pass gates see the clock, and two inverters; half a cycle."""
    found = Register(TECH, 70.0)
    clock = 4 * (INV.input_cap + INV.output_cap) + 2 * INV.input_cap
    data = 6 * INV.output_cap + 2 * INV.input_cap
    assert energy(found.store(0.2, 0.6)) == close(70 * VDD**2 * (0.6 * clock + 0.2 * data))
    assert time(found.store()) == close(0.5 / TECH.clock)
    assert found.footprint.leakage.total == close(8 * 70 * INV.leakage_power)


@pytest.mark.parametrize("beat", [0.0, 2e-10, 1.0])
def test_shift_adds(beat):
    """Numbers of 6 bits, 9 of them: registers of 15 bits; a step but the first hides in a beat."""
    found = ShiftAdd(TECH, 6.0, 9.0, 4.0, beat=beat)
    register = Register(TECH, 60.0)
    adder = Adder(TECH, 6.0, 4.0, load=register.input_cap)
    step = adder.add(0.3) + register.store(0.15, 0.3)
    cost = found.accumulate(5.0, 0.3)
    assert found.sum_bits == 15
    assert energy(cost) == close(5 * energy(step))
    assert time(cost) == close(5 * time(step) - 4 * min(beat, time(step)))
    assert found.footprint.leakage.total == close(
        adder.footprint.leakage.total + register.footprint.leakage.total
    )


# -- converters (their models: test_converters.py) ------------------------------------------------


def test_thresholds_of_flash_converters():
    """The third of 32 levels of a full scale of 0.8 mS."""
    found = FlashAdc(TECH, 5.0, full_scale=0.8e-3)
    assert found.reference(3.0) == close(1 / (0.8e-3 * 3 / 32))


def test_encoders():
    """32 levels: an inverter pair and a NAND each, and 5 bits more; 5 wide NANDs of 16 inputs."""
    found = Encoder(TECH, 5.0, 7.0)
    wide = found.wide
    assert wide.inputs == 16
    pairs = [(a, b) for a in range(32) for b in range(32)]  # every code after every other
    steps = sum(abs(a - b) for a, b in pairs) / 1024  # inverter pairs of the thermometer code
    chosen = sum(2 * (a != b) for a, b in pairs) / 1024  # NANDs of one level each
    bits = sum((a ^ b).bit_count() for a, b in pairs) / 1024
    level = 2 * (INV.input_cap + INV.output_cap + NAND.input_cap)
    one = NAND.output_cap + 2.5 * wide.input_cap  # half of the bits are one
    bit = wide.output_cap + INV.input_cap + INV.output_cap
    switched = (steps * level + chosen * one + bits * bit) / 2  # of the two ways one is charged
    assert energy(found.encode()) == close(7 * switched * VDD**2)
    leakage = 37 * (INV.leakage_power + NAND.leakage_power) + 5 * wide.leakage_power
    assert found.footprint.leakage.total == close(7 * leakage)


def test_comparators():
    """Four inverters, four NANDs of two and three of three a bit."""
    found = Comparator(TECH, 11.0, 7.0, activity=0.4)
    gates = (4.0, INV), (4.0, NAND), (3.0, NAND3)
    switched = sum(n * (gate.input_cap + gate.output_cap) for n, gate in gates)
    assert energy(found.compare(0.3)) == close(0.3 * 7 * 0.4 * 11 * switched * VDD**2)
    leakage = sum(n * gate.leakage_power for n, gate in gates)
    assert found.footprint.leakage.total == close(7 * 11 * leakage)
    longer = (Comparator(TECH, n).delay for n in (11.0, 12.0, 14.0))
    a, b, c = map(float, longer)
    assert c - b == close(2 * (b - a))  # it ripples from bit to bit


@pytest.mark.parametrize("bits", [5.0, 6.0])
def test_decoders(bits):
    """Two pairs of bits and an odd one, or three pairs: a NAND of 4 changes, as do the NORs of
    half or a quarter of the lines behind it, and the chains that drive them.
    """
    pairs, odd = 2.0 if bits == 5.0 else 3.0, bits % 2.0
    for found in (Decoder(TECH, bits), MuxDecoder(TECH, bits)):
        nor, lines = found.nor, 2.0**bits
        quarter, half = (Buffers(TECH, nor.input_cap * lines / n) for n in (4, 2))
        count = 2 ** int(bits)  # addresses follow each other, the first one after the last
        steps = [(n, (n + 1) % count) for n in range(count)]
        paired = int(2 * pairs)
        low = sum(((a ^ b) % 2**paired).bit_count() for a, b in steps) / count
        high = sum((a ^ b) >> paired for a, b in steps) / count
        changed = sum((a ^ b) >> 2 * k & 3 > 0 for a, b in steps for k in range(paired // 2))
        bit = (INV.input_cap + INV.output_cap) / 2  # a bit rises or its complement does
        address = low * (bit + 2 * NAND.input_cap)
        address += odd * high * (bit + nor.input_cap * lines / 2 + half.switched)
        each = NAND.output_cap + nor.input_cap * lines / 4 + quarter.switched
        address += changed / count * each
        line = 0.0  # without a load there is nothing to drive
        if isinstance(found, MuxDecoder):
            line = NAND.input_cap + NAND.output_cap + INV.output_cap + INV.input_cap
        switched = address + nor.output_cap + line
        assert energy(found.select()) == close(float(switched * VDD**2))


# -- wires ---------------------------------------------------------------------------------------

HIGH, WIDE = 2e-4, 5e-4  # sides of a leaf


def test_a_tree_of_wires_over_a_grid_that_is_not_full():
    """3 by 5 leaves: three levels, of 4, 2 and 1 halves of a leaf; a trunk of 2.5 leaves.

    Of the 64 leaves of a full grid 15 exist, and of 1, 4 and 16 branchings as many; each has two
    arms across and four up and down.
    """
    found, kinds = (
        HTree(TECH, 3.0, 5.0, leaf_height=HIGH, leaf_width=WIDE, width=70.0, tolerance=0.2),
        wires(TECH, 0.2),
    )
    spans, trunk = (2.0, 1.0, 0.5), 2.5 * WIDE
    runs = [(trunk, 1.0)]
    for level, span in enumerate(spans):
        branchings = 4**level * 15 / 64
        runs += [(span * WIDE, 2 * branchings), (span * HIGH, 4 * branchings)]
    assert found.path == close(sum(length for length, _ in runs))
    assert found.length == close(sum(n * length for length, n in runs))
    area = sum(n * length * kinds.area(length) for length, n in runs)
    assert found.footprint.area.total == close(float(70 * area))
    leakage = sum(n * length * kinds.leakage(length) for length, n in runs)
    assert found.footprint.leakage.total == close(float(70 * leakage))
    once = sum(length * kinds.energy(length) for length, _ in runs)
    cost = found.transfer(140.0, 9.0)
    assert energy(cost) == close(float(140 * once))
    through = sum(length * kinds.delay(length) for length, _ in runs)
    assert time(cost) == close(float(through + 8 * found.beat))


@pytest.mark.parametrize(
    ("leaves", "across", "along"),
    [
        (1, (1, 1, 1), (1, 1, 1)),
        (2, (1, 1, 1), (1, 1, 2)),  # two leaves hang on one arm across, above and below it
        (4, (1, 1, 2), (1, 1, 4)),  # all around one branching of the last level
        (8, (1, 1, 4), (1, 2, 8)),  # two such branchings
        (15, (1, 1.875, 7.5), (1, 3.75, 15)),  # all there are: 15 of 16 on average
        (40, (1, 1.875, 7.5), (1, 3.75, 15)),  # no more than there are
    ],
)
def test_a_bit_for_several_leaves_runs_once_along_each_branch(leaves, across, along):
    """The tree of 3 by 5 leaves; from the middle, arms across and along of three levels."""
    found, kinds = (
        HTree(TECH, 3.0, 5.0, leaf_height=HIGH, leaf_width=WIDE, width=70.0, tolerance=0.2),
        wires(TECH, 0.2),
    )
    joules = 2.5 * WIDE * kinds.energy(2.5 * WIDE)
    for span, wide, high in zip((2.0, 1.0, 0.5), across, along, strict=True):
        joules = joules + wide * span * WIDE * kinds.energy(span * WIDE)
        joules = joules + high * span * HIGH * kinds.energy(span * HIGH)
    cost = found.transfer(140.0, 9.0, float(leaves))
    assert energy(cost) == close(float(140 * joules))
    assert time(cost) == time(found.transfer(140.0, 9.0))


def test_a_tree_is_as_deep_as_its_longer_side_asks():
    """5 by 3 leaves: three levels as well; a trunk of 1.5 leaves."""
    found = HTree(TECH, 5.0, 3.0, leaf_height=HIGH, leaf_width=WIDE, width=70.0, tolerance=0.2)
    assert found.path == close(3.5 * (HIGH + WIDE) + 1.5 * WIDE)


def test_one_leaf_needs_no_tree():
    found = HTree(TECH, 1.0, 1.0, leaf_height=HIGH, leaf_width=WIDE, width=70.0, tolerance=0.2)
    assert (energy(found.transfer(140.0, 9.0)), time(found.transfer(140.0, 9.0))) == (0.0, 0.0)
    assert found.footprint.area.total == 0.0


def test_buses():
    """3 buses of 70 wires; 9 flits one after the other."""
    found, kinds = Bus(TECH, 4e-4, 70.0, 3.0, tolerance=0.2), wires(TECH, 0.2)
    assert found.footprint.area.total == close(float(210 * 4e-4 * kinds.area(4e-4)))
    assert found.footprint.leakage.total == close(float(210 * 4e-4 * kinds.leakage(4e-4)))
    cost = found.transfer(140.0, 9.0)
    assert energy(cost) == close(float(140 * 4e-4 * kinds.energy(4e-4)))
    assert time(cost) == close(float(9 * 4e-4 * kinds.delay(4e-4)))


def test_memory_off_the_chip():
    cost = Dram(TECH, bandwidth=2e12, energy=3e-12).transfer(5e6)
    assert (energy(cost), time(cost)) == (close(15e-6), close(2.5e-6))
    several = Dram(TECH, bandwidth=2e12, energy=3e-12, stacks=5.0).transfer(5e6)
    assert (energy(several), time(several)) == (close(15e-6), close(0.5e-6))


def test_a_stack_of_hbm2():
    """1024 pins of 2 Gbit/s: 256 GB/s."""
    cost = Dram(TECH).transfer(8.0 * 256e9)
    assert time(cost) == close(1.0)
