"""Reads of a layer's arrays on a device, through converters whose ranges the host keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from neurorebit.kernels import reading as kernels
from neurorebit.kernels.noise import Draw
from neurorebit.schemes.parts.arrays import Arrays
from neurorebit.schemes.parts.references import References
from neurorebit.torch.operations import product, reading, writing
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map
from neurorebit.training.parts.conversion import Conversion
from neurorebit.training.parts.converters import Converters
from neurorebit.training.parts.workers import Array


def converted(
    x: Map, matrix: Tensor, converters: Converters, *, scale: float, learning: bool
) -> Tensor:
    """``scale`` times the product of the matrix and the codes, through the converters."""
    if converters.exact:
        return product.multiply(x, matrix, scale=scale, conversion=None)
    found: list[Tensor] = []

    def read(conversion: Conversion) -> Array:
        out, powers = product.product(x, matrix, scale=scale, conversion=conversion)
        found.append(out)
        return powers

    converters.through(read, learning=learning)
    return found[-1]


def converted_back(
    dy: Tensor, matrix: Tensor, x: Map, converters: Converters, *, scale: float
) -> Tensor:
    """``scale`` times the transposed product of the matrix and the errors, converted."""
    if converters.exact:
        return product.transposed(dy, matrix, x.node) * scale
    found: list[Tensor] = []

    def read(conversion: Conversion) -> Array:
        out, power = product.read_back(dy, matrix, x.node, scale=scale, conversion=conversion)
        found.append(out)
        return np.array([power])

    converters.through_back(read, matrix.shape[2])
    return found[-1]


@dataclass(eq=False)
class Held:
    """Reference cells on a device."""

    host: References
    cells: Tensor = field(init=False)
    line_of: Tensor = field(init=False)
    device: torch.device

    def __post_init__(self) -> None:
        self.cells = torch.from_numpy(self.host.cells).to(self.device)
        self.line_of = torch.from_numpy(self.host.line_of).to(self.device)

    def compared(
        self, weight: Tensor, law: kernels.Rest | None, error: kernels.Noise | None, read: int
    ) -> Tensor:
        """Weights [groups, rows, cols] less the cells as this read sees them."""
        site, now = self.host.site, self.cells
        draw = Draw(0, read, site.index, self.host.number, site.seed)
        if law is not None:
            now = reading.rest(now, law, 0, draw)
        if error is not None:
            now = reading.read(now, error, draw)
        rows = weight.reshape(-1, weight.shape[2])
        return reading.compare(rows, now, self.line_of, self.host.share).reshape(weight.shape)


@dataclass(eq=False)
class DeviceArrays:
    """What ``Arrays`` of the host reads, on a device; numbers of reads and ranges stay there."""

    host: Arrays
    device: torch.device
    references: Held | None = field(init=False, default=None)
    back_references: Held | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.host.references is not None:
            self.references = Held(self.host.references, device=self.device)
        if self.host.back_references is not None:
            self.back_references = Held(self.host.back_references, device=self.device)

    def mvm(self, weight: Tensor, x: Map, *, full: float, learning: bool) -> Tensor:
        """``full`` times the product, converted array by array and added digitally."""
        seen = self._read(weight, self.references, learning=learning)
        scale = x.scale * full
        return converted(x, seen, self.host.forward, scale=scale, learning=learning)

    def mtvm(self, weight: Tensor, dy: Tensor, x: Map, *, full: float) -> Tensor:
        """``full`` times the transposed product, converted and added in the same way."""
        seen = self._read(weight, self.back_references, learning=True)
        return converted_back(dy, seen, x, self.host.backward, scale=full)

    def _read(self, weight: Tensor, references: Held | None, *, learning: bool) -> Tensor:
        """The weights as this read sees them."""
        host, site, mapping = self.host, self.host.site, int(self.host.mapping)
        host.reads += 1
        law = host.law(learning)
        error = host.error
        seen = weight
        if law is not None:
            seen = reading.rest(seen, law, mapping, site.draw(0, 0))
        if error is not None:
            seen = reading.read(seen, error, site.draw(0, host.reads))
        grid = host.rounding
        if grid is not None:
            seen = writing.quantise(seen, grid, 1.0 / grid.top)
        if references is not None:
            seen = references.compared(seen, law, error, host.reads)
        return seen - host.shift if host.shift else seen
