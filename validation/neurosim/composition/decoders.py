"""DNN+NeuroSim V2.1's decoders: drawn with minimum gates, whatever they drive.

A minimum NAND drives the NORs of a quarter of the lines, inverters of three times the minimum drive
a row, and minimum inverters all pass gates of a multiplexer.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.gates import STEP, Gate, cells, inverter, nor, stage
from neurorebit.circuits.layout import Placed, fitted, rows
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class _Minimum(Placed):
    """Predecoders of two bits each, then a NOR and an output stage per line.

    See docs/models/selection.md#decoders.

    Up to two bits need no NOR: the inverters or the predecoder drive the output stage. An unpaired
    bit has drivers as fast as the predecoders. ``activity`` is the share of the address bits that
    change, ``ramp`` [1/s] that of the address. With zero bits there is no decoder and nothing to
    bill.
    """

    tech: Technology
    bits: Real = 7.0
    _: KW_ONLY
    activity: Real = 1.0
    ramp: Positive = STEP
    name: str = "decoder"

    @property
    def outputs(self) -> Real:
        """Number of lines, of which the decoder selects one."""
        return np.where(np.asarray(self.bits) > 0.0, 2.0**self.bits, 0.0)

    @property
    def _nands(self) -> Real:
        return 4.0 * np.floor(self.bits / 2.0)

    @property
    def _nors(self) -> Real:
        return np.where(np.asarray(self.bits) > 2.0, 2.0**self.bits, 0.0)

    @cached_property
    def nor(self) -> Gate:
        """The NOR that combines the predecoded bits of one line."""
        inputs = np.maximum(np.ceil(self.bits / 2.0), 2.0)
        return nor(self.tech, inputs, 2.0, 2.0 * inputs)

    @property
    @abstractmethod
    def _output_gates(self) -> tuple[Gate, ...]:
        """The gates of one line's output stage."""

    @cached_property
    def size(self) -> tuple[Real, Real]:
        cell, nor, feature = cells(self.tech), self.nor, self.tech.feature
        tracks = np.where(
            np.asarray(self.bits) > 2.0, self._nands + 2.0 * (np.asarray(self.bits) % 2.0), 0.0
        )
        counted = [(cell.inverter, self.bits), (cell.nand, self._nands), (nor, self._nors)]
        counted += [(gate, self.outputs) for gate in self._output_gates]
        row_tracks = tracks * self.tech.layout.metal3_pitch * feature
        col_tracks = tracks * self.tech.layout.metal2_pitch * feature

        def height_for(side: Real) -> Real:
            height = col_tracks
            for gate, count in counted:
                height = height + gate.height * rows(side, gate.width, count)
            return height

        def width_for(side: Real) -> Real:
            width = row_tracks
            for gate, count in counted:
                width = width + gate.width * rows(side, gate.height, count)
            return width

        width = row_tracks
        for gate, count in counted:
            width = width + np.where(np.asarray(count) > 0.0, 1.0, 0.0) * gate.width
        height = np.maximum(self.outputs, self._nands) * cell.inverter.height
        return fitted(self, (width, height), height_for, width_for)

    @property
    def body(self) -> Footprint:
        cell = cells(self.tech)
        leakage = self.bits * cell.inverter.leakage_power
        leakage = leakage + self._nands * cell.nand.leakage_power
        leakage = leakage + self._nors * self.nor.leakage_power
        leakage = leakage + self.outputs * sum(g.leakage_power for g in self._output_gates)
        return Footprint.of(self.area, leakage)

    @cached_property
    def _predecoded(self) -> tuple[Real, Real]:
        """Delay [s] to the input of the output stage, and the ramp [1/s] there."""
        cell, nor, bits = cells(self.tech), self.nor, np.asarray(self.bits)
        inv, nand, first = cell.inverter, cell.nand, self._output_gates[0].input_cap
        load = np.where(bits >= 2.0, 2.0 * nand.input_cap, first)
        delay, ramp = stage(inv.nfet_res * (inv.output_cap + load), self.ramp)
        load = np.where(bits > 2.0, nor.input_cap * self._nors / 4.0, first)
        added, later = stage(2.0 * nand.nfet_res * (nand.output_cap + load), ramp)
        delay, ramp = (
            np.where(bits >= 2.0, delay + added, delay),
            np.where(bits >= 2.0, later, ramp),
        )
        added, later = stage(nor.inputs * nor.pfet_res * (nor.output_cap + first), ramp)
        return np.where(bits > 2.0, delay + added, delay), np.where(bits > 2.0, later, ramp)

    @property
    @abstractmethod
    def _path(self) -> tuple[Real, Real]:
        """Delay [s] from the address to the selected line, and the ramp [1/s] there."""

    @property
    def delay(self) -> Real:
        """Delay [s] from the address to the selected line."""
        return np.where(np.asarray(self.bits) > 0.0, self._path[0], 0.0)

    @property
    def output_ramp(self) -> Real:
        """Ramp [1/s] of the selected line."""
        return self._path[1]

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one access, without the load of the lines."""
        cell, nor, bits = cells(self.tech), self.nor, np.asarray(self.bits)
        inv, nand, joined = cell.inverter, cell.nand, np.where(bits > 2.0, 1.0, 0.0)
        nor_in = joined * nor.input_cap * self._nors
        pairs, odd = np.floor(bits / 2.0), bits % 2.0
        address = 2.0 * pairs * (inv.input_cap + 2.0 * nand.input_cap)
        address = address + odd * (inv.input_cap + nor_in / 2.0)
        address = address + pairs * (nand.output_cap + nor_in / 4.0)
        line = joined * nor.output_cap + self._line_cap
        switched = self.activity * address + line
        return np.where(bits > 0.0, self.tech.vdd**2 * switched, 0.0)

    @property
    @abstractmethod
    def _line_cap(self) -> Real:
        """Capacitance [F] that switches in the output stage of the selected line."""

    @action
    def select(self) -> Cost:
        """Decode an address; the energy of the lines' load is billed to the array."""
        return Cost.of(self.energy, self.delay)


@dataclass(frozen=True, eq=False)
class MinimumDecoder(_Minimum):
    """A row decoder: two inverters of ``drive`` times the minimum size drive each line.

    ``load`` [F] and ``res`` [ohm] are those of a line.
    """

    _: KW_ONLY
    drive: Real = 3.0
    load: Real = 0.0
    res: Real = 0.0

    @cached_property
    def driver(self) -> Gate:
        """One of the two inverters of a line."""
        return inverter(self.tech, 2.0 * self.drive, 2.0 * self.drive)

    @property
    def _output_gates(self) -> tuple[Gate, ...]:
        return self.driver, self.driver

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        delay, ramp = self._predecoded
        driver = self.driver
        first, ramp = stage(driver.nfet_res * (driver.output_cap + driver.input_cap), ramp)
        line = driver.pfet_res * (driver.output_cap + self.load) + self.res * self.load / 2.0
        second, ramp = stage(line, ramp)
        return delay + first + second, ramp

    @property
    def _line_cap(self) -> Real:
        driver = self.driver
        return cells(self.tech).inverter.input_cap + 2.0 * (driver.input_cap + driver.output_cap)


@dataclass(frozen=True, eq=False)
class MinimumMuxDecoder(_Minimum):
    """A decoder that enables the pass gates of a multiplexer, in both polarities.

    ``load_n`` and ``load_p`` [F] are the gates of all NFETs and all PFETs that one line switches.
    """

    _: KW_ONLY
    load_n: Real = 0.0
    load_p: Real = 0.0

    @property
    def _output_gates(self) -> tuple[Gate, ...]:
        cell = cells(self.tech)
        return cell.nand, cell.inverter, cell.inverter

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        delay, ramp = self._predecoded
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        enable, ramp = stage(2.0 * nand.nfet_res * (nand.output_cap + inv.input_cap), ramp)
        true = inv.pfet_res * (inv.output_cap + inv.input_cap + self.load_n)
        high, ramp = stage(true, ramp)
        low, ramp = stage(inv.nfet_res * (inv.output_cap + self.load_p), ramp)
        return delay + enable + high + low, ramp

    @property
    def _line_cap(self) -> Real:
        inv, nand = cells(self.tech).inverter, cells(self.tech).nand
        gates = 2.0 * (inv.output_cap + inv.input_cap)
        return nand.input_cap + nand.output_cap + gates


def minimum(block: Decoder | MuxDecoder | _Minimum) -> Any:
    """The same decoder drawn with minimum gates."""
    if isinstance(block, _Minimum):
        return block
    kind = MinimumMuxDecoder if isinstance(block, MuxDecoder) else MinimumDecoder
    own = {field.name for field in fields(kind)}
    return kind(**{f.name: getattr(block, f.name) for f in fields(block) if f.name in own})
