"""Pulses and reads of a verified write, and what its reads cost."""

from dataclasses import replace

import numpy as np
import pytest
from common import near
from oracle import cells as plain

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.parts import writing
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.writing import from_low_end, moves, verified
from neurorebit.inputs.technology import read_technology
from neurorebit.kernels import levels, pulse
from neurorebit.kernels.cell import PulseNoise, Response, Traits, UpDown
from neurorebit.kernels.levels import Count
from neurorebit.kernels.noise import Draw
from neurorebit.schema import Document, paths
from neurorebit.schema.activity import Activity, LayerActivity
from neurorebit.schema.device import read_device

DEVICE = read_device(Document(paths.shipped("device", "taox_hfox")))
TECH = read_technology(Document(paths.shipped("technology", "32nm_hp")))
STEPS, TOLERANCE = 6.0, 0.25  # 7 levels


def device(form, pulses, **variation):
    varied = replace(DEVICE.variation, pulse_c2c=form, **variation)
    data = replace(DEVICE.pulses, levels_ltp=pulses, levels_ltd=pulses)
    return replace(DEVICE, variation=varied, pulses=data)


NOISES = {"step": PulseNoise.STEP, "range": PulseNoise.RANGE, "state": PulseNoise.STATE}


def simulated(made, start, goals, top):
    """Pulses and reads of a cell that training's kernel writes from a weight to each of the goals.

    Straight curves; ``top`` is the outermost level, the tolerance a quarter of the levels' spacing.
    """
    variation, data, size = made.variation, made.pulses, 20_000 // len(goals) * len(goals)
    offset = (made.on_off_ratio + 1) / (made.on_off_ratio - 1)
    steps, bounds = ("step" in variation.pulse_d2d, "bounds" in variation.pulse_d2d)
    spread = pulse.Spread(step=variation.d2d * steps, bounds=variation.d2d * bounds)
    ends = (np.full(size, value) for value in (-1.0, 1.0, 1.0))
    traits = Traits(*ends, np.zeros(1), np.zeros(1), np.ones(1))
    pulse.manufacture(traits, spread, UpDown(0.0, 0.0), offset, Draw(0, 0, 0, 0, 7))
    ranged = variation.pulse_c2c == "range"
    c2c, kind = data.c2c if ranged else variation.c2c, int(NOISES[variation.pulse_c2c])
    response = Response(float(data.levels_ltp), float(data.levels_ltd), kind, c2c, offset)
    weights = np.clip(np.full(size, float(start)), traits.low, traits.high)
    cells = pulse.Cells(weights, traits, response, np.zeros(size, np.uint32), np.zeros(len(Count)))
    plan = pulse.Plan(0.0, 0.0, int(pulse.Write.VERIFY), TOLERANCE / top, 32)
    known, grid = np.full(size, -100, np.int8), levels.Grid(float(top), top, False, True)
    pulse.to_levels(
        np.repeat(goals, size // len(goals)), known, cells, grid, plan, Draw(0, 1, 0, 0, 7)
    )
    counts = cells.counts
    return (counts[Count.STEPS_UP] + counts[Count.STEPS_DOWN]) / size, counts[Count.READS] / size


@pytest.mark.parametrize("d2d", ["step", "step_and_bounds"])
@pytest.mark.parametrize("form", ["step", "range", "state"])
@pytest.mark.parametrize("pulses", [4, 8, 16, 32, 64, 128])
def test_pulses_and_reads_are_those_that_training_counts(form, pulses, d2d):
    """To the next level of 7, up and down; and from the low end to the levels of normal weights."""
    made = device(form, pulses, pulse_d2d=d2d)
    effort = verified(made, 1 / STEPS, pulses, TOLERANCE / STEPS)
    wanted = simulated(made, 0.0, [-1 / 3, 1 / 3], 3)
    assert effort.pulses == pytest.approx(wanted[0], rel=0.2)
    assert effort.reads == pytest.approx(wanted[1], rel=0.2)
    middle = from_low_end(made, 0.5, STEPS, TOLERANCE / STEPS, pulses=pulses)
    weights = np.random.default_rng(3).normal(0.0, 0.5, 500)  # the outermost level is at 1
    wanted = simulated(made, -1.0, weights, 3)
    assert middle.pulses == pytest.approx(wanted[0], rel=0.2)
    assert middle.reads == pytest.approx(wanted[1], rel=0.2)


@pytest.mark.parametrize("form", ["step", "range", "state"])
def test_pulses_and_reads_are_those_of_cells_written_by_plain_loops(form):
    """1000 cells from the middle level to the next, each with a step of its own."""
    made = device(form, 32, pulse_d2d="step")
    cells = plain.Cells(made, [0.0] * 1000, 0, 5)
    for i in range(1000):
        plain.to_level(i, 0, 1 if i % 2 else -1, 3, cells, "verify", TOLERANCE / 3, 1)
    effort = verified(made, 1 / STEPS, 32, TOLERANCE / STEPS)
    sent = (cells.counts.up + cells.counts.down) / 1000
    assert effort.pulses == pytest.approx(sent, rel=0.2)
    assert effort.reads == pytest.approx(cells.counts.reads / 1000, rel=0.2)


def test_without_noise_each_attempt_goes_half_of_the_way_to_the_level():
    """To within 0.3 of a level: a half and a quarter of it are left after two attempts."""
    quiet = device("step", 100_000, d2d=0.0, c2c=0.0)
    effort = verified(quiet, 1 / STEPS, 100_000, 0.3 / STEPS)
    assert effort.reads == near(3.0, rel=1e-6), "before the pulses, between them and after them"
    assert effort.pulses == near(0.75 * 100_000 / STEPS, rel=1e-4)


# how far is left [pulses], the attempt before, and what is sent: half of the way, at least one,
# after an overshoot half of the attempt before at most, else twice as many
ATTEMPTS = [
    (21, 0, 11), (-64, 0, -32), (1, 0, 1), (-1, 0, -1), (30, 4, 8), (30, 40, 15), (30, -40, 15),
    (30, -11, 5), (30, -1, 1), (-30, 3, -1), (-30, -3, -6),
]  # fmt: skip


@pytest.mark.parametrize(("left", "before", "sent"), ATTEMPTS)
def test_an_attempt_goes_half_of_the_way_and_adapts_to_the_one_before(left, before, sent):
    assert pulse.attempted(left, before) == sent
    away, last = np.array([left / 60]), np.array([float(before)])
    assert writing._attempted(np.array([float(left)]), away, last) == sent


def test_no_verified_cell_of_the_default_device_is_left_far_from_its_level():
    """3.7 % of the range a pulse, 128 pulses: 1,500 cells by plain loops, within their bounds.

    Cells whose limit had been halved by each overshoot, for good, stayed up to 1.2 of a weight off.
    """
    cells = plain.Cells(DEVICE, [0.0] * 1500, 0, 3)
    for i in range(1500):
        plain.to_level(i, 0, 1 if i % 2 else -1, 3, cells, "verify", TOLERANCE / 3, 1)
    meant = np.array([1 / 3 if i % 2 else -1 / 3 for i in range(1500)])
    low, high = np.array(cells.traits)[:, :2].T
    off = np.abs(np.array(cells.weights) - np.clip(meant, low, high))
    assert (off > TOLERANCE / 3 + 1e-9).sum() <= 1
    effort = verified(DEVICE, 1 / STEPS, 128, TOLERANCE / STEPS)
    sent = (cells.counts.up + cells.counts.down) / 1500
    assert effort.pulses == pytest.approx(sent, rel=0.1)
    assert effort.reads == pytest.approx(cells.counts.reads / 1500, rel=0.1)


def test_a_design_alone_and_among_others_takes_the_same():
    """Designs are independent of each other; what cannot be is nan."""
    made = device("range", 60)
    ways = np.array([[0.1, np.nan, 0.3], [0.5, 0.1, 0.2]])
    found = verified(made, ways, 60, 0.04)
    assert found.pulses.shape == ways.shape
    assert np.isnan([found.pulses[0, 1], found.reads[0, 1]]).all()
    assert found.pulses[0, 0] == found.pulses[1, 1] == verified(made, 0.1, 60, 0.04).pulses


def test_devices_side_by_side_are_written_as_each_alone():
    """Spreads of three designs, on an axis before that of two layers."""
    spreads = np.array([0.02, 0.1, 0.3])
    states = np.array([0.4, 0.6])
    together = device("range", 32)
    varied = replace(together.variation, d2d=spreads[:, None])
    found = from_low_end(replace(together, variation=varied), states, 6, 0.04, pulses=32)
    assert found.pulses.shape == (3, 2)
    for i, spread in enumerate(spreads):
        alone = from_low_end(device("range", 32, d2d=spread), states, 6, 0.04, pulses=32)
        np.testing.assert_array_equal(found.pulses[i], alone.pulses)
        np.testing.assert_array_equal(found.reads[i], alone.reads)


def activity(reads):
    layer = LayerActivity(
        (0.3,), 0.4, 1.0, 0.45, set_fraction=0.01, reset_fraction=0.02, set_levels=1.5,
        reset_levels=1.0, words_written=1.0, verify_reads=reads,
    )  # fmt: skip
    return Measured.of(Activity("a test", (layer,)))


def found(write, reads=None):
    learning = Learning(1, 3, 2, write=write, tolerance=TOLERANCE)
    return moves(activity(reads), device("range", 60), learning, STEPS)


def test_the_way_of_writing_decides_pulses_and_reads():
    blind = found("pulses")
    np.testing.assert_allclose(blind.rising, [[0.01], [1.5 / 6 * 60]])
    np.testing.assert_allclose(blind.falling, [[0.02], [1.0 / 6 * 60]])
    assert blind.reads == 0.0
    np.testing.assert_allclose(found(None).rising, blind.rising)
    reset = found("reset")
    np.testing.assert_allclose(reset.falling, [[0.03], [60.0]])
    np.testing.assert_allclose(reset.rising, [[0.03], [0.45 * 60]])
    assert reset.reads == 0.0
    for write in ("verify", "direct"):  # the noise is that of the range in both
        up, down = (verified(device("range", 60), d / 6, 60, 0.25 / 6) for d in (1.5, 1.0))
        tried = found(write)
        np.testing.assert_allclose(tried.rising, [[0.01], [up.pulses]])
        np.testing.assert_allclose(tried.falling, [[0.02], [down.pulses]])
        assert tried.reads == near(0.01 * up.reads + 0.02 * down.reads)
        assert up.pulses > 15.0


@pytest.mark.parametrize("write", ["direct", "verify", "reset", "pulses"])
def test_what_training_counted_is_billed_as_it_is(write):
    counted = found(write, reads=0.123)
    np.testing.assert_allclose(counted.rising, [[0.01], [15.0]])
    np.testing.assert_allclose(counted.falling, [[0.02], [10.0]])
    assert counted.reads == 0.123


MACROS = [
    AnalogMacro(TECH, DEVICE, rows=96.0, cols=160.0, cols_per_adc=8.0),
    RowByRowMacro(TECH, DEVICE, rows=96.0, cols=160.0, cols_per_adc=8.0),
]


@pytest.mark.parametrize("macro", MACROS, ids=["parallel", "row_by_row"])
def test_reads_open_a_row_and_the_positions_where_cells_were_written(macro):
    """All cells: each row at all eight positions of 20 converters, as often as they are read."""
    whole, one = macro.verify(1.0, 2.5, state=0.4), macro.sense_row(0.4, 1.0)
    assert whole.latency.total == near(96 * 8 * 2.5 * one.latency.total)
    assert whole.energy.total == near(96 * 8 * 2.5 * one.energy.total)
    few = macro.verify(1e-6, 3.0, state=0.4)  # cells so rare that none shares a row
    alone = macro.sense_row(0.4, 1 / 20)
    assert few.energy.total == near(1e-6 * 96 * 160 * 3.0 * alone.energy.total, rel=1e-3)
    assert few.latency.total == near(1e-6 * 96 * 160 * 3.0 * alone.latency.total, rel=1e-3)
    assert macro.verify(0.0, 0.0).energy.total == 0.0


def test_a_read_of_one_cell_is_made_of_the_macros_own_blocks():
    """Row on and a position of the multiplexers, settling, charge of one row, conversions."""
    macro = MACROS[0]
    got = macro.sense_row(0.4, 0.05)
    drive, select = macro.row_switches.drive_one(), macro.readout.select(0.05)
    charged, converted = macro.array.read(1.0, 1.0), macro.readout.convert(0.05)
    settled = macro.settle_alone(macro.readout, 0.4)
    references = macro.references.read(1.0, 0.05)
    parts = (drive, select, charged, converted, settled, references)
    # one cell and its reference cell at mid range conduct: V^2 G t
    time = settled.latency.total + macro.readout.converters.acquisition
    volts = DEVICE.cell.read_voltage
    current = sum(volts**2 / macro.array.column_res(1.0, share) * time for share in (0.4, 0.5))
    assert got.energy.total == near(sum(part.energy.total for part in parts) + current, rel=1e-6)
    first = max(drive.latency.total, select.latency.total)
    rest = (settled, charged, converted, references)
    assert got.latency.total == near(first + sum(part.latency.total for part in rest))
