"""Gaussian error linear unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from neurorebit.layers.activation import ERROR_PRODUCT, Activation
from neurorebit.layers.base import Operation
from neurorebit.layers.functions import NORMAL, NORMAL_SLOPE, PRODUCT


@dataclass(frozen=True)
class Gelu(Activation):
    """x times the normal distribution function of x (D. Hendrycks, K. Gimpel, arXiv:1606.08415).

    ``form``: the distribution function itself (``erf``), or its approximation
    (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2 (``tanh``). Lanes look either up, with the same
    work. The gradient takes the input.
    """

    form: Literal["erf", "tanh"] = "erf"

    value: ClassVar[Operation | None] = NORMAL + PRODUCT
    gradient: ClassVar[Operation | None] = NORMAL_SLOPE + ERROR_PRODUCT
    keeps_value: ClassVar[bool] = True
