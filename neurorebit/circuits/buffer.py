"""On-chip buffers: lines of flip-flops, or an SRAM array with its periphery (system.md 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neurorebit.circuits.array import SramArray
from neurorebit.circuits.block import Block
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import STEP, cell_height, cells, whole_up
from neurorebit.circuits.precharger import Precharger
from neurorebit.circuits.register import Register
from neurorebit.circuits.sense_amp import SenseAmp
from neurorebit.circuits.shared import shared
from neurorebit.circuits.write_driver import WriteDriver
from neurorebit.cost import Cost, Real, action
from neurorebit.technology import Technology


@dataclass(frozen=True, eq=False)
class _Buffer(Block):
    """``cores`` equal banks of ``bits`` bits in lines of ``line`` bits, which work side by side.

    A core gives or takes one line at a time; what is asked for is spread over all of them.
    """

    tech: Technology
    bits: Real = 16384.0
    line: Real = 128.0
    cores: Real = 1.0
    name: str = "buffer"

    @property
    def lines(self) -> Real:
        """Lines of a core."""
        return whole_up(self.bits / self.line)

    @property
    def _address(self) -> Real:
        """Address bits of a core."""
        return np.ceil(np.log2(np.maximum(self.lines, 1.0)) - 1e-9)

    def _of(self, a_line: Cost, bits: Real) -> Cost:
        """So many bits, of which every core moves its share line by line."""
        accesses = bits / self.line
        return (accesses / self.cores) * a_line.across(self.cores)


@dataclass(frozen=True, eq=False)
class SramBuffer(_Buffer):
    """6T cells with decoder, precharger, write driver and a sense amplifier a column."""

    @cached_property
    def array(self) -> SramArray:
        return shared(SramArray, self.tech, self.lines, self.line)

    @cached_property
    def decoder(self) -> Decoder:
        array = self.array
        return shared(
            Decoder,
            self.tech,
            self._address,
            load=array.row_cap,
            res=array.row_res,
            fit_height=np.maximum(array.col_length, cell_height(self.tech)),
        )

    @cached_property
    def precharger(self) -> Precharger:
        array = self.array
        return shared(
            Precharger,
            self.tech,
            self.line,
            array.col_cap,
            array.col_res,
            fit_width=array.row_length,
        )

    @cached_property
    def write_driver(self) -> WriteDriver:
        array = self.array
        return shared(
            WriteDriver,
            self.tech,
            self.line,
            array.col_cap,
            array.col_res,
            fit_width=array.row_length,
        )

    @cached_property
    def sense_amp(self) -> SenseAmp:
        return shared(SenseAmp, self.tech, self.line, fit_width=self.array.row_length)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (
            (self.cores, self.array),
            (self.cores, self.decoder),
            (self.cores, self.precharger),
            (self.cores, self.write_driver),
            (self.cores, self.sense_amp),
        )

    @property
    def _ramp(self) -> Real:
        """Ramp [1/s] of a wordline."""
        return np.where(np.asarray(self._address) > 0.0, self.decoder.output_ramp, STEP)

    @action
    def read(self, bits: Real = 128.0) -> Cost:
        """Read so many bits."""
        line = self.decoder.select() + self.precharger.precharge()
        return self._of(line + self.array.read(self._ramp) + self.sense_amp.sense(), bits)

    @action
    def write(self, bits: Real = 128.0) -> Cost:
        """Write so many bits, of which half flip."""
        line = self.decoder.select() + self.precharger.precharge_written(1.0)
        return self._of(line + self.write_driver.write(1.0) + self.array.write(self._ramp), bits)


@dataclass(frozen=True, eq=False)
class FlipFlopBuffer(_Buffer):
    """Flip-flops with a decoder that lets the clock through to one line."""

    @cached_property
    def register(self) -> Register:
        """All bits of a core."""
        return shared(Register, self.tech, self.bits)

    @cached_property
    def decoder(self) -> Decoder:
        length = 12.0 * self.line * cells(self.tech).inverter.width
        return shared(
            Decoder,
            self.tech,
            self._address,
            load=self.tech.wire.cap * length,
            fit_height=self.lines * cell_height(self.tech),
        )

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (self.cores, self.register), (self.cores, self.decoder)

    def _access(self, bits: Real) -> Cost:
        share = self.line / self.bits
        return self._of(self.decoder.select() + self.register.store(share, share), bits)

    @action
    def read(self, bits: Real = 128.0) -> Cost:
        """Read so many bits."""
        return self._access(bits)

    @action
    def write(self, bits: Real = 128.0) -> Cost:
        """Write so many bits."""
        return self._access(bits)


BUFFERS: dict[str, type[SramBuffer] | type[FlipFlopBuffer]] = {
    "sram": SramBuffer,
    "flip_flop": FlipFlopBuffer,
}
