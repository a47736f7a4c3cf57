"""``costs.csv``: every cost of every layer, phase and part, one a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neurorebit.results.document import CHIP, Json, csv_text
from neurorebit.results.parts import phases_of

HEAD = ("layer", "phase", "part", "quantity", "value", "unit")


def write(report: Json) -> str:
    """The columns are layer, phase, part, quantity, value and unit.

    Area and leakage are of no phase, latency and DRAM energy of no part: their cells are empty.
    Layer ``chip`` has the area and costs that belong to no layer, and the leakage of all parts.
    Energy counts leakage, in parts below ``leakage``. Costs of zero are left out.
    """
    lines = [",".join(HEAD)]
    for layer in report["layers"]:
        name = csv_text([[layer["name"]]]).rstrip("\n")  # in quotes where it has a comma
        lines += _lines(f"{name},", layer["area_by_part_m2"], "area", "m2")
        for phase in phases_of(report):
            cost, per = layer["phases"][phase], report["phases"][phase]["per"]
            of = f"{name},{phase}"
            lines += _lines(of, cost["energy_by_part_J"], "energy", f"J/{per}")
            lines += _lines(of, {"": cost["dram_energy_J"]}, "DRAM energy", f"J/{per}")
            lines += _lines(of, {"": cost["latency_s"]}, "latency", f"s/{per}")
    lines += _lines(f"{CHIP},", report["chip"]["leakage_by_part_W"], "leakage", "W")
    return "\n".join(lines) + "\n"


def _lines(of: str, parts: Mapping[str, float], quantity: str, unit: str) -> Iterator[str]:
    """Rows of one quantity: parts have names without commas."""
    return (f"{of},{part},{quantity},{value!r},{unit}" for part, value in parts.items() if value)
