"""Chains of inverters that drive a large load, sized by logical effort.

Each stage of a chain is wider than the one before by the same factor. With N stages between an
input capacitance c and a load C the factor is f = (C / c)^(1/N); the delay is least near f = 4
(I. Sutherland, B. Sproull, D. Harris, Logical Effort, 1999, chapter 3), which gives N.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import Gate, cells, inverter, stage
from neurorebit.schema.technology import Technology

EFFORT = 4.0  # of a stage
LONGEST = 8  # stages: a load of 4^8 minimum inverters; with more, which no chip has, they get wider


@dataclass(frozen=True, eq=False)
class Buffers:
    """A chain of inverters from a minimum inverter to ``load`` [F], through ``line_res`` [ohm].

    The number of stages is the one that is nearest to a factor of four per stage and that is odd or
    even as ``inverting`` asks: at least one where it inverts. Without stages the driver before the
    chain has the load itself.
    """

    tech: Technology
    load: Real
    inverting: bool = False
    line_res: Real = 0.0

    @cached_property
    def stages(self) -> Real:
        """Number of inverters."""
        ratio = np.maximum(self.load / cells(self.tech).inverter.input_cap, 1.0)
        best = np.log(ratio) / np.log(EFFORT)
        first = 1.0 if self.inverting else 0.0
        pairs: Real = np.clip(np.round((best - first) / 2.0), 0.0, LONGEST // 2 - 1)
        return first + 2.0 * pairs

    @cached_property
    def factor(self) -> Real:
        """Width of a stage over that of the stage before."""
        ratio = np.maximum(self.load / cells(self.tech).inverter.input_cap, 1.0)
        return ratio ** (1.0 / np.maximum(self.stages, 1.0))

    @cached_property
    def gates(self) -> tuple[tuple[Real, Gate], ...]:
        """The inverters, each with 1 where the chain has it and 0 where it is shorter."""
        deepest = int(np.max(np.nan_to_num(self.stages)))
        sizes = (self.factor**place for place in range(deepest))
        drawn = (inverter(self.tech, 2.0 * size, 2.0 * size) for size in sizes)
        return tuple(
            (np.where(np.asarray(self.stages) > place, 1.0, 0.0), gate)
            for place, gate in enumerate(drawn)
        )

    @cached_property
    def input_cap(self) -> Real:
        """Load [F] on what drives the chain."""
        present = np.asarray(self.stages) > 0.0
        return np.where(present, cells(self.tech).inverter.input_cap, self.load)

    @property
    def area(self) -> Real:
        """Area [m^2] of the inverters."""
        return sum((there * gate.area for there, gate in self.gates), 0.0)

    @property
    def leakage_power(self) -> Real:
        """Leakage [W]."""
        return sum((there * gate.leakage_power for there, gate in self.gates), 0.0)

    @property
    def switched(self) -> Real:
        """Capacitance [F] of the inverters themselves: inputs and outputs, without the load."""
        caps = (there * (gate.input_cap + gate.output_cap) for there, gate in self.gates)
        return sum(caps, 0.0)

    def path(self, ramp: Real) -> tuple[Real, Real]:
        """Delay [s] from the input of the chain to the far end of the load, and the ramp there.

        ``ramp`` [1/s] is that of the input. Where the chain has no stage both are those of the
        input: the driver before it has the load.
        """
        delay: Real = 0.0
        for place, (there, gate) in enumerate(self.gates):
            last = np.asarray(self.stages) == place + 1.0
            following = (
                self.load
                if place + 1 == len(self.gates)
                else np.where(last, self.load, self.gates[place + 1][1].input_cap)
            )
            res = np.maximum(gate.nfet_res, gate.pfet_res)
            tau = res * (gate.output_cap + following)
            tau = tau + np.where(last, self.line_res * self.load / 2.0, 0.0)
            added, passed = stage(tau, ramp)
            present = np.asarray(there) > 0.0
            delay = delay + np.where(present, added, 0.0)
            ramp = np.where(present, passed, ramp)
        return delay, ramp
