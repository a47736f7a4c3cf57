"""Chains of inverters that drive a large load, sized by logical effort.

Each stage of a chain is wider than the one before by the same factor. With N stages between an
input capacitance c and a load C the factor is f = (C / c)^(1/N) (I. Sutherland, B. Sproull,
D. Harris, Logical Effort, 1999, chapter 3, where f is near 4). N is the number of least delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import STEP, Gate, cells, chain, inverter, stage
from neurorebit.schema.technology import Technology

LONGEST = 8  # stages: a load of 4^8 minimum inverters; with more, which no chip has, they get wider


@dataclass(frozen=True, eq=False)
class Buffers:
    """A chain of inverters from a minimum inverter to ``load`` [F], through ``line_res`` [ohm].

    The number of stages is that of the least delay behind a minimum inverter, odd or even as
    ``inverting`` asks: at least one where it inverts. Without stages the driver before the chain
    has the load itself.
    """

    tech: Technology
    load: Real
    inverting: bool = False
    line_res: Real = 0.0

    @cached_property
    def stages(self) -> Real:
        """Number of inverters."""
        first = 1 if self.inverting else 0
        counts = range(first, LONGEST + 1, 2)
        delays = np.stack(np.broadcast_arrays(*(self._delay(count) for count in counts)))
        found: Real = first + 2.0 * np.argmin(delays, axis=0)
        return np.where(np.isfinite(self.load), found, np.nan)

    @property
    def _ratio(self) -> Real:
        """The load in minimum inverters, of which there is no less than one."""
        return np.maximum(self.load / cells(self.tech).inverter.input_cap, 1.0)

    def _delay(self, count: int) -> Real:
        """Delay [s] of a minimum inverter and a chain of ``count``, but for that of the line."""
        sizes = [1.0, *(self._ratio ** (place / count) for place in range(count))]
        gates = [inverter(self.tech, 2.0 * size, 2.0 * size) for size in sizes]
        loads = [*(gate.input_cap for gate in gates[1:]), self.load]
        taus = [
            np.maximum(gate.nfet_res, gate.pfet_res) * (gate.output_cap + load)
            for gate, load in zip(gates, loads, strict=True)
        ]
        return chain(STEP, *taus)[0]

    @cached_property
    def factor(self) -> Real:
        """Width of a stage over that of the stage before."""
        return self._ratio ** (1.0 / np.maximum(self.stages, 1.0))

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
