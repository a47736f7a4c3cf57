"""The three products of a layer on tensors, as ``training/parts/product.py`` defines them.

A layer is a matrix [groups, rows, cols], and the windows of its input are the vectors that it is
multiplied with. Products of rows that see padding alone are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from neurorebit.chips.parts.signs import Plane
from neurorebit.layers.network import Node
from neurorebit.schema import InputError
from neurorebit.torch.operations import converting, encoding, windows
from neurorebit.torch.operations.noise import Tensor
from neurorebit.training.parts.conversion import Conversion
from neurorebit.training.parts.product import PIECE, Piece, cut, piece
from neurorebit.training.parts.workers import spans


@dataclass(frozen=True)
class Map:
    """The input of a layer [B, H, W, C], and what one unit of it is worth.

    ``signs``: the planes of signed codes; None where values have no sign, or are no codes.
    """

    map: Tensor
    scale: float
    node: Node
    signs: tuple[Plane, ...] | None = None


@contextmanager
def exactly(device: torch.device) -> Iterator[None]:
    """Products in float32 whatever the caller allows: no lower precision, no autocast."""
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, convolution.allow_tf32
    matmul.allow_tf32 = convolution.allow_tf32 = False
    try:
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            yield
    finally:
        matmul.allow_tf32, convolution.allow_tf32 = before


def positions(node: Node) -> tuple[Piece, ...]:
    """The rows of each kernel position, in pieces."""
    channels = node.shape_in.channels // node.groups
    return tuple(
        piece(node, start + low, start + high)
        for start in range(0, channels * node.window.taps, channels)
        for low, high in spans(channels, PIECE)
    )


def multiply(x: Map, matrix: Tensor, *, scale: float, conversion: Conversion | None) -> Tensor:
    """``scale`` times the matrix times each vector, [B, H, W, N].

    With a conversion each array's partial sums are converted and their codes added, without one
    the product is exact.
    """
    return product(x, matrix, scale=scale, conversion=conversion)[0]


def product(
    x: Map, matrix: Tensor, *, scale: float, conversion: Conversion | None
) -> tuple[Tensor, np.ndarray]:
    """As ``multiply``, and the mean squares of each plane's partial sums where it is measured."""
    node = x.node
    groups, _, cols = matrix.shape
    seen = windows.view(windows.padded(x.map.to(matrix.dtype), node), node)
    out = torch.zeros((*seen.shape[:3], groups * cols), dtype=matrix.dtype, device=matrix.device)
    parts = cut(node, tuple(conversion.cuts)) if conversion else positions(node)
    power = torch.zeros(conversion.planes or 1 if conversion else 1, dtype=torch.float64)
    power = power.to(matrix.device)
    for group in range(groups):
        for part in parts:
            top, bottom, left, right = part.reach
            columns = windows.columns(seen, node, part, group)
            held = matrix[group, part.start : part.stop]
            target = out[:, top:bottom, left:right, group * cols : (group + 1) * cols]
            if conversion is None:
                target += columns @ held
            else:
                _converted(columns, held, target, conversion, power=power)
    out *= scale * (conversion.unit if conversion else 1.0)
    vectors = out.numel() * len(parts)
    return out, (power / vectors).cpu().numpy() if conversion and conversion.measured else np.zeros(
        power.numel()
    )


def _converted(
    columns: Tensor, held: Tensor, target: Tensor, conversion: Conversion, *, power: Tensor
) -> None:
    """Add the converted products of one array to ``target``, and their squares to ``power``."""
    _without_errors(conversion)
    per_step, worth = conversion.per_step, conversion.worth
    for number in range(conversion.planes or 1):
        driven = columns
        if conversion.planes is not None:
            driven = encoding.plane(columns, number, conversion.signs)
        partial = driven @ held
        if conversion.measured:
            power[number] += converting.power(partial)
        codes = converting.code(partial, float(per_step[number]), conversion.top)
        converting.count(conversion, number, codes)
        target += codes * float(worth[number])


def _without_errors(conversion: Conversion) -> None:
    """InputError where converters are to err, which is not computed here."""
    if conversion.deviations is not None:
        message = "errors of converters are not computed by PyTorch's operations"
        raise InputError(message, key="training.adc_errors", cure="set it to none")


def transposed(dy: Tensor, matrix: Tensor, node: Node) -> Tensor:
    """The transposed matrix times ``dy`` [B, H, W, N], added up where windows overlap."""
    groups, _, cols = matrix.shape
    target = _blank(dy, node, matrix.dtype)
    for group in range(groups):
        for part in positions(node):
            top, bottom, left, right = part.reach
            errors = dy[:, top:bottom, left:right, group * cols : (group + 1) * cols]
            vectors = errors @ matrix[group, part.start : part.stop].T
            windows.scatter(target, vectors, node, part, group=group)
    return windows.inner(target, node)


def read_back(
    dy: Tensor, matrix: Tensor, node: Node, *, scale: float, conversion: Conversion
) -> tuple[Tensor, float]:
    """``scale`` times a transposed read of ``dy`` on the columns, added where windows overlap.

    Each vector of errors is scaled by a power of two before it drives the columns, as in
    ``training.parts.product.read_back``. Returns the mean square of the scaled partial sums too,
    where it is measured.
    """
    _without_errors(conversion)
    groups, _, cols = matrix.shape
    target = _blank(dy, node, matrix.dtype)
    power, read = torch.zeros((), dtype=torch.float64, device=dy.device), 0
    step, worth = float(conversion.per_step[0]), float(conversion.worth[0])
    for group in range(groups):
        for part in positions(node):
            top, bottom, left, right = part.reach
            errors = dy[:, top:bottom, left:right, group * cols : (group + 1) * cols]
            driven, sizes = converting.scaled(errors)
            codes = torch.zeros((*driven.shape[:3], part.stop - part.start), device=dy.device)
            codes = codes.to(matrix.dtype)
            for low, high in conversion.cuts:
                held = matrix[group, part.start : part.stop, low:high].T
                partial = driven[..., low:high] @ held
                if conversion.measured:
                    power += converting.power(partial)
                    read += partial.numel()
                found = converting.code(partial, step, conversion.top)
                converting.count(conversion, 0, found)
                codes += found * worth
            windows.scatter(target, codes * sizes, node, part, group=group)
    target *= scale * conversion.unit
    return windows.inner(target, node), float(power) / max(read, 1)


def outer(x: Map, dy: Tensor, groups: int) -> Tensor:
    """The gradient [groups, rows, cols]: the sum over all vectors of x times ``dy``."""
    node = x.node
    cols = dy.shape[-1] // groups
    rows = node.shape_in.channels // groups * node.window.taps
    seen = windows.view(windows.padded(x.map.to(dy.dtype), node), node)
    out = torch.zeros((groups, rows, cols), dtype=dy.dtype, device=dy.device)
    for group in range(groups):
        for part in positions(node):
            top, bottom, left, right = part.reach
            columns = windows.columns(seen, node, part, group)
            errors = dy[:, top:bottom, left:right, group * cols : (group + 1) * cols]
            flat = columns.reshape(-1, columns.shape[-1]), errors.reshape(-1, cols)
            out[group, part.start : part.stop] = flat[0].T @ flat[1]
    return out * x.scale


def _blank(dy: Tensor, node: Node, dtype: object) -> Tensor:
    """A padded map of zeros for the errors of the inputs."""
    given = node.shape_in
    size = len(dy), given.height, given.width, given.channels
    return windows.padded(torch.zeros(size, dtype=dtype, device=dy.device), node)
