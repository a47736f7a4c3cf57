"""Products of two activations, and recurrent layers, on chips: by hand, from costs of the blocks.

Two heads: 20 positions of 3 features by as many, and 20 shares of each position by 20 positions of
3 features.
"""

import numpy as np
import pytest
from common import near, refusal

from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.workload import Workload
from neurorebit.estimation.design import design
from neurorebit.inputs.files import parse_setting, read_inputs
from neurorebit.layers.base import Operation, Value
from neurorebit.schemes.assumed import assumed

HEADS = """\
name: heads
input: {channels: 6, height: 4, width: 5}
layers:
  - {kind: conv, channels: 6, kernel: 1}
  - {kind: relu, name: q}
  - {kind: conv, channels: 6, kernel: 1, input: input}
  - {kind: relu, name: k}
  - {kind: matmul, input: q, other: k, groups: 2, transpose: true}
  - {kind: softmax, groups: 2}
  - {kind: matmul, other: k, groups: 2}
  - {kind: conv, channels: 9, kernel: 1}
training: {batch: 4}
"""
LSTM = """\
name: steps
input: {channels: 6, height: 1, width: 10}
layers:
  - {kind: lstm, features: 7, output: sequence}
  - {kind: conv, channels: 4, kernel: 1}
training: {batch: 4}
"""
SCORES, CONTEXT = 2, 3  # rows of the report
DPIM = ("architecture.dpim.rows=16", "architecture.dpim.cols=64")  # two words in a row


@pytest.fixture
def build(tmp_path):
    def made(text=HEADS, chip="rebit", *sets):
        path = tmp_path / "network.yaml"
        path.write_text(text)
        inputs = read_inputs(str(path), chip, settings=[parse_setting(one) for one in sets])
        network, spec = inputs.network, inputs.architecture
        return design(
            Workload.of(network.stages), spec, inputs.technology, inputs.device,
            activity=Measured.of(assumed(network, spec, inputs.device)), batch=4.0,
            training=network.training,
        )  # fmt: skip

    return made


def total(bill, i):
    """The sum over parts of a row."""
    return sum(float(n[i]) if np.ndim(n) else float(n) for n in bill.items.values())


def times_of(phase, i):
    """The times of the streams of a row."""
    times = (np.asarray(stream.latency.total) for stream in phase.streams.values())
    return [float(time[i]) if time.ndim else float(time) for time in times]


def test_rows_that_have_no_weights_are_in_no_array(build):
    made = build(HEADS, "rebit", *DPIM)
    own, whole = made.chip.workload, made.chip.workload.all
    assert (made.stages, len(own.rows)) == (5, 3)
    np.testing.assert_array_equal(own.places, [0, 1, 4])
    np.testing.assert_array_equal(whole.weights, [36, 36, 0, 0, 54])
    np.testing.assert_array_equal(whole.macs, [720, 720, 2400, 2400, 1080])
    np.testing.assert_array_equal(whole.errors, [0, 0, 2, 2, 1])
    for name in ("gradient", "update", "sync", "programming"):
        assert total(made.phases[name].energy, SCORES) == 0.0
        assert total(made.phases[name].energy, 0) > 0.0


def test_operations_of_a_product_are_two_products_back_and_no_gradient(build):
    ops = {name: np.sum(count) for name, count in build().ops.items()}
    forward, weighted = 2 * (720 + 720 + 1080 + 4800), 2 * (720 + 720 + 1080)
    assert ops["inference"] == ops["forward"] == forward
    assert ops["backward"] == 2 * 1080 + 2 * 2 * 4800
    assert ops["gradient"] == weighted


def test_the_unit_has_room_for_the_largest_operand(build):
    """Macros of 16 rows of two words. Scores: 3 rows of 20, one by ten macros for either head;
    back, 20 rows of 3, two by two. Context: 20 rows of 3; back, 3 rows of 20, and again 20 of 3.
    """
    unit = build(HEADS, "rebit", *DPIM).chip.product_unit
    assert (float(unit.macros[0]), float(unit.down[0])) == (20.0, 2.0)
    larger = build(HEADS, "rebit", "architecture.dpim.cols=128", DPIM[0]).chip.product_unit
    assert float(larger.macros[0]) == 10.0  # four words: 5 macros a head
    inference = build(HEADS, "inference_sram").chip.product_unit
    assert float(inference.macros[0]) == 2 * 2  # 16 values of 8 bits in a row of 128 cells: 20 / 16


def by_hand(unit, bits, pieces, vectors, added):
    """Operands written, then vectors: energy, and the time of the fullest macro.

    ``pieces``: rows, words and number of macros of each kind; ``added``: additions beside them.
    """
    energy, held, once = 0.0, [], []
    for rows, words, count in pieces:
        hold = unit.macro.hold(float(rows), float(words))
        one = unit.macro.mtvm(bits, 1.0, float(rows), float(words))
        energy += count * (hold.energy.total + vectors * one.energy.total)
        held.append(hold.latency.total)
        once.append(one.latency.total)
    return energy + added, max(held), vectors * max(once)


def test_a_forward_product_in_digital_macros(build):
    made = build(HEADS, "rebit", *DPIM)
    unit, phase = made.chip.product_unit, made.phases["forward"]
    activity = made.chip.workload.all
    assert len(activity.rows) == 5
    streams = phase.streams
    density = float(np.mean([0.5]))  # the word-parallel build multiplies whole words
    scores = by_hand(unit, density, [(3, 2, 20)], 20, 0.0)
    # of 20 rows 16 and 4, of 3 words 2 and 1, for two heads; 20 vectors of 3 sums of two parts
    adder = made.chip.tech
    pieces = [(16, 2, 2), (16, 1, 2), (4, 2, 2), (4, 1, 2)]
    from neurorebit.circuits.adder import Adder

    one = float(Adder(adder, unit.macro.sum_bits).add().energy.total)
    context = by_hand(unit, density, pieces, 20, 2 * 20 * 3 * one)
    tree = unit.tree
    for i, (energy, held, once), across in ((SCORES, scores, 10.0), (CONTEXT, context, 2.0)):
        operands = tree.transfer(120 * 8.0, 120 * 8.0 / 2048, 1.0)
        found = float(streams["arrays"].latency.total[i])
        assert found == near(max(held, float(operands.latency.total[0])) + once)
        written = float(operands.energy.total[0])
        assert total(streams["arrays"].energy, i) == near(energy + written)
        values = 120 if i == SCORES else 800
        results = 800 if i == SCORES else 120
        into = tree.transfer(values * 8.0, values * 8.0 / 2048, across)
        out = tree.transfer(results * 16.0, results * 16.0 / 2048, 1.0 if i == SCORES else 2.0)
        due = float((into.energy.total + out.energy.total)[0])
        assert total(streams["tree"].energy, i) == near(due)
    buffer = made.chip.buffer
    read, write = buffer.read(240 * 8.0), buffer.write(800 * 8.0)
    due = float(read.energy.total[0] + write.energy.total[0])
    assert total(streams["buffer"].energy, SCORES) == near(due)
    # A, B and what comes of them; the softmax is done on the way
    assert list(phase.dram_bits[[SCORES, CONTEXT]]) == [1040 * 8, 1040 * 8]


def test_where_an_image_is_recognised_activations_stay_in_the_buffer(build):
    """Nothing comes from memory: both maps are in the buffer, and what is made goes there."""
    made = build(HEADS, "rebit", *DPIM)
    phase, buffer = made.phases["inference"], made.chip.buffer
    assert list(phase.dram_bits[[SCORES, CONTEXT]]) == [0.0, 0.0]
    for i, read, written in ((SCORES, 240, 800), (CONTEXT, 920, 120)):
        due = buffer.read(read * 8.0).energy.total + buffer.write(written * 8.0).energy.total
        assert total(phase.streams["buffer"].energy, i) == near(float(np.ravel(due)[0]))
        times = times_of(phase, i)
        one = made.chip.product_unit.macro.mtvm(0.5, 1.0, 3.0 if i == SCORES else 16.0, 2.0)
        fill = float(one.latency.total) + float(np.ravel(made.chip.product_unit.tree.delay)[0])
        assert float(phase.time[i]) == near(max(times) + fill)


def test_a_forward_product_in_latched_arrays(build):
    """Eight cells a value, 16 values in a row of 128 cells; a vector is eight planes of rows."""
    made = build(HEADS, "inference_sram")
    unit, plane = made.chip.product_unit, made.phases["inference"].streams["arrays"]
    # the mean of the layers of other networks, as nothing is recorded of this one
    others = read_inputs("mlp").network.others[0].layers
    density = float(np.mean(others["inner"].input_density))
    energy = 0.0
    for words in (16.0, 4.0):  # 20 values of 3 rows, for each of two heads
        share = words * 8 / 128
        written = unit.macro.write(3.0, 0.5 * share)
        read = unit.macro.read(density, 0.5, 3.0 / 128, share)
        energy += 2 * (float(written.energy.total) + 20 * 8 * float(read.energy.total))
    operands = unit.tree.transfer(120 * 8.0, 120 * 8.0 / 2048, 1.0)
    assert total(plane.energy, SCORES) == near(energy + float(np.ravel(operands.energy.total)[0]))


def test_entries_are_fetched_where_an_image_is_recognised(build):
    """Ten words of a byte, an entry of four bytes for each, and two vectors to be added to it."""
    text = """\
name: words
input: {channels: 1, height: 1, width: 10}
layers:
  - {kind: embedding, entries: 50, features: 4}
  - {kind: positions, types: 2}
  - {kind: linear, features: 3, per: position}
  - {kind: relu}
  - {kind: linear, features: 2}
"""
    bits = build(text).phases["inference"].dram_bits
    assert float(bits[0]) == 8 * (10 + 40 + 2 * 40)
    assert float(bits[1]) == 8 * 2


def test_errors_of_both_activations(build):
    """Memory: errors of the product, and of what is handed on; activations; errors sent back."""
    phase = build(HEADS, "rebit", *DPIM).phases["backward"]
    scores = (800 + 800) * 8 + 800 * 8 + (120 + 120) * 8 + (120 + 120) * 8  # softmax reads shares
    context = (120 + 120) * 8 + (800 + 120) * 8 + (800 + 120) * 8
    assert list(phase.dram_bits[[SCORES, CONTEXT]]) == [scores, context]


def test_lanes_multiply_and_add_where_no_macro_is_digital(build):
    """A cycle a product and lane; each lane reads a value of its own, and all of them another."""
    for made in (build(HEADS, "reram"), build(HEADS, "rebit",
                 "architecture.activation_products=vector")):  # fmt: skip
        chip = made.chip
        assert chip.product_unit is None
        mac = Operation(cycles=1.0, additions=((1, 40.0),), products=((1, Value.INPUT),), words=1.0)
        lanes = chip.vector_unit.execute(mac, 2400.0)
        assert float(lanes.latency.total) == near(2400 / 64 / chip.tech.clock)
        forward = made.phases["forward"]
        rounded = chip.vector_unit.execute(Operation(cycles=1.0, additions=((2, 16.0),)), 120.0)
        due = float(lanes.energy.total + rounded.energy.total)
        assert total(forward.streams["vector"].energy, CONTEXT) == near(due)
        read, write = chip.buffer.read(2400 * 65 / 64 * 8), chip.buffer.write(120 * 8.0)
        due = float(read.energy.total[0] + write.energy.total[0])
        assert total(forward.streams["buffer"].energy, CONTEXT) == near(due)
        backward = made.phases["backward"].streams["buffer"]
        read, write = chip.buffer.read(2 * 2400 * 65 / 64 * 8), chip.buffer.write(920 * 8.0)
        due = float(read.energy.total[0] + write.energy.total[0])
        assert total(backward.energy, CONTEXT) == near(due)


def test_rows_of_weights_are_as_without_products(build):
    """The same three convolutions, one after the other: their weights learn and stand the same."""
    plain = HEADS.replace("input: q, other: k, groups: 2, transpose: true", "other: q").replace(
        "matmul, other: k, groups: 2", "relu"
    )
    plain = plain.replace("kind: matmul", "kind: add").replace("softmax, groups: 2", "relu")
    with_them, without = build(HEADS), build(plain)
    assert len(without.chip.workload.rows) == 3
    for name in ("gradient", "update", "programming"):
        found = [total(with_them.phases[name].energy, i) for i in (0, 1, 4)]
        assert found == near([total(without.phases[name].energy, i) for i in (0, 1, 2)])
    area = [np.sum(m.chip.footprint.area.items["chip/analog/pe/apim/array"]) for m in (
        with_them, without)]  # fmt: skip
    assert area[0] == area[1]


def test_a_chip_without_digital_macros_refuses_them(build):
    said = refusal(lambda: build(HEADS, "reram", "architecture.activation_products=digital"))
    assert said.endswith(
        "no macro of the chip that learns in place is digital; take vector or auto"
    )
    converted = build(HEADS, "sram", "architecture.arrays.read=parallel")
    assert converted.chip.product_unit is None
    assert build(HEADS, "sram").chip.product_unit is not None  # it latches row by row


def test_steps_of_a_recurrent_layer_wait_for_each_other(build):
    """Ten steps through arrays, tiles, tree, buffer and lanes, one after the other."""
    made = build(LSTM)
    cell = 1
    assert float(made.chip.plan.copies[cell]) == 1.0
    assert float(made.chip.plan.copies[0]) > 1.0
    tree = float(np.ravel(made.chip.tree.delay)[0])
    for name, images in (("inference", 1.0), ("forward", 4.0)):
        phase = made.phases[name]
        times = times_of(phase, cell)
        arrays = float(phase.streams["arrays"].latency.total[cell])
        dram = float(made.chip.dram.transfer(phase.dram_bits).latency.total[cell])
        waiting = (sum(times) - max(times) + arrays + 10 * tree) / images
        assert float(phase.time[cell]) == near(max(*times, dram) + waiting)
    back = made.phases["backward"]
    times = times_of(back, cell)
    assert float(back.time[cell]) > max(times) + (sum(times) - max(times)) / 4.0
    gradient = made.phases["gradient"]  # all errors and states are known: nothing waits
    times = times_of(gradient, cell)
    assert float(gradient.time[cell]) < sum(times)


def test_states_do_not_come_from_memory(build):
    """Parts of 28 gates for ten steps come, states go, and five values a state are kept."""
    phase = build(LSTM).phases["forward"]
    assert float(phase.dram_bits[1]) == 28 * 10 * 8 + 7 * 10 * 8 + 5 * 7 * 10 * 16
    assert float(build(LSTM).phases["inference"].dram_bits[1]) == 0.0
