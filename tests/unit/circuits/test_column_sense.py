"""Sense amplifiers of single columns (circuits.md 5.2, 5.3)."""

import numpy as np
from common import near

from neurorebit.circuits.column_sense import CurrentSenseAmp, VoltageSenseAmp


def test_current_records(records, agree):
    """But where the reference is within a tenth, which the tool takes for further off."""
    for r in records("CurrentSenseAmp"):
        i, reference = r.inputs, r.outputs["reference_resistance_ohm"]
        ends = i["column_resistance_first_ohm"], i["column_resistance_last_ohm"]
        res = np.linspace(*ends, i["num_col"])
        if np.any(np.abs(reference / res - 1) < 0.1):
            continue
        cost = CurrentSenseAmp(r.tech, 1.0, reference, i["read_voltage_V"]).sense(res)
        latency = i["num_read"] * i["num_col_muxed"] * np.max(cost.latency.total)
        agree(r, read_latency_s=latency)
        agree(r, read_energy_J=i["num_read"] * np.sum(cost.energy.total))


def test_an_equal_current_takes_longest(tech32):
    fit = tech32.sensing.current_latency.fit
    amp = CurrentSenseAmp(tech32, reference=5e5)
    longest = fit.max_log * np.log(500.0) + fit.max_const
    assert amp.sense(5e5).latency.total == near(longest, rel=1e-12)
    assert amp.sense(1e6).latency.total < longest * 1.2


def test_voltage_records(records, agree):
    """The tool leaks once for all columns; its energy is that of one 65 nm circuit."""
    for r in records("VoltageSenseAmp"):
        i = r.inputs
        amp = VoltageSenseAmp(
            r.tech,
            i["num_read_col"],
            i["cap_input_load_F"],
            res_on=i["cell_res_on_ohm"],
            res_off=i["cell_res_off_ohm"],
            read_voltage=i["read_voltage_V"],
            fit_width=i["layout_width_m"] * i["num_read_col"],
        )
        agree(r, area_m2=amp.area, width_m=amp.width, height_m=amp.height)
        agree(r, leakage_W=amp.footprint.leakage.total / i["num_read_col"])
        agree(r, read_latency_s=i["num_read"] * amp.sense().latency.total)
        published = r.outputs["read_energy_J"] / i["num_read"] / i["num_read_col"]
        assert 0.05 < amp.energy / published < 1.5


def test_cells_alike_are_never_told_apart(tech32):
    amp = VoltageSenseAmp(tech32, res_on=1e5, res_off=np.array([1e5, 1e6]))
    assert np.isnan(amp.sense().latency.total).tolist() == [True, False]
