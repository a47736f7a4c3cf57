"""A layer's weights on a device: what the classes of ``schemes`` compute, on tensors.

A twin holds on its device what the arrays hold and takes ranges, counters and settings of the
weights on the host, which stay the place of the state: ``pull`` brings tensors back to it. On the
CPU both share the memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from neurorebit.kernels.cell import Traits
from neurorebit.schema import InputError
from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.schemes.manhattan.weights import ManhattanWeights
from neurorebit.schemes.mixed_precision.weights import MixedPrecisionWeights
from neurorebit.schemes.parts.cells import Physics
from neurorebit.schemes.parts.in_place import InPlaceWeights, MomentumWeights
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.schemes.parts.software import SoftwareWeights
from neurorebit.schemes.quantized.weights import QuantizedWeights, SramWeights
from neurorebit.schemes.reram.weights import ReramWeights
from neurorebit.schemes.reram_mapped.weights import MappedWeights
from neurorebit.torch.operations import gradient, product, writing
from neurorebit.torch.operations.arrays import DeviceArrays, converted, converted_back
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map
from neurorebit.training.parts.workers import Array


def shared(array: Array, device: torch.device) -> Tensor:
    """An array on a device, on the CPU in its own memory; uint32 as int32, which PyTorch knows."""
    kind = array.view(np.int32) if array.dtype == np.uint32 else array
    return torch.from_numpy(kind).to(device)


def brought(source: Tensor, target: Array) -> None:
    """Copy a tensor to an array, unless both are one memory."""
    kind = target.view(np.int32) if target.dtype == np.uint32 else target
    torch.from_numpy(kind).copy_(source)


class Twin(ABC):
    """The weights of one layer on a device. ``real``: real weights [groups, rows, cols], if any."""

    def __init__(self, host: Any, device: torch.device) -> None:
        self.host, self.device = host, device
        self.take()

    @abstractmethod
    def take(self) -> None:
        """Take the state of the host up."""

    @abstractmethod
    def pull(self) -> None:
        """Bring the state to the host."""

    @abstractmethod
    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """The product with the inputs [B, H, W, N]."""

    @abstractmethod
    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """The transposed product with the errors [B, H, W, C]."""

    def gradient(self, x: Map, dy: Tensor) -> Tensor:
        """The gradient of a batch [groups, rows, cols]."""
        return product.outer(x, dy, self.host.site.shape[0])


class RealTwin(Twin):
    """Real weights in software, both passes exact."""

    host: SoftwareWeights

    def take(self) -> None:
        """The velocities."""
        self.velocity = shared(self.host.velocity, self.device)

    def pull(self) -> None:
        """The velocities."""
        brought(self.velocity, self.host.velocity)

    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """The exact product."""
        return product.multiply(x, real, scale=x.scale, conversion=None)

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """The exact transposed product."""
        return product.transposed(dy, real, x.node)

    def follow(self, real: Tensor) -> None:
        """Take up real weights that were changed from outside, within their bound, in place."""
        self.change(real, lambda: self._bring(real))

    def learn(self, real: Tensor, found: Tensor, rate: float) -> None:
        """One step of momentum SGD with weight decay, in place."""
        training, velocity = self.host.site.training, self.velocity

        def step() -> None:
            velocity.mul_(training.momentum).add_(found).add_(real, alpha=training.weight_decay)
            real.sub_(velocity, alpha=rate)
            self._bring(real)

        self.change(real, step)

    def _bring(self, real: Tensor) -> None:
        if np.isfinite(self.host.bound):
            real.clamp_(-self.host.bound, self.host.bound)

    def change(self, real: Tensor, step: Callable[[], None]) -> None:
        """Change the real weights by ``step``, and have cells or levels follow them."""
        self.host.written.updates += 1
        step()
        self.sync(real)
        self.host.written.words += self.host.real.size

    def sync(self, real: Tensor) -> None:
        """Have cells or levels follow the real weights."""


class LevelTwin(RealTwin):
    """Real weights with a grid of levels that is fitted to them."""

    host: LevelWeights

    def change(self, real: Tensor, step: Callable[[], None]) -> None:
        """As of real weights, with a grid that was fitted where that is due."""
        if self.host.due(self.host.written.updates + 1):
            self.host.fit(lambda: float(real.double().std(correction=0)))
        super().change(real, step)

    def learn(self, real: Tensor, found: Tensor, rate: float) -> None:
        """As of real weights, with a step of the spacing of levels where that learns."""
        host = self.host
        if host.site.training.quantiser == "learned":
            total = writing.scale_gradient(real, found, host.top / host.full, host.top)
            host.respace(float(total), rate)
        super().learn(real, found, rate)


class QuantizedTwin(LevelTwin):
    """Levels in software, both passes."""

    host: QuantizedWeights

    def take(self) -> None:
        """The levels too."""
        super().take()
        self.held = shared(self.host.held, self.device)

    def pull(self) -> None:
        """The levels too."""
        super().pull()
        brought(self.held, self.host.held)

    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """The exact product with the levels."""
        return product.multiply(x, self.held, scale=x.scale, conversion=None)

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """The exact transposed product with the levels."""
        return product.transposed(dy, self.held, x.node)

    def sync(self, real: Tensor) -> None:
        """Round the real weights."""
        host = self.host
        self.held.copy_(writing.quantise(real, host.grid, host.full / host.top))


class SramTwin(QuantizedTwin):
    """Levels as whole numbers in SRAM, through converters and the gradient unit."""

    host: SramWeights

    def take(self) -> None:
        """The levels, and their bits."""
        super().take()
        self.cells = shared(self.host.cells, self.device)

    def pull(self) -> None:
        """The levels, and their bits."""
        super().pull()
        brought(self.cells, self.host.cells)

    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """The product with the levels, through the converters."""
        forward = self.host.forward
        return converted(x, self.held, forward, scale=x.scale, learning=learning)

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """The transposed product with the levels, through the converters."""
        return converted_back(dy, self.held, x, self.host.backward, scale=1.0)

    def gradient(self, x: Map, dy: Tensor) -> Tensor:
        """The gradient, in the gradient unit."""
        return gradient.through(self.host.unit, x, dy, self.host.site.shape[0])

    def sync(self, real: Tensor) -> None:
        """Round the real weights and write the bits that change."""
        super().sync(real)
        host = self.host
        counts = writing.store(real, self.cells, host.grid, host.site.weight_bits)
        host.synced([counts.cpu().numpy()])
        host.written.conductance += host.ones / (host.cells.size * host.site.weight_bits)


class HybridTwin(LevelTwin):
    """Noisy arrays of few levels forward, exact real weights backward."""

    host: HybridWeights

    def take(self) -> None:
        """Levels, cells, counts of writes, and reference cells too."""
        super().take()
        host = self.host
        self.levels, self.analog, self.writes = (
            shared(array, self.device) for array in (host.levels, host.analog, host.writes)
        )
        self.reading = DeviceArrays(host.reading, self.device)
        self.traits = None if host.physics is None else traits(host.physics, self.device)

    def pull(self) -> None:
        """Levels, cells and counts of writes too."""
        super().pull()
        for name in ("levels", "analog", "writes"):
            brought(getattr(self, name), getattr(self.host, name))

    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """The product of the arrays, converted and added digitally."""
        return self.reading.mvm(self.analog, x, full=self.host.full, learning=learning)

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """The exact transposed product with the real weights (as an ablation, their levels)."""
        host = self.host
        if host.site.training.error_path == "real":
            return product.transposed(dy, real, x.node)
        held = self.levels.to(real.dtype) * (host.full / host.top)
        return product.transposed(dy, held, x.node)

    def sync(self, real: Tensor) -> None:
        """Write the cells whose level changed, or all cells where they are due."""
        host = self.host
        if host.due(host.written.updates):
            flat = real.reshape(-1), self.levels.view(-1), self.analog.view(-1)
            host.synced([self._written(*flat)])
        host.written.conductance += 0.5 + 0.5 * host.total / host.analog.size

    def _written(self, real: Tensor, levels: Tensor, analog: Tensor) -> Array:
        host = self.host
        draw = host.site.draw(0, host.written.updates)
        if host.physics is None or self.traits is None:
            given = real, levels, (analog, self.writes)
            counts = writing.program(*given, host.grid, host.direct, draw)
        else:
            cells = writing.Cells(analog, self.traits, host.physics.response, self.writes)
            plan = host.plan(host.physics)
            counts = writing.to_levels(real, levels, cells, host.grid, plan, draw)
        found: Array = counts.cpu().numpy()
        return host.in_steps(found)


class MappedTwin(HybridTwin):
    """Both passes read the arrays."""

    host: MappedWeights

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """Errors go through the arrays, in a transposed read."""
        return self.reading.mtvm(self.analog, dy, x, full=self.host.full)


class InPlaceTwin(Twin):
    """Weights in cells alone, which pulses change in place."""

    host: InPlaceWeights

    def take(self) -> None:
        """What the cells hold, their traits and counts of writes, and reference cells."""
        cells = self.host.cells
        self.weight, self.writes = (
            shared(array, self.device) for array in (cells.weight, cells.writes)
        )
        self.traits = traits(cells.physics, self.device)
        self.reading = DeviceArrays(self.host.reading, self.device)

    def pull(self) -> None:
        """What the cells hold, and counts of writes."""
        brought(self.weight, self.host.cells.weight)
        brought(self.writes, self.host.cells.writes)

    def forward(self, x: Map, real: Tensor, learning: bool) -> Tensor:
        """Forward through the arrays and their converters."""
        return self.reading.mvm(self.weight, x, full=self.host.full, learning=learning)

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """Backward through the same cells, read the other way."""
        return self.reading.mtvm(self.weight, dy, x, full=self.host.full)

    def gradient(self, x: Map, dy: Tensor) -> Tensor:
        """The gradient, in the gradient unit."""
        return gradient.through(self.host.unit, x, dy, self.host.site.shape[0])

    def learn(self, found: Tensor, rate: float) -> None:
        """Send the pulses that a gradient asks for."""
        host = self.host
        written = host.cells.written
        written.updates += 1
        pulses = self.plan(found.reshape(-1), rate)
        own = writing.Cells(
            self.weight.view(-1), self.traits, host.cells.physics.response, self.writes
        )
        counts = writing.pulse(own, pulses, host.cells.draw(0, written.updates))
        host.cells.count([counts.cpu().numpy()])
        written.words += found.numel() if host.site.words else 0

    @abstractmethod
    def plan(self, found: Tensor, rate: float) -> Tensor:
        """The pulses (int64) of the cells for a gradient; below 0 they lower the weight."""


class ManhattanTwin(InPlaceTwin):
    """One pulse against the sign of the gradient."""

    host: ManhattanWeights

    def plan(self, found: Tensor, rate: float) -> Tensor:
        """Pulses n = -sign(g)."""
        self.host.consider(found.cpu().numpy())
        return torch.where(found.abs() > self.host.least, -torch.sign(found), 0.0).to(torch.int64)


class MomentumTwin(InPlaceTwin):
    """In place, with the velocities of momentum SGD in digital memory."""

    host: MomentumWeights

    def take(self) -> None:
        """The velocities too."""
        super().take()
        self.velocity = shared(self.host.velocity, self.device)

    def pull(self) -> None:
        """The velocities too."""
        super().pull()
        brought(self.velocity, self.host.velocity)

    def wanted(self, found: Tensor) -> Tensor:
        """The change of the weights that momentum SGD asks for, over minus the rate."""
        training, weight = self.host.site.training, self.weight.view(-1).double()
        decay = training.weight_decay * self.host.full * weight
        change = training.momentum * self.velocity.double() + found.double() + decay
        self.velocity.copy_(change)
        return self.velocity


class ReramTwin(MomentumTwin):
    """Changes become pulses, rounded at random."""

    host: ReramWeights

    def plan(self, found: Tensor, rate: float) -> Tensor:
        """Pulses n = rounded(-rate v / step), of the step at mid range."""
        host, wanted = self.host, self.wanted(found)
        draw, steps = host.site.draw(0, host.cells.written.updates), host.cells.physics.steps
        return writing.rounded(wanted, -rate / host.full, steps, host.most, draw)


class MixedPrecisionTwin(MomentumTwin):
    """Changes gather in digital memory until they are worth a pulse."""

    host: MixedPrecisionWeights

    def take(self) -> None:
        """The residues too."""
        super().take()
        self.residue = shared(self.host.residue, self.device)

    def pull(self) -> None:
        """The residues too."""
        super().pull()
        brought(self.residue, self.host.residue)

    def plan(self, found: Tensor, rate: float) -> Tensor:
        """Whole pulses out of the residue, which loses their steps at mid range."""
        host, wanted = self.host, self.wanted(found)
        return writing.whole(
            self.residue, wanted, -rate / host.full, host.cells.physics.steps, host.most
        )


def traits(physics: Physics, device: torch.device) -> Traits:
    """The traits of cells on a device."""
    return Traits(*(torch.from_numpy(t).to(device) for t in physics.traits))


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
    return TWINS[type(host)](host, device)
