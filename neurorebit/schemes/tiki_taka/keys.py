"""Keys of the section ``training`` that the scheme ``tiki_taka`` adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

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
