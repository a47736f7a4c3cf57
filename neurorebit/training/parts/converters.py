"""The converters behind a layer's arrays: the range they are set to, and products through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurorebit.circuits.converters.converter import Quantisation
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.training.parts import product
from neurorebit.training.parts.product import Conversion, Windows
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, spans


@dataclass(eq=False)
class Converters:
    """How the partial sums of a layer's arrays are read.

    The reference current is subtracted before conversion, so the range is symmetric: so many
    standard deviations of the partial sums, the mean over the first steps, then fixed unless it
    ``follows`` them with a memory of as many. Inputs come bit plane by bit plane, and the arrays
    convert each plane on its own: conversion ``bit_serial``. ``fast`` converts once, the sum over
    the planes; both with a range of their own sums.
    """

    site: Site
    follows: bool = False
    powers: float = 0.0  # mean squares of the partial sums, added up over the steps measured
    measured: int = 0

    def multiply(self, x: Windows, matrix: Array, out: Array, scale: float, learning: bool) -> None:
        """``out`` [B, H, W, N] = scale times what the arrays holding ``matrix`` read of codes x."""
        site = self.site
        if site.training.adc == "ideal":
            whole = ((0, matrix.shape[1]),)
            product.multiply(x, matrix, out, site.workers, whole, scale)
            return
        planes = int(site.spec.input_bits) if site.training.conversion == "bit_serial" else 0
        measuring = learning and self._measures
        arrays = (x, matrix, out, site.workers, site.cuts, scale)
        if self.measured == 0:
            power = product.multiply(*arrays, Conversion(0.0, 0, True, planes))
        else:
            power = self.powers / self.measured
        step, top = self._quantisation(site.spec.forward.adc_bits, float(power))
        found = product.multiply(*arrays, Conversion(step, top, measuring, planes))
        if measuring:
            self._add(found)

    def transposed(self, dy: Array, matrix: Array, x: Windows, dx: Array, scale: float) -> None:
        """``dx`` = scale times what the arrays' rows read of the errors on their columns.

        The range is found as that of the columns is, for the errors as ``product.read_back`` scales
        them. Both signs are converted at once.
        """
        site = self.site
        if site.training.adc == "ideal":
            product.transposed(dy, matrix, x, dx, site.workers)
            np.multiply(dx, dx.dtype.type(scale), out=dx)
            return
        cuts = spans(matrix.shape[2], int(site.spec.forward.cols / site.spec.cells_per_weight))
        measuring = self._measures
        arrays = (dy, matrix, x, dx, site.workers, cuts, scale)
        if self.measured == 0:
            power = product.read_back(*arrays, Conversion(0.0, 0, True))
        else:
            power = self.powers / self.measured
        step, top = self._quantisation(site.spec.back_adc_bits, float(power))
        found = product.read_back(*arrays, Conversion(step, top, measuring))
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
        """The mean square of one more step."""
        if self.measured == self.site.training.calibration_steps:  # forget as much of all others
            self.powers -= self.powers / self.measured
            self.measured -= 1
        self.powers += power
        self.measured += 1
