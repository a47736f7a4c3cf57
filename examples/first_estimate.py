"""A first estimate: what it costs to train a network on a chip, and what a converter bit changes.

python examples/first_estimate.py [FOLDER]      pictures go to FOLDER (examples/out)
"""

import sys
from pathlib import Path

from matplotlib.figure import Figure

import neurorebit as nr

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/out")
folder.mkdir(parents=True, exist_ok=True)

net = nr.network("vgg11")  # a shipped name, a path, a dictionary
chip = nr.chip("rebit", technology="32nm", device="taox_hfox")
est = nr.estimate(net, chip)
print(est)
print(est.phases[["per", "energy_J", "latency_s", "tops_per_W"]])

six = chip.set("architecture.apim.adc_bits", 6).set("technology.vdd", "0.95 V")
print(nr.compare(est, nr.estimate(net, six)).frame.loc["chip.area_m2"])

# energy of each layer in the phases that every image takes
table = est.layers[est.layers["per"] == "image"]
energy = table.pivot_table(index="layer", columns="phase", values="energy_J", sort=False)
figure = Figure(figsize=(8.0, 4.0), layout="constrained")
ax = figure.subplots()
bottom = 0.0 * energy.iloc[:, 0]
for phase in energy.columns:
    ax.bar(energy.index, 1e6 * energy[phase], bottom=1e6 * bottom, label=phase)
    bottom += energy[phase]
ax.set_ylabel("energy of training on an image [uJ]")
ax.set_title(est.title)
ax.tick_params(axis="x", rotation=45)
ax.legend()
figure.savefig(folder / "first_estimate.png", dpi=100)
