"""DNN+NeuroSim V2.1's parts of a sub-array: our blocks, with its slips."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.array import ReramArray, SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.converters.flash import FlashAdc
from neurorebit.circuits.converters.flash_voltage import VoltageFlashAdc
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Cost, Footprint, action
from neurorebit.circuits.decoder import Decoder, MuxDecoder
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import Gate, gate_pitch, nfet_res, pfet_res
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.switch_matrix import RowSwitchMatrix
from validation.neurosim.composition.converters import Converters
from validation.neurosim.quirks import decoders, digital, gates, sensing, switches
from validation.neurosim.quirks.gates import redrawn


def leaking(block: Block, leakage: Any) -> Footprint:
    """Its body, with a leakage of its own [W]."""
    return Footprint.of(block.body.area.total, leakage)


class ToolDecoder(Decoder):
    """See module RowDecoder."""

    @property
    def delay(self) -> Any:
        return decoders.decoder_delay(redrawn(self, Decoder))

    @property
    def output_ramp(self) -> Any:
        return decoders.decoder_ramp(redrawn(self, Decoder))

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, Decoder)
        return Footprint.of(decoders.decoder_area(plain), decoders.decoder_leakage(plain))


class ToolMuxDecoder(MuxDecoder):
    """See module RowDecoder."""

    @property
    def delay(self) -> Any:
        return decoders.decoder_delay(redrawn(self, MuxDecoder))

    @property
    def width(self) -> Any:
        plain = redrawn(self, MuxDecoder)
        return decoders.decoder_area(plain) / plain.height

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, MuxDecoder)
        return Footprint.of(decoders.decoder_area(plain), decoders.decoder_leakage(plain))


class ToolRowFollower(RowFollower):
    """See module WLNewDecoderDriver."""

    @property
    def delay(self) -> Any:
        return decoders.follower_delay(redrawn(self, RowFollower))

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, RowFollower)
        return Footprint.of(plain.area, decoders.follower_leakage(plain))


class ToolEncoder(Encoder):
    """See module MultilevelSAEncoder."""

    @property
    def _plain(self) -> Encoder:
        plain: Encoder = redrawn(self, Encoder)
        return plain

    @cached_property
    def size(self) -> tuple[Any, Any]:
        area = digital.encoder_area(self._plain)
        if self.fit_width is not None:
            width = np.maximum(self.fit_width, self._plain.width)
            return width, area / width
        height = self._plain.height
        if self.fit_height is not None:
            height = np.maximum(self.fit_height, height)
        return area / height, height

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area, digital.encoder_leakage(self._plain))

    @action
    def encode(self) -> Cost:
        """Without the last two stages."""
        return Cost.of(digital.encoder_energy(self._plain), digital.encoder_delay(self._plain))


class ToolSar(SarAdc):
    """Without leakage."""

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area)


class ToolVoltageFlash(VoltageFlashAdc):
    """Without leakage."""

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area)


@dataclass(frozen=True, eq=False)
class ToolFlash(FlashAdc):
    """With its own references, and without leakage; see module MultilevelSenseAmp."""

    references: Any = None

    @property
    def body(self) -> Footprint:
        return Footprint.of(self.area)

    def time(self, res: Any) -> Any:
        return sensing.flash_time(self, res, self.references)


@dataclass(frozen=True, eq=False)
class ToolConverters(Converters):
    """Its converters and encoders."""

    references: Any = None

    @cached_property
    def adc(self) -> SarAdc | FlashAdc | VoltageFlashAdc:
        right = super().adc
        if isinstance(right, FlashAdc):
            return ToolFlash(**vars_of(right), references=self.references)
        kind = ToolSar if isinstance(right, SarAdc) else ToolVoltageFlash
        return kind(**vars_of(right))

    @cached_property
    def encoder(self) -> Encoder | None:
        right = super().encoder
        return None if right is None else ToolEncoder(**vars_of(right))


class ToolPrecharger(Precharger):
    """See module Precharger."""

    @action
    def precharge(self, active: Any = 1.0) -> Cost:
        """Both lines, all of the supply."""
        energy = 2.0 * active * self.cols * self.load * self.tech.vdd**2
        return Cost.of(energy, self.delay)

    @action
    def precharge_written(self, written: Any = 0.5) -> Cost:
        """Without the devices on the line."""
        energy = written * self.cols * self.load * self.tech.vdd**2
        return Cost.of(energy, self.delay)

    @property
    def body(self) -> Footprint:
        right = super().body
        return Footprint.of(right.area.total, right.leakage.total / 2.0)


class ToolSenseAmp(SenseAmp):
    """With the supply twice in its leakage."""

    @property
    def body(self) -> Footprint:
        right = super().body
        return Footprint.of(right.area.total, right.leakage.total * self.tech.vdd)


@dataclass(frozen=True, eq=False)
class UnfoldedMux(switches.NarrowMux):
    """Beside an array: one row of pass gates across, as high as the array."""

    @cached_property
    def size(self) -> tuple[Any, Any]:
        assert self.fit_width is not None
        assert self.fit_height is not None
        across = 2.0 * self.outputs * self.ways * gate_pitch(self.tech)
        return self.fit_width, np.maximum(across, self.fit_height)


class NarrowArray(ReramArray):
    """Access transistors of any width."""

    @cached_property
    def access_width(self) -> Any:
        own = self.tech.feature
        return self.tech.switch.linear * nfet_res(self.tech, own) * own / self.access_res

    @cached_property
    def drain_cap(self) -> Any:
        room = self.device.cell.width * self.tech.feature
        return gates.output_cap(Gate(self.tech, self.access_width, 0.0, cell_height=room))


class BareArray(SramArray):
    """Lines without device loads; of the cells only the inverters leak."""

    @cached_property
    def row_cap(self) -> Any:
        return self.tech.wire.cap * self.row_length

    @cached_property
    def col_cap(self) -> Any:
        return self.tech.wire.cap * self.col_length

    @property
    def body(self) -> Footprint:
        sram, tech = self.tech.sram, self.tech
        pair = Gate(tech, sram.pulldown * tech.feature, sram.pullup * tech.feature)
        cells = self.rows * self.cols
        area = self.row_length * self.col_length
        return Footprint.of(area, 2.0 * cells * pair.leakage_power)

    @property
    def cell_tau(self) -> Any:
        """Time constant of a cell that flips [s]."""
        down = nfet_res(self.tech, self.tech.sram.pulldown * self.tech.feature)
        up = pfet_res(self.tech, self.tech.sram.pullup * self.tech.feature)
        return (down + up) / 2.0 * self.node_cap


def vars_of(block: Any) -> dict[str, Any]:
    """The fields of a block."""
    return {field.name: getattr(block, field.name) for field in fields(block)}


@dataclass(frozen=True, eq=False, kw_only=True)
class ForcedSwitches(switches.NarrowRowSwitches):
    """Driven with another activity than asked for."""

    forced: float = 0.5

    @action
    def drive(self, density: Any = 0.5, changed: Any = 1.0) -> Cost:
        """With the forced activity."""
        right = RowSwitchMatrix.drive(self, self.forced, changed)
        return Cost.of(right.energy.total, right.latency.total)
