"""Attention of several heads."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, Self

from neurorebit.layers.base import Layer, Misshaped, Shape, Size, widened
from neurorebit.layers.linear import Linear
from neurorebit.layers.matmul import Product
from neurorebit.layers.rows import as_rows, steps
from neurorebit.layers.softmax import Softmax


@dataclass(frozen=True)
class Attention(Layer):
    """Scaled dot products of queries and keys weigh values (A. Vaswani et al., NIPS 2017).

    Positions of the input ask those of ``memory``, or of the input itself unless it is given.
    Queries, keys, values and results have ``features`` features, by default as many as the input
    has, in ``heads`` equal parts. The factor 1 / sqrt(features / heads) is in the constant by which
    the exponential's argument is multiplied. ``causal``: a position asks none behind itself.
    """

    heads: Size
    _: KW_ONLY
    features: Size | None = None
    causal: bool = False
    bias: bool = False
    memory: str = ""

    also_reads: ClassVar[tuple[str, ...]] = ("memory",)
    has_weights: ClassVar[bool] = True

    def scaled(self, width: float) -> Self:
        if self.features is None:
            return self
        each = widened(self.features // self.heads, width)
        return replace(self, features=each * self.heads)

    def parts(self, *given: Shape) -> tuple[Layer, ...]:
        rows = as_rows(given[0])
        source, features = "rows" if rows else "input", self.features or steps(given[0]).channels
        if features % self.heads:
            raise Misshaped(
                f"{self.heads} heads do not divide {features} features", "take a divisor"
            )
        if self.memory and as_rows(given[1]):
            raise Misshaped(
                f"'{self.memory}' is a map of one channel", "bring it to positions of features"
            )
        memory = "memory" if self.memory else source

        def linear(name: str, read: str) -> Linear:
            return Linear(
                kind="linear",
                name=name,
                input=read,
                features=features,
                per="position",
                bias=self.bias,
            )

        def product(name: str, other: str, **keys: Any) -> Product:
            return Product(other, kind="matmul", name=name, groups=self.heads, **keys)

        shares = Softmax(kind="softmax", name="shares", groups=self.heads, causal=self.causal)
        return (
            *rows,
            linear("query", source),
            linear("key", memory),
            linear("value", memory),
            product("scores", "key", input="query", transpose=True),
            shares,
            product("context", "value"),
            linear("output", "context"),
        )
