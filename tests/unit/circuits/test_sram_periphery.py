"""Precharge, write drivers and latches (docs/models/memory.md)."""

from common import near

from neurorebit.circuits.gates import cells, lone_pfet
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.write_driver import WriteDriver


def test_precharger_records(records, agree):
    """The tool charges both lines of a pair by all of the supply, leaves the devices' drains out of
    the energy and counts one of the two charging transistors' leakage.
    """
    for r in records("Precharger"):
        i = r.inputs
        charger = Precharger(
            r.tech,
            i["num_col"],
            i["cap_load_F"],
            i["res_load_ohm"],
            fit_width=i["fixed_width_m"],
        )
        own = i["cap_load_F"] / charger.line_cap
        full = 2 * r.tech.vdd / r.tech.sram.sense_voltage
        read = charger.precharge().energy.total * own * full
        write = charger.precharge_written(i["activity_col_write"]).energy.total * own
        agree(r, area_m2=charger.area, height_m=charger.height)
        agree(r, read_latency_s=i["num_read"] * charger.delay)
        agree(r, write_latency_s=i["num_write"] * charger.delay)
        agree(r, read_energy_J=i["num_read"] * read, write_energy_J=i["num_write"] * write)
        agree(r, leakage_W=charger.footprint.leakage.total / 2)


def test_a_read_charges_what_one_line_lost(tech32):
    charger = Precharger(tech32, 10.0, 1e-14, swing=0.2)
    drains = lone_pfet(tech32, 6.0).output_cap + lone_pfet(tech32, 2.0).output_cap
    expected = 10 * (1e-14 + drains) * tech32.vdd * 0.2
    assert charger.precharge().energy.total == near(expected, rel=1e-12)


def test_write_driver_records(records, agree):
    """Of minimum inverters, as the tool has them."""
    for r in records("SRAMWriteDriver"):
        i = r.inputs
        driver = WriteDriver(
            r.tech,
            i["num_col"],
            i["cap_load_F"],
            i["res_load_ohm"],
            drive_strength=1.0,
            fit_width=i["fixed_width_m"],
        )
        cost = driver.write(i["activity_col_write"])
        agree(r, area_m2=driver.area, leakage_W=driver.footprint.leakage.total)
        agree(r, write_latency_s=i["num_write"] * cost.latency.total)
        agree(r, write_energy_J=i["num_write"] * cost.energy.total)


def test_a_driver_is_sized_for_its_load(tech32):
    """The same effort in both stages is the fastest, but for the wire."""
    load = 3e-14
    sized = WriteDriver(tech32, load=load)
    strength = (load / cells(tech32).inverter.input_cap) ** 0.5
    given = WriteDriver(tech32, load=load, drive_strength=strength)
    assert sized.delay == near(given.delay, rel=1e-12)
    for factor in (0.5, 2.0):
        other = WriteDriver(tech32, load=load, drive_strength=factor * strength)
        assert sized.delay < other.delay
    assert WriteDriver(tech32, load=1e-17).driver.nfet == 2 * tech32.feature


def test_latch_records(records, agree):
    """The tool's leakage has the supply twice."""
    for r in records("SenseAmp"):
        i = r.inputs
        amp = SenseAmp(
            r.tech,
            i["num_col"],
            pitch=i["pitch_m"],
            swing=i["sense_voltage_V"],
            fit_width=i["fixed_width_m"],
        )
        cost = amp.sense(i["num_read_cell_per_op"] / i["num_col"])
        agree(r, area_m2=amp.area, height_m=amp.height, cap_load_F=amp.node_cap)
        agree(r, leakage_W=amp.footprint.leakage.total * r.tech.vdd)
        agree(r, read_latency_s=i["num_read"] * cost.latency.total)
        agree(r, read_energy_J=i["num_read"] * cost.energy.total)


def test_latch_of_fins(tech14):
    """The reference tool, leakage with the supply once."""
    amp = SenseAmp(tech14, 128.0, pitch=20 * tech14.feature)
    assert amp.footprint.leakage.total == near(2.2624e-9 / tech14.vdd, rel=1e-4)
    assert 8 * amp.sense().energy.total == near(3.8130e-13, rel=1e-4)


def test_a_pitch_too_narrow_is_nan(tech32):
    narrow = SenseAmp(tech32, pitch=6 * tech32.feature)
    assert narrow.footprint.area.total != narrow.footprint.area.total
