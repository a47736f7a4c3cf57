"""PEs, tiles, stores, translators, vector unit and control, against sums of circuits by hand."""

from dataclasses import dataclass, field, replace

import by_hand
import numpy as np
import pytest
from by_hand import RERAM, TECH, beside, close, energy_of, same_cost, same_footprint, stands
from by_hand_resistive import SIZES, crowded
from lane_registers import lane as lane_of

from neurorebit.chips.parts.vector import VectorUnit
from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.arithmetic import Multiplier
from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.buffer import FlipFlopBuffer, SramBuffer
from neurorebit.circuits.comparator import PrefixComparator
from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Cost
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.htree import HTree
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.switching import Operand
from neurorebit.circuits.wire import Bus
from neurorebit.layers.batch_norm import NORMALISE

# -- a PE: 3 rows of 2 macros ------------------------------------------------------------------

# 40 results of 11 bits leave the macros of a row; 3 rows add up in 2 more bits. 700 bits of inputs
# are held; 96 wires run along each row of macros. Beside the macros stand two registers of 50.
MACRO = Register(TECH, 400.0, name="macro")
BESIDE = Register(TECH, 50.0, name="extra")
TREE = AdderTree(TECH, 3.0, 11.0, 40.0)
INPUTS = Register(TECH, 700.0, name="inputs")
OUTPUTS = Register(TECH, 40.0 * 13.0, name="outputs")


def area(*blocks):
    return sum(float(block.footprint.area.total) for block in blocks)


WIRING = 0.3 * 6.0 * area(MACRO)  # a PE of 1.3 times its macros
SIDE = np.sqrt(1.3 * 6.0 * area(MACRO) + area(TREE, INPUTS, OUTPUTS) + 2.0 * area(BESIDE))
# Along 3 macros there are 2 steps from the first to the last; a bus for each of 3 rows.
BUS = Bus(TECH, length=2.0 / 3.0 * SIDE, width=96.0, count=3.0)
PE = by_hand.pe(
    MACRO, macro_rows=3.0, macro_cols=2.0, results=40.0, sum_bits=11.0, input_bits=700.0,
    lines=96.0, wiring=1.3, beside=((2.0, BESIDE),),
)  # fmt: skip


def pe_stands():
    parts = (6.0, MACRO), (2.0, BESIDE), TREE, INPUTS, OUTPUTS, BUS
    return stands("pe", *parts, body=WIRING)


def test_what_stands_in_a_pe():
    same_footprint(PE, pe_stands())
    assert PE.side == close(SIDE)


def test_a_bus_is_as_long_as_the_longer_side_of_a_pe():
    wide = by_hand.pe(
        MACRO, macro_rows=2.0, macro_cols=5.0, results=40.0, sum_bits=11.0, input_bits=700.0,
        lines=96.0,
    )  # fmt: skip
    bus = Bus(TECH, length=4.0 / 5.0 * wide.side, width=96.0, count=2.0)
    assert by_hand.part(wide.footprint.area, "pe/bus") == close(area(bus))


def test_what_a_pe_takes_carries_and_gives():
    """Registers are billed by the bit, half of the bits change; only energy, macros stream."""
    taken = energy_of(140.0 / 700.0 * INPUTS.store(0.5)).under("pe")
    given = energy_of(130.0 / 520.0 * OUTPUTS.store(0.5)).under("pe")
    same_cost(PE.hold_inputs(140.0), taken)
    same_cost(PE.hold_results(130.0), given)
    same_cost(PE.carry(77.0), energy_of(BUS.transfer(77.0, 0.0)).under("pe"))


# -- a tile: 5 PEs, of which 4 give partial results of the same outputs --------------------------

# Sums of 13 bits from 4 PEs; 5 PEs stand in a grid of 3 by 3. Cores have 20 lines of 24 bits: 1000
# bits of inputs take 3 of them, 2000 of outputs 5.
TILE_TREE = AdderTree(TECH, 4.0, 13.0, 40.0)
KINDS = {"flip_flop": FlipFlopBuffer, "sram": SramBuffer}
each_buffer = pytest.mark.parametrize("kind", KINDS)


def buffers(kind):
    return (
        KINDS[kind](TECH, 480.0, 24.0, 3.0, name="input_buffer"),
        KINDS[kind](TECH, 480.0, 24.0, 5.0, name="output_buffer"),
    )


HTREE = HTree(TECH, 3.0, 3.0, leaf_height=SIDE, leaf_width=SIDE, width=288.0, tolerance=0.2)


def made(kind, input_bits=1000.0):
    return by_hand.tile(
        PE, pes=5.0, added=4.0, input_bits=input_bits, output_bits=2000.0, buffer=kind,
        core_lines=20.0, core_bits=24.0, tree_width=288.0, tolerance=0.2,
    )  # fmt: skip


@each_buffer
def test_what_stands_in_a_tile(kind):
    expected = stands("tile", TILE_TREE, *buffers(kind), HTREE)
    expected = expected + (5.0 * pe_stands()).under("tile")
    found = made(kind)
    same_footprint(found, expected)
    logic = area(TILE_TREE, *buffers(kind))
    assert found.side == close(np.sqrt(5.0 * SIDE**2 + logic))


def test_a_tile_has_a_core_even_for_few_bits():
    one = SramBuffer(TECH, 480.0, 24.0, 1.0, name="input_buffer")
    found = by_hand.under(made("sram", input_bits=5.0).footprint.area, "input_buffer")
    assert found == close(area(one))


@each_buffer
def test_both_buffers_of_a_tile_stream(kind):
    """Each bit is written and read; the slower buffer takes the time, whichever it is."""
    into, out = buffers(kind)
    for inputs, outputs in ((9000.0, 100.0), (100.0, 9000.0)):
        total = beside(
            into.write(inputs) + into.read(inputs), out.write(outputs) + out.read(outputs)
        )
        same_cost(made(kind).stream(inputs, outputs), total.under("tile"))


def test_what_a_tile_carries_and_adds():
    """864 bits over 288 wires: 3 flits. 17 additions of 19 bits in no time: they stream."""
    found = made("sram")
    same_cost(found.carry(864.0), HTREE.transfer(864.0, 3.0).under("tile"))
    energy = 17.0 * Adder(TECH, 19.0).energy
    same_cost(found.add(17.0, 19.0), Cost.of(energy).under("adder_tree").under("tile"))


# -- stores ------------------------------------------------------------------------------------

BUFFER = SramBuffer(TECH, 480.0, 24.0, 4.0, name="buffer")


def test_a_gradient_store():
    """3 lanes: 12 values take 4 rounds. Sums of 20 bits. Five lanes of an update: 2.4 rounds of
    velocities of 32 bits by a rate of 16.
    """
    adder = PrefixAdder(TECH, 20.0, 3.0, network="sklansky")
    multiplier = Multiplier(TECH, 32.0, 16.0, 5.0)
    wide = PrefixAdder(TECH, 32.0, 5.0, network="sklansky", name="update_adder")
    store = by_hand.gradient_store(BUFFER, 1000.0, 20.0, 3.0, 5.0)
    same_footprint(store, stands("gradient_store", BUFFER, adder, multiplier, wide))
    moved = BUFFER.read(240.0), BUFFER.write(240.0)
    total = moved[0] + moved[1] + 4.0 * adder.add()
    same_cost(store.collect(12.0), total.under("gradient_store"))
    for products, additions in ((1.0, 1.0), (3.0, 2.0), (0.0, 1.0)):
        total = moved[0] + 2.4 * (products * multiplier.multiply() + additions * wide.add())
        found = store.update(12.0, products, additions)
        same_cost(found, total.under("gradient_store"))
    total = moved[0] + 2.4 * (multiplier.multiply() + (3.0 + 2.0 * 32.0) * wide.add())
    same_cost(store.update(12.0, 1.0, 3.0, serial=2.0), total.under("gradient_store"))
    assert (float(store.spilled(50.0)), float(store.spilled(51.0))) == (0.0, 1.0)


PRODUCT = "products", "adder"


def test_a_gradient_store_of_long_sums():
    """Sums of more than 32 bits ask for lanes as wide."""
    store = by_hand.gradient_store(BUFFER, 1000.0, 37.0, 3.0, 5.0)
    found = sum(by_hand.part(store.footprint.area, f"multiplier/{part}") for part in PRODUCT)
    assert found == close(area(Multiplier(TECH, 37.0, 16.0, 5.0)))


@pytest.mark.parametrize(("bits", "wide", "narrow"), [(5.0, 16.0, 5.0), (20.0, 20.0, 16.0)])
def test_a_hidden_store(bits, wide, narrow):
    """Codes of so many bits by a rate of 16; words of 32 are added to and compared."""
    adder = PrefixAdder(TECH, 32.0, 3.0, network="sklansky")
    multiplier, comparator = Multiplier(TECH, wide, narrow, 3.0), PrefixComparator(TECH, 32.0, 3.0)
    store = by_hand.hidden_store(BUFFER, 3200.0, bits, 3.0)
    same_footprint(store, stands("hidden_store", BUFFER, multiplier, adder, comparator))
    for values in (3.0, 12.0):
        words = 32.0 * values
        work = values / 3.0 * (multiplier.multiply() + adder.add() + comparator.compare())
        total = beside(BUFFER.read(words) + BUFFER.write(words), work)
        same_cost(store.collect(values), total.under("hidden_store"))
    assert (float(store.held(100.0)), float(store.held(101.0))) == (1.0, 0.0)


# -- Tiki-Taka's lines ---------------------------------------------------------------------------


def test_translators():
    """70 lines hold 6 bits and shift 16 random ones; a value is taken once, 5 slots follow."""
    comparator, register = PrefixComparator(TECH, 6.0, 70.0), Register(TECH, 22.0 * 70.0)
    found = by_hand.translators(6.0, 70.0)
    same_footprint(found, stands("translators", comparator, register))
    taken = register.store(6.0 / 22.0 / 2.0, 6.0 / 22.0)
    slot = register.store(16.0 / 22.0 / 2.0, 16.0 / 22.0) + comparator.compare()
    same_cost(found.translate(5.0), energy_of(taken + 5.0 * slot).under("translators"))


def test_a_fast_array():
    """A row of 96 is read; in each of 8 positions 0.6 of 20 references are charged beside it.

    At mid range they conduct as long as the array does: its columns settle, then front ends.
    """
    sizes = {**SIZES, "input_bits": 1.0, "transposed": False, "summed": 1.0}
    macro = by_hand.macro("reram", **sizes)
    references = ReramArray(TECH, RERAM, 96.0, 160.0, name="references")
    found = by_hand.fast_array(macro, references)
    expected = macro.footprint.under("fast") + stands("fast", references)
    same_footprint(found, expected)
    charged = references.read(1.0, 12.0).across(8.0)
    read = macro.read(1.0 / 96.0, 0.4, 1.0, 0.6)
    time = read.latency.items["reram/array"] / 8.0 + macro.readout.converters.front_end.time
    joules = 8.0 * 12.0 * 0.5**2 / crowded(references, 0.5, 1.0, 24.0) * time
    drawn = Cost.of(joules).under("current").under("references")
    same_cost(found.read_row(0.4, 0.6), (read + charged + drawn).under("fast"))
    train, pulses = (5.0, 10.0, 24.0), {"up": 30.0, "down": 40.0, "state": 0.4}
    same_cost(found.coincide(*train, **pulses), macro.coincide(*train, **pulses).under("fast"))


# -- converters ----------------------------------------------------------------------------------

WIDTH = 60e-6
ADCS = {"sar": SarAdc, "flash": FlashAdc, "flash_voltage": VoltageFlashAdc}


@pytest.mark.parametrize("bits", [2.0, 5.0])
@pytest.mark.parametrize("kind", ADCS)
def test_converters_and_their_encoders(kind, bits):
    """A level of a flash converter is not yet a number; with one bit it is."""
    shared = {"count": 9.0, "read_voltage": 0.7, "full_scale": 3e-4, "fit_width": WIDTH}
    made = by_hand.Sensed(ADCS[kind](TECH, bits, **shared))
    encoder = Encoder(TECH, bits, 9.0, fit_width=WIDTH)
    found = by_hand.converters(kind, bits=bits, **shared)
    more = () if kind == "sar" else (encoder,)
    same_footprint(found, made.stands(*more))
    total = made.convert()
    total = total if kind == "sar" else total + encoder.encode().under("converters")
    same_cost(found.convert(), total)
    assert found.beat == close(made.beat + (0.0 if kind == "sar" else encoder.delay))
    if kind != "sar":
        alone = by_hand.converters(kind, bits=1.0, **shared)
        assert by_hand.part(alone.footprint.area, "converters/encoder") == 0.0


# -- vector unit and control ---------------------------------------------------------------------


@dataclass
class Work:
    """For each element: cycles of a lane, additions and products by their bits, stored words."""

    cycles: float
    adds: dict = field(default_factory=dict)
    products: dict = field(default_factory=dict)
    words: float = 0.0


# 7 lanes, 14 stored bits, errors of 9 and inputs of 6. A product has one stored factor.
UNIT = by_hand.vector_unit(lanes=7.0, stored_bits=14.0, error_bits=9.0, input_bits=6.0)
WORK = {
    # Sum and sum of squares, then scale, shift and round: 4 cycles.
    "normalise": Work(4.0, {32.0: 2.0, 40.0: 1.0, 16.0: 2.0}, {14.0: 2.0}, 2.0),
    "rectify": Work(1.0, {16.0: 2.0}),
    "add": Work(1.0, {14.0: 1.0}),
    # Two sums, of errors and of their products; then errors and stored values combined.
    "normalise_back": Work(4.0, {32.0: 4.0}, {9.0: 2.0, 14.0: 1.0}, 2.0),
    "round_errors": Work(1.0, {16.0: 2.0}, words=0.5),  # 16 random bits are half a word
}


def billed(elements, work):
    """Half of the bits of a stored word change."""
    added = sum(
        n * PrefixAdder(TECH, bits, network="sklansky").energy for bits, n in work.adds.items()
    )
    products = (n * Multiplier(TECH, 14.0, bits).energy for bits, n in work.products.items())
    one = Register(TECH, 1.0)
    stored = work.words * 32.0 * (one.clock_energy + one.data_energy / 2.0)
    lane = lane_of(TECH, 14)
    flip = one.clock_energy + one.data_energy / 2.0
    latched = flip * lane.product_bits * sum(work.products.values())
    latched += flip * lane.sum_bits / 40.0 * sum(n * bits for bits, n in work.adds.items())
    time = elements * work.cycles / 7.0 * lane.cycle
    total = Cost.of(0.0, time) + Cost.of(elements * added).under("adder")
    total = total + Cost.of(elements * sum(products)).under("multiplier")
    total = total + Cost.of(elements * latched).under("register").under("pipeline")
    return (total + Cost.of(elements * stored).under("register")).under("vector")


def test_what_stands_in_the_vector_unit():
    """A lane: 14 by 14 bits, 40 bits, four words and 16 random bits, 14 bits compared."""
    expected = stands(
        "vector",
        Multiplier(TECH, 14.0, 14.0, 7.0),
        PrefixAdder(TECH, 40.0, 7.0, network="sklansky"),
        Register(TECH, 144.0 * 7.0),
        PrefixComparator(TECH, 14.0, 7.0),
    )
    lane = lane_of(TECH, 14)
    cuts = stands("pipeline", Register(TECH, 7.0 * (lane.product_bits + lane.sum_bits)))
    same_footprint(UNIT, expected + cuts.under("vector"))


@pytest.mark.parametrize(("clock", "stages"), [(1e9, 3), (0.2e9, 1), (10e9, None)])
def test_a_multiplier_has_the_stages_that_fit_into_a_clock(clock, stages):
    """16 by 16 bits of 32 nm LSTP take 2.9 ns: 3 cycles of 1 ns, one of 5 ns; at 10 GHz a cycle is
    that of a full adder.
    """
    tech = replace(TECH, clock=clock)
    unit, lane = VectorUnit(tech, 64.0), lane_of(tech, 16)
    found = unit.pipeline
    assert found.cycle == close(lane.cycle)
    assert found.product_stages == lane.product_stages == (stages or lane.product_stages)
    assert found.addition_stages == lane.sum_stages
    assert found.product_bits == close(lane.product_bits) if lane.product_bits else True
    longest = unit.multiplier.multiply().latency.total / lane.product_stages
    assert longest <= lane.cycle * (1.0 + 1e-9)
    taken = unit.execute(NORMALISE, 640.0).latency.total
    assert taken == close(10 * NORMALISE.cycles * lane.cycle)


@pytest.mark.parametrize("work", WORK)
def test_work_of_the_vector_unit(work):
    same_cost(by_hand.vector_work(UNIT, work, 21.0), billed(21.0, WORK[work]))


def test_pooling_takes_a_cycle_for_every_three_comparisons():
    """Windows of 9: 8 comparisons of inputs, of which a lane does 3 a cycle."""
    same_cost(by_hand.pooling(UNIT, 21.0, 9.0), billed(21.0 * 8.0 / 3.0, Work(1.0, {6.0: 3.0})))


def test_control_steps_four_counters():
    """Of the 16 bits of a counter two toggle in a step, and none of the 1 that it adds."""
    adder = Adder(TECH, 16.0, 4.0, operand=Operand(0.5, 2.0 / 32.0))
    register = Register(TECH, 64.0)
    found = by_hand.sequencer()
    same_footprint(found, stands("control", adder, register))
    total = energy_of(13.0 * (adder.add() + register.store(0.5)))
    same_cost(found.step(13.0), total.under("control"))
