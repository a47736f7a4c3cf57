"""Chains of inverters that drive a large load, sized by logical effort.

Each stage of a chain is wider than the one before by the same factor. With N stages between an
input capacitance c and a load C the factor is f = (C / c)^(1/N) (I. Sutherland, B. Sproull,
D. Harris, Logical Effort, 1999, chapter 3, where f is near 4). N is the number of least delay
(docs/models/gates.md#chains-of-inverters).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurorebit.circuits.cost import Real
from neurorebit.circuits.gates import STEP, Gate, cells, inverter, stage
from neurorebit.schema.technology import Technology

LONGEST = 8  # stages: a load of 4^8 minimum inverters; with more, which no chip has, they get wider


class Lengths(NamedTuple):
    """Chains of every length that one may have, and the sizes of the inverters in them."""

    counts: tuple[int, ...]  # inverters
    powers: tuple[float, ...]  # of the ratio of load to input: sizes, each once
    places: tuple[tuple[list[int], list[int]], ...]
    """For each place: sizes of the inverter there and of the next one, for each chain that has it.
    The shortest of these may end there, and then has no next one.
    """


@cache
def lengths_of(inverting: bool) -> Lengths:
    """Odd or even lengths; a minimum inverter stands before the chain."""
    counts = tuple(range(1 if inverting else 0, LONGEST + 1, 2))
    powers = sorted({0.0, *(place / count for count in counts for place in range(count))})
    places = []
    for place in range(counts[-1] + 1):
        left = [count for count in counts if count >= place]
        drivers = [powers.index((place - 1) / count if place else 0.0) for count in left]
        driven = [powers.index(place / count) for count in left if count > place]
        places.append((drivers, driven))
    return Lengths(counts, tuple(powers), tuple(places))


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
        lengths = lengths_of(self.inverting)
        found = np.asarray(lengths.counts, float)[np.argmin(self._delays(lengths), axis=0)]
        return np.where(np.isfinite(self.load), found, np.nan)

    @property
    def _ratio(self) -> Real:
        """The load in minimum inverters, of which there is no less than one."""
        return np.maximum(self.load / cells(self.tech).inverter.input_cap, 1.0)

    def _delays(self, lengths: Lengths) -> NDArray[np.float64]:
        """Delay [s] of a minimum inverter and a chain of each length, but for that of the line."""
        gate = self._of_sizes(lengths.powers)
        res = np.asarray(np.maximum(gate.nfet_res, gate.pfet_res))
        own = np.asarray(gate.output_cap)
        shape = np.broadcast_shapes(np.shape(self.load), res.shape[1:], own.shape[1:])
        load = np.broadcast_to(self.load, (1, *shape))
        into = np.broadcast_to(gate.input_cap, (len(res), *shape))
        delay = np.zeros((len(lengths.counts), *shape))
        ramp = np.full_like(delay, STEP)
        for drivers, driven in lengths.places:
            last = load[: len(drivers) - len(driven)]  # of a chain that ends here, if any does
            loads = np.concatenate((last, into[driven]))
            longer = slice(-len(drivers), None)
            added, ramp[longer] = stage(res[drivers] * (own[drivers] + loads), ramp[longer])
            delay[longer] += added
        return delay

    def _of_sizes(self, powers: tuple[float, ...]) -> Gate:
        """Inverters of all sizes at once, along a first axis of their own."""
        minimum, ratio = cells(self.tech).inverter, self._ratio
        known = minimum.nfet_res, minimum.pfet_res, minimum.output_cap, ratio
        axes = max(np.ndim(value) for value in known)
        sizes = 2.0 * ratio ** np.reshape(powers, (-1, *(1,) * axes))
        return Gate(
            self.tech, sizes * self.tech.feature, sizes * self.tech.pn_ratio * self.tech.feature
        )

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
