"""Integrating neurons that are emptied by a step a code.

See docs/models/converters.md#integrating-neurons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.circuits.converters.comparator import BOLTZMANN
from neurorebit.circuits.converters.converter import MATCHED, NOISE, Errors
from neurorebit.circuits.converters.front_end import FrontEndSection
from neurorebit.circuits.converters.neuron import NeuronConverter
from neurorebit.circuits.cost import Real


@dataclass(frozen=True, eq=False)
class CountingNeuron(NeuronConverter):
    """The sign first, then one equal packet of charge a code, until the comparator turns.

    A packet is C_i / 2^bits charged to the reference; at most 2^(bits - 1) of them are counted.
    All neurons of a bank step together, so that a conversion takes the time of the largest code; a
    line that is done stops. The mean code of a line is ``front_end.difference`` of the range: the
    mean difference to its reference.
    """

    @classmethod
    def designed(cls) -> Errors:
        """All codes are counted in equal packets."""
        return Errors((NOISE / 12.0) ** 0.5, MATCHED, MATCHED, 0.0)

    @property
    def steps(self) -> Real:
        return 1.0 + 2.0**self.converted / 2.0

    @property
    def mean_steps(self) -> Real:
        levels = 2.0**self.converted
        counted = self.tech.section(FrontEndSection).difference * levels
        return 1.0 + np.minimum(counted, levels / 2.0)

    @property
    def step_cap(self) -> Real:
        return self.gathered / 2.0**self.converted

    @property
    def least_gathered(self) -> Real:
        """2^(bits - 1) packets of 2 kT C_i / 2^bits are a noise of kT / C_i at C_i."""
        noise = BOLTZMANN * self.tech.temperature / self.noise
        return np.maximum(noise, self.levels * self.constants.least_cap)

    @property
    def moved(self) -> Real:
        return (self.mean_steps - 1.0) * self.step_cap * self.reference
