"""What chips that learn in place do for a small network of unlike layers, by hand."""

import numpy as np
import pytest
from whole_chip import (
    ERROR,
    IN,
    LAYERS,
    NOTHING,
    PLANS,
    STORED,
    Due,
    Whole,
    Work,
    by_layer,
    check,
    check_bill,
    errors_stored,
    inputs_stored,
    near,
    number,
    one_by_one,
    pieces_of,
    rounds,
    seconds,
    side_by_side,
    vector_unit_back,
    whole,
)

NARROW = 16  # bits of a partial result in the output buffer of a tile
WORD = 32  # bits of a velocity
each_chip = pytest.mark.parametrize(
    ("kind", "sets"),
    [
        ("reram", {}),
        ("reram_whole", {}),
        ("reram", {"arrays__read": "row_by_row", "batch": 7}),
        ("reram", {"dram__bandwidth": "20 Gbit/s"}),
        ("reram", {"scheme": "tiki_taka"}),
        ("sram", {}),
        ("sram", {"arrays__read": "parallel", "transport__bus_bits": 8}),
        ("sliced", {}),
    ],
)


def of_each(due):
    return [due(i) for i in range(len(LAYERS))]


# -- the backward pass -----------------------------------------------------------------------------


def errors_sent(kind: str, i: int) -> float:
    """Bits of a layer's errors: once, or along one side of the kernel where it is split."""
    layer = LAYERS[i]
    return float(layer.results * (layer.kernel if PLANS[kind].split[i] else 1) * ERROR)


def backward(made: Whole, kind: str, i: int) -> Work:
    """Of a layer: errors go in at the columns, sums come out at the rows."""
    layer, plan, chip, seen = LAYERS[i], PLANS[kind], made.chip, made.activity[i]
    normed, stored = vector_unit_back(made, i), float(errors_stored(i))
    if layer.first:  # no one needs the errors of an image
        silent = {"arrays": NOTHING, "tiles": NOTHING, "tree": NOTHING, "buffer": NOTHING}
        return Work({**silent, "vector": normed}, 0.0, stored, 0.0)
    actions, slowest = [], 0.0
    for (rows, cols), count in pieces_of(plan, i).items():
        driven, sensed = float(cols / plan.cols), float(rows / plan.rows)
        macro = chip.whole_tile.pe.macro
        one = macro.read_transposed(seen.error_density, seen.conductance, driven, sensed)
        actions.append((float(layer.vectors * ERROR * count), one.under("pe").under("tile")))
        slowest = max(slowest, ERROR * seconds(one))
    arrays = Due(actions, rounds(layer.vectors, plan.copies[i], made.batch) * slowest)

    tile, sums = made.tile(plan.split[i]), number(chip.back_sum_bits)
    sent = errors_sent(kind, i)
    # an error goes to all PEs below each other, and to all tiles: they hold its other inputs
    taken = float(layer.results * plan.pe_rows[i] * ERROR)
    copied = float(sent * plan.tiles_down[i])
    # every kernel position has a share of an input's error; a window of one pixel that steps over
    # every other one leaves inputs without
    partial = layer.vectors * layer.channels * layer.groups * layer.positions
    inputs = min(layer.inputs, partial)
    given = float(partial * plan.pe_cols[i] * sums)  # and so has every PE across the outputs
    bus = float(taken + partial * plan.array_cols[i] * sums)
    # tiles with a PE for each position add what positions give, the others hand it on
    buffered = inputs if plan.split[i] else partial
    across = float(plan.tiles_across[i])  # tiles that hold other outputs of the same inputs
    through = one_by_one(tile.carry(copied, float(plan.tile_pes_down[i])), tile.carry(given))
    kept = one_by_one(tile.stream(copied, float(NARROW * buffered) * across))
    inside = (tile.pe.hold_inputs(taken), tile.pe.hold_results(given), tile.pe.carry(bus))
    additions = float(partial * plan.array_cols[i] - inputs)
    tiles = Due(
        [
            *((1.0, cost.under("tile")) for cost in inside),
            (1.0, tile.add(additions, sums)), *kept.actions, *through.actions,
        ],
        max(kept.time, through.time) / plan.tiles[i],
    )  # fmt: skip

    width = chip.spec.transport.bus_bits
    below = float(plan.tiles_down[i])  # tiles that hold other inputs of the same outputs
    back = float(inputs * STORED)
    tree = one_by_one(
        chip.tree.transfer(sent, sent / width, below),
        chip.tree.transfer(back, back / width, across),
    )
    buffer = side_by_side(chip.buffer.read(sent), chip.buffer.write(float(layer.inputs * ERROR)))
    streams = {
        "arrays": arrays, "tiles": tiles, "tree": tree, "buffer": buffer, "vector": normed,
    }  # fmt: skip
    steps = layer.vectors * ERROR * (plan.tiles[i] + 1)  # of the tiles and of the chip
    return Work(streams, float(steps), stored, slowest + number(chip.tree.delay))


@each_chip
def test_backward(kind, sets):
    made = whole(kind, **sets)
    check(made, "backward", of_each(lambda i: backward(made, kind, i)))


# -- the gradient ----------------------------------------------------------------------------------

# The second split layer has the largest map: 70 channels of 6 bits on 20 pixels. Units have arrays
# of 64 rows and 32 columns, so 1 by 14 of them; conversions of 5 bits of 11 planes make sums of 16
# bits, six more for the bits of an activation, and two more for three images.
PIXELS = (63, 63, 20, 63, 20, 1, 1)
UNIT_ARRAYS = 14
SUM = 24


def down_of(pixels: int, height: int) -> int:
    return -(-pixels // height)


GRADIENTS = [
    # kind, values set, images of a batch together, arrays of all units
    ("reram", {}, (1, 1, 3, 1, 3, 3, 3), 3 * UNIT_ARRAYS),
    ("sram", {}, (1, 1, 3, 1, 3, 3, 3), 2 * UNIT_ARRAYS),
    ("reram", {"gradient_unit__images": 2}, (1, 1, 2, 1, 2, 2, 2), 3 * UNIT_ARRAYS),
    # no more images than the batch has
    ("reram", {"gradient_unit__images": 50}, (1, 1, 3, 1, 3, 3, 3), 3 * UNIT_ARRAYS),
    ("reram", {"batch": 500, "gradient_unit__store_bits": 0}, (1, 1, 3, 1, 3, 64, 64), 42),
    # 63 pixels take three arrays of 24 rows, and of 20 pixels none come together
    ("reram", {"gradient_unit__rows": 24}, (1, 1, 1, 1, 1, 3, 3), 42),
    # so many units that a copy for every read is enough
    ("reram", {"gradient_unit__units": 40}, (1, 1, 3, 1, 3, 3, 3), 40 * UNIT_ARRAYS),
    # room for 18 000 sums and no more: two layers have more
    ("reram", {"gradient_unit__store_bits": 18_000 * SUM}, (1, 1, 3, 1, 3, 3, 3), 42),
    ("reram", {"gradient_unit__store_bits": 18_000 * SUM - 1}, (1, 1, 3, 1, 3, 3, 3), 42),
    ("sram", {"dram__bandwidth": "20 Gbit/s"}, (1, 1, 3, 1, 3, 3, 3), 28),
]  # fmt: skip


def spilled(made: Whole, i: int, sets) -> bool:
    """Whether the sums of a layer have no room on the chip; by default all have."""
    room = sets.get("gradient_unit__store_bits", "auto")
    return room != "auto" and LAYERS[i].weights * number(made.chip.gradient_store.word) > room


def gradient(made: Whole, i: int, sets, images: int, arrays: int) -> Work:
    """Of a layer: activations stand in the unit, errors are read against them."""
    layer, chip, seen = LAYERS[i], made.chip, made.activity[i]
    unit, store, height = (
        chip.gradient_unit,
        chip.gradient_store,
        sets.get("gradient_unit__rows", 64),
    )
    density = sum(seen.input_density) / IN
    rows, columns = float(images * PIXELS[i]), float(layer.channels * IN)
    down, across = down_of(images * PIXELS[i], height), -(-layer.channels * IN // 32)
    jobs = down * across  # arrays at work
    # every output at every kernel position is a read, which serves all images that stand there
    reads = layer.outputs * layer.groups * layer.positions / images
    copies = min(max(arrays // jobs, 1), reads * images)
    turns = -(-jobs // arrays)
    one = unit.read_part(seen.error_density, density, rows, columns)
    # a cell flips where its old bit and the new one differ; unused columns stay as they are
    flipped = 2 * density * (1 - density) * columns / (across * 32)
    filled = unit.write(PIXELS[i] / down, flipped, float(layer.groups * jobs * copies))
    time = turns * (reads / copies * seconds(one) + layer.groups * seconds(filled))
    errors = layer.results * layer.kernel * ERROR  # shifted along one side of the kernel
    dram = float(inputs_stored(i))
    if spilled(made, i, sets):
        dram += 2 * layer.weights / images * number(store.word)  # sums come and go
    streams = {
        "arrays": Due([(reads, one), (1.0, filled)], time),
        "store": one_by_one(store.collect(layer.weights / images)),
        "buffer": one_by_one(chip.buffer.read(float(layer.inputs * IN + errors))),
    }
    return Work(streams, reads * ERROR * jobs, dram, seconds(one))  # a step is a bit plane


@pytest.mark.parametrize(("kind", "sets", "images", "arrays"), GRADIENTS)
def test_gradient(kind, sets, images, arrays):
    made = whole(kind, **sets)
    work = of_each(lambda i: gradient(made, i, sets, images[i], arrays))
    check(made, "gradient", work)


def test_the_unit_and_the_store_by_hand():
    chip = whole("reram").chip
    assert number(chip.gradient_unit.arrays) == UNIT_ARRAYS
    assert number(chip.gradient_store.word) == SUM
    assert number(chip.gradient_store.bits) == 75_000 * SUM
    np.testing.assert_array_equal(chip.positions, PIXELS)


@pytest.mark.parametrize(("reads", "units"), [(10, 34), (64, 6), (1000, 1)])
def test_as_many_units_as_the_layer_with_most_reads_asks(reads, units):
    """Arrays times reads of an image: 1 x 12 x 9; 3 x 70 x 9; 14 x 40 x 9 / 3 images; 3 x 40;
    2 x 250 x 9 / 3; of hidden, 3000 bits in 94 arrays, 94 x 150 / 3; 29 x 10 / 3. The most, 4700,
    is shared by units of 14 arrays that read as many vectors in turn.
    """
    made = whole("reram", gradient_unit__units="auto", gradient_unit__reads=reads)
    work = (108, 1890, 1680, 120, 1500, 4700, 290 / 3)
    found = made.chip.gradient_arrays * made.chip.gradient_reads
    assert by_layer(found) == near(work)
    assert number(made.chip.gradient_units) == units
    check(
        made, "gradient",
        of_each(lambda i: gradient(made, i, {}, (1, 1, 3, 1, 3, 3, 3)[i], units * UNIT_ARRAYS)),
    )  # fmt: skip


# -- the update ------------------------------------------------------------------------------------


def changes(made: Whole, kind: str, i: int, weight_bits: int) -> float:
    """Bits that bring cells what they are to become: an address among 512, and a weight."""
    layer, plan, seen = LAYERS[i], PLANS[kind], made.activity[i]
    cells = layer.weights * plan.cells * plan.copies[i]
    return cells * (seen.set_fraction + seen.reset_fraction) * (9 + weight_bits)


# v <- momentum v + (gradient + decay w); w <- w - rate v: a product and an addition each
PLAIN, LESS, NONE = (3, 3), (2, 2), (0, 1)
UPDATES = [
    # words in memory, products and additions, whether decay reads the cells
    ("reram", {}, 5, 1, PLAIN, True),  # a velocity of each weight
    ("reram", {"momentum": 0.0}, 5, 0, LESS, True),
    ("reram", {"decay": 0.0}, 5, 1, LESS, False),
    ("reram", {"momentum": 0.0, "decay": 0.0}, 5, 0, (1, 1), False),
    # and a residue: over a pulse's step, and less the pulses sent
    ("reram", {"scheme": "mixed_precision"}, 5, 2, (5, 4), True),
    ("reram", {"scheme": "mixed_precision", "momentum": 0.0, "decay": 0.0}, 5, 1, (3, 2), False),
    # a gradient is compared with the threshold
    ("reram", {"scheme": "manhattan"}, 5, 0, NONE, False),
    ("reram", {"gradient_unit__store_bits": 18_000 * SUM}, 5, 1, PLAIN, True),
    ("reram", {"gradient_unit__store_bits": 0, "dram__bandwidth": "20 Gbit/s"}, 5, 1, PLAIN, True),
    ("reram", {"transport__bus_bits": 8}, 5, 1, PLAIN, True),
    ("reram", {"arrays__read": "row_by_row"}, 5, 1, PLAIN, True),
    ("reram_whole", {}, 5, 1, PLAIN, True),
    # real weights of which the cells hold the levels: scaled by their spacing and rounded
    ("sram", {}, 4, 2, (4, 4), False),
    ("sram", {"momentum": 0.0}, 4, 1, (3, 3), False),
    ("sram", {"scheme": "real"}, 4, 2, PLAIN, False),
    # a chip of SRAM has no fast arrays: the words alone
    ("sram", {"scheme": "tiki_taka"}, 4, 1, (1, 1), False),
]


@pytest.mark.parametrize(("kind", "sets", "weight_bits", "words", "steps", "reads"), UPDATES)
def test_update(kind, sets, weight_bits, words, steps, reads):
    made, plan = whole(kind, **sets), PLANS[kind]
    chip = made.chip
    products, additions = map(float, steps)

    def cells(i: int) -> Due:
        """Every cell once, a row after the other; of arrays all at once the highest counts."""
        macro, state = chip.whole_tile.pe.macro, made.activity[i].conductance
        actions, slowest = [], 0.0
        for (rows, cols), count in pieces_of(plan, i).items():
            if sets.get("arrays__read") == "row_by_row":
                one = macro.read(1.0, state, float(rows / plan.rows), float(cols / plan.cols))
            else:
                one = rows * macro.read(1 / plan.rows, state, 1.0, float(cols / plan.cols))
            actions.append((float(count), one.under("pe").under("tile")))
            slowest = max(slowest, seconds(one))
        return Due(actions, slowest)

    store, lanes = chip.gradient_store, 11

    def update(i: int) -> Work:
        layer, tile = LAYERS[i], made.tile(plan.split[i])
        kept = float(words * layer.weights)
        computed = store.update(float(layer.weights), products, additions)
        decayed = cells(i) if reads else NOTHING
        bits = changes(made, kind, i, weight_bits)
        carried = tile.carry(bits)
        width = chip.spec.transport.bus_bits
        # velocities come from memory and go back; sums that live there come, once more
        dram = 2 * kept * WORD
        if spilled(made, i, sets):
            dram += layer.weights * number(store.word)
        streams = {
            "arrays": Due(
                [(1.0, computed), *decayed.actions], max(seconds(computed), decayed.time)
            ),
            "tiles": Due(
                [(1.0, carried), (1.0, tile.pe.carry(bits).under("tile"))],
                seconds(carried) / plan.tiles[i],
            ),
            "tree": one_by_one(chip.tree.transfer(bits, bits / width)),
        }
        return Work(streams, layer.weights / lanes, dram, 0.0)

    check(made, "update", of_each(update))


# -- cells -----------------------------------------------------------------------------------------

SYNCS = [
    # kind, layout, values set, steps from end to end of a cell, turns
    ("reram", "reram", {}, 7, 1),  # 3 bits of a cell
    ("reram", "hybrid", {"arrays__cell_bits": 5}, 30, 1),  # one cell: levels around zero, 31
    # 16 x 2, 2 x 81, 135, 4 x 5, 105, 304 and 4 x 10 arrays: 798
    ("reram", "reram", {"arrays__parallel_programming": 266}, 7, 3),
    ("reram", "reram", {"arrays__parallel_programming": 265}, 7, 4),
    ("reram", "reram", {"scheme": "tiki_taka"}, 7, 1),
    ("sram", "sram", {}, 0, 1),
    # 4 x 18, 4 x 81, 225, 8 x 5, 175, 608 and 2 x 20: 1484
    ("sram", "sram", {"arrays__parallel_programming": 1000, "arrays__read": "parallel"}, 0, 2),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "layout", "sets", "steps", "turns"), SYNCS)
def test_sync(kind, layout, sets, steps, turns):
    """Copies hold the same weights, so their cells change as well; the slowest array counts."""
    made, plan = whole(kind, **sets), PLANS[layout]
    due, times = [], []
    for i, seen in enumerate(made.activity):
        up = seen.set_levels * 100 / steps if steps else 0.0  # SRAM is written, not pulsed
        down = seen.reset_levels * 140 / steps if steps else 0.0
        changes = (seen.set_fraction, up), (seen.reset_fraction, down), seen.conductance
        macro = made.chip.whole_tile.pe.macro
        written = [  # in the rows that hold weights
            (n * plan.copies[i], macro.program(*changes, float(high * wide), rows=float(high)))
            for (high, wide), n in pieces_of(plan, i).items()
        ]
        moves = [(float(n), one.under("pe").under("tile")) for n, one in written]
        due.append(Due(moves, 0.0).items)
        times.append(max(seconds(one) for _, one in written))
    phase = made.phases["sync"]
    check_bill(phase.energy.items, due)
    check_bill(phase.macro.items, due)
    assert number(phase.common_time) == near(turns * max(times))
    assert np.all(np.asarray(phase.time) == 0.0)
    assert np.all(np.asarray(phase.dram_bits) == 0.0)


@pytest.mark.parametrize("kind", ["reram", "sram"])
def test_operations(kind):
    """A cell that changes is one, in all copies; a weight of several cells is updated once."""
    made, plan = whole(kind), PLANS[kind]
    macs = sum(layer.macs for layer in LAYERS)
    changed = sum(
        layer.weights * plan.cells * copies * (seen.set_fraction + seen.reset_fraction)
        for layer, copies, seen in zip(LAYERS, plan.copies, made.activity, strict=True)
    )
    due = {
        "inference": 2 * macs, "forward": 2 * macs, "gradient": 2 * macs,
        "backward": 2 * (macs - LAYERS[0].macs), "update": 128_064, "sync": changed,
        "programming": sum(
            layer.weights * plan.cells * copies
            for layer, copies in zip(LAYERS, plan.copies, strict=True)
        ),
    }  # fmt: skip
    assert {name: number(n) for name, n in made.ops.items()} == near(due)
