"""Keys of the section ``training`` that Tiki-Taka and what came after it add."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from neurorebit.schema import Section, quantity

Count = Annotated[int, Field(ge=1, le=1_000_000)]


@dataclass(frozen=True, kw_only=True)
class TikiTaka(Section):
    """How the fast array is pulsed, and how its content moves to the slow array.

    ``pulses``: how many the most pulsed fast cell gets between two reads of its row, on average
    over a batch; where rows are read less often than once a batch, per batch; never more than one a
    vector. A row of the fast array is read every ``transfer_every`` vectors, but each row at most
    ``reads`` times in a batch. ``rate``: the share of the learning rate that one read passes on; a
    pulse is read again and again until later pulses have worn it away, and counts each time.
    ``forget``: the share of itself that the digital memory between the arrays keeps when it sends a
    pulse; None: it keeps what exceeds the pulse.
    """

    pulses: Annotated[float, quantity("", above=0, at_most=1000)] = 100.0
    transfer_every: Count = 1
    reads: Count = 64
    rate: Annotated[float, quantity("", above=0, at_most=1)] = 0.3
    forget: Annotated[float, quantity("", at_least=0, at_most=1)] | None = None

    def turns(self, vectors: int, rows: int) -> tuple[int, int]:
        """Rounds into which the vectors of a batch are divided, and rows read in each round."""
        reads = -(-vectors // self.transfer_every)
        return min(max(round(reads / rows), 1), self.reads), min(reads, rows)


@dataclass(frozen=True)
class TikiTakaKeys(Section):
    """A section of its own."""

    tiki_taka: TikiTaka = field(default_factory=TikiTaka)


@dataclass(frozen=True, kw_only=True)
class Chopper(Section):
    """When the sign of a row of the fast array flips, and with it that of what is read of the row.

    ``flips``: after ``every`` reads of the row (regular), or after each with a chance of one in
    ``every`` (random).
    """

    flips: Literal["random", "regular"] = "random"
    every: Count = 40


@dataclass(frozen=True, kw_only=True)
class Agad(Section):
    """What stands for reference cells.

    ``newest``: weight of the newest read in the moving average of a cell's reads; the average when
    the row's sign flips is what its cells are compared with until it flips again.
    """

    newest: Annotated[float, quantity("", above=0, at_most=1)] = 0.5


@dataclass(frozen=True)
class ChopperKeys(Section):
    """Those of Tiki-Taka, and a section of its own."""

    tiki_taka: TikiTaka = field(default_factory=TikiTaka)
    chopper: Chopper = field(default_factory=Chopper)


@dataclass(frozen=True)
class AgadKeys(Section):
    """Those of Tiki-Taka and of its chopper, and a section of its own."""

    tiki_taka: TikiTaka = field(default_factory=TikiTaka)
    chopper: Chopper = field(default_factory=Chopper)
    agad: Agad = field(default_factory=Agad)
