"""Address decoders of rows and of column multiplexers, sized by logical effort."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.block import Positive
from neurorebit.circuits.cost import Cost, Footprint, Real, action
from neurorebit.circuits.gates import STEP, Gate, cells, nor, stage
from neurorebit.circuits.layout import Placed, fitted, rows
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sizing import Buffers
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class _Decoder(Placed):
    """Predecoders of two bits each, then a NOR and an output stage per line.

    Up to two bits need no NOR: the inverters or the predecoder drive the output stage. What drives
    many gates does so through a chain of inverters that is sized by logical effort
    (``sizing.Buffers``; docs/models/selection.md#decoders): each predecoded line the NORs of a
    quarter of the lines, each line of an unpaired bit those of a half, and each output its load.
    Addresses count up, as rows and columns follow each other: of n bits 2 - 2^(1-n) toggle from one
    to the next, and of the pairs, of which the lowest bits make the first, pair k changes every 4^k
    addresses. ``random``: addresses follow each other by chance, so that half of the bits toggle
    and three quarters of the pairs change. ``ramp`` [1/s] is that of the address. With zero bits
    there is no decoder and nothing to bill.
    """

    tech: Technology
    bits: Real = 7.0
    _: KW_ONLY
    random: bool = False
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
    def _outputs(self) -> tuple[tuple[Real, Gate], ...]:
        """The gates of one line's output stage, with their number."""

    @property
    @abstractmethod
    def _output_cap(self) -> Real:
        """Load [F] of one line's output stage on what drives it."""

    def _shared(self, share: float) -> Buffers:
        """What drives the NORs of a ``share`` of the lines."""
        return shared(Buffers, self.tech, share * self._nors * self.nor.input_cap)

    @cached_property
    def pair_buffers(self) -> Buffers:
        """What each predecoded line of a pair of bits drives its NORs through."""
        return self._shared(0.25)

    @cached_property
    def odd_buffers(self) -> Buffers:
        """What each of the two lines of an unpaired bit drives its NORs through."""
        return self._shared(0.5)

    @property
    def _odd(self) -> Real:
        """Lines of an unpaired bit."""
        return 2.0 * (np.asarray(self.bits) % 2.0)

    @cached_property
    def _counted(self) -> list[tuple[Gate, Real]]:
        """Every kind of gate, with the number of them."""
        cell = cells(self.tech)
        counted = [(cell.inverter, self.bits), (cell.nand, self._nands), (self.nor, self._nors)]
        for buffers, lines in ((self.pair_buffers, self._nands), (self.odd_buffers, self._odd)):
            counted += [(gate, there * lines) for there, gate in buffers.gates]
        return counted + [(gate, n * self.outputs) for n, gate in self._outputs]

    @cached_property
    def size(self) -> tuple[Real, Real]:
        feature, counted = self.tech.feature, self._counted
        tracks = np.where(np.asarray(self.bits) > 2.0, self._nands + self._odd, 0.0)
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
        height = np.maximum(self.outputs, self._nands) * cells(self.tech).inverter.height
        return fitted(self, (width, height), height_for, width_for)

    @property
    def body(self) -> Footprint:
        leakage = sum((count * gate.leakage_power for gate, count in self._counted), 0.0)
        return Footprint.of(self.area, leakage)

    @cached_property
    def _predecoded(self) -> tuple[Real, Real]:
        """Delay [s] to the input of the output stage, and the ramp [1/s] there."""
        cell, nor, bits = cells(self.tech), self.nor, np.asarray(self.bits)
        inv, nand, first = cell.inverter, cell.nand, self._output_cap
        paired, joined = bits >= 2.0, bits > 2.0
        load = np.where(paired, 2.0 * nand.input_cap, first)
        delay, ramp = stage(inv.nfet_res * (inv.output_cap + load), self.ramp)
        buffers = self.pair_buffers
        load = np.where(joined, buffers.input_cap, first)
        added, later = stage(2.0 * nand.nfet_res * (nand.output_cap + load), ramp)
        delay, ramp = np.where(paired, delay + added, delay), np.where(paired, later, ramp)
        added, ramp = buffers.path(ramp)
        delay = delay + np.where(joined, added, 0.0)
        added, later = stage(nor.inputs * nor.pfet_res * (nor.output_cap + first), ramp)
        return np.where(joined, delay + added, delay), np.where(joined, later, ramp)

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

    @property
    def _toggles(self) -> tuple[Real, Real, Real]:
        """Toggles of the paired bits, pairs that change, and toggles of an unpaired bit, the
        highest.
        """
        pairs, odd = np.floor(np.asarray(self.bits) / 2.0), np.asarray(self.bits) % 2.0
        if self.random:
            return pairs, 0.75 * pairs, odd / 2.0
        beyond = 0.25**pairs  # of the addresses, those after which bits above the pairs toggle
        return 2.0 * (1.0 - beyond), (1.0 - beyond) / 0.75, odd * beyond

    @cached_property
    def energy(self) -> Real:
        """Energy [J] of one access, without the load of the lines."""
        cell, nor, bits = cells(self.tech), self.nor, np.asarray(self.bits)
        inv, nand, joined = cell.inverter, cell.nand, np.where(bits > 2.0, 1.0, 0.0)
        nor_in = joined * nor.input_cap * self._nors
        toggles, changed, last = self._toggles
        bit = (inv.input_cap + inv.output_cap) / 2.0  # one of a bit and its complement rises
        address = toggles * (bit + 2.0 * nand.input_cap)
        address = address + last * (bit + nor_in / 2.0 + self.odd_buffers.switched)
        predecoded = nand.output_cap + nor_in / 4.0 + self.pair_buffers.switched
        address = address + changed * predecoded
        line = joined * nor.output_cap + self._line_cap
        switched = address + line
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
class Decoder(_Decoder):
    """A row decoder: a chain of inverters drives each line.

    ``load`` [F] and ``res`` [ohm] are those of a line.
    """

    _: KW_ONLY
    load: Real = 0.0
    res: Real = 0.0

    @cached_property
    def buffers(self) -> Buffers:
        """What drives a line."""
        return shared(Buffers, self.tech, self.load, False, self.res)

    @property
    def _outputs(self) -> tuple[tuple[Real, Gate], ...]:
        return self.buffers.gates

    @property
    def _output_cap(self) -> Real:
        return self.buffers.input_cap

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        delay, ramp = self._predecoded
        added, ramp = self.buffers.path(ramp)
        return delay + added, ramp

    @property
    def _line_cap(self) -> Real:
        return self.buffers.switched


@dataclass(frozen=True, eq=False)
class MuxDecoder(_Decoder):
    """A decoder that enables the pass gates of a multiplexer, in both polarities.

    A NAND per line enables it, and drives the NFETs through an odd number of inverters, the PFETs
    through an even number. ``load_n`` and ``load_p`` [F] are the gates of all NFETs and all PFETs
    that one line switches.
    """

    _: KW_ONLY
    load_n: Real = 0.0
    load_p: Real = 0.0

    @cached_property
    def chains(self) -> tuple[Buffers, Buffers]:
        """What drives the NFETs, and what drives the PFETs."""
        return (
            shared(Buffers, self.tech, self.load_n, True),
            shared(Buffers, self.tech, self.load_p, False),
        )

    @property
    def _outputs(self) -> tuple[tuple[Real, Gate], ...]:
        true, complement = self.chains
        return (1.0, cells(self.tech).nand), *true.gates, *complement.gates

    @property
    def _output_cap(self) -> Real:
        return cells(self.tech).nand.input_cap

    @cached_property
    def _path(self) -> tuple[Real, Real]:
        delay, ramp = self._predecoded
        nand, chains = cells(self.tech).nand, self.chains
        load = nand.output_cap + sum((chain.input_cap for chain in chains), 0.0)
        enable, ramp = stage(2.0 * nand.nfet_res * load, ramp)
        (one, ramp_n), (other, ramp_p) = (chain.path(ramp) for chain in chains)
        later = np.asarray(one) >= other
        return delay + enable + np.maximum(one, other), np.where(later, ramp_n, ramp_p)

    @property
    def _line_cap(self) -> Real:
        nand = cells(self.tech).nand
        switched = sum((chain.switched for chain in self.chains), 0.0)
        return nand.input_cap + nand.output_cap + switched
