"""Inference of a small network of unlike layers, counted by hand on all kinds of chips."""

import numpy as np
import pytest
from unit.estimate.test_branches_forward import CHIPS, forward
from unit.estimate.test_branches_hybrid import in_macros
from whole_chip import (
    COUNT,
    IN,
    LAYERS,
    PLANS,
    STORED,
    Work,
    add,
    check,
    check_bill,
    lanes,
    near,
    number,
    one_by_one,
    pieces_of,
    pool,
    rectify,
    seconds,
    side_by_side,
    whole,
)

from neurorebit.chips.parts.residence import live, traffic
from neurorebit.chips.parts.writing import from_low_end, verified
from neurorebit.inputs.files import read_inputs
from neurorebit.layers.maps import Map, maps_of

ONLY = [  # chips that only infer
    ("inference", {}),
    ("inference", {"inference_arrays__cells": "crosspoint"}),
    ("inference", {"inference_arrays__read": "row_by_row"}),
    ("inference", {"even": True, "batch": 7}),
    ("inference_sram", {}),
    ("inference_sram", {"inference_arrays__read": "parallel"}),
]

# Which maps are live while a layer works: its input, its output, and what is still to be read.
# 'stem' is read by 'wide' and by 'side', 'deep' is added to 'side' two layers later.
LIVE = (
    189 + 756,  # stem_conv: image, stem
    756 + 1400,  # wide: stem, its output
    756 + 1400 + 800,  # deep: stem is held for side, wide, its output
    756 + 800 + 800,  # side: stem, deep is held to be added, the sum
    800 + 500,
    500 + 150,
    150 + 10,
)


def scale_and_shift(unit, elements):
    """A product by the channel's scale, a sum with its shift; a word is written."""
    return lanes(unit, elements, 1, ((1, 32),), ((1, STORED),), words=1)


def inference(made, kind, i, dram, buffer):
    """As the forward pass of a training, but for the vector unit, the buffer and DRAM."""
    layer, unit, work = LAYERS[i], made.chip.vector_unit, forward(made, kind, i, 1)
    results = float(layer.results)
    steps = [rectify(unit, results)]
    if layer.normed:
        steps.append(scale_and_shift(unit, results))
    if layer.pooled < layer.vectors:
        steps.append(pool(unit, float(layer.handed_on), 9.0))
    if layer.added:
        steps.append(add(unit, float(layer.added)))
    streams = {**work.streams, "vector": one_by_one(*steps), "buffer": buffer}
    # one image at a time: it bears the whole fill, of which 'check' leaves a batch's share
    return Work(streams, work.steps, float(dram), made.batch * work.fill)


def read_from_buffer(made, kind, i):
    """Bits that the tiles are sent in the forward pass: see ``test_bits_of_the_first_layer``."""
    layer = LAYERS[i]
    split = made.chip.plan.split[i]
    times = layer.kernel if split else layer.positions
    return float(layer.channels * layer.groups * times * layer.vectors * IN)


@pytest.mark.parametrize(("kind", "sets"), CHIPS + ONLY)
def test_inference(kind, sets):
    """The image comes and ten scores leave: no other bit crosses the edge of the chip."""
    made, due = whole(kind, **sets), []
    for i, layer in enumerate(LAYERS):
        into, out = 189 * IN if layer.first else 0, 10 * IN if layer.name == "last" else 0
        read = read_from_buffer(made, kind, i) + layer.added * IN + out
        buffer = side_by_side(
            made.chip.buffer.read(read), made.chip.buffer.write(float(layer.handed_on * IN + into))
        )
        due.append(inference(made, kind, i, into + out, buffer))
    check(made, "inference", due)


def test_a_batch_does_not_move_it():
    one, many = (whole("hybrid", batch=batch).phases["inference"] for batch in (1, 1000))
    assert np.array_equal(one.time, many.time)
    assert np.array_equal(one.energy.total, many.energy.total)


def test_maps_that_have_no_room_go_to_memory():
    """Room for 2500 values of 6 bits: 'deep' finds 756 + 1400 taken, so it goes and comes back.

    Beside it nothing has to: while 'side' works, 'stem' and the sum are 1556 values.
    """
    bits = 2500 * IN
    made = whole("reram", transport__activation_bits=bits, transport__staging_bits=1,
                 transport__global_buffer_lines=1, transport__global_buffer_bits=1)  # fmt: skip
    buffer = made.chip.buffer
    assert number(buffer.cores * buffer.bits) == bits + 1
    dram = np.zeros(COUNT)
    dram[0], dram[-1] = 189 * IN, 10 * IN
    dram[2] += 800 * IN  # written
    dram[3] += 800 * IN  # read to be added
    assert np.asarray(made.phases["inference"].dram_bits) == near(dram)
    for i, read, written in (
        (2, 800 * IN, 800 * IN),  # on its way out it is written to the buffer and read
        (3, 800 * IN, 800 * IN + 800 * IN),  # the sum and what has come; 'deep' is read for the sum
    ):
        through = side_by_side(
            buffer.read(read_from_buffer(made, "reram", i) + float(read)),
            buffer.write(float(written)),
        )
        found = made.phases["inference"].streams["buffer"]
        assert {part: n[i] for part, n in found.energy.items.items()} == near(through.items)
        assert found.latency.total[i] == near(through.time)


def test_no_room_at_all():
    """Each map is written once and read by each layer that asks for it."""
    made = whole("sram", transport__activation_bits=0, transport__staging_bits=0,
                 transport__global_buffer_lines=1, transport__global_buffer_bits=1)  # fmt: skip
    due = (
        189 + 756,  # image in, stem out
        756 + 1400,
        1400 + 800,
        756 + 800 + 800,  # stem, deep, and the sum
        800 + 500,
        500 + 150,
        150 + 10,
    )
    assert np.asarray(made.phases["inference"].dram_bits) == near([n * IN for n in due])


def test_live_maps():
    maps = maps_of(read_inputs("tests/data/branches.yaml").network.stages)
    assert list(live(maps, COUNT)) == list(LIVE)
    # with as much room as the fullest layer asks nothing leaves, with a bit less something does
    for less, moved in ((0.0, 199.0), (1.0, 199.0 + 2 * 800)):
        found = traffic(maps, COUNT, 1.0, max(LIVE) - less)
        assert np.sum(found.fetched + found.leaving) == moved


def test_designs_are_asked_side_by_side():
    maps = maps_of(read_inputs("tests/data/branches.yaml").network.stages)
    room = np.array([[0.0], [2500.0], [1e6]])
    together = traffic(maps, COUNT, np.array([[6.0]]), 6.0 * room)
    for row, one in enumerate(room[:, 0]):
        alone = traffic(maps, COUNT, 6.0, 6.0 * one)
        for name in ("fetched", "leaving", "joined", "made"):
            assert np.array_equal(getattr(together, name)[row], getattr(alone, name)), name


def test_a_map_that_two_layers_read_is_fetched_by_each_where_it_has_no_room():
    maps = (Map(5.0, None, fed=(0, 2)), Map(3.0, 0, fed=(1,)), Map(2.0, 1, joined=(2,)),
            Map(1.0, 2, result=True))  # fmt: skip
    assert list(live(maps, 3)) == [8.0, 10.0, 8.0]
    kept, gone = traffic(maps, 3, 2.0, 20.0), traffic(maps, 3, 2.0, 0.0)
    assert list(kept.fetched) == [10.0, 0.0, 0.0]
    assert list(kept.leaving) == [0.0, 0.0, 2.0]
    assert list(gone.fetched) == [10.0, 6.0, 10.0 + 4.0]
    assert list(gone.leaving) == [6.0, 4.0, 2.0]
    assert list(kept.joined) == list(gone.joined) == [0.0, 0.0, 4.0]


# -- all weights, once -----------------------------------------------------------------------------


def added_to(due, cost, times=1.0):
    for part, joules in cost.energy.items.items():
        due[part] = due.get(part, 0.0) + times * number(joules)


def deployed(made, name, level, size):
    """One array: cells to the levels of normal weights, references to mid range; and its time."""
    chip, (rows, cols) = made.chip, map(float, size)
    macro, cells, steps = chip.whole_tile.pe.macro, rows * cols, chip.spec.cell_steps
    effort = from_low_end(chip.device, level, steps, 0.25 / steps, pulses=100)
    end, middle = (verified(chip.device, way, 100, 0.25 / steps).pulses for way in (1.0, 0.5))
    none, due = (0.0, 0.0), {}
    written = macro.program((1.0, effort.pulses), none, level / 2, cells, rows=rows)
    read = macro.verify(1.0, effort.reads, state=level, cells=cells, rows=rows)
    added_to(due, (written + read).under("pe").under(name))
    # reference cells, one a converter and row, take the pulses to mid range, row by row
    beside = macro.references.cells
    line = beside.pulse_set(macro.adcs, 1.5, 40e-9).under("references").under(macro.name)
    added_to(due, line.under("pe").under(name), rows * number(middle))
    part = f"{name}/pe/{macro.name}/references/cells"
    series = macro.adcs * macro.row_switches.input_switch.res + macro.col_switches.switch.res
    one = beside.written(0.25, 1.5, 40e-9, 100.0, series=series)
    heat = rows * macro.adcs * number(middle) * one
    due[part] = due.get(part, 0.0) + heat
    longest = macro.program((1.0, end), none, level / 2, cells, rows=rows)
    return due, seconds(longest) + seconds(read)


@pytest.mark.parametrize("kind", ["hybrid", "reram", "inference"])
def test_programming_of_cells(kind):
    """Weights come from DRAM and go to all copies; each cell takes the pulses of its level."""
    made = whole(kind)
    chip, plan, phase = made.chip, made.chip.plan, made.phases["programming"]
    bits, hybrid = {"hybrid": 4}.get(kind, 5), kind == "hybrid"
    name = "analog" if hybrid else "tile"
    energies, times, longest = [], [], []
    for i, layer in enumerate(LAYERS):
        copies, due, slowest = int(plan.copies[i]), {}, 0.0
        for size, n in pieces_of(PLANS[kind], i).items():
            one, time = deployed(made, name, made.activity[i].conductance, size)
            for part, joules in one.items():
                due[part] = due.get(part, 0.0) + copies * n * joules
            slowest = max(slowest, time)
        sent = float(layer.weights * bits * copies)
        tree = chip.tree.transfer(sent, sent / chip.spec.transport.bus_bits)
        added_to(due, tree)
        added_to(due, made.tile(plan.split[i]).carry(sent))
        from_dram = float(layer.weights * (32 if hybrid else bits))
        streams = [seconds(tree), seconds(chip.dram.transfer(from_dram))]
        if hybrid:  # words to three copies in digital macros; levels leave over the digital tree
            words, levels = 3 * 32.0 * layer.weights, 4.0 * layer.weights
            tile, both = chip.digital_tile, words + levels
            trees = [chip.digital_tree.transfer(n, n / 96) for n in (words, levels)]
            carried, bus = tile.carry(both), tile.pe.carry(both).under("digital")
            loaded = in_macros(i, chip.digital_macro.load, 3.0)
            levelled = in_macros(i, lambda *used: chip.digital_macro.level(*used, times=1.0), 1.0)
            for cost in (*trees, carried, bus):
                added_to(due, cost)
            for n, cost in (*loaded.actions, *levelled.actions):
                added_to(due, cost, n)
            inside = max(seconds(carried) / int(chip.digital_tiles[i]), loaded.time)
            streams += [sum(map(seconds, trees)), inside]
        energies.append(due)
        times.append(max(streams))
        longest.append(slowest)
    check_bill(phase.energy.items, energies)
    assert np.asarray(phase.time) == near(times)
    assert number(phase.common_time) == near(max(longest))
    width = 32 if hybrid else bits
    assert np.asarray(phase.dram_bits) == near([layer.weights * width for layer in LAYERS])


def test_digital_words_are_written_row_by_row_and_gradients_cleared_beside_them():
    macro = whole("hybrid").chip.digital_macro
    found, bank = macro.load(5.0, 2.0), macro.weight_bank.write(0.5, 2.0 / macro.words)
    assert seconds(found) == near(5 * seconds(bank))
    assert number(found.energy.total) == near(2 * 5 * number(bank.energy.total))


def test_a_row_takes_as_long_as_the_outermost_level():
    """32 rows of 100 pulses of 40 ns, and what opens them, where nothing is read back."""
    macro, pulses = whole("hybrid").chip.whole_tile.pe.macro, 32 * 100 * 40e-9
    assert pulses < seconds(macro.deploy()) < 1.2 * pulses


def test_sixty_four_arrays_at_once_take_turns():
    many = whole("hybrid", apim__parallel_programming=64)
    plan = many.chip.plan
    turns = int(np.ceil(np.sum(plan.arrays * plan.copies) / 64))
    once = number(whole("hybrid").phases["programming"].common_time)
    assert turns > 3
    assert number(many.phases["programming"].common_time) == near(turns * once)


@pytest.mark.parametrize("kind", ["sram", "inference_sram"])
def test_programming_of_sram(kind):
    """Each row that holds weights is written once; half of its cells flip."""
    made = whole(kind)
    plan, macro = made.chip.plan, made.chip.whole_tile.pe.macro
    phase, due = made.phases["programming"], []
    for i in range(COUNT):
        found = {}
        for (rows, cols), n in pieces_of(PLANS[kind], i).items():
            one = macro.write(float(rows), 0.5 * cols / 32).under("pe").under("tile")
            added_to(found, one, n * int(plan.copies[i]))
        due.append(found)
    check_bill(phase.macro.items, due)
    assert np.asarray(phase.dram_bits) == near([layer.weights * 4 for layer in LAYERS])


# -- chips that only infer -------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "sets"), ONLY)
def test_a_chip_that_only_infers_has_two_phases_and_no_part_for_a_third(kind, sets):
    made = whole(kind, **sets)
    assert set(made.phases) == set(made.estimate.phases) == {"inference", "programming"}
    blocks = {part.split("/")[1] for part in made.chip.footprint.area.items}
    assert blocks == {"tile", "tile_tree", "global_buffer", "vector", "control"}
    assert not [part for part in made.chip.footprint.area.items if "transposed" in part]


def test_its_buffer_has_room_for_what_is_live_at_once():
    """2956 values of 6 bits, and the bits in transit, in whole cores."""
    chip = whole("inference").chip
    bits = max(LIVE) * IN + 1_048_576
    assert number(chip.map_bits) == max(LIVE) * IN == 17_736
    assert number(chip.buffer.cores) == np.ceil(bits / 128**2)
    assert np.sum(whole("inference").phases["inference"].dram_bits) == (189 + 10) * IN


def test_its_lanes_round_nothing_by_chance():
    """Four words a lane, and no shift register of 16 bits."""
    assert number(whole("inference").chip.vector_unit.register.bits) == 7 * 4 * 32
    assert number(whole("reram").chip.vector_unit.register.bits) == 7 * (4 * 32 + 16)
