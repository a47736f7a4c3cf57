"""Activations and errors as codes of a few bits, and the ones among their bits."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from neurorebit.chips.parts.signs import Plane
from neurorebit.kernels.noise import ERRORS, Draw
from neurorebit.torch.operations.noise import Tensor, run_of_words

BLOCK = 64  # words whose halves serve 128 errors, see ``kernels.quantise.chances``
GROUPS = 16  # groups of four words in a block
HALF = 2.0**-16


def encode(x: Tensor, per_step: float, top: int, *, signed: bool) -> Tensor:
    """Codes as numbers of the type of ``x``: rounded to even, clipped to 0..top or -top..top."""
    y = torch.clamp(x * per_step, max=float(top))
    low = -float(top) if signed else 0.0
    return torch.round(torch.where(y > low, y, low))  # nan becomes the least code


def plane(codes: Tensor, number: int, signs: Sequence[Plane] | None) -> Tensor:
    """A bit plane of codes as zeros and ones, of their type."""
    whole = codes.to(torch.int32)
    if signs is None:
        return ((whole >> number) & 1).to(codes.dtype)
    way = signs[number]
    raised = torch.clamp(way.factor * whole + way.add, min=0)
    return ((raised >> way.shift) & 1).to(codes.dtype)


def count_ones(codes: Tensor, planes: int, signs: Sequence[Plane] | None, seen: Tensor) -> Tensor:
    """The ones of each plane of maps [B, H, W, C], each pixel as often as ``seen`` [H, W] says."""
    return torch.stack(
        [
            (plane(codes, number, signs).sum((0, 3), dtype=torch.float64) * seen).sum()
            for number in range(planes)
        ]
    )


def chances(count: int, draw: Draw, device: object) -> Tensor:
    """The uniform numbers of 16 bits (float32) of ``count`` errors, a multiple of 128."""
    half = Draw(draw.first >> 1, draw.step, draw.layer, 0, draw.seed)
    found = run_of_words(count // 2, ERRORS, half, device).reshape(-1, GROUPS, 4)
    found = found.transpose(1, 2).reshape(-1, BLOCK)
    halves = torch.cat([found & 0xFFFF, found >> 16], 1).reshape(-1)
    return (halves.float() + 0.5) * HALF


def round_errors(x: Tensor, step: float, bits: int, draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    """Errors rounded at random to multiples of ``step`` in two's complement of ``bits``.

    The rounding of ``kernels.quantise.round_errors``. Returns the errors, the number of ones among
    their bits and the number of errors that are not zero.
    """
    flat, top = x.reshape(-1), 2.0 ** (bits - 1) - 1.0
    y = torch.clamp(flat * (1.0 / step), -top, top)
    below = torch.floor(y)
    size = -(-flat.numel() // (2 * BLOCK)) * 2 * BLOCK
    chance = chances(size, draw, x.device)[: flat.numel()].to(x.dtype)
    y = below + (y - below > chance).to(x.dtype)
    return (y * step).reshape(x.shape), ones(y, bits), torch.count_nonzero(y)


def ones(values: Tensor, bits: int) -> Tensor:
    """Ones in the two's complement of whole numbers (nan counts as 0)."""
    word = torch.nan_to_num(values).to(torch.int64) & ((1 << bits) - 1)
    word = word - ((word >> 1) & 0x55555555)
    word = (word & 0x33333333) + ((word >> 2) & 0x33333333)
    word = (word + (word >> 4)) & 0x0F0F0F0F
    return (((word * 0x01010101) & 0xFFFFFFFF) >> 24).sum()
