"""``layers.csv``: a row for each layer and phase."""

from __future__ import annotations

from neurorebit.results.document import Json, csv_text
from neurorebit.results.parts import phases_of


def write(report: Json) -> str:
    """Latency [s], energy [J] and the energy of each part, a row for each layer and phase."""
    names = phases_of(report)
    parts = list(dict.fromkeys(p for n in names for p in report["phases"][n]["energy_by_part_J"]))
    head = ["layer", "kind", "macs", "utilization", "phase", "per", "latency_s", "energy_J"]
    lines = [csv_text([[*head, "dram_energy_J", *(f"energy_J {part}" for part in parts)]])]
    none = dict.fromkeys(parts, 0.0)
    for layer in report["layers"]:
        of = csv_text([[layer[key] for key in ("name", *head[1:4])]]).rstrip("\n")
        for name in names:
            phase = layer["phases"][name]
            costs = (phase[key] for key in ("latency_s", "energy_J", "dram_energy_J"))
            by_part = (none | phase["energy_by_part_J"]).values()
            numbers = ",".join(map(repr, (*costs, *by_part)))
            lines.append(f"{of},{name},{report['phases'][name]['per']},{numbers}\n")
    return "".join(lines)
