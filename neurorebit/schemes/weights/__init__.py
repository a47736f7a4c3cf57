"""Where a layer's weights live: one class for each scheme a file may name."""

from collections.abc import Callable

from neurorebit.schemes.weights.base import Site, Weights, Written
from neurorebit.schemes.weights.hybrid import HybridWeights, MappedWeights
from neurorebit.schemes.weights.in_place import (
    ManhattanWeights,
    MixedPrecisionWeights,
    ReramWeights,
)
from neurorebit.schemes.weights.real import QuantizedWeights, RealWeights
from neurorebit.schemes.weights.tiki_taka import TikiTakaWeights

WEIGHTS: dict[str, Callable[[Site], Weights]] = {
    "real": RealWeights,
    "quantized": QuantizedWeights,
    "hybrid": HybridWeights,
    "reram": ReramWeights,
    "reram_mapped": MappedWeights,
    "mixed_precision": MixedPrecisionWeights,
    "tiki_taka": TikiTakaWeights,
    "manhattan": ManhattanWeights,
}

__all__ = ["WEIGHTS", "Site", "Weights", "Written"]
