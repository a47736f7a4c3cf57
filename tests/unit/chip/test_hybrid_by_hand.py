"""The macros of the hybrid chip, analog and digital, against sums of circuits by hand.

Analog: 96 rows, 160 columns of cells, 8 columns to each of 20 converters of 6 bits, inputs of 5
planes. Digital: 96 rows of 160 bits, so 5 words of 32; errors of 10 bits, inputs of 6, accumulators
of 44, and 3 errors that share a row.
"""

from functools import partial

import by_hand
import numpy as np
import pytest
from by_hand import RERAM, TECH, beside, close, energy_of, same_cost, same_footprint, stands
from by_hand_resistive import (
    READ_V,
    RERAM_ON,
    crowded,
    in_series,
    one_transistor,
    pulsed,
    touched,
)

from neurorebit.circuits.accumulator import ACCUMULATORS
from neurorebit.circuits.arithmetic import Mac, Multiplier
from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Cost
from neurorebit.circuits.decoder import MuxDecoder
from neurorebit.circuits.floating import FloatMac
from neurorebit.circuits.gates import cells as gate_cells
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.prefix import PrefixAdder
from neurorebit.circuits.register import Register
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.sram import SramBank

# -- analog ------------------------------------------------------------------------------------

ARRAY, ROW_SWITCHES, COL_SWITCHES, PATH = one_transistor(cells=1.0)  # columns program alone
WIDTH = ARRAY.row_length
REFERENCE = ReramArray(TECH, RERAM, 96.0, 20.0, name="cells")
MIRRORS = 20.0 * 2.0 * gate_cells(TECH).nfet.area
MUX = AnalogMux(TECH, 20.0, 8.0, driven_res=PATH / 96.0, read_voltage=READ_V, fit_width=WIDTH)
MUX_DECODER = MuxDecoder(
    TECH, 3.0, load_n=MUX.control_load[0], load_p=MUX.control_load[1], name="mux_decoder"
)
FULL = {"full_scale": 96.0 / RERAM_ON, "read_voltage": READ_V}
ADC = by_hand.Sensed(SarAdc(TECH, 6.0, 20.0, **FULL, fit_width=WIDTH))
# A bit more than a conversion, 5 planes; a conversion with its front end from plane to plane.
SHIFT_ADD = ShiftAdd(
    TECH,
    7.0,
    5.0,
    20.0,
    beat=ADC.beat,
    fit_width=WIDTH,
    name="input_shift_add",
)
SIZES = {"rows": 96.0, "cols": 160.0, "cols_per_adc": 8.0, "adc_bits": 6.0, "input_bits": 5.0}
ANALOG = by_hand.analog_macro(**SIZES)


def test_what_stands_in_an_analog_macro():
    """A reference column for each converter, and two transistors that mirror its current."""
    readout = stands("readout", MUX, MUX_DECODER, SHIFT_ADD)
    readout = readout + ADC.stands().under("readout")
    expected = stands("apim", ARRAY, ROW_SWITCHES, COL_SWITCHES) + readout.under("apim")
    expected = expected + stands("references", REFERENCE, body=MIRRORS).under("apim")
    same_footprint(ANALOG, expected)
    assert (ANALOG.adcs, ANALOG.output_bits) == (20.0, 7.0 + 5.0)


@pytest.mark.parametrize(("rows", "cols"), [(72.0, 96.0), (None, None)])
def test_a_vector_through_the_columns(rows, cols):
    """0.3 of the rows in use, whose flip-flops toggle as random planes do, 5 times.

    At each of 8 columns of a converter the multiplexer moves once, while the first plane is put
    on. Converters of 6 bits span 4 standard deviations in 31 steps; a cell anywhere in its range
    has a twelfth of its square as variance. A single one, beside the pass gate, discharges a column
    most slowly; all of them carry the largest current.
    """
    used, share = rows or 96.0, (cols or 160.0) / 160.0
    active = 0.3 * used
    opened = ROW_SWITCHES.drive(active / 96.0, used / 96.0)
    after = ARRAY.read(active, share * 20.0)
    after = after + REFERENCE.read(active, share * 20.0).under("references")
    cell, low, high = (1.0 / ARRAY.column_res(1.0, state) for state in (0.4, 0.0, 1.0))
    half_step = 4.0 * (high - low) * np.sqrt(active / 12.0) / 31.0 / 2.0
    load = ARRAY.col_cap + MUX.gate.drain_cap * 9.0
    tau = (
        load / (cell + 1.0 / (MUX.switch.res + ADC.front_end.input_res))
        + ARRAY.col_res * ARRAY.col_cap / 2.0
    )
    settled = tau * np.log(used * cell / half_step)
    after = after + Cost.of(0.0, settled).under("array")
    drawn = share * 20.0 * active * READ_V**2 * (settled + ADC.front_end.time)
    lines = active, 2.0 * share * 20.0  # cells of a column, and of a row with its references
    drawn_there = drawn / crowded(ARRAY, 0.4, *lines)
    after = after + Cost.of(drawn_there).under("current").under("array")
    middle = drawn / crowded(REFERENCE, 0.5, *lines)
    after = after + Cost.of(middle).under("current").under("cells").under("references")
    after = after + ADC.convert().across(share).under("readout")
    first = beside(opened, (MUX_DECODER.select() + MUX.select(share)).under("readout")) + after
    position = first + 4.0 * (opened + after)
    position = position + SHIFT_ADD.accumulate(5.0, share).under("readout")
    same_cost(ANALOG.mvm(0.3, 0.4, rows, cols), (8.0 * position).under("apim"))


def test_programming_an_analog_macro():
    """2 % of 9600 cells rise, 7 pulses each; 0.5 % fall, 11 pulses each; 100 cells a row.

    Switches are set once a row that changes, whichever way.
    """
    up, down = (0.02, 7.0), (0.005, 11.0)
    array = ARRAY
    nothing = Cost()
    series = partial(in_series, ROW_SWITCHES, COL_SWITCHES)
    lines = pulsed(array, up, down, RERAM, nothing, lambda *_: nothing, switches=series)
    rows = touched(0.025)
    mean = (0.02 * 7.0 + 0.005 * 11.0) / 0.025
    written = 0.025 * 9600.0 / rows / 160.0
    switched = rows * beside(ROW_SWITCHES.write(), COL_SWITCHES.write(written, mean))
    found = ANALOG.program(up, down, 0.4, 9600.0)
    same_cost(found, (switched + lines).under("apim"))
    same_cost(ANALOG.program(up, down, 0.4), ANALOG.program(up, down, 0.4, 15360.0))


# -- digital -----------------------------------------------------------------------------------

DIGITAL = {
    "rows": 96.0, "cols": 160.0, "error_bits": 10.0, "input_bits": 6.0, "accumulator_bits": 44.0,
    "vectors": 3.0,
}  # fmt: skip
WEIGHTS, GRADIENTS = (SramBank(TECH, 96.0, 160.0, name=name) for name in ("weights", "gradients"))
ERRORS = Register(TECH, 3.0 * 10.0, name="errors")
WHOLE = Mac(TECH, 32.0, 10.0, 44.0 + 10.0, count=5.0, name="lanes")  # whole words by whole errors
NARROW = Mac(
    TECH, 10.0, 6.0, 44.0, count=5.0, name="lanes"
)  # errors by activations, the wider first
FLOAT = FloatMac(TECH, 5.0, bits=32.0, by=24.0, name="lanes")  # whole words by errors of fp32
SUM = ACCUMULATORS["sklansky"]
ROW_SUM = SUM(TECH, 44.0, 5.0, name="row_sum")
PLANE_SUM = SUM(TECH, 54.0, 5.0, name="plane_sum")
WORD_ADDER = PrefixAdder(TECH, 32.0, name="lanes")
SCALED = Multiplier(TECH, 32.0, 16.0, 1.0, name="lanes")  # a word and a rate
BUILDS = {"word_parallel": WHOLE, "bit_serial": NARROW}


def digital(build, **more):
    return by_hand.digital_macro(build, **{**DIGITAL, **more})


def loaded(bits):
    """So many bits of new errors or inputs, half of which change."""
    return energy_of(bits / 30.0 * ERRORS.store(0.5))


def test_what_stands_in_a_word_parallel_macro():
    """Two accumulators a lane beside its own, of 54 bits in each of 5 lanes."""
    further = Register(TECH, 2.0 * 5.0 * 54.0, name="accumulators")
    expected = stands("dpim", WEIGHTS, GRADIENTS, WHOLE, further, ERRORS)
    found = digital("word_parallel")
    same_footprint(found, expected)
    assert (found.words, found.weights, found.sum_bits) == (5.0, 480.0, 54.0)


def test_what_stands_in_a_bit_serial_macro():
    """Accumulators of 44 bits; sums of rows have 44 as well, those of planes 10 more."""
    further = Register(TECH, 2.0 * 5.0 * 44.0, name="accumulators")
    expected = stands(
        "dpim", WEIGHTS, GRADIENTS, NARROW, further, ERRORS, ROW_SUM, PLANE_SUM,
    )  # fmt: skip
    found = digital("bit_serial")
    same_footprint(found, expected)
    assert (found.words, found.weights, found.sum_bits) == (5.0, 480.0, 54.0)


def test_what_stands_in_a_macro_of_floating_point():
    further = Register(TECH, 2.0 * 5.0 * 32.0, name="accumulators")  # sums are of fp32
    errors = Register(TECH, 3.0 * 32.0, name="errors")
    expected = stands("dpim", WEIGHTS, GRADIENTS, FLOAT, further, errors)
    found = digital("word_parallel", error_bits=32.0, float_errors="fp32")
    same_footprint(found, expected)


# Rows and words in use; unless given, the whole macro. Every row in use opens in full, but the
# lines, amplifiers, drivers and lanes of words without a weight rest; rows follow each other.
USED = [(), (96.0, 5.0), (31.0, 5.0), (31.0, 2.0), (1.0, 1.0)]
each_use = pytest.mark.parametrize("used", USED)


def in_use(used, lanes=5.0):
    """Rows, and the share of the words."""
    rows, words = used or (96.0, lanes)
    return rows, words / lanes


def read_row(bank, share):
    found = bank.decoder.select() + bank.array.read(bank.decoder.output_ramp)
    found = found + bank.precharger.precharge(share) + bank.sense_amp.sense(share)
    return found.under(bank.name)


def write_row(bank, share):
    """Half of the cells in use flip."""
    found = bank.decoder.select() + bank.array.write(bank.decoder.output_ramp, share / 2.0)
    found = found + bank.write_driver.write(share) + bank.precharger.precharge_written(share)
    return found.under(bank.name)


def test_columns_without_a_weight_take_their_share_of_a_row():
    """Of a row read, decoder and word line stay whole; lines and amplifiers are two fifths."""
    whole, part = (read_row(WEIGHTS, share).energy.items for share in (1.0, 0.4))
    assert part["weights/array"] == close(whole["weights/array"])
    assert part["weights/decoder"] == close(whole["weights/decoder"])
    for name in ("weights/precharger", "weights/sense_amp"):
        assert part[name] == close(0.4 * whole[name])
    same_cost(WEIGHTS.read(0.4), read_row(WEIGHTS, 0.4))
    same_cost(WEIGHTS.write(0.5, 0.4), write_row(WEIGHTS, 0.4))


@each_use
@pytest.mark.parametrize("cols", [160.0, 32.0 * 400])
def test_a_vector_back_through_whole_words(cols, used):
    """A third of a read for each of three errors; a row takes the read or the three steps."""
    bank = SramBank(TECH, 96.0, cols, name="weights")
    lanes = Mac(TECH, 32.0, 10.0, 54.0, count=cols / 32.0, name="lanes")
    rows, share = in_use(used, cols / 32.0)
    read, step = read_row(bank, share), lanes.accumulate(0.7 * share)
    energy = energy_of(1.0 / 3.0 * read + step) + loaded(10.0)
    slowest = max(float(read.latency.total), 3.0 * float(step.latency.total))
    total = (rows * energy).under("dpim") + Cost.of(0.0, rows * slowest / 3.0).under("dpim")
    found = digital("word_parallel", cols=cols).mtvm(0.3, 0.7, *used)
    same_cost(found, total)


@each_use
def test_a_vector_back_bit_by_bit(used):
    """10 planes; 0.3 of the rows in use are read and added, all of them take their time."""
    rows, share = in_use(used)
    read, added = read_row(WEIGHTS, share), ROW_SUM.add(share)
    a_row, a_plane = energy_of(read + added), energy_of(PLANE_SUM.add(share))
    slowest = max(float(read.latency.total), float(added.latency.total))
    total = 10.0 * (0.3 * rows * a_row + a_plane) + Cost.of(0.0, 10.0 * rows * slowest)
    same_cost(digital("bit_serial").mtvm(0.3, 0.7, *used), total.under("dpim"))


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize(
    ("used", "errors", "inputs"),
    [
        ((), 96.0, 160.0),  # activations serve 3 errors: 32 blocks of 5
        ((96.0, 5.0), 96.0, 160.0),
        ((31.0, 5.0), 31.0, 55.0),  # ten blocks of 3 errors and one of a single error
        ((31.0, 2.0), 31.0, 22.0),
        ((1.0, 1.0), 1.0, 1.0),
    ],
)
def test_errors_times_activations(build, used, errors, inputs):
    """A step for each error, of 10 bits; activations have 6."""
    rows, share = in_use(used)
    total = rows * NARROW.accumulate(0.7 * share) + loaded(errors * 10.0) + loaded(inputs * 6.0)
    same_cost(digital(build).outer(0.7, *used), total.under("dpim"))
    assert digital(build).operands(rows, 5.0 * share) == close((errors, inputs))


@each_use
@pytest.mark.parametrize("build", BUILDS)
def test_the_gradient_of_an_image_is_added(build, used):
    rows, share = in_use(used)
    a_row = read_row(GRADIENTS, share) + WORD_ADDER.add().across(5.0 * share)
    a_row = a_row + write_row(GRADIENTS, share)
    same_cost(digital(build).collect(*used), (rows * a_row).under("dpim"))


@each_use
@pytest.mark.parametrize(("build", "passes"), [("word_parallel", 2.0), ("bit_serial", 12.0)])
@pytest.mark.parametrize(("products", "additions"), [(2.0, 1.0), (1.0, 1.0), (3.0, 2.0)])
def test_an_update_of_all_rows(build, passes, used, products, additions):
    """Products of 32 by 16 bits of a word: in 1 by 2 steps of 32 by 10 bits, 4 by 3 of 10 by 6.

    0.4 of the words are written again, in both banks at once.
    """
    rows, share = in_use(used)
    step = float(BUILDS[build].accumulate().latency.total)
    joules = products * 5.0 * share * SCALED.energy
    scaled = Cost.of(joules, products * passes * step).under("lanes")
    added = energy_of(additions * WORD_ADDER.add().across(5.0 * share))
    a_row = beside(read_row(WEIGHTS, share), read_row(GRADIENTS, share)) + scaled + added
    a_row = a_row + 0.4 * beside(write_row(WEIGHTS, share), write_row(GRADIENTS, share))
    found = digital(build).write(0.4, *used, products=products, additions=additions)
    same_cost(found, (rows * a_row).under("dpim"))


@each_use
def test_an_update_with_moments_of_its_own(used):
    """Two more banks, beside the others; a root and two divisions take 32 sums each."""
    rows, share = in_use(used)
    plain, made = digital("word_parallel"), digital("word_parallel", moments=2.0)
    bank = by_hand.named(WEIGHTS, "moments")
    more = made.footprint.area.total - plain.footprint.area.total
    assert more == close(2.0 * bank.footprint.area.total)
    sums = 3.0 * 32.0 * WORD_ADDER.add().across(5.0 * share)
    moved = energy_of(2.0 * read_row(bank, share)) + 0.4 * energy_of(2.0 * write_row(bank, share))
    due = plain.write(0.4, *used) + (rows * (sums + moved)).under("dpim")
    same_cost(made.write(0.4, *used, serial=3.0), due)


def test_an_update_in_floating_point_takes_one_step_a_product():
    step = float(FLOAT.accumulate().latency.total)
    found = digital("word_parallel", error_bits=32.0, float_errors="fp32").write(0.4)
    lanes = sum(n for name, n in found.latency.items.items() if name.startswith("dpim/lanes"))
    assert lanes == close(96.0 * 2.0 * step)


@each_use
@pytest.mark.parametrize("build", BUILDS)
def test_levels_of_old_and_new_weights(build, used):
    """Twice for each of 480 words, or those in use: a product of 32 by 16 bits, rounded in 16."""
    rows, share = in_use(used)
    rounded = PrefixAdder(TECH, 16.0).energy
    energy = 2.0 * rows * share * 5.0 * (SCALED.energy + rounded)
    same_cost(digital(build).level(*used), Cost.of(energy).under("lanes").under("dpim"))
