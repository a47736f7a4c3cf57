"""The law of the currents, against its textbook limits and a solution by another route."""

import dataclasses
import math

import numpy as np
import pytest
from common import document, near
from scipy.optimize import brentq

from neurorebit.circuits.array import SramArray
from neurorebit.circuits.gates import nfet_gm, nfet_res, pfet_gm
from neurorebit.inputs.technology import read_technology
from neurorebit.schema import InputError, paths
from neurorebit.schema.technology import Technology

NAMES = paths.names("technology")
GRID = [n for n in NAMES if not n.endswith("_io")]  # tables of the same temperatures
PHI = 1.380649e-23 * 300.0 / 1.602176634e-19


def technology(name="32nm", **sets):
    return read_technology(document("technology", name, **sets))


def charge(above, s):
    return 2 * s * math.log1p(math.exp(above / (2 * s)))


def relative(gate, drain, s, threshold=0.442034, nominal=0.9, dibl=0.1, alpha=1.3):
    """Enz and others' charge with a velocity that saturates, over the current at 0.9 V."""
    beta = alpha / (1 + dibl)
    u = charge(gate - threshold - dibl * (nominal - drain), s)
    full = charge(nominal - threshold, s)
    return u**2 / ((2 - beta) * u + (beta - 1) * full) / full


def slope(on, off):
    """Volts a factor e of 32 nm low power, from its two currents."""
    return brentq(lambda s: math.log(relative(0.0, 0.9, s) * on / off), 0.02, 0.1, xtol=1e-14)


@pytest.mark.parametrize("vdd", [0.35, 0.45, 0.6, 0.8, 0.9, 1.1, 1.34])
def test_both_currents_follow_the_law(vdd):
    at = technology(vdd=f"{vdd} V")
    n, p = slope(600.2, 0.0001001), slope(400.0, 0.0001001)
    assert at.on_n == near(600.2 * relative(vdd, vdd, n), rel=1e-9)
    assert at.on_p == near(400.0 * relative(vdd, vdd, p), rel=1e-9)
    leaks = relative(0.0, vdd, n) / relative(0.0, 0.9, n)
    assert at.off_n == near(0.0001001 * leaks, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_slopes_are_those_of_transistors(name):
    tech = technology(name)
    for law in (tech.conduction_n, tech.conduction_p):
        swing = law.slope * math.log(10.0) * 1e3
        assert 63.0 < swing < (67.0 if tech.finfet else 105.0)


@pytest.mark.parametrize("name", NAMES)
def test_near_the_nominal_supply_it_is_the_alpha_power_law(name):
    tech = technology(name)
    for share in (0.9, 0.95, 1.05, 1.1):
        ratio = (share * tech.nominal_vdd - tech.threshold) / (tech.nominal_vdd - tech.threshold)
        found = dataclasses.replace(tech, vdd=share * tech.nominal_vdd).on_n / tech.on_n
        assert found == pytest.approx(ratio**1.3, rel=0.01)


def test_far_below_the_threshold_current_is_exponential_and_leakage_follows_the_drain():
    law = technology().conduction_n
    rate = math.log(law.current(0.05, 0.9) / law.current(0.0, 0.9)) / 0.05
    assert rate == pytest.approx(1.0 / law.slope, rel=5e-3)
    assert law.transconductance(0.0, 0.9) / law.current(0.0, 0.9) == pytest.approx(
        1.0 / law.slope, rel=5e-3
    )
    fall = math.log(law.current(0.0, 0.8) / law.current(0.0, 0.9))
    assert fall == pytest.approx(-0.1 * 0.1 / law.slope, rel=5e-3)


def test_far_above_the_nominal_supply_the_velocity_is_saturated():
    """Twice the overdrive gives less than the 2^1.3 of the power law and more than twice."""
    law = technology().conduction_n
    over = 0.9 - 0.442034
    assert 2.0 < law.current(0.442034 + 2 * over, 0.9) < 2.0**1.3


def test_transconductance_is_the_slope_of_the_current():
    law = technology().conduction_n
    for gate in (0.2, 0.44, 0.63, 0.9):
        rise = (law.current(gate + 1e-6, 0.9) - law.current(gate - 1e-6, 0.9)) / 2e-6
        assert law.transconductance(gate, 0.9) == pytest.approx(rise, rel=1e-6)


def test_a_latch_at_the_nominal_supply_has_the_slope_of_its_square_law():
    """256 A/m at 0.63 V, 0.187966 V above the threshold."""
    tech = technology()
    assert nfet_gm(tech, 1e-6) == near(2 * 256e-6 / (0.7 * 0.9 - 0.442034))
    low = dataclasses.replace(tech, vdd=0.45)  # gate at 0.315 V, in weak inversion
    n = slope(600.2, 0.0001001)
    steep = (relative(0.3151, 0.45, n) - relative(0.3149, 0.45, n)) / (
        relative(0.6301, 0.9, n) - relative(0.6299, 0.9, n)
    )
    assert nfet_gm(low, 1e-6) == pytest.approx(nfet_gm(tech, 1e-6) * steep, rel=1e-5)
    assert 0.0 < pfet_gm(low, 1e-6) < pfet_gm(tech, 1e-6)


def test_a_gate_with_a_level_of_its_own_resists_as_at_that_supply():
    """An access transistor of 32 nm opened with 1.1 V, whatever the supply is."""
    tech = technology(vdd="0.5 V")
    current = 600.2 * relative(1.1, 1.1, slope(600.2, 0.0001001))
    assert tech.drive.resistance_multiplier == 1.77
    assert nfet_res(tech, 1e-7, 1.1) == near(1.77 * 1.1 / (current * 1e-7), rel=1e-9)
    assert nfet_res(tech, 1e-7, 0.5) == near(nfet_res(tech, 1e-7), rel=1e-12)


@pytest.mark.parametrize("kelvin", [273.0, 300.0, 400.0])
def test_over_the_whole_range_more_supply_is_faster_and_leaks_more(kelvin):
    tech = Technology.stack([technology(name) for name in GRID])
    tech = dataclasses.replace(tech, temperature=np.full(len(GRID), kelvin))
    low, high = tech.supply_range
    share = np.linspace(0.0, 1.0, 41)[:, None]
    at = dataclasses.replace(tech, vdd=low + share * (high - low))
    for current in (at.on_n, at.on_p):
        assert np.all(np.diff(at.vdd / current, axis=0) < 0.0)
    for current in (at.off_n, at.off_p):
        assert np.all(np.diff(current, axis=0) > 0.0)
    assert np.all(at.on_n > at.off_n)
    assert np.all(np.isfinite(nfet_gm(at, 1e-6)) & np.isfinite(pfet_gm(at, 1e-6)))


def test_below_the_tables_currents_follow_a_power_and_an_activation():
    """32 nm: 600.2 and 439.7 A/m, 0.1001 and 0.5075 mA/m at 300 and 350 K."""
    tech = technology(temperature="273 K")
    power = math.log(439.7 / 600.2) / math.log(350 / 300)
    assert tech.on_n == near(600.2 * (273 / 300) ** power)
    energy = math.log(0.5075 / 0.1001) / (1 / 300 - 1 / 350)
    assert tech.off_n == near(0.0001001 * math.exp(energy * (1 / 300 - 1 / 273)))
    near_table = dataclasses.replace(tech, temperature=299.999)
    assert near_table.on_n == pytest.approx(600.2, rel=1e-5)


def test_at_each_temperature_the_tables_hold():
    tech = technology(temperature="350 K")
    assert (tech.on_n, tech.off_n) == (near(439.7), near(0.0005075))
    low = dataclasses.replace(tech, vdd=0.6)
    assert 0.0 < low.on_n < tech.on_n
    assert low.off_n < tech.off_n


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        (
            "drive.supply_exponent",
            "1.05",
            "drive.supply_exponent: must lie above 1.1 and up to 2.2",
        ),
        (
            "threshold",
            "0.2 V",
            "drive.on_n: with drive.off_n and threshold the current falls by a ",
        ),
    ],
)
def test_what_no_transistor_has_is_refused(path, text, told):
    with pytest.raises(InputError) as caught:
        technology(**{path: text})
    assert told in str(caught.value)
    assert caught.value.cure


def test_cells_of_a_higher_threshold_leak_less_and_drive_less():
    """32 nm high performance: cells 0.248 V above logic, by the law solved another way."""
    tech = technology("32nm_hp")
    logic = {"threshold": 0.1944951, "nominal": 0.9}
    n = brentq(
        lambda s: math.log(relative(0.0, 0.9, s, **logic) * 1410.0 / 0.1003), 0.02, 0.1, xtol=1e-14
    )
    cells = tech.of_cells
    assert cells.on_n == near(1410.0 * relative(0.9 - 0.248, 0.9, n, **logic), rel=1e-9)
    off = relative(-0.248, 0.9, n, **logic) / relative(0.0, 0.9, n, **logic)
    assert cells.off_n == near(0.1003 * off, rel=1e-9)
    assert 2e-4 < off < 2e-3
    assert tech.on_n == near(1410.0)
    array = SramArray(tech, 128.0, 64.0)
    of_logic = SramArray(dataclasses.replace(tech, sram=same_threshold(tech)), 128.0, 64.0)
    assert array.body.leakage.total < 2e-3 * of_logic.body.leakage.total
    assert array.read_res > 1.3 * of_logic.read_res
    low = technology("32nm_lstp")
    assert low.of_cells is low


def same_threshold(tech):
    return dataclasses.replace(tech.sram, threshold_shift=0.0)


@pytest.mark.parametrize("kelvin", [273.0, 325.0, 400.0])
def test_cells_follow_supply_and_temperature(kelvin):
    at = dataclasses.replace(
        technology("22nm_hp"), temperature=kelvin, vdd=np.linspace(0.5, 1.1, 7)
    )
    cells = at.of_cells
    assert np.all(cells.off_n < 0.03 * at.off_n)
    assert np.all(np.diff(cells.off_n) > 0.0)
    assert np.all(np.diff(cells.on_n / at.on_n) > 0.0)
