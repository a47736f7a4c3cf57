"""The engine of other devices: layers in arrays by operations of PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch

from neurorebit.chips.parts.signs import SIGNED_INPUTS
from neurorebit.kernels.noise import Draw
from neurorebit.layers.network import Node
from neurorebit.schemes.parts.software import SoftwareWeights
from neurorebit.torch.engine import Gradients, Wants
from neurorebit.torch.matrix import Matrix
from neurorebit.torch.operations import encoding
from neurorebit.torch.operations.followed import RealTwin
from neurorebit.torch.operations.in_place import InPlaceTwin
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map, exactly
from neurorebit.torch.operations.table import twin
from neurorebit.torch.operations.twins import Twin, brought
from neurorebit.training.layers.base import PIXEL
from neurorebit.training.layers.encoder import stride
from neurorebit.training.layers.matrix import MatrixLayer, Seen, covering
from neurorebit.training.parts import digital

STATES: WeakKeyDictionary[Any, Twin] = WeakKeyDictionary()  # of weights, on their devices


@dataclass(frozen=True, eq=False)
class Saved:
    """What a backward pass takes: the codes, the number of the pass, and whether it learned."""

    map: Map
    step: int
    learning: bool


class Pending(NamedTuple):
    """A batch that the cells are to learn from."""

    map: Map
    errors: Tensor


class Operations:
    """Layers by operations of PyTorch, on any device."""

    def forward(
        self, matrix: Matrix, x: Tensor, node: Node, learning: bool
    ) -> tuple[Tensor, Saved]:
        """The layer's output, and its codes."""
        held, layer = state(matrix, x.device), matrix.held
        with exactly(x.device):
            given = encoded(layer, x, node, learning)
            out = held.forward(given, real(matrix), learning)
        return out, Saved(given, layer.seen.steps, learning)

    def backward(self, matrix: Matrix, saved: Saved, dy: Tensor, wants: Wants) -> Gradients:
        """Errors of few bits, sent back and met with the codes."""
        held, layer = state(matrix, dy.device), matrix.held
        with exactly(dy.device):
            errors = rounded(layer, dy, saved)
            bias = errors.sum((0, 1, 2), dtype=torch.float64).to(dy.dtype) if wants.bias else None
            sent = held.backward(errors, saved.map, real(matrix)) if wants.input else None
            gradient = None
            if wants.weight and isinstance(held, RealTwin):
                gradient = held.gradient(saved.map, errors)
            elif wants.weight and saved.learning:
                matrix.pending.append(Pending(saved.map, errors))
        return Gradients(None if sent is None else sent.contiguous(), gradient, bias)

    def follow(self, matrix: Matrix) -> None:
        """Cells or levels follow the real weights, which are clipped."""
        held = state(matrix, matrix.parameter.device)
        assert isinstance(held, RealTwin)
        with exactly(matrix.parameter.device):
            now = real(matrix)
            held.follow(now)
            _shown(matrix, now)

    def update(self, matrix: Matrix, rate: float) -> None:
        """Pulses for the batches that are pending, whose gradients are added up."""
        held = state(matrix, matrix.parameter.device)
        with exactly(matrix.parameter.device):
            if isinstance(held, InPlaceTwin):
                found = [held.gradient(*one) for one in matrix.pending]
                if found:
                    held.learn(sum(found[1:], found[0]), rate)
            elif isinstance(held, RealTwin) and matrix.parameter.grad is not None:
                now = real(matrix)
                held.learn(now, matrix.layout.matrix(matrix.parameter.grad), rate)
                _shown(matrix, now)
        matrix.pending.clear()

    def pull(self, matrix: Matrix) -> None:
        """Bring what the device holds to the host."""
        held = STATES.get(matrix.held.weights)
        if held is not None:
            held.pull()
            if isinstance(held, RealTwin) and held.device.type != "cpu":
                brought(real(matrix), held.host.real)

    def push(self, matrix: Matrix) -> None:
        """The host's state is taken up with the next pass."""
        STATES.pop(matrix.held.weights, None)


def state(matrix: Matrix, device: torch.device) -> Twin:
    """What a layer holds on a device; brought from the device that it was on before."""
    weights = matrix.held.weights
    held = STATES.get(weights)
    if held is None or held.device != device:
        if held is not None:
            held.pull()
        held = STATES[weights] = twin(weights, device)
    return held


def real(matrix: Matrix) -> Tensor:
    """Real weights [groups, rows, cols]: on the CPU the layer's, else those of the parameter."""
    weights = matrix.held.weights
    if matrix.parameter.device.type == "cpu" and isinstance(weights, SoftwareWeights):
        return torch.from_numpy(weights.real)
    found: Tensor = matrix.layout.matrix(matrix.parameter.detach())
    return found


def _shown(matrix: Matrix, now: Tensor) -> None:
    """Give the parameter of a device the real weights; on the CPU the caller does."""
    if matrix.parameter.device.type != "cpu":
        matrix.parameter.data.copy_(matrix.layout.tensor(now))


def encoded(layer: MatrixLayer, x: Tensor, node: Node, learning: bool) -> Map:
    """The input as codes, counted where the layer learns; as it is where there are no arrays."""
    if not learning and not layer.heard:
        layer.heard = bool(x.any())
    bytes_of_images = x.dtype == torch.uint8
    if not layer.encodes:
        return Map(x, PIXEL if bytes_of_images else 1.0, node)
    encoder = layer.encoder
    if bytes_of_images:
        unit, real_type = 1.0 / encoder.top, torch.from_numpy(np.zeros(0, layer.tools.dtype)).dtype
        codes = torch.round(x.double() * (encoder.top / 255.0)).to(real_type)
    else:
        codes, unit = _codes(layer, x, learning)
    if learning:
        _count(layer, codes, node)
    return Map(codes, unit, node, layer.signs)


def _codes(layer: MatrixLayer, x: Tensor, learning: bool) -> tuple[Tensor, float]:
    """Codes of numbers, and the activation that one unit of them stands for."""
    encoder = layer.encoder

    def highest() -> float:
        sample = x.reshape(-1)[:: stride(x.numel(), x.shape[-1])]
        sample = sample.abs() if encoder.signed else sample
        return float(torch.quantile(sample.double(), encoder.percentile / 100.0))

    unit = encoder.unit(highest, learning)
    return encoding.encode(x, 1.0 / unit, encoder.top, signed=encoder.signed), unit


def _count(layer: MatrixLayer, codes: Tensor, node: Node) -> None:
    """Count the ones in each bit plane that drive the arrays' rows."""
    rows, cols = covering(node)
    seen = torch.from_numpy(np.outer(rows, cols)).to(codes.device)
    ones = encoding.count_ones(codes, layer.seen.planes, layer.signs, seen)
    layer.seen.ones += ones.cpu().numpy()
    if layer.signs is not None:
        memory, bits = SIGNED_INPUTS["twos_complement"].planes(layer.input_bits), layer.input_bits
        stored = encoding.count_ones(codes, bits, memory, torch.ones_like(seen))
        layer.seen.stored_ones += float(stored.sum())
        layer.seen.stored_bits += codes.numel() * bits
    vectors = len(codes) * node.shape_out.height * node.shape_out.width
    layer.seen.pairs += vectors * node.window.taps * node.shape_in.channels
    layer.seen.steps += 1


def rounded(layer: MatrixLayer, dy: Tensor, saved: Saved) -> Tensor:
    """The errors as the arrays take them; their activity is that of training."""
    if not layer.encodes:
        return dy
    seen = layer.seen if saved.learning else Seen(layer.seen.planes)
    seen.errors += dy.numel()
    if layer.error_bits is None:
        seen.error_some += int(torch.count_nonzero(dy))
        seen.error_ones += 0.5 * dy.numel()
        return dy
    largest = float(dy.abs().max())
    if not 0.0 < largest < float("inf"):
        return dy  # nothing to round, or not finite, which the loss shows
    bits = layer.error_bits
    draw = Draw(0, saved.step, layer.index, 0, layer.seed)
    errors, ones, some = encoding.round_errors(dy, digital.step(largest, bits), bits, draw)
    seen.error_ones += int(ones) / bits
    seen.error_some += int(some)
    return errors
