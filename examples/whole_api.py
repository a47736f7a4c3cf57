"""All that the library does, in the order in which one comes to need it.

python examples/whole_api.py [FOLDER]           files go to FOLDER (examples/out)
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import neurorebit as nr

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/out")
folder.mkdir(parents=True, exist_ok=True)

net = nr.network("vgg11")  # a shipped name, a path, a dict
chip = nr.chip("rebit", technology="32nm", device="taox_hfox")  # immutable
est = nr.estimate(net, chip)  # writes nothing, imports no Numba
assert "numba" not in sys.modules
print(est)  # the answers of the report, in a notebook as HTML
for table in (est.layers, est.phases, est.parts, est.totals, est.counts):
    print(table.head(3), table.attrs["units"], sep="\n")  # SI units

six = chip.set("architecture.apim.adc_bits", 6).set("technology.vdd", "0.9 V")
print(nr.compare(est, nr.estimate(net, six)))

axes = {"architecture.apim.adc_bits": range(4, 9), "technology.vdd": np.linspace(0.9, 1.0, 5)}
grid = nr.sweep(net, chip, axes)
print(grid.frame.shape, grid.pareto("energy", "area"), sep="\n")
print(nr.sweep(net, chip, {"device": ["epiram", chip.device.set("r_on", "200 kohm")]}))
print(nr.nodes(net, chip, ["32nm", "22nm"]))

# pulses of three cells, as a measurement would give them: 40 up and 40 down, 2 % noise
rng = np.random.default_rng(1)
readings = [
    (cell, 0, way, pulse, level * (1.0 + 0.02 * rng.standard_normal()))
    for cell in range(3)
    for way, sign in (("potentiation", 1), ("depression", -1))
    for pulse, level in enumerate(np.linspace(1e-6, 1e-5, 41)[::sign])
]
heads = ["cell", "cycle", "direction", "pulse", "conductance_S"]
pd.DataFrame(readings, columns=heads).to_csv(folder / "pulses.csv", index=False)
mine = chip.with_device(nr.fit(folder / "pulses.csv", voltage="1.6 V", width="50 ns"))

small = nr.network("mlp")
done = nr.train(small, mine, scheme="hybrid", data="digits", epochs=2, images=320)
print(done.accuracy, done.epochs, done.estimate.phases["energy_J"], sep="\n")
both = nr.compare_schemes(small, ["real", "hybrid"], data="digits", epochs=1, images=128)
print(both.frame[["test_accuracy"]])
print(nr.validate().frame.shape)
print(done.save(folder / "whole_api"))  # the only line that writes what was computed
