"""Functions that the lanes of a vector unit look up: piecewise polynomials of degree two.

An interval is cut into equal segments, a power of two, so that the leading bits of the argument are
the segment and the others the place t within it. Three coefficients of each segment stand in a
table, and c0 + t (c1 + t c2) is evaluated by Horner's rule (S. F. Oberman and M. Y. Siu, "A
high-performance area-efficient multifunction interpolator", ARITH-17, 2005). A polynomial of degree
n through the Chebyshev points of a segment of width h errs by at most
(h / 2)^(n + 1) / (2^n (n + 1)!) max |f^(n + 1)|, which is h^3 / 192 max |f'''| at n = 2.

See docs/models/logic.md#function-tables.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np

from neurorebit.schema.numbers import Real

CHEBYSHEV = 192.0  # h^3 max |f'''| over the largest error of degree two
GUARD = 2.0  # bits of a coefficient beyond those of the result


@dataclass(frozen=True)
class Table:
    """A function on the interval that is left of its arguments: how many segments it takes.

    ``third`` is the largest magnitude of its third derivative there, ``span`` the length of the
    interval. Where ``decay`` is p > 0, the function comes to its limit as exp(-x^p / p), and the
    interval ends where a quarter of a unit of the result is missing.
    """

    name: str
    third: float
    _: KW_ONLY
    span: float = 1.0
    decay: int = 0

    def length(self, bits: Real) -> Real:
        """Length of the interval for a result of ``bits`` bits below the point."""
        if not self.decay:
            return self.span
        nats = (np.asarray(bits) + 2.0) * math.log(2.0)
        return (self.decay * nats) ** (1.0 / self.decay)

    def segments(self, bits: Real) -> Real:
        """Segments of the interval, so that the polynomials err by half a unit at most."""
        parts = self.length(bits) * (self.third * 2.0 ** (bits + 1.0) / CHEBYSHEV) ** (1.0 / 3.0)
        return 2.0 ** np.ceil(np.log2(np.maximum(parts, 1.0)) - 1e-9)

    def width(self, bits: Real) -> Real:
        """Bits of a segment's coefficients: t shortens c1, which it multiplies, and t^2 c2."""
        place = np.log2(self.segments(bits))
        c0 = bits + GUARD
        return c0 + np.maximum(c0 - place, 1.0) + np.maximum(c0 - 2.0 * place, 1.0)


# 1 / (1 + exp(-x)), x >= 0; the third derivative is -1/8 at 0.
LOGISTIC_TABLE = Table("logistic", 0.125, decay=1)
# 2^x, 0 <= x < 1: 2 ln(2)^3 at 1.
EXPONENTIAL_TABLE = Table("exponential", 2.0 * math.log(2.0) ** 3)
# 1 / x, 1 <= x < 2: -6 at 1.
RECIPROCAL_TABLE = Table("reciprocal", 6.0)
# 1 / sqrt(x), 1 <= x < 2: -15/8 at 1.
ROOT_TABLE = Table("reciprocal_root", 15.0 / 8.0)
# Distribution function of the normal distribution, x >= 0: -1 / sqrt(2 pi) at 0.
NORMAL_TABLE = Table("normal", 1.0 / math.sqrt(2.0 * math.pi), decay=2)
# Derivative of x times that function, x >= 0: -4 / sqrt(2 pi) at 0.
NORMAL_SLOPE_TABLE = Table("normal_slope", 4.0 / math.sqrt(2.0 * math.pi), decay=2)
