"""Switch matrices (docs/models/selection.md#switch-matrices)."""

import dataclasses

import pytest
from common import near

from neurorebit.circuits.gates import STEP, chain, nfet_res
from neurorebit.circuits.sizing import Buffers
from neurorebit.circuits.switch_matrix import AccessSwitchMatrix, ColSwitchMatrix, RowSwitchMatrix
from validation.neurosim.quirks.switches import Undriven


class BareRows(Undriven, RowSwitchMatrix):
    """Whose flip-flops drive the pass gates themselves, as the records have it."""


class BareCols(Undriven, ColSwitchMatrix):
    """Whose flip-flops drive the pass gates themselves, as the records have it."""


WRITE_VOLTAGE = 5.6568542  # of the records


def build(cls, record, **more):
    i = record.inputs
    return cls(
        record.tech,
        float(i["num_output"]),
        i["target_tg_resistance_ohm"],
        load=i["cap_load_F"],
        line_res=i["res_load_ohm"],
        write_voltage=WRITE_VOLTAGE,
        ramp=i["ramp_input_per_s"],
        **more,
    )


def test_rows_of_records(records, agree):
    """Drawn alike; what they take is compared where it is corrected, in tests/validation."""
    for r in records("SwitchMatrix"):
        i = r.inputs
        if i["is_col_mode"] or r.outputs["width_tg_nmos_m"] < r.tech.feature:
            continue
        matrix = build(BareRows, r, fit_height=i["fixed_dimension_m"])
        agree(r, area_m2=matrix.area, width_m=matrix.width, leakage_W=_leakage(matrix))
        agree(r, tg_resistance_ohm=matrix.switch.res, width_tg_nmos_m=matrix.switch.nfet)
        agree(r, width_tg_pmos_m=matrix.switch.pfet, cap_tg_drain_F=matrix.drain_cap)


def test_columns_of_records(records, agree):
    """Only those that need no transistor narrower than the feature size; the tool draws any."""
    for r in records("SwitchMatrix"):
        i = r.inputs
        if not i["is_col_mode"]:
            continue
        matrix = build(BareCols, r, fit_width=i["fixed_dimension_m"])
        agree(r, width_m=matrix.width, leakage_W=_leakage(matrix))
        agree(r, 0.02, area_m2=matrix.area)  # narrower gates, so lower ones
        assert matrix.switch.nfet == r.tech.feature > r.outputs["width_tg_nmos_m"]


def _leakage(matrix):
    return matrix.footprint.leakage.total


def test_access_records(records, agree):
    for r in records("NewSwitchMatrix"):
        i = r.inputs
        matrix = AccessSwitchMatrix(
            r.tech,
            float(i["num_output"]),
            load=i["cap_load_F"],
            line_res=i["res_load_ohm"],
            ramp=i["ramp_input_per_s"],
            fit_height=i["fixed_height_m"],
        )
        agree(r, area_m2=matrix.area, width_m=matrix.width, leakage_W=_leakage(matrix))
        agree(r, tg_resistance_ohm=matrix.switch_res, cap_tg_drain_F=matrix.gate.output_cap)


def test_check_values(tech32, tech14):
    """The reference tool; of what it draws alike."""
    common = {"load": 30e-15, "line_res": 500.0, "fit_height": 128 * 8 * tech32.feature}
    access = AccessSwitchMatrix(tech32, **common)
    assert access.area == near(5.1003e-10, rel=1e-4)
    fins = AccessSwitchMatrix(tech14, fit_height=128 * 8 * tech14.feature)
    assert fins.area == near(1.3616e-10, rel=1e-4)
    assert _leakage(fins) == near(1.6464e-8, rel=1e-4)


def test_writes_to_columns(tech32):
    """Half of the written cells toggle twice a pulse; the rest of the columns inhibit.

    Half of the columns are written, so that half of the flip-flops change from row to row.
    """
    matrix = ColSwitchMatrix(tech32, 128.0, 1e4, write_voltage=2.0)
    lines = 2 * matrix.drain_cap * 4.0
    control = 64 * matrix.control_cap * tech32.vdd**2
    stored = matrix.register.store(0.5).energy.total
    expected = lines * (5 * 64 + 128 - 32) + control + stored
    assert matrix.write(0.5, 5.0).energy.total == near(expected, rel=1e-12)
    halves = lines * (5 * 64 + 128 / 4) + control + stored
    assert matrix.write_half_selected(0.5, 5.0).energy.total == near(halves, rel=1e-12)


def test_wider_pass_gates_are_faster(tech32):
    plain = AccessSwitchMatrix(tech32, load=30e-15)
    wide = dataclasses.replace(plain, drive_strength=4.0)
    assert wide.switch_res == near(0.2 * nfet_res(tech32, 8 * tech32.feature), rel=1e-12)
    assert wide.delay < plain.delay
    assert wide.drive().energy.total > plain.drive().energy.total


@pytest.mark.parametrize("cls", [RowSwitchMatrix, ColSwitchMatrix])
def test_wide_switches_have_chains_of_inverters(tech32, cls):
    """A line of 500 ohm: pass gates of 125 ohm, whose gates two chains drive, one an output of the
    flip-flop. A toggle charges one of them.
    """
    bare = {RowSwitchMatrix: BareRows, ColSwitchMatrix: BareCols}[cls]
    given = {"load": 2e-14, "line_res": 800.0, "ramp": 2e10}
    found, plain = (kind(tech32, 96.0, 500.0, **given) for kind in (cls, bare))
    buffers = Buffers(tech32, found.control_cap)
    assert buffers.stages >= 2
    assert found.area == near(plain.area + 2 * 96 * buffers.area, rel=1e-12)
    more = 2 * 96 * buffers.leakage_power
    assert _leakage(found) == near(_leakage(plain) + more, rel=1e-12)
    charged = 2 * buffers.switched * tech32.vdd**2  # a line on, another off
    line = 2 * found.drain_cap * 0.5**2 + 2 * found.control_cap * tech32.vdd**2
    stored = found.register.store(2 / 96).energy.total
    assert found.drive_one().energy.total == near(line + stored + charged, rel=1e-12)
    delay, ramp = buffers.path(2e10)
    tau = found.switch.res * (2 * found.drain_cap + 2e-14) + 800.0 * 2e-14 / 2
    assert found.delay == near(delay + chain(ramp, tau)[0], rel=1e-12)


def test_narrow_switches_have_none(tech32):
    assert RowSwitchMatrix(tech32, driven_res=1e5).buffers.stages == 0
    assert AccessSwitchMatrix(tech32).buffers.stages == 0


def test_a_rows_driver_takes_the_share_of_the_voltage_that_its_file_allows(tech32):
    """40 cells of 130 kohm read at once are 3.25 kohm: a quarter of it in the pass gate, no more.

    Minimum pass gates would take most of the voltage.
    """
    given = {"load": 2e-14, "input_load": 3e-14}
    sized, small = (AccessSwitchMatrix(tech32, 128.0, **given, **more) for more in SIZES)
    share = sized.input_switch.res / 3250.0
    assert share == near(tech32.switch.drop, rel=1e-9)
    assert small.input_switch.res > 3250.0 / 2
    assert sized.area > small.area
    assert sized.switch_res == small.switch_res, "the access line carries no current"
    # two drains and its own load on each line
    taus = (
        sized.switch_res * (2 * sized.gate.output_cap + 2e-14),
        sized.input_switch.res * (2 * sized.input_gate.output_cap + 3e-14),
    )
    delay, ramp = Buffers(tech32, sized.control_load).path(STEP)
    assert sized.delay == near(delay + chain(ramp, max(taus))[0], rel=1e-12)


SIZES = ({"driven_res": 130e3 / 40}, {})
