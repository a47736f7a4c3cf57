"""A mapping to area, energy and latency: footprint and cost of each layer, phase and part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurorebit.cost import Bill, Real

Rows = NDArray[np.float64]  # one number for each matrix layer, and a last one for the chip

PHASES = ("forward", "backward", "gradient", "update", "sync")


@dataclass(frozen=True)
class PhaseEstimate:
    """What one phase costs, for one image or for one iteration (``per``).

    ``energy`` itemises dynamic energy and leakage by part, without DRAM; every item is an array
    over the matrix layers with a last row for what belongs to no layer. ``latency`` and
    ``dram_energy`` are such arrays too. ``macro_energy`` is the share of the macros alone.
    """

    per: str
    ops: float
    energy: Bill
    latency: Rows
    dram_energy: Rows
    macro_energy: float
    leakage_energy: float

    @property
    def energy_by_part(self) -> dict[str, float]:
        """Energy of each part [J], leakage included."""
        return {part: float(np.sum(amount)) for part, amount in self.energy.items.items()}

    @property
    def total_energy(self) -> float:
        """Energy without DRAM [J]."""
        return float(np.sum(self.energy.total))

    @property
    def total_latency(self) -> float:
        """Time [s]."""
        return float(np.sum(self.latency))


@dataclass(frozen=True)
class Estimate:
    """The chip and what it costs: ``rows`` names the matrix layers and a last row, ``chip``."""

    rows: tuple[str, ...]
    kinds: tuple[str, ...]
    macs: tuple[int, ...]
    utilization: tuple[float, ...]  # share of the layer's cells in use, copies not counted
    chip_utilization: float
    area: Bill  # [m^2]
    leakage: Bill  # [W]
    phases: dict[str, PhaseEstimate]
    batch: int
    images: int  # of one epoch
    activity_source: str
    assumptions: tuple[str, ...]  # one plain sentence each, for the report's reader


__all__ = ["PHASES", "Estimate", "PhaseEstimate", "Real"]
