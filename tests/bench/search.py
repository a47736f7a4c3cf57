"""How near a search comes to the true front of a space that a sweep enumerates.

python tests/bench/search.py [--network vgg8] [--budget 400] [--seeds 5] [--samplers tpe,random]

The space has 20,000 designs. A sweep gives the true front of training energy, latency and area; a
search tries a fiftieth of the designs. Printed is the share of the true front's hypervolume that
the search's own front has, after each quarter of the budget, for each seed. The hypervolume is of
the logarithms of the objectives, from 0 at the least value that a design of the true front has to 1
at the greatest, up to a reference point of 1.1: a per cent less is worth the same everywhere, and
designs that are worse than all of the true front are worth nothing. Beside it: the same of the
plain values, up to the greatest value of any design.
"""

import argparse
import time

import numpy as np
from tabulate import tabulate

import neurorebit as nr
from neurorebit.results.sweep import CRITERIA, unbeaten

SPACE = {
    "architecture.apim.rows": [64, 128, 256, 512],
    "architecture.apim.cols_per_adc": [4, 8, 16, 32],
    "architecture.apim.adc": ["sar", "flash"],
    "architecture.apim.adc_bits": [4, 5, 6, 7, 8],
    "architecture.dpim.vectors": [2, 4, 8, 16, 32],
    "architecture.dpim.copies": [1, 2, 4, 8, 16],
    "technology.vdd": ["0.8 V", "0.85 V", "0.9 V", "0.95 V", "1.0 V"],
}
OBJECTIVES = ("energy", "latency", "area")
REFERENCE = 1.1


def hypervolume(points, reference):
    """The volume that points dominate below a reference point, by slices along the last axis."""
    points = points[np.all(points < reference, axis=1)]
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    ends = np.append(points[1:, -1], reference[-1])
    heights = ends - points[:, -1]
    return sum(
        height * hypervolume(points[: i + 1, :-1], reference[:-1])
        for i, height in enumerate(heights)
        if height > 0.0
    )


class Truth:
    """The costs of all designs, and the hypervolume of their front."""

    def __init__(self, table):
        feasible = table["feasible"]
        costs = np.stack([table[CRITERIA[name]] for name in OBJECTIVES], axis=-1)
        self.designs = len(costs)
        self.front = costs[unbeaten(costs, feasible)]
        self.worst = np.nanmax(costs[feasible], axis=0)
        self.volumes = self.of(self.front)

    def of(self, costs):
        """Hypervolumes of these costs: of logarithms along the front, and of plain values."""
        low, high = np.log(self.front.min(axis=0)), np.log(self.front.max(axis=0))
        logs = (np.log(costs) - low) / (high - low)
        count = costs.shape[1]
        return np.array(
            [
                hypervolume(logs, np.full(count, REFERENCE)),
                hypervolume(costs / self.worst, np.ones(count)),
            ]
        )

    def share(self, costs, feasible):
        """The shares of the true hypervolumes that the front of these designs has."""
        return self.of(costs[unbeaten(costs, feasible)]) / self.volumes


def main():
    """Print the shares of each sampler and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="vgg8")
    parser.add_argument("--budget", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--samplers", default="tpe,nsga2,nsga3,random")
    parser.add_argument("--batch", type=int, default=None)
    asked = parser.parse_args()

    start = time.perf_counter()
    truth = Truth(nr.sweep(asked.network, "rebit", SPACE, progress=False).table)
    print(
        f"{asked.network}: {truth.designs:,} designs enumerated in "
        f"{time.perf_counter() - start:.1f} s, {len(truth.front)} on the front of "
        f"{', '.join(OBJECTIVES)}",
        flush=True,
    )
    rows = []
    marks = [asked.budget * i // 4 for i in (1, 2, 3, 4)]
    for sampler in asked.samplers.split(","):
        shares, took = [], []
        for seed in range(asked.seeds):
            start = time.perf_counter()
            found = nr.search(
                asked.network,
                "rebit",
                SPACE,
                objectives=OBJECTIVES,
                budget=asked.budget,
                sampler=sampler,
                seed=seed,
                batch=asked.batch,
                progress=False,
            )
            took.append(time.perf_counter() - start)
            costs = np.stack([found.table[CRITERIA[name]] for name in OBJECTIVES], axis=-1)
            feasible = found.table["feasible"]
            shares.append([truth.share(costs[:n], feasible[:n]) for n in marks])
        logs, plain = np.moveaxis(np.array(shares), -1, 0)
        rows.append(
            [f"{sampler}, worst of {asked.seeds} seeds", *logs.min(axis=0), plain[:, -1].min()]
        )
        rows.append([f"{sampler}, median", *np.median(logs, axis=0), np.median(plain[:, -1])])
        seeds = " ".join(f"{share:.4f}" for share in logs[:, -1])
        print(f"{sampler}: {seeds}; {np.median(took):.1f} s a search", flush=True)
    heads = ["", *(f"{n} designs" for n in marks), f"plain values, {marks[-1]}"]
    print(tabulate(rows, heads, "github", floatfmt=".4f"))


if __name__ == "__main__":
    main()
