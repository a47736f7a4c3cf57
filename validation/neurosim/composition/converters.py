"""Converters in a row, with the encoders that some kinds need."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.converter import Converter
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.encoder import Encoder
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Converters(Block):
    """Converters in a row, with an encoder each where their kind needs one.

    ``kind`` is "sar", "flash" or "flash_voltage"; ``full_scale`` [S] is the largest conductance of
    what they read.
    """

    tech: Technology
    bits: Real = 5.0
    count: Real = 16.0
    kind: str = "sar"
    _: KW_ONLY
    full_scale: Real = 1.28e-3
    read_voltage: Real = 0.5
    fit_width: Real | None = None
    fit_height: Real | None = None
    name: str = "converters"

    @property
    def _shared(self) -> dict[str, Any]:
        return {
            "tech": self.tech,
            "bits": self.bits,
            "count": self.count,
            "fit_width": self.fit_width,
            "fit_height": self.fit_height,
        }

    @cached_property
    def adc(self) -> Converter:
        given = self._shared | {"read_voltage": self.read_voltage}
        if self.kind == "flash":
            given["full_scale"] = self.full_scale
        return CONVERTERS[self.kind](**given)

    @cached_property
    def encoder(self) -> Encoder | None:
        """From levels to bits; a SAR converter has its bits, one level is one."""
        return None if self.kind == "sar" else Encoder(**self._shared)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        if self.encoder is None:
            return ((1.0, self.adc),)
        return (1.0, self.adc), (self._encoded, self.encoder)

    @property
    def _encoded(self) -> Real:
        return np.where(np.asarray(self.bits) > 1.0, 1.0, 0.0)

    @property
    def width(self) -> Real:
        """Of all of it, stacked along a width [m]."""
        own = self.adc.width
        return own if self.encoder is None else np.maximum(own, self._encoded * self.encoder.width)

    @property
    def height(self) -> Real:
        """Of all of it, stacked along a width [m]."""
        own = self.adc.height
        return own if self.encoder is None else own + self._encoded * self.encoder.height

    @property
    def depth(self) -> Real:
        """Of all of it, side by side along a height [m]."""
        own = self.adc.width
        return own if self.encoder is None else own + self._encoded * self.encoder.width

    @action
    def convert(self, res: Real = 1e4) -> Cost:
        """One conversion in each, of lines of this mean resistance [ohm]."""
        cost = self.adc.convert(res)
        return cost if self.encoder is None else cost + self._encoded * self.encoder.encode()

    @property
    def beat(self) -> Real:
        """Least time from one conversion to the next [s]."""
        cycle = self.tech.sensing.cycle
        if self.encoder is None:
            return (self.bits + 1.0) * cycle
        return cycle + self._encoded * self.encoder.delay
