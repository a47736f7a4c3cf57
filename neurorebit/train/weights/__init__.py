"""Where a layer's weights live: one class for each scheme a file may name."""

from collections.abc import Callable

from neurorebit.train.weights.base import Site, Weights, Written
from neurorebit.train.weights.hybrid import HybridWeights, MappedWeights
from neurorebit.train.weights.in_place import (
    ManhattanWeights,
    MixedPrecisionWeights,
    ReramWeights,
)
from neurorebit.train.weights.real import QuantizedWeights, RealWeights
from neurorebit.train.weights.tiki_taka import TikiTakaWeights

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
