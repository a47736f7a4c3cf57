"""The converters of an array: partial sums become codes, which are added up digitally."""

from __future__ import annotations

import numpy as np
import torch

from neurorebit.torch.operations.noise import Tensor
from neurorebit.training.parts.conversion import Conversion


def code(value: Tensor, per_step: float, top: int) -> Tensor:
    """The code of a value: rounded (ties to even), clipped to -top..top; nan stays nan."""
    return torch.round(torch.clamp(value * per_step, -float(top), float(top)))


def power(partial: Tensor) -> Tensor:
    """Sum of the squares (float64), without a copy of them in double precision."""
    return torch.sum(partial * partial, dtype=torch.float64)


def count(conversion: Conversion, plane: int, codes: Tensor) -> None:
    """Count the codes of a plane, if they are to be counted; nan has no code."""
    if conversion.tally is None:
        return
    if conversion.signs is not None and conversion.signs[plane].factor == 0:
        return  # the same in all vectors
    top = conversion.top
    some = codes[~torch.isnan(codes)].to(torch.int64) + top
    counts = torch.bincount(some, minlength=2 * top + 1)
    conversion.tally.append(counts.cpu().numpy().astype(np.int64))


def scaled(vectors: Tensor) -> tuple[Tensor, Tensor]:
    """Vectors [.., cols] over their sizes, and these [.., 1].

    A size is the smallest power of two above the largest magnitude; that of a vector of zeros, or
    with an infinite or undefined entry, is 1.
    """
    largest = vectors.abs().amax(-1, keepdim=True)
    fine = (largest > 0.0) & torch.isfinite(largest)
    _, exponent = torch.frexp(torch.where(fine, largest, 0.5))
    sizes = torch.where(fine, torch.ldexp(torch.ones_like(largest), exponent), 1.0)
    return vectors / sizes, sizes
