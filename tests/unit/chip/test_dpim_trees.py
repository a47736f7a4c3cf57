"""The digital macro with adder trees in its array: area, time and energy of transposed products."""

import numpy as np
import pytest
from common import near

import neurorebit as nr
from neurorebit.chips.hybrid.tree import AdderTreeMacro, WordTrees
from neurorebit.circuits.gates import cells, gate_pitch
from neurorebit.circuits.settling.blocks import capacitances, flop_delay, ratios_of, time_constant
from neurorebit.circuits.settling.serial_tree import Activity, Shape, drawn, settled
from neurorebit.inputs.files import opened
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import InputError
from neurorebit.schema.technology import Technology


@pytest.fixture(scope="module")
def tech():
    return read_technology(opened("technology", "32nm_lstp"))


def macro(tech, **keys):
    given = {"rows": 16.0, "cols": 128.0, "error_bits": 8.0}
    return AdderTreeMacro(tech, **{**given, **keys})


def test_a_tree_of_wide_words_is_as_simulated_whole(tech):
    trees = WordTrees(tech, 16.0, 4.0, 14.0, cells=14 * 160 * tech.feature**2)
    side = np.sqrt(trees.operand)
    across = 2.0 ** round(np.log2(max((trees.side / 4.0) ** 2 / trees.operand, 1.0)))
    shape = Shape(16, 14, 1, sum_bits=0, signed=True, across=across)
    worth = capacitances(tech, side)
    for ones in (0.1, 0.5):
        given = Activity(2 * ones * (1 - ones), ones, 0.5)
        parts = settled(shape, given, ratios_of(worth)).parts
        charged = np.array(parts["products"].switched) + np.array(parts["tree"].switched)
        assert trees.energy(ones) == near(tech.vdd**2 * float(charged @ np.array(worth)), 0.04)
    made = drawn(shape).parts
    pitches = made["products"].width + made["tree"].width
    area = 4 * pitches * gate_pitch(tech) * 28 * tech.feature
    assert trees.footprint.area.total == near(area)
    leaking = made["products"].leaking + made["tree"].leaking
    leakage = 4 * leaking * cells(tech).inverter.leakage_power
    assert trees.footprint.leakage.total == near(leakage)


def test_energy_follows_the_density_of_the_errors_bits(tech):
    trees = macro(tech).trees
    assert trees.energy(0.0) == 0.0
    taken = [trees.energy(density) for density in (0.05, 0.1, 0.25, 0.4, 0.5)]
    assert taken == sorted(taken)
    assert trees.energy(0.05) == near(trees.energy(0.1) / 2)
    assert trees.energy(0.7) == near(trees.energy(0.3))
    assert trees.energy(np.array([0.1, 0.5])) == near([trees.energy(0.1), trees.energy(0.5)])


def test_a_product_takes_a_cycle_for_each_plane_of_each_turn(tech):
    for turns in (1.0, 2.0, 4.0):
        dpim = macro(tech, words_per_tree=turns)
        trees, lines, summed = dpim.trees, dpim.lines, dpim.plane_sum
        assert trees.count == 4 / turns
        cost = dpim.mtvm(0.25)
        step = flop_delay(tech) + lines.delay + trees.delay
        assert trees.delay == near(trees._found[2] * time_constant(tech))
        step = max(step, summed.add().latency.total)
        last = summed.resolve().latency.total
        assert cost.latency.total == near(8 * turns * step + last)
        items = cost.energy.items
        # A line toggles with a probability of 2 p (1 - p) in each plane, whichever word is added.
        assert items["dpim/error_lines"] == near(8 * turns * 16 * 0.375 / 2 * lines.energy)
        assert items["dpim/trees"] == near(8 * 4 * trees.energy(0.25))
        half = dpim.mtvm(0.25, rows=8.0, words=2.0).energy.items
        assert half["dpim/trees"] == near(items["dpim/trees"] / 4)
    inverter = cells(tech).inverter.input_cap
    inside = 0.2e-9 * (4 * gate_pitch(tech) + 14 * tech.feature)
    gates = 128 / 4 * (inverter + inside)
    assert lines.line_cap == near(gates + 0.2e-9 * trees.side)
    cell = 160 * tech.feature**2
    switch = 2 * gate_pitch(tech) * 28 * tech.feature
    logic = macro(tech).trees.footprint.area.total / 4 + 16 * 128 * switch
    assert trees.footprint.area.total == near(logic)
    assert trees.side**2 == near(logic + 16 * 128 * cell)


def test_many_designs_are_as_each_alone(tech):
    other = read_technology(opened("technology", "45nm_lstp"))
    both = macro(
        Technology.stack([tech, other]),
        rows=np.array([16.0, 8.0]),
        words_per_tree=np.array([1.0, 2.0]),
    )
    for place, (card, rows, turns) in enumerate(((tech, 16.0, 1.0), (other, 8.0, 2.0))):
        alone = macro(card, rows=rows, words_per_tree=turns)
        cost, of_both = alone.mtvm(0.3), both.mtvm(0.3)
        assert of_both.energy.total[place] == near(cost.energy.total)
        assert of_both.latency.total[place] == near(cost.latency.total)
        area = both.footprint.area.total[place]
        assert area == near(alone.footprint.area.total)


def test_a_chip_with_trees_sends_errors_back_sooner_and_is_larger():
    small = {"architecture.dpim.rows": 16, "architecture.dpim.accumulator_bits": 32}
    chip = nr.chip("rebit").set({"architecture.formats.weight": "int8", **small})
    rows = nr.estimate("mlp", chip.set("architecture.dpim.build", "bit_serial"))
    trees = nr.estimate("mlp", chip.set("architecture.dpim.build", "adder_tree"))
    assert trees.phases.latency_s["backward"] < rows.phases.latency_s["backward"]
    assert trees.parts.area_m2.sum() > rows.parts.area_m2.sum()
    with pytest.raises(InputError, match="must divide the 16 words of a row"):
        nr.estimate("mlp", chip.set("architecture.dpim.words_per_tree", 3))
