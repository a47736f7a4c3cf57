"""What two arrays of each weight do for a small network of unlike layers, by hand."""

from math import sqrt

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
    inputs_stored,
    number,
    one_by_one,
    pieces_of,
    seconds,
    whole,
)

from neurorebit.chips.tiki_taka.chip import Translators

PLAN = PLANS["reram"]
SLOTS = 31  # of a pulse train
WORD = 32  # bits of a word of the hidden store
LANES = 7  # which work on those words
ADC = 5  # bits of a conversion of the fast array


def of_each(due):
    return [due(i) for i in range(len(LAYERS))]


def gradient(made: Whole, i: int) -> Work:
    """Of a layer: vector by vector, as pulse trains on rows and columns of the fast arrays."""
    layer, chip, fast = LAYERS[i], made.chip, FAST[i]
    seen = made.batch * layer.vectors  # vectors of a step: what is known is of a step
    # a pulse needs a one on the row and one on the column, each with the root of its chance
    one = min(sqrt((fast.ups + fast.downs) / (seen * SLOTS)), 1.0)
    actions, slowest = [], 0.0
    for (rows, cols), count in pieces_of(PLAN, i).items():
        cells = rows * cols
        pulsed = chip.fast.coincide(
            float(SLOTS), one * rows, one * cols, up=fast.ups / seen * cells,
            down=fast.downs / seen * cells, state=fast.conductance,
        )  # fmt: skip
        actions.append((float(layer.vectors * count), pulsed.under("pe").under("tile")))
        slowest = max(slowest, seconds(pulsed))
    # fast arrays beside copies stand idle: their sums would have to be joined
    arrays = Due(actions, layer.vectors * slowest)

    # inputs go to the rows in all PEs across, errors to the columns of two cells in all down
    row_lines = float(layer.rows * layer.groups * PLAN.pe_cols[i])
    col_lines = float(layer.outputs * PLAN.cells * layer.groups * PLAN.pe_rows[i])
    trains = [
        Translators(chip.tech, float(bits), lines, f"{side}_translators").translate(float(SLOTS))
        for side, bits, lines in (("row", IN, row_lines), ("col", ERROR, col_lines))
    ]
    translated = Due(
        [(float(layer.vectors), cost.under("pe").under("tile")) for cost in trains], 0.0
    )

    tile = made.tile(PLAN.split[i])
    handed = layer.kernel if PLAN.split[i] else layer.positions
    again = layer.kernel if PLAN.split[i] else 1
    inputs = layer.channels * layer.groups * handed * layer.vectors * IN
    errors = layer.results * again * ERROR
    across, down = float(PLAN.tiles_across[i]), float(PLAN.tiles_down[i])
    bus = layer.vectors * layer.rows * layer.groups * PLAN.pe_cols[i] * IN
    bus += layer.results * PLAN.pe_rows[i] * ERROR
    moved = one_by_one(
        tile.carry(inputs * across, float(PLAN.tile_pes_across[i])),
        tile.carry(errors * down, float(PLAN.tile_pes_down[i])),
    )
    buffered = one_by_one(tile.stream(float(inputs * across + errors * down), 0.0))
    through = Due([*buffered.actions, *moved.actions], max(buffered.time, moved.time))
    carried = tile.pe.carry(float(bus)).under("tile")
    width = chip.spec.transport.bus_bits
    read = float(layer.inputs * IN + layer.results * layer.kernel * ERROR)
    streams = {
        "arrays": arrays,
        "translators": translated,
        "tiles": Due([(1.0, carried), *through.actions], through.time / PLAN.tiles[i]),
        "tree": one_by_one(
            chip.tree.transfer(float(inputs), inputs / width, across),
            chip.tree.transfer(float(errors), errors / width, down),
        ),
        "buffer": one_by_one(chip.buffer.read(read)),
    }
    steps = layer.vectors * SLOTS * PLAN.tiles[i]
    return Work(streams, float(steps), float(inputs_stored(i)), slowest)


def update(made: Whole, i: int, times: float) -> Work:
    """Of a layer: each row of the fast arrays is read so many times a step."""
    layer, chip, fast, seen = LAYERS[i], made.chip, FAST[i], made.activity[i]
    actions, slowest = [], 0.0
    for (rows, cols), count in pieces_of(PLAN, i).items():
        row = chip.fast.read_row(fast.conductance, float(cols / PLAN.cols))
        actions.append((fast.reads * rows * count, row.under("pe").under("tile")))
        slowest = max(slowest, rows * seconds(row))  # arrays at once, rows in turn
    values = fast.reads * layer.weights
    codes = values * ADC
    cells = layer.weights * PLAN.cells * PLAN.copies[i]
    # an address among 32 x 16 cells, and 5 bits of a weight, to all copies of the slow array
    changes = cells * (seen.set_fraction + seen.reset_fraction) * (9 + 5)
    tile = made.tile(PLAN.split[i])
    inside = [tile.pe.hold_results(codes).under("tile"), tile.pe.carry(codes).under("tile")]
    carried = tile.carry(codes + changes)
    crossing = codes + changes
    streams = {
        "arrays": Due(actions, fast.reads * slowest),
        "store": one_by_one(chip.hidden.collect(values)),
        "tiles": Due(
            [*((1.0, cost) for cost in inside), (1.0, carried)], seconds(carried) / PLAN.tiles[i]
        ),
        "tree": one_by_one(chip.tree.transfer(crossing, crossing / chip.spec.transport.bus_bits)),
    }
    dram = 2 * times * layer.weights * WORD  # there and back
    return Work(streams, values / LANES, dram, 0.0)


@pytest.mark.parametrize(
    "sets",
    [
        {},
        {"batch": 40},
        {"arrays__cells": "crosspoint", "dram__bandwidth": "20 Gbit/s"},
        {"arrays__read": "row_by_row"},
        {"transport__bus_bits": 1},
    ],
)
def test_gradient(sets):
    made = whole("reram", scheme="tiki_taka", **sets)
    check(made, "gradient", of_each(lambda i: gradient(made, i)))


TOTAL = 128_064  # weights of all layers
ONCE = (1.0,) * 7


@pytest.mark.parametrize(
    ("room", "times"),
    [
        ("auto", ONCE),  # for the largest layer: words come once an iteration, and go
        (TOTAL * WORD, (0.0,) * 7),  # for all: they stay
        (TOTAL * WORD - 1, ONCE),
        # for 18 000 words: the two larger layers have theirs come and go with every read
        (18_000 * WORD, (1.0, 1.0, FAST[2].reads, 1.0, 1.0, FAST[5].reads, 1.0)),
    ],
)
@pytest.mark.parametrize("bus", [96, 1])
def test_update(room, times, bus):
    made = whole(
        "reram", scheme="tiki_taka", gradient_unit__store_bits=room, transport__bus_bits=bus
    )
    assert number(made.chip.hidden.lanes) == LANES
    check(made, "update", of_each(lambda i: update(made, i, times[i])))


def test_update_where_memory_is_slow():
    made = whole("reram", scheme="tiki_taka", dram__bandwidth="20 Mbit/s")
    check(made, "update", of_each(lambda i: update(made, i, 1.0)))
