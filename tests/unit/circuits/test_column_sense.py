"""Sense amplifiers of single columns."""

import numpy as np

from neurorebit.circuits.column_sense import VoltageSenseAmp


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
