"""Costs of a block of designs, in numbers, and reasons why designs of it cannot exist."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurorebit.chips.parts.phases import PER, PHASES, TRAINING
from neurorebit.circuits.cost import Bill, Real
from neurorebit.estimation.capacity import SMALL, too_small
from neurorebit.estimation.design import Design
from neurorebit.estimation.estimate import undefined, undefined_parts
from neurorebit.results.sweep import CRITERIA, FEASIBLE, REASON, Table
from neurorebit.schema import Misfit, join

Array = NDArray[np.float64]


def _named(phase: str) -> dict[str, str]:
    """The columns of a phase: those of iterations give an image's share, programming is once."""
    if PER[phase] == "network":
        return {
            "energy": f"{phase} energy [J]",
            "dram": f"{phase} DRAM energy [J]",
            "latency": f"{phase} latency [s]",
        }
    return {
        "energy": f"{phase} energy [J/image]",
        "dram": f"{phase} DRAM energy [J/image]",
        "latency": f"{phase} latency [s/image]",
        "rate": f"{phase} TOPS",
        "macro": f"{phase} TOPS/W macro",
        "chip": f"{phase} TOPS/W chip",
        "system": f"{phase} TOPS/W with DRAM",
    }


NAMES = {phase: _named(phase) for phase in PHASES}
AREA, LEAKAGE = CRITERIA["area"], CRITERIA["leakage"]
ENERGY, WITH_DRAM = CRITERIA["energy"], CRITERIA["energy_with_dram"]
LATENCY = CRITERIA["latency"]
OF_PHASES = tuple(name for names in NAMES.values() for name in names.values())
INTERVALS = {  # time between images, and images a second
    "training": (CRITERIA["throughput"], "training images/s"),
    "inference": (CRITERIA["inference_throughput"], "inference images/s"),
}
RATES = tuple(name for names in INTERVALS.values() for name in names)
OUTCOMES = (AREA, LEAKAGE, ENERGY, WITH_DRAM, LATENCY, *RATES, *OF_PHASES)


@dataclass(frozen=True, eq=False)
class Costs:
    """The sums over parts and layers of a box of designs."""

    design: Design
    batch: Real
    shape: tuple[int, ...]

    def table(self, misfits: Iterable[tuple[str, Misfit]]) -> Table:
        """Every outcome of every design, nan with a reason where it cannot exist."""
        table = self._outcomes()
        why = reasons(misfits, self.shape)
        small = too_small(self.design)
        if small is not None:
            why[np.broadcast_to(small, self.shape).ravel() & (why == "")] = SMALL
        own = [name for phase in self.design.phases for name in NAMES[phase].values()]
        needed = (AREA, *(name for name in own if "energy [" in name or "latency [" in name))
        finite = np.all([np.isfinite(table[name]).ravel() for name in needed], axis=0)
        for part, of, where in self._lost() if not np.all(finite | (why != "")) else ():
            why[where.ravel() & (why == "")] = undefined(part, of)
        feasible = (why == "").reshape(self.shape)
        kept = {name: np.where(feasible, values, np.nan) for name, values in table.items()}
        return {**kept, FEASIBLE: feasible, REASON: why}

    def _outcomes(self) -> Table:
        chip, batch = self.design.chip, over(self.batch, self.shape)
        leakage = over(chip.footprint.leakage.total, self.shape)
        table: Table = {AREA: over(chip.footprint.area.total, self.shape), LEAKAGE: leakage}
        table |= {name: np.full(self.shape, np.nan) for name in (*OF_PHASES, *RATES)}
        for name, phase in self.design.phases.items():
            names, share = NAMES[name], 1.0 / batch if PER[name] == "iteration" else 1.0
            latency = self._sum([phase.time]) + over(phase.common_time, self.shape)
            energy = self._sum(phase.energy.items.values()) + leakage * latency
            dram = self._sum([chip.dram.transfer(phase.dram_bits).energy.total])
            table[names["energy"]] = energy * share
            table[names["dram"]] = dram * share
            table[names["latency"]] = latency * share
            if PER[name] == "network":
                continue
            tera = over(self.design.ops[name], self.shape) / 1e12
            table[names["rate"]] = tera / latency
            table[names["macro"]] = tera / self._sum(phase.macro.items.values())
            table[names["chip"]] = tera / energy
            table[names["system"]] = tera / (energy + dram)
        for total, kind in ((ENERGY, "energy"), (WITH_DRAM, "dram"), (LATENCY, "latency")):
            table[total] = np.sum([table[NAMES[phase][kind]] for phase in TRAINING], axis=0)
        table[WITH_DRAM] += table[ENERGY]
        self._paced(table)
        return table

    def _paced(self, table: Table) -> None:
        """Times between images; in a pipeline an image takes longer than that."""
        alone, flow = NAMES["inference"]["latency"], self.design.flow
        for name, latency in (("training", LATENCY), ("inference", alone)):
            interval, rate = INTERVALS[name]
            table[interval], table[rate] = table[latency], 1.0 / table[latency]
        if flow is not None and flow.inference is not None:
            table[alone] = np.broadcast_to(flow.inference.fill, self.shape)

    def _sum(self, amounts: Iterable[Real]) -> Array:
        """The sum over amounts and layers; what has no axis for the layers is the same in all."""
        layers = self.design.stages
        total = np.zeros(self.shape)
        for amount in amounts:
            given = np.asarray(amount)
            if given.ndim and given.shape[-1] == layers:
                total += np.sum(given, axis=-1)
            else:
                total += layers * over(given, self.shape)
        return total

    def _lost(self) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
        """The parts that cannot be built, what of them is undefined, and in which designs."""
        chip = self.design.chip
        bills: list[tuple[str, Bill]] = [("area", chip.footprint.area)]
        bills += [("leakage", chip.footprint.leakage)]
        bills += [("energy", phase.energy) for phase in self.design.phases.values()]
        for of, bill in bills:
            for part, where in undefined_parts(bill):
                lacking = np.any(where, axis=-1) if where.ndim else where
                yield part.removeprefix("chip/"), of, np.broadcast_to(lacking, self.shape)
        for name, phase in self.design.phases.items():
            wrong = ~np.isfinite(self._sum([phase.time]) + over(phase.common_time, self.shape))
            yield name, "time", wrong


def reasons(misfits: Iterable[tuple[str, Misfit]], shape: tuple[int, ...]) -> NDArray[Any]:
    """For each design the first misfit in words, nothing where there is none."""
    why = np.full(math.prod(shape), "", dtype=object)
    for root, misfit in misfits:
        where = over(misfit.where, shape).ravel() & (why == "")
        if not np.any(where):
            continue
        values = [over(value, shape).ravel()[where] for value in misfit.values]
        rows, which = np.unique(np.array(values).T, axis=0, return_inverse=True) if values else (
            np.empty((1, 0)), np.zeros(np.count_nonzero(where), dtype=int)
        )  # fmt: skip
        cure = f"; {misfit.cure}" if misfit.cure else ""
        lines = [f"{root}.{join(misfit.loc)}: {misfit.text(*row)}{cure}" for row in rows]
        why[where] = np.array(lines, dtype=object)[which.ravel()]
    return why


def over(values: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """One value for each design of a box, of an array that has an axis for the layers."""
    array = np.asarray(values)
    return np.broadcast_to(array[..., 0] if array.ndim else array, shape)
