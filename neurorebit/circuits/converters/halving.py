"""Integrating neurons that are emptied by a step a bit.

See docs/models/converters.md#integrating-neurons.
"""

from __future__ import annotations

from dataclasses import dataclass

from neurorebit.circuits.converters.comparator import BOLTZMANN
from neurorebit.circuits.converters.neuron import NeuronConverter
from neurorebit.circuits.cost import Real


@dataclass(frozen=True, eq=False)
class HalvingNeuron(NeuronConverter):
    """The sign first, then a step a bit, each with half of the charge of the step before.

    Steps charge one capacitor, C_i / 4, to references that halve from step to step; a ladder makes
    them for all neurons at once. Each step adds or takes away its charge, so that there are as many
    steps as bits, whatever the value.
    """

    @property
    def steps(self) -> Real:
        return self.converted

    @property
    def mean_steps(self) -> Real:
        return self.converted

    @property
    def step_cap(self) -> Real:
        return self.gathering_cap / 4.0

    @property
    def least_gathered(self) -> Real:
        """Steps of C_i / 4 each add kT / 2 C_i at C_i, one for each bit but the sign."""
        steps = self.bits - 1.0
        return steps * BOLTZMANN * self.tech.temperature / (2.0 * self.noise)

    @property
    def moved(self) -> Real:
        """1 + 1/2 + 1/4 ... of C_i / 4 charged to the reference."""
        halves = 2.0 - 2.0 ** (2.0 - self.converted)
        return halves * self.gathered / 4.0 * self.reference
