"""What the digital side of a hybrid chip does for a small network of unlike layers, by hand."""

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
    seconds,
    side_by_side,
    vector_unit_back,
    whole,
)

from neurorebit.circuits.wire import Bus

CHIPS = [
    {},
    {"dpim__build": "word_parallel"},
    {"dpim__build": "word_parallel", "vector_unit__skip_zero_errors": "false"},
    {"dram__bandwidth": "20 Gbit/s", "dpim__copies": 1},
    {"apim__kernel_split": "false", "dpim__build": "word_parallel"},
    {"vector_unit__skip_zero_errors": "false"},
    {"batch": 5, "transport__bus_bits": 8},
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
ACROSS = (1, 2, 8, 2, 1, 56, 9)  # 3 / 18, 12 / 9, 70 / 9, 12 / 9, 8 / 9, 500 / 9, 150 / 18
DOWN = (1, 3, 2, 2, 2, 5, 1)  # outputs of a group / 32


def tiles_of(copies: int) -> tuple[int, ...]:
    """Layers of 3 x 3 kernels without groups lie in tiles as they are, the others are packed."""
    packed = [-(-copies * n // (6 * 9)) for n in MACROS]
    aligned = [copies * across * down for across, down in zip(ACROSS, DOWN, strict=True)]
    return (*aligned[:3], *packed[3:])


def test_the_digital_side_by_hand():
    chip = whole("hybrid").chip
    assert tiles_of(3) == (3, 18, 48, 1, 30, 93, 3)
    for found, due in (
        (chip.digital_macros, [3 * n for n in MACROS]),
        (chip.digital_across, ACROSS),
        (chip.digital_down, DOWN),
        (chip.digital_tiles, tiles_of(3)),
    ):
        np.testing.assert_array_equal(found, due)


def split(sets) -> tuple[int, ...]:
    """Which layers the analog side splits: the digital side hands pixels on where it does."""
    return (0,) * 7 if "apim__kernel_split" in sets else tuple(PLANS["hybrid"].split)


def nonzero(made: Whole, i: int, sets) -> float:
    skipped = sets.get("vector_unit__skip_zero_errors") != "false"
    return made.activity[i].error_nonzero if skipped else 1.0


def sums_of(made: Whole) -> int:
    """An accumulator is as much wider as an error is."""
    return 37 + ERROR


def errors_sent(i: int, sets) -> float:
    """Bits of a layer's errors on their way: as often as a kernel has positions, or rows."""
    layer = LAYERS[i]
    return float((layer.kernel if split(sets)[i] else layer.positions) * layer.results * ERROR)


def backward(made: Whole, i: int, sets) -> Work:
    """Of a layer (system.md 13.6)."""
    layer, chip, seen = LAYERS[i], made.chip, made.activity[i]
    normed, stored = vector_unit_back(made, i), float(errors_stored(i))
    if layer.first:  # no one needs the errors of an image
        silent = {"arrays": NOTHING, "tiles": NOTHING, "tree": NOTHING, "buffer": NOTHING}
        return Work({**silent, "vector": normed}, 0.0, stored, 0.0)
    copies = sets.get("dpim__copies", 3)
    count, tile, sums = tiles_of(copies)[i], chip.digital_tile, sums_of(made)
    # a macro holds 16 x 3 weights; macros of a layer work at once, copies share the vectors
    one = chip.digital_macro.mtvm(seen.error_density, nonzero(made, i, sets))
    arrays = Due(
        [(layer.macs / (ROWS * WORDS), one.under("pe").under("digital"))],
        layer.vectors / copies * seconds(one),
    )
    sent = errors_sent(i, sets)
    everywhere = sent * ACROSS[i]  # tiles beside each other hold other inputs of the same outputs
    inputs = layer.vectors * layer.channels * layer.groups  # sums of one kernel position each
    partial = layer.positions * BLOCKS[i]  # macros that have a share of such a sum
    bus = tile.pe.carry(float(everywhere + inputs * partial * sums))
    give = tile.pe.hold_results(float(inputs * layer.positions * sums))
    through = side_by_side(
        tile.stream(everywhere, float(WORD * inputs)),
        tile.carry(float(everywhere + inputs * layer.positions * DOWN[i] * sums)),
    )
    tiles = Due(
        [
            (1.0, bus.under("digital")), (1.0, give.under("digital")), *through.actions,
            (1.0, tile.add(float(inputs * (partial - 1)), sums)),
        ],
        through.time / count,
    )  # fmt: skip
    # errors pass all tiles of the layer, sums come back from one
    width = chip.spec.transport.bus_bits
    there = chip.digital_tree.transfer(sent, sent / width, (count - 1) * number(tile.side))
    back = float(layer.inputs * WORD)
    tree = one_by_one(there, chip.digital_tree.transfer(back, back / width))
    buffer = side_by_side(chip.buffer.read(sent), chip.buffer.write(float(layer.inputs * ERROR)))
    # rows are read once a bit, or once for five errors
    reads = 1 / VECTORS if "dpim__build" in sets else ERROR
    steps = layer.vectors * ROWS * reads * count
    streams = {
        "arrays": arrays, "tiles": tiles, "tree": tree, "buffer": buffer, "vector": normed,
    }  # fmt: skip
    return Work(streams, steps, stored, seconds(one) + number(chip.digital_tree.delay))


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
    outer, collected = macro.outer(nonzero(made, i, sets)), macro.collect()
    held = layer.weights / (ROWS * WORDS)  # macros' worth of weights
    arrays = Due(
        [
            (held * layer.vectors, outer.under("pe").under("digital")),
            (held, collected.under("pe").under("digital")),
        ],
        layer.vectors / copies * seconds(outer) + seconds(collected),
    )
    # five accumulators a lane: five errors against three inputs at once, so that an error comes in
    # for three products and an input for five
    pitch = Bus(chip.tech, np.sqrt(number(macro.footprint.area.total)))
    fed = layer.macs * (ERROR / WORDS + IN / VECTORS)
    moved = Due([(1.0, pitch.transfer(fed, 0.0).under("pe").under("digital"))], 0.0)
    sent = errors_sent(i, sets)
    times = layer.kernel if split(sets)[i] else layer.positions
    inputs = float(times * layer.vectors * layer.channels * layer.groups * IN)
    # errors to the tiles beside each other, inputs to those below each other
    copied = float(sent * ACROSS[i] + inputs * DOWN[i])
    through = side_by_side(tile.stream(copied, 0.0), tile.carry(copied))
    tiles = Due(through.actions, through.time / count)
    width, side = chip.spec.transport.bus_bits, number(tile.side)
    tree = one_by_one(
        chip.digital_tree.transfer(sent, sent / width, (count - 1) * side),
        chip.digital_tree.transfer(inputs, inputs / width, (DOWN[i] - 1) * side),
    )
    streams = {
        "arrays": arrays, "feed": moved, "tiles": tiles, "tree": tree,
        "buffer": one_by_one(chip.buffer.read(sent + inputs)),
    }  # fmt: skip
    fill = seconds(outer) / ROWS + number(chip.digital_tree.delay)
    return Work(streams, float(layer.vectors * ROWS * count), float(inputs_stored(i)), fill)


@each_chip
def test_gradient(sets):
    made = whole("hybrid", **sets)
    check(made, "gradient", [gradient(made, i, sets) for i in range(len(LAYERS))])


def test_update_is_of_all_copies_of_all_weights():
    """Rows of a macro one after the other, all macros at once: the longest takes the time."""
    made = whole("hybrid")
    phase, due = made.phases["update"], []
    for layer, seen in zip(LAYERS, made.activity, strict=True):
        one = made.chip.digital_macro.write(seen.words_written).under("pe").under("digital")
        due.append(Due([(3 * layer.weights / (ROWS * WORDS), one)], seconds(one)))
    check_bill(phase.energy.items, [d.items for d in due])
    check_bill(phase.macro.items, [d.items for d in due])
    assert np.max(phase.common_time) == near(max(d.time for d in due))
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
        found = chip.digital_macro.level().under("pe").under("digital")
        cells, arrays = layer.weights * plan.copies[i], plan.arrays[i] * plan.copies[i]
        address = 9  # bits: one of 32 x 16 cells
        bits = cells * (seen.set_fraction + seen.reset_fraction) * (address + 4)
        trees = [tree.transfer(bits, bits / 96) for tree in (chip.digital_tree, chip.tree)]
        # 15 levels, and so 14 steps over 100 pulses up or 140 down
        rising = seen.set_fraction, seen.set_levels * 100 / 14
        falling = seen.reset_fraction, seen.reset_levels * 140 / 14
        one = chip.whole_tile.pe.macro.program(rising, falling, seen.conductance, cells / arrays)
        written = one.under("pe").under("analog")
        due.append(
            Due(
                [
                    (layer.weights / (ROWS * WORDS), found), (float(arrays), written),
                    (1.0, trees[0]), (1.0, trees[1]),
                ],
                0.0,
            )
        )  # fmt: skip
        sent += sum(map(seconds, trees))
        pulsed.append(seconds(one))
    phase = made.phases["sync"]
    check_bill(phase.energy.items, [d.items for d in due])
    macros = [Due(d.actions[:2], 0.0).items for d in due]
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
        "forward": 2 * macs, "gradient": 2 * macs, "backward": 2 * (macs - 324 * 63),
        "update": sum(weights), "sync": sum(changed),
    }  # fmt: skip
    assert set(made.ops) == set(due)
    for name, count in due.items():
        assert number(made.ops[name]) == near(count), name
