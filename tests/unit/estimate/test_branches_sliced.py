"""What bit-sliced weights do for a small network of unlike layers, by hand.

Three slices of 5, 4 and 6 bits store 3 bits each of 9; arrays are of 32 x 16 cells, one cell a
weight in each slice. Outer products take operands of 10 bits, carries are resolved every 7 batches.
"""

from dataclasses import replace

import numpy as np
import pytest
from whole_chip import (
    ERROR,
    FAST,
    IN,
    LAYERS,
    PLANS,
    Due,
    Whole,
    Work,
    check,
    check_bill,
    near,
    number,
    one_by_one,
    pieces_of,
    seconds,
    whole,
)

from neurorebit.schema.activity import FastActivity

PLAN = PLANS["sliced"]
SLICES, EVERY, OPERAND, LANES = (5, 4, 6), 7, 10, 13
HELD = sum(SLICES)  # bits of the cells of a weight


def of_each(due):
    return [due(i) for i in range(len(LAYERS))]


def macro_of(made: Whole):
    return made.chip.whole_tile.pe.macro


# -- the arrays of the slices ----------------------------------------------------------------------


def test_an_array_for_each_slice_and_what_joins_them():
    """Two of three slices are read; the sums of 6 planes of 5 bits are 12 bits, shifted by 3."""
    macro = macro_of(whole("sliced", sliced_arrays__read_slices=2))
    array = macro.array
    for found, one, times in (
        (macro.read(0.3, 0.4), array.read(0.3, 0.4), 2.0),
        (macro.read_transposed(0.3, 0.4), array.read_transposed(0.3, 0.4), 2.0),
    ):
        arrays = sum(n for part, n in found.energy.items.items() if "/slice/" in part)
        assert number(arrays) == near(times * number(one.energy.total))
        joined = {part for part in found.energy.items if "slice_shift_add" in part}
        assert joined
        assert seconds(found) > seconds(one)
    assert number(array.readout.sum_bits) == 5 + 1 + IN
    assert number(macro.readout.register.bits) == 2 * (12 + 4)  # of 16 columns 8 share a converter
    assert number(macro.transposed_readout.register.bits) == 8 * (6 + 1 + ERROR + 4)
    area = macro.footprint.area.items
    whole_area = array.footprint.area.total
    slices = sum(n for part, n in area.items() if part.startswith("sliced/slice/"))
    assert number(slices) == near(3.0 * number(whole_area))
    rows = (macro.scan(4.0, 1.0, 2.0), macro.program((0.1, 3.0), (0.2, 4.0)), macro.deploy())
    ones = (array.sense_row(0.5, 1.0), array.program((0.1, 3.0), (0.2, 4.0)), array.deploy())
    for found, one, times in zip(rows, ones, (8.0 * 3.0, 3.0, 3.0), strict=True):
        assert number(found.energy.total) == near(times * number(one.energy.total))


def test_a_single_slice_has_nothing_to_join():
    made = whole("sliced", sliced_arrays__slices=6, weight_bits=4)
    macro = macro_of(made)
    for found in (macro.read(0.3, 0.4), macro.read_transposed(0.3, 0.4)):
        assert sum(n for part, n in found.energy.items.items() if "slice_shift" in part) == 0.0


@pytest.mark.parametrize("cells", ["1t1r", "crosspoint"])
def test_an_outer_product_by_its_pulses(cells):
    """A digit of 3 bits is up to 7 steps, of 31, 15 and 63 that 100 pulses up make, 140 down.

    Trains follow each other plane by plane, first up, then down; the narrowest slice takes longest.
    In every slot those columns carry pulses that the pulses counted in the cells ask for.
    """
    made = whole("sliced", sliced_arrays__cells=cells)
    macro, planes, rows, up, down = macro_of(made), 6.0, 11.0, 900.0, 1300.0
    array = macro.array
    found = macro.accumulate(planes, rows, 16.0, up=up, down=down, state=0.4)
    switched, energy = 0.0, {"cells": 0.0, "lines": 0.0}
    for bits in SLICES:
        trains = [planes * 7 * pulses / (2**bits - 1) for pulses in (100, 140)]
        cols = [sent / (n * rows) for sent, n in zip((up, down), trains, strict=True)]
        # a row's switch has the current of all of its cells, a column's of one cell at least
        switches = array.row_switches
        row = number((switches.input_switch if cells == "1t1r" else switches.switch).res)
        column = number(array.col_switches.switch.res)
        series = [row * n + column * max(n * rows / 16.0, 1.0) for n in cols]
        cells_of = array.array.written
        energy["cells"] += up * number(cells_of(0.4, 1.5, 40e-9, 100, series=series[0]))
        energy["cells"] += down * number(cells_of(0.4, 1.9, 70e-9, 140, series=series[1]))
        energy["lines"] += trains[0] * number(
            array.array.pulse_set(cols[0], 1.5, 40e-9, rows).energy.total
        )
        energy["lines"] += trains[1] * number(
            array.array.pulse_reset(cols[1], 1.9, 70e-9, rows).energy.total
        )
        switched += 2 * planes * number(array.open_rows(rows).cost.energy.total)
        for n, driven in zip(trains, cols, strict=True):
            switched += n * number(array.select_cols(driven / 16.0, 1.0).energy.total)
    items = found.energy.items
    billed = {"cells": "sliced/slice/cells", "lines": "sliced/slice/array"}
    for name, part in billed.items():
        assert number(items[part]) == near(energy[name]), name
    others = [n for part, n in items.items() if "_switches" in part]
    assert number(sum(others)) == near(switched)
    least = planes * 7 / 15 * (100 * 40e-9 + 140 * 70e-9)  # of the slice of 4 bits
    assert seconds(found) >= least
    assert seconds(found) == pytest.approx(least, rel=0.2)
    register, comparator = macro.drivers.register, macro.drivers.comparator
    assert number(register.bits) == 16 * 11
    assert number(comparator.count) == 3 * 16
    shared = 7 * 240 * (1 / 31 + 1 / 15 + 1 / 63) / 3  # counts of a plane, the mean of slices
    compared = planes * shared * number(comparator.compare().energy.total)
    moved = planes * number(register.store(0.5, 1.0).energy.total)
    digital = [n for part, n in items.items() if "digit_drivers" in part]
    assert number(sum(digital)) == near(compared + moved)


# -- the phases ------------------------------------------------------------------------------------


def gradient(made: Whole, i: int) -> Work:
    """Of a layer: vector by vector, in the arrays of all copies."""
    layer, chip, fast, seen = LAYERS[i], made.chip, FAST[i], made.activity[i]
    vectors, ones = made.batch * layer.vectors, sum(seen.input_density) / IN
    actions, slowest = [], 0.0
    for (rows, cols), count in pieces_of(PLAN, i).items():
        one = macro_of(made).accumulate(
            float(IN), ones * rows, float(cols), up=fast.ups / vectors * rows * cols,
            down=fast.downs / vectors * rows * cols, state=fast.conductance,
        )  # fmt: skip
        actions.append(
            (float(layer.vectors * count * PLAN.copies[i]), one.under("pe").under("tile"))
        )
        slowest = max(slowest, seconds(one))
    tile = made.tile(PLAN.split[i])
    handed = layer.kernel if PLAN.split[i] else layer.positions
    again = layer.kernel if PLAN.split[i] else 1
    inputs = layer.channels * layer.groups * handed * layer.vectors * IN
    operands = layer.results * again * OPERAND
    across, down = float(PLAN.tiles_across[i]), float(PLAN.tiles_down[i])
    bus = layer.vectors * layer.rows * layer.groups * PLAN.pe_cols[i] * IN
    bus += layer.results * PLAN.pe_rows[i] * OPERAND
    moved = one_by_one(
        tile.carry(inputs * across, float(PLAN.tile_pes_across[i])),
        tile.carry(operands * down, float(PLAN.tile_pes_down[i])),
    )
    buffered = one_by_one(tile.stream(float(inputs * across + operands * down), 0.0))
    through = Due([*buffered.actions, *moved.actions], max(buffered.time, moved.time))
    carried = tile.pe.carry(float(bus)).under("tile")
    width = chip.spec.transport.bus_bits
    unit = chip.update_unit
    scaled = layer.results / LANES * (unit.multiplier.multiply() + unit.adder.add())
    streams = {
        "arrays": Due(actions, layer.vectors * slowest),
        "scaling": one_by_one(scaled.under("update_unit")),
        "tiles": Due([(1.0, carried), *through.actions], through.time / PLAN.tiles[i]),
        "tree": one_by_one(
            chip.tree.transfer(float(inputs), inputs / width, across),
            chip.tree.transfer(float(operands), operands / width, down),
        ),
        "buffer": one_by_one(
            chip.buffer.read(float(layer.inputs * IN + layer.results * layer.kernel * ERROR))
        ),
    }
    dram = layer.inputs * IN + layer.results * ERROR  # both were stored for the batch
    return Work(streams, float(layer.vectors * IN * PLAN.tiles[i]), float(dram), slowest)


SLOW = {"sliced_arrays__cells": "crosspoint", "dram__bandwidth": "1 Gbit/s"}


@pytest.mark.parametrize("sets", [{}, {"batch": 40}, SLOW])
def test_gradient(sets):
    made = whole("sliced", **sets)
    assert number(made.chip.update_unit.multiplier.bits) == 16
    assert number(made.chip.update_unit.adder.bits) == 10
    check(made, "gradient", of_each(lambda i: gradient(made, i)))


def update(made: Whole, i: int) -> Work:
    """Of a layer: a seventh of a resolution, which reads every cell and adds up the slices."""
    layer, chip, seen = LAYERS[i], made.chip, made.activity[i]
    actions, slowest = [], 0.0
    for (rows, cols), count in pieces_of(PLAN, i).items():
        one = macro_of(made).scan(float(rows), cols / PLAN.cols, 8.0, state=seen.conductance)
        actions.append((count / EVERY, one.under("pe").under("tile")))
        slowest = max(slowest, seconds(one))
    codes = layer.weights * HELD
    written = layer.weights * 3 * PLAN.copies[i] * (seen.set_fraction + seen.reset_fraction)
    bits = codes + written * EVERY * (9 + HELD / 3)  # an address among 512, and a level
    tile, chip_tree = made.tile(PLAN.split[i]), chip.tree
    inside = [tile.pe.hold_results(float(codes)), tile.pe.carry(float(bits))]
    carried = tile.carry(float(bits))
    added = 2 * 3 * layer.weights / LANES * chip.update_unit.adder.add()
    share = 1 / EVERY
    streams = {
        "arrays": Due(actions, slowest / EVERY),
        "carries": Due([(share, added.under("update_unit"))], share * seconds(added)),
        "tiles": Due(
            [*((share, cost.under("tile")) for cost in inside), (share, carried)],
            share * seconds(carried) / PLAN.tiles[i],
        ),
        "tree": Due(
            [(share, chip_tree.transfer(bits, bits / chip.spec.transport.bus_bits))],
            share * seconds(chip_tree.transfer(bits, bits / chip.spec.transport.bus_bits)),
        ),
    }
    return Work(streams, layer.weights / LANES / EVERY, 0.0, 0.0)


@pytest.mark.parametrize("sets", [{}, {"transport__bus_bits": 1}])
def test_update(sets):
    made = whole("sliced", **sets)
    check(made, "update", of_each(lambda i: update(made, i)))


@pytest.mark.parametrize(
    # 32, 2 x 45, 81, 3 x 8, 60, 160 and 8 x 5 arrays, thrice: 1461
    ("sets", "turns"), [({}, 1), ({"sliced_arrays__parallel_programming": 1461}, 1),
                        ({"sliced_arrays__parallel_programming": 1460}, 2)],
)  # fmt: skip
def test_sync(sets, turns):
    """All changes of seven batches at once, and a seventh of it; a step is one of 62."""
    made = whole("sliced", **sets)
    due, times = [], []
    for i, seen in enumerate(made.activity):
        up, down = seen.set_levels * 100 / 62, seen.reset_levels * 140 / 62
        shares = EVERY * seen.set_fraction, EVERY * seen.reset_fraction
        changes = (shares[0], up), (shares[1], down), seen.conductance
        moves, slowest = [], 0.0
        for (rows, cols), n in pieces_of(PLAN, i).items():
            one = macro_of(made).program(*changes, float(rows * cols), rows=float(rows))
            moves.append((n * PLAN.copies[i] / EVERY, one.under("pe").under("tile")))
            slowest = max(slowest, seconds(one))
        due.append(Due(moves, 0.0).items)
        times.append(slowest / EVERY)
    phase = made.phases["sync"]
    items = {part: n for part, n in phase.energy.items.items() if np.any(np.asarray(n) != 0.0)}
    check_bill(items, due)
    assert number(phase.common_time) == near(turns * max(times))
    assert np.all(np.asarray(phase.dram_bits) == 0.0)


def test_operations():
    """A weight has three cells, in all copies; a seventh of the weights is resolved a batch."""
    made = whole("sliced")
    cells = [3 * layer.weights * n for layer, n in zip(LAYERS, PLAN.copies, strict=True)]
    shares = [seen.set_fraction + seen.reset_fraction for seen in made.activity]
    macs = sum(layer.macs for layer in LAYERS)
    due = {
        "inference": 2 * macs, "forward": 2 * macs, "gradient": 2 * macs,
        "backward": 2 * (macs - LAYERS[0].macs), "update": 128_064 / 7,
        "sync": sum(n * share for n, share in zip(cells, shares, strict=True)),
        "programming": sum(cells),
    }  # fmt: skip
    assert {name: number(n) for name, n in made.ops.items()} == near(due)


def test_a_scheme_without_outer_products_is_billed_its_changes():
    """Pulses of 62 steps up and down, as its own arrays would get them."""
    other = whole("sliced", scheme="reram")
    same = tuple(
        replace(seen, fast=FastActivity(
            seen.set_fraction * seen.set_levels / 62 * 100,
            seen.reset_fraction * seen.reset_levels / 62 * 140, 0.0, seen.conductance,
        ))
        for seen in other.activity
    )  # fmt: skip
    assert other.activity[0].fast is None
    macro, layer, seen = macro_of(other), LAYERS[5], same[5]
    vectors, (rows, cols) = float(other.batch), (32.0, 16.0)
    ones = sum(seen.input_density) / IN
    one = macro.accumulate(
        float(IN), ones * rows, cols, up=seen.fast.ups / vectors * rows * cols,
        down=seen.fast.downs / vectors * rows * cols, state=seen.conductance,
    )  # fmt: skip
    assert layer.name == "hidden"
    stream = np.broadcast_to(other.phases["gradient"].streams["arrays"].latency.total, (7,))
    assert stream[5] == near(seconds(one))
