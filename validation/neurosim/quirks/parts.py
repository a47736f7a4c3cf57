"""DNN+NeuroSim V2.1's parts of a sub-array: our blocks, with its slips."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any

import numpy as np

from neurorebit.circuits.adder import Adder
from neurorebit.circuits.array import ReramArray, SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Footprint, action
from neurorebit.circuits.driver import RowFollower
from neurorebit.circuits.encoder import Encoder
from neurorebit.circuits.gates import Gate, gate_pitch, nfet_res, pfet_res
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shift_add import ShiftAdd
from validation.neurosim.composition.converters import Converters
from validation.neurosim.composition.decoders import MinimumDecoder, MinimumMuxDecoder
from validation.neurosim.composition.fits import CYCLE, FITTED, FittedConverter
from validation.neurosim.quirks import decoders, digital, gates, switches
from validation.neurosim.quirks.gates import redrawn


def leaking(block: Block, leakage: Any) -> Footprint:
    """Its body, with a leakage of its own [W]."""
    return Footprint.of(block.body.area.total, leakage)


class ToolAdder(Adder):
    """See module Adder."""

    @property
    def energy(self) -> Any:
        return digital.addition(self)


class ToolShiftAdd(ShiftAdd):
    """See modules Adder and ShiftAdd."""

    @cached_property
    def adder(self) -> Adder:
        drawn: Adder = redrawn(super().adder, ToolAdder)
        return drawn

    @cached_property
    def register(self) -> Register:
        drawn: Register = redrawn(super().register, ToolRegister)
        return drawn


class ToolRegister(Register):
    """Of a shift-and-add unit: every bit that is clocked changes."""

    @action
    def store(self, active: Any = 1.0, clocked: Any = 1.0) -> Cost:
        """Whatever changes."""
        right = Register.store(self, clocked, clocked)
        return Cost.of(right.energy.total, right.latency.total)


class ToolDecoder(MinimumDecoder):
    """See module RowDecoder."""

    @property
    def delay(self) -> Any:
        return decoders.decoder_delay(redrawn(self, MinimumDecoder))

    @property
    def output_ramp(self) -> Any:
        return decoders.decoder_ramp(redrawn(self, MinimumDecoder))

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, MinimumDecoder)
        return Footprint.of(decoders.decoder_area(plain), decoders.decoder_leakage(plain))


class ToolMuxDecoder(MinimumMuxDecoder):
    """See module RowDecoder."""

    @property
    def delay(self) -> Any:
        return decoders.decoder_delay(redrawn(self, MinimumMuxDecoder))

    @property
    def width(self) -> Any:
        plain = redrawn(self, MinimumMuxDecoder)
        return decoders.decoder_area(plain) / plain.height

    @property
    def body(self) -> Footprint:
        plain = redrawn(self, MinimumMuxDecoder)
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


@dataclass(frozen=True, eq=False)
class ToolConverters(Converters):
    """Its converters, which do not leak, and encoders; no front end."""

    references: Any = None

    @cached_property
    def fitted(self) -> FittedConverter:
        """The converters."""
        given: dict[str, Any] = {
            "bits": self.bits,
            "count": self.count,
            "read_voltage": self.read_voltage,
            "full_scale": self.full_scale,
            "fit_width": self.fit_width,
            "fit_height": self.fit_height,
        }
        if self.kind == "flash":
            given["references"] = self.references
        made: FittedConverter = _without_leakage(FITTED[self.kind])(self.tech, **given)
        return made

    @cached_property
    def encoder(self) -> Encoder | None:
        right = super().encoder
        return None if right is None else ToolEncoder(**vars_of(right))

    @property
    def parts(self) -> tuple[tuple[Any, Block], ...]:
        if self.encoder is None:
            return ((1.0, self.fitted),)
        return (1.0, self.fitted), (self._encoded, self.encoder)

    @action
    def read(self, res: Any = 1e4) -> Cost:
        """One conversion in each, of lines of this mean resistance [ohm]."""
        cost = self.fitted.convert(res)
        return cost if self.encoder is None else cost + self._encoded * self.encoder.encode()

    @property
    def beat(self) -> Any:
        if self.encoder is None:
            return (self.bits + 1.0) * CYCLE
        return CYCLE + self._encoded * self.encoder.delay


@cache
def _without_leakage(kind: type[Any]) -> type[Any]:
    """The same kind of converter without leakage."""

    def body(self: Any) -> Footprint:
        return Footprint.of(self.area)

    return type(f"Dry{kind.__name__}", (kind,), {"body": property(body)})


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
    def drive(self, density: Any = 0.5, driven: Any = 1.0) -> Cost:
        """With the forced activity."""
        right = switches.NarrowRowSwitches.drive(self, self.forced)
        return Cost.of(right.energy.total, right.latency.total)
