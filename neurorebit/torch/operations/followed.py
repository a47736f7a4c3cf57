"""Twins of real weights, and of levels and cells that follow them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from neurorebit.schemes.hybrid.weights import HybridWeights
from neurorebit.schemes.parts.levels import LevelWeights
from neurorebit.schemes.parts.software import SoftwareWeights
from neurorebit.schemes.quantized.weights import QuantizedWeights, SramWeights
from neurorebit.schemes.reram_mapped.weights import MappedWeights
from neurorebit.torch.operations import gradient, product, writing
from neurorebit.torch.operations.arrays import DeviceArrays, converted, converted_back
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map
from neurorebit.torch.operations.twins import Twin, brought, shared, traits
from neurorebit.training.parts.workers import Array


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
            counts = writing.program(*given, grid=host.grid, device=host.direct, draw=draw)
        else:
            cells = writing.Cells(analog, self.traits, host.physics.response, self.writes)
            plan = host.plan(host.physics)
            counts = writing.to_levels(real, levels, cells, grid=host.grid, plan=plan, draw=draw)
        found: Array = counts.cpu().numpy()
        return host.in_steps(found)


class MappedTwin(HybridTwin):
    """Both passes read the arrays."""

    host: MappedWeights

    def backward(self, dy: Tensor, x: Map, real: Tensor) -> Tensor:
        """Errors go through the arrays, in a transposed read."""
        return self.reading.mtvm(self.analog, dy, x, full=self.host.full)
