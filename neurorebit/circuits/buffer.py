"""On-chip buffers: lines of flip-flops, or an SRAM array with its periphery (system.md 5.4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from neurorebit.circuits.block import Block
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import cell_height, cells, log2_up, whole_up
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sram import SramRows
from neurorebit.schema.technology import Technology


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

    def _of(self, a_line: Cost, bits: Real) -> Cost:
        """So many bits, of which every core moves its share line by line."""
        accesses = bits / self.line
        return (accesses / self.cores) * a_line.across(self.cores)


@dataclass(frozen=True, eq=False)
class SramBuffer(SramRows, _Buffer):
    """Of SRAM: a line is a row."""

    @property
    def _size(self) -> tuple[Real, Real]:
        return self.lines, self.line

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return tuple((self.cores, block) for block in self._blocks)

    @action
    def read(self, bits: Real = 128.0) -> Cost:
        """Read so many bits."""
        return self._of(self._row_read(), bits)

    @action
    def write(self, bits: Real = 128.0) -> Cost:
        """Write so many bits, of which half flip."""
        return self._of(self._row_written(0.5), bits)


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
            log2_up(self.lines),
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
