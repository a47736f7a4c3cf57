"""Twins of weights in cells alone, which pulses change in place."""

from __future__ import annotations

from abc import abstractmethod

import torch

from neurorebit.schemes.manhattan.weights import ManhattanWeights
from neurorebit.schemes.mixed_precision.weights import MixedPrecisionWeights
from neurorebit.schemes.parts.in_place import InPlaceWeights, MomentumWeights
from neurorebit.schemes.reram.weights import ReramWeights
from neurorebit.torch.operations import gradient, writing
from neurorebit.torch.operations.arrays import DeviceArrays
from neurorebit.torch.operations.noise import Tensor
from neurorebit.torch.operations.product import Map
from neurorebit.torch.operations.twins import Twin, brought, shared, traits


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
        return writing.rounded(wanted, -rate / host.full, steps, host.most, draw=draw)


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
            self.residue, wanted, -rate / host.full, host.cells.physics.steps, most=host.most
        )
