"""Macros of resistive cells whose rows are read all at once, both ways, against sums of circuits.

The counts of the macro stand in ``by_hand_resistive``.
"""

import math

import by_hand
import pytest
from by_hand import RERAM, TECH, close, same_cost, same_footprint, stands
from by_hand_resistive import (
    COLS,
    DENSITY,
    KINDS,
    READ_V,
    RERAM_ON,
    ROWS,
    SIZES,
    STATE,
    crowded,
    made,
    one_transistor,
    settling,
    ways_of,
)

from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import cells as gate_cells
from neurorebit.circuits.shift_add import ShiftAdd

MIRROR = 2.0 * gate_cells(TECH).nfet.area  # two minimum transistors
each_kind = pytest.mark.parametrize("kind", KINDS)


# -- what stands there -------------------------------------------------------------------------


@each_kind
def test_what_stands_in_a_macro_of_all_rows_at_once(kind):
    """A reference line for each converter: 20 columns of 96 cells, 8 rows of 160, and mirrors.

    Sums of 4 cells have 4 more bits than a conversion, of 6 planes 6 more, of 9 planes 9 more.
    """
    array, rows, cols, path = KINDS[kind]()
    front, behind = ways_of(array, path)
    like = {"nonlinearity": 70.0} if kind == "crosspoint" else {}
    columns = type(array)(TECH, RERAM, 96.0, 20.0, **like, name="cells")
    lines = type(array)(TECH, RERAM, 8.0, 160.0, **like, name="cells")
    expected = stands(kind, array, rows, cols)
    for footprint in (
        stands("references", columns, body=20.0 * MIRROR),
        stands("transposed_references", lines, body=8.0 * MIRROR),
        front.stands(front.shift_add("weight", 5.0, 4.0), front.shift_add("input", 9.0, 6.0)),
        behind.stands(behind.shift_add("weight", 7.0, 4.0), behind.shift_add("input", 11.0, 9.0)),
    ):
        expected = expected + footprint.under(kind)
    same_footprint(made(kind), expected)


def test_what_leaves_a_macro_has_the_bits_of_cells_and_planes():
    """5 bits of a conversion, 4 of the cells of a weight, 6 of the planes."""
    assert made("reram").output_bits == 5.0 + 4.0 + 6.0
    assert made("reram").adcs == 20.0
    assert made("reram", cells_per_weight=1.0).output_bits == 5.0 + 1.0 + 6.0


def test_a_weight_of_one_cell_and_one_plane_need_no_shift_adds():
    alone = {"cells_per_weight": 1.0, "input_bits": 1.0, "error_bits": 1.0}
    area = made("reram", **alone).footprint.area
    for readout in ("readout", "transposed_readout"):
        for what in ("weight", "input"):
            assert by_hand.under(area, f"{readout}/{what}_shift_add") == 0.0


ADCS = {"sar": SarAdc, "flash": FlashAdc, "flash_voltage": VoltageFlashAdc}


@pytest.mark.parametrize("kind", ADCS)
def test_converters_are_made_for_all_cells_of_a_line(kind):
    """Columns of 96 cells at 10 uS each, rows of 160; flash converters have an encoder each."""
    sizes = {**SIZES, "adc_bits": 7.0, "back_adc_bits": 6.0, "adc_kind": kind}
    found = by_hand.macro("reram", **sizes)
    array, _, _, _ = one_transistor()
    below, aside = {"fit_width": array.row_length}, {"fit_height": array.col_length}
    for cost, name, times, bits, count, cells, fit in (
        (found.read(), "reram/readout", 8.0, 7.0, 20.0, 96.0, below),
        (found.read_transposed(), "transposed_readout", 48.0, 6.0, 8.0, 160.0, aside),
    ):
        full = {"full_scale": cells / RERAM_ON, "read_voltage": READ_V}
        made = by_hand.Sensed(ADCS[kind](TECH, bits, count, **full, **fit))
        for part, one in (("adc", made.adc.convert()), ("front_end", made.front_end.sense())):
            where = f"{name}/converters/{part}"
            assert by_hand.part(cost.energy, where) == close(times * one.energy.total)
            assert by_hand.part(cost.latency, where) == close(times * one.latency.total)
        if kind != "sar":
            encoded = Encoder(TECH, bits, count, **fit).encode().energy.total
            assert by_hand.part(cost.energy, f"{name}/converters/encoder") == close(times * encoded)


def test_planes_are_joined_as_fast_as_they_come():
    """8 cells a weight, so 16 columns of a converter give 2 sums; 12 rows give 12 a plane.

    Flash converters of 2 and 3 bits give the next sum after their front end, their decision and
    their own encoder, which hides as much of each addition but the first.
    """
    sizes = {**SIZES, "cols_per_adc": 16.0, "cells_per_weight": 8.0, "adc_kind": "flash"}
    found = by_hand.macro("reram", **{**sizes, "adc_bits": 2.0, "back_adc_bits": 3.0})
    for bits, terms, sums, cost in (
        (2.0, 6.0, 2.0, found.read()),
        (3.0, 9.0, 12.0, found.read_transposed()),
    ):
        made = by_hand.Sensed(FlashAdc(TECH, bits))
        beat = made.beat + Encoder(TECH, bits).delay
        unit = ShiftAdd(TECH, bits + 8.0, terms, beat=beat)
        name = "readout" if terms == 6.0 else "transposed_readout"
        time = by_hand.under(cost.latency, f"{name}/input_shift_add")
        assert time == close(unit.accumulate(sums).latency.total)


# -- reads -------------------------------------------------------------------------------------


def afloat(kind, ones, driven):
    """Cells' worth of current of a line of crosspoints that floats; none behind transistors.

    Selectors pass 70 times less at 0.8 V than at 1.6 V. Ones feed what zeros drain.
    """
    if kind == "reram":
        return 0.0
    return 70.0 ** (-0.5 / 1.6) * math.sqrt(ones * (driven - ones))


@each_kind
def test_a_plane_through_the_columns(kind):
    """0.3 of 72 rows: 21.6 active; at each of 8 columns of a converter 12 of the 20 convert.

    Joined are 8 columns of cells and 8 / 4 = 2 weights a converter and plane.
    """
    array, rows, _, path = KINDS[kind]()
    front, _ = ways_of(array, path)
    active = 0.3 * 72.0
    # on a row 12 columns and as many references; transistors cut zeros off of a column
    lines = (active if kind == "reram" else 72.0), 24.0
    cell = crowded(array, STATE, *lines)
    like = {"nonlinearity": 70.0} if kind == "crosspoint" else {}
    references = type(array)(TECH, RERAM, 96.0, 20.0, **like, name="cells")
    position = front.turned(rows.drive(DENSITY * ROWS, ROWS), COLS)
    # all 72 rows of crosspoints conduct; transistors cut zeros off, so there may be a single one
    settled = front.settled(active, 72.0 if kind == "crosspoint" else 1.0, 72.0)
    position = position + settled + array.read(active, 12.0)
    position = position + references.read(active, 12.0).under("references")
    waiting = 7.0 * 12.0 * afloat(kind, active, 72.0)
    drawn = front.current(12.0 * active + waiting, cell, settled)
    position = position + drawn.under("current").under("array")
    middle = crowded(references, 0.5, *lines)
    drawn = front.current(12.0 * active, middle, settled).under("current").under("cells")
    position = position + drawn.under("references")
    position = position + front.converted(COLS)
    joined = front.joined("weight", 5.0, 4.0, 8.0, COLS)
    joined = joined + front.joined("input", 9.0, 6.0, 2.0, COLS)
    expected = (8.0 * position + joined).under(kind)
    same_cost(made(kind).read(DENSITY, STATE, ROWS, COLS), expected)


@each_kind
@pytest.mark.parametrize("res", [3e4, None])
def test_a_plane_back_through_the_rows(kind, res):
    """The 4 cells of a weight are read in 4 passes, each with a quarter of the columns.

    0.3 of 96 columns: 28.8 carry a one, 7.2 in a pass; of the 8 converters 6 convert at each of 12
    rows. Joined are 4 * 12 cells and 12 weights a converter and plane. Where no resistance is
    given, a row is led by the 7.2 columns of a pass; all 96 conduct, the others to 0 V.
    """
    array, _, cols, path = KINDS[kind]()
    _, behind = ways_of(array, path)
    cell = crowded(array, STATE, 12.0, 96.0)  # 6 rows and as many references on a column
    like = {"nonlinearity": 70.0} if kind == "crosspoint" else {}
    references = type(array)(TECH, RERAM, 8.0, 160.0, **like, name="cells")
    load = array.row_cap + 160.0 * array.drain_cap
    beside_it = references.row_cap + 160.0 * references.drain_cap
    settled = behind.settled(7.2, 96.0, 24.0)
    position = behind.turned(cols.drive(DENSITY * COLS / 4.0, COLS), ROWS) + settled
    position = position + array.read_transposed(7.2, 6.0, load)
    position = position + references.read_transposed(7.2, 6.0, beside_it).under(
        "transposed_references"
    )
    waiting = behind.current(11.0 * 6.0 * afloat(kind, 7.2, 96.0), cell, settled)
    drawn = waiting + behind.current(6.0, res or cell / 7.2, settled)
    position = position + drawn.under("current").under("array")
    middle = crowded(references, 0.5, 12.0, 96.0)
    drawn = behind.current(6.0 * 7.2, middle, settled).under("current").under("cells")
    position = position + drawn.under("transposed_references") + behind.converted(ROWS)
    joined = behind.joined("weight", 7.0, 4.0, 48.0, ROWS)
    joined = joined + behind.joined("input", 11.0, 9.0, 12.0, ROWS)
    expected = (4.0 * 12.0 * position + joined).under(kind)
    same_cost(made(kind).read_transposed(DENSITY, STATE, COLS, ROWS, res=res), expected)


def test_a_weight_of_one_cell_is_read_back_in_one_pass():
    array, _, cols, path = one_transistor()
    _, behind = ways_of(array, path)
    load, settled = array.row_cap + 160.0 * array.drain_cap, behind.settled(28.8, 96.0, 96.0)
    position = behind.turned(cols.drive(DENSITY * COLS, COLS), ROWS) + settled
    position = position + array.read_transposed(28.8, 6.0, load)
    drawn = behind.current(6.0 * 28.8, crowded(array, STATE, 6.0, 96.0), settled)
    position = position + drawn.under("current").under("array") + behind.converted(ROWS)
    joined = behind.joined("input", 8.0, 9.0, 12.0, ROWS)
    expected = (12.0 * position + joined).under("reram")
    found = made("reram", cells_per_weight=1.0, signed=False)
    same_cost(found.read_transposed(DENSITY, STATE, COLS, ROWS), expected)


def test_converters_for_fewer_lines_than_there_are():
    """Made for 10 cells of a line: at most 10 ones of 96 rows, and a wider multiplexer."""
    array, _, _, path = one_transistor()
    front, _ = ways_of(array, path, there=(5.0, 10.0))
    found = made("reram", summed=10.0, signed=False).read(res=4e4)
    settled = settling(
        array.column_res(1.0, 0.5),
        array.col_cap + front.mux_load,
        array.col_res * array.col_cap / 2.0,
        front.mux.switch.res + front.adc.front_end.input_res,
        front.half_step(48.0),
        fewest=1.0,
        ones=10.0,
    )
    assert by_hand.part(found.latency, "reram/array") == close(8.0 * settled)
    mux = 8.0 / 6.0 * front.moved(1.0).energy.items["readout/mux"]
    assert by_hand.part(found.energy, "reram/readout/mux") == close(mux)
