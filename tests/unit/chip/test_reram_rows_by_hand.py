"""Programming of resistive cells, and macros that read row by row, against sums of circuits.

The counts of the macro stand in ``by_hand_resistive``.
"""

from functools import partial

import by_hand
import numpy as np
import pytest
from by_hand import FEFET, RERAM, TECH, beside, close, same_cost, same_footprint, stands
from by_hand_resistive import (
    CELLS,
    COLS,
    DENSITY,
    DOWN,
    PROGRAM_V,
    READ_V,
    ROWS,
    SIZES,
    STATE,
    UP,
    coincident,
    crosspoint,
    crowded,
    in_series,
    made,
    one_transistor,
    pulsed,
    touched,
    ways_of,
)

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.array import FefetArray, ReramArray
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.register import Register

# -- programming -------------------------------------------------------------------------------


def test_programming_cells_behind_transistors():
    array, rows, cols, _ = one_transistor()
    expected = pulsed(
        array, UP, DOWN, RERAM, rows.write(), cols.write, switches=partial(in_series, rows, cols)
    ).under("reram")
    same_cost(made("reram").program(UP, DOWN, STATE, CELLS), expected)


def test_programming_ferroelectric_gates():
    """A pulse turns a share of the polarization: 1 of 20 up, 1 of 50 down."""
    array, rows, cols, _ = one_transistor(FefetArray, FEFET, read=20.0)
    expected = pulsed(
        array, UP, DOWN, FEFET, rows.write(), cols.write, switches=partial(in_series, rows, cols)
    ).under("reram")
    found = by_hand.macro("reram", FEFET, **SIZES)
    same_cost(found.program(UP, DOWN, STATE, CELLS), expected)


def test_programming_crosspoints():
    """Other lines go to half the voltage."""
    array, rows, cols, _ = crosspoint()
    opened, written = rows.write_half_selected(), cols.write_half_selected
    expected = pulsed(
        array, UP, DOWN, RERAM, opened, written, switches=partial(in_series, rows, cols)
    ).under("crosspoint")
    same_cost(made("crosspoint").program(UP, DOWN, STATE, CELLS), expected)


def test_programming_takes_all_cells_unless_told():
    found = made("reram")
    same_cost(found.program(UP, DOWN, STATE), found.program(UP, DOWN, STATE, 96.0 * 160.0))


@pytest.mark.parametrize(("kind", "device"), [(ReramArray, RERAM), (FefetArray, FEFET)])
def test_pulses_that_coincide_behind_transistors(kind, device):
    array, rows, cols, _ = one_transistor(kind, device, read=20.0)
    expected = coincident(
        array,
        device,
        rows.write(10.0),
        cols.write,
        switches=partial(in_series, rows, cols, lines=10.0),
    ).under("reram")
    found = by_hand.macro("reram", device, **SIZES)
    same_cost(found.coincide(5.0, 10.0, 24.0, up=30.0, down=40.0, state=STATE), expected)


def test_pulses_that_coincide_in_crosspoints():
    array, rows, cols, _ = crosspoint()
    opened = rows.write_half_selected(10.0)
    series = partial(in_series, rows, cols, lines=10.0)
    expected = coincident(array, RERAM, opened, cols.write_half_selected, switches=series).under(
        "crosspoint"
    )
    same_cost(
        made("crosspoint").coincide(5.0, 10.0, 24.0, up=30.0, down=40.0, state=STATE), expected
    )


# -- row by row --------------------------------------------------------------------------------


def row_by_row():
    """Cells of 3 bits, one at a time; 7 address bits tell 96 rows apart."""
    array, _, cols, path = one_transistor()
    front, behind = ways_of(array, path, there=(3.0, 1.0), back=(3.0, 1.0))
    decoder = Decoder(TECH, 7.0, load=array.access_cap, fit_height=array.col_length)
    driver = RowFollower(
        TECH,
        96.0,
        load=array.access_cap,
        line_res=array.row_res,
        driven_res=path / 20.0,
        read_voltage=READ_V,
        write_voltage=PROGRAM_V,
        ramp=decoder.output_ramp,
        fit_height=array.col_length,
    )
    return array, decoder, driver, cols, front, behind


def adders(way, bits):
    """One a converter; its register holds the carry as well."""
    register = Register(TECH, (bits + 1.0) * way.outputs, **way.fit)
    load = register.input_cap
    adder = Adder(TECH, bits, way.outputs, load=load, **way.fit)
    return adder, register


def made_by_rows():
    return by_hand.macro("reram_rows", **SIZES, cell_bits=3.0)


def test_what_stands_in_a_macro_of_row_by_row():
    """Sums of 96 cells of 3 bits have 7 more, of 160 cells 8 more."""
    array, decoder, driver, cols, front, behind = row_by_row()
    there, back = adders(front, 10.0), adders(behind, 11.0)
    expected = stands("reram", array, decoder, driver, cols)
    for footprint in (
        front.stands(
            *there, front.shift_add("weight", 10.0, 4.0), front.shift_add("input", 14.0, 6.0)
        ),
        behind.stands(
            *back, behind.shift_add("weight", 11.0, 4.0), behind.shift_add("input", 15.0, 9.0)
        ),
    ):
        expected = expected + footprint.under("reram")
    same_footprint(made_by_rows(), expected)
    assert made_by_rows().output_bits == 10.0 + 4.0 + 6.0


def test_rows_with_a_one_are_read_one_after_the_other():
    """21.6 of 72 rows at each of 8 columns of a converter; a column then carries one cell."""
    array, decoder, driver, _, front, _ = row_by_row()
    adder, register = adders(front, 10.0)
    res, times = crowded(array, STATE, 1.0, 12.0), 21.6 * 8.0  # 12 columns are sensed at once
    # half a step of 3 bits of the 10 uS of one cell
    settled = front.settled(1.0, 1.0, 1.0, half_step=10e-6 / 16.0)
    access = settled + array.read(1.0, 12.0)
    access = access + front.current(12.0, res, settled).under("current").under("array")
    access = access + front.converted(COLS)
    access = access + (adder.add(COLS) + register.store(COLS / 2.0, COLS)).under("readout")
    opened, moved = decoder.select() + driver.read(), front.moved(COLS)
    # multiplexers move with the first row of the first of 6 planes
    total = 8.0 / 6.0 * beside(opened, moved) + (times - 8.0 / 6.0) * opened + times * access
    total = total + front.joined("weight", 10.0, 4.0, 8.0, COLS)
    total = total + front.joined("input", 14.0, 6.0, 2.0, COLS)
    found = made_by_rows().read(DENSITY, STATE, ROWS, COLS)
    same_cost(found, total.under("reram"))


def test_columns_with_a_one_are_read_back_one_after_the_other():
    """28.8 of 96 columns at each of 12 rows of a converter: all 4 passes together.

    A row then carries one cell, and the cells of the 95 other columns in use conduct to 0 V.
    """
    array, _, _, cols, _, behind = row_by_row()
    adder, register = adders(behind, 11.0)
    res, times = crowded(array, STATE, 6.0, 96.0), 28.8 * 12.0
    load = array.row_cap + 160.0 * array.drain_cap
    settled = behind.settled(1.0, 96.0, 1.0, half_step=10e-6 / 16.0)
    access = settled + array.read_transposed(1.0, 6.0, load)
    access = access + behind.current(6.0, res, settled).under("current").under("array")
    access = access + behind.converted(ROWS)
    access = access + (adder.add(ROWS) + register.store(ROWS / 2.0, ROWS)).under(
        "transposed_readout"
    )
    # 4 passes of 12 rows, each with a ninth of the moves, one for all planes
    opened, moves = cols.drive_one(), 4.0 * 12.0 / 9.0
    total = moves * beside(opened, behind.moved(ROWS)) + (times - moves) * opened + times * access
    total = total + behind.joined("weight", 11.0, 4.0, 48.0, ROWS)
    total = total + behind.joined("input", 15.0, 9.0, 12.0, ROWS)
    found = made_by_rows().read_transposed(DENSITY, STATE, COLS, ROWS)
    same_cost(found, total.under("reram"))


def test_a_decoded_row_is_opened_to_be_programmed():
    array, decoder, driver, cols, _, _ = row_by_row()
    opened = decoder.select() + driver.write()

    def series(cells):
        row = TECH.switch.linear * driver.gate.through_res
        return row * cells + cols.switch.res * max(cells / 160.0, 1.0)

    expected = pulsed(array, UP, DOWN, RERAM, opened, cols.write, switches=series).under("reram")
    same_cost(made_by_rows().program(UP, DOWN, STATE, CELLS), expected)


def test_rows_touched_by_hand():
    """One of 100 cells in a row with 2 %: 1 - 0.98^100 = 0.867380; never more than all rows."""
    assert touched(0.02) / 96.0 == pytest.approx(0.867380, abs=1e-6)
    time = by_hand.part(made("reram").program((2.0, 1.0), (0.0, 0.0)).latency, "reram/cells")
    assert time == close(96.0 * 50e-9)
    assert np.isfinite(time)
