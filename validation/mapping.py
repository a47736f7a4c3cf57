"""What a mapping by integer programming gains over the default floorplan.

``python -m validation.mapping`` maps VGG11, ResNet-18 and MobileNetV2 to two chips of the area of
their default floorplans, the former two to larger ones, and writes ``docs/validation/mapping.csv``
and ``.png``.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neurorebit.inputs.files import read_inputs
from neurorebit.results.typed.mapping import MappedNetwork
from neurorebit.studies.mapping.mapped import mapped

NETWORKS = ("vgg11", "resnet18", "mobilenet_v2")
DEEPER = ("vgg11", "resnet18")  # those that are mapped to larger chips and for a training, too
CHIPS = ("rebit", "inference_reram")
OBJECTIVES = ("latency", "energy", "edp")
LARGER = (1.0, 1.25, 1.5, 2.0, 3.0)  # areas over that of the default floorplan
FOLDER = Path(__file__).parents[1] / "docs" / "validation"
COLUMNS = (
    "network", "chip", "work", "objective", "area", "gain", "latency_gain", "energy_gain", "gap",
    "programmes", "area_mm2", "latency_us", "energy_uJ", "seconds",
)  # fmt: skip


def cases() -> Iterator[tuple[str, str, str, str, float]]:
    """Network, chip, work, objective and area of each mapping."""
    for network in NETWORKS:
        for chip in CHIPS:
            for objective in OBJECTIVES:
                yield network, chip, "inference", objective, 1.0
        if network not in DEEPER:
            continue
        yield network, "rebit", "training", "edp", 1.0
        for area in LARGER[1:]:
            yield network, "inference_reram", "inference", "edp", area


def row(network: str, chip: str, work: str, objective: str, area: float, limit: float) -> Any:
    """One mapping as a row of the table."""
    inputs = read_inputs(network, chip)
    begun = time.process_time()
    found = mapped(inputs, objective=objective, work=work, area=None, gap=1e-3, seconds=limit)
    if area != 1.0:
        most = area * found.before.area
        found = mapped(inputs, objective=objective, work=work, area=most, gap=1e-3, seconds=limit)
    spent = time.process_time() - begun
    return dict(
        zip(COLUMNS, _values(found, (network, chip, work, objective, area), spent), strict=True)
    )


def _values(found: MappedNetwork, case: tuple[Any, ...], spent: float) -> Iterator[Any]:
    yield from case
    yield round(found.gain, 4)
    yield round(found.before.latency / found.best.latency, 4)
    yield round(found.before.energy / found.best.energy, 4)
    yield f"{found.gap:.1e}"
    yield found.about["programmes"]
    yield round(1e6 * found.best.area, 4)
    yield round(1e6 * found.best.latency, 3)
    yield round(1e6 * found.best.energy, 3)
    yield round(spent, 1)


def picture(rows: list[dict[str, Any]], path: Path) -> None:
    """Gains at equal area, and the energy-delay product over the area."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for i, network in enumerate(NETWORKS):
        for k, chip in enumerate(CHIPS):
            for j, objective in enumerate(OBJECTIVES):
                one = next(
                    r for r in rows
                    if (r["network"], r["chip"], r["objective"], float(r["area"]), r["work"])
                    == (network, chip, objective, 1.0, "inference")
                )  # fmt: skip
                label = f"{objective}, {chip}" if i == 0 else None
                at = i + 0.13 * (3 * k + j) - 0.33
                left.bar(
                    at, float(one["gain"]), 0.12, color=f"C{j}", alpha=(1.0, 0.5)[k], label=label
                )
        over = sorted(
            (float(r["area"]), float(r["gain"])) for r in rows
            if (r["network"], r["chip"], r["objective"], r["work"])
            == (network, "inference_reram", "edp", "inference")
        )  # fmt: skip
        if len(over) > 1:
            right.plot(*zip(*over, strict=True), "o-", label=network)
    left.set_xticks(range(len(NETWORKS)), NETWORKS)
    left.axhline(1.0, color="0.6", lw=0.8)
    left.set_ylabel("default over mapped, equal area")
    left.set_ylim(0.0, 2.3)
    left.legend(fontsize=7, ncols=2, loc="upper left")
    right.set_xlabel("area over that of the default floorplan")
    right.set_ylabel("energy-delay product, default over mapped")
    right.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> int:
    """Map, print each row as it is known, and write table and picture."""
    parser = argparse.ArgumentParser(prog="python -m validation.mapping")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds of each search (120)")
    asked = parser.parse_args()
    rows = []
    for case in cases():
        rows.append(row(*case, limit=asked.limit))
        print(*rows[-1].values(), flush=True)
    with (FOLDER / "mapping.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    picture(rows, FOLDER / "mapping.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
