"""Weights of the scheme ``quantized``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from neurorebit.kernels import levels
from neurorebit.kernels.levels import Count
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.training.parts import product
from neurorebit.training.parts.codes import Use
from neurorebit.training.parts.converters import Converters
from neurorebit.training.parts.gradient import GradientUnit
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import PART, Site, Written
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class QuantizedWeights(LevelWeights):
    """Software with the levels of the arrays, without their noise and their converters.

    Both passes use the levels; the gradient updates the real weights (straight-through estimator).
    """

    held: Array = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.held = np.empty_like(self.real)
        for start, stop in spans(self.real.size, PART):
            self.sync(start, stop)

    @property
    def views(self) -> dict[str, Array]:
        """The real weights and their levels."""
        return {"real": self.real, "quantised": self.held}

    @property
    def kept(self) -> dict[str, Array]:
        """The real weights and their levels."""
        found = np.rint(self.held * (self.top / self.full)).astype(np.int16)
        return {**super().kept, "levels": found}

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The exact product with the levels."""
        product.multiply(x, self.held, out, self.site.workers, scale=x.scale)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The exact transposed product with the levels."""
        product.transposed(dy, self.held, x, dx, workers=self.site.workers)

    def sync(self, start: int, stop: int) -> Array | None:
        """Round the real weights."""
        real, held = (a.reshape(-1)[start:stop] for a in (self.real, self.held))
        levels.quantise(real, held, self.grid, self.full / self.top)
        return None


@dataclass(eq=False)
class Bits:
    """The converters of each bit, ``forward0`` and ``backward0`` of the least significant one."""


@dataclass(eq=False)
class SramWeights(QuantizedWeights):
    """The levels as whole numbers in the cells of SRAM arrays, in two's complement.

    Inputs and errors have the bits that the chip takes. Rows that are read one after the other are
    latched and added, without loss. All rows at once: each bit is a column of its own, whose cells
    that conduct pass its own conversion, from none of the rows of an array to all of them; codes
    are added with the bit's worth, that of the sign below zero. Errors pass the rows once for each
    bit. (Without a level at zero a weight is an odd number; the half of a bit that the cells lack
    is added in numbers.) Gradients pass the converters of the gradient unit.
    """

    cells: Array = field(init=False)
    forward: Converters = field(init=False)
    backward: Converters = field(init=False)
    bits: Bits = field(init=False)
    unit: GradientUnit = field(init=False)
    ones: float = field(init=False, default=0.0)
    in_arrays: ClassVar[bool] = True
    digital: ClassVar[tuple[str, ...]] = ("gradient",)

    def __post_init__(self) -> None:
        self.cells = np.zeros(self.site.shape, np.int32)
        self.bits = Bits()
        self.converters()
        self.backward = Converters(self.site, transposed=True)
        for bit in range(self.site.weight_bits if self.apart else 0):
            setattr(self.bits, f"backward{bit}", Converters(self.site, transposed=True))
        self.unit = GradientUnit(self.site)
        super().__post_init__()
        self.ones = float(levels.ones(self.cells.reshape(-1), self.site.weight_bits))
        self.written = Written()  # the first write belongs to no step

    def converters(self) -> None:
        """Converters of forward reads that have seen nothing yet."""
        self.forward = Converters(self.site)
        for bit in range(self.site.weight_bits if self.apart else 0):
            rows = float(self.site.spec.forward.rows)
            setattr(self.bits, f"forward{bit}", Converters(self.site, reach=rows))

    @property
    def apart(self) -> bool:
        """Whether each bit is converted on its own."""
        return not (self.site.spec.row_by_row or self.site.training.adc == "ideal")

    @property
    def arrays(self) -> int:
        """An array of bits."""
        return 1

    @property
    def converted(self) -> dict[str, Use | None]:
        """How the converters used their codes, where all rows are read at once: of the sign bit."""
        top = self.site.weight_bits - 1
        both = {"forward": self.forward, "backward": self.backward}
        if self.apart:
            both = {name: getattr(self.bits, f"{name}{top}") for name in both}
        uses = {name: one.use for name, one in both.items()}
        return {name: use for name, use in uses.items() if use is not None}

    @property
    def bit_unit(self) -> float:
        """The weight that the least significant bit is worth."""
        return self.full / self.top * (2.0 if self.odd else 1.0)

    def _columns(self) -> Iterator[tuple[int, float, Array]]:
        """Each bit, what a one in it is worth, and the bits of all weights."""
        site, last = self.site, self.site.weight_bits - 1
        for bit in range(last + 1):
            column = site.workspace.take(site.shape, site.dtype)
            np.bitwise_and(self.cells >> bit, 1, out=column, casting="unsafe")
            yield bit, self.bit_unit * (-1.0 if bit == last else 1.0) * 2.0**bit, column
            site.workspace.drop(column)

    def mvm(self, x: Windows, out: Array, learning: bool) -> None:
        """The product with the levels, through the converters where all rows are read at once."""
        if not self.apart:
            self.forward.multiply(x, self.held, out, scale=x.scale, learning=learning)
            return
        part = self.site.workspace.take(out.shape, out.dtype)
        out[...] = 0
        for bit, worth, column in self._columns():
            converters: Converters = getattr(self.bits, f"forward{bit}")
            converters.multiply(x, column, part, scale=x.scale * worth, learning=learning)
            np.add(out, part, out=out)
        if self.odd:
            half = np.full(self.site.shape, 0.5 * self.bit_unit, self.site.dtype)
            product.multiply(x, half, part, self.site.workers, scale=x.scale)
            np.add(out, part, out=out)
        self.site.workspace.drop(part)

    def mtvm(self, dy: Array, x: Windows, dx: Array) -> None:
        """The transposed product with the levels."""
        if not self.apart:
            self.backward.multiply_back(dy, self.held, x, dx, scale=1.0)
            return
        part = self.site.workspace.take(dx.shape, dx.dtype)
        dx[...] = 0
        for bit, worth, column in self._columns():
            converters: Converters = getattr(self.bits, f"backward{bit}")
            converters.multiply_back(dy, column, x, part, scale=worth)
            np.add(dx, part, out=dx)
        if self.odd:
            half = np.full(self.site.shape, 0.5 * self.bit_unit, self.site.dtype)
            product.transposed(dy, half, x, part, workers=self.site.workers)
            np.add(dx, part, out=dx)
        self.site.workspace.drop(part)

    def gradient(self, x: Windows, dy: Array, out: Array) -> None:
        """The gradient, in the gradient unit."""
        self.unit.outer(x, dy, out)

    def change(self, step: Callable[[int, int], None]) -> None:
        """Change the real weights, and sync the cells."""
        super().change(step)
        self.written.conductance += self.ones / (self.cells.size * self.site.weight_bits)

    def sync(self, start: int, stop: int) -> Array | None:
        """Round the real weights and write the bits that change; count those."""
        super().sync(start, stop)
        real, cells = (a.reshape(-1)[start:stop] for a in (self.real, self.cells))
        counts = np.zeros(len(Count))
        levels.store(real, cells, self.grid, self.site.weight_bits, counts)
        return counts

    def synced(self, counts: list[Array | None]) -> None:
        """Add up the bits that were written."""
        total = sum((part for part in counts if part is not None), np.zeros(len(Count)))
        self.written.sets += int(total[Count.SETS])
        self.written.resets += int(total[Count.RESETS])
        self.ones += float(total[Count.CHANGE])


def weights(site: Site) -> QuantizedWeights:
    """Weights in software, or where the chip's arrays are of SRAM, in their cells."""
    return QuantizedWeights(site) if site.spec.holds_devices else SramWeights(site)
