"""Programming of an array in blocks, by hand, and what blocks take where nothing counted it."""

import dataclasses

import numpy as np
import pytest
from common import near, refusal
from oracle import blocks as plain

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.parts.block_effort import Asked, expected, initial
from neurorebit.chips.parts.block_programming import BlockProgramming, Trains
from neurorebit.chips.parts.blocks import Blocks
from neurorebit.chips.parts.in_blocks import alone_verified
from neurorebit.chips.parts.writing import verified
from neurorebit.circuits.array import ReramArray
from neurorebit.circuits.resistive import Feed
from neurorebit.estimation.estimate import estimate
from neurorebit.inputs.files import read_inputs
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import Document, Setting
from neurorebit.schema.activity import BlockActivity, TrainActivity
from neurorebit.schema.device import read_device
from neurorebit.schema.paths import shipped
from neurorebit.schemes.assumed import assumed

TECH = read_technology(Document(shipped("technology", "32nm")))
DEVICE = read_device(Document(shipped("device", "taox_hfox")))
ARRAY = ReramArray(TECH, DEVICE, 64.0, 128.0)
UP = Trains(4.0, 0.5, 3.0, 10.0, 0.1, 2.0)  # 512 pulses of 2560 cells
DOWN = Trains(4.0, 2.0, 5.0, 15.0, 0.05, 9.0)  # 1152 pulses
WORK = BlockProgramming(
    ARRAY, 2560.0, 62.0, rising=UP, falling=DOWN
)  # 62 rows: 15 groups of 4, and 2 rows


def test_groups_of_rows_are_opened_for_their_trains():
    """16 groups; 8 openings of 6 pulses and 10/3 rows, 512 pulses over 160 row slots."""
    up, down = WORK.openings
    assert up == near((8.0, 10 / 3, 3.2, 6.0))
    assert down == near((32.0, 3.0, 1152 / (16 * 15), 2.5))


def test_pulses_take_the_time_of_the_longest_trains_and_the_heat_of_all_cells():
    cost = WORK.pulsed(DEVICE.response, 0.5)
    wires = (ARRAY.row_res + ARRAY.col_res) / 2
    pulse = 1.6**2 / (1 / 5.5e-6 + 25e3 + wires) * 50e-9  # V^2 t / R
    assert cost.energy.items["cells"] == near((512 + 1152) * pulse)
    assert cost.latency.total == near(16 * (3 + 5) * 50e-9)
    up = 48 * ARRAY.pulse_set(3.2, 1.6, 50e-9, 10 / 3).energy.total
    down = 80 * ARRAY.pulse_reset(4.8, 1.6, 50e-9, 3.0).energy.total
    assert cost.energy.total - cost.energy.items["cells"] == near(up + down)


def test_a_macro_switches_rows_and_columns_once_an_opening():
    macro = AnalogMacro(TECH, DEVICE, rows=64.0, cols=128.0)
    total = macro.program_in_trains(UP, DOWN, 0.5, 2560.0, rows=62.0)
    work = BlockProgramming(macro.array, 2560.0, 62.0, rising=UP, falling=DOWN)
    feed = Feed(macro.row_switches.input_switch.res, macro.col_switches.switch.res)
    pulsed, energy = work.pulsed(DEVICE.response, 0.5, feed), 0.0
    for times, rows, cells, pulses in ((8.0, 10 / 3, 3.2, 6.0), (32.0, 3.0, 4.8, 2.5)):
        energy += times * macro.row_switches.write(rows).energy.total
        energy += times * macro.col_switches.write(cells / 128, pulses).energy.total
    assert total.energy.total == near(energy + pulsed.energy.total)
    assert total.latency.total > pulsed.latency.total


def test_a_driver_is_as_wide_as_the_rows_that_it_programs_at_once():
    few, many = (
        AnalogMacro(TECH, DEVICE, rows=64.0, cols=128.0, opened_rows=n).col_switches
        for n in (8.0, 32.0)
    )
    assert few.switch.res / many.switch.res == near(4.0)
    assert many.area > few.area


# -- expected trains against draws, which plain loops pulse ---------------------------------------

CASES = [
    {"rows": 2}, {"rows": 2, "until": "last"}, {"rows": 2, "cols": 3, "until": "mean"},
    {"rows": 3, "others": "inhibited"}, {"drivers": 4}, {"rows": 2, "drivers": 2, "until": "mean"},
]  # fmt: skip
PASSES = ("up", "down", "fine_up", "fine_down")


def counted(asked, blocks, cols):
    """Numbers of the four kinds of trains, of [groups of rows, columns] by plain loops."""
    high = len(asked)
    drivers = None if blocks.drivers == "all" else blocks.drivers
    shape = {"array": cols, "until": blocks.until, "inhibited": blocks.others == "inhibited"}
    sent, took = plain.shared(
        asked, [(0, high)], blocks.rows, blocks.cols, drivers=drivers, **shape
    )
    left = [[a - s for a, s in zip(*rows, strict=True)] for rows in zip(asked, sent, strict=True)]
    shape |= {"until": "first", "inhibited": False}
    _, then = plain.shared(left, [(0, high)], 1, 1, drivers=drivers, **shape)
    found = {}
    for name, tally, way, groups in (
        ("up", took, 1, high / blocks.rows), ("down", took, -1, high / blocks.rows),
        ("fine_up", then, 1, high), ("fine_down", then, -1, high),
    ):  # fmt: skip
        cells = tally["cells", way]
        found[name] = (
            tally["openings", way] / groups,
            tally["slots", way] / groups,
            tally["open rows", way] / groups,
            cells / (high * cols),
            tally["pulses", way] / max(cells, 1),
        )
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: ",".join(map(str, case.values())))
def test_expected_trains_are_those_of_draws(case):
    """0.3 of the cells ask for 5 pulses up, 0.1 for 2 down, of 12 columns."""
    blocks, random = Blocks(**case), np.random.default_rng(3)
    drawn = random.random((3000, 12))
    asked = np.where(drawn < 0.3, 5, np.where(drawn > 0.9, -2, 0))
    want = counted(asked.tolist(), blocks, 12)
    found = expected(blocks, Asked(0.3, 5.0), Asked(0.1, 2.0), 12.0)
    for name in PASSES:
        of = getattr(found, name)
        assert of.together == (blocks.rows if name in PASSES[:2] else 1) or of.share == 0.0
        numbers = [float(n) for n in of[1:]]
        assert numbers == pytest.approx(want[name], rel=0.08, abs=0.01), name


@pytest.mark.parametrize("case", [CASES[0], CASES[2], CASES[5]])
def test_a_first_writing_is_that_of_normal_weights(case):
    """60 pulses over 6 steps from the low end; the outermost level is two deviations off 0.5."""
    blocks, random = Blocks(**case), np.random.default_rng(4)
    levels = np.clip(np.round((0.5 + random.normal(size=(1800, 12)) / 4) * 6), 0, 6)
    asked = np.maximum(10 * levels, 1).astype(int)
    want = counted(asked.tolist(), blocks, 12)
    found = initial(blocks, np.array([0.5]), 6.0, pulses=60.0, cols=12.0)
    for name in PASSES:
        numbers = [float(n[0]) for n in getattr(found, name)[1:]]
        assert numbers == pytest.approx(want[name], rel=0.06, abs=0.02), name


def test_designs_are_those_of_each_alone():
    """Two numbers of drivers down, three layers across."""
    up, down = Asked(np.array([0.1, 0.2, 0.3]), 5.0), Asked(np.array([0.3, 0.1, 0.0]), 2.0)
    both = Blocks(rows=2, until="mean", drivers=np.array([[[2.0]], [[4.0]]]))
    found = expected(both, up, down, np.array([12.0, 12.0, 8.0]))
    for i, drivers in enumerate((2, 4)):
        alone = expected(Blocks(rows=2, until="mean", drivers=drivers), up, down, 12.0)
        for name in PASSES:
            for many, one in zip(getattr(found, name)[1:], getattr(alone, name)[1:], strict=True):
                wanted = np.broadcast_to(one, 3)[:2]
                assert np.broadcast_to(many, (2, 1, 3))[i, 0, :2] == near(wanted), name


def test_rare_changes_are_exact():
    """Of two cells both ask with 1e-16: the mean of a hundred pulses is 1e-14 a pair."""
    found = expected(Blocks(rows=2), Asked(1e-8, 100.0), Asked(0.0, 1.0), 1.0)
    assert float(found.up.share * found.up.pulses) == near(1e-14)
    assert float(found.fine_up.share) == near(1e-8)


def test_verified_cells_make_good_for_the_noise_of_their_blocks():
    """In a block of one cell nothing is left to go, and pulses without noise need one read."""
    plan = expected(Blocks(drivers=8), Asked(0.2, 30.0), Asked(0.0, 1.0), 8.0)
    quiet = dataclasses.replace(
        DEVICE,
        pulses=dataclasses.replace(DEVICE.pulses, c2c=0.0),
        variation=dataclasses.replace(DEVICE.variation, d2d=0.0),
    )
    alone = alone_verified(plan, quiet, 0.05)
    assert float(alone.reads) == near(0.2)
    assert float(alone.rising[0] * alone.rising[1]) == 0.0
    noisy = alone_verified(plan, DEVICE, 0.05)
    effort = verified(DEVICE, 0.0, 128.0, 0.05, blind=30.0)
    assert float(noisy.reads) == near(0.2 * effort.reads)
    assert effort.reads > 2.0


# -- a whole chip ---------------------------------------------------------------------------------


STATE = 0.4  # mean conductance of the cells, as a share of the range


def of_chip(*settings, activity=None, network="mlp", architecture="reram"):
    read = read_inputs(
        network, architecture, "32nm", "taox_hfox",
        settings=[Setting(*text.split("=")) for text in settings],
    )  # fmt: skip
    found = assumed(read.network, read.architecture, read.device)
    if activity is not None:
        own = {"blocks": activity, "conductance": STATE}
        layers = tuple(dataclasses.replace(layer, **own) for layer in found.layers)
        found = dataclasses.replace(found, layers=layers)
    return estimate(
        read.network, read.architecture, read.technology, read.device, activity=found, batch=32,
        images=64,
    )  # fmt: skip


def test_what_training_counted_is_billed():
    """A range is 126 levels or 128 pulses, and arrays have 128 rows: groups of 4 are 32."""
    coarse = TrainActivity(0.5, 3.0, 12.0, 0.1, share=0.1, levels=2.0)
    fine = TrainActivity(0.25, 1.0, 1.0, 0.02, share=0.02, levels=1.5)
    none = TrainActivity(0.0, 0.0, 0.0, 0.0, share=0.0, levels=0.0)
    trains = BlockActivity(coarse, none, fine, none)
    found = of_chip("architecture.arrays.blocks.rows=4", activity=trains)
    energy = found.phases["sync"].energy
    copies, cells = np.array([plan.copies for plan in found.plans]), np.array(found.macs[:-1])
    low, high = float(DEVICE.g_min), float(DEVICE.g_max)
    res = 1 / (low + STATE * (high - low)) + 25e3
    pulses = cells * (0.1 * 2.0 + 0.02 * 1.5) * 128 / 126
    heat = sum(v for k, v in energy.items.items() if k.endswith("cells"))
    alone = copies * pulses * 1.6**2 / res * 50e-9  # without wires and switches, which take a tenth
    taken = np.asarray(heat)[:-1] / alone
    assert np.all(taken < 1.0)
    assert np.all(taken > 0.85)


def test_larger_blocks_of_one_driver_take_less_time_and_more_pulses():
    """Every train of an array follows the others: that of a block saves those of its cells."""
    key = "architecture.apim.blocks."
    times = []
    for settings in (
        (),
        (f"{key}rows=4", f"{key}until=mean"),
        (f"{key}rows=8", f"{key}until=mean"),
    ):
        found = of_chip("training.write=pulses", f"{key}drivers=1", *settings, architecture="rebit")
        times.append(float(found.phases["programming"].latency.max()))
    assert times[0] > 1.5 * times[1] > 1.5 * times[2] / 0.95


@pytest.mark.parametrize(
    ("architecture", "settings", "told"),
    [
        ("reram", ["arrays.blocks.rows=8", "arrays.blocks.cols=8"], "a block of 64 cells"),
        (
            "reram",
            ["arrays.blocks.cols=2", "arrays.blocks.others=inhibited"],
            "by the access lines",
        ),
        ("reram", ["arrays.blocks.rows=2", "arrays.read=row_by_row"], "a decoder opens one row"),
        ("reram", ["arrays.blocks.rows=2", "scheme=tiki_taka"], "opens no rows together"),
        ("rebit", ["apim.blocks.rows=2", "apim.blocks.fine=false"], "ends where a read says so"),
    ],
)
def test_what_does_not_fit_is_refused(architecture, settings, told):
    given = [f"architecture.{text}" for text in settings]
    line = refusal(lambda: of_chip(*given, architecture=architecture))
    assert told in line
    assert ";" in line  # the cure


def test_blocks_are_not_reset():
    given = "architecture.apim.blocks.rows=2", "training.write=reset"
    assert "take pulses or verify" in refusal(lambda: of_chip(*given, architecture="rebit"))
