"""Floating-point arithmetic: formats by their definitions, and circuits by gates and by hand."""

from itertools import product

import ml_dtypes
import numpy as np
import pytest
from common import near

from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.floating import FloatAdder, FloatMac
from neurorebit.circuits.gates import cells
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.shifting import BarrelShifter, LeadingZeros, multiplexed
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switching import STEPS, Net
from neurorebit.circuits.wire import wire_res
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document
from neurorebit.schema.formats import FLOATS, FORMATS
from neurorebit.schema.paths import shipped

TYPES = {
    "fp32": np.float32, "fp16": np.float16, "bf16": ml_dtypes.bfloat16,
    "e5m2": ml_dtypes.float8_e5m2, "e4m3": ml_dtypes.float8_e4m3fn,
}  # fmt: skip


@pytest.fixture(scope="module")
def tech():
    return read_technology(Document(shipped("technology", "45nm_hp")))


def test_every_floating_point_format_is_that_of_its_definition():
    assert set(TYPES) == set(FLOATS)
    for word, kind in TYPES.items():
        info, ours = ml_dtypes.finfo(kind), FORMATS[word]
        assert (ours.bits, ours.fraction) == (info.bits, info.nmant)
        assert ours.top == float(info.max)
        assert 2.0**ours.least == float(info.smallest_normal)


def test_fixed_point_reaches_as_far_as_twos_complement():
    tops = {word: one.top for word, one in FORMATS.items() if not one.floats}
    assert tops == {"int32": 2147483647.0, "int16": 32767.0, "int8": 127.0, "int4": 7.0}


def test_a_multiplexer_toggles_as_all_of_its_inputs_say():
    """Every transition of two bits and the choice between them, with its probability."""
    ones, rates = (0.3, 0.6, 0.45), (0.2, 0.5, 0.35)
    expected = 0.0
    for before in product((0, 1), repeat=3):
        for after in product((0, 1), repeat=3):
            chance = 1.0
            for was, is_, p, rate in zip(before, after, ones, rates, strict=True):
                kept = p - rate / 2.0 if was else 1.0 - p - rate / 2.0
                chance *= rate / 2.0 if was != is_ else kept
            outs = [bits[0] if bits[2] else bits[1] for bits in (before, after)]
            expected += chance * (outs[0] != outs[1])
    nets = []
    for p, rate in zip(ones, rates, strict=True):
        toggles = np.zeros(STEPS)
        toggles[0] = rate
        nets.append(Net(np.float64(p), toggles))
    out = multiplexed(*nets).out
    assert out.toggles[0] == near(expected, rel=1e-12)
    assert out.ones == near(0.45 * 0.3 + 0.55 * 0.6, rel=1e-12)


def test_a_shifter_is_a_multiplexer_a_bit_and_level(tech):
    """27 bits have five levels of three NANDs a bit, and two chains a level."""
    found, nand = BarrelShifter(tech, 27.0), cells(tech).nand
    length = 27.0 * 3.0 * nand.width
    load = 27.0 * nand.input_cap + length * tech.wire.cap
    chain = Buffers(tech, load, False, wire_res(tech) * length)
    assert found.levels == 5.0
    expected = 5.0 * (3.0 * 27.0 * nand.area + 2.0 * chain.area)
    assert found.footprint.area.total == near(expected, rel=1e-9)
    least = 5.0 * 27.0 * tech.vdd**2 * 0.25 * nand.output_cap  # each output toggles at least so
    assert least < found.energy < 40.0 * least


def test_shifters_take_more_for_more_bits_and_levels(tech):
    found = BarrelShifter(tech, np.array([8.0, 9.0, 16.0, 27.0]))
    assert np.all(np.diff(found.energy) > 0.0)
    assert np.all(np.diff(found.delay) >= 0.0)
    assert found.delay[1] > 1.2 * found.delay[0]  # a level more


def test_leading_zeros_are_a_tree(tech):
    """Of 8 bits: four, two and one node with no, one and two multiplexers, two NANDs each."""
    found = LeadingZeros(tech, 8.0)
    assert found.gates == 7 * 2 + 3 * (2 * 1 + 1 * 2)
    assert found.footprint.area.total == near(26 * cells(tech).nand.area, rel=1e-12)


def test_an_adder_is_its_parts(tech):
    """Significands of 11 bits with three more, and one for the carry; exponents of 5, and one."""
    found = FloatAdder(tech, 11.0, 5.0, 3.0)
    parts = {block.name: (count, block) for count, block in found.parts}
    assert (parts["exponents"][0], parts["exponents"][1].bits) == (2.0, 6.0)
    assert [parts[name][1].bits for name in ("align", "normalise", "zeros")] == [14.0, 15.0, 15.0]
    assert [parts[name][1].bits for name in ("significands", "rounding")] == [15.0, 11.0]
    assert parts["pipeline"][1].bits == 3.0 * (14.0 + 5.0 + 2.0)
    assert found.footprint.area.total == near(
        sum(count * block.footprint.area.total for count, block in found.parts), rel=1e-12
    )
    one = FloatAdder(tech, 11.0, 5.0)
    assert found.add(0.5).energy.total == near(1.5 * one.energy, rel=1e-12)
    assert one.add().latency.total == near(sum(one.stages), rel=1e-12)


def test_a_lane_takes_the_longest_of_its_stages(tech):
    """Of 8 by 4 bits into fp32; a product of 12 bits, an exponent of 8, two bits for signs."""
    lane = FloatMac(tech, 5.0, bits=8.0, by=4.0)
    product_of, adder = Multiplier(tech, 8.0, 4.0), FloatAdder(tech, 24.0, 8.0)
    exponents = PrefixAdder(tech, 9.0, network="sklansky")
    registers = Register(tech, 5.0 * 32.0), Register(tech, 5.0 * (12.0 + 8.0 + 2.0))
    cost = lane.accumulate(0.4)
    kept = sum(one.store(0.2, 0.4).energy.total for one in registers)
    expected = 2.0 * (product_of.energy + exponents.energy + adder.energy) + kept
    assert cost.energy.total == near(expected, rel=1e-9)
    multiplied = product_of.products.delay() + product_of.adder.delay
    assert cost.latency.total == near(max(multiplied, *adder.stages), rel=1e-9)
    assert lane.resolve().energy.total == 0.0


def test_narrow_formats_take_less(tech):
    """In the order of their significands, which decide a product."""
    energies = [
        FloatMac(tech, bits=float(FORMATS[word].significand), by=float(FORMATS[word].significand))
        .accumulate()
        .energy.total
        for word in ("fp32", "fp16", "bf16", "e4m3", "e5m2")
    ]
    assert energies == sorted(energies, reverse=True)
