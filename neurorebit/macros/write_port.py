"""What writes the cells of a digital macro: at rest while products are formed."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from neurorebit.circuits.block import Block, Positive
from neurorebit.circuits.cost import Real
from neurorebit.circuits.sram import SramBank
from neurorebit.schema.technology import Technology


@dataclass(frozen=True, eq=False)
class WritePort(Block):
    """Decoder, prechargers and write drivers of an array of ``rows`` by ``cols`` cells."""

    tech: Technology
    rows: Positive = 128.0
    cols: Positive = 128.0
    _: KW_ONLY
    name: str = "write_port"

    @cached_property
    def bank(self) -> SramBank:
        """The array with its periphery, of which the port is a part."""
        return SramBank(self.tech, self.rows, self.cols)

    @property
    def parts(self) -> tuple[tuple[Real, Block], ...]:
        bank = self.bank
        return (1.0, bank.decoder), (1.0, bank.precharger), (1.0, bank.write_driver)
