"""Macros of SRAM cells that are read both ways, against sums of circuits by hand.

All macros here have 96 rows and 160 columns. Forward 8 columns share one of 160 / 8 = 20
converters, back 12 rows one of 96 / 12 = 8. A weight has 4 cells of a row; inputs have 6 planes,
errors 9.
"""

import by_hand
import pytest
from by_hand import TECH, beside, close, same_cost, same_footprint, stands
from by_hand_resistive import COLS, DENSITY, ROWS, SIZES, STATE

from neurorebit.circuits.adder import Adder, AdderTree
from neurorebit.circuits.array import SramArray
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Bill, Cost
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.gates import nfet_res
from neurorebit.circuits.mux import AnalogMux
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from neurorebit.circuits.write_driver import WriteDriver

ARRAY = SramArray(TECH, 96.0, 160.0)
WIDTH, HEIGHT = ARRAY.row_length, ARRAY.col_length
ACCESS = nfet_res(TECH, TECH.sram.access * TECH.feature)
BELOW, ASIDE = {"fit_width": WIDTH}, {"fit_height": HEIGHT}


def row_switches(driven_res, array=ARRAY, rows=96.0):
    """A wordline is the load: 160 cells wide; 96 of them along the height."""
    return RowSwitchMatrix(
        TECH,
        rows,
        driven_res=driven_res,
        load=array.row_cap,
        line_res=array.row_res,
        read_voltage=TECH.vdd,
        fit_height=array.col_length,
        name="row_switches",
    )


def col_switches():
    """A column line is the load; 160 of them along the width."""
    return RowSwitchMatrix(
        TECH,
        160.0,
        driven_res=ARRAY.col_res,
        load=ARRAY.col_cap,
        line_res=ARRAY.col_res,
        read_voltage=TECH.vdd,
        fit_height=WIDTH,
        name="col_switches",
    )


def lines(back=False, array=ARRAY, cols=160.0):
    """Prechargers and write drivers: a pair of bitlines a column, or of row lines a row."""
    if back:
        given = TECH, 96.0, array.row_cap, array.row_res
        pre = Precharger(*given, fit_width=HEIGHT, name="transposed_precharger")
        return pre, WriteDriver(*given, fit_width=HEIGHT, name="transposed_write_driver")
    given = TECH, cols, array.col_cap, array.col_res
    width = array.row_length
    return Precharger(*given, fit_width=width), WriteDriver(*given, fit_width=width)


def mux(outputs, ways, address, driven_res, length):
    found = AnalogMux(
        TECH,
        outputs,
        ways,
        driven_res=driven_res,
        read_voltage=TECH.vdd,
        fit_width=length,
        fit_height=MuxDecoder(TECH, address).height,
    )
    load_n, load_p = found.control_load
    return found, MuxDecoder(TECH, address, load_n=load_n, load_p=load_p, name="mux_decoder")


def shift_add(name, bits, terms, count, fit, beat=0.0):
    return ShiftAdd(TECH, bits, terms, count, beat=beat, **fit, name=f"{name}_shift_add")


def adc(bits, count, cells, fit):
    """Converters for so many cells of a line, each through its two transistors."""
    full = {"full_scale": cells / ARRAY.read_res, "read_voltage": TECH.sensing.read_voltage}
    return by_hand.Sensed(SarAdc(TECH, bits, count, **full, **fit))


# -- all rows at once --------------------------------------------------------------------------

SWITCHES, COL_SWITCHES = row_switches(ARRAY.row_res), col_switches()
PRECHARGER, WRITE_DRIVER = lines()
BACK_PRECHARGER, BACK_WRITE_DRIVER = lines(back=True)
MUX, MUX_DECODER = mux(20.0, 8.0, 3.0, ACCESS / (2.0 * 96.0), WIDTH)
BACK_MUX, BACK_MUX_DECODER = mux(8.0, 12.0, 4.0, ACCESS / (2.0 * 160.0), HEIGHT)
ADC, BACK_ADC = adc(5.0, 20.0, 96.0, BELOW), adc(7.0, 8.0, 160.0, ASIDE)
JOINS = shift_add("weight", 5.0, 4.0, 20.0, BELOW, ADC.beat)  # 4 cells a weight
PLANES = shift_add("input", 9.0, 6.0, 20.0, BELOW, ADC.beat)  # 6 planes
BACK_JOINS = shift_add("weight", 7.0, 4.0, 8.0, ASIDE, BACK_ADC.beat)
BACK_PLANES = shift_add("input", 11.0, 9.0, 8.0, ASIDE, BACK_ADC.beat)  # 9 planes


BACK = "transposed_readout"


def readout(converter, *parts, name="readout"):
    """Converters and what is before and behind them."""
    return stands(name, *parts) + converter.stands().under(name)


def test_what_stands_in_a_macro_of_all_rows_at_once():
    expected = stands(
        "sram", ARRAY, SWITCHES, COL_SWITCHES, PRECHARGER, WRITE_DRIVER, BACK_PRECHARGER,
        BACK_WRITE_DRIVER,
    )  # fmt: skip
    expected = expected + readout(ADC, MUX, MUX_DECODER, JOINS, PLANES).under("sram")
    back = readout(BACK_ADC, BACK_MUX, BACK_MUX_DECODER, BACK_JOINS, BACK_PLANES, name=BACK)
    expected = expected + back.under("sram")
    found = by_hand.macro("sram", **SIZES)
    same_footprint(found, expected)
    assert (found.adcs, found.output_bits) == (20.0, 5.0 + 4.0 + 6.0)


def turned(opened, moved, planes):
    """Multiplexers move with the first plane."""
    return 1.0 / planes * (beside(opened, moved) + (planes - 1.0) * opened)


def current(cells, converter):
    """Of cells at the voltage at which converters hold lines, while their front ends settle."""
    power = cells * TECH.sensing.read_voltage**2 / ARRAY.read_res
    joules = power * converter.front_end.time
    return Cost.of(joules).under("current").under("array")


def position(density, driven, sensed):
    """One of the 8 columns of each converter; a cell with a one conducts in an active row."""
    active = density * 96.0
    moved = (MUX_DECODER.select() + MUX.select(sensed)).under("readout")
    found = turned(SWITCHES.drive(density, driven), moved, 6.0)
    found = found + PRECHARGER.precharge(sensed)
    found = found + ARRAY.read(SWITCHES.output_ramp).across(active)
    found = found + current(sensed * 20.0 * active * STATE, ADC)
    return found + ADC.convert().under("readout").across(sensed)


def test_a_plane_through_the_columns():
    """0.3 of 72 rows: 21.6 wordlines; 12 of the 20 converters, each with 8 columns, 2 weights."""
    total = 8.0 * position(DENSITY * ROWS, ROWS, COLS)
    total = total + (JOINS.accumulate(8.0, COLS) + PLANES.accumulate(2.0, COLS)).under("readout")
    found = by_hand.macro("sram", **SIZES).read(DENSITY, STATE, ROWS, COLS)
    same_cost(found, total.under("sram"))


@pytest.mark.parametrize("res", [4e3, None])
def test_a_plane_back_through_the_rows(res):
    """The 4 cells of a weight are read in 4 passes, each with a quarter of the columns.

    0.3 of 96 columns: 28.8 carry a one, 7.2 in a pass; of the 8 converters 6 convert at each of 12
    rows. Where no resistance is given, a row is pulled by the cells of these 7.2.
    """
    moved = (BACK_MUX_DECODER.select() + BACK_MUX.select(ROWS)).under(BACK)
    once = turned(COL_SWITCHES.drive(DENSITY * COLS / 4.0, COLS), moved, 9.0)
    once = once + BACK_PRECHARGER.precharge(ROWS)
    once = once + ARRAY.read_transposed(COL_SWITCHES.output_ramp).across(7.2)
    of_row = ARRAY.read_res / res if res else 7.2 * STATE
    once = once + current(6.0 * of_row, BACK_ADC)
    once = once + BACK_ADC.convert().under(BACK).across(ROWS)
    total = 4.0 * 12.0 * once
    total = total + (BACK_JOINS.accumulate(48.0, ROWS) + BACK_PLANES.accumulate(12.0, ROWS)).under(
        BACK
    )
    found = by_hand.macro("sram", **SIZES).read_transposed(DENSITY, STATE, COLS, ROWS, res=res)
    same_cost(found, total.under("sram"))


def test_front_ends_are_made_for_all_cells_of_a_line():
    """96 cells of a column, 160 of a row, each through its two transistors."""
    found = by_hand.macro("sram", **SIZES)
    there, back = found.read().energy, found.read_transposed().energy
    one, other = (made.front_end.sense().energy.total for made in (ADC, BACK_ADC))
    assert by_hand.part(there, "sram/readout/converters/front_end") == close(8.0 * one)
    assert by_hand.part(back, "transposed_readout/converters/front_end") == close(48.0 * other)
    made = (
        by_hand.macro("sram", **{**SIZES, "rows": rows}).readout.converters.front_end
        for rows in (96.0, 192.0)
    )
    few, many = (one.passed for one in made)
    assert many == close(2.0 * few)


def written_row(opened, ramp, share):
    """Open it, pull the lines of what changes, charge them again."""
    found = opened + WRITE_DRIVER.write(share) + PRECHARGER.precharge_written(share)
    return found + ARRAY.write(ramp, share)


def test_rows_are_written_one_after_the_other():
    line = written_row(SWITCHES.write(), SWITCHES.output_ramp, 0.3)
    found = by_hand.macro("sram", **SIZES).write(5.0, 0.3)
    same_cost(found, (5.0 * line).under("sram"))


UP, DOWN = (0.02, 3.0), (0.005, 9.0)  # shares; pulses mean nothing here
TOUCHED = 96.0 * (1.0 - (1.0 - 0.025) ** 100.0)  # 9600 cells: 100 a row
SHARE = 0.025 * 9600.0 / TOUCHED / 160.0  # of the columns of such a row


def test_rows_that_change_are_read_and_written():
    """One row of 96 is read, with all converters; what rises and what falls is written at once."""
    line = written_row(SWITCHES.write(), SWITCHES.output_ramp, SHARE)
    total = TOUCHED * (8.0 * position(1.0 / 96.0, 1.0, 1.0) + line)
    found = by_hand.macro("sram", **SIZES).program(UP, DOWN, STATE, 9600.0)
    same_cost(found, total.under("sram"))


def test_all_cells_hold_weights_unless_told():
    for kind in ("sram", "sram_rows"):
        found = by_hand.macro(kind, **SIZES)
        same_cost(found.program(UP, DOWN), found.program(UP, DOWN, 0.5, 96.0 * 160.0))


# -- row by row --------------------------------------------------------------------------------

DECODER = Decoder(TECH, 7.0, load=ARRAY.row_cap, res=ARRAY.row_res, fit_height=HEIGHT)  # 96 rows
BACK_DECODER = Decoder(
    TECH, 8.0, load=ARRAY.col_cap, res=ARRAY.col_res, fit_height=WIDTH, name="transposed_decoder"
)  # 160 columns
SENSE_AMP = SenseAmp(TECH, 160.0, fit_width=WIDTH)
BACK_SENSE_AMP = SenseAmp(TECH, 96.0, pitch=TECH.sram.height * TECH.feature, fit_height=HEIGHT)


def adder(bits, count, fit):
    """The register holds the carry as well."""
    register = Register(TECH, (bits + 1.0) * count, **fit)
    load = register.input_cap
    return Adder(TECH, bits, count, load=load, **fit), register


# Forward 160 / 4 = 40 weights of 4 bits, over 96 rows 7 more; back 96 rows, each the number of
# ones among 160 / 4 = 40 cells at one place of their weights: up to 40, 6 bits and a sign's.
ADDER, REGISTER = adder(11.0, 40.0, BELOW)
BACK_ADDER, BACK_REGISTER = adder(7.0, 96.0, ASIDE)
ROW_PLANES = shift_add("input", 12.0, 6.0, 40.0, BELOW)
BACK_ROW_JOINS = shift_add("weight", 7.0, 4.0, 96.0, ASIDE)
BACK_ROW_PLANES = shift_add("input", 11.0, 9.0, 96.0, ASIDE)


def test_what_stands_in_a_macro_of_row_by_row():
    expected = stands(
        "sram", ARRAY, DECODER, BACK_DECODER, PRECHARGER, WRITE_DRIVER, BACK_PRECHARGER,
        BACK_WRITE_DRIVER,
    )  # fmt: skip
    expected = expected + stands("readout", SENSE_AMP, ADDER, REGISTER, ROW_PLANES).under("sram")
    back = BACK_SENSE_AMP, BACK_ADDER, BACK_REGISTER, BACK_ROW_JOINS, BACK_ROW_PLANES
    expected = expected + stands(BACK, *back).under("sram")
    found = by_hand.macro("sram_rows", **SIZES)
    same_footprint(found, expected)
    assert found.output_bits == 12.0 + 6.0


def streamed(times, access, added):
    """Each row is added while the next is read; the last one after it."""
    return times * beside(access, added) + Cost(Bill(), added.latency)


def read_row(sensed):
    access = DECODER.select() + PRECHARGER.precharge(sensed)
    access = access + ARRAY.read(DECODER.output_ramp) + SENSE_AMP.sense(sensed).under("readout")
    return access, (ADDER.add(sensed) + REGISTER.store(sensed / 2.0, sensed)).under("readout")


def test_rows_with_a_one_are_latched_one_after_the_other():
    """0.3 of 72 rows: 21.6; whole weights are added, and planes joined once."""
    total = streamed(21.6, *read_row(COLS)) + ROW_PLANES.accumulate(1.0, COLS).under("readout")
    found = by_hand.macro("sram_rows", **SIZES).read(DENSITY, STATE, ROWS, COLS)
    same_cost(found, total.under("sram"))


def test_columns_with_a_one_are_latched_one_after_the_other():
    """0.3 of 96 columns: 28.8; 4 places of a weight, then the plane."""
    access = BACK_DECODER.select() + BACK_PRECHARGER.precharge(ROWS)
    access = (
        access
        + ARRAY.read_transposed(BACK_DECODER.output_ramp)
        + BACK_SENSE_AMP.sense(ROWS).under(BACK)
    )
    added = (BACK_ADDER.add(ROWS) + BACK_REGISTER.store(ROWS / 2.0, ROWS)).under(BACK)
    total = streamed(28.8, access, added)
    total = total + (
        BACK_ROW_JOINS.accumulate(4.0, ROWS) + BACK_ROW_PLANES.accumulate(1.0, ROWS)
    ).under(BACK)
    found = by_hand.macro("sram_rows", **SIZES).read_transposed(DENSITY, STATE, COLS, ROWS)
    same_cost(found, total.under("sram"))


def test_decoded_rows_that_change_are_read_and_written():
    line = written_row(DECODER.select(), DECODER.output_ramp, SHARE)
    total = TOUCHED * (streamed(1.0, *read_row(1.0)) + line)
    found = by_hand.macro("sram_rows", **SIZES).program(UP, DOWN, STATE, 9600.0)
    same_cost(found, total.under("sram"))


# -- weight gradients --------------------------------------------------------------------------

# 96 x 160 cells again; errors of 9 planes along the rows, 8 columns a converter of 4 bits. All
# its gates serve single cells.
CELL_SWITCHES = row_switches(ACCESS)
CELL_MUX, CELL_DECODER = mux(20.0, 8.0, 3.0, ACCESS, WIDTH)
SMALL_ADC = adc(4.0, 20.0, 128.0, BELOW)  # for up to 128 rows that count
# Planes of 4 bits and a carry; the register has their 9 places more, 14 bits in all.
ERROR_PLANES = shift_add("input", 4.0 + 1.0, 9.0, 20.0, BELOW, SMALL_ADC.beat)
GRADIENT = {"rows": 96.0, "cols": 160.0, "cols_per_adc": 8.0, "adc_bits": 4.0}


def gradient_array():
    sizes = {**GRADIENT, "input_bits": 9.0, "transposed": False}
    return by_hand.gradient_array(**sizes)


def vector(density, ones, driven, sensed):
    """9 planes, in each 8 columns of a converter; joined at every conversion."""
    active = density * driven * 96.0
    moved = (CELL_DECODER.select() + CELL_MUX.select(sensed)).under("readout")
    once = turned(CELL_SWITCHES.drive(density * driven, driven), moved, 9.0)
    once = once + PRECHARGER.precharge(sensed)
    once = once + ARRAY.read(CELL_SWITCHES.output_ramp).across(active)
    once = once + current(sensed * 20.0 * active * ones, SMALL_ADC)
    once = once + SMALL_ADC.convert().under("readout").across(sensed)
    total = 9.0 * 8.0 * once + ERROR_PLANES.accumulate(9.0 * 8.0, sensed).under("readout")
    return total.under("array")


def array_stands():
    below = readout(SMALL_ADC, CELL_MUX, CELL_DECODER, ERROR_PLANES)
    return stands("array", ARRAY, CELL_SWITCHES, PRECHARGER, WRITE_DRIVER) + below.under("array")


def test_an_array_of_the_gradient_unit():
    found = gradient_array()
    same_footprint(found, array_stands())
    same_cost(found.read_vector(0.3, 0.4, 0.75, 0.6), vector(0.3, 0.4, 0.75, 0.6))
    assert found.sum_bits == 4.0 + 9.0 + 1.0


# 200 positions: 3 arrays of 96 rows; 500 bit columns: 4 of 160. 13 bits and a carry add up over 3
# arrays; as many trees as converters abreast, 4 * 20. A column's sum has 4 + 9 bits and 2 for the
# 3 arrays; the columns of an activation's 6 bits are joined behind each tree.
UNIT = {
    **GRADIENT, "positions": 200.0, "bit_columns": 500.0, "error_bits": 9.0, "input_bits": 6.0,
}  # fmt: skip
TREE = AdderTree(
    TECH,
    3.0,
    14.0,
    80.0,
    fit_width=sum(array_stands().area.items.values()) ** 0.5,
    name="tree",
)
JOIN = ShiftAdd(
    TECH, 15.0, 6.0, 80.0, beat=TREE.add().latency.total, name="input_shift_add",
    fit_width=sum(array_stands().area.items.values()) ** 0.5,
)  # fmt: skip


def test_a_gradient_unit_of_whole_arrays():
    unit = by_hand.gradient_unit(**UNIT)
    stands_alone = 12.0 * array_stands() + TREE.footprint + JOIN.footprint
    same_footprint(unit, stands_alone.under("gradient_unit"))
    assert (unit.arrays, unit.sum_bits) == (12.0, 4.0 + 9.0 + 2.0 + 6.0)


def test_the_word_of_a_gradient_holds_the_largest_one():
    """Each of 64 rows, in each plane of errors and of activations, and in all arrays: all ones.

    The converter's code of a full array is its largest; the sum over planes weighs 2^p.
    """
    unit = by_hand.gradient_unit(**UNIT)
    code, planes, bits = 2**4 - 1, range(9), range(6)
    largest = sum(3 * code * 2**p * 2**b for p in planes for b in bits)
    assert 2 ** (unit.sum_bits - 1) <= largest < 2**unit.sum_bits


def test_an_error_vector_against_all_that_the_unit_holds():
    """All 12 arrays at once; trees add, and their sums join, at all 8 columns of a converter."""
    total = vector(0.3, 0.4, 1.0, 1.0).across(12.0) + 8.0 * TREE.add(3.0) + JOIN.accumulate(8.0)
    found = by_hand.gradient_unit(**UNIT).read(0.3, 0.4)
    same_cost(found, total.under("gradient_unit"))


def test_an_error_vector_against_a_part_of_it():
    """120 positions: 2 arrays, 60 rows each; 200 columns: 2, 100 of 160 each.

    Of the 80 trees those of 2 of 4 arrays work, for 100 of their 160 columns, with 2 operands.
    """
    total = vector(0.3, 0.4, 60.0 / 96.0, 100.0 / 160.0).across(4.0)
    active = 2.0 / 4.0 * 100.0 / 160.0
    total = total + 8.0 * TREE.add(2.0, active) + JOIN.accumulate(8.0, active)
    found = by_hand.gradient_unit(**UNIT).read_part(0.3, 0.4, 120.0, 200.0)
    same_cost(found, total.under("gradient_unit"))


def test_activations_are_written_row_by_row_in_all_arrays_at_once():
    switches = CELL_SWITCHES
    line = written_row(switches.write(), switches.output_ramp, 0.3).under("array")
    unit = by_hand.gradient_unit(**UNIT)
    for rows, arrays in ((40.0, 5.0), (96.0, 12.0)):
        asked = (None, 0.3, None) if rows == 96.0 else (rows, 0.3, arrays)
        same_cost(unit.write(*asked), (rows * line).across(arrays).under("gradient_unit"))
