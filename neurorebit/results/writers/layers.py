"""``layers.csv``: a row for each layer and phase."""

from __future__ import annotations

from typing import Any

from neurorebit.chips.parts.phases import PHASES
from neurorebit.results.document import Json, csv_text


def write(report: Json) -> str:
    """Latency [s], energy [J] and the energy of each part, a row for each layer and phase."""
    parts = list(dict.fromkeys(p for n in PHASES for p in report["phases"][n]["energy_by_part_J"]))
    head = ["layer", "kind", "macs", "utilization", "phase", "per", "latency_s", "energy_J"]
    rows: list[list[Any]] = [[*head, "dram_energy_J", *(f"energy_J {part}" for part in parts)]]
    for layer in report["layers"]:
        for name in PHASES:
            phase = layer["phases"][name]
            by_part = phase["energy_by_part_J"]
            rows.append(
                [
                    *(layer[key] for key in ("name", *head[1:4])),
                    name,
                    report["phases"][name]["per"],
                    *(phase[key] for key in ("latency_s", "energy_J", "dram_energy_J")),
                    *(by_part.get(part, 0.0) for part in parts),
                ]
            )
    return csv_text(rows)
