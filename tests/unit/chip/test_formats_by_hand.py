"""Digital macros whose words have other formats, or that share their lanes, by hand.

96 rows of 160 bits; errors of 10 bits, inputs of 6, accumulators of 44, 3 errors that share a row.
"""

import by_hand
import numpy as np
import pytest
from by_hand import TECH, close, energy_of, same_footprint, stands

from neurorebit.chips.hybrid.formats import Formats
from neurorebit.circuits.arithmetic import Mac, Multiplier
from neurorebit.circuits.floating import FloatAdder, FloatMac
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.sram import SramBank
from neurorebit.circuits.wire import Bus

DIGITAL = {
    "rows": 96.0, "cols": 160.0, "error_bits": 10.0, "input_bits": 6.0, "accumulator_bits": 44.0,
    "vectors": 3.0,
}  # fmt: skip
ERRORS = Register(TECH, 3.0 * 10.0, name="errors")


def digital(build="word_parallel", sharing=1.0, moments=0.0, float_errors="", **formats):
    given = {**DIGITAL, "sharing": sharing, "moments": moments, "float_errors": float_errors}
    return by_hand.digital_macro(build, formats=Formats(**formats), **given)


def bank(cols, name):
    return SramBank(TECH, 96.0, cols, name=name)


def test_narrow_words_are_more_of_a_row():
    """Ten weights of 16 bits a row, with gradients of 8 bits, velocities of 4 and copies of 32."""
    found = digital(weight="int16", gradient="int8", moment="int4", master="int32", moments=1.0)
    lanes = Mac(TECH, 16.0, 10.0, 54.0, count=10.0, name="lanes")
    further = Register(TECH, 2.0 * 10.0 * 54.0, name="accumulators")
    banks = bank(160.0, "weights"), bank(80.0, "gradients"), bank(40.0, "moments")
    same_footprint(found, stands("dpim", *banks, bank(320.0, "masters"), lanes, further, ERRORS))
    assert (found.words, found.weights) == (10.0, 960.0)


def test_words_of_floating_point_are_multiplied_with_whole_errors():
    """Significands of 8 bits by errors of 10 and inputs of 6; sums are of fp32."""
    found = digital(weight="bf16")
    lanes = FloatMac(TECH, 10.0, bits=10.0, by=8.0, name="lanes")
    further = Register(TECH, 2.0 * 10.0 * 32.0, name="accumulators")
    banks = bank(160.0, "weights"), bank(320.0, "gradients")
    same_footprint(found, stands("dpim", *banks, lanes, further, ERRORS))
    assert found.sum_bits == 32.0


def test_an_update_has_the_width_of_the_widest_word():
    """A product with a rate, 16 bits at most of which a float's significand has: 8 by 8 bits."""
    whole, half = digital(weight="int8", gradient="int16"), digital(weight="bf16", gradient="e4m3")
    scaled = Multiplier(TECH, 16.0, 16.0).energy
    assert whole.learner.product_energy == close(scaled)
    assert energy_of(whole.word_adder.add()).energy.total == close(PrefixAdder(TECH, 16.0).energy)
    scaled = Multiplier(TECH, 8.0, 8.0).energy + PrefixAdder(TECH, 9.0).energy
    assert half.learner.product_energy == close(scaled)
    assert half.word_adder.energy == close(FloatAdder(TECH, 8.0, 8.0).energy)
    assert half.collector.energy == close(FloatAdder(TECH, 4.0, 4.0).energy)


def test_rounding_by_chance_takes_random_bits():
    """For each of 5 words of a row 16 bits that shift, and an addition of as many."""
    plain, chance = digital(), digital(rounding="stochastic")
    source = Register(TECH, 80.0, name="chances")
    more = chance.footprint.area.total - plain.footprint.area.total
    assert more == close(source.footprint.area.total)
    one = source.store(0.5).energy.total + 5.0 * PrefixAdder(TECH, 16.0).energy
    collected = chance.collect().energy.total - plain.collect().energy.total
    assert collected == pytest.approx(96.0 * one, rel=1e-9)
    written = chance.write().energy.total - plain.write().energy.total
    assert written == pytest.approx(96.0 * 2.0 * one, rel=1e-9)


@pytest.mark.parametrize("build", ["word_parallel", "bit_serial"])
def test_macros_that_share_lanes_have_their_part_of_them(build):
    """Four macros: a quarter of all arithmetic, and of a bus as long as the side of all four."""
    alone, shared = digital(build), digital(build, sharing=4.0)
    banks = bank(160.0, "weights"), bank(160.0, "gradients")
    held = sum(one.footprint.area.total for one in banks)
    logic = alone.footprint.area.total - held
    sums = [part for part in ("row_sum", "plane_sum") if build == "bit_serial"]
    beside = logic - sum(getattr(alone, part).footprint.area.total for part in sums)
    way = Bus(TECH, np.sqrt(4.0 * held + beside), 160.0)
    expected = held + logic / 4.0 + way.footprint.area.total / 4.0
    assert shared.footprint.area.total == close(expected)
    back = shared.mtvm(0.3, 0.7).energy.total - alone.mtvm(0.3, 0.7).energy.total
    reads = 96.0 * (1.0 / 3.0 if build == "word_parallel" else 10.0 * 0.3)
    assert back == pytest.approx(reads * 160.0 * way.energy, rel=1e-9)
    collected = shared.collect().energy.total - alone.collect().energy.total
    assert collected == pytest.approx(96.0 * 2.0 * 160.0 * way.energy, rel=1e-9)
    written = shared.write().energy.total - alone.write().energy.total
    assert written == pytest.approx(96.0 * 2.0 * 2.0 * 160.0 * way.energy, rel=1e-9)
