"""The gradient of a layer through the gradient unit of a chip, converters included."""

from __future__ import annotations

import numpy as np
import torch

from neurorebit.circuits.converters.converter import Quantisation
from neurorebit.layers.network import Node
from neurorebit.torch.operations import converting
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map, outer
from neurorebit.training.parts import digital
from neurorebit.training.parts.gradient import GradientUnit, images_together
from neurorebit.training.parts.product import piece
from neurorebit.training.parts.workers import Array


def through(unit: GradientUnit, x: Map, dy: Tensor, groups: int) -> Tensor:
    """The gradient [groups, rows, cols] as the unit computes it, as ``GradientUnit.outer``.

    ``dy`` are errors that have been rounded to their bits, ``x`` codes.
    """
    site, spec = unit.site, unit.site.spec.gradient
    if unit.exact or spec is None or site.error_bits is None:
        return outer(x, dy, groups)
    largest = float(dy.abs().max())
    if not 0.0 < largest < float("inf"):
        blank = torch.zeros_like(outer(x, dy, groups))
        return blank if largest == 0.0 else blank * float("nan")
    rows = images_together(x.node, len(x.map), spec, site.training.batch)
    sums = Sums(x, dy, rows, bits=(int(site.spec.input_bits), site.error_bits), groups=groups)
    return sums.converted(unit.quantisation(spec, sums.moments))


class Sums:
    """What a unit adds up: the bits of activations and errors in the rows that share an array."""

    def __init__(
        self, x: Map, dy: Tensor, rows: Array, *, bits: tuple[int, int], groups: int
    ) -> None:
        self.x, self.dy, self.bits, self.groups = x, dy, bits, groups
        self.unit = digital.step(float(dy.abs().max()), bits[1])
        self.index = torch.from_numpy(_places(rows, x.node.shape_in.height * x.node.shape_in.width))
        self.index = self.index.to(dy.device)
        codes = _with_blank(x.map)[self.index]  # [arrays, rows, channels]
        self.inputs = _bits(codes, bits[0])

    def moments(self) -> Array:
        """The mean of all counts and of their squares, over all conversions."""
        total = torch.zeros(2, dtype=torch.float64, device=self.dy.device)
        number = 0
        for group in range(self.groups):
            for place in range(self.x.node.window.taps):
                counts = self._counts(group, place).double()
                total += torch.stack([counts.sum(), (counts * counts).sum()])
                number += counts.numel()
        found: Array = (total / number).cpu().numpy()
        return found

    def converted(self, quantisation: Quantisation) -> Tensor:
        """The gradient: codes of all counts, each as often as its bits say."""
        (step, top), (inputs, errors) = quantisation, self.bits
        channels = self.x.node.shape_in.channels // self.groups
        cols, taps = self.dy.shape[-1] // self.groups, self.x.node.window.taps
        signed = self.x.signs is not None
        worth = _worth(errors, True, self.dy.device), _worth(inputs, signed, self.dy.device)
        out = torch.empty((self.groups, taps * channels, cols), dtype=self.dy.dtype)
        out = out.to(self.dy.device)
        for group in range(self.groups):
            for place in range(taps):
                counts = self._counts(group, place)
                codes = converting.code(counts, 1.0 / step, int(top)).double().sum(0)
                codes = codes.reshape(inputs, channels, errors, cols)
                found = torch.einsum("acen,e,a->cn", codes, *worth)
                rows = slice(place * channels, (place + 1) * channels)
                out[group, rows] = (found * (step * self.unit * self.x.scale)).to(out.dtype)
        return out

    def _counts(self, group: int, place: int) -> Tensor:
        """Rows with two ones [arrays, inputs' bits * channels, errors' bits * cols]."""
        node = self.x.node
        channels = node.shape_in.channels // self.groups
        cols = self.dy.shape[-1] // self.groups
        own = slice(group * channels, (group + 1) * channels)
        columns = self.inputs[:, :, :, own].flatten(2)
        dy = self.dy[..., group * cols : (group + 1) * cols]
        errors = _with_blank(_met(dy, node, place))[self.index]
        planes = _bits(errors / self.unit, self.bits[1]).flatten(2)
        return columns.transpose(1, 2) @ planes


def _places(rows: Array, pixels: int) -> Array:
    """The number of each row's pixel among those of all images [arrays, rows]; -1: none."""
    lists = [
        (np.arange(begin, end)[:, None] * pixels + np.arange(first, last)).reshape(-1)
        for begin, end, first, last in rows
    ]
    found = np.full((len(lists), max(map(len, lists))), -1)
    for at, each in enumerate(lists):
        found[at, : len(each)] = each
    return found


def _with_blank(maps: Tensor) -> Tensor:
    """The pixels of maps [B, H, W, C] one after the other, and behind them one of zeros."""
    flat = maps.reshape(-1, maps.shape[-1])
    return torch.cat([flat, torch.zeros_like(flat[:1])])


def _bits(values: Tensor, bits: int) -> Tensor:
    """The bits of whole numbers [.., n] in two's complement, as numbers [.., bits, n]."""
    whole = torch.round(values).to(torch.int64)
    planes = [((whole >> bit) & 1).float() for bit in range(bits)]
    return torch.stack(planes, -2)


def _worth(bits: int, signed: bool, device: object) -> Tensor:
    worth = 2.0 ** torch.arange(bits, dtype=torch.float64, device=device)
    if signed:
        worth[-1] = -worth[-1]
    return worth


def _met(dy: Tensor, node: Node, place: int) -> Tensor:
    """The error that each input pixel meets at a place of the window, zero where none does."""
    given = node.shape_in
    channels = given.channels // node.groups
    vertical, horizontal = node.window.axes
    top, bottom, left, right = piece(node, place * channels, place * channels + 1).reach
    y, x = divmod(place, horizontal.taps)
    found = torch.zeros((len(dy), given.height, given.width, dy.shape[-1]), dtype=dy.dtype)
    found = found.to(dy.device)
    if bottom <= top or right <= left:
        return found
    down = top * vertical.stride - vertical.before + y * vertical.dilation
    across = left * horizontal.stride - horizontal.before + x * horizontal.dilation
    lines = slice(down, down + (bottom - top - 1) * vertical.stride + 1, vertical.stride)
    pixels = slice(across, across + (right - left - 1) * horizontal.stride + 1, horizontal.stride)
    found[:, lines, pixels] = dy[:, top:bottom, left:right]
    return found
