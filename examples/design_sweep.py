"""A design sweep: converter bits, supply and rows of the arrays, and the designs worth building.

python examples/design_sweep.py [FOLDER]      pictures go to FOLDER (examples/out)
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import neurorebit as nr

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/out")
folder.mkdir(parents=True, exist_ok=True)

grid = nr.sweep(
    "vgg11",
    nr.chip("rebit", technology="32nm"),
    {
        "architecture.apim.adc_bits": range(4, 9),
        "architecture.apim.rows": [64, 128, 256],
        "technology.vdd": np.linspace(0.8, 1.0, 5),
    },
)
print(grid)

front = grid.pareto("latency", "energy")
print(front.iloc[:, :5].to_string(index=False))

designs = grid.frame
energy, latency, supply = (
    "training energy [J/image]",
    "training latency [s/image]",
    "technology.vdd [V]",
)
figure = Figure(figsize=(7.0, 4.5), layout="constrained")
ax = figure.subplots()
points = ax.scatter(1e3 * designs[latency], 1e6 * designs[energy], c=designs[supply], s=16)
ax.plot(1e3 * front[latency], 1e6 * front[energy], "k-", linewidth=1, label="Pareto front")
figure.colorbar(points, label="supply [V]")
ax.set_xlabel("time of training on an image [ms]")
ax.set_ylabel("energy of training on an image [uJ]")
ax.set_title(f"VGG-11 on rebit, 32 nm: {len(grid)} designs")
ax.legend()
figure.savefig(folder / "design_sweep.png", dpi=100)
