"""What the digital side of a hybrid chip does for a small network of unlike layers, by hand."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from whole_chip import (
    ERROR,
    IN,
    LAYERS,
    NOTHING,
    PLANS,
    Due,
    Whole,
    Work,
    check,
    check_bill,
    errors_stored,
    inputs_stored,
    near,
    number,
    one_by_one,
    pieces,
    pieces_of,
    rounds,
    seconds,
    side_by_side,
    vector_unit_back,
    whole,
)

from neurorebit.circuits.cost import Cost
from neurorebit.circuits.wire import Bus

CHIPS = [
    {},
    {"dpim__build": "bit_serial"},
    {"vector_unit__skip_zero_errors": "false"},
    {"dram__bandwidth": "20 Gbit/s", "dpim__copies": 1},
    {"apim__kernel_split": "false"},
    {"vector_unit__skip_zero_errors": "false", "dpim__build": "bit_serial"},
    {"batch": 5, "transport__bus_bits": 8, "dpim__build": "bit_serial"},
]
each_chip = pytest.mark.parametrize("sets", CHIPS)

# Macros of 16 outputs by 3 words of an input channel each, for one kernel position; six of them in
# a PE, at most two above each other; nine PEs in a tile, as most layers have 3 x 3 kernels.
ROWS, WORDS, VECTORS = 16, 3, 5
WORD = 32  # bits of a weight and of what is sent back to be rounded
BLOCKS = (1, 5, 3, 3, 4, 10, 1)  # macros above each other: outputs of a group / 16
# macros beside each other: 3 / 3, 12 / 3, 70 / 3, 12 / 3, 8 / 3, 500 / 3, 150 / 3
MACROS = (9 * 1, 9 * 5 * 4, 9 * 3 * 24, 3 * 4, 5 * 9 * 4 * 3, 10 * 167, 1 * 50)
# a PE is 3 macros wide (9 channels) where two are above each other, else 6 wide (18 channels)
PES_ACROSS = (1, 2, 8, 2, 1, 56, 9)  # 3 / 18, 12 / 9, 70 / 9, 12 / 9, 8 / 9, 500 / 9, 150 / 18
PES_DOWN = (1, 3, 2, 2, 2, 5, 1)  # outputs of a group / 32
# Tiles that take an error: as many as PEs where each position has one of the nine. The others are
# packed, 54 macros a tile: of hidden two rows of 167 macros take 7 tiles, and its ten rows five.
ACROSS, DOWN = (1, 2, 8, 1, 1, 7, 1), (1, 3, 2, 1, 1, 5, 1)
# with all positions: 9 x 12 macros of a group fill two tiles
EVERYWHERE, ADDED = (1, 2, 8, 1, 2, 7, 1), (1, 3, 2, 1, 2, 5, 1)
# PEs of a tile that take what comes in: one, which hands it on; or those of the packed position
SEND_ACROSS, SEND_DOWN = (1, 1, 1, 2, 1, 9, 9), (1, 1, 1, 2, 2, 5, 1)
BROADCAST = (9, 9, 9, 2, 9, 9, 9)  # all positions at once
FETCHES = (3, 3, 3, 1, 9, 1, 1)  # a row of the window, or each position
# Inputs that have an error: of 756 that windows of one pixel step over, 12 x 20
SUMS = (189, 756, 1400, 240, 800, 500, 150)


def tiles_of(copies: int) -> tuple[int, ...]:
    """Layers of 3 x 3 kernels without groups lie in tiles as they are, the others are packed."""
    packed = [-(-copies * n // (6 * 9)) for n in MACROS]
    aligned = [copies * across * down for across, down in zip(PES_ACROSS, PES_DOWN, strict=True)]
    return (*aligned[:3], *packed[3:])


def test_the_digital_side_by_hand():
    chip = whole("hybrid").chip
    assert tiles_of(3) == (3, 18, 48, 1, 30, 93, 3)
    for found, due in (
        (chip.digital_macros, [3 * n for n in MACROS]),
        (chip.digital_pes_across, PES_ACROSS),
        (chip.digital_pes_down, PES_DOWN),
        (chip.digital_across, ACROSS),
        (chip.digital_down, DOWN),
        (chip.of_all_positions(chip.digital_across), EVERYWHERE),
        (chip.of_all_positions(chip.digital_down), ADDED),
        (chip.digital_fetches, FETCHES),
        (chip.digital_tiles, tiles_of(3)),
    ):
        np.testing.assert_array_equal(found, due)


def macros_of(i: int) -> Counter[tuple[int, int]]:
    """Rows and words in use of the macros of one copy, and how many macros are like each.

    The 70 outputs of the second layer, for one, fill four macros and 6 rows of a fifth.
    """
    layer, found = LAYERS[i], Counter[tuple[int, int]]()
    for rows, n in pieces(layer.outputs, ROWS).items():
        for words, m in pieces(layer.channels, WORDS).items():
            found[rows, words] += layer.positions * layer.groups * n * m
    return found


@pytest.mark.parametrize("i", range(len(LAYERS)))
def test_macros_hold_every_weight_once(i):
    found = macros_of(i)
    assert sum(found.values()) == MACROS[i]
    assert sum(rows * words * n for (rows, words), n in found.items()) == LAYERS[i].weights


def in_macros(i: int, work: Callable[[float, float], Cost], times: float) -> Due:
    """Work in all macros of one copy, ``times`` times; of the time the longest of once."""
    done = {size: work(float(size[0]), float(size[1])) for size in macros_of(i)}
    actions = [
        (times * n, done[size].under("pe").under("digital")) for size, n in macros_of(i).items()
    ]
    return Due(actions, max(map(seconds, done.values())))


def nonzero(made: Whole, i: int, sets) -> float:
    skipped = sets.get("vector_unit__skip_zero_errors") != "false"
    return made.activity[i].error_nonzero if skipped else 1.0


def sums_of(made: Whole) -> int:
    """An accumulator is as much wider as an error is."""
    return 37 + ERROR


def backward(made: Whole, i: int, sets) -> Work:
    """Of a layer (docs/models/phases.md#traffic)."""
    layer, chip, seen = LAYERS[i], made.chip, made.activity[i]
    normed, stored = vector_unit_back(made, i), float(errors_stored(i))
    if layer.first:  # no one needs the errors of an image
        silent = {"arrays": NOTHING, "tiles": NOTHING, "tree": NOTHING, "buffer": NOTHING}
        return Work({**silent, "vector": normed}, 0.0, stored, 0.0)
    copies = sets.get("dpim__copies", 3)
    count, tile, sums = tiles_of(copies)[i], chip.digital_tile, sums_of(made)
    # macros of a layer work at once, each on its own rows and words; copies share the vectors
    macro, dense = chip.digital_macro, nonzero(made, i, sets)
    one = in_macros(
        i, lambda rows, words: macro.mtvm(seen.error_density, dense, rows, words), layer.vectors
    )
    arrays = Due(one.actions, rounds(layer.vectors, copies, made.batch) * one.time)
    high = min(layer.outputs, ROWS)  # rows of the fullest macro
    errors = layer.results * ERROR
    sent = float(FETCHES[i] * errors)
    copied = sent * ACROSS[i]  # tiles beside each other hold other inputs of the same outputs
    # every position's PEs take every error, and each of those below each other gives sums
    taken = float(layer.positions * errors * PES_ACROSS[i])
    partial = layer.vectors * layer.channels * layer.groups * layer.positions
    given = float(partial * PES_DOWN[i] * sums)
    inside = (
        tile.pe.hold_inputs(taken), tile.pe.hold_results(given),
        tile.pe.carry(float(taken + partial * BLOCKS[i] * sums)),
    )  # fmt: skip
    moved = (tile.carry(copied, float(SEND_ACROSS[i])), tile.carry(given))
    # tiles below each other and those of other positions have a sum of an input each
    buffered = tile.stream(copied, float(WORD * SUMS[i] * ADDED[i]))
    tiles = Due(
        [
            *((1.0, cost.under("digital")) for cost in inside),
            *((1.0, cost) for cost in (buffered, *moved)),
            (1.0, tile.add(float(partial * BLOCKS[i] - SUMS[i]), sums)),
        ],
        max(seconds(buffered), sum(map(seconds, moved))) / count,
    )  # fmt: skip
    # errors branch to the tiles that take them, sums are added where their ways meet
    width = chip.spec.transport.bus_bits
    there = chip.digital_tree.transfer(sent, sent / width, float(ACROSS[i]))
    back = float(SUMS[i] * WORD)
    tree = one_by_one(there, chip.digital_tree.transfer(back, back / width, float(ADDED[i])))
    buffer = side_by_side(chip.buffer.read(sent), chip.buffer.write(float(layer.inputs * ERROR)))
    # rows are read once a bit, or once for five errors
    reads = ERROR if "dpim__build" in sets else 1 / VECTORS
    steps = (
        rounds(layer.vectors, copies, made.batch) * high * reads * count
    )  # a vector is one copy's
    streams = {
        "arrays": arrays, "tiles": tiles, "tree": tree, "buffer": buffer, "vector": normed,
    }  # fmt: skip
    return Work(streams, steps, stored, one.time + number(chip.digital_tree.delay))


@each_chip
def test_backward(sets):
    made = whole("hybrid", **sets)
    check(made, "backward", [backward(made, i, sets) for i in range(len(LAYERS))])


def gradient(made: Whole, i: int, sets) -> Work:
    """Of a layer: every error times every input that it came from."""
    layer, chip = LAYERS[i], made.chip
    macro, tile = chip.digital_macro, chip.digital_tile
    copies = sets.get("dpim__copies", 3)
    count = tiles_of(copies)[i]
    dense, high = nonzero(made, i, sets), min(layer.outputs, ROWS)
    outer = in_macros(i, lambda rows, words: macro.outer(dense, rows, words), layer.vectors)
    collected = in_macros(i, macro.collect, float(copies))  # each has seen some vectors
    arrays = Due(
        [*outer.actions, *collected.actions],
        rounds(layer.vectors, copies, made.batch) * outer.time + collected.time,
    )
    # five accumulators a lane: five errors against three inputs at once, so that each error enters
    # a macro once, and each input once for every five errors, the last fewer
    pitch = Bus(chip.tech, np.sqrt(number(macro.footprint.area.total)))
    entering = (
        n * (rows * ERROR + -(-rows // VECTORS) * words * IN)
        for (rows, words), n in macros_of(i).items()
    )
    fed = float(layer.vectors * sum(entering))
    moved = Due([(1.0, pitch.transfer(fed, 0.0).under("pe").under("digital"))], 0.0)
    # errors once, to all positions at a time; inputs as each position sees them
    errors, seen = float(layer.results * ERROR), layer.vectors * layer.channels * layer.groups * IN
    inputs = float(FETCHES[i] * seen)
    copied = errors * EVERYWHERE[i], inputs * DOWN[i]
    carried = tile.carry(copied[0], float(BROADCAST[i])), tile.carry(copied[1], float(SEND_DOWN[i]))
    buffered = tile.stream(sum(copied), 0.0)
    taken = float(layer.positions * (errors * PES_ACROSS[i] + seen * PES_DOWN[i]))
    inside = tile.pe.hold_inputs(taken), tile.pe.carry(taken)
    tiles = Due(
        [
            *((1.0, cost.under("digital")) for cost in inside),
            *((1.0, cost) for cost in (buffered, *carried)),
        ],
        max(seconds(buffered), sum(map(seconds, carried))) / count,
    )
    width = chip.spec.transport.bus_bits
    tree = one_by_one(
        chip.digital_tree.transfer(errors, errors / width, float(EVERYWHERE[i])),
        chip.digital_tree.transfer(inputs, inputs / width, float(DOWN[i])),
    )
    streams = {
        "arrays": arrays, "feed": moved, "tiles": tiles, "tree": tree,
        "buffer": one_by_one(chip.buffer.read(errors + inputs)),
    }  # fmt: skip
    fill = outer.time / high + number(chip.digital_tree.delay)
    steps = rounds(layer.vectors, copies, made.batch) * high * count
    return Work(streams, float(steps), float(inputs_stored(i)), fill)


@each_chip
def test_gradient(sets):
    made = whole("hybrid", **sets)
    check(made, "gradient", [gradient(made, i, sets) for i in range(len(LAYERS))])


@pytest.mark.parametrize(
    ("momentum", "decay", "products", "additions"),
    [
        (0.9, 1e-4, 3.0, 2.0),  # a velocity was added to as gradients were collected
        (0.9, 0.0, 2.0, 1.0),
        (0.0, 1e-4, 2.0, 2.0),
        (0.0, 0.0, 1.0, 1.0),
    ],
)
def test_an_update_takes_what_the_rule_asks(momentum, decay, products, additions):
    """Rate, momentum and decay are a product each; the change and the decay an addition."""
    made = whole("hybrid", dpim__copies=1, momentum=momentum, decay=decay)
    macro, due = made.chip.digital_macro, []
    steps = {"products": products, "additions": additions}
    for i, seen in enumerate(made.activity):
        written = seen.words_written
        due.append(in_macros(i, lambda *used, w=written: macro.write(w, *used, **steps), 1.0))
    check_bill(made.phases["update"].energy.items, [d.items for d in due])


@pytest.mark.parametrize("copies", [1, 3])
def test_update_is_of_all_copies_of_all_weights(copies):
    """Rows of a macro one after the other, all macros at once: the longest takes the time.

    Before that three copies add their gradients up: words of 32 bits meet on the tree, their sums
    go back, one layer after the other, and each copy reads its words and writes the sums.
    """
    made = whole("hybrid", dpim__copies=copies)
    phase, macros, all_due, times, moving = made.phases["update"], [], [], [[], []], 0.0
    chip, macro, tile = made.chip, made.chip.digital_macro, made.chip.digital_tile
    for i, (layer, seen) in enumerate(zip(LAYERS, made.activity, strict=True)):
        written = seen.words_written
        steps = {"products": 3.0, "additions": 2.0}
        done = in_macros(
            i, lambda *used, w=written, s=steps: macro.write(w, *used, **s), float(copies)
        )
        actions, moved = [*done.actions], []
        times[0].append(done.time)
        if copies > 1:
            summed = in_macros(i, macro.collect, 3.0)
            actions += summed.actions
            times[1].append(summed.time)
            words = 2.0 * layer.weights * WORD  # there and back
            over = chip.digital_tree.transfer(words, words / 96, 3.0)
            inside = tile.carry(3.0 * words)
            bus = tile.pe.carry(3.0 * words).under("digital")
            moved = [(1.0, over), (1.0, inside), (1.0, bus)]
            moving += max(seconds(over), seconds(inside) / tiles_of(3)[i])
        macros.append(Due(actions, 0.0).items)
        all_due.append(Due([*actions, *moved], 0.0).items)
    check_bill(phase.energy.items, all_due)
    check_bill(phase.macro.items, macros)
    due = sum(max(found, default=0.0) for found in times) + moving
    assert np.max(phase.common_time) == near(due)
    assert np.all(np.asarray(phase.time) == 0.0)
    assert np.all(np.asarray(phase.dram_bits) == 0.0)


@pytest.mark.parametrize(("at_once", "turns"), [("all", 1), ("100", 5)])
def test_sync(at_once, turns):
    """Changes cross both trees, with the cell's address and its level of 4 bits, to all copies.

    32 x 1, 2 x 45, 81, 8 x 3, 60, 160 and 8 x 5 arrays are 487: five turns of 100.
    """
    made, plan = whole("hybrid", apim__parallel_programming=at_once), PLANS["hybrid"]
    chip, due, sent, pulsed = made.chip, [], 0.0, []
    for i, (layer, seen) in enumerate(zip(LAYERS, made.activity, strict=True)):
        found = in_macros(i, chip.digital_macro.level, 1.0)
        cells = layer.weights * plan.copies[i]
        address = 9  # bits: one of 32 x 16 cells
        bits = cells * (seen.set_fraction + seen.reset_fraction) * (address + 4)
        trees = [tree.transfer(bits, bits / 96) for tree in (chip.digital_tree, chip.tree)]
        # out of the tiles of one side and into those of the other
        ways = [(chip.digital_tile, tiles_of(3)[i]), (made.tile(plan.split[i]), plan.tiles[i])]
        inside = [tile.carry(bits) for tile, _ in ways]
        buses = [tile.pe.carry(bits).under(tile.name) for tile, _ in ways]
        through = [seconds(cost) / n for cost, (_, n) in zip(inside, ways, strict=True)]
        # 15 levels, and so 14 steps over 100 pulses up or 140 down
        rising = seen.set_fraction, seen.set_levels * 100 / 14
        falling = seen.reset_fraction, seen.reset_levels * 140 / 14
        macro, state = chip.whole_tile.pe.macro, seen.conductance
        written = [  # in the rows that hold weights
            (n, macro.program(rising, falling, state, float(rows * cols), rows=float(rows)))
            for (rows, cols), n in pieces_of(plan, i).items()
        ]
        due.append(
            Due(
                [
                    *found.actions,
                    *(
                        (float(n * plan.copies[i]), one.under("pe").under("analog"))
                        for n, one in written
                    ),
                    *((1.0, cost) for cost in (*trees, *inside, *buses)),
                ],
                0.0,
            )
        )  # fmt: skip
        sent += max(*map(seconds, trees), *through)  # one after the other: the slowest counts
        pulsed.append(max(seconds(one) for _, one in written))
    phase = made.phases["sync"]
    check_bill(phase.energy.items, [d.items for d in due])
    macros = [Due(d.actions[:-6], 0.0).items for d in due]
    check_bill(phase.macro.items, macros)
    # one layer's changes after the other's; then all cells, rows of an array one after the other
    assert number(phase.common_time) == near(sent + turns * max(pulsed))
    assert np.all(np.asarray(phase.time) == 0.0)
    assert np.all(np.asarray(phase.dram_bits) == 0.0)


def test_operations():
    made, plan = whole("hybrid"), PLANS["hybrid"]
    macs = sum(layer.macs for layer in LAYERS)
    weights = [layer.weights for layer in LAYERS]
    assert weights == [324, 7560, 25_200, 480, 18_000, 75_000, 1500]
    assert macs == 324 * 63 + (7560 + 25_200 + 480 + 18_000) * 20 + 75_000 + 1500
    changed = [
        n * copies * (seen.set_fraction + seen.reset_fraction)
        for n, copies, seen in zip(weights, plan.copies, made.activity, strict=True)
    ]
    due = {
        "inference": 2 * macs, "forward": 2 * macs, "gradient": 2 * macs,
        "backward": 2 * (macs - 324 * 63),
        "update": sum(weights), "sync": sum(changed),
        "programming": sum(n * copies for n, copies in zip(weights, plan.copies, strict=True)),
    }  # fmt: skip
    assert set(made.ops) == set(due)
    for name, count in due.items():
        assert number(made.ops[name]) == near(count), name
