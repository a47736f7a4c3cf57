"""Memory devices: the shipped files against their sources, and what a wrong one says."""

import pytest
from common import document, near

from neurorebit.schema import InputError, paths
from neurorebit.schema.device import read_device

WITHOUT_PULSES = {  # chips whose makers publish no response to single pulses
    "fefet_22nm", "mram_intel_22nm", "pcm_ibm_90nm", "reram_intel_22nm", "reram_tsinghua_130nm",
    "reram_winbond_90nm", "stt_mram",
}  # fmt: skip


@pytest.mark.parametrize("name", paths.names("device"))
def test_a_shipped_device_loads(name):
    device = read_device(document("device", name))
    assert 0 < device.g_min < device.g_max
    assert (device.cell.access_share is None) == (device.kind == "fefet")
    assert (device.pulses is None) == (name in WITHOUT_PULSES)


def test_the_default_device_is_that_of_the_paper():
    # MLP+NeuroSim V3.0 manual, benchmark table at 32 nm; 10 % variation as in ReBIT
    device = read_device(document("device", "taox_hfox"))
    assert device.r_on == 100e3
    assert device.r_off == 1e6
    assert device.g_max == near(10e-6)
    assert device.g_min == near(1e-6)
    assert (device.variation.form, device.variation.d2d, device.variation.c2c) == (
        "state",
        0.1,
        0.1,
    )
    pulses = device.pulses
    assert (pulses.levels_ltp, pulses.levels_ltd) == (128, 128)
    assert (pulses.nonlinearity_ltp, pulses.nonlinearity_ltd) == (0.04, -0.63)
    assert (pulses.voltage_ltp, pulses.voltage_ltd) == (1.6, 1.6)
    assert (pulses.width_ltp, pulses.width_ltd) == (50e-9, 50e-9)
    assert pulses.c2c == 0.037


@pytest.mark.parametrize(
    ("name", "r_on", "ratio", "levels", "voltage", "width"),
    [
        ("ag_asi", 26e6, 12.5, (97, 100), (3.2, 2.8), (300e-6, 300e-6)),
        ("taox_tio2", 5e6, 2.0, (102, 102), (3.0, 3.0), (40e-3, 10e-3)),
    ],
)
def test_a_device_has_the_values_of_the_benchmark_table(name, r_on, ratio, levels, voltage, width):
    device = read_device(document("device", name))
    pulses = device.pulses
    assert device.r_on == r_on
    assert device.on_off_ratio == ratio
    assert (pulses.levels_ltp, pulses.levels_ltd) == levels
    assert (pulses.voltage_ltp, pulses.voltage_ltd) == voltage
    assert (pulses.width_ltp, pulses.width_ltd) == near(width)


@pytest.mark.parametrize(
    ("path", "text", "told"),
    [
        ("r_on", "0 ohm", "r_on: must be above 0 ohm and at most 1e+12 ohm, got 0 ohm"),
        (
            "r_on",
            "100 kS",
            "r_on: expected a number in ohm, got '100 kS' (the unit does not match)",
        ),
        ("on_off_ratio", "1", "on_off_ratio: must be at least 1.01, got 1"),
        ("kind", "memristor", "kind: expected one of reram, pcm, fefet, mram, got 'memristor'"),
        ("cell.read_voltage", "5 V", "cell.read_voltage: must be above 0 V and below 5 V, got 5 V"),
        ("cell.access_share", "1", "cell.access_share: must be above 0 and below 1, got 1"),
        ("variation.form", "pulse", "variation.form: expected one of state, read, got 'pulse'"),
        ("variation.d2d", "110 %", "variation.d2d: must be at least 0 and at most 1, got 110 %"),
        (
            "pulses.levels_ltp",
            "1",
            "pulses.levels_ltp: should be greater than or equal to 2, got '1'",
        ),
        ("pulses.width_ltp", "0 s", "pulses.width_ltp: must be above 0 s and at most 1 s, got 0 s"),
        (
            "pulses.voltage_ltd",
            "-1 V",
            "pulses.voltage_ltd: must be above 0 V and below 20 V, got -1 V",
        ),
        ("pulses.c2c", "x", "pulses.c2c: expected a number, got 'x' (not a number with a unit)"),
    ],
)
def test_a_wrong_device_is_told(path, text, told):
    wrong = document("device", "taox_hfox")
    wrong.set(path, text)
    with pytest.raises(InputError) as caught:
        read_device(wrong)
    assert str(caught.value).startswith(f"device.{path}={text}: {told}")
