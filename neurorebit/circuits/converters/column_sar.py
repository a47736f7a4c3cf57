"""Successive approximation on the capacitors of a column itself.

See docs/models/charge.md#a-column-as-its-converter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from neurorebit.circuits.block import Positive
from neurorebit.circuits.converters.sar import SarAdc
from neurorebit.circuits.cost import Real


@dataclass(frozen=True, eq=False)
class ColumnSarAdc(SarAdc):
    """A converter whose capacitors are those of a charge-domain column, ``column_cap`` [F].

    The cells of a column in binary groups take the place of its own array, so that nothing is
    sampled; a second column of the same size is its reference side.
    """

    column_cap: Positive = field(default=2.5e-12, kw_only=True)

    @property
    def unit_cap(self) -> Real:
        return self.column_cap / 2.0 ** (self.bits - 1.0)

    @property
    def own_caps(self) -> Real:
        """None beside the columns."""
        return 0.0
