"""A bank of converters with their front ends, and with encoders where their kind needs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.front_end import FrontEnd
from neurorebit.circuits.converters.table import CONVERTERS, DEFAULT
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.encoder import Encoder
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Converters(Block):
    """``count`` converters of ``bits`` bits with a front end each, below an array or beside it.

    ``kind`` is a key of ``CONVERTERS``. Lines are held at ``read_voltage`` [V]; ``full_scale`` [S]
    is the conductance of a line at the end of the range. ``fit_width`` or ``fit_height`` [m] is the
    side of the array along which the converters are laid out. The current of the lines is billed by
    the array, which lets it flow for ``acquisition``; then the converters hold what they convert.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 16.0
    kind: str = DEFAULT
    full_scale: Real = field(default=1.28e-3, kw_only=True)
    read_voltage: Real = field(default=0.5, kw_only=True)
    fit_width: Real | None = field(default=None, kw_only=True)
    fit_height: Real | None = field(default=None, kw_only=True)
    name: str = field(default="converters", kw_only=True)

    @cached_property
    def adc(self) -> Converter:
        """The converters."""
        return CONVERTERS[self.kind](
            self.tech,
            self.bits,
            self.count,
            self.read_voltage,
            full_scale=self.full_scale,
            fit_width=self.fit_width,
            fit_height=self.fit_height,
        )

    @cached_property
    def front_end(self) -> FrontEnd:
        """The front ends."""
        return FrontEnd(
            self.tech,
            self.bits,
            self.count,
            self.adc.load,
            full_scale=self.full_scale,
            read_voltage=self.read_voltage,
            fit_width=self.fit_width,
            fit_height=self.fit_height,
        )

    @cached_property
    def encoder(self) -> Encoder | None:
        """Encoders of a thermometer code; none where the converters give bits.

        One bit is its own code, so the encoders count zero times there.
        """
        if not self.adc.thermometer:
            return None
        return Encoder(
            self.tech,
            self.bits,
            self.count,
            fit_width=self.fit_width,
            fit_height=self.fit_height,
        )

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        each = (1.0, self.front_end), (1.0, self.adc)
        return each if self.encoder is None else (*each, (self._encoded, self.encoder))

    @property
    def _encoded(self) -> Real:
        """1 where the converters have encoders, 0 for one bit."""
        return np.where(np.asarray(self.bits) > 1.0, 1.0, 0.0)

    @property
    def step(self) -> Real:
        """Conductance [S] of a line from one code to the next."""
        return self.adc.step

    @property
    def input_res(self) -> Real:
        """Resistance [ohm] at which the front end holds a line."""
        return self.front_end.input_res

    @property
    def acquisition(self) -> Real:
        """Time [s] for which a line must carry its current at each conversion."""
        return self.front_end.time

    @action
    def convert(self) -> Cost:
        """One conversion in each converter: the front ends settle, then the converters decide."""
        cost = self.front_end.sense() + self.adc.convert()
        return cost if self.encoder is None else cost + self._encoded * self.encoder.encode()

    @property
    def beat(self) -> Real:
        """Shortest time [s] from the start of a conversion to the start of the next."""
        own = self.acquisition + self.adc.beat
        return own if self.encoder is None else own + self._encoded * self.encoder.delay
