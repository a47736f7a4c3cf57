"""Converters, their encoder and their fits (circuits.md 3.9, 6)."""

import dataclasses

import numpy as np
from common import near

from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import cells


def columns(record):
    i = record.inputs
    ends = i["column_resistance_first_ohm"], i["column_resistance_last_ohm"]
    return np.linspace(*ends, i["num_columns_in_energy_sum"])


def test_sar_records(records, agree):
    for r in records("SarADC"):
        i, bits = r.inputs, np.log2(r.inputs["level_output"])
        adc = SarAdc(r.tech, bits, i["num_adc"], i["read_voltage_V"], fit_width=i["fixed_width_m"])
        cost = dataclasses.replace(adc, count=1.0).convert(columns(r))
        agree(r, area_m2=adc.area, height_m=adc.height)
        agree(r, read_latency_s=i["num_read_latency"] * cost.latency.total)
        agree(r, read_energy_J=i["num_read_energy"] * np.sum(cost.energy.total))


def test_flash_records(records, agree):
    """Power and area; the tool's times are those of references uniform in resistance."""
    for r in records("MultilevelSenseAmp"):
        i, bits = r.inputs, np.log2(r.inputs["level_output"])
        cls = FlashAdc if i["is_current_mode"] else VoltageFlashAdc
        adc = cls(r.tech, bits, i["num_adc"], i["read_voltage_V"], fit_width=i["fixed_width_m"])
        agree(r, area_m2=adc.area, height_m=adc.height)
        time = r.outputs["read_latency_s"] / i["num_read"] / i["num_col_muxed"]
        power = np.sum(adc.power(columns(r)))
        agree(r, read_energy_J=i["num_read"] * power * time)
        if not i["is_current_mode"]:
            cost = adc.convert(columns(r))
            agree(r, read_latency_s=i["num_read"] * i["num_col_muxed"] * cost.latency.total)


def test_check_value(tech32):
    """Circuits.md 9: 16 converters of 32 levels over 128 columns, without the infinite one."""
    res = 900 * 1.08 ** np.delete(np.arange(128.0), 5)
    adc = SarAdc(tech32, 5.0, 16.0, fit_width=128 * 20 * tech32.feature)
    assert adc.area == near(4.2047e-9, rel=1e-4)
    energy = np.sum(dataclasses.replace(adc, count=1.0).convert(res).energy.total)
    infinite = 1e-6 * (1 + 0.0013 * 20) * 6e-9  # a fixed 1 uW
    assert energy + infinite == near(1.8478e-11, rel=1e-4)


def test_flash_times_by_hand(tech32):
    """Two bits, full scale 10 uS: references 400, 200 and 133 kohm."""
    adc, fit = FlashAdc(tech32, 2.0, full_scale=1e-5), tech32.sensing.current_latency.fit
    longest = fit.max_log * np.log(200.0) + fit.max_const
    assert adc.time(2e5) == near(longest, rel=1e-12)  # is a reference
    assert adc.time(1e8) == near(1e-9, rel=1e-12)  # far above all of them
    longest = fit.max_log * np.log(700.0) + fit.max_const
    slowest = longest * max(np.polyval(fit.below, ref / 700.0) for ref in (400.0, 200.0, 400 / 3))
    assert adc.time(7e5) == near(slowest, rel=1e-9)
    assert slowest > 1e-9


def test_nine_bits_of_flash_are_nan(tech32):
    adc = FlashAdc(tech32, np.array([8.0, 9.0]))
    assert np.isnan(adc.footprint.area.total).tolist() == [False, True]


def test_no_column_is_nan(tech32):
    assert np.isnan(SarAdc(tech32).convert(0.0).energy.total)


def test_transistors_leak(tech32):
    """Circuits.md 6.1: the tool has none leak. 705 NFETs and 501 PFETs make a SAR of five bits."""
    n, p = cells(tech32).nfet.leakage_power, cells(tech32).pfet.leakage_power
    leakage = SarAdc(tech32, 5.0).footprint.leakage.total
    assert leakage == near(705 * n + 501 * p, rel=1e-12)


def test_a_lower_supply_takes_less_power(tech32):
    lower = dataclasses.replace(tech32, vdd=0.9 * tech32.vdd)
    for cls in CONVERTERS.values():
        assert cls(lower).power(1e4) == near(0.81 * cls(tech32).power(1e4), rel=1e-12)


def test_encoder_records(records, agree):
    """The tool's layout lets a unit overhang, and its delay ends after two of four stages."""
    for r in records("MultilevelSAEncoder"):
        i, bits = r.inputs, np.log2(r.inputs["num_level"])
        encoder = Encoder(r.tech, bits, i["num_encoder"], fit_width=i["fixed_width_m"])
        cost = encoder.encode()
        agree(r, 0.06, read_energy_J=i["num_read"] * cost.energy.total)
        assert 1.3 < i["num_read"] * cost.latency.total / r.outputs["read_latency_s"] < 12.5
        assert 1 - 1e-9 <= encoder.area / r.outputs["area_m2"] < 2 + 1e-9


def test_encoder_check_value(tech32):
    encoder = Encoder(tech32, 5.0, 16.0, fit_width=128 * 20 * tech32.feature)
    assert 8 * encoder.encode().energy.total == near(4.3275e-12, rel=0.02)
    half = Encoder(tech32, 5.0, 16.0, activity=0.5).encode().energy.total
    assert half == near(encoder.encode().energy.total / 2, rel=1e-12)
