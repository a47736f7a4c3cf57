"""Pulses and reads of a verified write, and what its reads cost."""

from dataclasses import replace

import numpy as np
import pytest
from common import near
from oracle import cells as plain

from neurorebit.chips.hybrid.analog import AnalogMacro
from neurorebit.chips.in_place.reram import RowByRowMacro
from neurorebit.chips.parts.activity import Measured
from neurorebit.chips.parts.learning import Learning
from neurorebit.chips.parts.writing import erfc, moves, verified
from neurorebit.inputs.technology import read_technology
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


@pytest.mark.parametrize("form", ["step", "range", "state"])
@pytest.mark.parametrize("pulses", [32, 128])
def test_pulses_and_reads_are_about_those_of_cells_written_by_plain_loops(form, pulses):
    """300 cells from the middle level to the next, each with a step of its own."""
    made = device(form, pulses, pulse_d2d="step")
    cells = plain.Cells(made, [0.0] * 300, 0, 5)
    for i in range(300):
        plain.to_level(i, 0, 1, 3, cells, "verify", TOLERANCE / 3, 1)
    effort = verified(made, 1 / STEPS, pulses, TOLERANCE / STEPS)
    assert 0.5 < effort.pulses / (cells.counts.up + cells.counts.down) * 300 < 2.0
    assert 0.7 < effort.reads / cells.counts.reads * 300 < 1.4


def test_without_noise_a_write_is_read_twice_and_pulsed_once():
    quiet = device("step", 100_000, d2d=0.0, c2c=0.0)
    effort = verified(quiet, 1 / STEPS, 100_000, TOLERANCE / STEPS)
    assert effort.reads == near(2.0, rel=1e-6), "before the pulses and after them"
    assert effort.pulses == near(100_000 / STEPS, rel=1e-6)


def test_the_tail_of_a_normal_number():
    """Q(1.96) = 2.5 %, Q(1) = 15.87 % to either side."""
    assert erfc(np.array(1.959964 / 2**0.5)) == pytest.approx(0.05, abs=1e-6)
    assert erfc(np.array(1.0 / 2**0.5)) == pytest.approx(0.3173105, abs=1e-6)
    assert erfc(np.array(0.0)) == pytest.approx(1.0, abs=1e-6)


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
    whole, one = macro.verify(1.0, 2.5, state=0.4), macro.sense_alone(0.4, 1.0)
    assert whole.latency.total == near(96 * 8 * 2.5 * one.latency.total)
    assert whole.energy.total == near(96 * 8 * 2.5 * one.energy.total)
    few = macro.verify(1e-6, 3.0, state=0.4)  # cells so rare that none shares a row
    alone = macro.sense_alone(0.4, 1 / 20)
    assert few.energy.total == near(1e-6 * 96 * 160 * 3.0 * alone.energy.total, rel=1e-3)
    assert few.latency.total == near(1e-6 * 96 * 160 * 3.0 * alone.latency.total, rel=1e-3)
    assert macro.verify(0.0, 0.0).energy.total == 0.0


def test_a_read_of_one_cell_is_made_of_the_macros_own_blocks():
    """Row on and a position of the multiplexers, settling, charge of one row, conversions."""
    macro = MACROS[0]
    got = macro.sense_alone(0.4, 0.05)
    drive, select = macro.row_switches.drive(1 / 96, 1 / 96), macro.readout.select(0.05)
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
