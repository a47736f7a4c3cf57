"""Row followers (docs/models/selection.md#row-followers)."""

from common import near

from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.gates import cells

WRITE_VOLTAGE = 5.6568542  # of the records


def common(tech):
    """The case of the reference tool."""
    return {
        "lines": 128.0,
        "load": 30e-15,
        "line_res": 500.0,
        "write_voltage": 2.2,
        "ramp": 1e10,
        "fit_height": 128 * 8 * tech.feature,
    }


def test_follower_records(records, agree):
    """The tool does not hand the ramp on (2 to 32 % slower) and counts two gates each that leak."""
    for r in records("WLNewDecoderDriver"):
        i = r.inputs
        block = RowFollower(
            r.tech,
            i["num_rows"],
            i["cap_load_F"],
            i["res_load_ohm"],
            write_voltage=WRITE_VOLTAGE,
            fit_height=i["fixed_height_m"],
        )
        agree(r, area_m2=block.area, width_m=block.width)
        agree(r, width_tg_nmos_m=block.gate.nfet, tg_resistance_ohm=block.gate.through_res)
        agree(r, 0.02, read_energy_J=i["num_read"] * block.read().energy.total)
        agree(r, 0.02, write_energy_J=i["num_write"] * block.write().energy.total)
        assert 1.02 < i["num_read"] * block.delay / r.outputs["read_latency_s"] < 1.33
        nand, inv = cells(r.tech).nand.leakage_power, cells(r.tech).inverter.leakage_power
        leakage = block.footprint.leakage.total - i["num_rows"] * (nand - inv)
        agree(r, leakage_W=leakage)


def test_follower_check_values(tech32):
    block = RowFollower(tech32, **common(tech32))
    assert block.area == near(2.3908e-10, rel=1e-4)
    assert 8 * block.read().energy.total == near(6.9833e-15, rel=0.02)
    assert 10 * block.write().energy.total == near(1.4219e-14, rel=0.02)
