"""The base class of all converters.

A converter of ``bits`` nominal bits is designed to an error of its own equal to the quantisation
error of its step q: thermal noise of q^2 / 12 (``NOISE``), capacitors and comparators matched to
three standard deviations of half a step. So its **effective bits are bits - 0.5**: log2 of the root
of the two error powers over one. Training counts with the ideal codes of the nominal bits.

See docs/models/converters.md#error-budget.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from neurorebit.circuits.converters.comparator import ComparatorSection
from neurorebit.circuits.converters.front_end import FrontEndSection, full_swing
from neurorebit.circuits.cost import Cost, Real
from neurorebit.circuits.layout import Placed
from neurorebit.schema.technology import CircuitSection, Technology

NOISE = 1.0  # thermal noise power over q^2 / 12
MATCHED = 1.0 / 6.0  # spread over the step: three standard deviations are half a step


class Quantisation(NamedTuple):
    """Quantisation of a partial sum: codes from -top to top, ``step`` apart."""

    step: Any
    top: Any


class Errors(NamedTuple):
    """Standard deviations of a converter's errors, in steps.

    ``noise`` of each conversion; of each converter ``offset``, ``gain`` at the end of the range,
    and ``linearity`` of its single codes.
    """

    noise: float
    offset: float
    gain: float
    linearity: float


@dataclass(frozen=True, eq=False)
class Converter(Placed, ABC):
    """``count`` converters of ``bits`` bits, each of which converts one line at a time.

    Lines are held at ``read_voltage`` [V]; ``full_scale`` [S] is the conductance of a line at the
    end of the range. ``section`` is the converter's own section of the technology file, None if it
    has none; ``shared`` are those that it has in common with other kinds. ``thermometer`` is True
    for outputs in a thermometer code, which need an encoder, ``takes_column`` where the capacitors
    of a charge-domain column may be those of the converter.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 1.0
    read_voltage: Real = 0.5
    full_scale: Real = field(default=1.28e-3, kw_only=True)
    name: str = field(default="adc", kw_only=True)

    section: ClassVar[type[CircuitSection] | None] = None
    shared: ClassVar[tuple[type[CircuitSection], ...]] = (FrontEndSection, ComparatorSection)
    thermometer: ClassVar[bool] = False
    takes_column: ClassVar[bool] = False

    @classmethod
    def sections(cls) -> tuple[type[CircuitSection], ...]:
        """All sections of the technology file that a converter of this kind needs."""
        return cls.shared if cls.section is None else (*cls.shared, cls.section)

    @property
    @abstractmethod
    def beat(self) -> Real:
        """Shortest time [s] from the start of a conversion to the start of the next."""

    @abstractmethod
    def convert(self) -> Cost:
        """One conversion in each converter, of a value that the front end holds at its input."""

    @property
    def load(self) -> Real:
        """Capacitance [F] at each of its two inputs, which the front end charges."""
        return 0.0

    @property
    def levels(self) -> Real:
        """Number of codes."""
        return 2.0**self.bits

    @property
    def step(self) -> Real:
        """Conductance [S] of a line from one code to the next."""
        return self.full_scale / self.levels

    @property
    def step_voltage(self) -> Real:
        """Differential input [V] from one code to the next."""
        return full_swing(self.tech) / self.levels

    @property
    def effective_bits(self) -> Real:
        """Bits of an ideal converter with the same error: noise adds to the quantisation."""
        return self.bits - 0.5 * math.log2(1.0 + NOISE)

    @classmethod
    def designed(cls) -> Errors:
        """The errors that a converter is designed to: thermal noise as large as the quantisation
        error; offset, gain and codes within half a step at three standard deviations.
        """
        return Errors((NOISE / 12.0) ** 0.5, MATCHED, MATCHED, MATCHED)

    @classmethod
    def deviations(cls, draws: Any) -> Any:
        """What the codes of converters deviate by, over ``linearity``, of normal ``draws``.

        Both [converters, codes]. Each code by itself, as where each has a comparator of its own.
        """
        return draws

    @classmethod
    def quantisation(cls, bits: Real, reach: Real, *, signed: bool = True) -> Quantisation:
        """Uniform steps over partial sums from -reach to reach; zero is one of the codes.

        Not ``signed``: of sums from zero to reach, which have codes from zero to top.
        """
        top = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
        return Quantisation(reach / top, top)
