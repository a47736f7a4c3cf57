"""The forward pass of a small network of unlike layers, counted by hand on all kinds of chips."""

from collections.abc import Callable

import pytest
from whole_chip import (
    BUS,
    ERROR,
    IN,
    LAYERS,
    PLANS,
    STORED,
    Due,
    Whole,
    Work,
    add,
    check,
    near,
    normalise,
    number,
    one_by_one,
    pieces_of,
    pool,
    rectify,
    rounds,
    seconds,
    side_by_side,
    whole,
)

from neurorebit.circuits.cost import Cost

NARROW = 16  # bits of a partial result in the output buffer of a tile
CHIPS = [
    ("hybrid", {}),
    ("hybrid", {"dram__bandwidth": "20 Gbit/s"}),  # memory is the slowest
    ("hybrid", {"transport__bus_bits": 8}),  # the tree is
    ("hybrid", {"vector_unit__lanes": 1}),  # the vector unit is
    ("hybrid", {"even": True}),
    ("hybrid_whole", {}),
    ("reram", {}),
    ("reram_whole", {}),
    ("reram", {"arrays__read": "row_by_row"}),
    ("reram", {"even": True, "batch": 7}),
    ("reram", {"scheme": "tiki_taka"}),
    ("reram", {"scheme": "tiki_taka", "arrays__cells": "crosspoint"}),
    ("sram", {}),
    ("sram", {"arrays__read": "parallel", "dram__bandwidth": "20 Gbit/s"}),
    ("sliced", {"even": True}),
]


def read_hybrid(made: Whole, i: int, rows: int, cols: int) -> Cost:
    """All planes at once; the macro is told the mean share of ones."""
    seen = made.activity[i]
    density = sum(seen.input_density) / IN
    return made.chip.whole_tile.pe.macro.mvm(density, seen.conductance, float(rows), float(cols))


def read_in_place(made: Whole, i: int, rows: int, cols: int) -> Cost:
    """Plane by plane, each with its own share of ones."""
    seen, macro, total = made.activity[i], made.chip.whole_tile.pe.macro, Cost()
    for density in seen.input_density:
        used = float(rows / macro.rows), float(cols / macro.cols)
        total = total + macro.read(density, seen.conductance, *used)
    return total


def arrays(made: Whole, kind: str, i: int, tile: str, images: int) -> tuple[Due, float]:
    """Every vector goes through all arrays at once; copies take turns with the vectors of images.

    Energy is that of all arrays, time that of the slowest, which fills the pipeline too.
    """
    read: Callable[..., Cost] = read_hybrid if kind.startswith("hybrid") else read_in_place
    layer, plan = LAYERS[i], PLANS[kind]
    read_once = {size: read(made, i, *size) for size in pieces_of(plan, i)}
    slowest = max(seconds(cost) for cost in read_once.values())
    actions = [
        (float(layer.vectors * n), read_once[size].under("pe").under(tile))
        for size, n in pieces_of(plan, i).items()
    ]
    return Due(actions, rounds(layer.vectors, plan.copies[i], images) * slowest), slowest


def forward(made: Whole, kind: str, i: int, images: int | None = None) -> Work:
    """Of a layer (docs/models/phases.md#traffic)."""
    layer, plan, chip = LAYERS[i], PLANS[kind], made.chip
    name = "analog" if kind.startswith("hybrid") else "tile"
    tile, sums = made.tile(plan.split[i]), number(chip.sum_bits)
    products, slowest = arrays(made, kind, i, name, made.batch if images is None else images)

    # each vector is as long as the matrix is high and enters all PEs across a group, which hold
    # other outputs; the PEs of a kernel-split tile hand a pixel on along one side of the kernel, so
    # it is sent 3 times, not 9, to each tile across
    taken = float(layer.vectors * layer.rows * layer.groups * plan.pe_cols[i] * IN)
    times = layer.kernel if plan.split[i] else layer.positions
    sent = float(layer.channels * layer.groups * times * layer.vectors * IN)
    # the arrays below each other each give a partial sum of a result, to be added in their PE; the
    # PEs below each other each send theirs to the tile: n terms take n - 1 additions
    bus = float(taken + layer.results * plan.array_rows[i] * sums)
    between = float(layer.results * plan.pe_rows[i] * sums)
    additions = float(layer.results * (plan.array_rows[i] - 1))
    across, down = float(plan.tiles_across[i]), float(plan.tiles_down[i])
    copied = sent * across
    moved = one_by_one(tile.carry(copied, float(plan.tile_pes_across[i])), tile.carry(between))
    buffered = one_by_one(tile.stream(copied, float(NARROW * layer.results * down)))
    inside = (tile.pe.hold_inputs(taken), tile.pe.hold_results(between), tile.pe.carry(bus))
    held = [(1.0, cost.under(name)) for cost in inside]
    # tiles of a layer have a buffer and a tree each
    added = (1.0, tile.add(additions, sums))
    time = max(moved.time, buffered.time) / plan.tiles[i]
    tiles = Due([*held, added, *buffered.actions, *moved.actions], time)

    # inputs there; results back to be normed, sums of the tiles below each other
    back, width = float(layer.results * STORED), chip.spec.transport.bus_bits
    tree = one_by_one(
        chip.tree.transfer(sent, sent / width, across),
        chip.tree.transfer(back, back / width, down),
    )
    next_inputs = float(layer.handed_on * IN)
    buffer = side_by_side(chip.buffer.read(sent), chip.buffer.write(next_inputs))

    unit = chip.vector_unit
    results = float(layer.results)
    work = [normalise(unit, results) if layer.normed else rectify(unit, results)]
    if layer.pooled < layer.vectors:
        work.append(pool(unit, float(layer.handed_on), 9.0))  # windows of 3 x 3 that overlap
    if layer.added:
        work.append(add(unit, float(layer.added)))

    dram = layer.inputs * IN + next_inputs + layer.added * IN  # the other branch comes from there
    if layer.normed:
        dram += 2 * layer.results * STORED  # written, and read when the batch's mean is known
    elif layer.rectified:
        dram += layer.results  # a bit says where the rectifier lets errors through
    streams = {
        "arrays": products, "tiles": tiles, "tree": tree, "buffer": buffer,
        "vector": one_by_one(*work),
    }  # fmt: skip
    # a step is a bit plane; the chip and each tile of the layer have a sequencer
    steps = layer.vectors * IN * (plan.tiles[i] + 1)
    return Work(streams, float(steps), float(dram), slowest + number(chip.tree.delay))


@pytest.mark.parametrize(("kind", "sets"), CHIPS)
def test_forward(kind, sets):
    made = whole(kind, **sets)
    check(made, "forward", [forward(made, kind, i) for i in range(len(LAYERS))])


@pytest.mark.parametrize("sets", [{"batch": 1}, {"batch": 1000}])
def test_an_image_bears_its_share_of_the_fill(sets):
    made = whole("hybrid", **sets)
    check(made, "forward", [forward(made, "hybrid", i) for i in range(len(LAYERS))])


def test_each_kind_of_stream_is_somewhere_the_slowest():
    """Or the maximum over the streams would not be tested."""
    slowest = set()
    for kind, sets in CHIPS:
        made = whole(kind, **sets)
        for i in range(len(LAYERS)):
            streams = forward(made, kind, i).streams
            slowest.add(max(streams, key=lambda name: streams[name].time))
    assert slowest == {"arrays", "tiles", "tree", "vector"}


def test_bits_of_the_first_layer_in_numbers():
    """Conv 3 -> 12 of 3 x 3 on 9 x 7 pixels, not split: 9 x 3 x 63 inputs of 6 bits are sent."""
    made = whole("hybrid")
    tree = made.chip.tree
    found = made.phases["forward"].streams["tree"]
    assert (9 * 3 * 63 * 6, 12 * 63 * 14) == (10_206, 10_584)
    due = tree.transfer(10_206.0, 10_206 / BUS) + tree.transfer(10_584.0, 10_584 / BUS)
    assert number(found.energy.total[0]) == near(number(due.energy.total))
    assert number(made.phases["forward"].dram_bits[0]) == 189 * 6 + 12 * 63 * 6 + 2 * 12 * 63 * 14


def test_a_layer_is_normed_before_it_is_pooled(tmp_path):
    """5 x 8 x 6 results, 5 x 4 x 3 of them left by windows of 2 x 2 pixels.

    All results are normed and kept, what is left is quantised and goes to the buffer and to memory.
    """
    path = tmp_path / "pooled.yaml"
    path.write_text(
        """\
source: made up
name: pooled
input: {channels: 4, height: 8, width: 6}
classes: 3
activity: {source: made up, input_density: 0.3}
layers:
  - {kind: conv, channels: 5, kernel: 1}
  - {kind: batch_norm}
  - {kind: relu}
  - {kind: avg_pool, kernel: 2}
  - {kind: flatten}
  - {kind: linear, features: 3}
""",
        encoding="utf-8",
    )
    made = whole("reram", network=str(path))
    phase, unit, buffer = made.phases["forward"], made.chip.vector_unit, made.chip.buffer
    results, left = 5 * 8 * 6, 5 * 4 * 3
    due = one_by_one(normalise(unit, float(results)), pool(unit, float(left), 4.0))
    found = phase.streams["vector"]
    assert found.latency.total[0] == near(due.time)
    assert {part: n[0] for part, n in found.energy.items.items()} == near(due.items)
    written = side_by_side(buffer.read(4 * 48.0 * IN), buffer.write(float(left * IN)))
    found = phase.streams["buffer"].energy.items
    assert {part: n[0] for part, n in found.items()} == near(written.items)
    assert phase.dram_bits[0] == (4 * 48 + left) * IN + 2 * results * STORED
    back = made.phases["backward"].dram_bits[0]
    assert back == (left + results) * ERROR + 2 * results * STORED
