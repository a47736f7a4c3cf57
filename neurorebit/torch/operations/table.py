"""The twins by the class of the weights that they stand for."""

from __future__ import annotations

from typing import Any

import torch

from neurorebit.schema import InputError
from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.schemes.manhattan.weights import ManhattanWeights
from neurorebit.schemes.mixed_precision.weights import MixedPrecisionWeights
from neurorebit.schemes.parts.software import SoftwareWeights
from neurorebit.schemes.quantized.weights import QuantizedWeights, SramWeights
from neurorebit.schemes.reram.weights import ReramWeights
from neurorebit.schemes.reram_mapped.weights import MappedWeights
from neurorebit.torch.operations.followed import (
    HybridTwin,
    MappedTwin,
    QuantizedTwin,
    RealTwin,
    SramTwin,
)
from neurorebit.torch.operations.in_place import ManhattanTwin, MixedPrecisionTwin, ReramTwin
from neurorebit.torch.operations.twins import Twin

TWINS: dict[type, type[Twin]] = {
    SoftwareWeights: RealTwin,
    QuantizedWeights: QuantizedTwin,
    SramWeights: SramTwin,
    HybridWeights: HybridTwin,
    MappedWeights: MappedTwin,
    ReramWeights: ReramTwin,
    MixedPrecisionWeights: MixedPrecisionTwin,
    ManhattanWeights: ManhattanTwin,
}


def twin(host: Any, device: torch.device) -> Twin:
    """The twin of a layer's weights; InputError where no operations of PyTorch stand for them."""
    site = host.site
    cure, where = "move the model to the CPU", f"on {device.type}"
    if device.type == "mps":
        raise InputError("operations of PyTorch take float64, which mps lacks", cure=cure)
    if type(host) not in TWINS:
        raise InputError(f"scheme {site.spec.scheme!r} has no operations {where}", cure=cure)
    if site.training.wires != "ideal":
        message = f"training.wires={site.training.wires} has no operations {where}"
        raise InputError(message, cure=f"{cure}, or take ideal wires")
    if site.training.digital != "float32" and isinstance(host, HybridWeights):
        message = f"training.digital={site.training.digital} has no operations {where}"
        raise InputError(message, cure=f"{cure}, or take float32")
    if vars(host).get("words") is not None:
        message = f"words of architecture.formats have no operations {where}"
        raise InputError(message, cure=f"{cure}, or take words of 32 bits")
    if isinstance(host, SramWeights) and host.apart:
        message = f"bits of SRAM that are converted column by column have no operations {where}"
        raise InputError(message, cure=f"{cure}, or take arrays.read=row_by_row")
    if getattr(host, "trains", None) is not None:
        message = f"writes in blocks of cells have no operations {where}"
        raise InputError(message, cure=f"{cure}, or write single cells")
    return TWINS[type(host)](host, device)
