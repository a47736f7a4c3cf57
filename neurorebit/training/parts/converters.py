"""The converters of a layer's arrays: their ranges, and products through them.

See docs/models/training.md#conversions-in-training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field, replace

import numpy as np

from neurorebit.chips.parts.signs import Plane
from neurorebit.circuits.converters.converter import Errors, Quantisation
from neurorebit.circuits.converters.table import CONVERTERS
from neurorebit.schema.training import AdcErrors
from neurorebit.training.parts import product
from neurorebit.training.parts.average import Average
from neurorebit.training.parts.codes import Use, used
from neurorebit.training.parts.conversion import Conversion
from neurorebit.training.parts.disturbed import Deviations
from neurorebit.training.parts.product import Windows
from neurorebit.training.parts.weights import Site
from neurorebit.training.parts.workers import Array, spans

COUNTED = 16  # reads of training, in one of which codes are counted


@dataclass(eq=False)
class Converters:
    """How the partial sums of a layer's arrays are converted.

    The reference current is subtracted before conversion, so the range is symmetric around zero: a
    number of standard deviations of the partial sums, whose mean square is averaged over the first
    steps and then kept, or, where the range ``follows`` them, averaged with a memory of as many
    steps. Inputs come bit plane by bit plane, and the arrays convert each plane on its own
    (conversion ``bit_serial``), each in a range of its own sums: the reference of the converters is
    set before a plane is read, since high planes have few ones and small sums. ``fast`` converts
    the sum over the planes once, but where inputs have a sign plane, for which no such conversion
    stands (``chips/parts/signs.py``). ``transposed``: errors drive the columns, in one conversion.
    ``reach``: of cells that conduct or not and are read against nothing; the range is from zero to
    so many of them, whatever the sums, and every plane is converted on its own.

    Codes are counted in every ``COUNTED``-th read of training, from the first on, which costs a
    hundredth of a step: ``codes`` are the conversions to each code, from the least one on.
    """

    site: Site
    follows: bool = False
    _: KW_ONLY
    transposed: bool = False
    reach: float = 0.0
    squares: Average = field(init=False)  # mean squares of the partial sums of each plane
    reads: int = 0  # of training
    passes: int = 0  # reads of any kind, of which each has noise of its own
    codes: Array | None = None

    def __post_init__(self) -> None:
        steps = self.site.training.calibration_steps
        self.squares = Average(steps, self.follows, np.zeros(self.planes or 1))

    @property
    def planes(self) -> int | None:
        """Bit planes that are converted on their own; None: their sum is."""
        if not self.serial:
            return None
        return int(self.site.spec.input_bits) if self.signs is None else len(self.signs)

    @property
    def signs(self) -> tuple[Plane, ...] | None:
        """The planes of inputs below zero, a plane that corrects them among them."""
        way = self.site.signed_inputs
        if way is None or not self.serial:
            return None
        return way.conversions(int(self.site.spec.input_bits))

    @property
    def serial(self) -> bool:
        """Whether each bit plane is converted on its own."""
        if self.transposed:
            return False
        way = self.site.signed_inputs
        apart = way is not None and not way.joint and not self.site.spec.row_by_row
        return apart or bool(self.reach) or self.site.training.conversion == "bit_serial"

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
        arrays = x, matrix, out, self.site.workers
        if self.exact:
            product.multiply(*arrays, scale=scale)
            return

        def read(conversion: Conversion) -> Array:
            return product.multiply(*arrays, scale=scale, conversion=conversion)

        self.through(read, learning=learning)

    def multiply_back(
        self, dy: Array, matrix: Array, x: Windows, dx: Array, *, scale: float
    ) -> None:
        """``dx`` = scale times the converted transposed product of ``matrix`` and the errors.

        The range is that of the partial sums of scaled errors (``product.read_back``). Positive and
        negative errors are converted together.
        """
        site, arrays = self.site, (dy, matrix, x, dx)
        if self.exact:
            product.transposed(*arrays, workers=site.workers)
            np.multiply(dx, dx.dtype.type(scale), out=dx)
            return

        def read(conversion: Conversion) -> Array:
            power = product.read_back(
                *arrays, workers=site.workers, scale=scale, conversion=conversion
            )
            return np.array([power])

        self.through_back(read, matrix.shape[2])

    def through(self, read: Callable[[Conversion], Array], *, learning: bool) -> None:
        """Read the arrays through their converters.

        ``read`` multiplies with a conversion, twice where no range is known yet, and returns the
        mean square of the partial sums of each plane.
        """
        bits = self.site.spec.forward.adc_bits
        self._convert(read, self._unknown(self.site.cuts), bits, learning=learning)

    def through_back(self, read: Callable[[Conversion], Array], cols: int) -> None:
        """As ``through``, of a transposed read of a matrix of ``cols`` columns."""
        spec = self.site.spec
        cuts = spans(cols, int(spec.forward.cols / spec.cells_per_weight))
        self._convert(read, self._unknown(cuts), spec.back_adc_bits, learning=True)

    def _unknown(self, cuts: tuple[tuple[int, int], ...] | list[tuple[int, int]]) -> Conversion:
        """A conversion that only measures, before any range is known."""
        steps = (0.0,) * (self.planes or 1)
        return Conversion(
            cuts=cuts,
            steps=steps,
            top=0,
            measured=True,
            planes=self.planes,
            signs=self.signs,
        )

    def _convert(
        self, read: Callable[[Conversion], Array], unknown: Conversion, bits: int, *, learning: bool
    ) -> None:
        """Read through converters of these bits; the first read of all only measures the range."""
        measuring = learning and self.squares.measures and not self.reach
        if self.reach:
            kind = CONVERTERS[self.site.spec.forward.adc]
            ranges = [kind.quantisation(bits, self.reach, signed=False)] * len(unknown.steps)
        else:
            powers = self.squares.mean if self.squares.measured else read(unknown)
            ranges = [self._quantisation(bits, float(power)) for power in powers]
        steps, top = tuple(float(step) for step, _ in ranges), int(ranges[0].top)
        self.passes += 1
        counting = learning and self.reads % COUNTED == 0
        known = replace(
            unknown,
            steps=steps,
            top=top,
            measured=measuring,
            tally=[] if counting else None,
            deviations=self._deviations,
        )
        found = read(known)
        self.reads += learning
        if known.tally:
            counted = sum(known.tally, np.zeros(2 * top + 1, np.int64))
            counted = counted[top:] if self.reach else counted  # nothing lies below zero
            self.codes = counted if self.codes is None else self.codes + counted
        if measuring:
            self.squares.add(found)

    @property
    def _deviations(self) -> Deviations | None:
        """The errors of the converters; None where they have none."""
        site, arrays = self.site, self.site.spec.forward
        asked = site.training.adc_errors
        if asked == "none":
            return None
        errors = CONVERTERS[arrays.adc].designed()
        if isinstance(asked, AdcErrors):
            errors = Errors(asked.noise, asked.offset, asked.gain, asked.linearity)
        groups, rows, cols = site.shape
        across = arrays.cols_per_adc
        if self.transposed:
            across = getattr(arrays, "rows_per_adc", across)
        cells = 1.0 if self.transposed else site.spec.cells_per_weight
        return Deviations(
            kind=arrays.adc,
            errors=errors,
            lines=groups * (rows if self.transposed else cols),
            share=max(int(across / cells), 1),
            step=self.passes,
            layer=site.index,
            seed=site.seed,
            transposed=self.transposed,
        )

    def _quantisation(self, bits: int, power: float) -> Quantisation:
        """Codes of converters of the architecture's kind, for sums of this mean square."""
        arrays = self.site.spec.forward
        return CONVERTERS[arrays.adc].quantisation(bits, arrays.adc_range * power**0.5)

    @property
    def use(self) -> Use | None:
        """How the codes were used; None where none was counted."""
        return None if self.codes is None else used(self.codes)
