"""The converters of a layer's arrays: their range, and products through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from neurorebit.circuits.converters.converter import Quantisation
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Conversion, Windows
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class Converters:
    """How the partial sums of a layer's arrays are converted.

    The reference current is subtracted before conversion, so the range is symmetric around zero: a
    number of standard deviations of the partial sums, whose mean square is averaged over the first
    steps and then kept, or, where the range ``follows`` them, averaged with a memory of as many
    steps. Inputs come bit plane by bit plane, and the arrays convert each plane on its own
    (conversion ``bit_serial``); ``fast`` converts the sum over the planes once. Each has a range of
    its own sums.
    """

    site: Site
    follows: bool = False
    powers: float = 0.0  # mean squares of the partial sums, added up over the steps measured
    measured: int = 0

    @property
    def exact(self) -> bool:
        """Whether products are exact: converters are ideal, or rows are read and added one by one.

        A cell that is read alone is converted alone, see ``Arrays``.
        """
        return self.site.training.adc == "ideal" or self.site.spec.row_by_row

    def multiply(
        self, x: Windows, matrix: Array, out: Array, *, scale: float, learning: bool
    ) -> None:
        """``out`` [B, H, W, N] = scale times the converted product of ``matrix`` and the codes."""
        site, arrays = self.site, (x, matrix, out, self.site.workers)
        if self.exact:
            product.multiply(*arrays, scale=scale)
            return
        planes = int(site.spec.input_bits) if site.training.conversion == "bit_serial" else None

        def read(conversion: Conversion) -> float:
            return product.multiply(*arrays, scale=scale, conversion=conversion)

        unknown = Conversion(cuts=site.cuts, step=0.0, top=0, measured=True, planes=planes)
        self._convert(read, unknown, site.spec.forward.adc_bits, learning and self._measures)

    def transposed(self, dy: Array, matrix: Array, x: Windows, dx: Array, *, scale: float) -> None:
        """``dx`` = scale times the converted transposed product of ``matrix`` and the errors.

        The range is that of the partial sums of scaled errors (``product.read_back``). Positive and
        negative errors are converted together.
        """
        site, arrays = self.site, (dy, matrix, x, dx)
        if self.exact:
            product.transposed(*arrays, workers=site.workers)
            np.multiply(dx, dx.dtype.type(scale), out=dx)
            return
        cuts = spans(matrix.shape[2], int(site.spec.forward.cols / site.spec.cells_per_weight))

        def read(conversion: Conversion) -> float:
            return product.read_back(
                *arrays, workers=site.workers, scale=scale, conversion=conversion
            )

        unknown = Conversion(cuts=cuts, step=0.0, top=0, measured=True)
        self._convert(read, unknown, site.spec.back_adc_bits, self._measures)

    def _convert(
        self, read: Callable[[Conversion], float], unknown: Conversion, bits: int, measuring: bool
    ) -> None:
        """Read through converters of these bits; the first read of all only measures the range."""
        power = self.powers / self.measured if self.measured else read(unknown)
        step, top = self._quantisation(bits, float(power))
        found = read(replace(unknown, step=step, top=top, measured=measuring))
        if measuring:
            self._add(found)

    def _quantisation(self, bits: int, power: float) -> Quantisation:
        """Codes of converters of the architecture's kind, for sums of this mean square."""
        arrays = self.site.spec.forward
        return CONVERTERS[arrays.adc].quantisation(bits, arrays.adc_range * power**0.5)

    @property
    def _measures(self) -> bool:
        return self.follows or self.measured < self.site.training.calibration_steps

    def _add(self, power: float) -> None:
        """Take the mean square of one more step into the average."""
        if self.measured == self.site.training.calibration_steps:  # all others lose equal shares
            self.powers -= self.powers / self.measured
            self.measured -= 1
        self.powers += power
        self.measured += 1
