"""Activation functions that need hardware of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import Gate, cell_height, cells, log2_up
from neurorebit.circuits.layout import Placed, stretched
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class Sigmoid(Placed):
    """``count`` tables of SRAM cells that hold a function (circuits.md 3.8)."""

    tech: Technology
    bits: Real = 8.0
    entries: Real = 64.0
    count: Real = 1.0
    fit_width: Real = 0.0
    fit_height: Real = 0.0
    name: str = "sigmoid"

    @property
    def _pitch(self) -> Real:
        """Width [m] of a column: a cell, or the three inverters above it."""
        cell = self.tech.sram.width * self.tech.feature
        return np.maximum(3.0 * cells(self.tech).inverter.width, cell)

    @cached_property
    def decoder(self) -> Decoder:
        return Decoder(self.tech, log2_up(self.entries))

    @cached_property
    def sense_amp(self) -> SenseAmp:
        return SenseAmp(self.tech, self.bits, self._pitch)

    @cached_property
    def _cells(self) -> Footprint:
        """The cells of one table and the row above them."""
        sram, feature, tech = self.tech.sram, self.tech.feature, self.tech
        pair = Gate(tech, sram.pulldown * feature, sram.pullup * feature)
        height = cell_height(tech) + sram.height * feature
        area = height * self.entries * self._pitch * self.bits
        return Footprint.of(area, 2.0 * self.bits * self.entries * pair.leakage_power)

    @cached_property
    def size(self) -> tuple[Real, Real]:
        area = self._cells.area.total + self.decoder.area + self.sense_amp.area
        return stretched(self, self.count * area, self.count * self._pitch * self.bits)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (self.count, self.decoder), (self.count, self.sense_amp)

    @property
    def body(self) -> Footprint:
        return self.count * self._cells

    @action
    def look_up(self) -> Cost:
        """One value in each table."""
        return (self.decoder.select() + self.sense_amp.sense()).across(self.count)
