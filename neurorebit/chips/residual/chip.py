"""The chip whose weights are sums over several arrays, each of which keeps what others cannot hold.

J. Li, Z. Wu, G. Liu, T. Gokmen, T. Chen, 2025, arXiv:2510.02516. Inputs and errors become pulse
trains on the rows and columns of the last array, as in Tiki-Taka; rows are read in turn, and what
they hold moves to the array before. Nothing of a weight is in digital memory.

See docs/models/macros.md#arrays-that-share-a-weight.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from neurorebit.chips.parts.parallel import ParallelMacro
from neurorebit.chips.tiki_taka.chip import FastArray, PulsedPe, TikiTakaChip
from neurorebit.circuits.cost import Real


@dataclass(frozen=True, eq=False)
class ResidualChip(TikiTakaChip):
    """Each array of weights has others like it; all are read both ways, the last gets trains."""

    referenced: bool = field(default=False, kw_only=True)

    @property
    def gradients_wait(self) -> bool:
        return True

    @cached_property
    def fast(self) -> FastArray:
        """A macro as that of the first array, with reference lines of its own."""
        assert isinstance(self.macro, ParallelMacro)  # the organisation suits no others
        return FastArray(self.tech, self.macro, None, name="behind")

    def pe(self, rows: Real, cols: Real) -> PulsedPe:
        """With all arrays of a weight."""
        return replace(super().pe(rows, cols), behind=float(self.learning.arrays - 1))
