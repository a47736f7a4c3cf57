"""A short training on handwritten digits: what a chip of one's own device learns, and at what cost.

python examples/first_training.py [FOLDER]      the report goes to FOLDER (examples/out)
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import neurorebit as nr

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "examples/out")

# pulses of three cells, as a measurement would give them: 40 up and 40 down, 2 % noise
rng = np.random.default_rng(1)
pulses = pd.DataFrame(
    {
        "cell": cell,
        "cycle": 0,
        "direction": direction,
        "pulse": pulse,
        "conductance_S": conductance * (1.0 + 0.02 * rng.standard_normal()),
    }
    for cell in range(3)
    for direction, sign in (("ltp", 1), ("ltd", -1))
    for pulse, conductance in enumerate(np.linspace(1e-6, 1e-5, 41)[::sign])
)
device = nr.fit(pulses, voltage="1.6 V", width="50 ns", name="my device")
print(device)

net = nr.network("mlp")
chip = nr.chip("rebit", technology="32nm").with_device(device)
done = nr.train(net, chip, scheme="hybrid", data="digits", epochs=2)
print(done)
print(done.epochs[["loss", "train_accuracy", "test_accuracy"]])
print(done.estimate.phases[["per", "energy_J", "latency_s"]])
print("report and picture in", done.save(folder / "first_training"))
