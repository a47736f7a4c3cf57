"""On-chip buffers of SRAM or of flip-flops (docs/models/memory.md#buffers)."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Cost, Real, action
from neurorebit.circuits.decoder import Decoder
from neurorebit.circuits.gates import cell_height, cells, log2_up, whole_up
from neurorebit.circuits.register import Register
from neurorebit.circuits.shared import shared
from neurorebit.circuits.sram import SramRows
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class _Buffer(Block):
    """``cores`` equal banks of ``bits`` bits each, in lines of ``line`` bits.

    A core reads or writes one line at a time; an access is spread evenly over all cores, which work
    in parallel.
    """

    tech: Technology
    bits: Real = 16384.0
    line: Positive = 128.0
    cores: Positive = 1.0
    _: KW_ONLY
    name: str = "buffer"

    @property
    def lines(self) -> Real:
        """Number of lines of a core."""
        return whole_up(self.bits / self.line)

    def _access_all(self, line: Cost, bits: Real) -> Cost:
        """Access ``bits`` bits in all cores, from the cost of one access to a line."""
        accesses = bits / self.line
        return (accesses / self.cores) * line.across(self.cores)


@dataclass(frozen=True, eq=False)
class SramBuffer(SramRows, _Buffer):
    """A buffer of SRAM arrays, in which a line is a row.

    Several streams take turns at it, so that lines follow each other by chance.
    """

    @property
    def _random(self) -> bool:
        return True

    @property
    def _size(self) -> tuple[Real, Real]:
        return self.lines, self.line

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return tuple((self.cores, block) for block in self._blocks)

    @action
    def read(self, bits: Real = 128.0) -> Cost:
        """Read ``bits`` bits."""
        return self._access_all(self._read_row(), bits)

    @action
    def write(self, bits: Real = 128.0) -> Cost:
        """Write ``bits`` bits, half of which flip."""
        return self._access_all(self._write_row(0.5), bits)


@dataclass(frozen=True, eq=False)
class FlipFlopBuffer(_Buffer):
    """A buffer of flip-flops whose decoder gates the clock of each line, in any order."""

    @cached_property
    def register(self) -> Register:
        """The flip-flops of a core."""
        return shared(Register, self.tech, self.bits)

    @cached_property
    def decoder(self) -> Decoder:
        """The decoder of a core, which selects a line."""
        length = 12.0 * self.line * cells(self.tech).inverter.width
        return shared(
            Decoder,
            self.tech,
            log2_up(self.lines),
            load=self.tech.wire.cap * length,
            random=True,
            fit_height=self.lines * cell_height(self.tech),
        )

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        return (self.cores, self.register), (self.cores, self.decoder)

    def _access(self, bits: Real) -> Cost:
        share = self.line / self.bits  # of the flip-flops; half of a line's bits change
        stored = self.register.store(share / 2.0, share)
        return self._access_all(self.decoder.select() + stored, bits)

    @action
    def read(self, bits: Real = 128.0) -> Cost:
        """Read ``bits`` bits."""
        return self._access(bits)

    @action
    def write(self, bits: Real = 128.0) -> Cost:
        """Write ``bits`` bits."""
        return self._access(bits)


BUFFERS: dict[str, type[SramBuffer] | type[FlipFlopBuffer]] = {
    "sram": SramBuffer,
    "flip_flop": FlipFlopBuffer,
}
