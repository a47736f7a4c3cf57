"""Multiplexers (docs/models/selection.md#multiplexers)."""

import numpy as np
from common import near

from neurorebit.circuits.mux import AnalogMux


def test_records(records, agree):
    """In its energy the tool forgets the P gates, and it folds drains by rounding noise."""
    for r in records("Mux"):
        i = r.inputs
        mux = AnalogMux(
            r.tech,
            i["num_input"],
            i["num_selection"],
            i["target_tg_resistance_ohm"],
            load=i["cap_load_F"],
            fit_width=i["fixed_width_m"],
        )
        if r.outputs["width_tg_nmos_m"] < r.tech.feature:
            continue
        agree(r, area_m2=mux.area, height_m=mux.height, tg_resistance_ohm=mux.switch.res)
        agree(r, width_tg_nmos_m=mux.switch.nfet, width_tg_pmos_m=mux.switch.pfet)
        agree(r, cap_tg_gate_n_F=mux.gate.nfet_cap, cap_tg_gate_p_F=mux.gate.pfet_cap)
        more = mux.gate.pfet_cap * r.tech.vdd**2 * i["num_input"] * i["num_read"]
        ratio = (i["num_read"] * mux.select().energy.total - more) / r.outputs["read_energy_J"]
        assert 0.8 < ratio < 1.05


def test_settling(tech32):
    """2.3 time constants of one type alone, which resists twice the pair."""
    mux = AnalogMux(tech32, 16.0, 8.0, 1e3, load=1e-14)
    cap = mux.gate.drain_cap + 0.5 * mux.gate.control_cap + 1e-14
    expected = 2.3 * 2 * 250.0 * cap
    assert mux.select().latency.total == near(expected, rel=1e-9)
    assert mux.control_load[0] == near(16 * mux.gate.nfet_cap)


def test_one_way_is_no_multiplexer(tech32):
    mux = AnalogMux(tech32, 16.0, np.array([1.0, 8.0]), fit_width=8e-5)
    assert mux.footprint.area.total[0] == 0.0
    assert mux.select().energy.total[0] == 0.0
    assert mux.select().latency.total[0] == 0.0
    assert mux.footprint.area.total[1] > 0.0


def test_it_is_as_high_as_its_decoder(tech32):
    """A width is given by the array, a height by what stands beside."""
    mux = AnalogMux(tech32, fit_width=8e-5, fit_height=5e-6)
    assert mux.height == 5e-6
    assert mux.area == near(8e-5 * 5e-6)
